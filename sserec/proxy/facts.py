"""What the observers of a connection tell, and to whom.

The data path speaks of sides and arrivals; an observer turns bytes into the facts of exchanges and tells them to a
``Sink``. The recorder is the sink of a real run. Nothing here may know sockets, files or clocks.
"""

from enum import Enum
from typing import NamedTuple, Protocol

from sserec.records import Close, Closer, Connection, Request, Response


class Side(Enum):
    """Who sent the bytes."""

    CLIENT = Closer.CLIENT
    UPSTREAM = Closer.UPSTREAM

    @property
    def closer(self) -> Closer:
        return self.value


class Arrival(NamedTuple):
    """When one read returned, and when the kernel had received the last byte of it, where the system tells."""

    t_ns: int
    t_kernel_ns: int | None = None


class ExchangeSink(Protocol):
    """Takes the facts of one exchange in the order in which they happened."""

    def request_body(self, data: bytes) -> None: ...

    def request_sent(self, t_ns: int) -> None: ...

    def response(self, response: Response, t_ns: int) -> None: ...

    def chunk(self, data: bytes, arrival: Arrival) -> None:
        """Body bytes as they came over the wire, de-framed but not content-decoded."""

    def traffic(self, side: Side, t_ns: int, size_bytes: int) -> None:
        """Bytes that are counted and not kept: of an opaque connection, or after an upgrade."""

    def close(self, close: Close) -> None: ...


class Sink(Protocol):
    """Where exchanges are opened. Never blocks, never raises."""

    def open_exchange(self, request: Request, connection: Connection | None, t_ns: int) -> ExchangeSink: ...

    def open_opaque(self, target: str, reason: str, t_ns: int) -> ExchangeSink:
        """A connection whose content is not recorded; it gets traffic and a close, nothing else."""
