"""Hops merge as google-genai merges them; turns become one timeline."""

from typing import Any

from google.genai import _interactions_continuation as oracle
from hypothesis import given
from hypothesis import strategies as st

from sserec.conversations import Answered, merge_hops, merge_turns

Json = dict[str, Any]

counts = st.none() | st.integers(0, 9999)
modalities = st.lists(
    st.fixed_dictionaries({"modality": st.sampled_from(["text", "image", "audio"]), "tokens": counts}),
    max_size=3,
)
tools = st.lists(
    st.fixed_dictionaries({"type": st.sampled_from(["google_search", "url_context"]), "count": counts}),
    max_size=2,
)
usages = st.fixed_dictionaries(
    {},
    optional={
        "total_tokens": counts,
        "total_input_tokens": counts,
        "total_output_tokens": counts,
        "initial_input_tokens": counts,
        "input_tokens_by_modality": st.none() | modalities,
        "output_tokens_by_modality": modalities,
        "grounding_tool_count": tools,
        "billing": st.sampled_from(["standard", True]),
    },
)
steps = st.lists(
    st.sampled_from(
        [
            {"type": "user_input", "content": [{"type": "text", "text": "q"}]},
            {"type": "thought", "signature": "s"},
            {"type": "model_output", "content": [{"type": "text", "text": "a"}]},
        ]
    ),
    max_size=4,
)
hops = st.fixed_dictionaries(
    {"id": st.sampled_from(["", "v1_a", "v1_b", "v1_c"]), "status": st.just("completed"), "steps": steps},
    optional={
        "usage": usages,
        "created": st.sampled_from(["2026-11-20T09:30:00Z", "2026-11-20T09:31:00Z"]),
        "previous_interaction_id": st.sampled_from(["v1_x", "v1_y"]),
        "continuation_ids": st.lists(st.sampled_from(["v1_a", "v1_z"]), max_size=2),
        "object": st.just("interaction"),
    },
)


def said(value: Any) -> Any:
    """Without the keys that say nothing: google-genai sets them to None, sserec leaves them out."""
    if isinstance(value, dict):
        return {key: said(inner) for key, inner in value.items() if inner is not None}
    return [said(inner) for inner in value] if isinstance(value, list) else value


@given(st.lists(hops, min_size=2, max_size=4))
def test_hops_merge_as_google_genai_merges_them(several: list[Json]) -> None:
    assert said(merge_hops(several)) == said(oracle.merge_unary_hops(several))


def test_one_hop_stays_as_it_is() -> None:
    hop = {"id": "v1_a", "status": "completed"}
    assert merge_hops([hop]) == hop


def test_a_last_hop_without_steps_does_not_hide_those_before_it() -> None:
    first = {"id": "v1_a", "steps": [{"type": "thought"}]}
    assert merge_hops([first, {"id": "v1_b", "object": "interaction"}])["steps"] == [{"type": "thought"}]


def test_steps_stand_before_object_where_the_last_hop_had_none() -> None:
    merged = merge_hops(
        [{"steps": [{"type": "thought"}]}, {"id": "v1_b", "object": "interaction", "model": "m"}]
    )
    assert list(merged) == ["id", "steps", "object", "model", "continuation_ids"]


def test_usage_of_unexpected_shapes_is_kept_as_the_last_one_said_it() -> None:
    odd = {"total_tokens": "many", "input_tokens_by_modality": ["text", {"modality": [], "tokens": 1}]}
    merged = merge_hops([{"usage": {"total_tokens": 3, "input_tokens_by_modality": [7]}}, {"usage": odd}])
    assert merged["usage"]["total_tokens"] == "many"


def output(text: str) -> Json:
    return {"type": "model_output", "content": [{"type": "text", "text": text}]}


CALL = {"type": "function_call", "id": "c1", "name": "f", "arguments": {}}
RESULT = {"type": "function_result", "call_id": "c1", "result": 4}
ASKED = {"type": "user_input", "content": [{"type": "text", "text": "q"}]}


def test_turns_become_one_timeline_with_the_callers_steps_between() -> None:
    first = {
        "id": "v1_a",
        "status": "requires_action",
        "created": "t1",
        "steps": [CALL],
        "object": "interaction",
    }
    last = {
        "id": "v1_b",
        "status": "completed",
        "created": "t2",
        "previous_interaction_id": "v1_a",
        "steps": [output("four")],
    }
    merged = merge_turns([Answered([ASKED], first), Answered([RESULT], last)])
    assert merged == {
        "id": "v1_b",
        "status": "completed",
        "created": "t1",
        "steps": [CALL, RESULT, output("four")],
    }


def test_an_interaction_that_brings_its_input_does_not_get_it_twice() -> None:
    merged = merge_turns(
        [Answered([], {"steps": [output("a")]}), Answered([ASKED], {"steps": [ASKED, output("b")]})]
    )
    assert merged["steps"] == [output("a"), ASKED, output("b")]


def test_turns_of_the_older_revision_keep_their_outputs() -> None:
    text = {"type": "text", "text": "a"}
    merged = merge_turns([Answered([], {"outputs": [text]}), Answered([RESULT], {"outputs": [text]})])
    assert merged == {"outputs": [text, RESULT, text]}


def test_the_tokens_of_all_turns_are_summed() -> None:
    turns = [Answered([], {"usage": {"total_tokens": tokens}}) for tokens in (5, 7)]
    assert merge_turns(turns)["usage"] == {"total_tokens": 12}
