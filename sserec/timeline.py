"""The shape of a stream over time: where it was dense, where it stalled, which step it was in.

Knows times and numbers of events; must not know what an event holds or how any of this is drawn. Times are
integer nanoseconds and never go backwards within a stream; events of one read share theirs, and no spacing is
made up between them. Everything here is linear in the events or better, :func:`density` logarithmic for each column.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

STALL_NS = 10_000_000_000
"""A silence that is longer is a stall: ten seconds is about the limit for keeping a person's attention (Nielsen,
"Response Times: The 3 Important Limits", 1993), and clients give up or complain only later (docs/metrics.md)."""


@dataclass(frozen=True, slots=True)
class Stall:
    """A silence within a stream, or before its end."""

    after_event: int
    """The number of the event before it, from 1."""
    t_ns: int
    """When that event came."""
    duration_ns: int


@dataclass(frozen=True, slots=True)
class Band:
    """The time in which a stream was in one step."""

    label: str
    t_ns: int
    duration_ns: int


def gaps_ns(t_ns: Sequence[int]) -> Iterator[int]:
    """The time between each event and the next; 0 where one read brought both."""
    return (later - earlier for earlier, later in pairwise(t_ns))


def stalls(t_ns: Sequence[int], limit_ns: int = STALL_NS, end_ns: int | None = None) -> list[Stall]:
    """Every silence longer than ``limit_ns`` between two events, and between the last one and ``end_ns``.

    ``end_ns`` is for a stream that was still owed something: silence after its terminal event is no stall, and the
    wait for the first event has measures of its own.
    """
    found = [
        Stall(number, t_ns[number - 1], gap_ns)
        for number, gap_ns in enumerate(gaps_ns(t_ns), start=1)
        if gap_ns > limit_ns
    ]
    if t_ns and end_ns is not None and end_ns - t_ns[-1] > limit_ns:
        found.append(Stall(len(t_ns), t_ns[-1], end_ns - t_ns[-1]))
    return found


def bands(starts: Iterable[tuple[int, str]], end_ns: int) -> list[Band]:
    """One band a step: from its start to the next one's, the last to ``end_ns``. Steps come one after another."""
    borders = pairwise([*starts, (end_ns, "")])
    return [Band(label, t_ns, after_ns - t_ns) for (t_ns, label), (after_ns, _) in borders]


def column(t_ns: int, start_ns: int, end_ns: int, width: int) -> int:
    """The column, from 0, in which ``t_ns`` falls when ``start_ns`` to ``end_ns`` is drawn ``width`` columns wide.

    Times outside fall into the first and the last one; ``end_ns`` itself belongs to the last.
    """
    if end_ns <= start_ns:
        return 0
    return min(max((t_ns - start_ns) * width // (end_ns - start_ns), 0), width - 1)


def density(t_ns: Sequence[int], start_ns: int, end_ns: int, width: int) -> list[int]:
    """How many events fall into each of ``width`` columns; looks at ``width`` times log n of them."""
    span_ns = max(end_ns - start_ns, 1)
    # The first time of column c is the smallest t with (t - start) * width // span >= c.
    borders = (start_ns - (-column * span_ns // width) for column in range(1, width))
    places = [0, *(bisect_left(t_ns, border) for border in borders), len(t_ns)]
    return [after - before for before, after in pairwise(places)]


def heights(counts: Sequence[int], top: int) -> list[int]:
    """``counts`` as heights from 0 to ``top``: the largest is ``top``, and only what is empty is 0."""
    largest = max(counts, default=0)
    return [-(-count * top // largest) if count else 0 for count in counts]
