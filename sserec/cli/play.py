"""``sserec play``: the stream in the terminal, as it arrived."""

import codecs
import os
import select
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from sserec.cli.options import one_exchange, recording_file
from sserec.cli.pacing import pacing
from sserec.cli.problems import say_problems
from sserec.display import printable

if TYPE_CHECKING:
    from sserec.replay.player import Player

Show = Callable[[bytes], None]
LONGEST_WAIT_S = 24 * 3600.0
"""The system's calls take no time of any length, and a recording may hold any."""


@click.command()
@recording_file
@one_exchange
@click.option("--text", is_flag=True, help="Only what a person would have read.")
@pacing
@click.option("-l", "--loop", is_flag=True, help="Again and again.")
def play(
    file: str, *, number: int | None, text: bool, speed: float | None, idle_limit_ns: int | None, loop: bool
) -> None:
    """Show a stream in the terminal as it arrived.

    The bytes, or the text that they say, at their times; all exchanges in order, or one. A pipe gets the bytes as
    they are.

    \b
    space  pause and go on        + >  twice as fast      q  quit
    .      one piece, and pause   - <  half as fast       =  back to --speed

    \b
    Example:  sserec play --text --idle-limit 1 chat.sse.zst
    """
    from sserec.export.showing import frames_of
    from sserec.recording import Recording
    from sserec.replay.player import Player

    with Recording.open(file) as recording, keyboard() as keys:
        exchanges = list(recording.exchanges) if number is None else [recording.exchange(number)]
        goes_on = True
        while goes_on:
            frames = frames_of(exchanges, as_text=text)
            player = Player(
                frames, now_ns=time.monotonic_ns(), speed=speed or 1.0, idle_limit_ns=idle_limit_ns
            )
            goes_on = watch(player, keys, shower()) and loop
        raise SystemExit(say_problems(recording))


def watch(player: "Player", keys: int | None, show: Show) -> bool:
    """Plays to the end; False when a key ended it before."""
    while not player.is_over:
        pressed = read_key(keys, player.wait_ns())
        now_ns = time.monotonic_ns()
        for data in player.press(pressed, now_ns) if pressed else player.due(now_ns):
            show(data)
    return not player.was_quit


def read_key(keys: int | None, wait_ns: int | None) -> str:
    """The key that is pressed within so long, or nothing; then it may be too early for the next frame."""
    timeout_s = None if wait_ns is None else min(wait_ns / 1e9, LONGEST_WAIT_S)
    if keys is None:
        time.sleep(timeout_s or 0)
        return ""
    ready, _, _ = select.select([keys], [], [], timeout_s)
    return os.read(keys, 16).decode("ascii", "replace")[:1] if ready else ""


@contextmanager
def keyboard() -> Iterator[int | None]:
    """The terminal's keys, one by one; None where a person is not at both ends, and on Windows."""
    try:
        import termios
        import tty
    except ImportError:
        yield None
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        yield None
        return
    keys = sys.stdin.fileno()
    before = termios.tcgetattr(keys)
    tty.setcbreak(keys)
    try:
        yield keys
    finally:
        termios.tcsetattr(keys, termios.TCSADRAIN, before)


def shower() -> Show:
    """Writes bytes as they are to a pipe, and to a terminal nothing that it would act on but line ends."""
    out = sys.stdout
    decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def show(data: bytes) -> None:
        if out.isatty():
            out.write("\n".join(map(printable, decoder.decode(data).split("\n"))))
        else:
            out.buffer.write(data)
        out.flush()

    return show
