"""``sserec check``: what is wrong with a stream, and where."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from sserec.cli.options import as_json, one_exchange, recording_file, stall_limit
from sserec.cli.output import say, show, show_json
from sserec.display import count, path_text, printable
from sserec.records import Severity

if TYPE_CHECKING:
    from sserec.check import Finding, Report

EXIT_FINDINGS = 1


@click.command()
@recording_file
@one_exchange
@click.option("--all", "with_notes", is_flag=True, help="Print notes, too.")
@stall_limit
@as_json
def check(file: str, number: int | None, with_notes: bool, stall_ns: int, as_json: bool) -> None:
    """Say what is wrong with a stream, and where.

    One line a finding: exchange, event, byte, severity, message and the id of the rule; docs/checks.md explains
    them. Exit code 0: clean. 1: errors or warnings. 2: the file could not be read. Notes alone are clean; they are
    printed with --all and stand in the JSON.

    \b
    Example:  sserec check --json file.sse.zst | jq -r '.findings[].rule' | sort | uniq -c
    """
    from sserec.check import check as examine
    from sserec.recording import Recording

    with Recording.open(file) as recording:
        if number is not None:
            recording.exchange(number)
        report = examine(recording, number=number, stall_ns=stall_ns)
    if as_json:
        show_json(document(path_text(file), report))
    else:
        show(people_lines(printable(recording.name), report, with_notes=with_notes))
        say(f"{recording.name}: {summary(report, with_notes=with_notes)}")
    raise SystemExit(0 if report.is_clean else EXIT_FINDINGS)


def document(file: str, report: "Report") -> dict[str, object]:
    """The JSON document of docs/checks.md."""
    return {
        "file": file,
        "clean": report.is_clean,
        "exchanges": report.exchange_count,
        "events": report.event_count,
        "counts": {str(severity): number for severity, number in report.counted().items()},
        "findings": report.findings,
    }


def people_lines(name: str, report: "Report", *, with_notes: bool) -> Iterator[str]:
    """``chat.sse: exchange 1, event 12, byte 3,401: error: message [rule-id]``"""
    for finding in report.findings:
        if finding.counts or with_notes:
            where = ", ".join(place(finding))
            at = f"{name}: {where}" if where else name
            yield f"{at}: {finding.severity}: {printable(finding.message)} [{finding.rule}]"
            if finding.unlisted:
                yield f"{name}: … and {finding.unlisted:,} more [{finding.rule}]"


def place(finding: "Finding") -> Iterator[str]:
    if finding.exchange is not None:
        yield f"exchange {finding.exchange}"
    if finding.event is not None:
        yield f"event {finding.event:,}"
    if finding.offset is not None:
        yield f"byte {finding.offset:,}"


def summary(report: "Report", *, with_notes: bool) -> str:
    """``clean, 1 exchange, 23 events`` or ``2 errors, 1 warning in 3 exchanges``"""
    counted = report.counted()
    found = [
        count(number, str(severity))
        for severity, number in counted.items()
        if number and severity is not Severity.NOTE
    ]
    seen = f"{count(report.exchange_count, 'exchange')}, {count(report.event_count, 'event')}"
    notes = counted[Severity.NOTE]
    more = f"; {count(notes, 'note')} with --all" if notes and not with_notes else ""
    return (f"{', '.join(found)} in {seen}" if found else f"clean, {seen}") + more
