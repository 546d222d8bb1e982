"""The first flight of a TLS client, as OpenSSL writes it: whom it calls for, what it speaks, however it is split."""

import random
import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_splits import mutated
from sserec.proxy.client_hello import MAX_HELLO_BYTES, ClientHello, looks_like_tls, read_client_hello


def first_flight(name: str | None = "api.example", alpn: tuple[str, ...] = ()) -> bytes:
    context = ssl.create_default_context()
    context.check_hostname = name is not None
    if alpn:
        context.set_alpn_protocols(list(alpn))
    outgoing = ssl.MemoryBIO()
    session = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        session.do_handshake()
    return outgoing.read()


def in_records_of(size: int, flight: bytes) -> bytes:
    """The same handshake message, spread over more records (RFC 8446, section 5.1)."""
    message = flight[5:]
    parts = [message[at : at + size] for at in range(0, len(message), size)]
    return b"".join(flight[:3] + len(part).to_bytes(2, "big") + part for part in parts)


@pytest.mark.parametrize("name", ["api.example", None])
@pytest.mark.parametrize("alpn", [(), ("h2", "http/1.1"), ("http/1.1",), ("imap",)])
def test_a_hello_says_whom_it_is_for_and_what_it_speaks(name: str | None, alpn: tuple[str, ...]) -> None:
    flight = first_flight(name, alpn)
    assert looks_like_tls(flight)
    assert read_client_hello(flight) == ClientHello(name, alpn)


@pytest.mark.parametrize("size", [1, 7, 100, 16_384])
def test_it_is_understood_once_it_is_whole_and_not_before(size: int) -> None:
    flight = in_records_of(size, first_flight(alpn=("h2",)))
    for end in range(len(flight)):
        assert read_client_hello(flight[:end]) is None
    assert read_client_hello(flight) == ClientHello("api.example", ("h2",))
    assert read_client_hello(flight + b"early data") == ClientHello("api.example", ("h2",))


def test_an_address_is_no_server_name() -> None:
    assert read_client_hello(first_flight("192.0.2.1")) == ClientHello(None)


@pytest.mark.parametrize(
    "data", [b"\x16\x03\x01\x00\x05\x02\x00\x00\x01\x00", b"\x16\x03\x01\x00\x04\x01\x00\x00\x00"]
)
def test_what_is_no_hello_is_an_empty_one(data: bytes) -> None:
    assert read_client_hello(data) == ClientHello()


def test_a_hello_that_never_ends_is_left_to_the_handshake_to_refuse() -> None:
    endless = b"\x16\x03\x01\xff\xff\x01\xff\xff\xff" + bytes(MAX_HELLO_BYTES)
    assert read_client_hello(endless[:1000]) is None
    assert read_client_hello(endless) == ClientHello()


@given(st.randoms(use_true_random=False))
def test_mutated_hellos_never_raise(chance: random.Random) -> None:
    read_client_hello(mutated(FLIGHT, chance))


FLIGHT = first_flight(alpn=("h2", "http/1.1"))
