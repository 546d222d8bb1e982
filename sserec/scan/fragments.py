"""The texts that come a few characters an event, put together again to be looked at.

Knows in which members the vendors send fragments; must not know what they fold into: fragments of the same member and
the same ``index`` are read as one text. Only what no single fragment holds is reported, the rest is found anyway.
"""

import re
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import NamedTuple

from sserec.scan.readings import Reading, unescaped
from sserec.scan.search import Rules
from sserec.sse import Event

FRAGMENT = re.compile(
    rb'"(text|arguments|content|delta|partial_json|thinking|reasoning|reasoning_content|transcript|refusal|code)"'
    rb'\s*:\s*"((?:[^"\\]|\\.)*+)"'
)
INDEX = re.compile(rb'"index"\s*:\s*(\d{1,9})')
LOOK_AT_CHARS = 1 << 16
KEPT_CHARS = 1 << 14
"""A private key of 4,096 bits has 3,300."""
MAX_LANES = 256
MAX_EVENT_BYTES = 1 << 20
"""A larger event brings a file, no fragment."""

Spans = tuple[tuple[int, int], ...]


Read = Callable[[int, int], bytes]
"""The bytes of the body from one offset to another."""


class Piece(NamedTuple):
    """One fragment in its lane."""

    at: int
    """Where its text begins in that of the lane."""
    reading: Reading
    member: bytes
    """The whole member of the JSON, by which it is found again in its event."""
    value_at: int
    """Where in the member its value begins."""
    event_start: int
    event_end: int

    def span(self, start: int, end: int, read: Read) -> tuple[int, int]:
        """The bytes of a part of the lane's text that lies within this fragment."""
        origin = self.event_start + self.value_at
        origin += read(self.event_start, self.event_end).index(self.member)
        return (
            origin + self.reading.origin(max(start - self.at, 0)),
            origin + self.reading.origin(min(end - self.at, len(self.reading.text))),
        )


class Lane:
    """One text that grows."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self.size = 0

    def append(self, piece: Piece) -> None:
        self.pieces.append(piece._replace(at=self.size))
        self.size += len(piece.reading.text)

    def look(self, rules: Rules, read: Read) -> Iterator[tuple[Spans, str, str]]:
        """What stands in it across fragments."""
        text = "".join(piece.reading.text for piece in self.pieces)
        for found in rules.of_text(text):
            pieces = self._between(found.start, found.end)
            if len(pieces) > 1:
                spans = tuple(piece.span(found.start, found.end, read) for piece in pieces)
                yield spans, found.rule, text[found.start : found.end]

    def shorten(self) -> None:
        """Forgets all but the end."""
        kept, size = [], 0
        while self.pieces and size < KEPT_CHARS:
            kept.append(self.pieces.pop())
            size += len(kept[-1].reading.text)
        self.pieces, self.size = [], 0
        for piece in reversed(kept):
            self.append(piece)

    def _between(self, start: int, end: int) -> list[Piece]:
        """The fragments that have a part of what stands there; empty ones have none."""
        first = bisect_right(self.pieces, start, key=lambda piece: piece.at) - 1
        last = bisect_left(self.pieces, end, key=lambda piece: piece.at)
        return [piece for piece in self.pieces[first:last] if piece.reading.text]


class Fragments:
    """All the texts of one body."""

    def __init__(self, rules: Rules, read: Read) -> None:
        self._rules = rules
        self._read = read
        self._lanes: OrderedDict[tuple[bytes, bytes], Lane] = OrderedDict()
        self._found: dict[tuple[Spans, str], str] = {}

    def feed(self, event: Event) -> None:
        """Takes the fragments of one event."""
        if len(event.data) > MAX_EVENT_BYTES or b"\n" in event.data:
            return
        index = INDEX.search(event.data)
        for fragment in FRAGMENT.finditer(event.data):
            lane = self._lane(fragment[1], index[1] if index else b"")
            text = Reading(fragment[2].decode("latin-1"), [0], [0])
            value_at = fragment.start(2) - fragment.start()
            lane.append(Piece(0, unescaped(text) or text, fragment[0], value_at, event.start, event.end))
            if lane.size >= LOOK_AT_CHARS:
                self._look(lane)

    def end(self) -> Iterator[tuple[Spans, str, str]]:
        """What was found."""
        while self._lanes:
            self._look(self._lanes.popitem()[1])
        for (spans, rule), text in self._found.items():
            yield spans, rule, text

    def _lane(self, member: bytes, index: bytes) -> Lane:
        lane = self._lanes.setdefault((member, index), Lane())
        self._lanes.move_to_end((member, index))
        if len(self._lanes) > MAX_LANES:
            self._look(self._lanes.popitem(last=False)[1])
        return lane

    def _look(self, lane: Lane) -> None:
        for spans, rule, text in lane.look(self._rules, self._read):
            self._found[spans, rule] = text
        lane.shorten()
