"""The tunnel on real sockets and real TLS: what passes it, and that it is as if it were not there."""

import random
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from proxy_messages import sessions
from proxy_splits import at_random, mutated
from proxy_stage import Stage
from proxy_wire import ByteServer, client_tls, connect, curl, receive_all, receive_until
from sserec.proxy.kernel import TIMESPEC_SPACE_BYTES, enable_receive_times, receive_time_ns
from sserec.records import Closer, Manner
from upstream import Upstream
from upstream_script import Finish, Framing, stream
from upstream_wire import TestAuthority, Wire

BODY = b"".join(b'event: step.delta\ndata: {"n":%d}\n\n' % number for number in range(10))


def both_ways(stage: Stage, upstream: Upstream, own_ca: Path, *arguments: str) -> list[tuple[int, bytes]]:
    """curl's exit code and output, directly and through the proxy."""
    direct = curl("--cacert", str(upstream.ca_file), *arguments)
    recorded = curl("--noproxy", "", "--proxy", stage.url, "--cacert", str(own_ca), *arguments)
    return [(run.returncode, run.stdout) for run in (direct, recorded)]


@pytest.mark.parametrize(
    ("scheme", "version"), [("https", "--http1.1"), ("https", "--http2"), ("http", "--http1.1")]
)
def test_a_stream_arrives_as_without_us_and_is_seen_event_by_event(
    stage: Stage, upstream: Upstream, own_ca: Path, scheme: str, version: str
) -> None:
    upstream.play("/s", stream(BODY, gap_s=0.005))
    url = getattr(upstream, scheme) + "/s?alt=sse"
    direct, recorded = both_ways(stage, upstream, own_ca, version, url)
    assert direct == recorded == (0, BODY)
    (exchange,) = stage.notebook.closed()
    served = upstream.wait_for(2)[1]
    assert [data for data, _ in exchange.chunks] == [written.data for written in served.writes]
    assert exchange.request is not None
    assert exchange.request.url == url
    assert (exchange.end.by, exchange.end.how, exchange.end.framing_complete) == (
        Closer.UPSTREAM,
        Manner.END,
        True,
    )


def test_the_times_of_the_road_are_in_their_order(stage: Stage, upstream: Upstream, own_ca: Path) -> None:
    upstream.play("/s", stream(BODY, gap_s=0))
    both_ways(stage, upstream, own_ca, "--http2", upstream.https + "/s")
    (exchange,) = stage.notebook.closed()
    road = exchange.connection
    assert road is not None
    assert (road.tls_version, road.alpn) == ("TLSv1.3", "h2")
    assert f"https://{road.peer}" == upstream.https
    times = [road.t_resolved_ns, road.t_connected_ns, road.t_tls_ns, exchange.t_open_ns, exchange.t_sent_ns]
    times += [exchange.t_response_ns, exchange.chunks[0][1].t_ns, exchange.end.t_ns]
    assert times == sorted(times, key=lambda t_ns: t_ns or 0)


@pytest.fixture
def stamping() -> Iterator[None]:
    """The kernel stamps what comes: it begins a moment after the first socket has asked for it."""
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as ours,
    ):
        theirs, _ = server.accept()
        with theirs:
            enable_receive_times(ours)
            ancillary: list[tuple[int, int, bytes]] = []
            while receive_time_ns(ancillary) is None:
                theirs.send(b"x")
                _, ancillary, _, _ = ours.recvmsg(1, TIMESPEC_SPACE_BYTES)
            yield


@pytest.mark.skipif(not hasattr(socket, "SO_BINDTODEVICE"), reason="receive times are Linux's")
@pytest.mark.usefixtures("stamping")
def test_the_kernel_says_when_a_chunk_came(stage: Stage, upstream: Upstream, own_ca: Path) -> None:
    upstream.play("/s", stream(BODY, gap_s=0.002))
    both_ways(stage, upstream, own_ca, upstream.https + "/s")
    (exchange,) = stage.notebook.closed()
    for _, arrival in exchange.chunks:
        assert arrival.t_kernel_ns is not None
        assert 0 <= arrival.t_ns - arrival.t_kernel_ns < 1_000_000_000


TLS1, TLS2, PLAIN = ("https", "--http1.1"), ("https", "--http2"), ("http", "--http1.1")
FAILURES = [
    *((way, Framing.CHUNKED, finish) for way in (TLS1, PLAIN) for finish in (Finish.CUT, Finish.RAGGED)),
    *((way, Framing.CHUNKED, finish) for way in (TLS1, PLAIN) for finish in (Finish.RESET, Finish.BAD_CHUNK)),
    *((way, Framing.LENGTH, finish) for way in (TLS1, PLAIN) for finish in (Finish.CUT, Finish.RESET)),
    *(
        (way, Framing.EOF, finish)
        for way in (TLS1, PLAIN)
        for finish in (Finish.CLEAN, Finish.RAGGED, Finish.RESET)
    ),
    *(
        (TLS2, Framing.CHUNKED, finish)
        for finish in (Finish.CUT, Finish.RAGGED, Finish.RESET, Finish.RST_STREAM)
    ),
]
MANNERS = {
    Finish.CLEAN: Manner.CLOSE,
    Finish.CUT: Manner.CLOSE,
    Finish.RAGGED: Manner.RAGGED,
    Finish.RESET: Manner.RESET,
    Finish.BAD_CHUNK: Manner.FAULT,
    Finish.RST_STREAM: Manner.RESET,
}


@pytest.mark.parametrize(("way", "framing", "finish"), FAILURES)
def test_a_failure_of_upstream_is_the_same_failure_through_us_and_is_told(
    stage: Stage, upstream: Upstream, own_ca: Path, way: tuple[str, str], framing: Framing, finish: Finish
) -> None:
    scheme, version = way
    upstream.play("/s", stream(BODY, gap_s=0.002, framing=framing, finish=finish))
    direct, recorded = both_ways(stage, upstream, own_ca, version, getattr(upstream, scheme) + "/s")
    assert recorded == direct
    (exchange,) = stage.notebook.closed()
    assert exchange.body == BODY
    manner = Manner.CLOSE if (scheme, finish) == ("http", Finish.RAGGED) else MANNERS[finish]
    assert (exchange.end.by, exchange.end.how) == (Closer.UPSTREAM, manner)
    assert exchange.end.framing_complete == (framing is Framing.EOF and manner is Manner.CLOSE)


ODD = (
    b"HTTP/1.1 200 Fine By Me\r\ncontent-TYPE:text/event-stream\r\nX-B:  2 \r\nx-a: 1\r\nX-B: 3\r\n"
    b"X-Latin: caf\xe9\r\nTransfer-Encoding: chunked\r\n\r\n"
    b'009;name="va;lue"\r\ndata: a\n\n\r\n0;last\r\nTrailer-Here: yes\r\n\r\n'
)


@pytest.mark.parametrize("tls", [True, False])
def test_the_oddest_response_passes_byte_for_byte(
    stage: Stage, authority: TestAuthority, own_ca: Path, tls: bool
) -> None:
    asked: list[bytes] = []

    def answer(wire: Wire) -> None:
        asked.append(wire.read_exactly(len(request)))
        wire.send(ODD)

    request = b"GET  /odd HTTP/1.1\r\nhOsT:  127.0.0.1\r\nX-Odd:\ta\r\n\r\n"
    server = ByteServer(answer, authority.server_context(()) if tls else None)
    with server, connect(stage, server.authority) as sock:
        client = client_tls(sock, own_ca) if tls else sock
        client.sendall(request)
        assert receive_until(client, b"yes\r\n\r\n") == ODD
        client.close()
    assert asked == [request]
    (exchange,) = stage.notebook.closed()
    assert exchange.end.trailers == (("Trailer-Here", "yes"),)


def test_each_tls_record_is_a_chunk_even_where_they_arrive_at_once(
    stage: Stage, authority: TestAuthority, own_ca: Path
) -> None:
    records = [b"data: %d\n\n" % number for number in range(50)]

    def answer(wire: Wire) -> None:
        wire.read_line()
        wire.send(b"HTTP/1.1 200 OK\r\n\r\n")
        for record in records:
            wire.send(record)

    server = ByteServer(answer, authority.server_context(()))
    with server, connect(stage, server.authority) as sock, client_tls(sock, own_ca) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        with pytest.raises(ssl.SSLEOFError):
            receive_all(client)
    (exchange,) = stage.notebook.closed()
    assert [data for data, _ in exchange.chunks] == records


@pytest.mark.parametrize(
    "offered", [(), ("http/1.1",), ("h2", "http/1.1"), ("http/1.1", "h2"), ("h2",), ("h2", "x/1")]
)
@pytest.mark.parametrize("served", [("h2", "http/1.1"), ("http/1.1",), ()])
def test_the_client_is_offered_what_upstream_chose(
    stage: Stage, authority: TestAuthority, own_ca: Path, offered: tuple[str, ...], served: tuple[str, ...]
) -> None:
    context = authority.server_context(served)
    if not served:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(authority.ca_file.with_name("test-server.pem"))
    with ByteServer(lambda wire: None, context) as server:
        with client_tls(socket.create_connection(server.address), authority.ca_file, *offered) as direct:
            expected = direct.selected_alpn_protocol()
        with connect(stage, server.authority) as sock, client_tls(sock, own_ca, *offered) as recorded:
            assert recorded.selected_alpn_protocol() == expected


def test_the_server_starts_without_what_few_recordings_need() -> None:
    """Each of these costs 5 to 60 ms, at every start."""
    heavy = ("httpx", "textual", "click", "hpack", "cryptography", "brotli")
    script = (
        f"import sys, sserec.proxy.server, sserec.proxy.recorder; print(set(sys.modules) & {set(heavy)!r})"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert run.stdout == "set()\n"


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("alpn", [(), ("http/1.1",), ("h2",)])
def test_bytes_that_break_every_rule_arrive_as_they_were_sent(
    stage: Stage, authority: TestAuthority, own_ca: Path, alpn: tuple[str, ...], seed: int
) -> None:
    chance = random.Random(seed)
    asked, told = (mutated(stream, chance) for stream in sessions()["http2" if "h2" in alpn else "http1"])
    heard: list[bytes] = []

    def answer(wire: Wire) -> None:
        heard.append(wire.read_exactly(len(asked)))
        for piece in at_random(told, chance):
            wire.send(piece)
        wire.end_output(in_order=True)

    with ByteServer(answer, authority.server_context(alpn)) as server:
        client = client_tls(connect(stage, server.authority), own_ca, *alpn)
        for piece in at_random(asked, chance):
            client.sendall(piece)
        received = receive_all(client)
        client.close()
    assert heard == [asked]
    assert received == told
    assert not any("not recorded" in line for line in stage.lines)
