"""Content codings: readable as they come, harmless when they lie."""

import gzip
import random
import zlib
from collections.abc import Callable, Iterable, Iterator

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from proxy_splits import at_random, mutated, splits
from sserec.proxy.coding import MAX_DECODED_BYTES, BodyDecoder, codings

EVENTS = [b'event: step.delta\ndata: {"index":%d,"text":"h\xc3\xa9"}\n\n' % number for number in range(5)]
BODY = b"".join(EVENTS)


def by_zlib(window: int, events: Iterable[bytes]) -> Iterator[bytes]:
    coder = zlib.compressobj(wbits=window)
    for event in events:
        yield coder.compress(event) + coder.flush(zlib.Z_SYNC_FLUSH)
    yield coder.flush()


def by_brotli(events: Iterable[bytes]) -> Iterator[bytes]:
    coder = brotli.Compressor()
    for event in events:
        yield coder.process(event) + coder.flush()
    yield coder.finish()


def by_zstd(events: Iterable[bytes]) -> Iterator[bytes]:
    coder = zstandard.ZstdCompressor().compressobj()
    for event in events:
        yield coder.compress(event) + coder.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
    yield coder.flush()


CODERS: dict[str, Callable[[Iterable[bytes]], Iterator[bytes]]] = {
    "gzip": lambda events: by_zlib(16 + zlib.MAX_WBITS, events),
    "deflate": lambda events: by_zlib(zlib.MAX_WBITS, events),
    "br": by_brotli,
    "zstd": by_zstd,
}


def decoder(*names: str) -> BodyDecoder:
    return BodyDecoder((("Content-Encoding", ", ".join(names)),))


def decoded(names: tuple[str, ...], pieces: Iterable[bytes]) -> bytes:
    reader = decoder(*names)
    content = b"".join(reader.feed(piece) for piece in pieces)
    assert reader.fault is None
    return content


@pytest.mark.parametrize("coding", CODERS)
def test_each_flushed_event_is_readable_at_once(coding: str) -> None:
    reader = decoder(coding)
    pieces = list(CODERS[coding](EVENTS))
    assert [reader.feed(piece) for piece in pieces[: len(EVENTS)]] == EVENTS
    assert reader.feed(pieces[-1]) == b""
    assert reader.is_coded


@pytest.mark.parametrize("coding", CODERS)
def test_content_does_not_depend_on_the_splits(coding: str) -> None:
    wire = b"".join(CODERS[coding](EVENTS))
    for pieces in splits(wire):
        assert decoded((coding,), pieces) == BODY


def test_deflate_without_its_wrapper_is_read_as_well() -> None:
    wire = b"".join(by_zlib(-zlib.MAX_WBITS, EVENTS))
    for pieces in splits(wire):
        assert decoded(("deflate",), pieces) == BODY


def test_members_and_frames_may_follow_one_another() -> None:
    assert decoded(("gzip",), [gzip.compress(b"a") + gzip.compress(b"b"), gzip.compress(b"c")]) == b"abc"
    frames = [zstandard.ZstdCompressor().compress(letter) for letter in (b"a", b"b", b"c")]
    assert decoded(("zstd",), [frames[0] + frames[1], frames[2]]) == b"abc"


def test_several_codings_are_undone_in_reverse() -> None:
    inner = b"".join(CODERS["gzip"](EVENTS))
    assert decoded(("gzip", "br"), CODERS["br"]([inner])) == BODY


def test_the_fields_that_name_codings() -> None:
    headers = (
        ("Content-Encoding", "GZip"),
        ("content-encoding", "identity, br"),
        ("Transfer-Encoding", "zstd, chunked"),
    )
    assert codings(headers) == ["gzip", "br", "zstd"]


@pytest.mark.parametrize(
    "headers", [(), (("content-encoding", "identity"),), (("transfer-encoding", "chunked"),)]
)
def test_what_is_not_coded_stays_as_it_is(headers: tuple[tuple[str, str], ...]) -> None:
    reader = BodyDecoder(headers)
    assert reader.feed(b"data: 1\n\n") == b"data: 1\n\n"
    assert (reader.is_coded, reader.fault) == (False, None)


def test_an_unknown_coding_is_kept_as_it_came_and_flagged() -> None:
    reader = decoder("gzip", "exi")
    assert reader.feed(b"\x1f\x8b") == b"\x1f\x8b"
    assert (reader.is_coded, reader.fault) == (False, "unknown content coding exi")


@pytest.mark.parametrize("coding", CODERS)
def test_a_coding_that_breaks_is_kept_as_it_came_from_there_on(coding: str) -> None:
    pieces = list(CODERS[coding](EVENTS))
    reader = decoder(coding)
    assert reader.feed(pieces[0]) == EVENTS[0]
    kept = [reader.feed(b"\xff\xff\xff\xff\xff\xff\xff\xff"), reader.feed(b"and more")]
    assert reader.fault is not None
    assert kept == [b"\xff\xff\xff\xff\xff\xff\xff\xff", b"and more"]


@pytest.mark.parametrize("coding", CODERS)
def test_a_bomb_is_not_unfolded(coding: str) -> None:
    zeros = bytes(MAX_DECODED_BYTES * 4)
    wire = b"".join(CODERS[coding]([zeros]))
    reader = decoder(coding)
    sizes = [len(reader.feed(wire[at : at + 16_384])) for at in range(0, len(wire), 16_384)]
    assert max(sizes) <= MAX_DECODED_BYTES
    if coding != "gzip" and coding != "deflate":  # those need 16 KiB for 16 MiB
        assert reader.fault is not None


@given(st.sampled_from(sorted(CODERS)), st.randoms(use_true_random=False))
def test_mutated_codings_never_raise(coding: str, chance: random.Random) -> None:
    wire = mutated(b"".join(CODERS[coding](EVENTS)), chance)
    reader = decoder(coding)
    for piece in at_random(wire, chance):
        assert len(reader.feed(piece)) <= MAX_DECODED_BYTES
