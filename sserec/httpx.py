"""Transports for httpx and httpx2: a recording instead of a network, and a network that is recorded.

    client = httpx.Client(transport=ReplayTransport("chat.sse.zst"))

Both serve sync and async clients, and both libraries: what they return is made of the library that the request comes
from. In a replay no socket is opened and, at the default pace, no time passes; the ends are those that were recorded,
as the exceptions that the library would raise.
"""

import sys
import threading
from collections.abc import AsyncIterable, AsyncIterator, Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from os import PathLike, fspath
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx

from sserec import __version__
from sserec.archive import Meta
from sserec.proxy.clock import Clock as ArrivalClock
from sserec.proxy.destination import Destination
from sserec.proxy.facts import Arrival
from sserec.proxy.outcome import Outcome, finish
from sserec.proxy.recorder import Recorder
from sserec.recording import Recording
from sserec.records import Close, Closer, Headers, Manner, Request, Response
from sserec.redact import SECRETS, Policy
from sserec.replay.asked import asked
from sserec.replay.clock import Clock, JumpingClock, SystemClock
from sserec.replay.faults import Fault, parse
from sserec.replay.programme import Programme
from sserec.replay.repertoire import Miss, Repertoire
from sserec.replay.score import INSTANT, Finale, Head, Pace, Score
from sserec.replay.takes import Take, authority_of, takes

NO_ANSWER = "Server disconnected without sending a response."
BAD_ENDS = {
    Finale.CUT: ("RemoteProtocolError", "peer closed connection without sending complete message body"),
    Finale.RAGGED: ("RemoteProtocolError", "peer closed connection without sending complete message body"),
    Finale.BROKEN: ("RemoteProtocolError", "illegal chunk header"),
    Finale.RESET: ("ReadError", "[Errno 104] Connection reset by peer"),
}
"""What httpx raises when a connection ends so, and in which words."""
BAD_MANNERS = {"RemoteProtocolError": Manner.CLOSE, "ReadError": Manner.RESET, "WriteError": Manner.RESET}
"""How a connection ended for which httpx raises this."""
NO_LIMIT_NS = 1 << 62


class ReplayTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Answers requests from recordings, in this process.

    ``pace``: :data:`~sserec.replay.score.INSTANT` (the default), ``ORIGINAL`` or a ``Pace``. ``faults`` are words such
    as ``cut@event:12``. A request that nothing answers gets a 404 that says why, and stands in ``misses``. Raises
    OSError and ArchiveError for a file that cannot be read. Close it, or use it in a ``with`` statement.
    """

    def __init__(
        self,
        *files: str | PathLike[str],
        pace: Pace = INSTANT,
        any_body: bool = False,
        loop: bool = False,
        faults: Iterable[str | Fault] = (),
        clock: Clock | None = None,
    ) -> None:
        self.misses: list[Miss] = []
        """The requests that nothing answered."""
        broken = [fault if isinstance(fault, Fault) else parse(fault) for fault in faults]
        with ExitStack() as opened:
            recordings = [opened.enter_context(Recording.open(fspath(file))) for file in files]
            self._opened = opened.pop_all()
        performed = [take for recording in recordings for take in takes(recording.exchanges)]
        self._repertoire = Repertoire(performed, any_body=any_body, loop=loop)
        self._programme = Programme(self._repertoire, pace=pace, faults=broken, missed=self.misses.append)
        self._clock = clock or (JumpingClock() if pace == INSTANT else SystemClock())
        self._lock = threading.Lock()

    @property
    def unused(self) -> list[Take]:
        """The exchanges that nobody asked for so far."""
        return self._repertoire.unused

    def handle_request(self, request: Any) -> Any:
        """The answer to a request of a sync client."""
        request.read()
        performance = self._performance(request)
        return performance.response(next(performance.cues))

    async def handle_async_request(self, request: Any) -> Any:
        """The answer to a request of an async client, on asyncio."""
        await request.aread()
        performance = self._performance(request)
        return performance.response(await anext(performance.async_cues))

    def close(self) -> None:
        """Closes the recordings."""
        self._opened.close()

    async def aclose(self) -> None:
        """Closes the recordings."""
        self.close()

    def _performance(self, request: Any) -> "Performance":
        method, url = request.method, str(request.url)
        question = asked(method, url, fields_of(request.headers), request.content, authority_of(url))
        with self._lock:
            score = self._programme.score_for(question)
        return Performance(score, self._clock, request)


class Performance:
    """One answer, played to an httpx client: first its head, then its body, then the end that it has."""

    def __init__(self, score: Score, clock: Clock, request: Any) -> None:
        self._clock = clock
        self._request = request
        self._library = library_of(request)
        self._steps = self._perform(score)
        self.cues = self._waited_for()
        self.async_cues = self._awaited()

    def _waited_for(self) -> Iterator[Any]:
        for step in self._steps:
            if isinstance(step, int):
                self._clock.wait_until(step)
            else:
                yield step

    async def _awaited(self) -> AsyncIterator[Any]:
        for step in self._steps:
            if isinstance(step, int):
                await self._clock.sleep_until(step)
            else:
                yield step

    def response(self, head: Head) -> Any:
        """The library's response with this head; its stream is the rest."""
        response, announced = head.response, head.size_bytes
        length = () if announced is None else (("content-length", str(announced)),)
        return self._library.Response(
            response.status,
            headers=raw_fields((*response.headers, *length)),
            stream=stream_class(self._library)(self.cues, self.async_cues, self._steps.close),
            request=self._request,
            extensions={"http_version": b"HTTP/1.1", "reason_phrase": response.reason.encode("latin-1")},
        )

    def _perform(self, score: Score) -> Generator[int | Head | bytes, None, None]:
        """Times to wait for, and what comes then. Raises what the library raises when a connection ends badly."""
        begin_ns, patience_ns, answered = self._clock.now_ns(), self._patience_ns(), False
        for t_ns, cue in score:
            patient_ns = self._clock.now_ns() + patience_ns
            yield min(begin_ns + t_ns, patient_ns)
            if begin_ns + t_ns > patient_ns:
                raise self._error("ReadTimeout", "The read operation timed out")
            if isinstance(cue, Finale):
                self._end(cue, answered)
            else:
                yield cue
                answered = True

    def _end(self, finale: Finale, answered: bool) -> None:
        if finale in BAD_ENDS:
            name, words = BAD_ENDS[finale]
            raise self._error(name, words if answered or name == "ReadError" else NO_ANSWER)

    def _patience_ns(self) -> int:
        """The client's read timeout."""
        seconds = (self._request.extensions.get("timeout") or {}).get("read")
        return NO_LIMIT_NS if seconds is None else int(seconds * 1e9)

    def _error(self, name: str, words: str) -> Exception:
        error: Exception = getattr(self._library, name)(words, request=self._request)
        return error


class RecordingTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Sends requests through another transport and records what passes.

    ``wrapped``: the transport to send through; by default the library's own. What arrives is what the library hands
    over: chunks are its reads, and secrets are replaced before anything is written. The file is finished by ``close``;
    until then it is a journal, which every command reads. Raises RecordingError where the file exists already.
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
        self._clock = ArrivalClock()
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
        if self.outcome is None:
            self.outcome = finish(self._recorder, self._destination)

    def _transport(self, request: Any, name: str) -> Any:
        if self._wrapped is None:
            self._wrapped = getattr(library_of(request), name)()
        return self._wrapped


class Heard:
    """An exchange that is being recorded."""

    def __init__(self, recorder: Recorder, clock: ArrivalClock, request: Any) -> None:
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

    async def _async_chunks(self, stream: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
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


class Body:
    """A response's stream in both kinds of client. Its subclasses are streams to their library as well."""

    def __init__(
        self,
        chunks: Iterator[bytes],
        async_chunks: AsyncIterator[bytes],
        closed: Callable[[], object],
        closing: Any = None,
    ) -> None:
        self._chunks = chunks
        self._async_chunks = async_chunks
        self._closed = closed
        self._closing = closing

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._async_chunks

    def close(self) -> None:
        self._closed()
        if self._closing is not None:
            self._closing.close()

    async def aclose(self) -> None:
        self._closed()
        if self._closing is not None:
            await self._closing.aclose()


def library_of(request: Any) -> ModuleType:
    """httpx or httpx2, whichever made the request."""
    return sys.modules[type(request).__module__.partition(".")[0]]


@cache
def stream_class(library: ModuleType) -> type[Body]:
    """A body that the library accepts as its own: clients insist on that."""
    return type("Body", (Body, library.SyncByteStream, library.AsyncByteStream), {})


def fields_of(headers: Any) -> Headers:
    """Names and values as they were written."""
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers.raw)


def raw_fields(headers: Headers) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
