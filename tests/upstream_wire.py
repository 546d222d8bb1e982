"""A server's end of a connection, plain or TLS, with every way to end it; and the certificates for it.

TLS runs over memory buffers, because ``ssl.SSLSocket`` can neither close ragged nor close in order without waiting
for the peer. One ``send`` is one TLS record (up to 16 KiB) and one syscall.
"""

import datetime as dt
import ipaddress
import select
import socket
import ssl
import struct
import time
from contextlib import suppress
from pathlib import Path
from threading import Lock

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

READ_SIZE_BYTES = 65536
DRAIN_S = 2.0


class Gone(Exception):
    """The client closed its side."""


class Wire:
    """A connected socket, read by line and by length. One reader; any number of senders."""

    def __init__(self, sock: socket.socket, tls: ssl.SSLContext | None) -> None:
        self._sock = sock
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = tls.wrap_bio(self._incoming, self._outgoing, server_side=True) if tls else None
        self._lock = Lock()
        self._buffer = b""
        self._resets = False
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def handshake(self) -> str | None:
        """Returns the protocol that ALPN chose."""
        while self._tls:
            try:
                self._tls.do_handshake()
                self._flush()
                return self._tls.selected_alpn_protocol()
            except ssl.SSLWantReadError:
                self._flush()
                self._pull()
        return None

    def send(self, data: bytes) -> None:
        with self._lock:
            if self._tls:
                self._tls.write(data)
                self._flush()
            else:
                self._sock.sendall(data)

    def receive(self) -> bytes:
        """The next bytes, whatever there is; empty at the end."""
        if self._buffer:
            data, self._buffer = self._buffer, b""
            return data
        return self._receive() if self._tls else self._sock.recv(READ_SIZE_BYTES)

    def read_line(self) -> bytes:
        while b"\n" not in self._buffer:
            self._fill()
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.removesuffix(b"\r")

    def read_exactly(self, size_bytes: int) -> bytes:
        while len(self._buffer) < size_bytes:
            self._fill()
        data, self._buffer = self._buffer[:size_bytes], self._buffer[size_bytes:]
        return data

    def rest(self, seconds: float) -> None:
        """Waits, but raises Gone as soon as the client closes."""
        t_end_s = time.monotonic() + seconds
        while (left_s := t_end_s - time.monotonic()) > 0:
            if select.select([self._sock], [], [], left_s)[0]:
                self._fill()

    def hold(self) -> None:
        """Waits for the client to go."""
        while self.receive():
            pass

    def end_output(self, *, in_order: bool) -> None:
        """FIN, after close_notify where ``in_order``. Reading goes on."""
        with suppress(OSError, ssl.SSLError), self._lock:
            if in_order and self._tls:
                with suppress(ssl.SSLWantReadError):
                    self._tls.unwrap()
                self._flush()
            self._sock.shutdown(socket.SHUT_WR)

    def reset_on_close(self) -> None:
        """RST instead of FIN; wakes the reader, who is to close."""
        self._resets = True
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_RD)

    def close(self) -> None:
        """Ends the output and reads what the client still says: closing over unread bytes would send a RST."""
        if not self._resets:
            self.end_output(in_order=False)
            self._drain()
        self._sock.close()

    def _drain(self) -> None:
        self._sock.settimeout(DRAIN_S)
        with suppress(OSError):
            while self._sock.recv(READ_SIZE_BYTES):
                pass

    def abandon(self) -> None:
        """Wakes whoever reads, from another thread."""
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def _fill(self) -> None:
        data = self._receive() if self._tls else self._sock.recv(READ_SIZE_BYTES)
        if not data:
            raise Gone
        self._buffer += data

    def _receive(self) -> bytes:
        assert self._tls
        while True:
            try:
                with self._lock:
                    return self._tls.read(READ_SIZE_BYTES)
            except ssl.SSLWantReadError:
                self._pull()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""

    def _pull(self) -> None:
        data = self._sock.recv(READ_SIZE_BYTES)
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    def _flush(self) -> None:
        if self._outgoing.pending:
            self._sock.sendall(self._outgoing.read())


class TestAuthority:
    """A CA of the tests' own, with a server certificate for this machine's loopback names."""

    __test__ = False

    def __init__(self, folder: Path, names: tuple[str, ...] = ("localhost", "127.0.0.1", "::1")) -> None:
        self.ca_file = folder / "test-ca.pem"
        self._server_file = folder / "test-server.pem"
        ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        ca_name = common_name("sserec tests' CA")
        ca = certificate(ca_name, ca_key, ca_name, ca_key, is_ca=True)
        leaf = certificate(common_name("localhost"), key, ca_name, ca_key, names=names)
        self.ca_file.write_bytes(ca.public_bytes(Encoding.PEM))
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self._server_file.write_bytes(private + leaf.public_bytes(Encoding.PEM))

    def server_context(self, alpn: tuple[str, ...] = ("h2", "http/1.1")) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._server_file)
        context.set_alpn_protocols(list(alpn))
        return context


def common_name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def certificate(
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    names: tuple[str, ...] = (),
    is_ca: bool = False,
) -> x509.Certificate:
    now = dt.datetime.now(dt.UTC)
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "crl_sign"), False
    )
    builder = (
        x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=7))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                **usage,
                digital_signature=not is_ca,
                key_cert_sign=is_ca,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
        )
    )
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([alternative_name(name) for name in names]), critical=False
        ).add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def alternative_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
