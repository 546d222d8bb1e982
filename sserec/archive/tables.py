"""Tables of a million rows that cost nothing until a row is asked for: chunks and events of one exchange.

Knows columns in parts; must not know where a part comes from. Invariant: a table answers ``len()`` and any row
by decoding one part, and keeps a bounded number of them.
"""

from __future__ import annotations

import threading
from abc import abstractmethod
from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar, overload

_KEPT_PARTS = 16
"""Up to half a million events: whoever reads on finds his part, and a million rows do not stay in memory."""

_SPREAD = 8
"""How many chunks an event may take on average for its neighbours' times to be read together with it."""


class ChunkPart(NamedTuple):
    """Times and end offsets of consecutive chunks."""

    t_ns: array[int]
    end: array[int]


class EventPart(NamedTuple):
    """Consecutive events: where each ends, the chunk that holds its end, its type."""

    first: int
    """The index in the exchange of the first event."""
    start: int
    """The offset where decoding may begin for the first event."""
    id_source: int
    """1 + the index of the event that set the ID in force before the first event; 0 when there is none."""
    end: array[int]
    chunk: array[int]
    type_index: array[int]
    id_changes: array[int]
    """Positions in this part of the events that changed the last event ID, in order."""


Part = TypeVar("Part")


Part_co = TypeVar("Part_co", covariant=True)


class Parts(Protocol[Part_co]):
    """Rows that are kept in parts."""

    @property
    def firsts(self) -> Sequence[int]:
        """The index of each part's first row."""

    def __len__(self) -> int:
        """The number of rows."""

    def part(self, index: int) -> Part_co:
        """The rows of one part."""


class LazyParts(Generic[Part]):
    """Parts that are loaded when they are needed, from any thread; the recent ones are kept."""

    def __init__(self, firsts: Sequence[int], row_count: int, load: Callable[[int], Part]) -> None:
        self.firsts = firsts
        self._row_count = row_count
        self._load = load
        self._recent: OrderedDict[int, Part] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return self._row_count

    def part(self, index: int) -> Part:
        """The rows of one part."""
        with self._lock:
            if index in self._recent:
                self._recent.move_to_end(index)
                return self._recent[index]
            loaded = self._recent[index] = self._load(index)
            if len(self._recent) > _KEPT_PARTS:
                self._recent.popitem(last=False)
            return loaded


class Rows(Sequence[int]):
    """Numbers by row: indexed and sliced like a list, however they are found."""

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> list[int]: ...
    def __getitem__(self, index: int | slice) -> int | list[int]:
        if isinstance(index, slice):
            return self._slice(index)
        row = index + len(self) if index < 0 else index
        if not 0 <= row < len(self):
            raise IndexError(index)
        return self._at(row)

    @abstractmethod
    def _at(self, row: int) -> int:
        """The number in a row that there is."""

    @abstractmethod
    def _slice(self, rows: slice) -> list[int]:
        """The numbers in several rows."""


class Column(Rows, Generic[Part]):
    """One column of rows in parts: indexed, sliced, iterated and bisected like a list."""

    def __init__(self, parts: Parts[Part], values: Callable[[Part], Sequence[int]]) -> None:
        self._parts = parts
        self._values = values

    def __len__(self) -> int:
        return len(self._parts)

    def _slice(self, rows: slice) -> list[int]:
        start, stop, step = rows.indices(len(self))
        return self._between(start, stop) if step == 1 else list(map(self._at, range(start, stop, step)))

    def _between(self, start: int, stop: int) -> list[int]:
        """Rows that follow one another, part by part: a million take 30 ms, one by one they take a second."""
        firsts, values = self._parts.firsts, list[int]()
        while start < stop:
            index = bisect_right(firsts, start) - 1
            first = firsts[index]
            part = self._values(self._parts.part(index))[start - first : stop - first]
            values += part
            start += len(part)
        return values

    def __iter__(self) -> Iterator[int]:
        for index in range(len(self._parts.firsts)):
            yield from self._values(self._parts.part(index))

    def array(self, first: int = 0) -> array[int]:
        """All values from row ``first`` on, eight bytes each."""
        values, firsts = array("Q"), self._parts.firsts
        for index in range(max(bisect_right(firsts, first) - 1, 0), len(firsts)):
            part = self._values(self._parts.part(index))
            values.extend(array("Q", part[max(first - firsts[index], 0) :]))
        return values

    def _at(self, row: int) -> int:
        index = bisect_right(self._parts.firsts, row) - 1
        return self._values(self._parts.part(index))[row - self._parts.firsts[index]]


class Arrivals(Rows):
    """When each event was complete: the time of the chunk that holds the end of its blank line."""

    def __init__(self, chunk: Sequence[int], t_ns: Sequence[int]) -> None:
        self._chunk = chunk
        self._t_ns = t_ns

    def __len__(self) -> int:
        return len(self._chunk)

    def __iter__(self) -> Iterator[int]:
        return (self._t_ns[chunk] for chunk in self._chunk)

    def _at(self, row: int) -> int:
        return self._t_ns[self._chunk[row]]

    def _slice(self, rows: slice) -> list[int]:
        return self._times_of(self._chunk[rows])

    def _times_of(self, chunks: Sequence[int]) -> list[int]:
        """The times of chunks that mostly follow one another, as those of neighbouring events do."""
        first, after = min(chunks, default=0), max(chunks, default=-1) + 1
        if after - first > _SPREAD * len(chunks):
            return [self._t_ns[chunk] for chunk in chunks]
        times = self._t_ns[first:after]
        return [times[chunk - first] for chunk in chunks]


class ChunkTable:
    """When each chunk of a body arrived, and where it ends."""

    def __init__(self, parts: Parts[ChunkPart]) -> None:
        self.t_ns = Column(parts, lambda part: part.t_ns)
        self.end = Column(parts, lambda part: part.end)

    def __len__(self) -> int:
        return len(self.end)

    def holding(self, offset: int) -> int:
        """The index of the chunk that holds the byte at ``offset``."""
        return bisect_right(self.end, offset)

    def after(self, t_ns: int) -> int:
        """The index of the first chunk that arrived at ``t_ns`` or later."""
        return bisect_left(self.t_ns, t_ns)


class EventTable:
    """Where each event of a body ends, when it arrived and its type, without decoding the body."""

    def __init__(self, parts: Parts[EventPart], names: Sequence[str], chunks: ChunkTable) -> None:
        self._parts = parts
        self.names = names
        """SSE types. The first is "", which stands for a name that is not listed: decode the event."""
        self.end = Column(parts, lambda part: part.end)
        self.chunk = Column(parts, lambda part: part.chunk)
        self.type_index = Column(parts, lambda part: part.type_index)
        self.t_ns = Arrivals(self.chunk, chunks.t_ns)
        self._chunks = chunks

    def __len__(self) -> int:
        return len(self._parts)

    def type(self, index: int) -> str:
        """The event's SSE type, or "" when the table does not list it."""
        return self.names[self.type_index[index]]

    def start(self, index: int) -> int:
        """The offset from which a decoder that is fed up to ``end[index]`` gives exactly this event."""
        part, row = self._part_of(index)
        return part.end[row - 1] if row else part.start

    def id_source(self, index: int) -> int | None:
        """The event whose last event ID is in force before this one; None when there is no ID."""
        part, row = self._part_of(index)
        changes = bisect_left(part.id_changes, row)
        if changes:
            return part.first + part.id_changes[changes - 1]
        return part.id_source - 1 if part.id_source else None

    def restarts(self) -> list[int]:
        """The events before which bytes are missing, so that decoding begins anew with them."""
        parts = range(1, len(self._parts.firsts))
        found = (self._parts.firsts[part] for part in parts)
        return [first for first in found if self.start(first) != self.end[first - 1]]

    def after(self, t_ns: int) -> int:
        """The index of the first event that was complete at ``t_ns`` or later."""
        return bisect_left(self.chunk, self._chunks.after(t_ns))

    def _part_of(self, index: int) -> tuple[EventPart, int]:
        at = bisect_right(self._parts.firsts, index) - 1
        return self._parts.part(at), index - self._parts.firsts[at]
