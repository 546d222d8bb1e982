"""What a person asks sserec to leave out, or to let pass."""

import pytest

from record_support import BODY, CURL, CURL_BY_VERSION, FAULT, SSEREC, Recorder
from sserec.archive import ArchiveReader
from sserec.recording import Recording
from sserec.records import Ending
from upstream_script import Framing, stream


@pytest.mark.parametrize("version", CURL_BY_VERSION)
def test_of_a_body_no_more_is_kept_than_its_beginning(recorder: Recorder, version: str) -> None:
    options = ("--max-body", "20B", "--require-complete")
    url = recorder.upstream.https + "/s"
    got = recorder.record(*CURL_BY_VERSION[version], "-d", "q" * 100, url, options=options)
    assert (got.stdout, got.returncode) == (BODY, 0), "what was asked for is not incomplete"
    with Recording.open(str(recorder.file)) as recording:
        (exchange,) = recording.exchanges
        assert (exchange.body(), exchange.ending) == (BODY[:20], Ending.COMPLETE)
        assert exchange.close
        assert exchange.close.lost_bytes == len(BODY) - 20
        assert exchange.record.request_body() == b"q" * 20
        assert exchange.close.lost_request_bytes == 80
    told = recorder.run(*SSEREC, "info", str(recorder.file)).stdout.decode()
    assert "exchange 1: the last 80 B of the request were not recorded" in told
    assert f"exchange 1: the last {len(BODY) - 20} B of the response were not recorded" in told
    assert b"1 exchange, 1 not recorded in full" in recorder.run(*SSEREC, "verify", str(recorder.file)).stdout


def test_a_file_that_cannot_begin_is_told_with_no_bytes_that_were_never_there(recorder: Recorder) -> None:
    words = recorder.words("echo", "ran")
    got = recorder.run("sh", "-c", 'ulimit -f 0; exec "$@"', "sh", *words)
    assert (got.returncode, got.stdout) == (FAULT, b"")
    assert got.stderr.decode() == f"sserec: {recorder.file}: File too large\n"
    assert not recorder.file.exists()


@pytest.mark.parametrize("size", ["0", "1k", "10MB", "1GiB", "500 k"])
def test_sizes_are_written_as_people_write_them(recorder: Recorder, size: str) -> None:
    assert recorder.record("true", options=("--max-body", size)).returncode == 0


@pytest.mark.parametrize("size", ["", "-1", "10X", "k"])
def test_what_is_no_size_is_refused(recorder: Recorder, size: str) -> None:
    assert recorder.record("true", options=("--max-body", size)).returncode == FAULT


def test_nothing_is_kept_of_a_coded_body_under_a_limit_but_its_beginning(recorder: Recorder) -> None:
    recorder.upstream.play("/z", stream(BODY * 200, gap_s=0, coding="gzip", framing=Framing.CHUNKED))
    url = recorder.upstream.https + "/z"
    got = recorder.record(*CURL, "--compressed", url, options=("--max-body", "60"))
    assert got.stdout == BODY * 200
    with Recording.open(str(recorder.file)) as recording:
        (exchange,) = recording.exchanges
        assert (BODY * 200).startswith(exchange.body())


def test_an_unverified_server_is_talked_to_only_when_asked_and_that_is_said_and_kept(
    recorder: Recorder,
) -> None:
    words = ["record", "-o", str(recorder.file), "--insecure", "--", *CURL, recorder.upstream.https + "/s"]
    got = recorder.run(*recorder.words()[:3], *words)
    assert got.stdout == BODY
    assert got.stderr.startswith(b"sserec: INSECURE: no server's certificate is verified")
    with ArchiveReader.open(recorder.file) as reader:
        assert reader.meta.attributes["insecure"] == "true"


def test_a_host_that_is_not_to_be_opened_leaves_sizes_and_times(recorder: Recorder) -> None:
    urls = [recorder.upstream.https + "/s", recorder.upstream.https.replace("127.0.0.1", "localhost") + "/s"]
    options = ("--passthrough", "localhost")
    got = recorder.record(*CURL, *urls, options=options, variables=recorder.trust)
    assert (got.stdout, got.returncode) == (BODY * 2, 0)
    with ArchiveReader.open(recorder.file) as reader:
        seen, unseen = reader.exchanges
    assert seen.request
    assert seen.request.url == urls[0]
    assert unseen.opaque
    assert unseen.opaque.reason == "in --passthrough"
