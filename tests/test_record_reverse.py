"""The base-URL proxy, for clients that take a base URL and no proxy."""

import signal
import subprocess

import pytest

from record_support import BODY, FAULT, GENAI, PATIENCE_S, Recorder
from shared_data import SHARED, needs_shared
from sserec.archive import ArchiveReader
from sserec.recording import Recording
from sserec.records import Ending
from upstream_script import recordings, stream


@needs_shared
def test_google_genai_is_led_by_its_variable(recorder: Recorder) -> None:
    script = recordings(SHARED / "streams")["/streams/steps-basic"]
    recorder.upstream.play("/v1/interactions", script)
    options = ("--reverse", recorder.upstream.https, "--env", "GOOGLE_GEMINI_BASE_URL")
    got = recorder.record(*GENAI, "sync", options=options)
    assert got.stdout.startswith(b"InteractionCreatedEvent(")
    with Recording.open(str(recorder.file)) as recording:
        (exchange,) = recording.exchanges
        assert exchange.request
        assert exchange.request.url == recorder.upstream.https + "/v1/interactions"
        assert script.body.startswith(exchange.body())
        assert exchange.ending in (Ending.COMPLETE, Ending.CLIENT_CLOSED_AFTER_END)


def test_each_server_gets_its_own_variable_and_requests(recorder: Recorder) -> None:
    urls = (recorder.upstream.https, recorder.upstream.http + "/prefix")
    recorder.upstream.play("/prefix/s", stream(b"data: plain\n\n", gap_s=0))
    options = [
        word for url, name in zip(urls, "AB", strict=True) for word in ("--reverse", url, "--env", name)
    ]
    got = recorder.record("sh", "-c", "curl -sN $A/s $B/s", options=tuple(options))
    assert got.stdout == BODY + b"data: plain\n\n"
    assert [served.path for served in recorder.upstream.served] == ["/s", "/prefix/s"]
    with ArchiveReader.open(recorder.file) as reader:
        assert [exchange.request and exchange.request.url for exchange in reader.exchanges] == [
            f"{url}/s" for url in urls
        ]
        assert reader.meta.attributes["mode"] == "reverse"


def test_only_the_variable_of_the_urls_vendor_is_set(recorder: Recorder) -> None:
    got = recorder.record("env", options=("--reverse", "https://api.anthropic.com"))
    before = recorder.run("env").stdout
    new = {line.partition(b"=")[0] for line in set(got.stdout.splitlines()) - set(before.splitlines())}
    assert new == {b"ANTHROPIC_BASE_URL", b"NO_PROXY", b"no_proxy", b"SSEREC_SESSION"}


def test_a_base_url_without_a_variable_is_printed(recorder: Recorder) -> None:
    got = recorder.record("true", options=("--reverse", recorder.upstream.https))
    assert f"sserec: {recorder.upstream.https} is at http://127.0.0.1:".encode() in got.stderr


def test_a_wrong_prefix_is_refused(recorder: Recorder) -> None:
    options = ("--reverse", recorder.upstream.https, "--env", "A")
    command = 'curl -s -o /dev/null -w "%{http_code}" ${A%/*}/guess/s'
    got = recorder.record("sh", "-c", command, options=options)
    assert got.stdout in (b"403", b"404")
    assert recorder.upstream.served == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_without_a_command_it_serves_until_a_signal(recorder: Recorder, number: signal.Signals) -> None:
    words = recorder.words(options=("--reverse", recorder.upstream.https))
    with subprocess.Popen(words, env=recorder.environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        url = process.stderr.readline().split()[-1]
        assert recorder.run("curl", "-sN", url + "/s").stdout == BODY
        process.send_signal(number)
        _, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert "recorded 1 stream, 3 events" in said
    with Recording.open(str(recorder.file)) as recording:
        assert [exchange.ending for exchange in recording.exchanges] == [Ending.COMPLETE]


def test_it_listens_where_it_is_told(recorder: Recorder) -> None:
    options = ("--reverse", recorder.upstream.https, "--env", "A", "--listen", "127.0.0.2:0")
    got = recorder.record("sh", "-c", "echo $A", options=options)
    assert got.stdout.startswith(b"http://127.0.0.2:")


def test_a_port_that_is_taken_is_our_fault_and_leaves_no_file(recorder: Recorder) -> None:
    taken = recorder.upstream.http.rpartition("/")[2]
    got = recorder.record("true", options=("--reverse", recorder.upstream.https, "--listen", taken))
    assert got.returncode == FAULT
    assert b"in use" in got.stderr
    assert not recorder.file.exists()
