"""HTTP/2 frames in one direction of a connection (RFC 9113), sans I/O.

Knows frames, header blocks and HPACK; must not know exchanges, flow control (the two ends do it between themselves,
through us), sockets, secrets or time. DATA is handed on as it comes, other frames once they are whole. Invariant: the
events do not depend on how the bytes were split, except where DATA pieces are cut.
"""

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

from hpack import Decoder, HPACKError

from sserec.errors import ProtocolError
from sserec.proxy.http1 import MAX_HEAD_BYTES
from sserec.proxy.reader import Fault, StepReader
from sserec.records import Headers

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
FRAME_HEAD_BYTES = 9
DATA, HEADERS, RST_STREAM, PUSH_PROMISE, GOAWAY, CONTINUATION = 0, 1, 3, 5, 7, 9
END_STREAM, END_HEADERS, PADDED, PRIORITY = 0x1, 0x4, 0x8, 0x20
PRIORITY_BYTES = 5
PROMISED_ID_BYTES = 4
MAX_TABLE_BYTES = 1 << 20
"""The largest HPACK table either end may agree on with the other (defaults: 4 KiB; Chromium: 64 KiB)."""
MAX_GOAWAY_BYTES = 16 * 1024
UNNAMED_CODE = re.compile("error 0x([0-9a-f]{1,8})")


class ErrorCode(IntEnum):
    """RFC 9113, section 7."""

    NO_ERROR = 0
    PROTOCOL_ERROR = 1
    INTERNAL_ERROR = 2
    FLOW_CONTROL_ERROR = 3
    SETTINGS_TIMEOUT = 4
    STREAM_CLOSED = 5
    FRAME_SIZE_ERROR = 6
    REFUSED_STREAM = 7
    CANCEL = 8
    COMPRESSION_ERROR = 9
    CONNECT_ERROR = 10
    ENHANCE_YOUR_CALM = 11
    INADEQUATE_SECURITY = 12
    HTTP_1_1_REQUIRED = 13


@dataclass(frozen=True, slots=True)
class HeaderBlock:
    """A head or trailers; the pseudo header fields come first, as on the wire."""

    stream: int
    headers: Headers
    end_stream: bool


@dataclass(frozen=True, slots=True)
class Data:
    """A piece of one DATA frame without its padding."""

    stream: int
    data: bytes
    end_stream: bool


@dataclass(frozen=True, slots=True)
class StreamReset:
    stream: int
    error_code: int


@dataclass(frozen=True, slots=True)
class GoAway:
    """Streams above ``last_stream`` were not and will not be processed."""

    last_stream: int
    error_code: int


Event: TypeAlias = HeaderBlock | Data | StreamReset | GoAway | Fault


def error_name(code: int) -> str:
    """The code's name, or its number where it has none (RFC 9113, section 7: unknown codes are legal)."""
    return ErrorCode(code).name if code in set(ErrorCode) else f"error {code:#x}"


def error_code(name: str) -> int | None:
    """The code that :func:`error_name` calls so; None where it would call none so."""
    if name in ErrorCode.__members__:
        return ErrorCode[name]
    unnamed = UNNAMED_CODE.fullmatch(name)
    return int(unnamed[1], 16) if unnamed else None


class FrameReader(StepReader[Event]):
    """One direction; the client's begins with the connection preface."""

    def __init__(self, *, preface: bool) -> None:
        super().__init__(self._preface if preface else self._frame)
        self._decoder = Decoder(max_header_list_size=MAX_HEAD_BYTES)
        self._decoder.max_allowed_table_size = MAX_TABLE_BYTES
        self._type = self._flags = self._stream = 0
        self._left = self._padding = 0
        self._block = b""
        self._block_stream: int | None = None
        self._block_is_push = False
        self._block_ends_stream = False

    def _preface(self, events: list[Event]) -> bool:
        preface = self._exactly(len(PREFACE))
        if preface is None:
            return False
        if preface != PREFACE:
            raise ProtocolError("no HTTP/2 connection preface")
        self._step = self._frame
        return True

    def _frame(self, events: list[Event]) -> bool:
        head = self._exactly(FRAME_HEAD_BYTES)
        if head is None:
            return False
        self._left = int.from_bytes(head[:3], "big")
        self._type, self._flags = head[3], head[4]
        self._stream = int.from_bytes(head[5:], "big") & 0x7FFF_FFFF
        if self._block_stream is not None and (self._type, self._stream) != (
            CONTINUATION,
            self._block_stream,
        ):
            raise ProtocolError("a header block interrupted by another frame")
        self._choose_payload_step()
        return True

    def _choose_payload_step(self) -> None:
        self._padding = 0
        if self._type == DATA:
            self._step = self._pad_length if self._flags & PADDED else self._data
        elif self._type in (HEADERS, PUSH_PROMISE, CONTINUATION):
            self._step = self._whole_block
        elif self._type in (RST_STREAM, GOAWAY):
            self._step = self._whole_notice
        else:
            self._step = self._skip

    def _skip(self, events: list[Event]) -> bool:
        """SETTINGS, PING, WINDOW_UPDATE, PRIORITY and extensions say nothing about an exchange."""
        self._left -= len(self._take(self._left))
        return self._frame_done()

    def _frame_done(self) -> bool:
        if self._left:
            return False
        self._step = self._frame
        return True

    def _pad_length(self, events: list[Event]) -> bool:
        length = self._exactly(1)
        if length is None:
            return False
        self._padding = length[0]
        self._left -= 1 + self._padding
        if self._left < 0:
            raise ProtocolError("more padding than payload")
        self._step = self._data
        return True

    def _data(self, events: list[Event]) -> bool:
        data = self._take(self._left)
        self._left -= len(data)
        end_stream = not self._left and bool(self._flags & END_STREAM)
        if data or end_stream:
            events.append(Data(self._stream, data, end_stream))
        if self._left:
            return False
        self._left, self._step = self._padding, self._skip
        return True

    def _whole_block(self, events: list[Event]) -> bool:
        if self._left + len(self._block) > MAX_HEAD_BYTES:
            raise ProtocolError(f"a header block of more than {MAX_HEAD_BYTES:,} bytes")
        payload = self._exactly(self._left)
        if payload is None:
            return False
        self._step = self._frame
        if self._type != CONTINUATION:
            self._open_block(payload)
        elif self._block_stream is None:
            raise ProtocolError("a CONTINUATION of nothing")
        else:
            self._block += payload
        if self._flags & END_HEADERS:
            self._close_block(events)
        return True

    def _open_block(self, payload: bytes) -> None:
        start, end = 0, len(payload)
        if self._flags & PADDED:
            start, end = 1, end - payload[0] if payload else -1
        if self._type == PUSH_PROMISE:
            start += PROMISED_ID_BYTES
        elif self._flags & PRIORITY:
            start += PRIORITY_BYTES
        if start > end:
            raise ProtocolError("more padding than payload")
        self._block = payload[start:end]
        self._block_stream = self._stream
        self._block_is_push = self._type == PUSH_PROMISE
        self._block_ends_stream = not self._block_is_push and bool(self._flags & END_STREAM)

    def _close_block(self, events: list[Event]) -> None:
        """Every block has to be decoded, also that of a push nobody asked about: HPACK's table depends on it."""
        headers = self._decode(self._block)
        if not self._block_is_push:
            events.append(HeaderBlock(self._stream, headers, self._block_ends_stream))
        self._block, self._block_stream = b"", None

    def _decode(self, block: bytes) -> Headers:
        try:
            fields = self._decoder.decode(block, raw=True)
        except HPACKError as error:
            raise ProtocolError(f"a header block that cannot be decompressed ({error})") from error
        return tuple(
            (bytes(name).decode("latin-1"), bytes(value).decode("latin-1")) for name, value in fields
        )

    def _whole_notice(self, events: list[Event]) -> bool:
        if self._left > MAX_GOAWAY_BYTES:
            raise ProtocolError(f"a GOAWAY of more than {MAX_GOAWAY_BYTES:,} bytes")
        payload = self._exactly(self._left)
        if payload is None:
            return False
        self._step = self._frame
        if len(payload) < (4 if self._type == RST_STREAM else 8):
            raise ProtocolError("a frame too short for its type")
        events.append(self._notice(payload))
        return True

    def _notice(self, payload: bytes) -> Event:
        if self._type == RST_STREAM:
            return StreamReset(self._stream, int.from_bytes(payload[:4], "big"))
        return GoAway(int.from_bytes(payload[:4], "big") & 0x7FFF_FFFF, int.from_bytes(payload[4:8], "big"))
