"""What the operating system tells about a socket beyond its bytes; where it does not, the answers are "nothing".

Linux only, as far as it was measured: receive times at nanoseconds, and what was sent but not acknowledged.
"""

import socket
import struct
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TypeAlias

if sys.platform == "linux":
    import fcntl

SO_TIMESTAMPNS = 35
SIOCOUTQ = 0x5411
"""asm-generic/socket.h and linux/sockios.h; Python has no names for them."""
TIMESPEC = struct.Struct("@ll")
TIMESPEC_SPACE_BYTES = socket.CMSG_SPACE(TIMESPEC.size) if sys.platform == "linux" else 0
NO_LINGER = struct.pack("ii", 1, 0)

Ancillary: TypeAlias = Sequence[tuple[int, int, bytes]]


def enable_receive_times(sock: socket.socket) -> bool:
    """Asks for a time with everything received; False where there is none."""
    if sys.platform != "linux":
        return False
    with suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        return True
    return False


def receive_time_ns(ancillary: Ancillary) -> int | None:
    """When the kernel received the last byte of a read, on the wall clock (Linux commit 98aaa913b4ed)."""
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
            seconds, nanoseconds = TIMESPEC.unpack(data[: TIMESPEC.size])
            return int(seconds) * 1_000_000_000 + int(nanoseconds)
    return None


def unacknowledged_bytes(sock: socket.socket) -> int:
    """What was handed to the kernel and has not reached the peer; a reset would throw it away."""
    if sys.platform != "linux":
        return 0
    answer = fcntl.ioctl(sock, SIOCOUTQ, struct.pack("i", 0))
    return int(struct.unpack("i", answer)[0])


def close_with_reset(sock: socket.socket) -> None:
    """Closes so that the peer gets RST and not FIN."""
    with suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    sock.close()
