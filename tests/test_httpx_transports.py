"""sserec.httpx: clients of httpx and httpx2, sync and async, on a recording and into one."""

import asyncio
import gc
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import httpx2
import pytest
import trio

from replay_support import (
    CREATED,
    DONE,
    MILLISECOND,
    QUESTION,
    URL,
    Kept,
    delta,
    recording,
)
from shared_data import SHARED, needs_shared
from sserec.archive import verify
from sserec.errors import RecordingError, UsageError
from sserec.httpx import RecordingTransport, ReplayTransport
from sserec.recording import Recording
from sserec.records import Closer, Ending, Manner, Response
from sserec.replay.clock import JumpingClock
from sserec.replay.score import ORIGINAL
from upstream import Upstream
from upstream_script import Finish, json_response, stream

HOUR_NS = 3600 * 1_000_000_000
STREAM = Kept([(0, CREATED), (HOUR_NS, delta(1)), (2 * HOUR_NS, DONE)], t_close_ns=3 * HOUR_NS)
JSON = (("content-type", "application/json"), ("content-length", "2"))

Got = tuple[int, list[bytes], str | None]
"""Status, the body's pieces, and the error that ended them."""
Ask = Callable[..., Got]
Run = Callable[[Callable[[], Coroutine[Any, Any, None]]], None]


def ask_sync(library: Any, transport: Any, url: str = URL, body: bytes = QUESTION, **options: Any) -> Got:
    pieces: list[bytes] = []
    with library.Client(transport=transport, **options) as client:
        try:
            with client.stream("POST", url, content=body) as response:
                pieces += response.iter_raw()
                return response.status_code, pieces, None
        except library.HTTPError as error:
            return 0, pieces, type(error).__name__


def ask_async(library: Any, transport: Any, url: str = URL, body: bytes = QUESTION, **options: Any) -> Got:
    return asyncio.run(asking(library, transport, url, body, **options))


def ask_on_trio(library: Any, transport: Any, url: str = URL, body: bytes = QUESTION, **options: Any) -> Got:
    return trio.run(lambda: asking(library, transport, url, body, **options))


async def asking(library: Any, transport: Any, url: str, body: bytes, **options: Any) -> Got:
    pieces: list[bytes] = []

    async with library.AsyncClient(transport=transport, **options) as client:
        try:
            async with client.stream("POST", url, content=body) as response:
                async for piece in response.aiter_raw():
                    pieces.append(piece)  # noqa: PERF401 - what came before an error counts
                return response.status_code, pieces, None
        except library.HTTPError as error:
            return 0, pieces, type(error).__name__


def asyncio_run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(work())


@pytest.fixture(params=[ask_sync, ask_async, ask_on_trio], ids=["sync", "asyncio", "trio"])
def ask(request: pytest.FixtureRequest) -> Ask:
    asked: Ask = request.param
    return asked


@pytest.fixture(params=[httpx, httpx2], ids=["httpx", "httpx2"])
def library(request: pytest.FixtureRequest) -> ModuleType:
    module: ModuleType = request.param
    return module


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return recording(tmp_path / "x.sse.zst", STREAM)


def test_three_hours_are_replayed_in_their_pieces_and_in_no_time(
    file: Path, library: ModuleType, ask: Ask
) -> None:
    begin_s = time.monotonic()
    transport = ReplayTransport(file)
    assert ask(library, transport) == (200, [CREATED, delta(1), DONE], None)
    assert (transport.unused, transport.misses) == ([], [])
    assert time.monotonic() - begin_s < 60


def test_at_the_original_pace_the_clock_that_is_given_passes(
    file: Path, library: ModuleType, ask: Ask
) -> None:
    clock = JumpingClock()
    ask(library, ReplayTransport(file, pace=ORIGINAL, clock=clock), timeout=None)
    assert clock.now_ns() == 3 * HOUR_NS


def test_a_client_without_patience_meets_its_timeout(file: Path, library: ModuleType, ask: Ask) -> None:
    clock = JumpingClock()
    transport = ReplayTransport(file, pace=ORIGINAL, clock=clock)
    assert ask(library, transport, timeout=60) == (0, [CREATED], "ReadTimeout")
    assert clock.now_ns() == HOUR_NS // 60


@pytest.mark.parametrize(
    ("end", "error"),
    [
        ((Closer.UPSTREAM, Manner.CLOSE, False), "RemoteProtocolError"),
        ((Closer.UPSTREAM, Manner.RAGGED, False), "RemoteProtocolError"),
        ((Closer.UPSTREAM, Manner.RESET, False), "ReadError"),
        ((Closer.CLIENT, Manner.CLOSE, False), "RemoteProtocolError"),
    ],
)
def test_a_bad_end_is_the_librarys_own_error(
    tmp_path: Path, library: ModuleType, ask: Ask, end: tuple[Closer, Manner, bool], error: str
) -> None:
    cut = recording(tmp_path / "x.sse.zst", Kept([(0, CREATED), (1, delta(1))], close=end))
    assert ask(library, ReplayTransport(cut)) == (0, [CREATED, delta(1)], error)


def test_a_connection_without_an_answer_is_an_error_of_the_request(
    tmp_path: Path, library: ModuleType, ask: Ask
) -> None:
    nothing = recording(
        tmp_path / "x.sse.zst", Kept(response=None, close=(Closer.UPSTREAM, Manner.CLOSE, False))
    )
    assert ask(library, ReplayTransport(nothing)) == (0, [], "RemoteProtocolError")


def test_a_request_that_nothing_answers_is_a_404_that_is_kept(
    file: Path, library: ModuleType, ask: Ask
) -> None:
    transport = ReplayTransport(file)
    status, (body,), _ = ask(library, transport, body=b'{"model":"other"}')
    assert status == 404
    assert b"differs in body.model, body.input, body.stream" in body
    assert [miss.asked.name for miss in transport.misses] == ["POST /v1/interactions"]
    assert [take.name for take in transport.unused] == ["exchange 1"]


def test_another_server_is_not_answered(file: Path, library: ModuleType, ask: Ask) -> None:
    assert ask(library, ReplayTransport(file), "https://api.example/v1/interactions")[0] == 404


def test_an_error_answer_has_its_length(tmp_path: Path, library: ModuleType) -> None:
    refusal = Kept([(0, b"{}")], response=Response(429, "Slow Down", "HTTP/1.1", JSON))
    with library.Client(transport=ReplayTransport(recording(tmp_path / "x.sse.zst", refusal))) as client:
        got = client.post(URL, content=QUESTION)
    assert (got.status_code, got.reason_phrase, got.headers["content-length"], got.json()) == (
        429, "Slow Down", "2", {},
    )  # fmt: skip


def test_a_fault_is_played(file: Path, library: ModuleType, ask: Ask) -> None:
    assert ask(library, ReplayTransport(file, faults=["cut@event:1"])) == (
        0,
        [CREATED],
        "RemoteProtocolError",
    )
    assert ask(library, ReplayTransport(file, faults=["status:503"]))[0] == 503


def test_a_stall_is_a_timeout_at_once(file: Path, library: ModuleType, ask: Ask) -> None:
    got = ask(library, ReplayTransport(file, faults=["stall@event:1"]), timeout=600)
    assert got == (0, [CREATED], "ReadTimeout")


def test_an_unknown_fault_is_refused(file: Path) -> None:
    with pytest.raises(UsageError, match="wibble is no fault"):
        ReplayTransport(file, faults=["wibble"])


def test_a_fault_that_no_stream_reaches_is_refused(file: Path) -> None:
    with pytest.raises(
        UsageError, match="cut@event:99 breaks nothing: no recorded stream has so many events"
    ):
        ReplayTransport(file, faults=["cut@event:99"])


def test_a_client_may_leave_in_the_middle(file: Path, library: ModuleType) -> None:
    with library.Client(transport=ReplayTransport(file)) as client:
        for _ in range(2):
            with client.stream("POST", URL, content=QUESTION) as response:
                assert next(response.iter_raw()) == CREATED


@pytest.mark.parametrize("run", [asyncio_run, trio.run], ids=["asyncio", "trio"])
def test_an_async_client_that_leaves_finds_nothing_left_open(file: Path, tmp_path: Path, run: Run) -> None:
    """On httpx2: httpx itself leaves a generator to the garbage collector, and trio complains of those."""

    async def leave() -> None:
        transport: Any = RecordingTransport(tmp_path / "again.sse.zst", ReplayTransport(file))
        async with (
            httpx2.AsyncClient(transport=transport) as client,
            client.stream("POST", URL, content=QUESTION) as response,
            aclosing(response.aiter_raw()) as pieces,
        ):
            assert await anext(pieces) == CREATED

    async def leave_and_collect() -> None:
        await leave()
        gc.collect()

    run(leave_and_collect)
    with Recording.open(str(tmp_path / "again.sse.zst")) as recorded:
        assert [exchange.ending for exchange in recorded.exchanges] == [Ending.CLIENT_CANCELLED]


GENAI = """
import asyncio, sys
import {library}
from google import genai
from sserec.httpx import ReplayTransport

def refuse(event, arguments):
    assert event not in ("socket.connect", "socket.getaddrinfo"), event
sys.addaudithook(refuse)

question = dict(model="m", input="hello", stream=True)
http_options = genai.types.HttpOptions(
    httpx_client={library}.Client(transport=ReplayTransport(sys.argv[1])),
    httpx_async_client={library}.AsyncClient(transport=ReplayTransport(sys.argv[1])),
)
client = genai.Client(api_key="none", http_options=http_options)
print([event.event_type for event in client.interactions.create(**question)])

async def main():
    return [event.event_type async for event in await client.aio.interactions.create(**question)]

print(asyncio.run(main()))
"""


@needs_shared
@pytest.mark.parametrize("name", ["httpx", "httpx2"])
def test_google_genai_runs_on_a_recording_without_a_socket(tmp_path: Path, name: str) -> None:
    body = (SHARED / "streams" / "steps-basic.sse").read_bytes()
    file = recording(tmp_path / "x.sse.zst", Kept([(HOUR_NS, body)]))
    program = GENAI.format(library=name)
    got = subprocess.run([sys.executable, "-c", program, file], capture_output=True, text=True, timeout=60)
    assert got.returncode == 0, got.stderr
    sync, asynchronous = got.stdout.splitlines()
    assert sync == asynchronous
    assert "interaction.completed" in sync


class TestRecording:
    """RecordingTransport, against a real server."""

    BODY = b"data: 1\n\ndata: 2\n\nevent: done\ndata: [DONE]\n\n"

    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        return tmp_path / "r.sse.zst"

    @pytest.fixture
    def server(self, upstream: Upstream) -> Upstream:
        upstream.play("/s", stream(self.BODY, gap_s=0.01))
        return upstream

    def test_what_arrives_is_recorded_and_can_be_replayed(
        self, file: Path, server: Upstream, library: ModuleType, ask: Ask
    ) -> None:
        url = server.http + "/s?key=AIzaSyA-secret-of-somebody"
        got = ask(library, RecordingTransport(file), url)
        assert got == (200, [b"data: 1\n\n", b"data: 2\n\n", b"event: done\ndata: [DONE]\n\n"], None)
        assert verify(file).state == "final"
        with Recording.open(str(file)) as recorded:
            (exchange,) = recorded.exchanges
            assert exchange.request
            assert exchange.request.url == server.http + "/s?key=[REDACTED]"
            assert exchange.record.request_body() == QUESTION
            assert exchange.ending is Ending.COMPLETE
            assert recorded.meta
            (served,) = server.wait_for(1)
            zero_ns = recorded.meta.anchor_unix_ns - (time.time_ns() - time.monotonic_ns())
            for chunk, written in zip(exchange.chunks(), served.writes, strict=True):
                assert zero_ns + chunk.t_ns > written.t_ns - MILLISECOND, "none came before it was sent"
        assert ask(library, ReplayTransport(file), url) == got

    @pytest.mark.parametrize(
        ("finish", "ending"),
        [(Finish.CUT, Ending.UPSTREAM_CUT), (Finish.RESET, Ending.UPSTREAM_RESET)],
    )
    def test_a_bad_end_is_recorded_and_passed_on(
        self, file: Path, server: Upstream, library: ModuleType, ask: Ask, finish: Finish, ending: Ending
    ) -> None:
        server.play("/s", stream(self.BODY, gap_s=0.02, finish=finish))
        status, pieces, error = ask(library, RecordingTransport(file), server.http + "/s")
        assert error in ("RemoteProtocolError", "ReadError")
        with Recording.open(str(file)) as recorded:
            (exchange,) = recorded.exchanges
            assert (exchange.body(), exchange.ending) == (b"".join(pieces), ending)
        assert ask(library, ReplayTransport(file), server.http + "/s") == (status, pieces, error)

    def test_a_client_that_leaves_is_recorded_as_such(
        self, file: Path, server: Upstream, library: ModuleType
    ) -> None:
        with (
            library.Client(transport=RecordingTransport(file)) as client,
            client.stream("POST", server.http + "/s") as response,
        ):
            next(response.iter_raw())
        with Recording.open(str(file)) as recorded:
            assert [exchange.ending for exchange in recorded.exchanges] == [Ending.CLIENT_CANCELLED]

    def test_a_coded_body_is_recorded_decoded(
        self, file: Path, server: Upstream, library: ModuleType
    ) -> None:
        server.play("/s", stream(self.BODY, gap_s=0, coding="gzip"))
        with library.Client(transport=RecordingTransport(file)) as client:
            assert client.post(server.http + "/s").content == self.BODY
        with Recording.open(str(file)) as recorded:
            assert [exchange.body() for exchange in recorded.exchanges] == [self.BODY]

    def test_an_answer_that_is_no_stream_is_recorded(
        self, file: Path, server: Upstream, library: ModuleType, ask: Ask
    ) -> None:
        server.play("/s", json_response(400, b'{"error":{}}'))
        assert ask(library, RecordingTransport(file), server.http + "/s")[:2] == (400, [b'{"error":{}}'])
        with Recording.open(str(file)) as recorded:
            assert [exchange.response and exchange.response.status for exchange in recorded.exchanges] == [
                400
            ]

    def test_a_transport_of_the_callers_own_is_used(self, file: Path, library: ModuleType) -> None:
        wrapped = library.MockTransport(lambda request: library.Response(200, content=b"own"))
        assert ask_sync(library, RecordingTransport(file, wrapped)) == (200, [b"own"], None)

    def test_a_server_that_is_not_there_is_recorded_as_not_connected(
        self, file: Path, library: ModuleType, ask: Ask
    ) -> None:
        assert ask(library, RecordingTransport(file), "http://127.0.0.1:1/s") == (0, [], "ConnectError")
        with Recording.open(str(file)) as recorded:
            (exchange,) = recorded.exchanges
            assert (exchange.ending, exchange.response) == (Ending.NOT_CONNECTED, None)

    def test_a_client_that_is_never_closed_leaves_a_finished_file(self, file: Path, server: Upstream) -> None:
        server.play("/s", stream(self.BODY, gap_s=0))
        script = (
            "import httpx, os, sys; from sserec.httpx import RecordingTransport\n"
            "client = httpx.Client(transport=RecordingTransport(sys.argv[1]))\n"
            "client.post(sys.argv[2])\n"
            "if not os.fork(): sys.exit()\n"  # the child must leave the file alone
            "os.wait()\n"
            "client.post(sys.argv[2])\n"
        )
        subprocess.run([sys.executable, "-c", script, file, server.http + "/s"], check=True, timeout=60)
        with Recording.open(str(file)) as recorded:
            assert recorded.archive
            assert recorded.archive.state == "final"
            assert [exchange.body() for exchange in recorded.exchanges] == [self.BODY] * 2

    def test_without_a_request_no_file_is_left(self, file: Path) -> None:
        with RecordingTransport(file):
            assert file.exists()
        assert not file.exists()

    def test_a_file_that_exists_is_not_overwritten_unasked(self, file: Path) -> None:
        file.write_bytes(b"precious")
        with pytest.raises(RecordingError, match="exists already"):
            RecordingTransport(file)
        with RecordingTransport(file, overwrite=True):
            pass
