"""Pages made of recordings, and what stands in them: for the tests that need no browser and for those that do."""

import gzip
import re
from base64 import b64decode
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

import sserec
from sserec.archive import ArchiveWriter, Meta
from sserec.export.html import Room, page
from sserec.export.html.answers import as_told
from sserec.export.html.packed import told
from sserec.interactions import Assembler
from sserec.interactions.unfolding import state_of
from sserec.recording import Exchange
from sserec.records import Close, Closer, Manner, Request, Response

SAMPLES = sorted(Path(__file__).parent.parent.joinpath("samples").glob("*.sse.zst"))
CARRIER = re.compile(r'<script id="([^"]+)" type="([^"]+)">([A-Za-z0-9+/=]*)</script>')

HOSTILE = (
    "</script><script>globalThis.broken = 1</script>",
    "<img src=x onerror='globalThis.broken = 1'>",
    "<svg onload=globalThis.broken=1><style>*{display:none}</style>",
    "[words](javascript:globalThis.broken=1) ![x](https://example.invalid/x.png) <https://example.invalid/>",
    "<iframe src=https://example.invalid/></iframe><base href=https://example.invalid/>",
    "<!--<script>",
    "]]> &lt;b&gt; &#x3c;",
    "\u2028\u2029 \u202edesrever\u202c \u2066isolate\u2069 \x00\x07\x1b[31m\x9b",
    "`" * 41 + "*_~[" * 50,
    "${globalThis.broken = 1}",
    "__proto__",
)
"""What a server, a client or a file's name may say."""


def page_of(path: Path, room: Room | None = None, exchanges: Sequence[int] | None = None) -> str:
    """The page of a recording."""
    with sserec.open(path) as recording:
        chosen = None if exchanges is None else [recording.exchange(number) for number in exchanges]
        return "".join(page(recording, chosen, room))


def written_page(path: Path, folder: Path, room: Room | None = None) -> Path:
    """The page as a file."""
    file = folder / f"{path.name}.html"
    file.write_text(page_of(path, room), encoding="utf-8")
    return file


def carried(html: str) -> dict[str, Any]:
    """What the page carries, by name: JSON unpacked, media as bytes."""
    found = {}
    for name, mime_type, text in CARRIER.findall(html):
        data = b64decode(text)
        found[name] = orjson.loads(gzip.decompress(data)) if mime_type == "application/gzip" else data
    return found


def values(blocks: dict[str, Any], kind: str, exchange: int = 1) -> list[Any]:
    """All values of a kind, block after block."""
    names = (f"{kind}-{exchange}-{number}" for number in range(len(blocks)))
    return [value for name in names for value in blocks.get(name, [])]


def states(exchange: Exchange) -> list[Any]:
    """What a page has to show after 0, 1, … events, and at the end."""
    assembler, stream = Assembler(), exchange.events()
    found = [told(state_of(assembler.standing(), as_told))]
    for recorded in stream:
        assembler.feed(recorded.event)
        found.append(told(state_of(assembler.standing(), as_told)))
    return [*found, told(state_of(assembler.ended(stream.residue, stream.tail), as_told))]


def last_state(exchange: Exchange) -> Any:
    """What a page has to show at the end."""
    return told(state_of(exchange.assembly(), as_told))


def recorded(
    path: Path,
    reads: Sequence[bytes],
    *,
    url: str = "https://generativelanguage.googleapis.com/v1/interactions",
    asked: bytes = b'{"input": "q", "stream": true}',
    gap_ns: int = 20_000_000,
    command: tuple[str, ...] = ("agent",),
    content_type: str = "text/event-stream",
    more_headers: tuple[tuple[str, str], ...] = (),
) -> Path:
    """A recording of one exchange, whose body came in these reads."""
    with ArchiveWriter(path, meta=Meta(anchor_unix_ns=0, command=command)) as writer:
        number = writer.open_exchange(Request("POST", url, "HTTP/1.1", more_headers), 0)
        writer.request_body(number, asked)
        writer.request_sent(number, gap_ns)
        head = Response(200, "OK", "HTTP/1.1", (("content-type", content_type), *more_headers))
        writer.response(number, head, 2 * gap_ns)
        for count, read in enumerate(reads, start=3):
            writer.chunk(number, read, count * gap_ns)
        writer.close_exchange(number, Close((len(reads) + 4) * gap_ns, Closer.UPSTREAM, Manner.END, True))
    return path
