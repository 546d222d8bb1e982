"""The recorded command's process: it notices nothing, and whoever waits for sserec sees its end."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sserec.proxy.child import CannotStart, run_command
from terminal import CONTROL_BACKSLASH, CONTROL_C, CONTROL_Z, Terminal

DRIVER = (
    "import asyncio, os, sys; from sserec.proxy.child import end_like, run_command;"
    "from sserec.proxy.inherited import inherited_files;"
    "end_like(asyncio.run(run_command(sys.argv[1:], os.environ, inherited_files())))"
)
RUN = [sys.executable, "-c", DRIVER]
TRAPS = (
    "import signal, sys\n"
    "signal.signal(signal.{0}, lambda *_: sys.exit(7))\n"
    "print('ready', flush=True)\n"
    "signal.pause()"
)


@pytest.mark.parametrize("code", [0, 1, 42, 255])
def test_the_exit_code_is_the_commands(code: int) -> None:
    assert subprocess.run([*RUN, "sh", "-c", f"exit {code}"]).returncode == code


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV, signal.SIGINT, signal.SIGPIPE]
)
def test_a_command_that_dies_of_a_signal_takes_us_with_it(number: signal.Signals) -> None:
    assert subprocess.run([*RUN, "sh", "-c", f"kill -{number.value} $$"]).returncode == -number


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGINT]
)
def test_a_signal_that_was_sent_to_us_reaches_the_command(number: signal.Signals) -> None:
    command = [*RUN, sys.executable, "-c", TRAPS.format(number.name)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout
        process.stdout.readline()
        process.send_signal(number)
        assert process.wait(60) == 7


def test_an_ignored_signal_stays_ignored_for_both() -> None:
    shell = f"trap '' HUP; exec \"$0\" -c '{DRIVER}' sh -c 'kill -HUP $$ $PPID; exit 3'"
    assert subprocess.run(["sh", "-c", shell, sys.executable]).returncode == 3


OPENS_A_FILE_OF_ITS_OWN = (
    "import asyncio, os, sys; from sserec.proxy.child import run_command;"
    "from sserec.proxy.inherited import inherited_files; files = inherited_files();"
    "os.set_inheritable(os.open('/dev/null', os.O_RDONLY), True);"
    "asyncio.run(run_command(sys.argv[1:], os.environ, files))"
)


def test_the_command_gets_the_files_that_were_opened_for_it_and_none_that_we_opened_since() -> None:
    look = ["sh", "-c", "exec ls /proc/self/fd"]
    read, write = os.pipe()
    with os.fdopen(read), os.fdopen(write):
        plain = subprocess.check_output(look, pass_fds=[read])
        ours = subprocess.check_output(
            [sys.executable, "-c", OPENS_A_FILE_OF_ITS_OWN, *look], pass_fds=[read]
        )
    assert str(read) in plain.decode().split()
    assert ours == plain


def test_signals_that_we_handle_are_at_their_defaults_in_the_command() -> None:
    look = ["grep", "^Sig[BIC]", "/proc/self/status"]
    assert dispositions(subprocess.check_output([*RUN, *look])) == dispositions(subprocess.check_output(look))


def dispositions(status: bytes) -> list[int]:
    """Blocked, ignored and caught signals, but for 32 and 33: glibc's own, which its posix_spawn ignores."""
    return [int(line.split()[1], 16) & ~(0b11 << 31) for line in status.splitlines()]


def test_the_command_keeps_its_limit_of_open_files_and_we_raise_ours() -> None:
    look = """ours() { awk '/open files/ {print $4}' /proc/$PPID/limits; }
        until [ "$(ours)" -gt 200 ]; do :; done
        ulimit -Sn"""
    limited = ["sh", "-c", 'ulimit -Sn 200; exec "$@"', "sh", *RUN, "sh", "-c", look]
    assert subprocess.check_output(limited, timeout=60) == b"200\n"


def test_standard_streams_pass_untouched() -> None:
    data = bytes(range(256)) * 1000
    done = subprocess.run([*RUN, "sh", "-c", "tee /dev/stderr"], input=data, capture_output=True)
    assert (done.stdout, done.stderr) == (data, data)


def test_files_that_a_shell_opened_for_the_command_pass(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from a descriptor\n")
    with (tmp_path / "key").open() as file:
        done = subprocess.run(
            [*RUN, "cat", f"/dev/fd/{file.fileno()}"], pass_fds=[file.fileno()], capture_output=True
        )
    assert done.stdout == b"from a descriptor\n"


def test_the_command_has_no_file_of_ours() -> None:
    listed = subprocess.run([*RUN, "ls", "-l", "/proc/self/fd"], capture_output=True, text=True).stdout
    direct = subprocess.run(["ls", "-l", "/proc/self/fd"], capture_output=True, text=True).stdout
    assert len(listed.splitlines()) == len(direct.splitlines())


@pytest.mark.parametrize(
    ("name", "code"), [("no-such-command-anywhere", 127), ("/etc/passwd", 126), ("/", 126)]
)
def test_a_command_that_cannot_start_says_so_as_a_shell_would(name: str, code: int) -> None:
    with pytest.raises(CannotStart, match=name) as caught:
        asyncio.run(run_command([name], os.environ))
    assert caught.value.exit_code == code


@pytest.mark.parametrize(("key", "number"), [(CONTROL_C, signal.SIGINT), (CONTROL_BACKSLASH, signal.SIGQUIT)])
def test_a_key_of_the_terminal_ends_both_by_its_signal(key: bytes, number: signal.Signals) -> None:
    terminal = Terminal(*RUN, "sh", "-c", "ulimit -c 0; echo ready; exec sleep 60")
    terminal.wait_to_see(b"ready")
    terminal.press(key)
    assert terminal.end() == -number


def test_a_key_reaches_the_command_once_and_its_answer_stands() -> None:
    count = (
        "import signal, sys\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])\n"
        "print('ready', flush=True)\n"
        "signal.sigwait([signal.SIGINT])\n"
        "sys.exit(2 if signal.sigtimedwait([signal.SIGINT], 0.2) else 1)"
    )
    terminal = Terminal(*RUN, sys.executable, "-c", count)
    terminal.wait_to_see(b"ready")
    terminal.press(CONTROL_C)
    assert terminal.end() == 1


def test_suspending_stops_both_and_both_go_on() -> None:
    job = 'set -m; "$@"; echo stopped; fg >/dev/null; echo code $?'
    terminal = Terminal("bash", "-c", job, "job", *RUN, "sh", "-c", "echo ready; read line; exit 5")
    terminal.wait_to_see(b"ready")
    terminal.press(CONTROL_Z)
    terminal.wait_to_see(b"stopped")
    terminal.press(b"go on\n")
    terminal.wait_to_see(b"code 5")
    assert terminal.end() == 0
