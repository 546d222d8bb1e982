"""What else can be done with the same file: a replay that serves it, a comparison with another one.

Knows how they are begun; must not know what they do. A replay is a process of its own, which keeps its times whatever
the screen does and ends with the viewer at the latest; a comparison is a screen over the desk.
"""

import subprocess
import sys
from functools import partial
from os.path import expanduser
from pathlib import Path

from textual.message import Message

from sserec.display import printable
from sserec.errors import UsageError
from sserec.tui.commands import Completion
from sserec.tui.desk import DeskBase

SSEREC = (sys.executable, "-m", "sserec")
MAX_OFFERED = 100


class Said(Message):
    """A line of a replay; None when it has ended."""

    def __init__(self, line: str | None) -> None:
        super().__init__()
        self.line = line


class Running(DeskBase):
    """Keys and commands that lead elsewhere."""

    _replay: "subprocess.Popen[str] | None" = None
    _replay_is_ending = False

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
        self._replay_is_ending = False
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
            how_to_end = "" if self._replay_is_ending else " (r ends it)"
            self.say(f"replay: {printable(said.line.removeprefix('sserec: '))}{how_to_end}")

    def on_unmount(self) -> None:
        """It ends with the viewer, whoever ends that."""
        self.end_replay()

    def end_replay(self) -> None:
        if self._replay is not None:
            self._replay_is_ending = True
            self._replay.terminate()

    # diff

    def action_diff(self) -> None:
        self.ask("diff", "diff with: ", "", complete_path)

    def do_diff(self, argument: str) -> None:
        path = expanduser(argument)
        if not Path(path).is_file():
            raise UsageError(f"{argument or 'nothing'} is no file")
        from sserec.tui.comparison.screen import ComparisonScreen
        from sserec.tui.model.comparison.duo import Duo

        duo = Duo.open(self.document.path, path)
        self.app.push_screen(ComparisonScreen(duo, self.config, exchange=self.stream.number))


def complete_path(text: str) -> list[Completion]:
    """Files and folders that begin so."""
    folder, slash, name = text.rpartition("/")
    try:
        found = sorted(Path(expanduser(folder + slash) or ".").iterdir())
    except OSError:
        return []
    begun = [path for path in found if path.name.startswith(name) and (name or not path.name.startswith("."))]
    return [(folder + slash + path.name + ("/" if path.is_dir() else ""), "") for path in begun[:MAX_OFFERED]]
