"""Recordings for the tests of the viewer: made by the real writer, opened by the real document."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

from sserec.archive import ArchiveWriter, Meta, finalise
from sserec.records import Close, Closer, Manner, Request, Response
from sserec.tui.model.document import Document
from sserec.tui.model.jobs import run
from sserec.tui.model.stream import Stream

S = 1_000_000_000
MS = 1_000_000
REQUEST = Request("POST", "https://example.org/v1beta/interactions", "HTTP/1.1")
EVENT_STREAM = Response(200, "OK", "HTTP/1.1", (("content-type", "text/event-stream"),))

LATE_MS = 1e9
"""A final file is the same however often its journal was written to."""

Chunk = tuple[int, bytes]
"""When bytes came, and which."""


def event(type_: str, **payload: object) -> bytes:
    """One event of the Interactions API."""
    return b"event: %b\ndata: %b\n\n" % (type_.encode(), orjson.dumps({**payload, "event_type": type_}))


def text(words: str, index: int = 0) -> bytes:
    return event("step.delta", index=index, delta={"type": "text", "text": words})


def start(type_: str, index: int = 0) -> bytes:
    return event("step.start", index=index, step={"type": type_})


def stop(index: int = 0) -> bytes:
    return event("step.stop", index=index)


CREATED = event("interaction.created", interaction={"id": "v1_x", "status": "in_progress"})
COMPLETED = event("interaction.completed", interaction={"id": "v1_x", "status": "completed"})
DONE = b"event: done\ndata: [DONE]\n\n"

STORY = [
    (1000 * MS, CREATED),
    (1100 * MS, start("thought")),
    (1200 * MS, stop()),
    (2000 * MS, start("model_output", 1)),
    (2100 * MS, text("Hello ", 1)),
    (2100 * MS, text("World ", 1)),
    (17_100 * MS, text("after a stall", 1)),
    (17_200 * MS, stop(1)),
    (17_300 * MS, COMPLETED),
    (17_300 * MS, DONE),
]
"""Ten events, a stall of 15 s before the seventh, two in one instant twice."""


def write(path: Path, *exchanges: Iterable[Chunk], final: bool = True, close: bool = True) -> Path:
    """An archive with an exchange for each list of chunks; the requests were sent at 0.5 s."""
    flush_ms = LATE_MS if final else 0
    with ArchiveWriter(path, meta=Meta(anchor_unix_ns=0), flush_ms=flush_ms) as writer:
        for chunks in exchanges:
            record(writer, chunks, close=close)
    if final:
        finalise(path)
    return path


def record(writer: ArchiveWriter, chunks: Iterable[Chunk], *, close: bool = True) -> int:
    number = writer.open_exchange(REQUEST, S // 2)
    writer.request_sent(number, S // 2)
    writer.response(number, EVENT_STREAM, S // 2)
    t_ns = S // 2
    for t_ns, data in chunks:
        writer.chunk(number, data, t_ns)
    if close:
        writer.close_exchange(number, Close(t_ns, Closer.UPSTREAM, Manner.END, framing_complete=True))
    return number


@contextmanager
def opened(path: Path) -> Iterator[Stream]:
    """The first exchange of a file, with all that can be found out about it."""
    with Document.open(str(path)) as document:
        stream = document.stream(document.best)
        run(stream.load())
        yield stream


@contextmanager
def story(folder: Path, chunks: Iterable[Chunk] = STORY) -> Iterator[Stream]:
    """A stream that was recorded, finished, and opened again."""
    with opened(write(folder / "story.sse.zst", chunks)) as stream:
        yield stream


def texts(stream: Stream) -> list[str]:
    """What the rows of a stream say, by number, or by what stray bytes are."""
    lines = map(stream.rows.line, range(len(stream.rows)))
    return [line.type if line.number is None else str(line.number) for line in lines]
