"""A take: one recorded exchange as a performance, what answers it and what is sent when.

Knows recordings; must not know sockets or clocks. A take reads its bytes while it is performed; of the small ones a
few are kept, so that memory follows neither the file nor its exchanges.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from sserec.interactions import parse
from sserec.proxy.http2 import error_code
from sserec.recording import Exchange
from sserec.records import Chunk, Close, Ending, Response, Unknown
from sserec.replay.asked import Asked, asked
from sserec.replay.fields import phrase, sendable
from sserec.replay.score import HOLD_NS, Epilogue, Finale, Head, Moment, Score, finale
from sserec.sse import Decoder, Event

SMALL_BODY_BYTES = 64 * 1024
KEPT_BODIES = 64
FINAL_STATUSES = range(200, 1000)
LENGTH = re.compile(r"[0-9]{1,18}")
FIRST_EVENTS = 8
"""How many events are looked at for the interaction's id; it stands in the first."""
PLAIN_STREAM = Response(200, "OK", "HTTP/1.1", (("content-type", "text/event-stream"),))


class Place(NamedTuple):
    """Where in a body a performance begins."""

    offset: int = 0
    t_ns: int | None = None
    """When what stands before it had been sent, since the request; None at the start."""


START = Place()


class Coding(NamedTuple):
    """A content coding that was undone when the exchange was recorded, so that the body is not served in it."""

    name: str
    broken_at: int | None
    """Where in the body bytes begin that nobody could decode, and that are served as they came."""


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
    epilogue: Epilogue | None = None
    coding: "Coding | None" = None

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
        t_ns = max(t_ns, self.t_end_ns + late_ns)
        if self.epilogue is not None:
            yield Moment(t_ns, self.epilogue)
        yield Moment(t_ns, self.finale)

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


class Pieces:
    """The bodies of a recording in the pieces in which they came. A small one that is performed again and again is
    read once."""

    def __init__(self) -> None:
        self._read = lru_cache(KEPT_BODIES)(lambda exchange: tuple(exchange.chunks()))

    def of(self, exchange: Exchange) -> Callable[[], Iterator[Chunk]]:
        """What reads the body of this exchange."""
        if exchange.record.body_size_bytes > SMALL_BODY_BYTES:
            return exchange.chunks
        return lambda: iter(self._read(exchange))


def takes(exchanges: Iterable[Exchange], file: str = "") -> list[Take]:
    """A take of every exchange that can be performed; ``file`` goes into their names."""
    pieces = Pieces()
    found = (take(exchange, pieces.of(exchange), file) for exchange in exchanges)
    return [one for one in found if one is not None]


def take(exchange: Exchange, pieces: Callable[[], Iterator[Chunk]], file: str = "") -> Take | None:
    """The take of an exchange; None for a connection that nobody looked into, and for one that never came about."""
    name = f"exchange {exchange.number}" + (f" of {file}" if file else "")
    if Unknown.REQUEST in exchange.record.unknown:
        return Take(name, None, Head(PLAIN_STREAM), pieces, Finale.END)
    request, begin_ns = exchange.request, exchange.t_begin_ns or 0
    if request is None or not can_be_performed(exchange):
        return None

    def recorded_request() -> Asked:
        url, body = request.url, exchange.record.request_body()
        return asked(request.method, url, request.headers, body, authority_of(url))

    is_body_alone = not request.method  # what was piped into the recorder: times, and no heads
    ending, close = ending_of(exchange), exchange.close
    t_end_ns = since(begin_ns, close.t_ns if close else None)
    return Take(
        name,
        None if is_body_alone else recorded_request,
        Head(PLAIN_STREAM) if is_body_alone else head(exchange),
        pieces,
        finale(ending, close),
        begin_ns,
        since(begin_ns, exchange.record.t_response_ns),
        t_end_ns + HOLD_NS if ending is Ending.CLIENT_CANCELLED else t_end_ns,
        epilogue(close),
        undone_coding(exchange),
    )


def ending_of(exchange: Exchange) -> Ending:
    """How it ends: where nobody knows, as if it was whole; where it still goes on, before it is."""
    return exchange.ending or (Ending.RECORDER_STOPPED if exchange.knows_end else Ending.COMPLETE)


def can_be_performed(exchange: Exchange) -> bool:
    """What was no exchange of HTTP messages cannot, a tunnel or an upgrade, nor one without its body."""
    if Unknown.BODY in exchange.record.unknown:
        return False
    is_tunnel = exchange.request is not None and exchange.request.method == "CONNECT"
    return not is_tunnel and (exchange.response is None or exchange.response.status in FINAL_STATUSES)


def head(exchange: Exchange) -> Head | None:
    """The head as it is served: without what speaks of one connection, and of a coding that is undone."""
    response = exchange.response
    if response is None:
        return None
    coded = frozenset({"content-encoding"}) if undone_coding(exchange) else frozenset()
    fields = sendable(response.headers, without=coded)
    served = Response(response.status, phrase(response.reason), response.http_version, fields)
    return Head(served, announced_size(exchange, response))


def announced_size(exchange: Exchange, response: Response) -> int | None:
    """What the body is announced as; None where it was not.

    A whole body is announced as what is served, which is not what was recorded where a coding was undone or a secret
    replaced. One that ends too early is announced as more than that, or not at all.
    """
    length, served_bytes = response.header("content-length"), exchange.record.body_size_bytes
    if length is None or not LENGTH.fullmatch(length):
        return None
    if not served_bytes:
        return int(length)  # an answer to HEAD, or a 304, says what another would hold
    if ending_of(exchange).is_clean:
        return served_bytes
    return int(length) if int(length) > served_bytes and not undone_coding(exchange) else None


def undone_coding(exchange: Exchange) -> Coding | None:
    """The content coding that the archive does not hold any more: it was decoded when it was recorded."""
    name = exchange.response and exchange.response.header("content-encoding")
    broken_at = exchange.close.undecoded_from if exchange.close else None
    return Coding(name, broken_at) if name and name.lower() != "identity" and broken_at != 0 else None


def epilogue(close: Close | None) -> Epilogue | None:
    """The trailers and the code that the recorded end had."""
    if close is None:
        return None
    how, _, name = (close.error or "").partition(" ")
    trailers = sendable(close.trailers)
    found = Epilogue(trailers, error_code(name) if how in ("RST_STREAM", "GOAWAY") else None)
    return found if found != Epilogue() else None


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
