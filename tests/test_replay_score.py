"""Times of a performance, without any time passing."""

import asyncio
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay_support import EVENT_STREAM
from sserec.records import Close, Closer, Ending, Manner, Response
from sserec.replay.asked import Question
from sserec.replay.clock import JumpingClock
from sserec.replay.performance import TOGETHER_BYTES, Performer, perform
from sserec.replay.programme import Programme
from sserec.replay.repertoire import Repertoire
from sserec.replay.score import INSTANT, ORIGINAL, Cue, Finale, Head, Moment, Pace, finale
from sserec.replay.takes import scripted

HEAD = Head(Response(200, "OK", "HTTP/1.1", EVENT_STREAM))
MINUTE_NS = 60 * 1_000_000_000

times = st.lists(st.integers(0, 10**13), min_size=1, max_size=20).map(sorted)


def score(t_ns: Sequence[int]) -> Iterator[Moment]:
    return (Moment(t, b"%d" % t) for t in t_ns)


@given(times)
def test_the_original_pace_changes_nothing(t_ns: list[int]) -> None:
    assert [moment.t_ns for moment in ORIGINAL.of(score(t_ns))] == t_ns


@given(times)
def test_instantly_everything_is_due_at_once(t_ns: list[int]) -> None:
    assert {moment.t_ns for moment in INSTANT.of(score(t_ns))} == {0}


@given(times, st.floats(0.01, 1000), st.none() | st.integers(0, 10**12))
def test_no_pace_turns_time_back_or_changes_a_cue(t_ns: list[int], speed: float, limit: int | None) -> None:
    played = list(Pace(speed, limit).of(score(t_ns)))
    assert [moment.cue for moment in played] == [moment.cue for moment in score(t_ns)]
    assert [moment.t_ns for moment in played] == sorted(moment.t_ns for moment in played)


def test_speed_divides_and_the_limit_cuts_silence_before_it() -> None:
    played = Pace(speed=2, idle_limit_ns=100).of(score([50, 1050, 1150]))
    assert [moment.t_ns for moment in played] == [25, 75, 125]


@pytest.mark.parametrize(
    ("ending", "how", "expected"),
    [
        (Ending.COMPLETE, Manner.END, Finale.END),
        (Ending.CLIENT_CLOSED_AFTER_END, Manner.CLOSE, Finale.END),
        (Ending.CLIENT_CANCELLED, Manner.CLOSE, Finale.CUT),
        (Ending.UPSTREAM_CUT, Manner.CLOSE, Finale.CUT),
        (Ending.UPSTREAM_CUT, Manner.RAGGED, Finale.RAGGED),
        (Ending.UPSTREAM_CUT, Manner.FAULT, Finale.BROKEN),
        (Ending.UPSTREAM_RESET, Manner.RESET, Finale.RESET),
        (Ending.RECORDER_STOPPED, Manner.STOP, Finale.CUT),
    ],
)
def test_every_ending_has_a_finale(ending: Ending, how: Manner, expected: Finale) -> None:
    assert finale(ending, Close(0, Closer.UPSTREAM, how, False)) is expected


def test_a_killed_recorder_leaves_a_cut_stream() -> None:
    assert finale(Ending.RECORDER_KILLED, None) is Finale.CUT


class Notes:
    """A stage that notes what was played, and when."""

    def __init__(self, clock: JumpingClock) -> None:
        self.played: list[tuple[int, list[Cue]]] = []
        self._clock = clock

    def play(self, cues: Sequence[Cue]) -> None:
        if cues:
            self.played.append((self._clock.now_ns(), list(cues)))

    async def ready(self) -> None: ...


def performed(moments: list[Moment]) -> list[tuple[int, list[Cue]]]:
    clock = JumpingClock()
    stage = Notes(clock)
    asyncio.run(perform(iter(moments), stage, clock, 0))
    return stage.played


def test_ten_minutes_are_performed_in_no_time_at_their_times() -> None:
    moments = [
        Moment(0, HEAD),
        *(Moment(MINUTE_NS * n, b"x") for n in range(1, 11)),
        Moment(MINUTE_NS * 11, Finale.END),
    ]
    assert performed(moments) == [(moment.t_ns, [moment.cue]) for moment in moments]


def test_times_count_from_when_the_request_reached_this_machine() -> None:
    clock = JumpingClock()
    clock.wait_until(100)
    chunks = [(2, b"a"), (30, b"b"), (60, b"c")]
    take = scripted("POST", "/x", HEAD.response, chunks, Ending.COMPLETE)
    stage = Notes(clock)
    performer = Performer(Programme(Repertoire([take])), clock)
    asyncio.run(performer.answer(Question("POST", "/x", (), b""), stage, waited_ns=40))
    assert [t_ns for t_ns, _ in stage.played] == [100, 120]
    assert [cue for _, cues in stage.played for cue in cues] == [HEAD, b"a", b"b", b"c", Finale.END]


def test_what_is_due_at_once_is_sent_at_once_in_its_pieces() -> None:
    moments = [Moment(0, HEAD), Moment(0, b"a"), Moment(0, b"b"), Moment(5, b"c"), Moment(5, Finale.CUT)]
    assert performed(moments) == [(0, [HEAD, b"a", b"b"]), (5, [b"c", Finale.CUT])]


def test_a_large_body_is_not_gathered_before_it_is_sent() -> None:
    piece = bytes(TOGETHER_BYTES)
    assert [cues for _, cues in performed([Moment(0, piece)] * 3)] == [[piece]] * 3
