"""What keys and commands do where two recordings are compared.

Knows the cursor's verbs and the list of differences; must not know how either finds its way.
"""

from pathlib import Path
from typing import ClassVar

from textual.binding import BindingType
from textual.types import CSSPathType
from textual.widget import Widget

from sserec.display import printable
from sserec.errors import UsageError
from sserec.records import Severity
from sserec.tui import kinds
from sserec.tui.commands import Command, parse_place
from sserec.tui.comparison.event_pane import EventPane
from sserec.tui.comparison.keys import COMPARISON_COMMANDS, KEYS, help_lines
from sserec.tui.comparison.seeking import Seeking
from sserec.tui.config import TIME_COLUMNS
from sserec.tui.host import APP_KEYS
from sserec.tui.keymap import SCROLLING, bindings
from sserec.tui.moving import NO_TIMES, NS, where
from sserec.tui.page import Page, PageLine
from sserec.tui.text_pane import TextPane

STYLES = Path(__file__).with_name("comparison.tcss")


class ComparisonScreen(Seeking):
    """``sserec diff --view``."""

    CSS_PATH: ClassVar[CSSPathType | None] = STYLES
    BINDINGS: ClassVar[list[BindingType]] = bindings(KEYS - SCROLLING - APP_KEYS)
    commands: ClassVar[tuple[Command, ...]] = COMPARISON_COMMANDS

    # moves

    def on_event_pane_moved(self, _: EventPane.Moved) -> None:
        self.cursor_moved()

    def on_event_pane_opened(self, _: EventPane.Opened) -> None:
        self.go_to_pane(self.contrast)

    def went(self, moved: bool, otherwise: str) -> None:
        if moved:
            self.cursor_moved()
        else:
            self.say(otherwise)

    def action_event(self, count: int) -> None:
        if self.cursor is not None:
            self.went(self.cursor.move(count), "the first line" if count < 0 else "the last line")

    def action_seconds(self, seconds: int) -> None:
        self.by_time(seconds * NS)

    def by_time(self, delta_ns: int) -> None:
        if self.cursor is None or not self.cursor.knows_times:
            self.say(NO_TIMES)
        else:
            self.went(self.cursor.by_time(delta_ns), f"no event {where(delta_ns)}")

    def action_percent(self, percent: float) -> None:
        if self.cursor is not None:
            self.cursor.to_percent(percent)
            self.cursor_moved()

    def action_tenth(self, tenths: int) -> None:
        if self.cursor is not None:
            last = max(self.cursor.line_count(self.cursor.side) - 1, 1)
            self.action_percent(100 * self.cursor.line / last + 10 * tenths)

    def do_go(self, argument: str) -> None:
        if self.cursor is None:
            return
        place = parse_place(argument)
        if place.by_ns is not None:
            self.by_time(place.by_ns)
        elif place.percent is not None:
            self.action_percent(place.percent)
        elif place.event is not None:
            self.went(self.cursor.to_event(place.event), f"already at {argument}")
        elif not self.cursor.knows_times:
            raise UsageError(NO_TIMES)
        else:
            self.went(self.cursor.to_time(place.t_ns or 0), f"already at {argument}")

    def do_together(self, _: str) -> None:
        self.action_together()

    def action_exchange(self, direction: int) -> None:
        paired = self.duo.paired
        if self.place is None or len(paired) < 2:
            self.say("there is no other pair of exchanges")
            return
        self.go_to_pair(paired[(paired.index(self.place) + direction) % len(paired)])

    def do_pair(self, argument: str) -> None:
        paired = self.duo.paired
        if not argument.isdecimal() or not 1 <= int(argument) <= len(paired):
            raise UsageError(f"no pair {argument or 'without a number'}: there are {len(paired)}")
        self.go_to_pair(paired[int(argument) - 1])

    def go_to_pair(self, place: int) -> None:
        self.show_pair(place)
        self.compare_answers()

    # panes

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Where a file cannot be viewed there is nothing to move in."""
        return action in ("back", "hints") if self.duo.troubles else super().check_action(action, parameters)

    def action_differences(self) -> None:
        """Hides the list, or shows it."""
        self.toggle_class("-toggled")
        if not self.differences.display and self.focused is self.differences:
            self.set_focus(self.sides[0])
        self.call_after_refresh(self.show_below)

    def panes(self) -> list[Widget]:
        """Those that keys can go to, in order."""
        listed: list[Widget] = [self.differences] if self.differences.display else []
        return [*listed, *self.sides, self.answers, self.contrast]

    def action_pane(self, direction: int) -> None:
        panes = self.panes()
        here = panes.index(self.focused) if self.focused in panes else 0
        self.go_to_pane(panes[(here + direction) % len(panes)])

    def go_to_pane(self, pane: Widget) -> None:
        """Gives it the keys; where answers and detail share a place, shows it there."""
        if pane in (self.answers, self.contrast):
            self.set_class(pane is self.contrast, "-detail")
        if self.has_class("-zoom"):
            self.zoom(pane)
        self.set_focus(pane)
        self.call_after_refresh(self.show_below)

    def action_open(self) -> None:
        self.go_to_pane(self.sides[0] if self.focused is self.differences else self.contrast)

    def action_back(self) -> None:
        """One thing less: zoom, pane; at last the screen."""
        if self.has_class("-zoom"):
            self.action_zoom()
        elif self.duo.troubles or self.focused in self.sides:
            self.leave()
        else:
            self.set_class(False, "-detail")
            self.set_focus(self.sides[0])
            self.call_after_refresh(self.show_below)

    def leave(self) -> None:
        """Back to where it was opened from; the application where that is nowhere."""
        if self.app.screen_stack[0] is self:
            self.app.exit()
        else:
            self.dismiss(None)

    def on_unmount(self) -> None:
        self.duo.close()

    def action_zoom(self) -> None:
        self.zoom(None if self.has_class("-zoom") else self.focused)

    def zoom(self, pane: Widget | None) -> None:
        """Only ``pane`` is shown; None: all are."""
        self.set_class(pane is not None, "-zoom")
        for each in self.panes():
            each.set_class(each is pane, "-zoomed")
        is_below = pane in (self.answers, self.contrast)
        self.set_class(pane is not None and not is_below, "-zoom-above")
        self.set_class(is_below, "-zoom-below")
        self.call_after_refresh(self.show_below)

    def on_resize(self) -> None:
        """Panes may have come to sight."""
        self.call_after_refresh(self.show_below)

    def action_form(self) -> None:
        self.contrast.next_form()
        self.show_contrast()
        self.contrast.content_changed()

    def action_time_column(self) -> None:
        here = TIME_COLUMNS.index(self.sides[0].time_column)
        self.do_time(TIME_COLUMNS[(here + 1) % len(TIME_COLUMNS)])

    def do_time(self, argument: str) -> None:
        if argument not in TIME_COLUMNS:
            raise UsageError(f"the time column is one of {', '.join(TIME_COLUMNS)}")
        for pane in self.sides:
            pane.time_column = argument
            pane.lay_out()
        self.say(f"times: {argument}")

    def action_hints(self) -> None:
        self.status.shows_hints = not self.status.shows_hints
        self.status.refresh()

    # pages, text

    def help_lines(self) -> list[PageLine]:
        return help_lines(self.config.keys)

    def action_findings(self) -> None:
        """What is wrong with the files."""
        sign = kinds.FINDINGS[Severity.ERROR]
        problems = [PageLine(printable(problem), sign) for problem in self.duo.problems]
        notes = [PageLine(note) for note in self.notes()]
        self.app.push_screen(
            Page("problems", [*problems, *notes] or [PageLine("Nothing is wrong with the files.")])
        )

    def notes(self) -> list[str]:
        """What was not compared, and why."""
        found = self.duo.found
        if found is None or self.place is None:
            return []
        return [printable(note) for note in found.by_pair[self.place].notes]

    def shown_text(self) -> tuple[str, str]:
        focused = self.focused
        if isinstance(focused, TextPane):
            return focused.text(), focused.id or "text"
        if not isinstance(focused, EventPane) or self.cursor is None:
            return "", "nothing"
        event = self.cursor.events()[focused.side]
        if event is None:
            return "", "nothing"
        data = self.cursor.streams[focused.side].tape.event(event).data
        return data.decode("utf-8", "replace"), f"data of event {event + 1}"
