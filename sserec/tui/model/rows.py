"""The rows of the list of events: what stands in each, and which row a place has.

Knows what is filtered out and where stray bytes stand between events; must not know how a row is drawn. Invariant: a
row is decoded when it is looked at, and looking at one costs the same whatever the number of events.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from sserec.display import printable
from sserec.errors import DamagedArchive
from sserec.interactions import describe
from sserec.records import Severity
from sserec.tui.model.places import Place
from sserec.tui.model.recent import Recent
from sserec.tui.model.shape import Shape
from sserec.tui.model.strays import SUSPECT
from sserec.tui.model.tape import Tape

KEPT_LINES = 1024
SHOWN_CHARACTERS = 200
SHOWN_BYTES = 4 * SHOWN_CHARACTERS
LOST = "these bytes are lost: the file is damaged"


class Remarks(Protocol):
    """What others have to say about an event."""

    def finding(self, event: int) -> Severity | None:
        """The worst finding."""

    def mark(self, place: Place) -> str | None:
        """The note of a mark, empty where it has none; None where there is no mark."""


class Chosen(Protocol):
    """What a filter has left; both may still grow."""

    @property
    def indexes(self) -> Sequence[int]:
        """Of events, rising."""

    @property
    def strays(self) -> Sequence[int]:
        """Of stray bytes, rising."""


@dataclass(frozen=True, slots=True)
class Line:
    """What a row says, which never changes."""

    place: Place
    number: int | None
    """From 1; None for stray bytes."""
    t_ns: int | None
    gap_ns: int | None
    """Since the event before, filtered out or not."""
    type: str
    """As the API calls it; for stray bytes, what they are."""
    step: int | None
    """The API's index of the step."""
    kind: str | None
    """The type of the step that starts, or of the delta."""
    text: str
    """Printable, in one line, at most 200 characters."""
    size_bytes: int
    is_suspect: bool
    """Stray bytes that somebody meant to be read, or an event that damage took."""

    @property
    def is_stray(self) -> bool:
        """Whether the bytes belong to no event."""
        return self.number is None


class Flags(NamedTuple):
    """What stands in the margin of a row, which others may change."""

    stall: bool
    finding: Severity | None
    mark: bool
    note: bool
    """The mark has one."""


class Rows:
    """The rows of one stream, with or without a filter."""

    def __init__(self, tape: Tape, shape: Shape, remarks: Remarks) -> None:
        self.filter: Chosen | None = None
        self._tape = tape
        self._shape = shape
        self._remarks = remarks
        self._lines: Recent[tuple[Place, int], Line] = Recent(lambda key: self._line(key[0]), KEPT_LINES)

    def __len__(self) -> int:
        return len(self._events) + len(self._strays)

    @property
    def version(self) -> Hashable:
        """Another one when rows may have moved, other than by being added at the end."""
        return id(self.filter), len(self._strays), self._shape.strays.generation

    def line(self, row: int) -> Line:
        """What the row says."""
        place = self.place(row)
        return self._lines[place, 0 if place.stray is None else self._shape.strays.generation]

    def flags(self, row: int) -> Flags:
        """What stands in its margin."""
        place = self.place(row)
        note = self._remarks.mark(place)
        if place.stray is not None:
            return Flags(False, None, note is not None, bool(note))
        stall, finding = self._shape.is_stall(place.event), self._remarks.finding(place.event)
        return Flags(stall, finding, note is not None, bool(note))

    def place(self, row: int) -> Place:
        """What stands in the row."""
        strays = self._strays
        above = bisect_right(range(len(strays)), row, key=self._row_of_stray) if strays else 0
        if above and self._row_of_stray(above - 1) == row:
            return Place(self._before(above - 1), strays[above - 1])
        # A row that was there when it was counted may have gone since: bytes at the end became an event.
        return Place(self._events[min(row - above, len(self._events) - 1)])

    def row_of(self, place: Place) -> int:
        """The row of a place; of one that is filtered out, the next one's, or the last."""
        if place.stray is None:
            strays_above = bisect_right(range(len(self._strays)), place.event, key=self._before)
        else:
            strays_above = bisect_left(self._strays, place.stray)
        row = bisect_left(self._events, place.event) + strays_above
        return max(min(row, len(self) - 1), 0)

    def shows(self, place: Place) -> bool:
        """Whether the place has a row of its own."""
        return bool(len(self)) and self.place(self.row_of(place)) == place

    @property
    def _events(self) -> Sequence[int]:
        return range(len(self._tape)) if self.filter is None else self.filter.indexes

    @property
    def _strays(self) -> Sequence[int]:
        return range(len(self._shape.strays)) if self.filter is None else self.filter.strays

    def _before(self, position: int) -> int:
        """The event that the stray bytes at ``position`` among the shown ones stand before."""
        return self._shape.strays.before[self._strays[position]]

    def _row_of_stray(self, position: int) -> int:
        return bisect_left(self._events, self._before(position)) + position

    def _line(self, place: Place) -> Line:
        return self._event_line(place) if place.stray is None else self._stray_line(place, place.stray)

    def _event_line(self, place: Place) -> Line:
        index, tape = place.event, self._tape
        event = tape.event(index)
        shown = describe(event)
        is_lost = not event.data and tape.is_lost(index)
        return Line(
            place=place,
            number=index + 1,
            t_ns=tape.t_ns(index),
            gap_ns=tape.gap_ns(index),
            type=shown.event_type,
            step=shown.index,
            kind=shown.kind,
            text=LOST if is_lost else shown.text,
            size_bytes=tape.end(index) - tape.start(index),
            is_suspect=is_lost,
        )

    def _stray_line(self, place: Place, stray: int) -> Line:
        strays = self._shape.strays
        start, end, kind = strays.starts[stray], strays.ends[stray], strays.kind(stray)
        try:
            text = one_line(self._tape.body(start, min(end, start + SHOWN_BYTES)))
        except DamagedArchive:
            text = LOST
        t_ns = self._tape.arrival_ns(end)
        return Line(place, None, t_ns, None, kind, None, None, text, end - start, kind in SUSPECT)


def one_line(data: bytes) -> str:
    """The beginning of ``data`` in one printable line."""
    text = data.decode("utf-8", "replace").rstrip("\r\n").replace("\r\n", "\n").replace("\n", "⏎")
    return printable(text[:SHOWN_CHARACTERS])
