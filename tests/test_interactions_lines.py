"""What a list shows of single events, and the text that people and clocks look for."""

import pytest

from interactions_support import (
    DONE,
    block,
    completed,
    created,
    delta,
    events_of,
    interaction_of,
    said,
    start,
    stop,
    stream,
    updated,
)
from shared_data import SHARED, needs_shared
from sserec.interactions import (
    EventLine,
    describe,
    interaction_text,
    is_terminal,
    output_text,
    parse,
    started_step,
)
from sserec.sse import Event


def only(body: bytes) -> Event:
    (event,) = events_of(body)
    return event


LINES: list[tuple[bytes, EventLine]] = [
    (created(), EventLine("interaction.created", None, None, "in_progress · gemini-x")),
    (updated("queued"), EventLine("interaction.status_update", None, None, "queued")),
    (start(0, "thought"), EventLine("step.start", 0, "thought", "")),
    (
        start(1, "model_output", content=[{"text": "Based\non", "type": "text"}]),
        EventLine("step.start", 1, "model_output", "Based⏎on"),
    ),
    (start(2, "function_call", name="f", id="c"), EventLine("step.start", 2, "function_call", "f()")),
    (delta(1, "text", text=" a\ttab\r\n\x1b[31m"), EventLine("step.delta", 1, "text", " a tab⏎�[31m")),
    (delta(2, "arguments_delta", arguments='{"a'), EventLine("step.delta", 2, "arguments_delta", '{"a')),
    (
        delta(0, "thought_summary", content={"text": "**S**", "type": "text"}),
        EventLine("step.delta", 0, "thought_summary", "**S**"),
    ),
    (
        delta(0, "thought_signature", signature="x" * 1200),
        EventLine("step.delta", 0, "thought_signature", "signature, 1,200 characters"),
    ),
    (
        delta(1, "image", data="A" * 4000, mime_type="image/png"),
        EventLine("step.delta", 1, "image", "image/png, 4,000 characters of base64"),
    ),
    (
        delta(1, "text_annotation_delta", annotations=[{}, {}]),
        EventLine("step.delta", 1, "text_annotation_delta", "2 annotations"),
    ),
    (
        delta(3, "google_search_call", arguments={"queries": ["q"]}),
        EventLine("step.delta", 3, "google_search_call", '{"queries":["q"]}'),
    ),
    (delta(4, "function_result", result="ok"), EventLine("step.delta", 4, "function_result", "ok")),
    (stop(1, usage={"total_tokens": 1234}), EventLine("step.stop", 1, None, "1,234 tokens")),
    (
        completed(usage={"total_tokens": 86}),
        EventLine("interaction.completed", None, None, "completed · gemini-x · 86 tokens"),
    ),
    (said("error", error={"code": "x", "message": "m"}), EventLine("error", None, None, "x: m")),
    (said("error"), EventLine("error", None, None, "empty")),
    (DONE, EventLine("done", None, None, "[DONE]")),
    (block("ping", {"a": 1}), EventLine("ping", None, None, '{"a":1}')),
    (block("ping", b"no json"), EventLine("ping", None, None, "no json")),
    (block(None, b"[1]"), EventLine("message", None, None, "[1]")),
]


@pytest.mark.parametrize(("body", "line"), LINES)
def test_an_event_is_described_in_one_line(body: bytes, line: EventLine) -> None:
    assert describe(only(body)) == line


def test_a_long_line_is_cut_at_200_characters() -> None:
    text = describe(only(delta(0, "text", text="word " * 100))).text
    assert len(text) == 200
    assert text.endswith("…")


@pytest.mark.parametrize(
    ("body", "is_end"),
    [
        (DONE, True),
        (block(None, b"[DONE]"), True),
        (completed(), True),
        (said("interaction.complete", interaction={}), True),
        (block("odd", {"event_type": "interaction.completed"}), True),
        (said("error", error={"code": "x"}), True),
        (said("error"), False),
        (created(), False),
        (delta(0, "text", text="[DONE] error interaction.completed"), False),
        (block("step.delta", b"[DONE ]"), False),
    ],
)
def test_only_done_completed_and_real_errors_end_a_stream(body: bytes, is_end: bool) -> None:
    assert is_terminal(only(body)) is is_end


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (delta(1, "text", text="Hi"), "Hi"),
        (start(1, "model_output", content=[{"text": "Hi", "type": "text"}, {"text": " you"}]), "Hi you"),
        (said("content.delta", index=0, delta={"text": "Hi", "type": "text"}), "Hi"),
        (said("content.start", index=0, content={"text": "Hi", "type": "text"}), "Hi"),
        (start(1, "thought", content=[{"text": "Hi", "type": "text"}]), ""),
        (delta(0, "thought_summary", content={"text": "Hi", "type": "text"}), ""),
        (delta(0, "arguments_delta", arguments="Hi"), ""),
        (DONE, ""),
        (block("x", b"Hi"), ""),
    ],
)
def test_the_text_the_model_wrote_is_told_from_everything_else(body: bytes, text: str) -> None:
    assert output_text(only(body)) == text


def test_the_type_of_a_step_is_told_where_it_starts() -> None:
    assert started_step(only(start(0, "thought"))) == "thought"
    assert started_step(only(said("content.start", index=0, content={"type": "text"}))) == "text"
    assert started_step(only(said("step.start", index=0, step={}))) is None
    assert started_step(only(delta(0, "text", text="step.start"))) is None


def test_the_text_of_an_interaction_leaves_thoughts_and_calls_out() -> None:
    blocks = [
        start(0, "thought", summary=[{"text": "hidden", "type": "text"}]),
        start(1, "model_output", content=[{"text": "One", "type": "text"}]),
        delta(1, "image", data="AAAA"),
        delta(1, "text", text=" two"),
        start(2, "function_call", name="f"),
        start(3, "model_output", content=[{"text": "Three", "type": "text"}]),
    ]
    assert interaction_text(interaction_of(stream(*blocks))) == "One two\n\nThree"
    assert interaction_text({"outputs": [{"text": "a", "type": "text"}, {"type": "thought"}]}) == "a"
    assert interaction_text({}) == ""


@needs_shared
def test_the_texts_of_the_events_make_the_text_of_the_interaction() -> None:
    for path in sorted((SHARED / "streams").glob("*.sse")):
        events = events_of(path.read_bytes())
        assert "".join(map(output_text, events)) == interaction_text(interaction_of(path.read_bytes()))


def test_parse_gives_type_and_json_of_an_event() -> None:
    parsed = parse(only(delta(0, "text", text="a", extra=1)))
    assert parsed.type == "step.delta"
    assert parsed.payload["delta"] == {"text": "a", "extra": 1, "type": "text"}
    assert parsed.flaws == ()
