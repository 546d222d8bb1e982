"""How two streams differ in time: always told apart, and a difference only where a limit was asked for.

Knows the figures of :mod:`sserec.stats`; must not know events. What one recording does not tell is not compared.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sserec.stats import Figures, Gaps

NOTICED_NS = 1_000_000
"""Two times less than a millisecond apart never differ: schedulers alone do as much."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure on both sides; None where a recording does not tell it."""

    name: str
    a: float | int | None
    b: float | int | None
    differs: bool
    """The larger exceeds the smaller by more than the limit that was asked for."""

    @property
    def change_percent(self) -> float | None:
        """How much more, or less, B has."""
        if self.a is None or self.b is None or self.a == 0:
            return None
        return round((self.b - self.a) * 100 / self.a, 1)


def _of_gaps(name: str, value: Callable[[Gaps], int]) -> Callable[[Figures], int | None]:
    def read(figures: Figures) -> int | None:
        gaps: Gaps | None = getattr(figures, name)
        return None if gaps is None else value(gaps)

    return read


MEASURES: dict[str, Callable[[Figures], float | int | None]] = {
    "time_to_first_byte_ns": lambda figures: figures.time_to_first_byte_ns,
    "time_to_first_event_ns": lambda figures: figures.time_to_first_event_ns,
    "time_to_first_text_ns": lambda figures: figures.time_to_first_text_ns,
    "time_between_tokens_p50_ns": _of_gaps("time_between_tokens_ns", lambda gaps: gaps.p50),
    "time_between_tokens_p95_ns": _of_gaps("time_between_tokens_ns", lambda gaps: gaps.p95),
    "time_between_tokens_max_ns": _of_gaps("time_between_tokens_ns", lambda gaps: gaps.max),
    "time_between_events_max_ns": _of_gaps("time_between_events_ns", lambda gaps: gaps.max),
    "stalls": lambda figures: None if figures.stalls is None else len(figures.stalls),
    "stalled_ns": lambda figures: figures.stalled_ns,
    "duration_ns": lambda figures: figures.duration_ns,
    "tokens_per_second": lambda figures: figures.tokens_per_second,
}
"""What is compared, in the order in which it is shown."""


def measures(a: Figures, b: Figures, limit_percent: float | None = None) -> tuple[Measure, ...]:
    """Every measure that both recordings tell."""
    told = ((name, read(a), read(b)) for name, read in MEASURES.items())
    return tuple(
        Measure(name, of_a, of_b, limit_percent is not None and exceeds(name, of_a, of_b, limit_percent))
        for name, of_a, of_b in told
        if of_a is not None and of_b is not None
    )


def exceeds(name: str, a: float, b: float, limit_percent: float) -> bool:
    """Whether the larger is more than ``limit_percent`` above the smaller."""
    small, large = sorted((a, b))
    if name.endswith("_ns") and large - small < NOTICED_NS:
        return False
    return large > small * (1 + limit_percent / 100)
