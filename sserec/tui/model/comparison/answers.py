"""Both answers as they stood at one moment, block beside block, and what differs in them.

Knows blocks; must not know events or columns. What differs is found once, in the answers as they ended, and shown as
far as either has come: a word stays marked or unmarked while both are still arriving, and moving costs nothing.
Invariant: as long as that is not known, blocks are paired by their places and nothing is marked.
"""

from collections.abc import Iterator
from hashlib import blake2b
from typing import NamedTuple

from sserec.diff import Edit, edits
from sserec.diff.rows import Keys, Kind, rows
from sserec.tui.model.answer import Block, blocks
from sserec.tui.model.comparison.passages import clipped
from sserec.tui.model.jobs import Job, Progress
from sserec.tui.model.stream import Stream

LAST_STEPS = 16
"""Of each answer, as many steps as a screen shows."""
COMPARED_CHARACTERS = 1 << 22
"""Of a longer text no words are compared."""
AT_ONCE_CHARACTERS = 2048
"""Texts that are no beginnings of how they ended are compared on the spot if they are no longer than this."""

Key = tuple[int, int]
"""The step's place, and which of its blocks."""


class BlockPair(NamedTuple):
    """A block of either answer, beside one another."""

    kind: Kind
    """As the answers ended."""
    a: Block | None
    b: Block | None
    edits: tuple[Edit, ...] = ()
    """Of the texts as far as they have come."""


class _Ended(NamedTuple):
    """A pair as the answers ended."""

    kind: Kind
    a: Block | None
    b: Block | None
    edits: tuple[Edit, ...]


class AnswerPair:
    """The answers of two streams."""

    def __init__(self, a: Stream, b: Stream) -> None:
        self._streams = a, b
        self._ended: list[_Ended] = []
        self._places: tuple[dict[Key, int], dict[Key, int]] | None = None
        """For each block of either side its pair, once they are known."""

    @property
    def is_compared(self) -> bool:
        return self._places is not None

    def reach(self, folded: tuple[int, int]) -> bool:
        """Whether :meth:`at` answers at once."""
        return all(stream.answer.reach(count) for stream, count in zip(self._streams, folded, strict=True))

    def advance(self, folded: tuple[int, int]) -> Job:
        """Folds so many events of either side."""
        for stream, count in zip(self._streams, folded, strict=True):
            yield from stream.answer.advance(count)

    def compare(self) -> Job:
        """Finds out what differs in the answers as they ended."""
        yield from self.advance((len(self._streams[0]), len(self._streams[1])))
        a, b = (_keyed(_blocks(stream, len(stream))) for stream in self._streams)
        places: tuple[dict[Key, int], dict[Key, int]] = ({}, {})
        self._ended = []
        for kind, key_a, key_b in _pairs(a, b):
            for known, key in zip(places, (key_a, key_b), strict=True):
                if key is not None:
                    known[key] = len(self._ended)
            yield Progress(len(self._ended), max(len(a), len(b)))
            self._ended.append(_ended(kind, key_a and a[key_a], key_b and b[key_b]))
        self._places = places

    def at(self, folded: tuple[int, int]) -> list[BlockPair]:
        """What there is of both, the last steps; only where :meth:`reach` says so."""
        now = [
            _keyed(_blocks(stream, count, LAST_STEPS))
            for stream, count in zip(self._streams, folded, strict=True)
        ]
        if self._places is None:
            keys = sorted(now[0].keys() | now[1].keys())
            return [BlockPair(Kind.SAME, now[0].get(key), now[1].get(key)) for key in keys]
        found: dict[int, list[Block | None]] = {}
        for side, known in enumerate(self._places):
            for key, block in now[side].items():
                found.setdefault(known.get(key, len(self._ended)), [None, None])[side] = block
        return [self._now(place, *found[place]) for place in sorted(found)]

    def _now(self, place: int, a: Block | None, b: Block | None) -> BlockPair:
        if place == len(self._ended):
            return BlockPair(Kind.CHANGED, a, b)
        ended = self._ended[place]
        if ended.a is None or ended.b is None:
            return BlockPair(ended.kind, a, b)
        return BlockPair(ended.kind, a, b, tuple(_edits_now(ended, a.text if a else "", b.text if b else "")))


def _edits_now(ended: _Ended, a: str, b: str) -> list[Edit]:
    assert ended.a is not None
    assert ended.b is not None
    if not ended.edits or (ended.a.text.startswith(a) and ended.b.text.startswith(b)):
        return clipped(ended.edits, len(a), len(b))
    return edits(a, b) if len(a) + len(b) <= AT_ONCE_CHARACTERS else []


def _ended(kind: Kind, a: Block | None, b: Block | None) -> _Ended:
    is_compared = (
        kind is Kind.CHANGED
        and a is not None
        and b is not None
        and len(a.text) + len(b.text) <= COMPARED_CHARACTERS
    )
    return _Ended(kind, a, b, tuple(edits(a.text, b.text)) if is_compared and a and b else ())


def _blocks(stream: Stream, folded: int, last_steps: int | None = None) -> list[Block]:
    assembly = stream.answer.at(folded, last_steps)
    return [] if assembly is None else blocks(assembly)


def _keyed(found: list[Block]) -> dict[Key, Block]:
    keyed: dict[Key, Block] = {}
    for block in found:
        ordinal = 0
        while (block.index, ordinal) in keyed:
            ordinal += 1
        keyed[block.index, ordinal] = block
    return keyed


def _pairs(a: dict[Key, Block], b: dict[Key, Block]) -> Iterator[tuple[Kind, Key | None, Key | None]]:
    """Which blocks belong to one another, by the rules by which steps are aligned."""
    keys_a, keys_b = list(a), list(b)
    laid = rows(_alignable(a), _alignable(b))
    for kind, of_a, of_b, twin in laid:
        if kind is Kind.MOVED and of_a is None:
            continue
        of_b = twin if kind is Kind.MOVED else of_b
        yield kind, None if of_a is None else keys_a[of_a], None if of_b is None else keys_b[of_b]


def _alignable(found: dict[Key, Block]) -> Keys:
    said = (f"{block.title}\0{block.text}".encode("utf-8", "replace") for block in found.values())
    return Keys([blake2b(text).digest() for text in said], [block.type for block in found.values()])
