"""Faults: what each does to a score, that it does the same each time, and that clients meet it."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay_support import CREATED, DONE, EVENT_STREAM, delta
from sserec.errors import UsageError
from sserec.records import Response
from sserec.replay.faults import (
    BARE_ERROR,
    ERROR_EVENT,
    KINDS,
    STALL_NS,
    UNKNOWN_EVENT,
    Fault,
    parse,
    whole_events,
)
from sserec.replay.score import Epilogue, Finale, Head, Moment, Score
from sserec.sse import Decoder

HEAD = Head(Response(200, "OK", "HTTP/1.1", EVENT_STREAM), 1234)
EPILOGUE = Epilogue((("server-timing", "db"),))
EVENTS = [CREATED, delta(1), delta(2), DONE]
BODY = b"".join(EVENTS)


def score(body: bytes = BODY, borders: list[int] | None = None, end: Finale = Finale.END) -> Iterator[Moment]:
    """A stream whose pieces come a nanosecond after each other."""
    yield Moment(0, HEAD)
    cuts = [0, *sorted(borders or []), len(body)]
    t_ns = 0
    for t_ns, (start, stop) in enumerate(pairwise(cuts), start=1):
        if body[start:stop]:
            yield Moment(t_ns, body[start:stop])
    yield Moment(t_ns, EPILOGUE)
    yield Moment(t_ns, end)


def played(text: str, of: Score | None = None, seed: int = 0, request: int = 1) -> list[Moment]:
    return list(parse(text, seed).apply(of or score(), request))


def body_of(moments: list[Moment]) -> bytes:
    return b"".join(moment.cue for moment in moments if isinstance(moment.cue, bytes))


def pieces_of(moments: list[Moment]) -> list[bytes]:
    return [moment.cue for moment in moments if isinstance(moment.cue, bytes)]


def finale_of(moments: list[Moment]) -> object:
    return moments[-1].cue


borders = st.lists(st.integers(0, len(BODY)), max_size=8)


@given(borders)
def test_whole_events_lose_nothing_however_they_came(cuts: list[int]) -> None:
    assert pieces_of(list(whole_events(score(borders=cuts)))) == EVENTS


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=5))
def test_whole_events_keep_every_byte_of_anything(body: bytes, cuts: list[int]) -> None:
    assert body_of(list(whole_events(score(body, [cut for cut in cuts if cut < len(body)])))) == body


@pytest.mark.parametrize(
    ("name", "finale"), [("cut", Finale.CUT), ("reset", Finale.RESET), ("end", Finale.END)]
)
@pytest.mark.parametrize("count", [0, 1, 3, 4])
@given(cuts=borders)
def test_a_stream_ends_after_so_many_events(name: str, finale: Finale, count: int, cuts: list[int]) -> None:
    moments = played(f"{name}@event:{count}", score(borders=cuts))
    assert body_of(moments) == b"".join(EVENTS[:count])
    assert finale_of(moments) is finale


@given(st.integers(0, len(BODY)), borders)
def test_a_stream_is_cut_after_so_many_bytes(count: int, cuts: list[int]) -> None:
    moments = played(f"cut@byte:{count}", score(borders=cuts))
    assert body_of(moments) == BODY[:count]
    assert finale_of(moments) is Finale.CUT


def test_a_stream_that_is_over_before_its_fault_keeps_its_own_end() -> None:
    moments = played("cut@event:9", score(end=Finale.RESET))
    assert (body_of(moments), finale_of(moments)) == (BODY, Finale.RESET)


def test_a_stall_is_silence_and_no_end_that_a_client_would_wait_for() -> None:
    moments = played("stall@event:2")
    assert body_of(moments) == CREATED + delta(1)
    assert moments[-1].t_ns - moments[-2].t_ns == STALL_NS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("drop@event:2", [CREATED, delta(2), DONE]),
        ("duplicate@event:2", [CREATED, delta(1), delta(1), delta(2), DONE]),
        ("swap@event:2", [CREATED, delta(2), delta(1), DONE]),
        ("swap@event:4", EVENTS),
        ("unknown-event@event:2", [CREATED, delta(1), UNKNOWN_EVENT, delta(2), DONE]),
        ("drop@event:9", EVENTS),
    ],
)
def test_an_event_becomes_something_else_and_the_others_stay(text: str, expected: list[bytes]) -> None:
    moments = played(text)
    assert pieces_of(moments) == expected
    assert finale_of(moments) is Finale.END


def test_a_corrupt_event_lacks_one_byte_that_its_seed_chooses() -> None:
    variants = {body_of(played("corrupt@event:2", seed=seed)) for seed in range(20)}
    assert {len(body) for body in variants} == {len(BODY) - 1}
    assert len(variants) > 3
    assert all(body.startswith(CREATED) and body.endswith(delta(2) + DONE) for body in variants)


def test_what_has_no_json_cannot_be_corrupted() -> None:
    assert body_of(played("corrupt@event:1", score(b"data\n\n"))) == b"data\n\n"


@pytest.mark.parametrize(("text", "extra"), [("error-event", ERROR_EVENT), ("bare-error", BARE_ERROR)])
def test_an_error_ends_the_stream_in_order(text: str, extra: bytes) -> None:
    moments = played(f"{text}@event:2")
    assert body_of(moments) == CREATED + delta(1) + extra
    assert finale_of(moments) is Finale.END


def test_the_bare_error_is_no_event() -> None:
    assert Decoder().feed(BARE_ERROR) == []
    assert len(Decoder().feed(ERROR_EVENT) + Decoder().feed(UNKNOWN_EVENT)) == 2


@given(st.integers(1, 70), borders)
def test_pieces_of_any_size_are_the_same_body(size: int, cuts: list[int]) -> None:
    moments = played(f"rechunk:{size}", score(borders=cuts))
    assert body_of(moments) == BODY
    assert max(map(len, pieces_of(moments))) <= size


def test_every_byte_by_itself() -> None:
    assert pieces_of(played("rechunk")) == [bytes([byte]) for byte in BODY]


def test_every_split_in_two() -> None:
    for at in range(1, len(BODY)):
        assert pieces_of(played(f"split@byte:{at}")) == [BODY[:at], BODY[at:]]


def test_random_pieces_are_the_same_for_the_same_seed_only() -> None:
    first, again, other = (pieces_of(played("random-chunks:9", seed=seed)) for seed in (1, 1, 2))
    assert first == again != other
    assert b"".join(other) == BODY


def test_slow_is_half_an_event_at_a_time() -> None:
    moments = played("slow:10", score(borders=[len(CREATED)]))
    assert body_of(moments) == BODY
    assert moments[2].t_ns - moments[1].t_ns == 10_000_000
    assert [moment.t_ns for moment in moments] == sorted(moment.t_ns for moment in moments)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_status_takes_the_answers_place(status: int) -> None:
    head, *_ = played(f"status:{status}")
    assert isinstance(head.cue, Head)
    assert head.cue.response.status == status


def test_once_is_once() -> None:
    first, second = played("status-once"), played("status-once", request=2)
    assert isinstance(first[0].cue, Head)
    assert first[0].cue.response.status == 429
    assert body_of(second) == BODY


@pytest.mark.parametrize("text", ["drop@event:1", "rechunk", "cut@event:1"])
def test_a_length_that_does_not_hold_any_more_is_not_announced(text: str) -> None:
    head, *_ = played(text)
    assert isinstance(head.cue, Head)
    assert head.cue.size_bytes is None


places = {"event": "@event:2", "byte": "@byte:40", "either": "@event:2", None: ""}
EVERY = [f"{name}{':429' if name == 'status' else ''}{places[kind.place]}" for name, kind in KINDS.items()]


@pytest.mark.parametrize("text", EVERY)
@given(st.binary(max_size=100), borders, st.sampled_from(Finale))
def test_no_fault_breaks_the_rules_of_a_score(text: str, junk: bytes, cuts: list[int], end: Finale) -> None:
    moments = played(text, score(BODY[: len(junk) * 2] + junk, [cut for cut in cuts if cut < len(junk)], end))
    assert [moment.t_ns for moment in moments] == sorted(moment.t_ns for moment in moments)
    assert [isinstance(moment.cue, Head) for moment in moments] == [True] + [False] * (len(moments) - 1)
    assert [isinstance(moment.cue, Finale) for moment in moments] == [False] * (len(moments) - 1) + [True]
    assert EPILOGUE not in [moment.cue for moment in (*moments[:-2], moments[-1])]


@pytest.mark.parametrize("text", EVERY)
def test_a_fault_is_what_is_written(text: str) -> None:
    assert str(parse(text)) == text
    assert parse(str(parse(text, 7)), 7) == parse(text, 7)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("wibble", "wibble is no fault; there are rechunk, "),
        ("cut", "cut: say cut@event:N or cut@byte:N"),
        ("drop@byte:3", "drop@byte:3: say drop@event:N"),
        ("rechunk@event:3", "rechunk@event:3: say rechunk"),
        ("status", "status: say one of status:429, status:500, status:503"),
        ("cut@event:-1", "say cut@event:N or cut@byte:N"),
    ],
)
def test_a_word_that_is_no_fault_is_refused_with_the_words_that_are(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words.replace("[", r"\[")):
        parse(text)


def test_faults_can_be_combined() -> None:
    moments = list(parse("rechunk:1").apply(Fault("cut", None, "event", 1).apply(score())))
    assert pieces_of(moments) == [bytes([byte]) for byte in CREATED]
    assert finale_of(moments) is Finale.CUT
