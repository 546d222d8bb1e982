"""``sserec stats``: how fast streams were, how even, and how much they brought.

Reads each file once, in order; what is kept of a file when the next one begins are its figures and its gaps.
"""

import csv
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import click

from sserec.cli.options import FileName, as_json, one_exchange, stall_limit
from sserec.cli.output import say, show_json
from sserec.cli.problems import EXIT_FINDINGS
from sserec.cli.progress import Progress
from sserec.display import path_text, printable
from sserec.errors import ArchiveError, SserecError, UsageError

if TYPE_CHECKING:
    from sserec.recording import Exchange
    from sserec.stats import Figures, Gaps, Meter, Pool, Total

EXIT_TROUBLE = 2
TOLD_EVENTS = 1 << 12
"""How many events pass between two looks at the clock."""


class Measured(NamedTuple):
    """An exchange, and what was measured on it."""

    file: str
    exchange: "Exchange"
    meter: "Meter"
    figures: "Figures"


@dataclass(frozen=True, slots=True)
class FileResult:
    """How the reading of one file went; an object of the JSON document."""

    file: str
    problems: list[str]
    """What is missing from the file."""
    error: str | None
    """Why it could not be read at all, or not to its end."""


class Report(Protocol):
    """Where measures go, as they come."""

    def exchange(self, measured: Measured) -> None: ...
    def file(self, result: FileResult) -> None: ...
    def end(self, total: "Total") -> None: ...


@click.command()
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=FileName(readable=False))
@one_exchange
@stall_limit
@as_json
@click.option("--csv", "as_csv", is_flag=True, help="One row an exchange; stable header.")
def stats(files: tuple[str, ...], number: int | None, stall_ns: int, as_json: bool, as_csv: bool) -> None:
    """Measure streams: speed, evenness, volume.

    Time to the first byte, event and text (TTFT), time between tokens (p50, p95, max), stalls, events and bytes by
    type, tokens per second. One FILE: every exchange, with a time line and a histogram; several: a row each, and all
    of them together. docs/metrics.md defines every measure. What a recording does not tell is - (null): plain .sse
    text has no times.

    A FILE that cannot be read is said and left out, and the exit code is 2; 1 when a part of a file is missing.

    \b
    Example:  sserec stats --csv runs/*.sse.zst > runs.csv
    """
    if as_json and as_csv:
        raise UsageError("--json and --csv exclude each other (sserec stats --help)")
    if number is not None and len(files) > 1:
        raise UsageError("--exchange goes with one FILE (sserec stats --help)")
    from sserec.stats import Pool

    pool, code = Pool(), 0
    with Progress() as progress:
        report = chosen_report(progress, stall_ns, as_json=as_json, as_csv=as_csv, detailed=len(files) == 1)
        for place, file in enumerate(files, start=1):
            label = f"{place} of {len(files)} files" if len(files) > 1 else printable(file)
            reading = Reading(file, number, stall_ns, Teller(progress, label).count)
            code = max(code, measure_file(reading, report, pool, progress))
        report.end(pool.total())
    raise SystemExit(code)


def chosen_report(
    progress: Progress, stall_ns: int, *, as_json: bool, as_csv: bool, detailed: bool
) -> Report:
    if as_json:
        return JsonReport(stall_ns)
    if as_csv:
        return CsvReport()
    from sserec.cli.stats_text import Details, Overview

    return Details(progress) if detailed else Overview(progress)


class Teller:
    """Says how many events of a file have been read."""

    def __init__(self, progress: Progress, label: str) -> None:
        self._progress = progress
        self._label = label
        self._events = 0

    def count(self) -> None:
        self._events += 1
        if self._events % TOLD_EVENTS == 0:
            self._progress.say(f"sserec: {self._label}, {self._events:,} events")


def measure_file(reading: "Reading", report: Report, pool: "Pool", progress: Progress) -> int:
    """Measures one file's exchanges; the exit code that it calls for."""
    error = None
    try:
        for measured in reading:
            pool.add(measured.meter, measured.figures)
            report.exchange(measured)
    except SserecError as fault:
        error = " ".join(str(fault).split())
    progress.wipe()
    for words in [*reading.problems, *([error] if error else [])]:
        say(words)
    report.file(FileResult(path_text(reading.file), reading.problems, error))
    return EXIT_TROUBLE if error else EXIT_FINDINGS if reading.problems else 0


@dataclass
class Reading:
    """Measures the exchanges of one file as they are asked for.

    Iterating raises SserecError where the file cannot be read, for whatever reason; a fault of the one who asks, such
    as a closed pipe, is none of the file's.
    """

    file: str
    number: int | None
    stall_ns: int
    tell: Callable[[], None]
    problems: list[str] = field(default_factory=list)
    """What is missing from the file, as far as it has been read."""

    def __iter__(self) -> Iterator[Measured]:
        from sserec.recording import Recording

        try:
            with Recording.open(self.file) as recording:
                number = self.number
                exchanges = recording.exchanges if number is None else [recording.exchange(number)]
                yield from (
                    Measured(path_text(self.file), *self._measure(exchange)) for exchange in exchanges
                )
                self.problems += [f"{recording.name}: {problem.message}" for problem in recording.problems]
        except OSError as fault:
            raise ArchiveError(f"{path_text(self.file)}: {fault.strerror or fault}") from fault

    def _measure(self, exchange: "Exchange") -> "tuple[Exchange, Meter, Figures]":
        from sserec.stats import Meter

        meter = Meter()
        for recorded in exchange.events():
            meter.feed(recorded.event, recorded.t_ns)
            self.tell()
        return exchange, meter, meter.figures(exchange.surroundings, self.stall_ns)


def facts(measured: Measured) -> dict[str, Any]:
    """What every report says of an exchange; the keys of its JSON object."""
    exchange, figures = measured.exchange, measured.figures
    request, response = exchange.request, exchange.response
    return {
        "file": measured.file,
        "exchange": exchange.number,
        "method": request.method if request else None,
        "url": request.url if request else None,
        "status": response.status if response else None,
        "end": exchange.ending,
        **{measure.name: getattr(figures, measure.name) for measure in fields(figures)},
    }


class JsonReport:
    """One document, when all is measured."""

    def __init__(self, stall_ns: int) -> None:
        self._stall_ns = stall_ns
        self._files: list[FileResult] = []
        self._exchanges: list[dict[str, Any]] = []

    def exchange(self, measured: Measured) -> None:
        self._exchanges.append(facts(measured))

    def file(self, result: FileResult) -> None:
        self._files.append(result)

    def end(self, total: "Total") -> None:
        from sserec.stats import BOUNDS_NS

        document = {
            "stall_limit_ns": self._stall_ns,
            "histogram_bounds_ns": BOUNDS_NS,
            "files": self._files,
            "exchanges": self._exchanges,
            "total": total,
        }
        show_json(document)


class CsvReport:
    """A header, then a row an exchange, each as soon as it is measured."""

    def __init__(self) -> None:
        self._writer = csv.DictWriter(sys.stdout, CSV_COLUMNS, lineterminator="\n")
        self._writer.writeheader()

    def exchange(self, measured: Measured) -> None:
        row = csv_row(measured)
        self._writer.writerow(
            {name: shown(cell) for name, cell in row.items()} if sys.stdout.isatty() else row
        )

    def file(self, result: FileResult) -> None:
        sys.stdout.flush()

    def end(self, total: "Total") -> None:
        sys.stdout.flush()


PLAIN_COLUMNS = (
    "file",
    "exchange",
    "method",
    "url",
    "status",
    "end",
    "model",
    "time_to_first_byte_ns",
    "time_to_first_event_ns",
    "time_to_first_text_ns",
    "duration_ns",
    "events",
    "bytes",
    "other_bytes",
    "text_events",
    "stalled_ns",
    "tokens_per_second",
)
GAP_COLUMNS = ("count", "tied", "p50", "p95", "max")
TOKEN_COLUMNS = ("input_tokens", "output_tokens", "thought_tokens", "total_tokens", "text_tokens")
CSV_COLUMNS = (
    *PLAIN_COLUMNS,
    "stalls",
    *(f"time_between_tokens_ns_{column}" for column in GAP_COLUMNS),
    *(f"time_between_events_ns_{column}" for column in GAP_COLUMNS),
    *TOKEN_COLUMNS,
)
"""New columns come at the end."""


def csv_row(measured: Measured) -> Mapping[str, Any]:
    """An exchange as cells; what is not known is empty."""
    known, figures = facts(measured), measured.figures
    return {
        **{column: known[column] for column in PLAIN_COLUMNS},
        "stalls": None if figures.stalls is None else len(figures.stalls),
        **gap_cells("time_between_tokens_ns", figures.time_between_tokens_ns),
        **gap_cells("time_between_events_ns", figures.time_between_events_ns),
        **asdict(figures.usage),
    }


def shown(cell: object) -> object:
    return printable(cell) if isinstance(cell, str) else cell


def gap_cells(name: str, gaps: "Gaps | None") -> dict[str, int | None]:
    return {f"{name}_{column}": getattr(gaps, column, None) for column in GAP_COLUMNS}
