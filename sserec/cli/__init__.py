"""The command line: one module a command, imported when that command runs.

``sserec --help`` must not cost what ``sserec view`` costs, so the tables below hold each command's place and its
one-line help, and nothing else is imported until a command is chosen. What a command prints to stdout is its
product; everything said to people goes to stderr.
"""

import errno
import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, NoReturn

import click

from sserec import __version__
from sserec.cli.output import open_streams, say
from sserec.display import path_text
from sserec.errors import SserecError

SECTIONS: dict[str, dict[str, tuple[str, str]]] = {
    "Record": {
        "record": ("sserec.cli.record:record", "Run COMMAND and record its HTTP streams."),
        "proxy": ("sserec.cli.proxy:proxy", "Record whatever goes through, as a service."),
        "import": ("sserec.cli.import_:import_", "Make an archive of another tool's recording."),
    },
    "Look": {
        "view": ("sserec.cli.view:view", "Scrub through a stream in the terminal."),
        "info": ("sserec.cli.info:info", "Show what a recording holds."),
        "events": ("sserec.cli.events:events", "List the events of a stream."),
        "cat": ("sserec.cli.cat:cat", "Write the recorded bodies, byte for byte."),
        "play": ("sserec.cli.play:play", "Show a stream in the terminal as it arrived."),
    },
    "Understand": {
        "check": ("sserec.cli.check:check", "Say what is wrong with a stream, and where."),
        "stats": ("sserec.cli.stats:stats", "Measure streams: speed, evenness, volume."),
        "diff": ("sserec.cli.diff:diff", "Say what changed between two streams."),
        "export": (
            "sserec.cli.export:export",
            "Write the interaction that stream:false would have returned.",
        ),
    },
    "Replay": {
        "replay": ("sserec.cli.replay:replay", "Serve recorded streams again: same bytes, times and end."),
        "fuzz": ("sserec.cli.fuzz:fuzz", "Run COMMAND on a recording that breaks in every way there is."),
    },
    "Share": {
        "share": ("sserec.cli.share:share", "Make a recording ready to be attached to an issue."),
        "scan": ("sserec.cli.scan:scan", "Look for secrets that are still in a recording."),
        "redact": ("sserec.cli.redact:redact", "Write a recording without its secrets."),
    },
    "Keep": {
        "slice": ("sserec.cli.slice:slice_", "Write a part of a recording as an archive."),
        "merge": ("sserec.cli.merge:merge", "Put several recordings into one archive."),
        "pack": ("sserec.cli.pack:pack", "Write an archive again, smaller."),
        "verify": ("sserec.cli.verify:verify", "Check every checksum of an archive."),
        "repair": ("sserec.cli.repair:repair", "Write a whole archive from what a damaged one still holds."),
    },
    "sserec itself": {
        "demo": (
            "sserec.cli.demo:demo",
            "Record and export a stream on this machine, without a key.",
        ),
        "completion": ("sserec.cli.completion:completion", "Print a shell's completion script."),
    },
}
"""What a person wants to do, and the commands for it: where each stands, and its help in a line."""

COMMANDS = {name: command for section in SECTIONS.values() for name, command in section.items()}

EXIT_TROUBLE = 2
EXIT_SIGPIPE = 128 + 13
EXIT_INTERRUPTED = 128 + 2
DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports one only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command and flushes here, because click would call a reader that went away an error."""
        try:
            result = exit_code_of(super().invoke, ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            silence_stdout()
            return EXIT_SIGPIPE
        return result

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, COMMANDS))
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), summary) for name, (_, summary) in commands.items()])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=(
        "FILE is an archive, one that still grows, a plain .sse text file, any of them in a .zip or .gz, or - for"
        " standard input."
    ),
)
@click.version_option(__version__, "-V", "--version", message="sserec %(version)s")
def cli() -> None:
    """Record, replay and inspect LLM streams (Server-Sent Events).

    \b
    sserec record -- curl -N https://…      record a command's streams
    sserec events FILE                      see what the server sent, and when
    sserec export FILE                      the JSON that stream:false would have returned
    """


def main() -> NoReturn:
    """Runs the command line; every fault is one line on stderr and a documented exit code."""
    open_streams()
    sys.exit(run())


def run() -> int:
    """The exit code of what ``sys.argv`` asks for."""
    try:
        result = cli.main(prog_name="sserec", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as fault:
        fault.show()
        return fault.exit_code
    except click.ClickException as fault:
        say(fault.format_message().rstrip(".") + usage_hint(fault))
        return fault.exit_code
    except SserecError as fault:
        say(str(fault))
        return EXIT_TROUBLE
    except (click.Abort, KeyboardInterrupt):
        return EXIT_INTERRUPTED
    except OSError as fault:
        say(refusal(fault))
        return EXIT_TROUBLE
    return result if isinstance(result, int) else 0


def exit_code_of(command: Callable[[click.Context], Any], ctx: click.Context) -> Any:
    """What the command says by returning it or by raising it."""
    try:
        return command(ctx)
    except SystemExit as end:
        return end.code


def refusal(fault: OSError) -> str:
    """What the system refused, and where: of what is written, only standard output has no name."""
    if fault.filename:
        return f"{path_text(os.fsdecode(fault.filename))}: {fault.strerror}"
    return f"standard output: {fault.strerror}" if fault.errno in DISK_FULL else str(fault)


def usage_hint(fault: click.ClickException) -> str:
    if isinstance(fault, click.UsageError) and fault.ctx is not None:
        return f" (see {fault.ctx.command_path} --help)"
    return ""


def silence_stdout() -> None:
    """The reader is gone: what the interpreter flushes on its way out must not complain again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
