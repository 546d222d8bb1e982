"""What is shown of exchanges that are watched: pieces, and when they came.

Knows exchanges and times; must not know terminals or clocks. Exchanges follow one another: each begins when the one
before has ended, and what passed between them is left out.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sserec.interactions import output_text
from sserec.recording import Exchange


class Frame(NamedTuple):
    """Bytes, and when they are shown."""

    t_ns: int
    data: bytes


def frames_of(exchanges: Iterable[Exchange], *, as_text: bool) -> Iterator[Frame]:
    """The bytes of the exchanges, or what a person would have read of them."""
    shift_ns = 0
    for exchange in exchanges:
        begin_ns, t_ns = exchange.t_begin_ns or 0, 0
        for t_ns, data in text_of(exchange) if as_text else bytes_of(exchange):
            yield Frame(shift_ns + t_ns - begin_ns, data)
        shift_ns += max(t_ns - begin_ns, 0)


def bytes_of(exchange: Exchange) -> Iterator[tuple[int, bytes]]:
    return ((chunk.t_ns, chunk.data) for chunk in exchange.chunks())


def text_of(exchange: Exchange) -> Iterator[tuple[int, bytes]]:
    """What the model said, and a line's end after it."""
    t_ns, said = 0, False
    for recorded in exchange.events():
        t_ns = recorded.t_ns or 0
        if words := output_text(recorded.event):
            said = True
            yield t_ns, words.encode("utf-8", "replace")
    if said:
        yield t_ns, b"\n"


def limited(frames: Iterable[Frame], idle_limit_ns: int | None) -> Iterator[Frame]:
    """The frames with no silence longer than the limit between them."""
    before_ns = played_ns = 0
    for t_ns, data in frames:
        gap_ns = max(t_ns - before_ns, 0)
        played_ns += gap_ns if idle_limit_ns is None else min(gap_ns, idle_limit_ns)
        before_ns = max(t_ns, before_ns)
        yield Frame(played_ns, data)
