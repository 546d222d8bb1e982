"""``sserec info``: what a file holds, as a table or as one JSON document."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from sserec.archive import Opaque
from sserec.cli.options import as_json, recording_file
from sserec.cli.output import show, show_json, terminal_width
from sserec.cli.problems import say_problems
from sserec.cli.unknown import unknown_lines
from sserec.display import WITH_ERROR_EVENT, count, duration, printable, seconds, size, table
from sserec.records import Ending, Unknown

if TYPE_CHECKING:
    from sserec.recording import Exchange, RecordedMark, Recording

COLUMNS = ("#", "method", "url", "status", "events", "bytes", "first", "took", "end")
MARK_COLUMNS = ("exchange", "event", "time", "note")
RIGHT_COLUMNS = (0, 3, 4, 5, 6, 7)
PLAIN = "plain"
STATES = {"final": "archive", "journal": "unfinished journal", PLAIN: "plain text without times or heads"}
STILL_OPEN = "still open"
NOT_KNOWN = "-"


@dataclass(frozen=True, slots=True)
class ExchangeFacts:
    """One row of the table, and one object of the JSON document; the fields are its keys."""

    exchange: int
    method: str | None
    url: str | None
    opaque: Opaque | None
    redacted: tuple[str, ...]
    http_version: str | None
    status: int | None
    events: int
    bytes: int
    coded_bytes: int | None
    lost_bytes: int
    """Of the body, that the recorder had to drop; as on the wire."""
    lost_request_bytes: int
    t_open_ns: int | None
    time_to_first_byte_ns: int | None
    duration_ns: int | None
    end: Ending | None
    error_event: str | None
    """What the API said in the event that ended the stream, where that is an error."""
    error: str | None
    sha256: str | None
    unknown: tuple[Unknown, ...]
    """What the file does not tell of it."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """The JSON document: the file's own state, and its exchanges."""

    file: str
    state: str
    live: bool
    size_bytes: int | None
    format_version: int | None
    software: str | None
    command: tuple[str, ...]
    clock: str | None
    anchor_unix_ns: int | None
    attributes: Mapping[str, str]
    problems: list[str]
    exchanges: list[ExchangeFacts]


@click.command()
@recording_file
@click.option("--conversation", is_flag=True, help="What the exchanges were to one another, as a tree.")
@click.option("--marks", is_flag=True, help="What was noted on places of the recording (sserec view).")
@as_json
def info(file: str, conversation: bool, marks: bool, as_json: bool) -> None:
    """Show what a recording holds.

    A line for each exchange: method, URL, status, events, bytes, time from the request to the response's first
    byte, duration, and how it ended. Exit code 1 when a part of the file is damaged or missing.

    \b
    Example:  sserec info --json file.sse.zst | jq '.exchanges[].end'
              sserec info --conversation file.sse.zst
              sserec info --marks file.sse.zst
    """
    from sserec.recording import Recording

    with Recording.open(file) as recording:
        if conversation:
            tell_conversations(recording, as_json=as_json)
            raise SystemExit(say_problems(recording))
        if marks:
            tell_marks(recording, as_json=as_json)
            raise SystemExit(say_problems(recording))
        facts = file_facts(recording)
        if as_json:
            show_json(facts)
        else:
            show(people_lines(facts))
        raise SystemExit(say_problems(recording))


def tell_conversations(recording: "Recording", *, as_json: bool) -> None:
    from sserec.cli.conversation import document, lines
    from sserec.export.conversation import conversations_of

    conversations = conversations_of(recording)
    if as_json:
        show_json(document(recording, conversations))
    else:
        show(lines(recording, conversations))


def tell_marks(recording: "Recording", *, as_json: bool) -> None:
    marks = recording.marks
    if as_json:
        show_json([mark._asdict() for mark in marks])
    elif marks:
        rows = map(mark_row, marks)
        elastic = MARK_COLUMNS.index("note")
        show(table(MARK_COLUMNS, rows, right=(0, 1, 2), elastic=elastic, width=terminal_width()))
    else:
        show([f"{printable(recording.name)}: no marks"])


def mark_row(mark: "RecordedMark") -> list[str]:
    time = NOT_KNOWN if mark.t_ns is None else seconds(mark.t_ns)
    return [
        str(mark.exchange),
        NOT_KNOWN if mark.event is None else f"{mark.event:,}",
        time,
        printable(mark.text),
    ]


def file_facts(recording: "Recording") -> FileFacts:
    archive, meta = recording.archive, recording.meta
    exchanges = [exchange_facts(exchange) for exchange in recording.exchanges]
    return FileFacts(
        file=recording.name,
        state=archive.state if archive else PLAIN,
        live=archive is not None and archive.live,
        size_bytes=archive.size_bytes if archive else None,
        format_version=meta.version if meta else None,
        software=meta.software if meta else None,
        command=meta.command if meta else (),
        clock=meta.clock if meta else None,
        anchor_unix_ns=meta.anchor_unix_ns if meta else None,
        attributes=dict(meta.attributes) if meta else {},
        problems=[problem.message for problem in recording.problems],
        exchanges=exchanges,
    )


def exchange_facts(exchange: "Exchange") -> ExchangeFacts:
    record, request, response, close = exchange.record, exchange.request, exchange.response, exchange.close
    return ExchangeFacts(
        exchange=exchange.number,
        method=request.method if request else None,
        url=request.url if request else None,
        opaque=record.opaque,
        redacted=request.redacted if request else (),
        http_version=response.http_version if response else None,
        status=response.status if response else None,
        events=exchange.event_count,
        bytes=record.body_size_bytes,
        coded_bytes=record.coded_size_bytes,
        lost_bytes=close.lost_bytes if close else 0,
        lost_request_bytes=close.lost_request_bytes if close else 0,
        t_open_ns=record.t_open_ns,
        time_to_first_byte_ns=exchange.time_to_first_byte_ns,
        duration_ns=exchange.duration_ns,
        end=exchange.ending,
        error_event=exchange.error_said,
        error=close.error if close else None,
        sha256=record.sha256,
        unknown=tuple(sorted(record.unknown)),
    )


def people_lines(facts: FileFacts) -> list[str]:
    rows = [row(exchange, live=facts.live) for exchange in facts.exchanges]
    if not rows:
        return [headline(facts)]
    elastic = COLUMNS.index("url")
    lines = table(COLUMNS, rows, right=RIGHT_COLUMNS, elastic=elastic, width=terminal_width())
    return [headline(facts), *lines, *lost(facts), *unknown(facts)]


def lost(facts: FileFacts) -> Iterable[str]:
    """What the recorder had to drop, or was told not to keep."""
    for exchange in facts.exchanges:
        for body, size_bytes in (
            ("the request", exchange.lost_request_bytes),
            ("the response", exchange.lost_bytes),
        ):
            if size_bytes:
                yield f"exchange {exchange.exchange}: the last {size(size_bytes)} of {body} were not recorded"


def unknown(facts: FileFacts) -> Iterable[str]:
    """What the file does not tell of its exchanges; of plain text the first line says so."""
    if facts.state == PLAIN:
        return ()
    return unknown_lines((exchange.exchange, frozenset(exchange.unknown)) for exchange in facts.exchanges)


def headline(facts: FileFacts) -> str:
    parts = [printable(facts.file), count(len(facts.exchanges), "exchange"), STATES[facts.state]]
    if facts.live:
        parts[-1] = "being recorded"
    if facts.size_bytes is not None:
        parts.append(size(facts.size_bytes))
    if facts.anchor_unix_ns is not None:
        begun = datetime.fromtimestamp(facts.anchor_unix_ns / 1e9, UTC)
        parts.append(origin(facts, f"{begun:%Y-%m-%d %H:%M:%S} UTC"))
    return " · ".join(parts)


def origin(facts: FileFacts, begun: str) -> str:
    """When and by what it was recorded. What was imported without a date counts from its import."""
    software, tool = printable(facts.software or NOT_KNOWN), facts.attributes.get("imported_from")
    if tool is None:
        return f"recorded {begun} by {software}"
    if facts.attributes.get("date") == "unknown":
        return f"imported {begun} from {printable(tool)} by {software}"
    return f"recorded {begun}, imported from {printable(tool)} by {software}"


def row(facts: ExchangeFacts, *, live: bool) -> list[str]:
    first, took = facts.time_to_first_byte_ns, facts.duration_ns
    return [
        str(facts.exchange),
        printable(facts.method or NOT_KNOWN),
        subject(facts),
        NOT_KNOWN if facts.status is None else str(facts.status),
        f"{facts.events:,}",
        size(facts.bytes),
        NOT_KNOWN if first is None else duration(first),
        NOT_KNOWN if took is None else duration(took),
        end(facts, live=live),
    ]


def end(facts: ExchangeFacts, *, live: bool) -> str:
    """How the transport ended, and that the stream said an error before it did."""
    words = facts.end or (STILL_OPEN if live else NOT_KNOWN)
    return f"{words}, {WITH_ERROR_EVENT}" if facts.error_event else words


def subject(facts: ExchangeFacts) -> str:
    """The URL, or, for a connection that could not be read, where it went and why it stayed closed to us."""
    if facts.opaque is not None:
        return printable(f"{facts.opaque.target} ({facts.opaque.reason})")
    return printable(facts.url or NOT_KNOWN)
