"""The same recording with something in it replaced or left out: a new final file beside the old one.

Knows which records hold what; must not know why something is replaced. Invariants: the file that is read is never
touched; numbers, times, sizes, chunks and marks stay; records that this version does not know are left out, because
what cannot be read cannot be replaced.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

from sserec.archive.columns import varint
from sserec.archive.compact import CompactWriter
from sserec.archive.exchanges import HeadRecord
from sserec.archive.finalisation import (
    final_meta,
    level_for,
    refuse_existing,
    refuse_unless_whole,
    replacing,
)
from sserec.archive.format import RecordType
from sserec.archive.heads import (
    close_json,
    connection_json,
    encode_json,
    meta_json,
    opaque_json,
    request_json,
    response_json,
    stamp,
    timed,
)
from sserec.archive.marks import encode_marks
from sserec.archive.reader import SNIFFED_BYTES, ArchiveReader, is_labelled_stream
from sserec.archive.values import ExchangeRecord, Mark, Meta
from sserec.errors import ArchiveError
from sserec.records import Chunk
from sserec.sse import looks_like_stream

_REQUEST_RECORD_BYTES = 4 << 20


class Revision:
    """What becomes of a recording. This one keeps everything as it is; others replace what they care about."""

    def keeps(self, number: int) -> bool:
        """Whether the exchange is in the new file."""
        return True

    def meta(self, meta: Meta) -> Meta:
        return meta

    def exchange(self, record: ExchangeRecord) -> ExchangeRecord:
        """The heads; the bodies that hang on the record are not asked for."""
        return record

    def request_body(self, record: ExchangeRecord, body: bytes) -> bytes:
        return body

    def chunks(self, record: ExchangeRecord, reader: ArchiveReader) -> Iterator[Chunk]:
        """The body's chunks, as many, as long and as late as they were."""
        return reader.chunks(record.number)

    def note(self, note: Mapping[str, Any]) -> Mapping[str, Any]:
        return note

    def mark(self, mark: Mark) -> Mark:
        return mark


class Bytes(Protocol):
    """Where a new file is written."""

    def write(self, data: bytes, /) -> object: ...


def revise(
    path: str | os.PathLike[str],
    out: str | os.PathLike[str],
    revision: Revision,
    *,
    overwrite: bool = False,
    name: str | None = None,
) -> None:
    """Writes what ``revision`` makes of the archive at ``path`` to ``out``, the same bytes every time.

    ``name``: what messages call the archive, where that is not its path. Raises ArchiveError where ``out`` exists and
    ``overwrite`` was not asked for, where it is the archive itself, and where that is being recorded; DamagedArchive
    where it needs ``repair``.
    """
    target = Path(out)
    if not overwrite:
        refuse_existing(target)
    elif target.exists() and target.samefile(path):
        raise ArchiveError(f"{target} is the recording itself, which is never changed: choose another name")
    with ArchiveReader.open(path, use_index=False, name=name) as reader:
        refuse_unless_whole(reader)
        with replacing(target) as file:
            write_revised(reader, file, revision)
            refuse_unless_whole(reader)  # some damage shows only where it is read


def write_revised(reader: ArchiveReader, file: Bytes, revision: Revision) -> None:
    """Writes what ``revision`` makes of an archive as a final file."""
    level = level_for(reader)
    facts = final_meta(meta_json(revision.meta(reader.meta)) | {"tick_ns": reader.tick_ns}, level)
    meta = {key: value for key, value in facts.items() if value is not None}
    writer = CompactWriter(file.write, file_id=_another_id(reader), meta=meta, level=level)
    kept = [number for number in reader.numbers if revision.keeps(number)]
    for number in kept:
        _write_exchange(reader, writer, revision, number)
    for t_ns, note in reader.notes:
        writer.add_note(varint(t_ns // reader.tick_ns) + encode_json(revision.note(note)))
    numbers = frozenset(kept)
    marks = (revision.mark(mark) for mark in reader.marks if mark.exchange in numbers)
    writer.add_marks(encode_marks(marks))
    writer.finish()


def _another_id(reader: ArchiveReader) -> int:
    """Blocks of the two files must never pass for each other's."""
    digest = hashlib.sha256(b"revised" + reader.file_id.to_bytes(8, "little")).digest()
    return int.from_bytes(digest[:8], "little")


def _write_exchange(reader: ArchiveReader, writer: CompactWriter, revision: Revision, number: int) -> None:
    recorded = reader.exchange(number)
    revised = revision.exchange(recorded)
    heads = reader.head_records(number)
    body = revision.request_body(recorded, recorded.request_body())
    beginning, chunks = _begun(revision.chunks(recorded, reader))
    is_event_stream = is_labelled_stream(revised.response) or looks_like_stream(beginning)
    writer.open_exchange(number, is_event_stream=is_event_stream)
    for kind, payload in _revised_heads(heads, revised, body):
        writer.add_head(kind, payload)
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk.data)
        writer.add_chunk(chunk)
    writer.close_exchange()
    sha256 = None if reader.gaps(number) else digest.hexdigest()
    for kind, payload in heads:
        if kind == RecordType.CLOSE and revised.close is not None:
            writer.add_head(kind, _closing(payload, revised, sha256))


def _begun(chunks: Iterator[Chunk]) -> tuple[bytes, Iterator[Chunk]]:
    """How a body begins, which may be otherwise than it did, and all its chunks."""
    first, beginning = list[Chunk](), b""
    for chunk in chunks:
        first.append(chunk)
        is_next = chunk.offset == len(beginning)
        beginning += chunk.data if is_next else b""
        if not is_next or len(beginning) >= SNIFFED_BYTES:
            break
    return beginning[:SNIFFED_BYTES], chain(first, chunks)


def _revised_heads(heads: list[HeadRecord], record: ExchangeRecord, body: bytes) -> Iterator[HeadRecord]:
    """The records before the body, in their order; that of the request's body stands where it stood."""
    has_body = False
    for kind, payload in heads:
        if kind in (RecordType.SENT, RecordType.TRAFFIC):  # numbers alone
            yield kind, payload
        elif kind == RecordType.CONNECTION and record.connection is not None:
            yield kind, varint(record.number) + encode_json(connection_json(record.connection))
        elif kind == RecordType.REQUEST_BODY:
            parts = () if has_body else range(0, len(body), _REQUEST_RECORD_BYTES)
            for start in parts:
                yield kind, varint(record.number) + body[start : start + _REQUEST_RECORD_BYTES]
            has_body = True
        elif kind in (RecordType.OPEN, RecordType.OPAQUE, RecordType.RESPONSE):
            facts = _facts(kind, record)
            if facts is not None:
                yield kind, stamp(*timed(payload)[:2]) + encode_json(facts)


def _facts(kind: int, record: ExchangeRecord) -> dict[str, Any] | None:
    if kind == RecordType.OPEN:
        return request_json(record.request, record.unknown) if record.request is not None else None
    if kind == RecordType.OPAQUE:
        return opaque_json(record.opaque) if record.opaque is not None else None
    return response_json(record.response) if record.response is not None else None


def _closing(payload: bytes, record: ExchangeRecord, sha256: str | None) -> bytes:
    assert record.close is not None
    facts = close_json(
        record.close,
        size_bytes=record.body_size_bytes,
        chunk_count=record.chunk_count,
        sha256=sha256 or "",
        coded_size_bytes=record.coded_size_bytes,
    )
    return stamp(*timed(payload)[:2]) + encode_json(facts | {"sha256": sha256})
