"""The first request of a connection, read off its socket before anybody knows where it leads."""

import asyncio
import socket
from dataclasses import dataclass

from sserec.errors import ProtocolError
from sserec.proxy.http1 import RequestHead, RequestReader
from sserec.proxy.reader import Fault

READ_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request's head, its bytes, and the bytes that came after them."""

    head: RequestHead
    raw: bytes
    rest: bytes


async def receive_request(sock: socket.socket, received: bytes = b"") -> Incoming | None:
    """Reads up to the end of a request's head; None when the client leaves first. Raises ProtocolError, OSError."""
    while (incoming := parse_request(received)) is None:
        data = await asyncio.get_running_loop().sock_recv(sock, READ_BYTES)
        if not data:
            return None
        received += data
    return incoming


def parse_request(received: bytes) -> Incoming | None:
    """The request at the start of ``received``, or None while its head is not whole. Raises ProtocolError."""
    for event in RequestReader().feed(received):
        if isinstance(event, Fault):
            raise ProtocolError(event.reason)
        if isinstance(event, RequestHead):
            return Incoming(event, received[event.start : event.end], received[event.end :])
    return None
