"""Options that several commands share: at what pace a recording is played, and the command that is played to."""

from collections.abc import Callable
from typing import TypeVar

import click

from sserec.cli.options import idle_limit
from sserec.cli.record import RecordCommand, WrongUsage
from sserec.replay.score import INSTANT, Pace

Command = TypeVar("Command", bound=Callable[..., object])
AFTER_DASHES = "sserec.command"
SPEEDS = (0.001, 1_000_000.0)


class AfterDashes(click.Command):
    """A command with files before ``--`` and the words of another command after it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        dashes = args.index("--") if "--" in args else len(args)
        ctx.meta[AFTER_DASHES] = tuple(args[dashes + 1 :])
        return super().parse_args(ctx, args[:dashes])

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return [*super().collect_usage_pieces(ctx), "[-- COMMAND...]"]


class BeforeCommand(AfterDashes, RecordCommand):
    """The same, where the exit code is the other command's: what is wrong on our side is 125."""


def words_after_dashes() -> tuple[str, ...]:
    """The command after ``--``."""
    words: tuple[str, ...] = click.get_current_context().meta[AFTER_DASHES]
    return words


def pacing(command: Command) -> Command:
    """--speed, and --idle-limit, handed over as ``idle_limit_ns``."""
    command = idle_limit(command)
    return click.option(
        "-s", "--speed", type=float, callback=within_reason, metavar="N", help="N times as fast."
    )(command)


def within_reason(ctx: click.Context, param: click.Parameter, speed: float | None) -> float | None:
    if speed is not None and not SPEEDS[0] <= speed <= SPEEDS[1]:
        raise click.BadParameter(f"{speed:g} is not between {SPEEDS[0]:g} and {SPEEDS[1]:,.0f}", ctx, param)
    return speed


def pace_of(*, speed: float | None, instant: bool, idle_limit_ns: int | None) -> Pace:
    """The pace that the options ask for."""
    if instant:
        if speed is not None or idle_limit_ns is not None:
            raise WrongUsage("--instant goes with neither --speed nor --idle-limit")
        return INSTANT
    return Pace(1.0 if speed is None else speed, idle_limit_ns)
