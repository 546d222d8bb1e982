"""Which elements of two sequences correspond: as many as can be found in near-linear time.

Knows keys that are equal or not; must not know what they stand for.

Invariants:

* The pairs rise in both sequences, and paired elements are equal.
* ``align(b, a)`` is ``align(a, b)`` turned round.
* Minimal (no alignment pairs more) wherever fewer than some 900 elements differ, however long the sequences are.
* Time is near-linear in the length whatever the elements are. Four ways, each taken where the one before it ends:
  equal ends and elements that only one side has need no search; then Myers' greedy search (Algorithmica 1, 1986) up
  to a fixed cost; then runs of elements that occur once on each side cut the problem into pieces, the longest chain
  of them as in patience diff; what has none, such as long streams of two words, is searched a few differences at a
  time.
"""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple, TypeVar

Key = TypeVar("Key", str, bytes)
Pair = tuple[int, int]

EXACT_COST = 400_000
"""Steps that the search for the minimum may take: a quarter of a second, some 900 differences."""

GREEDY_COST = 2_000_000
"""Steps that the search without anchors may take, about."""

RUN_LENGTHS = (32, 8, 1)
"""Long runs first: one rare word that moved must not tear two long texts apart."""


def align(a: Sequence[Key], b: Sequence[Key]) -> list[Pair]:
    """The indexes of corresponding elements, in order."""
    ids: dict[Key, int] = {}
    x = [ids.setdefault(key, len(ids)) for key in a]
    y = [ids.setdefault(key, len(ids)) for key in b]
    if (len(b), list(b)) < (len(a), list(a)):
        return [(i, j) for j, i in _Aligner(y, x).run()]
    return _Aligner(x, y).run()


class _Box(NamedTuple):
    """A part of the problem: places in either sequence, and the next length of runs to try."""

    a: Sequence[int]
    b: Sequence[int]
    runs: int = 0


class _Aligner:
    """Collects the pairs of two sequences of numbers."""

    def __init__(self, x: list[int], y: list[int]) -> None:
        self._x = x
        self._y = y
        self._pairs: list[Pair] = []
        self._size = max(len(x) + len(y), 1)
        self._patience = max(GREEDY_COST // self._size, 8) ** 2

    def run(self) -> list[Pair]:
        boxes = [_Box(range(len(self._x)), range(len(self._y)))]
        while boxes:
            boxes += self._align(boxes.pop())
        return sorted(self._pairs)

    def _align(self, box: _Box) -> list[_Box]:
        """Pairs what it can; the boxes that are left."""
        box = self._with_partners(self._trimmed(box))
        if not box.a or not box.b:
            return []
        x, y = [self._x[place] for place in box.a], [self._y[place] for place in box.b]
        found = _search(x, y, (0, 0), EXACT_COST * (len(x) + len(y)) // self._size)
        if found.end == (len(x), len(y)):
            self._keep(box, found.pairs)
            return []
        for runs in range(box.runs, len(RUN_LENGTHS)):
            anchors = _anchors(x, y, RUN_LENGTHS[runs])
            if anchors:
                self._keep(box, anchors)
                return _between(box, anchors, runs + 1)
        self._keep(box, _greedy(x, y, self._patience))
        return []

    def _keep(self, box: _Box, pairs: list[Pair]) -> None:
        self._pairs += [(box.a[i], box.b[j]) for i, j in pairs]

    def _trimmed(self, box: _Box) -> _Box:
        """Pairs equal beginnings and ends."""
        a, b, runs = box
        x, y = self._x, self._y
        start, most = 0, min(len(a), len(b))
        while start < most and x[a[start]] == y[b[start]]:
            start += 1
        tail = 0
        while tail < most - start and x[a[-1 - tail]] == y[b[-1 - tail]]:
            tail += 1
        self._pairs += zip(a[:start], b[:start], strict=True)
        self._pairs += zip(a[len(a) - tail :], b[len(b) - tail :], strict=True)
        return _Box(a[start : len(a) - tail], b[start : len(b) - tail], runs)

    def _with_partners(self, box: _Box) -> _Box:
        """Leaves out what the other side does not have at all: it can never be paired."""
        of_a = {self._x[place] for place in box.a}
        of_b = {self._y[place] for place in box.b}
        a = [place for place in box.a if self._x[place] in of_b]
        b = [place for place in box.b if self._y[place] in of_a]
        return _Box(a, b, box.runs)


def _between(box: _Box, anchors: list[Pair], runs: int) -> list[_Box]:
    """What lies before, between and behind the anchors."""
    borders = pairwise([(-1, -1), *anchors, (len(box.a), len(box.b))])
    return [_Box(box.a[i + 1 : next_i], box.b[j + 1 : next_j], runs) for (i, j), (next_i, next_j) in borders]


class _Found(NamedTuple):
    """How far a search came, and the pairs on its way."""

    pairs: list[Pair]
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
    """Where one difference more leads from each diagonal, before equal elements are followed."""
    return [max(_origins(before, t, d, n, m)) for t in range(d + 1)]


def _origins(before: list[int], t: int, d: int, n: int, m: int) -> Pair:
    """How far along ``x`` diagonal ``t`` is entered by leaving out an element of ``x``, and by one of ``y``.

    ``m`` counts from where ``x`` begins, so that ``i - diagonal <= m`` says that ``j`` is inside.
    """
    left = before[t - 1] if t else -1
    above = before[t] if t < d else -1
    return (left + 1 if 0 <= left < n else -1), (above if above - (2 * t - d) <= m else -1)


def _walk_back(fronts: list[list[int]], t: int, start: Pair, n: int, m: int) -> list[Pair]:
    """The pairs on the way to diagonal ``t`` of the last front."""
    i0, j0 = start
    pairs: list[Pair] = []
    for d in range(len(fronts) - 1, -1, -1):
        by_x, by_y = _origins(fronts[d - 1], t, d, n, m + i0 - j0) if d else (i0, i0)
        to_y = j0 - i0 - (2 * t - d)
        pairs += [(i, i + to_y) for i in range(fronts[d][t] - 1, max(by_x, by_y) - 1, -1)]
        t -= by_x > by_y
    return pairs[::-1]


def _greedy(x: list[int], y: list[int], max_cost: int) -> list[Pair]:
    """A few differences at a time, each time from where they led furthest.

    A search that costs c gets past at least sqrt(c) elements, so an element costs about sqrt(``max_cost``).
    """
    pairs: list[Pair] = []
    place = (0, 0)
    while place[0] < len(x) and place[1] < len(y):
        found = _search(x, y, place, max_cost)
        pairs += found.pairs
        place = found.end
    return pairs


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
