"""What each measure is, on streams whose every time is known."""

import json
from array import array
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_data import SHARED, needs_shared
from sserec.records import Close, Closer, Manner
from sserec.sse import Decoder
from sserec.stats import (
    BOUNDS_NS,
    Figures,
    Meter,
    Pool,
    Share,
    Surroundings,
    gaps,
    percentile,
    percentiles,
    spread,
)
from sserec.timeline import STALL_NS, Band, Stall

MS = 1_000_000
USAGE = {"total_input_tokens": 7, "total_output_tokens": 31, "total_thought_tokens": 90, "total_tokens": 128}


def wire(event_type: str, **payload: Any) -> bytes:
    return f"event: {event_type}\ndata: {json.dumps(payload | {'event_type': event_type})}\n\n".encode()


def say(text: str) -> bytes:
    return wire("step.delta", index=1, delta={"type": "text", "text": text})


CREATED = wire(
    "interaction.created", interaction={"id": "v1", "model": "gemini-3-flash", "status": "in_progress"}
)
THINK = wire("step.start", index=0, step={"type": "thought"})
SPEAK = wire("step.start", index=1, step={"type": "model_output"})
COMPLETED = wire("interaction.completed", interaction={"id": "v1", "status": "completed", "usage": USAGE})
DONE = b"event: done\ndata: [DONE]\n\n"

ANSWER = [
    (200, CREATED),
    (210, THINK),
    (1200, SPEAK),
    (1250, say("Hel")),
    (1250, say("lo")),
    (1300, say(" wor")),
    (1450, say("ld")),
    (1500, COMPLETED),
    (1501, DONE),
]
"""An answer of 31 tokens in four deltas, two of which one read brought."""


def feed(stream: Sequence[tuple[int | None, bytes]]) -> tuple[Meter, int]:
    """A meter that saw each piece at its millisecond, and the size of the body."""
    meter, decoder = Meter(), Decoder()
    for t_ms, data in stream:
        for event in decoder.feed(data):
            meter.feed(event, None if t_ms is None else t_ms * MS)
    return meter, sum(len(data) for _, data in stream)


def measure(stream: Sequence[tuple[int | None, bytes]], **around: Any) -> Figures:
    meter, size_bytes = feed(stream)
    return meter.figures(Surroundings(body_size_bytes=size_bytes, **around))


def closed(t_ms: int) -> Close:
    return Close(t_ns=t_ms * MS, by=Closer.UPSTREAM, how=Manner.CLOSE, framing_complete=False)


def test_times_to_first_things_count_from_the_last_byte_of_the_request() -> None:
    figures = measure(
        ANSWER, t_begin_ns=10 * MS, t_open_ns=5 * MS, t_response_ns=190 * MS, close=closed(1505)
    )
    assert figures.time_to_first_byte_ns == 180 * MS
    assert figures.time_to_first_event_ns == 190 * MS
    assert figures.time_to_first_text_ns == 1240 * MS
    assert figures.duration_ns == 1500 * MS
    assert figures.model == "gemini-3-flash"


def test_tokens_of_one_read_are_no_time_apart_and_are_said_to_be() -> None:
    between = measure(ANSWER).time_between_tokens_ns
    assert between is not None
    assert (between.count, between.tied) == (3, 1)
    assert (between.p50, between.p95, between.max) == (50 * MS, 150 * MS, 150 * MS)
    assert dict(zip((*BOUNDS_NS, None), between.histogram, strict=True)) == {
        **dict.fromkeys((*BOUNDS_NS, None), 0),
        10 * MS: 1,
        80 * MS: 1,
        160 * MS: 1,
    }


def test_tokens_per_second_counts_the_tokens_after_the_first_until_the_last_text() -> None:
    assert measure(ANSWER).tokens_per_second == 30 / 0.2


def test_tokens_of_images_are_none_of_the_text() -> None:
    usage = USAGE | {
        "total_output_tokens": 1151,
        "output_tokens_by_modality": [
            {"modality": "image", "tokens": 1120},
            {"modality": "text", "tokens": 31},
        ],
    }
    completed = wire("interaction.completed", interaction={"status": "completed", "usage": usage})
    figures = measure([(t, completed if data is COMPLETED else data) for t, data in ANSWER])
    assert (figures.usage.output_tokens, figures.usage.text_tokens) == (1151, 31)
    assert figures.tokens_per_second == 30 / 0.2


@pytest.mark.parametrize(
    "stream",
    [
        [(t, data) for t, data in ANSWER if data is not COMPLETED],
        [(1250, data) for _, data in ANSWER],
        [*ANSWER[:4], *ANSWER[7:]],
        [*ANSWER[:7], (1460, wire("step.start", index=2, step={"type": "function_call"})), *ANSWER[7:]],
        [(None, data) for _, data in ANSWER],
    ],
    ids=["no usage", "all at one time", "one text", "a call's tokens are among them", "no times"],
)
def test_a_rate_that_cannot_be_known_is_not_given(stream: list[tuple[int | None, bytes]]) -> None:
    assert measure(stream).tokens_per_second is None


def test_events_and_bytes_add_up_to_the_body() -> None:
    bare = b'{"error":{"code":503}}\n'
    figures = measure([*ANSWER, (1502, b": keep-alive\n\n"), (1503, bare)])
    assert figures.events == len(ANSWER)
    assert figures.events_by_type["step.delta"] == Share(
        4, sum(map(len, map(say, ("Hel", "lo", " wor", "ld"))))
    )
    assert list(figures.events_by_type) == sorted(figures.events_by_type)
    assert (
        sum(share.bytes for share in figures.events_by_type.values()) + figures.other_bytes == figures.bytes
    )
    assert figures.other_bytes == len(b": keep-alive\n\n") + len(bare)


def test_steps_follow_one_another_to_the_last_event() -> None:
    assert measure(ANSWER).steps == (
        Band("thought", 210 * MS, 990 * MS),
        Band("model_output", 1200 * MS, 301 * MS),
    )


def test_a_stream_that_fell_silent_and_was_cut_has_stalled() -> None:
    cut = ANSWER[:5]
    over = 1250 * MS + STALL_NS + MS
    figures = measure(cut, close=closed(over // MS))
    assert figures.stalls == (Stall(5, 1250 * MS, STALL_NS + MS),)
    assert figures.stalled_ns == STALL_NS + MS


def test_silence_after_the_terminal_event_is_no_stall() -> None:
    figures = measure(ANSWER, close=closed(60_000))
    assert (figures.stalls, figures.stalled_ns) == ((), 0)


def test_the_limit_of_a_stall_is_the_callers() -> None:
    meter, _ = feed(ANSWER)
    figures = meter.figures(Surroundings(), stall_limit_ns=140 * MS)
    assert figures.stalls == (Stall(2, 210 * MS, 990 * MS), Stall(6, 1300 * MS, 150 * MS))
    assert figures.stalled_ns == 1140 * MS


def test_what_a_recording_without_times_cannot_tell_is_none_and_never_zero() -> None:
    figures = measure([(None, data) for _, data in ANSWER])
    unknown = (
        *(figures.time_to_first_byte_ns, figures.time_to_first_event_ns, figures.time_to_first_text_ns),
        *(figures.duration_ns, figures.time_between_tokens_ns, figures.time_between_events_ns),
        *(figures.stalls, figures.stalled_ns, figures.steps),
    )
    assert unknown == (None,) * len(unknown)
    assert (figures.events, figures.text_events, figures.usage.output_tokens) == (len(ANSWER), 4, 31)


def test_a_stream_of_another_api_has_the_measures_that_need_no_meaning() -> None:
    figures = measure([(5, b"data: {}\n\n"), (9, b"data: hello\n\n")], t_begin_ns=0)
    assert figures.events_by_type == {"message": Share(2, 23)}
    assert figures.time_to_first_event_ns == 5 * MS
    assert figures.time_between_events_ns is not None
    assert figures.time_between_events_ns.max == 4 * MS
    assert (figures.time_to_first_text_ns, figures.time_between_tokens_ns, figures.model) == (
        None,
        None,
        None,
    )


def test_an_exchange_without_events_has_no_measures_of_them() -> None:
    figures = Meter().figures(Surroundings(body_size_bytes=40, t_begin_ns=1, t_response_ns=4))
    assert (figures.events, figures.bytes, figures.other_bytes, figures.stalls) == (0, 40, 40, None)
    assert figures.time_to_first_byte_ns == 3


def test_usage_that_is_no_number_is_not_known() -> None:
    odd = {
        "total_output_tokens": "31",
        "total_input_tokens": True,
        "output_tokens_by_modality": [7, {"tokens": 1}],
    }
    figures = measure([(1, wire("interaction.completed", interaction={"usage": odd, "model": 7}))])
    assert figures.usage.output_tokens is figures.usage.input_tokens is figures.usage.text_tokens is None
    assert figures.model is None


def test_many_exchanges_are_spread_and_their_gaps_are_pooled() -> None:
    pool = Pool()
    for begin_ms in (0, 50, 100):
        meter, size_bytes = feed(ANSWER)
        pool.add(meter, meter.figures(Surroundings(size_bytes, t_begin_ns=begin_ms * MS)))
    meter, size_bytes = feed([(None, DONE)])
    pool.add(meter, meter.figures(Surroundings(size_bytes)))
    total = pool.total()
    assert (total.exchanges, total.events) == (4, 3 * len(ANSWER) + 1)
    assert total.events_by_type["done"].events == 4
    assert total.time_to_first_text_ns is not None
    assert total.time_between_tokens_ns is not None
    first_text = total.time_to_first_text_ns
    assert (first_text.count, first_text.p50, first_text.p95) == (3, 1200 * MS, 1250 * MS)
    assert (total.time_between_tokens_ns.count, total.time_between_tokens_ns.tied) == (9, 3)
    assert total.time_to_first_byte_ns is None
    assert (total.stalls, total.stalled_ns) == (0, 0)


def test_exchanges_without_times_have_no_stalls_to_add_up() -> None:
    pool, (meter, size_bytes) = Pool(), feed([(None, DONE)])
    pool.add(meter, meter.figures(Surroundings(size_bytes)))
    assert (pool.total().stalls, pool.total().stalled_ns) == (None, None)


@given(
    st.lists(st.integers(0, 10**12) | st.integers(0, 3), min_size=1, max_size=200),
    st.sampled_from([1, 50, 95, 100]),
)
def test_a_percentile_is_the_smallest_value_that_enough_values_do_not_exceed(
    values: list[int], percent: int
) -> None:
    found = percentile(sorted(values), percent)
    assert [found] == percentiles(array("q", values), percent)
    assert found in values
    assert sum(value <= found for value in values) * 100 >= percent * len(values)
    assert sum(value < found for value in values) * 100 < percent * len(values)


@given(st.lists(st.integers(0, 10**12)))
def test_each_gap_is_in_the_one_bucket_that_holds_it(values: list[int]) -> None:
    found = gaps(array("q", values))
    if found is None:
        assert not values
        return
    borders = (-1, *BOUNDS_NS, 10**13)
    expected = [sum(low < value <= high for value in values) for low, high in pairwise(borders)]
    assert list(found.histogram) == expected


def test_nothing_known_is_no_spread() -> None:
    assert spread([None, None]) is None
    assert gaps([]) is None


@needs_shared
@pytest.mark.parametrize(
    "name", ["steps-basic", "legacy-basic", "rig-streaming_interaction", "incomplete-k9"]
)
def test_recorded_streams_of_both_revisions_are_measured(name: str) -> None:
    body = (SHARED / "streams" / f"{name}.sse").read_bytes()
    figures = measure([(0, body)])
    usage = figures.usage
    assert figures.events > 4
    assert figures.other_bytes >= 0
    assert usage.input_tokens is not None
    assert usage.output_tokens is not None
    assert usage.thought_tokens is not None
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens + usage.thought_tokens
    assert bool(figures.text_events) == bool(usage.output_tokens)
