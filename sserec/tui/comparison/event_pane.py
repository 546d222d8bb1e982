"""The events of one side: what stands opposite one another, signs for what differs, gaps where the other side has more.

Knows the cursor over both sides; must not know how they were aligned. Two of these scroll as one: whichever moves takes
its partner along.
"""

from collections.abc import Callable

from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip

from sserec.diff import Kind
from sserec.display import printable
from sserec.tui.comparison.signs import INKS, NAMES, SIGNS
from sserec.tui.event_list import EventLines, columns
from sserec.tui.kinds import CURSOR, tail
from sserec.tui.lines import strip_of, title
from sserec.tui.model.comparison.cursor import PairCursor
from sserec.tui.model.comparison.facing import Cell
from sserec.tui.model.places import Place
from sserec.tui.model.rows import Line

MARGIN = 2
FULL_WIDTH = 60
SHORT_TYPE = 8


class EventPane(EventLines):
    """A or B."""

    class Moved(Message):
        """The person moved the cursor, in this pane."""

    class Opened(Message):
        """The person chose the line that the cursor was on already."""

    def __init__(self, side: int, stray: Callable[[int, int], str]) -> None:
        """``stray`` gives, for a side and a row, what the bytes say that are no event."""
        super().__init__(id=f"side-{NAMES[side].lower()}")
        self.side = side
        self.partner: EventPane | None = None
        self._stray = stray
        self._cursor: PairCursor | None = None
        self._here = -1
        self._is_led = False

    def show_cursor(self, cursor: PairCursor, name: str) -> None:
        """Another pair, or the same in another order, from here on."""
        self._cursor = cursor
        stream = cursor.streams[self.side]
        self.zero_ns = stream.begin_ns
        self.border_title = title(NAMES[self.side], printable(name))
        self.lay_out()

    def lay_out(self) -> None:
        """All lines anew."""
        if self._cursor is not None:
            self._columns = columns(self.size.width - MARGIN, len(self._cursor.streams[self.side]))
        self.lines_changed()

    def on_resize(self) -> None:
        self.lay_out()

    def line_count(self) -> int:
        return 0 if self._cursor is None else self._cursor.line_count(self.side)

    def make_line(self, y: int) -> Strip:
        assert self._cursor is not None
        cell = self._cursor.cell(self.side, y)
        if cell is None:
            return self._gap(y)
        sign = strip_of((SIGNS[cell.kind], self.ink(INKS[cell.kind])))
        return Strip.join([sign, self._said(cell)])

    def _said(self, cell: Cell) -> Strip:
        assert self._cursor is not None
        if cell.event is None:
            return strip_of((printable(self._stray(self.side, cell.row)), self.ink("stray")))
        rows = self._cursor.streams[self.side].rows
        return self.drawn(rows.line(rows.row_of(Place(cell.event))))

    def drawn(self, line: Line) -> Strip:
        """In a narrow pane neither step nor gap, and of the type its end."""
        if line.is_stray or self.size.width >= FULL_WIDTH:
            return super().drawn(line)
        return strip_of(
            (str(line.number).rjust(self._columns.number) + " ", self.ink("quiet")),
            (self.time(line).rjust(7) + " ", self.ink("time")),
            (tail(printable(line.type), SHORT_TYPE).ljust(SHORT_TYPE) + " ", self.kind_ink(line)),
            (line.text, self.ink("plain")),
        )

    def _gap(self, y: int) -> Strip:
        """Nothing; but of what moved, where it is instead."""
        assert self._cursor is not None
        facing = self._cursor.facing
        row = facing.row(y) if facing is not None else 0
        if facing is None or facing.kind(row) is not Kind.MOVED:
            return strip_of((" ", Style.null()))
        return strip_of((f"{SIGNS[Kind.MOVED]} here: {facing.twin(row) or '-'}", self.ink("quiet")))

    def dress_line(self, y: int, strip: Strip) -> Strip:
        here = y == self._here
        strip = Strip.join([strip_of((CURSOR if here else " ", Style.null())), strip])
        return self.under_cursor(strip) if here else strip

    # the cursor, and the partner

    def cursor_moved(self) -> None:
        """Follows the cursor, wherever it was moved from."""
        if self._cursor is None or not self.line_count():
            return
        before, self._here = self._here, self._cursor.here(self.side)
        for line in {before, self._here} - {-1}:
            self.refresh_line(line)
        if self._cursor.side == self.side:
            self.show_line(self._here)
            self._place_partner()

    def _place_partner(self) -> None:
        """The other cursor stands as high on the screen as this one."""
        if self.partner is not None and self._cursor is not None:
            height = self._here - self.scroll_offset.y
            self.partner.be_led(max(self._cursor.here(1 - self.side), 0) - height)

    def be_led(self, y: int) -> None:
        """Scrolls without taking the partner along."""
        self._is_led = True
        self.jump_to(max(y, 0))
        self._is_led = False

    def watch_scroll_y(self, before: float, after: float) -> None:
        super().watch_scroll_y(before, after)
        if not self._is_led and self.partner is not None and self._cursor is not None:
            self.partner.be_led(self._cursor.facing_line(self.side, round(after)))

    def on_focus(self) -> None:
        if self._cursor is not None and self._cursor.side != self.side:
            self._cursor.lead(self.side)
            self.post_message(self.Moved())

    def _move(self, lines: int) -> None:
        if self._cursor is None:
            return
        if self._cursor.side != self.side:
            self._cursor.lead(self.side)
        if self._cursor.move(lines):
            self.post_message(self.Moved())

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if self._cursor is None or offset is None or offset.y + self.scroll_offset.y >= self.line_count():
            return
        self._cursor.lead(self.side)
        moved = self._cursor.to_line(offset.y + self.scroll_offset.y)
        self.post_message(self.Moved() if moved else self.Opened())
