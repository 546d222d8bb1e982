"""What differs in one place, both values beside one another, as texts whose words can be compared.

Knows changes, differences and events; must not know columns. Invariant: what takes long to read is read by a job, so
that no key waits for it.
"""

import json
import threading
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, TypeVar

import orjson

from sserec.diff import Difference, Edit, EventsDiff, Kind, edits
from sserec.diff.paths import written
from sserec.errors import DamagedArchive
from sserec.tui.model.comparison.differences import DifferenceList
from sserec.tui.model.comparison.facing import SIDES, Facing
from sserec.tui.model.detail import json_lines
from sserec.tui.model.jobs import Job, Progress
from sserec.tui.model.recent import Recent
from sserec.tui.model.stream import Stream

SHOWN_CHARACTERS = 1 << 16
"""Of one value; what is longer says how much."""
CHEAP_EVENTS, CHEAP_BYTES = 64, 16 << 10
"""What is no more than this is read on the spot."""
MOST_CHANGES = 200
KEPT = 64
WHOLE = "event"
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Contrast:
    """Two values in the same place."""

    kind: Kind
    path: str
    """Where it is; empty for whole events."""
    a: str | None
    b: str | None
    """None on the side that has nothing there."""
    edits: tuple[Edit, ...] = ()
    count: int = 1
    """In how many places; this is the first."""


class Contrasts(Generic[Key]):
    """What differs in each of many places, found out when it is looked at."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: Recent[Key, list[Contrast]] = Recent(self._read, KEPT)
        self._known: set[Key] = set()

    def at(self, key: Key) -> list[Contrast] | None:
        """What differs there; None where :meth:`read` has to find out before."""
        if not (key in self._known or self._is_cheap(key)) or not self._lock.acquire(blocking=False):
            return None
        try:
            return self._found[key]
        finally:
            self._lock.release()

    def read(self, key: Key) -> Job:
        """Finds out what differs in a place."""
        yield Progress(0, 1)
        with self._lock:
            self._found[key]
            self._known.add(key)

    def _is_cheap(self, key: Key) -> bool:
        raise NotImplementedError

    def _read(self, key: Key) -> list[Contrast]:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Question(Generic[Key]):
    """What differs in one place? Two are equal that ask the same."""

    contrasts: Contrasts[Key]
    key: Key

    def answer(self) -> list[Contrast] | None:
        """As :meth:`Contrasts.at`."""
        return self.contrasts.at(self.key)

    def read(self) -> Job:
        """As :meth:`Contrasts.read`."""
        return self.contrasts.read(self.key)


class RowContrasts(Contrasts[int]):
    """Of the rows of a comparison."""

    def __init__(self, events: EventsDiff, facing: Facing, streams: tuple[Stream, Stream]) -> None:
        super().__init__()
        self._events = events
        self._facing = facing
        self._streams = streams

    def _is_cheap(self, key: int) -> bool:
        for side, stream in enumerate(self._streams):
            numbers = self._facing.numbers(side, key)
            if len(numbers) > CHEAP_EVENTS:
                return False
            if numbers and stream.tape.end(numbers[-1] - 1) - stream.tape.start(numbers[0] - 1) > CHEAP_BYTES:
                return False
        return True

    def _read(self, key: int) -> list[Contrast]:
        try:
            return list(self._contrasts(key))
        except DamagedArchive as damage:
            return [Contrast(self._facing.kind(key), str(damage), None, None)]

    def _contrasts(self, row: int) -> Iterator[Contrast]:
        kind = self._facing.kind(row)
        if kind is Kind.CHANGED:
            for change in islice(self._events.changes(row), MOST_CHANGES):
                yield contrast(change.kind, written(change.path), change.a, change.b, change.count)
        else:
            a, b = (self._document(side, row) for side in SIDES)
            yield compared(Contrast(kind, "", a, b))

    def _document(self, side: int, row: int) -> str | None:
        """What the unit of a side says; None where it has none."""
        unit = self._facing.unit(side, row)
        return None if unit is None else shown((self._events.a, self._events.b)[side].document(unit))


class DifferenceContrasts(Contrasts[int]):
    """Of differences that are not of events, by their lines in the list."""

    def __init__(self, differences: DifferenceList) -> None:
        super().__init__()
        self._differences = differences

    def _is_cheap(self, key: int) -> bool:
        difference = self._differences[key].difference
        if difference is None:
            return True
        values = difference.a, difference.b
        texts = [value for value in values if isinstance(value, str)]
        return sum(map(len, texts)) <= CHEAP_BYTES and not any(
            isinstance(value, dict | list) for value in values
        )

    def _read(self, key: int) -> list[Contrast]:
        difference = self._differences[key].difference
        return [] if difference is None else [of_difference(difference)]


class EventContrasts(Contrasts[tuple[int | None, int | None]]):
    """Of two events in full, by their indexes; None is none."""

    def __init__(self, streams: tuple[Stream, Stream]) -> None:
        super().__init__()
        self._streams = streams

    def _is_cheap(self, key: tuple[int | None, int | None]) -> bool:
        events = zip(self._streams, key, strict=True)
        sizes = [0 if at is None else stream.tape.end(at) - stream.tape.start(at) for stream, at in events]
        return sum(sizes) <= CHEAP_BYTES

    def _read(self, key: tuple[int | None, int | None]) -> list[Contrast]:
        a, b = (
            None if event is None else pretty(stream.tape.event(event).data)
            for stream, event in zip(self._streams, key, strict=True)
        )
        kind = (
            Kind.ONLY_B if a is None else Kind.ONLY_A if b is None else Kind.CHANGED if a != b else Kind.SAME
        )
        return [compared(Contrast(kind, WHOLE, a, b))]


def of_difference(difference: Difference) -> Contrast:
    """A difference that is not one of events."""
    place = difference.path if difference.b_path is None else f"{difference.path} → {difference.b_path}"
    return contrast(difference.kind, place, difference.a, difference.b, difference.count)


def contrast(kind: Kind, path: str, a: Any, b: Any, count: int = 1) -> Contrast:
    """Two values."""
    of_a = None if kind is Kind.ONLY_B else shown(a)
    of_b = None if kind is Kind.ONLY_A else shown(b)
    return compared(Contrast(kind, path, of_a, of_b, count=count))


def compared(found: Contrast) -> Contrast:
    """With the words that differ."""
    if found.a is None or found.b is None:
        return found
    return Contrast(found.kind, found.path, found.a, found.b, tuple(edits(found.a, found.b)), found.count)


def shown(value: Any) -> str:
    """A text as it is, anything else as JSON."""
    return shortened(value if isinstance(value, str) else indented(value))


def indented(value: Any) -> str:
    try:
        return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
    except TypeError:  # a number of more than 64 bits, half of a surrogate pair
        return json.dumps(value, indent=2, ensure_ascii=False)


def pretty(data: bytes) -> str:
    """The data of an event, as JSON where it is."""
    return shortened("\n".join("  " * line.depth + line.text for line in json_lines(data)))


def shortened(text: str) -> str:
    if len(text) <= SHOWN_CHARACTERS:
        return text
    return f"{text[:SHOWN_CHARACTERS]}\n… {len(text) - SHOWN_CHARACTERS:,} characters more"
