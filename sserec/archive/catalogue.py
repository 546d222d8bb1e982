"""What a reader has to know of a file to find everything in it, however it was learnt.

Knows blocks by number and exchanges by their runs of chunks, all in typed arrays; must not read a file. A
ledger builds one from a journal block by block, an index hands one over ready made; readers do not see which.
Invariant: the runs of a track are in the order of the body and do not overlap.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from sserec.archive.format import BlockHead
from sserec.archive.heads import Json
from sserec.archive.tables import ChunkTable
from sserec.archive.values import Gap


class RunPlace(NamedTuple):
    """Where the bytes of one run of chunks are."""

    run: int
    """Its index in the track."""
    block: int
    data_offset: int
    """Offset in the block's data of the run's first byte."""
    first_chunk: int
    start: int
    """Offset in the body."""
    end: int


class Track:
    """One exchange: the blocks that hold its records, and where the bytes of its body are."""

    __slots__ = ("data_offsets", "ends", "first_chunks", "head_blocks", "number", "run_blocks", "starts")

    def __init__(self, number: int) -> None:
        self.number = number
        self.head_blocks: Sequence[int] = array("I")
        """The blocks with records of this exchange other than runs."""
        self.run_blocks = array("I")
        self.data_offsets = array("I")
        self.first_chunks = array("Q")
        self.starts = array("Q")
        self.ends = array("Q")

    def __len__(self) -> int:
        """The number of runs."""
        return len(self.starts)

    @property
    def size_bytes(self) -> int:
        """The end of the last run."""
        return self.ends[-1] if self.ends else 0

    def place(self, index: int) -> RunPlace:
        """Where the run ``index`` is."""
        return RunPlace(
            index,
            self.run_blocks[index],
            self.data_offsets[index],
            self.first_chunks[index],
            self.starts[index],
            self.ends[index],
        )

    def places(self, start: int, end: int) -> Iterator[RunPlace]:
        """The runs that hold bytes of the body from ``start`` to ``end``."""
        index = max(bisect_right(self.starts, start) - 1, 0)
        while index < len(self) and self.starts[index] < end:
            if self.ends[index] > start:
                yield self.place(index)
            index += 1

    def missing_bytes(self) -> int:
        """How much of the body up to its last run is in no run."""
        return self.size_bytes - (sum(self.ends) - sum(self.starts))

    def gaps(self, recorded_size: int) -> Iterator[Gap]:
        """The ranges that are in no run; ``recorded_size`` is the whole body's."""
        if self.missing_bytes():
            for previous_end, start in zip([0, *self.ends], self.starts, strict=False):
                if previous_end < start:
                    yield Gap(previous_end, start)
        if self.size_bytes < recorded_size:
            yield Gap(self.size_bytes, recorded_size)


class EventPlace(NamedTuple):
    """Where a part of an exchange's table of events is."""

    first: int
    position: int
    """Of its block in the file."""


class Catalogue(Protocol):
    """Everything that can be found in a file."""

    @property
    def meta(self) -> Json:
        """The META record."""

    @property
    def numbers(self) -> Sequence[int]:
        """The numbers of the exchanges, rising."""

    def track(self, number: int) -> Track:
        """The exchange ``number``. Raises KeyError."""

    def chunk_table(self, track: Track) -> ChunkTable:
        """When the chunks of ``track`` arrived."""

    def block(self, index: int) -> BlockHead:
        """The head of the block ``index``. Raises DamagedArchive."""

    @property
    def note_blocks(self) -> Sequence[int]:
        """The blocks that hold notes."""
