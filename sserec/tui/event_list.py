"""The events of a stream, one line each: margin, number, time, gap, type, step, and what it says.

Knows the rows and the cursor; must not know what lies behind a row. A million events cost what a screenful costs.
"""

from collections.abc import Hashable
from datetime import UTC, datetime
from typing import NamedTuple

from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip

from sserec.display import printable
from sserec.records import Severity
from sserec.tui import kinds
from sserec.tui.kinds import behind_dot, kind_ink, tail
from sserec.tui.lines import CursorLines, strip_of, title
from sserec.tui.model.cursor import Cursor
from sserec.tui.model.rows import Flags, Line
from sserec.tui.model.stream import Stream

NS = 1_000_000_000


class Columns(NamedTuple):
    """How wide each column is; 0 leaves it out."""

    number: int
    gap: int
    type: int
    """At least; in a narrow pane a long type moves what stands behind it rather than being cut."""
    longest_type: int
    kind: int


def columns(width: int, event_count: int) -> Columns:
    """What fits: the narrower the pane, the fewer columns."""
    number = max(len(str(event_count)), 3)
    if width < 44:
        return Columns(number, 0, 6, 10, 0)
    if width < 64:
        return Columns(number, 0, 14, 14, 0)
    if width < 100:
        return Columns(number, 8, 14, 14, 0)
    return Columns(number, 8, 26, 26, 17)


class EventLines(CursorLines):
    """A pane in which each line is an event. Subclasses say which."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.time_column = "relative"
        self.anchor_unix_ns = 0
        self.zero_ns = 0
        """From when on relative times count."""
        self._columns = columns(80, 0)

    def drawn(self, line: Line) -> Strip:
        """The line of an event, or of bytes that are none."""
        number = "" if line.number is None else str(line.number)
        widths = self._columns
        pieces = [
            (number.rjust(widths.number) + " ", self.ink("quiet")),
            (self.time(line).rjust(8) + " ", self.ink("time")),
        ]
        if widths.gap and self.time_column != "delta":
            pieces.append((gap(line).rjust(widths.gap) + "  ", self.ink("quiet")))
        else:
            pieces.append((" ", Style.null()))
        return strip_of(*pieces, *self.saying(line))

    def saying(self, line: Line) -> list[tuple[str, Style]]:
        """Type, step and text."""
        widths = self._columns
        if line.is_stray:
            return [(f"{line.type}: {line.text}", self.ink("stray"))]
        step = "" if line.step is None else str(line.step)
        ink = self.kind_ink(line)
        pieces = [
            (self.type(line).ljust(widths.type) + " ", ink),
            (step.rjust(2) + "  ", self.ink("quiet")),
        ]
        if widths.kind:
            pieces.append((tail(printable(line.kind or ""), widths.kind).ljust(widths.kind) + "  ", ink))
        return [*pieces, (line.text, self.ink("plain"))]

    def type(self, line: Line) -> str:
        """The event's type; in a narrow pane the end of it."""
        type_, widths = printable(line.type), self._columns
        if len(type_) > widths.type < widths.longest_type:
            type_ = behind_dot(type_)
        return tail(type_, widths.longest_type)

    def kind_ink(self, line: Line) -> Style:
        """The ink of the step's type, where the event names it."""
        return self.ink(kind_ink(line.kind)) if line.kind else self.ink("quiet")

    def time(self, line: Line) -> str:
        """The time column, as it was chosen."""
        if line.t_ns is None:
            return "-"
        if self.time_column == "delta":
            return gap(line)
        if self.time_column == "absolute":
            return f"{datetime.fromtimestamp((self.anchor_unix_ns + line.t_ns) / NS, UTC):%M:%S.%f}"[:9]
        return f"{(line.t_ns - self.zero_ns) / NS:.3f}"


class EventList(EventLines):
    """The list. The cursor moves through it; :class:`EventList.Moved` says so."""

    class Moved(Message):
        """The person moved the cursor here."""

    class Opened(Message):
        """The person chose the row that the cursor was on already."""

    def __init__(self) -> None:
        super().__init__(id="events")
        self.border_title = title("events")
        self._stream: Stream | None = None
        self._cursor: Cursor | None = None
        self._version: Hashable = None
        self._row = 0

    def show_stream(self, stream: Stream, cursor: Cursor) -> None:
        """Another stream, or another filter, from here on."""
        self._stream, self._cursor = stream, cursor
        self._version = stream.rows.version
        self.lay_out()

    def lay_out(self) -> None:
        """All lines anew."""
        if self._stream is not None:
            self._columns = columns(self.size.width, len(self._stream))
        self.lines_changed()
        self.cursor_moved()

    def rows_changed(self) -> None:
        """Rows were added at the end, or, with another version, anywhere."""
        assert self._stream is not None
        if self._stream.rows.version != self._version or self._columns != columns(
            self.size.width, len(self._stream)
        ):
            self._version = self._stream.rows.version
            self.lay_out()
        else:
            self.resize_to()
            self.cursor_moved()

    def cursor_moved(self) -> None:
        """Follows the cursor, wherever it was moved from."""
        if self._cursor is None or not self.line_count():
            return
        before, self._row = self._row, self._cursor.row
        self.show_line(self._row)
        self.refresh_line(before)
        self.refresh_line(self._row)

    def on_resize(self) -> None:
        self.lay_out()

    def line_count(self) -> int:
        return 0 if self._stream is None else len(self._stream.rows)

    def make_line(self, y: int) -> Strip:
        assert self._stream is not None
        return self.drawn(self._stream.rows.line(y))

    def dress_line(self, y: int, strip: Strip) -> Strip:
        assert self._stream is not None
        here = y == self._row
        strip = Strip.join([self.margin(self._stream.rows.flags(y), here=here), strip])
        return self.under_cursor(strip) if here else strip

    def margin(self, flags: Flags, *, here: bool) -> Strip:
        """Cursor, mark, and the worse of finding and stall."""
        mark = kinds.NOTE if flags.note else kinds.MARK if flags.mark else " "
        if flags.finding is not None:
            is_grave = flags.finding is not Severity.NOTE
            trouble, ink = kinds.FINDINGS[flags.finding], "trouble" if is_grave else "quiet"
        else:
            trouble, ink = kinds.STALL if flags.stall else " ", "stall"
        cursor = kinds.CURSOR if here else " "
        return strip_of((cursor, Style.null()), (mark, self.ink("mark")), (trouble, self.ink(ink)))

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if self._cursor is None or offset is None or offset.y + self.scroll_offset.y >= self.line_count():
            return
        moved = self._cursor.to_row(offset.y + self.scroll_offset.y)
        self.cursor_moved()
        self.post_message(self.Moved() if moved else self.Opened())

    def _move(self, lines: int) -> None:
        if self._cursor is not None and self._cursor.move(lines):
            self.cursor_moved()
            self.post_message(self.Moved())


def gap(line: Line) -> str:
    return "" if line.gap_ns is None else f"{line.gap_ns / NS:.3f}"
