"""Small drawings for a terminal: a line of columns, bars, bands on a line of time.

Knows counts and times; must not know what they are of. A drawing is plain text: it means the same without colour,
and without block characters where the terminal's encoding lacks them.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sserec.display import duration
from sserec.timeline import Band, Stall, column, density, heights


class Ink(NamedTuple):
    """The characters of a drawing."""

    levels: str
    """From empty to full."""
    bar: str
    line: str
    edge: str


BLOCKS = Ink(" ▁▂▃▄▅▆▇█", "█", "─", "├")
ASCII = Ink(" .:-=+*%#", "#", "-", "|")
STALLED = "!"


def ink(encoding: str) -> Ink:
    """The best characters that an output of this encoding can show."""
    try:
        "".join(BLOCKS).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return BLOCKS


class Span(NamedTuple):
    """A stretch of time, drawn ``width`` columns wide."""

    start_ns: int
    end_ns: int
    width: int

    def column(self, t_ns: int) -> int:
        return column(t_ns, *self)

    @property
    def column_ns(self) -> int:
        """The time that one column stands for."""
        return (self.end_ns - self.start_ns) // self.width


def sparkline(counts: Sequence[int], ink: Ink) -> str:
    """One column for each count, as high as it is large; only nothing is blank."""
    return "".join(ink.levels[height] for height in heights(counts, len(ink.levels) - 1))


def density_line(t_ns: Sequence[int], span: Span, ink: Ink) -> str:
    """How many events came when."""
    return sparkline(density(t_ns, *span), ink)


def stall_line(stalls: Iterable[Stall], span: Span) -> str:
    """A mark in every column that a stall touches."""
    cells = [" "] * span.width
    for stall in stalls:
        first, last = span.column(stall.t_ns), span.column(stall.t_ns + stall.duration_ns)
        cells[first : last + 1] = STALLED * (last + 1 - first)
    return "".join(cells).rstrip()


def band_line(bands: Iterable[Band], span: Span, ink: Ink) -> str:
    """Each band from its first column to its last, its name in it as far as there is room."""
    cells = [" "] * span.width
    for band in bands:
        first, last = span.column(band.t_ns), span.column(band.t_ns + band.duration_ns)
        width = last + 1 - first
        cells[first : last + 1] = (ink.edge + band.label[: width - 1]).ljust(width, ink.line)
    return "".join(cells).rstrip()


def axis(span: Span) -> str:
    """The times at the start, in the middle where there is room, and at the end, counted from the start."""
    length_ns = span.end_ns - span.start_ns
    end = duration(length_ns)
    line = "0".ljust(span.width // 2) + duration(length_ns // 2)
    if len(line) + len(end) >= span.width:
        line = "0"
    return line + end.rjust(span.width - len(line))


def bars(rows: Sequence[tuple[str, int]], width: int, ink: Ink) -> list[str]:
    """A labelled bar and its count for each row, the largest one filling ``width``."""
    if not rows:
        return []
    label_width = max(len(label) for label, _ in rows)
    count_width = max(len(f"{count:,}") for _, count in rows)
    room = max(width - label_width - count_width - 4, 1)
    lengths = heights([count for _, count in rows], room)
    return [
        f"{label.rjust(label_width)}  {count:>{count_width},}  {ink.bar * length}".rstrip()
        for (label, count), length in zip(rows, lengths, strict=True)
    ]
