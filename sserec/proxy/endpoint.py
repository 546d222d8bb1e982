"""What clients are led to: a server with its address, its credentials and its authority, and how they are led there.

Knows nothing of where the recording goes, or of who the clients are.
"""

import os
import secrets
from collections.abc import Callable
from ipaddress import ip_address
from itertools import chain, repeat
from pathlib import Path

from sserec.authority import Authority
from sserec.errors import RecordingError
from sserec.proxy import environment, outward
from sserec.proxy.environment import ClientFiles, Prepared
from sserec.proxy.plan import Plan
from sserec.proxy.recorder import Recorder
from sserec.proxy.routing import ReverseRoute
from sserec.proxy.server import ProxyServer
from sserec.proxy.trust import UpstreamTrust, read_if_there, union_bundle
from sserec.redact import KEEP_SECRETS, SECRETS, Policy

Say = Callable[[str], None]
"""Takes one line for the person at the terminal."""


class Endpoint:
    """Serves from ``start`` to ``stop``; the rest is for the time between."""

    def __init__(
        self,
        plan: Plan,
        recorder: Recorder,
        trust: UpstreamTrust,
        proxies: outward.OutwardProxies,
        say: Say,
    ) -> None:
        self.outward = proxies
        self._plan = plan
        self._say = say
        self._authority = Authority()
        self._credentials = f"sserec:{secrets.token_urlsafe(24)}"
        self._routes = tuple(map(ReverseRoute, plan.reverse))
        self._address = plan.listen
        self.server = ProxyServer(
            recorder,
            self._authority,
            trust,
            credentials=self._credentials,
            hosts=plan.hosts,
            outward=proxies,
            reverse=self._routes,
            log=say,
        )

    async def start(self) -> None:
        """Listens. Raises RecordingError when it cannot."""
        self._address = await self.server.start(*self._plan.listen)
        if not ip_address(self._address[0]).is_loopback:
            self._say(
                f"listening on {authority_part(self._address)}: whoever reaches it and has the URL can use it"
            )
        if self._plan.insecure:
            self._say(
                "INSECURE: no server's certificate is verified; whoever is on the way can read and answer"
            )

    async def stop(self, grace_s: float) -> None:
        await self.server.stop(grace_s)

    def prepare(self, folder: Path) -> Prepared:
        """The environment that leads clients here, with the files in ``folder`` that it names."""
        session = new_session()
        if self._routes:
            return environment.reverse(os.environ, self._base_urls(), session=session)
        url = f"http://{self._credentials}@{authority_part(reachable(self._address))}"
        return prepare_forward(url, folder, self._authority.certificate_pem, session)

    def prepare_isolated(self, folder: Path) -> Prepared:
        """The same for a command whose connections come here by themselves."""
        prepared = environment.trusting(
            environment.without_proxies(os.environ),
            folder=folder,
            authority_pem=self._authority.certificate_pem,
            bundle=bundle_with(self._authority.certificate_pem),
            session=new_session(),
            wgetrc=system_wgetrc(),
        )
        return written(prepared, folder)

    def _base_urls(self) -> dict[str, str]:
        """The variables of the base URLs. Those that no command will see are told to the person."""
        variables = {}
        names = chain(self._plan.variables, repeat(None))
        for route, name in zip(self._routes, names, strict=False):
            variable = name or environment.base_url_variable(route.url)
            local = environment.base_url(route.url, route.base_url(*reachable(self._address)))
            if variable:
                variables[variable] = local
            if not (variable and (self._plan.command or self._plan.is_exported)):
                self._say(f"{route.url} is at {variable + '=' if variable else ''}{local}")
        return variables


def prepare_forward(proxy_url: str, folder: Path, authority_pem: bytes, session: str) -> Prepared:
    """The environment that leads clients through a proxy, with the files in ``folder`` that it names."""
    own_curlrc = (path for path in environment.curlrc_candidates(os.environ) if path.is_file())
    prepared = environment.forward(
        os.environ,
        proxy_url=proxy_url,
        folder=folder,
        authority_pem=authority_pem,
        bundle=bundle_with(authority_pem),
        session=session,
        client_files=ClientFiles(next(own_curlrc, None), system_wgetrc()),
    )
    return written(prepared, folder)


def bundle_with(authority_pem: bytes) -> bytes:
    return union_bundle(authority_pem, environment.named_bundles(os.environ))


def policy_of(plan: Plan) -> Policy:
    """What is replaced before anything is written."""
    if plan.keep_secrets:
        return KEEP_SECRETS
    return SECRETS.with_names(plan.redact_headers, plan.redact_query, plan.redact_json)


def new_session() -> str:
    return secrets.token_hex(4)


def system_wgetrc() -> bytes:
    return read_if_there(environment.system_wgetrc(os.environ))


def written(prepared: Prepared, folder: Path) -> Prepared:
    """Writes the files; raises RecordingError where there is no room for them."""
    for name, data in prepared.files.items():
        try:
            (folder / name).write_bytes(data)
        except OSError as fault:
            raise RecordingError(f"{folder / name}: {fault.strerror}") from fault
    return prepared


def reachable(address: tuple[str, int]) -> tuple[str, int]:
    """Where a client on this machine finds a server that listens on ``address``."""
    host, port = address
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port


def authority_part(address: tuple[str, int]) -> str:
    """As it stands in a URL (RFC 3986, section 3.2)."""
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
