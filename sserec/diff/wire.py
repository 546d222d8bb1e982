"""How events were written and sent: what differs between two streams that say the same.

Knows bytes, and which events correspond; must not know what they mean. Every byte of a body belongs to the block of the
event that ends next, the last bytes to a block of their own. Each manner of differing is told once, with its first
place and the number of events it concerns.
"""

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import orjson

from sserec.diff.events import EventsDiff
from sserec.diff.rows import Kind
from sserec.diff.volatile import Mark, Place

SHOWN_BYTES = 200
"""Of a block, in a difference."""

_VALUE = re.compile(rb"(?<![^\r\n])((?:data|event|id)(?:: ?)?)([^\r\n]*)")
_PLAIN = re.compile(rb"(event: [^\r\n]*\n)?data: ([^\r\n]*)\n\n")
_INDEX = re.compile(rb'("index"\s*:\s*)\d+')
"""The step's index is compared once for all its events."""
_DATA = re.compile(rb"(?<![^\r\n])data(?:: ?)?([^\r\n]*)")


class Manner(StrEnum):
    """A manner of writing or sending the same."""

    FRAMING = "framing"
    """Everything around the values: which fields, spaces after colons, ends of lines, comments."""
    KEY_ORDER = "key_order"
    SPELLING = "spelling"
    """The same JSON with other white space, escapes or digits."""
    TOKENS = "tokens"
    """The same text in other pieces."""
    CHUNKS = "chunks"
    """Chunks of the body end elsewhere."""


class Wire:
    """The bytes of one side."""

    def __init__(self, body: bytes, ends: "array[int]", borders: Sequence[int] | None) -> None:
        self.ends = ends
        """Where each event ends."""
        self.borders = borders
        """Where each chunk ends; None where that is not known."""
        self._body = body
        self._spans = array("Q", (0, *ends, len(body)))
        self._passed = array("Q", (bisect_right(borders or (), end) for end in self._spans))
        """How many chunks have ended at each of these places."""

    def block(self, number: int) -> bytes:
        """The bytes of this event, from 1; of one more than there are events: those behind the last."""
        return self._body[self._spans[number - 1] : self._spans[number]]

    def cuts(self, number: int) -> list[int]:
        """Where within the block of this event chunks end; 0 is its end."""
        assert self.borders is not None
        start, end = self._spans[number - 1], self._spans[number]
        first, last = self._passed[number - 1], self._passed[number]
        return [0 if border == end else border - start for border in self.borders[first:last]]


@dataclass(slots=True)
class Found:
    """A manner in which the sides differ."""

    manner: Manner
    a: str
    b: str
    """The blocks of the first event concerned."""
    a_event: int
    b_event: int
    count: int = 1


def compare_bytes(a: Wire, b: Wire, events: EventsDiff, place: Place) -> list[Found]:
    """In which manners corresponding events differ. ``place``: the rules for the data of an event."""
    found: dict[Manner, Found] = {}
    for manner, of_a, of_b in _differing(a, b, events, place):
        if manner in found:
            found[manner].count += 1
        else:
            found[manner] = Found(manner, _shown(a.block(of_a)), _shown(b.block(of_b)), of_a, of_b)
    return [found[manner] for manner in Manner if manner in found]


def _differing(a: Wire, b: Wire, events: EventsDiff, place: Place) -> Iterator[tuple[Manner, int, int]]:
    """What says something else is written otherwise in any case, and was told already."""
    for of_a, of_b, in_step in _corresponding(events):
        if len(of_a) != len(of_b):
            yield Manner.TOKENS, _first(of_a, of_b), _first(of_b, of_a)
            continue
        manners = [
            (manner, x, y)
            for x, y in zip(of_a, of_b, strict=True)
            for manner in _manners(a, b, x, y, place, in_step=in_step)
        ]
        if any(manner is Manner.TOKENS for manner, _, _ in manners):
            manners = [(Manner.TOKENS, of_a[0], of_b[0])]
        yield from manners
    yield from ((manner, len(a.ends) + 1, len(b.ends) + 1) for manner in _rest(a, b))


def _first(numbers: Sequence[int], others: Sequence[int]) -> int:
    """Where the text begins; a side that has no event of it has it in another, about where the other side has it."""
    return numbers[0] if numbers else others[0]


def _corresponding(events: EventsDiff) -> Iterator[tuple[Sequence[int], Sequence[int], bool]]:
    """The numbers of events that say the same, unit by unit, and whether they belong to a step."""
    for _, kind, of_a, of_b in events.rows.opposite():
        if kind is not Kind.CHANGED:
            in_step = events.a.step(events.a.owner(of_a)) is not None
            yield events.a.numbers(of_a), events.b.numbers(of_b), in_step


def _manners(a: Wire, b: Wire, of_a: int, of_b: int, place: Place, *, in_step: bool) -> Iterator[Manner]:
    """How two events differ that say the same. TOKENS stands for their not doing so."""
    if a.borders is not None and b.borders is not None and a.cuts(of_a) != b.cuts(of_b):
        yield Manner.CHUNKS
    block_a, block_b = a.block(of_a), b.block(of_b)
    if block_a == block_b:
        return
    frame_a, data_a = _taken_apart(block_a)
    frame_b, data_b = _taken_apart(block_b)
    if frame_a != frame_b:
        yield Manner.FRAMING
    if in_step and data_a != data_b:
        data_a, data_b = _INDEX.sub(rb"\g<1>0", data_a), _INDEX.sub(rb"\g<1>0", data_b)
    yield from _data_manners(data_a, data_b, place)


def _data_manners(a: bytes, b: bytes, place: Place) -> Iterator[Manner]:
    if a == b:
        return
    try:
        value_a, value_b = orjson.loads(a), orjson.loads(b)
    except orjson.JSONDecodeError:
        yield Manner.TOKENS
        return
    marks_a: list[Mark] = []
    marks_b: list[Mark] = []
    value_a, value_b = place.mask(value_a, marks_a), place.mask(value_b, marks_b)
    if value_a != value_b:
        yield Manner.TOKENS
        return
    a, b = _unmarked(a, marks_a), _unmarked(b, marks_b)
    if orjson.dumps(value_a) != orjson.dumps(value_b):
        yield Manner.KEY_ORDER
        # Whatever the order, the same spelling takes the same bytes.
        a, b = bytes(sorted(a)), bytes(sorted(b))
    if a != b:
        yield Manner.SPELLING


def _rest(a: Wire, b: Wire) -> Iterator[Manner]:
    if _frame(a.block(len(a.ends) + 1)) != _frame(b.block(len(b.ends) + 1)):
        yield Manner.FRAMING


def _taken_apart(block: bytes) -> tuple[bytes, bytes]:
    """What stands around the values, and the data. Most blocks are a name and a line of data, which is seen at once."""
    match = _PLAIN.fullmatch(block)
    if match is not None:
        return b"data: \n\n" if match[1] is None else b"event: \ndata: \n\n", match[2]
    return _frame(block), _data(block)


def _frame(block: bytes) -> bytes:
    """A block without the values of its fields."""
    return _VALUE.sub(rb"\1", block)


def _data(block: bytes) -> bytes:
    return b"\n".join(_DATA.findall(block))


def _unmarked(data: bytes, marks: list[Mark]) -> bytes:
    """JSON text without its volatile values, as far as they are spelled plainly."""
    for _, _, value in marks:
        data = data.replace(orjson.dumps(value), b"")
    return data


def _shown(block: bytes) -> str:
    return block[:SHOWN_BYTES].decode("utf-8", "backslashreplace")
