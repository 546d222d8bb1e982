"""The replay server: one listener for every way in which a client may come.

Plain HTTP/1.1 and HTTP/2, TLS under a certificate made for the name that is asked for, and, since it may stand where
the recorder stood, proxy requests and CONNECT. Nothing it is asked leaves this machine: it has no way to dial.
"""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Protocol

from sserec.errors import ProtocolError, UsageError
from sserec.proxy.client_hello import looks_like_tls, read_client_hello
from sserec.proxy.clock import Clock as ArrivalClock
from sserec.proxy.facts import Arrival, Side
from sserec.proxy.incoming import READ_BYTES, receive_request
from sserec.proxy.intercept import ESTABLISHED, HTTP2_BEGINNING
from sserec.proxy.kernel import enable_receive_times
from sserec.proxy.leg import Leg, describe, receive
from sserec.proxy.tls import Tls, handshake
from sserec.replay.clock import Clock, SystemClock, precise_loop
from sserec.replay.http1 import Http1Connection
from sserec.replay.http2 import Http2Connection
from sserec.replay.performance import Fallback, Performer
from sserec.replay.programme import Programme
from sserec.replay.repertoire import Repertoire
from sserec.replay.takes import Take

BACKLOG = 512
ACCEPTS_AT_ONCE = 64
ALPN = ("h2", "http/1.1")


class ServerContexts(Protocol):
    """Who proves to be any host; :class:`sserec.authority.Authority` does."""

    def server_context(self, host: str, alpn: tuple[str, ...]) -> ssl.SSLContext: ...


class ReplayServer:
    """Answers every request by the programme, or by ``fallback`` what is not in it.

    Everything happens on the loop that ``start`` is called on.
    """

    def __init__(
        self,
        programme: Programme,
        authority: ServerContexts,
        *,
        clock: Clock | None = None,
        fallback: Fallback | None = None,
        alpn: tuple[str, ...] = ALPN,
        log: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._authority = authority
        self._performer = Performer(programme, clock or SystemClock(), fallback)
        self._fallback = fallback
        self._alpn = alpn
        self._log = log
        self._arrivals = ArrivalClock()
        self._listener: socket.socket
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> tuple[str, int]:
        """Listens, and returns where. Raises UsageError when it cannot."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            self._listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
        except OSError as error:
            raise UsageError(f"cannot listen on {host}:{port}: {describe(error)}") from error
        self._listener.setblocking(False)
        enable_receive_times(self._listener)  # what it accepts has them from the first byte on
        asyncio.get_running_loop().add_reader(self._listener, self._accept)
        address = self._listener.getsockname()
        return address[0], address[1]

    async def stop(self) -> None:
        """Takes no more connections, and ends those that stand."""
        asyncio.get_running_loop().remove_reader(self._listener)
        self._listener.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        if self._fallback is not None:
            await self._fallback.aclose()

    def _accept(self) -> None:
        for _ in range(ACCEPTS_AT_ONCE):
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = asyncio.create_task(self._serve(sock))
            self._connections.add(connection)
            connection.add_done_callback(self._connections.discard)

    async def _serve(self, sock: socket.socket) -> None:
        try:
            received, arrival = await self._receive(sock)
            if received:
                await self._converse(sock, received, arrival, None)
        except (ProtocolError, OSError) as error:
            self._log(f"a client left: {error}")
        finally:
            sock.close()

    async def _receive(self, sock: socket.socket) -> tuple[bytes, Arrival]:
        """What comes next, and when it came."""
        with suppress(BlockingIOError):
            return receive(sock, self._arrivals)
        loop = asyncio.get_running_loop()
        is_here = loop.create_future()
        loop.add_reader(sock.fileno(), is_here.set_result, None)
        try:
            await is_here
        finally:
            loop.remove_reader(sock.fileno())
        return receive(sock, self._arrivals)

    async def _converse(
        self, sock: socket.socket, received: bytes, arrival: Arrival, authority: str | None
    ) -> None:
        """Serves what begins with ``received``; ``authority`` is whom a tunnel was asked for."""
        if received.startswith(b"CONNECT "):
            await self._tunnel(sock, received, arrival)
            return
        if looks_like_tls(received):
            tls: Tls | None = await self._shake_hands(sock, received, authority)
            received, is_http2 = b"", tls is not None and tls.alpn == "h2"
        else:
            tls, is_http2 = None, received.startswith(HTTP2_BEGINNING)
        leg = Leg(sock, Side.CLIENT, self._arrivals, tls, timed=True)
        speak = Http2Connection if is_http2 else Http1Connection
        await speak(leg, self._performer, authority, self._arrivals).run(received, arrival)

    async def _tunnel(self, sock: socket.socket, received: bytes, arrival: Arrival) -> None:
        incoming = await receive_request(sock, received)
        if incoming is None:
            return
        await asyncio.get_running_loop().sock_sendall(sock, ESTABLISHED)
        early, arrival = (incoming.rest, arrival) if incoming.rest else await self._receive(sock)
        if early:
            await self._converse(sock, early, arrival, without_default_port(incoming.head.target.lower()))

    async def _shake_hands(self, sock: socket.socket, received: bytes, authority: str | None) -> Tls:
        loop = asyncio.get_running_loop()
        while (hello := read_client_hello(received)) is None:
            data = await loop.sock_recv(sock, READ_BYTES)
            if not data:
                raise ProtocolError("it sent half a TLS hello")
            received += data
        asked_for = hello.server_name or (authority and authority.rpartition(":")[0]) or sock.getsockname()[0]
        context = self._authority.server_context(asked_for.strip("[]"), self._alpn)
        return await handshake(sock, context, server_side=True, received=received)


def without_default_port(authority: str) -> str:
    """As it would stand in an https URL."""
    return authority.removesuffix(":443")


@contextmanager
def serving(server: ReplayServer, host: str = "127.0.0.1", port: int = 0) -> Iterator[tuple[str, int]]:
    """Runs a server in a thread of its own; yields where it listens, and leaves nothing running."""
    loop = precise_loop()
    thread = threading.Thread(target=loop.run_forever, name="sserec-replay", daemon=True)

    def run(work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result()

    thread.start()
    try:
        address = run(server.start(host, port))
        try:
            yield address
        finally:
            run(server.stop())
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextmanager
def performing(takes: Iterable[Take], authority: ServerContexts) -> Iterator[int]:
    """Serves takes whatever is asked of them; yields the port."""
    programme = Programme(Repertoire(takes, any_body=True))
    with serving(ReplayServer(programme, authority)) as (_, port):
        yield port
