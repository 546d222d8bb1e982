"""One event in full: what it holds, how it was sent, and in which chunks it came.

Knows bytes and JSON; must not know panes. Lines are given as pieces with their kind, so that whoever draws them needs
no parser. Nothing here raises, whatever the bytes are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import orjson

from sserec.errors import DamagedArchive
from sserec.sse import Event
from sserec.tui.model.places import Place
from sserec.tui.model.strays import Strays
from sserec.tui.model.tape import ChunkSpan, Tape

MAX_STRAY_BYTES = 1 << 20
"""Of stray bytes, which may be all of a file that is no event stream."""

HEX_BYTES = 32 << 10
"""What is shown in hex: a chunk of a megabyte would be 65,536 lines, which nobody reads."""

Piece = tuple[str, str]
"""A text and its kind: ``key``, ``string``, ``number``, ``literal`` or ``punctuation``."""


@dataclass(frozen=True, slots=True)
class Detail:
    """What stands at a place."""

    place: Place
    event: Event | None
    """None for stray bytes."""
    kind: str
    """What the stray bytes are; empty for an event."""
    start: int
    end: int
    block: bytes
    """As it was sent; empty where it is lost."""
    spans: list[ChunkSpan]
    """The chunks it came in."""
    is_lost: bool
    """Damage to the file took it."""

    @classmethod
    def of(cls, tape: Tape, strays: Strays, place: Place) -> Self:
        """Looks it up."""
        if place.stray is None:
            event, kind = tape.event(place.event), ""
            start, end = tape.start(place.event), tape.end(place.event)
        else:
            event, kind = None, strays.kind(place.stray)
            start = strays.starts[place.stray]
            end = min(strays.ends[place.stray], start + MAX_STRAY_BYTES)
        try:
            block = tape.body(start, end)
        except DamagedArchive:
            block = b""
        return cls(place, event, kind, start, end, block, tape.chunks_of(start, end), not block)


@dataclass(frozen=True, slots=True)
class JsonLine:
    """A line of JSON as people read it."""

    depth: int
    pieces: tuple[Piece, ...]
    fold_end: int | None = None
    """The index of the line that closes what this one opens."""

    @property
    def text(self) -> str:
        """The line without its indentation."""
        return "".join(text for text, _ in self.pieces)


@dataclass(frozen=True, slots=True)
class HexLine:
    """A row of bytes."""

    offset: int
    """In the body."""
    hex: str
    ascii: str
    border: ChunkSpan | None
    """The chunk that begins with this row."""
    own: range = field(default=range(0))
    """The bytes of the row, from 0, that belong to what is looked at; the others came with it."""


def json_lines(data: bytes) -> list[JsonLine]:
    """``data`` in lines; as it stands where it is no JSON."""
    try:
        writer = _Writer()
        writer.write(orjson.loads(data), (), "")
        return writer.lines
    except (orjson.JSONDecodeError, RecursionError):
        return [JsonLine(0, ((line, "string"),)) for line in raw_lines(data)]


def raw_lines(block: bytes) -> list[str]:
    """The lines as they were sent, without their ends; what is no UTF-8 is replaced."""
    return block.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").split("\n")


def hex_lines(tape: Tape, detail: Detail, *, row_bytes: int = 16, limit: int = HEX_BYTES) -> list[HexLine]:
    """All bytes of the chunks that it came in, or, where the file knows of no chunks, its own."""
    spans: Sequence[ChunkSpan | None] = detail.spans or [None]
    return [line for span in spans for line in _chunk_lines(tape, detail, span, row_bytes)][
        : limit // row_bytes
    ]


def _chunk_lines(tape: Tape, detail: Detail, span: ChunkSpan | None, row_bytes: int) -> Iterator[HexLine]:
    start, end = (span.start, span.end) if span is not None else (detail.start, detail.end)
    try:
        data = tape.body(start, min(end, start + HEX_BYTES))
    except DamagedArchive:
        data = b""
    for at in range(0, len(data), row_bytes):
        row, offset = data[at : at + row_bytes], start + at
        own = range(max(detail.start - offset, 0), max(min(detail.end - offset, len(row)), 0))
        yield HexLine(offset, row.hex(" "), _ascii(row), span if at == 0 else None, own)


def _ascii(row: bytes) -> str:
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)


class _Writer:
    """Writes a JSON value line by line."""

    def __init__(self) -> None:
        self.lines: list[JsonLine] = []
        self._depth = 0

    def write(self, value: Any, before: tuple[Piece, ...], comma: str) -> None:
        """Writes ``value`` behind what stands ``before`` it on its line."""
        after: tuple[Piece, ...] = ((comma, "punctuation"),) if comma else ()
        if isinstance(value, dict) and value:
            self._write_all(
                [((_key(key), _COLON), inner) for key, inner in value.items()], "{}", before, after
            )
        elif isinstance(value, list) and value:
            self._write_all([((), inner) for inner in value], "[]", before, after)
        else:
            self.lines.append(JsonLine(self._depth, (*before, _scalar(value), *after)))

    def _write_all(
        self,
        members: list[tuple[tuple[Piece, ...], Any]],
        brackets: str,
        before: tuple[Piece, ...],
        after: tuple[Piece, ...],
    ) -> None:
        opening, depth = len(self.lines), self._depth
        self.lines.append(JsonLine(depth, ()))
        self._depth += 1
        for number, (name, inner) in enumerate(members, start=1):
            self.write(inner, name, "," if number < len(members) else "")
        self._depth = depth
        self.lines[opening] = JsonLine(depth, (*before, (brackets[0], "punctuation")), len(self.lines))
        self.lines.append(JsonLine(depth, ((brackets[1], "punctuation"), *after)))


_COLON = (": ", "punctuation")


def _key(key: str) -> Piece:
    return orjson.dumps(key).decode(), "key"


def _scalar(value: Any) -> Piece:
    match value:
        case str():
            kind = "string"
        case bool() | None:
            kind = "literal"
        case int() | float():
            kind = "number"
        case _:
            kind = "punctuation"
    return orjson.dumps(value).decode(), kind
