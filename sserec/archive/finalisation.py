"""From a journal to a final file: small, indexed, and in place of the journal or not there at all.

Knows files, levels and what may be rewritten; must not know the layout. Invariants: the journal stays whole
and readable until the rename; every byte that is written was proved on reading; the same recording and level
give the same bytes.
"""

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import BinaryIO, TypeAlias

from sserec.archive.columns import varint
from sserec.archive.compact import CompactWriter
from sserec.archive.format import FORMAT_VERSION, RecordType
from sserec.archive.frames import ZSTD_VERSION
from sserec.archive.heads import Json, encode_json
from sserec.archive.marks import encode_marks
from sserec.archive.reader import ArchiveReader
from sserec.archive.values import Flaw, Problem
from sserec.display import argument
from sserec.errors import ArchiveError, DamagedArchive

PACK_LEVEL = 19
_QUICK_LEVEL = 9
_THOROUGH_UP_TO_BYTES = 512 << 10

_TELL_EVERY_BYTES = 1 << 20

Tell: TypeAlias = Callable[[float], None]
"""Takes the share that is done, from 0 to 1."""

_RECORDED_LOSSES = frozenset({Flaw.GAP, Flaw.MISSING_HEAD, Flaw.UNCOMMITTED_TAIL})
"""What a recorder could not write, which no repair brings back: no damage to the file."""


class _Told:
    """Counts what is done, and tells it now and then as a share of all."""

    def __init__(self, total_bytes: int, tell: Tell) -> None:
        self._total_bytes = total_bytes
        self._tell = tell
        self._done_bytes = self._untold_bytes = 0

    def add(self, size_bytes: int) -> None:
        self._done_bytes += size_bytes
        self._untold_bytes += size_bytes
        if self._untold_bytes >= _TELL_EVERY_BYTES:
            self._untold_bytes = 0
            self._tell(min(1.0, self._done_bytes / self._total_bytes))


def finalise(path: str | os.PathLike[str], tell: Tell = lambda share: None) -> None:
    """Replaces a journal by its final file. A final file stays as it is. ``tell`` hears how far that has come.

    Level 19 up to 512 KiB of bodies, the requests' among them, else 9: by size, never by clock. Raises
    ArchiveError when the file is being recorded or the disk is full (the journal is kept), DamagedArchive when it
    needs ``repair``.
    """
    with ArchiveReader.open(path, use_index=False) as reader:
        if reader.state == "final" and not damage_of(reader.problems):
            return
        refuse_unless_whole(reader)
        _replace(reader, Path(path), level_for(reader), tell)


def pack(
    path: str | os.PathLike[str], out: str | os.PathLike[str] | None = None, *, name: str | None = None
) -> None:
    """Writes the smallest final file, at level 19, to ``out`` or in place. Raises as :func:`finalise`.

    ``name``: what messages call the file, where that is not its path.
    """
    with ArchiveReader.open(path, use_index=False, name=name) as reader:
        refuse_unless_whole(reader)
        if out is not None:
            refuse_existing(Path(out))
        _replace(reader, Path(path if out is None else out), PACK_LEVEL)


def level_of(size_bytes: int) -> int:
    """The level for so many bytes of bodies: by size, never by clock."""
    return PACK_LEVEL if size_bytes <= _THOROUGH_UP_TO_BYTES else _QUICK_LEVEL


def level_for(reader: ArchiveReader) -> int:
    """The level for what the file holds; requests are only looked at where they can make a difference."""
    size_bytes = sum(map(reader.body_extent, reader.numbers))
    if level_of(size_bytes) == PACK_LEVEL:
        size_bytes += request_bytes(reader)
    return level_of(size_bytes)


def request_bytes(reader: ArchiveReader) -> int:
    """Of the requests' bodies, which count as well: at level 19 an upload of 20 MB holds up the end by 4 s."""
    records = chain.from_iterable(map(reader.head_records, reader.numbers))
    return sum(len(payload) for kind, payload in records if kind == RecordType.REQUEST_BODY)


def refuse_existing(out: Path) -> None:
    """Raises ArchiveError when ``out`` is there already."""
    if out.exists():
        raise ArchiveError(f"{out} exists already: choose another name with -o")


def damage_of(problems: Sequence[Problem]) -> list[Problem]:
    """The problems other than what the recorder itself could not write."""
    return [problem for problem in problems if problem.flaw not in _RECORDED_LOSSES]


def rewrite(
    reader: ArchiveReader, out: BinaryIO, level: int, tell: Tell = lambda share: None
) -> list[Problem]:
    """Writes everything readable as a final file to ``out``; returns what turned out to be missing.

    What is missing from the file, other than what the recorder itself could not write, is noted in it.
    """
    basis = {"format": "sserec", "v": FORMAT_VERSION, "tick_ns": reader.tick_ns}
    meta = final_meta(basis | reader.meta_json, level)
    writer = CompactWriter(out.write, file_id=reader.file_id, meta=meta, level=level)
    told = _Told(sum(map(reader.body_extent, reader.numbers)), tell)
    for number in reader.numbers:
        _copy_exchange(reader, writer, number, told)
    for t_ns, note in reader.notes:
        writer.add_note(varint(t_ns // reader.tick_ns) + encode_json(note))
    writer.add_marks(encode_marks(reader.marks))
    problems = reader.problems
    damage = damage_of(problems)
    if damage:
        writer.add_note(varint(0) + encode_json({"recovered": [problem.message for problem in damage]}))
    writer.finish()
    return problems


def final_meta(meta: Json, level: int) -> Json:
    """META of a final file."""
    return meta | {"state": "final", "zstd": ZSTD_VERSION, "level": level}


def refuse_unless_whole(reader: ArchiveReader) -> None:
    """Raises ArchiveError while it is being recorded, DamagedArchive where damage was found so far."""
    if reader.live:
        raise ArchiveError(f"{reader.name} is being recorded: end the recorder first")
    damage = damage_of(reader.problems)
    if damage:
        hint = f"sserec repair {argument(reader.name)} -o OUT"
        raise DamagedArchive(f"{reader.name}: {damage[0].message} ({hint})")


def _copy_exchange(reader: ArchiveReader, writer: CompactWriter, number: int, told: _Told) -> None:
    writer.open_exchange(number, is_event_stream=reader.is_event_stream(number))
    heads = reader.head_records(number)
    for kind, payload in heads:
        if kind != RecordType.CLOSE:
            writer.add_head(kind, payload)
    digest = hashlib.sha256()
    for chunk in reader.chunks(number):
        digest.update(chunk.data)
        writer.add_chunk(chunk)
        told.add(len(chunk.data))
    writer.close_exchange()
    for kind, payload in heads:
        if kind == RecordType.CLOSE:
            writer.add_head(kind, payload)
    reader.compare_checksum(number, digest.hexdigest())


def _replace(reader: ArchiveReader, target: Path, level: int, tell: Tell = lambda share: None) -> None:
    with replacing(target) as out:
        rewrite(reader, out, level, tell)
        refuse_unless_whole(reader)  # some damage shows only where it is read


@contextlib.contextmanager
def replacing(target: Path, mode: int = 0o600) -> Iterator[BinaryIO]:
    """A file that takes the place of ``target`` when the block ends well, and vanishes when it does not.

    ``mode``: its rights, before the umask. Raises ArchiveError where it cannot be written.
    """
    temporary = target.with_name(target.name + ".tmp")
    if target.exists() and not target.is_file():
        raise ArchiveError(f"{target} is no file: choose another name")
    try:
        temporary.unlink(missing_ok=True)
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
        try:
            with open(fd, "wb") as out:
                yield out
                out.flush()
                os.fsync(out.fileno())
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _sync_directory(target.parent)
    except OSError as error:
        raise ArchiveError(f"{target}: cannot be written: {error.strerror}") from error


def _sync_directory(directory: Path) -> None:
    """Makes the rename last; Windows has no such thing."""
    if os.name == "nt":
        return
    fd = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
