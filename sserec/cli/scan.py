"""``sserec scan``: secrets that are still in a recording."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import click

from sserec.cli.options import Command, as_json, recording_file
from sserec.cli.output import say, show, show_json
from sserec.cli.problems import EXIT_FINDINGS, say_problems
from sserec.display import count, path_text, printable, size

if TYPE_CHECKING:
    from sserec.scan import Finding, Report, Rules


def scan_rules(command: Command) -> Command:
    """--rule, --emails and --except, handed over as ``more`` and ``less``."""
    more: Callable[[Command], Command] = click.option(
        "--rule",
        "more",
        multiple=True,
        metavar="RULE",
        help="Look for these, too: email, phone, ip-address, home-path, or NAME=REGEX of your own. May be repeated.",
    )
    emails: Callable[[Command], Command] = click.option(
        "--emails", is_flag=True, help="The same as --rule email."
    )
    less: Callable[[Command], Command] = click.option(
        "--except", "less", multiple=True, metavar="RULE", help="Do not look for these. May be repeated."
    )
    return more(emails(less(command)))


def chosen_rules(more: tuple[str, ...], less: tuple[str, ...], *, emails: bool) -> "Rules":
    from sserec.scan import Rules

    return Rules.chosen((*more, "email") if emails else more, less)


@click.command()
@recording_file
@scan_rules
@as_json
def scan(file: str, more: tuple[str, ...], less: tuple[str, ...], emails: bool, as_json: bool) -> None:
    """Look for secrets that are still in a recording.

    Keys of the known vendors, tokens, private keys, passwords and cookies, in heads, bodies, the command line, marks
    and notes: what was recorded with --keep-secrets, imported, or said by the model. One line a finding, with a sample
    that shows next to nothing; docs/scan.md lists the rules. Exit code 0: clean. 1: findings, or something
    that could not be read. 2: trouble.

    \b
    Example:  sserec scan file.sse.zst && echo safe to send
              sserec scan --rule email --rule 'ticket=ACME-[0-9]+' file.sse.zst
    """
    from sserec.recording import Recording
    from sserec.scan import scan as look

    rules = chosen_rules(more, less, emails=emails)
    with Recording.open(file) as recording:
        report = look(recording, rules)
        name, is_clean = recording.name, report.is_clean and not report.unread and not recording.problems
        if as_json:
            show_json(document(path_text(file), report, is_clean=is_clean))
        else:
            show(people_lines(printable(name), report))
        for words in report.unread:
            say(f"{name}: {words}")
        say_problems(recording)
    if not as_json:
        say(f"{name}: {summary(report, is_clean=is_clean)}")
    raise SystemExit(0 if is_clean else EXIT_FINDINGS)


def document(file: str, report: "Report", *, is_clean: bool) -> dict[str, object]:
    """The JSON document of docs/scan.md."""
    return {
        "file": file,
        "clean": is_clean,
        "exchanges": report.exchange_count,
        "size": report.size_bytes,
        "findings": report.findings,
        "unread": report.unread,
    }


def people_lines(name: str, report: "Report") -> Iterator[str]:
    """``a.sse: exchange 1, response body, event 12, byte 3,401, delta.text: AIza… (39 characters) [google-api-key]``"""
    for finding in report.findings:
        place = printable(", ".join(place_of(finding)))
        yield f"{name}: {place}: {finding.sample} [{finding.rule}]"
        if finding.unlisted:
            yield f"{name}: … and {finding.unlisted:,} more [{finding.rule}]"


def place_of(finding: "Finding") -> Iterator[str]:
    if finding.exchange is not None:
        yield f"exchange {finding.exchange}"
    yield finding.part
    if finding.event is not None:
        yield f"event {finding.event:,}"
    if finding.offset is not None:
        yield f"byte {finding.offset:,}"
    if finding.path is not None:
        yield finding.path


def summary(report: "Report", *, is_clean: bool) -> str:
    """``clean, 2 exchanges, 4.1 kB`` or ``3 findings in 2 exchanges, 4.1 kB``; what was not read is not clean."""
    seen = f"{count(report.exchange_count, 'exchange')}, {size(report.size_bytes)}"
    if report.is_clean:
        return f"clean, {seen}" if is_clean else f"nothing found in what could be read, {seen}"
    return f"{count(report.finding_count, 'finding')} in {seen}"
