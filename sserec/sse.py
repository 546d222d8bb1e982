"""Bytes to events: the event-stream grammar of WHATWG HTML, sections 9.2.5 and 9.2.6, sans I/O.

Knows bytes and their offsets; must not know where they came from, when, or what the data means.

Invariants:

* The result never depends on how the stream was cut into reads: events, residue and tail are the same.
* Every byte is accounted for. Events, discarded blocks and the tail are *blocks*; they never overlap. The
  other residue is *lines* (and the BOM), which never overlap either, but may stand inside a block. A byte
  belongs to its residue line, else to its block, else it is framing: the end of a blank line that closes no
  block, or the LF of a CR LF pair whose CR already closed one.
* A line ends with its CR or LF; the LF after a CR belongs to the block around it. So an event is out as soon
  as the first byte that ends its blank line has come, and nobody waits to see whether an LF follows.
* Time is linear in the bytes. Memory holds one unfinished line, the data of one unfinished block, and the
  residue nobody has taken yet: a keep-alive that goes on for ever costs nothing, a line that goes on for ever
  costs its own length, because that is what its event will be.

There are two paths. The exact one takes a line at a time and knows the whole grammar. The fast one,
``_plain_blocks``, takes only whole blocks of the shape that LLM APIs send, ``[event: T] data: V`` and a blank
line, and leaves everything else to the exact one. A byte at a time never takes the fast path, so the tests
that compare splits compare the two.
"""

import re
from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

_BOM = b"\xef\xbb\xbf"
_LINE_ENDS = (b"\n", b"\r")

_RETRY_MAX_MS = 2**63 - 1
"""The grammar sets no limit, an int64 column does; CPython also refuses to parse more than 4300 digits."""

_FIELD_NAME = re.compile(rb"[A-Za-z0-9_.-]+")
"""What a person would call a field; the grammar allows anything but a colon and a line's end."""

_PLAIN_HEADER = re.compile(rb"(?:event: ([^\r\n]*)\r?\n)?data: ")

_PLAIN_HEADER_MAX_BYTES = 160
"""Longer ones are left to the exact path, which keeps the cache of headers small on any input."""

_WINDOW_BYTES = 16 * 1024
"""How much the exact path takes at once: its lists of lines stay small however large a read is."""

_STREAM_START = re.compile(rb"(?:\xef\xbb\xbf)?[\r\n]*(?::|(?:data|event|id|retry):)")


class Event(NamedTuple):
    """One dispatched event. A tuple, because a stream holds a million of them.

    ``start`` and ``end`` are the byte offsets of its block: from the end of the blank line before it to the
    end of its own. When that is a CR LF pair, ``end`` stands before the LF.
    """

    type: str
    """The event's name, ``message`` by default."""
    data: bytes
    """The data lines as they came, joined by LF."""
    last_event_id: str
    """The last event ID as of this event, by its own ``id`` field or an earlier one."""
    start: int
    end: int

    @property
    def text(self) -> str:
        """The data as text; bytes that are not UTF-8 are replaced, as the standard decodes them."""
        return self.data.decode("utf-8", "replace")


class Kind(StrEnum):
    """Why bytes are no event. The last two lines' kinds tell chatter from a reply that is no SSE at all."""

    BOM = "bom"
    """The one byte order mark that may open a stream."""
    COMMENT = "comment"
    """A line that starts with a colon."""
    RETRY = "retry"
    """A reconnection time."""
    IGNORED = "ignored field"
    """A field of an unknown name, an ``id`` that holds NUL, a ``retry`` that is no number."""
    MALFORMED = "malformed line"
    """A line that nobody meant as a field: bare JSON, HTML, prose."""
    DISCARDED = "discarded block"
    """A block without data: its id counts, its type does not, and nothing is dispatched."""


class Residue(NamedTuple):
    """Bytes of the stream that were no event: a line with its end, the BOM, or a whole discarded block."""

    kind: Kind
    start: int
    end: int
    line: bytes = b""
    """The line without its end; empty for the BOM and for a discarded block."""


class Tail(NamedTuple):
    """The unfinished block at the stream's end, which the standard does not dispatch."""

    start: int
    end: int
    type: str
    """The type it had so far, ``message`` by default."""
    data: bytes
    """What its finished data lines held."""
    line: bytes
    """The line that the stream broke off in; empty when only the blank line is missing."""


def looks_like_stream(prefix: bytes) -> bool:
    """Whether a body that nobody labelled ``text/event-stream`` begins like one."""
    return _STREAM_START.match(prefix) is not None


class Decoder:
    """Decodes one stream, fed in pieces of any size.

    To resume in the middle of a body, give the ``offset`` where an event ended and its ``last_event_id``;
    the offsets of what follows count from the body's start.
    """

    __slots__ = (
        "_after_cr",
        "_block_start",
        "_data",
        "_id",
        "_in_block",
        "_last_event_id",
        "_offset",
        "_plain_header",
        "_reconnection_time_ms",
        "_residue",
        "_type",
        "_unfinished",
    )

    def __init__(self, offset: int = 0, last_event_id: str = "") -> None:
        self._offset = self._block_start = offset
        self._last_event_id = last_event_id
        self._reconnection_time_ms: int | None = None
        self._residue: list[Residue] = []
        self._in_block = False
        self._after_cr = False
        self._unfinished = bytearray()
        self._data: list[bytes] = []
        self._type: bytes | None = None
        self._id: bytes | None = None
        self._plain_header = b"data: ", "message"

    @property
    def last_event_id(self) -> str:
        """The last event ID as of the last blank line: what a client sends when it reconnects."""
        return self._last_event_id

    @property
    def reconnection_time_ms(self) -> int | None:
        """The last valid ``retry``, in effect from its own line on; None when there was none."""
        return self._reconnection_time_ms

    def feed(self, data: bytes) -> list[Event]:
        """The events that these bytes complete. Never raises, whatever they are."""
        events: list[Event] = []
        position, size = 0, len(data)
        while position < size:
            if self._in_block:
                stop = _blank_line_end(data, position, position + _WINDOW_BYTES)
            else:
                position = self._plain_blocks(data, position, events)
                stop = position + _WINDOW_BYTES
            if position < size:
                self._lines(data[position:stop], events)
            position = stop
        return events

    def residue(self) -> list[Residue]:
        """What was no event since the last call, in the order of its end. Complete after :meth:`end`."""
        taken, self._residue = self._residue, []
        return taken

    def end(self) -> Tail | None:
        """Ends the stream; the unfinished block, if there is one. The decoder is spent.

        A last line without an end that can never become a field is residue all the same: it is how a bare
        JSON error arrives.
        """
        start, line = self._offset - len(self._unfinished), bytes(self._unfinished)
        if start == 0:
            line = self._without_bom(line)
        if _is_no_field(line):
            self._leave(Kind.MALFORMED, self._offset - len(line), self._offset, line)
            line = b""
        if not line and self._is_empty_block():
            return None
        return Tail(self._block_start, self._offset, self._event_type(), b"\n".join(self._data), line)

    # The fast path.

    def _plain_blocks(self, data: bytes, position: int, events: list[Event]) -> int:
        """Takes plain blocks, one after the other, from a block's start on; where the first other one starts.

        The blank line is tried together with the header of the block before: most are the same.
        """
        header, type_ = self._plain_header
        if not data.startswith(header, position):
            header, type_ = _plain_header(data, position)
        offset, last_event_id = self._offset - position, self._last_event_id
        crlf = data.find(b"\r", position) >= 0
        mark, blank = (b"\r", b"\r\n\r\n") if crlf else (b"\n", b"\n\n")
        border = blank + header
        while type_:
            value_start = position + len(header)
            value_end = data.find(mark, value_start)
            same = data.startswith(border, value_end)
            if not same and not data.startswith(blank, value_end):
                break
            if crlf and data.find(b"\n", value_start, value_end) >= 0:
                break
            start, position = offset + position, value_end + len(blank)
            value = data[value_start:value_end]
            events.append(_new(Event, (type_, value, last_event_id, start, offset + position - crlf)))
            if not same:
                self._plain_header = header, type_
                header, type_ = _plain_header(data, position)
                border = blank + header
        self._offset = offset + position
        return position

    # The exact path.

    def _lines(self, data: bytes, events: list[Event]) -> None:
        """Takes the lines that these bytes end, of any kind."""
        if not self._in_block:
            self._block_start = self._offset
        if self._after_cr:
            data = self._without_lf(data)
        end, self._offset = self._offset, self._offset + len(data)
        for line, whole in self._ended_lines(data, end):
            end += len(whole)
            if line.startswith(b"data: "):
                self._data.append(line[6:])
            elif line:
                self._field(line, end - whole.endswith(b"\r\n"))
            else:
                self._close_block(end - whole.endswith(b"\r\n"), events)
                self._block_start = end
        self._in_block = self._after_cr or self._offset > self._block_start

    def _without_lf(self, data: bytes) -> bytes:
        """Passes the LF of a CR LF that was cut in two."""
        self._after_cr = False
        if not data.startswith(b"\n"):
            return data
        if self._block_start == self._offset:
            self._block_start += 1
        self._offset += 1
        return data[1:]

    def _ended_lines(self, data: bytes, offset: int) -> Iterable[tuple[bytes, bytes]]:
        """Each line without its end and with it; the first one also with what earlier reads held of it."""
        ended = data.endswith(_LINE_ENDS)
        if not ended and data.find(b"\n") < 0 and data.find(b"\r") < 0:
            self._unfinished += data
            return ()
        self._after_cr = data.endswith(b"\r")
        lines = data.splitlines()
        rest = b"" if ended else lines.pop()
        if self._unfinished:
            offset -= len(self._unfinished)
            lines[0] = bytes(self._unfinished) + lines[0]
            self._unfinished.clear()
        self._unfinished += rest
        if offset == 0:
            lines[0] = self._without_bom(lines[0])
        return zip(lines, data.splitlines(keepends=True), strict=False)

    def _field(self, line: bytes, end: int) -> None:
        """Section 9.2.6, a line that is not blank."""
        name, _, value = line.partition(b":")
        if value.startswith(b" "):
            value = value[1:]
        if name == b"data":
            self._data.append(value)
        elif name == b"event":
            self._type = value
        elif name == b"id" and value.find(b"\0") < 0:
            self._id = value
        else:
            self._leave(self._kind(name, value, line), end - 1 - len(line), end, line)

    def _kind(self, name: bytes, value: bytes, line: bytes) -> Kind:
        """What a line is that adds nothing to its block. A retry takes effect here."""
        if line.startswith(b":"):
            return Kind.COMMENT
        if name == b"retry" and value.isdigit():
            self._reconnection_time_ms = _saturated(value)
            return Kind.RETRY
        if name in (b"id", b"retry"):
            return Kind.IGNORED
        return Kind.IGNORED if len(name) < len(line) and _FIELD_NAME.fullmatch(name) else Kind.MALFORMED

    def _close_block(self, end: int, events: list[Event]) -> None:
        """Section 9.2.6, a blank line: the ID takes effect, and an event with data is dispatched."""
        if self._id is not None:
            self._last_event_id = self._id.decode("utf-8", "replace")
        if self._data:
            data = b"\n".join(self._data)
            event = (self._event_type(), data, self._last_event_id, self._block_start, end)
            events.append(_new(Event, event))
            self._data.clear()
        elif not self._is_empty_block():
            self._leave(Kind.DISCARDED, self._block_start, end)
        self._type = self._id = None

    def _is_empty_block(self) -> bool:
        return not self._data and self._type is None and self._id is None

    def _event_type(self) -> str:
        return self._type.decode("utf-8", "replace") if self._type else "message"

    def _leave(self, kind: Kind, start: int, end: int, line: bytes = b"") -> None:
        self._residue.append(Residue(kind, start, end, line))

    def _without_bom(self, line: bytes) -> bytes:
        """The stream's first line: three bytes are a byte order mark only together, and only there."""
        if not line.startswith(_BOM):
            return line
        self._leave(Kind.BOM, 0, len(_BOM))
        self._block_start = len(_BOM)
        return line[len(_BOM) :]


_new = tuple.__new__
"""Half the time of ``Event(...)``, whose ``__new__`` is a Python function."""


def _plain_header(data: bytes, position: int) -> tuple[bytes, str]:
    """All that stands before the data's value in the plain block at ``position``, and the type it gives.

    The type is empty when the block there is not plain, or when there is none.
    """
    value_start = data.find(b"data: ", position, position + _PLAIN_HEADER_MAX_BYTES) + 6
    header = data[position:value_start]
    return header, _plain_type(header)


@lru_cache(maxsize=256)
def _plain_type(header: bytes) -> str:
    match = _PLAIN_HEADER.fullmatch(header)
    if match is None:
        return ""
    return (match[1] or b"").decode("utf-8", "replace") or "message"


def _blank_line_end(data: bytes, position: int, limit: int) -> int:
    """The end of the first blank line after a line that ends in LF; ``limit`` if none starts before it."""
    lf = data.find(b"\n", position, limit)
    while lf >= 0:
        if data.startswith((b"\n", b"\r\n"), lf + 1):
            return data.index(b"\n", lf + 1) + 1
        lf = data.find(b"\n", lf + 1, limit)
    return limit


def _is_no_field(line: bytes) -> bool:
    """Whether the beginning of a line can no longer become a field or a comment."""
    name = line.partition(b":")[0]
    return bool(name) and _FIELD_NAME.fullmatch(name) is None


def _saturated(digits: bytes) -> int:
    significant = digits.lstrip(b"0") or b"0"
    return min(int(significant), _RETRY_MAX_MS) if len(significant) < 20 else _RETRY_MAX_MS
