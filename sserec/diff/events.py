"""Two streams side by side: their parts aligned, and within changed parts their units.

Knows parts and units, and how to read a unit's events again; must not know what an event means. A row is small and says
nothing of contents: what changed in it is found when it is asked for, so a viewer can page through a million rows.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sserec.diff.alignment import Block
from sserec.diff.matching import pairs
from sserec.diff.pairing import Pairing
from sserec.diff.paths import EACH, Path
from sserec.diff.rows import NONE, Keys, Kind, Row, Rows, pieces
from sserec.diff.side import Side
from sserec.diff.values import Change, compare
from sserec.diff.volatile import Mark, Place

ROOT = "event"
INDEX_PATH: Path = (ROOT, "data", "index")


class Stretch(NamedTuple):
    """A difference: rows that belong together, in the rows of the whole."""

    kind: Kind
    rows: range


@dataclass(frozen=True)
class EventsDiff:
    """Two streams aligned. Rows and stretches hold numbers only, of units and of rows."""

    a: Side
    b: Side
    rows: Rows
    """Of units, in an order that rises on either side."""
    stretches: Sequence[Stretch]
    """What differs, in the order of the rows."""
    _place: Place
    _extra: dict[int, list[Change]]
    """What only the whole stream shows, by row."""

    @property
    def counts(self) -> Counter[Kind]:
        """How many units are the same, changed, and so on; a moved one counts once."""
        return self.rows.counts()

    def changes(self, row: int) -> list[Change]:
        """What changed within a row; reads its events. Nothing for what has no counterpart."""
        found = [*self._extra.get(row, ())]
        kind, a, b, _ = self.rows[row]
        if kind is Kind.CHANGED and a is not None and b is not None:
            compared = compare(self.a.document(a), self.b.document(b), self._place, (ROOT,))
            found += [change for change in compared if isinstance(change, Change)]
        return found


def align_events(a: Side, b: Side, place: Place) -> EventsDiff:
    """Aligns two streams. ``place``: the rules for what is volatile in an event."""
    laid, extra = _Layout(a, b).rows()
    for row, change in _misfits(a, b, laid):
        extra.setdefault(row, []).append(change)
    for row in extra:
        if laid[row].kind is Kind.SAME:
            laid.call_changed(row)
    return EventsDiff(a, b, laid, list(_stretches(a, b, laid)), place, extra)


class _Layout:
    """Rows of parts made into rows of units."""

    def __init__(self, a: Side, b: Side) -> None:
        self._a = a
        self._b = b
        self._laid = Rows()
        self._extra: dict[int, list[Change]] = {}
        self._shift = self._shift_seen = 0

    def rows(self) -> tuple[Rows, dict[int, list[Change]]]:
        """The rows, and the rows at which a step begins to count otherwise."""
        for piece in pieces(_part_keys(self._a), _part_keys(self._b)):
            if isinstance(piece, Block):
                self._lay_same(piece)
            else:
                self._lay(piece)
        return self._laid, self._extra

    def _lay_same(self, parts: Block) -> None:
        """Parts that are the same have the same units, one after the other."""
        first_a, first_b = self._a.units_of(parts.a).start, self._b.units_of(parts.b).start
        row = len(self._laid) - first_a
        for part_a, part_b in pairs(parts):
            step = self._a.step(part_a)
            if step is not None:
                self._compare_steps(step, self._b.step(part_b), row + self._a.units_of(part_a).start)
        end = self._a.units_of(parts.a + parts.size - 1).stop
        self._laid.extend_same(Block(first_a, first_b, end - first_a))

    def _lay(self, row: Row) -> None:
        if row.a is not None and row.b is not None:
            self._compare_steps(self._a.step(row.a), self._b.step(row.b), len(self._laid))
            self._lay_changed(self._a.units_of(row.a), self._b.units_of(row.b))
        elif row.a is not None:
            self._shift -= self._a.step(row.a) is not None
            twins = None if row.twin is None else self._b.units_of(row.twin)
            for place, unit in enumerate(self._a.units_of(row.a)):
                self._laid.append(row.kind, unit, None, None if twins is None else twins[place])
        elif row.b is not None:
            self._shift += self._b.step(row.b) is not None
            twins = None if row.twin is None else self._a.units_of(row.twin)
            for place, unit in enumerate(self._b.units_of(row.b)):
                self._laid.append(row.kind, None, unit, None if twins is None else twins[place])

    def _lay_changed(self, a: range, b: range) -> None:
        """The units of two parts that belong to one another."""
        alike = self._a.alike[a.start : a.stop]
        if alike == self._b.alike[b.start : b.stop] and len(alike) in (1, len(set(alike))):
            for unit_a, unit_b in zip(a, b, strict=True):
                is_same = self._a.keys[unit_a] == self._b.keys[unit_b]
                self._laid.append(Kind.SAME if is_same else Kind.CHANGED, unit_a, unit_b)
            return
        for piece in pieces(_unit_keys(self._a, a), _unit_keys(self._b, b)):
            if isinstance(piece, Block):
                self._laid.extend_same(Block(a.start + piece.a, b.start + piece.b, piece.size))
            else:
                kind, of_a, of_b, twin = piece
                self._laid.append(
                    kind,
                    None if of_a is None else a[of_a],
                    None if of_b is None else b[of_b],
                    None if twin is None else (b if of_b is None else a)[twin],
                )

    def _compare_steps(self, a: int | None, b: int | None, row: int) -> None:
        """A step more or less moves the indexes behind it; any other index is a difference, said once."""
        if a is None or b is None:
            return
        shift = b - a
        if shift not in (self._shift, self._shift_seen):
            self._extra[row] = [Change(Kind.CHANGED, INDEX_PATH, INDEX_PATH, a, b)]
        self._shift = self._shift_seen = shift


def _part_keys(side: Side) -> Keys:
    return Keys(side.part_keys, side.part_sorts, side.part_weights)


def _unit_keys(side: Side, units: range) -> Keys:
    return Keys(side.keys[units.start : units.stop], side.alike[units.start : units.stop])


def _misfits(a: Side, b: Side, laid: Rows) -> Iterator[tuple[int, Change]]:
    """Volatile values that are not the same everywhere, each at its first row."""
    pairing: Pairing[tuple[int, Path]] = Pairing()
    for number, kind, of_a, of_b in laid.opposite():
        marks_a, marks_b = a.marks[of_a], b.marks[of_b]
        if not marks_a or not marks_b:
            continue
        met = _opposite(marks_a, marks_b) if kind is Kind.CHANGED else zip(marks_a, marks_b, strict=True)
        for (rule, path, value), (_, _, other) in met:
            pairing.meet(rule, value, other, (number, path))
    for misfit in pairing.misfits():
        row, path = misfit.where
        here = (ROOT, *path)
        yield row, Change(Kind.CHANGED, here, here, misfit.a, misfit.b, misfit.count)


def _opposite(a: tuple[Mark, ...], b: tuple[Mark, ...]) -> Iterator[tuple[Mark, Mark]]:
    """Volatile values in the same place of units that differ; those that say the same have the same, in one order."""
    of_b = {mark[:2]: mark for mark in b}
    for mark in a:
        if mark[:2] in of_b and EACH not in mark[1]:
            yield mark, of_b[mark[:2]]


def _stretches(a: Side, b: Side, laid: Rows) -> Iterator[Stretch]:
    """Rows of the same kind that belong together: those of one step, or of events that belong to none."""
    alike: tuple[Kind, int] | None = None
    first = after = 0
    for number, kind, of_a, of_b in laid.different():
        if kind is Kind.MOVED and of_a == NONE:
            continue  # its twin tells of it
        step = a.step_of(of_a) if of_a != NONE else b.step_of(of_b)
        belongs = kind, number if kind is Kind.CHANGED else step
        if belongs != alike or number != after:
            if alike is not None:
                yield Stretch(alike[0], range(first, after))
            alike, first = belongs, number
        after = number + 1
    if alike is not None:
        yield Stretch(alike[0], range(first, after))
