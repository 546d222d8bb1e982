"""One exchange read once, for everything that a comparison asks of it.

Knows an exchange by what :mod:`sserec.readable` says of it; must not know files, or the other side. Invariant: what it
keeps of the events are digests and times, so memory does not follow what they hold.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sserec.diff.heads import body_value
from sserec.diff.side import Side
from sserec.diff.units import Units
from sserec.diff.values import Json
from sserec.diff.volatile import Place
from sserec.errors import DamagedArchive
from sserec.holes import BodyDecoder
from sserec.interactions import Assembler, End, parse
from sserec.readable import ReadableExchange
from sserec.records import Chunk
from sserec.sse import Event, Residue, Tail
from sserec.stats import Figures, Meter, Surroundings

BATCH_CHUNKS = 1024
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
    borders: "array[int] | None"
    """Where in the body of a stream each chunk ends; None where the recording does not know."""
    figures: Figures | None
    """None where the recording knows no times."""
    answer: Any
    """The body of a response that is no event stream, as JSON where it is; None for a stream, or where nothing came."""

    @property
    def may_be_stream(self) -> bool:
        """Whether it is an event stream, or nothing came that would tell."""
        return self.exchange.is_event_stream or self.answer is None


def read(exchange: ReadableExchange, place: Place | None, tell: Callable[[int], None]) -> Heard:
    """Reads the exchange. ``place``: the rules for events, None where they are not compared.

    ``tell`` is told how many events came, some at a time.
    """
    assembler, meter, units, ends = Assembler(), Meter(), Units(place) if place else None, array("Q")
    stream = _Stream(exchange)
    for events, t_ns in stream:
        parsed = [parse(event) for event in events]
        for event, one in zip(events, parsed, strict=True):
            assembler.fold(event, one)
        if exchange.is_timed:
            for event, at_ns, one in zip(events, t_ns, parsed, strict=True):
                meter.feed(event, at_ns, one)
        if units is not None:
            units.feed(len(ends) + 1, events, parsed)
        ends.extend([event.end for event in events])
        tell(len(events))
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
        borders=stream.borders if exchange.knows_chunks else None,
        figures=meter.figures(Surroundings.of(exchange)) if exchange.is_timed else None,
        answer=answer,
    )


class _Batch(NamedTuple):
    """Events that came one after the other, and when each did."""

    events: list[Event]
    t_ns: list[int]


class _Stream:
    """One pass over the events of an exchange, those of many chunks at once: that takes a third of the time."""

    def __init__(self, exchange: ReadableExchange) -> None:
        self.borders = array("Q")
        """Where each chunk ends."""
        self.residue: list[Residue] = []
        self.tail: Tail | None = None
        self._chunks = exchange.chunks() if exchange.is_event_stream else ()

    def __iter__(self) -> Iterator[_Batch]:
        decoder = BodyDecoder()
        for chunks in _neighbours(self._chunks):
            events = decoder.feed(chunks[0].offset, b"".join([chunk.data for chunk in chunks]))
            ends = [chunk.offset + len(chunk.data) for chunk in chunks]
            self.borders.extend(ends)
            yield _Batch(events, [chunks[bisect_left(ends, event.end)].t_ns for event in events])
        self.tail = decoder.end()
        self.residue = decoder.residue()


def _neighbours(chunks: Iterable[Chunk]) -> Iterator[list[Chunk]]:
    """Chunks some at a time; between those of one list nothing is missing."""
    batch: list[Chunk] = []
    start = end = 0
    for chunk in chunks:
        if batch and (chunk.offset != end or len(batch) == BATCH_CHUNKS or end - start > BATCH_BYTES):
            yield batch
            batch = []
        if not batch:
            start = chunk.offset
        batch.append(chunk)
        end = chunk.offset + len(chunk.data)
    if batch:
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
