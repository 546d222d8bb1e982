"""Time travel: the interaction as of any event is what folding up to there gives, at any price but time."""

import random
import time
import tracemalloc
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interactions_support import (
    block,
    completed,
    created,
    delta,
    events_of,
    said,
    start,
    stop,
    stream,
    updated,
)
from sserec.interactions import Assembler, Assembly, History, assemble
from sserec.sse import Decoder, Event

INDEXES = st.sampled_from([0, 0, 1, 2, 10**12, "x"])
TYPES = st.sampled_from(["model_output", "thought", "function_call", "google_search_call", "telepathy"])
PARTS: list[dict[str, Any]] = [
    {"text": "a", "type": "text"},
    {"text": "b"},
    {"text": "c", "annotations": [{"type": "x"}], "type": "text"},
    {"annotations": [{"type": "y"}], "type": "text_annotation_delta"},
    {"data": "AAAA", "mime_type": "image/png", "type": "image"},
    {"data": "YQ==", "mime_type": "audio/l16", "type": "audio"},
    {"content": {"text": "s", "type": "text"}, "type": "thought_summary"},
    {"signature": "sig", "type": "thought_signature"},
    {"signature": "", "type": "thought_signature"},
    {"arguments": '{"a":', "type": "arguments_delta"},
    {"arguments": "1}", "type": "arguments_delta"},
    {"arguments": {"queries": ["q"]}, "signature": "z", "type": "google_search_call"},
    {"smell": 1, "type": "odour"},
    {},
]
BLOCKS = st.one_of(
    st.builds(start, INDEXES, TYPES),
    st.builds(start, INDEXES, TYPES, content=st.just([]), summary=st.just([]), arguments=st.just({"a": [1]})),
    st.builds(start, INDEXES, st.just("model_output"), content=st.just([{"text": "A", "type": "text"}])),
    st.builds(
        lambda index, keys: said("step.delta", index=index, delta=keys), INDEXES, st.sampled_from(PARTS)
    ),
    st.builds(
        lambda index, keys: said("step.delta", index=index, delta=keys), INDEXES, st.sampled_from(PARTS)
    ),
    st.builds(
        lambda index, keys: said("content.delta", index=index, delta=keys), INDEXES, st.sampled_from(PARTS)
    ),
    st.builds(stop, INDEXES),
    st.sampled_from(
        [
            created(),
            updated("queued", usage={"total_tokens": 1}),
            completed(),
            completed(steps=[{"type": "thought", "summary": []}]),
            start(0, "function_call") + delta(0, "arguments_delta", arguments='{"a": [1]}') + stop(0),
            said("error", error={"code": "x"}),
            said("odd"),
            block("step.delta", b"no json"),
            b"event: done\ndata: [DONE]\n\n",
        ]
    ),
)
STREAMS = st.lists(BLOCKS, max_size=60).map(lambda blocks: events_of(b"".join(blocks)))


def folded(events: Sequence[Event]) -> Assembly:
    assembler = Assembler()
    for event in events:
        assembler.feed(event)
    return assembler.assembly()


@settings(max_examples=300)
@given(events=STREAMS, spacing=st.integers(1, 7), data=st.data())
def test_the_interaction_at_any_event_is_what_folding_up_to_there_gives(
    events: list[Event], spacing: int, data: st.DataObject
) -> None:
    history = History(lambda first, last: events[first:last], spacing=spacing)
    for _ in range(8):
        k = data.draw(st.integers(0, len(events)))
        assert history.at(k) == folded(events[:k])
        assert history.at(k).interaction == assemble(events[:k]).interaction


@settings(max_examples=100)
@given(events=STREAMS, data=st.data())
def test_a_snapshot_may_be_changed_without_changing_any_other(
    events: list[Event], data: st.DataObject
) -> None:
    history = History(lambda first, last: events[first:last], spacing=3)
    for _ in range(4):
        k = data.draw(st.integers(0, len(events)))
        spoil(history.at(k).interaction)
        assert history.at(k) == folded(events[:k])


@settings(max_examples=100)
@given(blocks=st.lists(BLOCKS, max_size=20), data=st.data())
def test_the_fold_does_not_depend_on_how_the_bytes_arrived(blocks: list[bytes], data: st.DataObject) -> None:
    body = b"".join(blocks)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=8)))
    decoder, assembler = Decoder(), Assembler()
    for first, last in pairwise([0, *cuts, len(body)]):
        for event in decoder.feed(body[first:last]):
            assembler.feed(event)
    assert assembler.assembly() == folded(events_of(body))


def test_a_list_that_began_empty_is_not_shared_with_the_past() -> None:
    summary = delta(0, "thought_summary", content={"text": "s", "type": "text"})
    text = delta(1, "text", text="a")
    events = events_of(
        start(0, "thought", summary=[]) + start(1, "model_output", content=[]) + summary + text
    )
    history = History(lambda first, last: events[first:last], spacing=1)
    history.at(4)
    assert history.at(2).interaction == {
        "steps": [{"summary": [], "type": "thought"}, {"content": [], "type": "model_output"}]
    }


def spoil(value: Any) -> None:
    """Changes every container of a JSON value in place."""
    if isinstance(value, dict | list):
        for inner in list(value.values() if isinstance(value, dict) else value):
            spoil(inner)
        value.clear()


class Asked:
    """A stream that writes down which events were asked for."""

    def __init__(self, events: list[Event]) -> None:
        self.events = events
        self.furthest = 0

    def __call__(self, first: int, last: int) -> list[Event]:
        self.furthest = max(self.furthest, last)
        return self.events[first:last]


def tokens(count: int) -> list[Event]:
    body = [created(), start(0, "model_output")]
    body += [delta(0, "text", text=f" word{number % 100}") for number in range(count)]
    return events_of(b"".join([*body, stop(0), completed()]))


def test_only_what_was_asked_for_is_folded() -> None:
    asked = Asked(tokens(5000))
    history = History(asked)
    assert asked.furthest == 0
    history.at(1500)
    assert asked.furthest == 1500
    history.at(100)
    assert asked.furthest == 1500


def test_a_stream_may_grow_while_it_is_read() -> None:
    events = tokens(10)
    known: list[Event] = []
    history = History(lambda first, last: known[first:last])
    for count, event in enumerate(events, start=1):
        known.append(event)
        assert history.at(count) == folded(events[:count])


@pytest.mark.parametrize("k", [-1, 15])
def test_an_event_that_is_not_there_is_an_index_error(k: int) -> None:
    events = tokens(10)
    history = History(lambda first, last: events[first:last])
    with pytest.raises(IndexError):
        history.at(k)
    assert history.at(14) == folded(events)


def many_small_steps(count: int) -> list[Event]:
    blocks = [start(i, "model_output") + delta(i, "text", text="a") + stop(i) for i in range(count)]
    return events_of(stream(*blocks))


def many_remarks(count: int) -> list[Event]:
    """Each step has arguments that are no JSON, which is said once for each."""
    blocks = [
        start(i, "function_call") + delta(i, "arguments_delta", arguments="{") + stop(i) for i in range(count)
    ]
    return events_of(stream(*blocks))


def slow_jumps(history: History, last: int) -> list[int]:
    """Where, of 60 places, no try was fast: a busy neighbour makes some tries slow, a long way makes every one."""
    history.at(last)
    chance = random.Random(0)
    places = [chance.randrange(last) for _ in range(60)]
    return [k for k in places if all(timed_ms(history, k) >= 20 for _ in range(20))]


def timed_ms(history: History, k: int) -> float:
    before = time.thread_time_ns()
    history.at(k)
    return (time.thread_time_ns() - before) / 1e6


def test_any_event_of_a_hundred_thousand_is_less_than_20_ms_away() -> None:
    events = tokens(100_000)
    assert not slow_jumps(History(lambda first, last: events[first:last]), len(events))


def test_big_events_do_not_make_jumps_slow() -> None:
    image = delta(0, "image", data="A" * 2_000_000, mime_type="image/png")
    events = events_of(stream(start(0, "model_output"), *[image] * 40, stop(0)))
    assert not slow_jumps(History(lambda first, last: events[first:last]), len(events))


def held_bytes(events: list[Event]) -> tuple[int, int]:
    """What a fold and a history of the same events hold."""
    tracemalloc.start()
    try:
        assembler = Assembler()
        for event in events:
            assembler.feed(event)
        fold, _ = tracemalloc.get_traced_memory()
        history = History(lambda first, last: events[first:last])
        history.at(len(events))
        both, _ = tracemalloc.get_traced_memory()
        return fold, both - fold
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "events",
    [tokens(20_000), many_small_steps(7_000), many_remarks(7_000)],
    ids=["one step", "many steps", "many remarks"],
)
def test_checkpoints_cost_less_than_thirty_bytes_an_event(events: list[Event]) -> None:
    fold, history = held_bytes(events)
    assert history - fold < 30 * len(events)
