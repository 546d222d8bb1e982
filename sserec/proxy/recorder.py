"""The recorder: what the observers tell, redacted, queued, and written by a thread of its own.

Knows the archive's writer and content codings; must not know sockets. Its promise to the data path: no call blocks
and none raises, whatever the disk does. Secrets are replaced before anything enters the queue. When the disk cannot
keep up, or fails, what is dropped is counted; a body is then a true prefix, never one with a hole.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import TypeAlias

from sserec.archive import ArchiveWriter, Direction
from sserec.errors import RecordingError
from sserec.proxy.clock import Clock
from sserec.proxy.coding import BodyDecoder
from sserec.proxy.facts import Arrival, Side
from sserec.records import Close, Connection, Request, Response
from sserec.redact import SECRETS, Policy

QUEUE_LIMIT_BYTES = 64 * 1024 * 1024
"""What may wait for a disk that stands: at 50 events/s of 300 bytes, more than an hour of 1 stream."""
HEADS_RESERVE_BYTES = 16 * 1024 * 1024
"""Beyond the limit bodies are dropped, heads and ends still get in: an exchange should never lack its end."""
ENTRY_OVERHEAD_BYTES = 256
"""What an entry of the queue costs beside its data."""
BATCH_S = 0.005
"""The writer rests so long between two looks at the queue: one change of threads for many chunks."""

Entry: TypeAlias = tuple[int, Callable[..., None], tuple[object, ...]]


@dataclass(slots=True)
class Lost:
    """What could not be recorded."""

    chunks: int = 0
    size_bytes: int = 0
    """Body bytes as on the wire."""
    entries: int = 0
    """Heads, ends and other facts."""
    error: str | None = None
    """The first error that the file system gave."""

    def __bool__(self) -> bool:
        return bool(self.chunks or self.entries or self.error)


class Recorder:
    """The sink of a real run. Thread-safe towards one producer, which is the event loop."""

    def __init__(
        self,
        writer: ArchiveWriter,
        clock: Clock,
        *,
        policy: Policy = SECRETS,
        queue_limit_bytes: int = QUEUE_LIMIT_BYTES,
    ) -> None:
        self.clock = clock
        self.policy = policy
        self.lost = Lost()
        self.exchange_count = 0
        self.opaque_count = 0
        self._writer = writer
        self._limit_bytes = queue_limit_bytes
        self._queue: SimpleQueue[Entry | None] = SimpleQueue()
        self._put_bytes = 0
        self._taken_bytes = 0
        self._ending = Event()
        self._thread = Thread(target=self._write_all, name="sserec-recorder", daemon=True)
        self._thread.start()

    def open_exchange(self, request: Request, connection: Connection | None, t_ns: int) -> "OpenExchange":
        """Starts to record an exchange; every fact of it goes through what is returned."""
        self.exchange_count += 1
        written = Written(self._writer)
        self.put_head(written.open, self.policy.request(request), connection, t_ns)
        return OpenExchange(self, written)

    def open_opaque(self, target: str, reason: str, t_ns: int) -> "OpenExchange":
        """Starts to record sizes and times of a connection that nobody looks into."""
        self.opaque_count += 1
        written = Written(self._writer)
        self.put_head(written.open_opaque, self.policy.url(target)[0], reason, t_ns)
        return OpenExchange(self, written)

    def close(self, timeout_s: float = 10.0) -> bool:
        """Writes what is queued and ends the thread; False when the disk stands still. The archive stays open."""
        self._queue.put(None)
        self._ending.set()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def put_body(self, size_bytes: int, write: Callable[..., None], *arguments: object) -> bool:
        """Queues body bytes; False when there is no room for them."""
        return self._put(size_bytes, self._limit_bytes, write, arguments)

    def put_head(self, write: Callable[..., None], *arguments: object) -> None:
        """Queues any other fact."""
        if not self._put(ENTRY_OVERHEAD_BYTES, self._limit_bytes + HEADS_RESERVE_BYTES, write, arguments):
            self.lost.entries += 1

    def _put(
        self, size_bytes: int, limit_bytes: int, write: Callable[..., None], arguments: tuple[object, ...]
    ) -> bool:
        """Two counters, one a thread: ``+=`` on a shared one would not be atomic."""
        cost = size_bytes + ENTRY_OVERHEAD_BYTES
        if self._put_bytes - self._taken_bytes + cost > limit_bytes:
            return False
        self._put_bytes += cost
        self._queue.put((cost, write, arguments))
        return True

    def _write_all(self) -> None:
        while (entry := self._queue.get()) is not None:
            self._write(entry)
            if not self._write_waiting():
                return
            self._ending.wait(BATCH_S)

    def _write_waiting(self) -> bool:
        """Writes what has come meanwhile; False when the end was among it."""
        while True:
            try:
                entry = self._queue.get_nowait()
            except Empty:
                return True
            if entry is None:
                return False
            self._write(entry)

    def _write(self, entry: Entry) -> None:
        cost, write, arguments = entry
        try:
            write(*arguments)
        except RecordingError as error:
            self.lost.error = self.lost.error or str(error)
        self._taken_bytes += cost


class OpenExchange:
    """The event loop's end of an exchange (or an opaque connection) that is being recorded."""

    def __init__(self, recorder: Recorder, written: "Written") -> None:
        self._recorder = recorder
        self._written = written
        self._lost_bytes = 0

    def request_body(self, data: bytes) -> None:
        self._recorder.put_body(len(data), self._written.request_body, data)

    def request_sent(self, t_ns: int) -> None:
        self._recorder.put_head(self._written.request_sent, t_ns)

    def response(self, response: Response, t_ns: int) -> None:
        self._recorder.put_head(self._written.response, self._recorder.policy.response(response), t_ns)

    def chunk(self, data: bytes, arrival: Arrival) -> None:
        if self._lost_bytes or not self._recorder.put_body(len(data), self._written.chunk, data, arrival):
            self._lose(len(data))

    def traffic(self, side: Side, t_ns: int, size_bytes: int) -> None:
        self._recorder.put_head(self._written.traffic, side, t_ns, size_bytes)

    def close(self, close: Close) -> None:
        trailers = self._recorder.policy.headers(close.trailers)[0]
        self._recorder.put_head(self._written.close, replace(close, trailers=trailers), self._lost_bytes)

    def _lose(self, size_bytes: int) -> None:
        self._lost_bytes += size_bytes
        self._recorder.lost.chunks += 1
        self._recorder.lost.size_bytes += size_bytes


class Written:
    """The writer thread's end of the same exchange: its number, its content coding, how far its body has come."""

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
        coded_size_bytes = len(data) if self._decoder.is_coded else None
        self._writer.chunk(
            self._number,
            content,
            arrival.t_ns,
            coded_size_bytes=coded_size_bytes,
            t_kernel_ns=arrival.t_kernel_ns,
        )

    def traffic(self, side: Side, t_ns: int, size_bytes: int) -> None:
        direction = Direction.SENT if side is Side.CLIENT else Direction.RECEIVED
        self._writer.traffic(self._number, direction, t_ns, size_bytes)

    def close(self, close: Close, lost_bytes: int) -> None:
        error = close.error or self._decoder.fault
        self._writer.close_exchange(
            self._number,
            replace(close, error=error, lost_bytes=lost_bytes, undecoded_from=self._undecoded_from),
        )

    def _note_fault(self) -> None:
        if self._decoder.fault is not None and self._undecoded_from is None:
            self._undecoded_from = self._size_bytes
