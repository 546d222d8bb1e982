"""The writer thread's end of an exchange: its number in the archive, its content coding, how far its body has come.

Knows the archive's writer, content codings, and which bodies secrets are looked for in; must not know queues, threads
or sockets. All that is done here and not in the data path, so that a costly body delays a recording, never a client.
"""

from dataclasses import replace
from typing import Protocol, TypeAlias

from sserec.archive import Direction
from sserec.proxy.coding import BodyDecoder
from sserec.proxy.facts import Arrival, Side
from sserec.proxy.withheld import Withheld
from sserec.records import Close, Connection, Request, Response
from sserec.redact import Policy

ChunkFacts: TypeAlias = tuple[Arrival, int | None]
"""When it came, and its size before content-decoding where there was a coding."""


class ExchangeWriter(Protocol):
    """What a recorder writes to: an archive, or many. The methods are those of ``ArchiveWriter``."""

    @property
    def lost_bytes(self) -> int: ...

    def open_exchange(self, request: Request, t_ns: int) -> int: ...

    def open_opaque(self, target: str, reason: str, t_ns: int) -> int: ...

    def connection(self, exchange: int, connection: Connection, /) -> None: ...

    def request_body(self, exchange: int, data: bytes, /) -> None: ...

    def request_sent(self, exchange: int, t_ns: int, /) -> None: ...

    def response(self, exchange: int, response: Response, t_ns: int, /) -> None: ...

    def chunk(
        self,
        exchange: int,
        data: bytes,
        t_ns: int,
        /,
        *,
        coded_size_bytes: int | None = None,
        t_kernel_ns: int | None = None,
    ) -> None: ...

    def traffic(self, exchange: int, direction: Direction, t_ns: int, size_bytes: int, /) -> None: ...

    def close_exchange(self, exchange: int, close: Close, /) -> None: ...

    def flush(self) -> None: ...


class Written:
    """One exchange, or one opaque connection. Every method may raise RecordingError, as the writer does."""

    def __init__(self, writer: ExchangeWriter, policy: Policy) -> None:
        self._writer = writer
        self._policy = policy
        self._number = 0
        self._url = ""
        self._has_request_body = False
        self._request: Withheld[None] | None = None
        self._response: Withheld[ChunkFacts] | None = None
        """Where secrets are looked for in a body: what is not written yet."""
        self._decoder = BodyDecoder(())
        self._size_bytes = 0
        self._undecoded_from: int | None = None

    def open(self, request: Request, connection: Connection | None, t_ns: int) -> None:
        self._url = request.url
        self._number = self._writer.open_exchange(request, t_ns)
        if connection is not None:
            self._writer.connection(self._number, connection)

    def open_opaque(self, target: str, reason: str, t_ns: int) -> None:
        self._number = self._writer.open_opaque(target, reason, t_ns)

    def request_body(self, data: bytes) -> None:
        if not self._has_request_body and self._policy.conceals_request(data):
            self._request = Withheld(self._policy.body, self._policy.body_part)
        self._has_request_body = True
        for piece, _ in [(data, None)] if self._request is None else self._request.add(data, None):
            self._writer.request_body(self._number, piece)

    def request_sent(self, t_ns: int) -> None:
        self._end_request()
        self._writer.request_sent(self._number, t_ns)

    def response(self, response: Response, t_ns: int) -> None:
        self._decoder = BodyDecoder(response.headers)
        self._note_fault()
        if self._policy.conceals_response(self._url, response):
            self._response = Withheld(self._policy.body, self._policy.body_part)
        self._writer.response(self._number, response, t_ns)

    def chunk(self, data: bytes, arrival: Arrival) -> None:
        content, coded_size_bytes = data, None
        if self._decoder.is_coded:
            content, coded_size_bytes = self._decoder.feed(data), len(data)
            self._note_fault()
        self._size_bytes += len(content)
        if self._response is None:
            self._write_chunk(content, (arrival, coded_size_bytes))
        else:
            self._write_chunks(self._response.add(content, (arrival, coded_size_bytes)))

    def traffic(self, side: Side, t_ns: int, size_bytes: int) -> None:
        direction = Direction.SENT if side is Side.CLIENT else Direction.RECEIVED
        self._writer.traffic(self._number, direction, t_ns, size_bytes)

    def close(self, close: Close) -> None:
        self._end_request()
        if self._response is not None:
            self._write_chunks(self._response.end())
        error = close.error or self._decoder.fault
        facts = replace(close, error=error, undecoded_from=self._undecoded_from)
        self._writer.close_exchange(self._number, facts)

    def _write_chunks(self, pieces: list[tuple[bytes, ChunkFacts]]) -> None:
        for content, facts in pieces:
            self._write_chunk(content, facts)

    def _write_chunk(self, content: bytes, facts: ChunkFacts) -> None:
        arrival, coded_size_bytes = facts
        self._writer.chunk(
            self._number,
            content,
            arrival.t_ns,
            coded_size_bytes=coded_size_bytes,
            t_kernel_ns=arrival.t_kernel_ns,
        )

    def _end_request(self) -> None:
        for piece, _ in [] if self._request is None else self._request.end():
            self._writer.request_body(self._number, piece)
        self._request = None

    def _note_fault(self) -> None:
        if self._decoder.fault is not None and self._undecoded_from is None:
            self._undecoded_from = self._size_bytes
