"""What an exchange came to, told as it ends. Knows streams as far as counting their events; no I/O."""

from collections import deque
from dataclasses import dataclass
from pathlib import Path

from sserec.interactions import error_said, is_terminal
from sserec.recording import LAST_EVENTS
from sserec.records import Close, Ending, Request, Response, ending
from sserec.sse import EVENT_STREAM, Decoder, Event


@dataclass(frozen=True, slots=True)
class Ended:
    """One exchange or unread connection, from its request to its end."""

    method: str
    url: str
    status: int | None
    event_count: int | None
    """None where the response was no event stream."""
    size_bytes: int
    """Of the response's body; of all traffic where nobody looked into it."""
    duration_ns: int
    ending: Ending | None
    has_error_event: bool
    """Whether the API said at the end of the stream that something failed."""
    error: str | None
    path: Path


class Tally:
    """Counts while an exchange goes on."""

    def __init__(self, request: Request, t_ns: int) -> None:
        self.size_bytes = 0
        self._request = request
        self._t_ns = t_ns
        self._status: int | None = None
        self._decoder: Decoder | None = None
        self._event_count = 0
        self._last = deque[Event](maxlen=LAST_EVENTS)
        self._is_opaque = False

    @classmethod
    def of_opaque(cls, target: str, t_ns: int) -> "Tally":
        tally = cls(Request("", target, ""), t_ns)
        tally._is_opaque = True
        return tally

    def answered(self, response: Response) -> None:
        self._status = response.status
        if response.media_type == EVENT_STREAM:
            self._decoder = Decoder()

    def add(self, data: bytes) -> None:
        self.size_bytes += len(data)
        if self._decoder is not None and (events := self._decoder.feed(data)):
            self._event_count += len(events)
            self._last.extend(events)

    def ended(self, close: Close, path: Path) -> Ended:
        saw_end = any(map(is_terminal, self._last))
        return Ended(
            self._request.method,
            self._request.url,
            self._status,
            None if self._decoder is None else self._event_count,
            self.size_bytes,
            close.t_ns - self._t_ns,
            None if self._is_opaque else ending(close, saw_end=saw_end),
            any(map(error_said, self._last)),
            close.error,
            path,
        )
