"""Two texts beside one another: cut into passages that begin with the same words, so that two columns stay level.

Knows characters and what was edited; must not know what a text is about or how wide a column is. Invariant:
where a passage begins, both texts have just said the same, or nothing yet.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import islice, pairwise
from operator import attrgetter
from typing import NamedTuple

from sserec.diff import Edit

CONTEXT = 200
"""Characters of what is the same that are left on either side of an edit, where the rest is left out."""

_a_start, _a_end, _b_start, _b_end = map(attrgetter, ("a_start", "a_end", "b_start", "b_end"))


class Passage(NamedTuple):
    """A stretch of either text."""

    a_start: int
    a_end: int
    b_start: int
    b_end: int
    skipped: int = 0
    """How many characters, the same in both, were left out before it."""


def clipped(edits: Sequence[Edit], a_length: int, b_length: int) -> list[Edit]:
    """The edits as far as the beginnings of two texts show them."""
    count = max(bisect_left(edits, a_length, key=_a_start), bisect_left(edits, b_length, key=_b_start))
    shown = list(edits[:count])
    while shown and (shown[-1].a_end > a_length or shown[-1].b_end > b_length):
        count -= 1
        shown.pop()
    for a, a_end, b, b_end in islice(edits, count, None):
        if a >= a_length and b >= b_length:
            break
        shown.append(Edit(min(a, a_length), min(a_end, a_length), min(b, b_length), min(b_end, b_length)))
    return shown


def passages(a: str, b: str, edits: Sequence[Edit], start: tuple[int, int] = (0, 0)) -> list[Passage]:
    """Both texts from two places on that face one another, cut where a line ends that both have."""
    borders = pairwise([start, *_line_ends(a, b, edits, start), (len(a), len(b))])
    return [Passage(a_start, a_end, b_start, b_end) for (a_start, b_start), (a_end, b_end) in borders]


def endings(a: str, b: str, edits: Sequence[Edit], characters: int) -> list[Passage]:
    """The ends of both texts, of this length at least.

    Where they begin changes only in leaps while the texts grow, so that what stands there stays broken as it is.
    """
    a_start, b_start = _leap(len(a), characters), _leap(len(b), characters)
    facing = opposite(edits, a_start)
    if facing < b_start or len(b) - facing < min(characters, len(b)):  # one lags far behind the other
        return [Passage(a_start, len(a), b_start, len(b))]
    return passages(a, b, later(edits, a_start, facing), (a_start, facing))


def later(edits: Sequence[Edit], a_start: int, b_start: int) -> Sequence[Edit]:
    """The edits that reach beyond two places."""
    return edits[min(bisect_right(edits, a_start, key=_a_end), bisect_right(edits, b_start, key=_b_end)) :]


def excerpts(a: str, b: str, edits: Sequence[Edit]) -> list[Passage]:
    """Only what differs, with some words around it."""
    found: list[Passage] = []
    for edit in edits:
        a_start, b_start = edit.a_start, edit.b_start
        lead = min(CONTEXT, a_start, b_start)
        tail = min(CONTEXT, len(a) - edit.a_end, len(b) - edit.b_end)
        last = found[-1] if found else Passage(0, 0, 0, 0)
        skipped = a_start - lead - last.a_end
        if found and skipped <= 0:
            found[-1] = last._replace(a_end=edit.a_end + tail, b_end=edit.b_end + tail)
        else:
            found.append(
                Passage(a_start - lead, edit.a_end + tail, b_start - lead, edit.b_end + tail, skipped)
            )
    return found


def opposite(edits: Sequence[Edit], a_place: int) -> int:
    """Where B stands when A stands at a place."""
    at = bisect_left(edits, a_place, key=_a_end)
    if at < len(edits) and edits[at].a_start <= a_place:
        return edits[at].b_start
    return a_place + (edits[at - 1].b_end - edits[at - 1].a_end if at else 0)


def _leap(length: int, characters: int) -> int:
    return max(length // characters - 1, 0) * characters


def _line_ends(a: str, b: str, edits: Sequence[Edit], start: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Places behind a line's end, in both texts, that no edit touches."""
    a_start, b_start = start
    same = pairwise([Edit(a_start, a_start, b_start, b_start), *edits, Edit(len(a), len(a), len(b), len(b))])
    for before, after in same:
        place, shift = before.a_end, before.b_end - before.a_end
        while (place := a.find("\n", place, after.a_start) + 1) and place + shift <= len(b):
            yield place, place + shift
