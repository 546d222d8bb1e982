"""The writer thread's end of an exchange: its number in the archive, its content coding, how far its body has come.

Knows the archive's writer and content codings; must not know queues, threads or sockets. Content is decoded here and
not in the data path, so that a costly coding delays a recording, never a client.
"""

from dataclasses import replace

from sserec.archive import ArchiveWriter, Direction
from sserec.proxy.coding import BodyDecoder
from sserec.proxy.facts import Arrival, Side
from sserec.records import Close, Connection, Request, Response


class Written:
    """One exchange, or one opaque connection. Every method may raise RecordingError, as the writer does."""

    def __init__(self, writer: ArchiveWriter) -> None:
        self._writer = writer
        self._number = 0
        self._decoder = BodyDecoder(())
        self._size_bytes = 0
        self._undecoded_from: int | None = None

    def open(self, request: Request, connection: Connection | None, t_ns: int) -> None:
        self._number = self._writer.open_exchange(request, t_ns)
        if connection is not None:
            self._writer.connection(self._number, connection)

    def open_opaque(self, target: str, reason: str, t_ns: int) -> None:
        self._number = self._writer.open_opaque(target, reason, t_ns)

    def request_body(self, data: bytes) -> None:
        self._writer.request_body(self._number, data)

    def request_sent(self, t_ns: int) -> None:
        self._writer.request_sent(self._number, t_ns)

    def response(self, response: Response, t_ns: int) -> None:
        self._decoder = BodyDecoder(response.headers)
        self._note_fault()
        self._writer.response(self._number, response, t_ns)

    def chunk(self, data: bytes, arrival: Arrival) -> None:
        content = self._decoder.feed(data)
        self._note_fault()
        self._size_bytes += len(content)
        self._writer.chunk(
            self._number,
            content,
            arrival.t_ns,
            coded_size_bytes=len(data) if self._decoder.is_coded else None,
            t_kernel_ns=arrival.t_kernel_ns,
        )

    def traffic(self, side: Side, t_ns: int, size_bytes: int) -> None:
        direction = Direction.SENT if side is Side.CLIENT else Direction.RECEIVED
        self._writer.traffic(self._number, direction, t_ns, size_bytes)

    def close(self, close: Close) -> None:
        error = close.error or self._decoder.fault
        facts = replace(close, error=error, undecoded_from=self._undecoded_from)
        self._writer.close_exchange(self._number, facts)

    def _note_fault(self) -> None:
        if self._decoder.fault is not None and self._undecoded_from is None:
            self._undecoded_from = self._size_bytes
