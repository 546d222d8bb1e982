"""What nobody should send: wrong types everywhere, endless nesting, huge numbers. Nothing raises, nothing swells."""

import time
import tracemalloc
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interactions_support import (
    Json,
    block,
    completed,
    created,
    delta,
    events_of,
    fold,
    ids_of,
    one_step,
    said,
    start,
    steps_of,
    stop,
    stream,
)
from sserec.interactions import (
    Assembler,
    assemble,
    describe,
    interaction_text,
    is_terminal,
    output_text,
    started_step,
)
from sserec.interactions.assembler import _HANDLERS
from sserec.interactions.steps import DELTAS, STEP_TYPES
from sserec.sse import Event

# fmt: off
WORDS = [
    "index", "step", "delta", "content", "text", "annotations", "summary", "signature", "arguments", "result", "data",
    "mime_type", "uri", "id", "call_id", "name", "interaction", "status", "usage", "metadata", "total_usage",
    "event_id", "error", "code", "message", "interaction_id", "steps", "outputs",
]
# fmt: on
NAMES = st.sampled_from(sorted({*_HANDLERS, "odd", "", "message"}))
TYPES = st.sampled_from(sorted({*DELTAS, *STEP_TYPES, "odd", ""}))
AWKWARD: list[Any] = [
    None, True, 0, 1, -1, 2**64 - 1, 10**12, 1.5, "", "x", "\x1b[2J", "AAAA", "AAA", "audio/l16", '{"a":', "1}",
    [], [1], [[]], ["x", {}], [{"text": "a"}, 5], [{"text": 5, "type": "text"}], [{"data": 1, "type": "audio"}],
    {}, {"type": ["text"]}, {"type": {}}, {"text": "a"}, {"text": None, "type": "text"}, {"a": {"b": [1]}},
    {"total_tokens": "x"}, {"total_usage": {"total_tokens": 1}}, {"code": [], "message": {}}, {"id": 5, "status": []},
]  # fmt: skip
ANY = st.one_of(
    st.sampled_from(AWKWARD),
    TYPES,
    st.dictionaries(st.sampled_from([*WORDS, "type", "odd"]), st.sampled_from(AWKWARD), max_size=4),
)
INDEX = st.one_of(st.integers(0, 3), st.sampled_from(AWKWARD))
DELTA = st.one_of(ANY, st.fixed_dictionaries({"type": TYPES}, optional=dict.fromkeys(WORDS, ANY)))
PAYLOADS = st.fixed_dictionaries(
    {"event_type": st.one_of(NAMES, NAMES, ANY)},
    optional={
        "index": INDEX,
        "step": DELTA,
        "content": DELTA,
        "delta": DELTA,
        "interaction": st.one_of(ANY, st.dictionaries(st.sampled_from(WORDS), ANY)),
        "error": ANY,
        "status": ANY,
        "usage": ANY,
        "metadata": ANY,
        "event_id": ANY,
    },
)


@st.composite
def hostile_events(draw: st.DrawFn) -> Event:
    payload = draw(PAYLOADS)
    name = payload["event_type"] if isinstance(payload["event_type"], str) else draw(NAMES)
    data = draw(st.one_of(st.just(orjson.dumps(payload)), st.binary(max_size=20)))
    return Event(name, data, "", 0, len(data))


@settings(max_examples=200)
@given(events=st.lists(hostile_events(), max_size=15))
def test_no_stream_makes_anything_raise_and_every_result_can_be_written(events: list[Event]) -> None:
    assembly = assemble(events)
    if assembly.interaction is not None:
        orjson.dumps(assembly.interaction)
        assert isinstance(interaction_text(assembly.interaction), str)
    for event in events:
        line = describe(event)
        assert len(line.text) <= 200
        assert line.text.isprintable()
        assert isinstance(is_terminal(event), bool)
        assert isinstance(output_text(event), str)
        assert isinstance(started_step(event), str | None)
    assert all(each.message.isprintable() for each in assembly.diagnostics)


@settings(max_examples=200)
@given(events=st.lists(hostile_events(), max_size=5))
def test_the_stream_is_over_exactly_when_an_event_ends_it(events: list[Event]) -> None:
    over = any(is_terminal(event) for event in events)
    assert (assemble(events).end.value == "open") == (not over)


def nested(depth: int, opening: bytes, closing: bytes) -> bytes:
    return opening * depth + b"1" + closing * depth


@pytest.mark.parametrize("depth", [201, 1000, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_deep_nesting_is_kept_aside(depth: int, opening: bytes, closing: bytes) -> None:
    data = b'{"delta":' + nested(depth, opening, closing) + b',"event_type":"step.delta"}'
    assembly = fold(created(), block("step.delta", data), completed())
    assert set(ids_of(assembly)) <= {"too-deep", "not-json"}
    assert [aside.data for aside in assembly.aside] == [data]


def test_what_is_not_too_deep_can_be_written() -> None:
    data = (
        b'{"index":0,"delta":{"type":"function_result","result":'
        + nested(190, b"[", b"]")
        + b'},"event_type":"step.delta"}'
    )
    assembly = fold(created(), start(0, "function_result"), block("step.delta", data), stop(0), completed())
    assert assembly.diagnostics == ()
    orjson.dumps([{"interaction": assembly.interaction}])


def test_a_huge_index_is_only_a_number() -> None:
    body = stream(
        *(start(10**12 + i, "model_output") + delta(10**12 + i, "text", text="a") for i in range(3))
    )
    tracemalloc.start()
    try:
        assert len(steps_of(body)) == 3
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


WRONG: dict[str, list[bytes]] = {
    "step null": [said("step.start", index=0, step=None)],
    "step a list": [said("step.start", index=0, step=[{"type": "thought"}])],
    "delta a list": [start(0, "model_output"), said("step.delta", index=0, delta=["a"])],
    "delta null": [start(0, "model_output"), said("step.delta", index=0, delta=None)],
    "delta missing": [start(0, "model_output"), said("step.delta", index=0)],
    "text a number": [start(0, "model_output"), delta(0, "text", text=5)],
    "annotations a string": [start(0, "model_output"), delta(0, "text_annotation_delta", annotations="x")],
    "summary item a string": [start(0, "thought"), delta(0, "thought_summary", content="x")],
    "signature a list": [start(0, "thought"), delta(0, "thought_signature", signature=["x"])],
    "arguments a number": [start(0, "function_call"), delta(0, "arguments_delta", arguments=5)],
    "content a string": [start(0, "model_output", content="x")],
    "content of numbers": [start(0, "model_output", content=[1, 2])],
    "summary a string": [start(0, "thought", summary="x")],
    "interaction a string": [said("interaction.created", interaction="x")],
    "completed without interaction": [said("interaction.completed")],
}


@pytest.mark.parametrize("blocks", WRONG.values(), ids=WRONG)
def test_a_value_of_the_wrong_type_is_said_and_kept_aside(blocks: list[bytes]) -> None:
    assembly = fold(*blocks)
    assert "unexpected-value" in ids_of(assembly)
    assert "unexpected-value" in [aside.rule for aside in assembly.aside]


def test_an_unhashable_type_is_no_type() -> None:
    assembly = fold(one_step("model_output", {"text": "a", "type": ["text"]}, {"text": "b", "type": {}}))
    assert assembly.interaction is not None
    assert assembly.interaction["steps"][0]["content"] == [{"text": "ab", "type": "text"}]
    assert ids_of(assembly) == ["delta-type-inferred"]


def test_a_foreign_word_cannot_fill_a_message_or_steer_a_terminal() -> None:
    assembly = fold(said("\x1b[2J" + "x" * 1_000_000), start(0, "\x1b[31m"))
    assert all(len(each.message) < 300 and each.message.isprintable() for each in assembly.diagnostics)


def seconds_to_fold(events: list[Event]) -> float:
    before = time.thread_time()
    assembler = Assembler()
    for event in events:
        assembler.feed(event)
    assembler.assembly()
    return time.thread_time() - before


QUADRATIC_TRAPS: dict[str, Any] = {
    "one long text": lambda n: [delta(0, "text", text="word " * 4)] * n,
    "parts": lambda n: [delta(0, "text", text="a"), delta(0, "image", data="AAAA")] * (n // 2),
    "annotations far back": lambda n: (
        [
            delta(0, "image", data="AAAA"),
            delta(0, "text_annotation", annotations=[{}]),
        ]
        * (n // 2)
    ),
    "stops over and over": lambda n: [delta(0, "arguments_delta", arguments="["), stop(0)] * (n // 2),
    "new keys": lambda n: [delta(0, "function_result", **{f"key{i}": i, "signature": "s"}) for i in range(n)],
    "unknown events": lambda n: [said(f"odd{i}") for i in range(n)],
    "one index for all": lambda n: [start(0, "function_call", id=str(i)) for i in range(n)],
    "created over and over": lambda n: [created(**{f"key{i}": i}) for i in range(n)],
    "completed over and over": lambda n: [start(1, "thought"), completed()] * (n // 2),
    "raw audio": lambda n: [delta(0, "audio", data="AAAAAA==", mime_type="audio/l16")] * n,
}


@pytest.mark.parametrize("trap", QUADRATIC_TRAPS)
def test_folding_is_linear(trap: str) -> None:
    """Eight times the events take about eight times as long, not sixty-four times."""
    blocks: list[bytes] = QUADRATIC_TRAPS[trap](16_000)
    events = events_of(b"".join([start(0, "model_output"), *blocks]))
    few = min(seconds_to_fold(events[: len(events) // 8]) for _ in range(3))
    assert any(seconds_to_fold(events) < 20 * few + 0.02 for _ in range(10))


def test_json_that_is_not_ours_is_left_alone() -> None:
    foreign: Json = {"event_type": 5, "delta": {"text": "a"}}
    assembly = fold(block("message", foreign))
    assert assembly.interaction is None
