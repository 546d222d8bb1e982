"""Real clients cannot tell a replay from the server that was recorded."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from record_support import GENAI, SSEREC, Recorder
from shared_data import SHARED, needs_shared
from upstream_script import Finish, Script, recordings, stream

JS_CLIENT = Path(__file__).with_name("genai_client.mjs")
JS_SDK = "@google/genai@2.32.0"


@pytest.fixture(scope="session")
def js_sdk(pytestconfig: pytest.Config) -> Path:
    """A folder with Google's SDK for JavaScript; fetched once, and kept in pytest's cache."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("no Node")
    folder: Path = pytestconfig.cache.mkdir("genai-js")
    if not (folder / "node_modules").is_dir():
        with tempfile.TemporaryDirectory(dir=folder) as fetched:
            if not ran_well(npm_install(npm, fetched, JS_SDK)):
                pytest.skip(f"{JS_SDK} cannot be fetched")
            with suppress(OSError):  # another worker was quicker
                os.rename(fetched + "/node_modules", folder / "node_modules")
    return folder


def npm_install(npm: str, folder: str, package: str) -> list[str]:
    """Fetches ``package``; gives up soon, for there may be no network, and nothing depends on it."""
    quietly = ["--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries", "0"]
    return [npm, "install", "--prefix", folder, *quietly, package]


def ran_well(words: Sequence[str]) -> bool:
    """Whether a command came to a good end in two minutes: without a network, npm waits for longer."""
    try:
        return subprocess.run(words, capture_output=True, timeout=120, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def replayed(
    recorder: Recorder, *command: str, options: Sequence[str] = ()
) -> subprocess.CompletedProcess[bytes]:
    """What a client says to the replay of what it was recorded with."""
    return recorder.run(*SSEREC, "replay", str(recorder.file), *options, "--require-all", "--", *command)


def streams() -> dict[str, Script]:
    return recordings(SHARED / "streams")


@needs_shared
@pytest.mark.parametrize(("name", "way"), [("incomplete-k9", "sync"), ("steps-tool-call-step1", "async")])
def test_google_genai_gives_the_same_events(recorder: Recorder, name: str, way: str) -> None:
    recorder.upstream.play("/v1/interactions", streams()[f"/streams/{name}"])
    recorded = recorder.record(*GENAI, way, recorder.upstream.https)
    assert recorded.stdout.count(b"\n") > 3
    got = replayed(recorder, *GENAI, way, recorder.upstream.https, options=("--as-proxy", "--instant"))
    assert (got.stdout, got.returncode, got.stderr) == (recorded.stdout, 0, b"")


@needs_shared
def test_google_genai_is_led_by_its_variable_and_notices_no_haste(recorder: Recorder) -> None:
    recorder.upstream.play("/v1/interactions", streams()["/streams/steps-basic"])
    reverse = ("--reverse", recorder.upstream.https, "--env", "GOOGLE_GEMINI_BASE_URL")
    recorded = recorder.record(*GENAI, "sync", options=reverse)
    got = replayed(recorder, *GENAI, "sync", options=("--env", "GOOGLE_GEMINI_BASE_URL", "--speed", "3"))
    assert (got.stdout, got.returncode) == (recorded.stdout, 0)


@needs_shared
def test_the_javascript_sdk_gives_the_same_events(recorder: Recorder, js_sdk: Path) -> None:
    recorder.upstream.play("/v1/interactions", streams()["/streams/steps-tool-call-step1"])
    recorder.upstream.play("/v1beta/interactions", streams()["/streams/steps-tool-call-step1"])
    command = ("node", str(JS_CLIENT), str(js_sdk))
    reverse = ("--reverse", recorder.upstream.https, "--env", "GOOGLE_GEMINI_BASE_URL")
    recorded = recorder.record(*command, options=reverse)
    assert recorded.stdout.count(b"\n") > 3, recorded.stderr
    got = replayed(recorder, *command, options=("--env", "GOOGLE_GEMINI_BASE_URL", "--instant"))
    assert (got.stdout, got.returncode) == (recorded.stdout, 0)


@needs_shared
def test_python_is_answered_by_what_javascript_was_recorded_with(recorder: Recorder, js_sdk: Path) -> None:
    """The paths' versions differ, the headers differ, and so does the spelling of the JSON."""
    recorder.upstream.play("/v1beta/interactions", streams()["/streams/steps-basic"])
    recorder.upstream.play("/v1/interactions", streams()["/streams/steps-basic"])
    reverse = ("--reverse", recorder.upstream.https, "--env", "GOOGLE_GEMINI_BASE_URL")
    recorder.record("node", str(JS_CLIENT), str(js_sdk), options=reverse)
    got = replayed(recorder, *GENAI, "sync", options=("--env", "GOOGLE_GEMINI_BASE_URL", "--instant"))
    assert got.returncode == 0, got.stderr
    assert got.stdout.startswith(b"InteractionCreatedEvent(")


@needs_shared
@pytest.mark.parametrize("finish", [Finish.CUT, Finish.RESET])
def test_google_genai_meets_the_same_failure(recorder: Recorder, finish: Finish) -> None:
    body = streams()["/streams/steps-basic"].body[:900]
    recorder.upstream.play("/v1/interactions", stream(body, finish=finish))
    command = (*GENAI, "sync", recorder.upstream.https)
    recorded = recorder.record(*command, options=("-q",))
    got = replayed(recorder, *command, options=("--as-proxy", "--instant"))
    assert (got.stdout, got.returncode) == (recorded.stdout, recorded.returncode)
    assert got.returncode == 1
    last = [said.stderr.decode().strip().splitlines()[-1] for said in (recorded, got)]
    assert last[0] == last[1]


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
@pytest.mark.parametrize("finish", [Finish.CLEAN, Finish.CUT, Finish.RESET])
def test_curl_gives_the_same_bytes_and_the_same_exit_code(
    recorder: Recorder, version: str, finish: Finish
) -> None:
    recorder.upstream.play("/s", stream(b"data: 1\n\ndata: 2\n\n", gap_s=0.01, finish=finish))
    command = ("curl", "-sN", version, recorder.upstream.https + "/s")
    recorded = recorder.record(*command)
    got = replayed(recorder, *command, options=("--as-proxy",))
    assert got.stdout == recorded.stdout == b"data: 1\n\ndata: 2\n\n"
    assert (got.returncode == 0) == (recorded.returncode == 0) == (finish is Finish.CLEAN)
