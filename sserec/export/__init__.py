"""Recordings in the forms that others read: one module a format, each a function from subjects to bytes.

A subject is what one object of the output speaks of, an exchange or several that were stitched together
(:mod:`sserec.export.subject`). The table of formats is :data:`FORMATS`; nothing is imported before it is chosen.
"""

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from sserec.export.subject import Subject
    from sserec.recording import Recording


class Options(NamedTuple):
    """How to write, whatever the format."""

    many: bool = False
    """The subjects were asked for as a list: JSON formats give an array, of one too."""
    with_diagnostics: bool = False
    annotation_characters: bool = False
    recording: "Recording | None" = None
    """Where the subjects are from, for formats that tell of the file, too."""
    as_text: bool = False
    """Not the bytes, but what a person would have read of them."""
    idle_limit_ns: int | None = None
    """No silence longer than this."""
    with_content: bool = False
    """Prompts and answers, where a format leaves them out unasked."""


Write = Callable[["Sequence[Subject]", Options], Iterable[bytes]]


class Needs(StrEnum):
    """What a format is made from; without it there is nothing to write."""

    INTERACTION = "interaction"
    EVENTS = "event stream"
    REQUEST = "request"
    """It repeats what was asked, so that nothing in the response matters to it."""
    EXCHANGE = "exchange"
    """It shows exchanges as they are, whatever they hold, and tells itself how they ended."""


class Format(NamedTuple):
    """One line of the table."""

    function: str
    """``module:name`` below ``sserec.export``."""
    summary: str
    needs: Needs = Needs.INTERACTION

    def load(self) -> Write:
        """The function that writes it."""
        module, _, name = self.function.partition(":")
        write: Write = getattr(import_module(f"sserec.export.{module}"), name)
        return write


MEDIA = "media"
"""The one format that goes into a folder instead of a stream (:func:`sserec.export.media.save`)."""

FORMATS: dict[str, Format] = {
    "interaction": Format("interaction:interactions", "the JSON that stream:false would have returned"),
    "steps": Format("interaction:steps", "its steps alone, a JSON array"),
    "events": Format("events:event_lines", "NDJSON, the objects of sserec events --json", Needs.EVENTS),
    "text": Format("text:texts", "what a person would have read"),
    "markdown": Format("markdown:documents", "question, thoughts, calls, results, answer as sections"),
    "html": Format("html:pages", "the recording as one page to look at in a browser", Needs.EXCHANGE),
    "har": Format(
        "har:archive", "HTTP Archive 1.2, with the time of each event as Chrome has it", Needs.EXCHANGE
    ),
    "asciicast": Format("asciicast:cast", "what sserec play shows, for asciinema (v3)", Needs.EXCHANGE),
    "otlp": Format("otlp:traces", "OpenTelemetry spans by the GenAI conventions, as JSON", Needs.EXCHANGE),
    MEDIA: Format("media:save", "each image, audio, video, document as a file in folder OUT"),
    "curl": Format("curl:commands", "the request again, as a shell command", Needs.REQUEST),
    "python": Format("python:program", "the request again, by google-genai", Needs.REQUEST),
    "js": Format("javascript:program", "the request again, by @google/genai", Needs.REQUEST),
}
