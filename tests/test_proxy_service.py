"""The recorder as a service: clients come and go, archives are begun, packed and thrown away."""

import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from record_support import BODY, CURL, PATIENCE_S, SSEREC, Recorder
from sserec.archive import ArchiveReader
from sserec.cli.proxy import exports
from sserec.proxy.shelf import ours, stem
from sserec.recording import Recording
from sserec.records import Ending
from upstream_script import Finish, Script, Write, stream

NAME = r"sserec-\d{8}-\d{6}"


@dataclass
class Service:
    """A running ``sserec proxy``."""

    process: "subprocess.Popen[str]"
    recorder: Recorder
    exports: str
    folder: Path

    def run(self, *command: str) -> "subprocess.CompletedProcess[bytes]":
        """Runs a command in a shell that has read what the service printed."""
        script = f'{self.exports}\nexec "$@"'
        return self.recorder.run("sh", "-c", script, "sh", *command)

    def says(self) -> str:
        assert self.process.stderr
        return self.process.stderr.readline()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> str:
        """Ends it; returns what else it said."""
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=PATIENCE_S)
        return said

    @property
    def archives(self) -> list[Path]:
        return ours(self.folder)


@contextmanager
def service(recorder: Recorder, *options: str) -> Iterator[Service]:
    folder = recorder.folder / "recordings"
    words = [*SSEREC, "proxy", "-d", str(folder), "--upstream-ca", str(recorder.upstream.ca_file), *options]
    with subprocess.Popen(
        words, env=recorder.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        watchdog = threading.Timer(PATIENCE_S, process.kill)
        watchdog.start()
        assert process.stdout
        lines = []
        while (line := process.stdout.readline()).startswith("export "):
            lines.append(line)
            if line.startswith("export wss_proxy") or "BASE_URL" in line or "no_proxy" in line:
                break
        try:
            yield Service(process, recorder, "".join(lines), folder)
        finally:
            process.kill()
            watchdog.cancel()


def urls_and_bodies(archive: Path) -> list[tuple[str, bytes]]:
    with Recording.open(str(archive)) as recording:
        return [
            (exchange.request.url, exchange.body()) for exchange in recording.exchanges if exchange.request
        ]


def urls_of(archive: Path) -> list[str]:
    with Recording.open(str(archive)) as recording:
        assert {exchange.ending for exchange in recording.exchanges} == {Ending.COMPLETE}
        return [exchange.request.url for exchange in recording.exchanges if exchange.request]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_clients_of_one_run_share_an_archive_that_a_signal_finalises(
    recorder: Recorder, number: signal.Signals
) -> None:
    url = recorder.upstream.https + "/s"
    with service(recorder) as running:
        assert "recording into" in running.says()
        for _ in range(2):
            assert running.run(*CURL, url).stdout == BODY
            assert re.match(rf"sserec: GET {url} 200, 3 events, 53 B, .*, complete → {NAME}", running.says())
        said = running.stop(number)
        assert running.process.returncode == 0
    (archive,) = running.archives
    assert urls_of(archive) == [url, url]
    assert "recorded 2 exchanges in 1 archive in" in said
    with ArchiveReader.open(archive) as reader:
        assert reader.state == "final"


def test_a_stream_that_the_api_ended_with_an_error_is_told_as_one(recorder: Recorder) -> None:
    failing = b'event: error\ndata: {"error":{"message":"too late"},"event_type":"error"}\n\n'
    recorder.upstream.play("/failing", stream(failing + b"event: done\ndata: [DONE]\n\n", gap_s=0))
    with service(recorder) as running:
        assert "recording into" in running.says()
        running.run(*CURL, recorder.upstream.https + "/failing")
        assert ", complete, with an error event → " in running.says()


def test_each_exchange_may_have_an_archive_with_its_path_in_the_name(recorder: Recorder) -> None:
    for path in ("/v1beta/interactions", "/s"):
        recorder.upstream.play(path, stream(BODY, gap_s=0))
    urls = [recorder.upstream.https + path for path in ("/v1beta/interactions?key=secret", "/s")]
    with service(recorder, "--split") as running:
        assert running.run(*CURL, *urls).stdout == BODY * 2
        running.stop()
    first, second = sorted(running.archives, key=lambda path: len(path.name), reverse=True)
    assert re.fullmatch(NAME + r"-v1beta-interactions\.sse\.zst", first.name)
    assert re.fullmatch(NAME + r"-s\.sse\.zst", second.name)
    assert [urls_of(path)[0].partition("?")[0] for path in (first, second)] == [
        urls[0].partition("?")[0],
        urls[1],
    ]


def test_the_times_of_an_archive_begin_with_it(recorder: Recorder) -> None:
    recorder.upstream.play("/s", stream(BODY, gap_s=0.3), stream(BODY, gap_s=0))
    with service(recorder, "--split") as running:
        running.run(*CURL, *[recorder.upstream.https + "/s"] * 2)
        running.stop()
    now_unix_ns = time.time_ns()
    anchors = []
    for path in running.archives:
        with ArchiveReader.open(path) as reader:
            (exchange,) = reader.exchanges
            assert reader.meta.anchor_unix_ns
            anchors.append(reader.meta.anchor_unix_ns)
            assert exchange.t_open_ns is not None
            assert exchange.t_sent_ns is not None
            assert exchange.close
            assert 0 <= exchange.t_open_ns <= exchange.t_sent_ns <= exchange.close.t_ns
            assert reader.meta.anchor_unix_ns + exchange.close.t_ns < now_unix_ns
    assert max(anchors) - min(anchors) > 0.5e9


def test_a_full_archive_is_followed_by_another_and_the_oldest_go(recorder: Recorder) -> None:
    foreign = recorder.folder / "recordings" / "mine.sse.zst"
    foreign.parent.mkdir()
    foreign.write_bytes(b"not of this run")
    with service(recorder, "--max-size", "1", "--keep", "3") as running:
        for number in range(6):
            recorder.upstream.play(f"/{number}", stream(BODY, gap_s=0))
            running.run(*CURL, f"{recorder.upstream.https}/{number}")
        said = running.stop()
    assert "recorded 6 exchanges in 6 archives" in said
    kept = sorted(urls_of(path)[0][-1] for path in running.archives)
    assert kept == ["3", "4", "5"]
    assert foreign.exists()


def test_an_exchange_that_goes_on_keeps_its_archive(recorder: Recorder) -> None:
    recorder.upstream.play("/hold", Script((Write(0, BODY),), finish=Finish.HOLD))
    with service(recorder, "--max-size", "1", "--keep", "1") as running:
        running.says()
        waiting = subprocess.Popen(
            ["sh", "-c", f"{running.exports}\nexec curl -sN {recorder.upstream.https}/hold"],
            env=recorder.environment,
            stdout=subprocess.PIPE,
        )
        assert waiting.stdout
        assert waiting.stdout.read(len(BODY)) == BODY
        running.run(*CURL, recorder.upstream.https + "/s")
        said = running.says()
        running.stop()
        waiting.communicate()
    assert "/s 200, 3 events" in said
    held, other = sorted(map(urls_and_bodies, running.archives))
    assert (held, other) == (
        [(recorder.upstream.https + "/hold", BODY)],
        [(recorder.upstream.https + "/s", BODY)],
    )


def test_a_base_url_is_printed_with_its_variable(recorder: Recorder) -> None:
    options = ("--reverse", recorder.upstream.https, "--env", "MY_BASE_URL")
    with service(recorder, *options) as running:
        assert running.run("sh", "-c", "curl -sN $MY_BASE_URL/s").stdout == BODY
        running.stop()
    assert urls_of(running.archives[0]) == [recorder.upstream.https + "/s"]


def test_without_the_printed_credentials_nobody_gets_through(recorder: Recorder) -> None:
    with service(recorder) as running:
        address = re.search(r"@(127\.0\.0\.1:\d+)", running.exports)
        assert address
        got = recorder.run(
            "curl", "-s", "-x", address[1], "-w", "%{http_code}", recorder.upstream.http + "/s"
        )
        running.stop()
    assert b"407" in got.stdout
    assert (recorder.upstream.served, running.archives) == ([], [])


def test_nothing_is_said_of_exchanges_when_quiet(recorder: Recorder) -> None:
    with service(recorder, "-q") as running:
        running.run(*CURL, recorder.upstream.https + "/s")
        said = running.stop()
    assert "GET" not in said


def test_a_size_for_each_exchange_makes_no_sense(recorder: Recorder) -> None:
    got = recorder.run(*SSEREC, "proxy", "--split", "--max-size", "1M")
    assert got.returncode == 2


def test_what_a_shell_reads_is_what_changed() -> None:
    before, after = {"A": "1", "B": "2", "NO_PROXY": "x"}, {"A": "1", "B": "it's", "C": "$c"}
    assert exports(before, after) == ["""export B='it'"'"'s'""", "export C='$c'", "unset NO_PROXY"]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/models/a:generate", "sserec-20260131-235959-v1-models-a-generate"),
        ("/", "sserec-20260131-235959"),
        ("/../../etc/passwd", "sserec-20260131-235959-etc-passwd"),
        ("/" + "a" * 300, "sserec-20260131-235959-" + "a" * 60),
    ],
)
def test_names_are_made_of_time_and_path_and_of_nothing_else(path: str, name: str) -> None:
    assert stem(datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC), path) == name
