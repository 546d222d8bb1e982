"""What there is to know of a recorded exchange, for those who judge and compare exchanges and must not know files.

:class:`sserec.recording.Exchange` is one; what a reader is given stays the reader's business, so these are protocols.
"""

from collections.abc import Iterable
from typing import Protocol

from sserec.records import Chunk, Close, Ending, Request, Response, Unknown
from sserec.sse import Event


class OpaqueConnection(Protocol):
    """A connection that could not be read."""

    @property
    def target(self) -> str: ...
    @property
    def reason(self) -> str: ...


class ReadableFacts(Protocol):
    """What was recorded around a body."""

    @property
    def opaque(self) -> OpaqueConnection | None: ...
    @property
    def body_size_bytes(self) -> int: ...
    @property
    def t_response_ns(self) -> int | None: ...
    @property
    def unknown(self) -> frozenset[Unknown]: ...
    def request_body(self) -> bytes:
        """Raises DamagedArchive where a part of it is lost."""


class ReadableBody(Protocol):
    """One request and its response, whose body is read as it arrived."""

    @property
    def record(self) -> ReadableFacts: ...
    @property
    def number(self) -> int:
        """From 1, in order of opening."""

    @property
    def request(self) -> Request | None: ...
    @property
    def response(self) -> Response | None: ...
    @property
    def close(self) -> Close | None: ...
    @property
    def is_event_stream(self) -> bool: ...
    @property
    def is_live(self) -> bool:
        """It still goes on."""

    @property
    def is_timed(self) -> bool:
        """The file knows when bytes arrived."""

    @property
    def knows_end(self) -> bool:
        """The file knows how the exchange ended."""

    def chunks(self) -> Iterable[Chunk]: ...


class ReadableRecord(ReadableFacts, Protocol):
    """The same, and when the exchange began."""

    @property
    def t_open_ns(self) -> int | None: ...


class ReadableExchange(ReadableBody, Protocol):
    """One request and its response, whose events are read, in order or again."""

    @property
    def record(self) -> ReadableRecord: ...
    @property
    def ending(self) -> Ending | None: ...
    @property
    def knows_chunks(self) -> bool:
        """The file knows which bytes arrived together."""

    @property
    def t_begin_ns(self) -> int | None: ...
    def span(self, first: int, last: int) -> list[Event]:
        """The events from this number to that one. Raises DamagedArchive where bytes of them are lost."""

    def body(self) -> bytes:
        """Raises DamagedArchive where a part of it is lost."""
