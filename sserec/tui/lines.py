"""Lines that are made when they are looked at: the ground on which every long pane stands.

Knows Textual's line API; must not know what a line says. Only lines on the screen are ever made, and each once as
long as nothing about it changes. Styles are read once a frame, not once a line: walking the DOM for them was a third
of the cost of scrolling.
"""

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.cache import LRUCache
from textual.content import Content
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from sserec.tui.inked import Inked
from sserec.tui.keymap import SCROLLING, bindings

KEPT_STRIPS = 128


def title(*words: str) -> Content:
    """What stands in a pane's upper border; never read as markup."""
    return Content(f" {' · '.join(filter(None, words))} ")


class LineView(Inked, ScrollView, can_focus=True):
    """A pane of lines, whatever they are. Subclasses say how many there are, and make one."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(SCROLLING)

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._strips: LRUCache[int, Strip] = LRUCache(KEPT_STRIPS)
        self._ground = Style.null()

    def line_count(self) -> int:
        """How many lines there are."""
        raise NotImplementedError

    def make_line(self, y: int) -> Strip:
        """Line ``y`` as long as it is, without what comes and goes: cursor, hits."""
        raise NotImplementedError

    def dress_line(self, y: int, strip: Strip) -> Strip:
        """The line with what comes and goes."""
        return strip

    def lines_changed(self, width: int | None = None) -> None:
        """The lines are others, or more; ``width`` is that of the longest, where they can be scrolled sideways."""
        self._strips.clear()
        self.resize_to(width)
        self.refresh()

    def resize_to(self, width: int | None = None) -> None:
        """The number of lines has changed at the end; those before are what they were.

        Only the scrollbar is told. Setting ``virtual_size`` the usual way lays out the whole screen, each time that an
        answer grows by a line: a third of what following a recording cost.
        """
        size = Size(width or self.size.width, self.line_count())
        if size != self.virtual_size:
            self.set_reactive(Widget.virtual_size, size)
            self._scroll_update(size)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._strips.clear()

    def render_lines(self, crop: Region) -> list[Strip]:
        self._ground = self.rich_style
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        scroll_x, scroll_y = self.scroll_offset
        width, y = self.size.width, y + scroll_y
        if y >= self.line_count():
            return Strip.blank(width, self._ground)
        strip = self._strips.get(y)
        if strip is None:
            strip = self._strips[y] = self.make_line(y)
        strip = self.dress_line(y, strip)
        return strip.crop_extend(scroll_x, scroll_x + width, self._ground).apply_style(self._ground)

    def under_cursor(self, strip: Strip) -> Strip:
        """The line that the cursor stands on, as wide as the pane."""
        ink = self.ink("cursor-focused" if self.has_focus else "cursor")
        return strip.extend_cell_length(self.size.width).apply_style(ink)

    @property
    def page_height(self) -> int:
        """How many lines are seen at once."""
        return max(self.scrollable_content_region.height, 1)

    def show_line(self, y: int) -> None:
        """Scrolls, at once and no further than needed, until line ``y`` is seen."""
        top = self.scroll_offset.y
        if y < top:
            self.jump_to(y)
        elif y >= top + self.page_height:
            self.jump_to(y - self.page_height + 1)

    def jump_to(self, y: float) -> None:
        """Without animation, which makes keys feel late; and before the scrollbar knows that there is one."""
        self.scroll_to(y=y, animate=False, force=True)

    def action_down(self) -> None:
        self.jump_to(self.scroll_offset.y + 1)

    def action_up(self) -> None:
        self.jump_to(self.scroll_offset.y - 1)

    def action_page_down(self) -> None:
        self.jump_to(self.scroll_offset.y + self.page_height)

    def action_page_up(self) -> None:
        self.jump_to(self.scroll_offset.y - self.page_height)

    def action_first(self) -> None:
        self.jump_to(0)

    def action_last(self) -> None:
        self.jump_to(self.line_count())


class CursorLines(LineView):
    """Lines of which one holds the cursor: the keys that scroll the others move it."""

    def _move(self, lines: int) -> None:
        """Moves the cursor as far as there are lines."""
        raise NotImplementedError

    def action_down(self) -> None:
        self._move(1)

    def action_up(self) -> None:
        self._move(-1)

    def action_page_down(self) -> None:
        self._move(self.page_height)

    def action_page_up(self) -> None:
        self._move(-self.page_height)

    def action_first(self) -> None:
        self._move(-self.line_count())

    def action_last(self) -> None:
        self._move(self.line_count())


def strip_of(*pieces: tuple[str, Style]) -> Strip:
    """A line from pieces of text and their styles."""
    return Strip([Segment(text, style) for text, style in pieces if text])
