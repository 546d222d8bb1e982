"""Recording: an append-only journal that a SIGKILL at any instant leaves readable.

Knows when to commit and how; must not know HTTP or SSE. Invariants: one commit is one write() of a data frame
and the block that describes it, so that a commit is in the file or is not; what was committed is never touched
again; and after a failed write the file ends at its last commit.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import threading
from array import array
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sserec.archive.columns import varint
from sserec.archive.format import (
    MAX_CHUNK_BYTES,
    MAX_RUN_CHUNKS,
    BlockKind,
    RecordType,
    pack_block,
    record,
)
from sserec.archive.frames import ZSTD_VERSION, compressor
from sserec.archive.heads import (
    close_json,
    connection_json,
    encode_json,
    meta_json,
    opaque_json,
    request_json,
    response_json,
    stamp,
)
from sserec.archive.runs import Run, TrafficRun, encode_run, encode_traffic
from sserec.archive.values import Direction, Meta, Opaque
from sserec.closing import Closing
from sserec.errors import RecordingError
from sserec.records import Close, Connection, Request, Response, Unknown

_LEVEL = 3
_FLUSH_AT_BYTES = 64 << 10
_FLUSH_AT_RECORDS = 1024
_MAX_REQUEST_RECORD_BYTES = 4 << 20
_NEVER_NS = 1 << 62

_sync_data = getattr(os, "fdatasync", os.fsync)


class _Tally:
    """What the body of one open exchange amounts to so far."""

    __slots__ = ("chunk_count", "coded_size_bytes", "sha256", "size_bytes", "unclaimed_coded_bytes")

    def __init__(self) -> None:
        self.size_bytes = 0
        self.chunk_count = 0
        self.coded_size_bytes: int | None = None
        self.unclaimed_coded_bytes = 0
        self.sha256 = hashlib.sha256()


class _Pending:
    """What the next commit will write."""

    def __init__(self) -> None:
        self.records: list[tuple[RecordType, bytes]] = []
        self.records_size = 0
        self.runs: list[Run] = []
        self.traffic: list[TrafficRun] = []
        self.data: list[bytes] = []
        self.data_size = 0
        self.request_sizes: dict[int, int] = {}
        """Bytes of request bodies, by exchange."""

    def __bool__(self) -> bool:
        return bool(self.records or self.runs or self.traffic)

    @property
    def body_size(self) -> int:
        return self.data_size + sum(self.request_sizes.values())

    def add(self, kind: RecordType, payload: bytes) -> None:
        self.records.append((kind, payload))
        self.records_size += len(payload)

    def is_large(self) -> bool:
        return (
            self.data_size + self.records_size >= _FLUSH_AT_BYTES
            or len(self.records) + len(self.runs) + len(self.traffic) >= _FLUSH_AT_RECORDS
        )

    def body(self) -> bytes:
        parts = [record(kind, payload) for kind, payload in self.records]
        parts += [record(RecordType.CHUNKS, encode_run(run)) for run in self.runs]
        parts += [record(RecordType.TRAFFIC, encode_traffic(run)) for run in self.traffic]
        return b"".join(parts)

    def heads(self) -> Iterator[tuple[RecordType, bytes]]:
        """What is small and tells what happened; the rest would fill memory while the disk is full."""
        return (record for record in self.records if record[0] != RecordType.REQUEST_BODY)


class ArchiveWriter(Closing):
    """Writes one recording. One thread calls; a flush timer and a sync timer run beside it.

    With ``flush_ms`` None there is no flush timer: whoever calls says ``flush`` when something is to be committed,
    heads as well. Without that, only what became large is.

    Times are nanoseconds since the recording's start. Every method may raise RecordingError when the system
    refuses to write (a full disk): the file then ends at its last commit and is whole, the chunks of the
    commit that failed are dropped (readers see the gap by offset), heads are tried again with the next one.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        meta: Meta,
        flush_ms: float | None = 5,
        sync_s: float = 1.0,
        file_id: int | None = None,
    ) -> None:
        self.path = Path(path)
        head = encode_json(meta_json(meta) | {"zstd": ZSTD_VERSION})
        self._fd = _create(self.path)
        self._file_id = int.from_bytes(os.urandom(8), "little") if file_id is None else file_id
        self._flush_ns = _NEVER_NS if flush_ms is None else int(flush_ms * 1_000_000)
        self._compress = compressor(_LEVEL)
        self._lock = threading.Lock()
        self._pending = _Pending()
        self._kept: deque[_Pending] = deque()
        """Heads of commits that failed, in as much as a commit holds: they may be more than one block could."""
        self._tallies: dict[int, _Tally] = {}
        self._exchange_count = 0
        self._seq = self._raw_size = self._committed_size = 0
        self._last_commit_ns = 0 if flush_ms is None else -self._flush_ns - 1
        self._failure: RecordingError | None = None
        self._cut_requests: dict[int, int] = {}
        """How much is missing of request bodies that end where a commit failed: none is given out with a hole in it."""
        self.lost_bytes = 0
        """Body bytes of commits that failed, so far."""
        self._stopped = threading.Event()
        self._due = threading.Event()
        self._begin(head)
        self._timers = [threading.Thread(target=self._sync_every, args=(sync_s,), daemon=True)]
        if flush_ms is not None:
            self._timers.append(threading.Thread(target=self._flush_when_due, daemon=True))
        for timer in self._timers:
            timer.start()

    @property
    def size_bytes(self) -> int:
        """Size of what is committed."""
        return self._committed_size

    def open_exchange(self, request: Request, t_ns: int, unknown: Iterable[Unknown] = ()) -> int:
        """Begins an exchange; returns its number. ``unknown``: what nobody knows of it."""
        return self._open(RecordType.OPEN, t_ns, encode_json(request_json(request, unknown)))

    def open_opaque(self, target: str, reason: str, t_ns: int) -> int:
        """Begins a connection of which only sizes and times are kept; returns its number."""
        return self._open(RecordType.OPAQUE, t_ns, encode_json(opaque_json(Opaque(target, reason))))

    def connection(self, exchange: int, connection: Connection) -> None:
        """Notes the road to the server; written with the next commit."""
        payload = varint(exchange) + encode_json(connection_json(connection))
        with self._lock:
            self._pending.add(RecordType.CONNECTION, payload)
            self._due.set()

    def request_body(self, exchange: int, data: bytes) -> None:
        """Adds to the request's body."""
        with self._lock:
            for start in range(0, len(data), _MAX_REQUEST_RECORD_BYTES):
                self._add_request_part(exchange, data[start : start + _MAX_REQUEST_RECORD_BYTES])
        self._raise_failure()

    def request_sent(self, exchange: int, t_ns: int) -> None:
        """Notes when the request's last byte was sent."""
        self._add_head(RecordType.SENT, stamp(exchange, t_ns))
        self._raise_failure()

    def response(self, exchange: int, response: Response, t_ns: int) -> None:
        """Notes the response's head and when it was complete."""
        payload = stamp(exchange, t_ns) + encode_json(response_json(response))
        self._add_head(RecordType.RESPONSE, payload)
        self._raise_failure()

    def chunk(
        self,
        exchange: int,
        data: bytes,
        t_ns: int,
        *,
        coded_size_bytes: int | None = None,
        t_kernel_ns: int | None = None,
    ) -> None:
        """Adds body bytes that arrived together.

        Committed at once when the last commit is longer ago than ``flush_ms``, else with the timer. Bytes
        that decoded to nothing are no chunk: their coded size is added to that of the next.
        """
        with self._lock:
            tally = self._tallies.get(exchange) or self._tallies.setdefault(exchange, _Tally())
            coded = coded_size_bytes
            if coded is not None:
                coded = _claim_coded_size(tally, coded, has_data=bool(data))
            for start in range(0, len(data), MAX_CHUNK_BYTES):
                part = data[start : start + MAX_CHUNK_BYTES]
                self._add_chunk(
                    exchange, tally, part, t_ns, coded if start == 0 else coded and 0, t_kernel_ns
                )
                self._commit_unless_recent(t_ns)
        self._raise_failure()

    def traffic(self, exchange: int, direction: Direction, t_ns: int, size_bytes: int) -> None:
        """Notes bytes that passed through an opaque connection."""
        with self._lock:
            runs = self._pending.traffic
            if not runs or not _follows(runs[-1].exchange, runs[-1].times, exchange, t_ns):
                runs.append(TrafficRun(exchange, array("Q"), array("B"), array("Q")))
            runs[-1].times.append(t_ns)
            runs[-1].directions.append(direction)
            runs[-1].sizes.append(size_bytes)
            self._commit_unless_recent(t_ns)
        self._raise_failure()

    def close_exchange(self, exchange: int, close: Close) -> None:
        """Ends an exchange, with the size and the SHA-256 of its body."""
        tally = self._tallies.pop(exchange, None) or _Tally()
        cut_bytes = close.lost_request_bytes + self._cut_requests.pop(exchange, 0)
        facts = close_json(
            replace(close, lost_request_bytes=cut_bytes),
            size_bytes=tally.size_bytes,
            chunk_count=tally.chunk_count,
            sha256=tally.sha256.hexdigest(),
            coded_size_bytes=tally.coded_size_bytes,
        )
        self._add_head(RecordType.CLOSE, stamp(exchange, close.t_ns) + encode_json(facts))
        self._raise_failure()

    def note(self, t_ns: int, facts: Mapping[str, Any]) -> None:
        """Adds a remark to the recording as a whole."""
        self._add_head(RecordType.NOTE, varint(t_ns) + encode_json(facts))
        self._raise_failure()

    def flush(self) -> None:
        """Commits what is pending."""
        with self._lock:
            self._commit(self._last_commit_ns)
        self._raise_failure()

    def close(self) -> None:
        """Commits, syncs and leaves a whole journal, which ``finalise`` makes small."""
        if self._stopped.is_set():
            return
        self._stopped.set()
        self._due.set()
        for timer in self._timers:
            timer.join()
        try:
            self.flush()
            _sync_data(self._fd)
        except OSError as error:
            raise RecordingError(f"{self.path}: {error.strerror}") from error
        finally:
            os.close(self._fd)

    def _begin(self, meta: bytes) -> None:
        try:
            self._add_head(RecordType.META, meta)
            self.flush()
        except RecordingError:
            os.close(self._fd)
            self.path.unlink(missing_ok=True)
            raise

    def _open(self, kind: RecordType, t_ns: int, head: bytes) -> int:
        """A failure is raised by the next call: the caller has to learn the number of a head that is kept."""
        self._exchange_count += 1
        number = self._exchange_count
        self._add_head(kind, stamp(number, t_ns) + head)
        return number

    def _add_head(self, kind: RecordType, payload: bytes) -> None:
        """Committed at once, unless whoever calls says when that is to be."""
        with self._lock:
            self._pending.add(kind, payload)
            if self._flush_ns != _NEVER_NS or self._pending.is_large():
                self._commit(self._last_commit_ns)

    def _add_request_part(self, exchange: int, part: bytes) -> None:
        if exchange in self._cut_requests:
            self._cut_requests[exchange] += len(part)
            self.lost_bytes += len(part)
            return
        self._pending.add(RecordType.REQUEST_BODY, varint(exchange) + part)
        sizes = self._pending.request_sizes
        sizes[exchange] = sizes.get(exchange, 0) + len(part)
        self._commit(self._last_commit_ns)

    def _add_chunk(
        self, exchange: int, tally: _Tally, data: bytes, t_ns: int, coded: int | None, kernel: int | None
    ) -> None:
        run = self._run_for(exchange, tally, t_ns, coded is not None, kernel is not None)
        run.times.append(t_ns)
        run.sizes.append(len(data))
        if run.coded_sizes is not None and coded is not None:
            run.coded_sizes.append(coded)
        if run.kernel_times is not None and kernel is not None:
            run.kernel_times.append(kernel)
        tally.size_bytes += len(data)
        tally.chunk_count += 1
        tally.sha256.update(data)
        self._pending.data.append(data)
        self._pending.data_size += len(data)

    def _run_for(self, exchange: int, tally: _Tally, t_ns: int, has_coded: bool, has_kernel: bool) -> Run:
        """The run that a chunk continues, or a new one."""
        runs = self._pending.runs
        if runs and _follows(runs[-1].exchange, runs[-1].times, exchange, t_ns):
            last = runs[-1]
            if (last.coded_sizes is not None, last.kernel_times is not None) == (has_coded, has_kernel):
                return last
        coded = array("Q") if has_coded else None
        kernel = array("q") if has_kernel else None
        runs.append(Run(exchange, tally.size_bytes, array("Q"), array("Q"), coded, kernel))
        return runs[-1]

    def _commit_unless_recent(self, t_ns: int) -> None:
        """Commits when the last commit is old or much is pending; else leaves it to the timer."""
        if t_ns - self._last_commit_ns >= self._flush_ns or self._pending.is_large():
            self._commit(t_ns)
        elif self._flush_ns != _NEVER_NS:
            self._due.set()

    def _commit(self, t_ns: int) -> None:
        """Writes what is left of commits that failed, then all that is pending. The caller holds the lock."""
        if not (self._pending or self._kept):
            return
        pending, self._pending = self._pending, _Pending()
        try:
            while self._kept:
                self._write(self._kept[0])
                self._kept.popleft()
            if pending:
                self._write(pending)
            self._last_commit_ns = t_ns
        except OSError as error:
            self._keep(pending.heads())
            self._cut_requests |= pending.request_sizes
            self.lost_bytes += pending.body_size
            lost = f"; {pending.body_size:,} bytes were not recorded" if pending.body_size else ""
            self._failure = RecordingError(f"{self.path}: {error.strerror}{lost}")

    def _keep(self, heads: Iterable[tuple[RecordType, bytes]]) -> None:
        for kind, payload in heads:
            if not self._kept or self._kept[-1].is_large():
                self._kept.append(_Pending())
            self._kept[-1].add(kind, payload)

    def _write(self, pending: _Pending) -> None:
        """One commit: a frame and the block that describes it."""
        data = b"".join(pending.data)
        frame = self._compress(data) if data else b""
        body = pending.body()
        block = pack_block(
            BlockKind.RECORDS,
            file_id=self._file_id,
            seq=self._seq,
            raw_offset=self._raw_size,
            frame=frame,
            data_size=len(data),
            body=body,
            stored_body=self._compress(body) if len(body) > _FLUSH_AT_BYTES else None,
        )
        self._append(frame + block)
        self._seq += 1
        self._raw_size += len(data)

    def _append(self, commit: bytes) -> None:
        """One write(); whatever it leaves behind when it fails is cut off again."""
        written = 0
        try:
            written = os.write(self._fd, commit)
            if written < len(commit):
                written += os.write(self._fd, commit[written:])
        finally:
            if written < len(commit):
                os.ftruncate(self._fd, self._committed_size)
        if written < len(commit):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._committed_size += written

    def _raise_failure(self) -> None:
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    def _flush_when_due(self) -> None:
        while not self._stopped.is_set():
            self._due.wait()
            self._due.clear()
            self._stopped.wait(self._flush_ns / 1e9)
            with self._lock:
                self._commit(self._last_commit_ns)

    def _sync_every(self, interval_s: float) -> None:
        synced = 0
        while not self._stopped.wait(interval_s):
            if self._committed_size != synced:
                synced = self._committed_size
                with contextlib.suppress(OSError):
                    _sync_data(self._fd)


def _create(path: Path) -> int:
    """A new file that only its owner reads and that this process has locked."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_BINARY", 0)
    try:
        fd = os.open(path, flags, 0o600)
    except FileExistsError as error:
        raise RecordingError(f"{path} exists already: choose another name") from error
    except OSError as error:
        raise RecordingError(f"{path}: cannot be created: {error.strerror}") from error
    with contextlib.suppress(ImportError, OSError):
        import fcntl

        fcntl.flock(fd, fcntl.LOCK_EX)  # a reader that looks for the lock holds it for an instant
    return fd


def _follows(run_exchange: int, times: array[int], exchange: int, t_ns: int) -> bool:
    """Runs belong to one exchange, and their times never decrease."""
    return run_exchange == exchange and times[-1] <= t_ns and len(times) < MAX_RUN_CHUNKS


def _claim_coded_size(tally: _Tally, coded_size_bytes: int, *, has_data: bool) -> int | None:
    tally.coded_size_bytes = (tally.coded_size_bytes or 0) + coded_size_bytes
    tally.unclaimed_coded_bytes += coded_size_bytes
    if not has_data:
        return None
    claimed, tally.unclaimed_coded_bytes = tally.unclaimed_coded_bytes, 0
    return claimed
