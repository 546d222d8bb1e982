"""The desk with everything that can be done at it: panes, commands, prompts, a file that grows.

Knows who does what; each errand itself stands in a mixin.
"""

from time import thread_time
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget

from sserec.errors import SserecError
from sserec.tui.companion import STILL_RUNNING
from sserec.tui.config import TIME_COLUMNS
from sserec.tui.event_list import EventList
from sserec.tui.finding import Finding
from sserec.tui.help import help_lines
from sserec.tui.host import APP_KEYS
from sserec.tui.keymap import ANYWHERE, bindings
from sserec.tui.model.jobs import Progress
from sserec.tui.moving import Moving
from sserec.tui.page import PageLine
from sserec.tui.picturing import Picturing
from sserec.tui.running import Running
from sserec.tui.taking import CHECKING, Taking
from sserec.tui.text_pane import TextPane

REFRESH_S = 0.05
"""How often a growing file is looked at: rates of ten thousand events a second cost no more than ten."""
SLOWEST_S = 0.25
SHARE = 0.25
"""Of a core that looking and drawing take at most; where they would take more, there are fewer looks."""
PICTURE_EVERY = 5
"""Of those looks, each fifth redraws the timeline."""


class Workspace(Moving, Finding, Taking, Running, Picturing):
    """One recording, and all that keys do with it."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(ANYWHERE - APP_KEYS)

    _looks = 0
    _cpu_s = 0.0
    """What this thread had taken of a core at the last look."""
    _warned_of = ""

    def on_mount(self) -> None:
        if self.document.is_live or self.follows:
            self.watch_file()
        if self.follows:
            self.call_after_refresh(self.action_follow)

    # panes

    def panes(self) -> list[Widget]:
        """Those that keys can go to, in order."""
        panes: list[Widget] = [self.exchanges] if self.exchanges.display else []
        panes += [self.events, self.answer, self.detail]
        return [*panes, *([self.output] if self.companion is not None else []), self.timeline]

    def action_pane(self, direction: int) -> None:
        panes = self.panes()
        focused = self.screen.focused
        here = panes.index(focused) if focused in panes else 0
        self.go_to_pane(panes[(here + direction) % len(panes)])

    def go_to_pane(self, pane: Widget) -> None:
        """Gives it the keys; where answer and detail share a place, shows it there."""
        if pane in (self.answer, self.detail):
            self.set_class(pane is self.detail, "-detail")
        if self.has_class("-zoom"):
            self.zoom(pane)
        self.screen.set_focus(pane)
        self.call_after_refresh(self.show_place)

    def action_open(self) -> None:
        focused = self.screen.focused
        if focused is self.detail:
            self.detail.fold()
        elif focused is self.exchanges:
            self.go_to_pane(self.events)
        else:
            self.go_to_pane(self.detail)

    def on_event_list_opened(self, _: EventList.Opened) -> None:
        self.go_to_pane(self.detail)

    def action_back(self) -> None:
        """One thing less: zoom, pane, filter; at last the viewer."""
        if self.has_class("-zoom"):
            self.action_zoom()
        elif self.screen.focused is not self.events:
            self.set_class(False, "-detail")
            self.screen.set_focus(self.events)
        else:
            self.leave()

    def leave(self) -> None:
        """Ends the viewer; where that would end a command or lose marks, not before it was said twice."""
        loss = self.loss_in_leaving()
        if loss and loss != self._warned_of:
            self._warned_of = loss
            self.say(loss)
            return
        self.app.exit()

    def loss_in_leaving(self) -> str:
        """What there is to say before the viewer ends; empty where it may end at once."""
        if self.companion is not None and self.companion.returncode is None:
            return STILL_RUNNING
        marks = self.document.marks
        if not marks.is_dirty:
            return ""
        return f"once more leaves without the marks: {marks.can_save or 'they are not written (w does)'}"

    def action_zoom(self) -> None:
        focused = self.screen.focused
        self.zoom(None if self.has_class("-zoom") or focused is None else focused)

    def zoom(self, pane: Widget | None) -> None:
        """Only ``pane`` is shown; None: all are."""
        self.set_class(pane is not None, "-zoom")
        for each in self.panes():
            each.set_class(each is pane, "-zoomed")
        self.set_class(pane in (self.exchanges, self.events), "-zoom-left")
        self.set_class(pane in (self.answer, self.detail), "-zoom-right")
        self.set_class(pane in (self.output, self.timeline), "-zoom-foot")
        self.call_after_refresh(self.show_place)

    def action_form(self) -> None:
        self.detail.next_form()
        self.show_detail()

    def action_time_column(self) -> None:
        self.do_time(TIME_COLUMNS[(TIME_COLUMNS.index(self.events.time_column) + 1) % len(TIME_COLUMNS)])

    def do_time(self, argument: str) -> None:
        if argument not in TIME_COLUMNS:
            raise SserecError(f"the time column is one of {', '.join(TIME_COLUMNS)}")
        self.events.time_column = argument
        self.events.lay_out()
        self.say(f"times: {argument}")

    def action_hints(self) -> None:
        self.status.shows_hints = not self.status.shows_hints
        self.status.refresh()

    # prompts

    def help_lines(self) -> list[PageLine]:
        return help_lines(self.config.keys)

    def words_for(self, command: str) -> list[str]:
        match command:
            case "exchange":
                return [str(line.number) for line in self.document.exchanges]
            case "step":
                return sorted({step.type for step in self.stream.shape.steps})
        return super().words_for(command)

    def obey(self, purpose: str, text: str) -> None:
        match purpose:
            case "find-text":
                if text and isinstance(self.came_from, TextPane):
                    self.find_in_pane(self.came_from, text)
            case "find":
                if text:
                    self.do_find(text)
            case _:
                super().obey(purpose, text)

    # what jobs and the file bring

    def job_moved(self, name: str, progress: Progress | None) -> None:
        match name:
            case "load":
                self.loaded_more(progress)
            case "find":
                self.found_more(is_over=progress is None)
            case "filter":
                self.filtered_more(progress)
            case "answer":
                self.folded_more(progress)
            case "check":
                self.checked_more(progress)

    def loaded_more(self, progress: Progress | None) -> None:
        self.cursor.settle_if_lost()
        self.events.rows_changed()
        self.timeline.picture_changed()
        if progress is None:
            self.tell_status()
            if self.config.check and not self.may_grow and not self.stream.findings.is_complete:
                self.start("check", self.document.check())

    def folded_more(self, progress: Progress | None) -> None:
        if progress is None:
            self.show_answer()
        else:
            self.title_answer(f"folding {progress.fraction:.0%}")

    def checked_more(self, progress: Progress | None) -> None:
        self.events.refresh()
        self.timeline.picture_changed()
        if progress is None:
            self.show_detail()
            if self.notice == CHECKING:
                self.say(self.findings_in_short())

    def watch_file(self) -> None:
        """Looks at the file again and again, as long as it grows."""
        before, self._cpu_s = self._cpu_s, thread_time()
        self.set_timer(pause_after(self._cpu_s - before), self.look_again)

    @property
    def may_grow(self) -> bool:
        """Whether more may come; nobody can know when a plain text is over."""
        runs = self.companion is not None and self.companion.returncode is None
        return runs or self.document.is_live or (self.follows and not self.document.is_archive)

    def look_again(self) -> None:
        self._looks += 1
        is_talking = self.companion is not None and self.companion.is_talking
        self.output.look_again()
        if self.document.refresh():
            self.stream_grew()
        if self.may_grow or is_talking:
            self.watch_file()
        else:
            self.stream_grew()
            self.begin_loading()

    def stream_grew(self) -> None:
        self.exchanges.display = len(self.document.exchanges) > 1
        if self.exchanges.display:
            self.exchanges.exchanges_changed()
        self.events.rows_changed()
        if self.cursor.following:
            self.cursor.keep_up()
            self.cursor_moved()
        if self._looks % PICTURE_EVERY == 0:
            self.begin_loading()
        self.tell_status()


def pause_after(cpu_s: float) -> float:
    """How long to leave a growing file alone, where the last look and what was drawn of it took so much of a core."""
    return min(max(cpu_s / SHARE, REFRESH_S), SLOWEST_S)
