"""Many recordings in one folder: which archive an exchange goes to, when one is full, and which are thrown away.

To the recorder it is a writer like that of a single archive, on the recorder's one thread; finished archives are packed
by a thread beside it. An archive begins with its first exchange, and its times with that: a service may run for months.

Invariants: an exchange is in one archive as a whole, so an archive that is full still takes what goes on in it; and
nothing is deleted but the oldest archives that bear a name as they are given here, and those only when asked.
"""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

from sserec.archive import Direction, Meta
from sserec.errors import RecordingError
from sserec.proxy.destination import SUFFIX, Destination, free_path
from sserec.proxy.ended import Ended, Tally
from sserec.records import Close, Connection, Request, Response

OURS = re.compile(r"sserec-\d{8}-\d{6}.*" + re.escape(SUFFIX))
MAX_PATH_CHARS = 60
FRESH_NS = 250_000_000
"""A connection that stood ready for longer before a request was made for another one."""


@dataclass(frozen=True, slots=True)
class Shelving:
    """What a person asked for."""

    folder: Path
    per_exchange: bool = False
    """One archive an exchange; otherwise one a run, until it is full."""
    max_size_bytes: int | None = None
    keep: int | None = None
    """How many archives may lie there."""


class Volume:
    """One archive that is being written."""

    def __init__(self, path: Path, meta: Meta, start_ns: int) -> None:
        """Raises RecordingError."""
        self.destination = Destination(path, meta, overwrite=False)
        self.writer = self.destination.writer
        self.path = path
        self.open: set[int] = set()
        """Its exchanges that have not ended, by the shelf's numbers."""
        self._start_ns = start_ns

    def at(self, t_ns: int) -> int:
        """A time of the run as one of this archive."""
        return max(0, t_ns - self._start_ns)

    def since_start(self, t_ns: int | None) -> int | None:
        """The same for what may have been before, and then does not belong here."""
        return None if t_ns is None or t_ns < self._start_ns else t_ns - self._start_ns


@dataclass(slots=True)
class Entry:
    """An exchange: where it is written, and what it came to so far."""

    volume: Volume
    number: int
    tally: Tally


class Shelf:
    """Made for one run of a service. ``tell`` hears of each exchange as it ends, ``complain`` of what went wrong.

    Where there is nobody to tell, events are not counted.
    """

    def __init__(
        self,
        shelving: Shelving,
        meta: Meta,
        tell: Callable[[Ended], None] | None,
        complain: Callable[[str], None],
    ) -> None:
        self.volume_count = 0
        self.is_stopped = False
        """The disk stands: what is open is left as it is."""
        self._shelving = shelving
        self._meta = meta
        self._tell = tell
        self._complain = complain
        self._numbers = count(1)
        self._waiting: dict[int, tuple[Request, int]] = {}
        """Requests whose connection is told next."""
        self._entries: dict[int, Entry] = {}
        self._current: Volume | None = None
        self._made: dict[Path, int] = {}
        """Archives of this run in the order in which they were begun; when they were packed says nothing of that."""
        self._touched: set[Volume] = set()
        self._lost_bytes = 0
        self._packer = ThreadPoolExecutor(1, thread_name_prefix="sserec-packer")

    @property
    def lost_bytes(self) -> int:
        """Body bytes that the file system refused."""
        return self._lost_bytes + sum(volume.writer.lost_bytes for volume in self._volumes())

    def open_exchange(self, request: Request, t_ns: int) -> int:
        number = next(self._numbers)
        self._waiting[number] = (request, t_ns)
        return number

    def open_opaque(self, target: str, reason: str, t_ns: int) -> int:
        number = next(self._numbers)
        volume = self._volume_for(urlsplit(target).hostname or "", t_ns)
        written = volume.writer.open_opaque(target, reason, volume.at(t_ns))
        self._enter(number, Entry(volume, written, Tally.of_opaque(target, t_ns)))
        return number

    def connection(self, number: int, connection: Connection) -> None:
        entry = self._begin(number, connection)
        volume = entry.volume
        volume.writer.connection(
            entry.number,
            replace(
                connection,
                t_resolved_ns=volume.since_start(connection.t_resolved_ns),
                t_connected_ns=volume.since_start(connection.t_connected_ns),
                t_tls_ns=volume.since_start(connection.t_tls_ns),
            ),
        )

    def request_body(self, number: int, data: bytes) -> None:
        entry = self._entry(number)
        entry.volume.writer.request_body(entry.number, data)

    def request_sent(self, number: int, t_ns: int) -> None:
        entry = self._entry(number)
        entry.volume.writer.request_sent(entry.number, entry.volume.at(t_ns))

    def response(self, number: int, response: Response, t_ns: int) -> None:
        entry = self._entry(number)
        if self._tell is not None:
            entry.tally.answered(response)
        entry.volume.writer.response(entry.number, response, entry.volume.at(t_ns))

    def chunk(
        self,
        number: int,
        data: bytes,
        t_ns: int,
        *,
        coded_size_bytes: int | None = None,
        t_kernel_ns: int | None = None,
    ) -> None:
        entry = self._entry(number)
        if self._tell is not None:
            entry.tally.add(data)
        entry.volume.writer.chunk(
            entry.number,
            data,
            entry.volume.at(t_ns),
            coded_size_bytes=coded_size_bytes,
            t_kernel_ns=entry.volume.since_start(t_kernel_ns),
        )

    def traffic(self, number: int, direction: Direction, t_ns: int, size_bytes: int) -> None:
        entry = self._entry(number)
        entry.tally.size_bytes += size_bytes
        entry.volume.writer.traffic(entry.number, direction, entry.volume.at(t_ns), size_bytes)

    def close_exchange(self, number: int, close: Close) -> None:
        entry = self._entry(number)
        volume = entry.volume
        volume.writer.close_exchange(entry.number, replace(close, t_ns=volume.at(close.t_ns)))
        del self._entries[number]
        volume.open.discard(number)
        if self._tell is not None:
            self._tell(entry.tally.ended(close, volume.path))
        if not volume.open and volume is not self._current:
            self._finish(volume)

    def flush(self) -> None:
        for volume in self._touched:
            volume.writer.flush()
        self._touched.clear()

    def close(self) -> None:
        """Ends every archive, and waits for them to be packed."""
        if not self.is_stopped:
            for volume in self._volumes():
                self._finish(volume)
        self._packer.shutdown(wait=not self.is_stopped)

    def _volumes(self) -> set[Volume]:
        volumes = {entry.volume for entry in self._entries.values()}
        return volumes | ({self._current} if self._current else set())

    def _entry(self, number: int) -> Entry:
        entry = self._entries.get(number) or self._begin(number, None)
        self._touched.add(entry.volume)
        return entry

    def _begin(self, number: int, connection: Connection | None) -> Entry:
        """Gives the exchange its place. Raises RecordingError where there is none."""
        if number not in self._waiting:
            raise RecordingError("an exchange is not recorded, since its archive could not be made")
        request, t_ns = self._waiting.pop(number)
        volume = self._volume_for(urlsplit(request.url).path, start_of(connection, t_ns))
        written = volume.writer.open_exchange(request, volume.at(t_ns))
        return self._enter(number, Entry(volume, written, Tally(request, t_ns)))

    def _enter(self, number: int, entry: Entry) -> Entry:
        self._entries[number] = entry
        entry.volume.open.add(number)
        self._touched.add(entry.volume)
        return entry

    def _volume_for(self, path: str, t_ns: int) -> Volume:
        if self._shelving.per_exchange:
            return self._new_volume(t_ns, path)
        if self._current is None or self._is_full(self._current):
            self._current, full = None, self._current
            if full is not None and not full.open:
                self._finish(full)
            self._current = self._new_volume(t_ns)
        return self._current

    def _is_full(self, volume: Volume) -> bool:
        limit_bytes = self._shelving.max_size_bytes
        return limit_bytes is not None and volume.writer.size_bytes >= limit_bytes

    def _new_volume(self, t_ns: int, path: str = "") -> Volume:
        anchor_unix_ns = self._meta.anchor_unix_ns + t_ns
        name = stem(datetime.fromtimestamp(anchor_unix_ns / 1e9, UTC).astimezone(), path)
        meta = replace(self._meta, anchor_unix_ns=anchor_unix_ns)
        volume = Volume(free_path(self._shelving.folder, name), meta, t_ns)
        self.volume_count += 1
        self._made[volume.path] = self.volume_count
        self._throw_away({*self._volumes(), volume})
        return volume

    def _finish(self, volume: Volume) -> None:
        self._touched.discard(volume)
        self._lost_bytes += volume.writer.lost_bytes
        if volume is self._current:
            self._current = None
        self._packer.submit(self._pack, volume)

    def _pack(self, volume: Volume) -> None:
        if trouble := volume.destination.keep():
            self._complain(f"{volume.path} is left as a journal, which every sserec command reads: {trouble}")

    def _throw_away(self, written: set[Volume]) -> None:
        """Deletes the oldest archives beyond the number that may stay; never one that is ``written``."""
        if self._shelving.keep is None:
            return
        safe = {volume.path for volume in written}
        before = ours(self._shelving.folder)
        of_this_run = sorted(self._made.keys() & set(before), key=self._made.__getitem__)
        oldest_first = [*(path for path in before if path not in self._made), *of_this_run]
        for path in oldest_first[: -self._shelving.keep]:
            if path not in safe:
                self._made.pop(path, None)
                with suppress(OSError):
                    path.unlink()


def start_of(connection: Connection | None, t_ns: int) -> int:
    """When an exchange began: with its connection, where that was made for it."""
    if connection is None:
        return t_ns
    times = (connection.t_resolved_ns, connection.t_connected_ns, connection.t_tls_ns)
    known = [time for time in times if time is not None]
    return min(known) if known and max(known) > t_ns - FRESH_NS else t_ns


def stem(now: datetime, path: str) -> str:
    """``sserec-20260131-235959-v1beta-interactions``: time and path."""
    words = re.sub(r"[^A-Za-z0-9._]+", "-", path).strip("-.")[:MAX_PATH_CHARS]
    return f"sserec-{now:%Y%m%d-%H%M%S}" + (f"-{words}" if words else "")


def ours(folder: Path) -> list[Path]:
    """The archives in ``folder`` that have such a name, the oldest first."""
    found = (path for path in folder.glob(f"*{SUFFIX}") if OURS.fullmatch(path.name))
    return sorted(found, key=lambda path: path.stat().st_mtime_ns)
