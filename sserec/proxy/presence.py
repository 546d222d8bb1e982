"""Work for a client that may lose patience: it is given up as soon as the client has gone.

Without it an upstream that does not answer would be dialled on for minutes for a client with a shorter timeout.
"""

import asyncio
import socket
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class ClientGone(ConnectionResetError):
    """The client closed its connection before the work for it was done."""


async def while_present(client: socket.socket, work: Coroutine[Any, Any, T], server: str) -> T:
    """What ``work``, which reaches ``server``, returns; when the client goes, it is cancelled and ClientGone raised."""
    loop = asyncio.get_running_loop()
    task, fd = loop.create_task(work), client.fileno()
    gone = False

    def look() -> None:
        nonlocal gone
        loop.remove_reader(fd)  # one look is enough: a client that sends is there
        gone = has_gone(client)
        if gone:
            task.cancel()

    loop.add_reader(fd, look)
    try:
        return await task
    except asyncio.CancelledError as cancelled:
        if gone:
            raise ClientGone(f"it hung up while {server} was being reached") from cancelled
        raise
    finally:
        loop.remove_reader(fd)


def has_gone(client: socket.socket) -> bool:
    """A readable socket has nothing but its end to read."""
    try:
        return not client.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return False
    except OSError:
        return True
