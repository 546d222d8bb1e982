"""``sserec record`` as a process: exit codes, signals, what it says, and what it leaves behind."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from record_support import BODY, CURL, FAULT, PATIENCE_S, SSEREC, Recorder
from sserec.archive import ArchiveReader, verify
from sserec.proxy.destination import default_path
from sserec.recording import Recording
from sserec.records import Ending
from terminal import CONTROL_C, Terminal
from upstream_script import Finish, json_response, stream


def test_the_closing_line_says_what_was_recorded(recorder: Recorder) -> None:
    got = recorder.record(*CURL, recorder.upstream.https + "/s")
    facts = rf"1 stream, 3 events, {len(BODY)} B, [\d.]+ [mµ]?s, complete"
    assert re.fullmatch(rf"sserec: recorded {facts} → {re.escape(str(recorder.file))}\n", got.stderr.decode())


def test_the_closing_line_tells_error_events(recorder: Recorder) -> None:
    failing = b'event: error\ndata: {"error":{"message":"too late"},"event_type":"error"}\n\n'
    recorder.upstream.play("/failing", stream(failing, gap_s=0))
    urls = [recorder.upstream.https + path for path in ("/s", "/failing")]
    got = recorder.record(*CURL, urls[1])
    assert f", complete, with an error event → {recorder.file}" in got.stderr.decode()
    got = recorder.record(*CURL, *urls, options=("--overwrite",))
    assert f", complete, 1 with an error event → {recorder.file}" in got.stderr.decode()


def test_the_closing_line_counts_what_ended_differently(recorder: Recorder) -> None:
    recorder.upstream.play("/cut", stream(BODY, gap_s=0, finish=Finish.CUT))
    recorder.upstream.play("/json", json_response(400, b"{}"))
    urls = [recorder.upstream.https + path for path in ("/s", "/cut", "/json")]
    got = recorder.record(*CURL, *urls)
    expected = "recorded 2 streams and 1 other response, 6 events, .*, 2 complete, 1 upstream cut →"
    assert re.search(expected, got.stderr.decode())


def test_the_closing_line_promises_no_response_that_never_came(recorder: Recorder, closed_port: int) -> None:
    got = recorder.record(*CURL, f"http://127.0.0.1:{closed_port}/")
    assert "recorded 1 unanswered request, 0 B" in got.stderr.decode()


def test_quiet_is_quiet(recorder: Recorder) -> None:
    got = recorder.record(*CURL, recorder.upstream.https + "/s", options=("-q",))
    assert (got.stdout, got.stderr) == (BODY, b"")


def test_the_archive_is_final_private_and_says_how_it_came_about(recorder: Recorder) -> None:
    recorder.record(*CURL, recorder.upstream.https + "/s")
    with ArchiveReader.open(recorder.file) as reader:
        assert reader.state == "final"
        assert reader.meta.command == (*CURL, recorder.upstream.https + "/s")
        assert reader.meta.clock == "CLOCK_MONOTONIC"
        assert reader.meta.software.startswith("sserec ")
    assert verify(recorder.file).code == 0
    assert recorder.file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in recorder.folder.iterdir()] == [recorder.file.name], (
        "no temporary file is left"
    )


@pytest.mark.parametrize("code", [0, 42])
def test_the_exit_code_is_the_commands(recorder: Recorder, code: int) -> None:
    assert recorder.record("sh", "-c", f"exit {code}").returncode == code


def test_the_command_needs_no_dashes_before_it(recorder: Recorder) -> None:
    words = [word for word in recorder.words(*CURL, recorder.upstream.https + "/s") if word != "--"]
    assert recorder.run(*words).stdout == BODY


def test_a_command_killed_by_a_signal_kills_us_likewise_and_the_archive_is_whole(recorder: Recorder) -> None:
    got = recorder.record("sh", "-c", f"{' '.join(CURL)} {recorder.upstream.https}/s; kill -KILL $$")
    assert got.returncode == -signal.SIGKILL
    assert verify(recorder.file).state == "final"


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("no-such-command-anywhere", 127, "no-such-command-anywhere: command not found"),
        ("", 127, "'': command not found"),
        ("/etc/passwd", 126, "/etc/passwd: Permission denied"),
    ],
)
def test_a_command_that_cannot_start_leaves_no_file(
    recorder: Recorder, name: str, code: int, words: str
) -> None:
    got = recorder.record(name)
    assert (got.returncode, recorder.file.exists()) == (code, False)
    assert got.stderr.decode() == f"sserec: {words}\n"


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--no-such-option"],
        ["--listen", "nowhere", "true"],
        ["--reverse", "ftp://x", "true"],
        ["--env", "NAME", "true"],
        ["--stdin", "true"],
        ["--upstream-ca", "/etc/hostname", "true"],
        ["--upstream-ca", "/nowhere/ca.pem", "true"],
        ["-o", "/nowhere/x.sse.zst", "true"],
        ["-o", "/", "true"],
    ],
    ids=" ".join,
)
def test_sserecs_own_faults_are_125_and_one_line(recorder: Recorder, words: list[str]) -> None:
    got = recorder.run(*SSEREC, "record", *words)
    assert got.returncode == FAULT
    assert got.stderr.startswith(b"sserec: ")
    assert got.stderr.count(b"\n") == 1
    assert list(recorder.folder.iterdir()) == []


def test_a_recording_in_a_recording_is_refused(recorder: Recorder) -> None:
    got = recorder.record(*SSEREC, "record", "true")
    assert got.returncode == FAULT
    assert b"recorded already" in got.stderr


def test_a_file_is_not_overwritten_unasked(recorder: Recorder) -> None:
    recorder.file.write_text("precious")
    got = recorder.record("touch", "ran")
    assert (got.returncode, recorder.file.read_text()) == (FAULT, "precious")
    assert b"exists already: choose another name, or overwrite it\n" in got.stderr
    assert not (recorder.folder / "ran").exists()


def test_a_file_is_overwritten_when_asked(recorder: Recorder) -> None:
    recorder.file.write_text("old")
    recorder.record(*CURL, recorder.upstream.https + "/s", options=("--overwrite",))
    assert verify(recorder.file).code == 0
    assert list(recorder.folder.iterdir()) == [recorder.file]


@pytest.mark.parametrize("command", ["true", "no-such-command-anywhere"])
def test_a_file_is_not_overwritten_by_nothing(command: str, recorder: Recorder) -> None:
    recorder.file.write_text("old")
    recorder.record(command, options=("--overwrite",))
    assert [path.read_text() for path in recorder.folder.iterdir()] == ["old"]


def test_a_recording_that_goes_on_is_not_overwritten(recorder: Recorder) -> None:
    words = recorder.words("sh", "-c", f"echo begun; cat; {shlex.join(CURL)} {recorder.upstream.http}/s")
    with subprocess.Popen(
        words, env=recorder.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as recording:
        assert recording.stdout
        assert recording.stdout.readline() == b"begun\n"
        got = recorder.record("echo", "ran", options=("--overwrite",))
        recording.communicate(timeout=PATIENCE_S)
    said = f"sserec: {recorder.file} is being recorded: choose another name\n"
    assert (got.returncode, got.stdout, got.stderr.decode()) == (FAULT, b"", said)
    with Recording.open(str(recorder.file)) as kept:
        assert [exchange.body() for exchange in kept.exchanges] == [BODY]


def test_what_is_no_file_is_not_overwritten(recorder: Recorder) -> None:
    """``-o /dev/null --overwrite`` as root would put an archive in its place."""
    os.mkfifo(recorder.file)
    got = recorder.record("true", options=("--overwrite",))
    assert (got.returncode, recorder.file.is_fifo()) == (FAULT, True)
    assert b"is no file" in got.stderr


def test_the_default_name_is_the_time_and_never_taken(tmp_path: Path) -> None:
    now = datetime(2026, 1, 31, 23, 59, 59)  # noqa: DTZ001
    names = []
    for _ in range(3):
        path = default_path(now, tmp_path)
        path.touch()
        names.append(path.name)
    stem = "sserec-20260131-235959"
    assert names == [f"{stem}.sse.zst", f"{stem}-2.sse.zst", f"{stem}-3.sse.zst"]


def test_without_a_name_the_recording_is_put_where_we_are(recorder: Recorder) -> None:
    trust = ("--upstream-ca", str(recorder.upstream.ca_file))
    recorder.run(*SSEREC, "record", *trust, *CURL, recorder.upstream.https + "/s")
    (path,) = recorder.folder.iterdir()
    assert re.fullmatch(r"sserec-\d{8}-\d{6}\.sse\.zst", path.name)


def test_nothing_captured_is_said_loudly_and_leaves_no_file(recorder: Recorder) -> None:
    got = recorder.record("sh", "-c", "exit 3")
    assert (got.returncode, recorder.file.exists()) == (3, False)
    assert b"NOTHING WAS CAPTURED" in got.stderr
    assert b"try: sserec record --reverse" in got.stderr


def test_advice_repeats_no_secret_and_no_long_script(recorder: Recorder) -> None:
    """What is said ends up in the logs of build servers."""
    got = recorder.record("sh", "-c", ": -H 'x-goog-api-key: cAnArY'")
    assert b"cAnArY" not in got.stderr
    assert b"REDACTED" in got.stderr
    got = recorder.record("sh", "-c", "true\n" * 100)
    assert b"-- sh \xe2\x80\xa6\n" in got.stderr


def test_nothing_captured_is_a_failure_where_it_must_not_be(recorder: Recorder) -> None:
    missed = recorder.record("true", options=("-q", "--require-capture"))
    assert (missed.returncode, missed.stderr) == (
        FAULT,
        b"sserec: nothing was captured (--require-capture)\n",
    )
    captured = recorder.record(*CURL, recorder.upstream.https + "/s", options=("--require-capture",))
    assert captured.returncode == 0


def test_a_client_that_goes_round_the_proxy_is_named_as_the_cause(recorder: Recorder) -> None:
    got = recorder.record(*CURL, "--noproxy", "*", recorder.upstream.https + "/s", variables=recorder.trust)
    assert (got.stdout, got.returncode) == (BODY, 0)
    assert b"--noproxy" in got.stderr


def test_a_client_that_pins_its_authorities_is_named_as_the_cause(recorder: Recorder) -> None:
    got = recorder.record(*CURL, "--cacert", str(recorder.upstream.ca_file), recorder.upstream.https + "/s")
    assert got.returncode == 60
    assert b"refused sserec's certificate" in got.stderr


def test_an_upstream_that_cannot_be_verified_never_sees_the_request(recorder: Recorder) -> None:
    command = (*CURL, "-w", "%{http_code}", recorder.upstream.https + "/s")
    got = recorder.run(*SSEREC, "record", "-o", str(recorder.file), "--", *command)
    assert got.stdout.endswith(b"502")
    assert b"not verified" in got.stdout
    assert b"not verified" in got.stderr
    assert recorder.upstream.served == []


def test_an_upstream_that_is_not_there_is_said(recorder: Recorder, closed_port: int) -> None:
    got = recorder.record(*CURL, f"https://127.0.0.1:{closed_port}/")
    assert got.returncode != 0
    assert b"refused" in got.stderr


def test_a_terminals_interrupt_ends_both_and_the_archive_is_whole(recorder: Recorder) -> None:
    recorder.upstream.play("/hold", stream(BODY, gap_s=0, finish=Finish.HOLD))
    words = recorder.words(*CURL, recorder.upstream.https + "/hold")
    terminal = Terminal(*words, environment=recorder.environment)
    terminal.wait_to_see(b"[DONE]")
    terminal.press(CONTROL_C)
    assert terminal.end() == -signal.SIGINT
    assert b"client closed after the end" in terminal.shown
    assert verify(recorder.file).state == "final"


def test_a_termination_reaches_the_command_and_the_archive_is_whole(recorder: Recorder) -> None:
    recorder.upstream.play("/hold", stream(b"data: 1\n\n", gap_s=0, finish=Finish.HOLD))
    words = recorder.words(*CURL, recorder.upstream.https + "/hold")
    with subprocess.Popen(
        words, env=recorder.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_S)
    assert process.returncode == -signal.SIGTERM
    with Recording.open(str(recorder.file)) as recording:
        assert [exchange.ending for exchange in recording.exchanges] == [Ending.CLIENT_CANCELLED]


def test_what_the_command_leaves_running_does_not_hold_us(recorder: Recorder) -> None:
    recorder.upstream.play("/hold", stream(b"data: 1\n\n", gap_s=0, finish=Finish.HOLD))
    url = recorder.upstream.https + "/hold"
    script = f"{' '.join(CURL)} {url} > got & while ! test -s got; do sleep 0.01; done"
    assert recorder.record("sh", "-c", script).returncode == 0
    with Recording.open(str(recorder.file)) as recording:
        assert [exchange.ending for exchange in recording.exchanges] == [Ending.RECORDER_STOPPED]


def test_what_a_full_disk_took_of_an_upload_is_said(recorder: Recorder) -> None:
    upload = recorder.folder / "upload"
    upload.write_bytes(os.urandom(2_000_000))
    limited = ("bash", "-c", 'ulimit -f 600; exec "$@"', "limited")
    got = recorder.run(
        *limited, *recorder.words(*CURL, "--data-binary", f"@{upload}", recorder.upstream.https + "/s")
    )
    assert got.stdout == BODY
    (size,) = re.findall(rb"INCOMPLETE: ([\d.]+) MB could not be written", got.stderr)
    assert 1 < float(size) < 2


def test_a_full_disk_harms_nobody_and_is_said(recorder: Recorder) -> None:
    body = b"".join(b"data: %s\n\n" % os.urandom(2000).hex().encode() for _ in range(500))
    # 2 MB of which a compressor saves half, against a limit that has room for the authorities' bundle.
    recorder.upstream.play("/large", stream(body, gap_s=0))
    words = recorder.words(*CURL, recorder.upstream.https + "/large")
    limited = ("bash", "-c", 'ulimit -f 600; exec "$@"', "limited")
    got = recorder.run(*limited, *words)
    assert (got.stdout, got.returncode) == (body, 0)
    assert b"INCOMPLETE" in got.stderr
    with Recording.open(str(recorder.file)) as recording:
        (exchange,) = recording.exchanges
        chunks = list(exchange.chunks())
        assert all(body.startswith(chunk.data, chunk.offset) for chunk in chunks), (
            "nothing is wrong or misplaced"
        )
        assert 100_000 < sum(len(chunk.data) for chunk in chunks) < len(body)
    recorder.file.unlink()
    strict = recorder.words(*CURL, recorder.upstream.https + "/large", options=("--require-complete",))
    assert recorder.run(*limited, *strict).returncode == FAULT


def test_the_command_inherits_nothing_of_ours(recorder: Recorder) -> None:
    look = ("sh", "-c", "ls /proc/self/fd | wc -l; umask; ulimit -a; pwd")
    assert recorder.record(*look).stdout == recorder.direct(*look).stdout


@pytest.mark.skipif(shutil.which("wget") is None, reason="no wget here")
def test_wget_which_reads_no_variable_for_authorities_is_recorded(recorder: Recorder) -> None:
    got = recorder.record("wget", "-qO-", recorder.upstream.https + "/s")
    assert (got.stdout, got.returncode) == (BODY, 0)
    assert b"recorded 1 stream, 3 events" in got.stderr


def test_an_address_that_others_can_reach_is_pointed_out(recorder: Recorder) -> None:
    got = recorder.record(*CURL, recorder.upstream.https + "/s", options=("--listen", "0.0.0.0:0"))
    assert got.stdout == BODY
    assert b"listening on 0.0.0.0:" in got.stderr


def test_start_up_loads_neither_a_viewer_nor_a_client(recorder: Recorder) -> None:
    program = (
        "import sys; from sserec.cli import run; run();"
        "sys.stderr.write('LOADED ' + ' '.join(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    words = recorder.words("true", options=("-q",))
    got = recorder.run(sys.executable, "-c", program, *words[3:])
    loaded = set(got.stderr.decode().rpartition("LOADED ")[2].split())
    assert not loaded & {"textual", "rich", "httpx", "pygments", "google"}
