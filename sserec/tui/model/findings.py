"""What check has to say about a stream, event by event.

Knows findings; must not know how they are found.
"""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass

from sserec.records import Severity

ORDER = (Severity.ERROR, Severity.WARNING, Severity.NOTE)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing at one place."""

    event: int | None
    """The index of the event; None where it concerns the exchange or the file as a whole."""
    severity: Severity
    rule: str
    message: str


class Findings:
    """The findings of one stream."""

    def __init__(self) -> None:
        self.is_complete = False
        """Whether check has come to its end."""
        self.whole: list[Finding] = []
        """Those that stand at no event."""
        self.events = array("I")
        """The events with errors or warnings, rising; notes are no place to go to."""
        self._by_event: dict[int, list[Finding]] = {}

    def of(self, event: int) -> list[Finding]:
        """The findings at one event."""
        return self._by_event.get(event, [])

    def worst(self, event: int) -> Severity | None:
        """The worst severity of the findings at an event."""
        severities = {finding.severity for finding in self.of(event)}
        return next((severity for severity in ORDER if severity in severities), None)

    def set(self, findings: Iterable[Finding]) -> None:
        """Takes what check said in the end, in place of what it said before."""
        by_event: dict[int | None, list[Finding]] = {}
        for finding in findings:
            by_event.setdefault(finding.event, []).append(finding)
        self.whole = by_event.pop(None, [])
        self._by_event = {event: found for event, found in by_event.items() if event is not None}
        self.events = array("I", sorted(filter(self._counts, self._by_event)))
        self.is_complete = True

    def _counts(self, event: int) -> bool:
        return self.worst(event) is not Severity.NOTE
