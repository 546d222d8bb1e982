"""Two recordings side by side in a real terminal, tmux: what only a terminal shows."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from comparison_support import A, B, pair
from viewer_terminal import Terminal, command, needs_tmux, terminal_of

COLOR = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9\d|10\d)(?:;\d+)*m")

pytestmark = needs_tmux


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """80 columns and 24 rows, in a folder with two recordings."""
    pair(tmp_path, A, B)
    with terminal_of(tmp_path) as terminal:
        yield terminal


def test_a_person_opens_goes_through_the_differences_and_quits(terminal: Terminal) -> None:
    terminal.type(command("diff --view a.sse.zst b.sse.zst"))
    screen = terminal.wait_to_see("3 differences")
    assert screen.splitlines()[0] == " a.sse.zst ↔ b.sse.zst  3 differences"
    assert len(screen.splitlines()) == 24
    terminal.press("}", "}")
    terminal.wait_to_see("A 3/8 0.700 s · B 4/10 0.950 s · difference 3/3 · by alignment")
    terminal.press("j")
    terminal.wait_to_see("One two ▌")
    terminal.press("Enter")
    terminal.wait_to_see("event.data.delta.text")
    terminal.press("T")
    terminal.wait_to_see("A 4/8 0.800 s · B 3/10 0.800 s · difference 3/3 · by time")
    terminal.press("D")
    terminal.wait_to_see("+ 2 probe.ping")
    terminal.press("Q")
    terminal.wait_to_see("ended with 1")
    assert "by time" not in terminal.screen(), "the shell's own screen is back"


def test_who_ends_it_from_outside_leaves_the_terminal_as_it_was(terminal: Terminal, tmp_path: Path) -> None:
    view = f"exec {sys.executable} -m sserec diff --view a.sse.zst b.sse.zst"
    terminal.type(f"sh -c 'echo $$ > viewer; {view}'; echo ended with $?")
    terminal.wait_to_see("3 differences")
    os.kill(int((tmp_path / "viewer").read_text()), signal.SIGTERM)
    screen = terminal.wait_to_see(f"ended with {128 + signal.SIGTERM}")
    assert "3 differences" not in screen, "the shell's own screen is back"


def test_without_colour_no_colour_is_sent_and_what_differs_is_seen(terminal: Terminal) -> None:
    terminal.type("export NO_COLOR=1")
    terminal.type(command("diff --view a.sse.zst b.sse.zst"))
    terminal.wait_to_see("3 differences")
    terminal.press("k")
    terminal.wait_to_see("One or two 3")
    screen = terminal.wait_until(
        lambda screen: re.search(r"\x1b\[(?:\d;)*1;4mor", screen) is not None,
        "'or', bold and underlined,",
        with_escapes=True,
    )
    assert not COLOR.search(screen)
    terminal.press("q")
    terminal.wait_to_see("ended with 1")


def test_a_file_that_is_none_is_said_on_the_screen_and_by_the_exit_code(
    terminal: Terminal, tmp_path: Path
) -> None:
    (tmp_path / "empty.sse").touch()
    terminal.type(command("diff --view a.sse.zst empty.sse"))
    terminal.wait_to_see("empty.sse is empty")
    terminal.press("q")
    terminal.wait_to_see("ended with 2")


def test_the_viewer_leads_there_and_back(terminal: Terminal) -> None:
    terminal.type(command("view a.sse.zst"))
    terminal.wait_to_see("1/8")
    terminal.press("d")
    terminal.wait_to_see("diff with:")
    terminal.type("b.sse.zst")
    terminal.wait_to_see("3 differences")
    terminal.press("q")
    terminal.wait_to_see("1/8")
    terminal.press("Q")
    terminal.wait_to_see("ended with 0")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["a.sse.zst", "b.sse.zst", "b.sse.zst"], "--view shows two files side by side"),
        (["--json", "a.sse.zst", "b.sse.zst"], "--view shows two files side by side"),
        (["--ignore", "a[", "a.sse.zst", "b.sse.zst"], "is not a path"),
        (["a.sse.zst", "b.sse.zst"], "the viewer needs a terminal"),
    ],
)
def test_what_cannot_be_shown_is_one_line(tmp_path: Path, arguments: list[str], words: str) -> None:
    pair(tmp_path, A, B)
    done = subprocess.run(
        [sys.executable, "-m", "sserec", "diff", "--view", *arguments],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
