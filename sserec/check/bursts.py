"""Time: silences, and events that came together though they were made one by one.

Knows when chunks arrived; must not know what events hold. Without times there is nothing to say.
"""

from typing import NamedTuple

from sserec.check.findings import Say
from sserec.check.watchers import Batch, Finish, Setting, Watcher
from sserec.records import Response
from sserec.timeline import stalls

BURST_EVENTS = 4
"""Events that arrive at one instant and are no chance: two or three often share a packet."""
MIN_EVENTS = 8
"""A shorter stream shows no pattern."""
MIN_SPAN_NS = 100_000_000
"""A stream that takes less time may really have been made at once: a replay, a cached answer."""


class Silences(Watcher):
    """Says where no event came for longer than the limit: the definition is timeline.stalls'."""

    def __init__(self, setting: Setting, say: Say) -> None:
        self._say = say
        self._is_timed = setting.is_timed
        self._limit_ns = setting.stall_ns
        self._last_ns: int | None = None
        self._last_end = 0

    def feed(self, batch: Batch) -> None:
        if batch.events and self._is_timed:
            self._look(batch.chunk.t_ns, batch.count_before)
            self._last_ns = batch.chunk.t_ns
            self._last_end = batch.events[-1].end

    def end(self, finish: Finish) -> None:
        if finish.close is not None and not finish.saw_end:
            self._look(finish.close.t_ns, finish.event_count)

    def _look(self, t_ns: int, event: int) -> None:
        before = () if self._last_ns is None else (self._last_ns,)
        for stall in stalls((*before, t_ns), self._limit_ns):
            message = f"no event for {stall.duration_ns / 1e9:.1f} s"
            self._say("stall", message, event=event, offset=self._last_end)


class Burst(NamedTuple):
    """Events of one instant."""

    t_ns: int
    size: int
    event: int
    offset: int


class Bursts(Watcher):
    """Says that a content coding held events back, where most of a stream came in bursts."""

    def __init__(self, setting: Setting, say: Say) -> None:
        self._say = say
        self._coding = coding_of(setting.response) if setting.is_timed else None
        self._t_start_ns = setting.t_response_ns
        self._now: Burst | None = None
        self._largest: Burst | None = None
        self._in_bursts = self._bursts = 0

    def feed(self, batch: Batch) -> None:
        if self._coding is None or not batch.events:
            return
        t_ns, now = batch.chunk.t_ns, self._now
        self._t_start_ns = t_ns if self._t_start_ns is None else self._t_start_ns
        if now is not None and now.t_ns == t_ns:
            self._now = now._replace(size=now.size + len(batch.events))
            return
        self._take()
        self._now = Burst(t_ns, len(batch.events), batch.count_before + 1, batch.events[0].start)

    def end(self, finish: Finish) -> None:
        self._take()
        if self._now is None or self._largest is None or self._t_start_ns is None:
            return
        span_ns = self._now.t_ns - self._t_start_ns
        if (
            finish.event_count >= MIN_EVENTS
            and 2 * self._in_bursts >= finish.event_count
            and span_ns >= MIN_SPAN_NS
        ):
            message = (
                f"{self._coding} held events back: {self._in_bursts:,} of {finish.event_count:,} events came "
                f"in {_bursts(self._bursts)} of up to {self._largest.size:,}"
            )
            self._say("held-back", message, event=self._largest.event, offset=self._largest.offset)

    def _take(self) -> None:
        """The instant is over: was it a burst?"""
        now = self._now
        if now is None or now.size < BURST_EVENTS:
            return
        self._in_bursts += now.size
        self._bursts += 1
        if self._largest is None or now.size > self._largest.size:
            self._largest = now


def coding_of(response: Response | None) -> str | None:
    """The content coding of a response; None for none."""
    coding = ((response and response.header("content-encoding")) or "").strip().lower()
    return coding if coding not in ("", "identity") else None


def _bursts(number: int) -> str:
    return "1 burst" if number == 1 else f"{number:,} bursts"
