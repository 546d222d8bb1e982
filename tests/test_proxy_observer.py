"""Observers turn the bytes of a connection into exchanges, and name truthfully how each of them ended."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_messages import (
    CHUNKED,
    GET,
    REQUEST,
    RESPONSE,
    Peer,
    data,
    frame,
    goaway,
    opening,
    reset,
    sessions,
)
from proxy_splits import at_random, mutated
from proxy_stage import Notebook, Noted
from sserec.proxy.facts import Arrival, Side
from sserec.proxy.observer import MAX_OPEN_EXCHANGES, Departure, Observer, Origin
from sserec.proxy.observer_http1 import Http1Observer
from sserec.proxy.observer_http2 import Http2Observer
from sserec.records import Close, Closer, Connection, Manner, Request, Response

CONNECTION = Connection(7, "192.0.2.1:443")
ORIGIN = Origin("https", "api.example", CONNECTION)


@dataclass
class Scene:
    """A connection under observation, whose clock ticks with everything that happens."""

    observer: Observer
    notebook: Notebook
    t_ns: int = 0
    pieces: list[int] = field(default_factory=list)

    def client(self, *reads: bytes) -> "Scene":
        return self._feed(Side.CLIENT, reads)

    def upstream(self, *reads: bytes) -> "Scene":
        return self._feed(Side.UPSTREAM, reads)

    def leaves(self, side: Side, manner: Manner, error: str | None = None) -> "Scene":
        self.t_ns += 1
        self.observer.end(Departure(side, manner, self.t_ns, error))
        return self

    def stop(self) -> "Scene":
        self.t_ns += 1
        self.observer.stop(self.t_ns)
        return self

    def _feed(self, side: Side, reads: Sequence[bytes]) -> "Scene":
        for read in reads:
            self.t_ns += 1
            self.observer.feed(side, [read], Arrival(self.t_ns))
        return self

    @property
    def exchange(self) -> Noted:
        (exchange,) = self.notebook.exchanges
        return exchange


def http1() -> Scene:
    notebook = Notebook()
    return Scene(Http1Observer(notebook, ORIGIN), notebook)


def http2() -> Scene:
    notebook = Notebook()
    return Scene(Http2Observer(notebook, ORIGIN), notebook)


def complete(t_ns: int) -> Close:
    return Close(t_ns, Closer.UPSTREAM, Manner.END, framing_complete=True)


def cut(t_ns: int, by: Closer, how: Manner, error: str | None = None) -> Close:
    return Close(t_ns, by, how, framing_complete=False, error=error)


def test_an_exchange_of_http1_with_all_its_facts() -> None:
    scene = http1()
    scene.client(b"POST /v1?alt=sse HTTP/1.1\r\nHost: api.example:8443\r\nContent-Length: 4\r\n\r\n{", b'"":')
    scene.client(b"").upstream(CHUNKED, b"3\r\na\n\n\r\n", b"3\r\nb\n\n\r\n0\r\nX: y\r\n\r\n")
    exchange = scene.exchange
    assert exchange.request == Request(
        "POST",
        "https://api.example:8443/v1?alt=sse",
        "HTTP/1.1",
        (("Host", "api.example:8443"), ("Content-Length", "4")),
    )
    assert exchange.connection is CONNECTION
    assert (exchange.t_open_ns, exchange.t_sent_ns, exchange.t_response_ns) == (1, 2, 4)
    assert exchange.request_data == b'{"":'
    assert exchange.answer == Response(200, "OK", "HTTP/1.1", (("Transfer-Encoding", "chunked"),))
    assert exchange.chunks == [(b"a\n\n", Arrival(5)), (b"b\n\n", Arrival(6))]
    assert exchange.end == Close(6, Closer.UPSTREAM, Manner.END, True, trailers=(("X", "y"),))


def test_pipelined_requests_are_answered_in_their_order() -> None:
    scene = http1()
    scene.client(GET + b"HEAD /h HTTP/1.1\r\n\r\n" + b"GET /2 HTTP/1.1\r\n\r\n")
    scene.upstream(
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
    )
    scene.upstream(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno")
    first, head, second = scene.notebook.exchanges
    assert [exchange.body for exchange in (first, head, second)] == [b"x", b"", b"no"]
    assert [exchange.answer and exchange.answer.status for exchange in (first, head, second)] == [
        200,
        200,
        404,
    ]
    assert all(exchange.end.framing_complete for exchange in (first, head, second))
    assert head.request is not None
    assert head.request.url == "https://api.example/h"


ENDS: dict[str, tuple[bytes, Side, Manner, Close]] = {
    "upstream closes in the middle": (
        CHUNKED + b"1\r\na\r\n",
        Side.UPSTREAM,
        Manner.CLOSE,
        cut(3, Closer.UPSTREAM, Manner.CLOSE),
    ),
    "upstream closes without close_notify": (
        CHUNKED + b"1\r\na\r\n",
        Side.UPSTREAM,
        Manner.RAGGED,
        cut(3, Closer.UPSTREAM, Manner.RAGGED),
    ),
    "upstream resets": (
        CHUNKED + b"1\r\na\r\n",
        Side.UPSTREAM,
        Manner.RESET,
        cut(3, Closer.UPSTREAM, Manner.RESET),
    ),
    "a short body": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
        Side.UPSTREAM,
        Manner.CLOSE,
        cut(3, Closer.UPSTREAM, Manner.CLOSE),
    ),
    "a body that the connection delimits": (
        b"HTTP/1.1 200 OK\r\n\r\nabc",
        Side.UPSTREAM,
        Manner.CLOSE,
        Close(3, Closer.UPSTREAM, Manner.CLOSE, framing_complete=True),
    ),
    "the same without close_notify may have been cut (RFC 9112, section 9.8)": (
        b"HTTP/1.1 200 OK\r\n\r\nabc",
        Side.UPSTREAM,
        Manner.RAGGED,
        cut(3, Closer.UPSTREAM, Manner.RAGGED),
    ),
    "the client resets": (
        CHUNKED + b"1\r\na\r\n",
        Side.CLIENT,
        Manner.RESET,
        cut(3, Closer.CLIENT, Manner.RESET),
    ),
}


@pytest.mark.parametrize("case", ENDS)
def test_each_way_to_end_has_its_name(case: str) -> None:
    response, side, manner, expected = ENDS[case]
    scene = http1().client(GET).upstream(response).leaves(side, manner).stop()
    assert scene.exchange.end == expected


def test_a_client_that_hangs_up_at_the_end_event_ended_it_although_upstream_closes_too() -> None:
    scene = http1().client(GET).upstream(CHUNKED + b"e\r\ndata: [DONE]\n\n\r\n")
    scene.leaves(Side.CLIENT, Manner.CLOSE).leaves(Side.UPSTREAM, Manner.CLOSE)
    assert scene.exchange.end == cut(3, Closer.CLIENT, Manner.CLOSE)


def test_a_client_that_hung_up_ended_it_also_where_upstream_never_noticed() -> None:
    scene = http1().client(GET).upstream(CHUNKED).leaves(Side.CLIENT, Manner.RAGGED).stop()
    assert scene.exchange.end == cut(3, Closer.CLIENT, Manner.RAGGED)


def test_the_end_of_a_hang_up_is_not_before_the_last_chunk() -> None:
    scene = (
        http1().client(GET).leaves(Side.CLIENT, Manner.CLOSE).upstream(CHUNKED + b"1\r\na\r\n", b"1\r\nb\r\n")
    )
    scene.leaves(Side.UPSTREAM, Manner.RESET)
    assert scene.exchange.end == cut(4, Closer.CLIENT, Manner.CLOSE)


def test_a_client_that_closed_only_its_sending_half_gets_a_complete_exchange() -> None:
    scene = http1().client(GET).leaves(Side.CLIENT, Manner.CLOSE).upstream(CHUNKED + b"1\r\na\r\n0\r\n\r\n")
    scene.leaves(Side.UPSTREAM, Manner.CLOSE)
    assert scene.exchange.end == complete(3)


def test_also_where_only_the_connection_delimits_the_body() -> None:
    scene = http1().client(GET).leaves(Side.CLIENT, Manner.CLOSE).upstream(b"HTTP/1.0 200 OK\r\n\r\nabc")
    scene.leaves(Side.UPSTREAM, Manner.CLOSE)
    assert scene.exchange.end == Close(4, Closer.UPSTREAM, Manner.CLOSE, framing_complete=True)


def test_but_not_where_it_left_in_the_middle_of_such_a_body() -> None:
    scene = http1().client(GET).upstream(b"HTTP/1.0 200 OK\r\n\r\nabc").leaves(Side.CLIENT, Manner.CLOSE)
    scene.leaves(Side.UPSTREAM, Manner.CLOSE)
    assert scene.exchange.end == cut(3, Closer.CLIENT, Manner.CLOSE)


def test_what_is_open_when_the_recorder_stops_was_stopped_by_it() -> None:
    scene = http1().client(GET + GET).upstream(CHUNKED).stop()
    assert [exchange.end for exchange in scene.notebook.exchanges] == [
        cut(3, Closer.RECORDER, Manner.STOP)
    ] * 2


def test_bytes_that_break_the_protocol_end_a_body_and_the_exchange_goes_on_as_sizes_and_times() -> None:
    scene = http1().client(GET).upstream(CHUNKED + b"1\r\na\r\nzz\r\n", b"more").client(b"12345")
    scene.leaves(Side.UPSTREAM, Manner.CLOSE)
    assert scene.exchange.body == b"a"
    assert scene.exchange.passed == [(Side.UPSTREAM, 4), (Side.CLIENT, 5)]
    assert scene.exchange.end == cut(4, Closer.UPSTREAM, Manner.FAULT, "a chunk cannot be b'zz' bytes long")
    assert scene.notebook.opaques == []


def test_a_body_of_no_possible_length_costs_the_body_and_not_its_head() -> None:
    scene = http1().client(GET).upstream(b"HTTP/1.1 200 OK\r\nContent-Length: 12x\r\n\r\n", b"body").stop()
    assert scene.exchange.answer is not None
    assert scene.exchange.answer.status == 200
    assert scene.exchange.passed == [(Side.UPSTREAM, 4)]
    assert scene.exchange.end == cut(3, Closer.UPSTREAM, Manner.FAULT, "a body cannot be '12x' bytes long")


def test_of_several_exchanges_on_a_broken_connection_none_gets_the_others_bytes() -> None:
    scene = (
        http1().client(GET + GET).upstream(CHUNKED + b"zz\r\n", b"more").leaves(Side.UPSTREAM, Manner.CLOSE)
    )
    assert {exchange.end.how for exchange in scene.notebook.exchanges} == {Manner.FAULT}
    (opaque,) = scene.notebook.opaques
    assert opaque.opaque == ("https://api.example", "a chunk cannot be b'zz' bytes long")
    assert opaque.passed == [(Side.UPSTREAM, 4)]
    assert opaque.end == Close(4, Closer.UPSTREAM, Manner.CLOSE, framing_complete=True)


def test_a_websocket_is_an_exchange_without_content() -> None:
    scene = http1().client(b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n")
    scene.upstream(b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n\x81\x01a").client(b"\x81\x81secret")
    scene.leaves(Side.CLIENT, Manner.CLOSE).leaves(Side.UPSTREAM, Manner.CLOSE)
    assert scene.exchange.passed == [(Side.UPSTREAM, 3), (Side.CLIENT, 8)]
    assert (scene.exchange.chunks, scene.exchange.request_data) == ([], b"")
    assert scene.exchange.end == Close(4, Closer.CLIENT, Manner.CLOSE, framing_complete=True)
    assert scene.notebook.opaques == []


def test_a_response_that_answers_nothing_is_nobody_s() -> None:
    scene = (
        http1()
        .upstream(b"HTTP/1.1 408 Timeout\r\nContent-Length: 1\r\n\r\nx")
        .leaves(Side.UPSTREAM, Manner.CLOSE)
    )
    assert (scene.notebook.exchanges, scene.notebook.opaques) == ([], [])


def test_requests_without_answers_are_bounded() -> None:
    scene = http1().client(GET * (MAX_OPEN_EXCHANGES + 1))
    assert len(scene.notebook.exchanges) == MAX_OPEN_EXCHANGES
    assert {exchange.end.how for exchange in scene.notebook.exchanges} == {Manner.FAULT}
    assert len(scene.notebook.opaques) == 1


def test_interleaved_streams_of_http2_with_all_their_facts() -> None:
    client, server = Peer(), Peer()
    scene = http2()
    scene.client(opening() + client.headers(1, REQUEST), data(1, b"{}", end=True))
    scene.client(client.headers(3, REQUEST, end=True))
    scene.upstream(server.headers(1, ((":status", "103"),)) + server.headers(1, RESPONSE) + data(1, b"a\n\n"))
    scene.upstream(server.headers(3, RESPONSE) + data(3, b"c\n\n") + data(1, b"b\n\n", end=True))
    scene.upstream(server.headers(3, (("grpc-status", "0"),), end=True))
    first, second = scene.notebook.exchanges
    assert first.request == Request(
        "POST", "https://api.example/v1/stream?alt=sse", "HTTP/2", (("content-type", "application/json"),)
    )
    assert (first.t_open_ns, first.t_sent_ns, first.t_response_ns, first.request_data) == (1, 2, 4, b"{}")
    assert first.answer == Response(200, "", "HTTP/2", (("content-type", "text/event-stream"),))
    assert first.chunks == [(b"a\n\n", Arrival(4)), (b"b\n\n", Arrival(5))]
    assert first.end == complete(5)
    assert second.chunks == [(b"c\n\n", Arrival(5))]
    assert second.end == Close(6, Closer.UPSTREAM, Manner.END, True, trailers=(("grpc-status", "0"),))


def streaming_http2() -> Scene:
    client, server = Peer(), Peer()
    scene = http2().client(
        opening() + client.headers(1, REQUEST, end=True) + client.headers(3, REQUEST, end=True)
    )
    return scene.upstream(server.headers(1, RESPONSE) + data(1, b"a\n\n"))


def test_a_client_that_cancels_a_stream_ends_that_one_only() -> None:
    scene = streaming_http2().client(reset(1, 8)).upstream(data(1, b"late")).stop()
    first, second = scene.notebook.exchanges
    assert first.end == cut(3, Closer.CLIENT, Manner.RESET, "RST_STREAM CANCEL")
    assert first.body == b"a\n\n"
    assert second.end == cut(5, Closer.RECORDER, Manner.STOP)


def test_a_stream_that_upstream_resets_says_with_which_error() -> None:
    scene = streaming_http2().upstream(reset(1, 2), reset(3, 7))
    ends = [exchange.end for exchange in scene.notebook.exchanges]
    assert ends == [
        cut(3, Closer.UPSTREAM, Manner.RESET, "RST_STREAM INTERNAL_ERROR"),
        cut(4, Closer.UPSTREAM, Manner.RESET, "RST_STREAM REFUSED_STREAM"),
    ]


def test_goaway_ends_the_streams_that_it_excludes() -> None:
    scene = streaming_http2().upstream(goaway(1, 11), data(1, b"", end=True))
    first, second = scene.notebook.exchanges
    assert first.end == complete(4)
    assert second.end == cut(3, Closer.UPSTREAM, Manner.RESET, "GOAWAY ENHANCE_YOUR_CALM")


def test_a_websocket_over_http2_is_a_stream_without_content() -> None:
    client, server = Peer(), Peer()
    connect = ((":method", "CONNECT"), (":protocol", "websocket"), *REQUEST[1:])
    scene = http2().client(opening() + client.headers(1, connect))
    scene.upstream(server.headers(1, ((":status", "200"),)) + data(1, b"secret")).client(data(1, b"more"))
    assert scene.exchange.passed == [(Side.UPSTREAM, 6), (Side.CLIENT, 4)]
    assert (scene.exchange.chunks, scene.exchange.request_data) == ([], b"")


def test_a_push_nobody_asked_for_is_no_exchange_and_confuses_none() -> None:
    client, server = Peer(), Peer()
    scene = http2().client(opening() + client.headers(1, REQUEST, end=True))
    scene.upstream(server.push(1, 2, REQUEST) + server.headers(2, RESPONSE) + data(2, b"pushed", end=True))
    scene.upstream(server.headers(1, RESPONSE) + data(1, b"asked", end=True))
    assert scene.exchange.body == b"asked"
    assert scene.exchange.end.framing_complete


def test_broken_http2_ends_every_stream_and_leaves_sizes_and_times() -> None:
    scene = streaming_http2().upstream(frame(9, 1, b"\x82", 4), b"whatever").stop()
    assert {exchange.end.how for exchange in scene.notebook.exchanges} == {Manner.FAULT}
    passed = [*scene.notebook.exchanges, *scene.notebook.opaques][-1].passed
    assert passed == [(Side.UPSTREAM, 8)]


def test_an_opaque_connection_is_sizes_and_times_from_the_start() -> None:
    notebook = Notebook()
    observer = Observer(notebook, ORIGIN)
    observer.go_opaque("in --passthrough", 1)
    Scene(observer, notebook, 1).client(b"secret").upstream(b"12").leaves(Side.UPSTREAM, Manner.RESET)
    (opaque,) = notebook.opaques
    assert opaque.passed == [(Side.CLIENT, 6), (Side.UPSTREAM, 2)]
    assert opaque.end == cut(4, Closer.UPSTREAM, Manner.RESET)


@given(
    st.sampled_from(["http1", "http2"]), st.sampled_from(sorted(Manner)), st.randoms(use_true_random=False)
)
def test_whatever_the_bytes_are_nothing_is_raised_and_everything_is_closed_once(
    protocol: str, manner: Manner, chance: random.Random
) -> None:
    scene = http1() if protocol == "http1" else http2()
    for side, stream in zip(Side, sessions()[protocol], strict=True):
        stream = mutated(stream, chance) if chance.random() < 0.8 else stream
        scene.observer.feed(side, at_random(stream, chance), Arrival(scene.t_ns))
    scene.leaves(chance.choice(list(Side)), manner).leaves(chance.choice(list(Side)), manner).stop().stop()
    for noted in (*scene.notebook.exchanges, *scene.notebook.opaques):
        assert len(noted.closes) == 1
