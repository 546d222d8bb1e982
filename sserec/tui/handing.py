"""What a pane shows, handed on: to the clipboard, to a pager."""

import os
import shlex
import subprocess

from textual.app import SuspendNotSupported

from sserec.display import count, printable_lines
from sserec.tui.commanding import Commanding

DEFAULT_PAGER = "less"


class Handing(Commanding):
    """Keys and commands that hand a pane's text on."""

    def shown_text(self) -> tuple[str, str]:
        """What the focused pane shows, and what to call it."""
        raise NotImplementedError

    def action_copy(self) -> None:
        """The selection, where there is one, else what the pane shows."""
        selected = self.screen.get_selected_text()
        text, name = (selected, "selection") if selected else self.shown_text()
        self.app.copy_to_clipboard(text)
        self.say(f"copied: {name}, {count(len(text), 'character')}")

    def do_copy(self, _: str) -> None:
        self.action_copy()

    def action_pager(self) -> None:
        text, _ = self.shown_text()
        pager = shlex.split(os.environ.get("PAGER") or DEFAULT_PAGER)
        try:
            with self.app.suspend():
                subprocess.run(pager, input=printable_lines(text + "\n").encode(), check=False)
        except SuspendNotSupported:
            self.say("there is no terminal here for a pager")
        except OSError as fault:
            self.say(f"{pager[0]}: {fault.strerror}")

    def do_pager(self, _: str) -> None:
        self.action_pager()
