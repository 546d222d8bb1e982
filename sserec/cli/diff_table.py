"""What ``sserec diff BASE A B C…`` shows to people: a row for each file."""

from typing import TYPE_CHECKING

from sserec.cli.output import say, show
from sserec.diff import Aspect, Comparison, Heard, Options
from sserec.display import duration, printable, table

if TYPE_CHECKING:
    from sserec.recording import Recording

HEADER = (
    "file",
    "",
    "heads",
    "interaction",
    "end",
    "events",
    "bytes",
    "time",
    "tokens",
    "first text",
    "took",
)
RIGHT = tuple(range(2, len(HEADER)))
NOT_KNOWN = "-"
GROUPS = (
    (Aspect.REQUEST, Aspect.RESPONSE, Aspect.EXCHANGE),
    (Aspect.INTERACTION,),
    (Aspect.END,),
    (Aspect.EVENTS,),
    (Aspect.BYTES,),
    (Aspect.TIMING,),
)
"""Which differences each column counts."""


class TableReport:
    """The base first, then every file with how much differs, and its own figures."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._rows: list[list[str]] = []

    def add(self, a: "Recording", b: "Recording", comparison: Comparison) -> None:
        if not self._rows:
            own = figures([exchange.a for exchange in comparison.exchanges])
            self._rows.append([printable(a.name), whole(a, "base"), *[""] * len(GROUPS), *own])
        counts = counted(comparison)
        numbers = [
            f"{number:,}" if (number := sum(counts.get(one, 0) for one in group)) else "" for group in GROUPS
        ]
        verdict = whole(b, "same" if comparison.is_same else "different")
        own = figures([exchange.b for exchange in comparison.exchanges])
        self._rows.append([printable(b.name), verdict, *numbers, *own])

    def fail(self, file: str, error: str) -> None:
        self._rows.append([printable(file), "trouble", *[""] * (len(HEADER) - 2)])

    def end(self) -> None:
        show(table(HEADER, self._rows, right=RIGHT))
        say(f"numbers of differences from the first file, at level {self._options.level}")


def whole(recording: "Recording", verdict: str) -> str:
    """What is left of a damaged file is never called the same without a word of that."""
    return f"{verdict}, damaged" if recording.problems else verdict


def counted(comparison: Comparison) -> dict[Aspect, int]:
    """How many differences there are of each aspect; no event is read for that."""
    counts: dict[Aspect, int] = {Aspect.EXCHANGE: len(comparison.unpaired)}
    for exchange in comparison.exchanges:
        for difference in (*exchange.around, *exchange.below):
            counts[difference.aspect] = counts.get(difference.aspect, 0) + 1
        if exchange.events is not None:
            counts[Aspect.EVENTS] = counts.get(Aspect.EVENTS, 0) + len(exchange.events.stretches)
    return counts


def figures(sides: list[Heard]) -> list[str]:
    """Output tokens over all exchanges; times where there is but one."""
    told = [side.figures.usage.output_tokens for side in sides if side.figures is not None]
    known = [tokens for tokens in told if tokens is not None]
    tokens = f"{sum(known):,}" if known else NOT_KNOWN
    only = sides[0].figures if len(sides) == 1 else None
    times = (only.time_to_first_text_ns, only.duration_ns) if only is not None else (None, None)
    return [tokens, *(NOT_KNOWN if t_ns is None else duration(t_ns) for t_ns in times)]
