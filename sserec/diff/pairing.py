"""Which volatile value of A is which of B, and where that does not hold.

Knows kinds, values and the places where two values stand opposite one another; must not know what they mean.
Invariant: within a kind no value has two partners. Of pairs that exclude one another, the one seen more often is
right, then the one seen first: so the one event with a foreign id is named, not all the others.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

Where = TypeVar("Where")
Value = str | int


class _Pair(NamedTuple):
    kind: str
    a: Value
    b: Value


@dataclass(slots=True)
class _Sightings(Generic[Where]):
    first: Where
    count: int = 0


@dataclass(frozen=True, slots=True)
class Misfit(Generic[Where]):
    """Two values that stand opposite one another though each belongs elsewhere, or nowhere."""

    where: Where
    """The first place."""
    a: Value
    b: Value
    count: int


@dataclass(slots=True)
class Pairing(Generic[Where]):
    """Hears of every two values that stand opposite one another."""

    _seen: dict[_Pair, _Sightings[Where]] = field(default_factory=dict)

    def meet(self, kind: str, a: Value, b: Value, where: Where) -> None:
        """``a`` and ``b`` were found in the same place."""
        self._seen.setdefault(_Pair(kind, a, b), _Sightings(where)).count += 1

    def misfits(self) -> Iterator[Misfit[Where]]:
        """The pairs that contradict better ones, in the order in which they were first seen."""
        accepted = self._accepted()
        for pair, sightings in self._seen.items():
            if pair not in accepted:
                yield Misfit(sightings.first, pair.a, pair.b, sightings.count)

    def _accepted(self) -> set[_Pair]:
        taken_a: set[tuple[str, Value]] = set()
        taken_b: set[tuple[str, Value]] = set()
        accepted = set()
        for pair in sorted(self._seen, key=lambda pair: -self._seen[pair].count):
            if (pair.kind, pair.a) not in taken_a and (pair.kind, pair.b) not in taken_b:
                taken_a.add((pair.kind, pair.a))
                taken_b.add((pair.kind, pair.b))
                accepted.add(pair)
        return accepted
