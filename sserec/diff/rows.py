"""Two sequences side by side: what is the same, changed, only on one side, moved.

Knows the keys of elements; must not know what they are. Invariant: every element stands in exactly one row.
"""

from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import pairwise, repeat
from typing import NamedTuple, overload

from sserec.diff.alignment import Block, align
from sserec.diff.matching import Keys, matched, pairs

__all__ = ["NONE", "Keys", "Kind", "Row", "Rows", "pieces", "rows"]


class Kind(StrEnum):
    """How the two sides of a row, or of a difference, stand to one another."""

    SAME = "same"
    CHANGED = "changed"
    ONLY_A = "only in A"
    ONLY_B = "only in B"
    MOVED = "moved"


class Row(NamedTuple):
    """One line of two panes. A moved element has two rows, one in each pane's order, that name one another."""

    kind: Kind
    a: int | None
    """The element of A in this row."""
    b: int | None
    twin: int | None = None
    """Of a moved element: where the other side has it."""


_KINDS = tuple(Kind)
_CODES = {kind: code for code, kind in enumerate(_KINDS)}
_SAME = _CODES[Kind.SAME]
NONE = -1
"""The number of no element."""


class Rows(Sequence[Row]):
    """Many rows, at 25 bytes each."""

    def __init__(self) -> None:
        self._kinds = bytearray()
        self._a, self._b, self._twins = array("q"), array("q"), array("q")

    def append(self, kind: Kind, a: int | None, b: int | None, twin: int | None = None) -> None:
        """Adds a row."""
        self._kinds.append(_CODES[kind])
        self._a.append(NONE if a is None else a)
        self._b.append(NONE if b is None else b)
        self._twins.append(NONE if twin is None else twin)

    def extend_same(self, block: Block) -> None:
        """Adds a row for each two elements, which are the same."""
        a, b, size = block
        self._kinds += bytes([_SAME]) * size
        self._a.extend(range(a, a + size))
        self._b.extend(range(b, b + size))
        self._twins.extend(repeat(NONE, size))

    def call_changed(self, number: int) -> None:
        """What was taken for the same is not."""
        self._kinds[number] = _CODES[Kind.CHANGED]

    def __len__(self) -> int:
        return len(self._kinds)

    @overload
    def __getitem__(self, number: int) -> Row: ...
    @overload
    def __getitem__(self, number: slice) -> list[Row]: ...
    def __getitem__(self, number: int | slice) -> Row | list[Row]:
        if isinstance(number, slice):
            return [self[place] for place in range(*number.indices(len(self)))]
        a, b, twin = self._a[number], self._b[number], self._twins[number]
        return Row(
            _KINDS[self._kinds[number]],
            None if a == NONE else a,
            None if b == NONE else b,
            None if twin == NONE else twin,
        )

    def opposite(self) -> Iterator[tuple[int, Kind, int, int]]:
        """The number of each row of two, its kind, and the two; of those that moved, once."""
        for number, (code, a, b, twin) in enumerate(
            zip(self._kinds, self._a, self._b, self._twins, strict=True)
        ):
            other = b if twin == NONE else twin
            if a != NONE and other != NONE:
                yield number, _KINDS[code], a, other

    def different(self) -> Iterator[tuple[int, Kind, int, int]]:
        """The number of each row that is not the same, its kind, and its two elements, NONE for one that is missing."""
        for number, (code, a, b) in enumerate(zip(self._kinds, self._a, self._b, strict=True)):
            if code != _SAME:
                yield number, _KINDS[code], a, b

    def counts(self) -> Counter[Kind]:
        """How many elements are the same, changed and so on; a moved one has two rows and counts once."""
        counts = Counter({kind: self._kinds.count(code) for kind, code in _CODES.items()})
        counts[Kind.MOVED] //= 2
        return +counts


def rows(a: Keys, b: Keys) -> Rows:
    """Every element of both, in an order that rises on either side."""
    laid = Rows()
    for piece in pieces(a, b):
        if isinstance(piece, Block):
            laid.extend_same(piece)
        else:
            laid.append(*piece)
    return laid


def pieces(a: Keys, b: Keys) -> Iterator[Block | Row]:
    """The rows of both: what is the same in blocks, anything else row by row.

    What is alike between two blocks, and has not moved, is paired in order and called changed. The rest is only on
    one side.
    """
    blocks, moved = matched(a, b)
    back = {j: i for i, j in moved.items()}
    for before, block in pairwise([Block(0, 0, 0), *blocks, Block(len(a.exact), len(b.exact), 0)]):
        of_a, of_b = range(before.a + before.size, block.a), range(before.b + before.size, block.b)
        if of_a or of_b:
            yield from _gap(a, b, of_a, of_b, moved, back)
        if block.size:
            yield block


def _gap(
    a: Keys, b: Keys, of_a: range, of_b: range, moved: dict[int, int], back: dict[int, int]
) -> Iterator[Row]:
    """The rows between two blocks."""
    free_a = [i for i in of_a if i not in moved]
    free_b = [j for j in of_b if j not in back]
    blocks = align([a.alike[i] for i in free_a], [b.alike[j] for j in free_b])
    changed = [(free_a[i], free_b[j]) for block in blocks for i, j in pairs(block)]
    borders = [(of_a.start - 1, of_b.start - 1), *changed, (of_a.stop, of_b.stop)]
    for (i, j), (next_i, next_j) in pairwise(borders):
        if i >= of_a.start:
            yield Row(Kind.CHANGED, i, j)
        for place in range(i + 1, next_i):
            twin = moved.get(place)
            yield Row(Kind.ONLY_A if twin is None else Kind.MOVED, place, None, twin)
        for place in range(j + 1, next_j):
            twin = back.get(place)
            yield Row(Kind.ONLY_B if twin is None else Kind.MOVED, None, place, twin)
