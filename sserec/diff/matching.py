"""What two sequences have in common, and what of the rest has only moved.

Knows keys and weights of elements; must not know what they are. Of two things that changed places the lighter has
moved: an alignment counts elements, and would rather tear a step from its place than the two events that passed it.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from operator import itemgetter
from typing import NamedTuple

from sserec.diff.alignment import Block, Pair, align, merged

LIGHT = 1


class Keys(NamedTuple):
    """What is known of a sequence's elements."""

    exact: Sequence[bytes]
    """Equal where the elements are."""
    alike: Sequence[str]
    """Equal where one element may be called a changed form of the other."""
    weights: Sequence[int] | None = None
    """How much each element says, at least 1; None where all say as much."""


def matched(a: Keys, b: Keys) -> tuple[list[Block], dict[int, int]]:
    """What is the same in the same order, in blocks; and what has moved: where B has what stands there in A."""
    blocks = align(a.exact, b.exact)
    moved = _moved(a, b, blocks)
    if a.weights is None or b.weights is None:
        return blocks, moved
    settled = _Settling(a, b, a.weights, b.weights, blocks).settled(moved)
    return (blocks, moved) if settled is blocks else (settled, _moved(a, b, settled))


def pairs(block: Block) -> Iterable[Pair]:
    """The elements that a block pairs."""
    return zip(range(block.a, block.a + block.size), range(block.b, block.b + block.size), strict=True)


def _moved(a: Keys, b: Keys, blocks: list[Block]) -> dict[int, int]:
    """What is left on both sides, as often on each."""
    left_a, left_b = _left(blocks, 0, len(a.exact)), _left(blocks, 1, len(b.exact))
    if not left_a or not left_b:
        return {}
    places_a, places_b = _places(a.exact, left_a), _places(b.exact, left_b)
    return {
        i: j
        for key, of_a in places_a.items()
        if len(of_b := places_b.get(key, ())) == len(of_a)
        for i, j in zip(of_a, of_b, strict=True)
    }


def _left(blocks: list[Block], side: int, count: int) -> list[int]:
    """The elements of a side that stand in no block."""
    borders = [0, *chain.from_iterable((block[side], block[side] + block.size) for block in blocks), count]
    gaps = zip(borders[::2], borders[1::2], strict=True)
    return [place for start, end in gaps for place in range(start, end)]


def _places(keys: Sequence[bytes], left: list[int]) -> dict[bytes, list[int]]:
    places: dict[bytes, list[int]] = {}
    for place in left:
        places.setdefault(keys[place], []).append(place)
    return places


class _Settling:
    """Lets light elements give way to heavier ones that their being paired tears apart."""

    def __init__(
        self, a: Keys, b: Keys, weights_a: Sequence[int], weights_b: Sequence[int], blocks: list[Block]
    ) -> None:
        self._a = a
        self._b = b
        self._weights = weights_a, weights_b
        self._blocks = blocks
        self._same: list[Pair] = []

    def settled(self, moved: dict[int, int]) -> list[Block]:
        """The blocks that are left, with those that came in; the same list where none gave way."""
        torn = [*self._torn(moved)]
        if not torn:
            return self._blocks
        self._same = [pair for block in self._blocks for pair in pairs(block)]
        gave_way = [self._give_way(*pair, is_same=is_same) for pair, is_same in torn]
        return merged(Block(i, j, 1) for i, j in self._same) if any(gave_way) else self._blocks

    def _torn(self, moved: dict[int, int]) -> Iterator[tuple[Pair, bool]]:
        """Heavy elements that belong to one another but stand in no block: the same, the heaviest first; alike."""
        weights_a, weights_b = self._weights
        same = [(i, j) for i, j in moved.items() if weights_a[i] > LIGHT]
        same.sort(key=lambda pair: (-weights_a[pair[0]], self._a.exact[pair[0]], pair[0]))
        yield from ((pair, True) for pair in same)
        back = set(moved.values())
        of_a = [i for i in _left(self._blocks, 0, len(weights_a)) if weights_a[i] > LIGHT and i not in moved]
        of_b = [j for j in _left(self._blocks, 1, len(weights_b)) if weights_b[j] > LIGHT and j not in back]
        alike = align([self._a.alike[i] for i in of_a], [self._b.alike[j] for j in of_b])
        yield from (((of_a[i], of_b[j]), False) for block in alike for i, j in pairs(block))

    def _give_way(self, i: int, j: int, *, is_same: bool) -> bool:
        """Drops what tears these two apart where it is lighter than the lighter of them."""
        crossed = sorted((bisect_left(self._same, (i, 0)), bisect_left(self._same, j, key=itemgetter(1))))
        limit = min(self._weights[0][i], self._weights[1][j])
        for place in range(*crossed):
            limit -= self._weights[0][self._same[place][0]]
            if limit <= 0:
                return False
        self._same[slice(*crossed)] = [(i, j)] if is_same else []
        return is_same or crossed[0] < crossed[1]
