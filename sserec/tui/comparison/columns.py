"""Two texts in two columns, the words that differ in the inks of their side.

Knows widths; must not know what the texts are. Prose is broken between words; what is no prose, where the column ends.
Each passage begins level in both columns.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import NamedTuple

from rich.style import Style
from textual.strip import Strip

from sserec.diff import Edit
from sserec.display import count, printable
from sserec.tui.comparison.signs import BORDER, SKIPPED
from sserec.tui.lines import strip_of
from sserec.tui.model.comparison.passages import Passage, later
from sserec.tui.wrapping import Piece, beginning

NO_LINE = Strip([])


class Inks(NamedTuple):
    """How texts are drawn."""

    words: tuple[Style, Style]
    """What only A has, and only B."""
    quiet: Style
    plain: Style = Style.null()


def column_width(width: int) -> int:
    """Of each of two columns."""
    return max((width - len(BORDER)) // 2, 8)


def beside(left: Sequence[Strip], right: Sequence[Strip], width: int, inks: Inks) -> list[Strip]:
    """Lines of either side as lines of both."""
    room = column_width(width)
    border = strip_of((BORDER, inks.quiet))
    return [
        Strip.join([a.adjust_cell_length(room), border, b.crop(0, room)])
        for a, b in zip_longest(left, right, fillvalue=NO_LINE)
    ]


def abreast(
    texts: tuple[str, str], edits: Sequence[Edit], parts: Sequence[Passage], width: int, inks: Inks
) -> list[Strip]:
    """These parts of two texts in two columns."""
    edits = later(edits, parts[0].a_start, parts[0].b_start) if parts else ()
    a = Marked(texts[0], [(edit.a_start, edit.a_end) for edit in edits], inks.words[0], inks.plain)
    b = Marked(texts[1], [(edit.b_start, edit.b_end) for edit in edits], inks.words[1], inks.plain)
    room = column_width(width)
    lines: list[Strip] = []
    for part in parts:
        if part.skipped:
            lines.append(strip_of((f"{SKIPPED} {count(part.skipped, 'character')} the same", inks.quiet)))
        lines += beside(
            list(a.lines(part.a_start, part.a_end, room)),
            list(b.lines(part.b_start, part.b_end, room)),
            width,
            inks,
        )
    return lines


class Marked:
    """A text with some of its stretches in another ink."""

    def __init__(self, text: str, marks: list[tuple[int, int]], ink: Style, plain: Style) -> None:
        self._text = text
        self._marks = [
            (start, start + len(text[start:end].rstrip(" ") or " ")) for start, end in marks if start < end
        ]
        self._ends = [end for _, end in self._marks]
        self._ink = ink
        self._plain = plain

    def lines(self, start: int, end: int, width: int) -> Iterator[Strip]:
        """A part of the text in lines no wider than ``width``."""
        while start < end:
            line_end = self._text.find("\n", start, end)
            stop = end if line_end < 0 else line_end
            for first, after in cuts(printable(self._text[start:stop]), width):
                yield strip_of(*self._pieces(start + first, start + after)).crop(0, width)
            start = stop + 1

    def _pieces(self, start: int, end: int) -> Iterator[Piece]:
        at = bisect_right(self._ends, start)
        while start < end:
            mark_start, mark_end = self._marks[at] if at < len(self._marks) else (end, end)
            yield printable(self._text[start : min(max(mark_start, start), end)]), self._plain
            start = max(start, mark_start)
            yield printable(self._text[start : min(mark_end, end)]), self._ink
            start = max(start, min(mark_end, end))
            at += 1


def cuts(line: str, width: int) -> Iterator[tuple[int, int]]:
    """Where a line is broken so that its parts are no wider than ``width`` cells, the blanks at their ends aside."""
    if not line:
        yield 0, 0
    start = 0
    while start < len(line):
        end = start + fitting(line[start : start + width], width)
        if end < len(line):
            blank = line.rfind(" ", start, end + 1)
            end = blank + 1 if blank > start else end
        yield start, end
        start = end


def fitting(text: str, width: int) -> int:
    """How many characters of ``text``, one at least, fill no more than ``width`` cells."""
    return len(text) if text.isascii() else max(len(beginning(text, width)), 1)
