"""Events as NDJSON, one object a line; ``sserec events --json`` prints the same."""

import base64
from collections.abc import Iterator, Sequence

import orjson

from sserec.export import Options
from sserec.export.subject import Subject
from sserec.recording import RecordedEvent


def event_lines(subjects: Sequence[Subject], options: Options) -> Iterator[bytes]:
    """Each subject's events; those of a stitched one say which exchange they come from."""
    for subject in subjects:
        for exchange, recorded in subject.events():
            yield orjson.dumps(document(exchange, recorded), option=orjson.OPT_APPEND_NEWLINE)


def document(exchange: int, recorded: RecordedEvent) -> dict[str, object]:
    """The NDJSON object of one event."""
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
