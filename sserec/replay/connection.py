"""What the server's connections have in common, whatever HTTP they speak.

A connection owns a leg, turns bytes into requests, has them answered, and is the stage for it. It knows
when the client can take no more, and when it is gone.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from sserec.proxy.clock import Clock
from sserec.proxy.facts import Arrival
from sserec.proxy.leg import Leg
from sserec.records import Manner
from sserec.replay.performance import Performer

UNSENT_LIMIT_BYTES = 256 * 1024
LONGEST_WAIT_NS = 1_000_000_000
"""The kernel's times are the wall clock's, which may be set meanwhile."""
PARTING_S = 2.0
"""How long a client that was told the end may take to go."""


class Connection:
    """A client that is being served. Its subclasses speak a version of HTTP."""

    def __init__(self, leg: Leg, performer: Performer, authority: str | None, clock: Clock) -> None:
        self._leg = leg
        self._clock = clock
        self._performer = performer
        self._authority = authority
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._gone = asyncio.Event()
        leg.owner = self

    async def run(self, early: bytes, arrival: Arrival) -> None:
        """Serves until the client has gone, or has been told to; ``early`` was read off its socket before."""
        self._begin()
        if early:
            self.received(self._leg, (early,), arrival)
        if not self._leg.is_closed:
            self._leg.start()
        try:
            await self._serve()
        finally:
            self._leg.reset()

    def _begin(self) -> None:
        """Says what the server has to say first."""

    async def _serve(self) -> None:
        """Returns when the connection is over."""
        raise NotImplementedError

    def received(self, leg: Leg, pieces: Sequence[bytes], arrival: Arrival) -> None:
        raise NotImplementedError

    def ended(self, leg: Leg, manner: Manner) -> None:
        """The client will ask no more; it may still listen."""

    def lost(self, leg: Leg, manner: Manner, error: str) -> None:
        self.closed(leg)

    def queued(self, leg: Leg, size_bytes: int) -> None:
        if size_bytes > UNSENT_LIMIT_BYTES:
            self._has_room.clear()
        elif size_bytes < UNSENT_LIMIT_BYTES // 2:
            self._has_room.set()

    def closed(self, leg: Leg) -> None:
        self._gone.set()
        self._has_room.set()

    def _waited_ns(self, arrival: Arrival) -> int:
        """How long what arrived has been on this machine."""
        came_ns = arrival.t_ns if arrival.t_kernel_ns is None else arrival.t_kernel_ns
        return min(max(self._clock.now_ns() - came_ns, 0), LONGEST_WAIT_NS)

    async def _part(self) -> None:
        """Waits for a client that was told the end."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PARTING_S):
                await self._gone.wait()
