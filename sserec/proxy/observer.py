"""What every observer of a connection has in common, and the one that looks at nothing.

An observer is shown bytes after they have been forwarded and turns them into facts for a sink. It knows whom the
connection goes to and the two sides' order of leaving; it must not know sockets, and nothing it finds may change what
is forwarded. A connection that cannot be followed, or may not be looked into, becomes opaque: sizes and times only,
because what cannot be parsed cannot be redacted.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sserec.errors import ProtocolError
from sserec.proxy.facts import Arrival, ExchangeSink, Side, Sink
from sserec.records import Close, Closer, Connection, Headers, Manner

MAX_OPEN_EXCHANGES = 4096
"""Requests that one connection may have open at once; servers allow some 100 HTTP/2 streams, and fewer pipelined."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Whom a connection talks to."""

    scheme: str
    authority: str
    """Host, and port where it is not the scheme's own."""
    connection: Connection

    @property
    def target(self) -> str:
        return f"{self.scheme}://{self.authority}"


@dataclass(frozen=True, slots=True)
class Departure:
    """How a side left."""

    side: Side
    manner: Manner
    t_ns: int
    error: str | None = None


class Watched:
    """An exchange that is open, and when something last arrived in it."""

    def __init__(self, sink: ExchangeSink, t_ns: int, *, opaque: bool = False) -> None:
        self.sink = sink
        self.last_t_ns = t_ns
        self.opaque = opaque
        """Its bytes are counted and not kept."""
        self._fault: Departure | None = None
        """Who broke the protocol in its middle."""

    def chunk(self, data: bytes, arrival: Arrival) -> None:
        if self.opaque:
            return self.count(Side.UPSTREAM, len(data), arrival)
        self.last_t_ns = arrival.t_ns
        return self.sink.chunk(data, arrival)

    def request_body(self, data: bytes, arrival: Arrival) -> None:
        if self.opaque:
            return self.count(Side.CLIENT, len(data), arrival)
        return self.sink.request_body(data)

    def count(self, side: Side, size_bytes: int, arrival: Arrival) -> None:
        self.last_t_ns = arrival.t_ns
        self.sink.traffic(side, arrival.t_ns, size_bytes)

    def lose_sight(self, fault: Departure) -> None:
        """Its bytes cannot be followed any more; how much still comes is told until the connection ends."""
        self.opaque, self._fault = True, fault

    def complete(self, t_ns: int, how: Manner = Manner.END, trailers: Headers = ()) -> None:
        self.sink.close(Close(t_ns, Closer.UPSTREAM, how, framing_complete=True, trailers=trailers))

    def cut(self, departure: Departure) -> None:
        """Ends it when the side left, or when the last of it arrived, should that be later.

        What is opaque has no framing but the connection's own end, and servers of WebSockets seldom close TLS. Who
        broke the protocol before that ended it.
        """
        departure = self._fault or departure
        complete = self.opaque and departure.manner in (Manner.CLOSE, Manner.RAGGED)
        t_ns = max(departure.t_ns, self.last_t_ns)
        self.sink.close(Close(t_ns, departure.side.closer, departure.manner, complete, departure.error))

    def stop(self, t_ns: int) -> None:
        if self._fault is not None:
            return self.cut(self._fault)
        return self.sink.close(Close(t_ns, Closer.RECORDER, Manner.STOP, framing_complete=False))


class Observer:
    """Base of the observers; as it stands, the observer of a connection that is opaque from the start.

    ``feed`` for bytes, ``end`` for each side's leaving, ``stop`` when the recorder ends. Each exchange is closed
    exactly once.
    """

    def __init__(self, sink: Sink, origin: Origin) -> None:
        self._sink = sink
        self.origin = origin
        self._opaque: Watched | None = None
        self._departure: Departure | None = None

    def feed(self, side: Side, pieces: Sequence[bytes], arrival: Arrival) -> None:
        """Takes the pieces (TLS records) that one read brought from ``side``."""
        for piece in pieces:
            if self._opaque is not None:
                self._opaque.count(side, len(piece), arrival)
                continue
            try:
                self._observe(side, piece, arrival)
            except ProtocolError as error:
                self._fault(side, str(error), arrival.t_ns)

    def end(self, departure: Departure) -> None:
        """A side left. A client that closed in order may still be listening: only a broken one ends exchanges."""
        if self._departure is None:
            self._departure = departure
        if departure.side is Side.UPSTREAM:
            self._upstream_ended(departure)
        if departure.side is Side.UPSTREAM or departure.manner in (Manner.RESET, Manner.FAULT):
            self._cut_all(self._departure)

    def stop(self, t_ns: int) -> None:
        """The recorder ends while the connection still stands; who left before is remembered."""
        if self._departure is not None:
            self._cut_all(self._departure)
        for exchange in self._take_open():
            exchange.stop(t_ns)

    @property
    def has_heard_client(self) -> bool:
        """The client has said anything at all."""
        return True

    def go_opaque(self, reason: str, t_ns: int) -> None:
        """From here on only sizes and times are told."""
        sink = self._sink.open_opaque(self.origin.target, reason, t_ns)
        self._opaque = Watched(sink, t_ns, opaque=True)

    def _fault(self, side: Side, reason: str, t_ns: int) -> None:
        """``side`` broke the protocol: what was open is lost to us, though not to the client.

        A lone exchange goes on as sizes and times. Where there were more, nobody can tell whose bytes they are.
        """
        fault = Departure(side, Manner.FAULT, t_ns, reason)
        match tuple(self._take_open()):
            case (alone,):
                alone.lose_sight(fault)
                self._opaque = alone
            case several:
                for exchange in several:
                    exchange.cut(fault)
                self.go_opaque(reason, t_ns)

    def _cut_all(self, departure: Departure) -> None:
        for exchange in self._take_open():
            exchange.cut(departure)

    def _take_open(self) -> Iterable[Watched]:
        """The exchanges that are open, which are so no longer."""
        opaque, self._opaque = self._opaque, None
        return () if opaque is None else (opaque,)

    def _observe(self, side: Side, data: bytes, arrival: Arrival) -> None:
        """Reads bytes of a connection that is not opaque; raises ProtocolError when they cannot be followed."""

    def _upstream_ended(self, departure: Departure) -> None:
        """Completes what only the connection's end delimits."""


class BlindObserver(Observer):
    """Looks at nothing and tells nothing: of a host that is to be ignored, or in place of an observer that failed."""

    def __init__(self) -> None: ...

    def feed(self, side: Side, pieces: Sequence[bytes], arrival: Arrival) -> None: ...

    def end(self, departure: Departure) -> None: ...

    def stop(self, t_ns: int) -> None: ...


def full_url(scheme: str, authority: str, target: str) -> str:
    """The target URI of a request (RFC 9110, section 7.1)."""
    return target if "://" in target.partition("?")[0] else f"{scheme}://{authority}{target}"
