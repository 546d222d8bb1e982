"""The proxies that stand between this machine and the servers, as sserec's own environment names them. Pure.

Many networks let nothing out but through a proxy. What curl, Python and Go agree on is followed: ``https_proxy``,
``http_proxy`` and ``all_proxy`` in either case, the lower one first, and the exceptions of ``no_proxy``. Invariant: a
proxy that was asked for is never gone round, so one that sserec cannot use is an error.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from urllib.parse import SplitResult, unquote, urlsplit

from sserec.errors import UsageError
from sserec.proxy.routing import Forwarded, Route, with_target

DEFAULT_PORT = 1080
"""curl's, for a proxy whose URL names none."""


@dataclass(frozen=True, slots=True)
class OutwardProxy:
    """A proxy that speaks HTTP."""

    host: str
    port: int
    authorization: bytes = b""
    """The value of Proxy-Authorization; empty where the URL held no credentials."""

    def connect_request(self, host: str, port: int) -> bytes:
        """Asks for a tunnel (RFC 9110, section 9.3.6)."""
        target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        return f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n".encode("latin-1") + self.field + b"\r\n"

    @property
    def field(self) -> bytes:
        return b"Proxy-Authorization: %s\r\n" % self.authorization if self.authorization else b""

    def addressed(self, forwarded: Forwarded) -> Forwarded:
        """A head as this proxy wants it for plain HTTP: with the whole URL (RFC 9112, section 3.2.2)."""
        target = forwarded.head.split(maxsplit=2)[1].decode("latin-1")
        url = f"http://{forwarded.route.authority}{'' if target == '*' else target}"
        line, newline, fields = with_target(forwarded.head, url).partition(b"\n")
        return Forwarded(forwarded.route, line + newline + self.field + fields)


@dataclass(frozen=True, slots=True)
class OutwardProxies:
    """Which proxy leads to a server, if any."""

    by_scheme: Mapping[str, OutwardProxy]
    exceptions: tuple[str, ...] = ()
    """The entries of ``no_proxy``."""

    def towards(self, route: Route) -> OutwardProxy | None:
        """The proxy for ``route``; none for this machine's own names, which no other machine could reach."""
        if is_loopback(route.host) or any(excepts(entry, route) for entry in self.exceptions):
            return None
        return self.by_scheme.get(route.scheme)


DIRECT = OutwardProxies({})


def from_environment(environment: Mapping[str, str]) -> OutwardProxies:
    """Raises UsageError, without the credentials, for a proxy that is no HTTP proxy."""
    named = {scheme: named_proxy(environment, scheme) for scheme in ("http", "https")}
    exceptions = spelled(environment, "no_proxy").replace(" ", ",").split(",")
    return OutwardProxies(
        {scheme: proxy for scheme, proxy in named.items() if proxy is not None},
        tuple(entry.lower() for entry in exceptions if entry),
    )


def named_proxy(environment: Mapping[str, str], scheme: str) -> OutwardProxy | None:
    for name in (f"{scheme}_proxy", "all_proxy"):
        if value := spelled(environment, name):
            return parse_proxy(value, name)
    return None


def spelled(environment: Mapping[str, str], name: str) -> str:
    return environment.get(name) or environment.get(name.upper()) or ""


def parse_proxy(value: str, name: str) -> OutwardProxy:
    """``value`` is a URL, or HOST:PORT as curl allows."""
    try:
        url = urlsplit(value if "://" in value else f"http://{value}")
        port = url.port
    except ValueError:
        raise UsageError(f"{name.upper()} names no proxy: its value is no URL") from None
    if url.scheme != "http" or not url.hostname:
        raise UsageError(
            f"{name.upper()} names a proxy of the kind {url.scheme}://, and sserec goes through http:// ones only"
        )
    return OutwardProxy(url.hostname, port or DEFAULT_PORT, basic(url))


def basic(url: SplitResult) -> bytes:
    """The credentials of a URL as Basic authorization (RFC 7617)."""
    if url.username is None:
        return b""
    pair = f"{unquote(url.username)}:{unquote(url.password or '')}"
    return b"Basic " + base64.b64encode(pair.encode())


def excepts(entry: str, route: Route) -> bool:
    """Whether an entry of ``no_proxy`` stands for the server: a name and all below it, an address, a network, ``*``."""
    name, colon, port = entry.rpartition(":")
    if colon and port.isdecimal() and ":" not in name:
        return int(port) == route.port and excepts(name, route)
    if entry == "*":
        return True
    host, suffix = route.host.lower(), entry.removeprefix("*").removeprefix(".")
    return host == suffix or host.endswith(f".{suffix}") or in_network(host, entry)


def in_network(host: str, network: str) -> bool:
    try:
        return ip_address(host) in ip_network(network.strip("[]"), strict=False)
    except ValueError:
        return False


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
