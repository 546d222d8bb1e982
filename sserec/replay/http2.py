"""The server's HTTP/2 (RFC 9113): many answers at once, each within its windows.

Small, because a server that answers from a file needs little: no priorities, no push. It is written on hpack,
which the recorder needs anyway, and not on h2, because each piece has to become one DATA frame in one TLS record, and
faults have to break rules that h2 keeps.
"""

import asyncio
import struct
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from hpack import Decoder, Encoder, HPACKError

from sserec.errors import ProtocolError
from sserec.proxy.facts import Arrival
from sserec.proxy.http2 import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    RST_STREAM,
    ErrorCode,
)
from sserec.proxy.leg import Leg
from sserec.records import Headers, Manner
from sserec.replay.asked import Question
from sserec.replay.connection import Connection
from sserec.replay.frames import (
    ACK,
    DEFAULT_FRAME_BYTES,
    DEFAULT_WINDOW_BYTES,
    HEADER_TABLE_SIZE,
    INITIAL_WINDOW_SIZE,
    MAX_CONCURRENT_STREAMS,
    MAX_FRAME_SIZE,
    MAX_WINDOW_BYTES,
    PING,
    SETTINGS,
    WINDOW_UPDATE,
    Frame,
    FrameReader,
    data_frame,
    frame,
    reset,
    window_update,
)
from sserec.replay.http1 import LEAVING
from sserec.replay.score import Cue, Epilogue, Finale, Head

OWN_WINDOW_BYTES = 16 * 1024 * 1024
"""What a client may send before it is told to go on: requests come in one go."""
STREAMS_AT_ONCE = 1000
SETTING = struct.Struct(">HI")


@dataclass
class Incoming:
    """A request whose body is still coming in."""

    headers: Headers
    body: bytearray = field(default_factory=bytearray)

    def pseudo(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")

    @property
    def fields(self) -> Headers:
        """The header without the pseudo fields."""
        return tuple(field for field in self.headers if not field[0].startswith(":"))


class Http2Connection(Connection):
    """Answers the requests of all streams."""

    def _begin(self) -> None:
        self._reader = FrameReader()
        self._decoder = Decoder()
        self.encoder = Encoder()
        self.window_bytes = DEFAULT_WINDOW_BYTES
        """How much may be sent on all streams together."""
        self.frame_bytes = DEFAULT_FRAME_BYTES
        self._stream_window_bytes = DEFAULT_WINDOW_BYTES
        self._block: list[Frame] = []
        self._requests: dict[int, Incoming] = {}
        self._stages: dict[int, Http2Stage] = {}
        self._performances: dict[int, asyncio.Task[None]] = {}
        self._over = asyncio.Event()
        self._arrival = Arrival(0)
        """Of what is being read."""
        self._takers: dict[int, Callable[[Frame], None]] = {
            HEADERS: self._take_block,
            CONTINUATION: self._take_block,
            DATA: self._take_data,
            RST_STREAM: self._cancel,
            WINDOW_UPDATE: self._widen,
            SETTINGS: self._agree,
            PING: self._echo,
        }
        self._is_proxied = self._authority is not None
        settings = SETTING.pack(MAX_CONCURRENT_STREAMS, STREAMS_AT_ONCE)
        settings += SETTING.pack(INITIAL_WINDOW_SIZE, OWN_WINDOW_BYTES)
        self.send(frame(SETTINGS, 0, 0, settings), window_update(0, OWN_WINDOW_BYTES))

    def send(self, *frames: bytes) -> None:
        self._leg.send(frames)

    def leave(self, manner: Manner) -> None:
        """The connection is over, with everything on it."""
        self._leg.finish(manner)
        self._over.set()

    def forget(self, stream: int) -> None:
        """The answer is over."""
        self._stages.pop(stream, None)

    async def ready(self) -> None:
        await self._has_room.wait()

    def received(self, leg: Leg, pieces: Sequence[bytes], arrival: Arrival) -> None:
        self._arrival = arrival
        try:
            for received in self._reader.feed(b"".join(pieces)):
                self._take(received)
        except (ProtocolError, HPACKError, struct.error, IndexError):
            self.send(frame(GOAWAY, 0, 0, struct.pack(">II", 0, ErrorCode.PROTOCOL_ERROR)))
            self.leave(Manner.CLOSE)

    def ended(self, leg: Leg, manner: Manner) -> None:
        """A client that says nothing more cannot open windows either."""
        self.leave(Manner.CLOSE)

    def closed(self, leg: Leg) -> None:
        super().closed(leg)
        self._over.set()

    async def _serve(self) -> None:
        try:
            await self._over.wait()
        finally:
            for performance in self._performances.values():
                performance.cancel()
        await self._part()

    def _take(self, received: Frame) -> None:
        if self._block and received.type != CONTINUATION:
            raise ProtocolError("a header block interrupted by another frame")
        if take := self._takers.get(received.type):
            take(received)

    def _take_block(self, received: Frame) -> None:
        self._block.append(received)
        if not received.flags & END_HEADERS:
            return
        first, block = self._block[0], b"".join(part.content for part in self._block)
        self._block = []
        headers = tuple(
            (decoded(name), decoded(value)) for name, value in self._decoder.decode(block, raw=True)
        )
        self._requests.setdefault(first.stream, Incoming(headers))  # a second block is its trailers
        if first.flags & END_STREAM:
            self._answer(first.stream)

    def _take_data(self, received: Frame) -> None:
        size_bytes = len(received.payload)
        if size_bytes:
            self.send(window_update(0, size_bytes))
        if received.stream not in self._requests:
            return
        self._requests[received.stream].body += received.content
        if received.flags & END_STREAM:
            self._answer(received.stream)
        elif size_bytes:
            self.send(window_update(received.stream, size_bytes))

    def _answer(self, stream: int) -> None:
        request = self._requests.pop(stream)
        method, authority = request.pseudo(":method"), request.pseudo(":authority").lower()
        whom = authority if self._is_proxied else None
        question = Question(method, request.pseudo(":path"), request.fields, bytes(request.body), whom)
        stage = Http2Stage(self, stream, self._stream_window_bytes, mute=method == "HEAD")
        self._stages[stream] = stage
        waited_ns = self._waited_ns(self._arrival)
        performance = asyncio.ensure_future(self._performer.answer(question, stage, waited_ns))
        self._performances[stream] = performance
        performance.add_done_callback(lambda _: self._performances.pop(stream, None))

    def _cancel(self, received: Frame) -> None:
        """The client wants no more of the stream."""
        self._stages.pop(received.stream, None)
        self._requests.pop(received.stream, None)
        if performance := self._performances.get(received.stream):
            performance.cancel()

    def _echo(self, received: Frame) -> None:
        if not received.flags & ACK:
            self.send(frame(PING, ACK, 0, received.payload))

    def _agree(self, received: Frame) -> None:
        if received.flags & ACK:
            return
        for name, value in SETTING.iter_unpack(received.payload):
            if name == INITIAL_WINDOW_SIZE:
                for stage in self._stages.values():
                    stage.window_bytes += value - self._stream_window_bytes
                self._stream_window_bytes = value
            elif name == MAX_FRAME_SIZE:
                self.frame_bytes = value
            elif name == HEADER_TABLE_SIZE:
                self.encoder.header_table_size = min(value, self._decoder.max_allowed_table_size)
        self.send(frame(SETTINGS, ACK, 0))
        self.go_on()

    def _widen(self, received: Frame) -> None:
        size_bytes = int.from_bytes(received.payload, "big") & MAX_WINDOW_BYTES
        if received.stream == 0:
            self.window_bytes += size_bytes
        elif stage := self._stages.get(received.stream):
            stage.window_bytes += size_bytes
        self.go_on()

    def go_on(self) -> None:
        """Sends what waited for a window."""
        for stage in list(self._stages.values()):
            stage.send_waiting()


class Http2Stage:
    """One answer."""

    def __init__(self, connection: Http2Connection, stream: int, window_bytes: int, *, mute: bool) -> None:
        self.window_bytes = window_bytes
        self._connection = connection
        self._stream = stream
        self._mute = mute
        self._waiting: deque[Cue] = deque()
        self._drained = asyncio.Event()
        self._epilogue = Epilogue()

    async def ready(self) -> None:
        await self._connection.ready()
        while self._waiting:
            self._drained.clear()
            await self._drained.wait()

    def play(self, cues: Sequence[Cue]) -> None:
        self._waiting += cues
        self.send_waiting()

    def send_waiting(self) -> None:
        """Everything that fits into the windows, in order."""
        frames: list[bytes] = []
        while self._waiting and self._encode(self._waiting[0], frames):
            self._waiting.popleft()
        if frames:
            self._connection.send(*frames)
        if not self._waiting:
            self._drained.set()

    def _encode(self, cue: Cue, frames: list[bytes]) -> bool:
        """Appends the frames of ``cue``; False where a part of it has to wait."""
        match cue:
            case Head():
                frames += self._head(cue)
            case bytes():
                return self._mute or self._data(cue, frames)
            case Epilogue():
                self._epilogue = cue
            case Finale():
                self._end(cue, frames)
        return True

    def _head(self, head: Head) -> Iterator[bytes]:
        fields = [(":status", str(head.response.status))]
        fields += [(name.lower(), value) for name, value in head.response.headers]
        if head.size_bytes is not None:
            fields.append(("content-length", str(head.size_bytes)))
        return self._block(fields)

    def _block(self, fields: Iterable[tuple[str, str]], flags: int = 0) -> Iterator[bytes]:
        """A head or trailers, in as many frames as they need; the first has ``flags``."""
        block = self._connection.encoder.encode(
            [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields]
        )
        parts = [block[at : at + DEFAULT_FRAME_BYTES] for at in range(0, len(block), DEFAULT_FRAME_BYTES)]
        for index, part in enumerate(parts):
            last = END_HEADERS if index == len(parts) - 1 else 0
            yield frame(
                CONTINUATION if index else HEADERS, last if index else last | flags, self._stream, part
            )

    def _data(self, data: bytes, frames: list[bytes]) -> bool:
        room = min(self.window_bytes, self._connection.window_bytes, self._connection.frame_bytes)
        if room <= 0:
            return False
        piece, rest = data[:room], data[room:]
        self.window_bytes -= len(piece)
        self._connection.window_bytes -= len(piece)
        frames += data_frame(self._stream, piece)
        if rest:
            self._waiting[0] = rest
            return self._data(rest, frames)
        return True

    def _end(self, finale: Finale, frames: list[bytes]) -> None:
        self._connection.forget(self._stream)
        match finale:
            case Finale.END if self._epilogue.trailers:
                fields = [(name.lower(), value) for name, value in self._epilogue.trailers]
                frames += self._block(fields, END_STREAM)
            case Finale.END:
                frames.append(frame(DATA, END_STREAM, self._stream))
            case Finale.RESET:
                code = self._epilogue.reset_code
                frames.append(reset(self._stream, ErrorCode.INTERNAL_ERROR if code is None else code))
            case Finale.BROKEN:
                frames.append(reset(self._stream, ErrorCode.PROTOCOL_ERROR))
            case _:
                self._connection.send(*frames)
                frames.clear()
                self._connection.leave(LEAVING[finale])


def decoded(text: bytes | str) -> str:
    return text if isinstance(text, str) else text.decode("latin-1")
