"""What tapes are read from: an archive, or plain text, either of which may still grow.

Knows files and how they grow; must not know what is shown of them. One lock stands before the file, because a job in
another thread reads the same one; nobody holds it for longer than a few megabytes take to decompress.
"""

import threading
from array import array
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from sserec.archive import ChunkTable, EventTable, Mark, Meta, Piece
from sserec.archive.deriving import TableBuilder, TypeNames
from sserec.archive.tables import ChunkPart, LazyParts
from sserec.errors import DamagedArchive
from sserec.recording import Exchange
from sserec.sources import ArchiveSource, PlainText, source_of
from sserec.tui.model.jobs import Job, Progress

INDEXED_AT_ONCE_BYTES = 1 << 20
"""Of plain text: 15 ms. The rest is indexed by a job."""


class Medium(Protocol):
    """An open file. Whoever calls a method other than :meth:`close` holds the lock."""

    path: Path
    lock: threading.RLock
    is_archive: bool
    """Whether it is one, and no plain text."""
    is_copy: bool
    """Whether the file vanishes when it is closed: it was in a zip or a gzip."""

    @property
    def meta(self) -> Meta | None: ...
    @property
    def problems(self) -> list[str]: ...
    @property
    def is_live(self) -> bool:
        """Whether a recorder is writing it."""

    @property
    def numbers(self) -> Sequence[int]: ...
    def marks(self) -> list[Mark]:
        """Those that stand in the file."""

    def exchange(self, number: int) -> Exchange: ...
    def size_bytes(self, number: int) -> int:
        """How much of the body is there."""

    def event_table(self, number: int) -> EventTable: ...
    def chunk_table(self, number: int) -> ChunkTable: ...
    def has_gaps(self, number: int) -> bool: ...
    def body(self, number: int, start: int, end: int) -> bytes:
        """Raises DamagedArchive when a byte of it is missing."""

    def index(self) -> Job:
        """Finds the events of a file that has no table of them. Takes the lock itself."""

    def refresh(self) -> bool:
        """Looks for what was added. True when there is something new."""

    def close(self) -> None: ...


def open_medium(path: str, name: str) -> Medium:
    """Opens a file by what it begins with. Raises OSError, NotAnArchive or UnsupportedVersion."""
    source = source_of(path, name)
    if isinstance(source, ArchiveSource):
        return ArchiveMedium(source)
    assert isinstance(source, PlainText)
    return PlainMedium(source)


class ArchiveMedium:
    """An archive, final or growing."""

    is_archive = True

    def __init__(self, source: ArchiveSource) -> None:
        self.lock = threading.RLock()
        self.path = source.reader.path
        self.is_copy = source.is_copy
        self._source = source
        self._reader = source.reader

    @property
    def meta(self) -> Meta | None:
        return self._reader.meta

    @property
    def problems(self) -> list[str]:
        return [problem.message for problem in self._reader.problems]

    @property
    def is_live(self) -> bool:
        return self._reader.live

    @property
    def numbers(self) -> Sequence[int]:
        return self._reader.numbers

    def marks(self) -> list[Mark]:
        return self._source.marks()

    def exchange(self, number: int) -> Exchange:
        return Exchange(self._reader.exchange(number), self._source, live=self._reader.live)

    def size_bytes(self, number: int) -> int:
        return self._reader.body_extent(number)

    def event_table(self, number: int) -> EventTable:
        return self._reader.event_table(number)

    def chunk_table(self, number: int) -> ChunkTable:
        return self._reader.chunk_table(number)

    def has_gaps(self, number: int) -> bool:
        return bool(self._reader.gaps(number))

    def body(self, number: int, start: int, end: int) -> bytes:
        return self._reader.body(number, start, end)

    def index(self) -> Job:
        yield from ()

    def refresh(self) -> bool:
        return self._reader.refresh()

    def close(self) -> None:
        self._reader.close()


class PlainMedium:
    """A body as ``curl > FILE`` leaves it: one exchange, no heads, no times, and no table but the one made here."""

    is_archive = is_copy = False
    is_live = False
    meta = None
    numbers = (1,)

    def __init__(self, source: PlainText) -> None:
        self.lock = threading.RLock()
        self.path = source.path
        self.problems: list[str] = []
        self._source = source
        self._names = TypeNames()
        self._builder = TableBuilder(self._names)
        self._size_bytes = 0
        self.refresh()

    def marks(self) -> list[Mark]:
        return []

    def exchange(self, number: int) -> Exchange:
        return Exchange(replace(self._source.records()[0], body_size_bytes=self._size_bytes), self._source)

    def size_bytes(self, number: int) -> int:
        return self._size_bytes

    def event_table(self, number: int) -> EventTable:
        return EventTable(self._builder, self._names.names, self.chunk_table(number))

    def chunk_table(self, number: int) -> ChunkTable:
        return ChunkTable(LazyParts([0], 0, lambda part: ChunkPart(array("Q"), array("Q"))))

    def has_gaps(self, number: int) -> bool:
        return False

    def body(self, number: int, start: int, end: int) -> bytes:
        if start > self._size_bytes:
            raise DamagedArchive(f"{self.path} is shorter than it was")
        return self._source.body(number, start, min(end, self._size_bytes))

    def index(self) -> Job:
        while self._builder.position < self._size_bytes:
            with self.lock:
                self._index_more()
            yield Progress(self._builder.position, self._size_bytes)

    def refresh(self) -> bool:
        before = self._size_bytes, self._builder.position
        self._size_bytes = self.path.stat().st_size
        self._index_more()
        return (self._size_bytes, self._builder.position) != before

    def close(self) -> None:
        self._source.close()

    def _index_more(self) -> None:
        start = self._builder.position
        if start < self._size_bytes:
            data = self.body(1, start, start + INDEXED_AT_ONCE_BYTES)
            self._builder.feed(Piece(start, data), 0, ())
            if not data:  # the file was cut off since it was measured
                self._size_bytes = start
