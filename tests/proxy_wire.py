"""Clients and servers at the level of bytes: what no honest HTTP library would send, or tell."""

import socket
import ssl
import subprocess
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Self

from proxy_stage import PATIENCE_S, Stage
from upstream_wire import Gone, Wire


class ByteServer:
    """Runs ``converse`` with each connection, in a thread of its own. A client may leave at any moment."""

    def __init__(self, converse: Callable[[Wire], None], context: ssl.SSLContext | None = None) -> None:
        self._converse = converse
        self._context = context
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._socket.getsockname()
        self._threads: list[Thread] = []
        self._acceptor = Thread(target=self._accept_all)

    @property
    def authority(self) -> str:
        return f"{self.address[0]}:{self.address[1]}"

    def __enter__(self) -> Self:
        self._acceptor.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._acceptor.join()
        self._socket.close()
        for thread in self._threads:
            thread.join(PATIENCE_S)

    def _accept_all(self) -> None:
        while True:
            try:
                sock, _ = self._socket.accept()
            except OSError:
                return
            thread = Thread(target=self._serve, args=(sock,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket) -> None:
        wire = Wire(sock, self._context)
        with closing(wire), suppress(OSError, Gone):
            wire.handshake()
            self._converse(wire)


def connect(stage: Stage, authority: str) -> socket.socket:
    """A CONNECT tunnel, established."""
    sock = socket.create_connection((stage.host, stage.port), timeout=PATIENCE_S)
    sock.sendall(f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n".encode())
    assert receive_until(sock, b"\r\n\r\n").startswith(b"HTTP/1.1 200 ")
    return sock


def receive_until(sock: socket.socket, ending: bytes) -> bytes:
    received = b""
    while not received.endswith(ending):
        data = sock.recv(1)
        assert data, received
        received += data
    return received


def receive_all(sock: socket.socket) -> bytes:
    received = b""
    while data := sock.recv(65_536):
        received += data
    return received


def client_tls(sock: socket.socket, ca_file: Path, *alpn: str) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=str(ca_file))
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context.wrap_socket(sock, server_hostname="127.0.0.1", suppress_ragged_eofs=False)


def curl(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    """curl without the user's settings, and without a proxy unless the arguments name one."""
    command = ["curl", "-q", "-sN", "--noproxy", "*", *arguments]
    return subprocess.run(command, capture_output=True, timeout=PATIENCE_S, env={"PATH": "/usr/bin:/bin"})


def receive_exactly(sock: socket.socket, size_bytes: int) -> bytes:
    received = b""
    while len(received) < size_bytes:
        received += sock.recv(size_bytes - len(received))
    return received


def leave(sock: socket.socket) -> None:
    """Closes in order; what the server says to that is its own affair."""
    if isinstance(sock, ssl.SSLSocket):
        with suppress(ssl.SSLEOFError):
            sock.unwrap()
    sock.close()
