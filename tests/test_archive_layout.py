"""The layout of a final file: within the limits of docs/format.md, whatever another writer's journal brings."""

import random
from collections.abc import Iterable
from itertools import accumulate
from pathlib import Path

import pytest

from archive_support import FILE_ID, REQUEST, block_heads
from sserec.archive import ArchiveReader
from sserec.archive.columns import varint
from sserec.archive.compact import CompactWriter
from sserec.archive.format import MAX_DATA_BYTES, MAX_RECORDS, RecordType
from sserec.archive.heads import encode_json, request_json, stamp
from sserec.records import Chunk

META = {"format": "sserec", "v": 1, "tick_ns": 1, "epoch_unix_ns": 0, "state": "final"}


def write_final(path: Path, chunks: Iterable[Chunk], note_count: int = 0) -> None:
    """A final file of one exchange and some notes."""
    with path.open("wb") as file:
        writer = CompactWriter(file.write, file_id=FILE_ID, meta=META, level=3)
        for number in range(note_count):
            writer.add_note(varint(0) + encode_json({"n": number}))
        writer.open_exchange(1, is_event_stream=False)
        writer.add_head(RecordType.OPEN, stamp(1, 0) + encode_json(request_json(REQUEST)))
        for chunk in chunks:
            writer.add_chunk(chunk)
        writer.close_exchange()
        writer.finish()


@pytest.mark.parametrize("use_index", [True, False], ids=["by index", "by scan"])
def test_chunks_as_large_as_the_format_allows_fit_into_frames(use_index: bool, tmp_path: Path) -> None:
    path = tmp_path / "a.sse.zst"
    noise = random.Random(5)
    parts = [noise.randbytes(size) for size in (3 << 20, MAX_DATA_BYTES, 100)]
    offsets = accumulate(map(len, parts), initial=0)
    chunks = [
        Chunk(t_ns, offset, data) for t_ns, (offset, data) in enumerate(zip(offsets, parts, strict=False))
    ]
    write_final(path, chunks)
    with ArchiveReader.open(path, use_index=use_index) as reader:
        assert list(reader.chunks(1)) == chunks
        assert reader.problems == []
    assert max(head.data_size for head in block_heads(path)) == MAX_DATA_BYTES


@pytest.mark.parametrize("use_index", [True, False], ids=["by index", "by scan"])
def test_more_runs_and_heads_than_a_block_holds_go_into_several(use_index: bool, tmp_path: Path) -> None:
    path = tmp_path / "a.sse.zst"
    count, note_count = MAX_RECORDS + 10, MAX_RECORDS // 2 + 10
    backwards = (Chunk(count - index, index, b"x") for index in range(count))
    write_final(path, backwards, note_count)
    with ArchiveReader.open(path, use_index=use_index) as reader:
        assert reader.body(1) == b"x" * count
        assert reader.exchange(1).request == REQUEST
        assert [note["n"] for _, note in reader.notes] == list(range(note_count))
        assert reader.problems == []
