"""The first flight of a TLS client, read without answering it (RFC 8446, section 4.1.2), sans I/O.

Knows just enough to say whom the client calls for (SNI) and what it can speak (ALPN). The bytes are handed to the
real handshake afterwards; a hello that cannot be understood is that handshake's to refuse.
"""

from collections.abc import Iterator
from dataclasses import dataclass

HANDSHAKE_RECORD = 0x16
CLIENT_HELLO = 1
SERVER_NAME, ALPN = 0, 16
RECORD_HEAD, MESSAGE_HEAD = 5, 4
MAX_HELLO_BYTES = 64 * 1024
"""Hellos with post-quantum key shares are below 4 KiB; OpenSSL itself refuses more than 128 KiB."""


@dataclass(frozen=True, slots=True)
class ClientHello:
    server_name: str | None = None
    alpn: tuple[str, ...] = ()


def looks_like_tls(data: bytes) -> bool:
    return data[:1] == bytes([HANDSHAKE_RECORD])


def read_client_hello(data: bytes) -> ClientHello | None:
    """The hello at the start of ``data``, or None while it is not whole. A strange one is empty."""
    message = _handshake_message(data)
    if message is None:
        return ClientHello() if len(data) > MAX_HELLO_BYTES else None
    try:
        return _parse(message)
    except (IndexError, UnicodeDecodeError):
        return ClientHello()


def _handshake_message(data: bytes) -> bytes | None:
    """The first handshake message; it may be spread over several records."""
    message = b""
    at = 0
    while at + RECORD_HEAD <= len(data) and data[at] == HANDSHAKE_RECORD:
        end = at + RECORD_HEAD + _integer(data[at + 3 : at + 5])
        message += data[at + RECORD_HEAD : end]
        if len(message) >= MESSAGE_HEAD and len(message) >= MESSAGE_HEAD + _integer(message[1:4]):
            return message
        at = end
    return message if at + RECORD_HEAD <= len(data) else None


def _parse(message: bytes) -> ClientHello:
    if message[0] != CLIENT_HELLO:
        return ClientHello()
    at = MESSAGE_HEAD + 2 + 32  # version and random
    at += 1 + message[at]  # session id
    at += 2 + _integer(message[at : at + 2])  # cipher suites
    at += 1 + message[at]  # compression methods
    extensions = dict(_extensions(message[at + 2 : at + 2 + _integer(message[at : at + 2])]))
    return ClientHello(
        _server_name(extensions.get(SERVER_NAME, b"")), tuple(_alpn(extensions.get(ALPN, b"")))
    )


def _extensions(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(data):
        end = at + 4 + _integer(data[at + 2 : at + 4])
        yield _integer(data[at : at + 2]), data[at + 4 : end]
        at = end


def _server_name(extension: bytes) -> str | None:
    """The host_name of RFC 6066, section 3: list length, type, name length, name."""
    name = extension[5 : 5 + _integer(extension[3:5])]
    return name.decode("ascii") or None


def _alpn(extension: bytes) -> Iterator[str]:
    """The protocol names of RFC 7301, section 3.1: list length, then each with its length."""
    at = 2
    while at < len(extension):
        yield extension[at + 1 : at + 1 + extension[at]].decode("latin-1")
        at += 1 + extension[at]


def _integer(data: bytes) -> int:
    return int.from_bytes(data, "big")
