"""HTTP/1 messages out of bytes: framing, leniency and bounds, independent of how the bytes were split."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_splits import at_random, mutated, splits
from sserec.proxy.http1 import (
    MAX_CHUNK_LINE_BYTES,
    MAX_HEAD_BYTES,
    End,
    Event,
    MessageReader,
    RequestHead,
    RequestReader,
    ResponseHead,
    ResponseReader,
    Upgrade,
)
from sserec.proxy.reader import Fault

CHUNKED = (("Transfer-Encoding", "chunked"),)


def response(*fields: tuple[str, str], status: int = 200, reason: str = "OK") -> ResponseHead:
    return ResponseHead(status, reason, "HTTP/1.1", fields)


def request(method: str, target: str, *fields: tuple[str, str]) -> RequestHead:
    return RequestHead(method, target, "HTTP/1.1", fields, 0, 0)


def normalized(events: Iterable[Event]) -> list[Event]:
    """Body pieces joined and positions left out: what may not depend on the splits."""
    result: list[Event] = []
    for event in events:
        if isinstance(event, bytes) and result and isinstance(result[-1], bytes):
            result[-1] += event
        elif isinstance(event, RequestHead):
            result.append(replace(event, start=0, end=0))
        else:
            result.append(Upgrade(0) if isinstance(event, Upgrade) else event)
    return result


def read(reader: MessageReader, pieces: Iterable[bytes]) -> list[Event]:
    return normalized([event for piece in pieces for event in reader.feed(piece)])


def answering(*methods: str) -> ResponseReader:
    reader = ResponseReader()
    for method in methods:
        reader.expect(method)
    return reader


RESPONSES: dict[str, tuple[Sequence[str], bytes, list[Event]]] = {
    "chunked": (
        ["GET"],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n",
        [response(*CHUNKED), b"abcdefg", End()],
    ),
    "chunk extensions, upper case and leading zeros": (
        ["GET"],
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n00A;x="y;z"\r\n0123456789\r\n0;last\r\n\r\n',
        [response(*CHUNKED), b"0123456789", End()],
    ),
    "trailers": (
        ["POST"],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\ngrpc-status: 0\r\nX: y\r\n\r\n",
        [response(*CHUNKED), b"a", End((("grpc-status", "0"), ("X", "y")))],
    ),
    "content-length, then another response": (
        ["GET", "GET"],
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 204 No Content\r\n\r\n",
        [response(("Content-Length", "2")), b"ok", End(), response(status=204, reason="No Content"), End()],
    ),
    "an empty body": (
        ["GET"],
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        [response(("Content-Length", "0")), End()],
    ),
    "HEAD has no body whatever its head says": (
        ["HEAD", "GET"],
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
        [response(("Content-Length", "9")), End(), response(("Content-Length", "1")), b"x", End()],
    ),
    "304 has none either": (
        ["GET"],
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
        [response(("Content-Length", "9"), status=304, reason="Not Modified"), End()],
    ),
    "interim responses come before the one that counts": (
        ["HEAD"],
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        [
            response(status=100, reason="Continue"),
            response(("Link", "</a>"), status=103, reason="Early Hints"),
            response(),
            End(),
        ],
    ),
    "a body until the end of the connection": (
        ["GET"],
        b"HTTP/1.0 200 OK\r\n\r\ndata: 1\n\n",
        [ResponseHead(200, "OK", "HTTP/1.0", ()), b"data: 1\n\n"],
    ),
    "a coding that is not chunked is delimited by the end": (
        ["GET"],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc",
        [response(("Transfer-Encoding", "gzip")), b"abc"],
    ),
    "chunked wins over content-length": (
        ["GET"],
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
        [response(("Content-Length", "5"), *CHUNKED), b"a", End()],
    ),
    "bare line feeds, as some servers send them": (
        ["GET"],
        b"HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n3\nabc\n0\n\n",
        [response(*CHUNKED), b"abc", End()],
    ),
    "no reason phrase, odd spacing, a folded line, latin-1": (
        ["GET"],
        b"HTTP/1.1 200\r\nX-A :  1 \r\nX-B: a\r\n\tb\r\nX-C: caf\xe9\r\nContent-Length:0\r\n\r\n",
        [
            response(("X-A", "1"), ("X-B", "a b"), ("X-C", "caf\xe9"), ("Content-Length", "0"), reason=""),
            End(),
        ],
    ),
    "an upgrade ends what can be read": (
        ["GET"],
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x05hello",
        [response(("Upgrade", "websocket"), status=101, reason="Switching Protocols"), Upgrade(0)],
    ),
    "so does a tunnel": (
        ["CONNECT"],
        b"HTTP/1.1 200 OK\r\n\r\n\x16\x03\x01",
        [response(), Upgrade(0)],
    ),
    "a chunk size that is none": (
        ["GET"],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\nzz\r\n",
        [response(*CHUNKED), b"a", Fault("a chunk cannot be b'zz' bytes long")],
    ),
    "a chunk longer than it said": (
        ["GET"],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
        [response(*CHUNKED), b"a", Fault("a chunk goes on after its size")],
    ),
    "lengths that contradict each other": (
        ["GET"],
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        [
            response(("Content-Length", "1"), ("Content-Length", "2")),
            Fault("a body cannot be '1, 2' bytes long"),
        ],
    ),
    "no HTTP at all": (["GET"], b"ICY 200 OK\r\n\r\n", [Fault("not a status line: 'ICY 200 OK'")]),
    "a line that is no field": (
        ["GET"],
        b"HTTP/1.1 200 OK\r\nsecret without colon\r\n\r\n",
        [Fault("a header line without a colon, 20 bytes long")],
    ),
}


@pytest.mark.parametrize("case", RESPONSES)
def test_responses_read_the_same_however_they_are_split(case: str) -> None:
    methods, data, expected = RESPONSES[case]
    for pieces in splits(data):
        assert read(answering(*methods), pieces) == expected


REQUESTS: dict[str, tuple[bytes, list[Event]]] = {
    "a body of known length, then a request without one": (
        b"POST /v1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n{ }GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        [
            request("POST", "/v1", ("Host", "a"), ("Content-Length", "3")),
            b"{ }",
            End(),
            request("GET", "/", ("Host", "a")),
            End(),
        ],
    ),
    "a chunked body": (
        b"POST /v1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        [request("POST", "/v1", *CHUNKED), b"{}", End()],
    ),
    "empty lines between requests (RFC 9112, section 2.2)": (
        b"\r\n\r\nGET /a HTTP/1.1\r\n\r\n\r\nGET /b HTTP/1.1\r\n\r\n",
        [request("GET", "/a"), End(), request("GET", "/b"), End()],
    ),
    "an absolute target": (
        b"GET http://h:1/p?q#f HTTP/1.1\r\n\r\n",
        [request("GET", "http://h:1/p?q#f"), End()],
    ),
    "something else": (b"SSH-2.0-OpenSSH_9.2\r\n", []),
    "HTTP/2 where HTTP/1 was expected": (
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        [Fault("not a request line: 'PRI * HTTP/2'")],
    ),
}


@pytest.mark.parametrize("case", REQUESTS)
def test_requests_read_the_same_however_they_are_split(case: str) -> None:
    data, expected = REQUESTS[case]
    for pieces in splits(data):
        assert read(RequestReader(), pieces) == expected


def test_a_request_head_says_where_it_stands_in_the_stream() -> None:
    first, second = b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"
    stream = first + b"ab\r\n" + second
    for pieces in splits(stream):
        reader = RequestReader()
        heads = [event for piece in pieces for event in reader.feed(piece) if isinstance(event, RequestHead)]
        assert [stream[head.start : head.end] for head in heads] == [first, second]


@pytest.mark.parametrize(
    ("data", "ends"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\nabc", [End()]),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", []),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", []),
        (b"HTTP/1.1 200 OK\r\n", []),
        (b"", []),
    ],
)
def test_only_a_body_that_nothing_else_delimits_ends_with_the_connection(
    data: bytes, ends: list[Event]
) -> None:
    reader = answering("GET")
    reader.feed(data)
    assert reader.end() == ends
    assert reader.end() == []


def test_body_pieces_are_cut_at_chunk_borders() -> None:
    reader = answering("GET")
    reader.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    assert reader.feed(b"1\r\na\r\n1\r\nb\r\n") == [b"a", b"b"]


@pytest.mark.parametrize(
    "endless",
    [
        b"HTTP/1.1 200 " + b"x" * (MAX_HEAD_BYTES + 1),
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * (MAX_HEAD_BYTES // 4),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"x" * (MAX_CHUNK_LINE_BYTES + 1),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"a: b\r\n" * (MAX_HEAD_BYTES // 4),
    ],
    ids=["status line", "head", "chunk extension", "trailers"],
)
def test_what_never_ends_is_a_fault_and_not_a_full_memory(endless: bytes) -> None:
    reader = answering("GET")
    pieces = [endless[at : at + 1000] for at in range(0, len(endless), 1000)]
    events = [event for piece in pieces for event in reader.feed(piece)]
    assert isinstance(events[-1], Fault)
    assert reader.unread_size_bytes == 0
    assert reader.feed(b"HTTP/1.1 200 OK\r\n\r\n") == []


@st.composite
def chunked_responses(draw: st.DrawFn) -> tuple[bytes, bytes]:
    pieces = draw(st.lists(st.binary(min_size=1, max_size=40), max_size=6))
    wire = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return b"HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n" + wire + b"0\r\n\r\n", b"".join(pieces)


@given(chunked_responses(), st.randoms(use_true_random=False))
def test_any_chunked_body_comes_out_as_it_went_in(
    message: tuple[bytes, bytes], chance: random.Random
) -> None:
    wire, body = message
    events = read(answering("GET"), at_random(wire, chance))
    assert [event for event in events if isinstance(event, bytes)] == [body] * bool(body)
    assert events[-1] == End()


@given(st.sampled_from(sorted(RESPONSES)), st.randoms(use_true_random=False))
def test_mutated_responses_never_raise_and_read_the_same_however_split(
    case: str, chance: random.Random
) -> None:
    methods, data, _ = RESPONSES[case]
    data = mutated(data, chance)
    whole = read(answering(*methods), [data])
    assert read(answering(*methods), at_random(data, chance)) == whole
    assert read(answering(*methods), [data[at : at + 1] for at in range(len(data))]) == whole


@given(st.sampled_from(sorted(REQUESTS)), st.randoms(use_true_random=False))
def test_mutated_requests_never_raise_and_read_the_same_however_split(
    case: str, chance: random.Random
) -> None:
    data = mutated(REQUESTS[case][0], chance)
    whole = read(RequestReader(), [data])
    assert read(RequestReader(), at_random(data, chance)) == whole
    assert read(RequestReader(), [data[at : at + 1] for at in range(len(data))]) == whole
