"""The values that the floors of sserec hand to one another.

Frozen, standard library only, without behaviour beyond what follows from the value itself. Times are
integer nanoseconds since the recording's start on a monotonic clock; sizes and offsets count bytes after
HTTP de-framing and content-decoding unless a name says otherwise.
"""

from dataclasses import dataclass
from enum import StrEnum

Headers = tuple[tuple[str, str], ...]
"""Name and value in wire order and spelling, decoded as latin-1 (RFC 9110, section 5.5)."""


@dataclass(frozen=True, slots=True)
class Request:
    """The head of a request as it was sent, secrets replaced."""

    method: str
    url: str
    http_version: str
    headers: Headers = ()
    redacted: tuple[str, ...] = ()
    """What was replaced: ``header:authorization``, ``query:key``."""


@dataclass(frozen=True, slots=True)
class Response:
    """The head of a final (not 1xx) response."""

    status: int
    reason: str
    http_version: str
    headers: Headers = ()

    def header(self, name: str) -> str | None:
        """The first value of the field ``name`` (case-insensitive), or None."""
        return next((value for key, value in self.headers if key.lower() == name), None)

    @property
    def media_type(self) -> str:
        """Of the body, in lower case and without parameters; empty where the head does not tell."""
        return (self.header("content-type") or "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Connection:
    """The road to the server. A time is None where that part was not needed or not seen."""

    id: int
    """Exchanges with the same id shared one connection to the server."""
    peer: str | None = None
    t_resolved_ns: int | None = None
    t_connected_ns: int | None = None
    t_tls_ns: int | None = None
    tls_version: str | None = None
    alpn: str | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """Body bytes that arrived together; chunks of one read share their time."""

    t_ns: int
    offset: int
    data: bytes
    coded_size_bytes: int | None = None
    """Size before content-decoding, where the response was content-coded."""
    t_kernel_ns: int | None = None
    """When the kernel received the last byte of this read, where the system tells."""


class Closer(StrEnum):
    """Who ended an exchange."""

    UPSTREAM = "upstream"
    CLIENT = "client"
    RECORDER = "recorder"


class Manner(StrEnum):
    """By what it was ended."""

    END = "end"
    """The message's own framing said so: Content-Length, last chunk, END_STREAM."""
    CLOSE = "close"
    """The connection was closed in order: FIN, with close_notify where there was TLS."""
    RAGGED = "ragged"
    """A TLS connection got a FIN without close_notify."""
    RESET = "reset"
    """TCP RST, or HTTP/2 RST_STREAM or GOAWAY with an error."""
    FAULT = "fault"
    """Bytes that break TLS or HTTP."""
    UNREACHED = "unreached"
    """There was no connection: the server could not be reached, or not verified."""
    STOP = "stop"
    """The recorder was told to stop."""
    SLICE = "slice"
    """An excerpt ends here; the recording that it was cut out of goes on."""


@dataclass(frozen=True, slots=True)
class Close:
    """The transport facts of an exchange's end; what they mean is :func:`ending`."""

    t_ns: int
    by: Closer
    how: Manner
    framing_complete: bool
    """The response was whole by its own framing."""
    error: str | None = None
    trailers: Headers = ()
    lost_bytes: int = 0
    """Body bytes, as on the wire, that the recorder had to drop: what is recorded is the body's beginning."""
    lost_request_bytes: int = 0
    """The same of the request's body."""
    undecoded_from: int | None = None
    """Where in the body bytes begin that are kept as they came, their content coding being unknown or broken."""


class Ending(StrEnum):
    """What a person calls it."""

    COMPLETE = "complete"
    CLIENT_CLOSED_AFTER_END = "client closed after the end"
    CLIENT_CANCELLED = "client cancelled"
    UPSTREAM_CUT = "upstream cut"
    UPSTREAM_RESET = "upstream reset"
    NOT_CONNECTED = "not connected"
    RECORDER_STOPPED = "recorder stopped"
    RECORDER_KILLED = "recorder killed"
    SLICED = "sliced"

    @property
    def is_clean(self) -> bool:
        """Nothing of the stream is missing."""
        return self in (Ending.COMPLETE, Ending.CLIENT_CLOSED_AFTER_END)


def ending(close: Close | None, *, saw_end: bool) -> Ending:
    """Names the end of an exchange by the table of docs/format.md, section "Endings".

    ``saw_end``: the body held the stream's terminal event. SDKs hang up at ``[DONE]``, so a client that
    closes after it is a success. ``close`` is None when the recorder never wrote one: it was killed.
    """
    if close is None:
        return Ending.RECORDER_KILLED
    if close.framing_complete:
        return Ending.COMPLETE
    match close.by:
        case Closer.CLIENT:
            return Ending.CLIENT_CLOSED_AFTER_END if saw_end else Ending.CLIENT_CANCELLED
        case Closer.RECORDER if close.how is Manner.SLICE:
            return Ending.SLICED
        case Closer.RECORDER:
            return Ending.CLIENT_CLOSED_AFTER_END if saw_end else Ending.RECORDER_STOPPED
        case Closer.UPSTREAM if close.how is Manner.UNREACHED:
            return Ending.NOT_CONNECTED
        case Closer.UPSTREAM:
            return Ending.UPSTREAM_RESET if close.how is Manner.RESET else Ending.UPSTREAM_CUT


class Unknown(StrEnum):
    """What a file does not tell of an exchange, because what it was made from did not: never made up for.

    The times that an archive holds nevertheless, because its format wants some, mean nothing.
    """

    REQUEST = "request"
    """What was asked, and when."""
    TIMES = "times"
    """When any of it happened."""
    ARRIVALS = "arrivals"
    """When the bytes of the body came; when they were asked for and answered may be known."""
    CHUNKS = "chunks"
    """Which bytes came together."""
    BYTES = "bytes"
    """How the events were written: the body was made again from them."""
    BODY = "body"
    """What the response's body held."""
    BEGINNING = "beginning"
    """What the response's body held before the first byte that is here."""
    END = "end"
    """How it ended."""


class Severity(StrEnum):
    """How much a diagnostic matters to the person who reads it."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """Something about a stream that a reader should know; never an exception."""

    id: str
    """Stable, in kebab case: ``delta-without-start``."""
    severity: Severity
    message: str
    event: int | None = None
    """The event's number in its exchange, from 1."""
    offset: int | None = None
    """Where in the exchange's body."""
