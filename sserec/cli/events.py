"""``sserec events``: one line an event."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from sserec.cli.options import as_json, one_exchange, recording_file
from sserec.cli.output import show, show_bytes, terminal_width
from sserec.cli.problems import say_problems
from sserec.display import printable, seconds, size
from sserec.sse import Kind

if TYPE_CHECKING:
    from sserec.recording import EventStream, Exchange, RecordedEvent

NO_TIME = "-"
UNCLAIMED = (Kind.MALFORMED, Kind.IGNORED)
HEADER = "     #     time      gap  type                         data"


@click.command()
@recording_file
@one_exchange
@as_json
def events(file: str, number: int | None, as_json: bool) -> None:
    """List the events of a stream.

    One line an event: number, time since the recording's start and gap in seconds, type, data. Bytes that
    belong to no event, such as a bare JSON error, stand below them; so does what a body without events says.
    With --json: NDJSON with the keys exchange, number, t_ns, type, data, last_event_id, and data_b64 where the data
    is not valid UTF-8.

    \b
    Example:  sserec events --json file.sse.zst | jq -r .type | sort | uniq -c
    """
    from sserec.recording import Recording

    with Recording.open(file) as recording:
        exchanges = list(recording.exchanges) if number is None else [recording.exchange(number)]
        for exchange in exchanges:
            if as_json:
                show_bytes(json_lines(exchange))
            else:
                show(people_lines(exchange, titled=len(exchanges) > 1))
        raise SystemExit(say_problems(recording))


def json_lines(exchange: "Exchange") -> Iterator[bytes]:
    from sserec.export.events import event_line, notes_on

    notes = notes_on(exchange)
    return (event_line(exchange.number, recorded, notes) for recorded in exchange.events())


def people_lines(exchange: "Exchange", *, titled: bool) -> Iterator[str]:
    width = terminal_width()
    if titled:
        yield title(exchange)[:width]
    stream = exchange.events()
    before: int | None = None
    for position, recorded in enumerate(stream):
        if position == 0:
            yield HEADER
        yield people_line(recorded, before)[:width]
        before = recorded.t_ns
    others = leftover_lines(stream) if exchange.is_event_stream else other_lines(exchange)
    yield from (line[:width] for line in others)


def title(exchange: "Exchange") -> str:
    request, opaque = exchange.request, exchange.record.opaque
    if opaque is not None:
        return printable(f"exchange {exchange.number}: {opaque.target} ({opaque.reason})")
    what = printable(f"{request.method} {request.url}") if request else "no request"
    return f"exchange {exchange.number}: {what}"


def people_line(recorded: "RecordedEvent", before_ns: int | None) -> str:
    t_ns = recorded.t_ns
    time = NO_TIME if t_ns is None else seconds(t_ns)
    gap = "" if t_ns is None or before_ns is None else seconds(t_ns - before_ns)
    event = recorded.event
    return f"{recorded.number:>6} {time:>8} {gap:>8}  {printable(event.type):<27}  {printable(event.text)}"


def other_lines(exchange: "Exchange") -> Iterator[str]:
    """What stands in place of events: an error in plain JSON, a page, nothing."""
    from sserec.check.head import beginning, words_of

    if exchange.record.opaque is None:
        length = size(exchange.record.body_size_bytes)
        yield f"     !  no event stream, {length}: {printable(words_of(beginning(exchange)))}"


def leftover_lines(stream: "EventStream") -> Iterator[str]:
    """What no event claimed: the line that says why a stream died is often among it."""
    for residue in stream.residue:
        if residue.kind in UNCLAIMED:
            yield stray(residue.start, residue.kind, residue.line)
    if stream.tail is not None:
        length = stream.tail.end - stream.tail.start
        yield stray(stream.tail.start, f"the stream ends inside an event, {size(length)}", stream.tail.line)


def stray(offset: int, what: str, line: bytes) -> str:
    return f"     !  byte {offset:,}: {what}: {printable(line.decode('utf-8', 'replace'))}"
