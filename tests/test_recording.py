"""Reading a recording by parts: one event, a range, a moment."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import sserec
from sserec.archive import ArchiveWriter, Meta, finalise
from sserec.recording import Exchange, Recording
from sserec.records import Close, Closer, Manner, Request, Response
from sserec.sse import Event

EVENTS = 5_000
MILLISECOND = 1_000_000
STREAM = Response(200, "OK", "1.1", (("content-type", "text/event-stream"),))


def token(number: int) -> bytes:
    """Every hundredth event brings an id of its own."""
    own_id = b"id: %d\n" % number if number % 100 == 0 else b""
    return own_id + b'event: step.delta\ndata: {"index":0,"delta":{"text":"t%d ","type":"text"}}\n\n' % number


def write_archive(path: Path) -> None:
    with ArchiveWriter(path, meta=Meta(anchor_unix_ns=0)) as writer:
        number = writer.open_exchange(Request("POST", "https://api.example/v1/interactions", "1.1"), 0)
        writer.response(number, STREAM, 0)
        for event in range(EVENTS):
            writer.chunk(number, token(event), event * MILLISECOND)
        writer.close_exchange(number, Close(EVENTS * MILLISECOND, Closer.UPSTREAM, Manner.END, True))
    finalise(path)


@pytest.fixture(scope="module", params=["archive", "plain text"])
def exchange(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    path = tmp_path_factory.mktemp("recording") / "long"
    if request.param == "archive":
        write_archive(path)
    else:
        path.write_bytes(b"".join(map(token, range(EVENTS))))
    with sserec.open(path) as recording:
        yield recording.exchanges[0]


def all_events(exchange: Exchange) -> list[Event]:
    return [recorded.event for recorded in exchange.events()]


@pytest.mark.parametrize("number", [1, 2, 100, 101, 102, 2500, EVENTS])
def test_one_event_is_what_the_whole_pass_gives_its_id_in_force_included(
    exchange: Exchange, number: int
) -> None:
    assert exchange.event(number) == all_events(exchange)[number - 1]


@pytest.mark.parametrize(
    ("start", "stop"), [(0, 3), (99, 102), (1234, 4321), (EVENTS - 2, EVENTS + 5), (7, 7)]
)
def test_a_range_of_events_is_a_slice_of_the_whole_pass(exchange: Exchange, start: int, stop: int) -> None:
    assert list(exchange.events_between(start, stop)) == all_events(exchange)[start:stop]


@pytest.mark.parametrize("number", [0, -1, EVENTS + 1])
def test_an_event_that_is_not_there_is_an_index_error(exchange: Exchange, number: int) -> None:
    with pytest.raises(IndexError, match="only 5000"):
        exchange.event(number)


@pytest.mark.parametrize("count", [EVENTS, 1, 2500, 4999])
def test_history_goes_both_ways(exchange: Exchange, count: int) -> None:
    interaction = exchange.history.at(count).interaction
    assert interaction is not None
    assert interaction["steps"][0]["content"][0]["text"] == "".join(f"t{number} " for number in range(count))


def test_a_moment_is_after_the_events_that_had_come_by_then(tmp_path: Path) -> None:
    path = tmp_path / "timed.sse.zst"
    write_archive(path)
    with Recording.open(str(path)) as recording:
        exchange = recording.exchanges[0]
        assert exchange.interaction_at(-1).event_count == 0
        assert exchange.interaction_at(0).event_count == 1
        assert exchange.interaction_at(7 * MILLISECOND - 1).event_count == 7
        assert exchange.interaction_at(7 * MILLISECOND).event_count == 8
        assert exchange.interaction_at(10 * EVENTS * MILLISECOND).event_count == EVENTS


def test_exchanges_are_a_sequence() -> None:
    samples = Path(__file__).parent.parent / "samples"
    with sserec.open(samples / "function-calling.sse.zst") as recording:
        assert [exchange.number for exchange in recording.exchanges] == [1, 2]
        assert recording.exchanges[-1].number == 2
        assert [exchange.number for exchange in recording.exchanges[:1]] == [1]
