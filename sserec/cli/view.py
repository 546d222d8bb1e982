"""``sserec view``: the viewer."""

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

import click

from sserec.cli.options import Ordinal, recording_file
from sserec.cli.output import say
from sserec.errors import UsageError

if TYPE_CHECKING:
    from sserec.tui.config import Config
    from sserec.tui.model.document import Document

EXIT_TROUBLE = 2
M_ARENA_MAX, M_MMAP_THRESHOLD = -8, -3
MAPPED_BYTES = 1 << 20
"""Blocks from here on are given back to the system when they are freed; left to itself, malloc raises that to the size
of a frame (4 MiB) and keeps what it was given."""


@click.command()
@recording_file
@click.option("--exchange", "number", type=Ordinal(), metavar="N", help="Begin with exchange N.")
@click.option("--follow", is_flag=True, help="Stay at the end of a growing recording.")
@click.option(
    "--speed", type=click.FloatRange(min=0, min_open=True), metavar="N", help="Play N times as fast."
)
@click.option(
    "-i",
    "--idle-limit",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Play a longer silence as one of this length.",
)
def view(file: str, number: int | None, follow: bool, speed: float | None, idle_limit: float | None) -> None:
    """Scrub through a stream in the terminal.

    The events, each in full, the answer as it stood at any of them, and the stream's course in time. Keys: space
    plays, . and , step, / finds, f filters, : takes a command, ? explains them all. docs/viewer.md shows it.

    \b
    Example:  sserec view file.sse.zst
              sserec view --follow growing.sse.zst
    """
    prepare_process()
    from sserec.tui.config import with_options

    config = with_options(settings(), speed=speed, idle_limit=idle_limit)
    needs_terminal()
    from sserec.tui.app import Viewer
    from sserec.tui.model.document import Document

    with Document.open(file) as document:
        if number is not None and document.trouble is None:
            needs_exchange(document, number)
        viewer = Viewer(document, config, exchange=number, follow=follow)
        with whole_terminal():
            viewer.run()
        raise SystemExit(viewer.return_code or (EXIT_TROUBLE if document.trouble is not None else 0))


def prepare_process() -> None:
    """Collects no garbage until the first frame, a fifth of the way to which was collections that found nothing.

    And gives all threads one heap, and back what they do not use: with a million events folded, 20 MB less.
    """
    import ctypes

    gc.disable()
    with suppress(AttributeError, TypeError):  # mallopt(3) is of the GNU C library
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_ARENA_MAX, 1)
        mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES)


def settings() -> "Config":
    """The person's options; what is wrong with their keys is said, and once more at the foot of the screen."""
    from sserec.tui.config import config_path, load_config

    config = load_config()
    for complaint in config.complaints:
        say(f"{config_path(os.environ)}: {complaint}")
    return config


def needs_exchange(document: "Document", number: int) -> None:
    """Raises UsageError where there is no such exchange."""
    try:
        document.line(number)
    except KeyError:
        raise UsageError(f"{document.name} has no exchange {number} (sserec info {document.name})") from None


def needs_terminal() -> None:
    """Raises UsageError where nobody could see anything: the viewer draws on standard error."""
    if not sys.stderr.isatty():
        raise UsageError("the viewer needs a terminal: sserec events and sserec export do without one")


@contextmanager
def whole_terminal() -> Iterator[None]:
    """Makes the terminal standard input and output, where those are something else; afterwards they are that again.

    Textual reads keys from the one, and asks the other how wide it is. Raises UsageError where there is no terminal.
    """
    with ExitStack() as undo:
        for standard in (sys.stdin.fileno(), sys.stdout.fileno()):
            if not os.isatty(standard):
                undo.callback(restore, os.dup(standard), standard)
                terminal = open_terminal()
                os.dup2(terminal, standard)
                os.close(terminal)
        yield


def restore(saved: int, standard: int) -> None:
    os.dup2(saved, standard)
    os.close(saved)


def open_terminal() -> int:
    try:
        return os.open("/dev/tty", os.O_RDWR)
    except OSError as fault:
        raise UsageError(f"the viewer needs a terminal: /dev/tty: {fault.strerror}") from None
