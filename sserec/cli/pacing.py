"""Options that several commands share: at what pace a recording is played, and the command that is played to."""

from collections.abc import Callable
from typing import TypeVar

import click

from sserec.cli.record import RecordCommand, WrongUsage
from sserec.replay.score import INSTANT, Pace

Command = TypeVar("Command", bound=Callable[..., object])
AFTER_DASHES = "sserec.command"


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
    """--speed, --idle-limit."""
    limit = click.FloatRange(min=0)
    speed = click.FloatRange(min=0, min_open=True)
    command = click.option(
        "-i", "--idle-limit", type=limit, metavar="S", help="No silence longer than S seconds."
    )(command)
    return click.option("-s", "--speed", type=speed, metavar="N", help="N times as fast.")(command)


def pace_of(*, speed: float | None, instant: bool = False, idle_limit: float | None) -> Pace:
    """The pace that the options ask for."""
    if instant:
        if speed is not None:
            raise WrongUsage("--speed and --instant exclude each other")
        return INSTANT
    limit_ns = None if idle_limit is None else int(idle_limit * 1e9)
    return Pace(1.0 if speed is None else speed, limit_ns)
