"""What a body holds, from its first byte to its last: events, and beside them what was none.

Knows one pass over one exchange; must not know how any of it is shown.
"""

from collections.abc import Iterator
from itertools import count
from typing import NamedTuple

from sserec.holes import BodyDecoder
from sserec.recording import Exchange, RecordedEvent
from sserec.sse import Residue, Tail

UNFINISHED = "unfinished event"
WHOLE_BODY = "body without events"
BEGINNING_BYTES = 1 << 16
"""Of a body that is no event stream."""


class Stray(NamedTuple):
    """Bytes that no event claimed."""

    kind: str
    t_ns: int | None
    size_bytes: int
    data: bytes


class Entries:
    """One pass over an exchange's body; when it is over, it knows what the stream ended with."""

    def __init__(self, exchange: Exchange) -> None:
        self.residue: list[Residue] = []
        self.tail: Tail | None = None
        self._exchange = exchange

    def __iter__(self) -> Iterator[RecordedEvent | Stray]:
        if self._exchange.is_event_stream:
            return self._stream()
        return self._body()

    def _stream(self) -> Iterator[RecordedEvent | Stray]:
        decoder, numbers, t_ns = BodyDecoder(), count(1), None
        for chunk in self._exchange.chunks():
            t_ns = chunk.t_ns if self._exchange.is_timed else None
            events = decoder.feed(chunk.offset, chunk.data)
            strays = decoder.residue()
            self.residue += strays
            waiting = iter(strays)
            stray = next(waiting, None)
            for event in events:
                while stray is not None and stray.start < event.start:
                    yield _line(stray, t_ns)
                    stray = next(waiting, None)
                yield RecordedEvent(next(numbers), t_ns, event)
            while stray is not None:
                yield _line(stray, t_ns)
                stray = next(waiting, None)
        self.tail = decoder.end()
        last = decoder.residue()
        self.residue += last
        yield from (_line(stray, t_ns) for stray in last)
        if self.tail is not None:
            said = b"\n".join(filter(None, (self.tail.data, self.tail.line)))
            yield Stray(UNFINISHED, t_ns, self.tail.end - self.tail.start, said)

    def _body(self) -> Iterator[Stray]:
        """The beginning of a body that is something else, as one entry."""
        beginning, t_ns = b"", None
        for chunk in self._exchange.chunks():
            t_ns = chunk.t_ns if self._exchange.is_timed else None
            beginning += chunk.data
            if len(beginning) >= BEGINNING_BYTES:
                break
        if beginning:
            yield Stray(WHOLE_BODY, t_ns, self._exchange.record.body_size_bytes, beginning[:BEGINNING_BYTES])


def _line(residue: Residue, t_ns: int | None) -> Stray:
    return Stray(str(residue.kind), t_ns, residue.end - residue.start, residue.line)
