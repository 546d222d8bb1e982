"""What the test upstream plays, and what it logs while it plays.

A script is data: which bytes, after which pauses, framed and ended how. The servers in ``upstream`` play it over
HTTP/1.1 and HTTP/2 alike and log the monotonic time just before each write, so that a test can hold a recording
against what really left the server.
"""

import re
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from threading import Event
from typing import Protocol

import brotli
import zstandard

Headers = tuple[tuple[str, str], ...]

GAP_S = 0.02
EVENT_STREAM: Headers = (("content-type", "text/event-stream"),)


class Framing(StrEnum):
    """How an HTTP/1.1 response says where it ends; HTTP/2 has its own way."""

    CHUNKED = "chunked"
    LENGTH = "length"
    EOF = "eof"


class Finish(StrEnum):
    """What the server does after the last write."""

    CLEAN = "clean"
    CUT = "cut"
    """close_notify and FIN before the framing is complete (a Content-Length promises more than comes)."""
    RAGGED = "ragged"
    """FIN alone: no close_notify, and no terminator where the framing has one."""
    RESET = "reset"
    """TCP RST."""
    BAD_CHUNK = "bad chunk"
    """A chunk size that is no number, then FIN; HTTP/1.1 only."""
    RST_STREAM = "rst_stream"
    """RST_STREAM with INTERNAL_ERROR; HTTP/2 only."""
    HOLD = "hold"
    """Nothing: the connection stays open until the client goes."""


@dataclass(frozen=True)
class Write:
    """Bytes that leave the server in one TLS record, ``delay_s`` after the write before."""

    delay_s: float
    data: bytes


@dataclass(frozen=True)
class Script:
    writes: tuple[Write, ...]
    status: int = 200
    headers: Headers = EVENT_STREAM
    framing: Framing = Framing.CHUNKED
    finish: Finish = Finish.CLEAN
    coding: str | None = None

    @property
    def body(self) -> bytes:
        return b"".join(write.data for write in self.writes)


def stream(
    body: bytes, *, gap_s: float = GAP_S, coding: str | None = None, **ending: Framing | Finish
) -> Script:
    """An SSE body, one event a write."""
    events = re.findall(rb".+?(?:\n\n|\r\n\r\n|\Z)", body, re.DOTALL)
    script = Script(tuple(Write(gap_s, event) for event in events), coding=coding)
    return Script(**{**script.__dict__, **ending})


def json_response(status: int, body: bytes, headers: Headers = ()) -> Script:
    """A response that does not stream: what an API says to a bad request, or without ``stream:true``."""
    head = (("content-type", "application/json"), *headers)
    return Script((Write(0, body),), status=status, headers=head, framing=Framing.LENGTH)


def recordings(folder: Path) -> dict[str, Script]:
    """A path ``/streams/NAME`` for each ``NAME.sse`` of ``folder``."""
    return {f"/streams/{path.stem}": stream(path.read_bytes()) for path in sorted(folder.glob("*.sse"))}


@dataclass(frozen=True)
class Written:
    t_ns: int
    """``time.monotonic_ns()`` just before the bytes were handed to the kernel."""
    data: bytes
    """As the script has them, before content-coding."""


@dataclass
class Served:
    """One exchange as the server saw it."""

    method: str
    path: str
    """The request target with its query."""
    http_version: str
    headers: Headers
    body: bytes
    connection: int
    writes: list[Written] = field(default_factory=list)
    t_gone_ns: int | None = None
    """When the server learned that the client had gone before the script was played."""
    done: Event = field(default_factory=Event)

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name), None)

    def log(self, data: bytes) -> None:
        self.writes.append(Written(time.monotonic_ns(), data))

    def gone(self) -> None:
        """The client left; whatever the script still holds is not sent."""
        if not self.done.is_set():
            self.t_gone_ns = time.monotonic_ns()
            self.done.set()

    @property
    def body_sent(self) -> bytes:
        return b"".join(written.data for written in self.writes)


class Encoder(Protocol):
    def encode(self, data: bytes) -> bytes:
        """``data`` coded and flushed, so that the client can read it at once."""

    def finish(self) -> bytes: ...


@dataclass
class Flushing:
    """A content coding as three functions of a compressor object."""

    compress: Callable[[bytes], bytes]
    flush: Callable[[], bytes]
    finish: Callable[[], bytes]

    def encode(self, data: bytes) -> bytes:
        return self.compress(data) + self.flush()


def encoder(coding: str | None) -> Encoder:
    match coding:
        case None:
            return Flushing(bytes, bytes, bytes)
        case "gzip" | "deflate":
            deflate = zlib.compressobj(wbits=31 if coding == "gzip" else 15)
            return Flushing(deflate.compress, lambda: deflate.flush(zlib.Z_SYNC_FLUSH), deflate.flush)
        case "br":
            br = brotli.Compressor()
            return Flushing(br.process, br.flush, br.finish)
        case "zstd":
            zstd = zstandard.ZstdCompressor().compressobj()
            block = zstandard.COMPRESSOBJ_FLUSH_BLOCK
            return Flushing(zstd.compress, lambda: zstd.flush(block), zstd.flush)
    raise ValueError(coding)


def coded(script: Script) -> Iterator[tuple[Write, bytes]]:
    """Each write with its coded bytes; the coding's own end travels with the last one."""
    code = encoder(script.coding)
    for write, is_last in with_last(script.writes):
        data = code.encode(write.data)
        yield write, data + code.finish() if is_last and script.finish is Finish.CLEAN else data


def with_last(writes: Iterable[Write]) -> Iterator[tuple[Write, bool]]:
    held = list(writes)
    return ((write, index == len(held) - 1) for index, write in enumerate(held))
