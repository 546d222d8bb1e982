"""``sserec view``: the viewer."""

import gc
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from sserec.cli.options import recording_file
from sserec.errors import UsageError

if TYPE_CHECKING:
    from sserec.tui.model.document import Document

EXIT_TROUBLE = 2


@click.command()
@recording_file
@click.option("--exchange", "number", type=click.IntRange(min=1), metavar="N", help="Begin with exchange N.")
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
    """Scrub through a stream.

    The events, each in full, the answer as it stood at any of them, and the stream's course in time. Keys: space
    plays, . and , step, / finds, f filters, : takes a command, ? explains them all. docs/viewer.md shows it.

    \b
    Example:  sserec view file.sse.zst
              sserec view --follow growing.sse.zst
    """
    gc.disable()  # until the first frame: a fifth of the way to it was collections that found nothing
    from sserec.tui.config import load_config
    from sserec.tui.keymap import IDS

    config = load_config(ids=IDS)
    if speed is not None:
        config = replace(config, speed=speed)
    if idle_limit is not None:
        config = replace(config, idle_limit=idle_limit)
    needs_terminal()
    from sserec.tui.app import Viewer
    from sserec.tui.model.document import Document

    with Document.open(file) as document:
        if number is not None and document.trouble is None:
            needs_exchange(document, number)
        Viewer(document, config, exchange=number, follow=follow).run()
        raise SystemExit(EXIT_TROUBLE if document.trouble is not None else 0)


def needs_exchange(document: "Document", number: int) -> None:
    """Raises UsageError where there is no such exchange."""
    try:
        document.line(number)
    except KeyError:
        raise UsageError(f"{document.name} has no exchange {number} (sserec info {document.name})") from None


def needs_terminal() -> None:
    """Raises UsageError where nobody could see or type."""
    if not (sys.stdout.isatty() and sys.stderr.isatty()):
        raise UsageError(
            "the viewer needs a terminal: sserec events and sserec export write to files and pipes"
        )
