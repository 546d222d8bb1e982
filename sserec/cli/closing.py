"""What ``sserec record`` says on standard error: while the command runs, and in one line at its end."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sserec.cli.progress import Progress
from sserec.display import WITH_ERROR_EVENT, count, duration, size
from sserec.errors import ArchiveError
from sserec.proxy.plan import Plan
from sserec.records import Ending

if TYPE_CHECKING:
    from sserec.proxy.outcome import Outcome
    from sserec.proxy.remarks import Remarks
    from sserec.proxy.summary import Summary


class Voice:
    """What is said to the person, each thing once."""

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet
        self._said: Counter[str] = Counter()
        self._progress: Progress | None = None

    def say(self, line: str) -> None:
        """A notice; not with -q. A client that tries again hears the same again, its person does not."""
        self._said[line] += 1
        if not self.quiet and self._said[line] == 1:
            self.complain(line)

    def recount(self) -> None:
        """What was said once and happened more often."""
        said, self._said = self._said, Counter()
        for line, times in said.items():
            if times > 1:
                self.say(f"{count(times, 'time')}: {line}")

    def finishing(self, share: float) -> None:
        """The file is being packed; shown only where somebody watches and that takes a while."""
        if not self.quiet:
            self._progress = self._progress or Progress()
            self._progress.say(f"sserec: finishing the recording, {share:.0%}")

    def finished(self) -> None:
        if self._progress is not None:
            self._progress.wipe()

    def complain(self, line: str) -> None:
        """The reason for an exit code that is not the command's."""
        click.echo(f"sserec: {line}", err=True)


@dataclass(frozen=True, slots=True)
class Demands:
    """What must hold for the command's exit code to stand."""

    capture: bool
    complete: bool

    def unmet_by(self, outcome: "Outcome") -> str | None:
        """Why it does not; None where it does."""
        if self.capture and outcome.exchange_count == outcome.unreached_count:
            return "nothing was captured (--require-capture)"
        if self.complete and outcome.lost:
            return "a part could not be recorded (--require-complete)"
        return None


def tell(outcome: "Outcome", voice: Voice) -> None:
    """What was recorded, and what could not be."""
    voice.finished()
    voice.recount()
    if outcome.lost:
        first_error, _, _ = (outcome.lost.error or "the disk was too slow").partition("; ")
        lost_bytes = outcome.lost.size_bytes + outcome.lost.unwritten_bytes
        lost = size(lost_bytes) if lost_bytes else "a part of it"
        voice.say(f"THE RECORDING IS INCOMPLETE: {lost} could not be written: {first_error}")
    if outcome.trouble:
        voice.say(f"{outcome.path} is left as a journal, which every sserec command reads: {outcome.trouble}")
    if outcome.path and not voice.quiet:
        from sserec.proxy.summary import summarise

        try:
            voice.say(closing_line(summarise(outcome.path), outcome.path))
        except (ArchiveError, OSError) as fault:
            voice.say(f"{outcome.path} cannot be read back: {fault}")


def tell_nothing(outcome: "Outcome", remarks: "Remarks", voice: Voice, plan: Plan) -> None:
    """That no exchange was captured, why that may be, and what to try."""
    if outcome.exchange_count or (outcome.path and plan.hosts.passthrough):
        return
    from sserec.proxy.advice import why_nothing

    what = "NO REQUEST WAS READ, only how much passed and when" if outcome.path else "NOTHING WAS CAPTURED"
    for line in (what, *why_nothing(plan, remarks)):
        voice.say(line)


def closing_line(summary: "Summary", path: Path) -> str:
    """``recorded 1 stream, 23 events, 3.1 kB, 1.16 s, complete → chat.sse.zst``"""
    facts = [
        " and ".join(captured(summary)),
        *([count(summary.event_count, "event")] if summary.stream_count else []),
        size(summary.size_bytes),
        duration(summary.duration_ns),
        *endings(summary.endings),
        *error_events(summary),
        *([f"{count(summary.undecoded_count, 'response')} kept as coded"] if summary.undecoded_count else []),
    ]
    return f"recorded {', '.join(facts)} → {path}"


def captured(summary: "Summary") -> list[str]:
    other = "other response" if summary.stream_count else "response"
    kinds = (
        (summary.stream_count, "stream"),
        (summary.other_count, other),
        (summary.unanswered_count, "unanswered request"),
        (summary.opaque_count, "unread connection"),
    )
    return [count(number, noun) for number, noun in kinds if number]


def endings(counted: Counter[Ending]) -> list[str]:
    """One word where all ended alike, numbers where they did not."""
    if len(counted) == 1:
        return [str(ending) for ending in counted]
    return [f"{number} {ending}" for ending, number in counted.most_common()]


def error_events(summary: "Summary") -> list[str]:
    """``with an error event``, and in how many of several exchanges."""
    if not summary.error_event_count:
        return []
    is_alone = summary.endings.total() == 1
    return [WITH_ERROR_EVENT if is_alone else f"{summary.error_event_count} {WITH_ERROR_EVENT}"]
