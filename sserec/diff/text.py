"""Two texts compared by word.

Knows characters; must not know what a text is about. A word is a run of letters and digits with the white space behind
it; where a script does not put spaces between words, a word is one character, and so is every other sign.
"""

import re
from itertools import accumulate, pairwise
from typing import NamedTuple

from sserec.diff.alignment import Block, align

_WORD = re.compile(
    r"(?:[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
    r"|[^\W\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+"
    r"|[^\w\s])\s*|\s+"
)
"""Thai, Lao, Burmese, Khmer, Kana and Han are written without spaces (Unicode Standard Annex 29, section 4)."""


class Edit(NamedTuple):
    """Characters ``a_start`` to ``a_end`` of A stand where B has its own; one of the two may be empty."""

    a_start: int
    a_end: int
    b_start: int
    b_end: int


def words(text: str) -> list[str]:
    """The text cut into words; joined they are the text."""
    return _WORD.findall(text)


def edits(a: str, b: str) -> list[Edit]:
    """What must be replaced in ``a`` to get ``b``, in order, as few words as can be."""
    of_a, of_b = words(a), words(b)
    if set(of_a).isdisjoint(of_b):
        return [Edit(0, len(a), 0, len(b))] if a or b else []
    starts_a, starts_b = [*accumulate(map(len, of_a), initial=0)], [*accumulate(map(len, of_b), initial=0)]
    blocks = [Block(0, 0, 0), *align(of_a, of_b), Block(len(of_a), len(of_b), 0)]
    gaps = (
        Edit(
            starts_a[before.a + before.size],
            starts_a[after.a],
            starts_b[before.b + before.size],
            starts_b[after.b],
        )
        for before, after in pairwise(blocks)
    )
    return [gap for gap in gaps if gap.a_start < gap.a_end or gap.b_start < gap.b_end]
