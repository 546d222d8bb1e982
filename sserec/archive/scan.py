"""From the bytes of a file, damaged or not, to its blocks: the walk and the recovery rules of docs/format.md.

Knows where blocks stand; must not know what is in them. Invariant: a block is yielded only when its head is
proved and no other block claimed the same data; every byte that is passed over is reported.
"""

import re
from collections.abc import Callable, Iterator

from sserec.archive.format import BLOCK_MAGIC, BLOCK_TAG, BlockHead
from sserec.archive.frames import DATA_MAGIC, frame_end, skippable_end
from sserec.archive.source import Source
from sserec.archive.store import read_head
from sserec.archive.values import Flaw, Problem

_BLOCK_START = re.compile(b"(?=" + re.escape(BLOCK_MAGIC) + b".{4}" + BLOCK_TAG + b")", re.DOTALL)
"""Looks ahead, so that bytes before a block cannot hide it by looking like the start of one."""


class Walk:
    """Walks a file from block to block, and can go on when the file has grown."""

    def __init__(self, source: Source, report: Callable[[Problem], None]) -> None:
        self._source = source
        self._report = report
        self.file_id: int | None = None
        self.settled = 0
        """Everything before this position belongs to a block, or was reported."""

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
        message = f"{size:,} bytes after the last commit, from byte {self.settled:,} on, were never committed"
        return Problem(Flaw.UNCOMMITTED_TAIL, message, self.settled, size)

    def _next(self) -> BlockHead | None:
        """The block that follows directly, after its data frame and frames that are none of ours."""
        position = self.settled
        while position < self._source.size:
            head = read_head(self._source, position)
            if head is not None:
                return head if head.data_position == self.settled else None
            end = self._frame_end(position)
            if end is None or end > self._source.size:
                return None
            if self._source.read(position, 4) != DATA_MAGIC and position == self.settled:
                self.settled = end
            position = end
        return None

    def _frame_end(self, position: int) -> int | None:
        start = self._source.read(position, 12)
        if start.startswith(DATA_MAGIC):
            return frame_end(self._source.read, position)
        is_damaged_block = start.startswith(BLOCK_MAGIC) or start[8:12] == BLOCK_TAG
        return None if is_damaged_block else skippable_end(start, position)

    def _resynchronised(self) -> BlockHead | None:
        """The next whole block of this recording, wherever it is."""
        for position in self._source.find(_BLOCK_START, self.settled, 12):
            head = read_head(self._source, position)
            if head is not None and self.file_id in (None, head.file_id):
                return head
        return None

    def _accepted(self, head: BlockHead) -> BlockHead:
        settled, self.settled = self.settled, head.end
        start = head.data_position
        if start > settled:
            size = start - settled
            message = f"{size:,} bytes at byte {settled:,} are damaged"
            self._report(Problem(Flaw.DAMAGED, message, settled, size))
        if start >= settled:
            return head
        message = f"block {head.seq} at byte {head.position:,} claims data that another block has"
        self._report(Problem(Flaw.DAMAGED_DATA, message, head.position, head.data_size))
        return head._replace(data_coded_size=0)

    def _pass_over_foreign(self, head: BlockHead) -> None:
        message = f"block at byte {head.position:,} is part of another recording"
        self._report(Problem(Flaw.FOREIGN_BLOCK, message, head.position, head.size))
        self.settled = head.end
