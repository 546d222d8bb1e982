"""The cursor: every way to move through a stream.

Knows places, times, steps and what is remarkable; must not know keys or panes. Invariant: it always stands on a row
that is shown, while there is one. A move that would leave the stream ends at its edge, and each says whether it moved.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from sserec.tui.model.places import Place
from sserec.tui.model.search import Hits
from sserec.tui.model.stream import Stream


class Cursor:
    """A place in one stream."""

    def __init__(self, stream: Stream) -> None:
        self.place = Place(0)
        self.following = False
        """Whether it goes along with the end of a stream that grows."""
        self._stream = stream
        self._rows = stream.rows
        self.settle()

    @property
    def row(self) -> int:
        """The row it stands on; 0 where there is none."""
        return self._rows.row_of(self.place)

    @property
    def event(self) -> int:
        """The index of the event, or of the one after the stray bytes it stands on."""
        return self.place.event

    @property
    def number(self) -> int | None:
        """The number of the event, from 1; None on stray bytes, and where there are no events."""
        is_event = self.place.stray is None and self.event < len(self._stream)
        return self.event + 1 if is_event else None

    @property
    def folded(self) -> int:
        """How many events have come once this one has."""
        return min(self.place.folded, len(self._stream))

    @property
    def t_ns(self) -> int | None:
        """When what it stands on came; None where the file knows no times."""
        return self._rows.line(self.row).t_ns if len(self._rows) else None

    def settle(self) -> None:
        """Finds a row again after rows have gone: the next one that is shown."""
        if len(self._rows):
            self.place = self._rows.place(self.row)

    def settle_if_lost(self) -> None:
        """Does so where nothing is at its place: there may be stray bytes alone, and those may become an event."""
        place, strays = self.place, self._stream.shape.strays
        is_there = place.event < len(self._stream) if place.stray is None else place.stray < len(strays)
        if not is_there:
            self.settle()

    def follow(self) -> None:
        """Goes to the end, and stays there while the stream grows."""
        self.end()
        self.following = True

    def keep_up(self) -> bool:
        """Goes to the end again after the stream has grown, if it follows."""
        if not self.following:
            return False
        moved = self.end()
        self.following = True
        return moved

    def move(self, rows: int = 1) -> bool:
        """By rows, down where positive."""
        return self.to_row(self.row + rows)

    def start(self) -> bool:
        """To the first row."""
        return self.to_row(0)

    def end(self) -> bool:
        """To the last row."""
        return self.to_row(len(self._rows) - 1)

    def to_row(self, row: int) -> bool:
        """To a row, or the nearest there is."""
        self.following = False
        if not len(self._rows):
            return False
        before = self.place
        self.place = self._rows.place(max(min(row, len(self._rows) - 1), 0))
        return self.place != before

    def to_place(self, place: Place) -> bool:
        """To a place, or, where that is filtered out, the next one."""
        return self.to_row(self._rows.row_of(place))

    def to_event(self, number: int) -> bool:
        """To the event with this number, from 1."""
        return self.to_place(Place(max(number - 1, 0)))

    def to_percent(self, percent: float) -> bool:
        """To a part of the stream's time, or, where the file knows no times, of its events."""
        stream = self._stream
        share = max(min(percent / 100, 1.0), 0.0)
        if not stream.is_timed:
            return self.to_event(1 + round(share * (len(stream) - 1)))
        return self.to_time(stream.begin_ns + round(share * (stream.end_ns - stream.begin_ns)))

    def to_time(self, t_ns: int) -> bool:
        """To the last event that had come at ``t_ns``."""
        return self.to_place(Place(max(self._stream.tape.after(t_ns + 1) - 1, 0)))

    def by_time(self, delta_ns: int) -> bool:
        """By time, at least one row: a step within a silence goes to its other end."""
        t_ns, row = self.t_ns, self.row
        if t_ns is None or not delta_ns:
            return False
        moved = self.to_time(t_ns + delta_ns)
        if moved and (self.row > row) == (delta_ns > 0):
            return True
        return self.to_row(row + (1 if delta_ns > 0 else -1))

    def step(self, direction: int, kind: str | None = None) -> bool:
        """To where the next step begins (or, with -1, this one or the one before), of type ``kind`` if given."""
        return self._to_nearest(
            [step.event for step in self._stream.shape.steps if kind in (None, step.type)], direction
        )

    def stall(self, direction: int) -> bool:
        """To the next event that ended a stall, or the one before."""
        return self._to_nearest(self._stream.shape.stalls, direction)

    def finding(self, direction: int) -> bool:
        """To the next event that check has something to say about, or the one before."""
        return self._to_nearest(self._stream.findings.events, direction)

    def trouble(self, direction: int) -> bool:
        """To the next stall or finding, or the one before."""
        troubles = {*self._stream.shape.stalls, *self._stream.findings.events}
        return self._to_nearest(sorted(troubles), direction)

    def mark(self, direction: int) -> bool:
        """To the next marked place, or the one before."""
        places = self._stream.marked_places()
        at = bisect_right(places, self._key(self.place), key=self._key) if direction > 0 else -1
        if direction < 0:
            at = bisect_left(places, self._key(self.place), key=self._key) - 1
        return 0 <= at < len(places) and self.to_place(places[at])

    def hit(self, hits: Hits, direction: int) -> bool:
        """To the next hit of a search, or the one before, among those found so far."""
        return self._to_nearest(hits.indexes, direction)

    def _to_nearest(self, events: Sequence[int], direction: int) -> bool:
        """To the nearest of ``events`` that is not where it stands."""
        here = self.event if self.place.stray is None else self.event - 0.5
        at = bisect_right(events, here) if direction > 0 else bisect_left(events, here) - 1
        return 0 <= at < len(events) and self.to_place(Place(events[at]))

    @staticmethod
    def _key(place: Place) -> tuple[int, int]:
        """The order of the body: stray bytes stand before their event."""
        return place.event, 1 << 62 if place.stray is None else place.stray
