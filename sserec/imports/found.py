"""What a reader of another tool's file hands over.

Times are nanoseconds on the file's own clock, since 1970 where it knows the date; None is not known. Nothing here knows
how it was written in the file.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from sserec.records import Close, Closer, Connection, Manner, Request, Response, Unknown

NO_REQUEST = Request(method="", url="", http_version="")
"""Of a body without anything around it."""
UNSEEN_END = Close(t_ns=0, by=Closer.RECORDER, how=Manner.STOP, framing_complete=False)
"""For an end of which nothing is known: the archive says so beside it."""
WHOLE = Close(t_ns=0, by=Closer.UPSTREAM, how=Manner.END, framing_complete=True)


class Part(NamedTuple):
    """Consecutive bytes of a body."""

    data: bytes
    t_ns: int | None = None
    """When the last of them came."""


class Coding(Enum):
    """Whether a body is still in the content coding that its head names."""

    AS_SENT = "as sent"
    UNDONE = "undone"
    EITHER = "either"
    """As sent where it can be decoded so; some versions of a tool undo it, and some do not."""


@dataclass(frozen=True, slots=True)
class Found:
    """One exchange. The times of ``connection`` and ``close`` are not read: they stand in fields of their own."""

    request: Request = NO_REQUEST
    request_body: bytes = b""
    response: Response | None = None
    body: Sequence[Part] = ()
    coding: Coding = Coding.AS_SENT
    t_open_ns: int | None = None
    t_sent_ns: int | None = None
    t_response_ns: int | None = None
    t_end_ns: int | None = None
    close: Close = UNSEEN_END
    connection: Connection | None = None
    unknown: frozenset[Unknown] = frozenset()

    @property
    def times_ns(self) -> list[int]:
        """Every time that is known of it."""
        heads = (self.t_open_ns, self.t_sent_ns, self.t_response_ns, self.t_end_ns)
        return [t_ns for t_ns in (*heads, *(part.t_ns for part in self.body)) if t_ns is not None]


@dataclass(slots=True)
class Findings:
    """Everything in a file."""

    tool: str
    """What wrote it, for people: ``HAR by WebInspector 537.36``."""
    is_dated: bool
    """Whether its times count from 1970; otherwise only their differences mean something."""
    origin_ns: int | None = None
    """What its times count from; None: from the first of them."""
    exchanges: list[Found] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    """What was left out, or is not what it seems, a line each."""
