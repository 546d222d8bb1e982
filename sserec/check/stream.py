"""One pass over an event stream: bytes to events, to the fold, to every watcher.

Knows who watches; must not know what they look for. Time is linear in the body. Memory holds what the fold holds,
the interaction, and for each watcher a few numbers.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from sserec import annotations
from sserec.check.bursts import Bursts, Silences
from sserec.check.course import Course
from sserec.check.findings import Findings
from sserec.check.letters import Letters
from sserec.check.lines import Fields, LineEnds
from sserec.check.resuming import Delivered, is_interactions_request, resumed_from
from sserec.check.watchers import Batch, Finish, Setting, Watcher
from sserec.interactions import Assembler, Assembly, End
from sserec.records import Chunk, Diagnostic, Severity
from sserec.sse import Decoder, Kind, Residue, Tail

if TYPE_CHECKING:
    from sserec.check.exchange import CheckedExchange

OF_ANY_STREAM = frozenset(
    {
        "not-json",
        "too-deep",
        "invalid-utf8",
        "lone-surrogate",
        "error-event",
        "stray-error",
        "stray-bytes",
        "unfinished-event",
    }
)
"""What the fold says that holds for the streams of other APIs, too."""

TO_BE_EXPECTED = frozenset(
    {"delta-without-start", "stop-without-start", "index-gap", "arguments-not-json", "no-created"}
)
"""A resumed stream begins in the middle of a step (reference of the API, "Resume"), so these are only noted."""


COMPACT_EVENTS = 1 << 14
"""After so many events the fold is asked to join its fragments, or a million tokens stay a million strings."""


class StreamCheck:
    """The pass over the body of one exchange."""

    def __init__(
        self, exchange: "CheckedExchange", findings: Findings, delivered: Delivered, stall_ns: int
    ) -> None:
        self.saw_end = False
        self.event_count = 0
        self._exchange = exchange
        self._findings = findings
        self._assembler = Assembler()
        self._compacted_at = 0
        self._decoder = Decoder()
        self._size_bytes = 0
        self._behind_gap = -1
        self._stray: list[Residue] = []
        self._events_before: dict[int, int | None] = {}
        self._watchers = self._all_watchers(delivered, stall_ns)

    def _all_watchers(self, delivered: Delivered, stall_ns: int) -> tuple[Watcher, ...]:
        setting = Setting(
            self._exchange.request,
            self._exchange.response,
            self._exchange.is_timed,
            self._exchange.record.t_response_ns,
            stall_ns,
        )
        say = self._findings.say
        return (
            LineEnds(say),
            Fields(say),
            Silences(setting, say),
            Bursts(setting, say),
            Letters(say),
            Course(setting, delivered, say),
        )

    def run(self) -> None:
        """Reads the body once, and says all there is to say about it."""
        for chunk in self._exchange.chunks():
            self._feed(chunk)
        tail = self._decoder.end()
        self._keep_stray(
            self._decoder.residue(), Batch(Chunk(0, self._size_bytes, b""), [], [], self.event_count)
        )
        self.saw_end = self._assembler.assembly().end is not End.OPEN
        assembly = self._assembly(tail)
        finish = Finish(
            assembly,
            self.saw_end,
            self.event_count,
            self._size_bytes,
            self._exchange.close,
            self._exchange.is_live,
        )
        for watcher in self._watchers:
            watcher.end(finish)
        self._say_of_fold(assembly)

    def _feed(self, chunk: Chunk) -> None:
        if chunk.offset != self._size_bytes:
            self._go_on_behind_gap(chunk.offset)
        self._size_bytes = chunk.offset + len(chunk.data)
        events = [event for event in self._decoder.feed(chunk.data) if event.start != self._behind_gap]
        residue = [piece for piece in self._decoder.residue() if piece.start != self._behind_gap]
        batch = Batch(chunk, events, residue, self.event_count)
        for event in events:
            self._assembler.feed(event)
        self.event_count += len(events)
        if self.event_count - self._compacted_at >= COMPACT_EVENTS:
            self._compact()
        self._keep_stray(residue, batch)
        for watcher in self._watchers:
            watcher.feed(batch)

    def _compact(self) -> None:
        """A fork joins what its origin held in fragments. It costs its weight, so that much must have come before."""
        if self.event_count - self._compacted_at >= self._assembler.weight:
            self._assembler = self._assembler.fork()
            self._compacted_at = self.event_count

    def _go_on_behind_gap(self, offset: int) -> None:
        """Bytes of the file are lost. The block in which they end is no event: its beginning is missing."""
        self._decoder = Decoder(offset)
        self._behind_gap = offset

    def _keep_stray(self, residue: list[Residue], batch: Batch) -> None:
        """What may turn out to be the one line that says why a stream died, with its place among the events."""
        for piece in residue:
            if piece.kind is Kind.MALFORMED:
                self._stray.append(piece)
                self._events_before[piece.start] = batch.event_before(piece.start)

    def _assembly(self, tail: Tail | None) -> Assembly:
        """While the exchange goes on, nothing is known of its end."""
        if self._exchange.is_live:
            return self._assembler.assembly()
        return self._assembler.ended(self._stray, tail)

    def _say_of_fold(self, assembly: Assembly) -> None:
        found = [*assembly.diagnostics, *annotations.findings(assembly.interaction or {})]
        if self._is_foreign(assembly):
            found = [diagnostic for diagnostic in found if diagnostic.id in OF_ANY_STREAM]
            self._findings.say("foreign-stream", "no event is of the Interactions API")
        is_resumed = resumed_from(self._exchange.request) is not None
        for diagnostic in found:
            if is_resumed and diagnostic.id in TO_BE_EXPECTED:
                diagnostic = replace(diagnostic, severity=Severity.NOTE)
            self._findings.add(self._placed(diagnostic))

    def _is_foreign(self, assembly: Assembly) -> bool:
        known = assembly.interaction is not None or is_interactions_request(self._exchange.request)
        return bool(assembly.event_count) and not known

    def _placed(self, diagnostic: Diagnostic) -> Diagnostic:
        """Gives a place to what the fold says without one: what it says of the whole, it says at the end."""
        event, offset = diagnostic.event, diagnostic.offset
        if offset is None:
            return replace(diagnostic, event=event or self.event_count or None, offset=self._size_bytes)
        if event is None:
            event = self._events_before.get(offset, self.event_count or None)
        return replace(diagnostic, event=event)
