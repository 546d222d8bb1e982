"""Exchanges out of an HTTP/1 connection: requests paired with responses in their order (RFC 9112, section 9.3.2)."""

from collections import deque
from collections.abc import Iterable

from sserec.errors import ProtocolError
from sserec.proxy.facts import Arrival, Side, Sink
from sserec.proxy.http1 import End, RequestHead, RequestReader, ResponseHead, ResponseReader, Upgrade
from sserec.proxy.observer import MAX_OPEN_EXCHANGES, Departure, Observer, Origin, Watched, full_url
from sserec.proxy.reader import Fault
from sserec.records import Manner, Request, Response


class Http1Observer(Observer):
    """Watches the plaintext of one HTTP/1 connection."""

    def __init__(self, sink: Sink, origin: Origin) -> None:
        super().__init__(sink, origin)
        self._requests = RequestReader()
        self._responses = ResponseReader()
        self._unanswered: deque[Watched] = deque()
        """Exchanges whose response has not ended, in the order of their requests."""
        self._sending: Watched | None = None
        self._t_response_ns: int | None = None

    @property
    def has_heard_client(self) -> bool:
        return self._requests.has_begun

    def _observe_requests(self, data: bytes, arrival: Arrival) -> None:
        for event in self._requests.feed(data):
            if isinstance(event, RequestHead):
                self._sending = self._open(event, arrival)
            elif isinstance(event, bytes) and self._sending is not None:
                self._sending.request_body(event, arrival)
            elif isinstance(event, End) and self._sending is not None:
                self._sending.sink.request_sent(arrival.t_ns)
            elif isinstance(event, Fault):
                raise ProtocolError(event.reason)

    def _open(self, head: RequestHead, arrival: Arrival) -> Watched:
        if len(self._unanswered) >= MAX_OPEN_EXCHANGES:
            raise ProtocolError(f"more than {MAX_OPEN_EXCHANGES:,} requests without an answer")
        host = next((value for name, value in head.headers if name.lower() == "host"), self.origin.authority)
        url = full_url(self.origin.scheme, host, head.target)
        request = Request(head.method, url, head.http_version, tuple(filter(is_for_the_server, head.headers)))
        exchange = Watched(
            self._sink.open_exchange(request, self.origin.connection, arrival.t_ns), arrival.t_ns
        )
        self._responses.expect(head.method)
        self._unanswered.append(exchange)
        return exchange

    def _observe(self, side: Side, data: bytes, arrival: Arrival) -> None:
        """What answers no request (a server's 408 on an idle connection) is nobody's exchange."""
        if side is Side.CLIENT:
            self._observe_requests(data, arrival)
            return
        for event in self._responses.feed(data):
            if isinstance(event, Fault):
                raise ProtocolError(event.reason)
            if not self._unanswered:
                continue
            if isinstance(event, bytes):
                self._unanswered[0].chunk(event, arrival)
            elif isinstance(event, ResponseHead):
                self._answer(self._unanswered[0], event, arrival)
            elif isinstance(event, End):
                self._unanswered.popleft().complete(arrival.t_ns, trailers=event.trailers)
            elif isinstance(event, Upgrade):
                self._upgrade(self._unanswered.popleft(), event, arrival)

    def _answer(self, exchange: Watched, head: ResponseHead, arrival: Arrival) -> None:
        if not head.is_interim:
            self._t_response_ns = arrival.t_ns
            response = Response(head.status, head.reason, head.http_version, head.headers)
            exchange.sink.response(response, arrival.t_ns)

    def _upgrade(self, exchange: Watched, upgrade: Upgrade, arrival: Arrival) -> None:
        """WebSocket and the like: the exchange lives on as sizes and times."""
        exchange.opaque = True
        self._opaque = exchange
        if upgrade.rest_size_bytes:
            exchange.count(Side.UPSTREAM, upgrade.rest_size_bytes, arrival)

    def _upstream_ended(self, departure: Departure) -> None:
        """A body that only the connection's end delimits is whole when that came in order (RFC 9112, section 9.8)...

        ...and when the client was still there: a server also closes in answer to a client that hangs up. One that
        closed its sending half before the response began did not hang up, it had said all it wanted.
        """
        if (
            departure.manner is Manner.CLOSE
            and not self._hung_up()
            and self._responses.end()
            and self._unanswered
        ):
            self._unanswered.popleft().complete(departure.t_ns, Manner.CLOSE)

    def _hung_up(self) -> bool:
        """The client left first, and after the response had begun."""
        first = self._departure
        began = self._t_response_ns
        return first is not None and first.side is Side.CLIENT and began is not None and first.t_ns > began

    def _take_open(self) -> Iterable[Watched]:
        unanswered, self._unanswered = self._unanswered, deque()
        return (*unanswered, *super()._take_open())


def is_for_the_server(field: tuple[str, str]) -> bool:
    """What a proxy on the way is told is no part of the exchange."""
    return field[0].lower() != "proxy-authorization"
