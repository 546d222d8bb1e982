"""What an event says, as JSON: ``{"type", "last_event_id", "data"}``, and several pieces of one text as one event.

Knows single streams; must not know what is done with a document. Invariant: how a text was cut into events cannot be
told from the document of its pieces.
"""

from array import array
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sserec.diff.values import Json
from sserec.interactions import (
    PASSING_KEYS,
    Fragment,
    Opening,
    Parsed,
    joined,
    opening_of,
    parse,
    piece_of,
)
from sserec.sse import Event, Kind, Residue, Tail

_MEANT = (Kind.MALFORMED, Kind.IGNORED)
"""Residue that somebody meant to say something with; comments and reconnection times are framing."""

_BARE_FRAGMENT_KEYS = 3

UNNAMED = "message"
"""The type of an SSE event that has no name."""


class Stray(NamedTuple):
    """Bytes of the stream that no event claimed."""

    kind: str
    start: int
    line: bytes

    @property
    def document(self) -> Json:
        return {"stray": {"kind": self.kind, "line": self.line.decode("utf-8", "replace")}}


class Run:
    """The pieces of one text, or of one piece of audio, while they come."""

    def __init__(self, name: str, event_type: str, fragment: Fragment) -> None:
        self.alike = f"{event_type} {fragment.type}"
        self.numbers = array("Q")
        self.opened_by = 0
        """The number of the start that held the first piece; 0 where none did."""
        self._name = name
        self._event_type = event_type
        self._fragment = fragment
        self._passing: Json = {}
        self._last_event_id = ""
        self._pieces: list[str] = []

    @classmethod
    def begun_by(cls, event: Event, parsed: Parsed, fragment: Fragment) -> "Run":
        """Of deltas only; the first one still has to be added."""
        return cls(event.type, parsed.payload["event_type"], fragment)

    @classmethod
    def opened(cls, number: int, event: Event, opening: Opening) -> "Run":
        """By a start, whose deltas would be named as it is."""
        is_named = event.type != UNNAMED
        run = cls(opening.delta_type if is_named else UNNAMED, opening.delta_type, opening.fragment)
        run.opened_by = number
        run._pieces.append(opening.fragment.text)
        return run

    def is_prolonged_by(self, event: Event, parsed: Parsed, fragment: Fragment) -> bool:
        """Whether the event differs from those before it in nothing but its piece."""
        fields = self._fragment.fields
        return (
            fragment.type == self._fragment.type
            and fragment.key == self._fragment.key
            and event.type == self._name
            and parsed.payload["event_type"] == self._event_type
            and all(fields.get(key, value) == value for key, value in fragment.fields.items())
        )

    def add(self, number: int, event: Event, parsed: Parsed, fragment: Fragment) -> None:
        self.numbers.append(number)
        self._pieces.append(fragment.text)
        self._last_event_id = event.last_event_id or self._last_event_id
        payload = parsed.payload
        if len(payload) > _BARE_FRAGMENT_KEYS:
            self._passing |= {key: payload[key] for key in PASSING_KEYS & payload.keys() if payload[key]}

    def document(self) -> Json:
        """The event that would have brought the whole."""
        delta = joined(self._fragment, self._pieces)
        data = {"delta": delta, "event_type": self._event_type} | self._passing
        return _named(self._name, self._last_event_id, data)


def unit_document(events: Iterable[Event], *, in_step: bool, opened_by: Event | None = None) -> Json:
    """What a unit's events say, as one event. ``opened_by``: the start that held the first piece."""
    run: Run | None = None
    if opened_by is not None:
        opening = opening_of(parse(opened_by))
        assert opening is not None, "it was one before"
        run = Run.opened(0, opened_by, opening)
    for event in events:
        parsed = parse(event)
        if not in_step:
            return event_document(event, parsed.payload)
        piece = piece_of(parsed)
        if piece is None or (run is None and not piece.can_begin):
            opening = opening_of(parsed)
            return event_document(event, without_index(parsed.payload if opening is None else opening.start))
        run = run or Run.begun_by(event, parsed, piece)
        run.add(0, event, parsed, piece)
    assert run is not None, "a unit has events"
    return run.document()


def event_document(event: Event, payload: Json) -> Json:
    """An event as JSON: its name, its id, its data."""
    return _named(event.type, event.last_event_id, payload or event.text)


def without_index(payload: Json) -> Json:
    """The step's index is compared once for all its events."""
    return {key: payload[key] for key in payload if key != "index"}


def alike(parsed: Parsed) -> str:
    """The event's type, and that of what it holds: ``step.delta text``."""
    for value in parsed.payload.values():
        if type(value) is dict and type(value.get("type")) is str:
            return f"{parsed.type} {value['type']}"
    return parsed.type


def strays(residue: Iterable[Residue], tail: Tail | None) -> Iterator[Stray]:
    """Lines that look like an error or a broken field, and the event that the stream ended in."""
    for left in residue:
        if left.kind in _MEANT:
            yield Stray(str(left.kind), left.start, left.line)
    if tail is not None:
        yield Stray("unfinished event", tail.start, b"\n".join(filter(None, (tail.data, tail.line))))


def _named(name: str, last_event_id: str, data: object) -> Json:
    document: Json = {"type": name, "data": data}
    return document | {"last_event_id": last_event_id} if last_event_id else document
