"""From the bytes of a file, damaged or not, to its blocks: the walk and the recovery rules of docs/format.md.

Knows where blocks stand; must not know what is in them. Invariant: a block is yielded only when its head is
proved and no other block claimed the same data; every byte that is passed over is reported.
"""

from collections.abc import Iterator

from sserec.archive.format import BLOCK_TAG, BlockHead
from sserec.archive.frames import DATA_MAGIC, frame_end, skippable_end
from sserec.archive.source import Source
from sserec.archive.store import read_head
from sserec.archive.values import Flaw, Problem


class Walk:
    """Walks a file from block to block, and can go on when the file has grown."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.file_id: int | None = None
        self.settled = 0
        """Everything before this position belongs to a block, or was reported."""
        self.problems: list[Problem] = []

    def blocks(self) -> Iterator[BlockHead]:
        """The blocks from where the walk stands to the end of the file."""
        while self.settled < self._source.size:
            head = self._next() or self._resynchronised()
            if head is None:
                return
            if self.file_id is None:
                self.file_id = head.file_id
            if head.file_id == self.file_id:
                yield self._accepted(head)
            else:
                self._pass_over_foreign(head)

    def tail(self) -> Problem | None:
        """What stands after the last commit."""
        size = self._source.size - self.settled
        if size <= 0:
            return None
        message = f"{size:,} bytes after the last commit at byte {self.settled:,} were never committed"
        return Problem(Flaw.UNCOMMITTED_TAIL, message, self.settled, size)

    def _next(self) -> BlockHead | None:
        """The block that follows directly, after its data frame and frames that are none of ours."""
        read, position = self._source.read, self.settled
        while position < self._source.size:
            head = read_head(self._source, position)
            if head is not None:
                return head
            start = read(position, 12)
            is_data = start.startswith(DATA_MAGIC)
            end = frame_end(read, position) if is_data else self._stranger_end(start, position)
            if end is None or end > self._source.size:
                return None
            if not is_data and position == self.settled:
                self.settled = end
            position = end
        return None

    def _stranger_end(self, start: bytes, position: int) -> int | None:
        is_ours = start[8:12] == BLOCK_TAG
        return None if is_ours else skippable_end(start, position)

    def _resynchronised(self) -> BlockHead | None:
        """The next whole block of this recording, wherever it is."""
        position: int | None = self.settled + 8
        while (position := self._source.find(BLOCK_TAG, position)) is not None:
            head = read_head(self._source, position - 8)
            if head is not None and self.file_id in (None, head.file_id):
                return head
            position += 1
        return None

    def _accepted(self, head: BlockHead) -> BlockHead:
        start = head.data_position
        if start > self.settled:
            self._report_damage(start - self.settled)
        self.settled, settled = head.end, self.settled
        if start >= settled:
            return head
        message = f"block {head.seq} at byte {head.position:,} claims data that another block has"
        self.problems.append(Problem(Flaw.DAMAGED_DATA, message, head.position, head.data_size))
        return head._replace(data_coded_size=0)

    def _pass_over_foreign(self, head: BlockHead) -> None:
        message = f"block at byte {head.position:,} is part of another recording"
        self.problems.append(Problem(Flaw.FOREIGN_BLOCK, message, head.position, head.size))
        self.settled = head.end

    def _report_damage(self, size: int) -> None:
        message = f"{size:,} bytes at byte {self.settled:,} are damaged"
        self.problems.append(Problem(Flaw.DAMAGED, message, self.settled, size))
