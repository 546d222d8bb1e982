"""Recordings to be checked: plain bodies, and archives with exact times, heads and ends."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sserec.archive import ArchiveWriter, Meta
from sserec.check import Finding, Report, check
from sserec.recording import Recording
from sserec.records import Close, Closer, Headers, Manner, Request, Response

MS = 1_000_000
S = 1000 * MS
URL = "https://generativelanguage.googleapis.com/v1beta/interactions"
STREAM_HEADERS: Headers = (("content-type", "text/event-stream"),)
ASKED = b'{"model":"gemini-x","input":"hi","stream":true}'


def ended(t_ns: int = 10 * S, **facts: object) -> Close:
    """A response that was whole by its own framing."""
    return Close(**{"t_ns": t_ns, "by": Closer.UPSTREAM, "how": Manner.END, "framing_complete": True} | facts)  # type: ignore[arg-type]


def cut(
    by: Closer = Closer.UPSTREAM, how: Manner = Manner.CLOSE, t_ns: int = 10 * S, error: str | None = None
) -> Close:
    """One that was not."""
    return Close(t_ns, by, how, framing_complete=False, error=error)


@dataclass(frozen=True)
class Take:
    """One exchange of an archive."""

    body: bytes | tuple[tuple[int, bytes], ...] = b""
    """At once, or in chunks with their times."""
    url: str = URL
    method: str = "POST"
    request_headers: Headers = ()
    request_body: bytes = ASKED
    status: int | None = 200
    reason: str = "OK"
    headers: Headers = STREAM_HEADERS
    close: Close | None = field(default_factory=ended)
    opaque: str | None = None

    def write(self, writer: ArchiveWriter) -> None:
        if self.opaque is not None:
            number = writer.open_opaque("files.example:443", self.opaque, 0)
            writer.close_exchange(number, ended())
            return
        number = writer.open_exchange(Request(self.method, self.url, "HTTP/1.1", self.request_headers), 0)
        writer.request_body(number, self.request_body)
        writer.request_sent(number, MS)
        if self.status is not None:
            writer.response(number, Response(self.status, self.reason, "HTTP/1.1", self.headers), 2 * MS)
        for t_ns, data in self.chunks():
            writer.chunk(number, data, t_ns)
        if self.close is not None:
            writer.close_exchange(number, self.close)

    def chunks(self) -> tuple[tuple[int, bytes], ...]:
        if isinstance(self.body, tuple):
            return self.body
        return ((3 * MS, self.body),) if self.body else ()


def write(path: Path, *takes: Take) -> None:
    """A whole journal with these exchanges, and nobody writing it any more."""
    with writing(path, *takes):
        pass


@contextmanager
def writing(path: Path, *takes: Take) -> Iterator[None]:
    """A journal with these exchanges that a recorder still holds."""
    with ArchiveWriter(path, meta=Meta(anchor_unix_ns=0)) as writer:
        for take in takes:
            take.write(writer)
        writer.flush()
        yield


@dataclass(frozen=True)
class Scene:
    """What is to be checked: a plain body, or exchanges of an archive."""

    recorded: bytes | tuple[Take, ...]
    is_live: bool = False
    damaged_at: int | None = None
    """The position of a byte of the file that is flipped; negative from its end."""

    def check(self, directory: Path, **options: int) -> Report:
        path = directory / "checked.sse"
        with ExitStack() as stack:
            if isinstance(self.recorded, bytes):
                path.write_bytes(self.recorded)
            elif self.is_live:
                stack.enter_context(writing(path, *self.recorded))
            else:
                write(path, *self.recorded)
            if self.damaged_at is not None:
                data = bytearray(path.read_bytes())
                data[self.damaged_at] ^= 0xFF
                path.write_bytes(data)
            with Recording.open(str(path)) as recording:
                return check(recording, **options)


def findings_of(scene: Scene | bytes, directory: Path, rule: str) -> list[Finding]:
    """What one rule says about a scene."""
    scene = Scene(scene) if isinstance(scene, bytes) else scene
    return [finding for finding in scene.check(directory).findings if finding.rule == rule]
