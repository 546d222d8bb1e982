"""Two streams side by side: their parts aligned, and within changed parts their units.

Knows parts and units, and how to read a unit's events again; must not know what an event means. A row is small and says
nothing of contents: what changed in it is found when it is asked for, so a viewer can page through a million rows.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from sserec.diff.pairing import Pairing
from sserec.diff.paths import Path
from sserec.diff.rows import Keys, Kind, Row, Rows, rows
from sserec.diff.side import Part, Side
from sserec.diff.values import Change, compare
from sserec.diff.volatile import Place

ROOT = "event"
INDEX_PATH: Path = (ROOT, "data", "index")
NOWHERE = -1


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
        for row in rows(_part_keys(self._a), _part_keys(self._b)):
            self._lay(row)
        return self._laid, self._extra

    def _lay(self, row: Row) -> None:
        a = None if row.a is None else self._a.part(row.a)
        b = None if row.b is None else self._b.part(row.b)
        if a is not None and b is not None:
            self._compare_steps(a, b)
            self._lay_pair(row.kind, a.units, b.units)
        elif a is not None:
            self._shift -= a.step is not None
            twin = None if row.twin is None else self._b.part(row.twin).units
            for place, unit in enumerate(a.units):
                self._laid.append(row.kind, unit, None, None if twin is None else twin[place])
        elif b is not None:
            self._shift += b.step is not None
            twin = None if row.twin is None else self._a.part(row.twin).units
            for place, unit in enumerate(b.units):
                self._laid.append(row.kind, None, unit, None if twin is None else twin[place])

    def _lay_pair(self, kind: Kind, a: range, b: range) -> None:
        """The units of two parts that belong to one another."""
        if kind is Kind.SAME:
            for pair in zip(a, b, strict=True):
                self._laid.append(kind, *pair)
            return
        for inner, of_a, of_b, twin in rows(_unit_keys(self._a, a), _unit_keys(self._b, b)):
            self._laid.append(
                inner,
                None if of_a is None else a[of_a],
                None if of_b is None else b[of_b],
                None if twin is None else (b if of_b is None else a)[twin],
            )

    def _compare_steps(self, a: Part, b: Part) -> None:
        """A step more or less moves the indexes behind it; any other index is a difference, said once."""
        if a.step is None or b.step is None:
            return
        shift = b.step - a.step
        if shift not in (self._shift, self._shift_seen):
            change = Change(Kind.CHANGED, INDEX_PATH, INDEX_PATH, a.step, b.step)
            self._extra[len(self._laid)] = [change]
        self._shift = self._shift_seen = shift


def _part_keys(side: Side) -> Keys:
    return Keys(side.part_keys, [f"{part.step is None} {part.sort}" for part in side.parts()])


def _unit_keys(side: Side, units: range) -> Keys:
    return Keys(side.keys[units.start : units.stop], side.alike[units.start : units.stop])


def _misfits(a: Side, b: Side, laid: Rows) -> Iterator[tuple[int, Change]]:
    """Volatile values that are not the same everywhere, each at its first row."""
    pairing: Pairing[tuple[int, Path]] = Pairing()
    for number, (kind, of_a, of_b, twin) in enumerate(laid):
        other = twin if kind is Kind.MOVED else of_b
        if of_a is None or other is None:
            continue
        marks_a, marks_b = a.marks[of_a], b.marks[other]
        if marks_a and marks_b:
            opposite = {(rule, path): value for rule, path, value in marks_b}
            for rule, path, value in marks_a:
                if (rule, path) in opposite:
                    pairing.meet(rule, value, opposite[rule, path], (number, path))
    for misfit in pairing.misfits():
        row, path = misfit.where
        here = (ROOT, *path)
        yield row, Change(Kind.CHANGED, here, here, misfit.a, misfit.b, misfit.count)


def _stretches(a: Side, b: Side, laid: Rows) -> Iterator[Stretch]:
    """Rows of the same kind that belong together: those of one step, or of events that belong to none."""

    def belongs(number: int) -> tuple[Kind, int]:
        kind, of_a, of_b, _ = laid[number]
        if kind is Kind.SAME:
            return kind, NOWHERE
        if kind is Kind.CHANGED:
            return kind, number
        side, unit = (a, of_a) if of_a is not None else (b, of_b)
        assert unit is not None
        owner = side.owner(unit)
        return kind, NOWHERE if side.part(owner).step is None else owner

    for (kind, _), group in groupby(range(len(laid)), belongs):
        numbers = list(group)
        if kind is not Kind.SAME and not (kind is Kind.MOVED and laid[numbers[0]].a is None):
            yield Stretch(kind, range(numbers[0], numbers[-1] + 1))
