"""The comparison, beside the screen, and the way through what it found.

Knows the job that compares and the list of differences; must not know how either finds what it does.
"""

from time import monotonic

from textual.message import Message
from textual.worker import Worker, get_current_worker

from sserec.diff import Aspect, Difference
from sserec.display import printable
from sserec.errors import SserecError
from sserec.tui.comparison.difference_pane import DifferencePane
from sserec.tui.comparison.playing import Playing
from sserec.tui.model.jobs import Progress
from sserec.tui.moving import where
from sserec.tui.working import TELL_INTERVAL_S, JobMoved

AT_THE_END = (Aspect.INTERACTION, Aspect.END)
NOWHERE = (Aspect.EXCHANGE, Aspect.TIMING)


class Left(Exception):
    """Nobody waits for the comparison any more."""


class Failed(Message):
    """The comparison could not be made."""

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


class Choosing(Playing):
    """Keys and commands that go to differences."""

    # the comparison

    def on_mount(self) -> None:
        if not self.duo.troubles:
            self.differences.tell("comparing …")
            self.call_after_refresh(self.begin)

    def begin(self) -> None:
        """What is not needed for the first frame."""
        self.prompt.furnish()
        self.show_below()
        self.run_worker(self._compare, group="compare", thread=True)

    def _compare(self) -> None:
        worker: Worker[None] = get_current_worker()
        told_at = 0.0

        def tell(progress: Progress) -> None:
            nonlocal told_at
            if worker.is_cancelled:
                raise Left
            if monotonic() - told_at >= TELL_INTERVAL_S:
                told_at = monotonic()
                self.post_message(JobMoved("compare", progress, worker))

        with self.duo.in_use():
            try:
                self.duo.compare(tell)
            except Left:
                return
            except (SserecError, OSError) as fault:
                self.post_message(Failed(str(fault)))
                return
        self.post_message(JobMoved("compare", None, worker))

    def on_failed(self, failed: Failed) -> None:
        self.state = ""
        self.differences.tell(printable(failed.reason))
        self.say(printable(failed.reason))

    def job_moved(self, name: str, progress: Progress | None) -> None:
        if name == "compare":
            self.compared_more(progress)
        elif progress is None:
            if name == "contrast":
                self.contrast_read()
            elif name == "times":
                self.play()
            else:
                self.show_answers()

    def compared_more(self, progress: Progress | None) -> None:
        if progress is None:
            self.compared()
            return
        is_read = progress.fraction > 0.99
        self.state = "aligning …" if is_read else f"comparing {progress.fraction:.0%}"
        self.differences.tell(self.state)
        self.tell_status()

    def compared(self) -> None:
        """Both sides are known; the cursor goes to the first difference, unless the person has moved it."""
        assert self.duo.found is not None
        self.state = ""
        has_moved = self.cursor is not None and self.cursor.line > 0
        self.duo.take_in()
        self.differences.show_list(self.duo.found.differences)
        if self.place is not None:
            self.show_pair(self.place)
        if not has_moved and self.duo.found.differences.count:
            self.choose(self.duo.found.differences.next(-1, 0, None, 1))
        self.tell_status()
        self.compare_answers()

    def compare_answers(self) -> None:
        pair = self.answer_pair
        if pair is not None and not pair.is_compared and self.duo.found is not None:
            self.start("answers", self.duo.using(pair.compare()))

    # differences

    def choose(self, line: int | None) -> None:
        """Goes to a difference: into the events where it is one of events."""
        found = self.duo.found
        if found is None or line is None:
            return
        section, rows = found.differences[line].section, found.differences.rows(line)
        if section.pair is not None and section.pair != self.place:
            self.show_pair(section.pair)
            self.compare_answers()
        if self.cursor is not None:
            self.go_where(found.differences[line].difference, rows)
            self.cursor_moved()
        self.stand_at(line)
        self.show_below_soon()
        self.tell_status()

    def go_where(self, difference: Difference | None, rows: range | None) -> None:
        """Where a difference is seen: that of an interaction at its end, that of a head before the first event."""
        assert self.cursor is not None
        if rows is not None:
            self.cursor.to_row(rows.start)
        elif difference is not None and difference.a_events is not None:
            self.cursor.lead(0)
            self.cursor.to_event(difference.a_events.first)
        elif difference is not None and difference.aspect not in NOWHERE:
            self.cursor.to_percent(100 if difference.aspect in AT_THE_END else 0)

    def on_difference_pane_chosen(self, chosen: DifferencePane.Chosen) -> None:
        self.choose(chosen.line)

    def action_finding(self, direction: int) -> None:
        """To the next difference."""
        found = self.duo.found
        if found is None:
            self.say("nothing has been compared yet")
            return
        pair, row = (-1, None) if self.place is None or self.cursor is None else (self.place, self.cursor.row)
        line = found.differences.next(self.chosen, pair, row, direction)
        if line is None:
            self.say(f"no difference {where(direction)}")
        else:
            self.choose(line)

    def do_next(self, _: str) -> None:
        self.action_finding(1)

    def do_previous(self, _: str) -> None:
        self.action_finding(-1)
