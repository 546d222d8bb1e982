"""What ``sserec diff`` shows to people of one comparison.

Knows how a difference is called and how many are shown; how its lines are laid out is the layout's. Colour repeats what
the signs say, so nothing is lost where there is none.
"""

import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from typing import TYPE_CHECKING

from sserec.cli.diff_layout import Columns, Layout
from sserec.cli.output import say, show
from sserec.diff import Aspect, Comparison, Difference, ExchangeDiff, Level, Measure, Options, Span
from sserec.display import count, duration, printable, table

if TYPE_CHECKING:
    from sserec.diff import Heard
    from sserec.recording import Recording

MOST = 40
"""Differences of one aspect: more than a screen of them is not read."""
MOST_INNER = 8
"""Values of one event."""
PIPE_COLUMNS = 100


class TextReport:
    """One comparison, in full."""

    def __init__(self, options: Options, *, in_columns: bool, with_all: bool) -> None:
        self._options = options
        self._most = sys.maxsize if with_all else MOST
        self._layout = (Columns if in_columns else Layout)(columns(), coloured=is_coloured())

    def add(self, a: "Recording", b: "Recording", comparison: Comparison) -> None:
        for exchange in comparison.exchanges:
            show(self._exchange(a.name, b.name, exchange))
            for note in exchange.notes:
                say(note)
        show(self._values(comparison.unpaired))
        say(verdict(comparison, self._options.level, is_whole=not (a.problems or b.problems)))

    def fail(self, file: str, error: str) -> None:
        """It was said already."""

    def end(self) -> None:
        """It was shown already."""

    def _exchange(self, a: str, b: str, exchange: ExchangeDiff) -> Iterator[str]:
        times = list(self._times(exchange))
        if exchange.is_same and not times:
            return
        yield self._layout.paint(f"--- {title(a, exchange.a)}", "red")
        yield self._layout.paint(f"+++ {title(b, exchange.b)}", "green")
        yield from self._values(exchange.around)
        yield from self._events(exchange)
        yield from self._values(exchange.below)
        yield from times

    def _values(self, differences: Iterable[Difference]) -> Iterator[str]:
        """Differences of values, those of each aspect under its heading."""
        for aspect, group in groupby(differences, lambda difference: difference.aspect):
            if aspect is not Aspect.TIMING:
                listed = list(group)
                yield self._layout.heading(aspect)
                for difference in listed[: self._most]:
                    yield from self._value(difference)
                yield from self._unlisted(len(listed))

    def _value(self, difference: Difference) -> Iterator[str]:
        place = printable(difference.path)
        if difference.b_path is not None:
            place += f" → {printable(difference.b_path)}"
        if difference.a_events is not None and difference.b_events is not None:
            place += f", event {span(difference.a_events)} | {span(difference.b_events)}"
        yield from self._layout.value("  ", place + times(difference.count), difference, in_full=True)

    def _events(self, exchange: ExchangeDiff) -> Iterator[str]:
        events = exchange.events
        if events is None or not events.stretches:
            return
        yield self._layout.heading(f"events: {counted(exchange)}")
        in_full = exchange.a.interaction is None or exchange.b.interaction is None
        row = 0
        listed = islice(exchange.event_differences(), self._most)
        for stretch, difference in zip(events.stretches, listed, strict=False):
            yield from self._layout.skipped(stretch.rows.start - row)
            row = stretch.rows.stop
            yield from self._event(difference, in_full=in_full)
        yield from self._unlisted(len(events.stretches))

    def _event(self, difference: Difference, *, in_full: bool) -> Iterator[str]:
        a, b = span(difference.a_events), span(difference.b_events)
        yield from self._layout.events("  ", difference.kind, a, b, difference.label)
        for inner in difference.changes[:MOST_INNER]:
            place = printable(inner.path) + times(inner.count)
            yield from self._layout.value("      ", place, inner, in_full=in_full)
        if len(difference.changes) > MOST_INNER:
            yield f"      … and {len(difference.changes) - MOST_INNER} more"

    def _unlisted(self, total: int) -> Iterator[str]:
        if total > self._most:
            yield f"  … and {count(total - self._most, 'difference')} more (--all lists them)"

    def _times(self, exchange: ExchangeDiff) -> Iterator[str]:
        told = [measure for measure in exchange.timing if measure.a != measure.b]
        if not told:
            return
        limit = self._options.timing_percent
        yield self._layout.heading("time, not compared" if limit is None else f"time, limit {limit:g} %")
        rows = [
            ["!" if one.differs else "", named(one), shown(one, one.a), shown(one, one.b), change(one)]
            for one in told
        ]
        yield from (f"  {line}" for line in table(("", "", "A", "B", "change"), rows, right=(2, 3, 4)))


def title(name: str, heard: "Heard") -> str:
    """``chat.sse.zst  exchange 1: POST https://… 200, 16 events, complete``"""
    exchange = heard.exchange
    request, response = exchange.request, exchange.response
    asked = f": {request.method} {request.url}" if request else ""
    status = [f"status {response.status}"] if response else []
    facts = [*status, count(len(heard.ends), "event"), *([exchange.ending] if exchange.ending else [])]
    return printable(f"{name}  exchange {exchange.number}{asked} ({', '.join(facts)})")


def verdict(comparison: Comparison, level: Level, *, is_whole: bool) -> str:
    same = "the same" if is_whole else "what is left is the same"
    if comparison.is_same and not comparison.exchanges:
        return f"{same}: neither holds an exchange"
    compared = f"{count(len(comparison.exchanges), 'exchange')} compared at level {level}"
    return f"{same if comparison.is_same else count(comparison.count, 'difference')}, {compared}"


def counted(exchange: ExchangeDiff) -> str:
    """``12 same, 2 changed, 1 only in B``"""
    assert exchange.events is not None
    return ", ".join(f"{number:,} {kind}" for kind, number in exchange.events.counts.items())


def span(events: Span | None) -> str:
    """``7`` or ``7–13``"""
    if events is None:
        return ""
    return f"{events.first}" if events.first == events.last else f"{events.first}–{events.last}"


def times(count: int) -> str:
    return f" ({count:,} times)" if count > 1 else ""


def named(measure: Measure) -> str:
    """``time_to_first_text_ns`` as people say it."""
    return measure.name.removesuffix("_ns").replace("_", " ")


def shown(measure: Measure, value: float | int | None) -> str:
    if value is None:
        return "-"
    return duration(int(value)) if measure.name.endswith("_ns") else f"{value:g}"


def change(measure: Measure) -> str:
    percent = measure.change_percent
    if percent is None:
        return ""
    return f"{round(percent):+,} %" if round(percent) else "0 %"


def is_coloured() -> bool:
    """On a terminal that can show colours, unless NO_COLOR forbids them (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def columns() -> int:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else PIPE_COLUMNS
