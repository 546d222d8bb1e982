"""``sserec pack``: the same recording in fewer bytes."""

from pathlib import Path

import click

from sserec.cli.options import FileName, recording_file
from sserec.cli.output import say
from sserec.display import path_text, size


@click.command()
@recording_file
@click.option(
    "-o", "--output", type=FileName(dir_okay=False), metavar="OUT", help="Write to OUT, not in place."
)
def pack(file: str, output: str | None) -> None:
    """Write an archive again, smaller.

    Compresses with the highest level that pays, which takes a while for large files. In place, by an atomic rename,
    unless OUT is given.

    \b
    Example:  sserec pack file.sse.zst
    """
    from sserec.archive import pack as compress
    from sserec.sources import on_disk

    with on_disk(file) as (path, name):
        if path != Path(file) and output is None:
            raise click.UsageError(f"{name} cannot be packed in place: -o OUT says where")
        before = path.stat().st_size
        target = Path(output) if output else path
        compress(path, Path(output) if output else None, name=name)
        after = target.stat().st_size
    say(f"{path_text(output or file)}: {size(before)} before, {size(after)} now")
