"""How a stream ended, and what the bytes that no event claimed say about it.

Knows what residue and tail of the decoder look like (sse.py); must not know how anything was folded. The one
line that says why a stream died is often not SSE at all: docs/interactions.md, How streams fail.
"""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any, NamedTuple

import orjson

from sserec.interactions.diagnostics import diagnostic, shown
from sserec.interactions.events import error_words
from sserec.records import Diagnostic
from sserec.sse import Kind, Residue, Tail


class End(StrEnum):
    """By what a stream ended, as far as its bytes tell."""

    COMPLETED = "completed"
    """The interaction's final event came, whatever status it tells."""
    FAILED = "failed"
    """The API sent an error, as an event or as bare JSON."""
    DONE_ONLY = "done only"
    """``[DONE]`` came without the final event."""
    OPEN = "open"
    """Nothing that ends a stream came (yet)."""


class Stray(NamedTuple):
    """Neighbouring lines that are no SSE."""

    start: int
    text: bytes


def strays(residue: Iterable[Residue]) -> list[Stray]:
    """The bytes that no event claimed and nobody meant as a field, neighbouring lines together."""
    runs: list[list[Residue]] = []
    for piece in residue:
        if piece.kind is not Kind.MALFORMED:
            continue
        if runs and runs[-1][-1].end == piece.start:
            runs[-1].append(piece)
        else:
            runs.append([piece])
    return [Stray(run[0].start, b"\n".join(piece.line for piece in run)) for run in runs]


def bare_error(text: bytes) -> Any:
    """The error that a bare JSON text holds, or None: ``{"error": …}`` or a list of such."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    first = value[0] if isinstance(value, list) and value else value
    return first.get("error") if isinstance(first, dict) else None


def stray_remarks(found: Iterable[Stray]) -> Iterator[Diagnostic]:
    """What the stray bytes say, in the API's own words where they are an error."""
    for start, text in found:
        error = bare_error(text)
        if error is not None:
            yield diagnostic("stray-error", f"bare JSON in the body: {error_words(error)}", offset=start)
        else:
            words = shown(text[:400].decode("utf-8", "replace"))
            yield diagnostic("stray-bytes", f"{len(text):,} bytes that are no event: {words}", offset=start)


def tail_remarks(tail: Tail | None) -> Iterator[Diagnostic]:
    """An event without its blank line; the standard drops it, Google's SDKs do not."""
    if tail is not None:
        size = tail.end - tail.start
        yield diagnostic(
            "unfinished-event",
            f"the stream broke off {size:,} bytes into a {shown(tail.type)!r} event",
            offset=tail.start,
        )


def end_remarks(end: End, event_count: int, status: str | None) -> Iterator[Diagnostic]:
    """How the stream ended, where that was not the way it should."""
    heard = f"status last heard: {shown(status)}" if status else "no status was heard"
    if end is End.OPEN:
        message = f"the stream ended after event {event_count:,} without interaction.completed; {heard}"
        yield diagnostic("no-terminal-event", message, event=event_count or None)
    elif end is End.DONE_ONLY:
        message = f"the stream ended with [DONE], but without interaction.completed; {heard}"
        yield diagnostic("done-without-completed", message, event=event_count)
