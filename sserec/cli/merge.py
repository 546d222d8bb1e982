"""``sserec merge``: several recordings as one archive."""

from contextlib import ExitStack
from pathlib import Path

import click

from sserec.cli.options import FILE, FileName
from sserec.cli.output import say
from sserec.cli.slice import archive_of, refuse_source
from sserec.display import count
from sserec.errors import UsageError


@click.command()
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=FileName(readable=False))
@click.option("-o", "--output", type=FILE, required=True, metavar="OUT", help="The new archive.")
@click.option("--overwrite", is_flag=True, help="Replace OUT where it exists.")
def merge(files: tuple[str, ...], output: Path, *, overwrite: bool) -> None:
    """Put several recordings into one archive.

    Exchanges are ordered, and their times related, by the wall clock at the start of each recording; within a
    recording nothing changes. Marks go with them; a note says which file each came from.

    \b
    Example:  sserec merge client.sse.zst server.sse.zst -o both.sse.zst
    """
    from sserec.archive.composing import compose
    from sserec.excerpts.merging import Part, merged, meta, notes
    from sserec.recording import Recording
    from sserec.sources import STDIN

    if files.count(STDIN) > 1:
        raise UsageError("standard input can be read only once (sserec merge --help)")
    refuse_source(output, files)
    with ExitStack() as opened:
        recordings = [opened.enter_context(Recording.open(file)) for file in files]
        parts = [Part(Path(one.name).name, archive_of(one)) for one in recordings]
        excerpts = merged(parts)
        compose(output, excerpts, meta(parts), notes(parts, excerpts), overwrite=overwrite)
    for part in parts:
        if not part.is_dated:
            say(f"{part.name}: nobody knows its date: it stands where it was imported")
    say(f"{output}: {count(len(excerpts), 'exchange')} of {count(len(parts), 'recording')}")
