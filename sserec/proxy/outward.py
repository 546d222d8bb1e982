"""The proxies that stand between this machine and the servers, as sserec's own environment names them. Pure.

Many networks let nothing out but through a proxy. What curl, Python and Go agree on is followed: ``https_proxy``,
``http_proxy`` and ``all_proxy`` in either case, the lower one first, and the exceptions of ``no_proxy``. Invariant: a
proxy that was asked for is never gone round, so one that sserec cannot use is an error.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from ipaddress import ip_address, ip_network
from urllib.parse import unquote, urlsplit

from sserec.errors import UsageError
from sserec.proxy.routing import Forwarded, Route, bracketed, with_target


class Kind(Enum):
    """What a proxy speaks, by the scheme of its URL as curl reads it."""

    HTTP = "http"
    HTTPS = "https"
    """HTTP within TLS of its own."""
    SOCKS5 = "socks5"
    """Names are resolved here."""
    SOCKS5H = "socks5h"
    """Names are resolved there."""

    @property
    def is_socks(self) -> bool:
        return self in (Kind.SOCKS5, Kind.SOCKS5H)

    @property
    def default_port(self) -> int:
        """curl's, for a proxy whose URL names none."""
        return 443 if self is Kind.HTTPS else 1080


@dataclass(frozen=True, slots=True)
class OutwardProxy:
    """A proxy, and who we are to it."""

    host: str
    port: int
    user: str | None = None
    password: str = ""
    kind: Kind = Kind.HTTP

    @property
    def authority(self) -> str:
        return f"{bracketed(self.host)}:{self.port}"

    @property
    def authorization(self) -> bytes:
        """The value of Proxy-Authorization (Basic, RFC 7617); empty where the URL held no credentials."""
        pair = f"{self.user}:{self.password}".encode()
        return b"" if self.user is None else b"Basic " + base64.b64encode(pair)

    def connect_request(self, host: str, port: int) -> bytes:
        """Asks for a tunnel (RFC 9110, section 9.3.6)."""
        target = f"{bracketed(host)}:{port}"
        return f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n".encode("latin-1") + self.field + b"\r\n"

    @property
    def field(self) -> bytes:
        return b"Proxy-Authorization: %s\r\n" % self.authorization if self.authorization else b""

    def addressed(self, forwarded: Forwarded) -> Forwarded:
        """A head as this proxy wants it for plain HTTP: with the whole URL (RFC 9112, section 3.2.2).

        SOCKS leads to the server itself.
        """
        if self.kind.is_socks:
            return forwarded
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
KINDS = tuple(kind.value for kind in Kind)


def from_environment(environment: Mapping[str, str]) -> OutwardProxies:
    """Raises UsageError, without the credentials, for a proxy of another kind."""
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
    if not url.hostname:
        raise UsageError(f"{name.upper()} names no proxy: its value has no host")
    if url.scheme not in KINDS:
        raise UsageError(
            f"{name.upper()} names a proxy of the kind {url.scheme}://, and sserec goes through {', '.join(KINDS)}"
        )
    kind = Kind(url.scheme)
    user = None if url.username is None else unquote(url.username)
    return OutwardProxy(url.hostname, port or kind.default_port, user, unquote(url.password or ""), kind)


def excepts(entry: str, route: Route) -> bool:
    """Whether an entry of ``no_proxy`` stands for the server: a name and all below it, an address, a network, ``*``."""
    name, colon, port = entry.rpartition(":")
    if colon and port.isdecimal() and ":" not in name:
        return int(port) == route.port and excepts(name, route)
    if entry == "*":
        return True
    host, suffix = route.host.lower().rstrip("."), entry.removeprefix("*").removeprefix(".").rstrip(".")
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
