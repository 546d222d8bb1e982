"""HTTP/2 frames out of bytes: header blocks, padding and bounds, independent of how the bytes were split."""

import random
from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_messages import PING, REQUEST, RESPONSE, SETTINGS, Peer, data, frame, goaway, opening, reset
from proxy_splits import at_random, mutated, splits
from sserec.proxy.http1 import MAX_HEAD_BYTES
from sserec.proxy.http2 import (
    CONTINUATION,
    END_HEADERS,
    GOAWAY,
    HEADERS,
    MAX_TABLE_BYTES,
    PADDED,
    PREFACE,
    PRIORITY,
    RST_STREAM,
    Data,
    Event,
    FrameReader,
    GoAway,
    HeaderBlock,
    StreamReset,
    error_code,
    error_name,
)
from sserec.proxy.reader import Fault


def normalized(events: Iterable[Event]) -> list[Event]:
    """Pieces of DATA joined: they may be cut anywhere."""
    result: list[Event] = []
    for event in events:
        last = result[-1] if result else None
        joins = isinstance(event, Data) and isinstance(last, Data) and last.stream == event.stream
        if joins and isinstance(last, Data) and isinstance(event, Data) and not last.end_stream:
            result[-1] = replace(event, data=last.data + event.data)
        else:
            result.append(event)
    return result


def read(pieces: Iterable[bytes], *, preface: bool = False) -> list[Event]:
    reader = FrameReader(preface=preface)
    return normalized([event for piece in pieces for event in reader.feed(piece)])


def client_side() -> bytes:
    peer = Peer()
    return (
        opening()
        + peer.headers(1, REQUEST)
        + data(1, b'{"stream":true}', end=True)
        + frame(PING, 0, bytes(8))
        + peer.continued(3, REQUEST, end=True)
        + reset(3, 8)
    )


CLIENT_EVENTS = [
    HeaderBlock(1, REQUEST, False),
    Data(1, b'{"stream":true}', True),
    HeaderBlock(3, REQUEST, True),
    StreamReset(3, 8),
]


def server_side() -> bytes:
    peer = Peer()
    return (
        frame(SETTINGS, 0)
        + peer.push(1, 2, REQUEST)
        + peer.headers(1, RESPONSE)
        + data(1, b"data: a\n\n", padding=7)
        + data(3, b"data: b\n\n")
        + frame(0xBE, 1, b"an extension frame")
        + data(1, b"", end=True)
        + peer.headers(3, (("grpc-status", "0"),), end=True)
        + goaway(3, 2, b"debug data")
    )


SERVER_EVENTS = [
    HeaderBlock(1, RESPONSE, False),
    Data(1, b"data: a\n\n", False),
    Data(3, b"data: b\n\n", False),
    Data(1, b"", True),
    HeaderBlock(3, (("grpc-status", "0"),), True),
    GoAway(3, 2),
]


def test_a_client_reads_the_same_however_it_is_split() -> None:
    for pieces in splits(client_side()):
        assert read(pieces, preface=True) == CLIENT_EVENTS


def test_a_server_reads_the_same_however_it_is_split() -> None:
    for pieces in splits(server_side()):
        assert read(pieces) == SERVER_EVENTS


def test_a_long_frame_is_handed_on_as_it_comes() -> None:
    reader = FrameReader(preface=False)
    whole = data(1, b"x" * 1000, end=True)
    assert reader.feed(whole[:509]) == [Data(1, b"x" * 500, False)]
    assert reader.unread_size_bytes == 0
    assert reader.feed(whole[509:]) == [Data(1, b"x" * 500, True)]


def test_priority_and_padding_are_no_part_of_a_header_block() -> None:
    block = Peer().block(RESPONSE)
    payload = bytes([4]) + bytes(5) + block + bytes(4)
    assert read([frame(HEADERS, 1, payload, END_HEADERS | PADDED | PRIORITY)]) == [
        HeaderBlock(1, RESPONSE, False)
    ]


@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        (lambda: b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "no HTTP/2 connection preface"),
        (
            lambda: PREFACE + frame(HEADERS, 1, b"\x82") + data(1, b""),
            "a header block interrupted by another frame",
        ),
        (lambda: PREFACE + frame(CONTINUATION, 1, b"\x82", END_HEADERS), "a CONTINUATION of nothing"),
        (lambda: PREFACE + frame(0, 1, b"\xff", PADDED), "more padding than payload"),
        (lambda: PREFACE + frame(HEADERS, 1, b"\xff\x82", PADDED | END_HEADERS), "more padding than payload"),
        (lambda: PREFACE + frame(RST_STREAM, 1, b"\0"), "a frame too short for its type"),
        (lambda: PREFACE + frame(GOAWAY, 0, b"\0" * 20_000), "a GOAWAY of more than 16,384 bytes"),
    ],
)
def test_what_breaks_the_protocol_is_a_fault(stream: Callable[[], bytes], reason: str) -> None:
    for pieces in splits(stream()[:200]):
        events = read(pieces, preface=True)
        assert events == [Fault(reason)], reason


def test_a_block_that_cannot_be_decompressed_is_a_fault() -> None:
    (fault,) = read([frame(HEADERS, 1, b"\xbf\xff\xff\xff\xff\x0f", END_HEADERS)])
    assert isinstance(fault, Fault)
    assert "cannot be decompressed" in fault.reason


def test_endless_continuations_are_a_fault_and_not_a_full_memory() -> None:
    reader = FrameReader(preface=False)
    events = reader.feed(frame(HEADERS, 1))
    for _ in range(MAX_HEAD_BYTES // 16_000 + 1):
        events += reader.feed(frame(CONTINUATION, 1, bytes(16_000)))
    assert events == [Fault(f"a header block of more than {MAX_HEAD_BYTES:,} bytes")]


def test_a_small_block_cannot_unfold_into_a_huge_head() -> None:
    peer = Peer()
    bomb = peer.block((("x", "y" * 4000),)) + b"\xbe" * 4000  # one entry of the table, 4000 times: 16 MB
    (fault,) = read([frame(HEADERS, 1, bomb, END_HEADERS)])
    assert isinstance(fault, Fault)


def test_a_table_as_large_as_the_two_ends_agree_on_is_followed_up_to_a_bound() -> None:
    peer = Peer()
    peer.resize_table(65_536)
    assert read([peer.headers(1, RESPONSE)]) == [HeaderBlock(1, RESPONSE, False)]
    peer.resize_table(MAX_TABLE_BYTES * 2)
    assert isinstance(read([peer.headers(1, RESPONSE)])[0], Fault)


def test_unknown_error_codes_are_shown_as_numbers() -> None:
    assert (error_name(8), error_name(0xFE)) == ("CANCEL", "error 0xfe")
    assert [error_code(error_name(code)) for code in (0, 8, 0xFE, 2**32 - 1)] == [0, 8, 0xFE, 2**32 - 1]
    assert [error_code(name) for name in ("", "error", "0x8", "error 0x100000000")] == [None] * 4


@given(st.booleans(), st.randoms(use_true_random=False))
def test_mutated_frames_never_raise_and_read_the_same_however_split(
    client: bool, chance: random.Random
) -> None:
    stream = mutated(client_side() if client else server_side(), chance)
    whole = read([stream], preface=client)
    assert read(at_random(stream, chance), preface=client) == whole
    assert read([stream[at : at + 1] for at in range(len(stream))], preface=client) == whole
