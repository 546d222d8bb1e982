"""``sserec proxy``: an endpoint and a shelf, until a signal comes.

The same recorder as in ``sserec record``, without a command: clients are led here by variables that are printed once.
"""

import asyncio
import gc
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sserec.errors import RecordingError
from sserec.proxy import outward
from sserec.proxy.clock import Clock
from sserec.proxy.ended import Ended
from sserec.proxy.endpoint import Endpoint, Say, policy_of
from sserec.proxy.environment import Prepared
from sserec.proxy.plan import Plan
from sserec.proxy.recorder import Lost, Recorder
from sserec.proxy.session import meta, refuse_nesting, serve_until_told
from sserec.proxy.shelf import Shelf, Shelving
from sserec.proxy.socks import check_library
from sserec.proxy.trust import UpstreamTrust

DRAIN_S = 2.0
"""What is still open at the end may have so long to end by itself."""


@dataclass(frozen=True, slots=True)
class Voices:
    """Whom the service speaks to."""

    say: Say
    ended: Callable[[Ended], None] | None
    """Called on another thread; None where nobody wants to hear."""
    ready: Callable[[Prepared], None]
    """Called once, with the environment that leads clients here."""


@dataclass(frozen=True, slots=True)
class Served:
    """What a run came to."""

    exchange_count: int
    archive_count: int
    lost: Lost


def serve(plan: Plan, shelving: Shelving, trust: UpstreamTrust, voices: Voices) -> Served:
    """Serves until SIGINT, SIGTERM or SIGHUP, and ends every archive. Raises UsageError or RecordingError."""
    refuse_nesting(os.environ)
    proxies = outward.from_environment(os.environ)
    check_library(proxies)
    make_folder(shelving.folder)
    clock, policy = Clock(), policy_of(plan)
    shelf = Shelf(shelving, meta(plan, clock, policy), voices.ended, voices.say)
    recorder = Recorder(shelf, clock, policy=policy, max_body_bytes=plan.max_body_bytes)
    endpoint = Endpoint(plan, recorder, trust, proxies, voices.say)
    try:
        asyncio.run(run(endpoint, voices))
    finally:
        shelf.is_stopped = not recorder.close()
        shelf.close()
    return Served(recorder.exchange_count, shelf.volume_count, recorder.lost)


async def run(endpoint: Endpoint, voices: Voices) -> None:
    await endpoint.start()
    gc.freeze()
    with tempfile.TemporaryDirectory(prefix="sserec-") as folder:
        try:
            voices.ready(endpoint.prepare(Path(folder)))
            await serve_until_told()
        finally:
            await endpoint.stop(DRAIN_S)


def make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise RecordingError(f"{folder}: {fault.strerror}") from None
