"""How far a long command has come, on one line of a terminal that somebody watches."""

import shutil
import sys
import time
from types import TracebackType
from typing import Self

PATIENCE_S = 0.3
"""A command that is done by then says nothing."""
INTERVAL_S = 0.1


class Progress:
    """A line on stderr that is written over and wiped at the end; none where stderr is no terminal."""

    def __init__(self) -> None:
        self._due_s = time.monotonic() + PATIENCE_S
        self._shown = 0

    def say(self, text: str) -> None:
        """Shows ``text``, ten times a second at most."""
        if not sys.stderr.isatty() or time.monotonic() < self._due_s:
            return
        line = text[: shutil.get_terminal_size().columns - 1]
        self._write(line.ljust(self._shown))
        self._shown = len(line)
        self._due_s = time.monotonic() + INTERVAL_S

    def wipe(self) -> None:
        """Leaves an empty line for whatever is said next."""
        if self._shown:
            self._write(" " * self._shown)
            self._shown = 0

    def _write(self, line: str) -> None:
        sys.stderr.write(f"\r{line}\r")
        sys.stderr.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.wipe()
