"""The way to a server through a SOCKS proxy (RFC 1928), which python-socks knows: the extra ``socks``."""

import socket
from importlib.util import find_spec

from sserec.errors import UsageError
from sserec.proxy.clock import Clock
from sserec.proxy.dial import Dialled, Unreachable, address_of
from sserec.proxy.outward import Kind, OutwardProxies, OutwardProxy
from sserec.proxy.routing import Route
from sserec.proxy.tls import Road

LIBRARY = "python_socks"


def check_library(proxies: OutwardProxies) -> None:
    """Raises UsageError where a SOCKS proxy is named that cannot be gone through."""
    is_needed = any(proxy.kind.is_socks for proxy in proxies.by_scheme.values())
    if is_needed and find_spec(LIBRARY) is None:
        raise UsageError("your environment names a SOCKS proxy, which needs: pip install 'sserec[socks]'")


async def dial_socks(proxy: OutwardProxy, route: Route, clock: Clock) -> Dialled:
    """Connects to the host by way of ``proxy``. Raises Unreachable."""
    from python_socks import ProxyError, ProxyType
    from python_socks.async_.asyncio import Proxy

    names_there = proxy.kind is Kind.SOCKS5H
    way = Proxy(ProxyType.SOCKS5, proxy.host, proxy.port, proxy.user, proxy.password, rdns=names_there)
    try:
        sock = await way.connect(route.host, route.port)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except (OSError, ProxyError) as error:
        raise Unreachable(f"the proxy {proxy.authority}: {error}") from error
    return Dialled(Road(sock), address_of(sock), None, clock.now_ns())
