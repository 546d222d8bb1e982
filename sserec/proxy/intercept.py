"""CONNECT: a tunnel to a host, looked into where that can be done.

The upstream is dialled first and shaken hands with first, so that the client is offered exactly the protocol that
upstream chose, and learns of a failure instead of a connection that cannot work.
"""

import asyncio
import socket
from dataclasses import dataclass

from sserec.proxy.attention import Attention
from sserec.proxy.client_hello import ClientHello, looks_like_tls, read_client_hello
from sserec.proxy.facts import Side
from sserec.proxy.http1 import RequestHead
from sserec.proxy.incoming import READ_BYTES, Incoming
from sserec.proxy.kernel import close_with_reset
from sserec.proxy.leg import Leg, describe
from sserec.proxy.observer import BlindObserver, Departure, Observer, Origin
from sserec.proxy.presence import while_present
from sserec.proxy.refusal import CLOSE, answer, refuse, refuse_request
from sserec.proxy.routing import NoRoute, Route, connect_route
from sserec.proxy.setting import Setting
from sserec.proxy.tls import Road, Tls, handshake
from sserec.proxy.tunnel import Tunnel
from sserec.proxy.upstream import (
    PASSTHROUGH,
    Upstream,
    UpstreamError,
    http2_observer,
    reach,
    record_failure,
    secure,
    watch,
    where,
)
from sserec.records import Manner, Request

ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
HTTP_PROTOCOLS = ("h2", "http/1.1")
HTTP2_BEGINNING = b"PRI * HTTP/2"


async def serve_connect(sock: socket.socket, incoming: Incoming, setting: Setting) -> None:
    """Serves a client whose first request is CONNECT until its end."""
    client = Leg(sock, Side.CLIENT, setting.clock)
    try:
        route = connect_route(incoming.head.target)
        upstream = await while_present(sock, reach(route, setting), where(route))
    except NoRoute as error:
        await refuse(client, answer(400, str(error), CLOSE))
    except UpstreamError as error:
        setting.log(error.told)
        head = incoming.head
        record_failure(
            setting,
            route.host,
            Request(head.method, head.target, head.http_version, head.headers),
            str(error),
        )
        await refuse(client, answer(502, error.told, CLOSE))
    else:
        await Interception(sock, route, upstream, setting).run(incoming.rest)


async def serve_diverted(sock: socket.socket, route: Route, setting: Setting) -> None:
    """Serves a client that believes to be connected to the server of ``route`` already, until its end."""
    try:
        upstream = await reach(route, setting)
    except UpstreamError as error:
        setting.log(error.told)
        record_failure(setting, route.host, Request("CONNECT", where(route), ""), str(error))
        close_with_reset(sock)
    else:
        await Interception(sock, route, upstream, setting).take()


@dataclass(frozen=True, slots=True)
class Interception:
    """One tunnel, from its establishment on."""

    sock: socket.socket
    route: Route
    upstream: Upstream
    setting: Setting

    async def run(self, early: bytes) -> None:
        """Tells the client that it is connected, and goes on from what it has said already."""
        try:
            await asyncio.get_running_loop().sock_sendall(self.sock, ESTABLISHED)
            await self._begin(early)
        finally:
            self.upstream.close()

    async def take(self) -> None:
        """The same for a client that knows of no proxy."""
        try:
            await self._begin(b"")
        finally:
            self.upstream.close()

    async def _begin(self, early: bytes) -> None:
        await self._tunnel(early or await first_bytes(self.sock, self.upstream.dialled.road))

    async def _tunnel(self, early: bytes) -> None:
        attention = self.setting.attention(self.route.host)
        if attention is Attention.IGNORE:
            await self._run_tunnel(early, self.upstream, None, BlindObserver())
        elif attention is Attention.COUNT:
            await self._pass(early, PASSTHROUGH)
        elif looks_like_tls(early):
            await self._tunnel_tls(early)
        elif early.startswith(HTTP2_BEGINNING):
            await self._run_tunnel(
                early, self.upstream, None, http2_observer(self.setting, self._origin("http"))
            )
        elif early[:1].isalpha():
            await self._run_tunnel(early, self.upstream, None, self._watch("http", self.upstream))
        else:
            await self._pass(early, "neither TLS nor HTTP")

    async def _tunnel_tls(self, early: bytes) -> None:
        while (hello := read_client_hello(early)) is None:
            data = await asyncio.get_running_loop().sock_recv(self.sock, READ_BYTES)
            if not data:
                return
            early += data
        offer = tuple(protocol for protocol in hello.alpn if protocol in HTTP_PROTOCOLS)
        if hello.alpn and not offer:
            await self._pass(early, f"TLS for {', '.join(hello.alpn)}, which is not HTTP")
        else:
            await self._intercept(early, hello, offer)

    async def _intercept(self, early: bytes, hello: ClientHello, offer: tuple[str, ...]) -> None:
        name = hello.server_name or self.route.host
        try:
            shaking_hands = secure(self.upstream, self.route, name, offer, self.setting)
            upstream = await while_present(self.sock, shaking_hands, where(self.route))
        except UpstreamError as error:
            await self._refuse(early, name, error)
            return
        client_tls = await self._shake_hands(early, name, (upstream.alpn,) if upstream.alpn else ())
        if client_tls is None:
            return
        observer = self._watch("https", upstream)
        await self._run_tunnel(b"", upstream, client_tls, observer)
        if not observer.has_heard_client:
            self.setting.remarks.refuse(where(self.route))

    async def _shake_hands(self, early: bytes, name: str, alpn: tuple[str, ...]) -> Tls | None:
        """TLS with the client under a certificate of ours; None when it does not accept that."""
        context = self.setting.authority.server_context(name, alpn)
        try:
            return await handshake(self.sock, context, server_side=True, received=early)
        except OSError as error:
            reason = f"the client did not accept sserec's certificate: {describe(error)}"
            self.setting.log(f"{where(self.route)}: {reason}")
            self.setting.remarks.refuse(where(self.route))
            self._record_refusal(reason)
            return None

    def _record_refusal(self, reason: str) -> None:
        now_ns = self.setting.clock.now_ns()
        observer = Observer(self.setting.sink, self._origin("https"))
        observer.go_opaque(reason, now_ns)
        observer.end(Departure(Side.CLIENT, Manner.FAULT, now_ns))

    async def _refuse(self, early: bytes, name: str, why: UpstreamError) -> None:
        """The reason reaches the client as an HTTP response, once its request shows that it listens."""
        self.setting.log(why.told)
        client_tls = await self._shake_hands(early, name, ("http/1.1",))
        if client_tls is not None:
            client = Leg(self.sock, Side.CLIENT, self.setting.clock, client_tls)
            await refuse_request(
                client, answer(502, why.told, CLOSE), lambda head: self._record_failure(head, str(why))
            )

    def _record_failure(self, head: RequestHead, why: str) -> None:
        url = f"https://{self.route.authority}{head.target}"
        request = Request(head.method, url, head.http_version, head.headers)
        record_failure(self.setting, self.route.host, request, why)

    async def _pass(self, early: bytes, reason: str) -> None:
        """Tunnels without looking."""
        observer = Observer(self.setting.sink, self._origin("tcp"))
        observer.go_opaque(reason, self.setting.clock.now_ns())
        await self._run_tunnel(early, self.upstream, None, observer)

    async def _run_tunnel(
        self, early: bytes, upstream: Upstream, client_tls: Tls | None, observer: Observer
    ) -> None:
        client = Leg(self.sock, Side.CLIENT, self.setting.clock, client_tls)
        tunnel = Tunnel(client, upstream.leg(self.setting), observer, self.setting.clock, self.setting.log)
        await tunnel.run(early)

    def _watch(self, scheme: str, upstream: Upstream) -> Observer:
        return watch(self.setting, scheme, self.route.authority, upstream)

    def _origin(self, scheme: str) -> Origin:
        return Origin(scheme, self.route.authority, self.upstream.connection)


async def first_bytes(client: socket.socket, upstream: Road) -> bytes:
    """What the client says first; nothing where the server does, as mail and SSH servers do."""
    if upstream.has_unread:
        return b""
    loop = asyncio.get_running_loop()
    spoken: asyncio.Future[None] = loop.create_future()

    def someone_spoke() -> None:
        if not spoken.done():
            spoken.set_result(None)

    both = client.fileno(), upstream.sock.fileno()
    for fd in both:
        loop.add_reader(fd, someone_spoke)
    try:
        await spoken
    finally:
        for fd in both:
            loop.remove_reader(fd)
    try:
        return client.recv(READ_BYTES)
    except BlockingIOError:
        return b""
