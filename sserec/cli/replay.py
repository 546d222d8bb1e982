"""``sserec replay``: the same streams again, for any client.

With a command the exit code is the command's own, and sserec's faults are 125, as with ``sserec record``.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sserec.cli.capture import Address, Variable
from sserec.cli.closing import Voice
from sserec.cli.options import FILE, FileName
from sserec.cli.pacing import BeforeCommand, pace_of, pacing, words_after_dashes
from sserec.cli.record import FAULT, WrongUsage, told
from sserec.display import count, printable
from sserec.errors import SserecError, named
from sserec.proxy.inherited import inherited_files

if TYPE_CHECKING:
    from sserec.replay.performance import Fallback

ON_MISS = ("refuse", "forward", "record")


@click.command(cls=BeforeCommand)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=FileName())
@click.option("--listen", type=Address(), default="127.0.0.1:0", help="Default: a free port on loopback.")
@pacing
@click.option("--instant", is_flag=True, help="Everything at once, in its pieces.")
@click.option("-l", "--loop", is_flag=True, help="After the last exchange of a kind, the first again.")
@click.option("--as-proxy", is_flag=True, help="Stand where the recorder stood: clients keep their URL.")
@click.option("--any-body", is_flag=True, help="Do not compare the bodies of requests.")
@click.option(
    "--fault", "faults", multiple=True, metavar="FAULT", help="Break it: cut@event:12, reset@byte:900 …"
)
@click.option("--seed", default=0, metavar="N", help="What chance decides in a fault.")
@click.option(
    "--on-miss", type=click.Choice(ON_MISS), default="refuse", help="With a request that is not recorded."
)
@click.option("-o", "--output", type=FILE, help="Where --on-miss record records.")
@click.option("--overwrite", is_flag=True, help="Replace that FILE where it exists.")
@click.option("--env", "variables", multiple=True, type=Variable(), help="Set NAME to the base URL.")
@click.option("--ca-file", type=FILE, help="Serve by https; write the certificate to trust to FILE.")
@click.option("--require-all", is_flag=True, help="Exit 125 when an exchange was not asked for.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing on standard error.")
def replay(
    *,
    files: tuple[str, ...],
    speed: float | None,
    instant: bool,
    idle_limit_ns: int | None,
    faults: tuple[str, ...],
    seed: int,
    on_miss: str,
    output: Path | None,
    overwrite: bool,
    require_all: bool,
    quiet: bool,
    **asked: Any,
) -> int:
    """Serve recorded streams again: same bytes, times and end.

    \b
    sserec replay chat.sse.zst -- python chat.py
    sserec replay chat.sse.zst --as-proxy -- curl -N https://…
    sserec replay chat.sse.zst --instant        prints the URL, serves until ^C

    COMMAND finds the base-URL variable of the recorded server's vendor set, and its exit code is the exit code;
    sserec's faults are 125. A request is answered by the exchange that was recorded for it; one that nothing
    answers gets a 404 that says in what it differs, and does not leave this machine unless --on-miss says so.
    """
    from sserec.replay.faults import parse
    from sserec.replay.session import Plan, run

    voice = Voice(quiet=quiet)
    try:
        plan = Plan(
            files=files,
            command=words_after_dashes(),
            inherited=inherited_files(),
            pace=pace_of(speed=speed, instant=instant, idle_limit_ns=idle_limit_ns),
            faults=tuple(parse(fault, seed) for fault in faults),
            fallback=fallback(on_miss, output, voice, overwrite=overwrite),
            **asked,
        )
        announce = (lambda url: None) if plan.command else show_url
        outcome = run(plan, lambda line: voice.say(printable(line)), announce)
    except BrokenPipeError:
        raise  # of standard output
    except (SserecError, OSError) as fault:
        voice.complain(told(fault))
        return getattr(fault, "exit_code", FAULT)
    if outcome.unused:
        names = ", ".join(take.name for take in outcome.unused[:10])
        voice.say(f"{count(len(outcome.unused), 'exchange')} not asked for: {names}")
        if require_all:
            return FAULT
    return ended(outcome.returncode)


def show_url(url: str) -> None:
    with named("standard output"):
        click.echo(url)


def fallback(on_miss: str, output: Path | None, voice: Voice, *, overwrite: bool) -> "Fallback | None":
    """Who answers what is not recorded: nobody, the real server, or the real server while it is recorded."""
    if (output is not None) != (on_miss == "record"):
        raise WrongUsage("-o FILE goes with --on-miss record")
    if on_miss == "refuse":
        return None
    import httpx

    from sserec.forwarding import Forwarder
    from sserec.httpx import RecordingTransport
    from sserec.proxy.trust import system_context

    server = httpx.AsyncHTTPTransport(verify=system_context())
    transport = RecordingTransport(output, server, overwrite=overwrite) if output else server
    return Forwarder(transport, tell=voice.say)


def ended(returncode: int) -> int:
    """Ends as the command did."""
    from sserec.proxy.child import end_like

    end_like(returncode)
