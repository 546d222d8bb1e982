"""Line ends and fields: what the bytes of a stream look like before they are events.

Knows the three ways to end a line; must not know events. A CR LF may be cut by the border of two chunks.
"""

import re

from sserec.check.findings import Say
from sserec.check.watchers import Batch, Finish, Watcher
from sserec.interactions.diagnostics import shown
from sserec.sse import Kind

LF, CR, CRLF = b"\n", b"\r", b"\r\n"
NAMES = {LF: "LF", CR: "CR", CRLF: "CR LF"}
_LINE_END = re.compile(rb"\r\n|\n|\r")


class LineEnds(Watcher):
    """Says where lines begin to end in another way than the first one."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._first: bytes | None = None
        self._held = b""
        """A CR at a chunk's end, whose LF may still come."""
        self._is_mixed = False

    def feed(self, batch: Batch) -> None:
        if self._is_mixed or self._is_like_before(batch.chunk.data):
            return
        start = batch.chunk.offset - len(self._held)
        data = self._held + batch.chunk.data
        self._held = CR if data.endswith(CR) else b""
        self._look(data[: len(data) - len(self._held)], start, batch)

    def end(self, finish: Finish) -> None:
        if self._held and self._first not in (None, CR) and not self._is_mixed:
            self._complain(CR, finish.event_count or None, finish.size_bytes - 1)

    def _is_like_before(self, data: bytes) -> bool:
        """Whether counting shows it, which is a hundred times as fast as looking at each line end."""
        if self._held or self._first in (None, CR):
            return False
        if self._first == LF:
            return CR not in data
        pairs = data.count(CRLF)
        return not data.endswith(CR) and pairs == data.count(LF) == data.count(CR)

    def _look(self, data: bytes, start: int, batch: Batch) -> None:
        for found in _LINE_END.finditer(data):
            self._first = self._first or found[0]
            if found[0] != self._first:
                offset = start + found.start()
                self._complain(found[0], batch.event_before(offset), offset)
                return

    def _complain(self, line_end: bytes, event: int | None, offset: int) -> None:
        self._is_mixed = True
        first = NAMES[self._first or LF]
        self._say(
            "mixed-line-ends",
            f"{NAMES[line_end]}, where lines ended with {first} before",
            event=event,
            offset=offset,
        )


class Fields(Watcher):
    """Says which lines and blocks the standard ignores, though somebody meant something by them."""

    def __init__(self, say: Say) -> None:
        self._say = say

    def feed(self, batch: Batch) -> None:
        for kind, start, end, line in batch.residue:
            event = batch.event_before(start)
            if kind is Kind.IGNORED:
                words = shown(line[:400].decode("utf-8", "replace"))
                self._say("unknown-field", f"a line that no client reads: {words}", event=event, offset=start)
            elif kind is Kind.DISCARDED:
                self._say(
                    "no-data", f"a block of {end - start} bytes without data", event=event, offset=start
                )
