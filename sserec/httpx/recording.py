"""A network that is recorded while it is used."""

import atexit
import os
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

import httpx

from sserec import __version__
from sserec.archive import Meta
from sserec.httpx.library import fields_of, library_of, stream_class
from sserec.proxy.clock import Clock
from sserec.proxy.destination import Destination
from sserec.proxy.facts import Arrival
from sserec.proxy.outcome import Outcome, finish
from sserec.proxy.recorder import Recorder
from sserec.records import Close, Closer, Manner, Request, Response
from sserec.redact import SECRETS, Policy

BAD_MANNERS = {
    "ConnectError": Manner.UNREACHED,
    "ConnectTimeout": Manner.UNREACHED,
    "RemoteProtocolError": Manner.CLOSE,
    "ReadError": Manner.RESET,
    "WriteError": Manner.RESET,
}
"""How a connection ended for which httpx raises this."""


class RecordingTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Sends requests through another transport and records what passes.

    ``wrapped``: the transport to send through; by default the library's own. What arrives is what the library hands
    over: chunks are its reads, and secrets are replaced before anything is written. The file is finished by ``close``,
    or when the interpreter ends: many a client is never closed. Until then it is a journal, which every command reads.
    Raises RecordingError where the file exists already.
    """

    def __init__(
        self,
        file: str | PathLike[str],
        wrapped: Any = None,
        *,
        overwrite: bool = False,
        policy: Policy = SECRETS,
    ) -> None:
        self._wrapped = wrapped
        self._clock = Clock()
        meta = Meta(
            anchor_unix_ns=self._clock.epoch_unix_ns,
            clock=self._clock.name,
            software=f"sserec {__version__}",
            attributes={"mode": "httpx"},
        )
        self._destination = Destination(Path(file), meta, overwrite=overwrite)
        self._recorder = Recorder(self._destination.writer, self._clock, policy=policy)
        self.outcome: Outcome | None = None
        """What was recorded, once the transport is closed."""
        self._process = os.getpid()
        atexit.register(self._finish)

    def handle_request(self, request: Any) -> Any:
        """Sends a sync client's request and records the answer."""
        request.read()
        heard = Heard(self._recorder, self._clock, request)
        with heard.failing():
            response = self._transport(request, "HTTPTransport").handle_request(request)
        return heard.response(response)

    async def handle_async_request(self, request: Any) -> Any:
        """Sends an async client's request and records the answer."""
        await request.aread()
        heard = Heard(self._recorder, self._clock, request)
        with heard.failing():
            response = await self._transport(request, "AsyncHTTPTransport").handle_async_request(request)
        return heard.response(response)

    def close(self) -> None:
        """Closes the wrapped transport and finishes the file; without a request none is left."""
        if self._wrapped is not None:
            self._wrapped.close()
        self._finish()

    async def aclose(self) -> None:
        """Closes the wrapped transport and finishes the file; without a request none is left."""
        if self._wrapped is not None:
            await self._wrapped.aclose()
        self._finish()

    def _finish(self) -> None:
        """Not by a process that was forked from the recording one: the file is not its own."""
        atexit.unregister(self._finish)
        if self.outcome is None and os.getpid() == self._process:
            self.outcome = finish(self._recorder, self._destination)

    def _transport(self, request: Any, name: str) -> Any:
        if self._wrapped is None:
            self._wrapped = getattr(library_of(request), name)()
        return self._wrapped


class Heard:
    """An exchange that is being recorded."""

    def __init__(self, recorder: Recorder, clock: Clock, request: Any) -> None:
        self._clock = clock
        self._request = request
        head = Request(request.method, str(request.url), "HTTP/1.1", fields_of(request.headers))
        self._sink = recorder.open_exchange(head, None, clock.now_ns())
        self._is_open = True
        self._sink.request_body(request.content)
        self._sink.request_sent(clock.now_ns())

    @contextmanager
    def failing(self) -> Iterator[None]:
        """Notes how the exchange ends when it ends with an error, which passes."""
        try:
            yield
        except Exception as error:
            manner = BAD_MANNERS.get(type(error).__name__, Manner.FAULT)
            self._close(Close(self._clock.now_ns(), Closer.UPSTREAM, manner, False, str(error) or None))
            raise

    def response(self, response: Any) -> Any:
        """The same response, heard while it is read."""
        version = response.extensions.get("http_version", b"HTTP/1.1").decode("ascii")
        fields = fields_of(response.headers)
        reason = response.extensions.get("reason_phrase", b"").decode("latin-1")
        self._sink.response(Response(response.status_code, reason, version, fields), self._clock.now_ns())
        library, stream = library_of(self._request), response.stream
        return library.Response(
            response.status_code,
            headers=response.headers,
            stream=stream_class(library)(
                self._chunks(stream), self._async_chunks(stream), self._leave, closing=stream
            ),
            request=self._request,
            extensions=response.extensions,
        )

    def _chunks(self, stream: Iterable[bytes]) -> Iterator[bytes]:
        with self.failing():
            for data in stream:
                self._sink.chunk(data, Arrival(self._clock.now_ns()))
                yield data
        self._complete()

    async def _async_chunks(self, stream: AsyncIterable[bytes]) -> AsyncGenerator[bytes]:
        with self.failing():
            async for data in stream:
                self._sink.chunk(data, Arrival(self._clock.now_ns()))
                yield data
        self._complete()

    def _complete(self) -> None:
        self._close(Close(self._clock.now_ns(), Closer.UPSTREAM, Manner.END, True))

    def _leave(self) -> None:
        """The client closes; if there was more to come, it has cancelled."""
        self._close(Close(self._clock.now_ns(), Closer.CLIENT, Manner.CLOSE, False))

    def _close(self, close: Close) -> None:
        if self._is_open:
            self._is_open = False
            self._sink.close(close)
