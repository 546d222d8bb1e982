"""The proxy of a company network: it wants credentials, and it alone knows where ``api.example`` is."""

import base64
import socket
import ssl
from contextlib import suppress
from threading import Thread
from types import TracebackType
from typing import Self

from proxy_wire import ByteServer
from upstream import Upstream
from upstream_wire import Gone, Wire

CREDENTIALS = "ann:s%40cret"
AUTHORIZATION = "Basic " + base64.b64encode(b"ann:s@cret").decode()


class CorporateProxy:
    """Leads every name to ``upstream``; ``asked`` holds the heads of the requests it got, as lines."""

    scheme = "http"

    def __init__(self, upstream: Upstream, context: ssl.SSLContext | None = None) -> None:
        """With ``context`` it is itself reached by TLS."""
        self.asked: list[list[str]] = []
        self._ports = {"http": port(upstream.http), "https": port(upstream.https)}
        self._server = ByteServer(self._converse, context)
        self.url = f"{'https' if context else self.scheme}://{CREDENTIALS}@{self._server.authority}"

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.__exit__(kind, error, trace)

    def _converse(self, wire: Wire) -> None:
        head = []
        while line := wire.read_line().decode():
            head.append(line)
        self.asked.append(head)
        if f"Proxy-Authorization: {AUTHORIZATION}" not in head:
            wire.send(b"HTTP/1.1 407 Who Are You\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        elif head[0].startswith("CONNECT "):
            wire.send(b"HTTP/1.1 200 OK\r\n\r\n")
            self._join(wire, "http" if ":80 " in head[0] else "https", b"")
        else:
            self._join(wire, "http", "\r\n".join([*head, "", ""]).encode())

    def _join(self, client: Wire, scheme: str, head: bytes) -> None:
        with socket.create_connection(("127.0.0.1", self._ports[scheme])) as upstream:
            upstream.sendall(head)
            Thread(target=pump, args=(client, upstream), daemon=True).start()
            with suppress(OSError):
                while data := upstream.recv(65_536):
                    client.send(data)


class SocksProxy(CorporateProxy):
    """The same by SOCKS (RFC 1928, and RFC 1929 for who asks); ``asked`` holds the addresses."""

    scheme = "socks5h"

    def _converse(self, wire: Wire) -> None:
        _, count = wire.read_exactly(2)
        assert 2 in wire.read_exactly(count)
        wire.send(b"\x05\x02")
        user, password = self._credentials(wire)
        wire.send(b"\x01" + bytes([(user, password) != ("ann", "s@cret")]))
        _, _, _, kind = wire.read_exactly(4)
        assert kind == 3, "the name is ours to resolve"
        host = wire.read_exactly(wire.read_exactly(1)[0]).decode()
        number = int.from_bytes(wire.read_exactly(2), "big")
        self.asked.append([f"{host}:{number}"])
        wire.send(b"\x05\0\0\x01\0\0\0\0\0\0")
        self._join(wire, "https" if number == 443 else "http", b"")

    def _credentials(self, wire: Wire) -> tuple[str, ...]:
        wire.read_exactly(1)
        return tuple(wire.read_exactly(wire.read_exactly(1)[0]).decode() for _ in range(2))


def pump(client: Wire, upstream: socket.socket) -> None:
    with suppress(OSError, Gone):
        while data := client.receive():
            upstream.sendall(data)
    with suppress(OSError):
        upstream.shutdown(socket.SHUT_WR)


def port(url: str) -> int:
    return int(url.rpartition(":")[2])
