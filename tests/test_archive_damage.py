"""Damaged files: 0 silently wrong bytes, 0 silent loss, no exception that is not sserec's own."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import sserec
from archive_support import (
    EVENT_STREAM,
    META,
    REQUEST,
    Model,
    block_heads,
    close,
    damaged_copies,
    open_writer,
)
from sserec.archive import ArchiveReader, ArchiveWriter, Flaw, finalise, repair, verify
from sserec.errors import DamagedArchive

STATES = ("journal", "final")


def write_conversation(path: Path, exchanges: int = 6, seed: int = 3) -> None:
    """Interleaved streams with heads, bodies and a few kilobytes each."""
    rng = random.Random(seed)
    with open_writer(path) as writer:
        numbers = []
        t_ns = 0
        for _ in range(exchanges):
            numbers.append(writer.open_exchange(REQUEST, t_ns))
            writer.request_body(numbers[-1], rng.randbytes(40).hex().encode())
            writer.response(numbers[-1], EVENT_STREAM, t_ns)
        for step in range(120):
            t_ns += rng.randrange(1, 9_000_000)
            text = rng.randbytes(rng.randrange(1, 40)).hex()
            writer.chunk(rng.choice(numbers), f"event: e{step % 3}\ndata: {text}\n\n".encode(), t_ns)
        for number in numbers:
            writer.close_exchange(number, close(t_ns))


@pytest.fixture(scope="module", params=STATES)
def conversation(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording in either state."""
    path = tmp_path_factory.mktemp("conversation") / "whole.sse.zst"
    write_conversation(path)
    if request.param == "final":
        finalise(path)
    return path


@pytest.mark.parametrize("use_index", [True, False], ids=["by index", "by scan"])
def test_a_damaged_file_never_gives_a_wrong_byte_and_never_hides_a_loss(
    conversation: Path, tmp_path: Path, use_index: bool
) -> None:
    model = Model.of(conversation)
    damaged = tmp_path / "damaged.sse.zst"
    for kind, data in damaged_copies(conversation.read_bytes(), 200, seed=11):
        damaged.write_bytes(data)
        try:
            model.missing_from(damaged, use_index=use_index)
        except Exception as error:
            error.add_note(kind)
            raise


def test_verify_tells_damage_and_repair_saves_all_that_can_be_read(
    conversation: Path, tmp_path: Path
) -> None:
    model, whole = Model.of(conversation), conversation.read_bytes()
    damaged, repaired = tmp_path / "damaged.sse.zst", tmp_path / "repaired.sse.zst"
    for kind, data in damaged_copies(whole, 60, seed=12):
        damaged.write_bytes(data)
        verdict = verify(damaged)
        assert verdict.code > 0 or data == whole, kind
        if verdict.code == 1:
            repaired.unlink(missing_ok=True)
            missing = repair(damaged, repaired)
            lost = model.missing_from(damaged, use_index=True)
            assert missing or not lost
            assert model.missing_from(repaired, use_index=True) == lost, kind
            assert damaged.read_bytes() == data


def test_repair_of_a_repaired_file_changes_nothing(conversation: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.sse.zst"
    data = conversation.read_bytes()
    damaged.write_bytes(data[: len(data) // 2] + bytes(9) + data[len(data) // 2 + 9 :])
    first, second = tmp_path / "first.sse.zst", tmp_path / "second.sse.zst"
    repair(damaged, first)
    repair(first, second)
    assert second.read_bytes() == first.read_bytes()


def test_a_damaged_journal_is_not_finalised_but_repaired(tmp_path: Path) -> None:
    path = tmp_path / "a.sse.zst"
    write_conversation(path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(DamagedArchive, match="sserec repair"):
        finalise(path)
    assert path.read_bytes() == data


def test_one_wrong_bit_in_a_large_frame_costs_only_what_stands_behind_it(tmp_path: Path) -> None:
    path = tmp_path / "a.sse.zst"
    noise = random.Random(4)
    with open_writer(path) as writer:
        exchange = writer.open_exchange(REQUEST, 0)
        for number in range(40):
            writer.chunk(exchange, noise.randbytes(25_000).hex().encode(), number)
        writer.close_exchange(exchange, close(40))
    finalise(path)
    truth = Model.of(path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    lost = truth.missing_from(path, use_index=True)
    size = len(truth.bodies[exchange])
    assert 0.4 * size < lost < 0.6 * size + (128 << 10)


def test_damaged_times_do_not_cost_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.sse.zst"
    write_conversation(path)
    finalise(path)
    truth = Model.of(path)
    position = block_heads(path)[0].end - 1
    data = bytearray(path.read_bytes())
    data[position] ^= 1
    path.write_bytes(data)
    with ArchiveReader.open(path) as reader:
        for number, body in truth.bodies.items():
            assert b"".join(piece.data for piece in reader.pieces(number)) == body
            assert len(reader.chunk_table(number)) == len(truth.chunks[number])
            assert set(reader.chunk_table(number).t_ns) == {truth.chunks[number][0].t_ns}
            assert len(reader.event_table(number)) == len(truth.events[number])
        assert {problem.flaw for problem in reader.problems} >= {Flaw.DAMAGED_RECORDS}


def test_a_region_that_stands_twice_counts_once(tmp_path: Path) -> None:
    path = tmp_path / "a.sse.zst"
    write_conversation(path)
    truth = Model.of(path)
    heads = block_heads(path)
    data = path.read_bytes()
    start, end = heads[10].data_position, heads[20].end
    path.write_bytes(data[:end] + data[start:])
    assert truth.missing_from(path, use_index=False) == 0
    with ArchiveReader.open(path) as reader:
        assert {problem.flaw for problem in reader.problems} == {Flaw.REPEATED_BLOCK}


def test_blocks_that_were_moved_are_read_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "a.sse.zst"
    write_conversation(path)
    truth = Model.of(path)
    heads = block_heads(path)
    data = path.read_bytes()
    a, b, c = heads[30].data_position, heads[40].data_position, heads[50].data_position
    path.write_bytes(data[:a] + data[b:c] + data[a:b] + data[c:])
    assert truth.missing_from(path, use_index=False) == 0
    with ArchiveReader.open(path) as reader:
        assert Flaw.OUT_OF_ORDER in {problem.flaw for problem in reader.problems}


def test_of_two_archives_in_one_file_the_first_is_read_and_the_second_is_told(tmp_path: Path) -> None:
    first, second = tmp_path / "a.sse.zst", tmp_path / "b.sse.zst"
    write_conversation(first)
    with ArchiveWriter(second, meta=META) as writer:
        writer.close_exchange(writer.open_exchange(REQUEST, 0), close(1))
    truth = Model.of(first)
    finalise(first)
    finalise(second)
    both = tmp_path / "both.sse.zst"
    both.write_bytes(first.read_bytes() + second.read_bytes())
    with ArchiveReader.open(both) as reader:
        assert not reader.is_indexed
        assert {number: reader.body(number) for number in reader.numbers} == truth.bodies
        assert Flaw.FOREIGN_BLOCK in {problem.flaw for problem in reader.problems}


def test_a_block_that_vanished_without_a_trace_is_told_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "a.sse.zst"
    write_conversation(path)
    heads, data = block_heads(path), path.read_bytes()
    response = heads[3]
    path.write_bytes(data[: response.data_position] + data[response.end :])
    with ArchiveReader.open(path) as reader:
        assert [problem.flaw for problem in reader.problems] == [Flaw.LOST_BLOCKS]
        assert reader.exchange(1).response is None
    chunk = next(head for head in heads if head.data_size)
    path.write_bytes(data[: chunk.data_position] + data[chunk.end :])
    with ArchiveReader.open(path) as reader:
        assert [problem.size_bytes for problem in reader.problems] == [chunk.data_size, chunk.data_size]
        assert [problem.flaw for problem in reader.problems] == [Flaw.LOST_BLOCKS, Flaw.GAP]


def test_verify_tells_what_is_lost_where_the_index_still_finds_the_bodies(tmp_path: Path) -> None:
    path = tmp_path / "a.sse.zst"
    write_conversation(path)
    finalise(path)
    data = bytearray(path.read_bytes())
    data[block_heads(path)[0].end - 1] ^= 1
    path.write_bytes(data)
    verdict = verify(path)
    told = [problem.message for problem in verdict.problems]
    assert verdict.code == 1
    assert told[0] == "the records of block 0 fail their checksum"
    assert "exchange 6: its request is lost" in told
    assert any(line.startswith("exchange 6: ") and "the times of chunks" in line for line in told)
    assert not any("bytes" in line or "the index" in line for line in told), "bodies and index are whole"
    assert verdict.message.startswith("damaged but readable final: 6 exchanges, ")
    assert "(sserec repair " in verdict.message


def test_repair_keeps_bodies_that_only_the_index_still_finds(tmp_path: Path) -> None:
    path, repaired = tmp_path / "a.sse.zst", tmp_path / "b.sse.zst"
    write_conversation(path)
    finalise(path)
    truth = Model.of(path)
    data = bytearray(path.read_bytes())
    data[block_heads(path)[0].end - 1] ^= 1
    path.write_bytes(data)
    missing = repair(path, repaired)
    assert {problem.flaw for problem in missing} == {Flaw.DAMAGED_RECORDS, Flaw.MISSING_HEAD}
    with sserec.open(repaired) as recording:
        assert {one.number: one.body() for one in recording.exchanges} == truth.bodies
        assert [one.ending for one in recording.exchanges] == [None] * len(truth.bodies)
    told = verify(repaired).message
    assert told.endswith("the first: exchange 1: its request is lost"), (
        "nothing that another repair brings back"
    )
