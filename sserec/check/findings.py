"""Findings: one thing at one place, kept in the order of the recording.

Knows the table of rules; must not know how anything is found.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from sserec.check.table import RULES
from sserec.records import Diagnostic, Severity

MAX_LISTED = 20
"""Findings of one rule that are listed for an exchange. A stream of a million bad events says one thing, not a
million, and a checker that kept them all would need more memory than the stream."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule says about one place of a recording."""

    exchange: int | None
    """From 1; None where it concerns the whole file."""
    event: int | None
    """From 1, within the exchange: the event that it concerns, or the last one before that place."""
    offset: int | None
    """Of a byte of the exchange's body, from 0."""
    severity: Severity
    rule: str
    message: str
    unlisted: int = 0
    """How many more the rule found in this exchange after this one."""

    @property
    def counts(self) -> bool:
        """Whether it makes the recording unclean; a note does not."""
        return self.severity is not Severity.NOTE


class Say(Protocol):
    """Hands over a finding of a rule."""

    def __call__(
        self, rule: str, message: str, *, event: int | None = None, offset: int | None = None
    ) -> None: ...


class Findings:
    """The findings of one exchange, or of the file around all of them."""

    def __init__(self, exchange: int | None) -> None:
        self._exchange = exchange
        self._listed: list[Finding] = []
        self._last: dict[str, int] = {}
        self._count: Counter[str] = Counter()

    def say(self, rule: str, message: str, *, event: int | None = None, offset: int | None = None) -> None:
        """Takes a finding with the severity that its rule has."""
        self.add(Diagnostic(rule, RULES[rule].severity, message, event, offset))

    def add(self, said: Diagnostic) -> None:
        """Takes a finding as somebody else made it."""
        self._count[said.id] += 1
        if self._count[said.id] <= MAX_LISTED:
            self._last[said.id] = len(self._listed)
            self._listed.append(
                Finding(self._exchange, said.event, said.offset, said.severity, said.id, said.message)
            )

    def in_order(self) -> list[Finding]:
        """By byte, then event; what concerns the exchange as a whole stands first."""
        for rule, last in self._last.items():
            unlisted = max(self._count[rule] - MAX_LISTED, 0)
            self._listed[last] = replace(self._listed[last], unlisted=unlisted)
        return sorted(self._listed, key=_place)


@dataclass(frozen=True, slots=True)
class Report:
    """What there is to say about a recording, in order of exchange, byte and event."""

    findings: tuple[Finding, ...]
    exchange_count: int
    event_count: int

    @property
    def is_clean(self) -> bool:
        """Whether there are neither errors nor warnings."""
        return not any(finding.counts for finding in self.findings)

    def counted(self) -> dict[Severity, int]:
        """How many findings of each severity there are, the unlisted included."""
        return {severity: _total(self.findings, severity) for severity in Severity}


def _place(finding: Finding) -> tuple[int, int]:
    offset = -1 if finding.offset is None else finding.offset
    return offset, finding.event or 0


def _total(findings: Iterable[Finding], severity: Severity) -> int:
    return sum(1 + finding.unlisted for finding in findings if finding.severity is severity)
