"""One recording on the screen: its panes, and the cursor that they all follow.

Knows the document, the stream that is shown and how panes are told of a move; what a key does stands in the mixins
(:mod:`sserec.tui.moving`, ``finding``, ``taking``, ``working``). Invariant: the list and the timeline follow the
cursor at once; the answer and the detail as soon as there is time for them, and always to where it stands now.
"""

from time import monotonic

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from sserec.display import count, duration, printable, size
from sserec.records import Severity
from sserec.tui import kinds
from sserec.tui.answer_pane import AnswerPane, text_of
from sserec.tui.commanding import Commanding
from sserec.tui.companion import Companion
from sserec.tui.config import Config
from sserec.tui.detail import FORMS, DetailPane
from sserec.tui.event_list import EventList
from sserec.tui.exchanges import ExchangeList
from sserec.tui.lines import title
from sserec.tui.model.answer import blocks
from sserec.tui.model.cursor import Cursor
from sserec.tui.model.document import Document
from sserec.tui.model.playback import Playback
from sserec.tui.model.stream import Stream
from sserec.tui.output_pane import OutputPane
from sserec.tui.prompt import Prompt
from sserec.tui.status import Headline, State, StatusLine
from sserec.tui.timeline import Timeline
from sserec.tui.working import Working

PANE_INTERVAL_S = 1 / 40
"""Panes that cost more than a line are drawn no more often than this."""
FRAME_S = 1 / 60
NEAR_EVENTS = 64
"""A move no longer than this costs little in the panes."""
NS = 1_000_000_000


class DeskBase(Working, Commanding):
    """Panes and cursor; the mixins of :class:`~sserec.tui.workspace.Workspace` add what keys do."""

    def __init__(
        self,
        document: Document,
        config: Config,
        *,
        exchange: int | None = None,
        follow: bool = False,
        companion: Companion | None = None,
    ) -> None:
        """``follow``: stay at the end. ``companion``: the recording that runs beside."""
        super().__init__(id="desk")
        self.document, self.config = document, config
        self.stream: Stream = document.stream(exchange or document.best)
        self.cursor = Cursor(self.stream)
        self.playback: Playback | None = None
        self.notice = ""
        self.events, self.exchanges = EventList(), ExchangeList()
        self.answer, self.detail = AnswerPane(), DetailPane()
        self.timeline, self.headline, self.status = Timeline(), Headline(), StatusLine(config.keys)
        self.prompt, self.output = Prompt(), OutputPane(companion)
        self.companion, self.follows = companion, follow
        self.came_from: Widget = self.events
        """The pane that had the keys before a prompt took them."""
        self._shown_at, self._shown_folded = 0.0, 0
        self._is_late = False

    def compose(self) -> ComposeResult:
        yield self.headline
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield self.exchanges
                yield self.events
            with Vertical(id="right"):
                yield self.answer
                yield self.detail
        if self.companion is not None:
            yield self.output
        yield self.timeline
        yield self.prompt
        yield self.status

    def on_mount(self) -> None:
        self.status.shows_hints = self.config.hints
        self.events.time_column = self.config.time
        if self.document.meta is not None:
            self.events.anchor_unix_ns = self.document.meta.anchor_unix_ns
        self.exchanges.display = len(self.document.exchanges) > 1
        self.exchanges.show_document(self.document, self.stream.number)
        self.show_stream(self.stream)
        self.events.focus()

    def show_stream(self, stream: Stream) -> None:
        """Another exchange from here on."""
        self.stream, self.cursor, self.playback = stream, Cursor(stream), None
        self.events.show_stream(stream, self.cursor)
        self.timeline.show_stream(stream.overview, self.cursor)
        self.cursor_moved()
        self.call_after_refresh(self.begin_loading)

    def begin_loading(self) -> None:
        """What is not needed for the first frame."""
        self.show_place()
        if not self.prompt.children:
            self.prompt.furnish()
        self.start("load", self.stream.load())

    def on_resize(self) -> None:
        """Panes may have come to sight."""
        self.call_after_refresh(self.show_place)

    # the cursor

    def cursor_moved(self) -> None:
        """Everything follows."""
        self.events.cursor_moved()
        self.timeline.refresh()
        self.tell_status()
        self.show_place_soon()

    def show_place_soon(self) -> None:
        """Answer and detail: now, or, where they were drawn a moment ago or it is a leap, after the next frame."""
        if self._is_late:
            return
        wait_s = self._shown_at + PANE_INTERVAL_S - monotonic()
        is_near = abs(self.cursor.folded - self._shown_folded) <= NEAR_EVENTS
        if wait_s <= 0 and is_near:
            self.show_place()
        else:
            self._is_late = True
            self.set_timer(max(wait_s, FRAME_S), self.show_place)

    def show_place(self) -> None:
        """Answer and detail as of the cursor."""
        self._is_late = False
        self.show_answer()
        self.show_detail()
        self._shown_at, self._shown_folded = monotonic(), self.cursor.folded

    def show_answer(self) -> None:
        folded, answer = self.cursor.folded, self.stream.answer
        self.title_answer()
        if self.answer.size.width == 0:
            return
        assembly = answer.at(folded, self.answer.steps_wanted)
        is_glimpse = assembly is None
        if assembly is None:
            self.start("answer", answer.advance(folded))
            assembly = answer.glimpse(folded, self.answer.steps_wanted)
        shown = blocks(assembly)
        notice = "" if shown or is_glimpse else self.no_answer()
        self.answer.show(shown, assembly.steps_before, notice, is_glimpse=is_glimpse)

    def title_answer(self, *facts: str) -> None:
        """Heads the answer's pane: as of when, and what else there is to say."""
        folded = self.cursor.folded
        self.answer.border_title = title(f"answer as of event {folded:,}" if folded else "answer", *facts)

    def on_answer_pane_wanting(self, _: AnswerPane.Wanting) -> None:
        self.show_answer()

    def whole_answer(self) -> str:
        """All of the answer, each block below its title; what is seen of it while it is still being folded."""
        assembly = self.stream.answer.at(self.cursor.folded)
        return self.answer.text() if assembly is None else text_of(blocks(assembly))

    def no_answer(self) -> str:
        """Why the answer pane is empty."""
        if not len(self.stream):
            return "no event yet" if self.document.is_live else "this exchange holds no event stream"
        return "nothing of an answer yet"

    def show_detail(self) -> None:
        if self.detail.size.width == 0 or not len(self.stream.rows):
            return
        self.cursor.settle_if_lost()
        place = self.cursor.place
        self.detail.show(self.stream.detail(place), self.stream.tape, self.remarks())
        line = self.stream.rows.line(self.cursor.row)
        name = f"event {line.number:,}" if line.number is not None else line.type
        forms = " ".join(f"[{form}]" if form == self.detail.form else form for form in FORMS)
        self.detail.border_title = title(name, size(line.size_bytes), forms)

    def remarks(self) -> list[str]:
        """What there is to say about the event under the cursor."""
        place = self.cursor.place
        text = self.stream.note(place)
        note = [f"{kinds.NOTE} {printable(text)}"] if text else []
        if place.stray is not None:
            return note
        return note + [
            f"{kinds.FINDINGS[finding.severity]} {finding.severity}: {printable(finding.message)} [{finding.rule}]"
            for finding in self.stream.findings.of(place.event)
        ]

    # words

    def say(self, notice: str) -> None:
        """One line at the foot, until the next move."""
        self.notice = notice
        self.tell_status()

    def tell_status(self) -> None:
        self.status.tell(State(tuple(self.status_words()), self.notice))
        self.headline.tell(printable(self.document.name), tuple(self.headline_facts()), self.going_on())

    def status_words(self) -> list[str]:
        total = len(self.stream)
        words = [f"{self.cursor.number or '-'}/{total:,}"] if total else ["no events"]
        if self.cursor.t_ns is not None:
            words.append(f"{self.cursor.t_ns / NS:.3f} s")
        playback = self.playback
        if playback is not None and playback.is_playing:
            words[:0] = [f"{kinds.PLAYING} ×{playback.speed:g}"]
        if self.cursor.following:
            words.append("FOLLOW")
        if self.document.marks.is_dirty:
            words.append("marks not written")
        return words

    def headline_facts(self) -> list[str]:
        document, stream = self.document, self.stream
        facts = [count(len(document.exchanges), "exchange")] if len(document.exchanges) > 1 else []
        line = next((line for line in (document.line(stream.number),) if line), None)
        facts.append(count(len(stream), "event"))
        if stream.is_timed and len(stream):
            facts.append(duration(stream.end_ns - stream.begin_ns))
        if line is not None and line.ending:
            facts.append(line.ending)
        if document.problems:
            facts.append(f"{kinds.FINDINGS[Severity.ERROR]} {count(len(document.problems), 'problem')}")
        return facts

    def going_on(self) -> str:
        return f"{kinds.LIVE} LIVE" if self.document.is_live else ""
