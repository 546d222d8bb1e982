"""A recording that runs beside the viewer, in a process of its own: drawing a frame must not cost a time stamp.

Knows a process, what it says and how to end it; must not know what it records. What it says is kept twice: its last
lines for the pane, and all of it, byte for byte, for the terminal that it did not have meanwhile.
"""

import codecs
import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

KEPT_LINES = 5_000
LINE_CHARACTERS = 10_000
"""A longer line is shown as several."""
READ_BYTES = 1 << 16
STILL_RUNNING = "the command still runs: once more ends it, and the viewer"
POLL_S = 0.01
PATIENCE_S = 5.0


class Said(NamedTuple):
    """A line that the command wrote, or the beginning of one."""

    text: str
    is_error: bool


class Transcript:
    """The last lines of two streams, in the order in which they came."""

    def __init__(self) -> None:
        self.lines: deque[Said] = deque([Said("", False)], maxlen=KEPT_LINES)
        """The last one may still go on."""
        self.version = 0
        """Another one when something was said."""
        decoder = codecs.getincrementaldecoder("utf-8")
        self._decoders = decoder("replace"), decoder("replace")

    def take(self, data: bytes, *, is_error: bool) -> None:
        """Goes on with the last line, where that is of the same stream."""
        text = self._decoders[is_error].decode(data)
        last = self.lines[-1]
        if last.is_error == is_error or not last.text:
            self.lines.pop()
            text = last.text + text
        for line in text.split("\n"):
            self._add(line, is_error=is_error)
        self.version += 1

    def _add(self, line: str, *, is_error: bool) -> None:
        """What stands before a carriage return is overwritten by what stands behind it."""
        line = line.removesuffix("\r").rpartition("\r")[2]
        for start in range(0, len(line) or 1, LINE_CHARACTERS):
            self.lines.append(Said(line[start : start + LINE_CHARACTERS], is_error))


class Companion:
    """``sserec record`` with a command, its standard input closed."""

    def __init__(self, arguments: Sequence[str]) -> None:
        """Starts ``sserec record`` with these arguments."""
        self.transcript = Transcript()
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

    @property
    def is_talking(self) -> bool:
        """Whether more may be said: what it left behind may speak on when it has ended."""
        return self._reader.is_alive()

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
        """Ends the command as ^C would, and the recording in order; by force if that takes too long, or at a ^C."""
        for send, number, patience_s in endings():
            if self.returncode is None:
                send(self._process.pid, number)
            with suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
                self._process.wait(patience_s)
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
        self.transcript.take(data, is_error=spool is self._spools[1])


def endings() -> Sequence[tuple[Callable[[int, int], None], signal.Signals, float]]:
    """How a command is asked to end, and how many seconds it has for that.

    First by the recorder, which passes the signal on, so that it comes once; a shell that waits for another command
    heeds it only when that one has it too.
    """
    return (
        (os.kill, signal.SIGINT, 1.0),
        (os.killpg, signal.SIGINT, PATIENCE_S),
        (os.killpg, signal.SIGTERM, PATIENCE_S),
        (os.killpg, signal.SIGKILL, PATIENCE_S),
    )


def identity(path: Path) -> tuple[int, int] | None:
    """What tells a file from another of the same name; None where there is none, or nothing in it."""
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_ino, found.st_ctime_ns) if found.st_size else None
