"""What holds of the decoder for any bytes whatever."""

from hypothesis import given
from hypothesis import strategies as st

from sse_support import (
    Reference,
    assert_every_byte_is_accounted_for_once,
    assert_spans_hold_what_they_say,
    byte_by_byte,
    cut,
    decode,
)
from sserec.sse import Decoder

ends = st.sampled_from([b"\n", b"\r", b"\r\n"])
names = st.sampled_from(
    [b"data", b"event", b"id", b"retry", b"foo", b"Data", b"", b" ", b"\xef\xbb\xbf", b'{"a"']
)
colons = st.sampled_from([b":", b": ", b":  ", b""])
values = st.sampled_from(
    [
        b"",
        b"x",
        b"a: b",
        b"data: ",
        b"17",
        b"\0",
        b"\xff\xe2\x82",
        b"\xef\xbb\xbf",
        "é\u2028\x85".encode(),
        b"[DONE]",
    ]
) | st.binary(max_size=6)
lines = st.builds(lambda *parts: b"".join(parts), names, colons, values, ends)


@st.composite
def plain_blocks(draw: st.DrawFn) -> bytes:
    """A run of blocks as an LLM API sends them, for the fast path, with now and then a line end of its own."""
    end = draw(ends)
    header = draw(st.sampled_from([b"", b"event: a", b"event: b"]))
    block = header + end if header else b""
    bodies = draw(
        st.lists(st.sampled_from([b"", b"x", b"{}", b"y\rz", b"y\nz", b"y\n\nz"]), min_size=1, max_size=4)
    )
    return b"".join(block + b"data: " + body + end + end for body in bodies)


streams = st.lists(lines | ends | plain_blocks() | st.binary(max_size=4), max_size=14).map(
    b"".join
) | st.builds(lambda bom, rest: bom + rest, st.sampled_from([b"\xef\xbb\xbf", b"\xef\xbb"]), plain_blocks())


@given(streams)
def test_the_meaning_is_the_one_that_a_character_at_a_time_gives(stream: bytes) -> None:
    decoded, reference = decode([stream]), Reference().read(stream)
    assert decoded.meaning == reference.events
    assert decoded.last_event_id == reference.last_event_id
    assert decoded.reconnection_time_ms == reference.reconnection_time
    comments = [r.line[1:].decode("utf-8", "replace") for r in decoded.residue if r.kind == "comment"]
    assert comments == reference.comments


@given(streams)
def test_the_fast_path_and_the_exact_one_agree(stream: bytes) -> None:
    """A read of one byte never holds a whole block, so it never takes the fast path."""
    assert decode([stream]) == decode(byte_by_byte(stream))


@given(streams, st.data())
def test_any_split_gives_the_same(stream: bytes, data: st.DataObject) -> None:
    places = data.draw(st.lists(st.integers(0, len(stream)), max_size=6))
    assert decode(cut(stream, *places)) == decode([stream])


@given(streams)
def test_every_byte_is_accounted_for_once(stream: bytes) -> None:
    decoded = decode([stream])
    assert_every_byte_is_accounted_for_once(stream, decoded)
    assert_spans_hold_what_they_say(stream, decoded)


@given(streams)
def test_what_was_no_event_comes_in_the_order_of_its_end(stream: bytes) -> None:
    events_end = [event.end for event in decode([stream]).events]
    residue_end = [residue.end for residue in decode([stream]).residue]
    assert events_end == sorted(events_end)
    assert residue_end == sorted(residue_end)


@given(streams)
def test_decoding_resumes_at_the_end_of_any_event(stream: bytes) -> None:
    whole = decode([stream])
    for number, event in enumerate(whole.events, start=1):
        resumed = decode([stream[event.end :]], Decoder(event.end, event.last_event_id))
        assert resumed.events == whole.events[number:]
        assert resumed.tail == whole.tail
        assert resumed.residue == tuple(r for r in whole.residue if r.start >= event.end)


@given(st.binary(max_size=200))
def test_no_bytes_make_it_raise(stream: bytes) -> None:
    assert_every_byte_is_accounted_for_once(stream, decode([stream]))
