"""A stream as a terminal recording, asciicast v3 (docs.asciinema.org/manual/asciicast/v3).

What stands in it is what ``sserec play`` shows in a terminal, at the same times: nothing of the stream acts on whoever
watches, because control characters are pictures of themselves.
"""

import codecs
from collections.abc import Iterable, Iterator, Sequence

import orjson

from sserec.display import printable
from sserec.errors import NothingFound
from sserec.export import Options
from sserec.export.showing import Frame, frames_of, limited
from sserec.export.subject import Subject
from sserec.recording import Exchange

COLUMNS, ROWS = 80, 24
NS_PER_S = 1_000_000_000


def cast(subjects: Sequence[Subject], options: Options) -> Iterator[bytes]:
    """A header, and an event a line. Raises NothingFound where no exchange knows when its bytes came."""
    exchanges = [exchange for subject in subjects for exchange in subject.exchanges if exchange.is_timed]
    if not exchanges:
        raise NothingFound("a cast needs times, and nobody knows when these bytes came")
    yield line(header(exchanges, options))
    frames = limited(frames_of(exchanges, as_text=options.as_text), options.idle_limit_ns)
    yield from map(line, output(frames))


def header(exchanges: Sequence[Exchange], options: Options) -> dict[str, object]:
    """The terminal's size is a usual one; a stream has none."""
    found: dict[str, object] = {"version": 3, "term": {"cols": COLUMNS, "rows": ROWS}}
    meta = options.recording.meta if options.recording else None
    if meta is not None:
        found["timestamp"] = (meta.anchor_unix_ns + (exchanges[0].record.t_open_ns or 0)) // NS_PER_S
    request = exchanges[0].request
    if request is not None and request.url:
        found["title"] = printable(f"{request.method} {request.url}")
    return found


def output(frames: Iterable[Frame]) -> Iterator[list[object]]:
    """Each piece of text, and the seconds since the one before, to the microsecond; what rounding leaves is kept."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    shown_us = 0
    for t_ns, data in frames:
        if text := decoder.decode(data):
            t_us = round(t_ns / 1000)
            yield [(t_us - shown_us) / 1_000_000, "o", as_shown(text)]
            shown_us = t_us
    if rest := decoder.decode(b"", final=True):
        yield [0.0, "o", as_shown(rest)]


def as_shown(text: str) -> str:
    """As on a terminal, where only a line's end acts; a terminal in raw mode wants a CR before it."""
    return "\r\n".join(map(printable, text.split("\n")))


def line(value: object) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)
