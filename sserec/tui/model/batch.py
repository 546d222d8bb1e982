"""Neighbouring events of which a query leaves some.

Knows the bytes of one read and what terms ask; must not know what was asked of others. An event's bytes are those from
the end of the event before it, so a comment in front of it belongs to it.
"""

from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property
from typing import Any, Protocol

from sserec.interactions import parse
from sserec.sse import Decoder, Event
from sserec.tui.model.needle import Needle
from sserec.tui.model.places import Place
from sserec.tui.model.query import Condition, Query
from sserec.tui.model.tape import Read, Tape, decode
from sserec.tui.model.terms import Term

FEW = 8
"""Decoding all events of a read costs what decoding an eighth of them one by one does."""
NO_EVENT = Event("", b"", "", 0, 0)


class Knowledge(Protocol):
    """What is known of events beside their bytes."""

    def step_names(self, event: int, index: Any) -> tuple[str, ...]:
        """Index and type of the step that an event belongs to, whose JSON has ``index``."""

    def has(self, place: Place, flag: str) -> bool:
        """Whether it ended a stall, has a finding or a mark."""


class EventSubject:
    """One event, of which nothing is read before it is asked for."""

    __slots__ = ("_batch", "_event", "_index", "_payload")

    def __init__(self, index: int, batch: "Batch") -> None:
        self._index = index
        self._batch = batch
        self._event: Event | None = None
        self._payload: dict[str, Any] | None = None

    @property
    def block(self) -> bytes:
        return self._batch.block(self._index)

    @property
    def event(self) -> Event:
        if self._event is None:
            self._event = self._batch.event(self._index)
        return self._event

    @property
    def payload(self) -> dict[str, Any]:
        if self._payload is None:
            self._payload = parse(self.event).payload
        return self._payload

    @property
    def name(self) -> str:
        return self.event.type

    @property
    def number(self) -> int:
        return self._index + 1

    @property
    def t_ns(self) -> int | None:
        return self._batch.tape.t_ns(self._index)

    @property
    def gap_ns(self) -> int | None:
        return self._batch.tape.gap_ns(self._index)

    @property
    def step_names(self) -> tuple[str, ...]:
        return self._batch.knowledge.step_names(self._index, self.payload.get("index"))

    def has(self, flag: str) -> bool:
        return self._batch.knowledge.has(Place(self._index), flag)


class StraySubject:
    """Bytes that belong to no event."""

    number = gap_ns = None
    name = ""
    step_names = ()

    def __init__(self, place: Place, block: bytes, t_ns: int | None, knowledge: Knowledge) -> None:
        self.block = block
        self.t_ns = t_ns
        self.payload: dict[str, Any] = {}
        self._place = place
        self._knowledge = knowledge

    def has(self, flag: str) -> bool:
        return flag == "stray" or self._knowledge.has(self._place, flag)


class Batch:
    """The events of one read."""

    def __init__(self, read: Read, tape: Tape, knowledge: Knowledge) -> None:
        self.tape = tape
        self.knowledge = knowledge
        self._read = read
        self._ends = tape.end_values(read.first, read.after)
        self._subjects: dict[int, EventSubject] = {}
        self._are_many = False

    def left_by(self, query: Query) -> Sequence[int]:
        """The events for which all conditions hold."""
        left: Sequence[int] = range(self._read.first, self._read.after)
        for condition in query.conditions:
            left = self._narrowed(left, condition)
        return left

    def block(self, index: int) -> bytes:
        """An event's bytes."""
        row, start = index - self._read.first, self._read.start
        return self._read.data[self._ends[row - 1] - start if row else 0 : self._ends[row] - start]

    def event(self, index: int) -> Event:
        """An event. Where many are looked at, all are decoded, which is cheaper than one by one."""
        if self._are_many and len(self._events) == len(self._ends):
            return self._events[index - self._read.first]
        events = Decoder(self.tape.start(index)).feed(self.block(index))
        return events[-1] if events else NO_EVENT

    def _narrowed(self, left: Sequence[int], condition: Condition) -> Sequence[int]:
        term, is_negated = condition.term, condition.is_negated
        if term.needle is None:
            holding = self._for_which(term, left)
        else:
            holding = self._with_needle(left, term.needle)
            holding = holding if term.is_exact else self._for_which(term, holding)
        if not is_negated:
            return holding
        there = frozenset(holding)
        return [index for index in left if index not in there]

    def _for_which(self, term: Term, left: Sequence[int]) -> Sequence[int]:
        """Those for which a term holds."""
        self._are_many = len(left) * FEW > len(self._ends)
        return [index for index in left if term.holds(self._subject(index))]

    def _with_needle(self, left: Sequence[int], needle: Needle) -> Sequence[int]:
        holding = self._holding(needle)
        if isinstance(left, range):
            return holding
        there = frozenset(holding)
        return [index for index in left if index in there]

    def _subject(self, index: int) -> EventSubject:
        subject = self._subjects.get(index)
        if subject is None:
            subject = self._subjects[index] = EventSubject(index, self)
        return subject

    @cached_property
    def _events(self) -> list[Event]:
        return decode(Decoder(self._read.start), self._read.data)

    @cached_property
    def _small_letters(self) -> bytes:
        return self._read.data.lower()

    def _holding(self, needle: Needle) -> list[int]:
        """The events whose bytes hold a needle."""
        if not needle.plain:
            return self._matching(needle)
        found = self._holding_plain(needle)
        return (
            found if needle.pattern is None else [index for index in found if needle.is_in(self.block(index))]
        )

    def _holding_plain(self, needle: Needle) -> list[int]:
        """One search for each event that has it, and one more: 1,000,000 events of which none has it take 0.1 s."""
        data = self._small_letters if needle.ignores_case else self._read.data
        ends, first, start = self._ends, self._read.first, self._read.start
        found, row = list[int](), 0
        position = data.find(needle.plain)
        while position >= 0:
            row = bisect_right(ends, position + start, row)
            found.append(first + row)
            position = data.find(needle.plain, ends[row] - start)
        return found

    def _matching(self, needle: Needle) -> list[int]:
        """The same for an expression, which could match across the border of two events."""
        assert needle.pattern is not None
        ends, first, start, data = self._ends, self._read.first, self._read.start, self._read.data
        found, row = list[int](), 0
        match = needle.pattern.search(data)
        while match is not None and match.start() < len(data):
            row = bisect_right(ends, match.start() + start, row)
            end = ends[row] - start
            is_there = needle.takes(match) if match.end() <= end else needle.is_in(self.block(first + row))
            if is_there:
                found.append(first + row)
            match = needle.pattern.search(data, end if is_there else min(match.end(), end))
        return found
