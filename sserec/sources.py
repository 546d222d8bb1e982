"""What an exchange is read from: an archive, or a body without anything around it.

Both give the same values, so that nobody above asks which of them a file was.
"""

import shutil
import sys
import tempfile
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import BinaryIO, Protocol
from weakref import finalize

from sserec.archive import ArchiveReader, ExchangeRecord, Mark
from sserec.display import STANDARD_INPUT, path_text
from sserec.errors import NotAnArchive, named
from sserec.holes import BodyDecoder
from sserec.records import Chunk, Unknown
from sserec.sse import Event, looks_like_stream
from sserec.wrapped import is_wrapped, unwrapped

STDIN = "-"
SNIFFED_BYTES = 4096
READ_BYTES = 1 << 18
ZSTD_FRAME = b"\x28\xb5\x2f\xfd"
SKIPPABLE_FRAME = b"\x2a\x4d\x18"
"""The last three bytes of the magic numbers 0x184D2A50 to 0x184D2A5F (RFC 8878, section 3.1.2)."""


PLAIN = frozenset({Unknown.REQUEST, Unknown.TIMES, Unknown.CHUNKS, Unknown.END})
"""What a body alone does not tell."""


class EventPlaces(Protocol):
    """Where the events of a body stand; index 0 is the first event."""

    @property
    def end(self) -> Sequence[int]: ...
    def __len__(self) -> int: ...
    def start(self, index: int) -> int: ...
    def id_source(self, index: int) -> int | None: ...
    def after(self, t_ns: int) -> int: ...


class Source(Protocol):
    """A file of exchanges."""

    def records(self) -> Sequence[ExchangeRecord]: ...
    def chunks(self, number: int) -> Iterator[Chunk]: ...
    def body(self, number: int, start: int = 0, end: int | None = None) -> bytes: ...
    def is_event_stream(self, number: int) -> bool:
        """By its label, or, where that says nothing or something else, by how the body begins."""

    def event_table(self, number: int) -> EventPlaces: ...
    def arrival_ns(self, number: int, offset: int) -> int | None:
        """When the byte at ``offset`` of a body came; None where nobody knows."""

    def marks(self) -> list[Mark]: ...
    def close(self) -> None: ...


class ArchiveSource:
    """The exchanges of an archive."""

    def __init__(self, reader: ArchiveReader, cleanup: Callable[[], object] | None = None) -> None:
        self.reader = reader
        self.is_copy = cleanup is not None
        """Whether the reader's file vanishes when this is closed: what is written to it would be lost."""
        self._cleanup = cleanup or (lambda: None)

    def records(self) -> Sequence[ExchangeRecord]:
        return self.reader.exchanges

    def chunks(self, number: int) -> Iterator[Chunk]:
        return self.reader.chunks(number)

    def body(self, number: int, start: int = 0, end: int | None = None) -> bytes:
        return self.reader.body(number, start, end)

    def is_event_stream(self, number: int) -> bool:
        return self.reader.is_event_stream(number)

    def event_table(self, number: int) -> EventPlaces:
        return self.reader.event_table(number)

    def arrival_ns(self, number: int, offset: int) -> int | None:
        chunks = self.reader.chunk_table(number)
        chunk = chunks.holding(offset)
        return chunks.t_ns[chunk] if chunk < len(chunks) else None

    def marks(self) -> list[Mark]:
        return self.reader.marks

    def close(self) -> None:
        self.reader.close()
        self._cleanup()


class PlainText:
    """A body as ``curl > FILE`` leaves it: one exchange, no heads, no times."""

    def __init__(self, path: Path, cleanup: Callable[[], object] | None = None) -> None:
        self.path = path
        self._file = path.open("rb")
        self._size_bytes = path.stat().st_size
        self._cleanup = cleanup or (lambda: None)

    def records(self) -> Sequence[ExchangeRecord]:
        return [ExchangeRecord(number=1, body_size_bytes=self._size_bytes, unknown=PLAIN)]

    def chunks(self, number: int) -> Iterator[Chunk]:
        for offset in range(0, self._size_bytes, READ_BYTES):
            yield Chunk(t_ns=0, offset=offset, data=self.body(number, offset, offset + READ_BYTES))

    def body(self, number: int, start: int = 0, end: int | None = None) -> bytes:
        self._file.seek(start)
        return self._file.read((self._size_bytes if end is None else end) - start)

    def is_event_stream(self, number: int) -> bool:
        return looks_like_stream(self.body(number, 0, SNIFFED_BYTES))

    def event_table(self, number: int) -> EventPlaces:
        decoder, ends = BodyDecoder(), Ends()
        for chunk in self.chunks(number):
            for event in decoder.feed(chunk.offset, chunk.data):
                ends.append(event)
            decoder.residue()
        return ends

    def arrival_ns(self, number: int, offset: int) -> int | None:
        return None

    def marks(self) -> list[Mark]:
        return []

    def close(self) -> None:
        self._file.close()
        self._cleanup()


class Ends:
    """Places of events in a body without holes and times: each begins where the one before it ended."""

    def __init__(self) -> None:
        self.end = array("Q")
        self._id_changes: list[int] = []
        self._last_event_id = ""

    def __len__(self) -> int:
        return len(self.end)

    def append(self, event: Event) -> None:
        """The next event of the body."""
        if event.last_event_id != self._last_event_id:
            self._last_event_id = event.last_event_id
            self._id_changes.append(len(self.end))
        self.end.append(event.end)

    def start(self, index: int) -> int:
        return self.end[index - 1] if index else 0

    def id_source(self, index: int) -> int | None:
        """The event whose last event ID is in force before this one; None when there is no ID."""
        changes = bisect_left(self._id_changes, index)
        return self._id_changes[changes - 1] if changes else None

    def after(self, t_ns: int) -> int:
        """Nobody knows when these events came, so at no time had any of them come."""
        return 0


def source_of(path: str, name: str) -> Source:
    """Opens a file by what it begins with, a recording in a zip or a gzip among them.

    Raises OSError, NotAnArchive or UnsupportedVersion.
    """
    prefix = beginning(Path(path))
    if not is_wrapped(prefix):
        return bare_source(Path(path), name, prefix)
    copy = unwrapped(Path(path), name)
    remove = finalize(sys.modules[__name__], copy.unlink, missing_ok=True)  # at the latest at exit
    try:
        return bare_source(copy, name, beginning(copy), remove)
    except BaseException:
        remove()
        raise


def bare_source(path: Path, name: str, prefix: bytes, cleanup: Callable[[], object] | None = None) -> Source:
    """The same for what is not packed. ``cleanup`` runs when the source is closed."""
    if prefix.startswith(ZSTD_FRAME) or prefix[1:4] == SKIPPABLE_FRAME:
        return ArchiveSource(ArchiveReader.open(path, name=name), cleanup)
    if is_wrapped(prefix) or (b"\0" in prefix and not looks_like_stream(prefix)):
        raise NotAnArchive(
            f"{name} is neither an archive nor an event stream: it begins with {prefix[:4].hex(' ')}"
        )
    return PlainText(path, cleanup)


def beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(SNIFFED_BYTES)


@contextmanager
def on_disk(path: str) -> Iterator[tuple[Path, str]]:
    """A file by its path and its name, as long as the block lasts.

    Of a pipe, standard input (``-``) among them, it is a copy, and of a zip or a gzip the recording inside.
    """
    spooled = Path(spool(path)) if is_piped(path) else None
    file, name = spooled or Path(path), name_of(path)
    copy = None
    try:
        if is_wrapped(beginning(file)):
            copy = unwrapped(file, name)
        yield copy or file, name
    finally:
        for made in filter(None, (spooled, copy)):
            made.unlink(missing_ok=True)


def name_of(path: str) -> str:
    """What messages call it."""
    return STANDARD_INPUT if path == STDIN else path_text(path)


def is_piped(path: str) -> bool:
    """Whether it can be read only once, and from its beginning, as ``-`` and a shell's ``<(…)``."""
    return path == STDIN or Path(path).is_fifo()


def spool(path: str) -> str:
    """What comes through a pipe as a file, because an archive is read from its end."""
    with piped(path) as pipe, tempfile.NamedTemporaryFile(prefix="sserec-", delete=False) as spooled:
        try:
            with named(spooled.name):
                shutil.copyfileobj(pipe, spooled)
                spooled.flush()
        except BaseException:  # ^C among them
            Path(spooled.name).unlink()
            raise
    return spooled.name


def piped(path: str) -> AbstractContextManager[BinaryIO]:
    return nullcontext(sys.stdin.buffer) if path == STDIN else Path(path).open("rb")
