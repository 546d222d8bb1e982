"""What an exchange was measured at, in words: the same in a terminal, on a page, in an issue.

Knows figures and how people say quantities; must not know where the words stand.
"""

from collections.abc import Sequence

from sserec.display import count, duration, seconds
from sserec.stats import Figures, Gaps
from sserec.timeline import Stall

NOT_KNOWN = "-"
MAX_STALLS = 5


def measures(figures: Figures) -> list[tuple[str, str]]:
    """A name and a value each."""
    return [
        ("time to first byte", time(figures.time_to_first_byte_ns)),
        ("time to first event", time(figures.time_to_first_event_ns)),
        ("time to first text", time(figures.time_to_first_text_ns)),
        ("duration", time(figures.duration_ns)),
        ("time between tokens", gaps_words(figures.time_between_tokens_ns)),
        ("time between events", gaps_words(figures.time_between_events_ns)),
        ("stalls", stalls_words(figures.stalls)),
        ("tokens", tokens_words(figures)),
        ("tokens per second", rate(figures.tokens_per_second)),
    ]


def time(t_ns: int | None) -> str:
    return NOT_KNOWN if t_ns is None else duration(t_ns)


def rate(tokens_per_second: float | None) -> str:
    return NOT_KNOWN if tokens_per_second is None else f"{tokens_per_second:,.1f}"


def gaps_words(gaps: Gaps | None) -> str:
    if gaps is None:
        return NOT_KNOWN
    words = f"p50 {duration(gaps.p50)}, p95 {duration(gaps.p95)}, max {duration(gaps.max)}"
    together = f", {gaps.tied:,} of them 0: in one read" if gaps.tied else ""
    return f"{words} ({count(gaps.count, 'gap')}{together})"


def stalls_words(stalls: Sequence[Stall] | None) -> str:
    if stalls is None:
        return NOT_KNOWN
    words = [
        f"{duration(stall.duration_ns)} after event {stall.after_event:,} at {seconds(stall.t_ns)} s"
        for stall in stalls[:MAX_STALLS]
    ]
    if len(stalls) > MAX_STALLS:
        words.append(f"and {len(stalls) - MAX_STALLS:,} more")
    return "; ".join(words) or "none"


def tokens_words(figures: Figures) -> str:
    usage = figures.usage
    words = [
        f"{number:,} {name}"
        for name, number in (
            ("input", usage.input_tokens),
            ("thought", usage.thought_tokens),
            ("output", usage.output_tokens),
        )
        if number is not None
    ]
    return ", ".join(words) or NOT_KNOWN
