"""``sserec diff``: what changed between two streams, or between one and several others."""

import gc
from math import inf
from typing import TYPE_CHECKING, Protocol

import click

from sserec.cli.options import as_json
from sserec.cli.output import say
from sserec.cli.problems import say_problems
from sserec.cli.progress import Progress
from sserec.display import argument, path_text
from sserec.errors import ArchiveError, SserecError, UsageError

if TYPE_CHECKING:
    from sserec.diff import Comparison, Options
    from sserec.diff.recordings import Pair
    from sserec.recording import Recording

EXIT_DIFFERENT = 1
EXIT_TROUBLE = 2
LEVELS = ("interaction", "events", "bytes")
COLLECTED_OBJECTS = 1_000_000
"""How many new objects call for the garbage collector. What is kept of long streams has no cycles, and to look for them
every 700 objects took a fifth of the time, every 100,000 a twentieth."""


class Report(Protocol):
    """Where comparisons go, as they come. What it is given can be read only while it is given."""

    def add(self, a: "Recording", b: "Recording", comparison: "Comparison") -> None: ...
    def fail(self, file: str, error: str) -> None: ...
    def end(self) -> None: ...


def exchange_pair(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[int, int] | None:
    """``N:M``, or ``N`` for ``N:N``."""
    if value is None:
        return None
    a, _, b = value.partition(":")
    if not (a.isdecimal() and (b or a).isdecimal() and int(a) and int(b or a)):
        raise click.BadParameter(f"{value!r} is no pair of exchanges: N:M, from 1", ctx, param)
    return int(a), int(b or a)


def percent(ctx: click.Context, param: click.Parameter, value: float | None) -> float | None:
    if value is not None and not 0 <= value < inf:
        raise click.BadParameter(f"{value:g} is no percentage from 0 on", ctx, param)
    return value


@click.command()
@click.argument("base", metavar="A", type=click.Path(readable=False))
@click.argument("others", metavar="B…", nargs=-1, type=click.Path(readable=False))
@click.option(
    "--exchange",
    "numbers",
    callback=exchange_pair,
    metavar="N:M",
    help="Only exchange N of A with exchange M of B. Default: all, paired by what they asked.",
)
@click.option(
    "--level",
    type=click.Choice(LEVELS),
    default="events",
    show_default=True,
    help="How deep to go; each level includes those before it.",
)
@click.option(
    "--ignore", "ignored", multiple=True, metavar="PATH", help="Do not compare this; may be repeated."
)
@click.option("--exact", is_flag=True, help="Compare ids, dates and the like as they are.")
@click.option(
    "--timing",
    "timing_percent",
    type=float,
    callback=percent,
    metavar="PERCENT",
    help="Times that are further apart than this are a difference.",
)
@click.option("-y", "--side-by-side", "in_columns", is_flag=True, help="In two columns.")
@click.option("--all", "with_all", is_flag=True, help="List every difference, however many there are.")
@click.option("--view", "in_viewer", is_flag=True, help="Side by side in the viewer.")
@as_json
@click.option("-q", "--quiet", is_flag=True, help="Only the exit code.")
def diff(
    base: str,
    others: tuple[str, ...],
    numbers: tuple[int, int] | None,
    level: str,
    ignored: tuple[str, ...],
    exact: bool,
    timing_percent: float | None,
    in_columns: bool,
    with_all: bool,
    in_viewer: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Say what changed between two streams.

    Compares heads, the final interaction and how it ended, then the events, where it means nothing how texts were cut
    into tokens, and with --level bytes how they were written and sent. Ids, dates and the like are paired: an id that
    is the same everywhere on its side is equal. Times stand apart. Several B make a table, each compared with A. Paths
    and the JSON are explained in docs/diff.md.

    Exit code 0: the same. 1: different. 2: trouble.

    \b
    Examples:  sserec diff yesterday.sse.zst today.sse.zst
               sserec diff --level interaction --ignore usage a.sse.zst b.sse.zst
               sserec diff --json a.sse.zst b.sse.zst | jq -r '.comparisons[].exchanges[].differences[].path'
    """
    from sserec.diff import Level, Options
    from sserec.recording import Recording

    gc.set_threshold(COLLECTED_OBJECTS)
    if not others:
        raise UsageError(f"{path_text(base)} is compared with nothing: sserec diff {argument(base)} OTHER")
    if [base, *others].count("-") > 1:
        raise UsageError("standard input can be read only once")
    options = Options(Level(level), exact, ignored, timing_percent)
    if in_viewer:
        from sserec.cli.diff_view import view

        if quiet or as_json or len(others) > 1:
            raise UsageError(
                "--view shows two files side by side: it goes neither with --json or -q nor with a third"
            )
        raise SystemExit(view(base, others[0], options, numbers))
    report: Report
    if quiet:
        report = NoReport()
    elif as_json:
        from sserec.cli.diff_document import DocumentReport

        report = DocumentReport(base, options)
    elif len(others) > 1:
        from sserec.cli.diff_table import TableReport

        report = TableReport(options)
    else:
        from sserec.cli.diff_text import TextReport

        report = TextReport(options, in_columns=in_columns, with_all=with_all)
    with Recording.open(base) as a, Progress() as progress:
        job = Job(a, numbers, options, report, progress)
        code = max([job.compare(other) for other in others])
        code = max(code, say_problems(a))
    report.end()
    raise SystemExit(code)


class Job:
    """Compares one file after the other with the base."""

    def __init__(
        self,
        base: "Recording",
        numbers: tuple[int, int] | None,
        options: "Options",
        report: Report,
        progress: Progress,
    ) -> None:
        self._base = base
        self._numbers = numbers
        self._options = options
        self._report = report
        self._progress = progress
        self._events = 0

    def compare(self, file: str) -> int:
        """Compares a file and reports it; the exit code that it calls for."""
        try:
            other = opened(file)
        except SserecError as fault:
            return self._fail(file, fault)
        with other:
            try:
                comparison = self._compared(other)
            except SserecError as fault:
                return self._fail(file, fault)
            self._progress.wipe()
            self._report.add(self._base, other, comparison)
            return max(0 if comparison.is_same else EXIT_DIFFERENT, say_problems(other))

    def _compared(self, other: "Recording") -> "Comparison":
        from sserec.diff import compare_pairs

        return compare_pairs(self._pairs(other), self._options, self._tell)

    def _pairs(self, other: "Recording") -> "list[Pair]":
        from sserec.diff import pairs_of

        if self._numbers is not None:
            return [(self._base.exchange(self._numbers[0]), other.exchange(self._numbers[1]))]
        return pairs_of(list(self._base.exchanges), list(other.exchanges))

    def _tell(self, events: int) -> None:
        self._events += events
        self._progress.say(f"sserec: {self._events:,} events")

    def _fail(self, file: str, fault: SserecError) -> int:
        self._progress.wipe()
        say(str(fault))
        self._report.fail(file, " ".join(str(fault).split()))
        return EXIT_TROUBLE


class NoReport:
    """For ``-q``."""

    def add(self, a: "Recording", b: "Recording", comparison: "Comparison") -> None:
        pass

    def fail(self, file: str, error: str) -> None:
        pass

    def end(self) -> None:
        pass


def opened(file: str) -> "Recording":
    """Raises SserecError for whatever reason the file cannot be opened."""
    from sserec.recording import Recording

    try:
        return Recording.open(file)
    except OSError as fault:
        raise ArchiveError(f"{file}: {fault.strerror or fault}") from fault
