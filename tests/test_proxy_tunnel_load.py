"""The tunnel under strain: hang-ups, half closes, slow readers, many streams at once."""

import asyncio
import socket
import ssl
import struct
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest

from proxy_stage import PATIENCE_S, Stage
from proxy_wire import ByteServer, client_tls, connect, curl, receive_all, receive_exactly, receive_until
from sserec.proxy.tls import handshake
from sserec.records import Closer, Manner
from upstream import Upstream
from upstream_script import Finish, Script, Write, stream
from upstream_wire import TestAuthority, Wire

EVENT = b"data: {}\n\n"
NO_LINGER = struct.pack("ii", 1, 0)


@contextmanager
def running_curl(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["curl", "-q", "-sN", *arguments], stdout=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
@pytest.mark.parametrize("idle", [True, False])
def test_upstream_learns_of_a_hang_up_at_once(
    stage: Stage, upstream: Upstream, own_ca: Path, version: str, idle: bool
) -> None:
    writes = (Write(0, EVENT),) if idle else tuple(Write(0.01, EVENT) for _ in range(2000))
    upstream.play("/s", Script(writes, finish=Finish.HOLD))
    arguments = ["--proxy", stage.url, "--cacert", str(own_ca), version, upstream.https + "/s"]
    with running_curl(*arguments) as process:
        assert process.stdout is not None
        assert process.stdout.read(len(EVENT)) == EVENT
        process.kill()
        (served,) = upstream.wait_for(1)
    assert served.t_gone_ns is not None
    assert len(served.writes) <= len(writes) // 2 + 1, "it did not go on talking to nobody"
    (exchange,) = stage.notebook.closed()
    assert exchange.end.by is Closer.CLIENT
    assert not exchange.end.framing_complete
    assert exchange.body.startswith(EVENT)


def test_a_client_that_gives_up_while_its_server_shakes_hands_is_given_up_on(
    stage: Stage, authority: TestAuthority
) -> None:
    """The server takes the connection and says nothing: a client's own timeout ends that."""
    greeted, told = Event(), Event()

    def silent(wire: Wire) -> None:
        wire.receive()
        greeted.set()
        wire.hold()
        told.set()

    with ByteServer(silent) as server:
        with connect(stage, server.authority) as client:
            client.sendall(client_hello())
            assert greeted.wait(PATIENCE_S)
        assert told.wait(PATIENCE_S)
    stage.stop(grace_s=PATIENCE_S / 2)
    (line,) = stage.lines
    assert line.startswith("the client at 127.0.0.1:")
    assert line.endswith(f" left: it hung up while {server.authority} was being reached")


def client_hello() -> bytes:
    """What a TLS client says first."""
    said = ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), said, server_hostname="127.0.0.1")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return said.read()


def test_a_client_that_resets_is_a_reset_for_upstream(
    stage: Stage, authority: TestAuthority, own_ca: Path
) -> None:
    outcome: list[str] = []
    over = Event()

    def answer(wire: Wire) -> None:
        wire.read_line()
        wire.send(b"HTTP/1.1 200 OK\r\n\r\nx")
        try:
            wire.hold()
        except ConnectionResetError:
            outcome.append("reset")
        over.set()

    with ByteServer(answer, authority.server_context(())) as server:
        client = client_tls(connect(stage, server.authority), own_ca)
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        receive_until(client, b"x")
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        client.close()
        assert over.wait(PATIENCE_S)
    assert outcome == ["reset"]
    (exchange,) = stage.notebook.closed()
    assert (exchange.end.by, exchange.end.how) == (Closer.CLIENT, Manner.RESET)


def test_a_half_closed_client_still_gets_its_answer(stage: Stage) -> None:
    def answer(wire: Wire) -> None:
        request = b""
        while data := wire.receive():
            request += data
        wire.send(b"HTTP/1.1 200 OK\r\n\r\n" + request)

    request = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
    with ByteServer(answer) as server, connect(stage, server.authority) as sock:
        sock.sendall(request)
        sock.shutdown(socket.SHUT_WR)
        assert receive_all(sock) == b"HTTP/1.1 200 OK\r\n\r\n" + request
    (exchange,) = stage.notebook.closed()
    assert exchange.body == request
    assert (exchange.end.by, exchange.end.how, exchange.end.framing_complete) == (
        Closer.UPSTREAM,
        Manner.CLOSE,
        True,
    )


def test_a_half_close_within_tls_passes_too(stage: Stage, authority: TestAuthority, own_ca: Path) -> None:
    def answer(wire: Wire) -> None:
        request = b""
        while data := wire.receive():
            request += data
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(request) + request)
        wire.end_output(in_order=True)

    request = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
    with ByteServer(answer, authority.server_context(())) as server, connect(stage, server.authority) as sock:
        assert asyncio.run(exchange_half_closed(sock, own_ca, request)).endswith(b"\r\n\r\n" + request)
    (exchange,) = stage.notebook.closed()
    assert (exchange.body, exchange.end.how) == (request, Manner.END)


async def exchange_half_closed(sock: socket.socket, own_ca: Path, request: bytes) -> bytes:
    """Says everything, close_notify and FIN included, before anything is read."""
    sock.setblocking(False)
    loop = asyncio.get_running_loop()
    context = ssl.create_default_context(cafile=str(own_ca))
    tls = await handshake(sock, context, server_hostname="127.0.0.1")
    await loop.sock_sendall(sock, tls.encrypt([request]) + tls.close_notify())
    sock.shutdown(socket.SHUT_WR)
    received = b""
    while not tls.ended:
        received += b"".join(tls.decrypt(await loop.sock_recv(sock, 65_536)))
    return received


BLOCK = bytes(range(256)) * 256
BLOCKS = 1024


@pytest.mark.parametrize("tls", [True, False])
def test_a_slow_client_stops_upstream_and_loses_nothing(
    stage: Stage, authority: TestAuthority, own_ca: Path, tls: bool
) -> None:
    sent_blocks = [0]

    def answer(wire: Wire) -> None:
        wire.read_line()
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (len(BLOCK) * BLOCKS))
        for _ in range(BLOCKS):
            wire.send(BLOCK)
            sent_blocks[0] += 1

    with ByteServer(answer, authority.server_context(()) if tls else None) as server:
        sock = connect(stage, server.authority)
        client = client_tls(sock, own_ca) if tls else sock
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        receive_until(client, b"\r\n\r\n")
        stalled = until_still(sent_blocks)
        assert stalled < BLOCKS
        received = 0
        while received < len(BLOCK) * BLOCKS:
            data = client.recv(1 << 20)
            assert data == (BLOCK * (len(data) // len(BLOCK) + 2))[received % 65_536 :][: len(data)]
            received += len(data)
        client.close()
    (exchange,) = stage.notebook.closed()
    assert len(exchange.body) == len(BLOCK) * BLOCKS
    assert exchange.end.framing_complete


def until_still(counter: list[int]) -> int:
    """The counter's value once it has not moved for a while."""
    seen, since = counter[0], time.monotonic()
    while time.monotonic() - since < 0.5:
        time.sleep(0.02)
        if counter[0] != seen:
            seen, since = counter[0], time.monotonic()
    return seen


def test_what_came_before_a_reset_still_reaches_a_slow_client(stage: Stage) -> None:
    seen = Event()
    size_bytes = len(BLOCK) * 8

    def answer(wire: Wire) -> None:
        wire.read_line()
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n" + BLOCK * 8)
        assert seen.wait(PATIENCE_S)
        wire.reset_on_close()

    with ByteServer(answer) as server, connect(stage, server.authority) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
        stage.notebook.wait_for(
            lambda: sum(len(noted.body) for noted in stage.notebook.exchanges) == size_bytes
        )
        seen.set()
        (exchange,) = stage.notebook.closed()
        receive_until(sock, b"\r\n\r\n")
        body = receive_exactly(sock, size_bytes)
        with pytest.raises(ConnectionResetError):
            sock.recv(1)
    assert body == BLOCK * 8
    assert (exchange.end.by, exchange.end.how) == (Closer.UPSTREAM, Manner.RESET)


def read_head(wire: Wire) -> None:
    while wire.read_line():
        pass


STREAMS = 200


@pytest.mark.parametrize(("version", "shared"), [("--http1.1", False), ("--http2", True)])
def test_two_hundred_streams_at_once_lose_nothing(
    stage: Stage, upstream: Upstream, own_ca: Path, tmp_path: Path, version: str, shared: bool
) -> None:
    body = b"".join(b"data: %d\n\n" % number for number in range(10))
    upstream.play("/s", stream(body, gap_s=0.02))
    several = ["--parallel", "--parallel-max", str(STREAMS), "--proxy", stage.url, "--noproxy", ""]
    several += [] if shared else ["--parallel-immediate"]
    files = ["--cacert", str(own_ca), "--output", str(tmp_path / "#1"), f"{upstream.https}/s?[1-{STREAMS}]"]
    assert curl(*several, version, *files).returncode == 0
    assert {(tmp_path / str(number)).read_bytes() for number in range(1, STREAMS + 1)} == {body}
    exchanges = stage.notebook.closed(STREAMS)
    assert all(exchange.body == body and exchange.end.framing_complete for exchange in exchanges)
    streams_of = Counter(exchange.connection and exchange.connection.id for exchange in exchanges)
    assert (max(streams_of.values()) > 1) is shared
