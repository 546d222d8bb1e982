"""The recorded command as a process: started, waited for, and imitated in death.

Knows processes, signals and terminals; knows nothing of what is recorded.

Invariant: the command runs as it would without sserec. It has the same terminal, the same open files, the same
process group and the same signal dispositions, and whoever waits for sserec sees the command's own end.
"""

import asyncio
import errno
import os
import resource
import shlex
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import NoReturn

from sserec.errors import RecordingError

NOT_EXECUTABLE = 126
NOT_FOUND = 127
KILLED = 128

MANY_FILES = 10_240
"""As many as macOS lets any process have."""

FORWARDED = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
KEYBOARD = (signal.SIGINT, signal.SIGQUIT)


class CannotStart(RecordingError):
    """The command is not there or is no program; ``exit_code`` is what a shell would say."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


async def run_command(command: Sequence[str], variables: Mapping[str, str], files: Sequence[int] = ()) -> int:
    """Runs the command to its end, with the signals and the open files it would have got. Raises CannotStart."""
    with attending() as attend:
        child = Child(start(command, variables, files))
        allow_many_files()
        attend(child)
        return await child.wait()


def start(
    command: Sequence[str], variables: Mapping[str, str], files: Sequence[int]
) -> "subprocess.Popen[bytes]":
    try:
        return subprocess.Popen(command, env=variables, pass_fds=files)
    except OSError as fault:
        raise cannot_start(command[0], fault) from None


def allow_many_files() -> None:
    """Raises our own limit, now that the command has its own: a recorded connection takes two descriptors.

    200 streams at once need more than the 256 that macOS, and a careful shell, begin with.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    ceiling = MANY_FILES if hard == resource.RLIM_INFINITY else min(MANY_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < ceiling:
        resource.setrlimit(resource.RLIMIT_NOFILE, (ceiling, hard))


def cannot_start(program: str, fault: OSError) -> CannotStart:
    name = shlex.quote(program)
    if fault.errno == errno.ENOENT or not program:
        return CannotStart(f"{name}: command not found", NOT_FOUND)
    return CannotStart(f"{name}: {fault.strerror}", NOT_EXECUTABLE)


@contextmanager
def attending() -> "Iterator[Callable[[Child], None]]":
    """Catches the signals before there is a child, which begins with their default dispositions, and is told whose."""
    children: list[Child] = []

    def forward(number: signal.Signals) -> None:
        for child in children:
            child.forward(number)

    with caught((*FORWARDED, *KEYBOARD), forward):
        yield children.append


class Child:
    """The running command."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

    async def wait(self) -> int:
        """Waits for the end: the exit code, or a signal's number below zero."""
        return await asyncio.to_thread(self._process.wait)

    def forward(self, number: signal.Signals) -> None:
        """Passes on a signal that was sent to sserec.

        The terminal sends ^C and ^\\ to its whole foreground group, so the command has them already; a SIGINT
        that reaches sserec in the background was sent to it alone.
        """
        if number not in KEYBOARD or not in_foreground():
            self._process.send_signal(number)


def in_foreground() -> bool:
    """Whether this process is in the foreground group of a terminal."""
    with suppress(OSError):
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
        try:
            return os.tcgetpgrp(terminal) == os.getpgrp()
        finally:
            os.close(terminal)
    return False


@contextmanager
def caught(numbers: Sequence[signal.Signals], handle: Callable[[signal.Signals], None]) -> Iterator[None]:
    """Hands the signals to ``handle`` on the running event loop.

    A program that is started meanwhile begins with the default dispositions, because exec resets what has a handler;
    what is ignored (nohup) stays ignored, for sserec and for the program.
    """
    loop = asyncio.get_running_loop()
    ours = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    for number in ours:
        loop.add_signal_handler(number, handle, number)
    try:
        yield
    finally:
        for number in ours:
            loop.remove_signal_handler(number)


def end_like(returncode: int) -> NoReturn:
    """Ends this process as the command ended: with its exit code or by its signal."""
    if returncode >= 0:
        raise SystemExit(returncode)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # one core file, the command's, is enough
    if -returncode not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(-returncode, signal.SIG_DFL)
    os.kill(os.getpid(), -returncode)
    raise SystemExit(KILLED - returncode)
