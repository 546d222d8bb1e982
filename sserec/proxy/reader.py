"""The common ground of the protocol readers: a byte stream consumed in steps, sans I/O.

A step is a method that consumes what it can, appends events, and says whether another step may follow at once. A
reader never raises: bytes that break the protocol become a final ``Fault`` event, after which the reader stays
silent. Events before the fault are therefore never lost, however the bytes were split.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from sserec.errors import ProtocolError

E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class Fault:
    """The stream broke the protocol here; nothing after it can be read."""

    reason: str


class StepReader(Generic[E]):
    """Holds the bytes that no step has consumed yet; each subclass bounds how many that can be."""

    def __init__(self, first: Callable[[list[E | Fault]], bool]) -> None:
        self._buffer = b""
        self._at = 0
        self._scanned = 0
        self._buffer_start = 0
        self._step = first

    @property
    def consumed(self) -> int:
        """How many bytes of the stream have been understood."""
        return self._buffer_start + self._at

    @property
    def has_begun(self) -> bool:
        """Anything at all has been fed."""
        return self._buffer_start + len(self._buffer) > 0

    @property
    def unread_size_bytes(self) -> int:
        """How many bytes were fed and not consumed."""
        return len(self._buffer) - self._at

    def feed(self, data: bytes) -> list[E | Fault]:
        """The events that ``data`` completes, in order."""
        self._buffer_start += self._at
        self._scanned -= self._at
        self._buffer = self._buffer[self._at :] + data if self._at < len(self._buffer) else data
        self._at = 0
        events: list[E | Fault] = []
        try:
            while self._step(events):
                pass
        except ProtocolError as error:
            events.append(Fault(str(error)))
            self._step = self._silent
            self._silent(events)
        return events

    def _silent(self, events: list[E | Fault]) -> bool:
        """The step that follows a fault, or the end of what this reader can understand: bytes are dropped."""
        self._at = len(self._buffer)
        return False

    def _take(self, limit: int) -> bytes:
        """Up to ``limit`` unread bytes."""
        piece = self._buffer[self._at : self._at + limit]
        self._at += len(piece)
        return piece

    def _exactly(self, size: int) -> bytes | None:
        """The next ``size`` bytes, or None while they are not all here."""
        return self._take(size) if self.unread_size_bytes >= size else None

    def _line(self, limit: int) -> bytes | None:
        """The next line without its end (LF or CR LF; RFC 9112, section 2.2), or None while it is not whole."""
        newline = self._buffer.find(b"\n", max(self._at, self._scanned))
        self._scanned = len(self._buffer)
        if (newline if newline >= 0 else len(self._buffer)) - self._at > limit:
            raise ProtocolError(f"a line of more than {limit:,} bytes")
        if newline < 0:
            return None
        line = self._buffer[self._at : newline].removesuffix(b"\r")
        self._at = self._scanned = newline + 1
        return line
