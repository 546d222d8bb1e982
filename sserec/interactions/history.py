"""Time travel: the interaction as of any event, without folding from the start each time.

Knows the assembler and where to get events from; must not know times (the caller bisects those).

Checkpoints are forks of the assembler, one for each thousand events or half a megabyte of data, so going back
folds no more than that again. A fork shares what does not change, mostly all; where it shares little (steps whose
indexes leave holes), checkpoints stand further apart, so that memory stays linear in the events.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable

from sserec.interactions.assembler import Assembler, Assembly
from sserec.sse import Event

_SPACING = 1024
"""Events between checkpoints: about 4 ms of folding."""

_EVENT_BYTES = 512
"""A bigger event counts as several: images come as one of megabytes, and parsing those takes its time too."""


class History:
    """The interaction of one stream at any of its events.

    ``events(start, stop)`` gives the events of that range, from 0, fewer at the end of the stream. It is asked
    only as far as :meth:`at` was, so a stream may grow, and a long one opens at once. ``spacing`` is how many
    events are folded again at most to go back: less costs memory, more costs time.
    """

    def __init__(self, events: Callable[[int, int], Iterable[Event]], *, spacing: int = _SPACING) -> None:
        self._events = events
        self._head = Assembler()
        self._checkpoints = [Assembler()]
        self._counts = [0]
        self._least = self._spacing = spacing
        self._since = 0
        self._nearby = Assembler()
        """Where :meth:`at` was last: mostly the next question is about an event soon after it."""

    def at(self, k: int, last_steps: int | None = None) -> Assembly:
        """The assembly after the first ``k`` events; ``last_steps`` as in :meth:`Assembler.assembly`.

        Raises IndexError where there are fewer events.
        """
        if k < 0:
            raise IndexError(f"no event {k}")
        if k >= self._head.event_count:
            self.advance(k)
            return self._head.assembly(last_steps)
        return self._refolded(k).assembly(last_steps)

    def advance(self, k: int) -> None:
        """Folds the first ``k`` events, so that :meth:`at` up to there is quick. Raises IndexError as it does."""
        head = self._head
        while (start := head.event_count) < k:
            for event in self._events(start, min(k, start + _SPACING)):
                head.feed(event)
                self._since += 1 + len(event.data) // _EVENT_BYTES
                if self._since >= self._spacing:
                    self._keep_checkpoint()
            if head.event_count == start:
                raise IndexError(f"event {k} of a stream of {start}")

    def _refolded(self, k: int) -> Assembler:
        nearest = bisect_right(self._counts, k) - 1
        if not self._counts[nearest] <= self._nearby.event_count <= k:
            self._nearby = self._checkpoints[nearest].fork()
        for event in self._events(self._nearby.event_count, k):
            self._nearby.feed(event)
        return self._nearby

    def _keep_checkpoint(self) -> None:
        self._spacing = max(self._least, self._head.weight)
        self._checkpoints.append(self._head.fork())
        self._counts.append(self._head.event_count)
        self._since = 0
