"""A pseudo-terminal with a program in its foreground, and the test's hand on its keyboard."""

import os
import select
import subprocess
from collections.abc import Mapping

PATIENCE_S = 60.0
CONTROL_C, CONTROL_BACKSLASH, CONTROL_Z = b"\x03", b"\x1c", b"\x1a"


class Terminal:
    """Runs ``command`` as the leader of a session whose terminal this is.

    A session's leader takes the first terminal that it opens (Linux), so a shell does that and becomes the program: no
    fork of the test's own process, which has threads.
    """

    def __init__(self, *command: str, environment: Mapping[str, str] | None = None) -> None:
        self.shown = b""
        self._keyboard, self._screen = os.openpty()
        shell = ["sh", "-c", 'exec "$@" <"$0" >"$0" 2>&1', os.ttyname(self._screen), *command]
        self._process = subprocess.Popen(shell, start_new_session=True, env=environment)

    def wait_to_see(self, text: bytes) -> None:
        """Reads the screen until ``text`` is on it."""
        while text not in self.shown:
            assert select.select([self._keyboard], [], [], PATIENCE_S)[0], self.shown
            self.shown += os.read(self._keyboard, 4096)

    def press(self, *keys: bytes) -> None:
        os.write(self._keyboard, b"".join(keys))

    def end(self) -> int:
        """Waits for the program; an exit code, or a signal's number below zero."""
        os.close(self._screen)
        try:
            while data := os.read(self._keyboard, 4096):
                self.shown += data
        except OSError:  # EIO: nobody has the terminal open any more
            pass
        os.close(self._keyboard)
        return self._process.wait()
