"""The end of an answer, folded from its neighbourhood alone.

Knows the last few thousand events before a place; must not know what came before them. It is what a screen shows while
the rest is folded: of a step that began before, the beginning is missing, everything else is as it will be.
"""

from collections.abc import Callable
from dataclasses import replace

from sserec.interactions import Assembler, Assembly, parse
from sserec.sse import Event
from sserec.tui.model.tape import Tape

GLIMPSED_EVENTS = 4096
GLIMPSED_BYTES = 1 << 20
"""Some 15 ms of folding."""

StepOf = Callable[[int], int | None]
"""The event that began the step of an event; None where nobody knows yet."""


class Glimpse:
    """Of one stream. Asked about neighbouring places, it folds on from one to the next."""

    def __init__(self, tape: Tape, step_of: StepOf) -> None:
        self._tape = tape
        self._step_of = step_of
        self._assembler = Assembler()
        self._begin = self._end = 0
        """The events that are folded."""
        self._steps_before = 0

    def at(self, folded: int, last_steps: int | None = None) -> Assembly:
        """What the events before the first ``folded`` come to, as far as they are near."""
        nearest = self._nearest(folded)
        if not nearest <= self._end <= folded or nearest > self._begin + GLIMPSED_EVENTS:
            self._begin_anew(nearest)
        for event in self._tape.events(self._end, folded):
            self._assembler.feed(event)
        self._end = folded
        assembly = self._assembler.assembly(last_steps)
        return replace(assembly, steps_before=self._steps_before + assembly.steps_before)

    def _nearest(self, folded: int) -> int:
        """The event with which folding begins at the latest: far enough before, but not too much to read."""
        if not folded:
            return 0
        tape = self._tape
        first = max(folded - GLIMPSED_EVENTS, 0)
        return tape.holding(max(tape.end(folded - 1) - GLIMPSED_BYTES, 0), first, folded - 1)

    def _begin_anew(self, begin: int) -> None:
        self._assembler, self._begin, self._end = Assembler(), begin, begin
        began = self._step_of(begin)
        first = self._tape.event(begin if began is None else began)
        self._steps_before = index_of(first)
        if began is not None and began < begin:
            self._assembler.feed(first)


def index_of(event: Event) -> int:
    """Where its step stands among the others: the API counts them from 0."""
    index = parse(event).payload.get("index")
    return index if type(index) is int and index > 0 else 0
