"""``sserec pack``: the same recording in fewer bytes."""

from pathlib import Path

import click

from sserec.cli.output import say
from sserec.display import size


@click.command()
@click.argument("file", type=click.Path(readable=False))
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False), metavar="OUT", help="Write to OUT, not in place."
)
def pack(file: str, output: str | None) -> None:
    """Write an archive again, smaller.

    Compresses with the highest level that pays, which takes a while for large files. In place, by an atomic rename,
    unless OUT is given.

    \b
    Example:  sserec pack file.sse.zst
    """
    from sserec.archive import pack as compress

    source, target = Path(file), Path(output or file)
    before = source.stat().st_size
    compress(source, target if output else None)
    say(f"{target}: {size(before)} before, {size(target.stat().st_size)} now")
