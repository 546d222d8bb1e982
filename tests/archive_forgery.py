"""Files that lie with every checksum right: taken apart, changed, put together again."""

from __future__ import annotations

import random
import struct
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from zlib import crc32

import orjson
import zstandard

from archive_support import FILE_ID
from sserec.archive.columns import column, rising_column, varint, varints
from sserec.archive.format import BlockKind, RecordType, pack_block, record
from sserec.archive.frames import compressor, pack_seek_table
from sserec.archive.index import Index, decode_index
from sserec.archive.scan import Walk
from sserec.archive.source import Source
from sserec.archive.store import BlockStore

Part = tuple[int, int]
_META = {"format": "sserec", "v": 1, "tick_ns": 1, "epoch_unix_ns": 0, "state": "journal"}


@dataclass(frozen=True)
class Block:
    """A block and the frame before it, before checksums."""

    body: bytes = b""
    frame: bytes = b""
    data_size: int = 0
    kind: BlockKind = BlockKind.RECORDS
    seq: int = 0
    raw_offset: int = 0
    stored_body: bytes | None = None
    flags: int = 0

    def encode(self) -> bytes:
        """Frame and block with right checksums."""
        block = bytearray(
            pack_block(
                self.kind,
                file_id=FILE_ID,
                seq=self.seq,
                raw_offset=self.raw_offset,
                frame=self.frame,
                data_size=self.data_size,
                body=self.body,
                stored_body=self.stored_body,
            )
        )
        block[13] |= self.flags
        block[60:64] = struct.pack("<I", crc32(block[:60]))
        return self.frame + bytes(block)


def take_apart(path: Path) -> list[Block]:
    """The blocks of a whole file."""
    blocks = []
    with Source(path) as source:
        store = BlockStore(source, print)
        for head in Walk(source, print).blocks():
            frame = source.read(head.data_position, head.data_coded_size)
            kind = BlockKind(head.kind)
            blocks.append(Block(store.body(head), frame, head.data_size, kind, head.seq, head.raw_offset))
            if kind == BlockKind.INDEX:
                decode_index(store.body(head), head.position)
    return blocks


def put_together(blocks: list[Block], index: Index | None = None) -> bytes:
    """A file of ``blocks``; with an ``index``, positions made right, and a seek table."""
    data, positions = b"", []
    for block in blocks:
        if block.kind != BlockKind.INDEX:
            positions.append((block.kind, len(data) + len(block.frame)))
            data += block.encode()
    if index is None:
        return data
    index.block_positions = array("Q", (p for kind, p in positions if kind == BlockKind.RECORDS))
    tables = [p for kind, p in positions if kind == BlockKind.EVENTS]
    index.event_positions = array("Q", (tables[0] for _ in index.event_positions)) if tables else array("Q")
    return with_index(data, index.encode(len(data)), index.raw_size)


def with_index(data: bytes, body: bytes, raw_size: int = 0) -> bytes:
    """``data`` with an INDEX block of any body behind it, and the table that leads to it."""
    index = Block(body, kind=BlockKind.INDEX, seq=1 << 20, raw_offset=raw_size).encode()
    return data + index + pack_seek_table([(len(data), 0), (len(index), 0)])


def mutations(path: Path, count: int, seed: int) -> Iterator[bytes]:
    """Copies of a file with bytes changed inside bodies or heads, checksums right."""
    rng = random.Random(seed)
    blocks = take_apart(path)
    with Source(path) as source:
        store = BlockStore(source, print)
        heads = list(Walk(source, print).blocks())
        last = heads[-1]
        is_final = last.kind == BlockKind.INDEX
        body = store.body(last)
        position = last.position
    for _ in range(count):
        index = decode_index(body, position) if is_final else None
        at = rng.randrange(len(blocks))
        if index is not None and blocks[at].kind == BlockKind.INDEX:
            plain = put_together(blocks)
            index.encode(len(plain))
            yield with_index(plain, _scrambled(index.encode(len(plain)), rng), index.raw_size)
        else:
            yield put_together([*blocks[:at], _mutated(blocks[at], rng), *blocks[at + 1 :]], index)


def _mutated(block: Block, rng: random.Random) -> Block:
    match rng.randrange(6):
        case 0:
            return replace(block, seq=rng.choice([0, 1, 5, 2**40, 2**63 - 1]))
        case 1:
            return replace(block, raw_offset=rng.choice([0, 7, 2**40, 2**63 - 1]))
        case 2:
            return replace(block, data_size=max(block.data_size + rng.choice([-1, 1, 100]), 0))
        case _:
            return replace(block, body=_scrambled(block.body, rng))


def _scrambled(body: bytes, rng: random.Random) -> bytes:
    changed = bytearray(body)
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(changed))
        match rng.randrange(4):
            case 0:
                changed[at] ^= 1 << rng.randrange(8)
            case 1:
                changed[at] = rng.choice([0, 1, 127, 128, 255])
            case 2:
                del changed[at : at + rng.randint(1, 4)]
            case _:
                changed[at:at] = rng.randbytes(rng.randint(1, 9))
    return bytes(changed)


def _meta(**changes: object) -> bytes:
    return record(RecordType.META, orjson.dumps(_META | changes))


def _open(number: int = 1, head: bytes = b'{"method":"GET","url":"/"}') -> bytes:
    return record(RecordType.OPEN, varint(number), varint(0), head)


def _run(*numbers: int, times: bytes = b"", sizes: bytes = b"", extra: bytes = b"") -> bytes:
    return record(RecordType.CHUNKS, *map(varint, numbers), times, sizes, extra)


def _with_data(*records: bytes, data: bytes = b"data: a\n\n", **changes: object) -> bytes:
    compress = compressor(3)
    block = Block(b"".join((_meta(), _open(), *records)), compress(data), len(data))
    return replace(block, **changes).encode()  # type: ignore[arg-type]


def _bomb(body: bytes, **changes: object) -> bytes:
    return (
        Block(_meta()).encode()
        + replace(
            Block(body, stored_body=compressor(3)(body), seq=1),
            **changes,  # type: ignore[arg-type]
        ).encode()
    )


def _data_bomb(count: int) -> bytes:
    """``count`` frames of 8 MiB, each a kilobyte on disk."""
    size = 8 << 20
    frame = compressor(3)(bytes(size))
    parts = [Block(_meta() + _open()).encode()]
    for number in range(count):
        runs = _run(1, number * size, 8, 0, times=bytes(7), sizes=varints([1 << 20] * 8))
        parts.append(Block(runs, frame, size, seq=number + 1, raw_offset=number * size).encode())
    return b"".join(parts)


def _chunk_bomb(count: int) -> bytes:
    """Blocks that hold as many chunks of one byte as a body has room for."""
    compress, size = compressor(3), 8 << 20
    frame = compress(bytes(size))
    runs = b"".join(
        _run(1, start, 1 << 16, 0, times=bytes((1 << 16) - 1), sizes=b"\1" * (1 << 16))
        for start in range(0, size, 1 << 16)
    )
    parts = [Block(_meta() + _open()).encode()]
    for number in range(count):
        shifted = runs if number == 0 else runs.replace(varint(1) + varint(0), varint(number + 1) + varint(0))
        block = Block(shifted, frame, size, seq=number + 1, raw_offset=number * size)
        parts.append(replace(block, stored_body=compress(shifted)).encode())
    return b"".join(parts)


def _same_data_claimed_often() -> bytes:
    data = bytes(8 << 20)
    frame = compressor(3)(data)
    run = _run(1, 0, 8, 0, times=bytes(7), sizes=varints([1 << 20] * 8))
    first = Block(_meta() + _open() + run, frame, len(data)).encode()
    again = Block(run, frame, len(data), seq=1, raw_offset=len(data)).encode()[len(frame) :]
    return first + again * 1000


def _frame_with_content_size(size: int) -> bytes:
    return b"\x28\xb5\x2f\xfd\xe0" + struct.pack("<Q", size) + b"\x01\x00\x00"


def _frame_with_window() -> bytes:
    return b"\x28\xb5\x2f\xfd\x00\xf8\x01\x00\x00"


def _index_body(*records: bytes) -> bytes:
    return b"".join((_meta(), *records))


def _index_claiming(*counts: int) -> bytes:
    """An index whose head claims rows that its columns do not have."""
    plain = _with_data(_run(1, 0, 1, 0, sizes=b"\x09"))
    position = len(plain)
    head = b"".join(map(varint, (position, 9, 0, 0, *counts))) + column([])
    zeros = b"\0" * 6
    tables = [
        record(kind, zeros)
        for kind in (
            RecordType.INDEX_BLOCKS,
            RecordType.INDEX_EXCHANGES,
            RecordType.INDEX_RUNS,
            RecordType.INDEX_EVENTS,
        )
    ]
    body = _index_body(record(RecordType.INDEX_HEAD, head), *tables, record(RecordType.INDEX_TYPES))
    return with_index(plain, body, 9)


def _index_lying(change: Callable[[Index], None]) -> bytes:
    """An index that is well formed and wrong."""
    plain = _with_data(_run(1, 0, 1, 0, sizes=b"\x09"))
    index = Index(dict(_META), raw_size=9)
    index.block_positions.append(len(plain) - len(Block(_meta() + _open()).encode()))
    index.block_raw_offsets.append(0)
    for values in (
        index.first_blocks,
        index.head_end_blocks,
        index.last_blocks,
        index.first_runs,
        index.run_blocks,
        index.run_raw_offsets,
        index.run_starts,
        index.run_first_chunks,
        index.run_t_ns,
    ):
        values.append(0)
    index.numbers.append(1)
    index.chunk_counts.append(1)
    change(index)
    return with_index(plain, index.encode(len(plain)), index.raw_size)


def _deep_json(depth: int) -> bytes:
    return b'{"method":' + b"[" * depth + b"]" * depth + b',"url":"/"}'


HOSTILE: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "noise": lambda: random.Random(1).randbytes(100_000),
    "zeros": lambda: bytes(1 << 20),
    "one skippable frame": lambda: b"\x50\x2a\x4d\x18\xff\xff\xff\xff",
    "the tag again and again": lambda: b"SSR1" * (1 << 18),
    "the start of a block again and again": lambda: b"S*M\x18\x40\0\0\0SSR1" * (1 << 16),
    "a block larger than the file": lambda: _with_data(_run(1, 0, 1, 0, sizes=b"\x09"))[:-1],
    "200 MB of bodies in a few kilobytes": lambda: _data_bomb(25),
    "100 million chunks in a few kilobytes": lambda: _chunk_bomb(12),
    "one frame claimed a thousand times": _same_data_claimed_often,
    "64 MiB of records of nothing": lambda: _bomb(b"\x09\0" * (32 << 20)),
    "64 MiB of zeros for records": lambda: _bomb(bytes(64 << 20)),
    "exchanges without end": lambda: _bomb(b"".join(map(_open, range(1, 60_000)))),
    "a content size of 2^60": lambda: _with_data(frame=_frame_with_content_size(1 << 60), data_size=8 << 20),
    "a window of 2^41": lambda: _with_data(frame=_frame_with_window(), data_size=9),
    "a body of 2^60": lambda: _bomb(b"x" * 100, stored_body=_frame_with_content_size(1 << 60)),
    "2^62 chunks": lambda: _with_data(_run(1, 0, 1 << 62, 0)),
    "2^16 chunks that are not there": lambda: _with_data(_run(1, 0, 1 << 16, 0, times=bytes(9))),
    "chunks of nothing": lambda: _with_data(_run(1, 0, 2, 0, times=b"\0", sizes=b"\x09\0")),
    "chunks that do not add up": lambda: _with_data(_run(1, 0, 1, 0, sizes=b"\x08")),
    "times beyond 2^63": lambda: _with_data(_run(1, 0, 2, (1 << 63) - 1, times=varint(5), sizes=b"\x04\x05")),
    "an offset beyond 2^63": lambda: _with_data(_run(1, (1 << 63) - 1, 1, 0, sizes=b"\x09")),
    "an endless varint": lambda: _with_data(record(RecordType.CHUNKS, b"\xff" * 30)),
    "a kernel time beyond all times": lambda: _with_data(
        _run(1, 0, 1, (1 << 63) - 1, sizes=b"\x09", extra=b"\x02\x09" + varint((1 << 63) - 1))
    ),
    "an extra column that is too short": lambda: _with_data(_run(1, 0, 1, 0, sizes=b"\x09", extra=b"\1\0")),
    "traffic without end": lambda: _with_data(
        record(RecordType.TRAFFIC, varint(1), varint(1 << 62), varint(0)), _run(1, 0, 1, 0, sizes=b"\x09")
    ),
    "traffic beyond 2^63": lambda: _with_data(
        record(RecordType.TRAFFIC, varint(1), varint(1), varint(0), varint((1 << 63) - 1)),
        _run(1, 0, 1, 0, sizes=b"\x09"),
    ),
    "deep JSON": lambda: _with_data(_open(2, _deep_json(100_000)), _run(1, 0, 1, 0, sizes=b"\x09")),
    "JSON that is deep enough to print": lambda: _with_data(
        _open(2, _deep_json(1000)), frame=b"", data_size=0
    ),
    "wide JSON": lambda: _with_data(
        _open(2, b'{"method":[' + b"[]," * 300_000 + b"0]}"), frame=b"", data_size=0
    ),
    "JSON of another shape": lambda: Block(
        b"".join(
            (
                _meta(command=7, clock=None, epoch_unix_ns="soon"),
                _open(1, b'{"method":1,"url":[],"headers":5}'),
                record(RecordType.RESPONSE, varint(1), varint(0), b'{"status":"much"}'),
                record(RecordType.CONNECTION, varint(1), b'{"id":{}}'),
                record(RecordType.CLOSE, varint(1), varint(0), b'{"by":"nobody","size":"x"}'),
                record(RecordType.OPAQUE, varint(2), varint(0), b"[]"),
                record(RecordType.NOTE, varint(0), b"nothing"),
            )
        )
    ).encode(),
    "a tick of nothing": lambda: Block(_meta(tick_ns=0)).encode(),
    "a tick of ages": lambda: Block(_meta(tick_ns=1 << 62)).encode(),
    "a format that is no number": lambda: Block(_meta(v="one")).encode(),
    "a later format": lambda: Block(_meta(v=2)).encode(),
    "a flag that nobody knows": lambda: Block(_meta(), flags=0x10).encode(),
    "a number of 2^63": lambda: Block(_meta()).encode() + Block(_open(), seq=(1 << 63) - 1).encode(),
    "an index of 2^40 rows": lambda: _index_claiming(1 << 40, 1 << 40, 1 << 40, 1 << 40, 1 << 40),
    "an index of millions of zeros": lambda: _index_claiming(1 << 22, 1 << 22, 1 << 22, 1 << 22, 0),
    "an index outside the file": lambda: _index_lying(lambda i: i.block_positions.__setitem__(0, 1 << 50)),
    "an index with 2^60 chunks": lambda: _index_lying(lambda i: i.chunk_counts.__setitem__(0, 1 << 60)),
    "an index with 8 chunks of 1": lambda: _index_lying(lambda i: i.chunk_counts.__setitem__(0, 8)),
    "an index that begins late": lambda: _index_lying(lambda i: i.run_first_chunks.__setitem__(0, 5)),
    "an index with times of 2^63": lambda: _index_lying(lambda i: i.run_t_ns.__setitem__(0, 1 << 63)),
    "an index of events that are nowhere": lambda: _index_lying(_add_events_nowhere),
    "a seek table of 2^32 frames": lambda: (
        _with_data(_run(1, 0, 1, 0, sizes=b"\x09")) + struct.pack("<IBI", 2**32 - 1, 0, 0x8F92EAB1)
    ),
    "a seek table that leads before the file": lambda: (
        _with_data(_run(1, 0, 1, 0, sizes=b"\x09")) + pack_seek_table([(2**32 - 1, 0)])
    ),
    "a table of events that lies": lambda: _lying_table(),
    "a frame with a dictionary": lambda: _with_data(
        _run(1, 0, 1, 0, sizes=b"\x09"),
        frame=zstandard.ZstdCompressor(dict_data=zstandard.ZstdCompressionDict(b"data: a\n\n" * 9)).compress(
            b"data: a\n\n"
        ),
    ),
}


def _add_events_nowhere(index: Index) -> None:
    index.event_numbers.append(1)
    index.event_firsts.append(0)
    index.event_positions.append(3)


def _lying_table() -> bytes:
    """Types without a name, chunks that do not exist, ends behind the body."""
    plain = _with_data(_run(1, 0, 1, 0, sizes=b"\x09"))
    part = record(
        RecordType.EVENTS,
        *map(varint, (1, 0, 0, 0, 2, 0, 70)),
        column([5, 900]),
        column([0, 9]),
        column([3, 999]),
        rising_column([]),
    )
    table = Block(part, kind=BlockKind.EVENTS, seq=1, raw_offset=9).encode()
    index = Index(dict(_META), raw_size=9)
    index.numbers.append(1)
    index.chunk_counts.append(1)
    index.block_positions.append(len(compressor(3)(b"data: a\n\n")))
    for values in (
        index.block_raw_offsets,
        index.first_blocks,
        index.head_end_blocks,
        index.last_blocks,
        index.first_runs,
        index.run_blocks,
        index.run_raw_offsets,
        index.run_starts,
        index.run_first_chunks,
        index.run_t_ns,
        index.event_firsts,
    ):
        values.append(0)
    index.event_numbers.append(1)
    index.event_positions.append(len(plain))
    return with_index(plain + table, index.encode(len(plain + table)), 9)
