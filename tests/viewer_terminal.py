"""A real terminal, tmux, with a shell in it, and the test's hand on its keyboard."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PATIENCE_S = 60.0

needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not here")


class Terminal:
    """A tmux of its own with a shell in it."""

    def __init__(self, folder: Path, columns: int, rows: int) -> None:
        self._tmux = ["tmux", "-S", str(folder / "tmux"), "-f", "/dev/null"]
        variables = {
            "PS1": "$ ",
            "PATH": os.environ["PATH"],
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
        }
        variables |= {"XDG_CONFIG_HOME": str(folder), "HOME": str(folder), "LANG": "C.UTF-8"}
        self._run(
            "new-session", "-d", "-x", str(columns), "-y", str(rows), "-c", str(folder), "sh", env=variables
        )
        self.wait_until(lambda screen: bool(screen.strip()), "prompt")

    def press(self, *keys: str) -> None:
        self._run("send-keys", "--", *(key.replace(";", "\\;") for key in keys))

    def type(self, line: str) -> None:
        self._run("send-keys", "-l", "--", line)
        self.press("Enter")

    def screen(self, *, with_escapes: bool = False) -> str:
        return self._run("capture-pane", "-p", *(["-e"] if with_escapes else []))

    def wait_to_see(self, words: str) -> str:
        return self.wait_until(lambda screen: words in screen, words)

    def wait_until(self, holds: Callable[[str], bool], what: str, *, with_escapes: bool = False) -> str:
        """Looks at the screen until it is so."""
        deadline = time.monotonic() + PATIENCE_S
        while not holds(screen := self.screen(with_escapes=with_escapes)):
            assert time.monotonic() < deadline, f"no {what!r} on\n{screen}"
        return screen

    def end(self) -> None:
        self._run("kill-server")

    def _run(self, *arguments: str, env: dict[str, str] | None = None) -> str:
        done = subprocess.run([*self._tmux, *arguments], capture_output=True, text=True, check=True, env=env)
        return done.stdout


@contextmanager
def terminal_of(folder: Path, columns: int = 80, rows: int = 24) -> Iterator[Terminal]:
    """A terminal whose shell stands in ``folder``."""
    terminal = Terminal(folder, columns, rows)
    try:
        yield terminal
    finally:
        terminal.end()


def command(arguments: str) -> str:
    """A line for the shell that runs sserec and says how it ended."""
    return f"{sys.executable} -m sserec {arguments}; echo ended with $?"
