"""What a finished recording amounts to, in numbers.

Reads the file that was written rather than what the recorder meant to write: the closing line must not promise what
a reader will not find.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from sserec.recording import Exchange, Recording
from sserec.records import Ending


@dataclass(frozen=True, slots=True)
class Summary:
    stream_count: int
    other_count: int
    """Exchanges whose response was no event stream."""
    unanswered_count: int
    """Exchanges whose response never came."""
    opaque_count: int
    """Connections of which only sizes and times are known."""
    event_count: int
    size_bytes: int
    """Of all bodies."""
    duration_ns: int
    """From the first request to the last end."""
    endings: Counter[Ending]
    error_event_count: int
    """Streams that an error event of the API ended."""
    undecoded_count: int
    """Exchanges whose content coding nobody knows, or broke: from there on they are kept as they came."""


def summarise(path: Path) -> Summary:
    """Raises ArchiveError or OSError where ``path`` cannot be read."""
    with Recording.open(str(path)) as recording:
        every = list(recording.exchanges)
        exchanges = [exchange for exchange in every if not exchange.record.opaque]
        streams = [exchange for exchange in exchanges if exchange.is_event_stream]
        unanswered = [exchange for exchange in exchanges if is_unanswered(exchange)]
        return Summary(
            stream_count=len(streams),
            other_count=len(exchanges) - len(streams) - len(unanswered),
            unanswered_count=len(unanswered),
            opaque_count=len(every) - len(exchanges),
            event_count=sum(stream.event_count for stream in streams),
            size_bytes=sum(exchange.record.body_size_bytes for exchange in exchanges),
            duration_ns=duration_ns(exchanges),
            endings=Counter(exchange.ending for exchange in exchanges if exchange.ending),
            error_event_count=sum(stream.error_said is not None for stream in streams),
            undecoded_count=sum(is_undecoded(exchange) for exchange in exchanges),
        )


def is_unanswered(exchange: Exchange) -> bool:
    """Not so for a body that was piped in, which has neither request nor response."""
    return bool(exchange.request and exchange.request.method and not exchange.response)


def is_undecoded(exchange: Exchange) -> bool:
    return exchange.close is not None and exchange.close.undecoded_from is not None


def duration_ns(exchanges: list[Exchange]) -> int:
    starts = [exchange.record.t_open_ns for exchange in exchanges if exchange.record.t_open_ns is not None]
    ends = [exchange.close.t_ns for exchange in exchanges if exchange.close]
    return max(ends) - min(starts) if starts and ends else 0
