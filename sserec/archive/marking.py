"""Adding marks to a file without rewriting its data (docs/format.md, section 9).

Knows what has to follow the last byte so that the file is again what it was, final or a journal that nobody writes any
more; must not know what a mark is for.
Invariant: everything is appended in one write, or the file stays as it was.
"""

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sserec.archive.format import MAX_RECORDS, BlockHead, BlockKind, pack_block
from sserec.archive.frames import compressor, last_frame, pack_seek_table, seek_table
from sserec.archive.index import decode_index
from sserec.archive.marks import encode_marks
from sserec.archive.scan import Walk
from sserec.archive.source import Source
from sserec.archive.store import BlockStore, read_head
from sserec.archive.values import Mark, ProblemLog
from sserec.errors import ArchiveError, UsageError

_LEVEL = 9


def save_marks(path: str | os.PathLike[str], marks: Iterable[Mark]) -> None:
    """Puts ``marks`` in place of those that the file has; its data stay where they are.

    Raises ArchiveError when the file is being recorded, is no archive, does not end with a whole block, or cannot be
    written; UsageError when there are more marks than a block of records holds.
    """
    ordered = sorted(marks)
    if len(ordered) >= MAX_RECORDS:
        raise UsageError(f"a file holds {MAX_RECORDS - 1:,} marks at most, not {len(ordered):,}")
    path = Path(path)
    with _locked(path) as fd, Source(path) as source:
        body, index_head = encode_marks(ordered), _index_head(source)
        if index_head is not None:
            ending = _final_ending(source, index_head, body)
        else:
            ending = _block(BlockKind.MARKS, _following(_last_head(source)), body)
        _append(fd, path, source.size, ending)


def _final_ending(source: Source, head: BlockHead, body: bytes) -> bytes:
    """The blocks of marks and index, and the seek table, that make the file a final one again."""
    index = decode_index(BlockStore(source, ProblemLog().report).body(head), head.position)
    frames = [*seek_table(source.read, source.size), (source.size - head.end, 0)]
    marks = _block(BlockKind.MARKS, head, body)
    index.marks_position = source.size
    index_block = _block(BlockKind.INDEX, head, index.encode(source.size + len(marks)))
    frames += [(len(marks), 0), (len(index_block), 0)]
    return b"".join((marks, index_block, pack_seek_table(frames)))


def _index_head(source: Source) -> BlockHead | None:
    """The INDEX with which a final file ends; None where the file ends otherwise."""
    place = last_frame(source.read, source.size)
    head = read_head(source, place[0]) if place is not None else None
    return head if place and head and head.kind == BlockKind.INDEX and head.size == place[1] else None


def _last_head(source: Source) -> BlockHead:
    """The block with which a journal ends."""
    walk = Walk(source, ProblemLog().report)
    heads = list(walk.blocks())
    if not heads or walk.settled < source.size or any(head.kind == BlockKind.INDEX for head in heads):
        raise ArchiveError(
            f"{source.path}: marks need a file that ends with a whole block "
            f"(sserec repair {source.path} -o NEW writes one)"
        )
    return heads[-1]


def _following(head: BlockHead) -> BlockHead:
    """What a block has in its head that stands behind this one, and commits nothing."""
    return head._replace(seq=head.seq + 1, raw_offset=head.raw_offset + head.data_size)


def _block(kind: BlockKind, like: BlockHead, body: bytes) -> bytes:
    """A block without data that stands where ``like`` says."""
    return pack_block(
        kind,
        file_id=like.file_id,
        seq=like.seq,
        raw_offset=like.raw_offset,
        frame=b"",
        data_size=0,
        body=body,
        stored_body=compressor(_LEVEL)(body),
    )


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    """The file, opened for appending, while no recorder and nobody else adds to it."""
    try:
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise ArchiveError(f"{path}: cannot be written: {error.strerror}") from error
    try:
        _lock(fd, path)
        yield fd
    finally:
        os.close(fd)


def _lock(fd: int, path: Path) -> None:
    try:
        import fcntl
    except ImportError:  # Windows: nobody records there without a lock of its own kind
        return
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise ArchiveError(f"{path} is being recorded: end the recorder first") from error


def _append(fd: int, path: Path, size: int, ending: bytes) -> None:
    try:
        written = os.write(fd, ending)
        if written < len(ending):
            os.ftruncate(fd, size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(fd)
    except OSError as error:
        raise ArchiveError(f"{path}: cannot be written: {error.strerror}; it stays as it was") from error
