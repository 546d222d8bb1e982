"""The units of one stream in columns, and the events behind them.

Knows units by their digests; must not know how a stream is cut into them. Invariant: what is kept of a unit is its
digest and its volatile values, some 100 bytes; what it says is read again, so a stream of a million events can be held.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from sserec.diff.documents import Stray, unit_document
from sserec.diff.values import DIGEST_BYTES, Json
from sserec.diff.volatile import Mark
from sserec.errors import DamagedArchive
from sserec.sse import Event

ReadEvents: TypeAlias = Callable[[int, int], Sequence[Event]]
"""The events from this number to that one, from 1, both included. Raises DamagedArchive where bytes are lost."""

NO_EVENT = 0
NO_STEP = -1


class Part(NamedTuple):
    """A step, or a unit that belongs to none."""

    step: int | None
    """The index of the step."""
    sort: str
    """The type of the step, of the event, or of what the stray is; empty for a step that nothing started."""
    units: range
    """The units it has."""


class Columns:
    """Units and parts while they come, one list for each of their qualities."""

    def __init__(self) -> None:
        self.keys: list[bytes] = []
        self.alike: list[str] = []
        self.marks: list[tuple[Mark, ...]] = []
        self.first = array("Q")
        """The number of each unit's first event."""
        self.runs: dict[int, Sequence[int]] = {}
        """All the numbers, of units that have more than one."""
        self.openings: dict[int, int] = {}
        """The number of the start that held the first piece, of units of which one did."""
        self.owners = array("Q")
        """The part of each unit."""
        self.starts = array("Q")
        """Where in the body each part begins."""
        self.steps = array("q")
        self.sorts: list[str] = []
        self.strays: dict[int, Stray] = {}
        """By part."""

    def open_part(self, start: int, step: int, sort: str) -> int:
        self.starts.append(start)
        self.steps.append(step)
        self.sorts.append(sort)
        return len(self.starts) - 1

    def add_unit(self, part: int, key: bytes, alike: str, marks: list[Mark], numbers: Sequence[int]) -> None:
        if len(numbers) > 1:
            self.runs[len(self.keys)] = numbers
        self.keys.append(key)
        self.alike.append(alike)
        self.marks.append(tuple(marks))
        self.first.append(numbers[0] if numbers else NO_EVENT)
        self.owners.append(part)

    def in_order(self) -> "Columns":
        """Parts by where they begin, the units of each together."""
        if _rises(self.starts) and _rises(self.owners):
            return self
        parts = sorted(range(len(self.starts)), key=self.starts.__getitem__)
        places = array("Q", bytes(8 * len(parts)))
        for place, part in enumerate(parts):
            places[part] = place
        units = sorted(range(len(self.keys)), key=lambda unit: places[self.owners[unit]])
        ordered = Columns()
        ordered.keys = [self.keys[unit] for unit in units]
        ordered.alike = [self.alike[unit] for unit in units]
        ordered.marks = [self.marks[unit] for unit in units]
        ordered.first = array("Q", (self.first[unit] for unit in units))
        ordered.runs = {place: self.runs[unit] for place, unit in enumerate(units) if unit in self.runs}
        ordered.openings = {
            place: self.openings[unit] for place, unit in enumerate(units) if unit in self.openings
        }
        ordered.owners = array("Q", (places[self.owners[unit]] for unit in units))
        ordered.starts = array("Q", (self.starts[part] for part in parts))
        ordered.steps = array("q", (self.steps[part] for part in parts))
        ordered.sorts = [self.sorts[part] for part in parts]
        ordered.strays = {places[part]: stray for part, stray in self.strays.items()}
        return ordered


def _rises(numbers: Iterable[int]) -> bool:
    return all(before <= after for before, after in pairwise(numbers))


class Side:
    """The parts and units of one stream, and the events behind them."""

    def __init__(self, columns: Columns, events: ReadEvents) -> None:
        self._columns = columns
        self._events = events
        self.keys: Sequence[bytes] = columns.keys
        """Of units: the same where two say the same, volatile values aside."""
        self.alike: Sequence[str] = columns.alike
        """Of units: the same where one can be a changed form of the other."""
        self.marks: Sequence[tuple[Mark, ...]] = columns.marks
        """The volatile values of each unit."""
        self._firsts = array("Q")
        for unit, owner in enumerate(columns.owners):
            if owner == len(self._firsts):
                self._firsts.append(unit)
        self._firsts.append(len(columns.owners))
        self.part_keys = [*self._part_keys()]
        """Of parts, as :attr:`keys` of units."""
        self.part_sorts = [
            f"event {sort}" if step == NO_STEP else f"step {sort}"
            for step, sort in zip(columns.steps, columns.sorts, strict=True)
        ]
        """Of parts, as :attr:`alike` of units."""
        self.part_weights = [
            1 if step == NO_STEP else 1 + end - start
            for step, (start, end) in zip(columns.steps, pairwise(self._firsts), strict=True)
        ]
        """Of parts: a step outweighs the events that it is made of."""

    @property
    def part_count(self) -> int:
        return len(self._columns.starts)

    def part(self, number: int) -> Part:
        """The part with this number, from 0."""
        return Part(self.step(number), self._columns.sorts[number], self.units_of(number))

    def step(self, part: int) -> int | None:
        """The index of the step that a part is; None where it is none."""
        step = self._columns.steps[part]
        return None if step == NO_STEP else step

    def units_of(self, part: int) -> range:
        """The units of a part."""
        return range(self._firsts[part], self._firsts[part + 1])

    def owner(self, unit: int) -> int:
        """The part that the unit belongs to."""
        return self._columns.owners[unit]

    def step_of(self, unit: int) -> int:
        """The part that the unit belongs to, where that is a step; NO_STEP where it is none."""
        owner = self._columns.owners[unit]
        return NO_STEP if self._columns.steps[owner] == NO_STEP else owner

    def numbers(self, unit: int) -> Sequence[int]:
        """The numbers of the unit's events, from 1; none for a stray, or where the start of a step held it all."""
        first = self._columns.first[unit]
        return self._columns.runs.get(unit, () if first == NO_EVENT else (first,))

    def document(self, unit: int) -> Json:
        """What the unit says, as one event: what two units are compared by. Reads its events."""
        owner = self.owner(unit)
        stray = self._columns.strays.get(owner)
        if stray is not None:
            return stray.document
        start = self.opened_by(unit)
        opened_by = None if start is None else self._events(start, start)[0]
        in_step = self._columns.steps[owner] != NO_STEP
        return unit_document(self._events_of(unit), in_step=in_step, opened_by=opened_by)

    def opened_by(self, unit: int) -> int | None:
        """The number of the step's start, where that held the unit's first piece; it is an event of another unit."""
        return self._columns.openings.get(unit)

    def _events_of(self, unit: int) -> Sequence[Event]:
        numbers = self.numbers(unit)
        if not numbers:
            return ()
        first, last = numbers[0], numbers[-1]
        try:
            events = self._events(first, last)
        except DamagedArchive:
            # A hole within the run: each event is whole for itself.
            return [self._events(number, number)[0] for number in numbers]
        return events if len(events) == len(numbers) else [events[number - first] for number in numbers]

    def _part_keys(self) -> Iterator[bytes]:
        keys = self.keys
        for step, (start, end) in zip(self._columns.steps, pairwise(self._firsts), strict=True):
            if step == NO_STEP:
                yield keys[start]
            else:
                yield blake2b(b"step" + b"".join(keys[start:end]), digest_size=DIGEST_BYTES).digest()
