"""What a pane shows, handed on: to the clipboard, to a pager."""

import os
import shlex
import signal
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
        try:
            with self.app.suspend():
                trouble = page(printable_lines(text + "\n"))
        except SuspendNotSupported:
            trouble = "there is no terminal here for a pager"
        if trouble:
            self.say(trouble)

    def do_pager(self, _: str) -> None:
        self.action_pager()


def page(text: str) -> str:
    """Gives ``text`` to the pager and waits for it; the words are why it could not, or none.

    ``^C`` is the pager's meanwhile. Nothing is raised: the viewer would stay away from its terminal.
    """
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        command = shlex.split(os.environ.get("PAGER", "")) or [DEFAULT_PAGER]
        subprocess.run(command, input=text.encode(), check=False)
    except (OSError, ValueError) as fault:
        return f"$PAGER: {getattr(fault, 'strerror', None) or fault}"
    finally:
        signal.signal(signal.SIGINT, before)
    return ""
