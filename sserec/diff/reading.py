"""One exchange read once, for everything that a comparison asks of it.

Knows an exchange by what this module's protocols say of it; must not know files, or the other side. Invariant: what it
keeps of the events are digests and times, so memory does not follow what they hold.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from sserec.diff.heads import body_value
from sserec.diff.units import Part, Units
from sserec.diff.values import Json
from sserec.diff.volatile import Place
from sserec.errors import DamagedArchive
from sserec.interactions import Assembler, Assembly
from sserec.records import Chunk, Close, Ending, Request, Response
from sserec.sse import Event, Residue, Tail
from sserec.stats import Figures, Meter, Surroundings


class ReadEvent(Protocol):
    @property
    def number(self) -> int: ...
    @property
    def t_ns(self) -> int | None: ...
    @property
    def event(self) -> Event: ...


class ReadStream(Protocol):
    """One pass over the events; what was no event is known at its end."""

    residue: list[Residue]
    tail: Tail | None

    def __iter__(self) -> Iterator[ReadEvent]: ...


class ReadRecord(Protocol):
    @property
    def body_size_bytes(self) -> int: ...
    @property
    def t_open_ns(self) -> int | None: ...
    @property
    def t_response_ns(self) -> int | None: ...
    def request_body(self) -> bytes: ...


class ReadExchange(Protocol):
    """What a comparison needs to know of an exchange; :class:`sserec.recording.Exchange` is one."""

    @property
    def record(self) -> ReadRecord: ...
    @property
    def number(self) -> int: ...
    @property
    def request(self) -> Request | None: ...
    @property
    def response(self) -> Response | None: ...
    @property
    def close(self) -> Close | None: ...
    @property
    def ending(self) -> Ending | None: ...
    @property
    def is_timed(self) -> bool: ...
    @property
    def is_event_stream(self) -> bool: ...
    @property
    def t_begin_ns(self) -> int | None: ...
    def events(self) -> ReadStream: ...
    def event(self, number: int) -> Event: ...
    def chunks(self) -> Iterable[Chunk]: ...
    def body(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Heard:
    """One side of a comparison."""

    exchange: ReadExchange
    assembly: Assembly
    parts: list[Part]
    ends: "array[int]"
    """Where in the body each event ends."""
    figures: Figures | None
    """None where the recording knows no times."""
    answer: Any
    """The body of a response that is no event stream, as JSON where it is; None for a stream."""

    @property
    def interaction(self) -> Json | None:
        """Streamed or not."""
        if self.answer is None:
            return self.assembly.interaction
        is_one = isinstance(self.answer, dict) and self.answer.get("object") == "interaction"
        return self.answer if is_one else None


def read(exchange: ReadExchange, place: Place | None, tell: Callable[[], None]) -> Heard:
    """Reads the exchange. ``place``: the rules for events, None where only the interaction is compared.

    ``tell`` is called at each event.
    """
    assembler, meter, units, ends = Assembler(), Meter(), Units(place) if place else None, array("Q")
    stream = exchange.events()
    for recorded in stream:
        event = recorded.event
        assembler.feed(event)
        ends.append(event.end)
        if recorded.t_ns is not None:
            meter.feed(event, recorded.t_ns)
        if units is not None:
            units.feed(recorded.number, event)
        tell()
    return Heard(
        exchange=exchange,
        assembly=assembler.ended(stream.residue, stream.tail),
        parts=units.parts(stream.residue, stream.tail) if units else [],
        ends=ends,
        figures=meter.figures(_surroundings(exchange)) if exchange.is_timed else None,
        answer=None if exchange.is_event_stream else body_value(_whole_body(exchange)),
    )


def request_body(exchange: ReadExchange) -> bytes | None:
    """None where damage took a part of it."""
    try:
        return exchange.record.request_body()
    except DamagedArchive:
        return None


def _whole_body(exchange: ReadExchange) -> bytes | None:
    try:
        return exchange.body()
    except DamagedArchive:
        return None


def _surroundings(exchange: ReadExchange) -> Surroundings:
    record = exchange.record
    return Surroundings(
        body_size_bytes=record.body_size_bytes,
        t_begin_ns=exchange.t_begin_ns,
        t_response_ns=record.t_response_ns,
        t_open_ns=record.t_open_ns,
        close=exchange.close,
    )
