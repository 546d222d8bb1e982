"""``sserec record``: runs a command and records its HTTP streams.

The exit code is the command's own. What goes wrong on sserec's side is 125, as with env(1) and timeout(1), and that
includes a wrong option: a script must be able to tell sserec's failure from the command's.
"""

import sys
from typing import Any

import click

from sserec.cli.capture import capture_options, contradiction, plan_of
from sserec.cli.closing import Demands, Voice, tell, tell_nothing
from sserec.cli.options import FILE
from sserec.errors import RecordingError, SserecError
from sserec.proxy.plan import Plan

FAULT = 125


class WrongUsage(click.UsageError):
    """A wrong option or argument."""

    exit_code = FAULT


class RecordCommand(click.Command):
    """A command whose usage errors are sserec's own faults."""

    def make_context(self, *arguments: Any, **settings: Any) -> click.Context:
        try:
            return super().make_context(*arguments, **settings)
        except click.UsageError as fault:
            raise WrongUsage(fault.format_message(), fault.ctx) from None


PORT = click.IntRange(1, 0xFFFF)


@click.command(cls=RecordCommand, context_settings={"allow_interspersed_args": False})
@click.option("-o", "--output", type=FILE, help="Default: sserec-YYYYmmdd-HHMMSS.sse.zst.")
@click.option("--overwrite", is_flag=True, help="Replace FILE where it exists.")
@click.option("--isolate", is_flag=True, help="Record clients that ignore proxies as well (Linux).")
@click.option("--port", "ports", multiple=True, type=PORT, metavar="PORT", help="Isolated: catch it too.")
@click.option("--require-capture", is_flag=True, help="Exit 125 when nothing was captured.")
@click.option("--require-complete", is_flag=True, help="Exit 125 when a part could not be recorded.")
@click.option("--stdin", "from_stdin", is_flag=True, help="Record a body that is piped in.")
@capture_options
@click.option("--view", "viewed", is_flag=True, help="Watch in the viewer; COMMAND reads nothing.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing on standard error.")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def record(
    *,
    from_stdin: bool,
    require_capture: bool,
    require_complete: bool,
    viewed: bool,
    quiet: bool,
    **asked: Any,
) -> int:
    """Run COMMAND and record its HTTP streams.

    \b
    sserec record -- curl -N https://…
    sserec record -o chat.sse.zst -- python chat.py
    sserec record --isolate -- ./anything
    sserec record --reverse https://generativelanguage.googleapis.com -- node chat.js
    curl -N https://… | sserec record --stdin -o chat.sse.zst

    COMMAND's input, output, signals and exit code are its own; sserec's faults are 125. Keys are replaced before
    anything is written. Without COMMAND, --reverse serves until ^C.
    """
    plan = plan_of(**asked)
    check_usage(plan, from_stdin=from_stdin, viewed=viewed)
    voice = Voice(quiet=quiet)
    demands = Demands(capture=require_capture, complete=require_complete)
    try:
        if viewed:
            return view_recording(plan)
        return (record_pipe if from_stdin else record_command)(plan, voice, demands)
    except (SserecError, OSError) as fault:
        voice.complain(told(fault))
        return getattr(fault, "exit_code", FAULT)


def told(fault: SserecError | OSError) -> str:
    """In a line: an OSError in the system's words, behind what it is about."""
    if isinstance(fault, OSError) and fault.strerror:
        return f"{fault.filename}: {fault.strerror}" if fault.filename else fault.strerror
    return str(fault)


def check_usage(plan: Plan, *, from_stdin: bool, viewed: bool) -> None:
    if from_stdin and viewed:
        raise WrongUsage("--view is for a COMMAND; what is piped in can be viewed with sserec view --follow")
    if from_stdin and (plan.command or plan.reverse):
        raise WrongUsage("--stdin records what is piped in: it goes with neither a COMMAND nor --reverse")
    if not (plan.command or plan.reverse or from_stdin):
        raise WrongUsage("say what to record: a COMMAND, --reverse URL or --stdin")
    if plan.isolate and (plan.reverse or not plan.command):
        raise WrongUsage("--isolate is for a COMMAND, and goes without --reverse")
    if plan.ports and not plan.isolate:
        raise WrongUsage("--port says what --isolate is to catch")
    if reason := contradiction(plan):
        raise WrongUsage(reason)


def record_command(plan: Plan, voice: Voice, demands: Demands) -> int:
    """Runs the command, or serves, to the end, and ends as the command did. Raises SserecError where it must not."""
    from sserec.proxy.trust import UpstreamTrust

    trust = UpstreamTrust(plan.upstream_ca, verifies=not plan.insecure)
    trust.prepare()  # in a thread, so before the imports below, which take as long
    from sserec.proxy.child import end_like
    from sserec.proxy.session import run

    try:
        returncode, outcome, remarks = run(plan, trust, voice.say, voice.finishing)
    finally:
        trust.settle()
    tell(outcome, voice)
    tell_nothing(outcome, remarks, voice, plan)
    if reason := demands.unmet_by(outcome):
        raise RecordingError(reason)
    end_like(returncode)


def record_pipe(plan: Plan, voice: Voice, demands: Demands) -> int:
    """Records standard input until it ends."""
    from sserec.proxy.piped import run

    if sys.stdin.isatty():
        voice.say(
            "recording what is typed, until ^D; to record a stream: curl -N https://… | sserec record --stdin"
        )
    outcome = run(sys.stdin.fileno(), plan, voice.say, voice.finishing)
    tell(outcome, voice)
    if outcome.path is None:
        voice.say("NOTHING WAS CAPTURED: nothing came through the pipe")
    if reason := demands.unmet_by(outcome):
        raise RecordingError(reason)
    return 0


def view_recording(plan: Plan) -> int:
    """Does the same without --view in a process of its own, and shows what comes of it."""
    from sserec.cli.record_view import record_and_view
    from sserec.proxy.child import end_like
    from sserec.proxy.destination import destination_path

    arguments = sys.argv[sys.argv.index("record") + 1 :]
    arguments.remove("--view")
    path = destination_path(plan)
    end_like(record_and_view(arguments if plan.output else ["-o", str(path), *arguments], path))
