"""The event-stream grammar by small examples, each in every split."""

import pytest

from sse_support import assert_every_byte_is_accounted_for_once, byte_by_byte, cut, decode, two_way_splits
from sserec.sse import Decoder, Event, Kind, Residue, Tail, looks_like_stream

BOM = b"\xef\xbb\xbf"

GRAMMAR: dict[str, tuple[bytes, list[tuple[str, str, str]]]] = {
    "what Gemini sends": (
        b'event: step.delta\ndata: {"index":0}\n\nevent: done\ndata: [DONE]\n\n',
        [("step.delta", '{"index":0}', ""), ("done", "[DONE]", "")],
    ),
    "a type does not outlive its block": (
        b"event: a\ndata: 1\n\ndata: 2\n\n",
        [("a", "1", ""), ("message", "2", "")],
    ),
    "an event line without a value resets the type": (
        b"event: a\nevent:\ndata: 1\n\n",
        [("message", "1", "")],
    ),
    "data lines are joined by LF": (
        b"data: a\ndata:b\ndata:  c\ndata\n\n",
        [("message", "a\nb\n c\n", "")],
    ),
    "the data buffer decides, not its value": (
        b"data\n\ndata:\n\ndata\ndata\n\n",
        [("message", "", ""), ("message", "", ""), ("message", "\n", "")],
    ),
    "a block without data is not dispatched": (
        b"event: a\n\nid: 1\n\nretry: 5\n\n:\n\ndata: x\n\n",
        [("message", "x", "1")],
    ),
    "an id persists until another": (
        b"id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n",
        [("message", "a", "1"), ("message", "b", "1"), ("message", "c", "")],
    ),
    "an id that holds NUL is ignored": (
        b"id: 1\nid: 2\0\ndata: a\n\n",
        [("message", "a", "1")],
    ),
    "LF, CR and CR LF end a line, mixed freely": (
        b"data: a\r\rdata: b\n\ndata: c\r\n\r\ndata: d\r\n\ndata: e\n\r\ndata: f\r\r\ndata: g\n\r",
        [("message", letter, "") for letter in "abcdefg"],
    ),
    "LF CR are two ends": (b"data: a\n\rdata: b\n\r", [("message", "a", ""), ("message", "b", "")]),
    "nothing else ends a line": (
        "data: a\x0bb\x0cc\x1cd\x1de\x1ef\x85g\u2028h\u2029i\n\n".encode(),
        [("message", "a\x0bb\x0cc\x1cd\x1de\x1ef\x85g\u2028h\u2029i", "")],
    ),
    "one BOM at the start is dropped": (
        BOM + b"data: a\n\n" + BOM + b"data: b\n\ndata: " + BOM + b"c\n\n",
        [("message", "a", ""), ("message", "\ufeffc", "")],
    ),
    "two BOMs are one and an unknown field": (BOM + BOM + b"data: a\n\ndata: b\n\n", [("message", "b", "")]),
    "a partial BOM stays": (b"\xef\xbbdata: a\n\ndata: b\n\n", [("message", "b", "")]),
    "a BOM may stand before a blank line": (BOM + b"\r\n\ndata: a\n\n", [("message", "a", "")]),
    "field names are exact": (
        b"Data: 1\n data: 2\ndata : 3\ndata\0: 4\n\n",
        [],
    ),
    "a line of one space is not blank": (b"data: a\n \ndata: b\n\n", [("message", "a\nb", "")]),
    "UTF-8 is replaced by maximal subparts": (
        b"event: \xf0\x9f\ndata: a\xe2\x82b\xc0\x8ac\nid: \xff\n\n",
        [("\ufffd", "a\ufffdb\ufffd\ufffdc", "\ufffd")],
    ),
    "an unfinished block is not dispatched": (b"data: a\n\nid: 1\ndata: b\n", [("message", "a", "")]),
    "a blank line that ends in CR counts at the end": (b"data: a\r\n\r", [("message", "a", "")]),
    "a comment stands anywhere": (b":a\ndata: x\n: data: y\ndata: z\n:\n\n", [("message", "x\nz", "")]),
    "[DONE] is data": (b"data: [DONE]\n\n", [("message", "[DONE]", "")]),
}


@pytest.mark.parametrize(("stream", "meaning"), GRAMMAR.values(), ids=GRAMMAR.keys())
def test_the_grammar(stream: bytes, meaning: list[tuple[str, str, str]]) -> None:
    whole = decode([stream])
    assert whole.meaning == meaning
    assert_every_byte_is_accounted_for_once(stream, whole)


@pytest.mark.parametrize("stream", [stream for stream, _ in GRAMMAR.values()], ids=GRAMMAR.keys())
def test_the_result_does_not_depend_on_the_split(stream: bytes) -> None:
    whole = decode([stream])
    assert decode(byte_by_byte(stream)) == whole
    assert decode([part for byte in byte_by_byte(stream) for part in (b"", byte)]) == whole
    for parts in two_way_splits(stream):
        assert decode(parts) == whole


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"], ids=["LF", "CR", "CR LF"])
def test_an_event_is_out_with_the_first_byte_that_ends_its_blank_line(end: bytes) -> None:
    decoder = Decoder()
    assert decoder.feed(b"data: x" + end) == []
    assert [event.text for event in decoder.feed(end[:1])] == ["x"]


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"], ids=["LF", "CR", "CR LF"])
def test_spans_cover_blocks_and_leave_the_lf_of_a_last_cr_lf_to_the_framing(end: bytes) -> None:
    block = b"event: a" + end + b"data: x" + end + end
    first, second = decode([block * 2]).events
    beyond = len(end) - 1
    assert (first.start, first.end) == (0, len(block) - beyond)
    assert (second.start, second.end) == (len(block), 2 * len(block) - beyond)


def test_an_event_is_a_frozen_value() -> None:
    (event,) = Decoder().feed(b"id: 7\nevent: a\ndata: \xff\n\n")
    assert event == Event(type="a", data=b"\xff", last_event_id="7", start=0, end=24)
    assert event.text == "\ufffd"
    with pytest.raises(AttributeError):
        event.data = b""  # type: ignore[misc]


def test_residue_tells_the_kinds_apart() -> None:
    stream = BOM + b": hi\nretry: 0250\nretry: 1.5\nid: \0\nfoo: bar\nfoo\nevent: a\n\n"
    decoder = Decoder()
    assert decoder.feed(stream) == []
    assert decoder.residue() == [
        Residue(Kind.BOM, 0, 3),
        Residue(Kind.COMMENT, 3, 8, b": hi"),
        Residue(Kind.RETRY, 8, 20, b"retry: 0250"),
        Residue(Kind.IGNORED, 20, 31, b"retry: 1.5"),
        Residue(Kind.IGNORED, 31, 37, b"id: \0"),
        Residue(Kind.IGNORED, 37, 46, b"foo: bar"),
        Residue(Kind.MALFORMED, 46, 50, b"foo"),
        Residue(Kind.DISCARDED, 3, 60),
    ]
    assert decoder.residue() == []


def test_residue_stands_inside_the_block_that_it_interrupts() -> None:
    stream = b"data: a\n: hm\ndata: b\n\n"
    decoded = decode([stream])
    assert decoded.events == (Event("message", b"a\nb", "", 0, len(stream)),)
    assert decoded.residue == (Residue(Kind.COMMENT, 8, 13, b": hm"),)


def test_a_bare_json_error_is_malformed_lines_whether_or_not_its_last_one_ended() -> None:
    error = b'{\n  "error": {\n    "code": 429\n  }\n}'
    for end in (b"", b"\n"):
        decoded = decode([b"data: x\n\n" + error + end])
        assert decoded.kinds == ["malformed line"] * 5
        assert b"\n".join(residue.line for residue in decoded.residue) == error
        assert decoded.tail is None


def test_an_html_page_is_malformed_lines() -> None:
    decoded = decode([b"<!DOCTYPE html>\n<html>\n<a href='x:y'>Bad gateway</a>\n\nTry again: later\n</html>"])
    assert set(decoded.kinds) == {"malformed line"}
    assert decoded.tail is None


@pytest.mark.parametrize(
    ("stream", "tail"),
    [
        (b"event: a\ndata: x\ndata: y\n", Tail(0, 25, "a", b"x\ny", b"")),
        (b'data: x\n\ndata: {"te', Tail(9, 19, "message", b"", b'data: {"te')),
        (b"event: a\rdata: x\r", Tail(0, 17, "a", b"x", b"")),
        (b"dat", Tail(0, 3, "message", b"", b"dat")),
        (b"data: x\n\n: pin", Tail(9, 14, "message", b"", b": pin")),
        (BOM + b"data", Tail(3, 7, "message", b"", b"data")),
        (b"data: x\n\n: ping\nretry: 1\n", None),
        (b"data: x\n\n", None),
        (BOM, None),
        (b"", None),
    ],
)
def test_the_tail_is_the_unfinished_block(stream: bytes, tail: Tail | None) -> None:
    assert decode([stream]).tail == tail
    assert decode(byte_by_byte(stream)).tail == tail


@pytest.mark.parametrize(
    ("stream", "expected_ms"),
    [
        (b"retry: 3000\n", 3000),
        (b"retry: 03000\n", 3000),
        (b"retry: 3000", None),
        (b"retry\n", None),
        (b"retry: +5\nretry: 1_000\nretry:  10\nretry: \xd9\xa1\nretry: \xc2\xb2\n", None),
        (b"retry: 1\nretry: x\n", 1),
        (b"retry: " + b"9" * 5000 + b"\n", 2**63 - 1),
        (b"retry: " + b"0" * 5000 + b"7\n", 7),
        (b"retry: 9223372036854775808\n", 2**63 - 1),
    ],
)
def test_a_retry_is_ascii_digits_and_counts_at_once(stream: bytes, expected_ms: int | None) -> None:
    assert decode([stream]).reconnection_time_ms == expected_ms


def test_decoding_resumes_at_every_border_of_an_event() -> None:
    stream = b"id: 1\ndata: a\r\n\r\n: c\rdata: b\r\revent: x\ndata: c\n\ndata: d\r\n\r\ndata: tail"
    whole = decode([stream])
    for number, event in enumerate(whole.events, start=1):
        resumed = decode([stream[event.end :]], Decoder(event.end, event.last_event_id))
        assert resumed.events == whole.events[number:]
        assert resumed.tail == whole.tail
        assert resumed.residue == tuple(r for r in whole.residue if r.start >= event.end)


def test_a_bom_is_one_only_at_the_start_of_a_body() -> None:
    assert decode([BOM + b"data: a\n\n"], Decoder(offset=9)).kinds == ["malformed line"]


@pytest.mark.parametrize(
    "prefix",
    [
        b"data: x",
        b"event:",
        b"id: 1\n",
        b"retry: 5",
        b": hello",
        b"\r\n\n: a",
        BOM + b"data:",
        b"\ndata: x\n\n",
    ],
)
def test_a_stream_is_known_by_its_beginning(prefix: bytes) -> None:
    assert looks_like_stream(prefix)


@pytest.mark.parametrize(
    "prefix", [b"", b'{"error": {}}', b"[{\n", b"<html>", b"database: x", b"data", b" data: x", b"Data: x"]
)
def test_nothing_else_is(prefix: bytes) -> None:
    assert not looks_like_stream(prefix)


def test_a_read_of_any_size_gives_the_same() -> None:
    odd = b"id: 1\r\ndata: a\r\n: c\r\ndata: b\r\n\r\n" + b"event: x\ndata: y\n\n" * 50 + b"{}\n"
    stream = odd * 300
    whole = decode([stream])
    assert len(whole.events) == 300 * 51
    for size in (1000, 4099, 65536):
        assert decode(cut(stream, *range(size, len(stream), size))) == whole
