"""Work follows the bytes, memory does not follow the stream."""

import sys
import tracemalloc
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from sserec.sse import Decoder


def calls_made(work: Callable[[], None]) -> int:
    """How many calls, of Python or of C, the work takes."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls


def feed_in_chunks(stream: bytes, size: int) -> None:
    decoder = Decoder()
    for start in range(0, len(stream), size):
        decoder.feed(stream[start : start + size])


def calls_to_decode(stream: bytes, chunk_bytes: int) -> int:
    return calls_made(lambda: feed_in_chunks(stream, chunk_bytes))


def test_a_chunk_of_a_long_line_costs_the_same_wherever_it_stands() -> None:
    calls = [calls_to_decode(b"data: " + b"A" * size + b"\n\n", 1400) for size in (1_000_000, 8_000_000)]
    assert calls[1] < 8.5 * calls[0]


ODD = {
    "CR": b"data: x\r\r",
    "mixed ends": b"data: x\r\ndata: y\n\r",
    "a stray CR": b"data: x\n\ndata: y\n\nfoo\r\n",
    "one type after the other": b"event: a\ndata: x\n\nevent: b\ndata: x\n\n",
    "comments": b": x\n",
    "blank lines": b"\n",
    "ids": b"id: 1\ndata: x\n\n",
}


@pytest.mark.parametrize("piece", ODD.values(), ids=ODD.keys())
def test_one_large_read_of_odd_blocks_is_linear(piece: bytes) -> None:
    calls = [calls_to_decode(piece * count, 10**9) for count in (20_000, 80_000)]
    assert calls[1] < 4.5 * calls[0]


def growth_bytes(piece: bytes, count: int) -> int:
    """What a decoder holds on to after ``count`` pieces, residue taken as it comes."""
    decoder = Decoder()
    decoder.feed(piece)
    tracemalloc.start()
    try:
        for _ in range(count):
            decoder.feed(piece)
            decoder.residue()
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "piece",
    [
        b": keep-alive\n",
        b": keep-alive\r\n",
        b"retry: 1\n",
        b"event: a\n",
        b"id: 1\n",
        b"foo\n",
        b"\n",
        b"\r",
    ],
)
def test_a_block_that_never_ends_and_has_no_data_takes_no_memory(piece: bytes) -> None:
    assert growth_bytes(piece, 20_000) < 4096


def test_an_unfinished_line_takes_its_own_length() -> None:
    chunk_bytes, count = 1400, 1000
    decoder = Decoder()
    tracemalloc.start()
    try:
        for i in range(count):
            decoder.feed(bytes([65 + i % 26]) * chunk_bytes)
        assert tracemalloc.get_traced_memory()[1] < 1.1 * chunk_bytes * count
    finally:
        tracemalloc.stop()


def test_a_large_read_is_taken_in_windows() -> None:
    """A list of two million blank lines alone would be 16 MB."""
    read = b"\n" * 2_000_000
    decoder = Decoder()
    tracemalloc.start()
    try:
        decoder.feed(read)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
