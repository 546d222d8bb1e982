"""Styled text cut into lines of a width, by cells: a Chinese letter takes two.

Knows pieces of text with a style; must not know what they mean.
"""

from collections.abc import Iterable, Iterator

from rich.cells import chop_cells
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

Piece = tuple[str, Style]


def wrapped(pieces: Iterable[Piece], width: int, indent: int = 0) -> list[Strip]:
    """The pieces as lines no wider than ``width``; those after the first begin with ``indent`` blanks.

    Letters are cut where the line is full: what is wrapped here is data, and data has no words.
    """
    room = max(width, indent + 2)
    lines: list[list[Segment]] = [[]]
    left = room
    for text, style in pieces:
        for part in cut(text, left, room - indent):
            if part is None:
                lines.append([Segment(" " * indent)] if indent else [])
                left = room - indent
            else:
                segment = Segment(part, style)
                lines[-1].append(segment)
                left -= segment.cell_length
    return [Strip(line) for line in lines]


def cut(text: str, first: int, others: int) -> Iterator[str | None]:
    """``text`` in parts of at most ``first`` and then ``others`` cells; None stands for the end of a line."""
    if text.isascii():
        yield text[:first]
        for start in range(first, len(text), others):
            yield None
            yield text[start : start + others]
        return
    head = beginning(text, first) if first > 1 else ""
    yield head
    if len(head) < len(text):
        for part in chop_cells(text[len(head) :], others):
            yield None
            yield part


def beginning(text: str, width: int) -> str:
    """As much of ``text`` as fills no more than ``width`` cells; all of it where its characters fill none."""
    return next(iter(chop_cells(text, width)), text)
