"""Which volatile value of A is which of B, and where that does not hold.

Knows kinds, values and the places where two values stand opposite one another; must not know what they mean.
Invariant: within a kind no value has two partners. Of pairs that exclude one another, the one seen more often is
right, then the one seen first: so the one event with a foreign id is named, not all the others.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

Where = TypeVar("Where")
Value = str | int


_Pair = tuple[str, Value, Value]


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
        self._counts: dict[_Pair, int] = {}
        self._first: dict[_Pair, Where] = {}

    def meet(self, kind: str, a: Value, b: Value, where: Where) -> None:
        """``a`` and ``b`` were found in the same place."""
        pair = kind, a, b
        count = self._counts.get(pair, 0)
        if not count:
            self._first[pair] = where
        self._counts[pair] = count + 1

    def misfits(self) -> Iterator[Misfit[Where]]:
        """The pairs that contradict better ones, in the order in which they were first seen."""
        if self._is_one_to_one():
            return
        accepted = self._accepted()
        for pair, count in self._counts.items():
            if pair not in accepted:
                yield Misfit(self._first[pair], pair[1], pair[2], count)

    def _is_one_to_one(self) -> bool:
        """So it is in most cases, and it is told in a tenth of the time."""
        of_a = {(kind, a) for kind, a, _ in self._counts}
        return len(of_a) == len(self._counts) == len({(kind, b) for kind, _, b in self._counts})

    def _accepted(self) -> set[_Pair]:
        taken_a: set[tuple[str, Value]] = set()
        taken_b: set[tuple[str, Value]] = set()
        accepted = set()
        for pair in sorted(self._counts, key=lambda pair: -self._counts[pair]):
            kind, a, b = pair
            if (kind, a) not in taken_a and (kind, b) not in taken_b:
                taken_a.add((kind, a))
                taken_b.add((kind, b))
                accepted.add(pair)
        return accepted
