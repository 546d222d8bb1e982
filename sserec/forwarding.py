"""What was not recorded, asked of the real server: only where somebody wants that.

Knows httpx and the stages of the replay; the answer passes as it comes. With a :class:`RecordingTransport` it is
recorded on its way, and :func:`merge` makes one recording of the old exchanges and the new.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx

from sserec.archive import ArchiveReader, ArchiveWriter, ExchangeRecord, finalise
from sserec.httpx.library import fields_of
from sserec.records import Connection, Headers, Response
from sserec.replay.asked import Question
from sserec.replay.fields import FRAMING_FIELDS
from sserec.replay.performance import Stage
from sserec.replay.repertoire import Miss
from sserec.replay.score import Finale, Head

OF_ONE_CONNECTION = FRAMING_FIELDS | {"host", "expect", "te", "proxy-authorization", "proxy-connection"}
PLAIN_TEXT = (("content-type", "text/plain; charset=utf-8"),)


class Forwarder:
    """A fallback of the replay server.

    ``server``: the URL of the server that a client means that was led here by a base URL; by default that of the
    nearest recorded request. A client that names its server itself gets that. ``tell`` is told of each request that
    leaves.
    """

    def __init__(
        self,
        transport: httpx.AsyncBaseTransport,
        server: str | None = None,
        tell: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._transport = transport
        self._server = server
        self._tell = tell

    async def __call__(self, question: Question, miss: Miss, stage: Stage) -> None:
        """Asks the real server, and plays what it answers while it comes."""
        url = self._url(question, miss)
        if url is None:
            play_failure(stage, "it is not known which server this request is for")
            return
        headers = [field for field in question.headers if field[0].lower() not in OF_ONE_CONNECTION]
        try:
            request = httpx.Request(question.method, url, headers=headers, content=question.body)
        except httpx.InvalidURL as error:
            play_failure(stage, f"{url} is no URL: {error}")
            return
        self._tell(f"{question.asked.name} was not recorded and goes to {request.url.netloc.decode()}")
        try:
            response = await self._transport.handle_async_request(request)
        except httpx.HTTPError as error:
            play_failure(stage, f"{url} cannot be reached: {error}")
            return
        await play(response, stage)

    async def aclose(self) -> None:
        """Closes the transport."""
        await self._transport.aclose()

    def _url(self, question: Question, miss: Miss) -> str | None:
        if "://" in question.target.partition("?")[0]:
            return question.target
        named = question.authority and f"https://{question.authority}"
        server = named or self._server or nearest_server(miss)
        return server and server.rstrip("/") + question.target


def nearest_server(miss: Miss) -> str | None:
    """The server that was asked for what is nearest."""
    nearest = miss.nearest.asked() if miss.nearest and miss.nearest.asked else None
    return f"{nearest.scheme}://{nearest.authority}" if nearest and nearest.authority else None


async def play(response: Any, stage: Stage) -> None:
    """Passes a response on as it comes, and its end as it is."""
    try:
        stage.play([Head(head_of(response))])
        async for data in response.stream:
            stage.play([data])
            await stage.ready()
        stage.play([Finale.END])
    except httpx.ReadError:
        stage.play([Finale.RESET])
    except httpx.HTTPError:
        stage.play([Finale.CUT])
    finally:
        await response.aclose()


def head_of(response: Any) -> Response:
    reason = response.extensions.get("reason_phrase", b"").decode("latin-1")
    kept: Headers = tuple(
        field for field in fields_of(response.headers) if field[0].lower() not in FRAMING_FIELDS
    )
    return Response(response.status_code, reason, "HTTP/1.1", kept)


def play_failure(stage: Stage, why: str) -> None:
    body = f"sserec: {why}\n".encode()
    stage.play([Head(Response(502, "Bad Gateway", "HTTP/1.1", PLAIN_TEXT), len(body)), body, Finale.END])


def merge(files: Sequence[Path], out: Path) -> None:
    """One recording of the exchanges of several, file after file, each as long after the one before as it began.

    Times within a file stay; connections that nobody looked into are left out. Raises ArchiveError, RecordingError.
    """
    with ArchiveReader.open(files[0]) as first:
        meta = first.meta
    shift_ns = shift_id = 0
    with ArchiveWriter(out, meta=meta) as writer:
        for file in files:
            with ArchiveReader.open(file) as reader:
                records = [record for record in reader.exchanges if record.request is not None]
                for record in records:
                    copy(reader, record, writer, shift_ns, shift_id)
                ids = [record.connection.id for record in records if record.connection]
                ends = [record.close.t_ns for record in records if record.close]
                shift_ns, shift_id = shift_ns + max(ends, default=0), shift_id + max(ids, default=0)
    finalise(out)


def copy(
    reader: ArchiveReader, record: ExchangeRecord, writer: ArchiveWriter, shift_ns: int, shift_id: int
) -> None:
    assert record.request is not None
    number = writer.open_exchange(record.request, (record.t_open_ns or 0) + shift_ns, record.unknown)
    if record.connection is not None:
        writer.connection(number, shifted(record.connection, shift_ns, shift_id))
    writer.request_body(number, record.request_body())
    if record.t_sent_ns is not None:
        writer.request_sent(number, record.t_sent_ns + shift_ns)
    if record.response is not None:
        writer.response(number, record.response, (record.t_response_ns or 0) + shift_ns)
    for chunk in reader.chunks(record.number):
        writer.chunk(number, chunk.data, chunk.t_ns + shift_ns, coded_size_bytes=chunk.coded_size_bytes)
    if record.close is not None:
        writer.close_exchange(number, replace(record.close, t_ns=record.close.t_ns + shift_ns))


def shifted(connection: Connection, shift_ns: int, shift_id: int) -> Connection:
    def later(t_ns: int | None) -> int | None:
        return None if t_ns is None else t_ns + shift_ns

    return replace(
        connection,
        id=connection.id + shift_id,
        t_resolved_ns=later(connection.t_resolved_ns),
        t_connected_ns=later(connection.t_connected_ns),
        t_tls_ns=later(connection.t_tls_ns),
    )
