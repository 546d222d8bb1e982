"""Whom sserec trusts, and whom the recorded command is to trust.

Knows certificate stores. Upstream is verified by the system's store, by ``SSL_CERT_FILE`` of sserec's own environment
where it is set, and by the authorities of ``--upstream-ca`` in addition. The command gets one bundle: everything it
would have trusted without sserec, and the recording's own authority.

Invariant: a certificate that a careful client would refuse is refused here as well, unless a person gave that up in as
many words.
"""

import re
import ssl
import sys
from collections.abc import Iterable
from pathlib import Path
from threading import Lock, Thread

from sserec.errors import UsageError

SYSTEM_BUNDLES = tuple(
    map(
        Path,
        (
            "/etc/ssl/certs/ca-certificates.crt",  # Debian, Alpine, Arch
            "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
            "/etc/ssl/ca-bundle.pem",  # openSUSE
            "/etc/ssl/cert.pem",  # macOS, the BSDs
        ),
    )
)

OFFERS: tuple[tuple[str, ...], ...] = (("h2", "http/1.1"), ("http/1.1",), ())
"""What nearly every client offers by ALPN, most frequent first. Any other offer costs its connection 17 ms, once."""

PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


class UpstreamTrust:
    """Client contexts for the way to the server, one for each ALPN offer.

    Parsing the system's store takes 17 ms a context (more on a busy machine), so :meth:`prepare` does it in a thread
    while the command starts; OpenSSL works there without the interpreter's lock.
    """

    def __init__(self, extra_ca: Path | None = None, *, verifies: bool = True) -> None:
        """``extra_ca``: a PEM file of further authorities. Raises UsageError where it is none.

        With ``verifies`` false any certificate of any server will do.
        """
        if extra_ca is not None:
            check_bundle(extra_ca)
        self._extra_ca = extra_ca
        self._verifies = verifies
        self._contexts: dict[tuple[str, ...], ssl.SSLContext] = {}
        self._lock = Lock()
        self._maker = Thread(target=self._make_all, name="sserec-trust", daemon=True)
        self._is_settled = False

    def prepare(self) -> None:
        """Begins to make the contexts that are likely to be needed; returns at once."""
        self._maker.start()

    def settle(self) -> None:
        """Ends what :meth:`prepare` began. OpenSSL must not be at work in a thread when the process exits."""
        self._is_settled = True
        if self._maker.is_alive():
            self._maker.join()

    def client_context(self, alpn: tuple[str, ...]) -> ssl.SSLContext:
        """The context that offers ``alpn``: verifies the certificate and the host's name."""
        with self._lock:
            if alpn not in self._contexts:
                self._contexts[alpn] = self._make(alpn)
            return self._contexts[alpn]

    def _make_all(self) -> None:
        for alpn in OFFERS:
            if not self._is_settled:
                self.client_context(alpn)

    def _make(self, alpn: tuple[str, ...]) -> ssl.SSLContext:
        context = system_context() if self._verifies else credulous_context()
        if self._extra_ca is not None:
            context.load_verify_locations(self._extra_ca)
        if alpn:
            context.set_alpn_protocols(list(alpn))
        return context


def system_context() -> ssl.SSLContext:
    """A context that trusts what this system trusts."""
    if sys.platform != "linux":
        import truststore

        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context = ssl.create_default_context()
    # Python 3.13's default refuses authorities that curl and older clients accept: not ours to be stricter.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    paths = ssl.get_default_verify_paths()
    if not paths.cafile and not paths.capath and (bundle := system_bundle()):
        context.load_verify_locations(bundle)
    return context


def credulous_context() -> ssl.SSLContext:
    """A context that trusts everybody."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def system_bundle() -> Path | None:
    """The system's authorities as one PEM file, for an OpenSSL that was built to look elsewhere."""
    return next((path for path in SYSTEM_BUNDLES if path.is_file()), None)


def check_bundle(path: Path) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except OSError as fault:  # ssl.SSLError is one
        reason = "no certificate in PEM form in it" if isinstance(fault, ssl.SSLError) else fault.strerror
        raise UsageError(f"--upstream-ca {path}: {reason}") from None


def union_bundle(authority_pem: bytes, named: Iterable[str]) -> bytes:
    """One PEM bundle of the recording's authority, the system's, and those in the files ``named``.

    Variables such as SSL_CERT_FILE replace a client's roots, so the bundle must hold what they held before.
    """
    paths = ssl.get_default_verify_paths()
    files = [*named, paths.cafile, system_bundle()]
    blobs = [authority_pem, *(read_if_there(Path(path)) for path in files if path)]
    certificates = dict.fromkeys(match for blob in blobs for match in PEM.findall(blob))
    return b"\n".join(certificates) + b"\n"


def read_if_there(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
