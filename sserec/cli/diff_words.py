"""Two texts shown by word: the places where they differ, with some words around each.

Knows characters; must not know colours or columns. Invariant: what is the same and far from any difference is not
shown, and what is shown is shown in full but for very long insertions.
"""

from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from sserec.diff import edits
from sserec.diff.text import Edit

CONTEXT = 40
"""Characters shown on either side of a difference."""
LONGEST = 400
"""Characters of one insertion or deletion; of a longer one, its two ends."""
LONGEST_HUNK = 2000
"""Characters of differences that follow closely on one another: two texts that have little in common are one else."""
ELLIPSIS = "…"


class Tone(Enum):
    """How a piece of text is to be taken."""

    PLAIN = " "
    DELETED = "-"
    INSERTED = "+"


class Piece(NamedTuple):
    """A piece of text."""

    tone: Tone
    text: str


Hunk = list[Piece]


def hunks(a: str, b: str) -> Iterator[Hunk]:
    """The places where the texts differ; those that are close to one another are one, up to a length."""
    before, group = 0, list[Edit]()
    for edit in edits(a, b):
        if group and (edit.a_start - group[-1].a_end > 2 * CONTEXT or length(group[0], edit) > LONGEST_HUNK):
            yield hunk(a, b, group, (before, edit.a_start))
            before, group = group[-1].a_end, []
        group.append(edit)
    if group:
        yield hunk(a, b, group, (before, len(a)))


def length(first: Edit, last: Edit) -> int:
    """How many characters stand between the two on the side that has more of them."""
    return max(last.a_end - first.a_start, last.b_end - first.b_start)


def hunk(a: str, b: str, group: list[Edit], within: tuple[int, int]) -> Hunk:
    """Some differences that are close to one another. ``within``: what of A is the same around them."""
    first, last = group[0], group[-1]
    start, end = max(first.a_start - CONTEXT, within[0]), min(last.a_end + CONTEXT, within[1])
    pieces = [Piece(Tone.PLAIN, (ELLIPSIS if start else "") + a[start : first.a_start])]
    for place, edit in enumerate(group):
        pieces.append(Piece(Tone.DELETED, shortened(a[edit.a_start : edit.a_end])))
        pieces.append(Piece(Tone.INSERTED, shortened(b[edit.b_start : edit.b_end])))
        until = group[place + 1].a_start if place + 1 < len(group) else end
        pieces.append(Piece(Tone.PLAIN, a[edit.a_end : until]))
    if end < len(a):
        pieces.append(Piece(Tone.PLAIN, ELLIPSIS))
    return [piece for piece in pieces if piece.text]


def shortened(text: str) -> str:
    """The two ends of what is too long to be read as a difference."""
    if len(text) <= LONGEST:
        return text
    left_out = len(text) - LONGEST
    return f"{text[: LONGEST // 2]}{ELLIPSIS} {left_out:,} characters {ELLIPSIS}{text[-LONGEST // 2 :]}"
