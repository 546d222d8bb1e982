"""Which volatile value of A is which of B, and where that does not hold.

Knows kinds, values and the places where two values stand opposite one another; must not know what they mean.
Invariant: within a kind no value has two partners. Of pairs that exclude one another, the one seen more often is
right, then the one seen first: so the one event with a foreign id is named, not all the others.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import Generic, TypeVar

Where = TypeVar("Where")
Value = str | int
Pair = tuple[Value, Value]


@dataclass(frozen=True, slots=True)
class Misfit(Generic[Where]):
    """Two values that stand opposite one another though each belongs elsewhere, or nowhere."""

    where: Where
    """The first place."""
    a: Value
    b: Value
    count: int


class Pairing(Generic[Where]):
    """Hears of every two values that stand opposite one another."""

    def __init__(self) -> None:
        self._first: dict[str, dict[Pair, Where]] = {}
        """Where each pair was first seen, by its kind."""
        self._again: dict[tuple[str, Pair], int] = {}
        """How often after that; most ids are seen once."""

    def meet(self, kind: str, a: Value, b: Value, where: Where) -> None:
        """``a`` and ``b`` were found in the same place."""
        first = self._first.setdefault(kind, {})
        pair = a, b
        if pair in first:
            self._again[kind, pair] = self._again.get((kind, pair), 0) + 1
        else:
            first[pair] = where

    def misfits(self) -> Iterator[Misfit[Where]]:
        """The pairs that contradict better ones, by kind in the order in which they were first seen."""
        for kind, first in self._first.items():
            if not _is_one_to_one(first):
                yield from self._misfits(kind, first)

    def _misfits(self, kind: str, first: dict[Pair, Where]) -> Iterator[Misfit[Where]]:
        taken_a: set[Value] = set()
        taken_b: set[Value] = set()
        accepted = set()
        for pair in sorted(first, key=lambda pair: -self._again.get((kind, pair), 0)):
            a, b = pair
            if a not in taken_a and b not in taken_b:
                taken_a.add(a)
                taken_b.add(b)
                accepted.add(pair)
        for pair, where in first.items():
            if pair not in accepted:
                yield Misfit(where, *pair, self._again.get((kind, pair), 0) + 1)


def _is_one_to_one(pairs: Collection[Pair]) -> bool:
    """So it is in most cases, and it is told in a tenth of the time."""
    return len(set(map(itemgetter(0), pairs))) == len(pairs) == len(set(map(itemgetter(1), pairs)))
