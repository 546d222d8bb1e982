"""A pane of finished text: it scrolls, is searched, selected with the mouse and copied.

Knows strips; must not know what they say. It is for what fits into memory many times over: one event, one answer, a
page of help. A subclass lays out its content for a width, and again when the width or the theme changes.
"""

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.selection import Selection
from textual.strip import Strip

from sserec.tui.lines import LineView
from sserec.tui.model.search import LineHit, find_in_lines


class TextPane(LineView):
    """Lines that all are there."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: list[Strip] = []
        self._sought = ""
        self._hits: list[LineHit] = []
        self._here: LineHit | None = None

    def lay_out(self) -> list[Strip]:
        """The content in lines, none wider than the pane."""
        raise NotImplementedError

    def content_changed(self) -> None:
        """Lays out again."""
        self._lines = self.lay_out() if self.size.width else []
        self._hits = self._find()
        self.lines_changed()

    def on_resize(self) -> None:
        self.content_changed()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        if self._lines:
            self.call_later(self.content_changed)

    def line_count(self) -> int:
        return len(self._lines)

    def make_line(self, y: int) -> Strip:
        return self._lines[y]

    def text(self) -> str:
        """What ``copy`` takes; the lines as they are seen, unless a subclass knows better."""
        return "\n".join(strip.text.rstrip() for strip in self._lines)

    # search

    def seek(self, text: str) -> int:
        """Looks for ``text``, goes to its next place, and returns how many there are."""
        self._sought = text
        self._hits = self._find()
        self._here = None
        self.go_to_hit(1)
        return len(self._hits)

    def go_to_hit(self, direction: int) -> int | None:
        """To the next hit or the one before; round the end. Returns its number, from 1; None where there is none."""
        if not self._hits:
            return None
        if self._here in self._hits:
            number = (self._hits.index(self._here) + direction) % len(self._hits)
        else:
            top = self.scroll_offset.y
            number = next((n for n, hit in enumerate(self._hits) if hit.line >= top), 0)
        self._here = self._hits[number]
        self.show_line(self._here.line)
        self.refresh()
        return number + 1

    def _find(self) -> list[LineHit]:
        return find_in_lines([strip.text for strip in self._lines], self._sought) if self._sought else []

    # what comes and goes: hits and selection

    def dress_line(self, y: int, strip: Strip) -> Strip:
        for hit in self._hits_in(y):
            name = "hit-here" if hit == self._here else "hit"
            strip = painted(strip, hit.start, hit.end, self.ink(name))
        selection = self.text_selection
        span = selection.get_span(y) if selection is not None else None
        if span is not None:
            start, end = span
            ink = self.screen.get_component_rich_style("screen--selection")
            strip = painted(strip, start, len(strip.text) if end == -1 else end, ink)
        return strip.apply_offsets(0, y)

    def _hits_in(self, y: int) -> list[LineHit]:
        return [hit for hit in self._hits if hit.line == y] if self._hits else []

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        return selection.extract("\n".join(strip.text.rstrip() or " " for strip in self._lines)), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        self.refresh()


def painted(strip: Strip, start: int, end: int, ink: Style) -> Strip:
    """The strip with the characters from ``start`` to ``end`` in ``ink``, whatever they looked like."""
    text = strip.text
    left, right = cell_len(text[:start]), cell_len(text[:end])
    spot = strip.crop(left, right)
    inked = Strip([Segment(segment.text, (segment.style or ink) + ink) for segment in spot])
    return Strip.join([strip.crop(0, left), inked, strip.crop(right)])
