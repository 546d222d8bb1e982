"""The viewer in a real terminal, tmux: what only a terminal shows."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sserec.tui.model.document import Document
from viewer_support import MS, STORY, S, text, write
from viewer_terminal import PATIENCE_S, Terminal, command, needs_tmux, terminal_of

COLOR = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9\d|10\d)(?:;\d+)*m")

pytestmark = needs_tmux


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """80 columns and 24 rows."""
    with terminal_of(tmp_path) as terminal:
        yield terminal


@pytest.fixture
def story(tmp_path: Path) -> Path:
    """Ten events with a stall, in the folder in which the shell stands."""
    return write(tmp_path / "story.sse.zst", STORY)


def test_a_person_opens_scrubs_filters_plays_exports_and_quits(
    terminal: Terminal, story: Path, tmp_path: Path
) -> None:
    terminal.type(command("view --speed 1000 story.sse.zst"))
    screen = terminal.wait_to_see("1/10 · 1.000 s")
    assert screen.splitlines()[0] == " story.sse.zst  10 events · 16.80 s · complete"
    assert len(screen.splitlines()) == 24
    terminal.press("G")
    terminal.wait_to_see("Hello World after a stall")
    terminal.press("5")
    terminal.wait_to_see("Hello World▌")
    terminal.press("f")
    terminal.wait_to_see("filter:")
    terminal.type("@step=model_output")
    terminal.wait_to_see("events · 5 of 10 · filter @step")
    terminal.press("f", "C-u", "Enter")
    terminal.wait_until(lambda screen: "5 of 10" not in screen, "all events")
    terminal.press("g", "Space")
    terminal.wait_to_see("10/10")
    terminal.press("x")
    terminal.wait_to_see("export as:")
    terminal.type("markdown out.md")
    terminal.wait_to_see("markdown written to out.md")
    terminal.press("Q")
    terminal.wait_to_see("ended with 0")
    assert "10 events ·" not in terminal.screen(), "the shell's own screen is back"
    assert "after a stall" in (tmp_path / "out.md").read_text()


def test_without_colour_no_colour_is_sent_and_the_cursor_is_seen(terminal: Terminal, story: Path) -> None:
    terminal.type("export NO_COLOR=1")
    terminal.type(command("view story.sse.zst"))
    terminal.wait_to_see("1/10")
    terminal.press("j")
    terminal.wait_to_see("2/10")
    screen = terminal.wait_until(
        lambda screen: any("▸" in row and "\x1b[7m" in row for row in screen.splitlines()),
        "cursor in reverse video",
        with_escapes=True,
    )
    assert not COLOR.search(screen)
    assert screen.count("▸") == 1
    terminal.press("q")
    terminal.wait_to_see("ended with 0")


def test_a_pager_gets_the_terminal_and_gives_it_back(terminal: Terminal, story: Path) -> None:
    terminal.type("""export PAGER='sh -c "echo this is the pager; head -3; read x </dev/tty"'""")
    terminal.type("clear; " + command("view story.sse.zst"))
    terminal.wait_to_see("1/10")
    terminal.press("Enter")
    terminal.wait_to_see("event 1 ·")
    terminal.press("v")
    screen = terminal.wait_to_see("this is the pager")
    assert "event 1 ·" not in screen
    terminal.wait_to_see('"id": "v1_x"')
    terminal.press("Enter")
    terminal.wait_to_see("1/10")
    terminal.press("Q")
    terminal.wait_to_see("ended with 0")


def test_the_viewer_outlives_a_ctrl_c_that_is_for_the_pager(
    terminal: Terminal, story: Path, tmp_path: Path
) -> None:
    (tmp_path / "pager").write_text("trap '' INT; echo this is the pager; read x </dev/tty")
    terminal.type("export PAGER='sh pager'")
    terminal.type("clear; " + command("view story.sse.zst"))
    terminal.wait_to_see("1/10")
    terminal.press("v")
    terminal.wait_to_see("this is the pager")
    terminal.press("C-c", "Enter")
    terminal.wait_to_see("1/10")
    terminal.press("Q")
    terminal.wait_to_see("ended with 0")


@pytest.mark.parametrize(
    ("pager", "complaint"),
    [("no-such-pager", "$PAGER: No such file or directory"), ("less '", "$PAGER: No closing quotation")],
)
def test_a_pager_that_cannot_be_run_is_told_in_the_viewer(
    terminal: Terminal, story: Path, pager: str, complaint: str
) -> None:
    terminal.type(f'export PAGER="{pager}"')
    terminal.type("clear; " + command("view story.sse.zst"))
    terminal.wait_to_see("1/10")
    terminal.press("v")
    terminal.wait_to_see(complaint)
    terminal.press("Q")
    terminal.wait_to_see("ended with 0")


def test_a_replay_is_started_and_ends_with_the_viewer(terminal: Terminal, story: Path) -> None:
    terminal.type(command("view story.sse.zst"))
    with client_of_replay(terminal) as client:
        terminal.press("Q")
        terminal.wait_to_see("ended with 0")
        assert ended(client)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_who_ends_it_from_outside_leaves_the_terminal_as_it_was_and_no_replay(
    terminal: Terminal, story: Path, tmp_path: Path, number: signal.Signals
) -> None:
    view = f"exec {sys.executable} -m sserec view story.sse.zst"
    terminal.type(f"sh -c 'echo $$ > viewer; {view}'; echo ended with $?")
    with client_of_replay(terminal) as client:
        os.kill(int((tmp_path / "viewer").read_text()), number)
        screen = terminal.wait_to_see(f"ended with {128 + number}")
        assert "1/10" not in screen, "the shell's own screen is back"
        assert ended(client)


def client_of_replay(terminal: Terminal) -> socket.socket:
    """Starts a replay from the viewer, and connects to it."""
    terminal.wait_to_see("1/10")
    terminal.press("r")
    found = re.search(r"127\.0\.0\.1:(\d+)", terminal.wait_to_see("replay: http://127.0.0.1:"))
    assert found
    return socket.create_connection(("127.0.0.1", int(found[1])), PATIENCE_S)


def ended(client: socket.socket) -> bool:
    """Whether the server has gone. Its port says nothing of that: it may be another server's by now."""
    try:
        return client.recv(1) == b""
    except ConnectionResetError:
        return True


def test_a_growing_file_is_followed_until_its_recorder_has_ended(terminal: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "growing.sse"
    path.write_bytes(b"")
    terminal.type(command("view --follow growing.sse"))
    terminal.wait_to_see("is empty")
    with path.open("ab", buffering=0) as growing:
        growing.write(b"".join(data for _, data in STORY[:5]))
        terminal.wait_to_see("5/5 · FOLLOW")
        growing.write(text("more ", 1) * 40)
        terminal.wait_to_see("45/45 · FOLLOW")
        terminal.wait_to_see("more more")
        terminal.press("k")
        terminal.wait_to_see("44/45")
        growing.write(text("unseen ", 1))
        screen = terminal.wait_to_see("44/46")
        assert "FOLLOW" not in screen
        terminal.press("F")
        terminal.wait_to_see("46/46 · FOLLOW")
    terminal.press("Q")
    terminal.wait_to_see("ended with 0")


def test_what_comes_through_a_pipe_is_viewed_with_the_keyboard_of_the_terminal(
    terminal: Terminal, story: Path
) -> None:
    terminal.type(command("view - < story.sse.zst > nothing.txt"))
    terminal.wait_to_see("standard input")
    terminal.press("G")
    terminal.wait_to_see("10/10")
    terminal.press("q")
    terminal.wait_to_see("ended with 0")


def test_without_a_terminal_it_says_what_does_without_one(story: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sserec", "view", str(story)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert (
        done.stderr == "sserec: the viewer needs a terminal: sserec events and sserec export do without one\n"
    )


def test_a_setting_that_nobody_knows_is_one_line(terminal: Terminal, story: Path, tmp_path: Path) -> None:
    (tmp_path / "sserec").mkdir()
    (tmp_path / "sserec" / "config.toml").write_text('colour = "red"\n')
    terminal.type("clear; " + command("view story.sse.zst"))
    screen = terminal.wait_to_see("ended with 2")
    assert 'unknown option "colour"' in screen.replace("\n", "")


def test_marks_that_are_asked_for_are_in_the_file(terminal: Terminal, tmp_path: Path) -> None:
    path = write(tmp_path / "short.sse.zst", [(S, text("a")), (S + MS, text("b"))], final=False)
    terminal.type(command("view short.sse.zst"))
    terminal.wait_to_see("1/2")
    terminal.press(";")
    terminal.wait_to_see("note:")
    terminal.type("look here")
    terminal.wait_to_see("marks not written")
    terminal.press("Q")
    terminal.wait_to_see("they are not written (w does)")
    terminal.press("w")
    terminal.wait_to_see("marks written to")
    terminal.press("Q")
    terminal.wait_to_see("ended with 0")
    with Document.open(str(path)) as document:
        assert [mark.text for mark in document.marks.of(1)] == ["look here"]


def test_marks_on_plain_text_are_lost_only_after_that_was_said(terminal: Terminal, tmp_path: Path) -> None:
    before = b"data: 1\n\ndata: 2\n\n"
    (tmp_path / "plain.sse").write_bytes(before)
    terminal.type(command("view plain.sse"))
    terminal.wait_to_see("1/2")
    terminal.press("m")
    terminal.wait_to_see("marks not written")
    terminal.press("w")
    terminal.wait_to_see("plain text has no room for marks")
    terminal.press("Q")
    terminal.wait_to_see("once more leaves without the marks: plain text has no room")
    terminal.press("Q")
    terminal.wait_to_see("ended with 0")
    assert (tmp_path / "plain.sse").read_bytes() == before


def test_it_stops_as_programs_do_and_comes_back_as_it_was(terminal: Terminal, story: Path) -> None:
    def is_drawn(screen: str) -> bool:
        return all(words in screen for words in ("10/10", "Hello World after a stall", " events ", "16.80 s"))

    terminal.type("set -m")
    terminal.type(command("view story.sse.zst"))
    terminal.wait_to_see("1/10")
    terminal.press("G")
    terminal.wait_until(is_drawn, "the viewer")
    terminal.press("C-z")
    terminal.wait_until(lambda screen: "topped" in screen and "10/10" not in screen, "the shell")
    terminal.type("fg; echo came back with $?")
    terminal.wait_until(is_drawn, "the viewer")
    terminal.press("Q")
    terminal.wait_to_see("came back with 0")


def test_a_key_that_nobody_knows_is_told_and_the_viewer_opens(
    terminal: Terminal, story: Path, tmp_path: Path
) -> None:
    settings = tmp_path / "sserec" / "config.toml"
    settings.parent.mkdir()
    settings.write_text('[keys]\nplya = "p"\n')
    terminal.type(command("view story.sse.zst"))
    terminal.wait_to_see('config.toml: [keys]: unknown id "plya"')
    terminal.press("Q")
    told = terminal.wait_to_see("ended with 0")
    assert 'unknownid"plya";thereareback,' in "".join(told.split())
