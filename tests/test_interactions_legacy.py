"""The older revision: content.* events and outputs (docs/interactions.md)."""

import base64
from typing import Any

import pytest

from interactions_support import DONE, Json, fold, ids_of, said, start, stop
from sserec.interactions import End, interaction_text

STARTED = {"id": "v1_o", "status": "in_progress", "object": "interaction", "model": "m"}
FINISHED = STARTED | {"status": "completed", "usage": {"total_tokens": 1}, "role": "model"}


def legacy(type_: str, *deltas: Json, **announced: Any) -> bytes:
    """A whole stream of one output, fed by ``deltas``."""
    grown = b"".join(said("content.delta", index=0, delta=each) for each in deltas)
    begun = said("content.start", index=0, content=announced | {"type": type_})
    first = said("interaction.start", interaction=STARTED)
    last = said("interaction.complete", interaction=FINISHED)
    return first + begun + grown + said("content.stop", index=0) + last + DONE


PCM = {"mime_type": "audio/l16", "type": "audio"}


def pcm(data: bytes) -> Json:
    return {"data": base64.b64encode(data).decode()} | PCM


FOLDS: dict[str, tuple[str, Json, list[Json], Json]] = {
    "text": (
        "text",
        {},
        [{"text": "a", "type": "text"}, {"text": "b", "type": "text"}],
        {"text": "ab", "type": "text"},
    ),
    "text that the start already carried": (
        "text",
        {"text": "a", "annotations": [{"type": "x"}]},
        [{"text": "b", "type": "text"}],
        {"text": "ab", "annotations": [{"type": "x"}], "type": "text"},
    ),
    "text_annotation (1.75.0)": (
        "text",
        {},
        [{"text": "a", "type": "text"}, {"annotations": [{"type": "x"}], "type": "text_annotation"}],
        {"text": "a", "annotations": [{"type": "x"}], "type": "text"},
    ),
    "annotations on the text delta (1.55.0)": (
        "text",
        {},
        [{"text": "a", "annotations": [{"type": "x"}], "type": "text"}],
        {"text": "a", "annotations": [{"type": "x"}], "type": "text"},
    ),
    "thought": (
        "thought",
        {},
        [
            {"content": {"text": "s", "type": "text"}, "type": "thought_summary"},
            {"signature": "sig", "type": "thought_signature"},
        ],
        {"signature": "sig", "summary": [{"text": "s", "type": "text"}], "type": "thought"},
    ),
    "image": (
        "image",
        {},
        [{"mime_type": "image/png", "data": "AAAA", "type": "image"}],
        {"mime_type": "image/png", "data": "AAAA", "type": "image"},
    ),
    "audio": ("audio", {}, [pcm(b"a"), pcm(b"b")], pcm(b"ab")),
    "audio that the start already carried": ("audio", pcm(b"a"), [pcm(b"b")], pcm(b"ab")),
    "function_call in one piece": (
        "function_call",
        {"id": "c"},
        [{"id": "c", "type": "function_call", "name": "f", "arguments": {"x": 1}}],
        {"id": "c", "type": "function_call", "name": "f", "arguments": {"x": 1}},
    ),
    "a tool's result, which repeats the call's id": (
        "google_search_result",
        {"call_id": "c"},
        [{"call_id": "c", "result": [], "type": "google_search_result"}],
        {"call_id": "c", "type": "google_search_result", "result": []},
    ),
}


@pytest.mark.parametrize(("type_", "announced", "deltas", "expected"), FOLDS.values(), ids=FOLDS)
def test_outputs_fold(type_: str, announced: Json, deltas: list[Json], expected: Json) -> None:
    announced = {key: announced[key] for key in announced if key != "type"}
    assembly = fold(legacy(type_, *deltas, **announced))
    assert assembly.diagnostics == ()
    assert assembly.end is End.COMPLETED
    assert assembly.interaction == FINISHED | {"outputs": [expected]}


def test_outputs_stand_before_usage_and_there_are_no_steps() -> None:
    interaction = fold(legacy("text", {"text": "a", "type": "text"})).interaction
    assert interaction is not None
    assert list(interaction) == ["id", "status", "object", "model", "outputs", "usage", "role"]
    assert interaction_text(interaction) == "a"


def test_an_output_that_nothing_started_takes_its_type_from_the_delta() -> None:
    assembly = fold(said("content.delta", index=0, delta={"text": "a", "type": "text"}))
    assert assembly.interaction == {"outputs": [{"text": "a", "type": "text"}]}
    assert ids_of(assembly) == ["delta-without-start", "no-created", "step-not-stopped", "no-terminal-event"]


def test_deltas_of_another_kind_lose_nothing() -> None:
    assembly = fold(legacy("text", {"text": "a", "type": "text"}, pcm(b"b")))
    assert assembly.interaction is not None
    assert assembly.interaction["outputs"] == [
        {"content": [{"text": "a", "type": "text"}, pcm(b"b")], "type": "text"}
    ]
    assert ids_of(assembly) == ["delta-unsuited"]


def test_a_stream_of_both_revisions_keeps_both_and_says_so() -> None:
    both = start(0, "thought") + stop(0) + legacy("text", {"text": "a", "type": "text"})
    assembly = fold(both)
    assert assembly.interaction is not None
    assert assembly.interaction["steps"] == [{"type": "thought"}]
    assert assembly.interaction["outputs"] == [{"text": "a", "type": "text"}]
    assert "mixed-revisions" in ids_of(assembly)
