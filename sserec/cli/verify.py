"""``sserec verify``: is every byte of the file what was written?"""

from pathlib import Path

import click
import orjson

from sserec.cli.options import as_json
from sserec.display import printable


@click.command()
@click.argument("file", type=click.Path(dir_okay=False))
@as_json
def verify(file: str, as_json: bool) -> None:
    """Check every checksum of an archive.

    Exit code 0: whole. 1: damaged, but the rest is readable. 2: not an archive. A journal that nobody finalised is
    whole when its checksums hold; that it is a journal is said.

    \b
    Example:  sserec verify file.sse.zst && echo safe to send
    """
    from sserec.archive import verify as check

    verdict = check(Path(file))
    if as_json:
        facts = {"file": file, "code": verdict.code, "state": verdict.state, "problems": verdict.problems}
        click.echo(orjson.dumps(facts, option=orjson.OPT_INDENT_2))
    else:
        for problem in verdict.problems:
            click.echo(f"{file}: {printable(problem.message)}")
        click.echo(f"{file}: {printable(verdict.message)}")
    raise SystemExit(verdict.code)
