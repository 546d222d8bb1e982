"""Reaches a host over TCP, and says when its name was resolved and when it answered.

Addresses are tried as clients do (RFC 8305): one after the other, without waiting for the first to fail, so that a
host with a dead IPv6 route is not slower through the recorder than without it.
"""

import asyncio
import re
import socket
from asyncio.staggered import staggered_race
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

from sserec.proxy.clock import Clock
from sserec.proxy.leg import describe
from sserec.proxy.outward import Kind, OutwardProxy
from sserec.proxy.routing import Route
from sserec.proxy.setting import ClientContexts
from sserec.proxy.tls import Road, handshake

ATTEMPT_DELAY_S = 0.25
"""RFC 8305, section 5, recommends 250 ms."""
MAX_ANSWER_BYTES = 16 * 1024
"""Of a proxy's answer to CONNECT."""
Address: TypeAlias = tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[object, ...]]
"""As getaddrinfo tells it."""
ANSWERED_YES = re.compile(r"HTTP/1\.[01] 2\d\d( |$)")


@dataclass(frozen=True, slots=True)
class Dialled:
    """A connection, and how it came to be."""

    road: Road
    peer: str
    t_resolved_ns: int | None
    """None where a proxy resolved the name."""
    t_connected_ns: int


class Unreachable(OSError):
    """No address of the host answered; the text says why."""


async def dial(host: str, port: int, clock: Clock) -> Dialled:
    """Connects to the first address that answers. Raises Unreachable."""
    try:
        found = await _resolve(host, port)
        t_resolved_ns = clock.now_ns()
        sock = await _connect_to_first(found)
    except (OSError, UnicodeError) as error:
        raise Unreachable(described(error) if isinstance(error, OSError) else "not a host name") from error
    return Dialled(Road(sock), address_of(sock), t_resolved_ns, clock.now_ns())


async def dial_proxy(proxy: OutwardProxy, clock: Clock, trust: ClientContexts) -> Dialled:
    """Connects to ``proxy`` itself, by TLS where it wants that. Raises OSError, Unreachable among them."""
    try:
        dialled = await dial(proxy.host, proxy.port, clock)
        if proxy.kind is not Kind.HTTPS:
            return dialled
        with closing_on_failure(dialled.road.sock):
            tls = await handshake(dialled.road, trust.client_context(()), server_hostname=proxy.host)
    except OSError as error:
        raise Unreachable(f"the proxy {proxy.authority}: {described(error)}") from error
    return replace(dialled, road=Road(dialled.road.sock, tls))


async def dial_through(proxy: OutwardProxy, route: Route, clock: Clock, trust: ClientContexts) -> Dialled:
    """Connects to the host by a tunnel through ``proxy``. Raises OSError, Unreachable among them."""
    dialled = await dial_proxy(proxy, clock, trust)
    with closing_on_failure(dialled.road.sock):
        await dialled.road.send(proxy.connect_request(route.host, route.port))
        status = (await _receive_head(dialled.road)).partition(b"\r\n")[0].decode("latin-1")
        if not ANSWERED_YES.match(status):
            raise Unreachable(f"the proxy {proxy.authority} answered {status!r}")
    return Dialled(dialled.road, dialled.peer, None, clock.now_ns())


@contextmanager
def closing_on_failure(sock: socket.socket) -> Iterator[None]:
    try:
        yield
    except BaseException:
        sock.close()
        raise


async def _receive_head(road: Road) -> bytes:
    """The head of an answer. Byte by byte: what follows it is the server's, and belongs to the tunnel."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = await road.receive(1)
        if not byte or len(head) > MAX_ANSWER_BYTES:
            raise Unreachable("the proxy closed the connection" if not byte else "the proxy answers no HTTP")
        head += byte
    return head


async def _resolve(host: str, port: int) -> Sequence[Address]:
    """What is an address already is not worth the thread that a name is looked up in."""
    with suppress(socket.gaierror):
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    return await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)


async def _connect_to_first(found: Sequence[Address]) -> socket.socket:
    """Raises OSError: the only address's own, or Unreachable with what all of them said."""
    first, *others = (partial(_connect, family, address) for family, _, _, _, address in found)
    if not others:
        return await first()
    winner: socket.socket | None
    winner, _, failures = await staggered_race((first, *others), ATTEMPT_DELAY_S)
    if winner is None:
        raise Unreachable(describe_all(failures))
    return winner


async def _connect(family: int, address: tuple[object, ...]) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(sock, address)
    except BaseException:
        sock.close()
        raise
    return sock


def address_of(sock: socket.socket) -> str:
    host, port = sock.getpeername()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def described(error: OSError) -> str:
    return str(error) if isinstance(error, Unreachable) else describe(error)


def describe_all(failures: Sequence[BaseException | None]) -> str:
    reasons = dict.fromkeys(describe(failure) for failure in failures if isinstance(failure, OSError))
    return ", ".join(reasons) or "no address"
