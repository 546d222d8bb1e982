"""How fast a stream was, how even, and how much: every measure of ``sserec stats``, defined once.

Knows events and the times of their arrival; must not know files or how a figure is shown. docs/metrics.md says what
each measure means, whose definition it follows and where it differs. Invariants: what the recording does not tell is
None, never 0 and never a guess; events of one read share their time, so the gap between them is 0; a percentile is a
gap that was measured (nearest rank), never one between two.

Memory: 8 bytes an event, 16 for one with text, and half as much again while percentiles are taken.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Generic, Self, TypeVar

from sserec.interactions import (
    Assembler,
    Parsed,
    is_terminal,
    parse,
    step_started_by,
    text_written_by,
)
from sserec.readable import ReadableExchange
from sserec.records import Close, Unknown
from sserec.sse import Event
from sserec.timeline import STALL_NS, Band, Stall, bands, gaps_ns, stalls

Number = TypeVar("Number", int, float)

NS_PER_S = 1_000_000_000
BOUNDS_NS = tuple(10_000_000 * 2**power for power in range(14))
"""10 ms to 81.92 s, each bound twice the one before: the buckets that the OpenTelemetry conventions ask for in
gen_ai.client.operation.time_per_output_chunk, so that the counts can be compared or sent on."""


@dataclass(frozen=True, slots=True)
class Spread(Generic[Number]):
    """How a measure is spread over many values."""

    count: int
    p50: Number
    p95: Number
    max: Number


@dataclass(frozen=True, slots=True)
class Gaps:
    """How the times between one event and the next are spread, in nanoseconds."""

    count: int
    tied: int
    """How many of them are 0, because one read brought both events."""
    p50: int
    p95: int
    max: int
    histogram: tuple[int, ...]
    """How many are at most as long as each of :data:`BOUNDS_NS` and longer than the one before; then the rest."""


@dataclass(frozen=True, slots=True)
class Share:
    """How much of a stream one type of event made up."""

    events: int
    bytes: int
    """From the end of the blank line before an event to the end of its own, so framing counts."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the API counted them; None where it did not say."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    """What the model answered, thoughts not included."""
    thought_tokens: int | None = None
    total_tokens: int | None = None
    text_tokens: int | None = None
    """The output tokens that are neither image, audio nor video."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known of an exchange beside its events."""

    body_size_bytes: int = 0
    t_begin_ns: int | None = None
    """When the last byte of the request had been sent: where every time to a first thing begins."""
    t_response_ns: int | None = None
    """When the response's head was complete."""
    t_open_ns: int | None = None
    """When the request's head came."""
    close: Close | None = None
    has_beginning: bool = True
    """Whether the first event that is here was the stream's first; in an excerpt it may not be."""

    @classmethod
    def of(cls, exchange: ReadableExchange) -> Self:
        """What a recording tells of an exchange."""
        record = exchange.record
        return cls(
            body_size_bytes=record.body_size_bytes,
            t_begin_ns=exchange.t_begin_ns,
            t_response_ns=record.t_response_ns,
            t_open_ns=record.t_open_ns,
            close=exchange.close,
            has_beginning=Unknown.BEGINNING not in record.unknown,
        )


@dataclass(frozen=True, slots=True)
class Figures:
    """Every measure of one exchange."""

    model: str | None
    time_to_first_byte_ns: int | None
    time_to_first_event_ns: int | None
    time_to_first_text_ns: int | None
    duration_ns: int | None
    events: int
    bytes: int
    events_by_type: Mapping[str, Share]
    other_bytes: int
    """Of the body, not in any event: comments, a bare JSON error, an unfinished event."""
    text_events: int
    time_between_tokens_ns: Gaps | None
    """Between one event that carries output text and the next."""
    time_between_events_ns: Gaps | None
    stalls: tuple[Stall, ...] | None
    stalled_ns: int | None
    steps: tuple[Band, ...] | None
    usage: Usage
    tokens_per_second: float | None


class Meter:
    """Takes the events of one exchange as they go by."""

    def __init__(self) -> None:
        self.t_ns = array("q")
        """When each event came; empty where the recording has no times."""
        self.text_t_ns = array("q")
        """When each event with output text came."""
        self._text_events = 0
        self._types: dict[str, list[int]] = {}
        self._steps: list[tuple[int, str]] = []
        self._last: Event | None = None
        self._envelope = Assembler()
        """Told only the events that speak of the interaction as a whole, so its memory does not follow the stream."""

    def feed(self, event: Event, t_ns: int | None, parsed: Parsed | None = None) -> None:
        """Counts the next event of the stream; ``t_ns`` is None where the recording has no times.

        ``parsed`` spares a look into the event where somebody parsed it already.
        """
        parsed = parsed or parse(event)
        self._last = event
        share = self._types.get(event.type) or self._types.setdefault(event.type, [0, 0])
        share[0] += 1
        share[1] += event.end - event.start
        has_text = bool(text_written_by(parsed))
        self._text_events += has_text
        if b'"interaction"' in event.data or b'usage"' in event.data:
            self._envelope.fold(event, parsed)
        if t_ns is None:
            return
        self.t_ns.append(t_ns)
        if has_text:
            self.text_t_ns.append(t_ns)
        step = step_started_by(parsed)
        if step is not None:
            self._steps.append((t_ns, step))

    def figures(self, around: Surroundings, stall_limit_ns: int = STALL_NS) -> Figures:
        """What the events fed so far come to, taken as the whole stream."""
        interaction = self._envelope.assembly().interaction or {}
        usage = usage_of(interaction)
        silences = self._stalls(around.close, stall_limit_ns)
        t_asked_ns = around.t_begin_ns if around.has_beginning else None
        by_type = {type_: Share(*share) for type_, share in sorted(self._types.items())}
        return Figures(
            model=name_of(interaction),
            time_to_first_byte_ns=since(around.t_begin_ns, around.t_response_ns),
            time_to_first_event_ns=since(t_asked_ns, first(self.t_ns)),
            time_to_first_text_ns=since(t_asked_ns, first(self.text_t_ns)),
            duration_ns=since(around.t_open_ns, around.close.t_ns if around.close else None),
            events=sum(share.events for share in by_type.values()),
            bytes=around.body_size_bytes,
            events_by_type=by_type,
            other_bytes=around.body_size_bytes - sum(share.bytes for share in by_type.values()),
            text_events=self._text_events,
            time_between_tokens_ns=gaps(gaps_ns(self.text_t_ns)),
            time_between_events_ns=gaps(gaps_ns(self.t_ns)),
            stalls=silences,
            stalled_ns=None if silences is None else sum(stall.duration_ns for stall in silences),
            steps=tuple(bands(self._steps, self.t_ns[-1])) if self.t_ns else None,
            usage=usage,
            tokens_per_second=self._tokens_per_second(usage.text_tokens),
        )

    def _stalls(self, close: Close | None, limit_ns: int) -> tuple[Stall, ...] | None:
        if not self.t_ns or self._last is None:
            return None
        end_ns = close.t_ns if close and not is_terminal(self._last) else None
        return tuple(stalls(self.t_ns, limit_ns, end_ns))

    def _tokens_per_second(self, text_tokens: int | None) -> float | None:
        """None beside a call: its arguments are output tokens too, but no text that takes its time."""
        if any(step.endswith("_call") for _, step in self._steps):
            return None
        return tokens_per_second(text_tokens, self.text_t_ns)


@dataclass(frozen=True, slots=True)
class Total:
    """The measures of many exchanges together; a spread counts the exchanges that had the measure."""

    exchanges: int
    events: int
    bytes: int
    events_by_type: Mapping[str, Share]
    other_bytes: int
    time_to_first_byte_ns: Spread[int] | None
    time_to_first_event_ns: Spread[int] | None
    time_to_first_text_ns: Spread[int] | None
    duration_ns: Spread[int] | None
    tokens_per_second: Spread[float] | None
    time_between_tokens_ns: Gaps | None
    """Of all the gaps of all the exchanges, so a long stream weighs more than a short one."""
    time_between_events_ns: Gaps | None
    stalls: int | None
    stalled_ns: int | None


@dataclass
class Pool:
    """Adds exchanges up."""

    figures: list[Figures] = field(default_factory=list)
    token_gaps_ns: "array[int]" = field(default_factory=lambda: array("q"))
    event_gaps_ns: "array[int]" = field(default_factory=lambda: array("q"))

    def add(self, meter: Meter, figures: Figures) -> None:
        """Takes an exchange in; the meter is not needed any more."""
        self.figures.append(figures)
        self.token_gaps_ns.extend(gaps_ns(meter.text_t_ns))
        self.event_gaps_ns.extend(gaps_ns(meter.t_ns))

    def total(self) -> Total:
        """What the exchanges come to together."""
        all_ = self.figures
        timed = [one.stalls for one in all_ if one.stalls is not None]
        return Total(
            exchanges=len(all_),
            events=sum(one.events for one in all_),
            bytes=sum(one.bytes for one in all_),
            events_by_type=added_up(one.events_by_type for one in all_),
            other_bytes=sum(one.other_bytes for one in all_),
            time_to_first_byte_ns=spread(one.time_to_first_byte_ns for one in all_),
            time_to_first_event_ns=spread(one.time_to_first_event_ns for one in all_),
            time_to_first_text_ns=spread(one.time_to_first_text_ns for one in all_),
            duration_ns=spread(one.duration_ns for one in all_),
            tokens_per_second=spread(one.tokens_per_second for one in all_),
            time_between_tokens_ns=gaps(self.token_gaps_ns),
            time_between_events_ns=gaps(self.event_gaps_ns),
            stalls=sum(map(len, timed)) if timed else None,
            stalled_ns=sum(stall.duration_ns for found in timed for stall in found) if timed else None,
        )


def rank(count: int, percent: int) -> int:
    """The place, from 0, of the smallest value that at least ``percent`` per cent do not exceed (nearest rank)."""
    return -(-count * percent // 100) - 1


def percentile(ordered: Sequence[Number], percent: int) -> Number:
    """The value at that place."""
    return ordered[rank(len(ordered), percent)]


def spread(values: Iterable[Number | None]) -> Spread[Number] | None:
    """The spread of the values that are known; None where none is."""
    ordered = sorted(value for value in values if value is not None)
    if not ordered:
        return None
    return Spread(len(ordered), percentile(ordered, 50), percentile(ordered, 95), ordered[-1])


def gaps(values_ns: Iterable[int]) -> Gaps | None:
    """The spread of gaps, and their histogram; None where there are none."""
    values = values_ns if isinstance(values_ns, array) else array("q", values_ns)
    if not values:
        return None
    p50, p95 = percentiles(values, 50, 95)
    return Gaps(len(values), values.count(0), p50, p95, max(values), histogram(values))


def histogram(values_ns: Iterable[int]) -> tuple[int, ...]:
    """How many values stand in each bucket of :data:`BOUNDS_NS`, the rest last."""
    counts = Counter(bisect_left(BOUNDS_NS, value) for value in values_ns)
    return tuple(counts[bucket] for bucket in range(len(BOUNDS_NS) + 1))


def percentiles(values: Sequence[int], *percents: int) -> list[int]:
    """:func:`percentile` of many values in any order, without a sorted copy of them all.

    Values that agree in their upper 16 bits are counted together; then only those that stand where a rank falls are
    sorted. A million gaps take 8 MB this way, and as a sorted list five times that.
    """
    shift = max(max(values).bit_length() - 16, 0)
    sizes = Counter(value >> shift for value in values)
    buckets = sorted(sizes)
    ends = list(accumulate(sizes[bucket] for bucket in buckets))
    found = []
    for percent in percents:
        place = rank(len(values), percent)
        holder = bisect_right(ends, place)
        members = sorted(value for value in values if value >> shift == buckets[holder])
        found.append(members[place - ends[holder]])  # counted from the bucket's end
    return found


def tokens_per_second(text_tokens: int | None, text_t_ns: Sequence[int]) -> float | None:
    """Tokens after the first one, over the time from the first text to the last.

    The first token's own time is the time to it (vLLM's time per output token, AIPerf's output token throughput per
    user, 1 / inter-token latency). None where fewer than two tokens or two times are known.
    """
    if text_tokens is None or text_tokens < 2 or not text_t_ns or text_t_ns[-1] == text_t_ns[0]:
        return None
    return round((text_tokens - 1) * NS_PER_S / (text_t_ns[-1] - text_t_ns[0]), 3)


def usage_of(interaction: Mapping[str, Any]) -> Usage:
    """The usage of an interaction, as far as it has one."""
    usage = interaction.get("usage")
    if not isinstance(usage, dict):
        return Usage()
    output = tokens(usage, "total_output_tokens")
    return Usage(
        input_tokens=tokens(usage, "total_input_tokens"),
        output_tokens=output,
        thought_tokens=tokens(usage, "total_thought_tokens"),
        total_tokens=tokens(usage, "total_tokens"),
        text_tokens=None if output is None else output - media_tokens(usage),
    )


def media_tokens(usage: Mapping[str, Any]) -> int:
    by_modality = usage.get("output_tokens_by_modality")
    parts = by_modality if isinstance(by_modality, list) else []
    media = (part for part in parts if isinstance(part, dict) and part.get("modality") != "text")
    return sum(tokens(part, "tokens") or 0 for part in media)


def tokens(usage: Mapping[str, Any], key: str) -> int | None:
    value = usage.get(key)
    return value if type(value) is int else None


def name_of(interaction: Mapping[str, Any]) -> str | None:
    """The model, or the agent, that answered."""
    name = interaction.get("model") or interaction.get("agent")
    return name if isinstance(name, str) else None


def since(begin_ns: int | None, t_ns: int | None) -> int | None:
    return None if begin_ns is None or t_ns is None else t_ns - begin_ns


def first(t_ns: Sequence[int]) -> int | None:
    return t_ns[0] if t_ns else None


def added_up(shares: Iterable[Mapping[str, Share]]) -> dict[str, Share]:
    total: dict[str, Share] = {}
    for by_type in shares:
        for type_, share in by_type.items():
            before = total.get(type_, Share(0, 0))
            total[type_] = Share(before.events + share.events, before.bytes + share.bytes)
    return dict(sorted(total.items()))
