"""An entry as the page has it: an array of its type, step, kind, line of text, data, size, and what is odd about it.

Knows one entry; must not know the page. What is long is cut, and what is left out is counted.
"""

from typing import Any, TypeAlias

from sserec.display import printable
from sserec.export.html.entries import Stray
from sserec.export.html.packed import TAG, brief, told
from sserec.interactions import Parsed, describe
from sserec.recording import RecordedEvent
from sserec.sse import Event

MAX_DATA_CHARACTERS = 32_768
"""Of one event; a longer one is an image or a document."""
MAX_STRING_CHARACTERS = 512
"""Of a string in an event that is longer; the rest of its JSON stays whole."""
MAX_LINE_CHARACTERS = 200

Line: TypeAlias = list[Any]


def event_line(recorded: RecordedEvent, parsed: Parsed) -> Line:
    """The entry of an event."""
    event, shown = recorded.event, describe(recorded.event)
    text = event.text
    odd = _odd(event, shown.event_type) | (_cut(text, parsed) if len(text) > MAX_DATA_CHARACTERS else {})
    line: Line = [
        brief(shown.event_type),
        shown.index,
        shown.kind,
        shown.text,
        text[:MAX_DATA_CHARACTERS],
        event.end - event.start,
    ]
    return [*line, odd] if odd else line


def stray_line(stray: Stray) -> Line:
    """The entry of bytes that were no event."""
    text = stray.data[: 4 * MAX_DATA_CHARACTERS].decode("utf-8", "replace")
    head = text[:MAX_LINE_CHARACTERS].replace("\r\n", "⏎").replace("\n", "⏎")
    odd: dict[str, Any] = {"stray": True}
    if len(text) > MAX_DATA_CHARACTERS or stray.size_bytes > len(stray.data) > MAX_DATA_CHARACTERS:
        odd["cut"] = stray.size_bytes
    return [stray.kind, None, None, printable(head), text[:MAX_DATA_CHARACTERS], stray.size_bytes, odd]


def _odd(event: Event, type_: str) -> dict[str, Any]:
    """What few events have: an SSE name that is not their type, an id."""
    name = {"name": brief(event.type)} if event.type != type_ else {}
    return name | ({"id": brief(event.last_event_id)} if event.last_event_id else {})


def _cut(text: str, parsed: Parsed) -> dict[str, Any]:
    """How long the data is, and its JSON with only the beginnings of what is long in it."""
    brief = {"brief": told(shortened(parsed.payload))} if parsed.payload else {}
    return {"cut": len(text), **brief}


def shortened(value: Any) -> Any:
    """The value without its long strings: their number of characters stands there instead."""
    if type(value) is dict:
        return {key: shortened(inner) for key, inner in value.items()}
    if type(value) is list:
        return [shortened(inner) for inner in value]
    if type(value) is str and len(value) > MAX_STRING_CHARACTERS:
        return {TAG: len(value)}
    return value
