"""The proxy's own answers, and how a connection ends that gets one.

A refused client still sends: closing at once would make its kernel drop the answer with an RST before it was read.
So the answer is sent, then FIN, and what comes is thrown away until the client has gone or patience ends.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from sserec.proxy.facts import Arrival
from sserec.proxy.http1 import RequestHead, RequestReader
from sserec.proxy.leg import Leg
from sserec.proxy.reader import Fault
from sserec.records import Manner

PATIENCE_S = 2.0
REASONS = {
    400: "Bad Request",
    404: "Not Found",
    407: "Proxy Authentication Required",
    502: "Bad Gateway",
}


def answer(status: int, why: str, *fields: str) -> bytes:
    """A whole response that says why, in one line."""
    body = f"sserec: {why}\n".encode()
    head = (
        f"HTTP/1.1 {status} {REASONS[status]}",
        "Content-Type: text/plain; charset=utf-8",
        f"Content-Length: {len(body)}",
        *fields,
    )
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body


CLOSE = "Connection: close"


async def refuse(leg: Leg, reply: bytes) -> None:
    """Sends ``reply`` and sees the client out."""
    refusal = Refusal(leg)
    refusal.say(reply)
    await refusal.over()


async def refuse_request(leg: Leg, reply: bytes, requested: Callable[[RequestHead], None]) -> None:
    """Waits for a request, tells ``requested`` of it, sends ``reply``, and sees the client out."""
    await Refusal(leg, reply, requested).over()


class Refusal:
    """Owns the leg of a client that gets one answer and no upstream."""

    def __init__(
        self, leg: Leg, reply: bytes = b"", requested: Callable[[RequestHead], None] = lambda head: None
    ) -> None:
        self._leg = leg
        self._reply = reply
        self._requested = requested
        self._requests = RequestReader()
        self._gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        leg.owner = self

    def say(self, reply: bytes) -> None:
        self._leg.send((reply,))
        self._leg.finish(Manner.CLOSE)
        self._reply = b""

    async def over(self) -> None:
        self._leg.start()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._gone, PATIENCE_S)
        self._leg.reset()

    def received(self, leg: Leg, pieces: Sequence[bytes], arrival: Arrival) -> None:
        for piece in pieces if self._reply else ():
            for event in self._requests.feed(piece):
                if isinstance(event, RequestHead):
                    self._requested(event)
                if isinstance(event, RequestHead | Fault):
                    self.say(self._reply)
                    return

    def ended(self, leg: Leg, manner: Manner) -> None:
        leg.finish(Manner.CLOSE)

    def lost(self, leg: Leg, manner: Manner, error: str) -> None: ...

    def queued(self, leg: Leg, size_bytes: int) -> None: ...

    def closed(self, leg: Leg) -> None:
        if not self._gone.done():
            self._gone.set_result(None)
