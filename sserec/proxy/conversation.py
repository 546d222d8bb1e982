"""The requests of a client that does not tunnel, on their way to one upstream: heads rewritten, the rest verbatim.

Unlike an observer this one acts, so it reads both directions for itself and is strict where an observer would be
blind: a request that it cannot follow cannot be forwarded. Sans I/O. Invariant: bytes outside heads leave as they
came; a request for another upstream is held back, and it and all that follows it come out in ``held``.
"""

from collections.abc import Callable

from sserec.errors import ProtocolError
from sserec.proxy.http1 import End, RequestHead, RequestReader, ResponseReader, Upgrade
from sserec.proxy.reader import Fault
from sserec.proxy.routing import Forwarded, NoRoute, Route


class Conversation:
    """All requests that one upstream connection answers."""

    def __init__(self, route: Route, forward: Callable[[RequestHead, bytes], Forwarded]) -> None:
        self._route = route
        self._forward = forward
        self._requests = RequestReader()
        self._responses = ResponseReader()
        self._unanswered = 0
        self._verbatim = False
        self._pending = b""
        """What came from the client and has not been forwarded."""
        self._forwarded_to = 0
        """Where in the client's stream that begins."""
        self.held = b""

    @property
    def is_idle(self) -> bool:
        """Every forwarded request has been answered in full."""
        return not self._unanswered

    def from_client(self, data: bytes) -> bytes:
        """What is to be sent to the upstream now. Raises ProtocolError."""
        if self.held:
            self.held += data
            return b""
        if self._verbatim:
            return data
        self._pending += data
        return b"".join(self._forwardable(data))

    def from_upstream(self, data: bytes) -> None:
        """Takes note of what the upstream answered."""
        for event in self._responses.feed(data):
            if isinstance(event, End):
                self._unanswered -= 1
            elif isinstance(event, Upgrade):
                self._verbatim = True

    def _forwardable(self, data: bytes) -> list[bytes]:
        out: list[bytes] = []
        for event in self._requests.feed(data):
            if isinstance(event, Fault):
                raise ProtocolError(event.reason)
            if isinstance(event, RequestHead):
                out.append(self._cut(event.start))
                if not self._take(event, out):
                    return out
        out.append(self._cut(self._requests.before_partial_head))
        return out

    def _take(self, head: RequestHead, out: list[bytes]) -> bool:
        """Forwards a head; False when it, and so all that follows, is for somebody else."""
        try:
            forwarded = self._forward(head, self._pending[: head.end - head.start])
        except NoRoute:
            forwarded = None
        if forwarded is None or forwarded.route != self._route:
            self.held, self._pending = self._pending, b""
            return False
        self._cut(head.end)
        self._responses.expect(head.method)
        self._unanswered += 1
        out.append(forwarded.head)
        return True

    def _cut(self, position: int) -> bytes:
        """Takes what is pending before ``position`` in the client's stream."""
        size = position - self._forwarded_to
        taken, self._pending = self._pending[:size], self._pending[size:]
        self._forwarded_to = position
        return taken
