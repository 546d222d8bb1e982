"""HTTP/1 messages in one direction of a connection (RFC 9112), sans I/O.

Knows heads and framing; must not know which request a response answers beyond its method, nor sockets, secrets or
time. It is as lenient as real clients are, because it only watches: what it cannot follow becomes a ``Fault`` and the
bytes travel on. Invariant: the events do not depend on how the bytes were split, except where body pieces are cut.
"""

import re
from collections import deque
from dataclasses import dataclass
from typing import TypeAlias

from sserec.errors import ProtocolError
from sserec.proxy.reader import Fault, StepReader
from sserec.records import Headers

MAX_HEAD_BYTES = 300 * 1024
"""curl gives up at this size (lib/http.h, MAX_HTTP_RESP_HEADER_SIZE); others much earlier (node, h11: 16 KiB)."""
MAX_CHUNK_LINE_BYTES = 16 * 1024
"""A chunk's size and extensions; curl takes 16 digits and ignores extensions, h11 takes 16 KiB (as for heads)."""

CHUNK_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?", re.DOTALL)
PLAIN_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})\r\n")
REQUEST_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) +(\S+) +(HTTP/1\.[01]) *")
STATUS_LINE = re.compile(rb"(HTTP/1\.[01]) +(\d{3})(?: (.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class RequestHead:
    """``start`` and ``end`` are where the head stands in the stream of its direction."""

    method: str
    target: str
    http_version: str
    headers: Headers
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ResponseHead:
    status: int
    reason: str
    http_version: str
    headers: Headers

    @property
    def is_interim(self) -> bool:
        """1xx: the response proper is still to come (RFC 9110, section 15.2)."""
        return 100 <= self.status < 200 and self.status != 101


@dataclass(frozen=True, slots=True)
class End:
    """The message is whole by its own framing."""

    trailers: Headers = ()


@dataclass(frozen=True, slots=True)
class Upgrade:
    """The connection speaks something else from here on; so many bytes of it came along already."""

    rest_size_bytes: int


Event: TypeAlias = RequestHead | ResponseHead | bytes | End | Upgrade | Fault
"""A plain ``bytes`` is a piece of body: there is one for each event of a stream, so it has to be cheap."""


class MessageReader(StepReader[Event]):
    """What both directions share: lines up to a blank one, and the three ways to frame a body."""

    def __init__(self) -> None:
        super().__init__(self._head)
        self._lines: list[bytes] = []
        self._lines_start = 0
        self._left = 0

    def end(self) -> list[Event]:
        """The transport ended in order: only a body that nothing else delimits is whole by that."""
        if self._step != self._until_end:
            return []
        self._step = self._silent
        return [End()]

    @property
    def before_partial_head(self) -> int:
        """How much of the stream is consumed and no part of a head whose end has not come."""
        return self._lines_start if self._lines and self._step == self._head else self.consumed

    def _start(self, lines: list[bytes]) -> list[Event]:
        """Parses a head, chooses the step that reads its body, and returns the events that says."""
        raise NotImplementedError

    def _head(self, events: list[Event]) -> bool:
        lines = self._block()
        if lines:
            events += self._start(lines)
        return lines is not None

    def _block(self) -> list[bytes] | None:
        """The lines up to a blank line, or None while that has not come."""
        if not self._lines:
            self._lines_start = self.consumed
        while (line := self._line(MAX_HEAD_BYTES)) is not None:
            if not line:
                lines, self._lines = self._lines, []
                return lines
            self._lines.append(line)
            if self.consumed - self._lines_start > MAX_HEAD_BYTES:
                raise ProtocolError(f"a head of more than {MAX_HEAD_BYTES:,} bytes")
        return None

    def _framed_by(self, headers: Headers) -> bool:
        """Chooses the body's step by RFC 9112, section 6.3, points 4 to 6; False where no field frames it."""
        codings = list_field(headers, "transfer-encoding")
        if codings and codings[-1].lower() == "chunked":
            self._step = self._chunk_size
        elif codings:
            return False
        elif lengths := set(list_field(headers, "content-length")):
            self._left = content_length(lengths)
            self._step = self._fixed if self._left else self._empty
        else:
            return False
        return True

    def _empty(self, events: list[Event]) -> bool:
        events.append(End())
        self._step = self._head
        return True

    def _fixed(self, events: list[Event]) -> bool:
        if self._piece(events):
            self._step = self._empty
        return not self._left

    def _until_end(self, events: list[Event]) -> bool:
        if data := self._take(self.unread_size_bytes):
            events.append(data)
        return False

    def _chunk_size(self, events: list[Event]) -> bool:
        """Takes a chunk that is all here, as nearly every event is; at a third of what the other steps cost it."""
        line = PLAIN_SIZE_LINE.match(self._buffer, self._at)
        if line is not None:
            start, end = line.end(), line.end() + int(line[1], 16)
            if start < end and self._buffer[end : end + 2] == b"\r\n":
                events.append(self._buffer[start:end])
                self._at = end + 2
                return self._at < len(self._buffer)
        return self._any_chunk_size()

    def _any_chunk_size(self) -> bool:
        line = self._line(MAX_CHUNK_LINE_BYTES)
        if line is None:
            return False
        match = CHUNK_SIZE.fullmatch(line)
        if match is None:
            raise ProtocolError(f"a chunk cannot be {line[:20]!r} bytes long")
        self._left = int(match[1], 16)
        self._step = self._chunk_data if self._left else self._trailers
        return True

    def _chunk_data(self, events: list[Event]) -> bool:
        if self._piece(events):
            self._step = self._chunk_end
        return not self._left

    def _chunk_end(self, events: list[Event]) -> bool:
        newline = self._buffer.find(b"\n", self._at, self._at + 2)
        end = newline if newline >= 0 else min(len(self._buffer), self._at + 2)
        if self._buffer[self._at : end] not in (b"", b"\r"):
            raise ProtocolError("a chunk goes on after its size")
        if newline < 0:
            return False
        self._at = newline + 1
        self._step = self._chunk_size
        return True

    def _trailers(self, events: list[Event]) -> bool:
        lines = self._block()
        if lines is not None:
            events.append(End(parse_fields(lines)))
            self._step = self._head
        return lines is not None

    def _piece(self, events: list[Event]) -> bool:
        """Emits what there is of ``_left`` bytes; True when that was all of them."""
        data = self._take(self._left)
        if data:
            events.append(data)
        self._left -= len(data)
        return not self._left


class RequestReader(MessageReader):
    """The client's direction."""

    def _start(self, lines: list[bytes]) -> list[Event]:
        match = REQUEST_LINE.fullmatch(lines[0])
        if match is None:
            raise ProtocolError(f"not a request line: {printable(lines[0])}")
        method, target, version = (part.decode("latin-1") for part in match.groups())
        headers = parse_fields(lines[1:])
        if not self._framed_by(headers):
            self._step = self._empty
        return [RequestHead(method, target, version, headers, self._lines_start, self.consumed)]


class ResponseReader(MessageReader):
    """The server's direction. ``expect`` tells it what is being answered: the framing depends on it."""

    def __init__(self) -> None:
        super().__init__()
        self._methods: deque[str] = deque()

    def expect(self, method: str) -> None:
        """The next response that nothing was expected for answers a request with this method."""
        self._methods.append(method)

    def _start(self, lines: list[bytes]) -> list[Event]:
        match = STATUS_LINE.fullmatch(lines[0])
        if match is None:
            raise ProtocolError(f"not a status line: {printable(lines[0])}")
        version, status, reason = (part.decode("latin-1") for part in match.groups(b""))
        head = ResponseHead(int(status), reason, version, parse_fields(lines[1:]))
        if head.is_interim:
            return [head]
        method = self._methods.popleft() if self._methods else "GET"
        try:
            return [head, *self._body_of(head, method)]
        except ProtocolError as error:  # of a body that cannot be delimited the head is still worth knowing
            self._step = self._silent
            return [head, Fault(str(error))]

    def _body_of(self, head: ResponseHead, method: str) -> list[Event]:
        """Chooses the body's step by RFC 9112, section 6.3."""
        if head.status == 101 or (method == "CONNECT" and 200 <= head.status < 300):
            self._step = self._silent
            return [Upgrade(self.unread_size_bytes)]
        if method == "HEAD" or head.status in (204, 304):
            self._step = self._empty
        elif not self._framed_by(head.headers):
            self._step = self._until_end
        return []


def parse_fields(lines: list[bytes]) -> Headers:
    """Field lines to names and values; a folded line continues the one before (RFC 9112, section 5.2)."""
    fields: list[tuple[str, str]] = []
    for line in lines:
        if line[:1] in (b" ", b"\t") and fields:
            name, value = fields.pop()
            fields.append((name, f"{value} {line.strip().decode('latin-1')}"))
        else:
            fields.append(parse_field(line))
    return tuple(fields)


def parse_field(line: bytes) -> tuple[str, str]:
    name, colon, value = line.partition(b":")
    if not colon:
        raise ProtocolError(f"a header line without a colon, {len(line):,} bytes long")
    return name.rstrip().decode("latin-1"), value.strip(b" \t").decode("latin-1")


def list_field(headers: Headers, name: str) -> list[str]:
    """The members of a comma-separated field over all its lines (RFC 9110, section 5.6.1)."""
    values = [value for key, value in headers if key.lower() == name]
    return [member.strip() for value in values for member in value.split(",") if member.strip()]


def content_length(lengths: set[str]) -> int:
    length = next(iter(lengths))
    if len(lengths) > 1 or not (length.isascii() and length.isdigit() and len(length) < 19):
        raise ProtocolError(f"a body cannot be {', '.join(sorted(lengths))[:40]!r} bytes long")
    return int(length)


def printable(line: bytes) -> str:
    """The beginning of a first line for a message; never more, because it may hold a secret."""
    return repr(line[:12].decode("latin-1"))
