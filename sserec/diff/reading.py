"""One exchange read once, for everything that a comparison asks of it.

Knows an exchange by what :mod:`sserec.readable` says of it; must not know files, or the other side. Invariant: what it
keeps of the events are digests and times, so memory does not follow what they hold.
"""

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sserec.diff.heads import body_value
from sserec.diff.side import Side
from sserec.diff.units import Units
from sserec.diff.values import Json
from sserec.diff.volatile import Place
from sserec.errors import DamagedArchive
from sserec.interactions import Assembler, End, parse
from sserec.readable import ReadableEvent, ReadableExchange
from sserec.records import Unknown
from sserec.sse import Event
from sserec.stats import Figures, Meter, Surroundings

BATCH_EVENTS = 1024
BATCH_BYTES = 1 << 18
WINDOW_EVENTS = 64
WINDOW_BYTES = 1 << 18


@dataclass(frozen=True, slots=True)
class Heard:
    """One side of a comparison."""

    exchange: ReadableExchange
    interaction: Json | None
    """Streamed or not."""
    end: End
    error: Any
    """The API's own, or None."""
    side: Side | None
    """The events; None where they are not compared."""
    ends: "array[int]"
    """Where in the body each event ends."""
    figures: Figures | None
    """None where the recording knows no times."""
    answer: Any
    """The body of a response that is no event stream, as JSON where it is; None for a stream, or where nothing came."""

    @property
    def may_be_stream(self) -> bool:
        """Whether it is an event stream, or nothing came that would tell."""
        return self.exchange.is_event_stream or self.answer is None


def read(exchange: ReadableExchange, place: Place | None, tell: Callable[[], None]) -> Heard:
    """Reads the exchange. ``place``: the rules for events, None where they are not compared.

    ``tell`` is called at each event.
    """
    assembler, meter, units, ends = Assembler(), Meter(), Units(place) if place else None, array("Q")
    stream = exchange.events()
    for batch in _batches(stream):
        parsed = [parse(recorded.event) for recorded in batch]
        for recorded, one in zip(batch, parsed, strict=True):
            assembler.fold(recorded.event, one)
        if exchange.is_timed:
            for recorded, one in zip(batch, parsed, strict=True):
                meter.feed(recorded.event, recorded.t_ns, one)
        if units is not None:
            for recorded, one in zip(batch, parsed, strict=True):
                units.feed(recorded.number, recorded.event, one)
        for recorded in batch:
            ends.append(recorded.event.end)
            tell()
    assembly = assembler.ended(stream.residue, stream.tail)
    answer = None if exchange.is_event_stream else body_value(_whole_body(exchange))
    return Heard(
        exchange=exchange,
        interaction=assembly.interaction if answer is None else _unary(answer),
        end=assembly.end,
        error=assembly.error,
        side=None
        if units is None
        else units.side(stream.residue, stream.tail, Window(exchange, ends).events),
        ends=ends,
        figures=meter.figures(_surroundings(exchange)) if exchange.is_timed else None,
        answer=answer,
    )


def _batches(events: Iterable[ReadableEvent]) -> Iterator[list[ReadableEvent]]:
    """Events some at a time: each of those who read them has them for itself, in two thirds of the time."""
    batch: list[ReadableEvent] = []
    size_bytes = 0
    for recorded in events:
        batch.append(recorded)
        size_bytes += len(recorded.event.data)
        if len(batch) == BATCH_EVENTS or size_bytes > BATCH_BYTES:
            yield batch
            batch, size_bytes = [], 0
    yield batch


class Window:
    """Reads events again. Those that were read last are kept, with some behind them: they are asked for in order."""

    def __init__(self, exchange: ReadableExchange, ends: "array[int]") -> None:
        self._exchange = exchange
        self._ends = ends
        self._first = 1
        self._events: Sequence[Event] = ()

    def events(self, first: int, last: int) -> Sequence[Event]:
        """The events from number ``first`` to ``last``. Raises DamagedArchive where bytes between them are lost."""
        if not self._first <= first <= last < self._first + len(self._events):
            self._events = self._exchange.span(first, max(last, self._far_enough(first)))
            self._first = first
        return self._events[first - self._first : last - self._first + 1]

    def _far_enough(self, first: int) -> int:
        start = self._ends[first - 2] if first > 1 else 0
        return min(first + WINDOW_EVENTS, max(bisect_right(self._ends, start + WINDOW_BYTES), first))


def request_body(exchange: ReadableExchange) -> bytes | None:
    """None where damage took a part of it."""
    try:
        return exchange.record.request_body()
    except DamagedArchive:
        return None


def _unary(answer: Any) -> Json | None:
    """The interaction that a response is which was not streamed."""
    return answer if isinstance(answer, dict) and answer.get("object") == "interaction" else None


def _whole_body(exchange: ReadableExchange) -> bytes | None:
    try:
        return exchange.body()
    except DamagedArchive:
        return None


def _surroundings(exchange: ReadableExchange) -> Surroundings:
    record = exchange.record
    return Surroundings(
        body_size_bytes=record.body_size_bytes,
        t_begin_ns=exchange.t_begin_ns,
        t_response_ns=record.t_response_ns,
        t_open_ns=record.t_open_ns,
        close=exchange.close,
        has_beginning=Unknown.BEGINNING not in record.unknown,
    )
