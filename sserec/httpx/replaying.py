"""A recording instead of a network."""

import threading
from collections.abc import AsyncGenerator, Generator, Iterable, Iterator
from contextlib import ExitStack
from os import PathLike, fspath
from typing import Any

import httpx

from sserec.httpx.library import fields_of, library_of, raw_fields, stream_class
from sserec.recording import Recording
from sserec.replay.asked import asked
from sserec.replay.clock import Clock, JumpingClock, SystemClock
from sserec.replay.faults import Fault, parse
from sserec.replay.programme import Programme, check_places
from sserec.replay.repertoire import Miss, Repertoire
from sserec.replay.score import INSTANT, Epilogue, Finale, Head, Pace, Score
from sserec.replay.takes import Take, authority_of, takes

NO_ANSWER = "Server disconnected without sending a response."
BAD_ENDS = {
    Finale.CUT: ("RemoteProtocolError", "peer closed connection without sending complete message body"),
    Finale.RAGGED: ("RemoteProtocolError", "peer closed connection without sending complete message body"),
    Finale.BROKEN: ("RemoteProtocolError", "illegal chunk header"),
    Finale.RESET: ("ReadError", "[Errno 104] Connection reset by peer"),
}
"""What httpx raises when a connection ends so, and in which words."""
NO_LIMIT_NS = 1 << 62


class ReplayTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Answers requests from recordings, in this process.

    ``pace``: :data:`~sserec.replay.score.INSTANT` (the default), ``ORIGINAL`` or a ``Pace``. ``faults`` are words such
    as ``cut@event:12``. A request that nothing answers gets a 404 that says why, and stands in ``misses``. Raises
    OSError and ArchiveError for a file that cannot be read, UsageError for a fault that there is not. Close it, or use
    it in a ``with`` statement.
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
            performed = [take for recording in recordings for take in takes(recording.exchanges)]
            check_places(broken, performed)
            self._opened = opened.pop_all()
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
        """The answer to a request of an async client, on asyncio or trio."""
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

    async def _awaited(self) -> AsyncGenerator[Any]:
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
            elif not isinstance(cue, Epilogue):  # httpx has no place for trailers
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
