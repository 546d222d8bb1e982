"""Arguments and options that several commands share."""

from collections.abc import Callable
from typing import TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., object])


def recording_file(command: Command) -> Command:
    """FILE: anything that :meth:`sserec.recording.Recording.open` opens."""
    return click.argument("file", metavar="FILE", type=click.Path(allow_dash=True))(command)


def one_exchange(command: Command) -> Command:
    """--exchange N."""
    number = click.IntRange(min=1)
    return click.option("--exchange", "number", type=number, metavar="N", help="Only exchange N.")(command)


def as_json(command: Command) -> Command:
    """--json."""
    return click.option("--json", "as_json", is_flag=True, help="For machines; stable keys.")(command)
