"""``sserec fuzz``: clients that cope, and clients that do not."""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from record_support import SSEREC
from replay_support import CREATED, DONE, Kept, delta, recording
from sserec.errors import UsageError
from sserec.replay.cases import Outcome, Size, Verdict, cases, judge
from sserec.replay.faults import KINDS, parse

WHOLE = Outcome(0, b"hello", b"")
STREAM = Kept([(0, CREATED), (0, delta(1) + delta(2)), (0, delta(3) + DONE)])
SIZE = Size(event_count=5, size_bytes=len(STREAM.data))
PATIENTLY = ("--timeout", "240")
CLIENT = """
import os, sys, json, urllib.request

PATIENCE_S = 0.3 if os.path.exists("".join(sys.argv[1:])) else None

def events(url):
    request = urllib.request.Request(url, b'{"model":"m","input":"hello","stream":true}')
    block = []
    for line in urllib.request.urlopen(request, timeout=PATIENCE_S):
        if line.strip():
            block.append(line.strip())
        elif block:
            yield block
            block = []

"""
CAREFUL = (
    CLIENT
    + """
text, seen, done = "", [], False
try:
    for block in events(os.environ["GOOGLE_GEMINI_BASE_URL"] + "/v1/interactions"):
        data = block[-1].removeprefix(b"data: ")
        if data == b"[DONE]":
            done = True
            break
        event = json.loads(data)
        if event["event_type"] == "error":
            sys.exit("the API says: " + event["error"]["message"])
        if event["event_type"] == "step.delta":
            seen.append(event["event_id"])
            text += event["delta"]["text"]
        elif event["event_type"] == "interaction.created":
            seen.append("created")
    if not done or seen != ["created", "ev1", "ev2", "ev3"]:
        sys.exit("the stream is not whole")
except (OSError, ValueError, KeyError) as error:
    sys.exit(f"failed: {error}")
print(text)
"""
)
CARELESS = (
    CLIENT
    + """
for block in events(os.environ["GOOGLE_GEMINI_BASE_URL"] + "/v1/interactions"):
    if block[-1] != b"data: [DONE]":
        print(json.loads(block[-1][6:])["event_type"])
"""
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return recording(tmp_path / "x.sse.zst", STREAM)


def fuzz(file: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/nowhere"}
    command = [*SSEREC, "fuzz", str(file), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)


def impatiently(file: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """With more patience where this machine is too busy even for the run without a fault."""
    for seconds in ("2", "20", "200"):
        got = fuzz(file, "--timeout", seconds, *words)
        if "does not end without any fault" not in got.stderr:
            break
    return got


def named(faults: Iterable[str]) -> list[str]:
    return [word for fault in faults for word in ("--fault", fault)]


@pytest.mark.parametrize("stalls", [True, False], ids=["stalls", "all that ends"])
def test_a_careful_client_has_no_findings(file: Path, tmp_path: Path, stalls: bool) -> None:
    """What may never come it waits for shortly only where it never comes: no machine is too slow for it."""
    tried = [str(fault) for fault in cases(SIZE) if (fault.name == "stall") is stalls]
    client = (sys.executable, "-c", CAREFUL, *([str(tmp_path / "ran")] if stalls else []))
    command = ("sh", "-c", '"$@" && touch "$0"', str(tmp_path / "ran"), *client)
    got = fuzz(file, "--json", *named(tried), *PATIENTLY, "--", *command)
    found = [json.loads(line) for line in got.stdout.splitlines()]
    assert [case for case in found if case["finding"]] == []
    assert got.returncode == 0
    assert [case["fault"] for case in found] == tried


def test_a_careless_client_is_found_out_in_every_way(file: Path) -> None:
    some = ("reset@event:2", "cut@event:2", "corrupt@event:2", "drop@event:2", "rechunk:1", "end@event:2")
    got = fuzz(file, *named(some), *PATIENTLY, "--", sys.executable, "-c", CARELESS)
    assert got.returncode == 1
    verdicts = {line.split()[0]: line.split()[1] for line in got.stdout.splitlines()[:-1]}
    assert verdicts == {
        "reset@event:2": "CRASH",
        "cut@event:2": "SILENT",  # http.client takes a cut between two chunks for the end
        "corrupt@event:2": "CRASH",
        "drop@event:2": "SILENT",
        "rechunk:1": "same",
        "end@event:2": "SILENT",
    }
    assert got.stdout.endswith("6 cases, 5 findings\n")
    assert "JSONDecodeError" in got.stdout, "the last words of a client that failed are shown"


def test_a_client_that_waits_for_ever_is_found_out(file: Path) -> None:
    got = impatiently(file, "--fault", "stall@event:2", "--", sys.executable, "-c", CARELESS)
    assert (got.returncode, got.stdout.split()[:2]) == (1, ["stall@event:2", "HANG"])


def test_what_a_client_left_running_is_ended_with_it(file: Path) -> None:
    got = impatiently(file, "--fault", "stall@event:1", "--", "sh", "-c",
               "curl -sN $GOOGLE_GEMINI_BASE_URL/v1/interactions -d \"$0\" | cat", Kept().body.decode())  # fmt: skip
    assert got.stdout.splitlines()[0].split() == ["stall@event:1", "HANG"]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ([], "say which command to run"),
        (["--", "false"], "the command fails (1) without any fault"),
        (["--", "/no/such/command"], "/no/such/command: command not found"),
        (["--", ""], "'': command not found"),
        (["--", "true"], "the command asked for nothing"),
        (["--", "sh", "-c", "curl -s $GOOGLE_GEMINI_BASE_URL/v2/x"], "nothing recorded answers GET /v2/x"),
        (["--", "sh", "-c", "curl -sf $GOOGLE_GEMINI_BASE_URL/x"], "without any fault: nothing recorded"),
        (["--fault", "cut@event:6", "--", "true"], "no recorded stream has so many events"),
        (["--fault", "split@byte:99999", "--", "true"], "no recorded stream has so many bytes"),
        (["--env", "A=B", "--", "true"], "'A=B' is no name of a variable"),
        (["--fault", "wibble", "--", "true"], "wibble is no fault"),
        (["--timeout", "nan", "--", "true"], "nan is not a time in seconds"),
        (["--jobs", "x", "--", "true"], "'x' is no whole number from 1 on"),
    ],
)
def test_trouble_is_2_and_one_line(file: Path, command: list[str], words: str) -> None:
    got = fuzz(file, *command)
    assert got.returncode == 2
    assert got.stderr.count("\n") == 1
    assert words in got.stderr


@pytest.mark.parametrize(
    ("fault", "outcome", "verdict"),
    [
        ("rechunk:1", Outcome(0, b"hello"), Verdict.SAME),
        ("rechunk:1", Outcome(0, b"hell"), Verdict.FAILED),
        ("rechunk:1", Outcome(1, b""), Verdict.FAILED),
        ("unknown-event@event:1", Outcome(0, b"hello?"), Verdict.OTHER),
        ("unknown-event@event:1", Outcome(1, b""), Verdict.FAILED),
        ("cut@event:1", Outcome(1, b"he", b"connection lost"), Verdict.NOTICED),
        ("cut@event:1", Outcome(0, b"he", b"warning: incomplete"), Verdict.NOTICED),
        ("cut@event:1", Outcome(0, b"he"), Verdict.SILENT),
        ("cut@event:1", Outcome(0, b"hello"), Verdict.SAME),
        ("cut@event:1", Outcome(-11, b""), Verdict.CRASH),
        ("cut@event:1", Outcome(1, b"", b"Traceback (most recent call last):\n x"), Verdict.CRASH),
        ("cut@event:1", Outcome(2, b"", b"panic: runtime error"), Verdict.CRASH),
        ("cut@event:1", Outcome(1, b"", b"Error: x\n    at f (/a.js:1:2)\n"), Verdict.CRASH),
        ("cut@event:1", Outcome(None), Verdict.HANG),
        ("status-once:429", Outcome(0, b"hello", b"retrying"), Verdict.SAME),
    ],
)  # fmt: skip
def test_how_a_run_is_judged(fault: str, outcome: Outcome, verdict: Verdict) -> None:
    assert judge(parse(fault), WHOLE, outcome) is verdict


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("wibble", "wibble is no fault; there are rechunk, "),
        ("cut@event", "say cut@event:N or cut@byte:N"),
        ("cut:3@event:2", "say cut@event:N or cut@byte:N"),
        ("cut@event:\u0661", "say cut@event:N or cut@byte:N"),
        ("cut@event:" + "9" * 5000, "say cut@event:N or cut@byte:N"),
        ("drop@byte:1", "say drop@event:N, from 1 on"),
        ("drop@event:0", "say drop@event:N, from 1 on"),
        ("rechunk:-1", "say rechunk or rechunk:N"),
        ("status:418", "say one of status:429, status:500, status:503"),
        ("status-once:418", "say one of status-once:429, status-once:500, status-once:503"),
    ],
)
def test_a_fault_that_is_none_is_answered_with_those_that_are(text: str, words: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse(text)
    assert words in str(refused.value)


def test_the_list_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    size = Size(event_count=100, size_bytes=10_000)
    assert cases(size, 1) == cases(size, 1)
    assert set(map(str, cases(size, 1))) != set(map(str, cases(size, 2)))
    assert {fault.name for fault in cases(size)} == set(KINDS)


@pytest.mark.parametrize("size", [Size(0, 0), Size(1, 1), Size(2, 50)])
def test_there_is_a_list_for_the_smallest_stream(size: Size) -> None:
    assert {fault.name for fault in cases(size)} == set(KINDS)
