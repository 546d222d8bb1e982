"""HTTP messages and frames by hand, for tests that need more freedom than an honest library gives."""

from hpack import Encoder

from sserec.proxy.http2 import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    PADDED,
    PREFACE,
    PUSH_PROMISE,
    RST_STREAM,
)
from sserec.records import Headers

SETTINGS, PING, WINDOW_UPDATE = 4, 6, 8
REQUEST: Headers = (
    (":method", "POST"),
    (":scheme", "https"),
    (":authority", "api.example"),
    (":path", "/v1/stream?alt=sse"),
    ("content-type", "application/json"),
)
RESPONSE: Headers = ((":status", "200"), ("content-type", "text/event-stream"))


def frame(kind: int, stream: int, payload: bytes = b"", flags: int = 0) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


class Peer:
    """One end's way of writing: its HPACK state makes later blocks depend on earlier ones."""

    def __init__(self) -> None:
        self._encoder = Encoder()

    def block(self, headers: Headers) -> bytes:
        encoded: bytes = self._encoder.encode(list(headers))
        return encoded

    def resize_table(self, size_bytes: int) -> None:
        """Announced in the next block."""
        self._encoder.header_table_size = size_bytes

    def headers(self, stream: int, headers: Headers, *, end: bool = False) -> bytes:
        return frame(HEADERS, stream, self.block(headers), END_HEADERS | end * END_STREAM)

    def continued(self, stream: int, headers: Headers, *, end: bool = False) -> bytes:
        """A block in three frames."""
        block = self.block(headers)
        third = len(block) // 3
        return (
            frame(HEADERS, stream, block[:third], end * END_STREAM)
            + frame(CONTINUATION, stream, block[third : 2 * third])
            + frame(CONTINUATION, stream, block[2 * third :], END_HEADERS)
        )

    def push(self, stream: int, promised: int, headers: Headers) -> bytes:
        return frame(PUSH_PROMISE, stream, promised.to_bytes(4, "big") + self.block(headers), END_HEADERS)


def data(stream: int, content: bytes, *, end: bool = False, padding: int | None = None) -> bytes:
    flags = end * END_STREAM
    if padding is None:
        return frame(DATA, stream, content, flags)
    return frame(DATA, stream, bytes([padding]) + content + bytes(padding), flags | PADDED)


def reset(stream: int, code: int) -> bytes:
    return frame(RST_STREAM, stream, code.to_bytes(4, "big"))


def goaway(last_stream: int, code: int, debug: bytes = b"") -> bytes:
    return frame(GOAWAY, 0, last_stream.to_bytes(4, "big") + code.to_bytes(4, "big") + debug)


def opening() -> bytes:
    """What a client sends first."""
    return PREFACE + frame(SETTINGS, 0, b"\0\3\0\0\0\x64") + frame(WINDOW_UPDATE, 0, b"\0\1\0\0")


GET = b"GET /v1?alt=sse HTTP/1.1\r\nHost: api.example\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def sessions() -> dict[str, tuple[bytes, bytes]]:
    """What the two sides of a lively connection say."""
    client, server = Peer(), Peer()
    return {
        "http1": (
            GET + b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}" + GET,
            CHUNKED + b"3\r\na\n\n\r\n0\r\n\r\nHTTP/1.1 204 No\r\n\r\nHTTP/1.1 200 OK\r\n\r\nabc",
        ),
        "http2": (
            opening()
            + client.headers(1, REQUEST, end=True)
            + client.continued(3, REQUEST)
            + data(3, b"x", end=True),
            server.headers(1, RESPONSE)
            + server.headers(3, RESPONSE)
            + data(3, b"a", padding=3)
            + data(1, b"b", end=True)
            + reset(3, 8)
            + goaway(3, 0),
        ),
    }
