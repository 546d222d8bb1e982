"""Blocks and records to bytes and back: the grammar of docs/format.md below the level of Zstandard frames.

Knows block heads, records and the limits of the format; must not know files, compression or what a record
means. Invariant: whatever the bytes say, a function here returns values within the limits below or raises
an ArchiveError, and it never allocates more than a small multiple of the bytes that it was really given.
"""

import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple
from zlib import crc32

from sserec.archive.columns import MAX_VARINT, read_varint, varint
from sserec.errors import DamagedArchive, UnsupportedVersion

FORMAT_VERSION = 1

BLOCK_MAGIC = b"\x53\x2a\x4d\x18"
BLOCK_TAG = b"SSR1"
HEAD_SIZE_BYTES = 64
MIN_HEAD_LEN = 56
MAX_HEAD_LEN = 4096

MAX_DATA_BYTES = 8 << 20
MAX_CODED_DATA_BYTES = MAX_DATA_BYTES + (MAX_DATA_BYTES >> 6)
MAX_BODY_BYTES = 64 << 20
MAX_JSON_BYTES = 1 << 20
MAX_CHUNK_BYTES = 1 << 20
MAX_RECORDS = 1 << 16
MAX_RUN_CHUNKS = 1 << 16
MAX_PART_ROWS = 1 << 16

FLAG_COMPRESSED = 0x01
INCOMPATIBLE_FLAGS = 0xF0

_HEAD = struct.Struct("<II4sBBHQQQIIIII")
_U32 = struct.Struct("<I")


class BlockKind(IntEnum):
    """What a block's body holds. Blocks of other kinds are ignored."""

    RECORDS = 1
    INDEX = 2
    EVENTS = 3
    MARKS = 4


class RecordType(IntEnum):
    """What a record holds. Records of other types are skipped, type 0 is damage."""

    META = 1
    OPEN = 2
    REQUEST_BODY = 3
    RESPONSE = 4
    CHUNKS = 5
    CLOSE = 6
    NOTE = 7
    STEPS = 8
    CONNECTION = 9
    SENT = 11
    OPAQUE = 12
    TRAFFIC = 13
    EVENTS = 14
    MARK = 15
    INDEX_HEAD = 32
    INDEX_BLOCKS = 33
    INDEX_EXCHANGES = 34
    INDEX_RUNS = 35
    INDEX_EVENTS = 36
    INDEX_TYPES = 37


class BlockHead(NamedTuple):
    """The fixed part of a block, which alone tells how much is missing when the rest is damaged."""

    position: int
    """Where the block begins in the file."""
    size: int
    """The whole block's, magic and all."""
    kind: int
    flags: int
    head_size: int
    file_id: int
    seq: int
    raw_offset: int
    data_coded_size: int
    data_size: int
    data_crc: int
    body_size: int
    body_crc: int

    @property
    def data_position(self) -> int:
        """Where the data frame begins that this block commits."""
        return self.position - self.data_coded_size

    @property
    def end(self) -> int:
        """Where the block ends in the file."""
        return self.position + self.size


def pack_block(
    kind: BlockKind,
    *,
    file_id: int,
    seq: int,
    raw_offset: int,
    frame: bytes,
    data_size: int,
    body: bytes,
    stored_body: bytes | None = None,
) -> bytes:
    """A block, without the data ``frame`` that has to stand directly before it.

    ``stored_body`` is the body as one Zstandard frame; where it is no shorter, the body itself is stored.
    """
    compressed = stored_body is not None and len(stored_body) < len(body)
    stored = stored_body if compressed and stored_body is not None else body
    head = _HEAD.pack(
        int.from_bytes(BLOCK_MAGIC, "little"),
        MIN_HEAD_LEN + len(stored),
        BLOCK_TAG,
        kind,
        FLAG_COMPRESSED if compressed else 0,
        MIN_HEAD_LEN,
        file_id,
        seq,
        raw_offset,
        len(frame),
        data_size,
        crc32(frame),
        len(body),
        crc32(stored),
    )
    return b"".join((head, _U32.pack(crc32(head)), stored))


def parse_head(window: bytes, position: int) -> BlockHead | None:
    """The block head at the start of ``window``, which was read at ``position``; None when it is not one.

    Raises UnsupportedVersion for a whole head whose flags say that this reader would misunderstand it.
    """
    if len(window) < HEAD_SIZE_BYTES or not window.startswith(BLOCK_MAGIC):
        return None
    _, size, tag, kind, flags, head_len, *fields = _HEAD.unpack_from(window)
    head_end = 8 + head_len
    if tag != BLOCK_TAG or not MIN_HEAD_LEN <= head_len <= MAX_HEAD_LEN or size < head_len:
        return None
    if len(window) < head_end or _U32.unpack_from(window, head_end - 4)[0] != crc32(window[: head_end - 4]):
        return None
    head = BlockHead(position, 8 + size, kind, flags, head_end, *fields)
    if flags & INCOMPATIBLE_FLAGS:
        raise UnsupportedVersion(f"block {head.seq} at byte {position:,} needs a newer reader")
    return head if _within_limits(head) else None


def _within_limits(head: BlockHead) -> bool:
    return (
        head.size - head.head_size <= MAX_BODY_BYTES
        and head.body_size <= MAX_BODY_BYTES
        and head.data_size <= MAX_DATA_BYTES
        and head.data_coded_size <= MAX_CODED_DATA_BYTES
        and (head.data_size == 0) == (head.data_coded_size == 0)
        and head.raw_offset <= MAX_VARINT
        and head.seq <= MAX_VARINT
    )


def record(kind: RecordType, *parts: bytes) -> bytes:
    """A record: type, length, payload."""
    payload = b"".join(parts)
    return b"".join((bytes((kind,)), varint(len(payload)), payload))


def records(body: bytes) -> Iterator[tuple[int, bytes]]:
    """The type and payload of each record of a block's body."""
    return ((kind, body[start:end]) for kind, start, end in record_spans(body))


def record_spans(body: bytes) -> Iterator[tuple[int, int, int]]:
    """The type of each record of a block's body, and where its payload begins and ends."""
    position, end, count = 0, len(body), 0
    while position < end:
        kind = body[position]
        size, position = read_varint(body, position + 1)
        count += 1
        if kind == 0 or size > end - position or count > MAX_RECORDS:
            raise DamagedArchive("a record has no type, is cut off, or is one too many")
        yield kind, position, position + size
        position += size
