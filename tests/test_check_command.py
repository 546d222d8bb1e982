"""``sserec check`` as a person and a script meet it: lines, exit codes, the JSON document."""

import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from check_examples import BEGUN, PRETTY_ERROR, WHOLE
from check_support import S, Take, write
from interactions_support import DONE, completed, created, delta, start, stop


def run(*arguments: str | Path, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [sys.executable, "-m", "sserec", "check", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        check=False,
    )


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    path = tmp_path / "broken.sse"
    path.write_bytes(BEGUN + PRETTY_ERROR)
    return path


@pytest.fixture
def noted(tmp_path: Path) -> Path:
    path = tmp_path / "noted.sse"
    path.write_bytes(created() + completed(status="incomplete") + DONE)
    return path


def test_a_finding_is_one_line_with_its_place_and_its_rule(broken: Path) -> None:
    done = run(broken)
    at = f"{broken}: exchange 1, event 4, byte {len(BEGUN)}: error: "
    words = "bare JSON in the body: 503: UNAVAILABLE: The service is currently unavailable. [stray-error]"
    assert (at + words).encode() in done.stdout.splitlines()
    assert done.stderr == f"sserec: {broken}: 1 error, 1 warning in 1 exchange, 4 events\n".encode()
    assert done.returncode == 1


def test_a_clean_stream_says_so_in_one_quiet_line(tmp_path: Path) -> None:
    path = tmp_path / "clean.sse.zst"
    write(path, Take(WHOLE))
    done = run(path)
    assert (done.returncode, done.stdout) == (0, b"")
    assert done.stderr == f"sserec: {path}: clean, 1 exchange, 7 events\n".encode()


def test_notes_do_not_count_and_are_printed_when_asked_for(noted: Path) -> None:
    quiet, loud = run(noted), run("--all", noted)
    assert (quiet.returncode, quiet.stdout) == (0, b"")
    assert quiet.stderr.endswith(b"clean, 1 exchange, 3 events; 1 note with --all\n")
    assert loud.returncode == 0
    assert loud.stdout.endswith(b"note: the interaction ended as incomplete [status-incomplete]\n")


def test_standard_input_is_checked_as_well() -> None:
    done = run("-", stdin=BEGUN)
    assert done.returncode == 1
    assert done.stdout.startswith(b"standard input: exchange 1")


@pytest.mark.parametrize("arguments", [["nowhere.sse"], ["--stall", "-1", "-"], ["--exchange", "7", "-"]])
def test_trouble_is_two(arguments: list[str]) -> None:
    done = run(*arguments, stdin=WHOLE)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"sserec: ")
    assert done.stderr.count(b"\n") == 1


def test_the_limit_of_a_stall_is_told_in_seconds(tmp_path: Path) -> None:
    path = tmp_path / "slow.sse.zst"
    write(path, Take(((S, BEGUN), (4 * S, WHOLE))))
    assert b"[stall]" not in run(path).stdout
    assert b"no event for 3.0 s [stall]" in run("--stall", "2.5", path).stdout


def test_one_exchange_may_be_chosen(tmp_path: Path) -> None:
    path = tmp_path / "two.sse.zst"
    write(path, Take(BEGUN), Take(WHOLE))
    assert run("--exchange", "1", path).returncode == 1
    assert run("--exchange", "2", path).returncode == 0


def test_the_json_document_has_the_documented_keys(broken: Path) -> None:
    done = run("--json", broken)
    document = orjson.loads(done.stdout)
    assert (done.returncode, done.stderr) == (1, b"")
    assert list(document) == ["file", "clean", "exchanges", "events", "counts", "findings"]
    assert document["counts"] == {"error": 1, "warning": 1, "note": 0}
    assert [list(finding) for finding in document["findings"]] == 2 * [
        ["exchange", "event", "offset", "severity", "rule", "message", "unlisted"]
    ]


def test_the_json_document_holds_notes_though_they_do_not_count(noted: Path) -> None:
    done = run("--json", noted)
    document = orjson.loads(done.stdout)
    assert (done.returncode, document["clean"], document["counts"]["note"]) == (0, True, 1)
    assert document["findings"][0]["rule"] == "status-incomplete"


def test_what_a_server_sent_never_moves_the_cursor(tmp_path: Path) -> None:
    path = tmp_path / "hostile.sse"
    path.write_bytes(created() + b'{"error":{"message":"\\u001b[2J\\u009b2J\\u202e"}}\n\n\x1b]0;x\x07\n')
    done = run(path)
    assert b"stray-error" in done.stdout
    assert not set(done.stdout) & {0x1B, 0x07}
    assert "\x9b" not in done.stdout.decode()
    assert "\u202e" not in done.stdout.decode()


def test_what_is_not_listed_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "many.sse"
    path.write_bytes(created() + b"data: nonsense\n\n" * 1000 + completed() + DONE)
    done = run(path)
    assert f"{path}: … and 980 more [not-json]" in done.stdout.decode().splitlines()
    assert b"1000 errors" in done.stderr.replace(b",", b"")


CHECK_AND_TELL_PEAK = """
import sys
from sserec.check import check
from sserec.recording import Recording
with Recording.open(sys.argv[1]) as recording:
    assert check(recording).is_clean
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def peak_bytes(path: Path) -> int:
    """The largest resident size of a process that checks the file."""
    done = subprocess.run([sys.executable, "-c", CHECK_AND_TELL_PEAK, path], capture_output=True, check=True)
    return int(done.stdout) * 1024


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_memory_follows_the_text_and_not_the_events(tmp_path: Path) -> None:
    small, large = tmp_path / "small.sse", tmp_path / "large.sse"
    small.write_bytes(WHOLE)
    token = delta(0, "text", text="token")
    large.write_bytes(created() + start(0, "model_output") + token * 300_000 + stop(0) + completed() + DONE)
    assert (
        peak_bytes(large) - peak_bytes(small) < 20_000_000
    )  # 31 MB and its tokens as single strings would be 34 MB
