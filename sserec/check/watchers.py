"""What a watcher is: a judge of one thing, which sees the stream batch by batch.

A batch is a chunk with the events that it completed. A watcher keeps only what it needs for its next judgement.
"""

from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from sserec.interactions import Assembly
from sserec.records import Chunk, Close, Request, Response
from sserec.sse import Event, Residue


class Batch(NamedTuple):
    """A chunk, and what the decoder made of it."""

    chunk: Chunk
    events: list[Event]
    residue: list[Residue]
    count_before: int
    """How many events came before those of this batch."""

    def numbered(self) -> Iterator[tuple[int, Event]]:
        """The events with their numbers."""
        return enumerate(self.events, self.count_before + 1)

    def event_before(self, offset: int) -> int | None:
        """The number of the last event that ended before ``offset``; None before the first."""
        done = bisect_right(self.events, offset, key=lambda event: event.end)
        return self.count_before + done or None


class Setting(NamedTuple):
    """What is known of the exchange before its body."""

    request: Request | None
    response: Response | None
    is_timed: bool
    t_response_ns: int | None
    stall_ns: int


class Finish(NamedTuple):
    """What is known when the body has ended."""

    assembly: Assembly
    saw_end: bool
    event_count: int
    size_bytes: int
    close: Close | None
    is_live: bool


class Watcher:
    """Base of the watchers: sees everything, says nothing."""

    def feed(self, batch: Batch) -> None:
        """Takes the next batch."""

    def end(self, finish: Finish) -> None:
        """The body has ended."""
