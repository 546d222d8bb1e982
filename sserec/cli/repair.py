"""``sserec repair``: a whole archive from what a damaged one still holds."""

from pathlib import Path

import click

from sserec.cli.options import FileName, recording_file
from sserec.cli.output import say
from sserec.display import path_text


@click.command()
@recording_file
@click.option(
    "-o", "--output", type=FileName(dir_okay=False), required=True, metavar="OUT", help="The new file."
)
def repair(file: str, output: str) -> None:
    """Write a whole archive from what a damaged one still holds.

    The damaged file is never touched. What is missing is said and marked in the new file; exit code 1 when anything
    is.

    \b
    Example:  sserec repair damaged.sse.zst -o whole.sse.zst
    """
    from sserec.archive import repair as restore
    from sserec.sources import on_disk

    with on_disk(file) as (path, name):
        problems = restore(path, Path(output), name=name)
    for problem in problems:
        say(f"{name}: {problem.message}")
    say(f"{path_text(output)} written")
    raise SystemExit(1 if problems else 0)
