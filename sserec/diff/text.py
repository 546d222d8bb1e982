"""Two texts compared by word.

Knows characters; must not know what a text is about. A word is a run of letters and digits with the white space behind
it; where a script does not put spaces between words, a word is one character, and so is every other sign.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from sserec.diff.alignment import align

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
    found = []
    at_a = at_b = 0
    for before, here in _gaps(of_a, of_b):
        a_end = at_a + sum(map(len, of_a[before[0] : here[0]]))
        b_end = at_b + sum(map(len, of_b[before[1] : here[1]]))
        if a_end > at_a or b_end > at_b:
            found.append(Edit(at_a, a_end, at_b, b_end))
        same = len(of_a[here[0]]) if here[0] < len(of_a) else 0
        at_a, at_b = a_end + same, b_end + same
    return found


def _gaps(a: list[str], b: list[str]) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """From behind each pair of words that are the same to the next one, or to the end."""
    before = (0, 0)
    for i, j in align(a, b):
        yield before, (i, j)
        before = (i + 1, j + 1)
    yield before, (len(a), len(b))
