"""Fixtures that many tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared_data import SHARED
from upstream import Upstream
from upstream_script import recordings
from upstream_wire import TestAuthority


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


@pytest.fixture(scope="session")
def streams() -> Path:
    return SHARED / "streams"
