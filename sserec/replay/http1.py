"""The server's HTTP/1.1 (RFC 9112): one answer after the other on a connection.

Chunked framing, except where a length is announced: each piece is an HTTP chunk and, over TLS, a record of its own,
so that a recorder sees the borders that were recorded.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sserec.proxy.facts import Arrival
from sserec.proxy.http1 import End, RequestHead, RequestReader, list_field
from sserec.proxy.leg import Leg
from sserec.proxy.reader import Fault
from sserec.proxy.tls import MAX_RECORD_BYTES
from sserec.records import Headers, Manner
from sserec.replay.asked import Question
from sserec.replay.connection import Connection
from sserec.replay.score import Cue, Epilogue, Finale, Head

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
NO_CHUNK = b"this is no chunk\r\n"
LEAVING = {
    Finale.CUT: Manner.CLOSE,
    Finale.RAGGED: Manner.RAGGED,
    Finale.BROKEN: Manner.CLOSE,
    Finale.RESET: Manner.RESET,
}


@dataclass
class Incoming:
    """A request whose body is still coming in."""

    head: RequestHead
    arrival: Arrival
    """Of its last byte, once that is here."""
    body: bytearray = field(default_factory=bytearray)

    def question(self, authority: str | None) -> Question:
        """A proxy request names its server in its target."""
        target = self.head.target
        named = (
            target.partition("://")[2].partition("/")[0].lower()
            if "://" in target.partition("?")[0]
            else None
        )
        return Question(self.head.method, target, self.head.headers, bytes(self.body), named or authority)

    @property
    def keeps_connection(self) -> bool:
        """RFC 9112, section 9.3."""
        options = {option.lower() for option in list_field(self.head.headers, "connection")}
        return self.head.http_version == "HTTP/1.1" and "close" not in options


class Http1Connection(Connection):
    """Reads requests as they come and answers them in order."""

    _sender: Incoming | None = None
    _answering: asyncio.Task[None] | None = None
    """The task that plays an answer, while it does."""

    def _begin(self) -> None:
        self._reader = RequestReader()
        self._requests: asyncio.Queue[Incoming | None] = asyncio.Queue()

    def received(self, leg: Leg, pieces: Sequence[bytes], arrival: Arrival) -> None:
        for piece in pieces:
            for event in self._reader.feed(piece):
                self._take(event, arrival)

    def _take(self, event: object, arrival: Arrival) -> None:
        if isinstance(event, RequestHead):
            self._sender = Incoming(event, arrival)
            if list_field(event.headers, "expect"):
                self._leg.send((CONTINUE,))
        elif isinstance(event, bytes) and self._sender is not None:
            self._sender.body += event
        elif isinstance(event, End) and self._sender is not None:
            self._sender.arrival = arrival
            self._requests.put_nowait(self._sender)
        elif isinstance(event, Fault):
            self._leg.send((BAD_REQUEST,))
            self._leg.finish(Manner.CLOSE)
            self._requests.put_nowait(None)

    def ended(self, leg: Leg, manner: Manner) -> None:
        self._requests.put_nowait(None)

    def closed(self, leg: Leg) -> None:
        super().closed(leg)
        self._requests.put_nowait(None)
        if self._answering is not None:
            self._answering.cancel()

    async def _serve(self) -> None:
        free_ns = 0
        while (request := await self._requests.get()) is not None and not self._gone.is_set():
            stage = Http1Stage(self._leg, self._has_room, request)
            waited_ns = min(self._waited_ns(request.arrival), self._clock.now_ns() - free_ns)
            await self._answer(request.question(self._authority), stage, waited_ns)
            free_ns = self._clock.now_ns()
            if self._gone.is_set() or not stage.keeps_connection:
                break
        self._leg.finish(Manner.CLOSE)
        await self._part()

    async def _answer(self, question: Question, stage: "Http1Stage", waited_ns: int) -> None:
        """Plays one answer, in this task: another would cost a turn of the loop for every request."""
        self._answering = asyncio.current_task()
        try:
            await self._performer.answer(question, stage, waited_ns)
        except asyncio.CancelledError:
            if not self._gone.is_set():
                raise
        finally:
            self._answering = None


class Http1Stage:
    """One answer."""

    def __init__(self, leg: Leg, has_room: asyncio.Event, request: Incoming) -> None:
        self.keeps_connection = False
        """Whether another answer may follow."""
        self._leg = leg
        self._has_room = has_room
        self._request = request
        self._chunked = False
        self._trailers: Headers = ()
        self._owed_bytes = 0
        """What was announced of the body and has not come yet."""
        self._mute = False
        """What answers HEAD, and some statuses, has no body (RFC 9112, section 6.3)."""

    async def ready(self) -> None:
        await self._has_room.wait()

    def play(self, cues: Sequence[Cue]) -> None:
        pieces: list[bytes] = []
        for cue in cues:
            pieces += self._encoded(cue)
        if pieces:
            self._leg.send(pieces)
        if cues and isinstance(cues[-1], Finale):
            self._end(cues[-1])

    def _encoded(self, cue: Cue) -> tuple[bytes, ...]:
        match cue:
            case bytes() if self._chunked:
                return framed(cue)
            case bytes() if not self._mute:
                self._owed_bytes -= len(cue)
                return (cue,)
            case Head():
                return (self._head(cue),)
            case Epilogue():
                self._trailers = cue.trailers
            case Finale.END if self._chunked:
                return (section("0", self._trailers),)
            case Finale.BROKEN if self._chunked:
                return (NO_CHUNK,)
        return ()

    def _head(self, head: Head) -> bytes:
        response = head.response
        self._mute = self._request.head.method == "HEAD" or response.status in (204, 304)
        fields = (*response.headers, *self._framing(head.size_bytes))
        return section(f"HTTP/1.1 {response.status} {response.reason}", fields)

    def _framing(self, size_bytes: int | None) -> Iterator[tuple[str, str]]:
        if size_bytes is not None:
            self._owed_bytes = 0 if self._mute else size_bytes
            yield "content-length", str(size_bytes)
        elif self._request.head.http_version == "HTTP/1.1":
            self._chunked = not self._mute
            if self._chunked:
                yield "transfer-encoding", "chunked"
        if not self._request.keeps_connection:
            yield "connection", "close"

    def _end(self, finale: Finale) -> None:
        if finale is Finale.END:
            self.keeps_connection = self._request.keeps_connection and self._owed_bytes <= 0
        else:
            self._leg.finish(LEAVING[finale])


def section(first_line: str, fields: Headers) -> bytes:
    """A line with fields below it: a head, or the end of a chunked body (RFC 9112, section 7.1)."""
    lines = [first_line, *(f"{name}: {value}" for name, value in fields)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def framed(data: bytes) -> tuple[bytes, ...]:
    """One HTTP chunk. A TLS record holds 16 KiB: what fills one by itself is kept apart from its framing."""
    chunk = b"%x\r\n%s\r\n" % (len(data), data)
    if len(chunk) <= MAX_RECORD_BYTES:
        return (chunk,)
    return b"%x\r\n" % len(data), data, b"\r\n"
