"""``sserec proxy``: a recorder that goes on until it is told to stop.

Standard output gets the variables that lead clients here, once, as a shell reads them; everything else goes to
standard error: a line for each exchange as it ends.
"""

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sserec.cli.capture import Size, capture_options, contradiction, plan_of
from sserec.cli.options import FileName
from sserec.display import WITH_ERROR_EVENT, count, duration, printable, size

if TYPE_CHECKING:
    from sserec.proxy.ended import Ended
    from sserec.proxy.environment import Prepared
    from sserec.proxy.plan import Plan
    from sserec.proxy.service import Served
    from sserec.proxy.shelf import Shelving


@click.command()
@click.option(
    "-d", "--directory", type=FileName(file_okay=False, path_type=Path), default=".", help="Default: here."
)
@click.option("--split", is_flag=True, help="One archive an exchange, named by time and path.")
@click.option("--max-size", "max_size_bytes", type=Size(), help="Begin another archive when one is so large.")
@click.option("--keep", type=click.IntRange(min=1), metavar="N", help="Delete the oldest archives beyond N.")
@capture_options
@click.option("-q", "--quiet", is_flag=True, help="No line for each exchange.")
def proxy(
    *, directory: Path, split: bool, max_size_bytes: int | None, keep: int | None, quiet: bool, **asked: Any
) -> int:
    """Record whatever goes through, as a service.

    \b
    sserec proxy -d recordings > env.sh &        then, in any shell: . ./env.sh
    sserec proxy --split --keep 100 -d recordings
    sserec proxy --reverse https://generativelanguage.googleapis.com

    Runs until ^C or SIGTERM. Prints the variables that lead clients here: they hold the proxy's only credentials.
    One archive a run, in DIRECTORY, unless told otherwise.
    """
    plan = plan_of(**asked, is_exported=True)
    if split and max_size_bytes is not None:
        raise click.UsageError("--max-size goes without --split: each exchange has an archive of its own")
    if reason := contradiction(plan):
        raise click.UsageError(reason)
    from sserec.proxy.shelf import Shelving

    shelving = Shelving(directory, per_exchange=split, max_size_bytes=max_size_bytes, keep=keep)
    run(plan, shelving, tells_each=not quiet)
    return 0


def run(plan: "Plan", shelving: "Shelving", *, tells_each: bool) -> None:
    from sserec.proxy.trust import UpstreamTrust

    trust = UpstreamTrust(plan.upstream_ca, verifies=not plan.insecure)
    trust.prepare()
    from sserec.proxy.service import Voices, serve

    def ended(one: "Ended") -> None:
        say(line(one))

    def ready(prepared: "Prepared") -> None:
        click.echo("\n".join(exports(os.environ, prepared.variables)))
        say(f"recording into {shelving.folder}/, until ^C")

    try:
        tell(serve(plan, shelving, trust, Voices(say, ended if tells_each else None, ready)), shelving)
    finally:
        trust.settle()


def say(text: str) -> None:
    click.echo(f"sserec: {text}", err=True)


def exports(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """What a shell has to be told so that its environment becomes that of ``after``."""
    changed = sorted(name for name in after if before.get(name) != after[name])
    gone = sorted(before.keys() - after.keys())
    return [
        *(f"export {name}={shlex.quote(after[name])}" for name in changed),
        *([f"unset {' '.join(gone)}"] if gone else []),
    ]


def line(one: "Ended") -> str:
    """``POST https://…/interactions 200, 23 events, 3.1 kB, 1.16 s, complete → chat.sse.zst``"""
    what = f"{one.method} {one.url}" if one.method else f"unread connection to {one.url}"
    facts = [
        " ".join([what, *([str(one.status)] if one.status else [])]),
        *([count(one.event_count, "event")] if one.event_count is not None else []),
        size(one.size_bytes),
        duration(one.duration_ns),
        *([str(one.ending)] if one.ending else []),
        *([WITH_ERROR_EVENT] if one.has_error_event else []),
        *([one.error] if one.error else []),
    ]
    return printable(f"{', '.join(facts)} → {one.path.name}")


def tell(served: "Served", shelving: "Shelving") -> None:
    if served.lost:
        reason = served.lost.error or "the disk was too slow"
        lost = f"{count(served.lost.chunks, 'chunk')}, {size(served.lost.size_bytes)}"
        say(f"THE RECORDING IS INCOMPLETE: {lost} could not be written: {reason}")
    archives = count(served.archive_count, "archive")
    say(f"recorded {count(served.exchange_count, 'exchange')} in {archives} in {shelving.folder}/")
