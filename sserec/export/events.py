"""Events as NDJSON, one object a line; ``sserec events --json`` prints the same."""

import base64
from collections.abc import Iterator, Sequence

import orjson

from sserec.export import Options
from sserec.export.subject import Subject
from sserec.recording import Exchange, RecordedEvent

Notes = dict[int | None, list[str]]


def event_lines(subjects: Sequence[Subject], options: Options) -> Iterator[bytes]:
    """Each subject's events; those of a stitched one say which exchange they come from."""
    for subject in subjects:
        notes = {exchange.number: notes_on(exchange) for exchange in subject.exchanges}
        for exchange, recorded in subject.events():
            yield event_line(exchange, recorded, notes[exchange])


def event_line(exchange: int, recorded: RecordedEvent, notes: Notes) -> bytes:
    """One line of NDJSON; ``marks`` stands in it where people marked the event."""
    marks = {"marks": notes[recorded.number]} if recorded.number in notes else {}
    return orjson.dumps(document(exchange, recorded) | marks, option=orjson.OPT_APPEND_NEWLINE)


def notes_on(exchange: Exchange) -> Notes:
    """What people noted on events, by number of the event; empty texts where they only marked them."""
    notes: Notes = {}
    for mark in exchange.marks:
        notes.setdefault(mark.event, []).append(mark.text)
    return notes


def document(exchange: int, recorded: RecordedEvent) -> dict[str, object]:
    """The object of one event."""
    event = recorded.event
    text = event.text
    faithful = {} if text.encode() == event.data else {"data_b64": base64.b64encode(event.data).decode()}
    return {
        "exchange": exchange,
        "number": recorded.number,
        "t_ns": recorded.t_ns,
        "type": event.type,
        "data": text,
        "last_event_id": event.last_event_id,
        **faithful,
    }
