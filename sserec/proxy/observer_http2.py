"""Exchanges out of an HTTP/2 connection: one for each stream that the client opens (RFC 9113, section 8.1)."""

from collections.abc import Iterable

from sserec.errors import ProtocolError
from sserec.proxy.facts import Arrival, Side, Sink
from sserec.proxy.http2 import Data, Event, FrameReader, GoAway, HeaderBlock, StreamReset, error_name
from sserec.proxy.observer import MAX_OPEN_EXCHANGES, Departure, Observer, Origin, Watched, full_url
from sserec.proxy.reader import Fault
from sserec.records import Headers, Manner, Request, Response


class Http2Observer(Observer):
    """Watches the plaintext of one HTTP/2 connection."""

    def __init__(self, sink: Sink, origin: Origin) -> None:
        super().__init__(sink, origin)
        self._requests = FrameReader(preface=True)
        self._responses = FrameReader(preface=False)
        self._streams: dict[int, Watched] = {}
        """Exchanges whose response has not ended."""
        self._answered: set[int] = set()
        self._last_opened = 0

    @property
    def has_heard_client(self) -> bool:
        return self._requests.has_begun

    def _observe(self, side: Side, data: bytes, arrival: Arrival) -> None:
        reader = self._responses if side is Side.UPSTREAM else self._requests
        for event in reader.feed(data):
            if isinstance(event, Fault):
                raise ProtocolError(event.reason)
            self._take(side, event, arrival)

    def _take(self, side: Side, event: Event, arrival: Arrival) -> None:
        match event:
            case Data(stream, data, end_stream) if stream in self._streams:
                if data:
                    self._data(side, stream, data, arrival)
                if end_stream:
                    self._half_ended(side, stream, (), arrival)
            case HeaderBlock(stream, headers, end_stream):
                self._headers(side, stream, headers, end_stream, arrival)
            case StreamReset(stream, code):
                self._reset(
                    Departure(side, Manner.RESET, arrival.t_ns, f"RST_STREAM {error_name(code)}"), stream
                )
            case GoAway(last_stream, code) if side is Side.UPSTREAM:
                departure = Departure(side, Manner.RESET, arrival.t_ns, f"GOAWAY {error_name(code)}")
                for stream in [stream for stream in self._streams if stream > last_stream]:
                    self._reset(departure, stream)

    def _data(self, side: Side, stream: int, data: bytes, arrival: Arrival) -> None:
        if side is Side.UPSTREAM:
            self._streams[stream].chunk(data, arrival)
        else:
            self._streams[stream].request_body(data, arrival)

    def _headers(self, side: Side, stream: int, headers: Headers, end_stream: bool, arrival: Arrival) -> None:
        trailers: Headers = ()
        if side is Side.CLIENT and stream > self._last_opened:
            self._open(stream, headers, arrival)
        elif side is Side.UPSTREAM and stream in self._streams:
            if stream in self._answered:
                trailers = headers
            else:
                self._answer(stream, headers, arrival)
        if end_stream and stream in self._streams:
            self._half_ended(side, stream, trailers, arrival)

    def _open(self, stream: int, headers: Headers, arrival: Arrival) -> None:
        """A client's streams only count upwards (RFC 9113, section 5.1.1): a lower number is a request's trailers."""
        if len(self._streams) >= MAX_OPEN_EXCHANGES:
            raise ProtocolError(f"more than {MAX_OPEN_EXCHANGES:,} streams at once")
        self._last_opened = stream
        pseudo, fields = split_pseudo(headers)
        url = full_url(
            pseudo.get(":scheme", self.origin.scheme),
            pseudo.get(":authority", self.origin.authority),
            pseudo.get(":path", ""),
        )
        request = Request(pseudo.get(":method", ""), url, "HTTP/2", fields)
        sink = self._sink.open_exchange(request, self.origin.connection, arrival.t_ns)
        self._streams[stream] = Watched(sink, arrival.t_ns, opaque=request.method == "CONNECT")

    def _answer(self, stream: int, headers: Headers, arrival: Arrival) -> None:
        pseudo, fields = split_pseudo(headers)
        status = pseudo.get(":status", "")
        if not (status.isascii() and status.isdigit()):
            raise ProtocolError("a response without a status")
        if int(status) >= 200:
            self._answered.add(stream)
            self._streams[stream].sink.response(Response(int(status), "", "HTTP/2", fields), arrival.t_ns)

    def _half_ended(self, side: Side, stream: int, trailers: Headers, arrival: Arrival) -> None:
        if side is Side.CLIENT:
            self._streams[stream].sink.request_sent(arrival.t_ns)
        else:
            self._answered.discard(stream)
            self._streams.pop(stream).complete(arrival.t_ns, trailers=trailers)

    def _reset(self, departure: Departure, stream: int) -> None:
        self._answered.discard(stream)
        if stream in self._streams:
            self._streams.pop(stream).cut(departure)

    def _take_open(self) -> Iterable[Watched]:
        streams, self._streams = self._streams, {}
        return (*streams.values(), *super()._take_open())


def split_pseudo(headers: Headers) -> tuple[dict[str, str], Headers]:
    """The pseudo header fields (RFC 9113, section 8.3), and the fields proper."""
    pseudo = {name: value for name, value in headers if name.startswith(":")}
    return pseudo, tuple(field for field in headers if not field[0].startswith(":"))
