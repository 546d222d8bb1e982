"""Recordings made by hand, replayed and recorded again."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from proxy_stage import PATIENCE_S, TrustIn
from sserec.archive import ArchiveWriter, Meta, finalise
from sserec.authority import Authority
from sserec.proxy.clock import Clock
from sserec.proxy.recorder import Recorder
from sserec.proxy.routing import ReverseRoute
from sserec.proxy.server import ProxyServer
from sserec.recording import Exchange, Recording
from sserec.records import Close, Closer, Headers, Manner, Request, Response
from sserec.replay.programme import Programme
from sserec.replay.repertoire import Repertoire
from sserec.replay.score import INSTANT, Pace
from sserec.replay.server import ReplayServer, serving
from sserec.replay.takes import takes

HOST = "generativelanguage.googleapis.com"
URL = f"https://{HOST}/v1/interactions"
QUESTION = b'{"model":"m","input":"hello","stream":true}'
EVENT_STREAM: Headers = (("content-type", "text/event-stream"),)
MILLISECOND = 1_000_000
COMPLETE = (Closer.UPSTREAM, Manner.END, True)
CREATED = (
    b'event: interaction.created\ndata: {"interaction":{"id":"v1_x","status":"in_progress"},'
    b'"event_type":"interaction.created"}\n\n'
)
DONE = b"event: done\ndata: [DONE]\n\n"


def delta(number: int) -> bytes:
    """An event of an interaction with an id of its own."""
    return (
        b'event: step.delta\ndata: {"index":0,"delta":{"text":"w%d","type":"text"},"event_id":"ev%d",'
        b'"event_type":"step.delta"}\n\n' % (number, number)
    )


@dataclass(frozen=True)
class Kept:
    """An exchange as it shall stand in a recording; times of chunks are since the request."""

    chunks: Sequence[tuple[int, bytes]] = ((0, CREATED), (MILLISECOND, DONE))
    url: str = URL
    method: str = "POST"
    body: bytes = QUESTION
    request_headers: Headers = ()
    response: Response | None = field(default=Response(200, "OK", "HTTP/1.1", EVENT_STREAM))
    t_head_ns: int = 0
    close: tuple[Closer, Manner, bool] | None = COMPLETE
    t_close_ns: int = 0
    trailers: Headers = ()
    error: str | None = None
    undecoded_from: int | None = None

    @property
    def data(self) -> bytes:
        return b"".join(data for _, data in self.chunks)


def recording(path: Path, *exchanges: Kept) -> Path:
    """A finished archive with these exchanges, one after the other."""
    path.unlink(missing_ok=True)
    with ArchiveWriter(path, meta=Meta(anchor_unix_ns=0)) as writer:
        begin_ns = 0
        for kept in exchanges:
            begin_ns = keep(writer, kept, begin_ns) + MILLISECOND
    finalise(path)
    return path


def keep(writer: ArchiveWriter, kept: Kept, begin_ns: int) -> int:
    """Writes the exchange; returns when it ended."""
    number = writer.open_exchange(Request(kept.method, kept.url, "HTTP/1.1", kept.request_headers), begin_ns)
    writer.request_body(number, kept.body)
    writer.request_sent(number, begin_ns)
    t_ns = begin_ns + kept.t_head_ns
    if kept.response is not None:
        writer.response(number, kept.response, t_ns)
    for chunk_ns, data in kept.chunks if kept.response else ():
        t_ns = max(t_ns, begin_ns + chunk_ns)
        writer.chunk(number, data, t_ns)
    t_ns = max(t_ns, begin_ns + kept.t_close_ns)
    if kept.close is not None:
        by, how, is_whole = kept.close
        close = Close(t_ns, by, how, is_whole, kept.error, kept.trailers, undecoded_from=kept.undecoded_from)
        writer.close_exchange(number, close)
    return t_ns


@contextmanager
def replayed(
    path: Path, authority: Authority, *, pace: Pace = INSTANT, any_body: bool = False, loop: bool = False
) -> Iterator[int]:
    """The port of a server that replays a file."""
    with Recording.open(str(path)) as opened:
        repertoire = Repertoire(takes(opened.exchanges), any_body=any_body, loop=loop)
        with serving(ReplayServer(Programme(repertoire, pace=pace), authority)) as (_, port):
            yield port


@dataclass
class Ear:
    """Replays recordings and records them again with the real recorder, over TLS."""

    folder: Path
    authority: Authority

    def __post_init__(self) -> None:
        self.ca_file = self.folder / "replay-ca.pem"
        self.ca_file.write_bytes(self.authority.certificate_pem)

    def record_again(self, path: Path, *, leave_after: int | None = None, pace: Pace = INSTANT) -> Path:
        """A recording of the replay; a client that leaves does so after so many bytes of the body."""
        again = self.folder / f"again-{path.name}"
        again.unlink(missing_ok=True)
        with Recording.open(str(path)) as opened:
            asyncio.run(self._record(opened, again, leave_after, pace))
        finalise(again)
        return again

    async def _record(self, opened: Recording, again: Path, leave_after: int | None, pace: Pace) -> None:
        clock = Clock()
        programme = Programme(Repertoire(takes(opened.exchanges)), pace=pace)
        replay = ReplayServer(programme, self.authority, alpn=("http/1.1",))
        _, port = await replay.start()
        with ArchiveWriter(again, meta=Meta(anchor_unix_ns=clock.epoch_unix_ns)) as writer:
            recorder = Recorder(writer, clock)
            route = ReverseRoute(f"https://127.0.0.1:{port}")
            proxy = ProxyServer(recorder, self.authority, TrustIn(self.ca_file), reverse=(route,))
            _, proxy_port = await proxy.start()
            for exchange in opened.exchanges:
                await ask(proxy_port, route.prefix, exchange, leave_after)
            await proxy.stop(PATIENCE_S)
            await replay.stop()
            assert recorder.close(PATIENCE_S)


async def ask(port: int, prefix: str, exchange: Exchange, leave_after: int | None) -> bytes:
    """Sends a recorded request again and reads what comes, to the end or for so long."""
    request = exchange.request
    assert request
    parts, body = urlsplit(request.url), exchange.record.request_body()
    target = f"/{prefix}{parts.path}" + (f"?{parts.query}" if parts.query else "")
    fields = f"host: x\r\ncontent-length: {len(body)}\r\nconnection: close\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with closing(writer):
        writer.write(f"{request.method} {target} HTTP/1.1\r\n{fields}\r\n".encode() + body)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            return head + (
                await reader.read() if leave_after is None else await reader.readexactly(leave_after)
            )
        except (asyncio.IncompleteReadError, OSError):
            return b""
