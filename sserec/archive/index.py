"""The INDEX block: a catalogue that is written once and opened without looking at anything else.

Knows its columns; must not read a file but through the store. Invariant: an index that is taken was written
for this position in this file; everything it says about blocks is checked again when they are read.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from sserec.archive.catalogue import EventPlace, Track
from sserec.archive.columns import ColumnReader, column, rising_column, varint
from sserec.archive.deriving import MAX_NAME_BYTES, MAX_NAMES
from sserec.archive.format import MAX_DATA_BYTES, MAX_RUN_CHUNKS, BlockHead, RecordType, record, records
from sserec.archive.heads import Json, check_version, decode_json, encode_json
from sserec.archive.runs import Run, decode_run
from sserec.archive.store import BlockStore
from sserec.archive.tables import ChunkPart, ChunkTable, LazyParts
from sserec.archive.values import Flaw, Problem, ProblemLog
from sserec.errors import DamagedArchive


def _column() -> array[int]:
    return array("Q")


@dataclass(slots=True)
class Index:
    """What stands in the index, column by column."""

    meta: Json
    raw_size: int = 0
    missing_bytes: int = 0
    """Bytes of bodies that were recorded but are in no run: the journal was damaged."""
    marks_position: int = 0
    """Of the block of marks that counts; 0 when there is none."""
    block_positions: array[int] = field(default_factory=_column)
    block_raw_offsets: array[int] = field(default_factory=_column)
    numbers: array[int] = field(default_factory=_column)
    first_blocks: array[int] = field(default_factory=_column)
    """The first block that holds records of the exchange."""
    head_end_blocks: array[int] = field(default_factory=_column)
    """The last block that holds records of it that stand before its chunks."""
    last_blocks: array[int] = field(default_factory=_column)
    """The block that holds its CLOSE record, or its last chunk."""
    first_runs: array[int] = field(default_factory=_column)
    chunk_counts: array[int] = field(default_factory=_column)
    run_blocks: array[int] = field(default_factory=_column)
    run_raw_offsets: array[int] = field(default_factory=_column)
    run_starts: array[int] = field(default_factory=_column)
    run_first_chunks: array[int] = field(default_factory=_column)
    run_t_ns: array[int] = field(default_factory=_column)
    event_numbers: array[int] = field(default_factory=_column)
    """For each part of a table of events: the exchange."""
    event_firsts: array[int] = field(default_factory=_column)
    event_positions: array[int] = field(default_factory=_column)
    note_blocks: array[int] = field(default_factory=_column)
    type_names: list[str] = field(default_factory=lambda: [""])

    def encode(self, position: int) -> bytes:
        """The body of the INDEX block that will stand at ``position``."""
        return b"".join(
            (
                record(RecordType.META, encode_json(self.meta)),
                record(RecordType.INDEX_HEAD, self._encoded_head(position)),
                record(
                    RecordType.INDEX_BLOCKS,
                    rising_column(self.block_positions),
                    rising_column(self.block_raw_offsets),
                ),
                record(
                    RecordType.INDEX_EXCHANGES,
                    rising_column(self.numbers),
                    rising_column(self.first_blocks),
                    rising_column(self.head_end_blocks),
                    rising_column(self.last_blocks),
                    rising_column(self.first_runs),
                    column(self.chunk_counts),
                ),
                record(
                    RecordType.INDEX_RUNS,
                    rising_column(self.run_blocks),
                    rising_column(self.run_raw_offsets),
                    column(self.run_starts),
                    column(self.run_first_chunks),
                    column(self.run_t_ns),
                ),
                record(
                    RecordType.INDEX_EVENTS,
                    rising_column(self.event_numbers),
                    column(self.event_firsts),
                    rising_column(self.event_positions),
                ),
                record(RecordType.INDEX_TYPES, *map(_named, self.type_names[1:])),
            )
        )

    def _encoded_head(self, position: int) -> bytes:
        numbers = (
            position,
            self.raw_size,
            self.missing_bytes,
            self.marks_position,
            len(self.block_positions),
            len(self.numbers),
            len(self.run_blocks),
            len(self.event_numbers),
            len(self.note_blocks),
        )
        return b"".join(map(varint, numbers)) + rising_column(self.note_blocks)


def _named(name: str) -> bytes:
    encoded = name.encode()
    return varint(len(encoded)) + encoded


def decode_index(body: bytes, position: int) -> Index:
    """The index whose block stands at ``position``. Raises DamagedArchive, UnsupportedVersion."""
    parts = dict(records(body))
    try:
        meta = decode_json(parts[RecordType.META])
        check_version(meta)
        head = ColumnReader(parts[RecordType.INDEX_HEAD])
        if head.varint() != position:
            raise DamagedArchive("the index was written for another place")
        index = Index(meta, raw_size=head.varint(), missing_bytes=head.varint(), marks_position=head.varint())
        blocks, exchanges, runs, events, notes = (head.varint() for _ in range(5))
        index.note_blocks = head.rising_column(notes)
        _decode_columns(index, parts, blocks, exchanges, runs, events)
        index.type_names = _decode_names(parts[RecordType.INDEX_TYPES])
    except KeyError as error:
        raise DamagedArchive("the index lacks a record") from error
    _check(index)
    return index


def _decode_columns(
    index: Index, parts: dict[int, bytes], blocks: int, exchanges: int, runs: int, events: int
) -> None:
    reader = ColumnReader(parts[RecordType.INDEX_BLOCKS])
    index.block_positions = reader.rising_column(blocks)
    index.block_raw_offsets = reader.rising_column(blocks)
    reader = ColumnReader(parts[RecordType.INDEX_EXCHANGES])
    index.numbers = reader.rising_column(exchanges)
    index.first_blocks = reader.rising_column(exchanges)
    index.head_end_blocks = reader.rising_column(exchanges)
    index.last_blocks = reader.rising_column(exchanges)
    index.first_runs = reader.rising_column(exchanges)
    index.chunk_counts = reader.column(exchanges)
    reader = ColumnReader(parts[RecordType.INDEX_RUNS])
    index.run_blocks = reader.rising_column(runs)
    index.run_raw_offsets = reader.rising_column(runs)
    index.run_starts = reader.column(runs)
    index.run_first_chunks = reader.column(runs)
    index.run_t_ns = reader.column(runs)
    reader = ColumnReader(parts[RecordType.INDEX_EVENTS])
    index.event_numbers = reader.rising_column(events)
    index.event_firsts = reader.column(events)
    index.event_positions = reader.rising_column(events)


def _decode_names(payload: bytes) -> list[str]:
    reader = ColumnReader(payload)
    names = [""]
    while not reader.at_end:
        name = reader.bytes(reader.varint())
        if len(name) > MAX_NAME_BYTES or len(names) == MAX_NAMES:
            raise DamagedArchive("the index names too many types")
        names.append(name.decode("utf-8", "replace"))
    return names


def _check(index: Index) -> None:
    """Refuses numbers that point nowhere; what they point at is proved when it is read."""
    blocks, runs = len(index.block_positions), len(index.run_blocks)
    last = (index.last_blocks[-1:], index.head_end_blocks[-1:], index.first_blocks[-1:])
    if (
        any(
            column and column[0] >= blocks
            for column in (*last, index.run_blocks[-1:], index.note_blocks[-1:])
        )
        or (index.first_runs and index.first_runs[-1] > runs)
        or (index.run_raw_offsets and index.run_raw_offsets[-1] > index.raw_size)
        or index.raw_size > blocks * MAX_DATA_BYTES
        or max(index.chunk_counts, default=0) > index.raw_size
        or any(a >= b for a, b in pairwise(index.numbers))
    ):
        raise DamagedArchive("the index points outside the file")


class IndexedCatalogue:
    """A catalogue that answers from an index; tracks and times are made when they are asked for."""

    def __init__(self, index: Index, store: BlockStore, problems: ProblemLog) -> None:
        self.index = index
        self.numbers: Sequence[int] = index.numbers
        self.note_blocks: Sequence[int] = index.note_blocks
        self._store = store
        self._problems = problems

    @property
    def meta(self) -> Json:
        """The META record."""
        return self.index.meta

    def block(self, index: int) -> BlockHead:
        """The head of the block ``index``."""
        return self._store.head(self.index.block_positions[index])

    def track(self, number: int) -> Track:
        """The exchange ``number``. Raises KeyError, and DamagedArchive when the index contradicts itself."""
        index, row = self.index, self._row(number)
        track = Track(number)
        heads = [*range(index.first_blocks[row], index.head_end_blocks[row] + 1), index.last_blocks[row]]
        track.head_blocks = sorted(set(heads))
        first, after = self._runs(row)
        for run in range(first, after):
            self._add_run(track, run)
        borders = [*track.first_chunks, index.chunk_counts[row]]
        if borders[0] or any(not 0 < b - a <= MAX_RUN_CHUNKS for a, b in pairwise(borders)):
            raise DamagedArchive("the index contradicts itself")
        return track

    def chunk_table(self, track: Track) -> ChunkTable:
        """When the chunks of ``track`` arrived, decoded run by run."""
        row = self._row(track.number)
        count = self.index.chunk_counts[row]
        parts = LazyParts(track.first_chunks, count, lambda run: self._chunk_part(track, run))
        return ChunkTable(parts)

    def event_places(self, number: int) -> list[EventPlace]:
        """Where the parts of the exchange's table of events are. Raises DamagedArchive."""
        index = self.index
        first, after = bisect_left(index.event_numbers, number), bisect_right(index.event_numbers, number)
        firsts = index.event_firsts[first:after]
        if any(firsts[:1]) or any(a >= b for a, b in pairwise(firsts)):
            raise DamagedArchive("the index contradicts itself about events")
        return [*map(EventPlace, firsts, index.event_positions[first:after])]

    def _row(self, number: int) -> int:
        row = bisect_left(self.numbers, number)
        if row == len(self.numbers) or self.numbers[row] != number:
            raise KeyError(number)
        return row

    def _runs(self, row: int) -> tuple[int, int]:
        firsts = self.index.first_runs
        return firsts[row], firsts[row + 1] if row + 1 < len(firsts) else len(self.index.run_blocks)

    def _add_run(self, track: Track, run: int) -> None:
        index = self.index
        raw, block, start = index.run_raw_offsets[run], index.run_blocks[run], index.run_starts[run]
        raw_offsets = index.run_raw_offsets
        raw_end = raw_offsets[run + 1] if run + 1 < len(raw_offsets) else index.raw_size
        data_offset = raw - index.block_raw_offsets[block]
        if not 0 <= data_offset < data_offset + raw_end - raw <= MAX_DATA_BYTES or start < track.size_bytes:
            raise DamagedArchive("the index contradicts itself")
        track.run_blocks.append(block)
        track.data_offsets.append(data_offset)
        track.first_chunks.append(index.run_first_chunks[run])
        track.starts.append(start)
        track.ends.append(start + raw_end - raw)

    def _chunk_part(self, track: Track, run: int) -> ChunkPart:
        try:
            times, sizes = self._times_and_sizes(track, run)
        except DamagedArchive as error:
            return self._approximate_part(track, run, error)
        end, ends = track.starts[run], array("Q")
        for size in sizes:
            end += size
            ends.append(end)
        return ChunkPart(times, ends)

    def _times_and_sizes(self, track: Track, run: int) -> tuple[array[int], array[int]]:
        found = find_run(self._store, self.block(track.run_blocks[run]), track.number, track.starts[run])
        rows = len(self._rows_of(track, run))
        if len(found.sizes) != rows or sum(found.sizes) != track.ends[run] - track.starts[run]:
            raise DamagedArchive("the index contradicts the chunks")
        tick_ns = self.meta.get("tick_ns", 1)
        times = found.times if tick_ns == 1 else array("Q", (tick * tick_ns for tick in found.times))
        return times, found.sizes

    def _approximate_part(self, track: Track, run: int, error: DamagedArchive) -> ChunkPart:
        """The run as if all its bytes had come with its first chunk, whose time the index has."""
        rows = self._rows_of(track, run)
        message = (
            f"exchange {track.number}: {error}; the times of chunks {rows.start + 1:,} to {rows.stop:,} "
            "are lost, the first one's stands for them all"
        )
        self._problems.report(Problem(Flaw.DAMAGED_RECORDS, message, exchange=track.number))
        t_ns = self.index.run_t_ns[self.index.first_runs[self._row(track.number)] + run]
        return ChunkPart(array("Q", [t_ns]) * len(rows), array("Q", [track.ends[run]]) * len(rows))

    def _rows_of(self, track: Track, run: int) -> range:
        """The chunks of a run."""
        is_last = run + 1 == len(track)
        count = self.index.chunk_counts[self._row(track.number)]
        return range(track.first_chunks[run], count if is_last else track.first_chunks[run + 1])


def find_run(store: BlockStore, head: BlockHead, exchange: int, start: int) -> Run:
    """The run of ``exchange`` in a block that begins at ``start`` of its body. Raises DamagedArchive."""
    payload = store.record(head, RecordType.CHUNKS, exchange, start)
    if payload is None:
        raise DamagedArchive(f"block {head.seq} lacks chunks that the index says it has")
    return decode_run(payload)
