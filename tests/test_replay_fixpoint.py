"""record(replay(x)) == x: what the real recorder hears of a replay is what stands in the recording."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from replay_support import COMPLETE, CREATED, DONE, EVENT_STREAM, MILLISECOND, Ear, Kept, delta, recording
from shared_data import SHARED, needs_shared
from sserec.authority import Authority
from sserec.recording import Exchange, Recording
from sserec.records import Closer, Ending, Manner, Response
from sserec.replay.fields import FRAMING_FIELDS
from sserec.replay.score import ORIGINAL

ENDS = {
    Ending.COMPLETE: COMPLETE,
    Ending.UPSTREAM_CUT: (Closer.UPSTREAM, Manner.CLOSE, False),
    Ending.UPSTREAM_RESET: (Closer.UPSTREAM, Manner.RESET, False),
}
ODD_CUTS = [Manner.RAGGED, Manner.FAULT]
TLS_RECORD_BYTES = 16 * 1024
LATE_NS = 5 * MILLISECOND
"""Of a machine that runs tests on every core; tests/benchmarks/bench_replay.py measures an idle one."""
MOST_PLAYS = 20


@pytest.fixture
def ear(tmp_path: Path, own_authority: Authority) -> Ear:
    return Ear(tmp_path, own_authority)


def facts(exchange: Exchange) -> object:
    """What has to be the same."""
    response = exchange.response
    headers = (
        [field for field in response.headers if field[0].lower() not in FRAMING_FIELDS] if response else []
    )
    close = exchange.close
    return (
        (response.status, response.reason, headers) if response else None,
        [chunk.data for chunk in exchange.chunks()],
        exchange.ending,
        close and (close.by, close.framing_complete, close.trailers),
        [recorded.event for recorded in exchange.events()],
    )


def assert_fixpoint(ear: Ear, *exchanges: Kept) -> None:
    original = recording(ear.folder / "x.sse.zst", *exchanges)
    again = ear.record_again(original)
    with Recording.open(str(original)) as first, Recording.open(str(again)) as second:
        assert [facts(exchange) for exchange in second.exchanges] == [
            facts(exchange) for exchange in first.exchanges
        ]


chunk_data = st.one_of(
    st.binary(min_size=1, max_size=40),
    st.sampled_from([CREATED, DONE, delta(1), b"data: \xc3", b"\xa9\r", b"\n\r\n", b"0\r\n\r\n", b"\n"]),
    st.integers(TLS_RECORD_BYTES - 20, TLS_RECORD_BYTES).map(lambda size: b"x" * size),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    chunks=st.lists(st.tuples(st.integers(0, 10**10), chunk_data), max_size=12),
    end=st.sampled_from(list(ENDS.values())),
)
def test_bytes_borders_and_ends_are_a_fixpoint(
    ear: Ear, chunks: list[tuple[int, bytes]], end: tuple[Closer, Manner, bool]
) -> None:
    assert_fixpoint(ear, Kept(sorted(chunks, key=lambda chunk: chunk[0]), close=end))


@pytest.mark.parametrize("how", ODD_CUTS)
def test_a_cut_is_cut_in_the_manner_in_which_it_was(ear: Ear, how: Manner) -> None:
    original = recording(ear.folder / "x.sse.zst", Kept(close=(Closer.UPSTREAM, how, False)))
    with Recording.open(str(ear.record_again(original))) as again:
        exchange, *_ = again.exchanges
        assert exchange.close
        assert (exchange.close.by, exchange.close.how) == (Closer.UPSTREAM, how)


@pytest.mark.parametrize("ending", [Ending.UPSTREAM_CUT, Ending.UPSTREAM_RESET])
def test_a_connection_that_ended_before_an_answer_does_so_again(ear: Ear, ending: Ending) -> None:
    assert_fixpoint(ear, Kept(response=None, close=ENDS[ending]))


@pytest.mark.parametrize("pieces", [[b"{}"], [b'{"error":', b"null", b"}"]], ids=["one piece", "several"])
@pytest.mark.parametrize("ending", ENDS)
def test_a_length_that_was_announced_is_announced_again(
    ear: Ear, pieces: list[bytes], ending: Ending
) -> None:
    size_bytes = len(b"".join(pieces)) + (0 if ending.is_clean else 100)
    headers = (("content-type", "application/json"), ("content-length", str(size_bytes)))
    response = Response(429, "Too Many Requests", "HTTP/1.1", headers)
    answer = Kept(list(enumerate(pieces)), response=response, close=ENDS[ending])
    assert_fixpoint(ear, answer)
    with Recording.open(str(ear.folder / "again-x.sse.zst")) as again:
        (exchange,) = again.exchanges
        assert exchange.response
        assert exchange.response.header("content-length") == str(size_bytes)


def test_trailers_come_after_the_body_again(ear: Ear) -> None:
    headers = (*EVENT_STREAM, ("Trailer", "Server-Timing"))
    trailers = (("Server-Timing", "db;dur=53"), ("grpc-status", "0"))
    assert_fixpoint(ear, Kept(response=Response(200, "OK", "HTTP/1.1", headers), trailers=trailers))


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_a_body_has_none(ear: Ear, status: int) -> None:
    assert_fixpoint(ear, Kept([], response=Response(status, "", "HTTP/1.1", EVENT_STREAM)))


def test_several_exchanges_are_a_fixpoint_together(ear: Ear) -> None:
    first, retried = Kept(response=Response(503, "Service Unavailable", "HTTP/1.1", ())), Kept()
    second = Kept([(0, CREATED), (0, delta(1))], body=b'{"input":"again"}', close=ENDS[Ending.UPSTREAM_CUT])
    assert_fixpoint(ear, first, retried, second)


def test_a_stream_whose_client_hung_up_after_the_end_is_served_whole(ear: Ear) -> None:
    kept = Kept(close=(Closer.CLIENT, Manner.CLOSE, False))
    original = recording(ear.folder / "x.sse.zst", kept)
    with Recording.open(str(original)) as first, Recording.open(str(ear.record_again(original))) as second:
        assert [exchange.ending for exchange in first.exchanges] == [Ending.CLIENT_CLOSED_AFTER_END]
        assert [exchange.ending for exchange in second.exchanges] == [Ending.COMPLETE]
        assert [exchange.body() for exchange in second.exchanges] == [kept.data]


def test_a_client_that_cancels_is_given_time_to_cancel_again(ear: Ear) -> None:
    kept = Kept([(0, CREATED), (0, delta(1))], close=(Closer.CLIENT, Manner.CLOSE, False))
    again = ear.record_again(
        recording(ear.folder / "x.sse.zst", kept), leave_after=len(CREATED), pace=ORIGINAL
    )
    with Recording.open(str(again)) as second:
        (exchange,) = second.exchanges
        assert (exchange.body(), exchange.ending) == (kept.data, Ending.CLIENT_CANCELLED)


def late_ns(exchange: Exchange, played: Sequence[int]) -> list[int]:
    """How much later than it was played each moment was heard: head, pieces, end."""
    begin_ns, close = exchange.t_begin_ns, exchange.close
    assert begin_ns is not None
    assert close
    heard = [exchange.record.t_response_ns, *(chunk.t_ns for chunk in exchange.chunks()), close.t_ns]
    return [(h or 0) - begin_ns - p for h, p in zip(heard, played, strict=True)]


def test_times_are_a_fixpoint_within_milliseconds(ear: Ear) -> None:
    """A busy machine stands still now and then: each moment's best time counts, of as many plays as it takes."""
    chunks = [(MILLISECOND * 20 * number, delta(number)) for number in range(1, 9)]
    kept = Kept(chunks, t_head_ns=10 * MILLISECOND, t_close_ns=200 * MILLISECOND)
    played = [kept.t_head_ns, *(t_ns for t_ns, _ in chunks), kept.t_close_ns]
    original = recording(ear.folder / "x.sse.zst", *[kept] * 6)
    best = [LATE_NS] * len(played)
    for _ in range(MOST_PLAYS):
        with Recording.open(str(ear.record_again(original, pace=ORIGINAL))) as again:
            late = [late_ns(exchange, played) for exchange in again.exchanges]
        best = [min(moments) for moments in zip(best, *late, strict=True)]
        assert min(best) >= 0, "nothing comes before its time"
        if max(best) < LATE_NS:
            return
    pytest.fail(f"late by {best}")


@needs_shared
def test_recorded_streams_are_a_fixpoint(ear: Ear) -> None:
    for path in sorted((SHARED / "streams").glob("*.sse")):
        body = path.read_bytes()
        chunks = [(number, body[at : at + 1000]) for number, at in enumerate(range(0, len(body), 1000))]
        assert_fixpoint(ear, Kept(chunks))
