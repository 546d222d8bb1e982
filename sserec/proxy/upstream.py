"""The way to a server: dialled, verified, and described for the record."""

import ssl
from dataclasses import dataclass, replace

from sserec.proxy.attention import Attention
from sserec.proxy.dial import Dialled, dial, dial_proxy, dial_through
from sserec.proxy.facts import Side
from sserec.proxy.leg import Leg, describe
from sserec.proxy.observer import Observer, Origin
from sserec.proxy.observer_http1 import Http1Observer
from sserec.proxy.routing import Route, bracketed
from sserec.proxy.setting import Setting
from sserec.proxy.socks import dial_socks
from sserec.proxy.tls import Tls, handshake
from sserec.records import Close, Closer, Connection, Manner, Request

PASSTHROUGH = "in --passthrough"
"""Why a connection was not looked into."""


UNKNOWN_AUTHORITY = (2, 18, 19, 20, 21)
"""OpenSSL's reasons (x509_vfy.h) that come down to an authority that is not known here."""
TRUST_IT = "--upstream-ca FILE names authorities to trust besides the system's"


class UpstreamError(Exception):
    """The server cannot be reached or verified; the text says why, in one line."""

    def __init__(self, reason: str, advice: str = "") -> None:
        super().__init__(reason)
        self.told = f"{reason} ({advice})" if advice else reason
        """What a person is told, with what to do about it."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """A TCP connection to a server on which nothing has been said yet."""

    dialled: Dialled
    connection: Connection
    tls: Tls | None = None

    @property
    def alpn(self) -> str | None:
        return None if self.tls is None else self.tls.alpn

    def leg(self, setting: Setting) -> Leg:
        road = self.dialled.road
        return Leg(road.sock, Side.UPSTREAM, setting.clock, road.session(self.tls))

    def close(self) -> None:
        self.dialled.road.sock.close()


async def reach(route: Route, setting: Setting) -> Upstream:
    """Connects over TCP. Raises UpstreamError."""
    try:
        dialled = await dial_route(route, setting)
    except OSError as error:
        raise UpstreamError(f"cannot reach {where(route)}: {error}") from error
    connection = Connection(
        next(setting.connection_ids), dialled.peer, dialled.t_resolved_ns, dialled.t_connected_ns
    )
    return Upstream(dialled, connection)


async def dial_route(route: Route, setting: Setting) -> Dialled:
    """Connects to the server, or to the proxy that leads there. Raises OSError."""
    proxy = setting.outward.towards(route)
    if proxy is None:
        return await dial(route.host, route.port, setting.clock)
    if proxy.kind.is_socks:
        return await dial_socks(proxy, route, setting.clock)
    if route.scheme == "http":
        return await dial_proxy(proxy, setting.clock, setting.trust)
    return await dial_through(proxy, route, setting.clock, setting.trust)


async def secure(
    upstream: Upstream, route: Route, server_name: str, offer: tuple[str, ...], setting: Setting
) -> Upstream:
    """Shakes hands and verifies. Raises UpstreamError, having closed the connection."""
    context = setting.trust.client_context(offer)
    try:
        tls = await handshake(upstream.dialled.road, context, server_hostname=server_name)
    except BaseException as error:
        upstream.close()
        if isinstance(error, OSError | ValueError):
            raise UpstreamError(f"{where(route)}: {handshake_failure(error)}", advice(error)) from error
        raise
    connection = replace(
        upstream.connection, t_tls_ns=setting.clock.now_ns(), tls_version=tls.version, alpn=tls.alpn
    )
    return replace(upstream, connection=connection, tls=tls)


def where(route: Route) -> str:
    """Host and port, always both: the words of error messages."""
    return f"{bracketed(route.host)}:{route.port}"


def handshake_failure(error: OSError | ValueError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate not verified: {describe(error)}"
    return f"TLS failed: {describe(error) if isinstance(error, OSError) else error}"


def advice(error: OSError | ValueError) -> str:
    is_unknown = isinstance(error, ssl.SSLCertVerificationError) and error.verify_code in UNKNOWN_AUTHORITY
    return TRUST_IT if is_unknown else ""


def watch(setting: Setting, scheme: str, authority: str, upstream: Upstream) -> Observer:
    """The observer for what was negotiated."""
    origin = Origin(scheme, authority, upstream.connection)
    if upstream.alpn == "h2":
        return http2_observer(setting, origin)
    return Http1Observer(setting.sink, origin)


def http2_observer(setting: Setting, origin: Origin) -> Observer:
    from sserec.proxy.observer_http2 import (
        Http2Observer,
    )  # hpack costs 8 ms that an HTTP/1.1 recording does not need

    return Http2Observer(setting.sink, origin)


def record_failure(setting: Setting, host: str, request: Request, reason: str) -> None:
    """An exchange that never left for ``host``: the request as far as it is known, and why."""
    if setting.attention(host) is Attention.IGNORE:
        return
    now_ns = setting.clock.now_ns()
    exchange = setting.sink.open_exchange(request, None, now_ns)
    exchange.close(Close(now_ns, Closer.UPSTREAM, Manner.UNREACHED, framing_complete=False, error=reason))
