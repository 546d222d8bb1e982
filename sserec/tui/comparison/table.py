"""Two recordings on one screen: the panes, the pair of exchanges that they show, and what each is told of a move.

Knows the pair, its cursor and the difference that is chosen; what a key does stands in :mod:`.screen`. Invariant: the
events and the list follow a key at once; the answers and the detail as soon as there is time for them.
"""

from time import monotonic
from typing import Any

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widget import Widget

from sserec.display import count, printable
from sserec.records import Severity
from sserec.tui import kinds
from sserec.tui.comparison.answers_pane import AnswersPane
from sserec.tui.comparison.contrast_pane import ContrastPane
from sserec.tui.comparison.difference_pane import DifferencePane
from sserec.tui.comparison.event_pane import EventPane
from sserec.tui.comparison.keys import HINTS
from sserec.tui.comparison.signs import NAMES
from sserec.tui.comparison.troubled import Troubled
from sserec.tui.config import Config
from sserec.tui.handing import Handing
from sserec.tui.lines import title
from sserec.tui.model.comparison.answers import AnswerPair
from sserec.tui.model.comparison.contrast import DifferenceContrasts, EventContrasts, Question, RowContrasts
from sserec.tui.model.comparison.cursor import PairCursor
from sserec.tui.model.comparison.duo import Duo
from sserec.tui.model.comparison.facing import SIDES
from sserec.tui.moving import NO_TIMES, NS
from sserec.tui.prompt import Prompt
from sserec.tui.status import Headline, State, StatusLine
from sserec.tui.working import Working

BOTH = " ↔ "
PANE_INTERVAL_S = 1 / 40
"""Panes that cost more than a line are drawn no more often than this."""


class Table(Screen[None], Working, Handing):
    """Panes and cursor; :class:`~sserec.tui.comparison.screen.ComparisonScreen` adds what keys do."""

    def __init__(self, duo: Duo, config: Config, *, exchange: int | None = None) -> None:
        """``exchange``: the one of A to begin with."""
        super().__init__()
        self.duo, self.config = duo, config
        self.place = duo.first(exchange)
        """Which pair of exchanges is shown; None where no two belong together."""
        self.cursor: PairCursor | None = None
        self.chosen: int | None = None
        """The line of the list that is shown in detail; None where the cursor stands between two differences."""
        self.differences = DifferencePane()
        self.sides = EventPane(0, self.stray), EventPane(1, self.stray)
        self.answers, self.contrast = AnswersPane(), ContrastPane()
        self.headline, self.status = PairHeadline(), StatusLine(config.keys, HINTS)
        self.prompt = Prompt()
        self.came_from: Widget = self.sides[0]
        self.notice = self.state = ""
        self._answer_pairs: dict[int, AnswerPair] = {}
        self._rows: dict[int, RowContrasts] = {}
        self._events: dict[int, EventContrasts] = {}
        self._others: DifferenceContrasts | None = None
        self._asked: Question[Any] | None = None
        """What a job is finding out."""
        self._shown_at = 0.0
        self._is_late = False

    def compose(self) -> ComposeResult:
        yield self.headline
        if self.duo.troubles:
            for document in self.duo.troubles:
                yield Vertical(Troubled(document))
        else:
            yield Horizontal(self.differences, *self.sides, id="compared")
            yield Vertical(self.answers, self.contrast, id="below")
        yield self.prompt
        yield self.status

    def on_mount(self) -> None:
        self.status.shows_hints = self.config.hints and not self.duo.troubles
        for pane, partner, document in zip(self.sides, reversed(self.sides), self.duo.documents, strict=True):
            pane.partner, pane.time_column = partner, self.config.time
            if document.trouble is None and document.meta is not None:
                pane.anchor_unix_ns = document.meta.anchor_unix_ns
        if self.place is not None:
            self.show_pair(self.place)
            self.sides[0].focus()
        elif not self.duo.troubles:
            self.differences.focus()
        self.tell_status()

    # what is shown

    def show_pair(self, place: int) -> None:
        """Another pair of exchanges from here on."""
        self.place, self.cursor = place, self.duo.cursor(place)
        for pane, name in zip(
            self.sides, short_names(*(one.name for one in self.duo.documents)), strict=True
        ):
            pane.show_cursor(self.cursor, name)
        self.cursor_moved()

    def cursor_moved(self) -> None:
        """Everything follows."""
        cursor, found = self.cursor, self.duo.found
        if cursor is None or self.place is None:
            return
        for side in (1 - cursor.side, cursor.side):
            self.sides[side].cursor_moved()
        if found is not None:
            self.stand_at(None if cursor.row is None else found.differences.at_row(self.place, cursor.row))
        self.notice = ""
        self.tell_status()
        self.show_below_soon()

    def change_together(self) -> None:
        """By time instead of by alignment, and back."""
        if self.cursor is None or not self.cursor.change_together():
            self.say(self.why_not_together())
            return
        for pane in self.sides:
            pane.lay_out()
        self.cursor_moved()

    def why_not_together(self) -> str:
        if self.cursor is not None and not self.cursor.knows_times:
            return NO_TIMES
        return "nothing has been compared yet" if self.duo.found is None else "events were not compared"

    def stand_at(self, line: int | None) -> None:
        """On a difference, or, None, on none. One that is not of events is seen in the detail alone."""
        self.chosen = line
        self.differences.stand_at(line)
        found = self.duo.found
        is_elsewhere = found is not None and line is not None and found.differences.rows(line) is None
        if is_elsewhere != self.has_class("-elsewhere"):
            self.set_class(is_elsewhere, "-elsewhere")
            self.call_after_refresh(self.show_below)

    def show_below_soon(self) -> None:
        """Answers and detail: now, or, where they were drawn a moment ago, when there is time for them."""
        if self._is_late:
            return
        wait_s = self._shown_at + PANE_INTERVAL_S - monotonic()
        if wait_s <= 0:
            self.show_below()
        else:
            self._is_late = True
            self.set_timer(wait_s, self.show_below)

    def show_below(self) -> None:
        """Answers and detail as of the cursor."""
        self._is_late = False
        self.show_answers()
        self.show_contrast()
        self._shown_at = monotonic()

    def show_answers(self) -> None:
        cursor, pair = self.cursor, self.answer_pair
        if cursor is None or pair is None or not self.answers.size.width:
            return
        folded = cursor.folded(0), cursor.folded(1)
        self.answers.border_title = title(*map(as_of, NAMES, folded))
        if not pair.reach(folded):
            self.start("advance", self.duo.using(pair.advance(folded)))
            return
        found = pair.at(folded)
        self.answers.show(found, "" if found else "nothing of an answer yet")

    @property
    def answer_pair(self) -> AnswerPair | None:
        """The answers of the pair that is shown."""
        if self.place is None or self.cursor is None:
            return None
        return self._answer_pairs.setdefault(self.place, AnswerPair(*self.cursor.streams))

    def show_contrast(self) -> None:
        if not self.contrast.size.width:
            return
        where, question = self.looked_at()
        forms = " ".join(f"[{form}]" if form == self.contrast.form else form for form in self.contrast.FORMS)
        self.contrast.border_title = title(where, forms)
        if question is None:
            self.contrast.show(
                (), "nothing to compare yet" if self.duo.found is None else "no events to compare"
            )
            return
        found = question.answer()
        self.contrast.show(found or (), "reading …" if found is None else "")
        if found is None and question != self._asked:
            self._asked = question
            self.start("contrast", self.duo.using(question.read()))

    def contrast_read(self) -> None:
        """What took long is known."""
        self._asked = None
        self.show_contrast()

    def looked_at(self) -> tuple[str, Question[Any] | None]:
        """What the detail is about, and the question that it answers; None where there is none to ask."""
        found, cursor, place = self.duo.found, self.cursor, self.place
        if found is not None and self.chosen is not None and found.differences.rows(self.chosen) is None:
            self._others = self._others or DifferenceContrasts(found.differences)
            return "difference", Question(self._others, self.chosen)
        compared = None if found is None or place is None else found.by_pair[place].events
        if cursor is None or place is None or cursor.row is None or compared is None or cursor.facing is None:
            return "pair", None
        events = cursor.events()
        where = " | ".join("–" if event is None else f"{event + 1:,}" for event in events)
        if self.contrast.form == self.contrast.FORMS[1] and events != (None, None):
            return where, Question(self._events.setdefault(place, EventContrasts(cursor.streams)), events)
        rows = self._rows.setdefault(place, RowContrasts(compared, cursor.facing, cursor.streams))
        return where, Question(rows, cursor.row)

    def stray(self, side: int, row: int) -> str:
        """What the bytes of a row say that are no event."""
        found, cursor = self.duo.found, self.cursor
        if found is None or cursor is None or cursor.facing is None or self.place is None:
            return ""
        unit = cursor.facing.unit(side, row)
        events = found.by_pair[self.place].events
        if unit is None or events is None:
            return ""
        stray = (events.a, events.b)[side].document(unit)["stray"]
        return f"{stray['kind']}: {stray['line']}"

    # words

    def say(self, notice: str) -> None:
        self.notice = notice
        self.tell_status()

    def tell_status(self) -> None:
        self.status.tell(State(tuple(self.status_words()), self.notice))
        names = (printable(document.name) for document in self.duo.documents)
        self.headline.tell(BOTH.join(names), tuple(self.headline_facts()), self.state)

    def status_words(self) -> list[str]:
        if self.cursor is None:
            return []
        words = []
        for side in SIDES:
            stream, folded = self.cursor.streams[side], self.cursor.folded(side)
            t_ns = stream.tape.t_ns(folded - 1) if folded else None
            time = "" if t_ns is None else f" {(t_ns - stream.begin_ns) / NS:.3f} s"
            words.append(f"{NAMES[side]} {folded:,}/{len(stream):,}{time}")
        found = self.duo.found
        if found is not None and self.chosen is not None:
            words.append(f"difference {found.differences.number(self.chosen):,}/{found.differences.count:,}")
        return [*words, str(self.cursor.together)]

    def headline_facts(self) -> list[str]:
        facts = []
        if self.place is not None and len(self.duo.pairs) > 1:
            a, b = self.duo.pairs[self.place]
            facts.append(f"exchange {a}|{b}")
        if self.duo.found is not None:
            comparison = self.duo.found.comparison
            facts.append("the same" if comparison.is_same else count(comparison.count, "difference"))
        if self.duo.problems:
            facts.append(f"{kinds.FINDINGS[Severity.ERROR]} {count(len(self.duo.problems), 'problem')}")
        return facts


class PairHeadline(Headline):
    """Two names."""

    def shorter(self, name: str) -> str:
        return BOTH.join(short_names(*name.split(BOTH)))


def short_names(*paths: str) -> list[str]:
    """As much of the ends of two paths as tells them apart."""
    parts = [path.split("/") for path in paths]
    count = next((n for n in range(1, max(map(len, parts))) if parts[0][-n:] != parts[-1][-n:]), 1)
    return ["/".join(names[-count:]) for names in parts]


def as_of(name: str, folded: int) -> str:
    return f"{name} as of event {folded:,}" if folded else f"{name} before its first event"
