"""A body that is piped in."""

import os
import signal
import subprocess
import time
from pathlib import Path

from proxy_wire import ByteServer
from record_support import PATIENCE_S, SSEREC, Recorder
from sserec.archive import ArchiveReader, verify
from sserec.recording import Recording
from sserec.records import Ending
from upstream_wire import Wire

EVENTS = tuple(b"data: %d\n\n" % number for number in range(40))


def piping(recorder: Recorder, *options: str) -> "subprocess.Popen[bytes]":
    words = [*SSEREC, "record", "--stdin", "-o", str(recorder.file), *options]
    return subprocess.Popen(words, env=recorder.environment, stdin=subprocess.PIPE, stderr=subprocess.PIPE)


def test_what_curl_pipes_in_is_recorded_as_it_comes(recorder: Recorder) -> None:
    def tell_one_after_the_other(wire: Wire) -> None:
        while wire.read_line():
            pass
        wire.send(b"HTTP/1.1 200 OK\r\n\r\n")
        for number, event in enumerate(EVENTS):
            wire.send(event)
            wait_until_recorded(recorder.file, b"".join(EVENTS[: number + 1]))

    sserec = f"{' '.join(SSEREC)} record --stdin -o {recorder.file}"
    with ByteServer(tell_one_after_the_other) as server:
        got = recorder.run("sh", "-c", f"curl -sN http://{server.authority}/s | {sserec}")
    assert (got.returncode, got.stdout) == (0, b"")
    assert b"recorded 1 stream, 40 events" in got.stderr
    with Recording.open(str(recorder.file)) as recording:
        (exchange,) = recording.exchanges
        assert (exchange.body(), exchange.ending) == (b"".join(EVENTS), Ending.COMPLETE)
        assert len({event.t_ns for event in exchange.events()}) == len(EVENTS)
        assert recording.meta
        assert recording.meta.attributes["mode"] == "stdin"


def test_a_pipe_that_merges_events_is_warned_of(recorder: Recorder) -> None:
    with piping(recorder) as process:
        _, said = process.communicate(b"".join(EVENTS))
    assert b"40 events came in 1 read:" in said
    assert b"curl -N" in said


def test_a_termination_keeps_what_came(recorder: Recorder) -> None:
    with piping(recorder) as process:
        assert process.stdin
        process.stdin.write(EVENTS[0])
        process.stdin.flush()
        wait_until_recorded(recorder.file, EVENTS[0])
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    with Recording.open(str(recorder.file)) as recording:
        (exchange,) = recording.exchanges
        assert (exchange.body(), exchange.ending) == (EVENTS[0], Ending.RECORDER_STOPPED)
    assert verify(recorder.file).state == "final"


def test_the_first_interrupt_is_for_the_program_that_feeds_the_pipe(recorder: Recorder) -> None:
    with piping(recorder) as process:
        assert process.stdin
        process.stdin.write(EVENTS[0])
        process.stdin.flush()
        wait_until_recorded(recorder.file, EVENTS[0])
        process.send_signal(signal.SIGINT)
        process.communicate(EVENTS[1])
    assert process.returncode == 0
    with ArchiveReader.open(recorder.file) as reader:
        assert reader.body(1) == EVENTS[0] + EVENTS[1]


def test_nothing_piped_in_leaves_no_file(recorder: Recorder) -> None:
    with piping(recorder) as process:
        process.communicate()
    assert (process.returncode, recorder.file.exists()) == (0, False)


def wait_until_recorded(file: Path, body: bytes) -> None:
    """Watches the growing file, as a viewer would."""
    limit_s = time.monotonic() + PATIENCE_S
    while not file.exists() or not file.stat().st_size:
        assert time.monotonic() < limit_s
        os.sched_yield()
    with ArchiveReader.open(file) as reader:
        while not (reader.exchanges and reader.body(1) == body):
            assert time.monotonic() < limit_s
            reader.refresh()
