"""One side of a tunnelled connection: a non-blocking socket, with TLS or without.

Knows the socket and its queue of unsent bytes; must not know HTTP, the other side, or what is recorded. Reads only
while it may, reports what came piece by piece, and ends as it is told: half (FIN) or by reset, after what is queued.
Everything happens on the event loop; no call blocks and none raises.
"""

import asyncio
import os
import socket
import ssl
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from time import time_ns
from typing import Protocol

from sserec.proxy.clock import Clock
from sserec.proxy.facts import Arrival, Side
from sserec.proxy.kernel import (
    TIMESPEC_SPACE_BYTES,
    close_with_reset,
    enable_receive_times,
    receive_time_ns,
    unacknowledged_bytes,
)
from sserec.proxy.tls import Session
from sserec.records import Manner

READ_BYTES = 64 * 1024
RESET_POLL_S = 0.01
RESET_PATIENCE_S = 5.0
"""A peer that takes nothing for so long gets its reset before the rest."""


class LegOwner(Protocol):
    """Whom a leg reports to."""

    def received(self, leg: "Leg", pieces: Sequence[bytes], arrival: Arrival) -> None: ...

    def ended(self, leg: "Leg", manner: Manner) -> None:
        """The peer will send no more; it may still listen."""

    def lost(self, leg: "Leg", manner: Manner, error: str) -> None:
        """The connection broke."""

    def queued(self, leg: "Leg", size_bytes: int) -> None:
        """So much waits to be sent; told whenever that changes."""

    def closed(self, leg: "Leg") -> None:
        """The leg is done, whatever way."""


class Leg:
    """A connected socket of one ``side``. Takes no part in anything before ``start``."""

    def __init__(
        self,
        sock: socket.socket,
        side: Side,
        clock: Clock,
        tls: Session | None = None,
        *,
        timed: bool = False,
    ) -> None:
        """``timed``: the kernel is asked when a client's bytes came, too."""
        self.side = side
        self.owner: LegOwner
        self.is_closed = False
        self._sock = sock
        self._fd = sock.fileno()
        """For the event loop, which would print the socket each time it finds that it does not know it yet."""
        self._clock = clock
        self._tls = tls
        self._loop = asyncio.get_running_loop()
        is_timed = (timed or side is Side.UPSTREAM) and enable_receive_times(sock)
        self._receive = receive if is_timed else receive_untimed
        self._reading = False
        self._ended = False
        """The peer said that it will send no more."""
        self._unsent: deque[memoryview] = deque()
        self._unsent_bytes = 0
        self._finishing: Manner | None = None
        """What to do once everything is sent."""
        self._finished = False
        """FIN is sent."""
        self._send_error: OSError | None = None
        """The peer does not take bytes any more, but may have sent some before."""

    def start(self) -> None:
        """Reports what came together with the handshake or to a previous owner, and begins to read."""
        self.resume()
        if self._ended:
            self.owner.ended(self, Manner.CLOSE)
        elif self._tls is not None:
            self._arrived(b"", Arrival(self._clock.now_ns()))

    def pause(self) -> None:
        """Leaves bytes in the kernel, whose window then tells the peer to wait."""
        if self._reading:
            self._reading = False
            self._loop.remove_reader(self._fd)

    def resume(self) -> None:
        if not (self._reading or self._ended or self.is_closed):
            self._reading = True
            self._loop.add_reader(self._fd, self._readable)

    def send(self, pieces: Sequence[bytes]) -> None:
        """Sends with one system call, or queues; each piece is a TLS record of its own."""
        if self._finished or self._finishing is not None or self.is_closed:
            return
        if self._tls is None:
            self._transmit(pieces[0] if len(pieces) == 1 else b"".join(pieces))
            return
        try:
            self._transmit(self._tls.encrypt(pieces))
        except ssl.SSLError as error:
            self._lose(error)

    def finish(self, manner: Manner) -> None:
        """Sends no more after what is queued: FIN, with close_notify for ``CLOSE``, or RST for ``RESET``."""
        if manner is Manner.RESET:
            self.pause()
        elif self._finished or self._finishing is not None or self.is_closed:
            return
        elif manner is Manner.CLOSE and self._tls is not None:
            self._transmit(self._tls.close_notify())
        self._finishing = manner
        if not (self._unsent or self.is_closed):
            self._finish()

    def close(self) -> None:
        """Ends in order, and at once."""
        if not self.is_closed:
            self.finish(Manner.CLOSE)
        if not self.is_closed:
            self._close(reset=False)

    def reset(self) -> None:
        """Ends everything at once, queued or not."""
        if not self.is_closed:
            self._close(reset=True)

    def _readable(self) -> None:
        try:
            data, arrival = self._receive(self._sock, self._clock)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._lose(error)
            return
        if data:
            self._arrived(data, arrival)
        elif isinstance(self._send_error, ConnectionResetError):
            self._lose(self._send_error)  # told once by the kernel: the read only says that there is no more
        else:
            self._end(Manner.CLOSE if self._tls is None else Manner.RAGGED)

    def _arrived(self, data: bytes, arrival: Arrival) -> None:
        if self._tls is None:
            self.owner.received(self, (data,), arrival)
            return
        records = self._tls.decrypt(data)
        if records:
            self.owner.received(self, records, arrival)
        if self.is_closed:
            return
        if self._tls.fault is not None:
            self._transmit(self._tls.pending_output())
            self._lose(self._tls.fault)
        elif self._tls.ended:
            self._end(Manner.CLOSE)
        elif output := self._tls.pending_output():
            self._transmit(output)

    def _end(self, manner: Manner) -> None:
        self.pause()
        self._ended = True
        self.owner.ended(self, manner)
        self._close_if_done()

    def _lose(self, error: OSError) -> None:
        if self.is_closed:
            return
        manner = Manner.FAULT if isinstance(error, ssl.SSLError) else Manner.RESET
        self._close(reset=True)
        self.owner.lost(self, manner, describe(error))

    def _transmit(self, data: bytes) -> None:
        sent = 0
        if self._send_error is not None:
            return
        if not self._unsent:
            try:
                sent = self._sock.send(data)
            except (BlockingIOError, InterruptedError):
                pass
            except OSError as error:
                self._cannot_send(error)
                return
            if sent == len(data):
                return
            self._loop.add_writer(self._fd, self._writable)
        self._unsent.append(memoryview(data)[sent:])
        self._unsent_bytes += len(data) - sent
        self.owner.queued(self, self._unsent_bytes)

    def _writable(self) -> None:
        try:
            self._send_queued()
        except (BlockingIOError, InterruptedError):
            pass
        except OSError as error:
            self._cannot_send(error)
            return
        if not self._unsent:
            self._loop.remove_writer(self._fd)
        self.owner.queued(self, self._unsent_bytes)
        if not self._unsent and self._finishing is not None:
            self._finish()

    def _send_queued(self) -> None:
        while self._unsent:
            data = self._unsent[0]
            sent = self._sock.send(data)
            self._unsent_bytes -= sent
            if sent < len(data):
                self._unsent[0] = data[sent:]
                return
            self._unsent.popleft()

    def _cannot_send(self, error: OSError) -> None:
        """An answer may have come before the peer left (a 413, say): what can be read still is."""
        self._send_error = error
        if self._unsent:
            self._unsent.clear()
            self._unsent_bytes = 0
            self._loop.remove_writer(self._fd)
        if self._ended or self._finishing is not None:
            self._lose(error)
        else:
            self.owner.queued(self, 0)

    def _finish(self) -> None:
        """Everything is sent."""
        if self._finishing is Manner.RESET:
            self._reset_when_delivered(unacknowledged_bytes(self._sock), RESET_PATIENCE_S)
            return
        self._finished = True
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_WR)
        self._close_if_done()

    def _reset_when_delivered(self, undelivered_bytes: int, patience_s: float) -> None:
        """RST throws away what the kernel has not delivered; the server's own reset came after that."""
        if self.is_closed:
            return
        left_bytes = unacknowledged_bytes(self._sock)
        patience_s = RESET_PATIENCE_S if left_bytes < undelivered_bytes else patience_s - RESET_POLL_S
        if left_bytes and patience_s > 0:
            self._loop.call_later(RESET_POLL_S, self._reset_when_delivered, left_bytes, patience_s)
        else:
            self._close(reset=True)

    def _close_if_done(self) -> None:
        if self._ended and self._finished and not self.is_closed:
            self._close(reset=False)

    def _close(self, *, reset: bool) -> None:
        self.is_closed = True
        self.pause()
        if self._unsent:
            self._loop.remove_writer(self._fd)
        if reset:
            close_with_reset(self._sock)
        else:
            self._sock.close()
        self.owner.closed(self)


def receive(sock: socket.socket, clock: Clock) -> tuple[bytes, Arrival]:
    """What has come, and when: by the kernel as well, where it was asked for receive times."""
    data, ancillary, _, _ = sock.recvmsg(READ_BYTES, TIMESPEC_SPACE_BYTES)
    wall_now_ns, t_ns, wall_ns = time_ns(), clock.now_ns(), receive_time_ns(ancillary)
    return data, Arrival(t_ns, None if wall_ns is None else clock.of_wall_ns(wall_ns, wall_now_ns, t_ns))


def receive_untimed(sock: socket.socket, clock: Clock) -> tuple[bytes, Arrival]:
    """The same of a socket that was not."""
    data = sock.recv(READ_BYTES)
    return data, Arrival(clock.now_ns())


def describe(error: OSError) -> str:
    """What went wrong, in the system's words, without Python's decoration."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.lower().replace("_", " ")
    if isinstance(error, socket.gaierror):
        return error.strerror or str(error)
    return os.strerror(error.errno) if error.errno else str(error)
