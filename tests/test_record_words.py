"""What sserec says of a recording that went wrong: the cause, whom it concerns, and what to try."""

import os
import pty
import shutil
import subprocess

import pytest

from proxy_wire import ByteServer
from record_support import BODY, CURL, FAULT, SSEREC, Recorder
from sserec.recording import Recording
from sserec.records import Ending
from upstream_script import Finish, Framing, stream
from upstream_wire import Wire

NOTHING = "sserec: NOTHING WAS CAPTURED"


def lines(got: subprocess.CompletedProcess[bytes]) -> list[str]:
    return got.stderr.decode().splitlines()


def endings(recorder: Recorder) -> list[Ending | None]:
    with Recording.open(str(recorder.file)) as recording:
        return [exchange.ending for exchange in recording.exchanges]


def test_a_client_that_refuses_the_certificate_leaves_no_file_and_is_told_what_to_leave_out(
    recorder: Recorder,
) -> None:
    url = recorder.upstream.https + "/s"
    got = recorder.record(*CURL, "--cacert", str(recorder.upstream.ca_file), url)
    _, nothing, cause, advice = lines(got)
    host = recorder.upstream.https.removeprefix("https://")
    assert (nothing, got.returncode, recorder.file.exists()) == (NOTHING, 60, False)
    assert cause.startswith(f"sserec: the command refused sserec's certificate for {host}: ")
    assert "--upstream-ca FILE" in advice, "a base URL helps no curl whose URL stands in its words"


@pytest.mark.skipif(shutil.which("wget") is None, reason="needs wget")
def test_a_client_that_leaves_at_the_sight_of_the_certificate_refused_it_as_well(recorder: Recorder) -> None:
    url = recorder.upstream.https + "/s"
    got = recorder.record("wget", "-qO-", f"--ca-certificate={recorder.upstream.ca_file}", url)
    assert got.returncode == 5
    assert lines(got)[-3] == NOTHING
    assert "the command refused sserec's certificate for" in lines(got)[-2]
    assert not recorder.file.exists()


@pytest.mark.parametrize(
    "head", [b"Transfer-Encoding: chunked\r\n\r\n5\r\nda", b"Content-Length: twelve\r\n\r\nda"]
)
def test_a_response_that_breaks_http_is_one_stream_in_the_closing_line(
    recorder: Recorder, head: bytes
) -> None:
    def answer(wire: Wire) -> None:
        while wire.read_line():
            pass
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" + head)
        wire.send(b"ta: 1\n\nzz\r\ndata: 2\n\n")

    with ByteServer(answer) as server:
        got = recorder.record(*CURL, f"http://{server.authority}/s")
    assert lines(got)[-1].startswith("sserec: recorded 1 stream, 0 events, ")
    assert "upstream cut" in lines(got)[-1]
    assert endings(recorder) == [Ending.UPSTREAM_CUT]


def test_a_server_that_was_not_reached_has_an_ending_of_its_own_and_is_no_capture(
    recorder: Recorder, closed_port: int
) -> None:
    url = f"http://127.0.0.1:{closed_port}/"
    got = recorder.record(*CURL, url, url, url, options=("--require-capture",))
    cannot, again, closing, unmet = lines(got)
    assert got.returncode == FAULT
    assert cannot.endswith(": Connection refused")
    assert again == cannot.replace("sserec: ", "sserec: 3 times: ")
    assert closing.startswith("sserec: recorded 3 unanswered requests, 0 B, ")
    assert ", not connected → " in closing
    assert unmet == "sserec: nothing was captured (--require-capture)"
    assert endings(recorder) == [Ending.NOT_CONNECTED] * 3


def test_an_unknown_authority_is_told_with_the_option_that_names_it(recorder: Recorder) -> None:
    words = [*SSEREC, "record", "-o", str(recorder.file), "--", *CURL, recorder.upstream.https + "/s"]
    got = recorder.run(*words)
    assert "--upstream-ca FILE" in lines(got)[0]
    assert "--upstream-ca FILE" in got.stdout.decode()
    assert endings(recorder) == [Ending.NOT_CONNECTED]


@pytest.mark.parametrize("option", ["--only", "--passthrough"])
@pytest.mark.parametrize("host", ["https://api.example/v1", "api.example:443", "API.example/v1"])
def test_what_is_more_than_a_host_is_refused_with_the_host(
    recorder: Recorder, option: str, host: str
) -> None:
    got = recorder.record("true", options=(option, host))
    assert got.returncode == FAULT
    assert "is not a host's name alone: say api.example" in got.stderr.decode()


@pytest.mark.parametrize("host", ["", "a b"])
def test_what_names_no_host_is_refused_without_a_hint(recorder: Recorder, host: str) -> None:
    got = recorder.record("true", options=("--only", host))
    assert got.returncode == FAULT
    words = f"sserec: Invalid value for '--only': {host or repr(host)} is not a host's name alone (see "
    assert got.stderr.decode().startswith(words)


@pytest.mark.parametrize("option", ["--redact", "--redact-query", "--redact-json"])
def test_a_secret_without_a_name_is_refused(recorder: Recorder, option: str) -> None:
    got = recorder.record("true", options=(option, ""))
    assert got.returncode == FAULT
    assert f"Invalid value for '{option}': '' names nothing" in got.stderr.decode()


@pytest.mark.parametrize(
    "url", ["https://a:99999", "https://a:0", "https://[::1", "https://", "a", "ftp://a"]
)
def test_a_base_url_that_leads_nowhere_is_refused(recorder: Recorder, url: str) -> None:
    got = recorder.record("true", options=("--reverse", url))
    assert got.returncode == FAULT
    assert f"{url} is not an http:// or https:// URL" in got.stderr.decode()


@pytest.mark.parametrize("extra", ["?q=1", "#f"])
def test_a_base_url_with_more_than_a_path_is_refused_and_shows_no_password(
    recorder: Recorder, extra: str
) -> None:
    for url in (
        f"https://a:8443/v1{extra}",
        f"https://u:canary@a:8443/v1{extra}",
        "https://u:canary@a:8443/v1",
    ):
        got = recorder.record("true", options=("--reverse", url))
        assert got.returncode == FAULT
        assert b"a base URL has no user, query or fragment: say https://a:8443/v1 (" in got.stderr
        assert b"canary" not in got.stderr


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "::1", "[::1]", "api_2.example"])
def test_names_and_addresses_are_hosts(recorder: Recorder, host: str) -> None:
    assert recorder.record("true", options=("--only", host)).returncode == 0


def test_where_requests_went_instead_is_told(recorder: Recorder) -> None:
    got = recorder.record(*CURL, recorder.upstream.http + "/s", options=("--only", "api.example"))
    assert got.stdout == BODY
    assert lines(got) == [
        NOTHING,
        "sserec: no request went to api.example; those that were made went to 127.0.0.1",
    ]


def test_a_pipe_that_gave_nothing_is_no_capture(recorder: Recorder) -> None:
    words = recorder.words(options=("--stdin", "--require-capture"))
    got = recorder.run(*words)
    assert (got.returncode, recorder.file.exists()) == (FAULT, False)
    assert lines(got) == [
        f"{NOTHING}: nothing came through the pipe",
        "sserec: nothing was captured (--require-capture)",
    ]


def test_who_types_instead_of_piping_is_told_what_is_waited_for(recorder: Recorder) -> None:
    keyboard, terminal = pty.openpty()
    words = recorder.words(options=("--stdin",))
    with subprocess.Popen(
        words, env=recorder.environment, cwd=recorder.folder, stdin=terminal, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr
        first = process.stderr.readline().decode()
        os.write(keyboard, b"data: typed\n\n\x04")
        process.communicate()
    assert first.startswith("sserec: recording what is typed, until ^D")
    assert process.returncode == 0
    os.close(keyboard)
    os.close(terminal)


def test_files_that_find_no_room_are_named(recorder: Recorder) -> None:
    words = recorder.words("true")
    got = recorder.run("bash", "-c", 'ulimit -f 1; exec "$@"', "bash", *words)
    assert got.returncode == FAULT
    (line,) = lines(got)
    assert line.startswith(f"sserec: {recorder.folder}/")
    assert line.endswith(": File too large")


def test_a_body_that_is_kept_as_coded_is_told_in_the_closing_line(recorder: Recorder) -> None:
    recorder.upstream.play(
        "/z", stream(bytes(40 << 20), gap_s=0, coding="gzip", framing=Framing.CHUNKED, finish=Finish.CLEAN)
    )
    got = recorder.record(*CURL, "-o", os.devnull, recorder.upstream.http + "/z")
    assert ", 1 response kept as coded → " in lines(got)[-1]


def test_a_name_that_is_empty_is_refused(recorder: Recorder) -> None:
    got = recorder.run(*SSEREC, "record", "-o", "", "true")
    assert got.returncode == FAULT
    assert "'' names nothing" in got.stderr.decode()
