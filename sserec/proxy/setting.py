"""What every connection of one proxy shares: whom to record to, whom to trust, whom to serve."""

import base64
import binascii
import hmac
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Protocol

from sserec.proxy.attention import Attention, Hosts
from sserec.proxy.clock import Clock
from sserec.proxy.facts import Sink
from sserec.proxy.outward import OutwardProxies
from sserec.proxy.remarks import Remarks
from sserec.proxy.routing import ReverseRoute
from sserec.records import Headers


class ServerContexts(Protocol):
    """Certificates for whatever host a client asks for. Called on the event loop: has to be quick."""

    def server_context(self, host: str, alpn: tuple[str, ...]) -> ssl.SSLContext: ...


class ClientContexts(Protocol):
    """How upstream is verified. Called on the event loop: has to be quick."""

    def client_context(self, alpn: tuple[str, ...]) -> ssl.SSLContext: ...


class Recording(Sink, Protocol):
    """A sink that runs on a clock: the recorder."""

    @property
    def clock(self) -> Clock: ...


@dataclass(frozen=True)
class Setting:
    sink: Sink
    clock: Clock
    authority: ServerContexts
    trust: ClientContexts
    credentials: str | None
    """``user:password`` that a proxy request has to carry."""
    hosts: Hosts
    outward: OutwardProxies
    reverse: tuple[ReverseRoute, ...]
    log: Callable[[str], None]
    remarks: Remarks = field(default_factory=Remarks)
    connection_ids: "count[int]" = field(default_factory=lambda: count(1))

    def attention(self, host: str) -> Attention:
        attention = self.hosts.attention(host)
        if attention is Attention.IGNORE:
            self.remarks.ignore(host)
        return attention

    def admits(self, headers: Headers) -> bool:
        """The request carries the proxy's credentials, where it asks for some (RFC 7617)."""
        if self.credentials is None:
            return True
        given = (value for name, value in headers if name.lower() == "proxy-authorization")
        return any(
            hmac.compare_digest(basic_credentials(value), self.credentials.encode()) for value in given
        )


def basic_credentials(value: str) -> bytes:
    """What a Basic authorization says, or nothing."""
    scheme, _, encoded = value.partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(encoded.strip(), validate=True)
    except binascii.Error:
        return b""
