"""``sserec fuzz``: a client on a stream that breaks in every way there is."""

import os
from typing import TYPE_CHECKING, Any

import click
import orjson

from sserec.cli.capture import Variable
from sserec.cli.options import Ordinal, as_json, nanoseconds, recording_file
from sserec.cli.pacing import AfterDashes, words_after_dashes
from sserec.display import count, printable

if TYPE_CHECKING:
    from sserec.replay.fuzzing import Case

EXIT_FINDINGS = 1


@click.command(cls=AfterDashes)
@recording_file
@click.option("--fault", "faults", multiple=True, metavar="FAULT", help="Only this one; may be repeated.")
@click.option("--seed", default=0, metavar="N", help="Choose other places for the faults.")
@click.option(
    "--timeout", "timeout_ns", type=float, callback=nanoseconds, metavar="S", help="When a run hangs."
)
@click.option("--jobs", type=Ordinal(), default=os.cpu_count() or 1, metavar="N", help="Runs at once.")
@click.option("--as-proxy", is_flag=True, help="Stand where the recorder stood: clients keep their URL.")
@click.option("--any-body", is_flag=True, help="Do not compare the bodies of requests.")
@click.option("--env", "variables", multiple=True, type=Variable(), help="Set NAME to the base URL.")
@as_json
def fuzz(file: str, *, faults: tuple[str, ...], seed: int, as_json: bool, **asked: Any) -> None:
    """Run COMMAND on a recording that breaks in every way there is.

    The command runs once undisturbed and then once for each fault: cut, reset and stalled streams, other pieces,
    events that are missing, doubled, swapped, corrupt or unknown, HTTP errors. A case is a finding when the command
    crashes, hangs, ends with success and without a word though it was not told everything (SILENT), or fails though
    it was (FAILED). The exit code is 1 when there are findings.

    \b
    Example:  sserec fuzz chat.sse.zst -- python chat.py
              sserec fuzz chat.sse.zst --fault cut@event:12 -- python chat.py
    """
    from sserec.replay.faults import parse
    from sserec.replay.fuzzing import Plan
    from sserec.replay.fuzzing import fuzz as run

    chosen = tuple(parse(fault, seed) for fault in faults)
    command = words_after_dashes()
    if not command:
        raise click.UsageError("say which command to run, after --")
    plan = Plan(file, command, chosen, seed, **asked)
    tried = 0
    findings = []
    for case in run(plan):
        tried += 1
        findings += [case] if case.verdict.is_finding else []
        click.echo(orjson.dumps(document(case)) if as_json else line(case))
    if not as_json:
        click.echo(f"{count(tried, 'case')}, {count(len(findings), 'finding')}")
    raise SystemExit(EXIT_FINDINGS if findings else 0)


def line(case: "Case") -> str:
    words = f"  {printable(case.words)[:100]}" if case.words else ""
    return f"{case.fault!s:<24} {case.verdict}{words}"


def document(case: "Case") -> dict[str, object]:
    """For machines; NDJSON, one line a case."""
    return {
        "fault": str(case.fault),
        "verdict": case.verdict.name.lower(),
        "finding": case.verdict.is_finding,
        "exit_code": case.outcome.returncode,
        "last_words": case.words,
    }
