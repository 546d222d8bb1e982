"""Fixtures that many tests share."""

import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from proxy_stage import Stage
from record_support import BODY, Recorder
from shared_data import SHARED
from sserec.authority import Authority
from upstream import Upstream
from upstream_script import recordings, stream
from upstream_wire import TestAuthority

# How long an example takes says more about the machine than about the code, and what a run finds the next one shall
# find again. --hypothesis-profile=explore draws examples that nobody has tried yet.
settings.register_profile(
    "sserec", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("explore", settings.get_profile("sserec"), derandomize=False)
settings.load_profile("sserec")


@pytest.fixture(scope="session", autouse=True)
def signals_as_in_a_terminal() -> None:
    """Under nohup, or in the background of a script, the signals of a terminal are ignored, and every program that a
    test starts would go on ignoring them."""
    for name in ("SIGHUP", "SIGQUIT", "SIGINT"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> TestAuthority:
    """The CA that every test upstream's certificate comes from; nobody trusts it unasked."""
    return TestAuthority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def upstream(authority: TestAuthority) -> Iterator[Upstream]:
    """A server of this test's own. It plays the recordings of ../shared/streams, where they are, at once."""
    with Upstream(authority) as server:
        server.play_all(recordings(SHARED / "streams"))
        yield server


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port of an upstream that is not there. It is taken, so that no other server gets it meanwhile."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert isinstance(port, int)
        yield port


@pytest.fixture(scope="session")
def streams() -> Path:
    return SHARED / "streams"


@pytest.fixture(scope="session")
def own_authority() -> Authority:
    """sserec's CA."""
    return Authority()


@pytest.fixture(scope="session")
def own_ca(own_authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a client trusts that is to be looked into."""
    path = tmp_path_factory.mktemp("own") / "ca.pem"
    path.write_bytes(own_authority.certificate_pem)
    return path


@pytest.fixture
def stage(own_authority: Authority, authority: TestAuthority) -> Iterator[Stage]:
    """A proxy that asks for no credentials and notes in memory what it sees."""
    with Stage(own_authority, authority.ca_file) as stage:
        yield stage


@pytest.fixture
def recorder(tmp_path: Path, upstream: Upstream) -> Recorder:
    """Runs ``sserec record`` in a folder of its own; the upstream plays a small stream at ``/s``."""
    upstream.play("/s", stream(BODY, gap_s=0.005))
    return Recorder(tmp_path, upstream)
