"""The recorder writes what it is told, without secrets, and never makes anybody wait: what it drops it counts."""

import subprocess
import sys
import textwrap
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest

from sserec.archive import ArchiveReader, ArchiveWriter, Meta
from sserec.proxy.clock import Clock
from sserec.proxy.facts import Arrival, Side
from sserec.proxy.recorder import Recorder
from sserec.records import Chunk, Close, Closer, Connection, Manner, Request, Response
from sserec.redact import KEEP_SECRETS, REDACTED, SECRETS, Policy

CANARY = "Canary0123456789"
REQUEST = Request(
    "POST",
    f"https://h/v1?key={CANARY}",
    "HTTP/1.1",
    (("Authorization", f"Bearer {CANARY}"), ("Accept", "*/*")),
)
STREAM = Response(
    200, "OK", "HTTP/1.1", (("Content-Type", "text/event-stream"), ("Set-Cookie", f"a={CANARY}"))
)
END = Close(50, Closer.UPSTREAM, Manner.END, framing_complete=True, trailers=(("X-Token", CANARY),))


class Standing(ArchiveWriter):
    """A disk that stands still until it is let go: time under control, nothing else."""

    go: Event

    def chunk(
        self,
        exchange: int,
        data: bytes,
        t_ns: int,
        *,
        coded_size_bytes: int | None = None,
        t_kernel_ns: int | None = None,
    ) -> None:
        assert self.go.wait(60)
        super().chunk(exchange, data, t_ns, coded_size_bytes=coded_size_bytes, t_kernel_ns=t_kernel_ns)


@contextmanager
def recording(
    path: Path,
    kind: type[ArchiveWriter] = ArchiveWriter,
    policy: Policy = SECRETS,
    limit_bytes: int = 1 << 20,
) -> Iterator[tuple[Recorder, ArchiveWriter]]:
    with kind(path, meta=Meta(anchor_unix_ns=0)) as writer:
        recorder = Recorder(writer, Clock(), policy=policy, queue_limit_bytes=limit_bytes)
        yield recorder, writer
        assert recorder.close(timeout_s=60)


def coded(*names: str) -> Response:
    return Response(200, "OK", "HTTP/1.1", (("Content-Encoding", ", ".join(names)),))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "recording.sse.zst"


def test_an_exchange_is_read_back_as_it_was_told(path: Path) -> None:
    road = Connection(3, "192.0.2.1:443", 1, 2, 3, "TLSv1.3", "h2")
    with recording(path) as (recorder, _):
        exchange = recorder.open_exchange(REQUEST, road, 10)
        exchange.request_body(b'{"stream"')
        exchange.request_body(b":true}")
        exchange.request_sent(20)
        exchange.response(STREAM, 30)
        exchange.chunk(b"data: 1\n\n", Arrival(40, 39))
        exchange.chunk(b"data: 2\n\n", Arrival(41, None))
        exchange.close(END)
        opaque = recorder.open_opaque("https://pinned.example", "in --passthrough", 60)
        opaque.traffic(Side.CLIENT, 61, 100)
        opaque.close(Close(62, Closer.CLIENT, Manner.CLOSE, framing_complete=True))
    with ArchiveReader.open(path) as archive:
        first, second = archive.exchanges
        assert first.connection == road
        assert first.request_body() == b'{"stream":true}'
        assert (first.t_open_ns, first.t_sent_ns, first.t_response_ns) == (10, 20, 30)
        assert list(archive.chunks(1)) == [
            Chunk(40, 0, b"data: 1\n\n", None, 39),
            Chunk(41, 9, b"data: 2\n\n"),
        ]
        assert first.close is not None
        assert (first.close.how, first.close.framing_complete, first.close.lost_bytes) == (
            Manner.END,
            True,
            0,
        )
        assert second.opaque is not None
        assert second.opaque.target == "https://pinned.example"
    assert not recorder.lost
    assert (recorder.exchange_count, recorder.unread_bytes) == (1, 100)


def test_secrets_never_reach_the_disk_unless_asked_for(tmp_path: Path) -> None:
    for policy, name in ((SECRETS, "without"), (KEEP_SECRETS, "with")):
        with recording(tmp_path / name, policy=policy) as (recorder, _):
            exchange = recorder.open_exchange(REQUEST, None, 1)
            exchange.response(STREAM, 2)
            exchange.close(END)
    assert CANARY.encode() not in (tmp_path / "without").read_bytes()
    assert (tmp_path / "with").read_bytes().count(CANARY.encode()) == 4
    with ArchiveReader.open(tmp_path / "without") as archive:
        (exchange_read,) = archive.exchanges
        assert exchange_read.request is not None
        assert exchange_read.request.url == f"https://h/v1?key={REDACTED}"
        assert exchange_read.request.redacted == ("query:key", "header:authorization")


def test_a_coded_body_is_recorded_as_it_becomes_readable_with_its_coded_sizes(path: Path) -> None:
    coder = zlib.compressobj(wbits=31)
    first = coder.compress(b"data: 1\n\n") + coder.flush(zlib.Z_SYNC_FLUSH)
    second = coder.compress(b"data: 2\n\n") + coder.flush(zlib.Z_SYNC_FLUSH)
    with recording(path) as (recorder, _):
        exchange = recorder.open_exchange(REQUEST, None, 1)
        exchange.response(coded("gzip"), 2)
        exchange.chunk(first, Arrival(3))
        exchange.chunk(second[:1], Arrival(4))
        exchange.chunk(second[1:], Arrival(5))
        exchange.close(END)
    with ArchiveReader.open(path) as archive:
        chunks = list(archive.chunks(1))
        assert archive.body(1) == b"data: 1\n\ndata: 2\n\n"
    assert [(chunk.t_ns, chunk.coded_size_bytes) for chunk in chunks] == [(3, len(first)), (5, len(second))]


@pytest.mark.parametrize(
    ("coding", "pieces", "body", "undecoded_from", "reason"),
    [
        ("exi", [b"\x1f\x8bab"], b"\x1f\x8bab", 0, "unknown content coding exi"),
        (
            "gzip",
            [zlib.compressobj(wbits=31).flush(), b"no gzip", b"more"],
            b"no gzipmore",
            0,
            "content coding broken: Error -3 while decompressing data: incorrect header check",
        ),
    ],
)
def test_what_cannot_be_decoded_is_kept_and_flagged(
    path: Path, coding: str, pieces: list[bytes], body: bytes, undecoded_from: int, reason: str
) -> None:
    with recording(path) as (recorder, _):
        exchange = recorder.open_exchange(REQUEST, None, 1)
        exchange.response(coded(coding), 2)
        for piece in pieces:
            exchange.chunk(piece, Arrival(3))
        exchange.close(END)
    with ArchiveReader.open(path) as archive:
        assert archive.body(1) == body
        (read,) = archive.exchanges
        assert read.close is not None
        assert (read.close.undecoded_from, read.close.error) == (undecoded_from, reason)


def test_a_disk_that_stands_still_holds_up_nobody_and_costs_the_end_of_bodies(path: Path) -> None:
    Standing.go = Event()
    piece = bytes(1000)
    with recording(path, Standing, limit_bytes=50_000) as (recorder, _):
        exchange = recorder.open_exchange(REQUEST, None, 1)
        exchange.response(STREAM, 2)
        for number in range(200):
            exchange.chunk(piece, Arrival(3 + number))
        exchange.close(END)
        lost = recorder.lost
        assert lost.size_bytes == lost.chunks * 1000 > 100_000
        assert lost.entries == 0
        Standing.go.set()
    with ArchiveReader.open(path) as archive:
        (read,) = archive.exchanges
        assert read.close is not None
        assert read.close.lost_bytes == lost.size_bytes
        assert archive.body(1) == bytes(200_000 - lost.size_bytes)


def test_an_exchange_that_finds_no_room_at_all_is_counted_and_harms_no_other(path: Path) -> None:
    Standing.go = Event()
    with recording(path, Standing, limit_bytes=1000) as (recorder, _):
        first = recorder.open_exchange(REQUEST, None, 1)
        first.chunk(b"a", Arrival(2))
        large = Request("GET", "https://h/", "HTTP/1.1", (("X-Large", "x" * 100_000),))
        opened = [recorder.open_exchange(large, None, 3) for _ in range(200)]
        opened[-1].chunk(b"lost", Arrival(4))
        opened[-1].request_body(b"lost")
        opened[-1].close(END)
        assert recorder.lost.entries > 0
        assert recorder.lost.size_bytes == 8
        Standing.go.set()
    with ArchiveReader.open(path) as archive:
        assert len(archive.exchanges) == 201 - recorder.lost.entries
        assert archive.body(1) == b"a"


def test_a_disk_that_stands_for_good_does_not_keep_the_recorder_from_ending(path: Path) -> None:
    Standing.go = Event()
    with Standing(path, meta=Meta(anchor_unix_ns=0)) as writer:
        recorder = Recorder(writer, Clock())
        recorder.open_exchange(REQUEST, None, 1).chunk(b"a", Arrival(2))
        assert not recorder.close(timeout_s=0.05)
        Standing.go.set()
        assert recorder.close(timeout_s=60)


FULL_DISK = """
    import os, resource, signal, sys
    from pathlib import Path
    from sserec.archive import ArchiveWriter, Meta
    from sserec.proxy.clock import Clock
    from sserec.proxy.facts import Arrival
    from sserec.proxy.recorder import Recorder
    from sserec.records import Close, Closer, Manner, Request, Response

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    writer = ArchiveWriter(Path(sys.argv[1]), meta=Meta(anchor_unix_ns=0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
    recorder = Recorder(writer, Clock())
    first = recorder.open_exchange(Request("GET", "https://h/", "HTTP/1.1"), None, 1)
    first.response(Response(200, "OK", "HTTP/1.1"), 2)
    for number in range(100):
        first.chunk(os.urandom(1000), Arrival(number))
    second = recorder.open_exchange(Request("GET", "https://h/2", "HTTP/1.1"), None, 200)
    second.response(Response(200, "OK", "HTTP/1.1"), 201)
    first.close(Close(300, Closer.UPSTREAM, Manner.END, framing_complete=True))
    assert recorder.close()
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    writer.close()
    print(recorder.lost.unwritten_bytes, recorder.lost.error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are Unix's")
def test_a_full_disk_is_told_and_what_was_written_stays_readable(path: Path) -> None:
    script = textwrap.dedent(FULL_DISK)
    run = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run.stderr
    unwritten, _, error = run.stdout.strip().partition(" ")
    assert "File too large" in error
    with ArchiveReader.open(path) as archive:
        assert [record.request and record.request.url for record in archive.exchanges] == [
            "https://h/",
            "https://h/2",
        ]
        first = archive.exchanges[0]
        assert first.close is not None
        missing = sum(gap.end - gap.start for gap in archive.gaps(1))
        assert missing == int(unwritten) > 50_000


class Buggy(ArchiveWriter):
    def request_sent(self, exchange: int, t_ns: int) -> None:
        raise ZeroDivisionError("a bug")


def test_a_bug_costs_one_entry_and_is_told(path: Path) -> None:
    with recording(path, Buggy) as (recorder, _):
        exchange = recorder.open_exchange(REQUEST, None, 1)
        exchange.request_sent(2)
        exchange.response(STREAM, 3)
        exchange.chunk(b"data: 1\n\n", Arrival(4))
        exchange.close(END)
    assert recorder.lost.error == "internal error: ZeroDivisionError('a bug')"
    with ArchiveReader.open(path) as archive:
        assert archive.body(1) == b"data: 1\n\n"
