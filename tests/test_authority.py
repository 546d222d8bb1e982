"""The recording's own authority: accepted by the strictest clients, never readable on a disk, gone with the process."""

import datetime as dt
import os
import shutil
import ssl
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509

from sserec.authority import Authority
from sserec.errors import UsageError
from sserec.proxy.trust import OFFERS, UpstreamTrust, union_bundle
from upstream_wire import TestAuthority

needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="no strace here")

HOSTS = ["api.example", "127.0.0.1", "::1", "xn--bcher-kva.example", "a" * 63 + ".example.com"]


@pytest.fixture(scope="module")
def own() -> Authority:
    return Authority()


def handshake(server: ssl.SSLContext, client: ssl.SSLContext, host: str) -> ssl.SSLObject:
    """A whole TLS handshake in memory; returns the client's side."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname=host),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    waiting = list(ends)
    while waiting:
        end = waiting.pop(0)
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            waiting.append(end)
    return ends[0]


def strict_client(authority: Authority, alpn: tuple[str, ...] = ()) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=authority.certificate_pem.decode())
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.set_alpn_protocols(list(alpn))
    return context


@pytest.mark.parametrize("host", HOSTS)
def test_a_strict_client_accepts_a_certificate_for_any_host(own: Authority, host: str) -> None:
    assert handshake(own.server_context(host, ()), strict_client(own), host).version() == "TLSv1.3"


def test_a_certificate_is_for_its_host_alone(own: Authority) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        handshake(own.server_context("api.example", ()), strict_client(own), "other.example")


@pytest.mark.parametrize("alpn", [("h2",), ("http/1.1",), ("h2", "http/1.1")])
def test_the_server_offers_exactly_the_protocols_asked_for(own: Authority, alpn: tuple[str, ...]) -> None:
    client = handshake(
        own.server_context("api.example", alpn), strict_client(own, ("http/1.1", "h2")), "api.example"
    )
    assert client.selected_alpn_protocol() == alpn[0]


def test_the_client_trusts_one_authority_and_not_the_next() -> None:
    ours, theirs = Authority(), Authority()
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(theirs.server_context("api.example", ()), strict_client(ours), "api.example")


def test_contexts_are_made_once_whatever_the_spelling_of_the_host(own: Authority) -> None:
    assert own.server_context("API.example.", ("h2",)) is own.server_context("api.example", ("h2",))


def test_the_authority_can_sign_servers_only_and_not_for_long(own: Authority) -> None:
    certificate = x509.load_pem_x509_certificate(own.certificate_pem)
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (constraints.ca, constraints.path_length) == (True, 0)
    now = dt.datetime.now(dt.UTC)
    assert certificate.not_valid_before_utc < now - dt.timedelta(hours=24)
    assert now < certificate.not_valid_after_utc < now + dt.timedelta(days=31)


@needs_strace
def test_without_memfd_the_key_lies_on_the_disk_encrypted_and_for_a_moment_only(tmp_path: Path) -> None:
    program = (
        "import ssl; from sserec.authority import *; own = Authority();"
        "load_through_encrypted_file(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), *own.credentials('api.example'))"
    )
    calls = traced(program, tmp_path)
    assert "BEGIN ENCRYPTED PRIVATE KEY" in calls
    assert "BEGIN PRIVATE KEY" not in calls
    assert [path.name for path in tmp_path.iterdir()] == ["trace"]


@needs_strace
@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="no memfd on this system")
def test_with_memfd_no_file_is_opened_for_writing(tmp_path: Path) -> None:
    program = "from sserec.authority import Authority; Authority().server_context('api.example', ())"
    calls = traced(program, tmp_path)
    assert "memfd_create" in calls
    assert "O_CREAT" not in calls


def traced(program: str, folder: Path) -> str:
    """The system calls that open or write, in full, of a Python program."""
    log = folder / "trace"
    calls = "trace=openat,write,unlink,memfd_create"
    command = [
        "strace",
        "-f",
        "-s",
        "100000",
        "-e",
        calls,
        "-o",
        str(log),
        sys.executable,
        "-B",
        "-c",
        program,
    ]
    subprocess.run(command, check=True, env={**os.environ, "TMPDIR": str(folder)})
    return log.read_text()


def test_upstream_is_verified_by_name_and_chain(authority: TestAuthority) -> None:
    server = authority.server_context()
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(server, UpstreamTrust().client_context(("h2",)), "127.0.0.1")
    trusting = UpstreamTrust(authority.ca_file).client_context(("h2",))
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        handshake(server, trusting, "other.example")
    assert handshake(server, trusting, "127.0.0.1").selected_alpn_protocol() == "h2"


def test_an_extra_authority_is_added_to_the_systems(authority: TestAuthority) -> None:
    with_extra = UpstreamTrust(authority.ca_file).client_context(())
    without = UpstreamTrust().client_context(())
    assert len(with_extra.get_ca_certs()) == len(without.get_ca_certs()) + 1


def test_ssl_cert_file_of_the_own_environment_is_trusted(authority: TestAuthority) -> None:
    program = (
        "from sserec.proxy.trust import UpstreamTrust;"
        "print([dict(map(lambda part: part[0], cert['subject']))['commonName']"
        " for cert in UpstreamTrust().client_context(()).get_ca_certs()])"
    )
    environment = {**os.environ, "SSL_CERT_FILE": str(authority.ca_file)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == '["sserec tests\' CA"]\n'


def test_contexts_are_ready_after_preparation_and_the_same_ever_after() -> None:
    trust = UpstreamTrust()
    trust.prepare()
    assert [trust.client_context(offer) for offer in OFFERS] == [
        trust.client_context(offer) for offer in OFFERS
    ]


@pytest.mark.parametrize(
    ("content", "reason"), [(None, "No such file"), (b"not a certificate", "no certificate")]
)
def test_a_bad_upstream_ca_is_refused_in_one_line(tmp_path: Path, content: bytes | None, reason: str) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=f"--upstream-ca .*{reason}"):
        UpstreamTrust(path)


def test_the_bundle_joins_every_authority_once(
    own: Authority, authority: TestAuthority, tmp_path: Path
) -> None:
    twice = [str(authority.ca_file), str(authority.ca_file), str(tmp_path / "missing.pem")]
    bundle = union_bundle(own.certificate_pem, twice)
    assert bundle.startswith(own.certificate_pem.strip())
    assert bundle.count(authority.ca_file.read_bytes().strip()) == 1
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=bundle.decode())
    assert len(context.get_ca_certs()) == bundle.count(b"BEGIN CERTIFICATE")
