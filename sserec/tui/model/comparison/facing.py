"""Which events of two streams face one another, line by line: two panes that scroll as one.

Knows the rows of a comparison and how many events stand behind each; must not know what an event says. A row is as
high as the side with more events; the other side's are spread over it, so that a text cut into more pieces stays
beside the same text. Invariant: every event has one line, and looking one up costs the same however many there are.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from sserec.diff import EventsDiff, Kind

A, B = SIDES = (0, 1)


class Cell(NamedTuple):
    """What stands in a line on one side."""

    event: int | None
    """The event's index, from 0; None for bytes that no event claimed."""
    row: int
    kind: Kind


class Facing:
    """The lines of two streams."""

    def __init__(self, events: EventsDiff, event_counts: tuple[int, int]) -> None:
        self._events = events
        self._sides = events.a, events.b
        self._first_lines = array("Q", [0])
        self._rows_of = tuple(array("Q", bytes(8 * count)) for count in event_counts)
        self._latest = array("Q"), array("Q")
        """For each row how many events of either side have come by then."""
        for number in range(len(events.rows)):
            self._lay(number)

    def _lay(self, number: int) -> None:
        heights = [1]
        for side in SIDES:
            numbers = self.numbers(side, number)
            heights.append(len(numbers))
            if isinstance(numbers, range):
                self._rows_of[side][numbers.start - 1 : numbers.stop - 1] = array("Q", [number]) * len(
                    numbers
                )
            for event in () if isinstance(numbers, range) else numbers:
                self._rows_of[side][event - 1] = number
            before = self._latest[side][-1] if number else 0
            self._latest[side].append(numbers[-1] if numbers else before)
        self._first_lines.append(self._first_lines[-1] + max(heights))

    def __len__(self) -> int:
        return self._first_lines[-1]

    def event_count(self, side: int) -> int:
        """How many events of a side were compared; a file that grows may have more by now."""
        return len(self._rows_of[side])

    def unit(self, side: int, row: int) -> int | None:
        """The unit of that side in a row."""
        laid = self._events.rows[row]
        return laid.b if side else laid.a

    def numbers(self, side: int, row: int) -> Sequence[int]:
        """The numbers of a side's events in a row, from 1."""
        unit = self.unit(side, row)
        return () if unit is None else self._sides[side].numbers(unit)

    def kind(self, row: int) -> Kind:
        return self._events.rows[row].kind

    def row(self, line: int) -> int:
        """The row that a line belongs to."""
        return bisect_right(self._first_lines, line) - 1

    def first_line(self, row: int) -> int:
        """Where a row begins."""
        return self._first_lines[row]

    def row_of(self, side: int, event: int) -> int:
        """The row of an event, by its index."""
        return self._rows_of[side][event]

    def line_of(self, side: int, event: int) -> int:
        """The line of an event, by its index."""
        row = self.row_of(side, event)
        numbers = self.numbers(side, row)
        return self._first_lines[row] + bisect_left(numbers, event + 1) * self._height(row) // len(numbers)

    def cell(self, side: int, line: int) -> Cell | None:
        """What stands in a line on one side; None where there is a gap."""
        row = self.row(line)
        if self.unit(side, row) is None:
            return None
        numbers, offset, height = self.numbers(side, row), line - self._first_lines[row], self._height(row)
        if not numbers:
            return Cell(None, row, self.kind(row)) if not offset else None
        place = self._place(len(numbers), offset, height)
        stands_here = place * height // len(numbers) == offset
        return Cell(numbers[place] - 1, row, self.kind(row)) if stands_here else None

    def folded(self, side: int, line: int) -> int:
        """How many events of a side have come at a line."""
        row = self.row(line)
        numbers = self.numbers(side, row)
        if not numbers:
            return self._latest[side][row]
        return numbers[self._place(len(numbers), line - self._first_lines[row], self._height(row))]

    def twin(self, row: int) -> int | None:
        """Where the other side has what moved: the number of its event."""
        laid = self._events.rows[row]
        if laid.twin is None:
            return None
        numbers = self._sides[A if laid.a is None else B].numbers(laid.twin)
        return numbers[0] if numbers else None

    def _height(self, row: int) -> int:
        return self._first_lines[row + 1] - self._first_lines[row]

    @staticmethod
    def _place(count: int, offset: int, height: int) -> int:
        """Which of ``count`` events, spread over ``height`` lines, is the last at or above a line."""
        return ((offset + 1) * count - 1) // height
