"""``sserec verify``: is every byte of the file what was written?"""

import click

from sserec.cli.options import as_json, recording_file
from sserec.cli.output import show, show_json
from sserec.display import printable


@click.command()
@recording_file
@as_json
def verify(file: str, as_json: bool) -> None:
    """Check every checksum of an archive.

    Exit code 0: whole. 1: damaged, but the rest is readable. 2: not an archive. A journal that nobody finalised is
    whole when its checksums hold; that it is a journal is said.

    \b
    Example:  sserec verify file.sse.zst && echo safe to send
    """
    from sserec.archive import verify as check
    from sserec.sources import on_disk

    with on_disk(file) as (path, name):
        verdict = check(path, name=name)
    if as_json:
        facts = {"file": name, "code": verdict.code, "state": verdict.state, "problems": verdict.problems}
        show_json(facts)
    else:
        messages = [*(problem.message for problem in verdict.problems), verdict.message]
        show(printable(f"{name}: {message}") for message in messages)
    raise SystemExit(verdict.code)
