"""A take: one recorded exchange as a performance, what answers it and what is sent when.

Knows recordings; must not know sockets or clocks. A take reads its bytes while it is performed and holds none.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from sserec.interactions import parse
from sserec.recording import Exchange
from sserec.records import Chunk, Ending, Headers, Response
from sserec.replay.asked import Asked, asked
from sserec.replay.score import HOLD_NS, Finale, Head, Moment, Score, finale
from sserec.sse import Decoder, Event

FRAMING_FIELDS = frozenset(
    {"transfer-encoding", "content-length", "connection", "keep-alive", "proxy-connection", "upgrade"}
)
"""Fields that speak of one connection (RFC 9110, section 7.6.1)."""
ELSEWHERE = frozenset({"alt-svc"})
"""Fields that would send a client on to the real server (RFC 7838)."""
FIRST_EVENTS = 8
"""How many events are looked at for the interaction's id; it stands in the first."""
PLAIN_STREAM = Response(200, "OK", "HTTP/1.1", (("content-type", "text/event-stream"),))


class Place(NamedTuple):
    """Where in a body a performance begins."""

    offset: int = 0
    t_ns: int | None = None
    """When what stands before it had been sent, since the request; None at the start."""


START = Place()


@dataclass(frozen=True)
class Take:
    """One answer: whom it is for, its head, its body in timed pieces, and how it ends."""

    name: str
    """What to call it: ``exchange 2``, and of which file where there are several."""
    asked: Callable[[], Asked] | None
    """The request that was answered; None answers every request."""
    head: Head | None
    """None where the connection ended before an answer came."""
    pieces: Callable[[], Iterator[Chunk]]
    """The body, with the recording's times."""
    finale: Finale
    begin_ns: int = 0
    """When the last byte of the request had been sent, by the recording's times; the others are since then."""
    t_head_ns: int = 0
    t_end_ns: int = 0
    coding: str | None = None
    """The content coding that was undone when it was recorded."""

    def score(self, start: Place = START) -> Score:
        """The performance from ``start`` on. What comes after a place comes as long after the head as it came after
        the place."""
        t_ns, late_ns = self.t_head_ns, 0 if start.t_ns is None else self.t_head_ns - start.t_ns
        shift_ns = late_ns - self.begin_ns
        if self.head is not None:
            yield Moment(t_ns, self.head if start is START else Head(self.head.response))
        for chunk in self.pieces():
            data = chunk.data if chunk.offset >= start.offset else chunk.data[start.offset - chunk.offset :]
            if data:
                t_ns = max(t_ns, chunk.t_ns + shift_ns)
                yield Moment(t_ns, data)
        yield Moment(max(t_ns, self.t_end_ns + late_ns), self.finale)

    def events(self) -> Iterator[tuple[int, Event]]:
        """The events of the body, and when each was whole."""
        decoder = Decoder()
        for chunk in self.pieces():
            for event in decoder.feed(chunk.data):
                yield chunk.t_ns - self.begin_ns, event

    def place_after(self, event_id: str) -> Place | None:
        """Where the event after the one with this id begins; None where there is no such event."""
        for t_ns, event in self.events():
            if event_id in (event.last_event_id, parse(event).payload.get("event_id")):
                return Place(event.end, t_ns)
        return None

    def event_ids(self) -> list[str]:
        """The ids after which the stream can be resumed."""
        ids = (parse(event).payload.get("event_id") or event.last_event_id for _, event in self.events())
        return list(dict.fromkeys(id for id in ids if isinstance(id, str) and id))

    def interaction_id(self) -> str | None:
        """The id by which a client asks for the stream's interaction."""
        for _, (_, event) in zip(range(FIRST_EVENTS), self.events(), strict=False):
            payload = parse(event).payload
            named = payload.get("interaction")
            id = named.get("id") if isinstance(named, dict) else payload.get("interaction_id")
            if isinstance(id, str) and id:
                return id
        return None


def takes(exchanges: Iterable[Exchange], file: str = "") -> list[Take]:
    """A take of every exchange that can be performed; ``file`` goes into their names."""
    return [one for one in (take(exchange, file) for exchange in exchanges) if one is not None]


def take(exchange: Exchange, file: str = "") -> Take | None:
    """The take of an exchange; None for a connection that nobody looked into, and for one that never came about."""
    name = f"exchange {exchange.number}" + (f" of {file}" if file else "")
    if not exchange.is_timed:
        return Take(name, None, Head(PLAIN_STREAM), exchange.chunks, Finale.END)
    request, begin_ns = exchange.request, exchange.t_begin_ns
    if request is None or begin_ns is None or not can_be_performed(exchange):
        return None

    def recorded_request() -> Asked:
        url, body = request.url, exchange.record.request_body()
        return asked(request.method, url, request.headers, body, authority_of(url))

    ending, close = exchange.ending or Ending.RECORDER_STOPPED, exchange.close
    t_end_ns = since(begin_ns, close.t_ns if close else None)
    return Take(
        name,
        recorded_request,
        head(exchange),
        exchange.chunks,
        finale(ending, close),
        begin_ns,
        since(begin_ns, exchange.record.t_response_ns),
        t_end_ns + HOLD_NS if ending is Ending.CLIENT_CANCELLED else t_end_ns,
        undone_coding(exchange),
    )


def can_be_performed(exchange: Exchange) -> bool:
    """What was no exchange of HTTP messages cannot: a tunnel, an upgrade."""
    is_tunnel = exchange.request is not None and exchange.request.method == "CONNECT"
    return not is_tunnel and (exchange.response is None or exchange.response.status >= 200)


def head(exchange: Exchange) -> Head | None:
    """The head as it is served.

    The length is announced where it was and the body came in one piece. Else HTTP/1.1's chunked framing takes its
    place, because only that keeps the pieces apart.
    """
    response = exchange.response
    if response is None:
        return None
    coding = undone_coding(exchange)
    dropped = FRAMING_FIELDS | ELSEWHERE | (frozenset({"content-encoding"}) if coding else frozenset())
    kept = tuple((name, value) for name, value in response.headers if name.lower() not in dropped)
    length = response.header("content-length")
    is_announced = length is not None and length.isdecimal() and not coding
    size_bytes = int(length or 0) if is_announced and exchange.record.chunk_count <= 1 else None
    return Head(with_headers(response, kept), size_bytes)


def undone_coding(exchange: Exchange) -> str | None:
    """The content coding that the archive does not hold any more: it was decoded when it was recorded."""
    coding = exchange.response and exchange.response.header("content-encoding")
    if not coding or coding == "identity" or (exchange.close and exchange.close.undecoded_from == 0):
        return None
    return coding


def with_headers(response: Response, headers: Headers) -> Response:
    return Response(response.status, response.reason, response.http_version, headers)


def authority_of(url: str) -> str:
    """``host:port`` as it stands in an absolute URL."""
    return url.partition("://")[2].partition("/")[0].partition("?")[0].lower()


def since(begin_ns: int, t_ns: int | None) -> int:
    return 0 if t_ns is None else max(t_ns - begin_ns, 0)


def scripted(
    method: str, path: str, response: Response, pieces: Iterable[tuple[int, bytes]], ending: Ending
) -> Take:
    """A take that nobody recorded: ``pieces`` are nanoseconds since the head, and the bytes sent then."""
    held, offset = [], 0
    for t_ns, data in pieces:
        held.append(Chunk(t_ns, offset, data))
        offset += len(data)
    t_end_ns = held[-1].t_ns if held else 0
    return Take(
        "a script",
        lambda: Asked(method, path),
        Head(response),
        lambda: iter(held),
        finale(ending, None),
        t_end_ns=t_end_ns,
    )
