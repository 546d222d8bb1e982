"""How one difference is laid out: as lines below one another, or in two columns.

Knows values, signs and the width of the screen; must not know what a difference is of. Recorded text is never
interpreted: every piece goes through ``printable``.
"""

import re
import textwrap
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

import click
import orjson

from sserec.cli.diff_words import Hunk, Tone, hunks
from sserec.diff import Difference, Inner, Kind
from sserec.display import printable

COLOURS = {Kind.CHANGED: "yellow", Kind.ONLY_A: "red", Kind.ONLY_B: "green", Kind.MOVED: "cyan"}
SIGNS = {Kind.CHANGED: "~", Kind.ONLY_A: "-", Kind.ONLY_B: "+", Kind.MOVED: ">"}
GUTTERS = {Kind.CHANGED: " | ", Kind.ONLY_A: " < ", Kind.ONLY_B: " > ", Kind.MOVED: " / "}
"""As diff -y and sdiff have them; the last is ours."""

LONGEST_VALUE = 200
LONGEST_LINE = 60
"""Two values that are together no longer stand on one line."""
MOST_HUNKS = 12
_UNREADABLE = re.compile(r"\S{80}")
"""No language has such words: base64, a signature."""


class Layout:
    """Lines below one another, a word that differs as ``[-deleted-]{+inserted+}``, as git has it."""

    def __init__(self, width: int, *, coloured: bool) -> None:
        self.width = width
        self._coloured = coloured

    def paint(self, text: str, colour: str) -> str:
        return click.style(text, fg=colour) if self._coloured else text

    def heading(self, text: str) -> str:
        return click.style(text, bold=True) if self._coloured else text

    def skipped(self, count: int) -> Iterator[str]:
        """Said where rows that are the same stand between two differences."""
        return iter(())

    def events(self, indent: str, kind: Kind, a: str, b: str, label: str) -> Iterator[str]:
        """Events that differ, with their numbers; what differs in them follows."""
        numbers = (" → " if kind is Kind.MOVED else " | ").join(filter(None, (a, b)))
        place = f"{numbers}  {printable(label)}" if numbers else printable(label)
        yield self.paint(f"{indent}{SIGNS[kind]} {place}", COLOURS[kind])

    def value(
        self, indent: str, place: str, difference: Difference | Inner, *, in_full: bool
    ) -> Iterator[str]:
        """One value. ``in_full``: texts with their words, else only how long they are."""
        kind, a, b = difference.kind, difference.a, difference.b
        head = self.paint(f"{indent}{SIGNS[kind]} {place}", COLOURS[kind])
        if kind is Kind.MOVED:
            yield head
        elif kind is Kind.ONLY_A:
            yield f"{head}: {written(a)}"
        elif kind is Kind.ONLY_B:
            yield f"{head}: {written(b)}"
        elif not is_prose(a, b):
            yield from self._short(head, indent, a, b)
        elif not in_full:
            yield f"{head}: {len(a):,} → {len(b):,} characters"
        else:
            yield head
            yield from self._prose(indent + "    ", a, b)

    def _short(self, head: str, indent: str, a: Any, b: Any) -> Iterator[str]:
        of_a, of_b = written(a), written(b)
        if len(of_a) + len(of_b) <= LONGEST_LINE:
            yield f"{head}: {of_a} → {of_b}"
            return
        yield head
        yield self.paint(f"{indent}    - {of_a}", "red")
        yield self.paint(f"{indent}    + {of_b}", "green")

    def _prose(self, indent: str, a: str, b: str) -> Iterator[str]:
        for number, hunk in enumerate(hunks(a, b)):
            if number == MOST_HUNKS:
                yield f"{indent}… and more: the whole texts are in --json"
                return
            yield indent + "".join(self._piece(tone, printable(text)) for tone, text in hunk)

    def _piece(self, tone: Tone, text: str) -> str:
        if tone is Tone.PLAIN:
            return text
        return self.paint(*((f"[-{text}-]", "red") if tone is Tone.DELETED else (f"{{+{text}+}}", "green")))


class Columns(Layout):
    """A to the left, B to the right."""

    def skipped(self, count: int) -> Iterator[str]:
        if count:
            yield f"  ⋮ {count:,} the same"

    def events(self, indent: str, kind: Kind, a: str, b: str, label: str) -> Iterator[str]:
        of_a, of_b = (f"{numbers}  {printable(label)}".strip() for numbers in (a, b))
        yield from self._beside(
            kind, [] if kind is Kind.ONLY_B else [of_a], [] if kind is Kind.ONLY_A else [of_b]
        )

    def value(
        self, indent: str, place: str, difference: Difference | Inner, *, in_full: bool
    ) -> Iterator[str]:
        kind, a, b = difference.kind, difference.a, difference.b
        yield self.paint(f"{indent}{place}", COLOURS[kind])
        if is_prose(a, b) and kind is Kind.CHANGED:
            if not in_full:
                yield from self._beside(kind, [f"{len(a):,} characters"], [f"{len(b):,} characters"])
                return
            for number, hunk in enumerate(hunks(a, b)):
                if number == MOST_HUNKS:
                    yield "  ⋮ and more: the whole texts are in --json"
                    return
                yield from self._beside(
                    kind, self._wrapped(side(hunk, Tone.DELETED)), self._wrapped(side(hunk, Tone.INSERTED))
                )
        elif kind is not Kind.MOVED:
            of_a = [] if kind is Kind.ONLY_B else self._wrapped(written(a))
            of_b = [] if kind is Kind.ONLY_A else self._wrapped(written(b))
            yield from self._beside(kind, of_a, of_b)

    def _beside(self, kind: Kind, a: list[str], b: list[str]) -> Iterator[str]:
        wide = self._column()
        for of_a, of_b in zip_longest(a, b, fillvalue=""):
            left = of_a[:wide].ljust(wide)
            yield (self.paint(left, "red") + GUTTERS[kind] + self.paint(of_b[:wide], "green")).rstrip()

    def _wrapped(self, text: str) -> list[str]:
        wide = self._column()
        return [text] if len(text) <= wide else textwrap.wrap(text, wide, drop_whitespace=False)

    def _column(self) -> int:
        return max((self.width - len(GUTTERS[Kind.CHANGED])) // 2, 20)


def side(hunk: Hunk, tone: Tone) -> str:
    """What one side has of a difference, the words that the other lacks marked."""
    opened, closed = ("[-", "-]") if tone is Tone.DELETED else ("{+", "+}")
    pieces = (
        printable(text) if of is Tone.PLAIN else f"{opened}{printable(text)}{closed}"
        for of, text in hunk
        if of in (Tone.PLAIN, tone)
    )
    return "".join(pieces)


def is_prose(a: Any, b: Any) -> bool:
    """Two texts that are better compared by their words."""
    if not (isinstance(a, str) and isinstance(b, str)):
        return False
    return len(a) + len(b) > LONGEST_LINE and not (_UNREADABLE.search(a) and _UNREADABLE.search(b))


def written(value: Any) -> str:
    """A value as JSON on one line, the end of a long one left out."""
    text = printable(orjson.dumps(value).decode())
    if len(text) <= LONGEST_VALUE:
        return text
    return f"{text[:LONGEST_VALUE]}… ({len(text):,} characters)"
