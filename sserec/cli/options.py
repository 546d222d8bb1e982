"""Arguments and options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from sserec.timeline import STALL_NS

Command = TypeVar("Command", bound=Callable[..., object])

NS_PER_S = 1_000_000_000
LONGEST_S = 1e9
"""Thirty years; nanoseconds beyond some three hundred do not fit into 64 bits."""


class FileName(click.Path):
    """The name of a file or a folder, which is not empty: a variable that is not set would be."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not value:
            self.fail("'' names nothing", param, ctx)
        return super().convert(value, param, ctx)


FILE = FileName(dir_okay=False, path_type=Path)


def recording_file(command: Command) -> Command:
    """FILE: anything that :meth:`sserec.recording.Recording.open` opens."""
    return click.argument("file", metavar="FILE", type=FileName(readable=False))(command)


class Ordinal(click.IntRange):
    """A whole number from 1 on."""

    def __init__(self) -> None:
        super().__init__(min=1)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"{value!r} is no whole number from 1 on", param, ctx)


def one_exchange(command: Command) -> Command:
    """--exchange N."""
    return click.option("--exchange", "number", type=Ordinal(), metavar="N", help="Only exchange N.")(command)


def as_json(command: Command) -> Command:
    """--json."""
    return click.option("--json", "as_json", is_flag=True, help="For machines; stable keys.")(command)


def stall_limit(command: Command) -> Command:
    """--stall SECONDS, handed over as ``stall_ns``."""
    return click.option(
        "--stall",
        "stall_ns",
        type=float,
        default=STALL_NS / NS_PER_S,
        callback=nanoseconds,
        metavar="SECONDS",
        help=f"A longer silence between events is a stall. Default: {STALL_NS // NS_PER_S}.",
    )(command)


def idle_limit(command: Command) -> Command:
    """--idle-limit, handed over as ``idle_limit_ns``."""
    return click.option(
        "-i",
        "--idle-limit",
        "idle_limit_ns",
        type=float,
        callback=nanoseconds,
        metavar="S",
        help="No silence longer than S seconds.",
    )(command)


def nanoseconds(ctx: click.Context, param: click.Parameter, seconds: float | None) -> int | None:
    """What is said in seconds; None where nothing is."""
    if seconds is None:
        return None
    if not 0 <= seconds <= LONGEST_S:
        raise click.BadParameter(f"{seconds:g} is not a time in seconds", ctx, param)
    return round(seconds * NS_PER_S)
