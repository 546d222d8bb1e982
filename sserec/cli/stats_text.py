"""What ``sserec stats`` shows to people: every exchange of one file in full, or a row for each of many.

Nothing is coloured, so nothing is lost where there is no colour. Drawings are as wide as the terminal, and 80 columns
in a pipe.
"""

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sserec.cli.charts import Ink, Span, axis, band_line, bars, density_line, ink, stall_line
from sserec.cli.output import show, terminal_width
from sserec.cli.progress import Progress
from sserec.cli.unknown import in_words
from sserec.display import count, duration, printable, size, table
from sserec.measures import NOT_KNOWN, measures, rate, time
from sserec.stats import BOUNDS_NS, Figures, Gaps, Share, Spread, Total

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sserec.cli.stats import FileResult, Measured

PIPE_COLUMNS = 80
MAX_COLUMNS = 200
"""A drawing that is wider says no more."""
INDENT = "  "
MAX_TYPES = 20

OVERVIEW_COLUMNS = (
    *("file", "#", "first byte", "event", "text", "between tokens p50", "p95", "max"),
    *("stalls", "tokens/s", "events", "end"),
)
OVERVIEW_RIGHT = tuple(range(1, 11))


class Details:
    """Every exchange in full, as soon as it is measured."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._shown = 0

    def exchange(self, measured: "Measured") -> None:
        self._progress.wipe()
        if self._shown:
            show([""])
        self._shown += 1
        show(exchange_lines(measured, columns(), ink(sys.stdout.encoding)))

    def file(self, result: "FileResult") -> None:
        if not self._shown and result.error is None:
            show([f"{printable(result.file)}: no exchanges"])

    def end(self, total: Total) -> None:
        if self._shown > 1:
            echo_total(total)


class Overview:
    """A row for each exchange when all are measured, and what they come to together."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._rows: list[list[str]] = []

    def exchange(self, measured: "Measured") -> None:
        self._rows.append(overview_row(measured))

    def file(self, result: "FileResult") -> None:
        """Nothing: what is wrong with a file has been said."""

    def end(self, total: Total) -> None:
        self._progress.wipe()
        if self._rows:
            show(table(OVERVIEW_COLUMNS, self._rows, right=OVERVIEW_RIGHT, width=terminal_width()))
            echo_total(total)


def columns() -> int:
    return min(terminal_width() or PIPE_COLUMNS, MAX_COLUMNS)


def exchange_lines(measured: "Measured", width: int, ink: Ink) -> Iterator[str]:
    """All there is to show of one exchange."""
    figures = measured.figures
    yield title(measured)
    unknown = in_words(measured.exchange.record.unknown)
    rows = measures(figures) + ([("not known", unknown)] if unknown else [])
    yield from indented(table(("", ""), rows)[1:])
    drawing = timeline_lines(measured, width - len(INDENT), ink)
    shares = share_lines(figures.events_by_type, figures.other_bytes)
    chart = histogram_lines(figures, width - len(INDENT), ink)
    for block in (drawing, shares, chart):
        if block:
            yield ""
            yield from indented(block)


def indented(lines: Sequence[str]) -> Iterator[str]:
    return ((INDENT + line).rstrip() for line in lines)


def title(measured: "Measured") -> str:
    exchange, opaque = measured.exchange, measured.exchange.record.opaque
    request, response = exchange.request, exchange.response
    words = [f"exchange {exchange.number}"]
    if opaque is not None:
        words.append(f"{opaque.target} ({opaque.reason})")
    if request is not None:
        words.append(f"{request.method} {request.url}")
    if response is not None:
        words.append(str(response.status))
    return printable(" · ".join(filter(None, [*words, measured.figures.model, exchange.ending])))


def timeline_lines(measured: "Measured", width: int, ink: Ink) -> list[str]:
    """The stream from the request to its end; nothing where it took no time or the file knows none."""
    figures, t_ns = measured.figures, measured.meter.t_ns
    span = whole_span(measured, width)
    if span is None:
        return []
    stalled = stall_line(figures.stalls or (), span)
    lines = [
        density_line(t_ns, span, ink).rstrip(),
        stalled,
        band_line(figures.steps or (), span, ink),
        axis(span),
    ]
    return [f"events over time, a column is {duration(span.column_ns)}", *filter(None, lines)]


def whole_span(measured: "Measured", width: int) -> Span | None:
    t_ns, begin_ns = measured.meter.t_ns, measured.exchange.t_begin_ns
    close = measured.exchange.close
    if not t_ns:
        return None
    start_ns = t_ns[0] if begin_ns is None else min(begin_ns, t_ns[0])
    end_ns = max(t_ns[-1], close.t_ns if close else 0)
    return Span(start_ns, end_ns, width) if end_ns - start_ns >= width else None


def share_lines(by_type: "Mapping[str, Share]", other_bytes: int) -> list[str]:
    """Events and bytes by type, the most bytes first."""
    ordered = sorted(by_type.items(), key=lambda item: -item[1].bytes)
    rows = [
        [printable(type_), f"{share.events:,}", size(share.bytes)] for type_, share in ordered[:MAX_TYPES]
    ]
    if len(ordered) > MAX_TYPES:
        rows.append([f"and {len(ordered) - MAX_TYPES:,} more types", "", ""])
    if other_bytes:
        rows.append(["no event", "", size(other_bytes)])
    return table(("type", "events", "bytes"), rows, right=(1, 2)) if rows else []


def histogram_lines(figures: "Figures | Total", width: int, ink: Ink) -> list[str]:
    """The gaps between tokens, or, where no event carries text, between events."""
    for name, gaps in (
        ("time between tokens", figures.time_between_tokens_ns),
        ("time between events", figures.time_between_events_ns),
    ):
        if gaps is not None:
            return [name, *bars(histogram_rows(gaps), width, ink)]
    return []


def histogram_rows(gaps: Gaps) -> list[tuple[str, int]]:
    """A label and a count for each bucket, from the first that holds something to the last; equal times apart."""
    labels = [f"to {duration(bound)}" for bound in BOUNDS_NS] + [f"over {duration(BOUNDS_NS[-1])}"]
    counts = [gaps.histogram[0] - gaps.tied, *gaps.histogram[1:]]
    filled = [place for place, number in enumerate(counts) if number]
    rows = list(zip(labels, counts, strict=True))[filled[0] : filled[-1] + 1] if filled else []
    return [("in one read", gaps.tied), *rows] if gaps.tied else rows


def overview_row(measured: "Measured") -> list[str]:
    figures, stalls = measured.figures, measured.figures.stalls
    return [
        printable(measured.file),
        str(measured.exchange.number),
        time(figures.time_to_first_byte_ns),
        time(figures.time_to_first_event_ns),
        time(figures.time_to_first_text_ns),
        *spread_cells(figures.time_between_tokens_ns)[1:],
        NOT_KNOWN if stalls is None else str(len(stalls)),
        rate(figures.tokens_per_second),
        f"{figures.events:,}",
        measured.exchange.ending or NOT_KNOWN,
    ]


def echo_total(total: Total) -> None:
    show(["", *total_lines(total, columns(), ink(sys.stdout.encoding))])


def total_lines(total: Total, width: int, ink: Ink) -> Iterator[str]:
    """All exchanges together."""
    words = [count(total.exchanges, "exchange"), count(total.events, "event"), size(total.bytes)]
    if total.stalls is not None:
        words.append(count(total.stalls, "stall"))
    if total.stalled_ns:
        words.append(f"{duration(total.stalled_ns)} stalled")
    yield "all together: " + ", ".join(words)
    yield from indented(table(("", "of", "p50", "p95", "max"), total_rows(total), right=(1, 2, 3, 4)))
    for block in (
        share_lines(total.events_by_type, total.other_bytes),
        histogram_lines(total, width - len(INDENT), ink),
    ):
        if block:
            yield ""
            yield from indented(block)


def total_rows(total: Total) -> list[list[str]]:
    return [
        ["time to first byte", *spread_cells(total.time_to_first_byte_ns)],
        ["time to first event", *spread_cells(total.time_to_first_event_ns)],
        ["time to first text", *spread_cells(total.time_to_first_text_ns)],
        ["duration", *spread_cells(total.duration_ns)],
        ["time between tokens", *spread_cells(total.time_between_tokens_ns)],
        ["time between events", *spread_cells(total.time_between_events_ns)],
        ["tokens per second", *rate_cells(total.tokens_per_second)],
    ]


def spread_cells(spread: Spread[int] | Gaps | None) -> list[str]:
    if spread is None:
        return [NOT_KNOWN] * 4
    return [f"{spread.count:,}", duration(spread.p50), duration(spread.p95), duration(spread.max)]


def rate_cells(spread: Spread[float] | None) -> list[str]:
    if spread is None:
        return [NOT_KNOWN] * 4
    return [f"{spread.count:,}", rate(spread.p50), rate(spread.p95), rate(spread.max)]
