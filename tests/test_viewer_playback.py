"""Playing at any speed, by a clock that jumps."""

from array import array
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sserec.tui.model.playback import Playback, Schedule
from viewer_support import MS, S

TIMES = array("Q", [1 * S, 2 * S, 2 * S, 22 * S, 23 * S])
"""A silence of 20 s between the third and the fourth."""


def test_events_come_when_they_came() -> None:
    player = Playback(TIMES)
    player.seek(0, 1 * S)
    player.play(100 * S)
    assert player.count(100 * S) == 1
    assert player.count(101 * S - 1) == 1
    assert player.count(101 * S) == 3, "two in one instant come together"
    assert player.t_ns(105 * S) == 6 * S
    assert player.count(121 * S) == 4
    assert player.t_ns(1000 * S) == 23 * S, "it ends with the last event"
    assert player.is_over(1000 * S)


def test_a_player_that_pauses_stays_where_it_is() -> None:
    player = Playback(TIMES)
    player.seek(0, 1 * S)
    player.play(0)
    player.pause(3 * S)
    assert not player.is_playing
    assert player.t_ns(50 * S) == 4 * S
    player.play(60 * S)
    assert player.t_ns(61 * S) == 5 * S


def test_another_speed_counts_from_where_it_is() -> None:
    player = Playback(TIMES, speed=2)
    player.seek(0, 1 * S)
    player.play(0)
    assert player.t_ns(2 * S) == 5 * S
    player.set_speed(2 * S, 0.5)
    assert player.t_ns(2 * S) == 5 * S
    assert player.t_ns(4 * S) == 6 * S


def test_a_silence_is_cut_to_the_cap_and_then_it_jumps() -> None:
    player = Playback(TIMES, idle_ns=3 * S)
    player.seek(0, 1 * S)
    player.play(0)
    assert player.t_ns(3 * S) == 4 * S
    assert player.count(4 * S - 1) == 3
    assert player.t_ns(4 * S) == 22 * S
    assert player.count(4 * S) == 4
    assert player.count(5 * S) == 5


def test_a_cap_may_come_and_go_in_the_middle_of_a_silence() -> None:
    player = Playback(TIMES)
    player.seek(0, 10 * S)
    player.play(0)
    player.set_idle(0, 3 * S)
    assert player.t_ns(0) == 22 * S, "all that is left of the silence lies behind the cap"
    player.seek(0, 3 * S)
    player.set_idle(0, None)
    assert player.t_ns(1 * S) == 4 * S


def test_it_tells_how_long_to_wait_for_the_next_event() -> None:
    player = Playback(TIMES, speed=4, idle_ns=2 * S)
    player.seek(0, 1 * S)
    assert player.due_ns(0) is None, "nothing comes while it is paused"
    player.play(0)
    assert player.due_ns(0) == 250 * MS
    assert player.due_ns(250 * MS) == 500 * MS
    assert player.count(250 * MS + 500 * MS) == 4
    assert player.due_ns(1000 * MS) is None


def test_play_at_the_end_begins_anew() -> None:
    player = Playback(TIMES)
    player.seek(0, 23 * S)
    player.play(5 * S)
    assert player.is_playing
    assert player.t_ns(5 * S) == 1 * S


def test_without_times_there_is_nothing_to_play() -> None:
    player = Playback(array("Q"))
    player.play(0)
    assert not player.can_play
    assert not player.is_playing
    assert (player.count(5), player.t_ns(5), player.due_ns(5)) == (0, 0, None)


def test_a_stream_that_grows_is_played_on() -> None:
    times = array("Q", [1 * S])
    player = Playback(times, idle_ns=1 * S)
    player.seek(0, 1 * S)
    times.extend([2 * S, 50 * S])
    player.play(0)
    assert player.count(1 * S) == 2
    assert player.count(2 * S) == 3


@pytest.mark.parametrize("now_ns", [0, 10**18])
def test_a_player_on_its_first_event_has_played_it(now_ns: int) -> None:
    assert Playback(TIMES).count(now_ns) == 1


Gaps = st.lists(st.integers(0, 50), min_size=1, max_size=20)


@given(Gaps, st.integers(0, 20), st.integers(0, 1000))
def test_what_is_played_up_to_a_moment_comes_back_to_it(
    gaps: list[int], idle_ns: int, played_ns: int
) -> None:
    times, t_ns = array("Q"), 0
    for gap in gaps:
        t_ns += gap
        times.append(t_ns)
    schedule = Schedule(times, idle_ns)
    t_ns = schedule.t_ns(played_ns)
    assert schedule.played_ns(t_ns) == played_ns or times[0] > t_ns
    assert schedule.t_ns(schedule.played_ns(t_ns)) == t_ns


@given(Gaps, st.integers(1, 20))
def test_no_silence_is_longer_than_the_cap_and_no_event_is_passed_over(gaps: list[int], idle_ns: int) -> None:
    times, t_ns = array("Q"), 0
    for gap in gaps:
        t_ns += gap
        times.append(t_ns)
    schedule = Schedule(times, idle_ns)
    played = [schedule.played_ns(t_ns) for t_ns in times]
    expected = [min(gap, idle_ns) for gap in gaps[1:]]
    assert [after - before for before, after in pairwise(played)] == expected
