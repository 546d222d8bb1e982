"""docs/format.md says what the code does: its vectors, its tables, and a reader written from it alone."""

from __future__ import annotations

import itertools
import json
import re
import struct
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
import zstandard

from archive_support import SCENARIOS
from sserec.archive import ArchiveReader
from sserec.archive.columns import column, rising_column, varint
from sserec.archive.format import BlockKind, RecordType
from sserec.archive.runs import Run, TrafficRun, encode_run, encode_traffic
from sserec.records import Close, Closer, Ending, Manner, ending

ROOT = Path(__file__).parent.parent
DOC = (ROOT / "docs" / "format.md").read_text()
GOLDEN = ROOT / "tests" / "golden"


def _section(number: int) -> str:
    start = DOC.index(f"\n## {number}. ")
    end = DOC.find("\n## ", start + 1)
    return DOC[start : end if end > 0 else len(DOC)]


def test_the_vectors_are_the_golden_files() -> None:
    names = re.findall(r"`(v1-minimal\.\w+\.sse\.zst)`", _section(14))
    dumps = re.findall(r"```hex\n(.*?)```", _section(14), re.DOTALL)
    assert len(names) == len(dumps) == 2
    for name, dump in zip(names, dumps, strict=True):
        data = b"".join(bytes.fromhex(line.split("  ")[1]) for line in dump.splitlines())
        assert data == (GOLDEN / name).read_bytes()


def test_the_small_values_are_what_the_code_writes() -> None:
    rows = dict(re.findall(r"^\| (\w[^|]*?) \| `([0-9a-f ]+)` \|$", _section(14), re.MULTILINE))
    run = Run(1, 0, array("Q", (3000, 28000)), array("Q", (9, 9)))
    traffic = TrafficRun(3, array("Q", (4200, 4300)), array("B", (0, 1)), array("Q", (517, 1400)))
    assert {name: bytes.fromhex(value) for name, value in rows.items()} == {
        "varint 0": varint(0),
        "varint 127": varint(127),
        "varint 128": varint(128),
        "varint 2^63 - 1": varint(2**63 - 1),
        "column 0, 0, 0": column([0, 0, 0]),
        "column 1, 2, 255": column([1, 2, 255]),
        "column 1, 256": column([1, 256]),
        "rising column 5, 5, 300": rising_column([5, 5, 300]),
        "CHUNKS: exchange 1, offset 0, two chunks of 9 bytes at 3,000 and 28,000": encode_run(run),
        "TRAFFIC: exchange 3, 517 bytes sent at 4,200, 1,400 received at 4,300": encode_traffic(traffic),
    }


def test_the_types_of_records_and_blocks_are_those_of_the_code() -> None:
    named = {
        int(number): name for number, name in re.findall(r"^\| (\d+) \| ([A-Z_]+) \|", DOC, re.MULTILINE)
    }
    elsewhere = {14: "EVENTS", 15: "MARK"}
    assert named | elsewhere == {kind.value: kind.name for kind in RecordType}
    kinds = re.search(r"\| kind \| (.*?);", DOC)
    assert kinds is not None
    assert kinds[1] == ", ".join(f"{kind.value} {kind.name}" for kind in BlockKind)


@pytest.mark.parametrize(
    ("by", "how", "framing_complete", "saw_end"),
    [*itertools.product(Closer, Manner, (True, False), (True, False))],
)
def test_the_table_of_endings_is_the_rule(
    by: Closer, how: Manner, framing_complete: bool, saw_end: bool
) -> None:
    close = Close(0, by, how, framing_complete)
    assert ending(close, saw_end=saw_end) == _ending_by_table(close, saw_end)


def _ending_by_table(close: Close, saw_end: bool) -> Ending:
    for condition, seen, name in re.findall(
        r"^\| (.*?) \| (yes|no|) ?\| ([a-z ]+) \|$", _section(5), re.MULTILINE
    ):
        holds = {
            "none": False,
            "`framing_complete`": close.framing_complete,
            f"`by` {close.by}": True,
            "`by` recorder, `how` slice": close.by == "recorder" and close.how == "slice",
            "`by` upstream, `how` reset": close.by == "upstream" and close.how == "reset",
            "`by` upstream, `how` unreached": close.by == "upstream" and close.how == "unreached",
            "`by` upstream, any other `how`": close.by == "upstream",
        }
        if holds.get(condition) and seen in ("", "yes" if saw_end else "no"):
            return Ending(name)
    raise AssertionError("no row of the table fits")


def test_the_table_of_endings_knows_a_killed_recorder() -> None:
    assert "| none | | recorder killed |" in _section(5)
    assert ending(None, saw_end=True) == "recorder killed"


# A reader of version 1, from docs/format.md alone: nothing of sserec is used down to _Reading.


class _Cursor:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def varint(self) -> int:
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def take(self, size: int) -> bytes:
        self.at += size
        return self.data[self.at - size : self.at]

    def rest(self) -> bytes:
        return self.take(len(self.data) - self.at)

    def column(self, count: int) -> list[int]:
        width = self.take(1)[0]
        return [int.from_bytes(self.take(width), "little") for _ in range(count)]

    def rising(self, count: int) -> list[int]:
        return list(itertools.accumulate(self.column(count)))


def _frame_end(data: bytes, at: int) -> int:
    descriptor = data[at + 4]
    single = descriptor >> 5 & 1
    at += 6 - single + (0, 1, 2, 4)[descriptor & 3] + (single, 2, 4, 8)[descriptor >> 6]
    while True:
        header = int.from_bytes(data[at : at + 3], "little")
        at += 3 + (1 if header >> 1 & 3 == 1 else header >> 3)
        if header & 1:
            return at + (4 if descriptor & 4 else 0)


def _blocks(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Kind, data and body of each block of an undamaged file."""
    at = 0
    while at < len(data):
        if data[at : at + 4] == b"\x28\xb5\x2f\xfd":
            at = _frame_end(data, at)
            continue
        size = struct.unpack_from("<I", data, at + 4)[0]
        if data[at + 8 : at + 12] == b"SSR1":
            kind, flags, head_len = struct.unpack_from("<BBH", data, at + 12)
            coded_size, data_size, data_crc, body_size, body_crc = struct.unpack_from("<5I", data, at + 40)
            head_end = at + 8 + head_len
            assert crc32(data[at : head_end - 4]) == struct.unpack_from("<I", data, head_end - 4)[0]
            frame, body = data[at - coded_size : at], data[head_end : at + 8 + size]
            assert (crc32(frame), crc32(body)) == (data_crc, body_crc)
            content = zstandard.decompress(frame) if frame else b""
            if flags & 1:
                body = zstandard.decompress(body)
            assert (len(content), len(body)) == (data_size, body_size)
            yield kind, content, body
        at += 8 + size


def _records(body: bytes) -> Iterator[tuple[int, _Cursor]]:
    cursor = _Cursor(body)
    while cursor.at < len(body):
        kind = cursor.take(1)[0]
        yield kind, _Cursor(cursor.take(cursor.varint()))


class _Reading:
    """What the reader above finds in a file."""

    def __init__(self, data: bytes) -> None:
        self.meta: dict[str, Any] = {}
        self.heads: dict[int, dict[int, Any]] = {}
        self.chunks: dict[int, list[tuple[int, int, bytes]]] = {}
        self.events: dict[int, list[tuple[int, int, int]]] = {}
        self.names: list[str] = [""]
        for kind, content, body in _blocks(data):
            content_cursor = _Cursor(content)
            for record, cursor in _records(body):
                if kind == 1:
                    self._take(record, cursor, content_cursor)
                elif kind == 3:
                    self._take_events(cursor)
                elif record == 37:
                    self._take_names(cursor)

    def _take(self, record: int, cursor: _Cursor, content: _Cursor) -> None:
        if record == 1:
            self.meta = json.loads(cursor.rest())
        elif record == 5:
            self._take_chunks(cursor, content)
        elif record in (2, 4, 6, 12):
            exchange, t = cursor.varint(), cursor.varint()
            self.heads.setdefault(exchange, {})[record] = (t, json.loads(cursor.rest()))

    def _take_chunks(self, cursor: _Cursor, content: _Cursor) -> None:
        exchange, offset, count = cursor.varint(), cursor.varint(), cursor.varint()
        times = list(itertools.accumulate(cursor.varint() for _ in range(count)))
        for t in times:
            data = content.take(cursor.varint())
            self.chunks.setdefault(exchange, []).append((t, offset, data))
            offset += len(data)

    def _take_events(self, cursor: _Cursor) -> None:
        exchange, _, start, _, count, _, chunk = (cursor.varint() for _ in range(7))
        ends = list(itertools.accumulate(cursor.column(count), initial=start))[1:]
        chunks = list(itertools.accumulate(cursor.column(count), initial=chunk))[1:]
        rows = zip(ends, chunks, cursor.column(count), strict=True)
        self.events.setdefault(exchange, []).extend(rows)

    def _take_names(self, cursor: _Cursor) -> None:
        while cursor.at < len(cursor.data):
            self.names.append(cursor.take(cursor.varint()).decode())


@pytest.mark.parametrize("state", ["journal", "final"])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_reader_written_from_the_document_reads_the_same(scenario: str, state: str) -> None:
    path = GOLDEN / f"v1-{scenario}.{state}.sse.zst"
    reading = _Reading(path.read_bytes())
    assert reading.meta["state"] == state
    with ArchiveReader.open(path) as reader:
        assert sorted(reading.heads) == list(reader.numbers)
        for exchange in reader.exchanges:
            heads, number = reading.heads[exchange.number], exchange.number
            assert (exchange.t_open_ns, exchange.t_response_ns) == (
                heads[12 if exchange.opaque else 2][0],
                heads[4][0] if 4 in heads else None,
            )
            chunks = [(chunk.t_ns, chunk.offset, chunk.data) for chunk in reader.chunks(number)]
            assert reading.chunks.get(number, []) == chunks
            table = reader.event_table(number)
            if state == "final":
                ours = zip(table.end, table.chunk, map(table.type, range(len(table))), strict=True)
                theirs = [
                    (end, chunk, reading.names[kind]) for end, chunk, kind in reading.events.get(number, [])
                ]
                assert theirs == list(ours)
