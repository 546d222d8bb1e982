"""One pass over an event stream: bytes to events, to the fold, to every watcher.

Knows who watches; must not know what they look for. Time is linear in the body.
"""

from typing import TYPE_CHECKING

from sserec.check.bursts import Bursts, Silences
from sserec.check.course import Course
from sserec.check.findings import Findings
from sserec.check.fold import Fold, to_be_expected
from sserec.check.letters import Letters
from sserec.check.lines import Fields, LineEnds
from sserec.check.resuming import Delivered
from sserec.check.watchers import Batch, Finish, Setting, Watcher
from sserec.records import Chunk
from sserec.sse import Decoder, Event

if TYPE_CHECKING:
    from sserec.readable import ReadableBody


class StreamCheck:
    """The pass over the body of one exchange."""

    def __init__(
        self, exchange: "ReadableBody", findings: Findings, delivered: Delivered, stall_ns: int
    ) -> None:
        self.saw_end = False
        self._exchange = exchange
        self._decoder = Decoder()
        self._size_bytes = 0
        self._behind_gap = -1
        expected = to_be_expected(exchange.request, exchange.record.unknown, exchange.close)
        self._fold = Fold(exchange.request, findings, expected)
        setting = Setting(
            exchange.request, exchange.response, exchange.is_timed, exchange.record.t_response_ns, stall_ns
        )
        say = findings.say
        self._watchers: tuple[Watcher, ...] = (
            LineEnds(say),
            Fields(say),
            Silences(setting, say),
            Bursts(setting, say),
            Letters(say),
            Course(setting, delivered, say),
        )

    @property
    def event_count(self) -> int:
        """How many events have come."""
        return self._fold.event_count

    def run(self) -> None:
        """Reads the body once, and says all there is to say about it."""
        for chunk in self._exchange.chunks():
            self._feed(chunk)
        tail = self._decoder.end()
        self._take(Chunk(0, self._size_bytes, b""), [])
        self.saw_end = self._fold.saw_end
        is_live = self._exchange.is_live
        assembly = self._fold.end(tail, is_live=is_live)
        finish = Finish(
            assembly, self.saw_end, self.event_count, self._size_bytes, self._exchange.close, is_live
        )
        for watcher in self._watchers:
            watcher.end(finish)
        self._fold.say(assembly, self._size_bytes)

    def _feed(self, chunk: Chunk) -> None:
        if chunk.offset != self._size_bytes:
            self._go_on_behind_gap(chunk.offset)
        self._size_bytes = chunk.offset + len(chunk.data)
        self._take(chunk, self._decoder.feed(chunk.data))

    def _take(self, chunk: Chunk, decoded: list[Event]) -> None:
        """Shows the fold and the watchers what became of a chunk; at the end, of none."""
        events = [event for event in decoded if event.start != self._behind_gap]
        residue = [piece for piece in self._decoder.residue() if piece.start != self._behind_gap]
        batch = Batch(chunk, events, residue, self.event_count)
        self._fold.feed(batch)
        for watcher in self._watchers:
            watcher.feed(batch)

    def _go_on_behind_gap(self, offset: int) -> None:
        """Bytes of the file are lost. The block in which they end is no event: its beginning is missing."""
        self._decoder = Decoder(offset)
        self._behind_gap = offset
