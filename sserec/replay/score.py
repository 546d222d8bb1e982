"""What is performed: cues with their times. Pure: no socket and no clock.

A score is read once, from front to back, and never held as a whole, so a performance costs the same memory whatever
the recording's size. Times are nanoseconds since the last byte of the request.

Invariant: times never fall, a head comes first if at all, and one finale ends it, after its epilogue if it has one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from math import inf
from typing import NamedTuple, TypeAlias

from sserec.records import Close, Ending, Headers, Manner, Response

HOLD_NS = 2_000_000_000
"""How long a client that hung up in the recording is given to hang up again, before the stream is cut."""


class Finale(Enum):
    """How an answer ends."""

    END = "end"
    """As its framing says."""
    CUT = "cut"
    """The connection is closed in order, and the answer is not whole."""
    RAGGED = "ragged"
    """A FIN without the close_notify that TLS wants."""
    BROKEN = "broken"
    """Bytes that are no HTTP, then a FIN."""
    RESET = "reset"
    """TCP RST, or RST_STREAM on HTTP/2."""


@dataclass(frozen=True, slots=True)
class Head:
    """A response head without fields of framing."""

    response: Response
    size_bytes: int | None = None
    """What the body is announced as; None: it is not."""


@dataclass(frozen=True, slots=True)
class Epilogue:
    """What the recorded end said besides that it was one; played right before the finale."""

    trailers: Headers = ()
    """Fields after the body (RFC 9110, section 6.5)."""
    reset_code: int | None = None
    """Of the RST_STREAM (RFC 9113, section 7)."""


Cue: TypeAlias = Head | bytes | Epilogue | Finale


class Moment(NamedTuple):
    """A cue and when it is due."""

    t_ns: int
    cue: Cue


Score: TypeAlias = Iterator[Moment]


def finale(ending: Ending, close: Close | None) -> Finale:
    """How a stream that ended so is ended again.

    A client that left has seen nothing of how the server would have gone on, and neither has a recorder that was
    stopped: what is missing is missing, so these are cut.
    """
    if ending.is_clean:
        return Finale.END
    if ending is Ending.UPSTREAM_RESET:
        return Finale.RESET
    if ending is Ending.UPSTREAM_CUT and close is not None:
        return {Manner.RAGGED: Finale.RAGGED, Manner.FAULT: Finale.BROKEN}.get(close.how, Finale.CUT)
    return Finale.CUT


@dataclass(frozen=True, slots=True)
class Pace:
    """How recorded time becomes time of the performance."""

    speed: float = 1.0
    idle_limit_ns: int | None = None
    """A recorded silence longer than this lasts only so long; before ``speed`` counts."""

    def of(self, score: Score) -> Score:
        """``score`` at this pace. At speed 1 without a limit every time stays what it was."""
        if self == ORIGINAL:
            return score
        return (Moment(0, cue) for _, cue in score) if self.speed == inf else self._changed(score)

    def _changed(self, score: Score) -> Score:
        recorded_ns = played_ns = 0
        for t_ns, cue in score:
            gap_ns = t_ns - recorded_ns
            if self.idle_limit_ns is not None:
                gap_ns = min(gap_ns, self.idle_limit_ns)
            recorded_ns = t_ns
            played_ns += int(gap_ns / self.speed)
            yield Moment(played_ns, cue)


ORIGINAL = Pace()
INSTANT = Pace(speed=inf)
"""Everything at once, in its pieces."""
