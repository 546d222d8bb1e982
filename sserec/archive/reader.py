"""Reading: one interface over journals, growing journals, final files and damaged ones.

Knows how to find things; must not know SSE or what a request means. Invariants: opening raises only when there
is nothing to read; damage met later becomes a problem in the list and a gap in the body, never a wrong byte;
a growing file is read on from where the last look ended.
"""

import os
from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, Self, overload

from sserec.archive.catalogue import Catalogue, RunPlace, Track
from sserec.archive.columns import MAX_VARINT, read_varint
from sserec.archive.deriving import TableBuilder, TypeNames
from sserec.archive.events import event_parts
from sserec.archive.exchanges import OF_EXCHANGE, HeadRecord, exchange_from
from sserec.archive.format import MAX_CHUNK_BYTES, BlockHead, BlockKind, RecordType, records
from sserec.archive.frames import DATA_MAGIC, last_frame
from sserec.archive.heads import Json, decode_json, meta_from
from sserec.archive.index import IndexedCatalogue, decode_index, find_run
from sserec.archive.ledger import Survey
from sserec.archive.marks import decode_marks
from sserec.archive.runs import Run
from sserec.archive.scan import Walk
from sserec.archive.source import Source
from sserec.archive.store import BlockStore, read_head
from sserec.archive.tables import ChunkTable, EventTable
from sserec.archive.values import ExchangeRecord, Flaw, Gap, Mark, Meta, Piece, Problem, ProblemLog
from sserec.closing import Closing
from sserec.display import argument
from sserec.errors import DamagedArchive, NotAnArchive, UnsupportedVersion
from sserec.records import Chunk, Response
from sserec.sse import EVENT_STREAM, looks_like_stream

SNIFFED_BYTES = 4096
_KEPT_TRACKS = 64
_KEPT_GROUPS = 4
_KEPT_TABLES = 8


class ArchiveReader(Closing):
    """A recording on disk. Made by :meth:`open`."""

    def __init__(self, path: Path, *, use_index: bool, name: str) -> None:
        self.path = path
        self.name = name
        """What messages call it."""
        self.file_id = 0
        """The random number that every block of the recording carries."""
        self._use_index = use_index
        self._begin()

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, use_index: bool = True, name: str | None = None) -> Self:
        """Opens a recording, finished or growing, whole or damaged.

        A final file is opened by its index in constant time, anything else by a scan of its blocks;
        ``use_index=False`` always scans. ``name``: what messages call the file, where that is not its path.
        Raises NotAnArchive when nothing of a recording is found, UnsupportedVersion when a newer sserec wrote
        it, ArchiveError when the file cannot be read.
        """
        return cls(Path(path), use_index=use_index, name=name or str(path))

    def close(self) -> None:
        """Gives the file back."""
        self._source.close()

    @property
    def size_bytes(self) -> int:
        """Size of the file."""
        return self._source.size

    @property
    def meta(self) -> Meta:
        """What the recording says of itself."""
        try:
            return meta_from(self._catalogue.meta)
        except DamagedArchive:
            return Meta(anchor_unix_ns=0)

    @property
    def meta_json(self) -> Json:
        """The META record as it stands in the file, with level and library of a final one."""
        return self._catalogue.meta

    @property
    def state(self) -> Literal["journal", "final"]:
        """Whether the recording was finalised."""
        if self._survey is None or self._survey.index_head is not None:
            return "final"
        return "final" if self._catalogue.meta.get("state") == "final" else "journal"

    @property
    def is_indexed(self) -> bool:
        """The file was opened by its index, without reading the rest."""
        return self._survey is None

    @property
    def problems(self) -> list[Problem]:
        """What is known to be missing or wrong so far; reading may find more."""
        found = (*self._log.items, *self._survey_problems(), *self._gap_problems())
        return list(dict.fromkeys(found))

    @property
    def notes(self) -> list[tuple[int, Json]]:
        """Remarks on the recording as a whole, with their times."""
        notes: list[tuple[int, Json]] = []
        for block in self._catalogue.note_blocks:
            for kind, payload in self._records_of(block):
                if kind == RecordType.NOTE:
                    notes += self._note(payload)
        return notes

    @property
    def marks(self) -> list[Mark]:
        """What people noted on places of the recording, in the order of exchanges and bytes."""
        head = self._marks_head()
        try:
            return sorted(decode_marks(self._store.body(head))) if head is not None else []
        except DamagedArchive as error:
            self._log.report(Problem(Flaw.DAMAGED_RECORDS, f"the marks cannot be read: {error}"))
            return []

    @property
    def numbers(self) -> Sequence[int]:
        """The numbers of the exchanges, rising."""
        return self._catalogue.numbers

    @property
    def exchanges(self) -> Sequence[ExchangeRecord]:
        """The exchanges by number, each read when it is asked for."""
        return _Exchanges(self, self._catalogue.numbers)

    def exchange(self, number: int) -> ExchangeRecord:
        """The exchange ``number``. Raises KeyError."""
        extent = self._track(number).size_bytes
        exchange = exchange_from(
            number,
            self.head_records(number),
            recorded_bytes=extent,
            chunk_count=len(self.chunk_table(number)),
            tick_ns=self.tick_ns,
            report=self._log.report,
        )
        if extent < exchange.body_size_bytes:
            self.report_gap(number, Gap(extent, exchange.body_size_bytes))
        return exchange

    def head_records(self, number: int) -> list[HeadRecord]:
        """Type and payload of the records of an exchange other than its chunks."""
        heads: list[HeadRecord] = []
        for block in self._track(number).head_blocks:
            heads += self._grouped(block).get(number, ())
        return heads

    def body_extent(self, number: int) -> int:
        """Where the last recorded run of the body ends, without looking at the exchange's records."""
        return self._track(number).size_bytes

    def compare_checksum(self, number: int, sha256: str) -> None:
        """Notes a problem when a body that lacks nothing has another checksum than was recorded."""
        recorded = self.exchange(number).sha256
        if recorded not in (None, sha256) and not self.gaps(number):
            message = f"exchange {number}: the body differs from what was recorded: its SHA-256 is another"
            self._log.report(Problem(Flaw.CHECKSUM, message, exchange=number))

    def report_gap(self, number: int, gap: Gap) -> None:
        """Notes that a range of a body is missing."""
        self._log.report(_gap_problem(number, gap))

    def is_event_stream(self, number: int) -> bool:
        """The response says that it is one, or its body begins like one."""
        response = self.exchange(number).response
        return is_labelled_stream(response) or looks_like_stream(self._beginning(number))

    def body(self, number: int, start: int = 0, end: int | None = None) -> bytes:
        """The body's bytes from ``start`` to ``end``. Raises DamagedArchive when one of them is missing."""
        stop = self._stop(number, end)
        position, parts = start, []
        for piece in self.pieces(number, start, stop):
            if piece.offset != position:
                break
            parts.append(piece.data)
            position = piece.end
        if position < stop:
            raise DamagedArchive(
                f"{self.name}: exchange {number}: the body is damaged at byte {position:,}"
                f" (sserec verify {argument(self.name)})"
            )
        return b"".join(parts)

    def pieces(self, number: int, start: int = 0, end: int | None = None) -> Iterator[Piece]:
        """The readable bytes of a body in order. What is missing is skipped: the offsets tell."""
        stop = self._stop(number, end)
        for place in self._track(number).places(start, stop):
            piece = self._piece(number, place, max(start, place.start), min(stop, place.end))
            if piece.data:
                yield piece

    def chunks(self, number: int, start: int = 0) -> Iterator[Chunk]:
        """The chunks of a body from the index ``start`` on; those that are damaged are skipped."""
        track = self._track(number)
        for index in range(max(bisect_right(track.first_chunks, start) - 1, 0), len(track)):
            place = track.place(index)
            yield from self._chunks_of(number, place, max(start - place.first_chunk, 0))

    def chunk_table(self, number: int) -> ChunkTable:
        """When each chunk arrived and where it ends, without the bytes."""
        return self._catalogue.chunk_table(self._track(number))

    def event_table(self, number: int) -> EventTable:
        """Where each event ends, when it arrived and its type; empty for what is not an event stream."""
        if number in self._tables:
            return self._tables[number]
        stored = self._stored_table(number)
        if stored is None:
            return self.derived_table(number)
        self._tables[number] = stored
        if len(self._tables) > _KEPT_TABLES:
            self._tables.popitem(last=False)
        return stored

    def derived_table(self, number: int) -> EventTable:
        """The same, derived from the body, whatever stands in the file."""
        builder, names = self._builders.setdefault(number, _new_builder())
        if len(builder) or self.is_event_stream(number):
            track = self._track(number)
            first = (
                track.first_chunks[max(bisect_right(track.starts, builder.position) - 1, 0)] if track else 0
            )
            ends = self.chunk_table(number).end.array(first)
            for place in track.places(builder.position, MAX_VARINT):
                piece = self._piece(number, place, max(place.start, builder.position), place.end)
                after = bisect_left(ends, place.end) + 1
                builder.feed(piece, place.first_chunk, ends[place.first_chunk - first : after])
        return EventTable(builder, names.names, self.chunk_table(number))

    def gaps(self, number: int) -> tuple[Gap, ...]:
        """The ranges of the body that are known to be missing before it is read."""
        return tuple(self._track(number).gaps(self.exchange(number).body_size_bytes))

    def refresh(self) -> bool:
        """Looks for what was added since; True when there is something new.

        Only the new part of a journal is read. When the journal was finalised meanwhile, the final file
        takes its place: numbers, bodies and times stay the same.
        """
        if self._source.was_replaced():
            self._source.close()
            self._begin()
            return True
        has_grown = self._source.refresh()
        self.live = self._source.is_locked()
        if self._survey is None:
            if has_grown:
                self._source.close()
                self._begin()
            return has_grown
        return self._survey.go_on()

    def _begin(self) -> None:
        self._source = Source(self.path)
        self._log = ProblemLog()
        self._store = BlockStore(self._source, self._log.report)
        self._builders: dict[int, tuple[TableBuilder, TypeNames]] = {}
        self._tracks: OrderedDict[int, Track] = OrderedDict()
        self._tables: OrderedDict[int, EventTable] = OrderedDict()
        self._groups: OrderedDict[int, dict[int, list[HeadRecord]]] = OrderedDict()
        self._survey: Survey | None = None
        self._walk: Walk | None = None
        self.live = self._source.is_locked()
        try:
            self._catalogue: Catalogue = self._indexed() or self._scanned()
        except UnsupportedVersion as error:
            self._source.close()
            raise UnsupportedVersion(f"{self.name}: {error}") from error
        except BaseException:
            self._source.close()
            raise

    def _indexed(self) -> IndexedCatalogue | None:
        """The catalogue from the index at the file's end, if there is one that can be used."""
        place = last_frame(self._source.read, self._source.size) if self._use_index else None
        if place is None:
            return None
        position, size = place
        try:
            head = read_head(self._source, position)
            if head is None or head.kind != BlockKind.INDEX or head.size != size:
                raise DamagedArchive("there is no index where the seek table says")
            self.file_id = head.file_id
            return IndexedCatalogue(decode_index(self._store.body(head), position), self._store, self._log)
        except DamagedArchive as error:
            message = f"the index cannot be used: {error}; the file was read from its start"
            self._log.report(Problem(Flaw.UNUSABLE_INDEX, message, position, size))
            return None

    def _scanned(self) -> Catalogue:
        """The catalogue from the blocks themselves."""
        self._walk = Walk(self._source, self._log.report)
        self._survey = Survey(self._store, self._walk, lambda: self._source.size)
        self._survey.go_on()
        if not self._survey.ledger.positions:
            raise NotAnArchive(f"{self.name}: not an sserec archive: it {self._found_instead()}")
        self.file_id = self._survey.block(0).file_id
        return self._survey

    def _found_instead(self) -> str:
        """What a file is that holds nothing of a recording, and who could tell more."""
        if self._source.size == 0:
            return "is empty (sserec record makes recordings)"
        if self._source.read(0, len(DATA_MAGIC)) == DATA_MAGIC:
            return "holds nothing of a recording, or was cut off within its first block (zstd -dc prints what is left)"
        return "holds nothing of a recording (sserec info tells what it is)"

    def _survey_problems(self) -> Iterator[Problem]:
        if self._survey is None or self._walk is None:
            return
        yield from self._survey.problems
        if not self._survey.meta:
            yield Problem(Flaw.MISSING_HEAD, "the recording's first record is lost: its date is unknown")
        tail = self._walk.tail()
        if tail is not None and not self.live:
            yield tail
        if self.state == "final" and self._use_index and not self._log_has(Flaw.UNUSABLE_INDEX):
            yield Problem(Flaw.UNUSABLE_INDEX, "the index at the end of the file is damaged or cut off")

    def _gap_problems(self) -> Iterator[Problem]:
        if isinstance(self._catalogue, IndexedCatalogue) and not self._catalogue.index.missing_bytes:
            return
        for number in self._catalogue.numbers:
            track = self._track(number)
            if track.missing_bytes():
                yield from (_gap_problem(number, gap) for gap in track.gaps(0))

    def _log_has(self, flaw: Flaw) -> bool:
        return any(problem.flaw == flaw for problem in self._log.items)

    @property
    def tick_ns(self) -> int:
        """The unit of the times in the file; what the reader gives is in nanoseconds."""
        tick_ns = self._catalogue.meta.get("tick_ns", 1)
        return tick_ns if isinstance(tick_ns, int) else 1

    def _track(self, number: int) -> Track:
        if self._survey is not None:
            return self._survey.track(number)
        if number not in self._tracks:
            try:
                self._tracks[number] = self._catalogue.track(number)
            except DamagedArchive as error:
                self._log.report(Problem(Flaw.UNUSABLE_INDEX, f"{error}; the file was read from its start"))
                self._catalogue = self._scanned()
                return self._catalogue.track(number)
            if len(self._tracks) > _KEPT_TRACKS:
                self._tracks.popitem(last=False)
        return self._tracks[number]

    def _marks_head(self) -> BlockHead | None:
        """The block of marks that counts."""
        if self._survey is not None:
            return self._survey.marks_head
        assert isinstance(self._catalogue, IndexedCatalogue)
        position = self._catalogue.index.marks_position
        head = self._store.head(position) if position else None
        return head if head is not None and head.kind == BlockKind.MARKS else None

    def _records_of(self, block: int) -> list[HeadRecord]:
        """The records of a block that are no runs; none, and a problem, when they are damaged."""
        try:
            body = self._store.body(self._catalogue.block(block))
            return [(kind, payload) for kind, payload in records(body) if kind != RecordType.CHUNKS]
        except DamagedArchive as error:
            self._log.report(Problem(Flaw.DAMAGED_RECORDS, str(error)))
            return []

    def _grouped(self, block: int) -> dict[int, list[HeadRecord]]:
        """The records of a block by exchange."""
        if block not in self._groups:
            groups: dict[int, list[HeadRecord]] = {}
            for kind, payload in self._records_of(block):
                if kind in OF_EXCHANGE:
                    groups.setdefault(read_varint(payload, 0)[0], []).append((kind, payload))
            self._groups[block] = groups
            if len(self._groups) > _KEPT_GROUPS:
                self._groups.popitem(last=False)
        return self._groups[block]

    def _beginning(self, number: int) -> bytes:
        """The first bytes of the body, from however many reads they came, as far as damage has left them."""
        beginning = b""
        for piece in self.pieces(number, 0, SNIFFED_BYTES):
            if piece.offset != len(beginning):
                break
            beginning += piece.data
        return beginning

    def _stop(self, number: int, end: int | None) -> int:
        """Where reading stops: at ``end``, or where the body ended when it was recorded."""
        if end is not None and end <= self._track(number).size_bytes:
            return end
        recorded = self.exchange(number).body_size_bytes
        return recorded if end is None else min(end, recorded)

    def _piece(self, number: int, place: RunPlace, low: int, high: int) -> Piece:
        shift = place.data_offset - place.start
        try:
            data = self._store.data(self._catalogue.block(place.block), high + shift)
        except DamagedArchive:
            data = b""
        piece = Piece(low, data[low + shift : high + shift])
        if piece.end < high:
            self._log.report(_gap_problem(number, Gap(piece.end, high)))
        return piece

    def _note(self, payload: bytes) -> list[tuple[int, Json]]:
        try:
            t, position = read_varint(payload, 0)
            return [(t * self.tick_ns, decode_json(payload, position))]
        except DamagedArchive as error:
            self._log.report(Problem(Flaw.DAMAGED_RECORDS, f"a note cannot be read: {error}"))
            return []

    def _chunks_of(self, number: int, place: RunPlace, skip: int) -> Iterator[Chunk]:
        piece = self._piece(number, place, place.start, place.end)
        run, tick_ns, end = self._run(number, place), self.tick_ns, place.start
        for index, size in enumerate(run.sizes):
            offset, end = end, end + size
            if index >= skip and end <= piece.end:
                data = piece.data[offset - place.start : end - place.start]
                coded = run.coded_sizes[index] if run.coded_sizes is not None else None
                kernel = run.kernel_times[index] * tick_ns if run.kernel_times is not None else None
                yield Chunk(run.times[index] * tick_ns, offset, data, coded, kernel)

    def _run(self, number: int, place: RunPlace) -> Run:
        """The sizes and times of a run's chunks; where they are lost, chunks that all came with the first."""
        try:
            return find_run(self._store, self._catalogue.block(place.block), number, place.start)
        except DamagedArchive:
            table = self.chunk_table(number)
            tick = table.t_ns[place.first_chunk] // self.tick_ns
            starts = range(place.start, place.end, MAX_CHUNK_BYTES)
            sizes = array("Q", (min(MAX_CHUNK_BYTES, place.end - start) for start in starts))
            return Run(number, place.start, array("Q", [tick]) * len(sizes), sizes)

    def _stored_table(self, number: int) -> EventTable | None:
        """The table in the file; None where it has none, which is allowed, or a damaged one."""
        if not isinstance(self._catalogue, IndexedCatalogue):
            return None
        names = self._catalogue.index.type_names
        try:
            places = self._catalogue.event_places(number)
            if not places:
                return None
            parts = event_parts(self._store, places, number, len(names), len(self.chunk_table(number)))
        except DamagedArchive as error:
            message = f"exchange {number}: the table of events is damaged ({error}); it was derived again"
            self._log.report(Problem(Flaw.UNUSABLE_EVENTS, message, exchange=number))
            return None
        return EventTable(parts, names, self.chunk_table(number))


def _new_builder() -> tuple[TableBuilder, TypeNames]:
    names = TypeNames()
    return TableBuilder(names), names


def _gap_problem(number: int, gap: Gap) -> Problem:
    size = gap.end - gap.start
    message = f"exchange {number}: {size:,} bytes of the body from byte {gap.start:,} on are lost"
    return Problem(Flaw.GAP, message, size_bytes=size, exchange=number, offset=gap.start)


class _Exchanges(Sequence[ExchangeRecord]):
    """The exchanges of a reader, read one by one."""

    def __init__(self, reader: ArchiveReader, numbers: Sequence[int]) -> None:
        self._reader = reader
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, index: int) -> ExchangeRecord: ...
    @overload
    def __getitem__(self, index: slice) -> list[ExchangeRecord]: ...
    def __getitem__(self, index: int | slice) -> ExchangeRecord | list[ExchangeRecord]:
        if isinstance(index, slice):
            return [self._reader.exchange(number) for number in self._numbers[index]]
        return self._reader.exchange(self._numbers[index])


def is_labelled_stream(response: Response | None) -> bool:
    """Whether the response says that its body is a stream of events. The first ``SNIFFED_BYTES`` may say so too."""
    return response is not None and response.media_type == EVENT_STREAM
