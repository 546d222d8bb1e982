"""The layout of a final file: bodies one after another in few large frames, then tables, index, seek table.

Knows where frames and blocks are cut; must not read the journal or name files. Invariants: the output depends
on what is added and on the level alone, never on time; a file with a byte of body begins with a data frame;
memory holds one frame, one block of records and the typed columns of the index.
"""

from array import array
from collections import deque
from collections.abc import Callable, Iterator
from itertools import accumulate
from zlib import crc32

from sserec.archive.deriving import TableBuilder, TypeNames
from sserec.archive.events import encode_part
from sserec.archive.format import MAX_DATA_BYTES, MAX_RECORDS, BlockKind, RecordType, pack_block, record
from sserec.archive.frames import compressor, pack_seek_table, thrifty_compressor
from sserec.archive.heads import Json, encode_json
from sserec.archive.index import Index
from sserec.archive.runs import STEP_BITS, Run, encode_run, encode_steps
from sserec.archive.tables import EventPart
from sserec.archive.values import Piece
from sserec.records import Chunk

FRAME_BYTES = 4 << 20
RUN_CHUNKS = 1 << 12
"""Chunks of a run: the time of one is found by decoding its run, which takes one millisecond."""
_BODY_BYTES = 8 << 20
_BODY_RECORDS = MAX_RECORDS // 2
"""Runs, heads and the few others together; what is open when a block is full may still be added."""
_TABLE_BYTES = 1 << 20
_STEP_BYTES = 1 << STEP_BITS


class CompactWriter:
    """Lays out one recording; ``write`` takes the bytes of the file in order."""

    def __init__(self, write: Callable[[bytes], object], *, file_id: int, meta: Json, level: int) -> None:
        self._write = write
        self._file_id = file_id
        self._compress_data = thrifty_compressor(level)
        self._compress_body = compressor(level)
        self._index = Index(meta)
        self._tick_ns: int = meta["tick_ns"]
        self._names = TypeNames()
        self._frames: list[tuple[int, int]] = []
        self._position = 0
        self._heads: deque[tuple[int, int, bytes]] = deque()
        self._heads_size = 0
        self._data: list[bytes] = []
        self._data_size = 0
        self._runs: list[bytes] = []
        self._run: Run | None = None
        self._run_data: list[bytes] = []
        self._builder: TableBuilder | None = None
        self._tables: list[tuple[bytes, bytes]] = []
        self._table_parts: list[bytes] = []
        self._table_size = 0
        self._body_end = 0
        self._placed_row = -1
        self._marks = b""
        self._add_head(RecordType.META, -1, encode_json(meta))

    def open_exchange(self, number: int, *, is_event_stream: bool) -> None:
        """Begins an exchange, after all that have lower numbers."""
        index = self._index
        index.numbers.append(number)
        index.first_runs.append(len(index.run_blocks))
        index.chunk_counts.append(0)
        for column in (index.first_blocks, index.head_end_blocks, index.last_blocks):
            column.append(0)
        self._body_end = 0
        self._builder = TableBuilder(self._names) if is_event_stream else None

    def add_head(self, kind: int, payload: bytes) -> None:
        """Adds a record of the open exchange; CLOSE comes after its chunks, the others before."""
        self._add_head(kind, len(self._index.numbers) - 1, payload)

    def add_note(self, payload: bytes) -> None:
        """Adds a note on the recording as a whole."""
        self._add_head(RecordType.NOTE, -1, payload)

    def add_chunk(self, chunk: Chunk) -> None:
        """Adds a chunk of the open exchange."""
        if self._data_size + len(chunk.data) > MAX_DATA_BYTES:
            self._end_run()
            self._cut()
        run = self._run_for(chunk)
        run.times.append(chunk.t_ns // self._tick_ns)
        run.sizes.append(len(chunk.data))
        if run.coded_sizes is not None and chunk.coded_size_bytes is not None:
            run.coded_sizes.append(chunk.coded_size_bytes)
        if run.kernel_times is not None and chunk.t_kernel_ns is not None:
            run.kernel_times.append(chunk.t_kernel_ns // self._tick_ns)
        self._run_data.append(chunk.data)
        self._data_size += len(chunk.data)
        self._index.missing_bytes += chunk.offset - self._body_end
        self._body_end = chunk.offset + len(chunk.data)
        if self._data_size >= FRAME_BYTES or len(self._runs) >= _BODY_RECORDS:
            self._end_run()
            self._cut()

    def close_exchange(self) -> None:
        """Ends the open exchange."""
        self._end_run()
        for part in self._builder.parts if self._builder is not None else ():
            if part.end:
                self._add_table_part(part)
        self._builder = None

    def add_marks(self, body: bytes) -> None:
        """Keeps the records of a MARKS block."""
        self._marks = body

    def finish(self) -> None:
        """Writes what is left, the tables, the index and the seek table."""
        while self._data_size or self._heads:
            self._cut()
        self._write_tables()
        index = self._index
        if self._marks:
            index.marks_position = self._position
            self._emit(BlockKind.MARKS, b"", 0, self._marks)
        index.type_names = self._names.names
        for blocks in (index.first_blocks, index.head_end_blocks, index.last_blocks):
            blocks[:] = array("Q", accumulate(blocks, max))
        self._emit(BlockKind.INDEX, b"", 0, index.encode(self._position))
        self._write(pack_seek_table(self._frames))

    def _run_for(self, chunk: Chunk) -> Run:
        """The run that ``chunk`` continues, or a new one."""
        run = self._run
        columns = chunk.coded_size_bytes is not None, chunk.t_kernel_ns is not None
        if run is not None:
            continues = chunk.offset == self._body_end and run.times[-1] <= chunk.t_ns // self._tick_ns
            same = (run.coded_sizes is not None, run.kernel_times is not None) == columns
            if continues and same and len(run.sizes) < RUN_CHUNKS:
                return run
            self._end_run()
        coded, kernel = (array("Q") if columns[0] else None, array("q") if columns[1] else None)
        number = self._index.numbers[-1]
        self._run = Run(number, chunk.offset, array("Q"), array("Q"), coded, kernel)
        return self._run

    def _end_run(self) -> None:
        run, self._run = self._run, None
        if run is None:
            return
        data = b"".join(self._run_data)
        self._run_data.clear()
        self._data.append(data)
        self._runs.append(record(RecordType.CHUNKS, encode_run(run)))
        index = self._index
        first_chunk = index.chunk_counts[-1]
        index.run_blocks.append(len(index.block_positions))
        index.run_raw_offsets.append(index.raw_size)
        index.run_starts.append(run.offset)
        index.run_first_chunks.append(first_chunk)
        index.run_t_ns.append(run.times[0] * self._tick_ns)
        index.raw_size += len(data)
        index.chunk_counts[-1] += len(run.sizes)
        if self._builder is not None:
            self._builder.feed(Piece(run.offset, data), first_chunk, _ends(run))

    def _add_head(self, kind: int, row: int, payload: bytes) -> None:
        encoded = record(RecordType(kind), payload)
        self._heads.append((kind, row, encoded))
        self._heads_size += len(encoded)
        while self._heads_size > _BODY_BYTES and (self._data_size or self._index.block_positions):
            self._end_run()
            self._cut()

    def _cut(self) -> None:
        """Writes one frame with the records that describe it, and as many others as fit."""
        index = self._index
        data = b"".join(self._data)
        self._data.clear()
        self._data_size = 0
        frame = self._compress_data(data) if data else b""
        if frame:
            self._frames.append((len(frame), len(data)))
        parts = [*_steps(data), *self._runs]
        self._runs.clear()
        parts += self._fitting_heads(len(parts), sum(map(len, parts)))
        index.block_positions.append(self._position + len(frame))
        index.block_raw_offsets.append(index.raw_size - len(data))
        self._emit(BlockKind.RECORDS, frame, len(data), b"".join(parts))

    def _fitting_heads(self, count: int, size: int) -> Iterator[bytes]:
        """Takes heads from the queue until a body that holds ``count`` records of ``size`` bytes already is full."""
        while self._heads and size < _BODY_BYTES and count < _BODY_RECORDS:
            kind, row, encoded = self._heads.popleft()
            self._heads_size -= len(encoded)
            self._place(kind, row)
            size += len(encoded)
            count += 1
            yield encoded

    def _place(self, kind: int, row: int) -> None:
        """Notes in the index that a record went into the block that is being written."""
        index, block = self._index, len(self._index.block_positions)
        if kind == RecordType.NOTE:
            index.note_blocks.extend([block] if block not in index.note_blocks[-1:] else [])
        if row < 0:
            return
        if row != self._placed_row:
            self._placed_row = row
            index.first_blocks[row] = block
        if kind != RecordType.CLOSE:
            index.head_end_blocks[row] = block
        index.last_blocks[row] = block

    def _add_table_part(self, part: EventPart) -> None:
        encoded = record(RecordType.EVENTS, encode_part(self._index.numbers[-1], part))
        if self._table_size + len(encoded) > _TABLE_BYTES:
            self._pack_tables()
        self._index.event_numbers.append(self._index.numbers[-1])
        self._index.event_firsts.append(part.first)
        self._index.event_positions.append(len(self._tables))
        self._table_parts.append(encoded)
        self._table_size += len(encoded)

    def _pack_tables(self) -> None:
        body = b"".join(self._table_parts)
        self._tables.append((body, self._compress_body(body)))
        self._table_parts.clear()
        self._table_size = 0

    def _write_tables(self) -> None:
        """Writes the tables of events; their places in the index were numbers of blocks until now."""
        self._pack_tables()
        positions = []
        for body, stored in self._tables:
            positions.append(self._position)
            self._emit(BlockKind.EVENTS, b"", 0, body, stored)
        places = self._index.event_positions
        self._index.event_positions = array("Q", (positions[table] for table in places))

    def _emit(
        self, kind: BlockKind, frame: bytes, data_size: int, body: bytes, stored: bytes | None = None
    ) -> None:
        index = self._index
        block = pack_block(
            kind,
            file_id=self._file_id,
            seq=len(index.block_positions) - (kind == BlockKind.RECORDS),
            raw_offset=index.raw_size - data_size,
            frame=frame,
            data_size=data_size,
            body=body,
            stored_body=self._compress_body(body) if stored is None else stored,
        )
        self._frames.append((len(block), 0))
        self._write(frame)
        self._write(block)
        self._position += len(frame) + len(block)


def _ends(run: Run) -> list[int]:
    return list(accumulate(run.sizes, initial=run.offset))[1:]


def _steps(data: bytes) -> list[bytes]:
    """The checksums that prove a prefix of a large frame; a small one is lost as a whole."""
    if len(data) <= _STEP_BYTES:
        return []
    steps = [crc32(data[start : start + _STEP_BYTES]) for start in range(0, len(data), _STEP_BYTES)]
    return [record(RecordType.STEPS, encode_steps(steps))]
