"""What the fold says of a stream, and where that stands.

Knows which of its findings hold for which stream; must not know how any of them is found. Memory holds the
interaction and a bounded number of stray lines.
"""

from collections.abc import Iterator
from dataclasses import replace

from sserec import annotations
from sserec.check.findings import Findings
from sserec.check.resuming import is_interactions_request, resumed_from
from sserec.check.watchers import Batch
from sserec.interactions import RULES, Assembler, Assembly, End
from sserec.records import Close, Diagnostic, Manner, Request, Severity, Unknown
from sserec.sse import Kind, Residue, Tail

COMPACT_EVENTS = 1 << 14
"""After so many events the fold is asked to join its fragments, or a million tokens stay a million strings."""

STRAY_LINES = 4096
"""Lines that are no SSE, kept for what they say together. An error has a dozen, a page hundreds."""

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


AT_A_CUT = frozenset({"no-terminal-event", "step-not-stopped", "unfinished-event"})
"""So is what follows from the end of an excerpt."""


def to_be_expected(
    request: Request | None, unknown: frozenset[Unknown], close: Close | None
) -> frozenset[str]:
    """What says nothing against a stream of which a part was asked for, or cut out."""
    begins_late = resumed_from(request) is not None or Unknown.BEGINNING in unknown
    is_sliced = close is not None and close.how is Manner.SLICE
    return (TO_BE_EXPECTED if begins_late else frozenset()) | (AT_A_CUT if is_sliced else frozenset())


class Fold:
    """The assembler of one stream, and a memory for the places of what it is told at the end."""

    def __init__(
        self, request: Request | None, findings: Findings, expected: frozenset[str] = frozenset()
    ) -> None:
        """``expected``: diagnostics that are only noted."""
        self.event_count = 0
        self._expected = expected
        self._request = request
        self._findings = findings
        self._assembler = Assembler()
        self._compacted_at = 0
        self._stray: list[Residue] = []
        self._events_before: dict[int, int | None] = {}
        self._untold_lines = 0
        self._first_untold: Residue | None = None

    @property
    def saw_end(self) -> bool:
        """Whether the event that ends a stream has come."""
        return self._assembler.assembly().end is not End.OPEN

    def feed(self, batch: Batch) -> None:
        """Folds the events of a batch, and keeps what may turn out to say why the stream died."""
        for event in batch.events:
            self._assembler.feed(event)
        self.event_count += len(batch.events)
        if self.event_count - self._compacted_at >= COMPACT_EVENTS:
            self._compact()
        for piece in batch.residue:
            if piece.kind is Kind.MALFORMED:
                self._keep(piece, batch.event_before(piece.start))

    def end(self, tail: Tail | None, *, is_live: bool) -> Assembly:
        """What the stream came to. While it goes on, nothing is known of its end."""
        return self._assembler.assembly() if is_live else self._assembler.ended(self._stray, tail)

    def say(self, assembly: Assembly, size_bytes: int) -> None:
        """Hands over what there is to say; ``size_bytes`` is where the body ended."""
        found = [*assembly.diagnostics, *self._untold(), *annotations.findings(assembly.interaction or {})]
        if self._is_foreign(assembly):
            found = [diagnostic for diagnostic in found if diagnostic.id in OF_ANY_STREAM]
            self._findings.say("foreign-stream", "no event is of the Interactions API")
        for diagnostic in found:
            if diagnostic.id in self._expected:
                diagnostic = replace(diagnostic, severity=Severity.NOTE)
            self._findings.add(self._placed(diagnostic, size_bytes))

    def _compact(self) -> None:
        """A fork joins what its origin held in fragments. It costs its weight, so that much must have come before."""
        if self.event_count - self._compacted_at >= self._assembler.weight:
            self._assembler = self._assembler.fork()
            self._compacted_at = self.event_count

    def _keep(self, line: Residue, event_before: int | None) -> None:
        if len(self._stray) < STRAY_LINES:
            self._stray.append(line)
            self._events_before[line.start] = event_before
            return
        if self._first_untold is None:
            self._first_untold = line
            self._events_before[line.start] = event_before
        self._untold_lines += 1

    def _untold(self) -> Iterator[Diagnostic]:
        """The stray lines that were too many to be kept."""
        if self._first_untold is not None:
            message = f"{self._untold_lines:,} more lines that are no event"
            yield Diagnostic(
                "stray-bytes", RULES["stray-bytes"].severity, message, offset=self._first_untold.start
            )

    def _is_foreign(self, assembly: Assembly) -> bool:
        known = assembly.interaction is not None or is_interactions_request(self._request)
        return bool(assembly.event_count) and not known

    def _placed(self, diagnostic: Diagnostic, size_bytes: int) -> Diagnostic:
        """Gives a place to what is said without one: what is said of the whole, is said at its end."""
        event, offset = diagnostic.event, diagnostic.offset
        if offset is None:
            return replace(diagnostic, event=event or self.event_count or None, offset=size_bytes)
        if event is None:
            event = self._events_before.get(offset, self.event_count or None)
        return replace(diagnostic, event=event)
