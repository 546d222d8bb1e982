"""The shape of a stream over time."""

from array import array
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sserec.timeline import STALL_NS, Band, Stall, bands, column, density, gaps_ns, heights, stalls

TIMES = st.lists(st.integers(0, 10**12), max_size=200).map(sorted)


def test_events_of_one_read_are_no_time_apart() -> None:
    assert list(gaps_ns([5, 5, 5, 9])) == [0, 0, 4]
    assert list(gaps_ns([])) == list(gaps_ns([7])) == []


def test_a_silence_is_a_stall_only_when_it_is_longer_than_the_limit() -> None:
    assert stalls([0, STALL_NS]) == []
    assert stalls([0, STALL_NS + 1]) == [Stall(after_event=1, t_ns=0, duration_ns=STALL_NS + 1)]


def test_silence_before_the_end_is_a_stall_of_a_stream_that_was_owed_more() -> None:
    assert stalls([3, 4], limit_ns=10, end_ns=15) == [Stall(after_event=2, t_ns=4, duration_ns=11)]
    assert stalls([3, 4], limit_ns=10, end_ns=14) == stalls([3, 4], limit_ns=10) == []


def test_waiting_for_the_first_event_is_no_stall() -> None:
    assert stalls([STALL_NS * 5]) == []
    assert stalls([], end_ns=STALL_NS * 5) == []


def test_each_step_lasts_until_the_next_begins() -> None:
    assert bands([(2, "thought"), (5, "model_output")], end_ns=9) == [
        Band("thought", 2, 3),
        Band("model_output", 5, 4),
    ]
    assert bands([], end_ns=9) == []


def test_a_stream_of_one_moment_is_one_column() -> None:
    assert density([7, 7], 7, 7, 4) == [2, 0, 0, 0]
    assert column(7, 7, 7, 4) == 0


def test_times_outside_fall_into_the_outermost_columns() -> None:
    assert [column(t_ns, 10, 20, 5) for t_ns in (0, 10, 19, 20, 99)] == [0, 0, 4, 4, 4]


@given(TIMES, st.integers(0, 10**12), st.integers(1, 10**12), st.integers(1, 90))
def test_density_counts_every_event_once_in_the_column_it_falls_in(
    times: list[int], start_ns: int, span_ns: int, width: int
) -> None:
    end_ns = start_ns + span_ns
    counted = Counter(column(t_ns, start_ns, end_ns, width) for t_ns in times)
    assert density(array("q", times), start_ns, end_ns, width) == [counted[place] for place in range(width)]


@given(TIMES, st.integers(0, 10**12))
def test_stalls_are_exactly_the_gaps_over_the_limit(times: list[int], limit_ns: int) -> None:
    found = stalls(times, limit_ns)
    assert [stall.duration_ns for stall in found] == [gap for gap in gaps_ns(times) if gap > limit_ns]
    for stall in found:
        assert times[stall.after_event - 1] == stall.t_ns
        assert times[stall.after_event] == stall.t_ns + stall.duration_ns


@pytest.mark.parametrize("top", [1, 8])
def test_only_an_empty_column_has_no_height(top: int) -> None:
    assert heights([], top) == []
    assert heights([0, 0], top) == [0, 0]
    assert heights([0, 1, 1000], top) == [0, 1, top]
