"""Where a request goes that was not sent through a tunnel, and what its head has to look like there. Pure.

Two ways lead here: a proxy request for a plain ``http://`` URL, and a request to a base URL that stands for an
upstream. Only the request's head is rewritten, line by line: names, order, case and spacing stay.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from sserec.proxy.http1 import RequestHead

DEFAULT_PORTS = {"http": 80, "https": 443}
PROXY_FIELD = re.compile(rb"(?im)^proxy-(?:connection|authorization)[ \t]*:[^\n]*\n(?:[ \t][^\n]*\n)*")
HOST_FIELD = re.compile(rb"(?im)^(host[ \t]*:)[^\r\n]*")


class NoRoute(ValueError):
    """The request is for nobody this proxy knows; the text says why, and holds no secret."""


@dataclass(frozen=True, slots=True)
class Route:
    """An upstream server."""

    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """As in a URL: without a port that goes without saying."""
        host = bracketed(self.host)
        return host if self.port == DEFAULT_PORTS.get(self.scheme) else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class ReverseRoute:
    """A base URL on this machine that stands for ``url``. Its random prefix is the credential."""

    url: str
    prefix: str = field(default_factory=lambda: secrets.token_urlsafe(18))

    def base_url(self, host: str, port: int) -> str:
        """What a client is told to use instead of ``url``."""
        return f"http://{bracketed(host)}:{port}/{self.prefix}"


@dataclass(frozen=True, slots=True)
class Forwarded:
    """A request head as the upstream gets it."""

    route: Route
    head: bytes


def forward(head: RequestHead, raw: bytes, reverse: Sequence[ReverseRoute]) -> Forwarded:
    """Rewrites ``raw``, which is the head's bytes, for its upstream; raises NoRoute."""
    if head.target.startswith("/"):
        return _reversed(head, raw, reverse)
    if "://" not in head.target:
        raise NoRoute("neither a proxy request nor one for a known base URL")
    url = split_url(head.target)
    path = url.path or ("*" if head.method == "OPTIONS" else "/")
    target = path + (f"?{url.query}" if "?" in head.target else "")
    return Forwarded(route_of(head.target), PROXY_FIELD.sub(b"", with_target(raw, target)))


def _reversed(head: RequestHead, raw: bytes, reverse: Sequence[ReverseRoute]) -> Forwarded:
    for known in reverse:
        prefix = f"/{known.prefix}"
        rest = head.target.removeprefix(prefix)
        if len(rest) < len(head.target) and rest[:1] in ("", "/", "?"):
            route = route_of(known.url)
            base = split_url(known.url).path.rstrip("/")
            target = base + (rest if rest.startswith("/") or base else "/" + rest)
            host = rb"\g<1> " + route.authority.encode("latin-1")
            return Forwarded(route, HOST_FIELD.sub(host, with_target(raw, target), count=1))
    raise NoRoute("no such base URL")


def with_target(raw: bytes, target: str) -> bytes:
    """The head with another request target."""
    line, newline, fields = raw.partition(b"\n")
    method, _, version = line.split(maxsplit=2)
    return b"%s %s %s%s%s" % (method, target.encode("latin-1"), version, newline, fields)


def split_url(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:
        raise NoRoute("not a URL") from error


def bracketed(host: str) -> str:
    """An IPv6 address as it stands in a URL."""
    return f"[{host}]" if ":" in host else host


def route_of(url: str) -> Route:
    """The server of an absolute URL; raises NoRoute."""
    parts = split_url(url)
    try:
        port = parts.port or DEFAULT_PORTS.get(parts.scheme)
    except ValueError as error:
        raise NoRoute("a URL with a port that is none") from error
    if not parts.hostname or port is None:
        raise NoRoute("not an http or https URL")
    return Route(parts.scheme, parts.hostname, port)


def connect_route(target: str) -> Route:
    """The server that a CONNECT asks for (RFC 9112, section 3.2.3); raises NoRoute."""
    host, colon, port = target.rpartition(":")
    if not (colon and host and port.isascii() and port.isdigit() and int(port) < 65536):
        raise NoRoute("CONNECT needs host:port")
    return Route("https", host.removeprefix("[").removesuffix("]"), int(port))
