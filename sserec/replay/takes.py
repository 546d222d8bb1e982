"""A take: one recorded response as a performance, what is sent and when.

Pure: no socket and no clock. :mod:`sserec.replay.server` performs takes.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from sserec.recording import Exchange
from sserec.records import Ending, Response

FRAMING_HEADERS = frozenset(
    {"transfer-encoding", "content-length", "connection", "keep-alive", "content-encoding"}
)
"""Fields that speak of one connection's framing (RFC 9110, section 7.6.1) or of a coding that the archive undid."""


@dataclass(frozen=True, slots=True)
class Take:
    """One response: whom it answers, its head, its body in timed pieces, and how it ends."""

    method: str
    path: str
    """Without the query."""
    response: Response
    pieces: tuple[tuple[int, bytes], ...]
    """Nanoseconds since the response head, and the bytes sent then."""
    ending: Ending

    def answers(self, method: str, target: str) -> bool:
        """Whether this take belongs to a request for ``target`` (origin form)."""
        return (method, target.partition("?")[0]) == (self.method, self.path)

    def head(self) -> bytes:
        """The HTTP/1.1 response head, with chunked framing whatever the recorded framing was."""
        kept = [(name, value) for name, value in self.response.headers if name.lower() not in FRAMING_HEADERS]
        lines = [f"HTTP/1.1 {self.response.status} {self.response.reason}"]
        lines += [f"{name}: {value}" for name, value in [*kept, ("transfer-encoding", "chunked")]]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


def take(exchange: Exchange) -> Take | None:
    """The take of a recorded exchange; None where no response, or no request, was recorded."""
    request, response, ending = exchange.request, exchange.response, exchange.ending
    begin = exchange.record.t_response_ns
    if request is None or response is None or ending is None or begin is None:
        return None
    pieces = tuple((chunk.t_ns - begin, chunk.data) for chunk in exchange.chunks())
    return Take(request.method, urlsplit(request.url).path or "/", response, pieces, ending)


class Repertoire:
    """Finds the take for each request: in recorded order, the last of a kind again and again."""

    def __init__(self, takes: Iterable[Take]) -> None:
        self._takes = list(takes)
        self._performed: set[int] = set()

    def take_for(self, method: str, target: str) -> Take | None:
        """The next take that answers the request, or None where nothing like it was recorded."""
        matching = list(self._matching(method, target))
        if not matching:
            return None
        fresh = [number for number in matching if number not in self._performed]
        number = fresh[0] if fresh else matching[-1]
        self._performed.add(number)
        return self._takes[number]

    def _matching(self, method: str, target: str) -> Iterator[int]:
        return (number for number, take in enumerate(self._takes) if take.answers(method, target))
