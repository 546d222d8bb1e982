"""Running a query over a tape: which events it leaves, found in small steps, the first at once.

Knows how far the search has come; must not know what is asked. Invariant: what has been found is right and in order,
and going on after a pause or after the tape has grown finds the rest.
"""

import re
import threading
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from sserec.errors import DamagedArchive
from sserec.tui.model.batch import Batch, Knowledge, StraySubject
from sserec.tui.model.jobs import Job, Progress
from sserec.tui.model.places import Place
from sserec.tui.model.query import Query
from sserec.tui.model.strays import Strays
from sserec.tui.model.tape import Read, Tape

STRAYS_A_STEP = 64
"""Stray bytes that are looked at in one step; where they are scattered, each is in another frame."""
BACKWARD_EVENTS = 1 << 13


class Hits:
    """What a query leaves of a stream."""

    def __init__(
        self, query: Query, tape: Tape, strays: Strays, knowledge: Knowledge, find_steps: Callable[[], Job]
    ) -> None:
        self.query = query
        self.indexes = array("I")
        """Of events, rising."""
        self.sought: int | None = None
        """The event that :meth:`seek` found."""
        self._tape = tape
        self._all_strays = strays
        self._knowledge = knowledge
        self._find_steps = find_steps
        self._lock = threading.Lock()
        self._scanned = 0
        self._strays = array("I")
        self._scanned_strays = 0
        self._generation = strays.generation

    def __len__(self) -> int:
        """How many events it leaves, as far as :meth:`scan` has come."""
        return len(self.indexes)

    @property
    def strays(self) -> Sequence[int]:
        """Indexes of stray bytes that it leaves, rising."""
        return self._strays if self._are_strays_the_same else ()

    @property
    def is_complete(self) -> bool:
        """Whether everything that has come so far was looked at."""
        strays_are_over = self._scanned_strays == len(self._all_strays) and self._are_strays_the_same
        return self._scanned == len(self._tape) and strays_are_over

    @property
    def _are_strays_the_same(self) -> bool:
        """Whether the indexes that were found still mean the same bytes."""
        return self._generation == self._all_strays.generation

    def scan(self) -> Job:
        """Looks at what was not looked at yet."""
        if self.query.needs_steps:
            yield from self._find_steps()
        with self._lock:
            self._forget_other_strays()
        while self._scanned < len(self._tape):
            with self._lock:
                self._scan_events()
            yield Progress(self._scanned, len(self._tape))
        while self._scanned_strays < len(self._all_strays):
            with self._lock:
                self._scan_strays(len(self._tape) + 1)
            yield Progress(self._scanned, len(self._tape))

    def seek(self, event: int, direction: int) -> Job:
        """Looks for the nearest hit after ``event`` (or, with -1, before it) without looking at everything."""
        self.sought = None
        self.sought = self.next(event) if direction > 0 else self.previous(event)
        if self.is_complete or (self.sought is not None and event < self._scanned):
            return
        for start, stop in self._ranges(event, direction):
            found = [index for read in self._tape.reads(start, stop) for index in self._left(read)]
            if found:
                self.sought = found[0] if direction > 0 else found[-1]
                return
            yield Progress(abs(stop - event), len(self._tape))

    def next(self, event: int) -> int | None:
        """The first hit after an event, among those found so far."""
        at = bisect_right(self.indexes, event)
        return self.indexes[at] if at < len(self.indexes) else None

    def previous(self, event: int) -> int | None:
        """The last hit before an event, among those found so far."""
        at = bisect_left(self.indexes, event)
        return self.indexes[at - 1] if at else None

    def position(self, event: int) -> int | None:
        """The how-many-eth hit an event is, from 1; None when it is none."""
        at = bisect_left(self.indexes, event)
        return at + 1 if at < len(self.indexes) and self.indexes[at] == event else None

    def _ranges(self, event: int, direction: int) -> Iterator[tuple[int, int]]:
        if direction > 0:
            for start in range(event + 1, len(self._tape), BACKWARD_EVENTS):
                yield start, start + BACKWARD_EVENTS
        else:
            for stop in range(event, 0, -BACKWARD_EVENTS):
                yield max(stop - BACKWARD_EVENTS, 0), stop

    def _left(self, read: Read) -> Sequence[int]:
        return Batch(read, self._tape, self._knowledge).left_by(self.query)

    def _scan_events(self) -> None:
        read = next(self._tape.reads(self._scanned, len(self._tape)), None)
        if read is not None:
            self._scan_strays(read.after)
            self.indexes.extend(self._left(read))
        self._scanned = read.after if read else len(self._tape)

    def _forget_other_strays(self) -> None:
        if not self._are_strays_the_same:
            self._strays, self._scanned_strays = array("I"), 0
            self._generation = self._all_strays.generation

    def _scan_strays(self, before: int) -> None:
        """Those that stand before an event, at most so many that a step stays short."""
        strays = self._all_strays
        for stray in range(self._scanned_strays, min(self._scanned_strays + STRAYS_A_STEP, len(strays))):
            if strays.before[stray] >= before:
                return
            if self._leaves_stray(stray):
                self._strays.append(stray)
            self._scanned_strays = stray + 1

    def _leaves_stray(self, stray: int) -> bool:
        strays = self._all_strays
        end = strays.ends[stray]
        try:
            block = self._tape.body(strays.starts[stray], end)
        except DamagedArchive:
            block = b""
        place = Place(strays.before[stray], stray)
        subject = StraySubject(place, block, self._tape.arrival_ns(end), self._knowledge)
        return all(each.term.holds(subject) != each.is_negated for each in self.query.conditions)


class LineHit(NamedTuple):
    """Where a text stands in a list of lines."""

    line: int
    start: int
    """The character, from 0."""
    end: int


def find_in_lines(lines: Sequence[str], text: str) -> list[LineHit]:
    """Every place of ``text``, which ignores case unless it has a capital."""
    if not text:
        return []
    flags = re.IGNORECASE if text == text.lower() else 0
    pattern = re.compile(re.escape(text), flags)
    return [LineHit(row, *match.span()) for row, line in enumerate(lines) for match in pattern.finditer(line)]
