"""Two legs and an observer: what comes in on one leg goes out on the other, and is looked at afterwards.

The order is the promise: forward first, observe second, and nothing the observer does or fails to do reaches the
wire. Ends are mirrored: FIN by FIN, close_notify by close_notify, reset by reset.
"""

import asyncio
from collections.abc import Callable, Sequence

from sserec.proxy.clock import Clock
from sserec.proxy.facts import Arrival, Side
from sserec.proxy.leg import Leg
from sserec.proxy.observer import BlindObserver, Departure, Observer
from sserec.records import Manner

HIGH_WATER_BYTES = 256 * 1024
LOW_WATER_BYTES = 64 * 1024
"""What may wait for a slow reader before the other side is paused, and when it goes on."""


class Tunnel:
    """Runs from ``run`` until both legs are closed. Cancelling it is the recorder's stop."""

    def __init__(
        self, client: Leg, upstream: Leg, observer: Observer, clock: Clock, log: Callable[[str], None]
    ) -> None:
        self._client = client
        self._upstream = upstream
        self._observer = observer
        self._clock = clock
        self._log = log
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        client.owner = upstream.owner = self

    async def run(self, early: bytes = b"") -> None:
        """Tunnels until both sides are through; ``early`` was read from the client before."""
        try:
            if early:
                self.received(self._client, (early,), Arrival(self._clock.now_ns()))
            self._upstream.start()
            self._client.start()
            await self._done
        finally:
            self._guarded(lambda: self._observer.stop(self._clock.now_ns()))
            self._leave()

    def received(self, leg: Leg, pieces: Sequence[bytes], arrival: Arrival) -> None:
        (self._upstream if leg is self._client else self._client).send(pieces)
        try:
            self._observer.feed(leg.side, pieces, arrival)
        except Exception as error:
            self._look_no_further(error)

    def ended(self, leg: Leg, manner: Manner) -> None:
        self._depart(leg, manner, None)
        self._other(leg).finish(manner)

    def lost(self, leg: Leg, manner: Manner, error: str) -> None:
        """What came from the server before it broke is still the client's; a client that broke wants nothing."""
        self._depart(leg, manner, error)
        if leg.side is Side.UPSTREAM:
            self._client.finish(Manner.RESET)
        else:
            self._upstream.reset()

    def queued(self, leg: Leg, size_bytes: int) -> None:
        if size_bytes > HIGH_WATER_BYTES:
            self._other(leg).pause()
        elif size_bytes <= LOW_WATER_BYTES:
            self._other(leg).resume()

    def closed(self, leg: Leg) -> None:
        if self._other(leg).is_closed and not self._done.done():
            self._done.set_result(None)

    def _leave(self) -> None:
        """Leaves nothing open behind."""
        self._upstream.reset()
        self._client.reset()

    def _other(self, leg: Leg) -> Leg:
        return self._upstream if leg is self._client else self._client

    def _depart(self, leg: Leg, manner: Manner, error: str | None) -> None:
        departure = Departure(leg.side, manner, self._clock.now_ns(), error)
        self._guarded(lambda: self._observer.end(departure))

    def _guarded(self, observe: Callable[[], None]) -> None:
        try:
            observe()
        except Exception as error:
            self._look_no_further(error)

    def _look_no_further(self, error: Exception) -> None:
        """A bug in an observer costs its recording, never the connection."""
        self._log(f"a connection is not recorded any further: {error!r}")
        self._observer = BlindObserver()
