"""What callers of the archive hand in and get back.

Knows nothing of bytes or files. Numbers of exchanges start at 1, positions in Python sequences at 0; times
are integer nanoseconds since the recording's start, offsets count bytes of one exchange's body.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from sserec.records import Close, Connection, Request, Response, Unknown

_LISTED_PROBLEMS = 1000


@dataclass(frozen=True, slots=True)
class Meta:
    """Facts about the recording as a whole."""

    anchor_unix_ns: int
    """The wall clock at ``t_ns`` 0."""
    clock: str = "monotonic"
    """The name of the clock that ``t_ns`` was read from."""
    software: str = "sserec"
    """What wrote the recording, with its version."""
    command: tuple[str, ...] = ()
    """The recorded command line, secrets replaced."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """Whatever else the recorder wants to say: mode, platform."""
    version: int = 1
    """Major version of the format."""


class Direction(IntEnum):
    """Where the bytes of an opaque connection went."""

    SENT = 0
    """From the client to the server."""
    RECEIVED = 1
    """From the server to the client."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """Bytes that passed through an opaque connection; the bytes themselves are never kept."""

    t_ns: int
    direction: Direction
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Opaque:
    """A connection that could not be read, and why."""

    target: str
    reason: str


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """What a person noted on a place of a recording."""

    exchange: int
    offset: int
    """Of a byte of the body: the last one of the event that is marked, because events are derived and bytes are not."""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """Consecutive bytes of a body that are proved by a checksum."""

    offset: int
    data: bytes

    @property
    def end(self) -> int:
        """Offset of the byte after the last."""
        return self.offset + len(self.data)


@dataclass(frozen=True, slots=True)
class Gap:
    """Bytes of a body that were recorded once and are not in the file any more."""

    start: int
    end: int


class Flaw(StrEnum):
    """The kinds of :class:`Problem`."""

    UNCOMMITTED_TAIL = "uncommitted-tail"
    """Bytes after the last commit, of a write that never ended or of a file that was cut."""
    DAMAGED = "damaged"
    """Bytes of the file that are no part of the format."""
    DAMAGED_RECORDS = "damaged-records"
    """A block whose records fail their checksum or contradict the block's head."""
    DAMAGED_DATA = "damaged-data"
    """A block whose data fail their checksum or contradict the block's head."""
    LOST_BLOCKS = "lost-blocks"
    """Numbers of blocks that are nowhere in the file."""
    REPEATED_BLOCK = "repeated-block"
    """A block that stands in the file twice; the first one counts."""
    OUT_OF_ORDER = "out-of-order"
    """Blocks that are whole but were moved."""
    FOREIGN_BLOCK = "foreign-block"
    """A block of another recording."""
    GAP = "gap"
    """Bytes of one exchange that are missing."""
    MISSING_HEAD = "missing-head"
    """An exchange without its request, or a recording without its first block."""
    UNUSABLE_INDEX = "unusable-index"
    """The file was finalised, but its index is damaged, cut off or in the wrong place."""
    UNUSABLE_EVENTS = "unusable-events"
    """The table of events is damaged; it was derived again."""
    CHECKSUM = "checksum"
    """A body differs from the SHA-256 that was noted when it was recorded."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is missing from, or wrong with, a file."""

    flaw: Flaw
    message: str
    """One line for a person: what, where, how much."""
    position: int | None = None
    """Where in the file."""
    size_bytes: int | None = None
    exchange: int | None = None
    offset: int | None = None
    """Where in the exchange's body."""


class ProblemLog:
    """The first thousand problems, which is more than anybody reads and less than a hostile file can name."""

    def __init__(self) -> None:
        self.items: list[Problem] = []

    def report(self, problem: Problem) -> None:
        """Notes a problem that is new."""
        if len(self.items) < _LISTED_PROBLEMS and problem not in self.items:
            self.items.append(problem)


@dataclass(frozen=True, slots=True)
class ExchangeRecord:
    """One request and its response, or one opaque connection, without the body."""

    number: int
    request: Request | None = None
    """None for an opaque connection, or where damage took it."""
    connection: Connection | None = None
    response: Response | None = None
    close: Close | None = None
    """None while the exchange is open, and for ever when the recorder was killed."""
    opaque: Opaque | None = None
    t_open_ns: int | None = None
    t_sent_ns: int | None = None
    """When the last byte of the request was sent."""
    t_response_ns: int | None = None
    """When the response's head was complete."""
    body_size_bytes: int = 0
    """Size of the response's body as it was recorded, whatever is missing now."""
    chunk_count: int = 0
    sha256: str | None = None
    """Of the recorded body, in hexadecimal."""
    coded_size_bytes: int | None = None
    """Size before content-decoding, where the response was content-coded."""
    unknown: frozenset[Unknown] = frozenset()
    """What is not known of it; of what was recorded, and not imported or cut out, everything is."""
    _request_body: Callable[[], bytes] = field(default=bytes, repr=False, compare=False)
    _traffic: Callable[[], tuple[Traffic, ...]] = field(default=tuple, repr=False, compare=False)

    def request_body(self) -> bytes:
        """The request's body.

        Raises DamagedArchive when a part of it is lost.
        """
        return self._request_body()

    def traffic(self) -> tuple[Traffic, ...]:
        """Sizes and times of what an opaque connection carried."""
        return self._traffic()
