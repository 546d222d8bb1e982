"""Two texts beside one another: cut into passages that begin with the same words, so that two columns stay level.

Knows characters and what was edited; must not know what a text is about or how wide a column is. Invariant:
where a passage begins, both texts have just said the same, or nothing yet.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from sserec.diff import Edit

CONTEXT = 200
"""Characters of what is the same that are left on either side of an edit, where the rest is left out."""


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
    return [
        Edit(min(a, a_length), min(a_end, a_length), min(b, b_length), min(b_end, b_length))
        for a, a_end, b, b_end in edits
        if a < a_length or b < b_length
    ]


def passages(a: str, b: str, edits: Sequence[Edit]) -> list[Passage]:
    """Both texts in full, cut where a line ends that both have."""
    borders = pairwise([(0, 0), *_line_ends(a, b, edits), (len(a), len(b))])
    return [Passage(a_start, a_end, b_start, b_end) for (a_start, b_start), (a_end, b_end) in borders]


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
    shift = 0
    for edit in edits:
        if edit.a_end > a_place:
            return min(edit.b_start, a_place + shift) if edit.a_start > a_place else edit.b_start
        shift = edit.b_end - edit.a_end
    return a_place + shift


def _line_ends(a: str, b: str, edits: Sequence[Edit]) -> Iterator[tuple[int, int]]:
    """Places behind a line's end, in both texts, that no edit touches."""
    same = pairwise([Edit(0, 0, 0, 0), *edits, Edit(len(a), len(a), len(b), len(b))])
    for before, after in same:
        place, shift = before.a_end, before.b_end - before.a_end
        while (place := a.find("\n", place, after.a_start) + 1) and place + shift <= len(b):
            yield place, place + shift
