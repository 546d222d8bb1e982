"""Decoding a body that lost bytes: whole events around the hole, none made of its two sides."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sserec.holes import BodyDecoder
from sserec.sse import Decoder, Event, Kind

texts = st.lists(st.text(alphabet="abc ", min_size=1, max_size=12), min_size=1, max_size=12)


def body_of(words: list[str], line_end: str) -> bytes:
    return "".join(f"event: x{line_end}data: {word}{line_end}{line_end}" for word in words).encode()


def decoded(left: list[tuple[int, bytes]]) -> list[Event]:
    decoder = BodyDecoder()
    return [event for offset, data in left for event in decoder.feed(offset, data)]


def cut(data: bytes, offset: int, places: list[int]) -> list[tuple[int, bytes]]:
    borders = [0, *sorted(min(place, len(data)) for place in places), len(data)]
    return [(offset + start, data[start:end]) for start, end in pairwise(borders)]


@given(texts, st.sampled_from(["\n", "\r\n", "\r"]), st.data())
def test_a_body_without_holes_decodes_as_ever(words: list[str], line_end: str, draw: st.DataObject) -> None:
    body = body_of(words, line_end)
    places = draw.draw(st.lists(st.integers(0, len(body)), max_size=4))
    assert decoded(cut(body, 0, places)) == Decoder().feed(body)


@given(texts, st.data())
def test_behind_a_hole_events_begin_after_the_next_blank_line(words: list[str], draw: st.DataObject) -> None:
    body = body_of(words, "\n")
    start = draw.draw(st.integers(0, len(body) - 1))
    end = draw.draw(st.integers(start + 1, len(body)))
    places = draw.draw(st.lists(st.integers(0, len(body)), max_size=4))
    whole = Decoder().feed(body)
    resumed = min((event.end for event in whole if event.end >= end + 2), default=len(body))
    assert decoded(cut(body[:start], 0, places) + cut(body[end:], end, places)) == [
        event for event in whole if event.end <= start or event.start >= resumed
    ]


def test_the_block_that_a_hole_cut_is_neither_residue_nor_tail() -> None:
    decoder = BodyDecoder()
    assert [event.data for event in decoder.feed(0, b"data: one\n\ndata: tw")] == [b"one"]
    assert decoder.feed(40, b"three\n\n") == []
    assert (decoder.start, decoder.position) == (47, 47)
    assert decoder.end() is None
    assert decoder.residue() == []


def test_residue_on_both_sides_of_a_hole_is_kept() -> None:
    decoder = BodyDecoder()
    decoder.feed(0, b"<html>\n")
    decoder.feed(100, b"x\n\n</html>\n")
    assert [(piece.kind, piece.start) for piece in decoder.residue()] == [
        (Kind.MALFORMED, 0),
        (Kind.MALFORMED, 103),
    ]
