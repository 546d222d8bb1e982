"""The course of a stream as a whole: its silences, its steps, and what was no event.

Knows a tape and how to find these on it; must not know what is shown of them. All of it comes from a job that reads
the body once, so the first screen never waits for it. Invariant: what has been found so far is right, and only ever
grows at its end, but for what stood behind the last event of a body that grew.
"""

import threading
from array import array
from bisect import bisect_right
from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from operator import sub
from typing import NamedTuple

from sserec.errors import DamagedArchive
from sserec.interactions import parse, started_step
from sserec.sse import Decoder, Event, Residue
from sserec.timeline import STALL_NS
from sserec.tui.model.jobs import Job, Progress
from sserec.tui.model.strays import UNFINISHED, WHOLE_BODY, Strays
from sserec.tui.model.tape import Read, Tape, decode

BEHIND_BYTES = 1 << 20
"""Of what stands behind the last event, that is looked at line by line."""

STEP_MARK = b'.start"'
"""Stands in every event that begins a step, in either revision of the API: in the JSON's ``event_type``."""


class StepStart(NamedTuple):
    """An event with which a step begins."""

    event: int
    step: int | None
    """The API's own index."""
    type: str


class Shape:
    """Silences, steps and strays of one tape. ``is_over``: whether the body will not grow any more."""

    def __init__(
        self, tape: Tape, *, is_event_stream: bool, is_over: Callable[[], bool], stall_ns: int = STALL_NS
    ) -> None:
        self.stall_ns = stall_ns
        self.stalls = array("I")
        """The events that ended a silence longer than ``stall_ns``."""
        self.steps: list[StepStart] = []
        self.strays = Strays()
        self._tape = tape
        self._is_event_stream = is_event_stream
        self._is_over = is_over
        self._lock = threading.Lock()
        self._timed_count = 0
        self._read_count = 0
        self._behind: tuple[int, int] | None = None
        self._strays_among_events = 0

    @property
    def is_complete(self) -> bool:
        """Whether all that has come so far is taken in."""
        return self._read_count == len(self._tape)

    def load(self) -> Job:
        """Times and silences first, which only the tables tell; then the bytes, once."""
        yield from self._tape.load()
        self._find_stalls()
        while self._read_count < len(self._tape):
            with self._lock:
                self._read_on()
            yield Progress(self._read_count, len(self._tape))
        with self._lock:
            self._look_behind()

    def step_of(self, event: int) -> StepStart | None:
        """The step that had begun last when the event came."""
        after = bisect_right(self.steps, event, key=lambda step: step.event)
        return self.steps[after - 1] if after else None

    def is_stall(self, event: int) -> bool:
        """Whether the event ended a silence, known before :meth:`load` has come to it."""
        return (self._tape.gap_ns(event) or 0) > self.stall_ns

    def _find_stalls(self) -> None:
        with self._lock:
            times, first = self._tape.times, max(self._timed_count, 1)
            gaps = map(sub, islice(times, first, None), islice(times, first - 1, None))
            limit_ns = self.stall_ns
            self.stalls.extend([event for event, gap_ns in enumerate(gaps, first) if gap_ns > limit_ns])
            self._timed_count = len(times)

    def _read_on(self) -> None:
        self._forget_behind()
        read = next(self._tape.reads(self._read_count, len(self._tape)), None)
        if read is not None:
            self._take(read)
        self._read_count = read.after if read else len(self._tape)

    def _take(self, read: Read) -> None:
        decoder = Decoder(read.start)
        events = decode(decoder, read.data)
        for residue in decoder.residue():
            self._add_stray(residue, read.first + bisect_right(events, residue.start, key=_end))
        position = read.data.find(STEP_MARK)
        while position >= 0 and events:
            index = bisect_right(events, read.start + position, key=_end)
            if index == len(events):
                break
            self._note_step(read.first + index, events[index])
            position = read.data.find(STEP_MARK, events[index].end - read.start)

    def _note_step(self, index: int, event: Event) -> None:
        type_ = started_step(event)
        if type_ is not None:
            step = parse(event).payload.get("index")
            self.steps.append(StepStart(index, step if type(step) is int else None, type_))

    def _look_behind(self) -> None:
        """What stands behind the last event, once nothing will follow it."""
        tape = self._tape
        region = tape.end(len(tape) - 1) if len(tape) else 0, tape.size_bytes
        if self._is_over() and region != self._behind:
            self._forget_behind()
            self._behind, self._strays_among_events = region, len(self.strays)
            if region[0] < region[1]:
                self._take_behind(*region)

    def _take_behind(self, start: int, end: int) -> None:
        """The lines it begins with, and the rest, which is one block or something else, as a whole."""
        if not self._is_event_stream:
            self.strays.add(0, WHOLE_BODY, start, end)
            return
        decoder, after = Decoder(start), min(start + BEHIND_BYTES, end)
        with suppress(DamagedArchive):
            decode(decoder, self._tape.body(start, after))
        tail = decoder.end()
        for residue in decoder.residue():
            self._add_stray(residue, len(self._tape))
        if tail is not None or after < end:
            self.strays.add(len(self._tape), UNFINISHED, tail.start if tail else after, end)

    def _forget_behind(self) -> None:
        if self._behind is not None:
            self.strays.drop(self._strays_among_events)
            self._behind = None

    def _add_stray(self, residue: Residue, before: int) -> None:
        self.strays.add(before, str(residue.kind), residue.start, residue.end)


def _end(event: Event) -> int:
    return event.end
