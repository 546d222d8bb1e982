"""Other commands of sserec, run on the same file: a replay that serves it, a diff with another one.

Knows how they are called and that they talk; must not know what they do. Both are processes of their own: a replay
keeps its times whatever the screen does, and ends with the viewer at the latest.
"""

import subprocess
import sys
from functools import partial
from pathlib import Path

from textual.message import Message

from sserec.display import printable
from sserec.errors import UsageError
from sserec.tui.commands import Completion
from sserec.tui.desk import DeskBase
from sserec.tui.page import Page, PageLine

SSEREC = (sys.executable, "-m", "sserec")
MAX_OFFERED = 100


class Said(Message):
    """A line of a replay; None when it has ended."""

    def __init__(self, line: str | None) -> None:
        super().__init__()
        self.line = line


class Compared(Message):
    """What a diff said."""

    def __init__(self, other: str, lines: list[str]) -> None:
        super().__init__()
        self.other, self.lines = other, lines


class Running(DeskBase):
    """Keys and commands that start other commands."""

    _replay: "subprocess.Popen[str] | None" = None

    # replay

    def action_replay(self) -> None:
        """Serves the recording; again: ends that."""
        if self._replay is not None:
            self.end_replay()
            return
        self._replay = subprocess.Popen(
            [*SSEREC, "replay", self.document.path],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.say("starting a replay …")
        self.run_worker(partial(self._listen, self._replay), group="replay", thread=True)

    def do_replay(self, _: str) -> None:
        self.action_replay()

    def _listen(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.post_message(Said(line.strip()))
        process.wait()
        self.post_message(Said(None))

    def on_said(self, said: Said) -> None:
        if said.line is None:
            self._replay = None
            self.tell_status()
        else:
            self.say(f"replay: {printable(said.line.removeprefix('sserec: '))} (r ends it)")

    def end_replay(self) -> None:
        if self._replay is not None:
            self._replay.terminate()

    # diff

    def action_diff(self) -> None:
        self.ask("diff", "diff with: ", "", complete_path)

    def do_diff(self, argument: str) -> None:
        if not Path(argument).expanduser().is_file():
            raise UsageError(f"{argument or 'nothing'} is no file")
        self.say("comparing …")
        self.run_worker(partial(self._compare, argument), group="diff", thread=True, exclusive=True)

    def _compare(self, other: str) -> None:
        command = [*SSEREC, "diff", self.document.path, str(Path(other).expanduser())]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        lines = (done.stdout + done.stderr).splitlines()
        self.post_message(Compared(other, lines or ["No difference."]))

    def on_compared(self, compared: Compared) -> None:
        self.say("")
        lines = [PageLine(printable(line)) for line in compared.lines]
        self.app.push_screen(Page(f"diff with {compared.other}", lines))


def complete_path(text: str) -> list[Completion]:
    """Files and folders that begin so."""
    folder, slash, name = text.rpartition("/")
    try:
        found = sorted(Path(folder + slash or ".").expanduser().iterdir())
    except OSError:
        return []
    begun = [path for path in found if path.name.startswith(name) and (name or not path.name.startswith("."))]
    return [(folder + slash + path.name + ("/" if path.is_dir() else ""), "") for path in begun[:MAX_OFFERED]]
