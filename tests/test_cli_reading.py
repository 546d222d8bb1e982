"""The reading commands, on the samples and on what people hand them instead."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from terminal import Terminal

SAMPLES = Path(__file__).parent.parent / "samples"
TEXT = SAMPLES / "text.sse.zst"
CALLING = SAMPLES / "function-calling.sse.zst"
BROKEN = SAMPLES / "broken-in-the-middle.sse.zst"
FAILED = SAMPLES / "error-event.sse.zst"

BARE_ERROR = b'{"error":{"code":"prohibited_content","message":"no"}}'
STREAM = b"event: greeting\ndata: h\xc3\xa9llo\n\ndata: \xff\n\n" + BARE_ERROR + b"\n"


def sserec(
    *arguments: str | Path, stdin: bytes = b"", folder: Path | None = None
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "sserec", *arguments],
        input=stdin,
        capture_output=True,
        cwd=folder,
        check=False,
    )


def zstd_dc(path: Path) -> bytes:
    """The bodies by a decoder that knows nothing of sserec."""
    import zstandard

    with (
        path.open("rb") as file,
        zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True) as reader,
    ):
        return reader.read()


def one_line(stderr: bytes) -> str:
    lines = stderr.decode().splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("sserec: ")
    return lines[0]


@pytest.mark.parametrize(
    "path", sorted(SAMPLES.glob("*.sse.zst")), ids=lambda path: path.name.partition(".")[0]
)
def test_cat_prints_what_zstd_prints_and_verify_finds_nothing(path: Path) -> None:
    assert sserec("cat", path).stdout == zstd_dc(path)
    assert sserec("verify", path).returncode == 0


def test_cat_of_one_exchange_prints_its_body_alone() -> None:
    first, second = (sserec("cat", CALLING, "--exchange", number).stdout for number in ("1", "2"))
    assert first + second == sserec("cat", CALLING).stdout
    assert first.startswith(b"event: interaction.created")
    assert second.endswith(b"data: [DONE]\n\n")


def test_events_as_json_have_the_documented_keys_and_the_bodies_data() -> None:
    lines = [json.loads(line) for line in sserec("events", "--json", CALLING).stdout.splitlines()]
    assert {tuple(line) for line in lines} == {
        ("exchange", "number", "t_ns", "type", "data", "last_event_id")
    }
    assert [line["number"] for line in lines if line["exchange"] == 1] == list(range(1, 13))
    times = [line["t_ns"] for line in lines]
    assert times == sorted(times)
    assert lines[-1]["data"] == "[DONE]"


def test_plain_text_from_a_pipe_has_events_but_no_times_and_keeps_bytes_that_are_not_text() -> None:
    done = sserec("events", "--json", "-", stdin=STREAM)
    first, second = map(json.loads, done.stdout.splitlines())
    assert (first["t_ns"], first["type"], first["data"]) == (None, "greeting", "héllo")
    assert (second["data"], second["data_b64"]) == ("\ufffd", "/w==")


def test_a_stream_may_hold_bytes_that_are_zero() -> None:
    """An event's data may hold any character (WHATWG HTML, section 9.2.5)."""
    done = sserec("events", "--json", "-", stdin=b"data: a\n\ndata: \0\n\n")
    assert [json.loads(line)["data"] for line in done.stdout.splitlines()] == ["a", "\0"]


def test_the_line_that_no_event_claimed_stands_below_the_events() -> None:
    listing = sserec("events", "-", stdin=STREAM).stdout.decode()
    assert BARE_ERROR.decode() in listing.splitlines()[-1]


def test_control_characters_of_a_recording_never_reach_the_terminal() -> None:
    hostile = b"event: \x1b[2Jx\ndata: \x1b]0;owned\x07 \xc2\x9b31m \xe2\x80\xae\n\n"
    listing = sserec("events", "-", stdin=hostile).stdout
    assert b"\x1b" not in listing
    assert not {0x07, 0x9B, 0x202E} & set(map(ord, listing.decode()))


def test_info_tells_each_exchange_and_how_it_ended() -> None:
    facts = json.loads(sserec("info", "--json", CALLING).stdout)
    assert facts["state"] == "final"
    assert [(one["method"], one["status"], one["events"], one["end"]) for one in facts["exchanges"]] == [
        ("POST", 200, 12, "complete"),
        ("POST", 200, 10, "complete"),
    ]
    assert all(one["redacted"] == ["header:x-goog-api-key"] for one in facts["exchanges"])


def test_info_calls_a_cut_a_cut() -> None:
    assert b"upstream cut" in sserec("info", BROKEN).stdout


def test_info_says_that_a_whole_answer_was_an_error() -> None:
    assert b"  complete, with an error event\n" in sserec("info", FAILED).stdout
    (exchange,) = json.loads(sserec("info", "--json", FAILED).stdout)["exchanges"]
    said = "gateway_timeout: The request timed out while generating."
    assert (exchange["end"], exchange["error_event"]) == ("complete", said)
    assert b"complete \xc2\xb7 with an error event" in sserec("info", "--conversation", FAILED).stdout
    (exchange,) = json.loads(sserec("info", "--json", TEXT).stdout)["exchanges"]
    assert exchange["error_event"] is None


@pytest.mark.parametrize("command", ["info", "stats"])
def test_a_table_is_cut_at_the_edge_of_the_terminal(command: str) -> None:
    files = [str(CALLING), *([str(TEXT)] if command == "stats" else [])]
    narrow = {**os.environ, "COLUMNS": "40"}
    screen = Terminal(sys.executable, "-m", "sserec", command, *files, environment=narrow)
    screen.wait_to_see("…".encode())
    assert screen.end() == 0
    rows = [line for line in screen.shown.decode().splitlines() if line.endswith("…")]
    assert len(rows) >= 3
    assert {len(row) for row in rows} == {40}


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="no files for descriptors")
@pytest.mark.parametrize("command", ["cat", "info", "verify"])
def test_what_a_shell_puts_in_place_of_a_file_reads_like_the_file(command: str) -> None:
    """``sserec cat <(ssh host cat file.sse.zst)``: it comes once, and nothing in it can be looked up again."""
    reader, writer = os.pipe()
    words = [sys.executable, "-m", "sserec", command, f"/dev/fd/{reader}"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, pass_fds=[reader]) as reading:
        os.close(reader)
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(TEXT.read_bytes())
        told, _ = reading.communicate()
    expected = sserec(command, TEXT).stdout.replace(str(TEXT).encode(), f"/dev/fd/{reader}".encode())
    assert (reading.returncode, told) == (0, expected)


def test_an_archive_from_a_pipe_reads_like_the_file() -> None:
    assert (
        sserec("events", "--json", "-", stdin=TEXT.read_bytes()).stdout
        == sserec("events", "--json", TEXT).stdout
    )


@pytest.mark.parametrize("command", ["info", "events", "cat", "export", "check"])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "No such file"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "neither an archive nor an event stream"),
        (b"\x28\xb5\x2f\xfd\x20\x05\x29\0\0hello", "not an"),
    ],
    ids=["missing", "png", "foreign zstd"],
)
def test_what_is_no_recording_gets_one_line_and_exit_code_2(
    command: str, content: bytes | None, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    if content is not None:
        path.write_bytes(content)
    done = sserec(command, path)
    assert done.returncode == 2
    assert words in one_line(done.stderr)
    assert done.stdout == b""


def test_an_exchange_that_is_not_there_is_named() -> None:
    done = sserec("cat", CALLING, "--exchange", "7")
    assert done.returncode == 2
    assert "no exchange 7, only 1 to 2" in one_line(done.stderr)


@pytest.mark.parametrize(
    "arguments", [["nosuch"], ["events"], ["events", "--nosuch", "x"], ["completion", "tcsh"]]
)
def test_bad_usage_is_one_line_and_exit_code_2(arguments: list[str]) -> None:
    done = sserec(*arguments)
    assert done.returncode == 2
    assert "--help" in one_line(done.stderr)


@pytest.mark.parametrize(
    "arguments",
    [
        ["info", ""],
        ["stats", ""],
        ["merge", "", "-o", "x"],
        ["pack", TEXT, "-o", ""],
        ["repair", TEXT, "-o", ""],
        ["slice", TEXT, "-o", ""],
        ["redact", TEXT, "-o", ""],
        ["export", TEXT, "-o", ""],
        ["share", TEXT, "-o", ""],
        ["import", TEXT, "-o", ""],
        ["import", TEXT, "-o", "x", "--redact", ""],
        ["proxy", "-d", ""],
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_name_that_is_empty_is_refused(arguments: list[str | Path], tmp_path: Path) -> None:
    """As a variable of the shell is that nobody has set: it must not stand for here, or for the file itself."""
    done = sserec(*arguments, folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, b"")
    assert "'' names nothing" in one_line(done.stderr)
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_goes_away_ends_the_command_quietly() -> None:
    command = [sys.executable, "-m", "sserec", "cat", "-"]
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(command, input=b"data: x\n\n", stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


def test_an_interrupt_while_modules_are_still_imported_is_quiet(tmp_path: Path) -> None:
    """The first of them is one that presses ^C."""
    (tmp_path / "click.py").write_text("import signal\nsignal.raise_signal(signal.SIGINT)\n")
    command = [sys.executable, "-m", "sserec", "info", str(TEXT)]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


def test_a_growing_archive_is_readable_and_says_so(tmp_path: Path) -> None:
    from sserec.archive import ArchiveWriter, Meta
    from sserec.records import Request, Response

    path = tmp_path / "growing.sse.zst"
    with ArchiveWriter(path, meta=Meta(anchor_unix_ns=0)) as writer:
        number = writer.open_exchange(Request("GET", "https://api.example/", "1.1"), 0)
        writer.response(number, Response(200, "OK", "1.1", (("content-type", "text/event-stream"),)), 1)
        writer.chunk(number, b"data: one\n\n", 2)
        writer.flush()
        facts = json.loads(sserec("info", "--json", path).stdout)
        assert (facts["state"], facts["live"], facts["exchanges"][0]["events"]) == ("journal", True, 1)
        assert facts["exchanges"][0]["end"] is None


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_that_names_the_program(shell: str) -> None:
    assert b"_SSEREC_COMPLETE" in sserec("completion", shell).stdout


def test_completion_completes_a_command() -> None:
    environment = {
        **os.environ,
        "_SSEREC_COMPLETE": "bash_complete",
        "COMP_WORDS": "sserec expo",
        "COMP_CWORD": "1",
    }
    program = "from sserec.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=False)
    assert b"export" in done.stdout


def test_the_demo_runs_the_whole_job_and_leaves_one_file(tmp_path: Path) -> None:
    done = sserec("demo", folder=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert b"recorded 1 stream, 12 events" in done.stderr
    assert b'"name": "get_weather"' in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["sserec-demo.sse.zst"]
    assert b"demo-key" not in zstd_dc(tmp_path / "sserec-demo.sse.zst")
