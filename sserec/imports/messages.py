"""Events that a tool kept instead of a body, or beside it, with the time of each.

Knows event streams; must not know files. A body that is made from events decodes to the same events, and is not what
the wire held.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sserec.imports.found import Part
from sserec.sse import Decoder

DEFAULT_TYPE = "message"


class Message(NamedTuple):
    """One event."""

    type: str
    data: bytes
    last_event_id: str = ""
    t_ns: int | None = None


def written(messages: Iterable[Message]) -> list[Part]:
    """The messages as an event stream (WHATWG HTML, 9.2.6), each a part with its time."""
    parts, last_event_id = [], ""
    for message in messages:
        lines = [b"data: " + line for line in message.data.split(b"\n")]
        if message.type not in ("", DEFAULT_TYPE):
            lines.insert(0, b"event: " + one_line(message.type))
        if message.last_event_id != last_event_id:
            last_event_id = message.last_event_id
            lines.insert(0, b"id: " + one_line(last_event_id))
        parts.append(Part(b"\n".join(lines) + b"\n\n", message.t_ns))
    return parts


def one_line(text: str) -> bytes:
    """A field's value: what would end the line is no part of one."""
    return text.translate({0: None, 10: None, 13: None}).encode("utf-8", "replace")


def timed(body: bytes, messages: Sequence[Message]) -> list[Part] | None:
    """The body cut behind each event, with the messages' times; None where it does not hold just these events.

    What follows the last event stays with it.
    """
    events = Decoder().feed(body)
    if [event.data for event in events] != [message.data for message in messages] or not events:
        return None
    ends = [0, *(event.end for event in events)]
    ends[-1] = len(body)
    return [
        Part(body[start:end], message.t_ns)
        for start, end, message in zip(ends, ends[1:], messages, strict=False)
    ]
