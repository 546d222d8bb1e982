"""The exchanges of a recording, one line each."""

from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip

from sserec.display import duration, printable, shortened
from sserec.tui.kinds import CURSOR
from sserec.tui.lines import LineView, strip_of, title
from sserec.tui.model.document import Document, ExchangeLine


class ExchangeList(LineView):
    """The list. Moving in it chooses; :class:`ExchangeList.Chosen` says which."""

    class Chosen(Message):
        """Another exchange."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self) -> None:
        super().__init__(id="exchanges")
        self.border_title = title("exchanges")
        self._document: Document | None = None
        self._row = 0

    def show_document(self, document: Document, number: int) -> None:
        """The exchanges of this file; the cursor stands on number ``number``."""
        self._document = document
        self._row = next((row for row, line in enumerate(document.exchanges) if line.number == number), 0)
        self.exchanges_changed()

    def exchanges_changed(self) -> None:
        before = self.virtual_size
        self.lines_changed()
        if self.virtual_size != before:
            self.refresh(layout=True)  # it is as high as it has lines
        self.show_line(self._row)

    def on_resize(self) -> None:
        self.exchanges_changed()

    def line_count(self) -> int:
        return 0 if self._document is None else len(self._document.exchanges)

    def make_line(self, y: int) -> Strip:
        assert self._document is not None
        line = self._document.exchanges[y]
        facts = self.facts(line)
        room = max(self.size.width - 6 - len(facts) - 2, 8)
        return strip_of(
            (f"{line.number:>3} ", self.ink("quiet")),
            (shortened(subject(line), room).ljust(room) + "  ", self.ink("plain")),
            (facts, self.ink("quiet")),
        )

    def facts(self, line: ExchangeLine) -> str:
        """Status, events, duration and, where there is room, the end."""
        took = "live" if line.is_live else "-" if line.duration_ns is None else duration(line.duration_ns)
        facts = f"{line.status or '-':>3} {line.event_count:>6,} {took:>8}"
        return f"{facts}  {line.ending:<16}" if self.size.width >= 90 else facts

    def dress_line(self, y: int, strip: Strip) -> Strip:
        here = y == self._row
        strip = Strip.join([strip_of((CURSOR if here else " ", Style.null())), strip])
        return self.under_cursor(strip) if here else strip

    def choose(self, row: int) -> None:
        """Moves to another one, and says so."""
        row = min(max(row, 0), self.line_count() - 1)
        if row == self._row or self._document is None:
            return
        before, self._row = self._row, row
        self.show_line(row)
        self.refresh_line(before)
        self.refresh_line(row)
        self.post_message(self.Chosen(self._document.exchanges[row].number))

    def choose_number(self, number: int) -> bool:
        """Moves to the exchange with this number. False where there is none."""
        lines = self._document.exchanges if self._document is not None else ()
        row = next((row for row, line in enumerate(lines) if line.number == number), None)
        if row is not None:
            self.choose(row)
        return row is not None

    def move(self, rows: int) -> None:
        self.choose(self._row + rows)

    def action_down(self) -> None:
        self.move(1)

    def action_up(self) -> None:
        self.move(-1)

    def action_page_down(self) -> None:
        self.move(self.page_height)

    def action_page_up(self) -> None:
        self.move(-self.page_height)

    def action_first(self) -> None:
        self.choose(0)

    def action_last(self) -> None:
        self.choose(self.line_count())

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is not None:
            self.choose(offset.y + self.scroll_offset.y)


def subject(line: ExchangeLine) -> str:
    """``POST /v1/interactions``, or where a connection went that could not be read."""
    if line.opaque is not None:
        return printable(line.opaque)
    if line.url is None:
        return "-"
    path = "/" + line.url.partition("://")[2].partition("/")[2]
    return printable(f"{line.method} {path}")
