"""The pure part of the archive: numbers, records, heads, columns, runs."""

from __future__ import annotations

import itertools
import subprocess
import sys
from array import array
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive_support import FILE_ID
from shared_data import SHARED
from sserec.archive import ArchiveReader
from sserec.archive.columns import (
    ColumnReader,
    column,
    read_varint,
    read_varints,
    rising_column,
    varint,
    varints,
)
from sserec.archive.format import BlockKind, RecordType, pack_block, parse_head, record, records
from sserec.archive.runs import Run, TrafficRun, decode_run, decode_traffic, encode_run, encode_traffic
from sserec.errors import DamagedArchive, UnsupportedVersion

numbers = st.integers(0, 2**63 - 1)


@given(numbers)
def test_a_varint_comes_back_and_takes_a_byte_for_seven_bits(value: int) -> None:
    encoded = varint(value)
    assert read_varint(encoded, 0) == (value, len(encoded))
    assert len(encoded) == max(-(-value.bit_length() // 7), 1)


@given(st.lists(numbers | st.integers(0, 200)))
def test_a_column_of_varints_comes_back(values: list[int]) -> None:
    encoded = varints(values)
    assert encoded == b"".join(map(varint, values))
    assert read_varints(b"x" + encoded + b"y", 1, len(values)) == (array("Q", values), 1 + len(encoded))


@given(st.binary(max_size=40), st.integers(0, 50))
def test_varints_of_any_bytes_are_values_or_damage(data: bytes, count: int) -> None:
    try:
        values, position = read_varints(data, 0, count)
    except DamagedArchive:
        return
    assert len(values) == count
    assert position <= len(data)
    assert max(values, default=0) < 2**63


@given(st.lists(st.integers(0, 2**64 - 1), max_size=50))
def test_a_column_comes_back(values: list[int]) -> None:
    reader = ColumnReader(column(values) + b"rest")
    assert list(reader.column(len(values))) == values
    assert reader.bytes(4) == b"rest"


@given(st.lists(numbers, max_size=50).map(sorted))
def test_a_rising_column_comes_back(values: list[int]) -> None:
    assert list(ColumnReader(rising_column(values)).rising_column(len(values))) == values


@pytest.mark.parametrize(
    ("data", "count"),
    [(b"", 1), (b"\x03abc", 1), (b"\x02a", 1), (b"\x08" + b"\xff" * 16, 2), (b"\x00", 1 << 40)],
    ids=["nothing", "no such width", "cut off", "sum beyond 2^63", "zeros without end"],
)
def test_a_column_that_cannot_be_is_damage(data: bytes, count: int) -> None:
    with pytest.raises(DamagedArchive):
        ColumnReader(data).rising_column(count)


@st.composite
def runs(draw: st.DrawFn) -> Run:
    """Runs of chunks with any of the optional columns."""
    count = draw(st.integers(1, 20))
    steps = draw(st.lists(st.integers(0, 10**12), min_size=count, max_size=count))
    times = array("Q", itertools.accumulate(steps))
    sizes = array("Q", draw(st.lists(st.integers(1, 1 << 20), min_size=count, max_size=count)))
    coded = array("Q", sizes) if draw(st.booleans()) else None
    shift = draw(st.integers(-(10**9), 10**9))
    kernel = array("q", (t + shift for t in times)) if draw(st.booleans()) else None
    return Run(draw(st.integers(0, 10**6)), draw(st.integers(0, 10**12)), times, sizes, coded, kernel)


@given(runs())
def test_a_run_of_chunks_comes_back(run: Run) -> None:
    assert decode_run(encode_run(run)) == run


@given(runs(), st.binary(max_size=3))
def test_columns_that_a_later_minor_version_adds_are_passed_over(run: Run, values: bytes) -> None:
    assert decode_run(encode_run(run) + varint(77) + varint(len(values)) + values) == run


@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 1), st.integers(0, 10**9)), min_size=1))
def test_traffic_comes_back(rows: list[tuple[int, int, int]]) -> None:
    times = array("Q", itertools.accumulate(step for step, _, _ in rows))
    directions, sizes = array("B", (d for _, d, _ in rows)), array("Q", (size for _, _, size in rows))
    run = TrafficRun(3, times, directions, sizes)
    assert decode_traffic(encode_traffic(run)) == run


@given(st.lists(st.tuples(st.sampled_from(RecordType), st.binary(max_size=300)), max_size=20))
def test_records_come_back(items: list[tuple[RecordType, bytes]]) -> None:
    assert list(records(b"".join(record(kind, payload) for kind, payload in items))) == items


def _block(body: bytes = b"body") -> bytes:
    return pack_block(
        BlockKind.RECORDS, file_id=FILE_ID, seq=7, raw_offset=9, frame=b"frame", data_size=3, body=body
    )


def test_the_head_of_a_block_says_where_its_data_and_its_end_are() -> None:
    head = parse_head(_block(), 100)
    assert head is not None
    assert (head.data_position, head.position, head.end) == (95, 100, 168)
    assert (head.file_id, head.seq, head.raw_offset, head.data_size) == (FILE_ID, 7, 9, 3)


def test_a_head_with_any_bit_wrong_is_no_head() -> None:
    block = _block()
    for bit in range(8 * 64):
        wrong = bytearray(block)
        wrong[bit // 8] ^= 1 << bit % 8
        assert parse_head(bytes(wrong), 0) is None


def test_a_head_that_grew_in_a_later_version_is_read() -> None:
    from struct import pack
    from zlib import crc32

    old = _block()
    grown = old[:4] + pack("<I", 60 + 4) + old[8:14] + pack("<H", 60) + old[16:60] + b"new!"
    head = parse_head(grown + pack("<I", crc32(grown)) + b"body", 0)
    assert head is not None
    assert (head.head_size, head.size) == (68, 72)


def test_a_file_of_a_later_major_version_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "later.sse.zst"
    body = record(RecordType.META, b'{"format":"sserec","v":2}')
    path.write_bytes(
        pack_block(BlockKind.RECORDS, file_id=1, seq=0, raw_offset=0, frame=b"", data_size=0, body=body)
    )
    with pytest.raises(UnsupportedVersion, match=r"later.sse.zst: format version 2; .* reads up to 1"):
        ArchiveReader.open(path)


@pytest.mark.parametrize("state", ["journal", "final"])
@pytest.mark.skipif(not (SHARED / "prototypes").is_dir(), reason="../shared is not here")
def test_the_layout_of_blocks_is_that_of_the_first_vectors(state: str) -> None:
    with ArchiveReader.open(SHARED / "prototypes" / "archive" / f"vector.{state}.sse.zst") as reader:
        assert reader.file_id == FILE_ID
        assert reader.state == state
        chunks = [(chunk.t_ns, chunk.data) for chunk in reader.chunks(0)]
        assert chunks == [(1_000_000, b"data: a\n\n"), (26_000_000, b"data: b\n\n")]
        assert reader.exchange(0).request_body() == b'{"q":1}'


def test_importing_the_package_loads_none_of_its_modules() -> None:
    code = "import sys, sserec.archive; print([m for m in sys.modules if m.startswith('sserec.archive.')])"
    output = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert output.strip() == "[]"
