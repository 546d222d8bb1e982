"""What is compared at which level, what is set aside, and what is not compared because one side does not tell it."""

import json
from base64 import b64encode
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diff_support import (
    BYTES,
    INTERACTION,
    SAMPLES,
    Take,
    compared,
    comparison,
    differences,
    dumped,
    event,
    names,
    payload_of,
    samples,
    takes,
    with_data,
    write,
)
from shared_data import SHARED, needs_shared
from sserec.archive import ArchiveWriter, Meta
from sserec.diff import Kind, Level, Options, Span
from sserec.errors import UsageError
from sserec.recording import Recording
from sserec.records import Close, Closer, Manner, Request, Response

REQUEST = Request("POST", "https://example.org/v1/interactions?alt=sse", "HTTP/1.1")
RESPONSE = Response(200, "OK", "HTTP/1.1", (("content-type", "text/event-stream"),))
CLOSE = Close(0, Closer.UPSTREAM, Manner.END, framing_complete=True)


def stream(*blocks: bytes) -> Take:
    return Take(blocks, REQUEST, b'{"stream":true}', RESPONSE, CLOSE)


def answer(*texts: str, index: int = 0) -> tuple[bytes, ...]:
    """A step with this text, a delta for each."""
    deltas = [event("step.delta", index=index, delta={"text": text, "type": "text"}) for text in texts]
    start = event("step.start", index=index, step={"type": "model_output"})
    return (start, *deltas, event("step.stop", index=index))


CREATED = event("interaction.created", interaction={"id": "v1", "status": "in_progress", "model": "m"})
STATUS = event("interaction.status_update", interaction_id="v1", status="in_progress")
DONE = b"event: done\ndata: [DONE]\n\n"

TEXT = "A stream keeps its shape only as long as somebody writes it down. ☃ Café"


@given(st.lists(st.integers(0, len(TEXT)), max_size=12), st.integers(0, 3))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_same_text_cut_differently_is_the_same_text(
    tmp_path: Path, cuts: list[int], status_at: int
) -> None:
    borders = sorted({0, *cuts, len(TEXT)})
    pieces = [TEXT[start:end] for start, end in pairwise(borders)]
    blocks = [CREATED, *answer(*pieces), DONE]
    blocks.insert(2 + min(status_at, len(pieces)), STATUS)  # also in the middle of a text
    whole = stream(CREATED, *answer(TEXT), STATUS, DONE)
    for level in (Level.INTERACTION, Level.EVENTS):
        assert compared(tmp_path, whole, stream(*blocks), Options(level=level)) == []


def started(text: str | None, *texts: str) -> Take:
    """A text of which the first piece came within the step's start, or did not."""
    content = {} if text is None else {"content": [{"type": "text", "text": text}]}
    start = event("step.start", index=0, step={"type": "model_output"} | content)
    return stream(CREATED, start, *answer(*texts)[1:], DONE)


def test_a_piece_in_the_start_of_a_step_is_a_piece_of_its_text(tmp_path: Path) -> None:
    bare = started(None, "Hello")
    for other in (started("Hel", "lo"), started("Hello"), started("", "Hel", "lo"), started("Hello", "")):
        assert compared(tmp_path, bare, other) == []
        assert names(compared(tmp_path, bare, other, BYTES)) == ["bytes: changed bytes.tokens"]
    (difference,) = compared(tmp_path, bare, started("Hallo"), Options(ignored=("interaction",)))
    assert names([difference]) == ["events: changed event.data.delta.text"]
    assert (difference.a_events, difference.b_events) == (Span(3, 3, 1), Span(2, 2, 1))


def test_a_piece_in_the_start_of_an_output_is_a_piece_of_its_text(tmp_path: Path) -> None:
    def output(text: str | None, *texts: str) -> Take:
        content = {"type": "text"} if text is None else {"type": "text", "text": text}
        deltas = (event("content.delta", index=0, delta={"text": one, "type": "text"}) for one in texts)
        return stream(CREATED, event("content.start", index=0, content=content), *deltas, DONE)

    assert compared(tmp_path, output(None, "Hello"), output("Hel", "lo")) == []
    assert compared(tmp_path, output("Hello"), output(None, "Hel", "lo")) == []


def test_raw_audio_cut_differently_is_the_same_audio(tmp_path: Path) -> None:
    def spoken(*pieces: bytes, mime_type: str = "audio/l16;rate=24000", repeated: bool = True) -> Take:
        formats = ({"mime_type": mime_type} if repeated or not place else {} for place in range(len(pieces)))
        deltas = (
            event("step.delta", index=0, delta={"type": "audio", "data": b64encode(one).decode()} | format_)
            for one, format_ in zip(pieces, formats, strict=True)
        )
        start = event("step.start", index=0, step={"type": "model_output"})
        return stream(CREATED, start, *deltas, event("step.stop", index=0), DONE)

    whole = spoken(b"abcdefg")
    assert compared(tmp_path, whole, spoken(b"ab", b"cdefg")) == []
    assert compared(tmp_path, whole, spoken(b"abcd", b"efg", repeated=False)) == []
    events_only = Options(ignored=("interaction",))
    assert names(compared(tmp_path, whole, spoken(b"ab", b"cdefx"), events_only)) == [
        "events: changed event.data.delta.data"
    ]
    assert compared(
        tmp_path, spoken(b"ab", b"c", mime_type="audio/mp3"), spoken(b"abc", mime_type="audio/mp3")
    )


def test_arguments_are_compared_by_what_they_say(tmp_path: Path) -> None:
    def call(*pieces: str) -> Take:
        deltas = [
            event("step.delta", index=0, delta={"arguments": one, "type": "arguments_delta"})
            for one in pieces
        ]
        start = event("step.start", index=0, step={"type": "function_call", "id": "c", "name": "f"})
        return stream(CREATED, start, *deltas, event("step.stop", index=0), DONE)

    a, same = call('{"x": 1,', ' "y": [2]}'), call('{"y":[2],"x":1}')
    assert compared(tmp_path, a, same) == []
    assert names(compared(tmp_path, call('{"x":1}'), call('{"x": 1}'), BYTES)) == [
        "bytes: changed bytes.tokens"
    ]
    assert names(compared(tmp_path, a, call('{"x": 1, "y": [3]}'))) == [
        "events: changed event.data.delta.arguments.y[0]",
        "interaction: changed interaction.steps[0].arguments.y[0]",
    ]
    assert names(compared(tmp_path, a, call('{"x": 1, "y'))) == [
        "events: changed event.data.delta.arguments",
        "interaction: changed interaction.steps[0].arguments",
    ]


def test_steps_whose_events_come_in_turns_are_compared_step_by_step(tmp_path: Path) -> None:
    one, two = answer("a", "b", index=0), answer("c", "d", index=1)
    in_turns = [event for pair in zip(one, two, strict=True) for event in pair]
    assert compared(tmp_path, stream(CREATED, *one, *two, DONE), stream(CREATED, *in_turns, DONE)) == []


def test_an_event_without_json_is_compared_as_text(tmp_path: Path) -> None:
    a, b = stream(b"data: ping 1\n\n"), stream(b"data: ping 2\n\n")
    (difference,) = compared(tmp_path, a, b)
    assert [(one.path, one.a, one.b) for one in difference.changes] == [("event.data", "ping 1", "ping 2")]


def test_a_stream_of_another_api_is_compared_event_by_event(tmp_path: Path) -> None:
    def chunks(*texts: str, id_: str) -> Take:
        data = ({"id": id_, "created": len(id_), "choices": [{"delta": {"content": text}}]} for text in texts)
        return stream(*(b"data: " + dumped(one) + b"\n\n" for one in data), b"data: [DONE]\n\n")

    a = chunks("Hel", "lo", id_="chatcmpl-1")
    assert compared(tmp_path, a, chunks("Hel", "lo", id_="chatcmpl-other")) == []
    (difference,) = compared(tmp_path, a, chunks("Hel", "la", id_="chatcmpl-2"))
    assert names([difference]) == ["events: changed event.data.choices[0].delta.content"]
    assert (difference.a_events, difference.b_events) == (Span(2, 2, 1), Span(2, 2, 1))


# Volatile values.


def with_ids(*ids: str) -> Take:
    first = event("interaction.created", interaction={"id": ids[0], "model": "m"})
    updates = (event("interaction.status_update", interaction_id=one, status="s") for one in ids[1:])
    return stream(first, *updates, DONE)


def test_an_id_that_is_the_same_everywhere_on_its_side_is_equal(tmp_path: Path) -> None:
    assert compared(tmp_path, with_ids("a", "a", "a"), with_ids("b", "b", "b")) == []


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_the_one_place_with_a_foreign_id_is_named(place: int, tmp_path: Path) -> None:
    ids = ["b"] * 4
    ids[place] = "foreign"
    path = "event.data.interaction.id" if place == 0 else "event.data.interaction_id"
    found = compared(tmp_path, with_ids(*"aaaa"), with_ids(*ids), Options(ignored=("interaction",)))
    assert names(found) == [f"events: changed {path}"]
    assert found[0].a_events == Span(place + 1, place + 1, 1)
    assert (found[0].changes[0].a, found[0].changes[0].b) == ("a", "foreign")


def test_two_ids_that_became_one_are_a_difference(tmp_path: Path) -> None:
    def calls(first: str, second: str) -> Take:
        steps = ({"type": "function_call", "id": one, "name": "f"} for one in (first, second))
        return stream(
            CREATED, *(event("step.start", index=n, step=step) for n, step in enumerate(steps)), DONE
        )

    assert compared(tmp_path, calls("c1", "c2"), calls("x", "y")) == []
    assert names(compared(tmp_path, calls("c1", "c2"), calls("x", "x"))) == [
        "events: changed event.data.step.id",
        "interaction: changed interaction.steps[1].id",
    ]


def test_an_id_of_one_exchange_is_the_same_in_the_next(tmp_path: Path) -> None:
    def turns(first: str, previous: str) -> tuple[Take, Take]:
        body = json.dumps({"previous_interaction_id": previous}).encode()
        one = event("interaction.created", interaction={"id": first, "model": "m"})
        two = event("interaction.created", interaction={"id": first + "-2", "model": "m"})
        return stream(one, DONE), replace(stream(two, DONE), request_body=body)

    a = write(tmp_path / "a", *turns("v1", "v1"))
    assert names(differences(a, write(tmp_path / "b", *turns("w1", "w1")))) == []
    assert names(differences(a, write(tmp_path / "c", *turns("w1", "elsewhere")))) == [
        "request: changed request.body.previous_interaction_id"
    ]


def test_an_id_that_does_not_fit_is_told_with_what_else_differs_there(tmp_path: Path) -> None:
    def asking(key: str, word: str) -> Take:
        take = stream(event("interaction.created", interaction={"id": "v1", "model": word}), DONE)
        headers = (("x-request-id", key), ("user-agent", word))
        assert take.request is not None
        return replace(take, request=replace(take.request, headers=headers))

    a = write(tmp_path / "a", asking("r1", "x"), asking("r1", "x"))
    b = write(tmp_path / "b", asking("s1", "y"), asking("s2", "y"))
    first, second = ["request", "interaction", "events"], ["request", "request", "interaction", "events"]
    assert [str(one.aspect) for one in differences(a, b)] == first + second


def test_an_empty_signature_is_none(tmp_path: Path) -> None:
    def thought(**step: str) -> Take:
        return stream(CREATED, event("step.start", index=0, step={"type": "thought"} | step), DONE)

    assert compared(tmp_path, thought(), thought(signature="")) == []
    assert names(compared(tmp_path, thought(), thought(signature="s"))) == [
        "events: only in B event.data.step.signature",
        "interaction: only in B interaction.steps[0].signature",
    ]


def test_content_that_looks_like_an_id_is_compared(tmp_path: Path) -> None:
    def call(id_: str) -> Take:
        step = {"type": "function_call", "id": "c", "name": "f", "arguments": {"id": id_}}
        return stream(CREATED, event("step.start", index=0, step=step), DONE)

    assert "interaction: changed interaction.steps[0].arguments.id" in names(
        compared(tmp_path, call("1"), call("2"))
    )


# Paths.


@pytest.mark.parametrize(
    "path",
    [
        "usage",
        "interaction.usage",
        "**.total_tokens",
        "interaction.usage.total_*",
        '["usage"]',
        "interaction",
    ],
)
def test_what_is_ignored_is_not_compared(path: str, tmp_path: Path) -> None:
    def used(tokens: int) -> Take:
        usage = {"total_tokens": tokens}
        return stream(event("interaction.completed", interaction={"id": "v", "usage": usage}), DONE)

    found = names(compared(tmp_path, used(1), used(2), Options(ignored=(path,))))
    in_events = path.startswith("interaction")
    assert found == (["events: changed event.data.interaction.usage.total_tokens"] if in_events else [])


def test_whole_aspects_can_be_ignored(tmp_path: Path) -> None:
    a = stream(CREATED, *answer("x"), DONE)
    b = replace(stream(CREATED, *answer("y")), response=replace(RESPONSE, status=201), gap_ns=900_000_000)
    ignored = ("interaction", "event", "end", "response.status", "timing", "bytes")
    assert compared(tmp_path, a, b, Options(Level.BYTES, ignored=ignored, timing_percent=5)) == []


def test_one_place_of_a_list_can_be_ignored(tmp_path: Path) -> None:
    a, b = stream(CREATED, *answer("x"), DONE), stream(CREATED, *answer("x", "y"), DONE)
    ignored = ("interaction.steps[0].content[0]", "event.data.delta.text")
    assert compared(tmp_path, a, b, Options(ignored=ignored)) == []
    other = Options(ignored=("interaction.steps[1]", "event.data.delta.text"))
    assert names(compared(tmp_path, a, b, other)) == [
        "interaction: changed interaction.steps[0].content[0].text"
    ]


@pytest.mark.parametrize("path", ["", "a..b", "steps[", "steps[x]", 'steps["x]'])
def test_what_is_no_path_is_refused(path: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="path"):
        compared(tmp_path, stream(DONE), stream(DONE), Options(ignored=(path,)))


# Lists.


def test_a_moved_step_has_moved_whole(tmp_path: Path) -> None:
    texts = ["one", "two", "three"]

    def said(*order: int) -> Take:
        steps = (answer(texts[which], index=place) for place, which in enumerate(order))
        return stream(CREATED, *(block for step in steps for block in step), DONE)

    found = compared(tmp_path, said(0, 1, 2), said(1, 2, 0))
    assert names(found) == ["events: moved step 0 model_output", "interaction: moved interaction.steps[0]"]
    assert found[0].b_path == "interaction.steps[2]"
    assert (found[1].a_events, found[1].b_events) == (Span(2, 4, 3), Span(8, 10, 3))


def test_events_that_passed_a_step_have_moved_not_the_step(tmp_path: Path) -> None:
    passing = (STATUS, event("probe", n=1), event("probe", n=1))
    a, b = stream(CREATED, *passing, *answer("one"), DONE), stream(CREATED, *answer("one"), *passing, DONE)
    found = compared(tmp_path, a, b)
    assert names(found) == ["events: moved 3 events"]
    assert (found[0].a_events, found[0].b_events) == (Span(2, 4, 3), Span(5, 7, 3))


def test_a_step_that_events_passed_is_compared_with_what_it_was(tmp_path: Path) -> None:
    a = stream(CREATED, STATUS, *answer("some words"), DONE)
    b = stream(CREATED, *answer("other words"), STATUS, DONE)
    assert names(compared(tmp_path, a, b, Options(ignored=("interaction",)))) == [
        "events: changed event.data.delta.text",
        "events: moved interaction.status_update",
    ]


def test_a_change_behind_an_inserted_step_is_named_on_both_sides(tmp_path: Path) -> None:
    a = stream(CREATED, *answer("some words here"), DONE)
    thought = event("step.start", index=0, step={"type": "thought"})
    b = stream(CREATED, thought, *answer("some other words here", index=1), DONE)
    changed = next(one for one in compared(tmp_path, a, b) if one.path.endswith(".text"))
    assert (changed.path, changed.b_path) == (
        "interaction.steps[0].content[0].text",
        "interaction.steps[1].content[0].text",
    )


# Bytes.


def framed(take: Take) -> Take:
    return take.with_blocks(
        block.replace(b"data: ", b"data:") if block.endswith(b"\n\n") else block for block in take.blocks
    )


def commented(take: Take) -> Take:
    return take.with_blocks((b": ping\n\n", *take.blocks))


def carriage_returned(take: Take) -> Take:
    return take.with_blocks(block.replace(b"\n", b"\r\n") for block in take.blocks)


def reordered(take: Take) -> Take:
    return edited(take, lambda payload: {key: payload[key] for key in reversed(payload)})


def spaced(take: Take) -> Take:
    return take.with_blocks(
        with_data(block, json.dumps(payload, ensure_ascii=False).encode())
        if (payload := payload_of(block))
        else block
        for block in take.blocks
    )


def retokened(take: Take) -> Take:
    number = take.find(
        lambda payload: (payload.get("delta") or {}).get("type") in ("text", "arguments_delta")
    )
    if number is None:
        return take
    payload = take.payload(number)
    key = "text" if "text" in payload["delta"] else "arguments"
    halves = (payload["delta"][key][:2], payload["delta"][key][2:])
    blocks = [
        with_data(take.blocks[number], dumped(payload | {"delta": payload["delta"] | {key: one}}))
        for one in halves
    ]
    return take.with_blocks((*take.blocks[:number], *blocks, *take.blocks[number + 1 :]))


def rechunked(take: Take) -> Take:
    body = b"".join(take.blocks)
    return replace(take, chunks=((3_000_000, body[:50]), (4_000_000, body[50:])))


def edited(take: Take, edit: "object") -> Take:
    assert callable(edit)
    return take.with_blocks(
        with_data(block, dumped(edit(payload))) if (payload := payload_of(block)) else block
        for block in take.blocks
    )


@pytest.mark.parametrize("sample", dict(samples()))
@pytest.mark.parametrize(
    ("write_otherwise", "manner"),
    [
        (framed, "framing"),
        (commented, "framing"),
        (carriage_returned, "framing"),
        (reordered, "key_order"),
        (spaced, "spelling"),
        (retokened, "tokens"),
        (rechunked, "chunks"),
    ],
)
def test_what_merely_differs_is_named_at_level_bytes_only(
    sample: str, write_otherwise: "object", manner: str, tmp_path: Path
) -> None:
    assert callable(write_otherwise)
    a = dict(samples())[sample]
    b = write_otherwise(a)
    assert compared(tmp_path, a, b) == []
    found = names(compared(tmp_path, a, b, BYTES))
    assert set(found) <= {f"bytes: changed bytes.{manner}", "bytes: changed bytes.chunks"}
    assert f"bytes: changed bytes.{manner}" in found or b == a


def test_bytes_name_the_first_place_and_how_many(tmp_path: Path) -> None:
    a = stream(CREATED, *answer("a", "b"), DONE)
    b = a.with_blocks((*a.blocks[:2], *(block.replace(b"data: ", b"data:") for block in a.blocks[2:])))
    (difference,) = compared(tmp_path, a, b, BYTES)
    assert (difference.path, difference.count) == ("bytes.framing", 4)
    assert difference.a_events == Span(3, 3, 1)
    assert "data:{" in difference.b


def test_bytes_behind_an_inserted_step_are_compared_though_they_count_otherwise(tmp_path: Path) -> None:
    a = stream(CREATED, *answer("some words"), DONE)
    b = stream(
        CREATED, event("step.start", index=0, step={"type": "thought"}), *answer("some words", index=1), DONE
    )
    ignored = Options(Level.BYTES, ignored=("interaction",))
    assert names(compared(tmp_path, a, b, ignored)) == ["events: only in B step 0: step.start thought"]
    assert "bytes: changed bytes.key_order" in names(compared(tmp_path, a, reordered(b), ignored))


def test_how_heads_were_carried_is_a_matter_of_bytes(tmp_path: Path) -> None:
    a = stream(CREATED, DONE)
    headers = (("Content-Type", "text/event-stream"), ("transfer-encoding", "chunked"))
    b = replace(
        a,
        response=replace(RESPONSE, http_version="HTTP/2", headers=headers),
        request_body=b'{"stream": true}',
    )
    assert compared(tmp_path, a, b) == []
    assert names(compared(tmp_path, a, b, BYTES)) == [
        "bytes: changed bytes.request.body",
        "bytes: changed bytes.response.field_order",
        "bytes: changed bytes.response.http_version",
        "bytes: only in B bytes.response.headers.transfer-encoding",
    ]


def test_who_hung_up_first_behind_the_end_is_a_matter_of_bytes(tmp_path: Path) -> None:
    a = stream(CREATED, DONE)
    b = replace(a, close=Close(0, Closer.CLIENT, Manner.CLOSE, framing_complete=False))
    assert compared(tmp_path, a, b) == []
    assert names(compared(tmp_path, a, b, BYTES)) == ["end: changed end.connection"]


# Time.


def test_times_are_told_but_differ_only_when_asked(tmp_path: Path) -> None:
    a = stream(CREATED, *answer("a", "b", "c"), DONE)
    slow = replace(a, gap_ns=40_000_000)
    paths = [write(tmp_path / name, take) for name, take in (("a", a), ("b", slow))]
    with Recording.open(str(paths[0])) as of_a, Recording.open(str(paths[1])) as of_b:
        (exchange,) = comparison(of_a, of_b).exchanges
        assert exchange.is_same
        told = {measure.name: measure for measure in exchange.timing}
        assert (told["time_between_tokens_p50_ns"].a, told["time_between_tokens_p50_ns"].b) == (
            10_000_000,
            40_000_000,
        )
        assert told["time_between_tokens_p50_ns"].change_percent == 300
    assert names(compared(tmp_path, a, slow, Options(timing_percent=400))) == []
    assert "timing: changed timing.time_between_tokens_p50_ns" in names(
        compared(tmp_path, a, slow, Options(timing_percent=200))
    )
    assert names(compared(tmp_path, a, slow, Options(timing_percent=200))) == names(
        compared(tmp_path, slow, a, Options(timing_percent=200))
    )


def test_less_than_a_millisecond_is_no_difference(tmp_path: Path) -> None:
    a = replace(stream(CREATED, DONE), gap_ns=100_000)
    assert compared(tmp_path, a, replace(a, gap_ns=300_000), Options(timing_percent=1)) == []


# What is not told.


def test_a_plain_stream_is_compared_with_a_recording_of_it(tmp_path: Path) -> None:
    take = dict(samples())["text-1"]
    plain = replace(take, request=None)
    a, b = write(tmp_path / "a", take), write(tmp_path / "b", plain)
    with Recording.open(str(a)) as of_a, Recording.open(str(b)) as of_b:
        compared = comparison(of_a, of_b, BYTES)
        assert compared.is_same
        assert compared.exchanges[0].notes == [
            "one side has no heads: request and response are not compared",
            "one side knows no chunks: where they end is not compared",
        ]


def test_a_stream_of_which_nothing_came_is_not_the_same_as_one_that_did(tmp_path: Path) -> None:
    silent, some = Take((), request=None), Take((event("probe", n=1),), request=None)
    a, b = write(tmp_path / "a.sse", silent), write(tmp_path / "b.sse", some)
    assert names(differences(a, b)) == ["events: only in B probe"]
    assert differences(a, a) == []


def test_two_connections_that_could_not_be_read_are_compared_by_where_they_led(tmp_path: Path) -> None:
    def connection(target: str) -> Path:
        path = tmp_path / f"{target.partition('.')[0]}.sse.zst"
        with ArchiveWriter(path, meta=Meta(anchor_unix_ns=0)) as writer:
            writer.open_opaque(target, "a WebSocket", 0)
        return path

    a, b = connection("one.example:443"), connection("two.example:443")
    assert names(differences(a, b)) == ["request: changed request.opaque.target"]
    assert differences(a, a) == []
    heard = write(tmp_path / "heard.sse.zst", stream(CREATED, DONE))
    assert "request: only in A request.opaque" in names(differences(a, heard))


def unary(body: bytes) -> Take:
    response = Response(200, "OK", "HTTP/1.1", (("content-type", "application/json"),))
    return Take((body,), REQUEST, b'{"stream":true}', response, CLOSE)


def test_an_answer_that_was_not_streamed_is_compared_with_one_that_was(tmp_path: Path) -> None:
    steps = [{"type": "model_output", "content": [{"type": "text", "text": "hi"}]}]
    whole = {"id": "other", "status": "in_progress", "model": "m", "steps": steps, "object": "interaction"}
    found = names(compared(tmp_path, stream(CREATED, *answer("hi"), DONE), unary(dumped(whole))))
    assert found == [
        "interaction: only in B interaction.object",
        "response: changed response.headers.content-type",
    ]


def test_a_response_that_is_no_interaction_is_compared_as_json(tmp_path: Path) -> None:
    a, b = unary(b'{"error":{"code":429}}'), unary(b'{"error":{"code":503}}')
    assert names(compared(tmp_path, a, b)) == ["response: changed response.body.error.code"]
    assert names(compared(tmp_path, stream(CREATED, DONE), b)) == [
        "interaction: only in A interaction",
        "response: changed response.headers.content-type",
        "response: only in B response.body",
    ]


def test_at_level_interaction_events_do_not_count(tmp_path: Path) -> None:
    a, b = stream(CREATED, DONE), stream(CREATED, event("probe", n=1), DONE)
    assert compared(tmp_path, a, b, INTERACTION) == []
    assert names(compared(tmp_path, a, b)) == ["events: only in B probe"]


def test_numbers_are_compared_as_readers_of_json_take_them(tmp_path: Path) -> None:
    def said(number: int) -> Take:
        return stream(b'data: {"n":' + str(number).encode() + b"}\n\n")

    assert compared(tmp_path, said(2**63), said(2**63 + 1))
    assert compared(tmp_path, said(10**29), said(10**29 + 1)) == []
    assert names(compared(tmp_path, said(10**29), said(10**29 + 1), BYTES)) == [
        "bytes: changed bytes.spelling"
    ]


def test_half_a_surrogate_pair_is_like_any_other_half(tmp_path: Path) -> None:
    one, other = (stream(rb'data: {"t":"\u' + half + b'"}\n\n') for half in (b"d800", b"d801"))
    assert compared(tmp_path, one, other) == []
    assert names(compared(tmp_path, one, other, BYTES)) == ["bytes: changed bytes.tokens"]


def test_bytes_of_what_says_something_else_are_not_compared(tmp_path: Path) -> None:
    a, b = stream(event("probe", n=1)), framed(stream(event("probe", n=2)))
    assert names(compared(tmp_path, a, b, BYTES)) == ["events: changed event.data.n"]


# Exchanges.


def test_of_exchanges_that_asked_alike_the_first_are_paired(tmp_path: Path) -> None:
    first, second = stream(CREATED, *answer("x"), DONE), stream(CREATED, *answer("y"), DONE)
    found = differences(write(tmp_path / "a", first, second), write(tmp_path / "b", second))
    assert "interaction: changed interaction.steps[0].content[0].text" in names(found)
    assert [one.path for one in found if one.kind is Kind.ONLY_A] == ["exchange[2]"]


def test_exchanges_are_paired_by_what_they_asked(tmp_path: Path) -> None:
    def asked(path: str, text: str) -> Take:
        url = f"https://example.org/{path}"
        return replace(stream(CREATED, *answer(text), DONE), request=replace(REQUEST, url=url))

    a = write(tmp_path / "a", asked("one", "x"), asked("two", "y"))
    b = write(tmp_path / "b", asked("zero", "z"), asked("one", "x"), asked("two", "y"))
    found = differences(a, b)
    assert [(one.kind, one.path, one.b) for one in found] == [
        (Kind.ONLY_B, "exchange[1]", "POST https://example.org/zero")
    ]


def test_two_single_exchanges_are_paired_whatever_they_asked(tmp_path: Path) -> None:
    b = replace(stream(CREATED, DONE), request=replace(REQUEST, url="https://other.example/v2/interactions"))
    assert names(compared(tmp_path, stream(CREATED, DONE), b)) == [
        "request: changed request.host",
        "request: changed request.path",
        "request: only in A request.query.alt",
    ]


# Real streams.


@needs_shared
@pytest.mark.parametrize("path", sorted((SHARED / "streams").glob("*.sse")), ids=lambda path: path.stem)
def test_a_real_stream_does_not_differ_from_itself_cut_otherwise(path: Path, tmp_path: Path) -> None:
    (take,) = takes(path)
    assert compared(tmp_path, take, take, BYTES) == []
    assert compared(tmp_path, take, retokened(take)) == []
    assert compared(tmp_path, take, reordered(take)) == []


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.sse.zst")), ids=lambda path: path.name)
def test_a_recording_does_not_differ_from_itself(path: Path) -> None:
    assert differences(path, path, Options(level=Level.BYTES, exact=True, timing_percent=0)) == []
