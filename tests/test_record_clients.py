"""Clients that people use, each with its defaults. A client that is not installed here is skipped.

docs/recording.md has the whole matrix, with the clients that need more than a Python package.
"""

import importlib.util
import json
import shutil
import sys

import pytest
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from proxy_wire import ByteServer
from record_support import BODY, Recorder
from sserec.archive import Direction
from sserec.recording import Recording
from sserec.records import Ending
from upstream_script import Script, Write, stream
from upstream_wire import TestAuthority, Wire

READS = {
    "urllib": "import urllib.request, sys; sys.stdout.buffer.write(urllib.request.urlopen(sys.argv[1]).read())",
    "requests": "import requests, sys; sys.stdout.buffer.write(requests.get(sys.argv[1], stream=True).content)",
    "httpx": "import httpx, sys; sys.stdout.buffer.write(httpx.get(sys.argv[1]).content)",
    "httpx2": "import httpx2, sys; sys.stdout.buffer.write(httpx2.get(sys.argv[1]).content)",
}
CHAT = b"".join(
    b"data: "
    + json.dumps(
        {
            "id": "c",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": "m",
            "choices": [{"index": 0, "delta": {"content": word}, "finish_reason": None}],
        }
    ).encode()
    + b"\n\n"
    for word in ("one ", "two")
)
OPENAI = """
import asyncio, openai, sys
asked = {"model": "m", "messages": [{"role": "user", "content": "?"}], "stream": True}
def tell(chunk):
    sys.stdout.write(chunk.choices[0].delta.content)
def sync(options):
    for chunk in openai.OpenAI(**options).chat.completions.create(**asked):
        tell(chunk)
async def main(options):
    async with openai.AsyncOpenAI(**options) as client:
        async for chunk in await client.chat.completions.create(**asked):
            tell(chunk)
options = {"api_key": "unused", "base_url": sys.argv[1] + "/v1"}
asyncio.run(main(options)) if sys.argv[2] == "async" else sync(options)
"""
MESSAGES = b"".join(
    f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()
    for event in (
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "one"}},
        {"type": "message_stop"},
    )
)
ANTHROPIC = """
import anthropic, asyncio, sys
asked = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "?"}], "stream": True}
def tell(event):
    sys.stdout.write(event.type + " ")
def sync(options):
    for event in anthropic.Anthropic(**options).messages.create(**asked):
        tell(event)
async def main(options):
    async with anthropic.AsyncAnthropic(**options) as client:
        async for event in await client.messages.create(**asked):
            tell(event)
options = {"api_key": "unused", "base_url": sys.argv[1]}
asyncio.run(main(options)) if sys.argv[2] == "async" else sync(options)
"""
HTTPX_HTTP2 = "import httpx, sys; sys.stdout.buffer.write(httpx.Client(http2=True).get(sys.argv[1]).content)"
WEBSOCKET = """
import sys
from websockets.sync.client import connect
with connect(sys.argv[1], open_timeout=None, close_timeout=None) as socket:
    socket.send("secret")
    sys.stdout.write(socket.recv())
"""
REFS = b"001e# service=git-upload-pack\n0000003d" + b"a" * 40 + b" refs/heads/main\n0000"


def assert_recorded(recorder: Recorder, url: str, body: bytes) -> None:
    with Recording.open(str(recorder.file)) as recording:
        exchange = list(recording.exchanges)[-1]
        assert exchange.request
        assert (exchange.request.url, exchange.body()) == (url, body)
        assert exchange.ending in (Ending.COMPLETE, Ending.CLIENT_CLOSED_AFTER_END)


@pytest.mark.parametrize("base", ["http", "https"])
@pytest.mark.parametrize("package", READS)
def test_pythons_http_clients(recorder: Recorder, package: str, base: str) -> None:
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    url = getattr(recorder.upstream, base) + "/s"
    got = recorder.record(sys.executable, "-c", READS[package], url)
    assert (got.stdout, got.returncode) == (BODY, 0), got.stderr
    assert_recorded(recorder, url, BODY)


def test_httpx_over_http2(recorder: Recorder) -> None:
    got = recorder.record(sys.executable, "-c", HTTPX_HTTP2, recorder.upstream.https + "/s")
    assert (got.stdout, got.returncode) == (BODY, 0), got.stderr
    with Recording.open(str(recorder.file)) as recording:
        (exchange,) = recording.exchanges
        assert exchange.response
        assert (exchange.response.http_version, exchange.body()) == ("HTTP/2", BODY)


@pytest.mark.parametrize("way", ["sync", "async"])
@pytest.mark.skipif(importlib.util.find_spec("openai") is None, reason="openai is not installed")
def test_openai(recorder: Recorder, way: str) -> None:
    body = CHAT + b"data: [DONE]\n\n"
    recorder.upstream.play("/v1/chat/completions", stream(body, gap_s=0.005))
    got = recorder.record(sys.executable, "-c", OPENAI, recorder.upstream.https, way)
    assert got.stdout == b"one two", got.stderr
    assert_recorded(recorder, recorder.upstream.https + "/v1/chat/completions", body)


@pytest.mark.parametrize("way", ["sync", "async"])
@pytest.mark.skipif(importlib.util.find_spec("anthropic") is None, reason="anthropic is not installed")
def test_anthropic(recorder: Recorder, way: str) -> None:
    recorder.upstream.play("/v1/messages", stream(MESSAGES, gap_s=0.005))
    got = recorder.record(sys.executable, "-c", ANTHROPIC, recorder.upstream.https, way)
    assert got.stdout.split() == [b"content_block_start", b"content_block_delta", b"message_stop"], got.stderr
    assert_recorded(recorder, recorder.upstream.https + "/v1/messages", MESSAGES)


def shout(wire: Wire) -> None:
    """A WebSocket server: whatever it is told it says in capitals. It leaves without close_notify, as many do."""
    protocol = ServerProtocol()
    while data := wire.receive():
        protocol.receive_data(data)
        for event in protocol.events_received():
            if isinstance(event, Request):
                protocol.send_response(protocol.accept(event))
            elif isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                protocol.send_text(bytes(event.data).upper())
        for answer in protocol.data_to_send():
            if not answer:
                return
            wire.send(answer)


@pytest.mark.parametrize("scheme", ["ws", "wss"])
def test_a_websocket_client(recorder: Recorder, authority: TestAuthority, scheme: str) -> None:
    context = authority.server_context(("http/1.1",)) if scheme == "wss" else None
    with ByteServer(shout, context) as server:
        got = recorder.record(sys.executable, "-c", WEBSOCKET, f"{scheme}://{server.authority}/chat")
    assert (got.stdout, got.returncode) == (b"SECRET", 0), got.stderr
    with Recording.open(str(recorder.file)) as recording:
        (exchange,) = recording.exchanges
        assert exchange.response
        assert (exchange.response.status, exchange.body()) == (101, b"")
        assert exchange.ending is Ending.COMPLETE
        assert {one.direction for one in exchange.record.traffic()} == set(Direction)
    assert b"secret" not in recorder.file.read_bytes()


@pytest.mark.skipif(shutil.which("wget") is None, reason="wget is not installed")
@pytest.mark.parametrize("base", ["http", "https"])
def test_wget(recorder: Recorder, base: str) -> None:
    url = getattr(recorder.upstream, base) + "/s"
    assert recorder.record("wget", "-qO-", url).stdout == BODY
    assert_recorded(recorder, url, BODY)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_git(recorder: Recorder) -> None:
    advertised = (("Content-Type", "application/x-git-upload-pack-advertisement"),)
    recorder.upstream.play("/git/info/refs", Script((Write(0, REFS),), headers=advertised))
    got = recorder.record("git", "ls-remote", recorder.upstream.https + "/git")
    assert got.stdout == b"a" * 40 + b"\trefs/heads/main\n", got.stderr
    assert_recorded(recorder, recorder.upstream.https + "/git/info/refs?service=git-upload-pack", REFS)


def test_a_client_that_pins_its_authority_is_told_apart_from_one_that_was_not_led(recorder: Recorder) -> None:
    url = recorder.upstream.https + "/s"
    got = recorder.record("curl", "-sS", "--cacert", str(recorder.upstream.ca_file), url)
    assert got.returncode == 60
    assert b"the command refused sserec's certificate for" in got.stderr
    host = recorder.upstream.https.split("/")[2].partition(":")[0]
    passed = recorder.record(
        "curl",
        "-sN",
        "--cacert",
        str(recorder.upstream.ca_file),
        url,
        options=("--passthrough", host, "--overwrite"),
    )
    assert passed.stdout == BODY
