"""Which elements of two sequences correspond: as many as can be found in near-linear time.

Knows keys that are equal or not; must not know what they stand for.

Invariants:

* The blocks rise in both sequences and do not touch one another; elements that a block pairs are equal.
* ``align(b, a)`` is ``align(a, b)`` turned round.
* Minimal (no alignment pairs more) wherever fewer than some 600 elements differ, however long the sequences are.
* Time is near-linear in the length whatever the elements are. Four ways, each taken where the one before it ends:
  equal ends and elements that only one side has need no search; then Myers' greedy search (Algorithmica 1, 1986) up
  to a fixed cost; then runs of elements that occur once on each side cut the problem into pieces, the longest chain
  of them as in patience diff; what has none, such as long streams of two words, is searched a few differences at a
  time.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeVar

Key = TypeVar("Key", str, bytes)
Pair = tuple[int, int]


class Block(NamedTuple):
    """Elements that correspond, one after the other on both sides."""

    a: int
    """Where it begins in A."""
    b: int
    size: int


EXACT_COST = 200_000
"""Steps that the search for the minimum may take: an eighth of a second, some 600 differences."""

GREEDY_COST = 2_000_000
"""Steps that the search without anchors may take, about."""

RUN_LENGTHS = (32, 8, 1)
"""Long runs first: one rare word that moved must not tear two long texts apart."""


def align(a: Sequence[Key], b: Sequence[Key]) -> list[Block]:
    """The blocks of corresponding elements, in order."""
    ids: dict[Key, int] = {}
    x = [ids.setdefault(key, len(ids)) for key in a]
    y = [ids.setdefault(key, len(ids)) for key in b]
    if (len(b), list(b)) < (len(a), list(a)):
        return [Block(i, j, size) for j, i, size in _Aligner(y, x).run()]
    return _Aligner(x, y).run()


class _Box(NamedTuple):
    """A part of the problem: places in either sequence, and the next length of runs to try."""

    a: Sequence[int]
    b: Sequence[int]
    runs: int = 0


class _Aligner:
    """Collects the blocks of two sequences of numbers."""

    def __init__(self, x: list[int], y: list[int]) -> None:
        self._x = x
        self._y = y
        self._found: list[Block] = []
        self._size = max(len(x) + len(y), 1)
        self._patience = max(GREEDY_COST // self._size, 8) ** 2

    def run(self) -> list[Block]:
        boxes = [_Box(range(len(self._x)), range(len(self._y)))]
        while boxes:
            boxes += self._align(boxes.pop())
        return merged(sorted(self._found))

    def _align(self, box: _Box) -> list[_Box]:
        """Pairs what it can; the boxes that are left."""
        box = self._with_partners(self._trimmed(box))
        if not box.a or not box.b:
            return []
        x, y = _taken(self._x, box.a), _taken(self._y, box.b)
        found = _search(x, y, (0, 0), EXACT_COST * (len(x) + len(y)) // self._size)
        if found.end == (len(x), len(y)):
            self._keep(box, found.blocks)
            return []
        for runs in range(box.runs, len(RUN_LENGTHS)):
            anchors = _anchors(x, y, RUN_LENGTHS[runs])
            if anchors:
                self._keep(box, [Block(i, j, 1) for i, j in anchors])
                return _between(box, anchors, runs + 1)
        self._keep(box, _greedy(x, y, self._patience))
        return []

    def _keep(self, box: _Box, blocks: list[Block]) -> None:
        for a, b, size in blocks:
            self._pair(box.a[a : a + size], box.b[b : b + size])

    def _pair(self, a: Sequence[int], b: Sequence[int]) -> None:
        """Places that correspond; those of a range stay together."""
        if isinstance(a, range) and isinstance(b, range):
            self._found.append(Block(a.start, b.start, len(a)))
        else:
            self._found += [Block(i, j, 1) for i, j in zip(a, b, strict=True)]

    def _trimmed(self, box: _Box) -> _Box:
        """Pairs equal beginnings and ends."""
        a, b, runs = box
        x, y = _taken(self._x, a), _taken(self._y, b)
        start = _common(x, y)
        tail = _common(x[start:][::-1], y[start:][::-1])
        if start:
            self._pair(a[:start], b[:start])
        if tail:
            self._pair(a[len(a) - tail :], b[len(b) - tail :])
        return _Box(a[start : len(a) - tail], b[start : len(b) - tail], runs)

    def _with_partners(self, box: _Box) -> _Box:
        """Leaves out what the other side does not have at all: it can never be paired."""
        return _Box(
            _shared(box.a, self._x, set(_taken(self._y, box.b))),
            _shared(box.b, self._y, set(_taken(self._x, box.a))),
            box.runs,
        )


def _taken(x: list[int], places: Sequence[int]) -> list[int]:
    """What stands in these places."""
    if isinstance(places, range):
        return x[places.start : places.stop]
    return [x[place] for place in places]


def _common(x: list[int], y: list[int]) -> int:
    """How many elements are the same from the beginning on. Whole slices are compared, each at most once."""
    most = min(len(x), len(y))
    start, size = 0, 1 << most.bit_length()
    while size:
        if start + size <= most and x[start : start + size] == y[start : start + size]:
            start += size
        size //= 2
    return start


def _shared(places: Sequence[int], x: list[int], of_other: set[int]) -> Sequence[int]:
    """The places of what the other side has too; the places themselves where that is all."""
    shared = [place for place, one in zip(places, _taken(x, places), strict=True) if one in of_other]
    return places if len(shared) == len(places) else shared


def merged(blocks: Iterable[Block]) -> list[Block]:
    """Blocks in order, those that touch one another made one."""
    whole: list[Block] = []
    end = (-1, -1)
    for a, b, size in blocks:
        if (a, b) == end:
            before = whole.pop()
            whole.append(Block(before.a, before.b, before.size + size))
        else:
            whole.append(Block(a, b, size))
        end = a + size, b + size
    return whole


def _between(box: _Box, anchors: list[Pair], runs: int) -> list[_Box]:
    """What lies before, between and behind the anchors."""
    borders = pairwise([(-1, -1), *anchors, (len(box.a), len(box.b))])
    return [_Box(box.a[i + 1 : next_i], box.b[j + 1 : next_j], runs) for (i, j), (next_i, next_j) in borders]


class _Found(NamedTuple):
    """How far a search came, and the blocks on its way."""

    blocks: list[Block]
    end: Pair


def _search(x: list[int], y: list[int], start: Pair, max_cost: int) -> _Found:
    """Myers' search from ``start``: to the end of both where the cost allows it, else as far as it comes.

    ``fronts[d][t]`` is how far along ``x`` d differences lead on diagonal ``2 t - d``; -1 where that is outside.
    """
    i0, j0 = start
    n, m = len(x), len(y)
    fronts: list[list[int]] = []
    cost, d = 0, 0
    while True:
        front = _front(fronts[-1], d, n, m + i0 - j0) if fronts else [i0]
        fronts.append(front)
        for t, i in enumerate(front):
            if i < 0:
                continue
            j = begun = i - i0 + j0 - (2 * t - d)
            while i < n and j < m and x[i] == y[j]:
                i += 1
                j += 1
            front[t] = i
            if i == n and j == m:
                return _Found(_walk_back(fronts, t, start, n, m), (n, m))
            cost += j - begun
        cost += d + 1
        if cost > max_cost:
            t = max((2 * i - (2 * t - d), t) for t, i in enumerate(front) if i >= 0)[1]
            end = front[t], front[t] - i0 + j0 - (2 * t - d)
            return _Found(_walk_back(fronts, t, start, n, m), end)
        d += 1


def _front(before: list[int], d: int, n: int, m: int) -> list[int]:
    """Where one difference more leads from each diagonal, before equal elements are followed; see :func:`_origins`."""
    by_x = [-1, *(i + 1 if 0 <= i < n else -1 for i in before)]
    by_y = [*(i if i + d - 2 * t <= m else -1 for t, i in enumerate(before)), -1]
    return list(map(max, by_x, by_y))


def _origins(before: list[int], t: int, d: int, n: int, m: int) -> Pair:
    """How far along ``x`` diagonal ``t`` is entered by leaving out an element of ``x``, and by one of ``y``.

    ``m`` counts from where ``x`` begins, so that ``i - diagonal <= m`` says that ``j`` is inside.
    """
    left = before[t - 1] if t else -1
    above = before[t] if t < d else -1
    return (left + 1 if 0 <= left < n else -1), (above if above - (2 * t - d) <= m else -1)


def _walk_back(fronts: list[list[int]], t: int, start: Pair, n: int, m: int) -> list[Block]:
    """The blocks on the way to diagonal ``t`` of the last front."""
    i0, j0 = start
    blocks: list[Block] = []
    for d in range(len(fronts) - 1, -1, -1):
        by_x, by_y = _origins(fronts[d - 1], t, d, n, m + i0 - j0) if d else (i0, i0)
        entered = max(by_x, by_y)
        if fronts[d][t] > entered:
            blocks.append(Block(entered, entered + j0 - i0 - (2 * t - d), fronts[d][t] - entered))
        t -= by_x > by_y
    return blocks[::-1]


def _greedy(x: list[int], y: list[int], max_cost: int) -> list[Block]:
    """A few differences at a time, each time from where they led furthest.

    A search that costs c gets past at least sqrt(c) elements, so an element costs about sqrt(``max_cost``).
    """
    blocks: list[Block] = []
    place = (0, 0)
    while place[0] < len(x) and place[1] < len(y):
        found = _search(x, y, place, max_cost)
        blocks += found.blocks
        place = found.end
    return blocks


def _anchors(x: list[int], y: list[int], length: int) -> list[Pair]:
    """The longest rising chain of runs that occur once on each side."""
    of_x, of_y = _single_runs(x, length), _single_runs(y, length)
    common = sorted(
        (i, of_y[run])
        for run, i in of_x.items()
        if run in of_y and x[i : i + length] == y[of_y[run] : of_y[run] + length]
    )
    return _longest_chain(common)


def _single_runs(x: list[int], length: int) -> dict[int, int]:
    """Where each run of this length begins that occurs only once, by its hash."""
    places: dict[int, int] = {}
    for i in range(len(x) - length + 1):
        run = hash(tuple(x[i : i + length]))
        places[run] = -1 if run in places else i
    return {run: i for run, i in places.items() if i >= 0}


def _longest_chain(pairs: list[Pair]) -> list[Pair]:
    """The longest part of ``pairs`` that rises on both sides (patience sorting)."""
    tops: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for number, (_, j) in enumerate(pairs):
        pile = bisect_left(tops, j)
        before.append(last[pile - 1] if pile else -1)
        if pile == len(tops):
            tops.append(j)
            last.append(number)
        else:
            tops[pile], last[pile] = j, number
    chain = []
    number = last[-1] if last else -1
    while number >= 0:
        chain.append(pairs[number])
        number = before[number]
    return chain[::-1]
