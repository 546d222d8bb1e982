"""Blocks of a file: their records and their data, proved and decoded, the recent ones kept.

Knows positions of blocks; must not know what their records mean. Invariant: every byte returned is covered by
a checksum that was verified, and what is kept in memory is bounded whatever the file says.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeAlias
from zlib import crc32

from sserec.archive.columns import read_varint
from sserec.archive.format import (
    FLAG_COMPRESSED,
    HEAD_SIZE_BYTES,
    MAX_DATA_BYTES,
    MAX_HEAD_LEN,
    BlockHead,
    RecordType,
    parse_head,
    record_spans,
    records,
)
from sserec.archive.frames import decompress, decompress_prefix
from sserec.archive.runs import decode_steps
from sserec.archive.source import Source
from sserec.archive.values import Flaw, Problem
from sserec.errors import DamagedArchive

_KEPT_DATA_BYTES = 9 << 20
"""The two frames on either side of where somebody reads; they are 4 MiB each."""
_KEPT_BODY_BYTES = 3 << 20
_KEPT_ITEMS = 4096
_KEPT_PLACES = 1 << 17
"""Records whose place is kept, some 30 MB: 200 streams at once leave 200 of them in each of their blocks."""
_WORTH_A_PREFIX = 256 << 10


_Directory: TypeAlias = dict[tuple[int, int, int], tuple[int, int]]
"""Where the records of a block begin and end, by type and their first two numbers: exchange and start."""


class _Recent:
    """The byte strings used last, up to a total size, but two of them whatever their size.

    Who reads an exchange goes to and fro between its times and its events, and those stand in two blocks.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._items: OrderedDict[int, bytes] = OrderedDict()
        self._size_bytes = 0

    def get(self, key: int) -> bytes | None:
        item = self._items.get(key)
        if item is not None:
            self._items.move_to_end(key)
        return item

    def make_room(self, size_bytes: int) -> None:
        """Forgets what would be forgotten when an item of this size is put in: before it is made, not after."""
        while len(self._items) > 1 and (
            self._size_bytes + size_bytes > self._limit_bytes or len(self._items) >= _KEPT_ITEMS
        ):
            self._size_bytes -= len(self._items.popitem(last=False)[1])

    def put(self, key: int, item: bytes) -> None:
        self._size_bytes -= len(self._items.pop(key, b""))
        self.make_room(len(item))
        self._items[key] = item
        self._size_bytes += len(item)


class BlockStore:
    """Reads blocks, from several threads at once; ``report`` hears of damage as it is found."""

    def __init__(self, source: Source, report: Callable[[Problem], None]) -> None:
        self._source = source
        self._report = report
        self._bodies = _Recent(_KEPT_BODY_BYTES)
        self._data = _Recent(_KEPT_DATA_BYTES)
        self._directories: OrderedDict[int, _Directory] = OrderedDict()
        self._places = 0
        self._spoilt: set[int] = set()
        """Positions of the blocks whose data are damaged, so that they are not tried again."""
        self._lock = threading.RLock()

    def head(self, position: int) -> BlockHead:
        """The block's head at ``position``. Raises DamagedArchive when none is there."""
        head = read_head(self._source, position)
        if head is None:
            raise DamagedArchive(f"{self._source.path}: no block at byte {position:,}")
        return head

    def body(self, head: BlockHead) -> bytes:
        """The block's records, proved and decompressed. Raises DamagedArchive."""
        with self._lock:
            body = self._bodies.get(head.position)
            if body is None:
                body = self._read_body(head)
                self._bodies.put(head.position, body)
            return body

    def record(self, head: BlockHead, kind: RecordType, exchange: int, start: int) -> bytes | None:
        """The payload of the block's first record of a kind that begins with two numbers, or None.

        One look through a block serves all the exchanges in it: a thousand small ones share a block.
        """
        with self._lock:
            span = self._directory(head).get((kind, exchange, start))
            return None if span is None else self.body(head)[slice(*span)]

    def _directory(self, head: BlockHead) -> _Directory:
        directory = self._directories.get(head.position)
        if directory is None:
            directory = self._directories[head.position] = directory_of(self.body(head))
            self._places += len(directory)
            while self._places > _KEPT_PLACES and len(self._directories) > 1:
                self._places -= len(self._directories.popitem(last=False)[1])
        return directory

    def check_body(self, head: BlockHead) -> None:
        """Proves the block's records without keeping them. Raises DamagedArchive."""
        self._stored_body(head)

    def data(self, head: BlockHead, wanted: int) -> bytes:
        """At least the first ``wanted`` bytes that the block committed; fewer where they are damaged."""
        with self._lock:
            data = self._data.get(head.position)
            if data is None or (len(data) < wanted and head.position not in self._spoilt):
                self._data.make_room(head.data_size)
                is_prefix_enough = data is None and _WORTH_A_PREFIX < wanted < head.data_size // 2
                data = self._read_data(head, wanted if is_prefix_enough else head.data_size)
                self._data.put(head.position, data)
            return data

    def _stored_body(self, head: BlockHead) -> bytes:
        stored = self._source.read(head.position + head.head_size, head.size - head.head_size)
        if len(stored) != head.size - head.head_size or crc32(stored) != head.body_crc:
            raise DamagedArchive(f"the records of block {head.seq} fail their checksum")
        return stored

    def _read_body(self, head: BlockHead) -> bytes:
        stored = self._stored_body(head)
        if head.flags & FLAG_COMPRESSED:
            return decompress(stored, head.body_size)
        if len(stored) != head.body_size:
            raise DamagedArchive(f"the records of block {head.seq} have another size than its head says")
        return stored

    def _read_data(self, head: BlockHead, wanted: int) -> bytes:
        frame = self._source.read(head.data_position, head.data_coded_size)
        try:
            if head.data_coded_size == 0:
                raise DamagedArchive("it is not where its block says")
            if len(frame) != head.data_coded_size or crc32(frame) != head.data_crc:
                raise DamagedArchive("it fails its checksum")
            if wanted < head.data_size:
                return decompress_prefix(frame, head.data_size, wanted)
            return decompress(frame, head.data_size, limit=MAX_DATA_BYTES)
        except DamagedArchive as error:
            return self._salvage(head, frame, error)

    def _salvage(self, head: BlockHead, frame: bytes, error: DamagedArchive) -> bytes:
        """The longest prefix of a damaged frame's data that the step checksums prove."""
        try:
            proved = self._proved_prefix(head, frame)
        except DamagedArchive:
            proved = b""
        self._spoilt.add(head.position)
        lost = head.data_size - len(proved)
        message = f"data of block {head.seq} at byte {head.data_position:,}: {error}; {lost:,} bytes are lost"
        self._report(Problem(Flaw.DAMAGED_DATA, message, head.data_position, lost))
        return proved

    def _proved_prefix(self, head: BlockHead, frame: bytes) -> bytes:
        steps = [payload for kind, payload in records(self.body(head)) if kind == RecordType.STEPS]
        if not steps or not frame:
            return b""
        step, checksums = decode_steps(steps[0])
        data = decompress_prefix(frame, head.data_size, head.data_size)
        proved = 0
        for checksum in checksums:
            part = data[proved : proved + step]
            if len(part) != min(step, head.data_size - proved) or crc32(part) != checksum:
                break
            proved += len(part)
        return data[:proved]


def directory_of(body: bytes) -> _Directory:
    """Where the runs of chunks and the parts of tables stand in a block's records."""
    directory: _Directory = {}
    for kind, begin, end in record_spans(body):
        if kind in (RecordType.CHUNKS, RecordType.EVENTS):
            exchange, position = read_varint(body, begin)
            start, _ = read_varint(body, position)
            directory.setdefault((kind, exchange, start), (begin, end))
    return directory


def read_head(source: Source, position: int) -> BlockHead | None:
    """The head of the block at ``position``, or None when there is no whole block."""
    window = source.read(position, HEAD_SIZE_BYTES)
    head_len = int.from_bytes(window[14:16], "little")
    if HEAD_SIZE_BYTES < 8 + head_len <= 8 + MAX_HEAD_LEN:
        window = source.read(position, 8 + head_len)
    head = parse_head(window, position)
    return head if head is not None and head.end <= source.size else None
