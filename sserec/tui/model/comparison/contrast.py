"""What differs in one place, both values beside one another, as texts whose words can be compared.

Knows changes, differences and events; must not know columns. Invariant: what takes long to read is read by a job, so
that no key waits for it.
"""

import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from sserec.diff import Difference, Edit, EventsDiff, Kind, edits
from sserec.diff.paths import written
from sserec.errors import DamagedArchive
from sserec.tui.model.comparison.facing import SIDES, A, B, Facing
from sserec.tui.model.detail import json_lines
from sserec.tui.model.jobs import Job, Progress
from sserec.tui.model.recent import Recent
from sserec.tui.model.stream import Stream

SHOWN_CHARACTERS = 1 << 16
"""Of one value; what is longer says how much."""
CHEAP_EVENTS, CHEAP_BYTES = 64, 16 << 10
"""A row with no more than this is read on the spot."""
MOST_CHANGES = 200
KEPT_ROWS = 64


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


class RowContrasts:
    """What differs within the rows of a comparison."""

    def __init__(self, events: EventsDiff, facing: Facing, streams: tuple[Stream, Stream]) -> None:
        self._events = events
        self._facing = facing
        self._streams = streams
        self._lock = threading.Lock()
        self._found: Recent[int, list[Contrast]] = Recent(self._read, KEPT_ROWS)
        self._known: set[int] = set()

    def at(self, row: int) -> list[Contrast] | None:
        """What differs; None where :meth:`read` has to find out before."""
        if not (row in self._known or self._is_cheap(row)) or not self._lock.acquire(blocking=False):
            return None
        try:
            return self._found[row]
        finally:
            self._lock.release()

    def read(self, row: int) -> Job:
        """Finds out what differs in a row."""
        yield Progress(0, 1)
        with self._lock:
            self._found[row]
            self._known.add(row)

    def event_count(self, row: int) -> int:
        """How many events will be read for a row."""
        return sum(len(self._facing.numbers(side, row)) for side in SIDES)

    def _is_cheap(self, row: int) -> bool:
        for side, stream in enumerate(self._streams):
            numbers = self._facing.numbers(side, row)
            if len(numbers) > CHEAP_EVENTS:
                return False
            if numbers and stream.tape.end(numbers[-1] - 1) - stream.tape.start(numbers[0] - 1) > CHEAP_BYTES:
                return False
        return True

    def _read(self, row: int) -> list[Contrast]:
        try:
            return list(self._contrasts(row))
        except DamagedArchive as damage:
            return [Contrast(self._facing.kind(row), str(damage), None, None)]

    def _contrasts(self, row: int) -> Iterator[Contrast]:
        kind = self._facing.kind(row)
        if kind is Kind.CHANGED:
            for _, change in zip(range(MOST_CHANGES), self._events.changes(row), strict=False):
                yield contrast(change.kind, written(change.path), change.a, change.b, change.count)
        else:
            a, b = self._document(A, row), self._document(B, row)
            yield compared(Contrast(kind, "", a, b))

    def _document(self, side: int, row: int) -> str | None:
        """What the unit of a side says; None where it has none."""
        unit = self._facing.unit(side, row)
        return None if unit is None else shown((self._events.a, self._events.b)[side].document(unit))


def of_difference(difference: Difference) -> Contrast:
    """A difference that is not one of events."""
    place = difference.path if difference.b_path is None else f"{difference.path} → {difference.b_path}"
    return contrast(difference.kind, place, difference.a, difference.b, difference.count)


def of_events(streams: Sequence[Stream], events: tuple[int | None, int | None], kind: Kind) -> Contrast:
    """Two events in full, each as the JSON that it is."""
    texts = [
        None if event is None else pretty(stream.tape.event(event).data)
        for stream, event in zip(streams, events, strict=True)
    ]
    return compared(Contrast(kind, "", texts[0], texts[1]))


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
