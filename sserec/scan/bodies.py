"""A body while it goes by: what is found in it, wherever it was cut.

Bytes are looked at in windows that overlap, so that the border of a chunk cuts nothing and memory does not follow the
body. What a model says comes in fragments, one an event or a line; the text that they make is looked at as well,
because a key that is repeated a token at a time stands in no event whole. Knows windows, events and lines; must not
know what a secret is.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sserec.holes import BodyDecoder
from sserec.records import Chunk
from sserec.scan.fragments import Fragments, Read
from sserec.scan.lines import Lines
from sserec.scan.search import Rules

WINDOW_BYTES = 1 << 19
OVERLAP_BYTES = 1 << 15
"""What is longer is found all the same, but for its end; no key is."""
CONTEXT_BYTES = 1 << 8
"""Of the window before: a name stands before its value."""
MAX_BACKSLASHES = 64


class Hit(NamedTuple):
    """A secret in a body."""

    spans: tuple[tuple[int, int], ...]
    """Where it stands: one range of bytes, or one for each fragment that has a part of it."""
    rule: str
    text: str


class BodySearch:
    """Looks through one body, fed chunk by chunk."""

    def __init__(
        self,
        rules: Rules,
        *,
        is_strict: bool = False,
        read: Read | None = None,
        is_event_stream: bool = False,
    ) -> None:
        """``read``: reads a body again that may tell a text in fragments."""
        self.hits: list[Hit] = []
        self._rules = rules
        self._is_strict = is_strict
        self._buffer = bytearray()
        self._start = self._accept_from = 0
        self._decoder = BodyDecoder() if is_event_stream else None
        self._lines = Lines()
        self._fragments = Fragments(rules, read) if read else None
        self._event_ends = array("Q")

    def feed(self, chunk: Chunk) -> None:
        """The next bytes. What a hole cut is looked at as it was left."""
        if chunk.offset != self._start + len(self._buffer):
            self._look(is_last=True)
            self._buffer.clear()
            self._start = self._accept_from = chunk.offset
        self._buffer += chunk.data
        while len(self._buffer) >= WINDOW_BYTES:
            self._look(is_last=False)
        if self._fragments is not None:
            self._take_fragments(chunk, self._fragments)

    def end(self) -> list[Hit]:
        """Everything that was found, in the order of the bytes."""
        self._look(is_last=True)
        self._buffer.clear()
        if self._fragments is not None:
            for line in self._lines.rest():
                self._fragments.feed(*line)
            joined = [Hit(*found) for found in self._fragments.end()]
            parts = sorted((hit.rule, *span) for hit in joined for span in hit.spans)
            self.hits = [hit for hit in self.hits if not is_part(hit, parts)] + joined
        return sorted(self.hits)

    def event_at(self, offset: int) -> tuple[int, int, int] | None:
        """Number and extent of the event that a byte belongs to; None behind the last one."""
        index = bisect_right(self._event_ends, offset)
        if index >= len(self._event_ends):
            return None
        return index + 1, self._event_ends[index - 1] if index else 0, self._event_ends[index]

    def _take_fragments(self, chunk: Chunk, fragments: Fragments) -> None:
        if self._decoder is None:
            for line in self._lines.feed(chunk.offset, chunk.data):
                fragments.feed(*line)
            return
        for event in self._decoder.feed(chunk.offset, chunk.data):
            self._event_ends.append(event.end)
            fragments.feed(event.data, event.start, event.end)
        self._decoder.residue()

    def _look(self, *, is_last: bool) -> None:
        """Looks at one window, or at everything that is left, and goes on behind it."""
        data = bytes(self._buffer if is_last else self._buffer[:WINDOW_BYTES])
        accept_to = self._start + len(data) - (0 if is_last else OVERLAP_BYTES)
        for secret in self._rules.of_bytes(data, is_strict=self._is_strict):
            start, end = self._start + secret.start, self._start + secret.end
            if self._accept_from <= start < accept_to:
                self.hits.append(Hit(((start, end),), secret.rule, secret.text))
        self._accept_from = accept_to
        self._drop(accept_to - self._start - CONTEXT_BYTES)

    def _drop(self, size: int) -> None:
        """Forgets what was looked at, but cuts no escape in two."""
        size = max(size, 0)
        for _ in range(MAX_BACKSLASHES):
            if size and self._buffer[size - 1] == ord("\\"):
                size -= 1
        del self._buffer[:size]
        self._start += size


def is_part(hit: Hit, parts: list[tuple[str, int, int]]) -> bool:
    """Whether a hit is what one fragment has of a longer one by the same rule."""
    (start, end), *_ = hit.spans
    before = bisect_right(parts, (hit.rule, start + 1)) - 1
    return before >= 0 and parts[before][0] == hit.rule and end <= parts[before][2]


def search(data: bytes, rules: Rules, *, is_strict: bool = False) -> list[Hit]:
    """What is found in bytes that are at hand as a whole."""
    return searched(pieces(data), BodySearch(rules, is_strict=is_strict)).end()


def searched(chunks: Iterable[Chunk], looking: BodySearch) -> BodySearch:
    """The same, fed with all the chunks."""
    for chunk in chunks:
        looking.feed(chunk)
    return looking


def pieces(data: bytes) -> Iterator[Chunk]:
    """Bytes as chunks of a size that the search likes."""
    for offset in range(0, len(data), WINDOW_BYTES):
        yield Chunk(t_ns=0, offset=offset, data=data[offset : offset + WINDOW_BYTES])
