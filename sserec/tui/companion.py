"""A recording that runs beside the viewer, in a process of its own: drawing a frame must not cost a time stamp.

Knows a process, what it says and how to end it; must not know what it records. What it says is kept twice: its last
lines for the pane, and all of it, byte for byte, for the terminal that it did not have meanwhile.
"""

import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

KEPT_LINES = 10_000
READ_BYTES = 1 << 16
POLL_S = 0.01
PATIENCE_S = 5.0
"""How long the command may take to end after it was asked to."""


class Said(NamedTuple):
    """A line that the command wrote, or the beginning of one."""

    text: str
    is_error: bool


class Companion:
    """``sserec record`` with a command, its standard input closed."""

    def __init__(self, arguments: Sequence[str]) -> None:
        """Starts ``sserec record`` with these arguments."""
        self.lines: deque[Said] = deque(maxlen=KEPT_LINES)
        self.line_count = 0
        """How many lines were said in all."""
        self._spools = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115 they live as long as this
        self._process = subprocess.Popen(
            [sys.executable, "-m", "sserec", "record", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # the terminal, its keys and its ^C are the viewer's
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def returncode(self) -> int | None:
        """How it ended (a signal below zero); None while it runs."""
        return self._process.poll()

    def wait_for(self, path: Path, before: tuple[int, int] | None) -> bool:
        """Waits until the recording has begun: a file that is not the one from ``before``.

        False when the process ended before that.
        """
        while self.returncode is None:
            if identity(path) not in (None, before):
                return True
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(POLL_S)
        return False

    def stop(self) -> int:
        """Ends the command as ^C would, and the recording in order; by force if that takes too long."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            if self.returncode is None:
                self._process.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        return self._process.wait()

    def print_all(self) -> None:
        """Writes all that was said where it would have gone."""
        for spool, out in zip(self._spools, (sys.stdout.buffer, sys.stderr.buffer), strict=True):
            spool.seek(0)
            shutil.copyfileobj(spool, out)
            out.flush()
            spool.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        with selectors.DefaultSelector() as ready:
            ready.register(self._process.stdout, selectors.EVENT_READ, self._spools[0])
            ready.register(self._process.stderr, selectors.EVENT_READ, self._spools[1])
            while ready.get_map():
                for key, _ in ready.select():
                    data = os.read(key.fd, READ_BYTES)
                    if data:
                        self._take(data, key.data)
                    else:
                        ready.unregister(key.fileobj)

    def _take(self, data: bytes, spool: BinaryIO) -> None:
        spool.write(data)
        for line in data.decode("utf-8", "replace").splitlines():
            self.lines.append(Said(line, spool is self._spools[1]))
            self.line_count += 1


def identity(path: Path) -> tuple[int, int] | None:
    """What tells a file from another of the same name; None where there is none, or nothing in it."""
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_ino, found.st_ctime_ns) if found.st_size else None
