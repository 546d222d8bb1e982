"""A stream cut into what can be compared: units, and the steps they belong to.

A *unit* is one event, or all the pieces of one text together, however they were cut and whatever came between them.
Units with the same ``index`` are a *part*: a step of the interaction. Every other unit is a part alone, and so are
bytes that no event claimed. Parts stand in the order of their first bytes.

Knows events, and from :mod:`sserec.interactions` which of them are pieces; must not know the other stream. Invariant: a
part is about as large as its digests, so a stream of a million events can be held; what it says is read again.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import NamedTuple

from sserec.diff.values import DIGEST_BYTES, Json, digest
from sserec.diff.volatile import Mark, Place
from sserec.interactions import (
    PASSING_KEYS,
    Fragment,
    Parsed,
    ends_stream,
    fragment_of,
    joined,
    parse,
    step_started_by,
)
from sserec.sse import Event, Kind, Residue, Tail

_MEANT = (Kind.MALFORMED, Kind.IGNORED)
"""Residue that somebody meant to say something with; comments and reconnection times are framing."""


class Stray(NamedTuple):
    """Bytes of the stream that no event claimed."""

    kind: str
    start: int
    line: bytes

    @property
    def document(self) -> Json:
        return {"stray": {"kind": self.kind, "line": self.line.decode("utf-8", "replace")}}


class Unit(NamedTuple):
    """An event, the pieces of one text, or a stray."""

    key: bytes
    """The same where two units say the same, volatile values aside."""
    alike: str
    """The same where one can be a changed form of the other."""
    numbers: Sequence[int]
    """Of its events, from 1; none for a stray."""
    marks: tuple[Mark, ...]


class Part(NamedTuple):
    """A step, or a unit that belongs to none."""

    start: int
    """Where in the body its first event begins."""
    step: int | None
    """The index of the step."""
    sort: str
    """The type of the step, of the event, or of what the stray is; empty for a step that nothing started."""
    key: bytes
    units: tuple[Unit, ...]
    stray: Stray | None = None


class Units:
    """Takes the events of one stream; afterwards knows its parts."""

    def __init__(self, place: Place) -> None:
        self._place = place
        """The rules for what is volatile in an event."""
        self._parts: list[Part | _Step] = []
        self._open: dict[int, _Step] = {}

    def feed(self, number: int, event: Event) -> None:
        """The next event of the stream."""
        parsed = parse(event)
        index = parsed.payload.get("index")
        if type(index) is int:
            self._step(index, event, parsed).feed(number, event, parsed)
            return
        if ends_stream(parsed):
            self._open.clear()
        unit = unit_of(event_document(event, parsed.payload), alike(parsed), (number,), self._place)
        self._parts.append(Part(event.start, None, parsed.type or event.type, unit.key, (unit,)))

    def parts(self, residue: Iterable[Residue] = (), tail: Tail | None = None) -> list[Part]:
        """All parts, and what no event claimed among them."""
        parts = [part.part() if isinstance(part, _Step) else part for part in self._parts]
        parts += map(self._alone, strays(residue, tail))
        return sorted(parts, key=lambda part: part.start)

    def _step(self, index: int, event: Event, parsed: Parsed) -> "_Step":
        started = step_started_by(parsed)
        step = self._open.get(index)
        if step is None or started is not None:
            step = self._open[index] = _Step(event.start, index, started or "", self._place)
            self._parts.append(step)
        return step

    def _alone(self, stray: Stray) -> Part:
        unit = unit_of(stray.document, stray.kind, (), self._place)
        return Part(stray.start, None, stray.kind, unit.key, (unit,), stray)


class _Step:
    """A step while its events come."""

    __slots__ = ("_index", "_numbers", "_place", "_run", "_sort", "_start", "_units")

    def __init__(self, start: int, index: int, sort: str, place: Place) -> None:
        self._start = start
        self._index = index
        self._sort = sort
        self._place = place
        self._units: list[Unit] = []
        self._run: Run | None = None
        self._numbers = array("Q")

    def feed(self, number: int, event: Event, parsed: Parsed) -> None:
        fragment = fragment_of(parsed)
        if self._run is not None and not (fragment and self._run.is_prolonged_by(event, parsed, fragment)):
            self._end_run()
        if fragment is None:
            document = event_document(event, without_index(parsed.payload))
            self._units.append(unit_of(document, alike(parsed), (number,), self._place))
            return
        self._run = self._run or Run(event, parsed, fragment)
        self._run.add(event, parsed, fragment)
        self._numbers.append(number)

    def part(self) -> Part:
        """The step, now that all of it is known."""
        if self._run is not None:
            self._end_run()
        key = blake2b(b"step" + b"".join(unit.key for unit in self._units), digest_size=DIGEST_BYTES)
        return Part(self._start, self._index, self._sort, key.digest(), tuple(self._units))

    def _end_run(self) -> None:
        assert self._run is not None
        unit = unit_of(self._run.document(), self._run.alike, compact(self._numbers), self._place)
        self._units.append(unit)
        self._run, self._numbers = None, array("Q")


class Run:
    """The pieces of one text while they come."""

    def __init__(self, event: Event, parsed: Parsed, fragment: Fragment) -> None:
        self.alike = alike(parsed)
        self._fragment = fragment
        self._name = event.type
        self._event_type = parsed.payload["event_type"]
        self._passing: Json = {}
        self._last_event_id = ""
        self._texts: list[str] = []

    def is_prolonged_by(self, event: Event, parsed: Parsed, fragment: Fragment) -> bool:
        """Whether the event differs from those before it in nothing but its piece of text."""
        return (
            fragment.type == self._fragment.type
            and fragment.key == self._fragment.key
            and event.type == self._name
            and parsed.payload["event_type"] == self._event_type
        )

    def add(self, event: Event, parsed: Parsed, fragment: Fragment) -> None:
        self._texts.append(fragment.text)
        self._last_event_id = event.last_event_id
        payload = parsed.payload
        if len(payload) > 3:
            self._passing |= {key: payload[key] for key in PASSING_KEYS & payload.keys() if payload[key]}

    def document(self) -> Json:
        """The event that would have brought the whole text."""
        delta = joined(self._fragment, "".join(self._texts))
        data = {"delta": delta, "event_type": self._event_type} | self._passing
        return _named(self._name, self._last_event_id, data)


def unit_document(events: Iterable[Event], *, in_step: bool) -> Json:
    """What a unit's events say, as one event: what two units are compared by."""
    run: Run | None = None
    for event in events:
        parsed = parse(event)
        fragment = fragment_of(parsed) if in_step else None
        if fragment is None:
            return event_document(event, without_index(parsed.payload) if in_step else parsed.payload)
        run = run or Run(event, parsed, fragment)
        run.add(event, parsed, fragment)
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
    held = (value.get("type") for value in parsed.payload.values() if type(value) is dict)
    return f"{parsed.type} {next((type_ for type_ in held if type(type_) is str), '')}".rstrip()


def unit_of(document: Json, alike: str, numbers: Sequence[int], place: Place) -> Unit:
    marks: list[Mark] = []
    return Unit(digest(place.mask(document, marks)), alike, numbers, tuple(marks))


def strays(residue: Iterable[Residue], tail: Tail | None) -> Iterator[Stray]:
    """Lines that look like an error or a broken field, and the event that the stream ended in."""
    for left in residue:
        if left.kind in _MEANT:
            yield Stray(str(left.kind), left.start, left.line)
    if tail is not None:
        yield Stray("unfinished event", tail.start, b"\n".join(filter(None, (tail.data, tail.line))))


def compact(numbers: "array[int]") -> Sequence[int]:
    """Numbers in a row as what they are."""
    first, last = numbers[0], numbers[-1]
    return range(first, last + 1) if last - first + 1 == len(numbers) else numbers


def _named(name: str, last_event_id: str, data: object) -> Json:
    document: Json = {"type": name, "data": data}
    return document | {"last_event_id": last_event_id} if last_event_id else document
