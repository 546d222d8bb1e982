"""A key must never reach the disk: not the archive, not a temporary file, at no time."""

import base64

import pytest

from record_support import BODY, Recorder
from sserec.archive import ArchiveReader
from sserec.recording import Recording

CANARY = "cAnArY-0123456789abcdef"
ENCODED = base64.b64encode(f"ann:{CANARY}".encode()).decode()
WAYS = {
    "x-goog-api-key": ("-H", f"x-goog-api-key: {CANARY}"),
    "x-api-key": ("-H", f"x-api-key: {CANARY}"),
    "bearer": ("-H", f"Authorization: Bearer {CANARY}"),
    "user": ("-u", f"ann:{CANARY}"),
    "cookie": ("-b", f"session={CANARY}"),
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
        known = f"{recording.meta} {exchange.record}"
    assert CANARY not in known
    assert ENCODED not in known
