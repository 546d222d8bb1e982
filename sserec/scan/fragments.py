"""The texts that come a few characters an event, put together again to be looked at.

Knows in which members the vendors send fragments; must not know what they fold into: fragments of the same member and
the same ``index`` are read as one text, and where one event has several of both, those of the same place. Only what no
single fragment holds is reported, the rest is found anyway.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import NamedTuple

from sserec.credentials.readings import Reading, deeper, unescaped
from sserec.scan.search import Rules

FRAGMENT = re.compile(
    rb'"(text|arguments|content|delta|partial_json|thinking|reasoning|reasoning_content|transcript|refusal|code'
    rb'|completion|response|output|result|answer|stdout|stderr|summary)"[ \t]*:[ \t]*"((?:[^"\\\n]|\\.)*+)"'
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
    """One fragment of a text."""

    text: str
    member: bytes
    """The whole member of the JSON, by which it is found again in its event."""
    event_start: int
    event_end: int

    def span(self, start: int, end: int, read: Read) -> tuple[int, int]:
        """The bytes of a part of the fragment, from one character to another."""
        value_at = FRAGMENT.fullmatch(self.member).start(2)  # type: ignore[union-attr]
        reading = plain(self.member[value_at:-1].decode("latin-1"))
        origin = self.event_start + value_at
        origin += read(self.event_start, self.event_end).index(self.member)
        return origin + reading.origin(max(start, 0)), origin + reading.origin(min(end, len(self.text)))


class Lane:
    """One text that grows."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self.size = 0

    def look(self, rules: Rules, read: Read) -> Iterator[tuple[Spans, str, str]]:
        """What stands in it across fragments."""
        text = "".join(piece.text for piece in self.pieces)
        starts = list(accumulate((len(piece.text) for piece in self.pieces), initial=0))
        for found in rules.of_readings(list(deeper(Reading(text, [0], [0])))):
            first, last = bisect_right(starts, found.start) - 1, bisect_left(starts, found.end)
            parts = [position for position in range(first, last) if self.pieces[position].text]
            if len(parts) > 1:
                spans = (
                    self.pieces[part].span(found.start - starts[part], found.end - starts[part], read)
                    for part in parts
                )
                yield tuple(spans), found.rule, found.text

    def shorten(self) -> None:
        """Forgets all but the end."""
        kept, self.size = 0, 0
        while kept < len(self.pieces) and self.size < KEPT_CHARS:
            kept += 1
            self.size += len(self.pieces[-kept].text)
        self.pieces = self.pieces[len(self.pieces) - kept :]


class Fragments:
    """All the texts of one body."""

    def __init__(self, rules: Rules, read: Read) -> None:
        self._rules = rules
        self._read = read
        self._lanes: dict[tuple[bytes, bytes, int], Lane] = {}
        self._found: dict[tuple[Spans, str], str] = {}

    def feed(self, data: bytes, start: int, end: int) -> None:
        """Takes the fragments of one event, or of a line, that stands between two places of the body.

        A stream brings a million of them: no call is made that can be spared.
        """
        if len(data) > MAX_EVENT_BYTES:
            return
        index = b" ".join(INDEX.findall(data))
        for place, fragment in enumerate(FRAGMENT.finditer(data)):
            member, value = fragment.groups()
            text = value.decode("latin-1")
            if "\\" in text:
                text = plain(text).text
            key = member, index, place if b" " in index else 0
            lane = self._lanes.get(key) or self._opened(key)
            lane.pieces.append(Piece(text, fragment[0], start, end))
            lane.size += len(text)
            if lane.size >= LOOK_AT_CHARS:
                self._look(lane)

    def end(self) -> Iterator[tuple[Spans, str, str]]:
        """What was found."""
        for lane in self._lanes.values():
            self._look(lane)
        for (spans, rule), text in self._found.items():
            yield spans, rule, text

    def _opened(self, key: tuple[bytes, bytes, int]) -> Lane:
        """A new text; the oldest one is given up when there are too many."""
        if len(self._lanes) >= MAX_LANES:
            self._look(self._lanes.pop(next(iter(self._lanes))))
        lane = self._lanes[key] = Lane()
        return lane

    def _look(self, lane: Lane) -> None:
        for spans, rule, text in lane.look(self._rules, self._read):
            self._found[spans, rule] = text
        lane.shorten()


def plain(text: str) -> Reading:
    """A string of JSON without its escapes. Those of URLs may be cut between two fragments, and wait for the whole."""
    escaped = Reading(text, [0], [0])
    return (unescaped(escaped) if "\\" in text else None) or escaped
