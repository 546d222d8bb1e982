"""Bytes to events: the event-stream grammar of WHATWG HTML, sections 9.2.5 and 9.2.6, sans I/O.

Knows bytes and their offsets; must not know where they came from, when, or what the data means.

Invariants:

* The result never depends on how the stream was cut into reads: events, residue and tail are the same.
* Every byte is accounted for. Events, discarded blocks and the tail are *blocks*; they never overlap. The
  other residue is *lines* (and the BOM), which never overlap either, but may stand inside a block. A byte
  belongs to its residue line, else to its block, else it is framing: the end of a blank line that closed
  nothing, or the LF of a CR LF outside all blocks.
* A line ends with its CR or LF; the LF after a CR belongs to the block around it, if there is one. So an
  event is out as soon as the first byte that ends its blank line has come, and nobody waits for an LF.
* Time is linear in the bytes. Memory holds one unfinished line, the data of one unfinished block, and the
  residue nobody has taken yet: a keep-alive that goes on for ever costs nothing, a line that goes on for ever
  costs its own length (and some 50 bytes for each read it came in), because that is what its event will be.

There are two paths. The exact one, :meth:`Decoder._lines`, takes a line at a time and knows the whole grammar.
The fast one, in :meth:`Decoder.feed`, takes only whole blocks of the shape that LLM APIs send,
``[event: T] data: V`` and a blank line, and leaves everything else to the exact one. A read of one byte never
takes the fast path, so the tests that compare splits compare the two.
"""

import re
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple, TypeAlias

EVENT_STREAM = "text/event-stream"
"""The media type of a stream, parameters left out (WHATWG HTML, section 9.2.1)."""

_BOM = b"\xef\xbb\xbf"
_LINE_ENDS = (b"\n", b"\r")

_RETRY_MAX_MS = 2**63 - 1
"""The grammar sets no limit, an int64 column does; CPython also refuses to parse more than 4300 digits."""

_FIELD_NAME = re.compile(rb"[A-Za-z0-9_.-]+")
"""What a person would call a field; the grammar allows anything but a colon and a line's end."""

_PLAIN_HEADER = re.compile(rb"(?:event: ([^\r\n]*)\r?\n)?data: ")

_PLAIN_STARTS = (b"e", b"d")
"""Quickly told apart from an ``id``, whose value would be a new header each time."""

_HEADER_MAX_BYTES = 160
"""Longer ones are left to the exact path, which keeps the cache of headers small on any input."""

_WINDOW_BYTES = 64 * 1024
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
        return _text(self.data)


class Kind(StrEnum):
    """Why bytes are no event. MALFORMED is what tells a reply that is no SSE at all from a stream's chatter."""

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
        "_line_start",
        "_offset",
        "_pattern",
        "_reconnection_time_ms",
        "_residue",
        "_type",
        "_unfinished",
    )

    def __init__(self, offset: int = 0, last_event_id: str = "") -> None:
        self._offset = self._block_start = self._line_start = offset
        self._last_event_id = last_event_id
        self._reconnection_time_ms: int | None = None
        self._residue: list[Residue] = []
        self._in_block = False
        self._after_cr = False
        self._unfinished: list[bytes] = []
        self._data: list[bytes] = []
        self._type: bytes | None = None
        self._id: bytes | None = None
        self._pattern = _pattern(b"data: ", "message", crlf=False)

    @property
    def last_event_id(self) -> str:
        """The last event ID as of the last blank line: what a client sends when it reconnects."""
        return self._last_event_id

    @property
    def reconnection_time_ms(self) -> int | None:
        """The last valid ``retry``, in effect from its own line on; None when there was none."""
        return self._reconnection_time_ms

    def feed(self, data: bytes) -> list[Event]:
        """The events that these bytes complete. Never raises, whatever they are.

        This is the fast path, in one function because a call costs what a third of an event does. It takes
        plain blocks for as long as each is followed by one that begins alike.
        """
        events: list[Event] = []
        offset, position = self._offset, 0
        crlf, header, type_, mark, blank, border, header_size, blank_size, border_size = self._pattern
        alike, has_cr = not self._in_block, data.find(b"\r") >= 0
        if alike and (data[:header_size] != header or has_cr is not crlf):
            alike = self._learn_pattern(data, has_cr)
            crlf, header, type_, mark, blank, border, header_size, blank_size, border_size = self._pattern
        while alike:
            value_start = position + header_size
            value_end = data.find(mark, value_start)
            ahead = data[value_end : value_end + border_size]
            alike = ahead == border
            if not alike and ahead != blank and not ahead.startswith(blank):
                break
            value = data[value_start:value_end]
            if crlf and value.find(b"\n") >= 0:
                break
            start, position = offset + position, value_end + blank_size
            end = offset + position - crlf
            events.append(_new(Event, (type_, value, self._last_event_id, start, end)))
        self._offset = offset + position
        if position < len(data):
            self._feed_exactly(data[position:], events)
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
        line = self._finished(b"")
        if self._line_start == 0:
            line = self._without_bom(line)
        if _is_no_field(line):
            self._leave(Kind.MALFORMED, self._offset - len(line), self._offset, line)
            line = b""
        if not line and self._is_empty_block():
            return None
        return Tail(self._block_start, self._offset, self._event_type(), b"\n".join(self._data), line)

    def _learn_pattern(self, data: bytes, crlf: bool) -> bool:
        """Makes the block that starts here the pattern of those to come, if it is plain."""
        if data[:1] not in _PLAIN_STARTS:
            return False
        header = data[: data.find(b"data: ", 0, _HEADER_MAX_BYTES) + len(b"data: ")]
        patterns = _patterns(header)
        if patterns:
            self._pattern = patterns[crlf]
        return patterns is not None

    # The exact path.

    def _feed_exactly(self, data: bytes, events: list[Event]) -> None:
        """Goes on to the next block's start, where the fast path gets its chance again."""
        if self._after_cr:
            events += self.feed(self._without_lf(data))
        elif len(data) > _WINDOW_BYTES:
            for start in range(0, len(data), _WINDOW_BYTES):
                events += self.feed(data[start : start + _WINDOW_BYTES])
        elif self._in_block and (border := _blank_line_end(data)) < len(data):
            self._lines(data[:border], events)
            events += self.feed(data[border:])
        else:
            self._lines(data, events)

    def _without_lf(self, data: bytes) -> bytes:
        """Passes the LF of a CR LF that was cut in two."""
        self._after_cr = False
        if data.startswith(b"\n"):
            if self._block_start == self._offset:
                self._block_start += 1
            self._offset += 1
            self._line_start += 1
            data = data[1:]
        self._in_block = self._offset > self._block_start
        return data

    def _lines(self, data: bytes, events: list[Event]) -> None:
        """Takes the lines that end in these bytes, in whatever way, and keeps what stands behind the last."""
        if not self._in_block:
            self._block_start = self._line_start = self._offset
        self._offset += len(data)
        if data.find(b"\r") < 0:
            self._lines_alike(data, 1, events)
        else:
            self._after_cr = data.endswith(b"\r")
            for alike in _cut_where_ends_differ(data):
                self._lines_alike(alike, 2 if alike.find(b"\r\n") >= 0 else 1, events)
        self._in_block = self._after_cr or self._offset > self._block_start

    def _lines_alike(self, data: bytes, end_size: int, events: list[Event]) -> None:
        """Takes lines whose ends all have the same size. Section 9.2.6, for the usual spelling of a field."""
        ended = data.endswith(_LINE_ENDS)
        if not ended and data.find(b"\n") < 0 and data.find(b"\r") < 0:
            self._unfinished.append(data)
            return
        lines = data.splitlines()
        if self._unfinished:
            lines[0] = self._finished(lines[0])
        if not ended:
            self._unfinished.append(lines.pop())
        if self._line_start == 0:
            lines[0] = self._without_bom(lines[0])
        start = self._line_start
        for line in lines:
            name, _, value = line.partition(b": ")
            if name == b"data":
                self._data.append(value)
            elif name == b"event":
                self._type = value
            elif name == b"id" and value.find(b"\0") < 0:
                self._id = value
            elif line:
                self._field(line, start)
            else:
                self._close_block(start + 1, events)
                self._block_start = start + end_size
            start += len(line) + end_size
        self._line_start = start

    def _finished(self, rest: bytes) -> bytes:
        """The line whose beginning came with earlier reads; joined once, so that its cost is its length."""
        line = b"".join([*self._unfinished, rest])
        self._unfinished.clear()
        return line

    def _field(self, line: bytes, start: int) -> None:
        """Section 9.2.6, a line that is not blank, however it is spelled."""
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
            self._leave(self._kind(name, value, line), start, start + len(line) + 1, line)

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
            self._last_event_id = _text(self._id)
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
        return _text(self._type) if self._type else "message"

    def _leave(self, kind: Kind, start: int, end: int, line: bytes = b"") -> None:
        self._residue.append(Residue(kind, start, end, line))

    def _without_bom(self, line: bytes) -> bytes:
        """The stream's first line: three bytes are a byte order mark only together, and only there."""
        if not line.startswith(_BOM):
            return line
        self._leave(Kind.BOM, 0, len(_BOM))
        self._block_start = self._line_start = len(_BOM)
        return line[len(_BOM) :]


_new = tuple.__new__
"""Half the time of ``Event(...)``, whose ``__new__`` is a Python function."""


_Pattern: TypeAlias = tuple[bool, bytes, str, bytes, bytes, bytes, int, int, int]
"""What the plain blocks of a stream look like but for their values; see :func:`_pattern`."""


def _pattern(header: bytes, type_: str, *, crlf: bool) -> _Pattern:
    """What plain blocks that begin with ``header`` look like, and what is searched for to find their ends.

    ``blank`` ends a data line and its block; ``border`` is that and the next block's header. ``mark`` is the
    first byte of the blank: in 1 MB one byte is found in 8 us, two are in 750. A plain tuple, because
    nothing else is unpacked as fast.
    """
    mark, blank = (b"\r", b"\r\n\r\n") if crlf else (b"\n", b"\n\n")
    border = blank + header
    return crlf, header, type_, mark, blank, border, len(header), len(blank), len(border)


@lru_cache(maxsize=256)
def _patterns(header: bytes) -> tuple[_Pattern, _Pattern] | None:
    """The pattern with LF and the one with CR LF; None when a block that begins so is not plain."""
    match = _PLAIN_HEADER.fullmatch(header)
    if match is None:
        return None
    type_ = _text(match[1] or b"") or "message"
    return _pattern(header, type_, crlf=False), _pattern(header, type_, crlf=True)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _blank_line_end(data: bytes) -> int:
    """The end of the first blank line after a line that ends in LF; everything if there is none."""
    lf = data.find(b"\n")
    while lf >= 0:
        if data.startswith((b"\n", b"\r\n"), lf + 1):
            return data.index(b"\n", lf + 1) + 1
        lf = data.find(b"\n", lf + 1)
    return len(data)


def _cut_where_ends_differ(data: bytes) -> list[bytes]:
    """The bytes as they are when all their lines end in one byte, or all in CR LF; else line by line."""
    lines = data.splitlines()
    ended = len(lines) if data.endswith(_LINE_ENDS) else len(lines) - 1
    ends_size = len(data) - sum(map(len, lines))
    return [data] if ends_size in (ended, 2 * ended) else data.splitlines(keepends=True)


def _is_no_field(line: bytes) -> bool:
    """Whether the beginning of a line can no longer become a field or a comment."""
    name = line.partition(b":")[0]
    return bool(name) and _FIELD_NAME.fullmatch(name) is None


def _saturated(digits: bytes) -> int:
    significant = digits.lstrip(b"0") or b"0"
    return min(int(significant), _RETRY_MAX_MS) if len(significant) < 20 else _RETRY_MAX_MS
