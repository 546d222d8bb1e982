"""Two exchanges compared, at every level that is asked for.

Knows what each level compares and in which order it is told; must not know how two values, streams or times are
compared. What one side does not tell is not compared, and said: a plain stream has neither heads nor times.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sserec.diff.difference import Aspect, Difference, Level
from sserec.diff.events import EventsDiff, align_events
from sserec.diff.heads import (
    body_value,
    carriage,
    opaque_document,
    request_document,
    response_document,
    shared_order,
)
from sserec.diff.pairing import Pairing
from sserec.diff.paths import Path
from sserec.diff.reading import Heard, read, request_body
from sserec.diff.timing import Measure, measures
from sserec.diff.told import of_bytes, of_change, of_measure, of_stretch
from sserec.diff.values import Change, Found, Json, compare
from sserec.diff.volatile import Rules
from sserec.diff.wire import Wire, compare_bytes
from sserec.errors import DamagedArchive
from sserec.readable import ReadableExchange
from sserec.records import Ending


@dataclass(frozen=True, slots=True)
class Options:
    """What to compare."""

    level: Level = Level.EVENTS
    exact: bool = False
    """Volatile values are compared as they are."""
    ignored: tuple[str, ...] = ()
    """Paths of what is not compared (docs/diff.md, Paths)."""
    timing_percent: float | None = None
    """Times that are further apart than this are a difference."""


Where = tuple["ExchangeDiff", Aspect, Path, Path]


@dataclass(eq=False, slots=True)
class ExchangeDiff:
    """What differs between two exchanges."""

    a: Heard
    b: Heard
    events: EventsDiff | None = None
    """None where events are not compared."""
    timing: tuple[Measure, ...] = ()
    """Every time that both tell."""
    notes: list[str] = field(default_factory=list)
    """What was not compared, and why."""
    around: list[Difference] = field(default_factory=list)
    """Of heads, interaction and end."""
    below: list[Difference] = field(default_factory=list)
    """Of bytes and times."""

    @property
    def is_same(self) -> bool:
        return not (self.around or self.below or (self.events and self.events.stretches))

    @property
    def count(self) -> int:
        """How many differences there are."""
        return len(self.around) + len(self.below) + (len(self.events.stretches) if self.events else 0)

    def differences(self) -> Iterator[Difference]:
        """All of them; reads the events that changed."""
        yield from self.around
        yield from self.event_differences()
        yield from self.below

    def event_differences(self) -> Iterator[Difference]:
        """Those of events, one for each stretch; an event that changed is read when it is asked for."""
        if self.events is not None:
            yield from (of_stretch(self.events, stretch) for stretch in self.events.stretches)


def compare_exchanges(
    a: ReadableExchange,
    b: ReadableExchange,
    options: Options,
    rules: Rules,
    pairing: Pairing[Where],
    tell: Callable[[int], None],
) -> ExchangeDiff:
    """Reads and compares two exchanges.

    ``pairing`` hears of volatile values in heads and interactions: an id of one exchange may come back in the next.
    """
    without_events = options.level is Level.INTERACTION or rules.ignores("event")
    place = None if without_events else rules.at("event")
    diff = ExchangeDiff(read(a, place, tell), read(b, place, tell))
    _Comparer(diff, options, rules, pairing).run()
    return diff


class _Comparer:
    """Fills in one :class:`ExchangeDiff`."""

    def __init__(self, diff: ExchangeDiff, options: Options, rules: Rules, pairing: Pairing[Where]) -> None:
        self._diff = diff
        self._options = options
        self._rules = rules
        self._pairing = pairing

    def run(self) -> None:
        self._heads()
        self._answers()
        self._ends()
        if self._options.level is not Level.INTERACTION:
            self._events()
        if self._options.level is Level.BYTES:
            self._bytes()
        self._timing()

    def _heads(self) -> None:
        a, b = self._diff.a.exchange, self._diff.b.exchange
        self._around(Aspect.REQUEST, opaque_document(a.record.opaque), opaque_document(b.record.opaque))
        if a.request is not None and b.request is not None:
            bodies = request_body(a), request_body(b)
            self._around(
                Aspect.REQUEST, request_document(a.request, bodies[0]), request_document(b.request, bodies[1])
            )
        if a.response is not None and b.response is not None:
            self._around(Aspect.RESPONSE, response_document(a.response), response_document(b.response))
        elif (a.response is None) != (b.response is None) and a.request and b.request:
            self._around(
                Aspect.RESPONSE, *({"status": one.response and one.response.status} for one in (a, b))
            )
        if (a.request is None) != (b.request is None):
            self._diff.notes.append("one side has no heads: request and response are not compared")

    def _answers(self) -> None:
        """The bodies of responses that are no streams and hold no interaction; the interactions."""
        a, b = self._diff.a, self._diff.b
        body_a, body_b = (None if one.interaction is not None else one.answer for one in (a, b))
        if body_a is not None or body_b is not None:
            around = ({} if value is None else {"body": value} for value in (body_a, body_b))
            self._around(Aspect.RESPONSE, *around)
        if a.interaction is not None or b.interaction is not None:
            self._presence(Aspect.INTERACTION, a.interaction, b.interaction)
        if (
            self._options.level is Level.INTERACTION
            and self._are_streams
            and a.interaction is b.interaction is None
        ):
            self._diff.notes.append("no interaction on either side: only events and bytes could be compared")

    @property
    def _are_streams(self) -> bool:
        """A stream of which nothing came looks like none, but is compared with one that did."""
        a, b = self._diff.a, self._diff.b
        is_one = a.exchange.is_event_stream or b.exchange.is_event_stream
        return is_one and a.may_be_stream and b.may_be_stream

    def _ends(self) -> None:
        a, b = self._diff.a, self._diff.b
        ends: tuple[Json, Json] = ({}, {})
        if a.exchange.ending is not None and b.exchange.ending is not None:
            for end, one in zip(ends, (a, b), strict=True):
                end["connection"] = self._ending(one.exchange.ending)
        if self._are_streams:
            for end, one in zip(ends, (a, b), strict=True):
                end["stream"] = str(one.end)
                if one.error is not None:
                    end["error"] = one.error
        self._around(Aspect.END, *ends)

    def _ending(self, ending: Ending | None) -> str | None:
        """Whether the client or the server hung up first after the last event is a matter of bytes."""
        if ending is not None and ending.is_clean and self._options.level is not Level.BYTES:
            return str(Ending.COMPLETE)
        return ending and str(ending)

    def _events(self) -> None:
        a, b = self._diff.a, self._diff.b
        if self._rules.ignores("event"):
            return
        if self._are_streams:
            assert a.side is not None
            assert b.side is not None
            self._diff.events = align_events(a.side, b.side, self._rules.at("event"))
        elif a.exchange.is_event_stream or b.exchange.is_event_stream:
            self._diff.notes.append("one side is no event stream: events are not compared")

    def _bytes(self) -> None:
        self._carriage()
        events = self._diff.events
        if events is None:
            return
        try:
            a, b = _wire(self._diff.a), _wire(self._diff.b)
        except DamagedArchive as damage:
            self._diff.notes.append(f"bytes are not compared: {damage}")
            return
        if a.borders is None or b.borders is None:
            self._diff.notes.append("one side knows no chunks: where they end is not compared")
        found = compare_bytes(a, b, events, self._rules.at("event", "data"))
        self._diff.below += (
            of_bytes(one) for one in found if not self._rules.ignores("bytes", str(one.manner))
        )

    def _carriage(self) -> None:
        a, b = self._diff.a.exchange, self._diff.b.exchange
        if a.request is not None and b.request is not None:
            order = shared_order(a.request, b.request)
            self._compare(
                Aspect.BYTES, carriage(a.request) | order[0], carriage(b.request) | order[1], "request"
            )
            body_a, body_b = request_body(a), request_body(b)
            if body_a != body_b and body_value(body_a) == body_value(body_b):
                self._compare(Aspect.BYTES, _written(body_a), _written(body_b), "request", "body")
        if a.response is not None and b.response is not None:
            order = shared_order(a.response, b.response)
            documents = carriage(a.response) | order[0], carriage(b.response) | order[1]
            self._compare(Aspect.BYTES, *documents, "response")

    def _timing(self) -> None:
        a, b = self._diff.a.figures, self._diff.b.figures
        if a is None or b is None:
            return
        told = measures(a, b, self._options.timing_percent)
        self._diff.timing = tuple(one for one in told if not self._rules.ignores("timing", one.name))
        self._diff.below += (of_measure(one) for one in self._diff.timing if one.differs)

    def _presence(self, aspect: Aspect, a: Any, b: Any) -> None:
        """Two values that may not be there at all."""
        changes = compare(
            {} if a is None else {str(aspect): a}, {} if b is None else {str(aspect): b}, self._rules.at()
        )
        self._note(aspect, changes)

    def _around(self, aspect: Aspect, a: Any, b: Any) -> None:
        if not self._rules.ignores(aspect):
            self._note(aspect, compare(a, b, self._rules.at(aspect), (str(aspect),)))

    def _compare(self, aspect: Aspect, a: Any, b: Any, *path: str) -> None:
        whole = (str(aspect), *path)
        found = compare(a, b, self._rules.at(*whole), whole)
        self._diff.below += (of_change(aspect, one) for one in found if isinstance(one, Change))

    def _note(self, aspect: Aspect, found: Iterable[Found]) -> None:
        for one in found:
            if isinstance(one, Change):
                self._diff.around.append(of_change(aspect, one))
            else:
                self._pairing.meet(one.kind, one.a, one.b, (self._diff, aspect, one.path, one.b_path))


def _wire(heard: Heard) -> Wire:
    """Raises DamagedArchive where a part of the body is lost."""
    return Wire(heard.exchange.body(), heard.ends, heard.borders)


def _written(body: bytes | None) -> str:
    return (body or b"").decode("utf-8", "backslashreplace")
