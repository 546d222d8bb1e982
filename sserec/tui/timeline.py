"""The foot of the screen: the whole stream as wide as the terminal, and a hand to scrub it with.

Knows the overview's picture and the cursor's column; must not know where either comes from. From top to bottom: the
steps as labelled bands, the density of events with stalls between them, and a line with the cursor, marks, findings
and times.
"""

from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from sserec.display import duration, printable
from sserec.timeline import heights
from sserec.tui import kinds
from sserec.tui.inked import Inked
from sserec.tui.kinds import band_ink
from sserec.tui.lines import title
from sserec.tui.model.cursor import Cursor
from sserec.tui.model.overview import Overview, Picture

BLOCKS = " ▁▂▃▄▅▆▇█"
SILENCE = "·"
EDGE = "▏"
CURSOR = "▲"

Cells = list[tuple[str, Style]]


class Timeline(Inked, can_focus=True):
    """Bands, density, axis. Clicking, dragging and ``h``/``l`` scrub; :class:`Timeline.Sought` says where to."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "column(-1)", "one column back"),
        Binding("right,l", "column(1)", "one column on"),
        Binding("g,home", "column(-100000)", "to the start"),
        Binding("G,end", "column(100000)", "to the end"),
    ]

    class Sought(Message):
        """The person went to this event (index from 0)."""

        def __init__(self, event: int) -> None:
            super().__init__()
            self.event = event

    def __init__(self) -> None:
        super().__init__(id="timeline")
        self.border_title = title("timeline")
        self._overview: Overview | None = None
        self._cursor: Cursor | None = None
        self._picture: Picture | None = None
        self._dragging = False

    def show_stream(self, overview: Overview, cursor: Cursor) -> None:
        self._overview, self._cursor = overview, cursor
        self.picture_changed()

    def picture_changed(self) -> None:
        """More is known, the stream has grown, or it is drawn at another width."""
        width = self.size.width
        self._picture = self._overview.picture(width) if self._overview is not None and width else None
        self.refresh()

    def on_resize(self) -> None:
        self.picture_changed()

    def render_line(self, y: int) -> Strip:
        width, height = self.size
        picture, ground = self._picture, self.rich_style
        if picture is None or len(picture.counts) != width:
            return Strip.blank(width, ground)
        here = self._column()
        if y == 0:
            cells = self._bands(picture, width)
        elif y < height - 1:
            cells = self._density(picture, width, here, level=height - 2 - y, levels=height - 2)
        else:
            cells = self._axis(picture, width, here)
        text, style = cells[here]
        cells[here] = text, style + self.ink("needle-focused" if self.has_focus else "needle")
        return Strip([Segment(text, style) for text, style in cells], width).simplify().apply_style(ground)

    def _column(self) -> int:
        assert self._overview is not None
        if self._cursor is None:
            return 0
        return min(max(self._overview.column(self._cursor.place, self.size.width), 0), self.size.width - 1)

    def _bands(self, picture: Picture, width: int) -> Cells:
        cells: Cells = [(" ", Style.null())] * width
        for band in picture.bands:
            room = band.last - band.first + 1
            ink = self.ink(band_ink(band.kind))
            label = (EDGE + narrow(band.label))[:room].ljust(room)
            cells[band.first : band.last + 1] = [(letter, ink) for letter in label]
        return cells

    def _density(self, picture: Picture, width: int, here: int, *, level: int, levels: int) -> Cells:
        """Row ``level`` from below of columns that are ``levels`` rows high."""
        top = len(BLOCKS) - 1
        past, ahead = self.ink("past"), self.ink("ahead")
        tall = heights(picture.counts, top * levels)
        cells = [
            (BLOCKS[min(max(height - top * level, 0), top)], past if column <= here else ahead)
            for column, height in enumerate(tall)
        ]
        if level == 0:
            self._write_stalls(cells, picture)
        return cells

    def _write_stalls(self, cells: Cells, picture: Picture) -> None:
        """Where there is no event, there is room to say so."""
        for stall in picture.stalls:
            room = stall.last - stall.first + 1
            words = f"stall {duration(stall.duration_ns)}"
            label = (words if room > len(words) + 1 else "").center(room, SILENCE)
            cells[stall.first : stall.last + 1] = [(letter, self.ink("stall")) for letter in label]

    def _axis(self, picture: Picture, width: int, here: int) -> Cells:
        axis = self.ink("quiet")
        cells: Cells = [(" ", axis)] * width
        begin, end = self._border_words(picture)
        write(cells, 0, begin, axis)
        write(cells, width - len(end), end, axis)
        for column, severity in picture.findings:
            write(cells, column, kinds.FINDINGS[severity], self.ink("trouble"))
        for column, _ in picture.marks:
            write(cells, column, kinds.MARK, self.ink("mark"))
        cells[here] = (CURSOR, Style.null())
        return cells

    def _border_words(self, picture: Picture) -> tuple[str, str]:
        if not picture.is_timed:
            return "1", f"{sum(picture.counts):,} events"
        return "0", duration(picture.end_ns - picture.start_ns)

    def action_column(self, columns: int) -> None:
        self._seek(self._column() + columns, 1 if columns > 0 else -1)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self._dragging = True
        self.capture_mouse()
        self._seek(event.x)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._dragging:
            self._seek(event.x)

    def on_mouse_up(self) -> None:
        self._dragging = False
        self.release_mouse()

    def _seek(self, column: int, direction: int = 0) -> None:
        width = self.size.width
        if self._overview is not None and width:
            column = min(max(column, 0), width - 1)
            self.post_message(self.Sought(self._overview.event_at(column, width, direction=direction)))


def narrow(text: str) -> str:
    """``text`` as letters of one column each: a band must not shift what stands right of it."""
    return "".join(letter if cell_len(letter) == 1 else "?" for letter in printable(text))


def write(cells: Cells, column: int, text: str, style: Style) -> None:
    """``text`` into the cells from ``column`` on, one character each."""
    for place, letter in enumerate(text, start=max(column, 0)):
        if place < len(cells):
            cells[place] = (letter, style)
