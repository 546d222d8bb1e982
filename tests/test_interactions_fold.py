"""Every row of the tables in docs/interactions.md: one test or case a row."""

import base64
from typing import Any

import pytest
from google.genai.interactions import Interaction

from interactions_support import (
    DONE,
    Json,
    completed,
    created,
    delta,
    events_of,
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
from sserec.interactions import Assembler, End

# The deltas: step type, what step.start announced, the deltas, the step they make.
FOLDS: dict[str, tuple[str, Json, list[Json], Json]] = {
    "text appends": (
        "model_output",
        {},
        [{"text": "Hel", "type": "text"}, {"text": "lo", "type": "text"}],
        {"content": [{"text": "Hello", "type": "text"}], "type": "model_output"},
    ),
    "text goes on after what the start carried": (
        "model_output",
        {"content": [{"text": "Based on", "type": "text"}]},
        [{"text": " that", "type": "text"}],
        {"content": [{"text": "Based on that", "type": "text"}], "type": "model_output"},
    ),
    "text after an image opens a new part": (
        "model_output",
        {},
        [
            {"text": "a", "type": "text"},
            {"data": "AAAA", "mime_type": "image/png", "type": "image"},
            {"text": "b", "type": "text"},
        ],
        {
            "content": [
                {"text": "a", "type": "text"},
                {"data": "AAAA", "mime_type": "image/png", "type": "image"},
                {"text": "b", "type": "text"},
            ],
            "type": "model_output",
        },
    ),
    "text_annotation_delta extends the annotations": (
        "model_output",
        {},
        [
            {"text": "é", "type": "text"},
            {"annotations": [{"type": "url_citation", "end_index": 2}], "type": "text_annotation_delta"},
            {"annotations": [{"type": "file_citation"}], "type": "text_annotation_delta"},
        ],
        {
            "content": [
                {
                    "text": "é",
                    "annotations": [{"type": "url_citation", "end_index": 2}, {"type": "file_citation"}],
                    "type": "text",
                }
            ],
            "type": "model_output",
        },
    ),
    "text_annotation is an alias, and speaks of the last text": (
        "model_output",
        {},
        [
            {"text": "a", "type": "text"},
            {"uri": "gs://v", "type": "video"},
            {"annotations": [{"type": "word_info"}], "type": "text_annotation"},
        ],
        {
            "content": [
                {"text": "a", "annotations": [{"type": "word_info"}], "type": "text"},
                {"uri": "gs://v", "type": "video"},
            ],
            "type": "model_output",
        },
    ),
    "video is one complete part": (
        "model_output",
        {},
        [{"data": "BBBB", "mime_type": "video/mp4", "type": "video"}] * 2,
        {
            "content": [{"data": "BBBB", "mime_type": "video/mp4", "type": "video"}] * 2,
            "type": "model_output",
        },
    ),
    "document is one complete part": (
        "model_output",
        {},
        [{"uri": "https://x/y.pdf", "mime_type": "application/pdf", "type": "document"}],
        {
            "content": [{"uri": "https://x/y.pdf", "mime_type": "application/pdf", "type": "document"}],
            "type": "model_output",
        },
    ),
    "thought_summary pushes an item": (
        "thought",
        {"signature": "", "summary": [{"text": "one", "type": "text"}]},
        [
            {"content": {"text": "two", "type": "text"}, "type": "thought_summary"},
            {"type": "thought_summary"},
        ],
        {
            "signature": "",
            "summary": [{"text": "one", "type": "text"}, {"text": "two", "type": "text"}],
            "type": "thought",
        },
    ),
    "thought_signature: the last that is not empty wins": (
        "thought",
        {},
        [
            {"signature": "abc", "type": "thought_signature"},
            {"signature": "def", "type": "thought_signature"},
            {"signature": "", "type": "thought_signature"},
            {"type": "thought_signature"},
        ],
        {"signature": "def", "type": "thought"},
    ),
    "arguments_delta replaces what the start announced": (
        "function_call",
        {"id": "c1", "signature": "", "name": "f", "arguments": {}},
        [
            {"arguments": '{"x": [1,', "type": "arguments_delta"},
            {"arguments": " 2]}", "type": "arguments_delta"},
        ],
        {"id": "c1", "signature": "", "name": "f", "arguments": {"x": [1, 2]}, "type": "function_call"},
    ),
    "without fragments the announced arguments stay": (
        "function_call",
        {"id": "c1", "name": "f", "arguments": {"x": 1}},
        [{"arguments": "", "type": "arguments_delta"}],
        {"id": "c1", "name": "f", "arguments": {"x": 1}, "type": "function_call"},
    ),
    "arguments_delta may bring id and signature, or be called partial_arguments": (
        "function_call",
        {"name": "f"},
        [{"partial_arguments": '{"x":1}', "id": "c9", "signature": "sig", "type": "arguments_delta"}],
        {"signature": "sig", "name": "f", "type": "function_call", "id": "c9", "arguments": {"x": 1}},
    ),
    "function_result merges": (
        "function_result",
        {"call_id": "c1"},
        [
            {
                "result": [{"text": "ok", "type": "text"}],
                "is_error": False,
                "name": "f",
                "type": "function_result",
            }
        ],
        {
            "call_id": "c1",
            "result": [{"text": "ok", "type": "text"}],
            "is_error": False,
            "name": "f",
            "type": "function_result",
        },
    ),
    "an empty delta means nothing": (
        "model_output",
        {},
        [{}, {"text": "a", "type": "text"}, {}],
        {"content": [{"text": "a", "type": "text"}], "type": "model_output"},
    ),
}


@pytest.mark.parametrize(("type_", "announced", "deltas", "expected"), FOLDS.values(), ids=FOLDS)
def test_deltas_fold(type_: str, announced: Json, deltas: list[Json], expected: Json) -> None:
    assembly = fold(one_step(type_, *deltas, **announced))
    assert assembly.diagnostics == ()
    assert assembly.interaction is not None
    assert assembly.interaction["steps"] == [expected]


# The tools: what step.start holds of a server tool's step, and what its one delta brings.
TOOLS: dict[str, tuple[Json, Json]] = {
    "google_search_call": ({"id": "s1"}, {"arguments": {"queries": ["q"]}, "signature": "z"}),
    "google_search_result": (
        {"call_id": "s1"},
        {"result": [{"search_suggestions": "<p>"}], "is_error": False},
    ),
    "code_execution_call": ({"id": "s1"}, {"arguments": {"code": "1+1", "language": "python"}}),
    "code_execution_result": ({"call_id": "s1"}, {"result": "2", "is_error": False}),
    "url_context_call": ({"id": "s1"}, {"arguments": {"urls": ["https://x"]}}),
    "url_context_result": ({"call_id": "s1"}, {"result": [{"url": "https://x", "status": "success"}]}),
    "google_maps_call": ({"id": "s1"}, {"arguments": {"queries": ["cafe"]}}),
    "google_maps_result": ({"call_id": "s1"}, {"result": [{"places": [], "widget_context_token": "t"}]}),
    "file_search_call": ({"id": "s1"}, {"signature": "z"}),
    "file_search_result": ({"call_id": "s1"}, {"result": [{"title": "t"}]}),
    "mcp_server_tool_call": ({"id": "s1"}, {"name": "n", "server_name": "m", "arguments": {"a": 1}}),
    "mcp_server_tool_result": ({"call_id": "s1"}, {"name": "n", "server_name": "m", "result": "r"}),
    "retrieval_call": ({"id": "s1"}, {"arguments": {"queries": ["q"]}, "retrieval_type": "rag_store"}),
    "retrieval_result": ({"call_id": "s1"}, {"is_error": False, "signature": "z"}),
    "tool_search_call": ({"id": "s1"}, {"arguments": {"function_names": ["f"]}}),
    "tool_search_result": ({"call_id": "s1"}, {"result": [{"type": "function", "name": "f"}]}),
    "processing_call": ({"id": "s1"}, {"signature": "z"}),
    "processing_result": ({"call_id": "s1"}, {"signature": "z"}),
    "function_result": ({"call_id": "s1"}, {"result": {"ok": True}}),
}


@pytest.mark.parametrize("type_", TOOLS)
def test_a_tools_payload_merges_into_its_step(type_: str) -> None:
    announced, payload = TOOLS[type_]
    assembly = fold(one_step(type_, payload | {"type": type_}, **announced))
    assert assembly.diagnostics == ()
    assert assembly.interaction is not None
    assert assembly.interaction["steps"] == [announced | {"type": type_} | payload]


def test_a_second_payload_replaces_key_by_key_and_no_signature_is_emptied() -> None:
    (step,) = steps_of(
        one_step(
            "google_search_call",
            {"arguments": {"queries": ["a"], "n": 1}, "signature": "one", "type": "google_search_call"},
            {"arguments": {"queries": ["b"]}, "signature": "", "type": "google_search_call"},
            id="s1",
        )
    )
    assert step == {
        "signature": "one",
        "id": "s1",
        "type": "google_search_call",
        "arguments": {"queries": ["b"]},
    }


@pytest.mark.parametrize("type_", [*TOOLS, "user_input", "model_output", "thought", "function_call"])
def test_every_step_type_is_known_and_may_come_whole_in_its_start(type_: str) -> None:
    whole = {"id": "x", "content": [{"text": "hi", "type": "text"}], "error": {"code": 3, "message": "m"}}
    assembly = fold(stream(start(0, type_, **whole), stop(0)))
    assert assembly.diagnostics == ()
    assert assembly.interaction is not None
    assert assembly.interaction["steps"] == [whole | {"type": type_}]


def test_the_sdk_reads_every_step_type_without_losing_a_key() -> None:
    steps = [{"type": type_} | announced | payload for type_, (announced, payload) in TOOLS.items()]
    blocks = [
        start(i, step["type"], **{key: step[key] for key in step if key != "type"})
        + stop(i, usage={"total_tokens": i})
        for i, step in enumerate(steps)
    ]
    read = Interaction.model_validate(interaction_of(stream(*blocks))).model_dump(mode="json", by_alias=True)
    for number, (step, theirs) in enumerate(zip(steps, read["steps"], strict=True)):
        assert step.keys() | {"usage"} <= theirs.keys()
        assert theirs["usage"]["total_tokens"] == number


# Audio: the one fold that works on bytes.


def audio(data: bytes, **keys: Any) -> Json:
    return {"data": base64.b64encode(data).decode(), "type": "audio"} | keys


L16 = {"mime_type": "audio/l16", "sample_rate": 24000, "channels": 1}


@pytest.mark.parametrize("sizes", [[1], [3, 3], [1, 1, 1], [2, 2], [4, 5, 6, 7], [0, 2, 0]])
def test_raw_audio_is_joined_by_its_bytes(sizes: list[int]) -> None:
    pieces = [bytes([number] * size) for number, size in enumerate(sizes)]
    (step,) = steps_of(one_step("model_output", *(audio(piece, **L16) for piece in pieces)))
    (part,) = step["content"]
    assert base64.b64decode(part["data"], validate=True) == b"".join(pieces)
    assert {key: part[key] for key in part if key != "data"} == L16 | {"type": "audio"}


def test_later_pieces_of_raw_audio_need_not_name_the_format() -> None:
    (step,) = steps_of(one_step("model_output", audio(b"a", **L16), audio(b"b")))
    assert step["content"] == [audio(b"ab", **L16)]


def test_raw_audio_goes_on_from_what_the_start_carried() -> None:
    (step,) = steps_of(one_step("model_output", audio(b"b", **L16), content=[audio(b"a", **L16)]))
    assert step["content"] == [audio(b"ab", **L16)]


def test_another_sample_rate_or_another_part_between_begins_a_new_audio_part() -> None:
    faster = L16 | {"sample_rate": 48000}
    deltas = [audio(b"a", **L16), audio(b"b", **faster), {"text": "t", "type": "text"}, audio(b"c", **faster)]
    (step,) = steps_of(one_step("model_output", *deltas))
    assert step["content"] == [
        audio(b"a", **L16),
        audio(b"b", **faster),
        {"text": "t", "type": "text"},
        audio(b"c", **faster),
    ]


def test_audio_in_a_container_stays_in_parts_and_that_is_said() -> None:
    deltas = [audio(b"RIFF", mime_type="audio/wav"), audio(b"more", mime_type="audio/wav")]
    assembly = fold(one_step("model_output", *deltas))
    assert assembly.interaction is not None
    assert assembly.interaction["steps"][0]["content"] == deltas
    assert ids_of(assembly) == ["audio-not-joined"]


@pytest.mark.parametrize("data", ["!!!!", "AAA", "Ä", 5, None, ["AAAA"]])
def test_audio_that_is_not_base64_is_kept_apart(data: Any) -> None:
    bad = {"data": data, "type": "audio"} | L16
    assembly = fold(one_step("model_output", audio(b"a", **L16), bad, audio(b"b", **L16)))
    assert assembly.interaction is not None
    assert assembly.interaction["steps"][0]["content"] == [audio(b"a", **L16), bad, audio(b"b", **L16)]
    assert ids_of(assembly) == ["audio-not-base64"]


# The events around the steps.


def test_steps_stand_before_object_in_the_keys_of_completed() -> None:
    keys = {"id": "i", "status": "completed", "usage": {"total_tokens": 3}, "created": "c", "updated": "u"}
    final = said("interaction.completed", interaction=keys | {"object": "interaction", "model": "m"})
    interaction = interaction_of(created(), start(0, "thought"), stop(0), final, DONE)
    assert list(interaction) == ["id", "status", "usage", "created", "updated", "steps", "object", "model"]


def test_keys_that_completed_lacks_come_from_created_and_steps_come_last_without_object() -> None:
    first = said("interaction.created", interaction={"id": "i", "status": "in_progress", "agent": "a"})
    final = said("interaction.completed", interaction={"status": "completed"})
    interaction = interaction_of(first, start(0, "thought"), stop(0), final)
    assert interaction == {"status": "completed", "id": "i", "agent": "a", "steps": [{"type": "thought"}]}
    assert list(interaction)[-1] == "steps"


def test_an_interaction_without_steps_has_no_steps_key() -> None:
    assert "steps" not in interaction_of(stream())


def test_steps_that_completed_carries_itself_count() -> None:
    carried = [{"type": "model_output", "content": [{"text": "whole", "type": "text"}]}]
    assembly = fold(created(), delta(0, "text", text="ole"), stop(0), completed(steps=carried), DONE)
    assert assembly.interaction is not None
    assert assembly.interaction["steps"] == carried
    assert "steps-in-completed" in ids_of(assembly)


def test_a_created_event_may_hold_only_model_and_object() -> None:
    first = said("interaction.created", interaction={"model": "m", "object": "interaction"})
    assert interaction_of(first) == {"model": "m", "object": "interaction"}


@pytest.mark.parametrize(
    "type_", ["interaction.status_update", "interaction.in_progress", "interaction.requires_action"]
)
def test_status_events_tell_status_usage_and_token_until_the_end(type_: str) -> None:
    news = {
        "interaction_id": "v1_a",
        "status": "queued",
        "usage": {"total_tokens": 1},
        "continuation_token": "t",
    }
    interaction = interaction_of(created(), said(type_, **news), start(0, "thought"))
    assert interaction["status"] == "queued"
    assert list(interaction) == ["id", "status", "usage", "continuation_token", "steps", "object", "model"]
    finished = interaction_of(created(), said(type_, **news), completed())
    assert finished["status"] == "completed"
    assert finished["usage"] == {"total_tokens": 1}
    assert "continuation_token" not in finished


def test_an_empty_interaction_id_replaces_none() -> None:
    quiet = said("interaction.status_update", interaction_id="", status="in_progress")
    assert interaction_of(created(), quiet)["id"] == "v1_a"
    assert interaction_of(quiet)["id"] == ""


def test_usage_along_with_deltas_stands_until_completed_brings_its_own() -> None:
    counted = said(
        "step.delta",
        index=0,
        delta={"text": "a", "type": "text"},
        metadata={"total_usage": {"total_tokens": 7}},
    )
    early = interaction_of(created(), start(0, "model_output"), counted)
    assert early["usage"] == {"total_tokens": 7}
    whole = interaction_of(stream(start(0, "model_output"), counted, stop(0)))
    assert whole["usage"] == {"total_tokens": 7}
    final = completed(usage={"total_tokens": 9})
    assert interaction_of(created(), counted, final)["usage"] == {"total_tokens": 9}


def test_usage_at_a_stop_stands_on_the_step() -> None:
    ended = stop(0, usage={"total_tokens": 5}, step_usage={"total_tokens": 2})
    (step,) = steps_of(stream(start(0, "model_output"), delta(0, "text", text="a"), ended))
    assert list(step) == ["content", "type", "usage", "step_usage"]
    assert step["usage"] == {"total_tokens": 5}


def test_steps_come_in_the_order_of_their_indexes() -> None:
    blocks = [start(0, "model_output"), start(1, "thought"), delta(0, "text", text="a"), stop(1), stop(0)]
    assert [step["type"] for step in steps_of(stream(*blocks))] == ["model_output", "thought"]


@pytest.mark.parametrize(
    "status",
    [
        "completed",
        "requires_action",
        "incomplete",
        "requires_continuation",
        "budget_exceeded",
        "failed",
        "new",
    ],
)
def test_completed_ends_the_stream_whatever_the_status(status: str) -> None:
    assembly = fold(created(), completed(status=status), DONE)
    assert assembly.end is End.COMPLETED
    assert assembly.diagnostics == ()


def test_the_last_event_id_that_is_not_empty_is_kept() -> None:
    blocks = [
        created(),
        updated(event_id="ev1"),
        said("step.stop", index=0, event_id=""),
        start(0, "thought"),
    ]
    assert fold(*blocks).last_event_id == "ev1"


# What the API does not document.


def test_an_unknown_event_is_kept_aside() -> None:
    odd = said("interaction.sneezed", loudness=3)
    assembly = fold(created(), odd, odd, completed(), DONE)
    assert ids_of(assembly) == ["unknown-event"]
    assert [aside.event for aside in assembly.aside] == [2, 3]
    assert assembly.aside[0].data == b'{"loudness":3,"event_type":"interaction.sneezed"}'


def test_an_unknown_step_is_folded_by_what_is_known_and_by_payloads_of_its_own_name() -> None:
    blocks = [
        start(0, "telepathy_call", id="t"),
        delta(0, "text", text="a"),
        delta(0, "telepathy_call", arguments={"to": "you"}),
        stop(0),
    ]
    assembly = fold(stream(*blocks))
    assert ids_of(assembly) == ["unknown-step"]
    assert assembly.interaction is not None
    assert assembly.interaction["steps"] == [
        {
            "id": "t",
            "content": [{"text": "a", "type": "text"}],
            "type": "telepathy_call",
            "arguments": {"to": "you"},
        }
    ]


def test_an_unknown_delta_is_kept_aside_and_the_step_goes_on() -> None:
    assembly = fold(
        one_step(
            "model_output",
            {"text": "a", "type": "text"},
            {"smell": "x", "type": "odour"},
            {"text": "b", "type": "text"},
        )
    )
    assert ids_of(assembly) == ["unknown-delta"]
    assert [aside.rule for aside in assembly.aside] == ["unknown-delta"]
    assert assembly.interaction is not None
    assert assembly.interaction["steps"][0]["content"] == [{"text": "ab", "type": "text"}]


INFERRED: dict[str, tuple[str, Json, Json]] = {
    "text": ("model_output", {"text": "a"}, {"content": [{"text": "a", "type": "text"}]}),
    "annotations": (
        "model_output",
        {"annotations": [{"type": "x"}]},
        {"content": [{"text": "", "annotations": [{"type": "x"}], "type": "text"}]},
    ),
    "summary": (
        "thought",
        {"content": {"text": "s", "type": "text"}},
        {"summary": [{"text": "s", "type": "text"}]},
    ),
    "signature": ("thought", {"signature": "s"}, {"signature": "s"}),
    "fragment": ("function_call", {"arguments": '{"a":1}'}, {"arguments": {"a": 1}}),
    "payload": ("google_search_call", {"arguments": {"queries": []}}, {"arguments": {"queries": []}}),
    "image": (
        "model_output",
        {"data": "AAAA", "mime_type": "image/png"},
        {"content": [{"data": "AAAA", "mime_type": "image/png", "type": "image"}]},
    ),
    "audio": ("model_output", audio(b"a", **L16) | {"type": "audio"}, {"content": [audio(b"a", **L16)]}),
    "document": ("model_output", {"uri": "u"}, {"content": [{"uri": "u", "type": "document"}]}),
}


@pytest.mark.parametrize(("type_", "untyped", "expected"), INFERRED.values(), ids=INFERRED)
def test_a_delta_without_a_type_is_inferred_and_said_once(type_: str, untyped: Json, expected: Json) -> None:
    untyped = {key: untyped[key] for key in untyped if key != "type"}
    assembly = fold(one_step(type_, untyped))
    assert assembly.interaction is not None
    assert assembly.interaction["steps"] == [expected | {"type": type_}]
    assert ids_of(assembly) == ["delta-type-inferred"]
    assert ids_of(fold(one_step("model_output", {"text": "a"}, {"text": "b"}))) == ["delta-type-inferred"]


def test_a_part_without_a_type_that_holds_text_is_text() -> None:
    assembly = fold(
        stream(
            start(0, "thought"),
            delta(0, "thought_summary", content={"text": "s"}),
            stop(0),
            start(1, "model_output", content=[{"text": "a"}]),
            delta(1, "text", text="b"),
            stop(1),
        )
    )
    assert ids_of(assembly) == ["part-type-inferred"]
    assert assembly.interaction is not None
    assert assembly.interaction["steps"] == [
        {"summary": [{"text": "s", "type": "text"}], "type": "thought"},
        {"content": [{"text": "ab", "type": "text"}], "type": "model_output"},
    ]


def test_a_delta_that_does_not_suit_its_step_is_folded_and_said() -> None:
    assembly = fold(one_step("thought", {"text": "a", "type": "text"}, {"text": "b", "type": "text"}))
    assert ids_of(assembly) == ["delta-unsuited"]
    assert assembly.interaction is not None
    assert assembly.interaction["steps"] == [{"content": [{"text": "ab", "type": "text"}], "type": "thought"}]


def test_a_snapshot_shares_nothing_with_the_next() -> None:
    body = stream(
        start(0, "google_search_call", id="s"),
        delta(0, "google_search_call", arguments={"queries": ["a"]}),
        start(1, "thought", summary=[{"text": "s", "type": "text"}]),
        start(2, "model_output", content=[{"data": "AAAA", "type": "image", "meta": {"a": [1]}}]),
        delta(2, "text", text="t"),
        delta(2, "text_annotation_delta", annotations=[{"type": "x"}]),
    )
    spoilt, kept = half_fed(body)
    spoil(spoilt)
    assert kept.assembly().interaction == fold(body).interaction


def half_fed(body: bytes) -> tuple[Any, Assembler]:
    assembler = Assembler()
    for event in events_of(body):
        assembler.feed(event)
    return assembler.assembly().interaction, assembler


def spoil(value: Any) -> None:
    """Changes every container of a JSON value in place."""
    if isinstance(value, dict):
        for inner in value.values():
            spoil(inner)
        value["spoilt"] = True
    elif isinstance(value, list):
        for inner in value:
            spoil(inner)
        value.append("spoilt")
