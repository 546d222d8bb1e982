"""One run of ``sserec record``: a server, a file, and a command between them.

Joins the parts and knows their order; what each of them does, it does not know. The order at the end matters most:
the command has ended, so the server stops at once, then the recorder's queue runs empty, then the file is finalised.

Invariant: whatever happens to the recording, the command is not harmed by it.
"""

import asyncio
import gc
import os
import secrets
import signal
import tempfile
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from itertools import chain, repeat
from pathlib import Path

from sserec import __version__, redact
from sserec.archive import Meta
from sserec.errors import UsageError
from sserec.proxy import environment, outward
from sserec.proxy.authority import Authority
from sserec.proxy.child import caught, run_command
from sserec.proxy.clock import Clock
from sserec.proxy.destination import Destination, destination_path
from sserec.proxy.environment import ClientFiles, Prepared
from sserec.proxy.isolation import CannotIsolate, Enclosure, ports_to_catch, run_isolated
from sserec.proxy.outcome import Outcome, finish
from sserec.proxy.plan import Plan
from sserec.proxy.recorder import Recorder
from sserec.proxy.routing import ReverseRoute
from sserec.proxy.server import ProxyServer
from sserec.proxy.trust import UpstreamTrust, read_if_there, union_bundle

DRAIN_S = 0.5
"""What is still open when the command has ended belongs to something it left behind."""

Say = Callable[[str], None]
"""Takes one line for the person at the terminal."""


def run(plan: Plan, trust: UpstreamTrust, say: Say) -> tuple[int, Outcome]:
    """Records as ``plan`` says. Returns how the command ended (a signal below zero), and the recording.

    Raises UsageError, RecordingError or OSError when it cannot begin, CannotStart among them; then no file is left.
    """
    session = Session(plan, trust, say)
    try:
        returncode = asyncio.run(session.run())
    except BaseException:  # ^C among them
        session.discard_if_empty()
        raise
    return returncode, session.finish()


class Session:
    """Everything of one run that lives as long as the run."""

    def __init__(self, plan: Plan, trust: UpstreamTrust, say: Say) -> None:
        """Begins the file. Raises UsageError or RecordingError; then there is nothing to undo."""
        refuse_nesting(os.environ)
        self._outward = outward.from_environment(os.environ)
        self._plan = plan
        self._say = say
        self._authority = Authority()
        self._credentials = f"sserec:{secrets.token_urlsafe(24)}"
        self._routes = tuple(map(ReverseRoute, plan.reverse))
        clock, policy = Clock(), redact.KEEP_SECRETS if plan.keep_secrets else redact.SECRETS
        self._destination = Destination(
            destination_path(plan), meta(plan, clock, policy), overwrite=plan.overwrite
        )
        self._recorder = Recorder(self._destination.writer, clock, policy=policy)
        self._server = ProxyServer(
            self._recorder,
            self._authority,
            trust,
            credentials=self._credentials,
            hosts=plan.hosts,
            outward=self._outward,
            reverse=self._routes,
            log=say,
        )

    async def run(self) -> int:
        """Serves until the command has ended, or, without one, until a signal comes. Returns how it ended."""
        address = await self._server.start(*self._plan.listen)
        if not ip_address(address[0]).is_loopback:
            self._say(
                f"listening on {authority_part(address)}: whoever reaches it and has the URL can use it"
            )
        gc.freeze()  # a collection over all that was imported holds up every stream for 4 to 8 ms
        with tempfile.TemporaryDirectory(prefix="sserec-") as folder:
            try:
                return await self._run(address, Path(folder))
            finally:
                await self._server.stop(DRAIN_S)

    def finish(self) -> Outcome:
        return finish(self._recorder, self._destination)

    def discard_if_empty(self) -> None:
        """What was interrupted before it recorded anything leaves no file; otherwise the file stays a journal."""
        if not self._recorder.exchange_count:
            self._recorder.close()
            self._destination.discard()

    async def _run(self, address: tuple[str, int], folder: Path) -> int:
        if self._plan.isolate:
            try:
                return await self._run_isolated(folder)
            except CannotIsolate as fault:
                self._say(f"this system isolates no command ({fault}): recording by the environment instead")
        prepared = self._prepare(address, folder)
        if self._plan.command:
            return await run_command(self._plan.command, prepared.variables)
        return await serve_until_told()

    async def _run_isolated(self, folder: Path) -> int:
        prepared = prepare_isolated(folder, self._authority.certificate_pem, secrets.token_hex(4))
        ports = ports_to_catch(self._plan.command, os.environ, self._plan.ports)
        bundle = folder / environment.BUNDLE_FILE
        enclosure = Enclosure(self._plan.command, prepared.variables, folder, bundle, ports)
        return await run_isolated(enclosure, self._server, self._outward)

    def _prepare(self, address: tuple[str, int], folder: Path) -> Prepared:
        session = secrets.token_hex(4)
        if self._routes:
            return environment.reverse(os.environ, self._base_urls(address), session=session)
        return prepare_forward(self._proxy_url(address), folder, self._authority.certificate_pem, session)

    def _proxy_url(self, address: tuple[str, int]) -> str:
        return f"http://{self._credentials}@{authority_part(reachable(address))}"

    def _base_urls(self, address: tuple[str, int]) -> dict[str, str]:
        """The variables of the base URLs. Those that no command will see are told to the person."""
        variables = {}
        names = chain(self._plan.variables, repeat(None))
        for route, name in zip(self._routes, names, strict=False):
            variable = name or environment.base_url_variable(route.url)
            local = environment.base_url(route.url, route.base_url(*reachable(address)))
            if variable:
                variables[variable] = local
            if not (variable and self._plan.command):
                self._say(f"{route.url} is at {variable + '=' if variable else ''}{local}")
        return variables


def refuse_nesting(variables: Mapping[str, str]) -> None:
    if environment.SESSION in variables:
        raise UsageError(
            "this is being recorded already, and a recording cannot be recorded: run it on its own"
        )


def meta(plan: Plan, clock: Clock, policy: redact.Policy) -> Meta:
    command, _ = policy.argv(plan.command)
    mode = "reverse" if plan.reverse else "isolated" if plan.isolate else "forward"
    return Meta(
        anchor_unix_ns=clock.epoch_unix_ns,
        clock=clock.name,
        software=f"sserec {__version__}",
        command=command,
        attributes={"mode": mode},
    )


def prepare_forward(proxy_url: str, folder: Path, authority_pem: bytes, session: str) -> Prepared:
    """The command's environment, with the files in ``folder`` that it names."""
    own_curlrc = (path for path in environment.curlrc_candidates(os.environ) if path.is_file())
    prepared = environment.forward(
        os.environ,
        proxy_url=proxy_url,
        folder=folder,
        authority_pem=authority_pem,
        bundle=union_bundle(authority_pem, environment.named_bundles(os.environ)),
        session=session,
        client_files=ClientFiles(
            next(own_curlrc, None), read_if_there(environment.system_wgetrc(os.environ))
        ),
    )
    return written(prepared, folder)


def prepare_isolated(folder: Path, authority_pem: bytes, session: str) -> Prepared:
    """The same for a command whose connections come to us by themselves."""
    prepared = environment.trusting(
        environment.without_proxies(os.environ),
        folder=folder,
        authority_pem=authority_pem,
        bundle=union_bundle(authority_pem, environment.named_bundles(os.environ)),
        session=session,
        wgetrc=read_if_there(environment.system_wgetrc(os.environ)),
    )
    return written(prepared, folder)


def written(prepared: Prepared, folder: Path) -> Prepared:
    for name, data in prepared.files.items():
        (folder / name).write_bytes(data)
    return prepared


async def serve_until_told() -> int:
    told = asyncio.Event()
    with caught((signal.SIGINT, signal.SIGTERM, signal.SIGHUP), lambda _: told.set()):
        await told.wait()
    return 0


def reachable(address: tuple[str, int]) -> tuple[str, int]:
    """Where a client on this machine finds a server that listens on ``address``."""
    host, port = address
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port


def authority_part(address: tuple[str, int]) -> str:
    """As it stands in a URL (RFC 3986, section 3.2)."""
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
