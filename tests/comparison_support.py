"""Pairs of recordings to be shown side by side: a story, and the same told otherwise."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sserec.diff import Options
from sserec.tui.model.comparison.duo import Duo
from viewer_support import (
    COMPLETED,
    CREATED,
    DONE,
    MS,
    Chunk,
    S,
    event,
    start,
    stop,
    text,
    write,
)

PING = event("probe.ping", n=1)


def told(*words: str, gap_ns: int = 100 * MS, ping: bool = False) -> list[Chunk]:
    """An answer in these pieces: created, start, the pieces, stop, completed, done."""
    pieces = [text(word) for word in words]
    events = [CREATED, *([PING] if ping else []), start("model_output"), *pieces, stop(), COMPLETED, DONE]
    return [(S + gap_ns * place, data) for place, data in enumerate(events)]


A = told("One ", "two ", "three")
B = told("One ", "or ", "two ", "3", gap_ns=150 * MS, ping=True)
"""One event more before the step, and another text in four pieces instead of three; half as fast again."""


def pair(folder: Path, a: list[Chunk], b: list[Chunk]) -> tuple[str, str]:
    """Two archives."""
    return str(write(folder / "a.sse.zst", a)), str(write(folder / "b.sse.zst", b))


@contextmanager
def compared(folder: Path, a: list[Chunk], b: list[Chunk], options: Options | None = None) -> Iterator[Duo]:
    """Two recordings, opened and compared."""
    with Duo.open(*pair(folder, a, b), options) as duo:
        duo.compare(lambda _: None)
        duo.take_in()
        yield duo
