"""The proxy on a stage: running in a thread of its own, with its facts noted in memory instead of a file."""

import asyncio
import ssl
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Condition, Thread
from types import TracebackType
from typing import Any, Self

from sserec.proxy.attention import Hosts
from sserec.proxy.clock import Clock
from sserec.proxy.facts import Arrival, Side
from sserec.proxy.outward import DIRECT, OutwardProxies
from sserec.proxy.remarks import Remarks
from sserec.proxy.routing import ReverseRoute
from sserec.proxy.server import EVERY_HOST, ProxyServer
from sserec.proxy.setting import ServerContexts
from sserec.records import Close, Connection, Request, Response

PATIENCE_S = 60.0


@dataclass
class Noted:
    """Everything a sink was told about one exchange or opaque connection."""

    changed: Condition
    request: Request | None = None
    connection: Connection | None = None
    opaque: tuple[str, str] | None = None
    t_open_ns: int = 0
    request_data: bytes = b""
    t_sent_ns: int | None = None
    answer: Response | None = None
    t_response_ns: int | None = None
    chunks: list[tuple[bytes, Arrival]] = field(default_factory=list)
    passed: list[tuple[Side, int]] = field(default_factory=list)
    closes: list[Close] = field(default_factory=list)

    def request_body(self, data: bytes) -> None:
        self.request_data += data

    def request_sent(self, t_ns: int) -> None:
        self.t_sent_ns = t_ns

    def response(self, response: Response, t_ns: int) -> None:
        self.answer, self.t_response_ns = response, t_ns

    def chunk(self, data: bytes, arrival: Arrival) -> None:
        with self.changed:
            self.chunks.append((data, arrival))
            self.changed.notify_all()

    def traffic(self, side: Side, t_ns: int, size_bytes: int) -> None:
        self.passed.append((side, size_bytes))

    def close(self, close: Close) -> None:
        with self.changed:
            self.closes.append(close)
            self.changed.notify_all()

    @property
    def body(self) -> bytes:
        return b"".join(data for data, _ in self.chunks)

    @property
    def end(self) -> Close:
        (close,) = self.closes
        return close


class Notebook:
    """A sink that keeps what it is told."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.exchanges: list[Noted] = []
        self.opaques: list[Noted] = []
        self.changed = Condition()

    def open_exchange(self, request: Request, connection: Connection | None, t_ns: int) -> Noted:
        noted = Noted(self.changed, request=request, connection=connection, t_open_ns=t_ns)
        self.exchanges.append(noted)
        return noted

    def open_opaque(self, target: str, reason: str, t_ns: int) -> Noted:
        noted = Noted(self.changed, opaque=(target, reason), t_open_ns=t_ns)
        self.opaques.append(noted)
        return noted

    def closed(self, number: int = 1) -> list[Noted]:
        """The first ``number`` exchanges, once they are closed."""
        return self._when_closed(lambda: self.exchanges[:number], number)

    def closed_opaque(self, number: int = 1) -> list[Noted]:
        return self._when_closed(lambda: self.opaques[:number], number)

    def _when_closed(self, those: Callable[[], list[Noted]], number: int) -> list[Noted]:
        def are_closed() -> bool:
            return len(those()) == number and all(noted.closes for noted in those())

        self.wait_for(are_closed)
        return those()

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Until ``condition`` holds of what is noted."""
        with self.changed:
            assert self.changed.wait_for(condition, PATIENCE_S), (self.exchanges, self.opaques)


class TrustIn:
    """Trusts one file of authorities."""

    def __init__(self, ca_file: Path) -> None:
        self._ca_file = ca_file

    def client_context(self, alpn: tuple[str, ...]) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self._ca_file)
        if alpn:
            context.set_alpn_protocols(list(alpn))
        return context


async def nothing_else() -> None:
    """Waits for what goes on beside us on this loop, so that it is closed over nothing that is open."""
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(others)


class Stage:
    """A proxy at ``address``; ``notebook`` holds what it observed, ``lines`` what it logged."""

    @property
    def remarks(self) -> Remarks:
        return self._server.remarks

    def __init__(
        self,
        authority: ServerContexts,
        ca_file: Path,
        *,
        credentials: str | None = None,
        hosts: Hosts = EVERY_HOST,
        outward: OutwardProxies = DIRECT,
        reverse: Iterable[ReverseRoute] = (),
        notebook: Notebook | None = None,
    ) -> None:
        self.notebook = notebook or Notebook()
        self.lines: list[str] = []
        self._server = ProxyServer(
            self.notebook,
            authority,
            TrustIn(ca_file),
            credentials=credentials,
            hosts=hosts,
            outward=outward,
            reverse=reverse,
            log=self.lines.append,
        )
        self._stopped = False
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever)

    def __enter__(self) -> Self:
        self._thread.start()
        self.host, self.port = self._run(self._server.start("127.0.0.1", 0))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._stopped:
            self.stop()
        self._run(nothing_else())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def stop(self, grace_s: float = 0.0) -> None:
        self._stopped = True
        self._run(self._server.stop(grace_s))

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)
