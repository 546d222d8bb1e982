"""Clients that do not tunnel: proxy requests for ``http://`` URLs, and requests to a base URL of ours.

Each upstream has a tunnel of its own, one after the other on one client connection: when a request is for another
upstream, it waits until everything before it has been answered.
"""

import socket
from collections.abc import Callable, Sequence

from sserec.errors import ProtocolError
from sserec.proxy.attention import Attention
from sserec.proxy.clock import Clock
from sserec.proxy.conversation import Conversation
from sserec.proxy.facts import Arrival, Side
from sserec.proxy.http1 import RequestHead
from sserec.proxy.incoming import Incoming, parse_request
from sserec.proxy.leg import Leg
from sserec.proxy.observer import BlindObserver, Observer
from sserec.proxy.refusal import CLOSE, answer, refuse
from sserec.proxy.routing import Forwarded, NoRoute, Route, forward
from sserec.proxy.setting import Setting
from sserec.proxy.tunnel import Tunnel
from sserec.proxy.upstream import (
    PASSTHROUGH,
    Upstream,
    UpstreamError,
    reach,
    record_failure,
    secure,
    watch,
)
from sserec.records import Manner, Request

HTTP1 = ("http/1.1",)
"""The client speaks HTTP/1.1 to us, so that is all the upstream is offered."""


async def converse(sock: socket.socket, incoming: Incoming, setting: Setting) -> None:
    """Serves one client connection until its end."""
    client = Leg(sock, Side.CLIENT, setting.clock)
    waiting: Incoming | None = incoming
    try:
        while waiting is not None:
            waiting = await _serve(client, waiting, setting)
    finally:
        client.reset()


async def _serve(client: Leg, incoming: Incoming, setting: Setting) -> Incoming | None:
    """Serves requests up to the first one for another upstream, and returns that."""
    try:
        forwarded = forward(incoming.head, incoming.raw, setting.reverse)
    except NoRoute as error:
        await refuse(client, answer(404, str(error), CLOSE))
        return None
    try:
        upstream = await _reach(forwarded.route, setting)
    except UpstreamError as error:
        setting.log(error.told)
        record_failure(setting, forwarded.route.host, as_sent(incoming.head, forwarded), str(error))
        await refuse(client, answer(502, error.told, CLOSE))
        return None
    return await _tunnel(client, upstream, forwarded.route, incoming, setting)


async def _reach(route: Route, setting: Setting) -> Upstream:
    upstream = await reach(route, setting)
    return await secure(upstream, route, route.host, HTTP1, setting) if route.scheme == "https" else upstream


async def _tunnel(
    client: Leg, upstream: Upstream, route: Route, incoming: Incoming, setting: Setting
) -> Incoming | None:
    proxy = setting.outward.towards(route) if route.scheme == "http" else None

    def rewrite(head: RequestHead, raw: bytes) -> Forwarded:
        forwarded = forward(head, raw, setting.reverse)
        return proxy.addressed(forwarded) if proxy else forwarded

    tunnel = PlainTunnel(
        client,
        upstream.leg(setting),
        attentive(route, upstream, setting),
        setting.clock,
        setting.log,
        Conversation(route, rewrite),
    )
    await tunnel.run(incoming.raw + incoming.rest)
    return tunnel.next_request()


def attentive(route: Route, upstream: Upstream, setting: Setting) -> Observer:
    """The observer that gives the route's host the attention that was asked for."""
    attention = setting.attention(route.host)
    if attention is Attention.IGNORE:
        return BlindObserver()
    observer = watch(setting, route.scheme, route.authority, upstream)
    if attention is Attention.COUNT:
        observer = Observer(setting.sink, observer.origin)
        observer.go_opaque(PASSTHROUGH, setting.clock.now_ns())
    return observer


def as_sent(head: RequestHead, forwarded: Forwarded) -> Request:
    """The request for the record, had it been sent."""
    route = forwarded.route
    target = forwarded.head.split(maxsplit=2)[1].decode("latin-1")
    return Request(
        head.method, f"{route.scheme}://{route.authority}{target}", head.http_version, head.headers
    )


class PlainTunnel(Tunnel):
    """A tunnel whose client side goes through a conversation, and whose client may go on to another upstream."""

    def __init__(
        self,
        client: Leg,
        upstream: Leg,
        observer: Observer,
        clock: Clock,
        log: Callable[[str], None],
        conversation: Conversation,
    ) -> None:
        super().__init__(client, upstream, observer, clock, log)
        self._conversation = conversation
        self._handed_over = False

    def next_request(self) -> Incoming | None:
        """The request that the client is to go on with elsewhere, once ``run`` has returned."""
        return parse_request(self._conversation.held) if self._handed_over else None

    def received(self, leg: Leg, pieces: Sequence[bytes], arrival: Arrival) -> None:
        if leg is self._client:
            self._forward_requests(b"".join(pieces), arrival)
        else:
            super().received(leg, pieces, arrival)
            for piece in pieces:
                self._conversation.from_upstream(piece)
        if self._conversation.held:
            self._hand_over_when_idle()

    def _forward_requests(self, data: bytes, arrival: Arrival) -> None:
        try:
            data = self._conversation.from_client(data)
        except ProtocolError as error:
            self._refuse(str(error))
            return
        if data:
            super().received(self._client, (data,), arrival)

    def _refuse(self, why: str) -> None:
        """What cannot be followed cannot be rewritten: that is said, unless a response is on its way."""
        if self._conversation.is_idle:
            self._client.send((answer(400, why, CLOSE),))
        self._client.finish(Manner.CLOSE)
        self._upstream.finish(Manner.CLOSE)

    def _hand_over_when_idle(self) -> None:
        self._client.pause()
        if self._conversation.is_idle and not self._done.done():
            self._handed_over = True
            self._done.set_result(None)

    def _leave(self) -> None:
        if not self._handed_over:
            super()._leave()
            return
        self._depart(self._client, Manner.CLOSE, None)
        self._upstream.close()
