"""The replay server as curl meets it, over every HTTP and every way in."""

import socket
import subprocess
from pathlib import Path

import h2.connection
import h2.errors
import h2.events
import h2.settings
import httpx
import pytest

from replay_support import CREATED, DONE, EVENT_STREAM, URL, Kept, delta, recording, replayed
from sserec.authority import Authority
from sserec.recording import Recording
from sserec.records import Chunk, Closer, Manner, Response
from sserec.replay.score import Finale, Head
from sserec.replay.server import performing
from sserec.replay.takes import Take, takes

JSON = (("content-type", "application/json"), ("content-length", "2"))
STREAM = Kept([(0, CREATED), *((number, delta(number)) for number in range(1, 20)), (20, DONE)])
PARTIAL_FILE, RESET, HTTP2_FAULT, HTTP2_STREAM = 18, 56, 16, 92
"""curl's exit codes (curl(1), EXIT CODES)."""
WAYS = {
    "HTTP/1.1": ("--http1.1", "http://127.0.0.1:{port}"),
    "HTTP/1.0": ("--http1.0", "http://127.0.0.1:{port}"),
    "HTTP/1.1, TLS": ("--http1.1", "https://127.0.0.1:{port}"),
    "HTTP/2, TLS": ("--http2", "https://localhost:{port}"),
    "HTTP/2": ("--http2-prior-knowledge", "http://127.0.0.1:{port}"),
    "CONNECT": ("-xhttp://127.0.0.1:{port}", "https://generativelanguage.googleapis.com"),
    "CONNECT, HTTP/1.1": (
        "--http1.1",
        "-xhttp://127.0.0.1:{port}",
        "https://generativelanguage.googleapis.com",
    ),
}


def curl(port: int, own_ca: Path, way: str, *options: str) -> subprocess.CompletedProcess[bytes]:
    *how, base = (word.format(port=port) for word in WAYS[way])
    words = ["curl", "-qsSN", "--cacert", str(own_ca), *how, "-d", STREAM.body.decode(), *options]
    return subprocess.run([*words, f"{base}/v1/interactions"], capture_output=True, timeout=60)


@pytest.mark.parametrize("way", WAYS)
def test_every_way_in_gives_the_same_bytes(
    tmp_path: Path, own_authority: Authority, own_ca: Path, way: str
) -> None:
    with replayed(recording(tmp_path / "x.sse.zst", STREAM), own_authority) as port:
        got = curl(port, own_ca, way, "-w", "%{http_code} %{content_type}")
    assert (got.stdout, got.stderr) == (STREAM.data + b"200 text/event-stream", b"")


@pytest.mark.parametrize(
    ("way", "how", "codes"),
    [
        ("HTTP/1.1", Manner.CLOSE, {PARTIAL_FILE}),
        ("HTTP/1.1", Manner.FAULT, {RESET, PARTIAL_FILE}),
        ("HTTP/1.1", Manner.RESET, {RESET}),
        ("HTTP/1.1, TLS", Manner.CLOSE, {PARTIAL_FILE}),
        ("HTTP/1.1, TLS", Manner.RAGGED, {RESET, PARTIAL_FILE}),
        ("HTTP/1.1, TLS", Manner.RESET, {RESET}),
        ("HTTP/2, TLS", Manner.CLOSE, {PARTIAL_FILE, HTTP2_FAULT, RESET}),
        ("HTTP/2, TLS", Manner.FAULT, {HTTP2_STREAM}),
        ("HTTP/2, TLS", Manner.RESET, {HTTP2_STREAM}),
    ],
)
def test_a_bad_end_reaches_the_client_after_everything_that_came_before_it(
    tmp_path: Path, own_authority: Authority, own_ca: Path, way: str, how: Manner, codes: set[int]
) -> None:
    cut = Kept(STREAM.chunks[:-1], close=(Closer.UPSTREAM, how, False))
    with replayed(recording(tmp_path / "x.sse.zst", cut), own_authority) as port:
        got = curl(port, own_ca, way)
    assert got.stdout == cut.data
    assert got.returncode in codes, got


@pytest.mark.parametrize("way", ["HTTP/1.1", "HTTP/2"])
def test_an_http_error_is_answered_as_it_was(
    tmp_path: Path, own_authority: Authority, own_ca: Path, way: str
) -> None:
    refusal = Kept([(0, b"{}")], response=Response(429, "Too Many Requests", "HTTP/1.1", JSON))
    with replayed(recording(tmp_path / "x.sse.zst", refusal), own_authority) as port:
        got = curl(port, own_ca, way, "-w", "%{http_code} %header{content-length}")
    assert got.stdout == b"{}429 2"


@pytest.mark.parametrize("way", ["HTTP/1.1", "HTTP/2"])
def test_a_miss_is_told_in_the_apis_own_shape(
    tmp_path: Path, own_authority: Authority, own_ca: Path, way: str
) -> None:
    with replayed(recording(tmp_path / "x.sse.zst", STREAM), own_authority) as port:
        got = curl(port, own_ca, way, "-d", "x", "-w", "%{http_code}")
    assert got.stdout.endswith(b"404")
    assert (
        b'"message": "sserec: nothing recorded answers POST /v1/interactions; exchange 1 is nearest'
        in got.stdout
    )
    assert b'"place": "body"' in got.stdout


def test_a_proxied_request_to_another_server_is_a_miss(tmp_path: Path, own_authority: Authority) -> None:
    with replayed(recording(tmp_path / "x.sse.zst", STREAM), own_authority) as port:
        got = httpx.post(
            "http://other.example/v1/interactions", content=STREAM.body, proxy=f"http://127.0.0.1:{port}"
        )
    assert (got.status_code, got.json()["differences"][0]["place"]) == (404, "server")


def test_a_coded_body_is_served_decoded_without_saying_that_it_is_coded(
    tmp_path: Path, own_authority: Authority, own_ca: Path
) -> None:
    coded = Kept(response=Response(200, "OK", "HTTP/1.1", (*EVENT_STREAM, ("Content-Encoding", "gzip"))))
    with replayed(recording(tmp_path / "x.sse.zst", coded), own_authority) as port:
        got = curl(port, own_ca, "HTTP/1.1", "--compressed", "-D", "-")
    head, _, body = got.stdout.partition(b"\r\n\r\n")
    assert body == coded.data
    assert b"ncoding: gzip" not in head


def test_a_coded_body_whose_length_was_announced_is_announced_as_what_is_served(
    tmp_path: Path, own_authority: Authority, own_ca: Path
) -> None:
    headers = (*EVENT_STREAM, ("Content-Encoding", "gzip"), ("Content-Length", "7"))
    coded = Kept(response=Response(200, "OK", "HTTP/1.1", headers))
    with replayed(recording(tmp_path / "x.sse.zst", coded), own_authority) as port:
        got = curl(port, own_ca, "HTTP/1.1", "-w", "%header{content-length}")
    assert got.stdout == coded.data + b"%d" % len(coded.data)


@pytest.mark.parametrize("way", ["HTTP/1.1", "HTTP/2"])
def test_fields_that_no_message_can_carry_are_left_out(
    tmp_path: Path, own_authority: Authority, own_ca: Path, way: str
) -> None:
    odd = (("bad name", "x"), ("", "x"), (":status", "500"), ("x-a", "a\r\nset-cookie: b"), ("x-b", "a\0"))
    headers = (*EVENT_STREAM, *odd, ("x-name", "\u2713 caf\xe9"), ("content-length", "9" * 5000))
    response = Response(200, "OK\r\nx-c: 1", "HTTP/1.1", headers)
    kept = Kept(response=response, trailers=(*odd, ("content-length", "1"), ("x-sum", "\u2713")))
    with replayed(recording(tmp_path / "x.sse.zst", kept), own_authority) as port:
        got = curl(port, own_ca, way, "-D", str(tmp_path / "head"))
    assert (got.stdout, got.returncode) == (kept.data, 0)
    fields = [line.partition(b": ") for line in (tmp_path / "head").read_bytes().splitlines()[1:]]
    expected = {b"content-type", b"x-name", b"x-sum"} | (
        {b"transfer-encoding"} if way == "HTTP/1.1" else set()
    )
    assert {name.lower() for name, _, _ in fields if name} == expected
    assert (b"x-name", b": ", "\u2713 caf\xe9".encode()) in fields


@pytest.mark.parametrize("status", [0, 101, 100_000])
def test_a_status_that_ends_no_exchange_is_not_performed(tmp_path: Path, status: int) -> None:
    odd = Kept(response=Response(status, "", "HTTP/1.1"))
    with Recording.open(str(recording(tmp_path / "x.sse.zst", odd))) as opened:
        assert takes(opened.exchanges) == []


def test_an_answer_that_lacks_what_was_announced_is_not_taken_for_whole(own_authority: Authority) -> None:
    """A damaged file may lack a part of a body that was whole when it was recorded."""
    head = Head(Response(200, "OK", "HTTP/1.1"), size_bytes=100)
    damaged = Take("damaged", None, head, lambda: iter([Chunk(0, 0, b"{}")]), Finale.END)
    with (
        performing([damaged], own_authority) as port,
        pytest.raises(httpx.RemoteProtocolError, match="received 2 bytes, expected 100"),
    ):
        httpx.get(f"http://127.0.0.1:{port}/")


def test_a_connection_is_kept_for_the_next_request(tmp_path: Path, own_authority: Authority) -> None:
    with replayed(recording(tmp_path / "x.sse.zst", STREAM), own_authority) as port, httpx.Client() as client:
        ports = set()
        for _ in range(3):
            with client.stream(
                "POST", f"http://127.0.0.1:{port}/v1/interactions", content=STREAM.body
            ) as got:
                assert got.read() == STREAM.data
                ports.add(got.extensions["network_stream"].get_extra_info("client_addr"))
    assert len(ports) == 1


def test_requests_that_came_together_are_answered_in_order(tmp_path: Path, own_authority: Authority) -> None:
    polls = [Kept([(0, b"%d" % n)], url=f"{URL}/{n}", method="GET", body=b"") for n in range(3)]
    asked = b"".join(b"GET /v1/interactions/%d HTTP/1.1\r\nhost: x\r\n\r\n" % n for n in (2, 0, 1))
    with (
        replayed(recording(tmp_path / "x.sse.zst", *polls), own_authority) as port,
        socket.create_connection(("127.0.0.1", port), 60) as sock,
    ):
        sock.sendall(asked)
        sock.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: sock.recv(65536), b""))
    assert [part[:1] for part in answer.split(b"\r\n1\r\n")[1:]] == [b"2", b"0", b"1"]


def test_head_gets_the_head_alone(tmp_path: Path, own_authority: Authority) -> None:
    asked = Kept([], method="HEAD", body=b"", response=Response(200, "OK", "HTTP/1.1", JSON))
    with replayed(recording(tmp_path / "x.sse.zst", asked), own_authority) as port:
        got = httpx.head(f"http://127.0.0.1:{port}/v1/interactions")
    assert (got.status_code, got.headers["content-length"], got.content) == (200, "2", b"")


def test_a_large_request_with_expect_is_taken(tmp_path: Path, own_authority: Authority, own_ca: Path) -> None:
    question = b'{"image":"' + b"A" * 3_000_000 + b'"}'
    (tmp_path / "question").write_bytes(question)
    with replayed(recording(tmp_path / "x.sse.zst", Kept(body=question)), own_authority) as port:
        words = ["curl", "-qsS", "--expect100-timeout", "100", f"http://127.0.0.1:{port}/v1/interactions"]
        words += ["-H", "Expect: 100-continue", "--data-binary", f"@{tmp_path}/question"]
        got = subprocess.run(words, capture_output=True, timeout=60)
        again = subprocess.run(
            ["curl", "-qsS", "--http2-prior-knowledge", *words[4:]], capture_output=True, timeout=60
        )
    assert (got.stdout, again.stdout) == (Kept().data, Kept().data)


def test_what_is_no_http_is_refused(tmp_path: Path, own_authority: Authority) -> None:
    with replayed(recording(tmp_path / "x.sse.zst", STREAM), own_authority) as port:
        for sent in (
            b"hello?\r\n\r\n",
            b"GET http://[/x HTTP/1.1\r\nhost: x\r\n\r\n",
            b"\x16\x03\x01\x00\x05hello",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 9,
        ):
            with socket.create_connection(("127.0.0.1", port), 60) as sock:
                sock.sendall(sent)
                sock.shutdown(socket.SHUT_WR)
                assert b"200" not in b"".join(iter(lambda: sock.recv(65536), b""))


def test_one_http2_connection_performs_many_streams_at_once(
    tmp_path: Path, own_authority: Authority, own_ca: Path
) -> None:
    with replayed(recording(tmp_path / "x.sse.zst", STREAM), own_authority) as port:
        url = f"https://localhost:{port}/v1/interactions"
        words = ["curl", "-qsSZ", "--http2", "--cacert", str(own_ca), "-d", STREAM.body.decode()]
        got = subprocess.run([*words, *[url] * 20], capture_output=True, timeout=60)
    assert len(got.stdout) == 20 * len(STREAM.data)
    assert got.stdout.count(DONE) == 20


class Http2Client:
    """A client with small windows."""

    def __init__(self, port: int, window_bytes: int) -> None:
        self._sock = socket.create_connection(("127.0.0.1", port), 60)
        self.h2 = h2.connection.H2Connection()
        initial = {h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: window_bytes}
        self.h2.local_settings = h2.settings.Settings(client=True, initial_values=initial)
        self.h2.initiate_connection()
        self.window_bytes = window_bytes

    def ask(self, stream: int) -> None:
        head = [(":method", "POST"), (":path", "/v1/interactions"), (":scheme", "http"), (":authority", "x")]
        self.h2.send_headers(stream, head)
        self.h2.send_data(stream, STREAM.body, end_stream=True)
        self.flush()

    def flush(self) -> None:
        self._sock.sendall(self.h2.data_to_send())

    def events(self) -> list[h2.events.Event]:
        return self.h2.receive_data(self._sock.recv(65536))

    def close(self) -> None:
        self._sock.close()


def test_http2_keeps_to_the_windows_of_its_client(tmp_path: Path, own_authority: Authority) -> None:
    large = Kept([(0, bytes(100_000)), (0, DONE)])
    with replayed(recording(tmp_path / "x.sse.zst", large), own_authority, any_body=True) as port:
        client = Http2Client(port, 1000)
        client.ask(1)
        body, ended = b"", False
        while not ended:
            for event in client.events():
                if isinstance(event, h2.events.DataReceived):
                    assert len(event.data or b"") <= 1000
                    body += event.data or b""
                    client.h2.acknowledge_received_data(event.flow_controlled_length or 0, 1)
                ended = ended or isinstance(event, h2.events.StreamEnded)
            client.flush()
        client.close()
    assert body == large.data


def test_a_cancelled_http2_stream_leaves_the_others_alone(tmp_path: Path, own_authority: Authority) -> None:
    with replayed(recording(tmp_path / "x.sse.zst", STREAM), own_authority) as port:
        client = Http2Client(port, 10)  # the first stream stands still at once
        client.ask(1)
        client.h2.reset_stream(1)
        client.ask(3)
        client.h2.increment_flow_control_window(60_000, 3)
        client.flush()
        ended: list[int | None] = []
        while not ended:
            ended += [
                event.stream_id for event in client.events() if isinstance(event, h2.events.StreamEnded)
            ]
        client.h2.ping(b"12345678")
        client.flush()
        while not any(isinstance(event, h2.events.PingAckReceived) for event in client.events()):
            pass
        client.close()
    assert ended == [3]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("RST_STREAM ENHANCE_YOUR_CALM", h2.errors.ErrorCodes.ENHANCE_YOUR_CALM),
        ("RST_STREAM NO_ERROR", h2.errors.ErrorCodes.NO_ERROR),
        ("RST_STREAM error 0xbeef", 0xBEEF),
        ("GOAWAY REFUSED_STREAM", h2.errors.ErrorCodes.REFUSED_STREAM),
        ("Connection reset by peer", h2.errors.ErrorCodes.INTERNAL_ERROR),
    ],
)
def test_an_http2_stream_is_reset_with_the_code_that_was_recorded(
    tmp_path: Path, own_authority: Authority, error: str, code: int
) -> None:
    reset = Kept(STREAM.chunks[:2], close=(Closer.UPSTREAM, Manner.RESET, False), error=error)
    with replayed(recording(tmp_path / "x.sse.zst", reset), own_authority) as port:
        client = Http2Client(port, 65535)
        client.ask(1)
        codes: list[int | None] = []
        while not codes:
            codes += [
                event.error_code for event in client.events() if isinstance(event, h2.events.StreamReset)
            ]
        client.close()
    assert codes == [code]


def test_http2_has_trailers_too(tmp_path: Path, own_authority: Authority) -> None:
    kept = Kept(STREAM.chunks, trailers=(("Server-Timing", "db;dur=53"),))
    with replayed(recording(tmp_path / "x.sse.zst", kept), own_authority) as port:
        client = Http2Client(port, 65535)
        client.ask(1)
        seen: list[h2.events.Event] = []
        while not any(isinstance(event, h2.events.StreamEnded) for event in seen):
            seen += client.events()
        client.close()
    (trailers,) = [event.headers for event in seen if isinstance(event, h2.events.TrailersReceived)]
    assert [tuple(field) for field in trailers or ()] == [(b"server-timing", b"db;dur=53")]
