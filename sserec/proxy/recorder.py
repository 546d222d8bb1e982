"""The recorder: what the observers tell, redacted, queued, and written by a thread of its own.

Knows the queue and its bounds; must not know sockets. Its promise to the data path: no call blocks and none raises,
whatever the disk does. Secrets are replaced before anything enters the queue. What the disk does not take in time is
dropped and counted, and a body that lost bytes ends there: it is never given out with a hole in it.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from queue import SimpleQueue
from threading import Thread
from time import monotonic, sleep
from typing import TypeAlias

from sserec.errors import RecordingError
from sserec.proxy.clock import Clock
from sserec.proxy.facts import Arrival, ExchangeSink, Side
from sserec.proxy.written import ExchangeWriter, Written
from sserec.records import Close, Connection, Headers, Manner, Request, Response
from sserec.redact import SECRETS, Policy

QUEUE_LIMIT_BYTES = 64 * 1024 * 1024
"""What may wait for a disk that stands still: 40 minutes of one stream of 50 events a second."""
HEADS_RESERVE_BYTES = 16 * 1024 * 1024
"""Beyond the limit bodies are dropped, heads and ends still get in: an exchange should never lack its end."""
ENTRY_OVERHEAD_BYTES = 256
"""What an entry of the queue costs beside its data: a tuple, its members, a bound method."""
BATCH_S = 0.015
"""The writer rests so long between two looks at the queue and commits once a look: what a kill costs is at most this
and the time to write it. Half as long made an event 20 % more expensive."""
SELDOM_S = 0.018
"""What comes more seldom is committed as it comes, without a rest that would wake the writer for nothing."""

Entry: TypeAlias = tuple[int, Callable[..., None], tuple[object, ...]]


@dataclass(slots=True)
class Lost:
    """What could not be recorded."""

    chunks: int = 0
    size_bytes: int = 0
    """Body bytes, as on the wire, that found no room in the queue."""
    entries: int = 0
    """Heads, ends and other facts that found none."""
    unwritten_bytes: int = 0
    """Body bytes that the file system refused."""
    error: str | None = None
    """The first error that it gave."""

    def __bool__(self) -> bool:
        return bool(self.size_bytes or self.entries or self.unwritten_bytes or self.error)


class Recorder:
    """The sink of a real run. One producer, which is the event loop, and one consumer, which is its thread."""

    def __init__(
        self,
        writer: ExchangeWriter,
        clock: Clock,
        *,
        policy: Policy = SECRETS,
        queue_limit_bytes: int = QUEUE_LIMIT_BYTES,
        max_body_bytes: int | None = None,
    ) -> None:
        """``max_body_bytes``: of each body, as on the wire, no more than its beginning is kept."""
        self.clock = clock
        self.policy = policy
        self.max_body_bytes = sys.maxsize if max_body_bytes is None else max_body_bytes
        self._lost = Lost()
        self.exchange_count = 0
        self.unreached_count = 0
        """Exchanges of ``exchange_count`` that never left, because their server could not be reached or verified."""
        self.unread_bytes = 0
        """What passed uncopied: of connections that nobody looks into."""
        self._writer = writer
        self._limit_bytes = queue_limit_bytes
        self._queue: SimpleQueue[Entry | None] = SimpleQueue()
        self._put_bytes = 0
        self._taken_bytes = 0
        """Two counters, one a thread: ``+=`` on a shared one would not be atomic."""
        self._thread = Thread(target=self._write_all, name="sserec-recorder", daemon=True)
        self._thread.start()

    @property
    def lost(self) -> Lost:
        """What was lost so far. The writer's own share is known once it is closed."""
        return replace(self._lost, unwritten_bytes=self._writer.lost_bytes)

    def open_exchange(self, request: Request, connection: Connection | None, t_ns: int) -> ExchangeSink:
        """Starts to record an exchange; every fact of it goes through what is returned."""
        self.exchange_count += 1
        clean = self.policy.request(request)
        size_bytes = len(clean.url) + size_of(clean.headers)
        written = Written(self._writer, self.policy)
        return self._opened(written, self.put_head(size_bytes, written.open, clean, connection, t_ns))

    def open_opaque(self, target: str, reason: str, t_ns: int) -> ExchangeSink:
        """Starts to record sizes and times of a connection that nobody looks into."""
        written = Written(self._writer, self.policy)
        return self._opened(written, self.put_head(0, written.open_opaque, target, reason, t_ns))

    def close(self, timeout_s: float = 10.0) -> bool:
        """Writes what is queued and ends the thread; False when the disk stands still. The archive stays open."""
        self._queue.put(None)
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def put_body(self, data: bytes, write: Callable[..., None], *arguments: object) -> bool:
        """Queues body bytes; False, having counted them as lost, when there is no room."""
        queued = self._put(len(data), self._limit_bytes, write, (data, *arguments))
        if not queued:
            self.lose(data)
        return queued

    def lose(self, data: bytes) -> None:
        """Counts body bytes that are not recorded."""
        self._lost.chunks += 1
        self._lost.size_bytes += len(data)

    def put_head(self, size_bytes: int, write: Callable[..., None], *arguments: object) -> bool:
        """Queues any other fact; False, having counted it as lost, when there is no room even for that."""
        queued = self._put(size_bytes, self._limit_bytes + HEADS_RESERVE_BYTES, write, arguments)
        self._lost.entries += not queued
        return queued

    def _put(
        self, size_bytes: int, limit_bytes: int, write: Callable[..., None], arguments: tuple[object, ...]
    ) -> bool:
        cost = size_bytes + ENTRY_OVERHEAD_BYTES
        if self._put_bytes - self._taken_bytes + cost > limit_bytes:
            return False
        self._put_bytes += cost
        self._queue.put((cost, write, arguments))
        return True

    def _opened(self, written: Written, queued: bool) -> ExchangeSink:
        return OpenExchange(self, written) if queued else UnrecordedExchange(self)

    def _write_all(self) -> None:
        last_s = 0.0
        while self._write_waiting():
            self._guarded(self._writer.flush)
            now_s = monotonic()
            if now_s - last_s < SELDOM_S:
                sleep(BATCH_S)  # waiting for an Event with a timeout costs ten times as much
            last_s = now_s
        self._guarded(self._writer.flush)

    def _write_waiting(self) -> bool:
        """Waits until something has come, and writes all that has; False when the end was among it."""
        while (entry := self._queue.get()) is not None:
            cost, write, arguments = entry
            self._guarded(write, *arguments)
            self._taken_bytes += cost
            if self._queue.empty():
                return True
        return False

    def _guarded(self, write: Callable[..., None], *arguments: object) -> None:
        try:
            write(*arguments)
        except RecordingError as error:
            self._lost.error = self._lost.error or str(error)
        except Exception as error:  # a bug of ours costs one entry, and is told
            self._lost.error = self._lost.error or f"internal error: {error!r}"
            self._lost.entries += 1


class OpenExchange:
    """The event loop's end of an exchange (or an opaque connection) that is being recorded."""

    def __init__(self, recorder: Recorder, written: Written) -> None:
        self._recorder = recorder
        self._written = written
        self._request_room_bytes = self._response_room_bytes = recorder.max_body_bytes
        self._lost_request_bytes = self._lost_bytes = 0
        """For want of room in the queue, or under the limit that was asked for."""

    def request_body(self, data: bytes) -> None:
        kept = data[: self._request_room_bytes]
        self._request_room_bytes -= len(kept)
        if self._lost_request_bytes and kept:
            self._recorder.lose(kept)
            kept = b""
        elif kept and not self._recorder.put_body(kept, self._written.request_body):
            kept = b""
        self._lost_request_bytes += len(data) - len(kept)

    def request_sent(self, t_ns: int) -> None:
        self._recorder.put_head(0, self._written.request_sent, t_ns)

    def response(self, response: Response, t_ns: int) -> None:
        clean = self._recorder.policy.response(response)
        self._recorder.put_head(size_of(clean.headers), self._written.response, clean, t_ns)

    def chunk(self, data: bytes, arrival: Arrival) -> None:
        kept = data[: self._response_room_bytes]
        self._response_room_bytes -= len(kept)
        if self._lost_bytes and kept:  # a body has no hole
            self._recorder.lose(kept)
            kept = b""
        elif kept and not self._recorder.put_body(kept, self._written.chunk, arrival):
            kept = b""
        self._lost_bytes += len(data) - len(kept)

    def traffic(self, side: Side, t_ns: int, size_bytes: int) -> None:
        self._recorder.unread_bytes += size_bytes
        self._recorder.put_head(0, self._written.traffic, side, t_ns, size_bytes)

    def close(self, close: Close) -> None:
        self._recorder.unreached_count += close.how is Manner.UNREACHED
        trailers, _ = self._recorder.policy.headers(close.trailers)
        clean = replace(
            close,
            trailers=trailers,
            lost_bytes=self._lost_bytes,
            lost_request_bytes=self._lost_request_bytes,
        )
        self._recorder.put_head(size_of(trailers), self._written.close, clean)


class UnrecordedExchange:
    """Stands in for an exchange whose very beginning found no room: everything of it is lost, and counted."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def request_body(self, data: bytes) -> None:
        self._recorder.lose(data)

    def chunk(self, data: bytes, arrival: Arrival) -> None:
        self._recorder.lose(data)

    def request_sent(self, t_ns: int) -> None: ...

    def response(self, response: Response, t_ns: int) -> None: ...

    def traffic(self, side: Side, t_ns: int, size_bytes: int) -> None: ...

    def close(self, close: Close) -> None: ...


def size_of(headers: Headers) -> int:
    return sum(len(name) + len(value) for name, value in headers)
