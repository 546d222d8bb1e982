"""A new final file from exchanges, or parts of exchanges, of others.

Knows what each record says of numbers, times and offsets, and changes nothing else in it; must not know why an excerpt
was chosen. Invariants: borders of chunks stay, and so do gaps; an excerpt that ends before its exchange did has an end
of its own; one that begins later says that its beginning is not known.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sserec.archive.columns import read_varint, varint
from sserec.archive.compact import CompactWriter
from sserec.archive.finalisation import (
    final_meta,
    level_of,
    refuse_existing,
    refuse_unless_whole,
    replacing,
)
from sserec.archive.format import FORMAT_VERSION, RecordType
from sserec.archive.heads import Json, close_json, decode_json, encode_json, stamp, timed, unknown_from
from sserec.archive.marks import encode_marks
from sserec.archive.reader import ArchiveReader
from sserec.archive.runs import TrafficRun, decode_traffic, encode_traffic
from sserec.archive.values import Mark
from sserec.errors import ArchiveError
from sserec.records import Chunk, Close, Closer, Manner, Unknown

TIMES_END_NS = 1 << 63
CONNECTION_TIMES = ("resolved_ns", "connected_ns", "tls_ns")


@dataclass(frozen=True, slots=True)
class Excerpt:
    """An exchange of a file, or a part of it."""

    reader: ArchiveReader
    number: int
    start: int = 0
    """Where in the body it begins."""
    end: int | None = None
    """Where in the body it ends; None: where the exchange does, and as it does."""
    t_start_ns: int | None = None
    """What passed through an opaque connection before is left out."""
    t_end_ns: int = 0
    """When it ends, where it is cut there: nothing that came later is in it."""
    shift_ns: int = 0
    """Added to its times."""
    connection_base: int = 0
    """Added to the number of its connection."""

    @property
    def is_cut(self) -> bool:
        """It ends before its exchange did."""
        return self.end is not None

    def moved(self, t_ns: int) -> int:
        """A time of the exchange as one of the new file. Raises ArchiveError where that has no room for it."""
        moved_ns = t_ns + self.shift_ns
        if moved_ns >= TIMES_END_NS:
            raise ArchiveError(
                f"{self.reader.name}: a time lies {moved_ns:,} ns after the start, which no archive holds"
            )
        return moved_ns

    def holds(self, mark: Mark) -> bool:
        """Whether the marked byte is in it."""
        return mark.exchange == self.number and self.start <= mark.offset < (self.end or 1 << 63)


def compose(
    out: str | os.PathLike[str],
    excerpts: Sequence[Excerpt],
    meta: Json,
    notes: Iterable[tuple[int, Json]] = (),
    *,
    overwrite: bool = False,
) -> None:
    """Writes the excerpts, numbered from 1 in this order, to the file ``out``.

    ``meta`` is META without what every final file has to say. Raises ArchiveError where ``out`` exists already or
    cannot be written, or a file is still being recorded, and DamagedArchive where one needs ``repair``.
    """
    if not overwrite:
        refuse_existing(Path(out))
    for excerpt in excerpts:
        refuse_unless_whole(excerpt.reader)
    level = level_of(sum(map(extent, excerpts)))
    own = {"format": "sserec", "v": FORMAT_VERSION, "tick_ns": 1}
    with replacing(Path(out)) as file:
        writer = CompactWriter(
            file.write, file_id=file_id(excerpts), meta=final_meta(meta | own, level), level=level
        )
        for number, excerpt in enumerate(excerpts, start=1):
            write_excerpt(writer, excerpt, number)
        for t_ns, note in notes:
            writer.add_note(varint(t_ns) + encode_json(note))
        writer.add_marks(encode_marks(sorted(marks(excerpts))))
        writer.finish()
        for excerpt in excerpts:
            refuse_unless_whole(excerpt.reader)  # some damage shows only where it is read


def file_id(excerpts: Sequence[Excerpt]) -> int:
    """The same for the same excerpts of the same files, and as unforgeable as the random numbers that it is made of."""
    digest = hashlib.sha256()
    for one in excerpts:
        digest.update(f"{one.reader.file_id} {one.number} {one.start} {one.end} {one.shift_ns};".encode())
    return int.from_bytes(digest.digest()[:8], "little")


def extent(excerpt: Excerpt) -> int:
    """How many bytes of body it holds."""
    end = excerpt.reader.body_extent(excerpt.number) if excerpt.end is None else excerpt.end
    return max(end - excerpt.start, 0)


def marks(excerpts: Sequence[Excerpt]) -> Iterator[Mark]:
    for number, excerpt in enumerate(excerpts, start=1):
        for mark in filter(excerpt.holds, excerpt.reader.marks):
            yield Mark(number, mark.offset - excerpt.start, mark.text)


def write_excerpt(writer: CompactWriter, excerpt: Excerpt, number: int) -> None:
    reader = excerpt.reader
    writer.open_exchange(number, is_event_stream=reader.is_event_stream(excerpt.number))
    closing = b""
    for kind, payload in reader.head_records(excerpt.number):
        if kind == RecordType.CLOSE:
            closing = payload
        elif (restated := head(excerpt, number, kind, payload)) is not None:
            writer.add_head(kind, restated)
    tally = Tally()
    for chunk in chunks(excerpt):
        tally.add(chunk)
        writer.add_chunk(chunk)
    writer.close_exchange()
    if not excerpt.is_cut and not excerpt.start:
        reader.compare_checksum(excerpt.number, tally.sha256.hexdigest())
    if closing or excerpt.is_cut:
        writer.add_head(RecordType.CLOSE, close(excerpt, number, closing, tally))


def head(excerpt: Excerpt, number: int, kind: int, payload: bytes) -> bytes | None:
    """A record with another number and another time; None where it is of a time after the excerpt."""
    if kind == RecordType.REQUEST_BODY:
        return varint(number) + payload[read_varint(payload, 0)[1] :]
    if kind == RecordType.CONNECTION:
        return varint(number) + connection(excerpt, payload)
    if kind == RecordType.TRAFFIC:
        return traffic(excerpt, number, payload)
    _, tick, position = timed(payload)
    t_ns = tick * excerpt.reader.tick_ns
    if excerpt.is_cut and t_ns > excerpt.t_end_ns:
        return None
    rest = payload[position:]
    if kind == RecordType.OPEN and excerpt.start:
        rest = without_beginning(rest)
    return stamp(number, excerpt.moved(t_ns)) + rest


def without_beginning(opening: bytes) -> bytes:
    value = decode_json(opening)
    return encode_json(value | {"unknown": sorted(unknown_from(value) | {Unknown.BEGINNING})})


def connection(excerpt: Excerpt, payload: bytes) -> bytes:
    value = decode_json(payload, read_varint(payload, 0)[1])
    for key in CONNECTION_TIMES:
        if isinstance(value.get(key), int):
            value[key] = excerpt.moved(value[key])
    if isinstance(value.get("id"), int):
        value["id"] += excerpt.connection_base
    return encode_json(value)


def traffic(excerpt: Excerpt, number: int, payload: bytes) -> bytes | None:
    run, tick_ns = decode_traffic(payload), excerpt.reader.tick_ns
    kept = TrafficRun(number, run.times[:0], run.directions[:0], run.sizes[:0])
    for tick, direction, size_bytes in zip(run.times, run.directions, run.sizes, strict=True):
        t_ns = tick * tick_ns
        if (excerpt.t_start_ns or 0) <= t_ns and not (excerpt.is_cut and t_ns > excerpt.t_end_ns):
            kept.times.append(excerpt.moved(t_ns))
            kept.directions.append(direction)
            kept.sizes.append(size_bytes)
    return encode_traffic(kept) if kept.times else None


def chunks(excerpt: Excerpt) -> Iterator[Chunk]:
    """Those of the excerpt; the first and the last one may be parts of what came."""
    start, end = excerpt.start, excerpt.end
    first = excerpt.reader.chunk_table(excerpt.number).holding(start) if start else 0
    for chunk in excerpt.reader.chunks(excerpt.number, first):
        if end is not None and chunk.offset >= end:
            return
        data = chunk.data[max(start - chunk.offset, 0) : None if end is None else end - chunk.offset]
        if not data:
            continue
        yield replace(
            chunk,
            t_ns=excerpt.moved(chunk.t_ns),
            offset=max(chunk.offset - start, 0),
            data=data,
            coded_size_bytes=chunk.coded_size_bytes if len(data) == len(chunk.data) else None,
            t_kernel_ns=None if chunk.t_kernel_ns is None else excerpt.moved(chunk.t_kernel_ns),
        )


class Tally:
    """What the chunks of an excerpt amount to."""

    def __init__(self) -> None:
        self.size_bytes = self.count = self.held_bytes = 0
        self.sha256 = hashlib.sha256()

    def add(self, chunk: Chunk) -> None:
        self.size_bytes = chunk.offset + len(chunk.data)
        self.held_bytes += len(chunk.data)
        self.count += 1
        self.sha256.update(chunk.data)


def close(excerpt: Excerpt, number: int, closing: bytes, tally: Tally) -> bytes:
    """How the excerpt ends: as its exchange did, or, before that, by having been cut."""
    if excerpt.is_cut:
        return stamp(number, excerpt.moved(excerpt.t_end_ns)) + encode_json(cut(excerpt, tally))
    _, tick, position = timed(closing)
    value = decode_json(closing, position)
    if excerpt.start:
        value |= totals(tally) | {"coded_size": None}
        if isinstance(value.get("undecoded_from"), int):
            value["undecoded_from"] = max(value["undecoded_from"] - excerpt.start, 0)
    return stamp(number, excerpt.moved(tick * excerpt.reader.tick_ns)) + encode_json(value)


def cut(excerpt: Excerpt, tally: Tally) -> Json:
    more_bytes = excerpt.reader.body_extent(excerpt.number) - (excerpt.end or 0)
    error = f"cut out of a recording in which {more_bytes:,} bytes more follow"
    ended = Close(excerpt.t_end_ns, Closer.RECORDER, Manner.SLICE, framing_complete=False, error=error)
    return close_json(ended, size_bytes=0, chunk_count=0, sha256="", coded_size_bytes=None) | totals(tally)


def totals(tally: Tally) -> Json:
    """A checksum only of a body without gaps."""
    is_whole = tally.held_bytes == tally.size_bytes
    sha256 = tally.sha256.hexdigest() if is_whole else None
    return {"size": tally.size_bytes, "chunks": tally.count, "sha256": sha256}
