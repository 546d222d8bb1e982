"""A key must never reach the disk: not the archive, not a temporary file, at no time."""

import base64
import json

import pytest

from record_support import BODY, FAULT, Recorder
from sserec.archive import ArchiveReader
from sserec.recording import Recording
from sserec.records import Ending
from upstream_script import Script, Write

CANARY = "cAnArY-0123456789abcdef"
ENCODED = base64.b64encode(f"ann:{CANARY}".encode()).decode()
JSON = (("Content-Type", "application/json"),)
WAYS = {
    "x-goog-api-key": ("-H", f"x-goog-api-key: {CANARY}"),
    "x-api-key": ("-H", f"x-api-key: {CANARY}"),
    "bearer": ("-H", f"Authorization: Bearer {CANARY}"),
    "user": ("-u", f"ann:{CANARY}"),
    "cookie": ("-b", f"session={CANARY}"),
    "session": ("-H", f"X-Session-Id: {CANARY}"),
    "subprotocol": ("-H", f"Sec-WebSocket-Protocol: auth, {CANARY}"),
    "referer": ("-e", f"https://ann:{CANARY}@h/?X-Amz-Signature={CANARY}"),
}


def with_a_look(*command: str) -> tuple[str, ...]:
    """The command, and after it, while sserec still runs, a search through every file of the run."""
    return ("sh", "-c", '"$@"; grep -rlF "$CANARY" .', "sh", *command)


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
@pytest.mark.parametrize("way", WAYS)
def test_a_key_in_a_header_reaches_the_server_and_no_file(recorder: Recorder, way: str, version: str) -> None:
    command = ("curl", "-sN", version, *WAYS[way], recorder.upstream.https + "/s")
    got = recorder.record(*with_a_look(*command), variables={"CANARY": CANARY})
    assert got.stdout == BODY
    sent = str(recorder.upstream.served[0].headers)
    assert CANARY in sent or ENCODED in sent
    assert_clean(recorder)


BODIES = {
    "json": ("application/json", json.dumps({"model": "m", "auth": {"api_key": CANARY}})),
    "json in a form's clothes": ("application/x-www-form-urlencoded", json.dumps({"access_token": CANARY})),
    "oauth": ("application/x-www-form-urlencoded", f"grant_type=refresh_token&refresh_token={CANARY}"),
    "a token by its value": ("application/json", json.dumps({"auth": {"token": CANARY}})),
    "a URL": ("application/json", json.dumps({"uri": f"https://h/f?alt=media&key={CANARY}"})),
    "a signed URL": ("application/json", json.dumps({"uri": f"https://h/?se=1&sig={CANARY}%3D"})),
    "a form of several parts": (
        "multipart/form-data; boundary=b",
        f'--b\r\nContent-Disposition: form-data; name="api_key"\r\n\r\n{CANARY}\r\n--b--\r\n',
    ),
    "a file of YAML": ("application/yaml", f"model: m\napi_key: {CANARY}\n"),
    "of one's own": ("application/json", json.dumps({"user": {"mail": CANARY}})),
}


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
@pytest.mark.parametrize("way", BODIES)
def test_a_key_in_a_body_reaches_the_server_and_no_file(recorder: Recorder, way: str, version: str) -> None:
    media_type, body = BODIES[way]
    command = ("curl", "-sN", version, "-H", f"Content-Type: {media_type}", "--data-binary", body)
    got = recorder.record(
        *with_a_look(*command, recorder.upstream.https + "/s"),
        options=("--redact-json", "user.mail"),
        variables={"CANARY": CANARY},
    )
    assert got.stdout == BODY
    assert recorder.upstream.served[0].body == body.encode()
    assert_clean(recorder)
    with ArchiveReader.open(recorder.file) as reader:
        assert len(reader.exchanges[0].request_body()) == len(body), "nothing has moved"


@pytest.mark.parametrize(
    "query", ["X-Amz-Credential={}&X-Amz-Signature={}", "se=2&sig={}", "session={}", "to=%2F%3Fkey%3D{}"]
)
def test_a_signature_in_the_query_reaches_the_server_and_no_file(recorder: Recorder, query: str) -> None:
    query = query.replace("{}", CANARY)
    got = recorder.record(
        *with_a_look("curl", "-sN", f"{recorder.upstream.https}/s?{query}"), variables={"CANARY": CANARY}
    )
    assert got.stdout == BODY
    assert recorder.upstream.served[0].path == f"/s?{query}"
    assert_clean(recorder)


def test_a_cookie_that_a_server_sets_reaches_the_client_and_no_file(recorder: Recorder) -> None:
    headers = (
        *JSON,
        ("Set-Cookie", f"sid={CANARY}; Path=/"),
        ("Set-Cookie", CANARY),
        ("X-Session-Id", CANARY),
    )
    recorder.upstream.play("/c", Script((Write(0.0, b"{}"),), headers=headers))
    got = recorder.record("curl", "-si", recorder.upstream.https + "/c")
    assert got.stdout.count(CANARY.encode()) == 3
    assert_clean(recorder)


@pytest.mark.parametrize("coding", [None, "gzip"])
def test_a_token_in_an_answer_reaches_the_client_and_no_file(recorder: Recorder, coding: str | None) -> None:
    answer = json.dumps({"access_token": CANARY, "expires_in": 3599, "scope": "all"}).encode()
    pieces = tuple(Write(0.005, answer[at : at + 9]) for at in range(0, len(answer), 9))
    recorder.upstream.play("/oauth2/token", Script(pieces, headers=JSON, coding=coding))
    url = recorder.upstream.https + "/oauth2/token"
    got = recorder.record(
        *with_a_look("curl", "-sN", "--compressed", "-d", "grant_type=x", url), variables={"CANARY": CANARY}
    )
    assert got.stdout == answer
    assert_clean(recorder)
    with Recording.open(str(recorder.file)) as recording:
        (exchange,) = recording.exchanges
        assert exchange.ending is Ending.COMPLETE
        assert len(exchange.body()) == len(answer)
        assert json.loads(exchange.body())["expires_in"] == 3599
        assert len(list(exchange.chunks())) > 1, "the pieces keep their times"


def test_what_a_person_names_is_secret_too(recorder: Recorder) -> None:
    options = ("--redact", "X-Customer", "--redact-query", "customer")
    url = f"{recorder.upstream.https}/s?customer={CANARY}&alt=sse"
    got = recorder.record(
        *with_a_look("curl", "-sN", "-H", f"X-Customer: {CANARY}", url),
        options=options,
        variables={"CANARY": CANARY},
    )
    assert got.stdout == BODY
    assert recorder.upstream.served[0].header("x-customer") == CANARY
    assert_clean(recorder)


def test_keeping_and_replacing_at_once_is_refused(recorder: Recorder) -> None:
    got = recorder.record("true", options=("--keep-secrets", "--redact", "x-mine"))
    assert (got.returncode, b"--keep-secrets keeps everything" in got.stderr) == (FAULT, True)


@pytest.mark.parametrize("base", ["http", "https"])
def test_a_key_in_the_query_reaches_the_server_and_no_file(recorder: Recorder, base: str) -> None:
    url = f"{getattr(recorder.upstream, base)}/s?alt=sse&key={CANARY}"
    got = recorder.record(*with_a_look("curl", "-sN", url), variables={"CANARY": CANARY})
    assert got.stdout == BODY
    assert recorder.upstream.served[0].path == f"/s?alt=sse&key={CANARY}"
    assert_clean(recorder)
    with Recording.open(str(recorder.file)) as recording:
        (exchange,) = recording.exchanges
        assert exchange.request
        assert "alt=sse" in exchange.request.url
        assert exchange.request.redacted == ("query:key",)


def test_the_recorded_command_line_keeps_its_shape_without_the_key(recorder: Recorder) -> None:
    url = f"{recorder.upstream.https}/s?key={CANARY}"
    recorder.record("curl", "-sN", "-H", f"x-goog-api-key: {CANARY}", url)
    with ArchiveReader.open(recorder.file) as reader:
        assert reader.meta.command[:4] == ("curl", "-sN", "-H", "x-goog-api-key: [REDACTED]")
        assert CANARY not in reader.meta.command[4]
        assert reader.meta.command[4].startswith(recorder.upstream.https + "/s?key=")


COMMANDS = {
    "env": ("env", f"KEY={CANARY}", "curl", "-sN", "{url}"),
    "sh": ("sh", "-c", f"GEMINI_API_KEY={CANARY} curl -sN {{url}}"),
    "script": ("sh", "-c", f"export TOKEN='{CANARY}'; curl -sN -H x-goog-api-key:$TOKEN {{url}}"),
    "-H": ("curl", "-sN", "-H", f"x-goog-api-key:{CANARY}", "{url}"),
    "-u": ("curl", "-sNu", f"ann:{CANARY}", "{url}"),
    "bearer": ("curl", "-sN", "--oauth2-bearer", CANARY, "{url}"),
    "form": ("curl", "-sN", "-F", f"api_key={CANARY}", "{url}"),
}


@pytest.mark.parametrize("way", COMMANDS)
def test_a_key_on_the_command_line_reaches_no_file(recorder: Recorder, way: str) -> None:
    url = recorder.upstream.https + "/s"
    got = recorder.record(*(word.format(url=url) for word in COMMANDS[way]))
    assert got.stdout == BODY
    assert_clean(recorder)


def test_secrets_are_kept_when_asked(recorder: Recorder) -> None:
    recorder.record(
        "curl",
        "-sN",
        "-H",
        f"x-api-key: {CANARY}",
        recorder.upstream.https + "/s",
        options=("--keep-secrets",),
    )
    with Recording.open(str(recorder.file)) as recording:
        (exchange,) = recording.exchanges
        assert exchange.request
        assert ("x-api-key", CANARY) in exchange.request.headers
        assert recording.meta
        assert f"x-api-key: {CANARY}" in recording.meta.command


def test_a_users_curlrc_works_and_is_not_copied(recorder: Recorder) -> None:
    (recorder.folder / ".curlrc").write_text(f'header = "x-api-key: {CANARY}"\n')
    got = recorder.record("sh", "-c", f"curl -isN {recorder.upstream.https}/s; grep -rlF {CANARY} $CURL_HOME")
    assert b"200" in got.stdout
    assert b"Connection established" not in got.stdout, "the proxy's answer to CONNECT is not the server's"
    assert got.stdout.endswith(BODY), "grep found nothing"
    assert ("x-api-key", CANARY) in recorder.upstream.served[0].headers


def assert_clean(recorder: Recorder) -> None:
    """No file under the home and temporary folder of the run holds the canary."""
    files = [path for path in recorder.folder.rglob("*") if path.is_file()]
    assert recorder.file in files
    assert [path for path in files if CANARY.encode() in path.read_bytes()] == []
    with Recording.open(str(recorder.file)) as recording:
        (exchange,) = recording.exchanges
        bodies = exchange.record.request_body() + exchange.body()
        known = f"{recording.meta} {exchange.record} {bodies.decode('latin-1')}"
    assert CANARY not in known
    assert ENCODED not in known
