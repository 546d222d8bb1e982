"""Clients that do not tunnel: proxy requests for http:// URLs, base URLs, and several upstreams on one connection."""

import random
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_splits import at_random, splits
from proxy_stage import PATIENCE_S, Stage
from proxy_wire import ByteServer, curl, receive_all, receive_exactly, receive_until
from sserec.authority import Authority
from sserec.errors import ProtocolError
from sserec.proxy.conversation import Conversation
from sserec.proxy.http1 import RequestHead
from sserec.proxy.routing import Forwarded, NoRoute, ReverseRoute, Route, connect_route, forward, route_of
from sserec.records import Closer, Manner
from upstream import Upstream
from upstream_script import Finish, stream
from upstream_wire import TestAuthority, Wire

BODY = b"data: 1\n\ndata: 2\n\n"
REVERSE = ReverseRoute("https://api.example/v1", "secret-prefix")


def rewritten(raw: bytes) -> Forwarded:
    method, target, version = (part.decode() for part in raw.split(b"\r\n")[0].split(b" "))
    return forward(RequestHead(method, target, version, (), 0, len(raw)), raw, [REVERSE])


@pytest.mark.parametrize(
    ("raw", "route", "expected"),
    [
        (
            b"GET http://h/a?b=c#d HTTP/1.1\r\nhost: h\r\nProxy-Connection: Keep-Alive\r\nX:  y\r\n\r\n",
            Route("http", "h", 80),
            b"GET /a?b=c HTTP/1.1\r\nhost: h\r\nX:  y\r\n\r\n",
        ),
        (
            b"GET http://h:8080 HTTP/1.1\r\nHost: h:8080\r\nProxy-Authorization: Basic eA==\r\n\r\n",
            Route("http", "h", 8080),
            b"GET / HTTP/1.1\r\nHost: h:8080\r\n\r\n",
        ),
        (
            b"OPTIONS http://[::1]:81 HTTP/1.1\r\n\r\n",
            Route("http", "::1", 81),
            b"OPTIONS * HTTP/1.1\r\n\r\n",
        ),
        (
            b"POST /secret-prefix/chat?x=1 HTTP/1.1\r\nhOST:127.0.0.1:5\r\nX-Api-Key: k\r\n\r\n",
            Route("https", "api.example", 443),
            b"POST /v1/chat?x=1 HTTP/1.1\r\nhOST: api.example\r\nX-Api-Key: k\r\n\r\n",
        ),
        (
            b"GET /secret-prefix HTTP/1.1\r\nHost: x\r\n\r\n",
            Route("https", "api.example", 443),
            b"GET /v1 HTTP/1.1\r\nHost: api.example\r\n\r\n",
        ),
    ],
)
def test_only_what_has_to_be_rewritten_is(raw: bytes, route: Route, expected: bytes) -> None:
    assert rewritten(raw) == Forwarded(route, expected)


@pytest.mark.parametrize(
    "target",
    ["/", "/secret-prefixed/chat", "/other", "*", "h:1", "ftp://h/", "http://h:99999/", "http://[::1/"],
)
def test_what_leads_nowhere_is_refused(target: str) -> None:
    with pytest.raises(NoRoute):
        rewritten(b"GET %s HTTP/1.1\r\n\r\n" % target.encode())


def test_base_urls_and_authorities_are_spelled_as_in_a_url() -> None:
    assert REVERSE.base_url("127.0.0.1", 5) == "http://127.0.0.1:5/secret-prefix"
    assert REVERSE.base_url("::1", 5) == "http://[::1]:5/secret-prefix"
    assert ReverseRoute("https://h").prefix != ReverseRoute("https://h").prefix
    assert [route_of(url).authority for url in ("https://h", "http://h:443", "https://[::1]:443")] == [
        "h",
        "h:443",
        "[::1]",
    ]


def test_connect_needs_a_host_and_a_port() -> None:
    assert connect_route("[::1]:8443") == Route("https", "::1", 8443)
    for target in ("h", "h:", ":443", "h:https", "h:70000"):
        with pytest.raises(NoRoute):
            connect_route(target)


def conversation() -> Conversation:
    return Conversation(Route("http", "h", 80), lambda head, raw: forward(head, raw, [REVERSE]))


REQUESTS = (
    b"POST http://h/1 HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello\r\n"
    b'POST http://h/2 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;x="y"\r\nhello\r\n0\r\nA: b\r\n\r\n'
    b"GET http://h/3 HTTP/1.1\r\nX: y\r\n\r\n"
)
FORWARDED = REQUESTS.replace(b"http://h", b"")


def test_bytes_outside_heads_leave_as_they_came_however_they_are_split() -> None:
    for pieces in splits(REQUESTS):
        talk = conversation()
        assert b"".join(talk.from_client(piece) for piece in pieces) == FORWARDED
        assert not talk.held


def test_a_request_for_somebody_else_is_held_back_with_all_that_follows() -> None:
    other = b"GET http://other/ HTTP/1.1\r\nHost: other\r\n\r\nGET http://h/4 HTTP/1.1\r\n\r\n"
    for pieces in splits(REQUESTS + other):
        talk = conversation()
        assert b"".join(talk.from_client(piece) for piece in pieces) == FORWARDED
        assert talk.held == other


def test_a_conversation_is_idle_once_everything_is_answered() -> None:
    talk = conversation()
    assert talk.is_idle
    talk.from_client(REQUESTS)
    talk.from_upstream(
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No\r\n\r\nHTTP/1.1 204 No\r\n\r\nHTTP/1.1 200 OK\r\n"
    )
    assert not talk.is_idle
    talk.from_upstream(b"Content-Length: 1\r\n\r\nx")
    assert talk.is_idle


def test_after_an_upgrade_everything_passes_as_it_is() -> None:
    talk = conversation()
    talk.from_client(b"GET http://h/ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n")
    talk.from_upstream(b"HTTP/1.1 101 Switching\r\n\r\n")
    assert talk.from_client(b"GET http://other/ HTTP/1.1\r\n\r\n") == b"GET http://other/ HTTP/1.1\r\n\r\n"


@given(st.binary(max_size=60), st.randoms(use_true_random=False))
def test_junk_is_a_protocol_error_or_passes_but_never_changes(junk: bytes, chance: random.Random) -> None:
    talk = conversation()
    forwarded = b""
    try:
        for piece in at_random(REQUESTS + junk, chance):
            forwarded += talk.from_client(piece)
    except ProtocolError:
        pass
    assert (FORWARDED + junk).startswith(forwarded)


def on_one_connection(stage: Stage, *requests: bytes) -> bytes:
    """Sends everything at once, and returns everything that comes until the proxy closes."""
    with socket.create_connection((stage.host, stage.port), timeout=PATIENCE_S) as sock:
        sock.sendall(b"".join(requests))
        return receive_all(sock)


def greeting(name: bytes, *fields: bytes) -> Callable[[Wire], None]:
    """A server that answers each request with its name and the request's target."""

    def answer(wire: Wire) -> None:
        while line := wire.read_line():
            while wire.read_line():
                pass
            body = name + b" " + line.split(b" ")[1]
            head = (b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), *fields)
            wire.send(b"\r\n".join(head) + b"\r\n\r\n" + body)

    return answer


def test_a_kept_alive_connection_may_go_on_to_another_upstream(stage: Stage) -> None:
    with ByteServer(greeting(b"one")) as one, ByteServer(greeting(b"two")) as two:
        targets = [f"http://{server.authority}/{n}" for n, server in enumerate((one, one, two, one, two))]
        requests = [f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode() for target in targets]
        with socket.create_connection((stage.host, stage.port), timeout=PATIENCE_S) as sock:
            sock.sendall(b"".join(requests))
            bodies = [receive_response(sock) for _ in requests]
    assert bodies == [b"one /0", b"one /1", b"two /2", b"one /3", b"two /4"]
    exchanges = stage.notebook.closed(5)
    assert [exchange.body for exchange in exchanges] == bodies
    assert all(exchange.end.framing_complete for exchange in exchanges)
    assert [exchange.connection and exchange.connection.id for exchange in exchanges] == [1, 1, 2, 3, 4]


def receive_response(sock: socket.socket) -> bytes:
    head = receive_until(sock, b"\r\n\r\n")
    (length,) = (
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length")
    )
    return receive_exactly(sock, length)


def test_curl_fetches_from_two_servers_through_one_proxy_connection(stage: Stage, upstream: Upstream) -> None:
    upstream.play("/s", stream(BODY, gap_s=0))
    with ByteServer(greeting(b"two")) as two:
        urls = [upstream.http + "/s", f"http://{two.authority}/", upstream.http + "/s"]
        run = curl("--noproxy", "", "--proxy", stage.url, *urls)
    assert (run.returncode, run.stdout) == (0, BODY + b"two /" + BODY)


def test_a_base_url_stands_for_its_upstream(
    own_authority: Authority, authority: TestAuthority, upstream: Upstream
) -> None:
    upstream.play("/v1/s", stream(BODY, gap_s=0))
    routes = [ReverseRoute(upstream.https + "/v1"), ReverseRoute(upstream.http)]
    with Stage(own_authority, authority.ca_file, credentials="a:b", reverse=routes) as stage:
        secure, plain = (route.base_url(stage.host, stage.port) for route in routes)
        run = curl("-H", "X-Goog-Api-Key: k", secure + "/s?alt=sse", plain + "/v1/s")
        assert (run.returncode, run.stdout) == (0, BODY + BODY)
        first, second = stage.notebook.closed(2)
    served = upstream.wait_for(2)
    assert [one.path for one in served] == ["/v1/s?alt=sse", "/v1/s"]
    assert [f"https://{served[0].header('host')}", f"http://{served[1].header('host')}"] == [
        upstream.https,
        upstream.http,
    ]
    assert served[0].header("x-goog-api-key") == "k"
    assert first.request is not None
    assert second.request is not None
    assert [first.request.url, second.request.url] == [
        upstream.https + "/v1/s?alt=sse",
        upstream.http + "/v1/s",
    ]
    assert first.connection is not None
    assert (first.connection.alpn, first.body, second.body) == ("http/1.1", BODY, BODY)


def test_a_post_with_a_long_body_passes_whole(stage: Stage, upstream: Upstream, tmp_path: Path) -> None:
    upload = tmp_path / "upload"
    upload.write_bytes(bytes(range(256)) * 20_000)
    upstream.play("/p", stream(BODY, gap_s=0))
    for chunked in ([], ["-H", "Transfer-Encoding: chunked"]):
        run = curl(
            "--noproxy",
            "",
            "--proxy",
            stage.url,
            *chunked,
            "--data-binary",
            f"@{upload}",
            upstream.http + "/p",
        )
        assert (run.returncode, run.stdout) == (0, BODY)
    for served, exchange in zip(upstream.wait_for(2), stage.notebook.closed(2), strict=True):
        assert served.body == exchange.request_data == upload.read_bytes()


def test_a_request_that_cannot_be_followed_is_answered_and_sent_to_nobody(
    stage: Stage, upstream: Upstream
) -> None:
    answer = on_one_connection(stage, b"GET / HTTP/1.1 nonsense\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    upstream.play("/s", stream(BODY, gap_s=0))
    request = f"GET {upstream.http}/s HTTP/1.1\r\nHost: h\r\n\r\n".encode()
    with socket.create_connection((stage.host, stage.port), timeout=PATIENCE_S) as sock:
        sock.sendall(request)
        receive_until(sock, b"0\r\n\r\n")
        sock.sendall(b"nonsense\r\n\r\n")
        assert b"HTTP/1.1 400 Bad Request" in receive_all(sock)
    assert len(upstream.served) == 1


def test_a_bad_response_through_a_base_url_ends_as_it_does_directly(
    own_authority: Authority, authority: TestAuthority, upstream: Upstream
) -> None:
    upstream.play("/s", stream(BODY, gap_s=0, finish=Finish.RESET))
    route = ReverseRoute(upstream.http)
    with Stage(own_authority, authority.ca_file, reverse=[route]) as stage:
        recorded = curl(route.base_url(stage.host, stage.port) + "/s")
        (exchange,) = stage.notebook.closed()
    direct = curl(upstream.http + "/s")
    assert (recorded.returncode, recorded.stdout) == (direct.returncode, direct.stdout)
    assert (exchange.end.by, exchange.end.how) == (Closer.UPSTREAM, Manner.RESET)
