"""What the proxy refuses, and what it lets pass without looking: said to the client, to the log, and to the record."""

import base64
import socket
from pathlib import Path

import pytest

from proxy_stage import PATIENCE_S, Notebook, Noted, Stage
from proxy_wire import (
    ByteServer,
    client_tls,
    connect,
    curl,
    leave,
    receive_all,
    receive_exactly,
    receive_until,
)
from sserec.authority import Authority
from sserec.proxy.attention import Hosts
from sserec.proxy.facts import Arrival, Side
from sserec.records import Closer, Connection, Manner, Request
from upstream import Upstream
from upstream_script import Finish, Script, Write, stream
from upstream_wire import TestAuthority, Wire

BODY = b"data: 1\n\ndata: 2\n\n"
NOTHING: list[Noted] = []


def proxied(stage: Stage, own_ca: Path, *arguments: str, user: str = "") -> tuple[int, bytes]:
    run = curl(
        "--noproxy",
        "",
        "--proxy",
        f"http://{user}{stage.host}:{stage.port}",
        "--cacert",
        str(own_ca),
        *arguments,
    )
    return run.returncode, run.stdout


@pytest.mark.parametrize(("scheme", "code"), [("https", 56), ("http", 0)])
@pytest.mark.parametrize("user", ["", "u:wrong@", "wrong:p@", "u:@"])
def test_without_the_right_credentials_nothing_is_dialled(
    own_authority: Authority,
    authority: TestAuthority,
    own_ca: Path,
    upstream: Upstream,
    scheme: str,
    code: int,
    user: str,
) -> None:
    with Stage(own_authority, authority.ca_file, credentials="u:p") as stage:
        url = getattr(upstream, scheme) + "/s"
        status = ("-o", "/dev/null", "-w", "%{http_code} %{http_connect}")
        assert proxied(stage, own_ca, *status, url, user=user) == (
            code,
            b"407 000" if code == 0 else b"000 407",
        )
    assert (upstream.served, stage.notebook.exchanges) == ([], NOTHING)


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_with_them_everything_is_as_usual(
    own_authority: Authority, authority: TestAuthority, own_ca: Path, upstream: Upstream, scheme: str
) -> None:
    upstream.play("/s", stream(BODY, gap_s=0))
    with Stage(own_authority, authority.ca_file, credentials="u:p") as stage:
        assert proxied(stage, own_ca, getattr(upstream, scheme) + "/s", user="u:p@") == (0, BODY)
        (exchange,) = stage.notebook.closed()
    assert exchange.request is not None
    assert "proxy-authorization" not in {name.lower() for name, _ in exchange.request.headers}
    assert upstream.served[0].header("proxy-authorization") is None


def test_a_client_that_waits_to_be_asked_may_answer_on_the_same_connection(
    own_authority: Authority, authority: TestAuthority, own_ca: Path, upstream: Upstream
) -> None:
    target = upstream.https.removeprefix("https://")
    credentials = base64.b64encode(b"u:p").decode()
    with (
        Stage(own_authority, authority.ca_file, credentials="u:p") as stage,
        socket.create_connection((stage.host, stage.port), timeout=PATIENCE_S) as sock,
    ):
        sock.sendall(f"CONNECT {target} HTTP/1.1\r\n\r\n".encode())
        assert receive_until(sock, b"needed\n").startswith(b"HTTP/1.1 407 ")
        sock.sendall(
            f"CONNECT {target} HTTP/1.1\r\nProxy-Authorization: bAsIc {credentials}\r\n\r\n".encode()
        )
        assert receive_until(sock, b"\r\n\r\n").startswith(b"HTTP/1.1 200 ")


def test_an_upstream_that_is_not_there_is_a_502_that_says_so(
    stage: Stage, own_ca: Path, closed_port: int
) -> None:
    port = closed_port
    reason = f"cannot reach 127.0.0.1:{port}: Connection refused"
    assert proxied(stage, own_ca, f"http://127.0.0.1:{port}/a?b=c") == (0, f"sserec: {reason}\n".encode())
    status, _ = proxied(stage, own_ca, f"https://127.0.0.1:{port}/")
    assert status == 56
    assert stage.lines == [reason, reason]
    plain, tunnel = stage.notebook.closed(2)
    assert plain.request is not None
    assert tunnel.request is not None
    assert plain.request.url == f"http://127.0.0.1:{port}/a?b=c"
    assert (tunnel.request.method, tunnel.request.url) == ("CONNECT", f"127.0.0.1:{port}")
    for exchange in (plain, tunnel):
        assert exchange.answer is None
        assert (exchange.end.by, exchange.end.how, exchange.end.error) == (
            Closer.UPSTREAM,
            Manner.UNREACHED,
            reason,
        )


def test_a_name_that_does_not_resolve_is_a_502_as_well(stage: Stage, own_ca: Path) -> None:
    code, body = proxied(stage, own_ca, "http://no-such-host.invalid/")
    assert code == 0
    assert body.startswith(b"sserec: cannot reach no-such-host.invalid:80: ")


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_an_upstream_that_cannot_be_verified_never_gets_the_request(
    own_authority: Authority, own_ca: Path, upstream: Upstream, version: str
) -> None:
    upstream.play("/s", stream(BODY, gap_s=0))
    with Stage(own_authority, own_ca) as stage:  # it trusts its own authority only
        code, body = proxied(stage, own_ca, version, "-d", "secret", upstream.https + "/s?x=1")
        (exchange,) = stage.notebook.closed()
    where = upstream.https.removeprefix("https://")
    reason = f"{where}: certificate not verified: unable to get local issuer certificate"
    told = f"{reason} (--upstream-ca FILE names authorities to trust besides the system's)"
    assert (code, body) == (0, f"sserec: {told}\n".encode())
    assert stage.lines == [told]
    assert exchange.request is not None
    assert (exchange.request.method, exchange.request.url) == ("POST", upstream.https + "/s?x=1")
    assert (exchange.end.how, exchange.end.error) == (Manner.UNREACHED, reason)
    assert upstream.served == []


def test_an_upstream_that_does_not_speak_tls_is_a_502(stage: Stage, own_ca: Path) -> None:
    def insist_on_http(wire: Wire) -> None:
        wire.receive()
        wire.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with ByteServer(insist_on_http) as server:
        code, body = proxied(stage, own_ca, f"https://{server.authority}/")
    assert code == 0
    assert body.startswith(f"sserec: {server.authority}: TLS failed: ".encode())


def test_a_client_that_does_not_trust_us_is_told_of_and_harms_nobody(
    stage: Stage, authority: TestAuthority, upstream: Upstream
) -> None:
    code, _ = proxied(stage, authority.ca_file, upstream.https + "/s")
    assert code == 60
    (opaque,) = stage.notebook.opaques
    assert opaque.opaque is not None
    assert opaque.opaque[0] == upstream.https
    assert "did not accept sserec's certificate" in opaque.opaque[1]
    assert (opaque.end.by, opaque.end.how, opaque.passed) == (Closer.CLIENT, Manner.FAULT, [])
    assert stage.remarks.refused == {upstream.https.removeprefix("https://")}
    assert upstream.served == []


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_what_is_not_to_be_opened_passes_and_leaves_sizes_and_times(
    own_authority: Authority, authority: TestAuthority, upstream: Upstream, scheme: str
) -> None:
    upstream.play("/s", stream(BODY, gap_s=0))
    hosts = Hosts(passthrough=frozenset({"127.0.0.1"}))
    with Stage(own_authority, authority.ca_file, hosts=hosts) as stage:
        assert proxied(stage, authority.ca_file, getattr(upstream, scheme) + "/s") == (0, BODY)
        (opaque,) = stage.notebook.closed_opaque()
    assert opaque.opaque is not None
    assert opaque.opaque[1] == "in --passthrough"
    assert {side for side, _ in opaque.passed} == {Side.CLIENT, Side.UPSTREAM}
    assert stage.notebook.exchanges == []


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_of_what_was_not_asked_for_nothing_is_told(
    own_authority: Authority, authority: TestAuthority, upstream: Upstream, scheme: str, closed_port: int
) -> None:
    upstream.play("/s", stream(BODY, gap_s=0))
    gone = f"{scheme}://127.0.0.1:{closed_port}/"
    with Stage(own_authority, authority.ca_file, hosts=Hosts(only=frozenset({"api.example"}))) as stage:
        assert proxied(stage, authority.ca_file, getattr(upstream, scheme) + "/s") == (0, BODY)
        proxied(stage, authority.ca_file, gone)
    assert (stage.notebook.exchanges, stage.notebook.opaques) == ([], [])


def test_what_is_neither_tls_nor_http_passes_unseen(stage: Stage) -> None:
    def echo(wire: Wire) -> None:
        wire.send(wire.read_exactly(6)[::-1])

    with ByteServer(echo) as server, connect(stage, server.authority) as sock:
        sock.sendall(b"\x00\x01\x02\x03\x04\x05")
        assert receive_all(sock) == b"\x05\x04\x03\x02\x01\x00"
        sock.close()
        (opaque,) = stage.notebook.closed_opaque()
    assert opaque.opaque == (f"tcp://{server.authority}", "neither TLS nor HTTP")
    assert opaque.passed == [(Side.CLIENT, 6), (Side.UPSTREAM, 6)]


def test_a_server_that_speaks_first_is_heard(stage: Stage) -> None:
    def greet(wire: Wire) -> None:
        wire.send(b"220 mail.example ESMTP\r\n")
        wire.send(wire.read_line())

    with ByteServer(greet) as server, connect(stage, server.authority) as sock:
        assert receive_until(sock, b"\r\n") == b"220 mail.example ESMTP\r\n"
        sock.sendall(b"QUIT\r\n")
        assert receive_all(sock) == b"QUIT"


def test_tls_for_something_else_than_http_is_not_opened(stage: Stage, authority: TestAuthority) -> None:
    context = authority.server_context(("imap",))
    with ByteServer(lambda wire: wire.send(wire.read_line()), context) as server:
        client = client_tls(connect(stage, server.authority), authority.ca_file, "imap")
        client.sendall(b"a1 NOOP\r\n")
        assert receive_exactly(client, 7) == b"a1 NOOP"
        assert client.selected_alpn_protocol() == "imap"
        client.close()
        (opaque,) = stage.notebook.closed_opaque()
    assert opaque.opaque is not None
    assert opaque.opaque[1] == "TLS for imap, which is not HTTP"


def test_a_tls_client_that_says_nothing_more_is_let_go(stage: Stage) -> None:
    with ByteServer(lambda wire: wire.hold()) as server:
        with connect(stage, server.authority) as sock:
            sock.sendall(b"\x16\x03\x01\x02\x00")
        with socket.create_connection((stage.host, stage.port)) as sock:
            sock.sendall(b"CONN")
    assert (stage.notebook.exchanges, stage.notebook.opaques) == ([], [])


@pytest.mark.parametrize("tls", [True, False])
def test_a_websocket_passes_and_leaves_sizes_and_times(
    stage: Stage, authority: TestAuthority, own_ca: Path, tls: bool
) -> None:
    def answer(wire: Wire) -> None:
        while wire.read_line():
            pass
        wire.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x02hi")
        wire.send(wire.read_exactly(4)[::-1])
        wire.hold()

    with ByteServer(answer, authority.server_context(()) if tls else None) as server:
        if tls:
            sock: socket.socket = client_tls(connect(stage, server.authority), own_ca)
            sock.sendall(b"GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n\r\n")
        else:
            sock = socket.create_connection((stage.host, stage.port), timeout=PATIENCE_S)
            sock.sendall(f"GET http://{server.authority}/ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n".encode())
        receive_until(sock, b"\x81\x02hi")
        sock.sendall(b"\x01\x02\x03\x04")
        assert receive_exactly(sock, 4) == b"\x04\x03\x02\x01"
        leave(sock)
        (exchange,) = stage.notebook.closed()
    assert exchange.answer is not None
    assert exchange.answer.status == 101
    assert exchange.passed == [(Side.UPSTREAM, 4), (Side.CLIENT, 4), (Side.UPSTREAM, 4)]
    assert exchange.end.framing_complete


def test_what_is_open_at_the_stop_is_closed_as_such(
    own_authority: Authority, authority: TestAuthority, own_ca: Path, upstream: Upstream
) -> None:
    upstream.play("/s", Script((Write(0, BODY),), finish=Finish.HOLD))
    with Stage(own_authority, authority.ca_file) as stage:
        sock = connect(stage, upstream.https.removeprefix("https://"))
        client = client_tls(sock, own_ca, "http/1.1")
        client.sendall(b"GET /s HTTP/1.1\r\nHost: h\r\n\r\n")
        receive_until(client, b"data: 2\n\n")
        stage.stop(grace_s=0.01)
        (exchange,) = stage.notebook.closed()
        with pytest.raises(OSError, match=r"reset|EOF"):
            receive_all(client)
        client.close()
    assert (exchange.end.by, exchange.end.how, exchange.end.framing_complete) == (
        Closer.RECORDER,
        Manner.STOP,
        False,
    )


class Stumbling(Noted):
    """An exchange whose recording fails, as only a bug could make it."""

    def chunk(self, data: bytes, arrival: Arrival) -> None:
        raise RuntimeError("a bug")


class Clumsy(Notebook):
    def open_exchange(self, request: Request, connection: Connection | None, t_ns: int) -> Noted:
        return Stumbling(self.changed)


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_a_bug_in_an_observer_costs_the_recording_and_not_the_stream(
    own_authority: Authority, authority: TestAuthority, own_ca: Path, upstream: Upstream, version: str
) -> None:
    upstream.play("/s", stream(BODY))
    with Stage(own_authority, authority.ca_file, notebook=Clumsy()) as stage:
        assert proxied(stage, own_ca, version, upstream.https + "/s") == (0, BODY)
        assert stage.lines == ["a connection is not recorded any further: RuntimeError('a bug')"]
