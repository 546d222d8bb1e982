"""From a recording to a report: which exchanges are looked at, and in which order it is told.

Knows a recording by what this module's protocols say of it; must not know files. What one exchange tells the
checks of later ones is only which event ids a broken stream had already delivered.
"""

from collections.abc import Iterable, Iterator
from typing import Protocol

from sserec.check.exchange import check_exchange
from sserec.check.findings import Finding, Findings, Report
from sserec.check.resuming import Delivered
from sserec.readable import ReadableBody
from sserec.timeline import STALL_NS


class FileProblem(Protocol):
    """Something that is wrong with the file itself."""

    @property
    def message(self) -> str: ...
    @property
    def exchange(self) -> int | None: ...
    @property
    def offset(self) -> int | None: ...


class CheckedRecording(Protocol):
    """What a check needs to know of a recording."""

    @property
    def exchanges(self) -> Iterable[ReadableBody]: ...
    @property
    def problems(self) -> Iterable[FileProblem]:
        """Complete when every exchange has been read."""


def check(recording: CheckedRecording, *, number: int | None = None, stall_ns: int = STALL_NS) -> Report:
    """Reads each exchange once, or only the one with this number, and says what is wrong.

    A silence longer than ``stall_ns`` is a stall. Findings on the whole file stand first.
    """
    delivered = Delivered()
    by_exchange: dict[int | None, list[Finding]] = {}
    exchange_count = event_count = 0
    for exchange in recording.exchanges:
        if number in (None, exchange.number):
            findings = Findings(exchange.number)
            event_count += check_exchange(exchange, findings, delivered, stall_ns)
            exchange_count += 1
            by_exchange[exchange.number] = findings.in_order()
    for where, found in _damage(recording.problems).items():
        if number is None or where in (None, number):
            by_exchange[where] = found.in_order() + by_exchange.get(where, [])
    return Report(tuple(_in_order(by_exchange)), exchange_count, event_count)


def _damage(problems: Iterable[FileProblem]) -> dict[int | None, Findings]:
    damage: dict[int | None, Findings] = {}
    for problem in problems:
        findings = damage.setdefault(problem.exchange, Findings(problem.exchange))
        message = problem.message.removeprefix(f"exchange {problem.exchange}: ")  # the finding says where
        findings.say("damaged-recording", message, offset=problem.offset)
    return damage


def _in_order(by_exchange: dict[int | None, list[Finding]]) -> Iterator[Finding]:
    for exchange in sorted(by_exchange, key=lambda number: number or 0):
        yield from by_exchange[exchange]
