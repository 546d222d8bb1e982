"""Performs takes over HTTP/1.1: the same bytes at the same moments, with the same end.

Loopback only. A connection carries one request: it is closed after the answer, so that an answer which was cut
can be cut again.
"""

import asyncio
import socket
import ssl
import struct
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from sserec.records import Ending
from sserec.replay.takes import Repertoire, Take

MAX_HEAD_BYTES = 64 * 1024
NANOSECONDS = 1_000_000_000
LINGER_NOT = struct.pack("ii", 1, 0)
"""SO_LINGER with a timeout of zero: closing sends RST instead of FIN (POSIX)."""


class ReplayServer:
    """Answers requests with the takes that match them; anything else gets a 404 that says so."""

    def __init__(self, takes: Iterable[Take], context: ssl.SSLContext | None = None) -> None:
        self._repertoire = Repertoire(takes)
        self._context = context
        self._server: asyncio.Server | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listens; returns the port. Raises OSError when the address is taken."""
        self._server = await asyncio.start_server(
            self._converse, host, port, ssl=self._context, limit=MAX_HEAD_BYTES
        )
        bound: tuple[str, int] = self._server.sockets[0].getsockname()[:2]
        return bound[1]

    def close(self) -> None:
        """Stops listening; answers under way are left to end."""
        if self._server is not None:
            self._server.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            method, target = await read_request(reader)
            take = self._repertoire.take_for(method, target)
            if take is None:
                await refuse(writer, method, target)
            else:
                await perform(take, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            writer.transport.abort()


async def read_request(reader: asyncio.StreamReader) -> tuple[str, str]:
    """Reads one request, body and all; returns its method and target. Raises ValueError on a malformed head."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    request_line, *fields = head.split("\r\n")
    method, target, _ = request_line.split(" ")
    for name, _, value in (field.partition(":") for field in fields):
        if name.lower() == "content-length":
            await reader.readexactly(int(value))
        elif name.lower() == "expect":
            raise ValueError("100-continue is not spoken here")
    return method, target


async def perform(take: Take, writer: asyncio.StreamWriter) -> None:
    """Sends the take's pieces at their times and ends as the take ends."""
    loop = asyncio.get_running_loop()
    writer.write(take.head())
    begin = loop.time()
    for t_ns, data in take.pieces:
        await asyncio.sleep(max(0.0, begin + t_ns / NANOSECONDS - loop.time()))
        writer.write(b"%x\r\n%s\r\n" % (len(data), data))
        await writer.drain()
    if take.ending.is_clean:
        writer.write(b"0\r\n\r\n")
    await part(writer, abruptly=take.ending is Ending.UPSTREAM_RESET)


async def part(writer: asyncio.StreamWriter, *, abruptly: bool = False) -> None:
    await writer.drain()
    if abruptly:
        connection: socket.socket = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
        writer.transport.abort()
    else:
        writer.close()
        await writer.wait_closed()


async def refuse(writer: asyncio.StreamWriter, method: str, target: str) -> None:
    body = f"sserec: the recording holds no {method} {target}\n".encode()
    writer.write(
        b"HTTP/1.1 404 Not Found\r\ncontent-type: text/plain\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%s"
        % (len(body), body)
    )
    await part(writer)


@contextmanager
def performing(takes: Iterable[Take], context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Serves takes from a thread of its own; yields the port and leaves nothing running."""
    loop = asyncio.new_event_loop()
    server = ReplayServer(takes, context)
    thread = threading.Thread(target=loop.run_forever, name="sserec-replay", daemon=True)
    thread.start()
    try:
        yield asyncio.run_coroutine_threadsafe(server.start(), loop).result()
    finally:
        asyncio.run_coroutine_threadsafe(wind_up(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def wind_up(server: ReplayServer) -> None:
    server.close()
    answers = asyncio.all_tasks() - {asyncio.current_task()}
    for answer in answers:
        answer.cancel()
    await asyncio.gather(*answers, return_exceptions=True)
