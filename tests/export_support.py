"""Recordings of several exchanges, one after the other, and the commands that read them."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from sserec.archive import ArchiveWriter, Meta
from sserec.records import Close, Closer, Headers, Manner, Request, Response

Json = dict[str, Any]

MS = 1_000_000
SECOND = 1000 * MS
API = "https://generativelanguage.googleapis.com/v1/interactions"
MODEL = "gemini-3-flash-preview"
SENT: Headers = (
    ("host", "generativelanguage.googleapis.com"),
    ("content-type", "application/json"),
    ("accept", "text/event-stream"),
    ("user-agent", "made for a test"),
    ("x-goog-api-key", "[REDACTED]"),
)
EVENT_STREAM = "text/event-stream"
JSON = "application/json"


@dataclass(frozen=True)
class Told:
    """One exchange: what was asked, what was answered, and whether to the end."""

    answer: bytes = b""
    asked: Json | bytes = b""
    url: str = API
    method: str = "POST"
    headers: Headers = SENT
    status: int | None = 200
    content_type: str = EVENT_STREAM
    is_cut: bool = False

    @property
    def body(self) -> bytes:
        return self.asked if isinstance(self.asked, bytes) else orjson.dumps(self.asked)

    def write(self, writer: ArchiveWriter, t_ns: int) -> None:
        number = writer.open_exchange(Request(self.method, self.url, "HTTP/1.1", self.headers), t_ns)
        writer.request_body(number, self.body)
        writer.request_sent(number, t_ns + MS)
        if self.status is not None:
            head = Response(self.status, "", "HTTP/1.1", (("content-type", self.content_type),))
            writer.response(number, head, t_ns + 2 * MS)
        if self.answer:
            writer.chunk(number, self.answer, t_ns + 3 * MS)
        writer.close_exchange(number, self.close(t_ns + 500 * MS))

    def close(self, t_ns: int) -> Close:
        manner = Manner.CLOSE if self.is_cut else Manner.END
        return Close(t_ns, Closer.UPSTREAM, manner, framing_complete=not self.is_cut)


def asked(given: object = "q", **more: object) -> Json:
    return {"model": MODEL, "input": given, **more, "stream": True}


def get(answer: bytes, query: str = "", interaction_id: str = "v1_a", **facts: Any) -> Told:
    """A request for an interaction that was made before."""
    url = f"{API}/{interaction_id}" + (f"?{query}" if query else "")
    return Told(answer, b"", url, "GET", **facts)


def unary(interaction: Json, **facts: Any) -> Told:
    """An answer in one piece."""
    return Told(orjson.dumps(interaction), content_type=JSON, **facts)


def refused(status: int, given: Json, **facts: Any) -> Told:
    error = {"error": {"code": status, "message": "not now", "status": "UNAVAILABLE"}}
    return Told(orjson.dumps(error), given, status=status, content_type=JSON, **facts)


def archive(path: Path, *told: Told) -> Path:
    """A recording of these exchanges, a second after one another."""
    with ArchiveWriter(path, meta=Meta(anchor_unix_ns=0)) as writer:
        for position, exchange in enumerate(told):
            exchange.write(writer, position * SECOND)
    return path


def sserec(*arguments: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "sserec", *arguments], input=stdin, capture_output=True, check=False
    )


def exported(path: Path, *options: str, code: int = 0) -> Any:
    """The JSON that ``sserec export`` writes; stderr is empty when all is well."""
    done = sserec("export", path, *options)
    assert done.returncode == code, done.stderr
    assert bool(done.stderr) == bool(code), done.stderr
    return orjson.loads(done.stdout)
