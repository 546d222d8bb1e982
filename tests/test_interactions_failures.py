"""Every failure shape of docs/interactions.md, and what else goes wrong on a wire."""

from typing import Any

import pytest

from interactions_support import (
    DONE,
    block,
    completed,
    created,
    delta,
    fold,
    ids_of,
    interaction_of,
    one_step,
    said,
    start,
    steps_of,
    stop,
    stream,
    updated,
)
from sserec.interactions import RULES, End
from sserec.records import Severity

BEGUN = created() + updated() + start(0, "model_output") + delta(0, "text", text="The answer is")

UNAVAILABLE = b"""[{
  "error": {
    "code": 503,
    "message": "The service is currently unavailable.",
    "status": "UNAVAILABLE"
  }
}
]"""


def message_of(assembly: Any, rule: str) -> str:
    (message,) = [each.message for each in assembly.diagnostics if each.id == rule]
    assert isinstance(message, str)
    return message


# Error events.


def test_an_error_event_ends_the_stream_with_the_apis_own_words() -> None:
    error = {"code": "gateway_timeout", "message": "The request timed out."}
    assembly = fold(BEGUN, said("error", error=error))
    assert assembly.end is End.FAILED
    assert not assembly.is_complete
    assert assembly.error == error
    assert (
        message_of(assembly, "error-event")
        == "the API sent an error: gateway_timeout: The request timed out."
    )
    assert ids_of(assembly) == ["error-event", "step-not-stopped"]
    assert assembly.interaction is not None
    assert assembly.interaction["status"] == "in_progress"
    assert assembly.interaction["steps"][0]["content"] == [{"text": "The answer is", "type": "text"}]


@pytest.mark.parametrize(
    "block_",
    [
        said("error"),
        said("error", error={}),
        said("error", error=None, event_id="e"),
        block("error", b"{}"),
        block("error", b""),
    ],
)
def test_an_empty_error_is_noise(block_: bytes) -> None:
    assembly = fold(BEGUN, block_, delta(0, "text", text=" 42"), stop(0), completed(), DONE)
    assert assembly.end is End.COMPLETED
    assert "empty-error" in ids_of(assembly)
    assert "event-after-end" not in ids_of(assembly)
    assert all(each.severity is not Severity.ERROR for each in assembly.diagnostics)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"error": {"code": 500, "message": "boom"}, "event_type": "error"}, "500: boom"),
        ({"error": "boom", "event_type": "error"}, "boom"),
        ({"error": {"reason": "x"}, "event_type": "error"}, '{"reason":"x"}'),
        ({"code": "x", "message": "boom", "event_type": "error"}, "x: boom"),
        ({"error": ["a"], "event_type": "error"}, "a list"),
    ],
)
def test_an_error_says_what_it_can_whatever_its_shape(data: dict[str, Any], words: str) -> None:
    assert message_of(fold(block("error", data)), "error-event").endswith(": " + words)


def test_an_error_without_any_name_is_still_an_error() -> None:
    assembly = fold(BEGUN, block(None, {"error": {"code": 503, "message": "m"}}))
    assert assembly.end is End.FAILED
    assert "event-type-missing" in ids_of(assembly)


def test_completed_goes_before_an_error() -> None:
    assembly = fold(stream(), said("error", error={"code": "late"}))
    assert assembly.end is End.COMPLETED
    assert assembly.error == {"code": "late"}
    assert ids_of(assembly) == ["event-after-end", "error-event"]


# Bytes that are no events.


def test_bare_json_after_the_events_is_reported_in_the_apis_own_words() -> None:
    assembly = fold(BEGUN, UNAVAILABLE)
    assert assembly.end is End.FAILED
    assert assembly.error == {
        "code": 503,
        "message": "The service is currently unavailable.",
        "status": "UNAVAILABLE",
    }
    words = "bare JSON in the body: 503: UNAVAILABLE: The service is currently unavailable."
    assert message_of(assembly, "stray-error") == words
    (stray,) = [each for each in assembly.diagnostics if each.id == "stray-error"]
    assert stray.offset == len(BEGUN)


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\n\n"])
def test_a_refusal_as_one_bare_line_is_reported(end: bytes) -> None:
    refusal = b'{"error":{"code":"content_filter","message":"Blocked."}}'
    assembly = fold(created(), updated(), refusal + end)
    assert message_of(assembly, "stray-error") == "bare JSON in the body: content_filter: Blocked."
    assert assembly.end is End.FAILED


def test_bare_json_between_events_is_reported_too() -> None:
    assembly = fold(BEGUN, UNAVAILABLE + b"\n\n", stop(0), completed(), DONE)
    assert ids_of(assembly) == ["stray-error"]
    assert assembly.end is End.COMPLETED


def test_other_stray_bytes_are_shown() -> None:
    assembly = fold(BEGUN, b"<html>\n<body>502 Bad Gateway</body>\n</html>\n")
    assert (
        message_of(assembly, "stray-bytes")
        == "43 bytes that are no event: <html>�<body>502 Bad Gateway</body>�</html>"
    )


def test_comments_are_no_stray_bytes() -> None:
    assert fold(b": keep-alive\n\n", stream(), b": bye\n").diagnostics == ()


# Streams that end early.


def test_a_clean_end_without_completed_is_reported() -> None:
    assembly = fold(BEGUN)
    assert assembly.end is End.OPEN
    assert ids_of(assembly) == ["step-not-stopped", "no-terminal-event"]
    words = "the stream ended after event 4 without interaction.completed; status last heard: in_progress"
    assert message_of(assembly, "no-terminal-event") == words


def test_done_without_completed_is_reported() -> None:
    assembly = fold(BEGUN, stop(0), DONE)
    assert assembly.end is End.DONE_ONLY
    assert ids_of(assembly) == ["done-without-completed"]


@pytest.mark.parametrize("kept", [3, 10, 60])
def test_a_cut_inside_an_event_is_reported(kept: int) -> None:
    assembly = fold(BEGUN, delta(0, "text", text="never seen, as the event has no end")[:kept])
    assert ids_of(assembly) == ["step-not-stopped", "unfinished-event", "no-terminal-event"]
    assert assembly.interaction is not None
    assert assembly.interaction["steps"][0]["content"] == [{"text": "The answer is", "type": "text"}]


def test_arguments_that_were_cut_off_stay_a_string() -> None:
    call = created() + start(0, "function_call", id="c", name="f", arguments={})
    assembly = fold(call, delta(0, "arguments_delta", arguments='{"city": "Par'))
    assert assembly.interaction is not None
    assert assembly.interaction["steps"][0]["arguments"] == '{"city": "Par'
    assert ids_of(assembly) == ["step-not-stopped", "arguments-cut-off", "no-terminal-event"]


@pytest.mark.parametrize("text", ['{"city": "Par', "nope", "{'a': 1}", '{"a": NaN}', "[" * 300 + "]" * 300])
def test_arguments_that_are_not_json_stay_a_string(text: str) -> None:
    assembly = fold(one_step("function_call", {"arguments": text, "type": "arguments_delta"}))
    assert assembly.interaction is not None
    assert assembly.interaction["steps"][0]["arguments"] == text
    assert ids_of(assembly) == ["arguments-not-json"]


def test_arguments_that_are_no_object_are_parsed_and_said() -> None:
    assembly = fold(one_step("function_call", {"arguments": "[1]", "type": "arguments_delta"}))
    assert assembly.interaction is not None
    assert assembly.interaction["steps"][0]["arguments"] == [1]
    assert ids_of(assembly) == ["arguments-not-object"]


def test_completed_stops_the_steps_that_nothing_stopped() -> None:
    blocks = [
        created(),
        start(0, "function_call"),
        delta(0, "arguments_delta", arguments='{"a":1}'),
        completed(),
    ]
    assembly = fold(*blocks)
    assert assembly.interaction is not None
    assert assembly.interaction["steps"][0]["arguments"] == {"a": 1}
    assert ids_of(assembly) == ["step-not-stopped"]


def test_arguments_that_go_on_after_the_stop_are_parsed_as_a_whole_in_the_end() -> None:
    first, second = (delta(0, "arguments_delta", arguments=text) for text in ('{"a"', ":1}"))
    blocks = [created(), start(0, "function_call"), first, stop(0), second]
    assert steps_of(*blocks)[0]["arguments"] == '{"a":1}'
    assembly = fold(*blocks, completed())
    assert assembly.interaction is not None
    assert assembly.interaction["steps"][0]["arguments"] == {"a": 1}
    assert ids_of(assembly) == ["arguments-not-json", "delta-after-stop"]


# Odd, but whole.


def test_an_incomplete_thought_needs_no_signature() -> None:
    thought = (
        start(0, "thought") + delta(0, "thought_summary", content={"text": "s", "type": "text"}) + stop(0)
    )
    assembly = fold(created(), thought, completed(status="incomplete"), DONE)
    assert assembly.diagnostics == ()
    assert assembly.interaction is not None
    assert assembly.interaction["status"] == "incomplete"
    assert assembly.interaction["steps"] == [{"summary": [{"text": "s", "type": "text"}], "type": "thought"}]


@pytest.mark.parametrize(
    "data", [b"plain words", b"[1]", b"5", b"null", b'{"a":', b"{'a': 1}", b'{"a": 1e999}']
)
def test_data_that_is_no_json_object_is_kept_aside(data: bytes) -> None:
    assembly = fold(created(), block("step.delta", data), completed(), DONE)
    assert ids_of(assembly) == ["not-json"]
    assert [(aside.event, aside.data) for aside in assembly.aside] == [(2, data)]


def test_a_zombie_keeps_its_status_and_has_no_steps() -> None:
    interaction = interaction_of(created(), updated(), updated())
    assert interaction == {
        "id": "v1_a",
        "status": "in_progress",
        "object": "interaction",
        "model": "gemini-x",
    }


# Resumed and replayed streams (docs/interactions.md, Events).


def test_a_resumed_stream_begins_in_the_middle_of_a_step() -> None:
    assembly = fold(delta(3, "text", text="rest"), stop(3), start(4, "thought"), stop(4), completed(), DONE)
    assert assembly.interaction is not None
    assert assembly.interaction["steps"] == [
        {"content": [{"text": "rest", "type": "text"}], "type": "model_output"},
        {"type": "thought"},
    ]
    assert ids_of(assembly) == ["delta-without-start", "no-created"]


@pytest.mark.parametrize(
    ("type_", "keys", "step_type"),
    [
        ("thought_summary", {"content": {"text": "s", "type": "text"}}, "thought"),
        ("thought_signature", {"signature": "s"}, "thought"),
        ("arguments_delta", {"arguments": "{}"}, "function_call"),
        ("image", {"data": "AAAA"}, "model_output"),
        ("google_maps_result", {"result": []}, "google_maps_result"),
    ],
)
def test_a_step_that_nothing_started_takes_its_type_from_the_delta(
    type_: str, keys: Any, step_type: str
) -> None:
    (step,) = steps_of(delta(0, type_, **keys))
    assert step["type"] == step_type


def test_a_replay_is_not_folded_twice() -> None:
    step = start(0, "model_output") + delta(0, "text", text="once") + stop(0)
    assembly = fold(created(), step, created(), step, completed(), DONE)
    assert assembly.interaction is not None
    assert assembly.interaction["steps"] == [
        {"content": [{"text": "once", "type": "text"}], "type": "model_output"}
    ]
    assert ids_of(assembly) == ["created-repeated", "step-repeated"]


def test_two_steps_with_one_index_are_both_kept() -> None:
    first = start(0, "function_call", id="a") + delta(0, "arguments_delta", arguments='{"n":1}')
    second = start(0, "function_call", id="b") + delta(0, "arguments_delta", arguments='{"n":2}') + stop(0)
    assembly = fold(stream(first, second))
    assert assembly.interaction is not None
    assert [(step["id"], step["arguments"]) for step in assembly.interaction["steps"]] == [
        ("a", {"n": 1}),
        ("b", {"n": 2}),
    ]
    assert ids_of(assembly) == ["index-reused"]


def test_a_start_after_its_deltas_loses_none_of_them() -> None:
    assembly = fold(delta(0, "text", text="a"), start(0, "model_output"), delta(0, "text", text="b"))
    assert assembly.interaction is not None
    assert [step["content"][0]["text"] for step in assembly.interaction["steps"]] == ["a", "b"]


def test_a_delta_after_the_stop_is_folded_and_said() -> None:
    assembly = fold(stream(start(0, "model_output"), stop(0), delta(0, "text", text="late")))
    assert assembly.interaction is not None
    assert assembly.interaction["steps"][0]["content"] == [{"text": "late", "type": "text"}]
    assert ids_of(assembly) == ["delta-after-stop"]


def test_a_stop_without_a_start_makes_no_step() -> None:
    assembly = fold(created(), stop(5), completed())
    assert ids_of(assembly) == ["stop-without-start"]
    assert assembly.interaction is not None
    assert "steps" not in assembly.interaction


def test_a_gap_in_the_indexes_is_said() -> None:
    assembly = fold(stream(start(0, "thought"), stop(0), start(2, "model_output"), stop(2)))
    assert ids_of(assembly) == ["index-gap"]


@pytest.mark.parametrize("index", [None, "0", -1, 1.5, True, [0], {"a": 1}])
def test_a_malformed_index_goes_to_the_next_or_the_latest_step(index: Any) -> None:
    blocks = [
        start(0, "thought"),
        stop(0),
        start(index, "model_output"),
        delta(index, "text", text="a"),
        stop(index),
    ]
    assembly = fold(stream(*blocks))
    assert set(ids_of(assembly)) == {"index-malformed"}
    assert assembly.interaction is not None
    assert assembly.interaction["steps"][1] == {
        "content": [{"text": "a", "type": "text"}],
        "type": "model_output",
    }


# How an event is named and written.


def test_event_type_goes_before_the_sse_name() -> None:
    payload = {"index": 0, "delta": {"text": "a", "type": "text"}, "event_type": "step.delta"}
    assembly = fold(created(), start(0, "model_output"), block("step.stop", payload), stop(0), completed())
    assert steps_of(block("x", payload))[0]["content"][0]["text"] == "a"
    assert ids_of(assembly) == ["name-differs"]
    assert message_of(assembly, "name-differs") == "SSE name 'step.stop', event_type 'step.delta'"


def test_without_event_type_the_sse_name_counts() -> None:
    assembly = fold(created(), block("interaction.status_update", {"status": "queued"}))
    assert assembly.interaction is not None
    assert assembly.interaction["status"] == "queued"
    assert "event-type-missing" in ids_of(assembly)


def test_events_without_a_name_fold_alike() -> None:
    named = one_step("model_output", {"text": "a", "type": "text"})
    nameless = b"".join(line + b"\n" for line in named.split(b"\n")[:-1] if not line.startswith(b"event:"))
    assembly = fold(nameless)
    assert assembly.interaction == fold(named).interaction
    assert assembly.end is End.COMPLETED
    assert ids_of(assembly) == ["name-missing"]


def test_bytes_that_are_not_utf8_are_replaced() -> None:
    odd = delta(0, "text", text="a~b").replace(b"~", b"\xff")
    assembly = fold(stream(start(0, "model_output"), odd, stop(0)))
    assert assembly.interaction is not None
    assert assembly.interaction["steps"][0]["content"][0]["text"] == "a\ufffdb"
    assert ids_of(assembly) == ["invalid-utf8"]


def test_half_a_surrogate_pair_is_replaced() -> None:
    odd = delta(0, "text", text="a~b").replace(b"~", b"\\ud83d")
    assembly = fold(stream(start(0, "model_output"), odd, stop(0)))
    assert assembly.interaction is not None
    assert assembly.interaction["steps"][0]["content"][0]["text"] == "a\ufffdb"
    assert ids_of(assembly) == ["lone-surrogate"]


def test_events_after_the_end_are_folded_and_said_once() -> None:
    late = delta(0, "text", text="!")
    assembly = fold(stream(start(0, "model_output"), stop(0)), late, late)
    assert assembly.interaction is not None
    assert assembly.interaction["steps"][0]["content"] == [{"text": "!!", "type": "text"}]
    assert ids_of(assembly) == ["event-after-end", "delta-after-stop"]


def test_a_stream_of_another_api_is_no_interaction() -> None:
    foreign = block(None, {"id": "chatcmpl", "object": "chat.completion.chunk", "choices": []})
    assembly = fold(foreign, foreign, block(None, b"[DONE]"))
    assert assembly.interaction is None
    assert assembly.end is End.DONE_ONLY


def test_nothing_at_all_is_no_interaction() -> None:
    assembly = fold()
    assert assembly.interaction is None
    assert ids_of(assembly) == ["no-terminal-event"]


def test_a_diagnostic_says_event_and_offset() -> None:
    assembly = fold(created(), said("odd"), completed())
    (odd,) = assembly.diagnostics
    assert (odd.event, odd.offset) == (2, len(created()))


def test_every_rule_is_written_to_be_read() -> None:
    for id_, rule in RULES.items():
        assert rule.id == id_ == id_.lower()
        assert rule.meaning[0].isupper() or rule.meaning.startswith("[")
        assert rule.meaning.endswith(".")
