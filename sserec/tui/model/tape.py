"""The bytes of one exchange's body, and where its events stand in them.

Knows offsets, times and events; must not know what an event means. Safe to use from several threads. Invariant: an
event is decoded from its own block, so looking at one costs the same wherever it stands; what damage took is an
event without data, never an exception, so that indexes stay true.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sserec.errors import DamagedArchive
from sserec.sse import Decoder, Event
from sserec.tui.model.jobs import Job, Progress
from sserec.tui.model.medium import Medium

LOADED_ROWS = 1 << 14
READ_BYTES = 1 << 18
"""What is read and decoded together: a millisecond or two, unless its frame has to be decompressed first."""
PIECE_BYTES = 1 << 14
"""What a decoder is fed at once. It goes on slowly to the end of a piece when the type of the events changes, so that
a megabyte in one piece takes 0.7 us an event, in these 0.43."""


@dataclass(frozen=True, slots=True)
class ChunkSpan:
    """One chunk of the body: what arrived together."""

    index: int
    """From 0, within the body."""
    t_ns: int
    start: int
    end: int


class Read(NamedTuple):
    """Neighbouring events and all the bytes that they stand in."""

    first: int
    after: int
    """The index after the last."""
    start: int
    """The offset of the first byte."""
    data: bytes


class Tape:
    """One body. Indexes count from 0, offsets from the body's first byte, times from the recording's start."""

    def __init__(self, medium: Medium, number: int) -> None:
        self.number = number
        self.times = array("Q")
        """When each event was complete, as far as :meth:`load` has come; empty where the file knows no times."""
        self._medium = medium
        self._lock = medium.lock
        with self._lock:
            self.is_timed = medium.exchange(number).is_timed
        self.size_bytes = self._count = 0
        self.refresh()

    def __len__(self) -> int:
        """How many events there are."""
        return self._count

    def refresh(self) -> bool:
        """Takes in what the medium has found since. True when there are more bytes."""
        with self._lock:
            before = self.size_bytes
            self._table = self._medium.event_table(self.number)
            self._chunks = self._medium.chunk_table(self.number)
            self._restarts = frozenset(self._restarts_of_table())
            self.size_bytes = self._medium.size_bytes(self.number)
            grown = self.size_bytes != before or len(self._table) != self._count
            self._count = len(self._table)
            return grown

    def load(self) -> Job:
        """Reads the times into memory, 8 bytes an event, after which it costs nothing to look one up."""
        while self.is_timed and len(self.times) < self._count:
            with self._lock:
                first = len(self.times)
                after = min(first + LOADED_ROWS, self._count)
                self.times.extend(self._table.t_ns[first:after])
            yield Progress(after, self._count)

    def end(self, index: int) -> int:
        """The offset after an event."""
        with self._lock:
            return self._table.end[index]

    def start(self, index: int) -> int:
        """The offset where decoding may begin so that the event comes out: mostly where the one before it ended."""
        if index and index not in self._restarts:
            return self.end(index - 1)
        with self._lock:
            return self._table.start(index)

    def t_ns(self, index: int) -> int | None:
        """When the event was complete; None where the file knows no times."""
        if not self.is_timed:
            return None
        if index < len(self.times):
            return self.times[index]
        with self._lock:
            return self._table.t_ns[index]

    def gap_ns(self, index: int) -> int | None:
        """The time since the event before it; None for the first."""
        now, before = self.t_ns(index), self.t_ns(index - 1) if index else None
        return None if now is None or before is None else now - before

    def after(self, t_ns: int) -> int:
        """The index of the first event that was complete at ``t_ns`` or later."""
        if len(self.times) == self._count:
            return bisect_left(self.times, t_ns)
        with self._lock:
            return self._table.after(t_ns)

    def holding(self, offset: int, first: int = 0, after: int | None = None) -> int:
        """The index of the event that the byte at ``offset`` belongs to or stands before.

        Who knows that it is one from ``first`` to ``after`` spares the table from being searched as a whole.
        """
        with self._lock:
            return bisect_right(self._table.end, offset, first, self._count if after is None else after)

    def end_values(self, first: int, after: int) -> Sequence[int]:
        """The ends of neighbouring events."""
        with self._lock:
            return self._table.end[first:after]

    def body(self, start: int, end: int) -> bytes:
        """Bytes of the body. Raises DamagedArchive when one is missing."""
        with self._lock:
            return self._medium.body(self.number, start, end)

    def event(self, index: int) -> Event:
        """One event."""
        return self.events(index, index + 1)[0]

    def events(self, start: int, stop: int) -> list[Event]:
        """Events from ``start`` to before ``stop``, fewer at the end."""
        events: list[Event] = []
        for read in self.reads(start, stop):
            events += map(self._lost, range(start + len(events), read.first))
            events += self._decoded(read)
        events += map(self._lost, range(start + len(events), min(stop, self._count)))
        return events

    def reads(self, start: int, stop: int) -> Iterator[Read]:
        """The bytes of events from ``start`` to before ``stop``, about a megabyte at once, holes left out."""
        for first, after in self._stretches(start, min(stop, self._count)):
            yield from self._readable(first, after)

    def block(self, index: int) -> bytes:
        """The bytes from the event before to the end of this one, as on the wire. Raises DamagedArchive."""
        return self.body(self.start(index), self.end(index))

    def is_lost(self, index: int) -> bool:
        """Whether damage took the event, or a part of it."""
        try:
            return not self.block(index)
        except DamagedArchive:
            return True

    def arrival_ns(self, end: int) -> int | None:
        """When the byte before the offset ``end`` arrived; None where the file knows no times."""
        spans = self.chunks_of(end - 1, end)
        return spans[0].t_ns if spans else None

    def chunks_of(self, start: int, end: int) -> list[ChunkSpan]:
        """The chunks in which a range of the body came; none where the file knows of none."""
        with self._lock:
            first, after = self._chunks.holding(start), self._chunks.holding(end - 1) + 1
            times, ends = self._chunks.t_ns[first:after], self._chunks.end[first:after]
            begin = self._chunks.end[first - 1] if first else 0
        starts = [begin, *ends[:-1]]
        rows = zip(range(first, after), times, starts, ends, strict=False)
        return [ChunkSpan(*row) for row in rows]

    def _restarts_of_table(self) -> list[int]:
        return self._table.restarts() if self._medium.has_gaps(self.number) else []

    def _stretches(self, start: int, stop: int) -> Iterator[tuple[int, int]]:
        """Ranges of events that are bounded in bytes and have no known hole between two of them."""
        while start < stop:
            after = self.holding(self.start(start) + READ_BYTES, start + 1, stop)
            after = min((restart for restart in self._restarts if start < restart < after), default=after)
            yield start, after
            start = after

    def _readable(self, first: int, after: int) -> Iterator[Read]:
        """What damage that shows only now has left of a stretch."""
        start = self.start(first)
        try:
            yield Read(first, after, start, self.body(start, self.end(after - 1)))
        except DamagedArchive:
            if after - first > 1:
                middle = (first + after) // 2
                yield from self._readable(first, middle)
                yield from self._readable(middle, after)

    def _decoded(self, read: Read) -> list[Event]:
        events = decode(Decoder(read.start, self._id_before(read.first)), read.data)
        if len(events) == read.after - read.first:
            return events
        return [self._alone(index) for index in range(read.first, read.after)]

    def _alone(self, index: int) -> Event:
        """An event of a table that another decoder made: whatever its block comes to."""
        events = Decoder(self.start(index)).feed(self.block(index))
        return events[-1] if events else self._lost(index)

    def _lost(self, index: int) -> Event:
        with self._lock:
            return Event(self._table.type(index), b"", "", self.start(index), self.end(index))

    def _id_before(self, index: int) -> str:
        """The last event ID in force before an event: the one that the last event with an ID brought itself."""
        with self._lock:
            source = self._table.id_source(index)
        if source is None:
            return ""
        try:
            events = Decoder(self.start(source)).feed(self.block(source))
        except DamagedArchive:
            return ""
        return events[-1].last_event_id if events else ""


def decode(decoder: Decoder, data: bytes) -> list[Event]:
    """All events that ``data`` complete."""
    pieces = range(0, len(data), PIECE_BYTES)
    return [event for at in pieces for event in decoder.feed(data[at : at + PIECE_BYTES])]
