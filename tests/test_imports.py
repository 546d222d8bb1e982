"""Real files of other tools, and what becomes of them."""

import base64
import gzip
import shutil
import subprocess
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from threading import Thread

import orjson
import pytest

from import_support import FILES, KEY, SESSION, TYPES, imported, sserec
from sserec.archive import verify
from sserec.recording import Exchange, Recording
from sserec.records import Ending, Unknown
from sserec.redact import KEEP_SECRETS

EVERY_FILE = sorted(path for path in FILES.iterdir() if path.suffix != ".md")
STREAM_SIZE_BYTES = 930
LIVE_EVENTS = [b"data: a. b\n\n", b"event: x\ndata: {}\n\n", "data: é\n\n".encode()]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "imported.sse.zst"


def types(exchange: Exchange) -> list[str]:
    return [recorded.event.type for recorded in exchange.events()]


def times(exchange: Exchange) -> list[int | None]:
    return [recorded.t_ns for recorded in exchange.events()]


def assert_spaced(t_ns: list[int | None], count: int) -> None:
    """The server slept 40 ms between two events; how much longer is its machine's matter."""
    known = [time for time in t_ns if time is not None]
    assert len(known) == count
    gaps_ns = [later - earlier for earlier, later in pairwise(known)]
    assert all(20_000_000 < gap_ns < 200_000_000 for gap_ns in gaps_ns[1:])


@pytest.mark.parametrize("path", EVERY_FILE, ids=lambda path: path.name)
def test_a_real_file_becomes_a_whole_archive_without_secrets(path: Path, out: Path) -> None:
    data = path.read_bytes()
    imported(data, out)
    assert verify(out).code == 0
    with Recording.open(str(out)) as recording:
        held = b"".join(
            repr((exchange.request, exchange.response)).encode() + exchange.record.request_body()
            for exchange in recording.exchanges
        )
        assert any(types(exchange) == TYPES[: exchange.event_count] for exchange in recording.exchanges)
    assert b"[REDACTED]" in held
    assert KEY not in held
    assert SESSION not in held


@pytest.mark.parametrize("path", EVERY_FILE, ids=lambda path: path.name)
def test_every_reading_command_reads_an_import(path: Path, out: Path) -> None:
    imported(path.read_bytes(), out)
    for command in (["info", "--json"], ["stats"], ["check"], ["export"]):
        done = sserec(*command, out)
        assert b"Traceback" not in done.stderr
        assert done.returncode in (0, 1), done.stderr


def test_secrets_stay_where_they_are_asked_to(out: Path) -> None:
    imported((FILES / "vcr-9.yaml").read_bytes(), out, policy=KEEP_SECRETS)
    with Recording.open(str(out)) as recording:
        request = recording.exchange(1).request
        assert request is not None
        assert ("x-goog-api-key", KEY.decode()) in request.headers


def test_chrome_tells_the_time_of_each_event_and_of_no_other_bytes(out: Path) -> None:
    imported((FILES / "chrome-156.har").read_bytes(), out)
    with Recording.open(str(out)) as recording:
        page, event_source, _, fetched, unary = recording.exchanges
        assert (page.is_timed, unary.is_timed) == (False, False)
        for stream in (event_source, fetched):
            assert types(stream) == TYPES
            assert_spaced(times(stream), len(TYPES))
            assert not stream.knows_chunks
            assert stream.ending is None
        assert fetched.record.body_size_bytes == STREAM_SIZE_BYTES
        assert Unknown.BYTES in event_source.record.unknown
        assert Unknown.BYTES not in fetched.record.unknown
        assert fetched.record.request_body().startswith(b'{"model"')
        assert unary.body().startswith(b'{"object": "interaction"')


def test_text_that_chrome_read_as_windows_1252_is_utf_8_again(out: Path) -> None:
    imported((FILES / "chrome-156.har").read_bytes(), out)
    with Recording.open(str(out)) as recording:
        assert "Grüße".encode() in recording.exchange(4).body()


FIREFOX = {
    "startedDateTime": "2026-11-22T14:29:37.011+01:00",
    "request": {
        "bodySize": 2,
        "method": "POST",
        "url": "https://example.org/v1/interactions",
        "httpVersion": "HTTP/2",
        "headers": [{"name": "Host", "value": "example.org"}, {"name": "Cookie", "value": "a=b"}],
        "cookies": [{"name": "a", "value": "b"}],
        "queryString": [],
        "headersSize": 80,
        "postData": {"mimeType": "application/json", "params": [], "text": "{}"},
    },
    "response": {
        "status": 200,
        "statusText": "",
        "httpVersion": "HTTP/2",
        "headers": [{"name": "content-type", "value": "text/event-stream"}],
        "cookies": [],
        "content": {"mimeType": "text/event-stream", "size": 18, "text": "data: a\n\ndata: b\n\n"},
        "redirectURL": "",
        "headersSize": 40,
        "bodySize": 58,
    },
    "cache": {},
    "timings": {"blocked": 3, "dns": 1, "connect": 20, "ssl": 15, "send": 0, "wait": 70, "receive": 5},
    "time": 99,
    "_securityState": "secure",
    "serverIPAddress": "2001:db8::7",
    "connection": "443",
    "pageref": "page_1",
}
"""An entry in the shape in which Firefox writes them; made by hand."""


def test_an_entry_of_firefox_tells_when_the_answer_began_and_ended(out: Path) -> None:
    log = {"version": "1.2", "creator": {"name": "Firefox", "version": "145.0"}, "entries": [FIREFOX]}
    done = imported(orjson.dumps({"log": log}), out)
    assert done.tool == "HAR by Firefox 145.0"
    with Recording.open(str(out)) as recording:
        exchange = recording.exchange(1)
        assert (exchange.time_to_first_byte_ns, exchange.duration_ns) == (70_000_000, 99_000_000)
        assert times(exchange) == [None, None]
        assert exchange.record.connection is not None
        assert exchange.record.connection.peer == "[2001:db8::7]:443"
        assert exchange.request is not None
        assert exchange.request.http_version == "HTTP/2"
        assert ("Cookie", "a=[REDACTED]") in exchange.request.headers
        assert recording.meta is not None
        assert recording.meta.anchor_unix_ns == 1_795_354_177_011_000_000


@pytest.mark.parametrize("name", ["mitmproxy-12.har", "mitmproxy-12.flows", "mitmproxy-10.flows"])
def test_mitmproxy_tells_when_bodies_began_and_ended_and_nothing_between(name: str, out: Path) -> None:
    imported((FILES / name).read_bytes(), out)
    with Recording.open(str(out)) as recording:
        stream, unary = recording.exchanges[:2]
        assert times(stream) == [None] * len(TYPES)
        assert stream.record.body_size_bytes == STREAM_SIZE_BYTES
        assert (stream.time_to_first_byte_ns or 0) > 0
        assert (stream.duration_ns or 0) > 200_000_000
        assert unary.body().startswith(b'{"object": "interaction"')


def test_which_requests_shared_a_connection_is_told_where_the_file_tells_it(out: Path) -> None:
    imported((FILES / "mitmproxy-12.flows").read_bytes(), out)
    with Recording.open(str(out)) as recording:
        roads = [exchange.record.connection for exchange in recording.exchanges]
    assert [road and road.peer for road in roads] == ["127.0.0.1:8931"] * 3
    assert [road and road.id for road in roads] == [1, 2, 3]


def test_a_flow_that_broke_off_has_no_end_and_no_body(out: Path) -> None:
    done = imported((FILES / "mitmproxy-12.flows").read_bytes(), out)
    with Recording.open(str(out)) as recording:
        whole, _, broken = recording.exchanges
        assert whole.ending is Ending.COMPLETE
        assert broken.ending is None
        assert Unknown.BODY in broken.record.unknown
        assert broken.close is not None
        assert "incomplete chunked read" in (broken.close.error or "")
    assert b"exchange 3" not in sserec("check", out).stdout
    assert any(remark.startswith("flow 3: mitmproxy kept nothing") for remark in done.remarks)


@pytest.mark.parametrize("name", ["vcr-9.yaml", "vcr-9.json"])
def test_a_cassette_knows_no_time_at_all(name: str, out: Path) -> None:
    imported((FILES / name).read_bytes(), out)
    with Recording.open(str(out)) as recording:
        stream, unary = recording.exchanges
        assert types(stream) == TYPES
        assert times(stream) == [None] * len(TYPES)
        assert (stream.duration_ns, stream.time_to_first_byte_ns, stream.ending) == (None, None, None)
        assert unary.body().startswith(b'{"object": "interaction"')
    told = sserec("stats", out).stdout
    assert b"  not known            when anything happened, which bytes came together, how it ended\n" in told
    measured = orjson.loads(sserec("stats", "--json", out).stdout)["exchanges"][0]
    assert measured["time_between_events_ns"] is None
    assert measured["stalls"] is None
    assert measured["usage"]["total_tokens"] == 7


@pytest.mark.parametrize(
    "body",
    [
        "!!binary |\n        " + base64.b64encode(gzip.compress(b"data: a\n\n")).decode(),
        '"data: a\\n\\n"',
        "{base64_string: " + base64.b64encode(b"data: a\n\n").decode() + "}",
    ],
    ids=["still coded", "decoded", "base64"],
)
def test_a_cassette_holds_its_bodies_in_one_of_several_ways(body: str, out: Path) -> None:
    cassette = f"""\
interactions:
- request: {{body: null, headers: {{}}, method: GET, uri: 'https://example.org/'}}
  response:
    body:
      string: {body}
    headers:
      Content-Encoding: [gzip]
      Content-Type: [text/event-stream]
    status: {{code: 200, message: OK}}
version: 1
"""
    if body.startswith("{"):
        cassette = cassette.replace(f"\n      string: {body}", f" {body}")
    imported(cassette.encode(), out)
    with Recording.open(str(out)) as recording:
        assert recording.exchange(1).body() == b"data: a\n\n"


@pytest.mark.parametrize("name", ["curl-trace.txt", "curl-trace-ascii.txt"])
def test_a_trace_of_curl_tells_the_time_of_each_read(name: str, out: Path) -> None:
    imported((FILES / name).read_bytes(), out)
    with Recording.open(str(out)) as recording:
        for exchange in recording.exchanges:
            assert types(exchange) == TYPES
            assert exchange.record.body_size_bytes == STREAM_SIZE_BYTES
            assert exchange.ending is Ending.COMPLETE
            assert exchange.knows_chunks
        assert_spaced(times(recording.exchange(1)), len(TYPES))
        request = recording.exchange(1).request
        assert request is not None
        assert (request.method, request.http_version) == ("POST", "HTTP/1.1")
        assert request.url == "http://127.0.0.1:8931/v1/interactions?alt=sse"


def test_only_a_hexadecimal_trace_holds_the_bytes(out: Path, tmp_path: Path) -> None:
    imported((FILES / "curl-trace.txt").read_bytes(), out)
    done = imported((FILES / "curl-trace-ascii.txt").read_bytes(), tmp_path / "ascii.sse.zst")
    assert done.unknown == [frozenset({Unknown.BYTES})] * 2
    assert "a dot for every byte" in done.remarks[0]
    with Recording.open(str(out)) as recording:
        assert "Grüße".encode() in recording.exchange(1).body()
        assert not recording.exchange(1).record.unknown


def test_a_trace_without_times_of_a_stream_that_broke_off_says_so(out: Path) -> None:
    imported((FILES / "curl-trace-cut.txt").read_bytes(), out)
    with Recording.open(str(out)) as recording:
        exchange = recording.exchange(1)
        assert exchange.record.unknown == {Unknown.TIMES, Unknown.END}
        assert types(exchange) == TYPES[:4]
        assert exchange.close is not None
        assert "outstanding read data" in (exchange.close.error or "")


DECHUNKED = b"""\
12:00:00.000001 [0-0] == Info: Connected
12:00:00.000002 [0-0] => Send header, 37 bytes (0x25)
0000: GET / HTTP/1.1
0010: Host: example.org
0023:
12:00:00.000003 [0-0] <= Recv header, 17 bytes (0x11)
0000: HTTP/1.1 200 OK
12:00:00.000004 [0-0] <= Recv header, 28 bytes (0x1c)
0000: Transfer-Encoding: chunked
12:00:00.000005 [0-0] <= Recv header, 2 bytes (0x2)
0000:
12:00:00.000006 [0-0] <= Recv data, 9 bytes (0x9)
0000: data: a..
23:59:59.000000 [0-0] <= Recv data, 9 bytes (0x9)
0000: data: b..
00:00:01.000000 [0-0] == Info: Connection #0 to host example.org left intact
00:00:01.500000 [1-1] => Send header, 37 bytes (0x25)
0000: GET / HTTP/1.1
0010: Host: example.org
0023:
"""
"""As versions of curl write it that show the content without its framing; by hand."""


def test_a_trace_may_show_the_content_alone_and_go_on_beyond_midnight(out: Path) -> None:
    imported(DECHUNKED, out)
    with Recording.open(str(out)) as recording:
        first, second = recording.exchanges
        assert first.body() == b"data: a\n\ndata: b\n\n"
        assert first.ending is Ending.COMPLETE
        assert (second.response, second.ending) == (None, None)
        assert second.record.t_open_ns == (12 * 3600 + 1) * 10**9 + 500_000_000 - 2_000


class Streaming(BaseHTTPRequestHandler):
    """Answers with three events, the last one not ASCII, in chunks of HTTP/1.1."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for event in LIVE_EVENTS:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing."""


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
@pytest.mark.parametrize("option", ["--trace", "--trace-ascii"])
def test_what_the_installed_curl_traces_can_be_read(option: str, out: Path, tmp_path: Path) -> None:
    trace = tmp_path / "trace.txt"
    with ThreadingHTTPServer(("127.0.0.1", 0), Streaming) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_address[1]}/stream?key={KEY.decode()}"
        command = ["curl", "-sS", "--noproxy", "*", option, str(trace), "--trace-time", url]
        body = subprocess.run(command, capture_output=True, check=True).stdout
        server.shutdown()
        thread.join()
    imported(trace.read_bytes(), out)
    with Recording.open(str(out)) as recording:
        exchange = recording.exchange(1)
        assert exchange.ending is Ending.COMPLETE
        assert types(exchange) == ["message", "x", "message"]
        assert None not in times(exchange)
        assert exchange.request is not None
        assert exchange.request.url == url.replace(KEY.decode(), "[REDACTED]")
        if option == "--trace":
            assert exchange.body() == body == b"".join(LIVE_EVENTS)


def test_plain_text_is_kept_byte_for_byte(out: Path) -> None:
    body = b": hello\r\ndata: a\r\rid: 7\ndata: b\n\ndata: cut"
    imported(body, out)
    with Recording.open(str(out)) as recording:
        assert recording.exchange(1).body() == body
        assert recording.exchange(1).record.unknown == {
            Unknown.REQUEST,
            Unknown.TIMES,
            Unknown.CHUNKS,
            Unknown.END,
        }


def test_events_in_json_come_back_as_the_same_events_at_the_same_times(out: Path, tmp_path: Path) -> None:
    first, again = tmp_path / "first.sse.zst", tmp_path / "again.sse.zst"
    imported((FILES / "curl-trace.txt").read_bytes(), first)
    lines = sserec("events", "--json", first).stdout
    imported(lines, again)
    assert sserec("events", "--json", again).stdout == lines


def test_awkward_events_come_back_as_they_were(tmp_path: Path) -> None:
    body = b"data: a\ndata:  b\ndata\n\nevent: x\nid: 1\ndata: \xff\xfe\n\nid\ndata: c\n\nevent: message\ndata: d\n\n"
    plain, again = tmp_path / "plain.sse", tmp_path / "again.sse.zst"
    plain.write_bytes(body)
    lines = sserec("events", "--json", plain).stdout
    imported(lines, again)
    assert sserec("events", "--json", again).stdout == lines


def test_bare_events_of_an_api_are_typed_by_what_they_say(out: Path) -> None:
    imported(b'{"event_type":"step.start","index":0}\n\n{"type":"ping"}\n{"neither":1}\n', out)
    with Recording.open(str(out)) as recording:
        assert types(recording.exchange(1)) == ["step.start", "ping", "message"]


def test_the_command_says_what_is_not_known_and_info_says_it_again(out: Path) -> None:
    done = sserec("import", FILES / "vcr-9.yaml", "-o", out)
    assert done.returncode == 0
    assert done.stdout == b""
    words = "exchanges 1, 2: not known: when anything happened, which bytes came together, how it ended"
    assert f"sserec: {out}: 2 exchanges from VCR.py cassette" in done.stderr.decode().splitlines()
    assert f"sserec: {out}: {words}" in done.stderr.decode().splitlines()
    told = sserec("info", out).stdout.decode()
    assert told.splitlines()[-1] == words
    assert " imported " in told
    assert " recorded " not in told
    facts = orjson.loads(sserec("info", "--json", out).stdout)
    assert facts["attributes"]["mode"] == "import"
    assert facts["exchanges"][0]["unknown"] == ["chunks", "end", "times"]


def test_a_file_in_a_gzip_is_read_as_it_is(out: Path, tmp_path: Path) -> None:
    packed = tmp_path / "chat.har.gz"
    packed.write_bytes(gzip.compress((FILES / "chrome-156.har").read_bytes()))
    assert sserec("import", packed, "-o", out).returncode == 0
    with Recording.open(str(out)) as recording:
        assert len(recording.exchanges) == 5


def test_standard_input_is_a_file_too(out: Path) -> None:
    done = sserec("import", "-", "-o", out, given=(FILES / "curl-trace.txt").read_bytes())
    assert done.returncode == 0, done.stderr
    assert verify(out).code == 0


def test_an_archive_is_not_replaced_unasked(out: Path) -> None:
    file = FILES / "vcr-9.json"
    assert sserec("import", file, "-o", out).returncode == 0
    before = out.read_bytes()
    done = sserec("import", file, "-o", out)
    assert done.returncode == 2
    assert b"exists already" in done.stderr
    assert out.read_bytes() == before
    assert sserec("import", file, "-o", out, "--overwrite").returncode == 0


def test_an_import_can_be_replayed_by_what_was_asked(out: Path) -> None:
    from sserec.replay.takes import take

    imported((FILES / "vcr-9.yaml").read_bytes(), out)
    with Recording.open(str(out)) as recording:
        exchange = recording.exchange(1)
        one = take(exchange, exchange.chunks)
        assert one is not None
        assert one.asked is not None
        assert one.finale.value == "end"
