"""A server is reached at the first of its addresses that answers, and what went wrong is said in one line."""

import asyncio
import socket
import threading

import pytest

from sserec.proxy.clock import Clock
from sserec.proxy.dial import Dialled, Unreachable, dial


def dialled(host: str, port: int) -> Dialled:
    async def run() -> Dialled:
        found = await dial(host, port, Clock())
        found.road.sock.close()
        return found

    return asyncio.run(run())


def test_an_address_is_dialled_without_a_thread_to_look_it_up_in() -> None:
    async def run(port: int) -> set[threading.Thread]:
        before = set(threading.enumerate())
        (await dial("127.0.0.1", port, Clock())).road.sock.close()
        return set(threading.enumerate()) - before

    with socket.create_server(("127.0.0.1", 0)) as server:
        assert asyncio.run(run(server.getsockname()[1])) == set()


def test_a_name_is_dialled_at_an_address_that_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        found = dialled("localhost", port)
        assert found.peer in (f"127.0.0.1:{port}", f"[::1]:{port}")
        assert found.t_resolved_ns is not None
        assert found.t_resolved_ns <= found.t_connected_ns


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_where_nobody_listens_the_reason_is_the_systems(host: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(Unreachable, match="Connection refused"):
            dialled(host, taken.getsockname()[1])


def test_what_is_no_name_is_said_to_be_none() -> None:
    with pytest.raises(Unreachable, match="not a host name"):
        dialled(f"{'a' * 64}.example", 443)
