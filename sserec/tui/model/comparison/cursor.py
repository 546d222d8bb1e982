"""The cursor over two streams: where one stands in both, and how the one follows the other.

Knows three ways of going together: by alignment, what corresponds stands side by side; by time, what had come as long
after the request; by number, where nothing else is known. Must not know keys or panes. Invariant: the leading side's
cursor stands on a line that it has; the other side's follows from it.
"""

from array import array
from enum import StrEnum
from heapq import merge

from sserec.diff import Kind
from sserec.tui.model.comparison.facing import SIDES, Cell, Facing
from sserec.tui.model.jobs import Job
from sserec.tui.model.stream import Stream


class Together(StrEnum):
    """How two panes go together."""

    ALIGNMENT = "by alignment"
    TIME = "by time"
    NUMBER = "by number"


class PairCursor:
    """A place in two streams at once."""

    def __init__(self, a: Stream, b: Stream) -> None:
        self.streams = a, b
        self.facing: Facing | None = None
        """Known once the streams have been compared."""
        self.together = Together.TIME if self.knows_times else Together.NUMBER
        self.side = 0
        """The side that leads: it is the one that keys move."""
        self.line = 0
        """Where that side's cursor stands, in its pane's lines."""
        self.clock_ns: int | None = None
        """How long after the requests it is, where both sides are played; None where the leading event says so."""
        self.times = array("Q")
        """When the events of both came, each after its request, once :meth:`load_times` has looked."""

    @property
    def knows_times(self) -> bool:
        return all(stream.is_timed for stream in self.streams)

    def align(self, facing: Facing) -> None:
        """From now on side by side; the cursor stays on its event."""
        event = self.line
        self.facing, self.together = facing, Together.ALIGNMENT
        self.line = facing.line_of(self.side, event) if event < facing.event_count(self.side) else 0

    def change_together(self) -> bool:
        """By time instead of by alignment, and back. False where there is but one way."""
        if self.facing is None or not self.knows_times:
            return False
        event, self.clock_ns = self.folded(self.side) - 1, None
        if self.together is Together.ALIGNMENT:
            self.together, self.line = Together.TIME, max(event, 0)
        else:
            self.together, self.line = Together.ALIGNMENT, 0
            self.to_event(event + 1)
        return True

    # what stands where

    def line_count(self, side: int) -> int:
        """How many lines the pane of a side has."""
        if self.together is Together.ALIGNMENT:
            assert self.facing is not None
            return len(self.facing)
        return len(self.streams[side])

    def cell(self, side: int, line: int) -> Cell | None:
        """What stands in a line of a side's pane; None where there is a gap."""
        if self.together is Together.ALIGNMENT:
            assert self.facing is not None
            return self.facing.cell(side, line)
        if self.facing is None or line >= self.facing.event_count(side):
            return Cell(line, 0, Kind.SAME)
        row = self.facing.row_of(side, line)
        return Cell(line, row, self.facing.kind(row))

    def facing_line(self, side: int, line: int) -> int:
        """The line of the other side's pane that goes with a line of this side's; -1 before its first."""
        if self.together is Together.ALIGNMENT:
            return line
        other = self.streams[1 - side]
        if self.together is Together.NUMBER:
            return min(line, len(other) - 1)
        t_ns = self.streams[side].tape.t_ns(line) if line < len(self.streams[side]) else None
        return (
            -1
            if t_ns is None
            else other.tape.after(t_ns - self.streams[side].begin_ns + other.begin_ns + 1) - 1
        )

    def here(self, side: int) -> int:
        """The line of a side's pane that the cursor stands on; -1 before its first event."""
        if self.clock_ns is not None and self.together is Together.TIME:
            stream = self.streams[side]
            return stream.tape.after(self.clock_ns + stream.begin_ns + 1) - 1
        return self.line if side == self.side else self.facing_line(self.side, self.line)

    def folded(self, side: int) -> int:
        """How many events of a side have come."""
        if self.together is Together.ALIGNMENT:
            assert self.facing is not None
            return self.facing.folded(side, self.line) if len(self.facing) else 0
        return min(self.here(side) + 1, len(self.streams[side]))

    @property
    def row(self) -> int | None:
        """The row of the comparison that the cursor stands in; None as long as there is none."""
        if self.facing is None or not len(self.facing):
            return None
        if self.together is Together.ALIGNMENT:
            return self.facing.row(self.line)
        compared = self.facing.event_count(self.side)
        return self.facing.row_of(self.side, min(self.line, compared - 1)) if compared else None

    def events(self) -> tuple[int | None, int | None]:
        """The indexes of the events that the cursor stands on, for either side; None where that has a gap."""
        a, b = (self._event(side) for side in SIDES)
        return a, b

    def _event(self, side: int) -> int | None:
        line = self.here(side)
        cell = self.cell(side, line) if 0 <= line < self.line_count(side) else None
        return None if cell is None else cell.event

    # moves

    def lead(self, side: int) -> None:
        """Keys move this side from now on; the cursor stays where it is."""
        line = self.here(side)
        self.side, self.line, self.clock_ns = side, max(line, 0), None

    def to_line(self, line: int) -> bool:
        """To a line of the leading pane, or the nearest there is. Whether it moved."""
        before = self.line
        self.line, self.clock_ns = max(min(line, self.line_count(self.side) - 1), 0), None
        return self.line != before

    def move(self, lines: int) -> bool:
        return self.to_line(self.line + lines)

    def to_row(self, row: int) -> bool:
        """To where a row of the comparison begins; by time, to its first event, on whichever side it is."""
        assert self.facing is not None
        if self.together is Together.ALIGNMENT:
            return self.to_line(self.facing.first_line(row))
        for side in (self.side, 1 - self.side):
            numbers = self.facing.numbers(side, row)
            if numbers:
                before = self.side, self.line
                self.side, self.line, self.clock_ns = side, numbers[0] - 1, None
                return before != (self.side, self.line)
        return False

    def to_event(self, number: int) -> bool:
        """To the leading side's event with this number, from 1."""
        event = max(min(number, len(self.streams[self.side])) - 1, 0)
        if self.together is not Together.ALIGNMENT or self.facing is None:
            return self.to_line(event)
        return event < self.facing.event_count(self.side) and self.to_line(
            self.facing.line_of(self.side, event)
        )

    def to_percent(self, percent: float) -> bool:
        """To a part of the lines."""
        return self.to_line(round(max(min(percent / 100, 1.0), 0.0) * (self.line_count(self.side) - 1)))

    def to_time(self, t_ns: int) -> bool:
        """To the last event of the leading side that had come so long after its request."""
        stream = self.streams[self.side]
        return self.to_event(stream.tape.after(t_ns + stream.begin_ns + 1))

    def load_times(self) -> Job:
        """Looks up when everything came."""
        for stream in self.streams:
            yield from stream.tape.load()
        if not self.times:
            rising = (
                [t_ns - one.begin_ns for t_ns in one.tape.times if t_ns >= one.begin_ns]
                for one in self.streams
            )
            self.times = array("Q", merge(*rising))

    def play_to(self, t_ns: int) -> None:
        """To a time after both requests, whether or not an event came then."""
        self.clock_ns = t_ns
        self.line = max(self.here(self.side), 0)

    @property
    def t_ns(self) -> int | None:
        """How long after its request the leading side's event came; None where the file knows no times."""
        if self.clock_ns is not None:
            return self.clock_ns
        stream, folded = self.streams[self.side], self.folded(self.side)
        t_ns = stream.tape.t_ns(folded - 1) if folded else stream.begin_ns
        return None if t_ns is None or not stream.is_timed else t_ns - stream.begin_ns

    def by_time(self, delta_ns: int) -> bool:
        """By time, at least one line: a step within a silence goes to its other end."""
        t_ns, before = self.t_ns, self.line
        if t_ns is None:
            return False
        self.to_time(t_ns + delta_ns)
        if self.line != before and (self.line > before) == (delta_ns > 0):
            return True
        return self.to_line(before + (1 if delta_ns > 0 else -1))
