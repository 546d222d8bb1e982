"""One exchange opened for viewing: its tape, and everything that looks at it.

Puts together what the modules beside it know, and keeps them up with a file that grows; must not know the other
exchanges. Invariant: opening one reads nothing but the tables' ends.
"""

from collections.abc import Callable
from typing import Any

from sserec.recording import Exchange
from sserec.records import Severity
from sserec.timeline import STALL_NS
from sserec.tui.model.answer import Answer
from sserec.tui.model.detail import Detail
from sserec.tui.model.findings import Findings
from sserec.tui.model.jobs import Job
from sserec.tui.model.marks import Marks
from sserec.tui.model.medium import Medium
from sserec.tui.model.overview import Overview
from sserec.tui.model.places import Place
from sserec.tui.model.query import Query
from sserec.tui.model.rows import Rows
from sserec.tui.model.search import Hits
from sserec.tui.model.shape import Shape
from sserec.tui.model.tape import Tape


class Stream:
    """The events of one exchange."""

    def __init__(
        self, medium: Medium, number: int, marks: Callable[[], Marks], stall_ns: int = STALL_NS
    ) -> None:
        self.number = number
        self._medium = medium
        self._marks = marks
        self.tape = Tape(medium, number)
        self._look_up_exchange()
        self.shape = Shape(
            self.tape,
            is_event_stream=self.exchange.is_event_stream,
            is_over=lambda: not self.exchange.is_live,
            stall_ns=stall_ns,
        )
        self.findings = Findings()
        self.answer = Answer(self.tape, self._step_began)
        self.rows = Rows(self.tape, self.shape, self)
        self.overview = Overview(self.tape, self.shape, self.findings, self)

    def __len__(self) -> int:
        """How many events there are so far."""
        return len(self.tape)

    @property
    def is_timed(self) -> bool:
        """Whether the file knows when anything came."""
        return self.tape.is_timed

    @property
    def begin_ns(self) -> int:
        """Where its time begins: when the request had been sent; 0 where nobody knows."""
        begin_ns = self.exchange.t_begin_ns
        if begin_ns is None and len(self.tape):
            begin_ns = self.tape.t_ns(0)
        return begin_ns or 0

    @property
    def end_ns(self) -> int:
        """Where its time ends: when the exchange was closed, or the last event came."""
        last_ns = self.tape.t_ns(len(self.tape) - 1) if len(self.tape) else None
        close = self.exchange.close
        return max(self.begin_ns, last_ns or 0, close.t_ns if close is not None else 0)

    def load(self) -> Job:
        """Finds out what needs all of it: events where the file has no table, times, stalls, steps, strays."""
        for progress in self._medium.index():
            self.refresh()
            yield progress
        yield from self.shape.load()

    def refresh(self) -> bool:
        """Takes in what the file has grown by. True when there is more; :meth:`load` then finds out about it."""
        with self._medium.lock:
            self._look_up_exchange()
        return self.tape.refresh()

    def find(self, query: Query) -> Hits:
        """A search, to be run by its ``scan`` or ``seek``."""
        return Hits(query, self.tape, self.shape.strays, self, self.load)

    def filter(self, query: Query | None) -> Hits | None:
        """Shows only what ``query`` leaves, as soon as ``scan`` of what is returned finds it; everything for None."""
        hits = None if query is None else self.find(query)
        self.rows.filter = hits
        return hits

    def detail(self, place: Place) -> Detail:
        """Everything about what stands at a place."""
        return Detail.of(self.tape, self.shape.strays, place)

    def offset(self, place: Place) -> int:
        """The byte on which a mark on a place stands."""
        strays = self.shape.strays
        return self.tape.end(place.event) - 1 if place.stray is None else strays.starts[place.stray]

    def place_at(self, offset: int) -> Place:
        """The place to which a byte belongs."""
        strays = self.shape.strays
        stray = next((at for at, start in enumerate(strays.starts) if start == offset), None)
        return Place(self.tape.holding(offset)) if stray is None else Place(strays.before[stray], stray)

    def marked_places(self) -> list[Place]:
        """Where there are marks, in the order of the body."""
        return [self.place_at(mark.offset) for mark in self._marks().of(self.number)]

    def note(self, place: Place) -> str:
        """What is noted on a marked place."""
        return self.mark(place) or ""

    def mark(self, place: Place) -> str | None:
        """The note of the mark on a place, empty where it has none; None where there is no mark."""
        mark = self._marks().at(self.number, place)
        return None if mark is None else mark.text

    def toggle_mark(self, place: Place) -> bool:
        """Sets a mark, or removes the one that is there. True when there is one now."""
        return self._marks().toggle(self.number, place)

    def comment(self, place: Place, text: str) -> None:
        """Writes a note on a place, which is marked by that."""
        self._marks().comment(self.number, place, text)

    def finding(self, event: int) -> Severity | None:
        """The worst finding on an event."""
        return self.findings.worst(event)

    def _step_began(self, event: int) -> int | None:
        step = self.shape.step_of(event)
        return None if step is None else step.event

    def step_names(self, event: int, index: Any) -> tuple[str, ...]:
        """Index and type of the step that an event belongs to, whose JSON has ``index``."""
        if type(index) is not int:
            return ()
        step = self.shape.step_of(event)
        return (str(index), step.type) if step is not None and step.step == index else (str(index),)

    def has(self, place: Place, flag: str) -> bool:
        """Whether a place ended a ``stall``, has a ``finding`` or a ``mark``."""
        match flag:
            case "mark":
                return self.mark(place) is not None
            case "stall":
                return place.stray is None and self.shape.is_stall(place.event)
            case "finding":
                return place.stray is None and self.finding(place.event) is not None
        return False

    def _look_up_exchange(self) -> None:
        self.exchange: Exchange = self._medium.exchange(self.number)
