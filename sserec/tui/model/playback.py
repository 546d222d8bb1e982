"""Playing a recording: at which time of the recording a player is, and which event comes next.

Knows times and speed; must not know a clock: whoever plays says what time it is, so a test may jump. Invariant: pausing
and changing the speed never move the place where the recording is.
"""

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from itertools import islice
from operator import sub


class Schedule:
    """How long a recording takes when each silence is cut to ``idle_ns``. Played time 0 is the recording's start."""

    def __init__(self, times: Sequence[int], idle_ns: int | None) -> None:
        self._idle_ns = idle_ns
        self._times = times
        self._counted = 0
        self._cut_from = array("Q")
        """Where, in time of the recording, each cut begins; it ends with the next event."""
        self._cut_to = array("Q")
        self._cut_ns = array("Q")
        """How much is cut, with all cuts before it."""

    def played_ns(self, t_ns: int) -> int:
        """How long it takes to come to ``t_ns``."""
        self._count_silences()
        cuts = bisect_right(self._cut_from, t_ns)
        if not cuts:
            return t_ns
        skipped_ns = self._cut_ns[cuts - 2] if cuts > 1 else 0
        return t_ns - skipped_ns - (min(t_ns, self._cut_to[cuts - 1]) - self._cut_from[cuts - 1])

    def t_ns(self, played_ns: int) -> int:
        """Where the recording is after ``played_ns``. At the moment of a cut, behind it."""
        self._count_silences()
        cuts = bisect_right(range(len(self._cut_from)), played_ns, key=self._played_at_cut)
        return played_ns + (self._cut_ns[cuts - 1] if cuts else 0)

    def _played_at_cut(self, cut: int) -> int:
        return self._cut_from[cut] - (self._cut_ns[cut - 1] if cut else 0)

    def _count_silences(self) -> None:
        """Looks at the gaps that have come since the last time."""
        count, idle_ns = len(self._times), self._idle_ns
        if idle_ns is None or self._counted == count:
            return
        first = max(self._counted, 1)
        gaps = map(sub, islice(self._times, first, count), islice(self._times, first - 1, None))
        for event, gap_ns in enumerate(gaps, first):
            if gap_ns > idle_ns:
                self._cut(self._times[event - 1] + idle_ns, self._times[event])
        self._counted = count

    def _cut(self, start_ns: int, end_ns: int) -> None:
        before_ns = self._cut_ns[-1] if self._cut_ns else 0
        self._cut_from.append(start_ns)
        self._cut_to.append(end_ns)
        self._cut_ns.append(before_ns + end_ns - start_ns)


class Playback:
    """A player of ``times``, when the events came, which may grow. ``now_ns`` is any clock that does not go back."""

    def __init__(self, times: Sequence[int], *, speed: float = 1.0, idle_ns: int | None = None) -> None:
        self.is_playing = False
        self.speed = speed
        self.idle_ns = idle_ns
        self._times = times
        self._schedule = Schedule(times, idle_ns)
        self._since_ns = 0
        """When it last began to play at this speed."""
        self._played_ns = self._schedule.played_ns(times[0]) if times else 0
        """How much had been played then."""

    @property
    def can_play(self) -> bool:
        """Whether there are times to play by."""
        return bool(self._times)

    def play(self, now_ns: int) -> None:
        """Goes on from where it stands; from the start when it stands at the end."""
        if self.is_over(now_ns):
            self.seek(now_ns, self._times[0] if self._times else 0)
        self._anchor(now_ns)
        self.is_playing = self.can_play

    def pause(self, now_ns: int) -> None:
        """Stops where it is."""
        self._anchor(now_ns)
        self.is_playing = False

    def seek(self, now_ns: int, t_ns: int) -> None:
        """Goes to a time of the recording; playing or not, it stays so."""
        self._since_ns, self._played_ns = now_ns, self._schedule.played_ns(t_ns)

    def set_speed(self, now_ns: int, speed: float) -> None:
        """Plays ``speed`` times as fast as it was recorded."""
        self._anchor(now_ns)
        self.speed = speed

    def set_idle(self, now_ns: int, idle_ns: int | None) -> None:
        """Cuts each silence to ``idle_ns``; None plays them in full."""
        t_ns = self.t_ns(now_ns)
        self.idle_ns, self._schedule = idle_ns, Schedule(self._times, idle_ns)
        self.seek(now_ns, t_ns)

    def t_ns(self, now_ns: int) -> int:
        """Where the recording is, up to its last event."""
        t_ns = self._schedule.t_ns(self._played(now_ns))
        return min(t_ns, self._times[-1]) if self._times else 0

    def count(self, now_ns: int) -> int:
        """How many events have come by now."""
        return bisect_right(self._times, self.t_ns(now_ns))

    def is_over(self, now_ns: int) -> bool:
        """Whether the last event has come."""
        return self.count(now_ns) == len(self._times)

    def due_ns(self, now_ns: int) -> int | None:
        """How long until the next event comes; None where none will, or while it is not playing."""
        count = self.count(now_ns)
        if not self.is_playing or count == len(self._times):
            return None
        missing_ns = self._schedule.played_ns(self._times[count]) - self._played(now_ns)
        return max(-int(-missing_ns // self.speed), 0)

    def _played(self, now_ns: int) -> int:
        passed_ns = int((now_ns - self._since_ns) * self.speed) if self.is_playing else 0
        return self._played_ns + passed_ns

    def _anchor(self, now_ns: int) -> None:
        """Begins to count anew from here, so that what comes next changes nothing behind it."""
        self._played_ns = min(self._played(now_ns), self._schedule.played_ns(self.t_ns(now_ns)))
        self._since_ns = now_ns
