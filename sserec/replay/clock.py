"""Time, as a parameter: whoever performs is handed a clock and asks no other."""

import asyncio
import select
import selectors
import sys
import time
from typing import Protocol

LONGEST_SLEEP_S = 24 * 3600.0
"""The system does not sleep for a time of any length, and a recording may hold any."""


class Clock(Protocol):
    """Nanoseconds since some moment, and how to wait for one."""

    def now_ns(self) -> int: ...

    def wait_until(self, t_ns: int) -> None:
        """Blocks this thread; returns at once where ``t_ns`` is past."""

    async def sleep_until(self, t_ns: int) -> None:
        """Lets others run, at least once."""


class SystemClock:
    """The real time."""

    def now_ns(self) -> int:
        return time.monotonic_ns()

    def wait_until(self, t_ns: int) -> None:
        while (left_s := (t_ns - self.now_ns()) / 1e9) > 0:
            time.sleep(min(left_s, LONGEST_SLEEP_S))

    async def sleep_until(self, t_ns: int) -> None:
        await sleep(max(0, t_ns - self.now_ns()) / 1e9)


class JumpingClock:
    """A clock for tests: nobody waits, the time jumps to what is waited for.

    With several performances at once each sees its own times in order; the clock itself never goes back.
    """

    def __init__(self) -> None:
        self._now_ns = 0

    def now_ns(self) -> int:
        return self._now_ns

    def wait_until(self, t_ns: int) -> None:
        self._now_ns = max(self._now_ns, t_ns)

    async def sleep_until(self, t_ns: int) -> None:
        self._now_ns = max(self._now_ns, t_ns)
        await sleep(0)


async def sleep(seconds: float) -> None:
    """On the loop that runs: asyncio's, or another that httpx clients run on and anyio, which httpx brings, knows."""
    if "trio" in sys.modules:
        import anyio  # here and not at the top: no server has to wait for it

        await anyio.sleep(seconds)
    else:
        await asyncio.sleep(seconds)


def precise_loop() -> asyncio.AbstractEventLoop:
    """An event loop that wakes when it is asked to, and not at the next millisecond."""
    if sys.platform != "linux":
        return asyncio.new_event_loop()
    return asyncio.SelectorEventLoop(PreciseSelector())


if sys.platform == "linux":

    class PreciseSelector(selectors.EpollSelector):
        """epoll_wait counts in milliseconds, and Python rounds up: half a millisecond late on average. select(2) counts
        in microseconds, and an epoll is a file that it can wait for."""

        def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
            if timeout is not None and timeout > 0:
                select.select([self.fileno()], (), (), timeout)
                timeout = 0
            return super().select(timeout)
