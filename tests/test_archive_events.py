"""The table of events: the same rows from the file, from the body, and from the decoder; each leads to its event."""

from __future__ import annotations

import random
from array import array
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sserec
from archive_support import EVENT_STREAM, REQUEST, Model, block_heads, close, open_writer
from shared_data import SHARED, needs_shared
from sserec.archive import ArchiveReader, EventTable, Flaw, Piece, finalise, verify
from sserec.archive.compact import CompactWriter
from sserec.archive.deriving import MAX_NAME_BYTES, PART_ROWS, TableBuilder, TypeNames
from sserec.archive.events import decode_part, encode_part
from sserec.archive.format import BlockKind, RecordType, pack_block, record
from sserec.archive.frames import pack_seek_table
from sserec.archive.index import decode_index
from sserec.archive.source import Source
from sserec.archive.store import BlockStore
from sserec.archive.tables import Column, EventPart, LazyParts
from sserec.sse import Decoder, Event

LINES = ("data: x", "data", "event: a", "event: b", "id: 1", "id: 2", "id", ": note", "bare", "retry: 5", "")
streams = st.lists(
    st.tuples(st.sampled_from(LINES), st.sampled_from(("\n", "\r\n", "\r"))), min_size=1, max_size=60
).map(lambda lines: "".join(line + end for line, end in lines).encode())


def _record(path: Path, body: bytes, sizes: list[int]) -> None:
    """A recording of ``body`` in chunks of ``sizes``, one a microsecond."""
    path.unlink(missing_ok=True)
    with open_writer(path) as writer:
        exchange = writer.open_exchange(REQUEST, 0)
        writer.response(exchange, EVENT_STREAM, 0)
        start = 0
        for number, size in enumerate([*sizes, len(body)]):
            writer.chunk(exchange, body[start : start + size], 1_000 * number)
            start += size
        writer.close_exchange(exchange, close(10**9))


def _assert_leads_to_its_events(reader: ArchiveReader, events: list[Event]) -> None:
    table = reader.event_table(1)
    assert list(table.end) == [event.end for event in events]
    assert [table.type(index) for index in range(len(table))] == [event.type for event in events]
    chunks = list(reader.chunks(1))
    for index, event in enumerate(events):
        source = table.id_source(index)
        last_event_id = "" if source is None else events[source].last_event_id
        decoder = Decoder(offset=table.start(index), last_event_id=last_event_id)
        assert decoder.feed(reader.body(1, table.start(index), table.end[index])) == [event]
        holder = chunks[table.chunk[index]]
        assert holder.offset < event.end <= holder.offset + len(holder.data)
        assert table.t_ns[index] == holder.t_ns


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(body=streams, sizes=st.lists(st.integers(1, 9), max_size=40))
def test_every_row_leads_to_its_event_in_either_state(body: bytes, sizes: list[int], tmp_path: Path) -> None:
    path = tmp_path / "a.sse.zst"
    _record(path, body, sizes)
    events = Decoder().feed(body)
    with ArchiveReader.open(path) as reader:
        _assert_leads_to_its_events(reader, events)
    finalise(path)
    with ArchiveReader.open(path) as reader:
        _assert_leads_to_its_events(reader, events)


@needs_shared
@pytest.mark.parametrize("name", ["steps-basic", "steps-multi-turn-stateful-turn2", "legacy-image-output"])
def test_the_table_of_a_real_stream_is_stored_and_follows_from_its_body(name: str, tmp_path: Path) -> None:
    path = tmp_path / "a.sse.zst"
    body = (SHARED / "streams" / f"{name}.sse").read_bytes()
    _record(path, body, [100] * 20)
    finalise(path)
    with ArchiveReader.open(path) as reader:
        assert block_heads(path)[-2].kind == BlockKind.EVENTS
        assert _rows(reader.event_table(1)) == _rows(reader.derived_table(1))
        _assert_leads_to_its_events(reader, Decoder().feed(body))
    assert verify(path).code == 0


def _rows(table: EventTable) -> list[tuple[int, int, str]]:
    return [(table.end[row], table.chunk[row], table.type(row)) for row in range(len(table))]


def test_a_table_of_more_rows_than_a_part_holds_is_stored_in_parts(tmp_path: Path) -> None:
    path = tmp_path / "a.sse.zst"
    count = PART_ROWS + 100
    event = b"id: %06d\ndata:\n\n"
    _record(path, b"".join(event % (number // 1000) for number in range(count)), [1 << 18] * 10)
    finalise(path)
    size = len(event % 0)
    with ArchiveReader.open(path) as reader:
        table = reader.event_table(1)
        assert len(table) == count
        assert table.end.array() == array("Q", range(size, size * (count + 1), size))
        for index in (0, PART_ROWS - 1, PART_ROWS, count - 1):
            assert table.start(index) == index * size
        assert table.id_source(PART_ROWS) == PART_ROWS // 1000 * 1000
        assert table.id_source(0) is None
        assert table.end[-1] == size * count
        assert table.after(table.t_ns[PART_ROWS]) <= PART_ROWS


def test_behind_a_gap_decoding_begins_at_the_next_blank_line() -> None:
    names = TypeNames()
    builder = TableBuilder(names)
    body = b"data: 1\n\ndata: 2\n\nhalf a line\ndata: not an event\n\ndata: 4\n\n"
    gap_start, gap_end = 12, body.index(b"a line")
    builder.feed(Piece(0, body[:gap_start]), 0, [gap_start])
    builder.feed(Piece(gap_end, body[gap_end:]), 1, [len(body)])
    rows = [(part.start, list(part.end)) for part in builder.parts]
    assert rows == [(0, [9]), (body.index(b"data: 4"), [len(body)])]


@pytest.mark.parametrize("cut", range(1, 30))
def test_the_blank_line_behind_a_gap_is_found_however_the_bytes_are_cut(cut: int) -> None:
    behind = b"rest of it\r\n\r\ndata: 4\r\n\r\n"
    builder = TableBuilder(TypeNames())
    for piece in (Piece(100, behind[:cut]), Piece(100 + cut, behind[cut:])):
        builder.feed(piece, 0, [100 + cut, 100 + len(behind)])
    assert [list(part.end) for part in builder.parts] == [[100 + len(behind) - 1]]


def test_names_that_are_too_long_or_too_many_are_not_listed() -> None:
    names = TypeNames()
    assert names.index("x" * MAX_NAME_BYTES) == 1
    assert names.index("x" * (MAX_NAME_BYTES + 1)) == 0
    indexes = [names.index(str(number)) for number in range(5000)]
    assert indexes[:3] == [2, 3, 4]
    assert indexes[-1] == 0
    assert names.names[1:3] == ["x" * MAX_NAME_BYTES, "0"]


@given(st.lists(st.tuples(st.integers(1, 10**6), st.integers(0, 3), st.integers(0, 9)), min_size=1))
def test_a_part_comes_back(rows: list[tuple[int, int, int]]) -> None:
    ends, chunks, end, chunk = array("Q"), array("Q"), 77, 5
    for size, step, _ in rows:
        end, chunk = end + size, chunk + step
        ends.append(end)
        chunks.append(chunk)
    changes = array("Q", sorted({kind % len(rows) for _, _, kind in rows}))
    part = EventPart(9, 77, 3, ends, chunks, array("H", (kind for _, _, kind in rows)), changes)
    decoded = decode_part(encode_part(1, part))
    assert decoded._replace(type_index=array("H", decoded.type_index)) == part


def test_a_damaged_table_is_derived_again_and_told(tmp_path: Path) -> None:
    path = tmp_path / "a.sse.zst"
    _record(path, b"data: a\n\nevent: b\ndata\n\n" * 5, [7] * 5)
    finalise(path)
    truth = Model.of(path)
    table_block = block_heads(path)[-2]
    data = bytearray(path.read_bytes())
    data[table_block.end - 1] ^= 1
    path.write_bytes(data)
    assert truth.missing_from(path, use_index=True) == 0
    with ArchiveReader.open(path) as reader:
        assert len(reader.event_table(1)) == 10
        assert [problem.flaw for problem in reader.problems] == [Flaw.UNUSABLE_EVENTS]
    assert verify(path).code == 1


def test_a_body_that_is_no_event_stream_has_no_table(tmp_path: Path) -> None:
    path = tmp_path / "a.sse.zst"
    with open_writer(path) as writer:
        for body in (b'{"id": 1}', b"data: unlabelled\n\n", b"data", b""):
            exchange = writer.open_exchange(REQUEST, 0)
            writer.chunk(exchange, body, 0)
            writer.close_exchange(exchange, close(0))
    for _ in ("journal", "final"):
        with ArchiveReader.open(path) as reader:
            assert [len(reader.event_table(number)) for number in reader.numbers] == [0, 1, 0, 0]
        finalise(path)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_an_unlabelled_stream_is_one_however_short_its_first_reads_are(size: int, tmp_path: Path) -> None:
    path = tmp_path / "a.sse.zst"
    body = b"\r\n\r\ndata: a\n\ndata: b\n\n"
    with open_writer(path) as writer:
        exchange = writer.open_exchange(REQUEST, 0)
        for start in range(0, len(body), size):
            writer.chunk(exchange, body[start : start + size], 1_000 * start)
        writer.close_exchange(exchange, close(10**6))
    for _ in ("journal", "final"):
        with sserec.open(path) as recording:
            assert recording.exchanges[0].event_count == 2
        assert verify(path).code == 0
        finalise(path)


def test_a_final_file_may_lack_the_tables(tmp_path: Path) -> None:
    path, bare = tmp_path / "a.sse.zst", tmp_path / "bare.sse.zst"
    _record(path, b"data: a\n\ndata: b\n\n", [5, 9])
    finalise(path)
    with ArchiveReader.open(path) as reader, bare.open("wb") as file:
        writer = CompactWriter(file.write, file_id=reader.file_id, meta=reader.meta_json, level=3)
        writer.open_exchange(1, is_event_stream=False)
        for kind, payload in reader.head_records(1):
            writer.add_head(kind, payload)
        for chunk in reader.chunks(1):
            writer.add_chunk(chunk)
        writer.close_exchange()
        writer.finish()
    with ArchiveReader.open(bare) as reader:
        assert reader.is_indexed
        _assert_leads_to_its_events(reader, Decoder().feed(reader.body(1)))
        assert len(reader.event_table(1)) == 2
    assert verify(bare).code == 0


def test_marks_and_a_new_index_at_the_end_leave_everything_readable(tmp_path: Path) -> None:
    path = tmp_path / "a.sse.zst"
    _record(path, b"data: a\n\n" * 9, [5] * 9)
    finalise(path)
    truth, old = Model.of(path), path.read_bytes()
    *others, last = block_heads(path)
    with Source(path) as source:
        index = decode_index(BlockStore(source, print).body(last), last.position)
    marks = record(RecordType.MARK, b'{"exchange": 1, "event": 3, "text": "here"}')
    index.marks_position = len(old)
    new = old + _plain_block(BlockKind.MARKS, last.seq, index.raw_size, marks)
    block = _plain_block(BlockKind.INDEX, last.seq, index.raw_size, index.encode(len(new)))
    path.write_bytes(new + block + pack_seek_table([(len(new), 0), (len(block), 0)]))
    assert len(others) == len(block_heads(path)) - 3
    for use_index in (True, False):
        assert truth.missing_from(path, use_index=use_index) == 0
        with ArchiveReader.open(path, use_index=use_index) as reader:
            assert reader.is_indexed == use_index
            assert reader.problems == []
    path.write_bytes(path.read_bytes()[:-5])
    assert truth.missing_from(path, use_index=True) == 0


def _plain_block(kind: BlockKind, seq: int, raw_offset: int, body: bytes) -> bytes:
    return pack_block(
        kind,
        file_id=0x0807060504030201,
        seq=seq,
        raw_offset=raw_offset,
        frame=b"",
        data_size=0,
        body=body,
    )


def test_a_column_is_a_sequence_and_decodes_only_the_part_that_is_asked_for() -> None:
    loaded: list[int] = []

    def load(index: int) -> array[int]:
        loaded.append(index)
        return array("Q", range(10 * index, 10 * index + 10))

    column = Column(LazyParts([0, 10, 20], 30, load), lambda part: part)
    assert column[15] == 15
    assert loaded == [1]
    assert column[-1] == 29
    assert column[8:12] == [8, 9, 10, 11]
    assert list(column) == list(range(30)) == list(column.array())
    with pytest.raises(IndexError):
        column[30]
    assert sorted(loaded) == [0, 1, 2]


def test_reading_an_event_does_not_depend_on_what_was_read_before(tmp_path: Path) -> None:
    path = tmp_path / "a.sse.zst"
    body = b"".join(b"data: %08d\n\n" % number for number in range(200_000))
    _record(path, body, [40_000] * 60)
    finalise(path)
    rng = random.Random(9)
    with ArchiveReader.open(path) as reader:
        table = reader.event_table(1)
        for index in rng.sample(range(len(table)), 40):
            assert reader.body(1, table.start(index), table.end[index]) == b"data: %08d\n\n" % index
