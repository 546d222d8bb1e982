"""HTTP/2 frames of a server (RFC 9113, sections 4 and 6): bytes to frames and frames to bytes, sans I/O.

The recorder's reader (:mod:`sserec.proxy.http2`) looks at what passes and skips what is between the two ends; a
server has to take part in it.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from sserec.errors import ProtocolError
from sserec.proxy.http2 import (
    CONTINUATION,
    DATA,
    FRAME_HEAD_BYTES,
    HEADERS,
    PADDED,
    PREFACE,
    PRIORITY,
    PRIORITY_BYTES,
    RST_STREAM,
)
from sserec.proxy.tls import MAX_RECORD_BYTES

SETTINGS, PING, WINDOW_UPDATE = 4, 6, 8
ACK = 0x1
HEADER_TABLE_SIZE, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE = 1, 3, 4, 5
DEFAULT_WINDOW_BYTES = 65_535
DEFAULT_FRAME_BYTES = 16_384
MAX_WINDOW_BYTES = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Frame:
    type: int
    flags: int
    stream: int
    payload: bytes

    @property
    def content(self) -> bytes:
        """The payload without padding and priority."""
        start, end = 0, len(self.payload)
        if self.flags & PADDED and self.type != CONTINUATION:
            start, end = 1, end - self.payload[0]
        if self.type == HEADERS and self.flags & PRIORITY:
            start += PRIORITY_BYTES
        if start > end:
            raise ProtocolError("more padding than payload")
        return self.payload[start:end]


def frame(type: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """A frame as it goes over the wire."""
    return frame_head(type, flags, stream, len(payload)) + payload


def frame_head(type: int, flags: int, stream: int, size_bytes: int) -> bytes:
    return struct.pack(">IBI", size_bytes << 8 | type, flags, stream)


class FrameReader:
    """Whole frames, after the client's preface. Raises ProtocolError."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._greeted = False

    def feed(self, data: bytes) -> Iterator[Frame]:
        self._buffer += data
        if not self._greeted and len(self._buffer) >= len(PREFACE):
            if not self._buffer.startswith(PREFACE):
                raise ProtocolError("no HTTP/2 connection preface")
            del self._buffer[: len(PREFACE)]
            self._greeted = True
        while self._greeted and (frame := self._next()) is not None:
            yield frame

    def _next(self) -> Frame | None:
        if len(self._buffer) < FRAME_HEAD_BYTES:
            return None
        size_and_type, flags, stream = struct.unpack(">IBI", self._buffer[:FRAME_HEAD_BYTES])
        end = FRAME_HEAD_BYTES + (size_and_type >> 8)
        if end > FRAME_HEAD_BYTES + DEFAULT_FRAME_BYTES:
            raise ProtocolError("a frame that is larger than was agreed")
        if len(self._buffer) < end:
            return None
        payload = bytes(self._buffer[FRAME_HEAD_BYTES:end])
        del self._buffer[:end]
        return Frame(size_and_type & 0xFF, flags, stream & MAX_WINDOW_BYTES, payload)


def data_frame(stream: int, data: bytes) -> Iterator[bytes]:
    """A TLS record holds 16 KiB: what fills one by itself is kept apart from its framing."""
    head = frame_head(DATA, 0, stream, len(data))
    if len(head) + len(data) <= MAX_RECORD_BYTES:
        yield head + data
    else:
        yield head
        yield data


def window_update(stream: int, size_bytes: int) -> bytes:
    return frame(WINDOW_UPDATE, 0, stream, size_bytes.to_bytes(4, "big"))


def reset(stream: int, code: int) -> bytes:
    return frame(RST_STREAM, 0, stream, code.to_bytes(4, "big"))
