"""The test upstream itself: what it plays is what curl gets, and each bad ending is the one asked for."""

import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from upstream import Upstream
from upstream_script import GAP_S, Finish, Framing, json_response, stream

BODY = b"event: a\ndata: 1\n\ndata: 2\n\nevent: done\ndata: [DONE]\n\n"


def curl(upstream: Upstream, url: str, *options: str) -> subprocess.CompletedProcess[bytes]:
    command = ["curl", "-q", "-sN", "--noproxy", "*", "--cacert", str(upstream.ca_file), *options, url]
    return subprocess.run(command, capture_output=True, timeout=60)


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_curl_gets_the_script_over_tls(upstream: Upstream, version: str) -> None:
    upstream.play("/s", stream(BODY))
    assert curl(upstream, upstream.https + "/s?x=1", version).stdout == BODY
    (served,) = upstream.wait_for(1)
    assert (served.path, served.body_sent) == ("/s?x=1", BODY)
    assert all(b.t_ns - a.t_ns >= GAP_S * 0.95e9 for a, b in pairwise(served.writes))


@pytest.mark.parametrize("framing", list(Framing))
def test_curl_gets_the_script_over_plain_http(upstream: Upstream, framing: Framing) -> None:
    upstream.play("/s", stream(BODY, gap_s=0, framing=framing))
    assert curl(upstream, upstream.http + "/s").stdout == BODY


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_codings_are_flushed_for_each_event(upstream: Upstream, coding: str, version: str) -> None:
    upstream.play("/s", stream(BODY, gap_s=0, coding=coding))
    assert curl(upstream, upstream.https + "/s", version, "--compressed").stdout == BODY


@pytest.mark.parametrize(
    ("framing", "finish", "code"),
    [
        (Framing.CHUNKED, Finish.CUT, 18),
        (Framing.CHUNKED, Finish.RAGGED, 18),
        (Framing.CHUNKED, Finish.RESET, 56),
        (Framing.CHUNKED, Finish.BAD_CHUNK, 56),
        (Framing.LENGTH, Finish.CUT, 18),
        (Framing.EOF, Finish.CLEAN, 0),
        (Framing.EOF, Finish.RAGGED, 0),
        (Framing.EOF, Finish.RESET, 56),
    ],
)
def test_http1_ends_as_badly_as_asked(
    upstream: Upstream, framing: Framing, finish: Finish, code: int
) -> None:
    upstream.play("/s", stream(BODY, gap_s=0.01, framing=framing, finish=finish))
    got = curl(upstream, upstream.https + "/s", "--http1.1")
    assert (got.stdout, got.returncode) == (BODY, code)


@pytest.mark.parametrize(
    ("finish", "codes"),
    [(Finish.RST_STREAM, {92}), (Finish.CUT, {16, 18}), (Finish.RAGGED, {16, 18}), (Finish.RESET, {56})],
)
def test_http2_ends_as_badly_as_asked(upstream: Upstream, finish: Finish, codes: set[int]) -> None:
    upstream.play("/s", stream(BODY, gap_s=0.01, finish=finish))
    got = curl(upstream, upstream.https + "/s", "--http2")
    assert got.stdout == BODY
    assert got.returncode in codes, "which one is curl's to choose, and differs between its versions"


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_a_client_that_leaves_is_noticed(upstream: Upstream, version: str) -> None:
    upstream.play("/s", stream(BODY, gap_s=0, finish=Finish.HOLD))
    command = ["curl", "-q", "-sN", "--noproxy", "*", "--cacert", str(upstream.ca_file), version]
    with subprocess.Popen([*command, upstream.https + "/s"], stdout=subprocess.PIPE) as client:
        assert client.stdout
        assert client.stdout.read(len(BODY)) == BODY
        client.kill()
    (served,) = upstream.wait_for(1)
    assert served.t_gone_ns is not None


def test_scripts_of_a_path_are_played_in_turn(upstream: Upstream) -> None:
    upstream.play("/s", json_response(429, b"{}"), stream(BODY, gap_s=0))
    answers = [curl(upstream, upstream.https + "/s", "-w", "%{http_code}").stdout for _ in range(3)]
    assert answers == [b"{}429", BODY + b"200", BODY + b"200"]


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_request_bodies_arrive(upstream: Upstream, version: str, tmp_path: Path) -> None:
    upstream.play("/s", json_response(200, b"{}"))
    large = tmp_path / "large"
    large.write_bytes(b"x" * 1_200_000)
    curl(upstream, upstream.https + "/s", version, "-d", '{"stream":true}')
    curl(upstream, upstream.https + "/s", version, "--data-binary", f"@{large}")
    assert [served.body for served in upstream.served] == [b'{"stream":true}', large.read_bytes()]


def test_chunked_request_bodies_arrive(upstream: Upstream) -> None:
    upstream.play("/s", json_response(200, b"{}"))
    curl(upstream, upstream.https + "/s", "--http1.1", "-H", "transfer-encoding: chunked", "-d", "ab")
    assert upstream.served[0].body == b"ab"
