"""A whole stream in the width of a screen: where it was dense, where it stalled, which step it was in.

Knows columns and the times of events; must not know how a column is drawn. The axis is time, or, in a file that knows
no times, the events one after another. Invariant: the work follows the width and the number of steps and stalls; of
a million events it looks at a few thousand.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from sserec.records import Severity
from sserec.timeline import column, density
from sserec.tui.model.findings import ORDER, Findings
from sserec.tui.model.places import Place
from sserec.tui.model.shape import Shape
from sserec.tui.model.tape import Tape


@dataclass(frozen=True, slots=True)
class Span:
    """A silence."""

    first: int
    """Its first column, from 0."""
    last: int
    """Its last column, not before the first."""
    duration_ns: int


@dataclass(frozen=True, slots=True)
class BandSpan:
    """A step."""

    label: str
    kind: str
    """The step's type."""
    first: int
    last: int
    index: int | None
    """The API's own."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What is to be drawn."""

    counts: list[int]
    """Events in each column."""
    stalls: list[Span]
    bands: list[BandSpan]
    marks: list[tuple[int, str]]
    """Column and note."""
    findings: list[tuple[int, Severity]]
    """Columns with errors or warnings, each once, and the worst of them."""
    start_ns: int
    end_ns: int
    is_timed: bool


class Borders(Protocol):
    """Where the axis begins and ends, and what is marked on it."""

    @property
    def begin_ns(self) -> int: ...
    @property
    def end_ns(self) -> int: ...
    def marked_places(self) -> list[Place]: ...
    def note(self, place: Place) -> str: ...


class Overview:
    """The picture of one stream, and the way from its columns back to events."""

    def __init__(self, tape: Tape, shape: Shape, findings: Findings, borders: Borders) -> None:
        self._tape = tape
        self._shape = shape
        self._findings = findings
        self._borders = borders

    def picture(self, width: int) -> Picture:
        """The stream in ``width`` columns."""
        borders = self._borders
        return Picture(
            counts=self._counts(width),
            stalls=list(self._stalls(width)),
            bands=list(self._bands(width)),
            marks=[(self.column(place, width), borders.note(place)) for place in borders.marked_places()],
            findings=list(self._worst_in_columns(width)),
            start_ns=borders.begin_ns,
            end_ns=borders.end_ns,
            is_timed=self._tape.is_timed,
        )

    def column(self, place: Place, width: int) -> int:
        """The column that a place falls into."""
        last = len(self._tape) - 1
        return self._column_of(max(min(place.event, last), 0), width) if last >= 0 else 0

    def time_at(self, column: int, width: int) -> int:
        """The time of the recording where a column begins."""
        begin_ns, end_ns = self._borders.begin_ns, self._borders.end_ns
        return begin_ns - (-column * (end_ns - begin_ns) // width)

    def event_at(self, column: int, width: int, *, direction: int = 0) -> int:
        """The event that a column shows: the last that had come by its end.

        In a silence, ``direction`` 1 is the event that ends it. So a step to the right never stands still.
        """
        tape = self._tape
        if not tape.is_timed:
            return max(min(-(-column * len(tape) // width), len(tape) - 1), 0)
        last = (tape.after(self.time_at(column + 1, width)) if column + 1 < width else len(tape)) - 1
        if direction > 0:
            last = max(last, tape.after(self.time_at(column, width)))
        return max(min(last, len(tape) - 1), 0)

    def _column_of(self, event: int, width: int) -> int:
        t_ns = self._tape.t_ns(event)
        if t_ns is None:
            return event * width // len(self._tape)
        return column(t_ns, self._borders.begin_ns, self._borders.end_ns, width)

    def _counts(self, width: int) -> list[int]:
        if self._tape.is_timed:
            return density(self._tape.times, self._borders.begin_ns, self._borders.end_ns, width)
        events = len(self._tape)
        return [-(-(at + 1) * events // width) + (-at * events // width) for at in range(width)]

    def _stalls(self, width: int) -> Iterator[Span]:
        times, before = self._tape.times, (-1, -1)
        for event in self._shape.stalls:
            first, last = self._column_of(event - 1, width), self._column_of(event, width)
            columns = min(first + 1, last), max(last - 1, min(first + 1, last))
            if columns != before:
                yield Span(*columns, times[event] - times[event - 1])
            before = columns

    def _bands(self, width: int) -> Iterator[BandSpan]:
        """A band a step; of steps that begin in the same column, the last."""
        starts = [(self._column_of(step.event, width), step) for step in list(self._shape.steps)]
        borders = [at for at, _ in starts[1:]] + [width]
        for (first, step), after in zip(starts, borders, strict=False):
            if first < after:
                yield BandSpan(step.type, step.type, first, after - 1, step.step)

    def _worst_in_columns(self, width: int) -> Iterator[tuple[int, Severity]]:
        worst: dict[int, Severity] = {}
        for event in self._findings.events:
            at, severity = self._column_of(event, width), self._findings.worst(event)
            if severity is not None:
                worst[at] = min(worst.get(at, severity), severity, key=ORDER.index)
        yield from worst.items()
