"""One run of ``sserec record``: an endpoint, a file, and a command between them.

Joins the parts and knows their order; what each of them does, it does not know. The order at the end matters most:
the command has ended, so the server stops at once, then the recorder's queue runs empty, then the file is finalised.

Invariant: whatever happens to the recording, the command is not harmed by it.
"""

import asyncio
import gc
import os
import signal
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from sserec import __version__
from sserec.archive import Meta
from sserec.errors import UsageError
from sserec.proxy import environment, outward
from sserec.proxy.child import allow_many_files, caught, run_command
from sserec.proxy.clock import Clock
from sserec.proxy.destination import Destination, destination_path
from sserec.proxy.endpoint import Endpoint, Say, policy_of
from sserec.proxy.isolation import CannotIsolate, Enclosure, ports_to_catch, run_isolated
from sserec.proxy.outcome import Outcome, Tell, finish
from sserec.proxy.plan import Plan
from sserec.proxy.recorder import Recorder
from sserec.proxy.remarks import Remarks
from sserec.proxy.socks import check_library
from sserec.proxy.trust import UpstreamTrust
from sserec.redact import Policy

DRAIN_S = 0.5
"""What is still open when the command has ended belongs to something it left behind."""


class Run(NamedTuple):
    """What came of it."""

    returncode: int
    """How the command ended; a signal below zero."""
    outcome: Outcome
    remarks: Remarks


def run(plan: Plan, trust: UpstreamTrust, say: Say, tell: Tell) -> Run:
    """Records as ``plan`` says. ``tell`` hears how far the file is finished.

    Raises UsageError, RecordingError or OSError when it cannot begin, CannotStart among them; then no file is left.
    """
    session = Session(plan, trust, say)
    try:
        returncode = asyncio.run(session.run())
    except BaseException:  # ^C among them
        session.discard_if_empty()
        raise
    return Run(returncode, session.finish(tell), session.remarks)


class Session:
    """Everything of one run that lives as long as the run."""

    def __init__(self, plan: Plan, trust: UpstreamTrust, say: Say) -> None:
        """Begins the file. Raises UsageError or RecordingError; then there is nothing to undo."""
        refuse_nesting(os.environ)
        proxies = outward.from_environment(os.environ)
        check_library(proxies)
        self._plan = plan
        self._say = say
        clock, policy = Clock(), policy_of(plan)
        self._destination = Destination(
            destination_path(plan), meta(plan, clock, policy), overwrite=plan.overwrite
        )
        self._recorder = Recorder(
            self._destination.writer, clock, policy=policy, max_body_bytes=plan.max_body_bytes
        )
        self._endpoint = Endpoint(plan, self._recorder, trust, proxies, say)

    async def run(self) -> int:
        """Serves until the command has ended, or, without one, until a signal comes. Returns how it ended."""
        await self._endpoint.start()
        gc.freeze()  # a collection over all that was imported holds up every stream for 4 to 8 ms
        with tempfile.TemporaryDirectory(prefix="sserec-") as folder:
            try:
                return await self._run(Path(folder))
            finally:
                await self._endpoint.stop(DRAIN_S)

    def finish(self, tell: Tell) -> Outcome:
        return finish(self._recorder, self._destination, tell)

    @property
    def remarks(self) -> Remarks:
        return self._endpoint.server.remarks

    def discard_if_empty(self) -> None:
        """What was interrupted before it recorded anything leaves no file; otherwise the file stays a journal."""
        if not self._recorder.exchange_count:
            self._recorder.close()
            self._destination.discard()

    async def _run(self, folder: Path) -> int:
        if self._plan.isolate:
            try:
                return await self._run_isolated(folder)
            except CannotIsolate as fault:
                self._say(f"this system isolates no command ({fault}): recording by the environment instead")
        prepared = self._endpoint.prepare(folder)
        if self._plan.command:
            return await run_command(self._plan.command, prepared.variables, self._plan.inherited)
        return await serve_until_told()

    async def _run_isolated(self, folder: Path) -> int:
        variables = self._endpoint.prepare_isolated(folder).variables
        ports = ports_to_catch(self._plan.command, os.environ, self._plan.ports)
        bundle = folder / environment.BUNDLE_FILE
        enclosure = Enclosure(self._plan.command, self._plan.inherited, variables, folder, bundle, ports)
        return await run_isolated(enclosure, self._endpoint.server, self._endpoint.outward)


def refuse_nesting(variables: Mapping[str, str]) -> None:
    if environment.SESSION in variables:
        raise UsageError(
            "this is being recorded already, and a recording cannot be recorded: run it on its own"
        )


def meta(plan: Plan, clock: Clock, policy: Policy) -> Meta:
    command, _ = policy.argv(plan.command)
    mode = "reverse" if plan.reverse else "isolated" if plan.isolate else "forward"
    insecure = {"insecure": "true"} if plan.insecure else {}
    return Meta(
        anchor_unix_ns=clock.epoch_unix_ns,
        clock=clock.name,
        software=f"sserec {__version__}",
        command=command,
        attributes={"mode": mode, **insecure},
    )


async def serve_until_told() -> int:
    allow_many_files()
    told = asyncio.Event()
    with caught((signal.SIGINT, signal.SIGTERM, signal.SIGHUP), lambda _: told.set()):
        await told.wait()
    return 0
