"""Words replaced in a body that goes by, event for event or as a whole. Pure.

Knows lines and fields of event streams (the standard's section 9.2.6); must not know JSON. Every piece comes back as
long as it was: framing, names of events, ids and retries stay. Memory holds one event, or the body where it is none.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from sserec.records import Chunk
from sserec.redaction.wording import Wording

BLANK_LINE = re.compile(rb"(?:\r\n|\n|\r(?!\n))(?:\r\n|\n|\r(?=[^\n]))")
BLANK_LINE_MAX_BYTES = 4
LINE = re.compile(r"([^\r\n]*)(\r\n|\r|\n|\Z)")
FIELD = re.compile(r"(?:\xef\xbb\xbf)?(event|id|retry)(?::|\Z)")
DATA = re.compile(r"(?:\xef\xbb\xbf)?data:[ ]?")

Rewrite = Callable[[bytes], bytes]


class Events:
    """Replaces the words of an event stream, fed in pieces of any size; what is given out lags behind."""

    def __init__(self, wording: Wording) -> None:
        self._wording = wording
        self._waiting = bytearray()
        self._searched = 0

    def feed(self, data: bytes) -> bytes:
        """Whole events, as far as they have come."""
        self._waiting += data
        border = 0
        for blank in BLANK_LINE.finditer(self._waiting, max(self._searched - BLANK_LINE_MAX_BYTES, 0)):
            border = blank.end()
        ready = bytes(self._waiting[:border])
        del self._waiting[:border]
        self._searched = len(self._waiting)
        return self._rewritten(ready)

    def end(self) -> bytes:
        """What is left."""
        ready = bytes(self._waiting)
        self._waiting.clear()
        return self._rewritten(ready)

    def _rewritten(self, data: bytes) -> bytes:
        return "".join(self._lines(data.decode("latin-1"))).encode("latin-1")

    def _lines(self, text: str) -> Iterator[str]:
        """The lines, those with data of one event read together."""
        lines: list[tuple[str, str]] = []
        for line in LINE.finditer(text):
            if line[1]:
                lines.append((line[1], line[2]))
                continue
            yield from self._block(lines)
            yield line[0]
            lines = []

    def _block(self, lines: list[tuple[str, str]]) -> Iterator[str]:
        heads = [DATA.match(line) for line, _ in lines]
        data = "\n".join(line[head.end() :] for head, (line, _) in zip(heads, lines, strict=True) if head)
        values = iter(self._wording.text(data).split("\n") if data else [""] * len(lines))
        for head, (line, ending) in zip(heads, lines, strict=True):
            yield (head[0] + next(values) if head else self._other(line)) + ending

    def _other(self, line: str) -> str:
        """A line without data: a comment or what is no field may say anything."""
        if FIELD.match(line):
            return line
        return ":" + self._wording.text(line[1:]) if line.startswith(":") else self._wording.text(line)


class Whole:
    """Replaces the words of a body that is no event stream, when all of it is there."""

    def __init__(self, wording: Wording) -> None:
        self._wording = wording
        self._waiting = bytearray()

    def feed(self, data: bytes) -> bytes:
        self._waiting += data
        return b""

    def end(self) -> bytes:
        return self._wording.text(bytes(self._waiting).decode("latin-1")).encode("latin-1")


def reworded(chunks: Iterable[Chunk], through: Events | Whole) -> Iterator[Chunk]:
    """The chunks with other bytes in them, each as long as it was."""
    waiting: list[Chunk] = []
    ready = bytearray()
    for chunk in chunks:
        waiting.append(chunk)
        ready += through.feed(chunk.data)
        given = len(list_of_ready(waiting, ready))
        yield from cut(waiting[:given], ready)
        del waiting[:given]
    ready += through.end()
    yield from cut(waiting, ready)


def list_of_ready(waiting: list[Chunk], ready: bytearray) -> list[Chunk]:
    """The chunks whose bytes are there."""
    room, count = len(ready), 0
    while count < len(waiting) and len(waiting[count].data) <= room:
        room -= len(waiting[count].data)
        count += 1
    return waiting[:count]


def cut(chunks: list[Chunk], ready: bytearray) -> Iterator[Chunk]:
    """The first bytes that are ready, in the chunks that they came in."""
    at = 0
    for chunk in chunks:
        yield replace(chunk, data=bytes(ready[at : at + len(chunk.data)]))
        at += len(chunk.data)
    del ready[:at]
