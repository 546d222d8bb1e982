"""A catalogue learnt from the blocks themselves: of a journal, or of a file whose index is lost.

Knows what each record adds; must not keep what it holds, only where. Invariants: a block is entered as a whole
or not at all, blocks are entered by rising number, and the memory taken is bounded by the file's real size.
"""

from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from sserec.archive.catalogue import Track
from sserec.archive.columns import read_varint
from sserec.archive.exchanges import OF_EXCHANGE
from sserec.archive.format import BlockHead, BlockKind, RecordType, records
from sserec.archive.heads import Json, check_version, decode_json
from sserec.archive.runs import Run, decode_run
from sserec.archive.scan import Walk
from sserec.archive.store import BlockStore
from sserec.archive.tables import ChunkPart, ChunkTable
from sserec.archive.values import Flaw, Problem, ProblemLog
from sserec.errors import DamagedArchive

_MAX_TICK_NS = 1_000_000_000


class _Entry(NamedTuple):
    """What one block adds."""

    has_notes: bool
    exchanges: set[int]
    runs: list[Run]


class _Account:
    """One exchange so far: its track and the times and ends of its chunks, as one part."""

    __slots__ = ("part", "track")

    def __init__(self, number: int) -> None:
        self.track = Track(number)
        self.part = ChunkPart(array("Q"), array("Q"))


class _OnePart:
    """Chunks of an account as a table that grows with it."""

    firsts = (0,)

    def __init__(self, part: ChunkPart) -> None:
        self._part = part

    def __len__(self) -> int:
        return len(self._part.end)

    def part(self, index: int) -> ChunkPart:
        return self._part


class Ledger:
    """Enters blocks in the order of their numbers."""

    def __init__(self, store: BlockStore, file_size: int) -> None:
        self.meta: Json = {}
        self.note_blocks = array("I")
        self.positions = array("Q")
        self.next_seq = 0
        self.raw_size = 0
        self.problems = ProblemLog()
        self._store = store
        self._accounts: dict[int, _Account] = {}
        self._without_data: set[int] = set()
        self._tick_ns = 1
        self.allow(file_size)
        self._chunk_count = 0

    @property
    def numbers(self) -> list[int]:
        """The numbers of the exchanges, rising."""
        return sorted(self._accounts)

    def allow(self, file_size: int) -> None:
        """Sets how much a file of ``file_size`` may hold.

        A chunk and an exchange take bytes on disk; whatever holds many more of them than bytes is a bomb.
        """
        self._chunk_limit = (1 << 22) + 4 * file_size
        self._exchange_limit = (1 << 16) + file_size // 8

    def track(self, number: int) -> Track:
        """The exchange ``number``. Raises KeyError."""
        return self._accounts[number].track

    def chunk_table(self, track: Track) -> ChunkTable:
        """When the chunks of ``track`` arrived."""
        return ChunkTable(_OnePart(self._accounts[track.number].part))

    def block(self, index: int) -> BlockHead:
        """The head of the block ``index``."""
        head = self._store.head(self.positions[index])
        return head._replace(data_coded_size=0) if index in self._without_data else head

    def enter(self, head: BlockHead) -> None:
        """Adds a block whose number is not below ``next_seq``."""
        if head.seq > self.next_seq or head.raw_offset != self.raw_size:
            self._report_loss(head)
        self.next_seq = head.seq + 1
        self.raw_size = head.raw_offset + head.data_size
        block = len(self.positions)
        self.positions.append(head.position)
        if head.data_size and not head.data_coded_size:
            self._without_data.add(block)
        try:
            self._apply(block, self._read(head))
        except DamagedArchive as error:
            message = (
                f"block {head.seq} at byte {head.position:,}: {error}; {head.data_size:,} bytes are lost"
            )
            self.problems.report(Problem(Flaw.DAMAGED_RECORDS, message, head.position, head.data_size))

    def expect_end(self, head: BlockHead) -> None:
        """Compares with the INDEX, which carries the number and offset that would come next."""
        if head.seq > self.next_seq or head.raw_offset > self.raw_size:
            self._report_loss(head)

    def _report_loss(self, head: BlockHead) -> None:
        blocks, size = head.seq - self.next_seq, head.raw_offset - self.raw_size
        message = (
            f"{blocks:,} blocks before byte {head.data_position:,} with {size:,} bytes of bodies are lost"
        )
        self.problems.report(Problem(Flaw.LOST_BLOCKS, message, head.data_position, size))

    def _read(self, head: BlockHead) -> _Entry:
        has_notes = False
        exchanges: set[int] = set()
        runs: list[Run] = []
        for kind, payload in records(self._store.body(head)):
            if kind == RecordType.CHUNKS:
                runs.append(self._counted(decode_run(payload)))
            elif kind in OF_EXCHANGE:
                exchanges.add(read_varint(payload, 0)[0])
            elif kind == RecordType.META:
                self._begin(decode_json(payload))
            elif kind == RecordType.NOTE:
                has_notes = True
        self._check(head, exchanges, runs)
        return _Entry(has_notes, exchanges, runs)

    def _counted(self, run: Run) -> Run:
        self._chunk_count += len(run.sizes)
        if self._chunk_count > self._chunk_limit:
            raise DamagedArchive("a file of this size cannot hold so many chunks")
        return run

    def _check(self, head: BlockHead, exchanges: set[int], runs: list[Run]) -> None:
        if sum(sum(run.sizes) for run in runs) != head.data_size:
            raise DamagedArchive("its chunks do not add up to its data")
        if len(self._accounts) + len(exchanges) > self._exchange_limit:
            raise DamagedArchive("a file of this size cannot hold so many exchanges")
        ends: dict[int, int] = {}
        for run in runs:
            account = self._accounts.get(run.exchange)
            reached = ends.get(run.exchange, account.track.size_bytes if account else 0)
            if run.offset < reached or run.times[-1] * self._tick_ns > (1 << 63):
                raise DamagedArchive("a run of chunks overlaps another or ends beyond all times")
            ends[run.exchange] = run.offset + sum(run.sizes)

    def _apply(self, block: int, entry: _Entry) -> None:
        if entry.has_notes:
            self.note_blocks.append(block)
        for number in entry.exchanges:
            heads = self._account(number).track.head_blocks
            assert isinstance(heads, array)
            heads.append(block)
        data_offset = 0
        for run in entry.runs:
            self._add_run(block, data_offset, run)
            data_offset += sum(run.sizes)

    def _begin(self, meta: Json) -> None:
        if self.meta:
            return
        check_version(meta)
        self.meta = meta
        tick_ns = meta.get("tick_ns", 1)
        if not isinstance(tick_ns, int) or not 1 <= tick_ns <= _MAX_TICK_NS:
            raise DamagedArchive("its tick is no number of nanoseconds up to a second")
        self._tick_ns = tick_ns

    def _account(self, number: int) -> _Account:
        account = self._accounts.get(number)
        if account is None:
            account = self._accounts[number] = _Account(number)
        return account

    def _add_run(self, block: int, data_offset: int, run: Run) -> None:
        account = self._account(run.exchange)
        track, part = account.track, account.part
        track.run_blocks.append(block)
        track.data_offsets.append(data_offset)
        track.first_chunks.append(len(part.end))
        track.starts.append(run.offset)
        part.t_ns.extend(run.times if self._tick_ns == 1 else array("Q", self._in_ns(run.times)))
        end = run.offset
        for size in run.sizes:
            end += size
            part.end.append(end)
        track.ends.append(end)

    def _in_ns(self, ticks: Sequence[int]) -> Iterator[int]:
        return (tick * self._tick_ns for tick in ticks)


class Survey:
    """Walks a file and keeps its ledger; goes on when the file has grown."""

    def __init__(self, store: BlockStore, walk: Walk, file_size: Callable[[], int]) -> None:
        self._store = store
        self._walk = walk
        self._file_size = file_size
        self._strays = ProblemLog()
        self.index_head: BlockHead | None = None
        """The last INDEX that was found."""
        self.marks_head: BlockHead | None = None
        """The last MARKS that was found."""
        self.ledger = Ledger(store, file_size())

    @property
    def problems(self) -> list[Problem]:
        """What the blocks as a whole are found to lack."""
        return self._strays.items + self.ledger.problems.items

    @property
    def meta(self) -> Json:
        """The META record; empty when it is lost."""
        return self.ledger.meta

    @property
    def numbers(self) -> Sequence[int]:
        """The numbers of the exchanges, rising."""
        return self.ledger.numbers

    @property
    def note_blocks(self) -> Sequence[int]:
        """The blocks that hold notes."""
        return self.ledger.note_blocks

    def track(self, number: int) -> Track:
        """The exchange ``number``. Raises KeyError."""
        return self.ledger.track(number)

    def chunk_table(self, track: Track) -> ChunkTable:
        """When the chunks of ``track`` arrived."""
        return self.ledger.chunk_table(track)

    def block(self, index: int) -> BlockHead:
        """The head of the block ``index``."""
        return self.ledger.block(index)

    def go_on(self) -> bool:
        """Enters the blocks that are new. True when there were any."""
        before = self._walk.settled
        self.ledger.allow(self._file_size())
        late = [head for head in self._walk.blocks() if not self._enter(head)]
        if late:
            self._sort_in(late)
        if self.index_head is not None:
            self.ledger.expect_end(self.index_head)
        return self._walk.settled != before

    def _enter(self, head: BlockHead) -> bool:
        if head.kind == BlockKind.INDEX:
            self.index_head = head
        elif head.kind == BlockKind.MARKS:
            self.marks_head = head
        elif head.kind == BlockKind.RECORDS:
            if head.seq < self.ledger.next_seq:
                return False
            self.ledger.enter(head)
        return True

    def _sort_in(self, late: list[BlockHead]) -> None:
        """Begins anew with all blocks in the order of their numbers; of two with the same, the first counts."""
        heads: dict[int, BlockHead] = {}
        known = [self.ledger.block(index) for index in range(len(self.ledger.positions))]
        for head in [*known, *late]:
            if head.seq in heads:
                message = f"block {head.seq} stands again at byte {head.position:,}"
                self._strays.report(Problem(Flaw.REPEATED_BLOCK, message, head.position, head.size))
            else:
                heads[head.seq] = head
        if len(heads) > len(known):
            message = f"{len(heads) - len(known):,} blocks were moved; they are read in their order"
            self._strays.report(Problem(Flaw.OUT_OF_ORDER, message))
        self.ledger = Ledger(self._store, self._file_size())
        for seq in sorted(heads):
            self.ledger.enter(heads[seq])
