"""The clock of one recording: integer nanoseconds since its start.

Knows the system's two clocks and how to carry a time from the wall's to ours. Every time inside this package is
already on this base, so that nothing has to be converted on its way to the archive.
"""

from time import monotonic_ns, time_ns


class Clock:
    """Starts to count when it is made."""

    name = "CLOCK_MONOTONIC"

    def __init__(self) -> None:
        self._started_ns = monotonic_ns()
        self.epoch_unix_ns = time_ns()
        """The wall clock's time of t_ns = 0."""

    def now_ns(self) -> int:
        """Nanoseconds since the recording's start."""
        return monotonic_ns() - self._started_ns

    @staticmethod
    def of_wall_ns(wall_ns: int, wall_now_ns: int, now_ns: int) -> int:
        """The time on this clock of a recent moment on the wall clock; the others are what both say now.

        The kernel stamps packets with the wall clock, which may be set while we run: the distance between the two
        clocks is therefore taken anew each time. Whoever is interrupted after looking at the wall finds the moment
        too late by that, and never too early.
        """
        return now_ns - (wall_now_ns - wall_ns)
