"""The certificate authority of one recording.

Knows X.509 and how to make an ``ssl`` context for a name; knows nothing of who connects. It is made when a recording
starts and dies with it.

Invariant: the authority's private key never leaves this process's memory, and the key of the server certificates
never lies readable on a disk. ``ssl`` loads a key from a path only, so that path leads to memory (memfd) on Linux;
elsewhere to a file that is encrypted with a random passphrase and unlinked at once.
"""

import datetime as dt
import ipaddress
import os
import secrets
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFE = dt.timedelta(days=30)
CLOCK_SKEW = dt.timedelta(hours=25)
"""How far a client's clock, time zone included, may lie behind."""


class Authority:
    """Signs a certificate for any host, with P-256 keys: 25 ms for both where RSA-2048 takes 115 for one.

    The extensions are those that ``VERIFY_X509_STRICT``, the default since Python 3.13, insists on (RFC 5280,
    section 4.2.1): key identifiers, and critical BasicConstraints and KeyUsage.
    """

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._server_key = ec.generate_private_key(ec.SECP256R1())
        self._from = dt.datetime.now(dt.UTC) - CLOCK_SKEW
        self._certificate = self._sign_itself()
        self._contexts: dict[tuple[str, tuple[str, ...]], ssl.SSLContext] = {}

    @cached_property
    def certificate_pem(self) -> bytes:
        """The authority's certificate: what a client has to trust."""
        return self._certificate.public_bytes(Encoding.PEM)

    def server_context(self, host: str, alpn: tuple[str, ...]) -> ssl.SSLContext:
        """A server's context that proves to be ``host`` and offers ``alpn``. Made once for each pair."""
        key = host.lower().rstrip("."), alpn
        if key not in self._contexts:
            self._contexts[key] = self._make_context(*key)
        return self._contexts[key]

    def credentials(self, host: str) -> tuple[bytes, ec.EllipticCurvePrivateKey]:
        """A certificate chain for ``host`` in PEM form, and its key: one key serves every host of the run."""
        return self._sign(host).public_bytes(Encoding.PEM) + self.certificate_pem, self._server_key

    def _make_context(self, host: str, alpn: tuple[str, ...]) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        load = load_through_memory if hasattr(os, "memfd_create") else load_through_encrypted_file
        load(context, *self.credentials(host))
        if alpn:
            context.set_alpn_protocols(list(alpn))
        return context

    def _sign_itself(self) -> x509.Certificate:
        name = common_name(f"sserec recording {secrets.token_hex(6)}")
        return (
            self._builder(name, name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(key_usage("key_cert_sign", "crl_sign"), critical=True)
            .sign(self._key, hashes.SHA256())
        )

    def _sign(self, host: str) -> x509.Certificate:
        return (
            self._builder(common_name("sserec"), self._certificate.subject, self._server_key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(key_usage("digital_signature"), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName([alternative_name(host)]), critical=False)
            .sign(self._key, hashes.SHA256())
        )

    def _builder(
        self, subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
    ) -> x509.CertificateBuilder:
        issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return (
            x509.CertificateBuilder(issuer, subject, key, x509.random_serial_number())
            .not_valid_before(self._from)
            .not_valid_after(self._from + LIFE)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(issuer_key, critical=False)
        )


def common_name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def alternative_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def key_usage(*granted: str) -> x509.KeyUsage:
    every = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{usage: usage in granted for usage in every})


def load_through_memory(context: ssl.SSLContext, chain: bytes, key: ec.EllipticCurvePrivateKey) -> None:
    descriptor = os.memfd_create("sserec-key", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, chain + private_pem(key, NoEncryption()))
        context.load_cert_chain(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)


def load_through_encrypted_file(
    context: ssl.SSLContext, chain: bytes, key: ec.EllipticCurvePrivateKey
) -> None:
    passphrase = secrets.token_bytes(32).hex().encode()
    with briefly_on_disk(chain + private_pem(key, BestAvailableEncryption(passphrase))) as path:
        context.load_cert_chain(path, password=passphrase)


def private_pem(key: ec.EllipticCurvePrivateKey, encryption: KeySerializationEncryption) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


@contextmanager
def briefly_on_disk(data: bytes) -> Iterator[str]:
    descriptor, path = tempfile.mkstemp(prefix="sserec-")  # mode 0600
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
        yield path
    finally:
        os.unlink(path)
