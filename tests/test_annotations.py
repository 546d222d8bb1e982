"""Annotations point at bytes; people read characters."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sserec.annotations import RULES, findings, places, with_characters

Json = dict[str, Any]


def answer(text: str, *annotations: Json) -> Json:
    """A finished interaction with one annotated text."""
    part = {"text": text, "annotations": list(annotations), "type": "text"}
    return {"steps": [{"type": "thought"}, {"content": [part], "type": "model_output"}]}


def citation(start: Any, end: Any) -> Json:
    return {"type": "url_citation", "url": "https://example.org/", "start_index": start, "end_index": end}


def test_offsets_are_bytes_so_what_they_point_at_is_found_behind_wide_characters() -> None:
    text = "naïve 日本 café"
    begin = len("naïve ".encode())
    (place,) = places(answer(text, citation(begin, begin + len("日本".encode()))))
    assert place.text == "日本"
    assert (place.start_character, place.end_character) == (6, 8)
    assert text[6:8] == "日本"
    assert place.path == "steps[1].content[0].annotations[0]"
    assert place.message == ""


@given(st.text(), st.data())
def test_every_border_between_characters_is_sound_and_every_other_byte_is_not(
    text: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    size = len(text[:start].encode()), len(text[:end].encode())
    (place,) = places(answer(text, citation(*size)))
    assert (place.start_character, place.end_character, place.text) == (start, end, text[start:end])
    inside = {len(text[:k].encode()) for k in range(len(text) + 1)}
    for offset in set(range(len(text.encode()))) - inside:
        assert (
            places(answer(text, citation(offset, len(text.encode()))))[0].flaw
            == "annotation-inside-character"
        )


@pytest.mark.parametrize(
    ("start", "end", "flaw"),
    [
        (0, 7, "annotation-offset-outside"),
        (-1, 2, "annotation-offset-outside"),
        (3, 2, "annotation-offset-reversed"),
        (2, 5, "annotation-inside-character"),
        (0, 2, "annotation-inside-character"),
        ("0", 5, "annotation-offset-malformed"),
        (0, None, "annotation-offset-malformed"),
        (0, 1.0, "annotation-offset-malformed"),
        (False, True, "annotation-offset-malformed"),
    ],
)
def test_each_way_of_missing_the_text_has_a_name(start: Any, end: Any, flaw: str) -> None:
    (finding,) = findings(answer("a☃bc", citation(start, end)))
    assert finding.id == flaw
    assert finding.severity is RULES[flaw].severity
    assert finding.message.startswith(
        f"steps[1].content[0].annotations[0]: bytes {start!r} to {end!r} of 6 bytes"
    )


def test_a_start_of_zero_may_be_left_out_but_an_end_may_not() -> None:
    (place,) = places(answer("snow", {"type": "url_citation", "end_index": 2}))
    assert (place.text, place.start_index, place.start_character) == ("sn", None, 0)
    (finding,) = findings(answer("snow", {"type": "url_citation", "start_index": 2}))
    assert finding.id == "annotation-offset-malformed"


def test_annotations_that_point_nowhere_have_nothing_to_verify() -> None:
    assert places(answer("snow", {"type": "word_info", "word": "snow"})) == []


def test_characters_stand_beside_what_the_wire_said_and_the_original_is_untouched() -> None:
    given_ = answer("é!", citation(2, 3), citation(1, 3))
    counted = with_characters(given_)
    sound, flawed = counted["steps"][1]["content"][0]["annotations"]
    assert sound == citation(2, 3) | {"start_character": 1, "end_character": 2}
    assert flawed == citation(1, 3)
    assert given_ == answer("é!", citation(2, 3), citation(1, 3))


def test_the_older_revision_keeps_annotations_in_its_outputs() -> None:
    output = {"type": "text", "text": "é!", "annotations": [citation(0, 2)]}
    (place,) = places({"outputs": [{"type": "thought"}, output]})
    assert (place.path, place.text) == ("outputs[1].annotations[0]", "é")


@pytest.mark.parametrize(
    "interaction",
    [
        {},
        {"steps": None, "outputs": "x"},
        {"steps": [None, {"content": {}}, {"content": [1, {"text": None, "annotations": [citation(0, 1)]}]}]},
        {"outputs": [{"text": "x", "annotations": {"0": 1}}, {"text": "x", "annotations": [None, "x"]}]},
    ],
)
def test_an_interaction_of_any_shape_is_looked_through_without_a_fault(interaction: Json) -> None:
    assert not places(interaction)
    assert not findings(interaction)
    assert with_characters(interaction) == interaction


def test_half_a_surrogate_pair_is_counted_as_the_character_it_is() -> None:
    (place,) = places(answer("\ud83d!", citation(3, 4)))
    assert (place.text, place.start_character) == ("!", 1)
