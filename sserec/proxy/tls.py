"""The TLS of one side of a connection, on memory: bytes in, plaintext out, record by record.

Knows the ssl module, and TLS within that of a proxy; must not know sockets beyond the two calls a handshake needs.
Each TLS record stays one piece, because a record is what the server wrote at once: its borders and times are worth
recording.
"""

import asyncio
import ssl
from collections.abc import Iterable
from contextlib import suppress
from socket import socket
from typing import Protocol

MAX_RECORD_BYTES = 16 * 1024
HANDSHAKE_READ_BYTES = 64 * 1024


class Session(Protocol):
    """What lies between a socket's bytes and plaintext."""

    @property
    def ended(self) -> bool: ...

    @property
    def fault(self) -> ssl.SSLError | None: ...

    def decrypt(self, data: bytes) -> list[bytes]: ...

    def encrypt(self, pieces: Iterable[bytes]) -> bytes: ...

    def pending_output(self) -> bytes: ...

    def close_notify(self) -> bytes: ...


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
            while incoming.pending:  # a read takes a whole record; asking in vain costs an exception
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


class Layered:
    """What a server says, in TLS or not, within the TLS of a proxy."""

    def __init__(self, outer: Tls, inner: Tls | None, unread: bytes) -> None:
        """``unread``: what came out of ``outer`` before."""
        self._outer = outer
        self._inner = inner
        self._unread = unread

    @property
    def ended(self) -> bool:
        return (self._inner or self._outer).ended

    @property
    def fault(self) -> ssl.SSLError | None:
        return self._outer.fault or (self._inner.fault if self._inner else None)

    def decrypt(self, data: bytes) -> list[bytes]:
        pieces = [self._unread] * bool(self._unread) + self._outer.decrypt(data)
        self._unread = b""
        return pieces if self._inner is None else self._inner.decrypt(b"".join(pieces))

    def encrypt(self, pieces: Iterable[bytes]) -> bytes:
        return self._outer.encrypt(pieces if self._inner is None else (self._inner.encrypt(pieces),))

    def pending_output(self) -> bytes:
        said = self._inner.pending_output() if self._inner else b""
        return self._outer.encrypt((said,)) if said else self._outer.pending_output()

    def close_notify(self) -> bytes:
        farewell = self._outer.encrypt((self._inner.close_notify(),)) if self._inner else b""
        return farewell + self._outer.close_notify()


class Road:
    """A connected, non-blocking socket, and the TLS of a proxy that stands on the way to the server."""

    def __init__(self, sock: socket, tls: Tls | None = None) -> None:
        self.sock = sock
        self._tls = tls
        self._unread = b""

    @property
    def has_unread(self) -> bool:
        """More came than was asked for."""
        return bool(self._unread)

    async def receive(self, limit: int = HANDSHAKE_READ_BYTES) -> bytes:
        """Some of what comes; nothing at the end. Raises OSError."""
        loop = asyncio.get_running_loop()
        if self._tls is None:
            return await loop.sock_recv(self.sock, limit)
        while not self._unread and not self._tls.ended:
            if not (data := await loop.sock_recv(self.sock, HANDSHAKE_READ_BYTES)):
                break
            self._unread = b"".join(self._tls.decrypt(data))
            if self._tls.fault is not None:
                raise self._tls.fault
        taken, self._unread = self._unread[:limit], self._unread[limit:]
        return taken

    async def send(self, data: bytes) -> None:
        """Raises OSError."""
        coded = data if self._tls is None else self._tls.encrypt((data,))
        await asyncio.get_running_loop().sock_sendall(self.sock, coded)

    def session(self, inner: Tls | None = None) -> Session | None:
        """All the TLS that is between the socket and the server's words, where ``inner`` is the server's own."""
        return inner if self._tls is None else Layered(self._tls, inner, self._unread)


async def handshake(
    sock: socket | Road,
    context: ssl.SSLContext,
    *,
    server_side: bool = False,
    server_hostname: str | None = None,
    received: bytes = b"",
) -> Tls:
    """Shakes hands on a non-blocking socket; ``received`` was read from it before. Raises OSError (ssl.SSLError)."""
    road = sock if isinstance(sock, Road) else Road(sock)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = context.wrap_bio(incoming, outgoing, server_side=server_side, server_hostname=server_hostname)
    incoming.write(received)
    while not await _step(road, session, outgoing):
        if not (data := await road.receive()):
            raise ConnectionResetError("connection closed during the TLS handshake")
        incoming.write(data)
    return Tls(session, incoming, outgoing)


async def _step(road: Road, session: ssl.SSLObject, outgoing: ssl.MemoryBIO) -> bool:
    """Does what can be done without more from the peer; True when the handshake is over."""
    try:
        session.do_handshake()
    except ssl.SSLWantReadError:
        return False
    finally:
        if outgoing.pending:  # an alert as well: the peer should learn why
            await road.send(outgoing.read())
    return True
