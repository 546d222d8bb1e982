"""``sserec repair``: a whole archive from what a damaged one still holds."""

from pathlib import Path

import click

from sserec.cli.output import say


@click.command()
@click.argument("file", type=click.Path(readable=False))
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False), required=True, metavar="OUT", help="The new file."
)
def repair(file: str, output: str) -> None:
    """Write a whole archive from what a damaged one still holds.

    The damaged file is never touched. What is missing is said and marked in the new file; exit code 1 when anything
    is.

    \b
    Example:  sserec repair damaged.sse.zst -o whole.sse.zst
    """
    from sserec.archive import repair as restore

    problems = restore(Path(file), Path(output))
    for problem in problems:
        say(f"{file}: {problem.message}")
    say(f"{output} written")
    raise SystemExit(1 if problems else 0)
