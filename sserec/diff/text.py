"""Two texts compared by word.

Knows characters; must not know what a text is about. A word is a run of letters and digits with the white space behind
it; where a script does not put spaces between words, a word is one character, and so is every other sign.
"""

import re
from array import array
from functools import lru_cache
from itertools import accumulate, pairwise
from operator import itemgetter
from typing import NamedTuple

from sserec.diff.alignment import Block, align

_WORD = re.compile(
    r"(?:[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
    r"|[^\W\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+"
    r"|[^\w\s])\s*|\s+"
)
"""Thai, Lao, Burmese, Khmer, Kana and Han are written without spaces (Unicode Standard Annex 29, section 4)."""

SHORT_TEXT = 1 << 16
"""Of a longer one equal words are one object: it has few others, and millions of them take a gigabyte."""


class Edit(NamedTuple):
    """Characters ``a_start`` to ``a_end`` of A stand where B has its own; one of the two may be empty."""

    a_start: int
    a_end: int
    b_start: int
    b_end: int


def words(text: str) -> list[str]:
    """The text cut into words; joined they are the text."""
    if len(text) <= SHORT_TEXT:
        return _WORD.findall(text)
    known: dict[str, str] = {}
    return [known.setdefault(word, word) for word in map(itemgetter(0), _WORD.finditer(text))]


def edits(a: str, b: str) -> list[Edit]:
    """What must be replaced in ``a`` to get ``b``, in order, as few words as can be."""
    return [*_edits(a, b)]


@lru_cache(maxsize=8)
def _edits(a: str, b: str) -> tuple[Edit, ...]:
    """Kept for a while: the text of an interaction is that of its events too, and is compared with both."""
    of_a, of_b = words(a), words(b)
    if set(of_a).isdisjoint(of_b):
        return (Edit(0, len(a), 0, len(b)),) if a or b else ()
    starts_a, starts_b = (array("Q", accumulate(map(len, side), initial=0)) for side in (of_a, of_b))
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
    return tuple(gap for gap in gaps if gap.a_start < gap.a_end or gap.b_start < gap.b_end)
