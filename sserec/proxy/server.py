"""The proxy: a listener, and a task for each connection that comes in.

One listener serves every way to be asked: CONNECT, proxy requests for ``http://`` URLs, and base URLs that stand for
an upstream. It is bound to loopback unless told otherwise, and wants credentials. Other listeners may be added for
connections that were diverted here and ask for nothing.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeAlias

from sserec.errors import ProtocolError, RecordingError
from sserec.proxy.attention import Hosts
from sserec.proxy.facts import Side
from sserec.proxy.incoming import Incoming, receive_request
from sserec.proxy.intercept import serve_connect, serve_diverted
from sserec.proxy.kernel import enable_receive_times
from sserec.proxy.leg import Leg, describe
from sserec.proxy.outward import DIRECT, OutwardProxies
from sserec.proxy.plain import converse
from sserec.proxy.refusal import CLOSE, answer, refuse
from sserec.proxy.remarks import Remarks
from sserec.proxy.routing import ReverseRoute, Route, bracketed
from sserec.proxy.setting import ClientContexts, Recording, ServerContexts, Setting

BACKLOG = 512
ACCEPTS_AT_ONCE = 64
EVERY_HOST = Hosts()

ServeOne: TypeAlias = Callable[[socket.socket, Setting], Awaitable[None]]
NO_CREDENTIALS = "proxy credentials needed"
WHICH_CREDENTIALS = 'Proxy-Authenticate: Basic realm="sserec"'


class ProxyServer:
    """Records what passes through it. Everything happens on the loop that ``start`` is called on."""

    def __init__(
        self,
        recorder: Recording,
        authority: ServerContexts,
        trust: ClientContexts,
        *,
        credentials: str | None = None,
        hosts: Hosts = EVERY_HOST,
        outward: OutwardProxies = DIRECT,
        reverse: Iterable[ReverseRoute] = (),
        log: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._setting = Setting(
            sink=recorder,
            clock=recorder.clock,
            authority=authority,
            trust=trust,
            credentials=credentials,
            hosts=hosts,
            outward=outward,
            reverse=tuple(reverse),
            log=log,
        )
        self._listeners: list[socket.socket] = []
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def remarks(self) -> Remarks:
        """What was noticed so far."""
        return self._setting.remarks

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> tuple[str, int]:
        """Listens, and returns where. Raises RecordingError when it cannot."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
        except OSError as error:
            raise RecordingError(f"cannot listen on {host}:{port}: {describe(error)}") from error
        self._listen(listener, serve)
        address = listener.getsockname()
        return address[0], address[1]

    def divert(self, listener: socket.socket, route: Callable[[socket.socket], Route]) -> None:
        """Also takes the connections of ``listener``, each of which was meant for its ``route``."""

        async def serve_one(sock: socket.socket, setting: Setting) -> None:
            await serve_diverted(sock, route(sock), setting)

        self._listen(listener, serve_one)

    def _listen(self, listener: socket.socket, serve_one: ServeOne) -> None:
        self._listeners.append(listener)
        listener.setblocking(False)
        # The kernel rewrites its own code for whoever asks first, up to 1.7 ms: not while a connection waits.
        enable_receive_times(listener)
        asyncio.get_running_loop().add_reader(listener, self._accept, listener, serve_one)

    async def stop(self, grace_s: float = 0.0) -> None:
        """Takes no more connections, gives those that stand ``grace_s`` to end, and ends the rest."""
        for listener in self._listeners:
            asyncio.get_running_loop().remove_reader(listener)
            listener.close()
        if self._connections:
            await asyncio.wait(self._connections, timeout=grace_s)
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _accept(self, listener: socket.socket, serve_one: ServeOne) -> None:
        for _ in range(ACCEPTS_AT_ONCE):
            try:
                sock, client = listener.accept()
            except OSError:
                return
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = asyncio.create_task(self._serve(sock, client, serve_one))
            self._connections.add(connection)
            connection.add_done_callback(self._connections.discard)

    async def _serve(self, sock: socket.socket, client: tuple[str, int], serve_one: ServeOne) -> None:
        try:
            await serve_one(sock, self._setting)
        except OSError as error:  # the client left before anything could be said
            host, port = client[:2]
            self._setting.log(f"the client at {bracketed(host)}:{port} left: {describe(error)}")
        finally:
            sock.close()


async def serve(sock: socket.socket, setting: Setting) -> None:
    """Serves one client connection by what its first request asks for."""
    try:
        incoming = await first_request(sock, setting)
    except ProtocolError as error:
        await refuse(Leg(sock, Side.CLIENT, setting.clock), answer(400, str(error), CLOSE))
        return
    if incoming is None:
        return
    if not is_admitted(incoming, setting):
        await refuse(
            Leg(sock, Side.CLIENT, setting.clock), answer(407, NO_CREDENTIALS, WHICH_CREDENTIALS, CLOSE)
        )
    elif incoming.head.method == "CONNECT":
        await serve_connect(sock, incoming, setting)
    else:
        await converse(sock, incoming, setting)


async def first_request(sock: socket.socket, setting: Setting) -> Incoming | None:
    """The first request; where it is a CONNECT without credentials, it may be tried again on the same connection."""
    incoming = await receive_request(sock)
    while incoming is not None and incoming.head.method == "CONNECT" and not is_admitted(incoming, setting):
        reply = answer(407, NO_CREDENTIALS, WHICH_CREDENTIALS)
        await asyncio.get_running_loop().sock_sendall(sock, reply)
        incoming = await receive_request(sock, incoming.rest)
    return incoming


def is_admitted(incoming: Incoming, setting: Setting) -> bool:
    """The prefix of a base URL is a credential by itself."""
    return incoming.head.target.startswith("/") or setting.admits(incoming.head.headers)
