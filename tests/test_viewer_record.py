"""``sserec record --view`` in a real terminal: the viewer has it, the command has none."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from record_support import Recorder
from sserec.tui.companion import LINE_CHARACTERS, Said, Transcript
from upstream_script import Finish, stream
from viewer_support import STORY
from viewer_terminal import Terminal, command, needs_tmux, terminal_of

BODY = b"".join(data for _, data in STORY)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    with terminal_of(tmp_path) as terminal:
        yield terminal


@pytest.fixture
def held(recorder: Recorder) -> str:
    """The URL of an answer that never ends."""
    recorder.upstream.play("/held", stream(BODY[:700], gap_s=0, finish=Finish.HOLD))
    return recorder.upstream.http + "/held"


def record(script: str, end: str = "") -> str:
    return command(f"record --view -o r.sse.zst -- {script} {end}")


@needs_tmux
def test_what_the_command_writes_is_in_a_pane_and_afterwards_where_it_belongs(
    terminal: Terminal, recorder: Recorder, tmp_path: Path
) -> None:
    recorder.upstream.play("/s", stream(BODY, gap_s=0))
    (tmp_path / "chat").write_text(
        f"""echo for people >&2; echo "read: [$(cat)]"; curl -sN {recorder.upstream.http}/s | tail -n 2; exit 7"""
    )
    terminal.type("clear; " + record("sh chat", "> out.txt"))
    terminal.wait_to_see("10 events ·")
    screen = terminal.wait_to_see("recorded 1 stream")
    assert "output of the command" in screen
    terminal.press("Tab", "Tab", "Tab", "Z")
    screen = terminal.wait_to_see("! for people")
    assert "data: [DONE]" in screen
    assert "events" not in screen.splitlines()[1], "it is alone"
    assert "read: []" in screen
    terminal.press("Q")
    screen = terminal.wait_to_see("ended with 7")
    assert "for people\nsserec: recorded 1 stream, 10 events" in screen
    assert (tmp_path / "out.txt").read_bytes() == b"read: []\ndata: [DONE]\n\n"


@needs_tmux
@pytest.mark.parametrize("shell", ["curl -sN {}", "sh -c 'curl -sN {}; echo later'"])
def test_a_command_that_still_runs_is_ended_by_the_second_q(
    terminal: Terminal, held: str, shell: str
) -> None:
    terminal.type("clear; " + record(shell.format(held)))
    terminal.wait_to_see("LIVE")
    terminal.press("Q")
    terminal.wait_to_see("once more ends it")
    terminal.press("Q")
    screen = terminal.wait_to_see("sserec: recorded 1 stream")
    assert "later" not in screen
    terminal.type("echo ended with $?")  # a shell leaves out what stands behind a command that ^C ended
    terminal.wait_to_see("ended with 130")


@needs_tmux
@pytest.mark.parametrize(
    ("script", "code", "words"),
    [("no-such-command", 127, "no-such-command: command not found"), ("false", 1, "NOTHING WAS CAPTURED")],
)
def test_a_command_that_fails_at_once_leaves_no_viewer_to_be_left(
    terminal: Terminal, script: str, code: int, words: str
) -> None:
    terminal.type("clear; " + record(script))
    assert words in terminal.wait_to_see(f"ended with {code}")


@needs_tmux
def test_before_the_first_request_its_output_is_there_and_q_asks_too(terminal: Terminal) -> None:
    terminal.type("clear; " + record("sh -c 'echo thinking; exec sleep 60'"))
    screen = terminal.wait_to_see("thinking\n")
    assert "nothing has been recorded yet" in screen
    terminal.press("q")
    terminal.wait_to_see("once more ends it")
    terminal.press("Q")
    terminal.wait_to_see("NOTHING WAS CAPTURED")
    terminal.type("echo ended with $?")
    terminal.wait_to_see("ended with 130")


@needs_tmux
def test_a_recorder_that_is_killed_leaves_what_it_had(terminal: Terminal, held: str, tmp_path: Path) -> None:
    (tmp_path / "chat").write_text(f"echo $PPID > recorder; curl -sN {held}")
    terminal.type("clear; " + record("sh chat"))
    terminal.wait_to_see("LIVE")
    os.kill(int((tmp_path / "recorder").read_text()), signal.SIGKILL)
    screen = terminal.wait_until(lambda screen: "LIVE" not in screen, "its end")
    assert "recorder killed" in screen
    terminal.press("Q")
    terminal.wait_to_see("ended with 137")


# What it says


def said(*pieces: tuple[bytes, bool]) -> list[tuple[str, bool]]:
    transcript = Transcript()
    for data, is_error in pieces:
        transcript.take(data, is_error=is_error)
    return [(line.text, line.is_error) for line in transcript.lines]


def test_a_line_that_comes_in_pieces_is_one_line() -> None:
    assert said(
        (b"wo", False), (b"rd ", False), ("ä".encode()[:1], False), ("ä".encode()[1:] + b"\n", False)
    ) == [
        ("word ä", False),
        ("", False),
    ]


def test_two_streams_do_not_run_into_one_another() -> None:
    assert said((b"half", False), (b"oops\n", True), (b" a line\n", False)) == [
        ("half", False),
        ("oops", True),
        (" a line", False),
        ("", False),
    ]


def test_a_progress_bar_is_its_last_state() -> None:
    assert said((b"10%\r50%", False), (b"\r100%\r\n", False)) == [("100%", False), ("", False)]


def test_a_line_without_an_end_is_cut() -> None:
    (first, second) = said((b"x" * (LINE_CHARACTERS + 1), False))
    assert (len(first[0]), second) == (LINE_CHARACTERS, Said("x", False))
