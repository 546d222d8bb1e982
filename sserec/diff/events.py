"""Two streams side by side: their parts aligned, and within changed parts their units.

Knows parts and units, and how to read a unit's events again; must not know what an event means. A row is small and says
nothing of contents: what changed in it is found when it is asked for, so a viewer can page through a million rows.
"""

from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple, TypeAlias

from sserec.diff.pairing import Pairing
from sserec.diff.paths import Path
from sserec.diff.rows import Keys, Kind, Row, rows
from sserec.diff.units import Part, Unit, unit_document
from sserec.diff.values import Change, Json, compare
from sserec.diff.volatile import Place
from sserec.sse import Event

ROOT = "event"
INDEX_PATH: Path = (ROOT, "data", "index")

ReadEvent: TypeAlias = Callable[[int], Event]
"""The event with this number, from 1."""


class Side:
    """The units of one stream in the order of their parts, and the events behind them."""

    def __init__(self, parts: Sequence[Part], event: ReadEvent) -> None:
        self.parts = parts
        self.units = [unit for part in parts for unit in part.units]
        self._owners = array("Q", (number for number, part in enumerate(parts) for _ in part.units))
        self._event = event

    def part_of(self, unit: int) -> Part:
        """The step, or whatever else the unit is part of."""
        return self.parts[self._owners[unit]]

    def document(self, unit: int) -> Json:
        """What the unit says, as one event; reads its events."""
        part = self.part_of(unit)
        if part.stray is not None:
            return part.stray.document
        events = map(self._event, self.units[unit].numbers)
        return unit_document(events, in_step=part.step is not None)


class Stretch(NamedTuple):
    """A difference: rows that belong together, in the rows of the whole."""

    kind: Kind
    rows: range


@dataclass(frozen=True)
class EventsDiff:
    """Two streams aligned. Rows and stretches hold numbers only, of units and of rows."""

    a: Side
    b: Side
    rows: Sequence[Row]
    """Of units, in an order that rises on either side."""
    stretches: Sequence[Stretch]
    """What differs, in the order of the rows."""
    _place: Place
    _extra: dict[int, list[Change]]
    """What only the whole stream shows, by row."""

    @property
    def counts(self) -> Counter[Kind]:
        """How many units are the same, changed, and so on; a moved one counts once."""
        return Counter(row.kind for row in self.rows if not (row.kind is Kind.MOVED and row.a is None))

    def changes(self, row: int) -> Iterator[Change]:
        """What changed within a row; reads its events. Nothing for what has no counterpart."""
        yield from self._extra.get(row, ())
        kind, a, b, _ = self.rows[row]
        if kind is Kind.CHANGED and a is not None and b is not None:
            found = compare(self.a.document(a), self.b.document(b), self._place, (ROOT,))
            yield from (change for change in found if isinstance(change, Change))


def align_events(a: Side, b: Side, place: Place) -> EventsDiff:
    """Aligns two streams. ``place``: the rules for what is volatile in an event."""
    laid, extra = _Layout(a, b).rows()
    for row, change in _misfits(a, b, laid):
        extra.setdefault(row, []).append(change)
    for row in extra:
        if laid[row].kind is Kind.SAME:
            laid[row] = laid[row]._replace(kind=Kind.CHANGED)
    return EventsDiff(a, b, laid, list(_stretches(a, b, laid)), place, extra)


class _Layout:
    """Rows of parts made into rows of units."""

    def __init__(self, a: Side, b: Side) -> None:
        self._a = a
        self._b = b
        self._first_a = _firsts(a.parts)
        self._first_b = _firsts(b.parts)
        self._laid: list[Row] = []
        self._extra: dict[int, list[Change]] = {}
        self._shift = self._shift_seen = 0

    def rows(self) -> tuple[list[Row], dict[int, list[Change]]]:
        """The rows, and the rows at which a step begins to count otherwise."""
        for row in rows(_part_keys(self._a.parts), _part_keys(self._b.parts)):
            self._lay(row)
        return self._laid, self._extra

    def _lay(self, row: Row) -> None:
        if row.a is not None and row.b is not None:
            self._compare_indexes(self._a.parts[row.a], self._b.parts[row.b])
            self._lay_pair(row.kind, row.a, row.b)
        elif row.a is not None:
            self._shift -= self._a.parts[row.a].step is not None
            self._lay_alone(row, self._first_a[row.a], len(self._a.parts[row.a].units), self._first_b)
        elif row.b is not None:
            self._shift += self._b.parts[row.b].step is not None
            self._lay_alone(row, self._first_b[row.b], len(self._b.parts[row.b].units), self._first_a)

    def _lay_pair(self, kind: Kind, a: int, b: int) -> None:
        units_a, units_b = self._a.parts[a].units, self._b.parts[b].units
        if kind is Kind.SAME:
            inner = [Row(Kind.SAME, number, number) for number in range(len(units_a))]
        else:
            inner = rows(_unit_keys(units_a), _unit_keys(units_b))
        self._laid += (_shifted(row, self._first_a[a], self._first_b[b]) for row in inner)

    def _lay_alone(self, row: Row, first: int, count: int, other_firsts: Sequence[int]) -> None:
        """A part that has no counterpart, or has it elsewhere."""
        twin = None if row.twin is None else other_firsts[row.twin]
        for number in range(count):
            place = first + number
            a, b = (place, None) if row.a is not None else (None, place)
            self._laid.append(Row(row.kind, a, b, None if twin is None else twin + number))

    def _compare_indexes(self, a: Part, b: Part) -> None:
        """A step more or less moves the indexes behind it; any other index is a difference, said once."""
        if a.step is None or b.step is None:
            return
        shift = b.step - a.step
        if shift not in (self._shift, self._shift_seen):
            change = Change(Kind.CHANGED, INDEX_PATH, INDEX_PATH, a.step, b.step)
            self._extra[len(self._laid)] = [change]
        self._shift = self._shift_seen = shift


def _shifted(row: Row, by_a: int, by_b: int) -> Row:
    """A row of one part's units among those of all."""
    kind, a, b, twin = row
    by_twin = by_b if b is None else by_a
    return Row(
        kind,
        None if a is None else a + by_a,
        None if b is None else b + by_b,
        None if twin is None else twin + by_twin,
    )


def _firsts(parts: Sequence[Part]) -> "array[int]":
    """The number of each part's first unit."""
    firsts, count = array("Q"), 0
    for part in parts:
        firsts.append(count)
        count += len(part.units)
    return firsts


def _part_keys(parts: Sequence[Part]) -> Keys:
    return Keys([part.key for part in parts], [f"{part.step is None} {part.sort}" for part in parts])


def _unit_keys(units: Sequence[Unit]) -> Keys:
    return Keys([unit.key for unit in units], [unit.alike for unit in units])


def _misfits(a: Side, b: Side, laid: Sequence[Row]) -> Iterator[tuple[int, Change]]:
    """Volatile values that are not the same everywhere, each at its first row."""
    pairing: Pairing[tuple[int, Path]] = Pairing()
    for number, (kind, of_a, of_b, twin) in enumerate(laid):
        other = twin if kind is Kind.MOVED else of_b
        if of_a is None or other is None:
            continue
        marks_a, marks_b = a.units[of_a].marks, b.units[other].marks
        if marks_a and marks_b:
            opposite = {(mark.kind, mark.path): mark.value for mark in marks_b}
            for mark in marks_a:
                value = opposite.get((mark.kind, mark.path))
                if value is not None:
                    pairing.meet(mark.kind, mark.value, value, (number, mark.path))
    for misfit in pairing.misfits():
        row, path = misfit.where
        here = (ROOT, *path)
        yield row, Change(Kind.CHANGED, here, here, misfit.a, misfit.b, misfit.count)


def _stretches(a: Side, b: Side, laid: Sequence[Row]) -> Iterator[Stretch]:
    """Rows of the same kind that belong together: a whole step, or events that belong to none."""

    def belongs(number: int) -> tuple[Kind, int]:
        kind, of_a, of_b, _ = laid[number]
        if kind is Kind.CHANGED:
            return kind, number
        part = a.part_of(of_a) if of_a is not None else b.part_of(of_b) if of_b is not None else None
        return kind, -1 if part is None or part.step is None else part.start

    for (kind, _), group in groupby(range(len(laid)), belongs):
        numbers = list(group)
        if kind is not Kind.SAME and not (kind is Kind.MOVED and laid[numbers[0]].a is None):
            yield Stretch(kind, range(numbers[0], numbers[-1] + 1))
