"""``sserec stats`` as people and scripts run it: real files, exact times."""

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from sserec.archive import ArchiveWriter, Meta
from sserec.cli.stats import CSV_COLUMNS
from sserec.records import Close, Closer, Manner, Request, Response
from terminal import Terminal

MS = 1_000_000
REQUEST = Request("POST", "https://example.org/v1/interactions", "1.1")
EVENT_STREAM = Response(200, "OK", "1.1", (("content-type", "text/event-stream"),))
USAGE = {"total_input_tokens": 7, "total_output_tokens": 31, "total_thought_tokens": 90, "total_tokens": 128}
SSEREC = (sys.executable, "-m", "sserec", "stats")


def wire(event_type: str, **payload: Any) -> bytes:
    return f"event: {event_type}\ndata: {json.dumps(payload | {'event_type': event_type})}\n\n".encode()


def say(text: str) -> bytes:
    return wire("step.delta", index=1, delta={"type": "text", "text": text})


def answer(model: str = "gemini-3-flash") -> list[tuple[int, bytes]]:
    """An answer that stalls for 12 seconds in its middle."""
    return [
        (200, wire("interaction.created", interaction={"id": "v1", "model": model, "status": "in_progress"})),
        (210, wire("step.start", index=0, step={"type": "thought"})),
        (1200, wire("step.start", index=1, step={"type": "model_output"})),
        (1250, say("Hel") + say("lo")),
        (1300, say(" wor")),
        (13_300, say("ld")),
        (13_500, wire("interaction.completed", interaction={"status": "completed", "usage": USAGE})),
        (13_501, b"event: done\ndata: [DONE]\n\n"),
    ]


def write(path: Path, *streams: Sequence[tuple[int, bytes]]) -> Path:
    """An archive with an exchange for each stream, one after the other."""
    with ArchiveWriter(path, meta=Meta(anchor_unix_ns=0)) as writer:
        for stream in streams:
            number = writer.open_exchange(REQUEST, 5 * MS)
            writer.request_sent(number, 10 * MS)
            writer.response(number, EVENT_STREAM, 190 * MS)
            for t_ms, data in stream:
                writer.chunk(number, data, t_ms * MS)
            end_ns = (stream[-1][0] + 4) * MS
            writer.close_exchange(number, Close(end_ns, Closer.UPSTREAM, Manner.END, framing_complete=True))
    return path


def run(*arguments: str | Path, stdin: bytes = b"", **environment: str) -> "subprocess.CompletedProcess[str]":
    """The command in a pipe, UTF-8 whatever the machine prefers."""
    return subprocess.run(
        [*SSEREC, *map(str, arguments)],
        capture_output=True,
        input=stdin.decode(),
        encoding="utf-8",
        env=os.environ | {"PYTHONUTF8": "1"} | environment,
    )


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return write(tmp_path / "answer.sse.zst", answer())


SHOWN = """\
exchange 1 · POST https://example.org/v1/interactions · 200 · gemini-3-flash · complete
  time to first byte   180 ms
  time to first event  190 ms
  time to first text   1.24 s
  duration             13.50 s
  time between tokens  p50 50 ms, p95 12.00 s, max 12.00 s (3 gaps, 1 of them 0: in one read)
  time between events  p50 50 ms, p95 12.00 s, max 12.00 s (8 gaps, 1 of them 0: in one read)
  stalls               12.00 s after event 6 at 1.300 s
  tokens               7 input, 90 thought, 31 output
  tokens per second    2.5

  events over time, a column is 173 ms
   ▆    ▃█                                                                    ▃▆
         !!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!
   ├thou├model_output───────────────────────────────────────────────────────────
  0                                      6.75 s                          13.49 s

  type                   events  bytes
  step.delta                  4  431 B
  interaction.completed       1  228 B
  step.start                  2  195 B
  interaction.created         1  153 B
  done                        1   26 B

  time between tokens
  in one read  1  ██████████████████████████████████████████████████████████████
     to 80 ms  1  ██████████████████████████████████████████████████████████████
    to 160 ms  0
    to 320 ms  0
    to 640 ms  0
    to 1.28 s  0
    to 2.56 s  0
    to 5.12 s  0
   to 10.24 s  0
   to 20.48 s  1  ██████████████████████████████████████████████████████████████
"""


def test_one_file_is_shown_in_full(recording: Path) -> None:
    done = run(recording)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == SHOWN


def test_a_drawing_is_as_wide_as_the_terminal(recording: Path) -> None:
    terminal = Terminal(*SSEREC, str(recording), environment=os.environ | {"COLUMNS": "120"})
    terminal.wait_to_see(b"to 20.48 s")
    assert terminal.end() == 0
    lines = terminal.shown.decode().split("\r\n")
    band = next(line for line in lines if "model_output" in line)
    assert len(band) == 120
    assert "\x1b" not in terminal.shown.decode()


def test_json_is_one_document_with_exact_times(recording: Path) -> None:
    document = json.loads(run("--json", recording).stdout)
    assert list(document) == ["stall_limit_ns", "histogram_bounds_ns", "files", "exchanges", "total"]
    assert document["files"] == [{"file": str(recording), "problems": [], "error": None}]
    (exchange,) = document["exchanges"]
    assert exchange["time_to_first_byte_ns"] == 180 * MS
    assert exchange["time_to_first_text_ns"] == 1240 * MS
    assert exchange["duration_ns"] == 13_500 * MS
    assert exchange["stalls"] == [{"after_event": 6, "t_ns": 1300 * MS, "duration_ns": 12_000 * MS}]
    assert exchange["tokens_per_second"] == pytest.approx(30 / 12.05, abs=0.001)
    assert exchange["end"] == "complete"
    assert document["total"]["time_to_first_text_ns"] == dict.fromkeys(("p50", "p95", "max"), 1240 * MS) | {
        "count": 1
    }


CSV_HEADER = (
    "file,exchange,method,url,status,end,model,time_to_first_byte_ns,time_to_first_event_ns,time_to_first_text_ns,"
    "duration_ns,events,bytes,other_bytes,text_events,stalled_ns,tokens_per_second,stalls,"
    "time_between_tokens_ns_count,time_between_tokens_ns_tied,time_between_tokens_ns_p50,time_between_tokens_ns_p95,"
    "time_between_tokens_ns_max,time_between_events_ns_count,time_between_events_ns_tied,time_between_events_ns_p50,"
    "time_between_events_ns_p95,time_between_events_ns_max,input_tokens,output_tokens,thought_tokens,total_tokens,"
    "text_tokens"
)


def test_csv_has_a_row_an_exchange_under_a_header_that_scripts_rely_on(tmp_path: Path) -> None:
    file = write(tmp_path / "two.sse.zst", answer(), answer("gemini, pro")[:5])
    done = run("--csv", file)
    assert done.stdout.splitlines()[0] == CSV_HEADER == ",".join(CSV_COLUMNS)
    whole, cut = csv.DictReader(io.StringIO(done.stdout))
    exchange = json.loads(run("--json", file).stdout)["exchanges"][0]
    assert {
        column: whole[column] for column in ("file", "url", "time_to_first_text_ns", "tokens_per_second")
    } == {
        column: str(exchange[column])
        for column in ("file", "url", "time_to_first_text_ns", "tokens_per_second")
    }
    assert whole["time_between_tokens_ns_max"] == str(exchange["time_between_tokens_ns"]["max"])
    assert (cut["model"], cut["output_tokens"], cut["tokens_per_second"]) == ("gemini, pro", "", "")


def test_a_bad_file_among_many_is_said_and_the_others_are_measured(recording: Path, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.bin"
    foreign.write_bytes(b"\x7fELF\0\0")
    missing = tmp_path / "missing.sse.zst"
    done = run(recording, foreign, missing, tmp_path, recording)
    assert done.returncode == 2
    complaints = done.stderr.splitlines()
    assert [
        line.partition(str(file))[0]
        for line, file in zip(complaints, (foreign, missing, tmp_path), strict=True)
    ] == ["sserec: "] * 3
    rows = done.stdout.split("\n\n")[0].splitlines()
    assert [row.startswith(str(recording)) for row in rows] == [False, True, True]
    assert "all together: 2 exchanges, 18 events" in done.stdout
    document = json.loads(run("--json", recording, missing).stdout)
    assert [file["error"] for file in document["files"]] == [None, f"{missing}: No such file or directory"]
    assert document["total"]["exchanges"] == 1


def test_a_file_with_its_end_torn_off_is_measured_as_far_as_it_goes(recording: Path) -> None:
    recording.write_bytes(recording.read_bytes()[:-3])
    done = run("--json", recording)
    assert done.returncode == 1
    assert done.stderr.startswith(f"sserec: {recording}: ")
    document = json.loads(done.stdout)
    assert document["files"][0]["problems"]
    assert len(document["exchanges"]) == 1


def test_plain_text_has_no_times_and_none_are_made_up(tmp_path: Path) -> None:
    body = b"".join(data for _, data in answer())
    (tmp_path / "answer.sse").write_bytes(body)
    (exchange,) = json.loads(run("--json", tmp_path / "answer.sse").stdout)["exchanges"]
    assert {key for key, value in exchange.items() if value is None} >= {
        key for key in exchange if key.endswith("_ns")
    } | {"stalls", "steps", "tokens_per_second"}
    assert (exchange["events"], exchange["bytes"]) == (9, len(body))
    shown = run("-", stdin=body).stdout
    assert shown.startswith("exchange 1 · gemini-3-flash\n  time to first byte   -\n")
    assert "over time" not in shown


def test_one_exchange_can_be_chosen(tmp_path: Path) -> None:
    file = write(tmp_path / "two.sse.zst", answer("sheep"), answer("goat"))
    assert "goat" not in run("--exchange", "1", file).stdout
    assert run(file).stdout.count("model_output") == 2
    assert "all together: 2 exchanges" in run(file).stdout
    missing = run("--exchange", "3", file)
    assert (missing.returncode, missing.stderr.count("\n")) == (2, 1)
    assert "has no exchange 3" in missing.stderr


def test_a_stall_is_as_long_as_asked_for(recording: Path) -> None:
    def stalls(limit: str) -> int:
        return len(json.loads(run("--json", "--stall", limit, recording).stdout)["exchanges"][0]["stalls"])

    assert [stalls(limit) for limit in ("12", "11.9", "0.9", "0")] == [0, 1, 2, 7]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--json", "--csv", "a"],
        ["--exchange", "1", "a", "b"],
        ["--stall", "nan", "a"],
        ["--stall", "inf", "a"],
        ["--stall", "-1", "a"],
        [],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_one_line_and_trouble(arguments: list[str]) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


def test_recorded_text_cannot_act_on_the_terminal(tmp_path: Path) -> None:
    hostile = [
        (1, wire("interaction.created", interaction={"model": "\x1b[2Jm"})),
        (2, b"event: \x1b]0;x\x07\ndata: 1\n\n"),
    ]
    shown = run(write(tmp_path / "hostile.sse.zst", hostile)).stdout
    assert "␛[2Jm" in shown
    assert not set(shown) & {"\x1b", "\x07"}


def test_progress_is_shown_to_a_person_only_and_wiped(tmp_path: Path) -> None:
    long, short = tmp_path / "long.sse", tmp_path / "short.sse"
    long.write_bytes(b"data: x\n\n" * 300_000)
    short.write_bytes(b"data: x\n\n")
    terminal = Terminal(*SSEREC, str(long), str(short), environment=os.environ | {"COLUMNS": "100"})
    terminal.wait_to_see(b"  message")
    assert terminal.end() == 0
    first, *_ = terminal.shown.split(b"file ")
    assert first.startswith(b"\rsserec: 1 of 2 files, ")
    *_, wiped, rest = first.split(b"\r")
    assert set(wiped) == {ord(" ")}
    assert rest == b""
    assert run(long, short).stderr == ""


def test_a_reader_that_leaves_is_no_fault_of_the_file(recording: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([*SSEREC, "--csv", *[str(recording)] * 20], stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")
