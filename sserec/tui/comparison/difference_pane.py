"""The list of differences. Moving in it chooses one; :class:`DifferencePane.Chosen` says which."""

from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip

from sserec.diff import Difference, Kind
from sserec.display import count, printable
from sserec.tui.comparison.signs import INKS, SIGNS
from sserec.tui.kinds import CURSOR, ELLIPSIS
from sserec.tui.lines import CursorLines, strip_of, title
from sserec.tui.model.comparison.differences import DifferenceList, Section, numbers

SIGN_WIDTH = 3
Words = list[tuple[str, Style]]


class DifferencePane(CursorLines):
    """The list, one line each, with a heading for each pair of exchanges where there are several."""

    class Chosen(Message):
        """Another line, or the same again."""

        def __init__(self, line: int) -> None:
            super().__init__()
            self.line = line

    def __init__(self) -> None:
        super().__init__(id="differences")
        self._list: DifferenceList | None = None
        self._notice = ""
        self._at: int | None = None
        self.tell("")

    def tell(self, notice: str) -> None:
        """Why there is no list yet."""
        self._notice = notice
        self.border_title = title("differences")
        self.lines_changed()

    def show_list(self, found: DifferenceList) -> None:
        self._list = found
        self._notice = "" if found.count else "The same."
        self.lines_changed()
        self.stand_at(None)

    def stand_at(self, line: int | None) -> None:
        """The cursor follows the one in the events; None between two differences."""
        if self._list is None:
            return
        before, self._at = self._at, line
        number = "" if line is None else f"{self._list.number(line):,}/"
        self.border_title = title("differences", f"{number}{self._list.count:,}")
        for changed in {before, line} - {None}:
            self.refresh_line(changed or 0)
        if line is not None:
            self.show_line(line)

    def on_resize(self) -> None:
        self.lines_changed()

    def line_count(self) -> int:
        return len(self._list) if self._list is not None and self._list.count else 1

    def make_line(self, y: int) -> Strip:
        if self._list is None or not self._list.count:
            return strip_of((f" {self._notice}", self.ink("notice")))
        section, difference = self._list[y]
        return strip_of(
            *(heading(section, self.ink("heading")) if difference is None else self._words(difference))
        )

    def _words(self, difference: Difference) -> Words:
        kind = difference.kind
        sign: Words = [(f"{SIGNS[kind]} ", self.ink(INKS[kind]))]
        if not difference.label:
            times = f" ({difference.count:,} times)" if difference.count > 1 else ""
            path = ending(printable(difference.path) + times, self.size.width - SIGN_WIDTH)
            return [*sign, (path, Style.null())]
        return [
            *sign,
            (where(difference) + " ", self.ink("quiet")),
            (printable(difference.label), Style.null()),
        ]

    def dress_line(self, y: int, strip: Strip) -> Strip:
        here = y == self._at
        strip = Strip.join([strip_of((CURSOR if here else " ", Style.null())), strip])
        return self.under_cursor(strip) if here else strip

    def action_first(self) -> None:
        self._choose(0)

    def action_last(self) -> None:
        self._choose(self.line_count() - 1)

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is not None and offset.y + self.scroll_offset.y < self.line_count():
            self._choose(offset.y + self.scroll_offset.y)

    def _move(self, lines: int) -> None:
        self._choose(lines - (lines > 0) if self._at is None else self._at + lines)

    def _choose(self, line: int) -> None:
        if self._list is not None and self._list.count:
            self.post_message(self.Chosen(min(max(line, 0), self.line_count() - 1)))


def ending(text: str, width: int) -> str:
    """The end of a path says more than its beginning."""
    return text if len(text) <= width else ELLIPSIS + text[len(text) - max(width, 1) + 1 :]


def where(difference: Difference) -> str:
    """The events that differ: ``7``, ``7|8``, ``7 → 12``."""
    sides = [numbers(span) for span in (difference.a_events, difference.b_events) if span is not None]
    if difference.kind is Kind.MOVED:
        return " → ".join(sides)
    return "|".join(dict.fromkeys(sides))


def heading(section: Section, ink: Style) -> Words:
    """``exchange 1|1  3 differences``"""
    differences = count(section.count, "difference")
    if section.compared is None:
        return [(f"only on one side  {differences}", ink)]
    a, b = section.compared.a.exchange, section.compared.b.exchange
    return [(f"exchange {a.number}|{b.number}  {differences}", ink)]
