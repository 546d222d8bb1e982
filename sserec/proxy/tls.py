"""The TLS of one side of a connection, on memory: bytes in, plaintext out, record by record.

Knows the ssl module; must not know sockets beyond the two calls a handshake needs. Each TLS record stays one piece,
because a record is what the server wrote at once: its borders and times are worth recording.
"""

import asyncio
import ssl
from collections.abc import Iterable
from contextlib import suppress
from socket import socket

MAX_RECORD_BYTES = 16 * 1024
HANDSHAKE_READ_BYTES = 64 * 1024


class Tls:
    """An established session. ``ended`` and ``fault`` tell how the peer's direction stands after ``decrypt``."""

    __slots__ = ("_incoming", "_outgoing", "_session", "ended", "fault")

    def __init__(self, session: ssl.SSLObject, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO) -> None:
        self._session = session
        self._incoming = incoming
        self._outgoing = outgoing
        self.ended = False
        """The peer sent close_notify."""
        self.fault: ssl.SSLError | None = None

    @property
    def version(self) -> str | None:
        return self._session.version()

    @property
    def alpn(self) -> str | None:
        return self._session.selected_alpn_protocol()

    def decrypt(self, data: bytes) -> list[bytes]:
        """The plaintext of every record that is whole with ``data``, each by itself."""
        session, incoming = self._session, self._incoming
        incoming.write(data)
        records: list[bytes] = []
        try:
            while incoming.pending or session.pending():  # asking in vain costs an exception: 2 us an event
                if not (record := session.read(MAX_RECORD_BYTES)):
                    self.ended = True
                    break
                records.append(record)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.ended = True
        except ssl.SSLError as error:
            self.fault = error
        return records

    def encrypt(self, pieces: Iterable[bytes]) -> bytes:
        """Each piece as a record of its own, and whatever TLS itself has to say."""
        for piece in pieces:
            self._session.write(piece)
        return self._outgoing.read()

    def pending_output(self) -> bytes:
        """What TLS itself has to say: alerts, answers to a key update."""
        return self._outgoing.read()

    def close_notify(self) -> bytes:
        """Says that nothing more will be sent; the other direction stays open."""
        with suppress(ssl.SSLError):
            self._session.unwrap()
        return self._outgoing.read()


async def handshake(
    sock: socket,
    context: ssl.SSLContext,
    *,
    server_side: bool = False,
    server_hostname: str | None = None,
    received: bytes = b"",
) -> Tls:
    """Shakes hands on a non-blocking socket; ``received`` was read from it before. Raises OSError (ssl.SSLError)."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = context.wrap_bio(incoming, outgoing, server_side=server_side, server_hostname=server_hostname)
    incoming.write(received)
    while not await _step(sock, session, outgoing):
        data = await asyncio.get_running_loop().sock_recv(sock, HANDSHAKE_READ_BYTES)
        if not data:
            raise ConnectionResetError("connection closed during the TLS handshake")
        incoming.write(data)
    return Tls(session, incoming, outgoing)


async def _step(sock: socket, session: ssl.SSLObject, outgoing: ssl.MemoryBIO) -> bool:
    """Does what can be done without more from the peer; True when the handshake is over."""
    try:
        session.do_handshake()
    except ssl.SSLWantReadError:
        return False
    finally:
        if outgoing.pending:  # an alert as well: the peer should learn why
            await asyncio.get_running_loop().sock_sendall(sock, outgoing.read())
    return True
