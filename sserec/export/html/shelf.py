"""Images, sound and films of an answer: carried on the page, or said why not.

Knows which kinds a browser shows without running anything: an SVG may hold script, a PDF is a program's business, so
both are only named. Knows how much one file and all of them may take.
"""

from collections.abc import Iterator
from typing import NamedTuple

from sserec.display import size
from sserec.export.answer import Json
from sserec.export.html.packed import Budget, brief, carried
from sserec.export.media import RAW_AUDIO, Media, bare_type

MAX_FILE_BYTES = 4 << 20
SHOWN_TYPES = {
    **{kind: kind for kind in ("image/png", "image/jpeg", "image/gif", "image/webp", "image/avif")},
    **{
        kind: kind
        for kind in ("audio/wav", "audio/mpeg", "audio/ogg", "audio/aac", "audio/flac", "audio/mp4")
    },
    **{kind: kind for kind in ("audio/webm", "video/mp4", "video/webm")},
    RAW_AUDIO: "audio/wav",
    "audio/x-wav": "audio/wav",
    "audio/mp3": "audio/mpeg",
    "audio/m4a": "audio/mp4",
}
"""What a page may call a file of this type; all others are described."""


class Carried(NamedTuple):
    """One part: what the page says of it, and the element that carries it."""

    place: str
    """``step.part``."""
    facts: Json
    element: str


def shelved(found: Iterator[Media], budget: Budget) -> Iterator[Carried]:
    """Every part in order, as long as there is room."""
    for media in found:
        yield _shelved(media, budget)


def _shelved(media: Media, budget: Budget) -> Carried:
    place = f"{media.step}.{media.part}"
    facts: Json = {"type": brief(media.mime_type)}
    if not media.is_inline:
        return Carried(place, facts | {"uri": brief(media.uri or "")}, "")
    facts["characters"] = len(media.content["data"])
    shown = SHOWN_TYPES.get(bare_type(media.mime_type))
    if shown is None:
        return Carried(place, facts | {"why": "of a type that is not shown here"}, "")
    try:
        data = media.file()
    except ValueError:
        return Carried(place, facts | {"why": "not base64"}, "")
    if len(data) > MAX_FILE_BYTES:
        return Carried(
            place, facts | {"why": f"larger than the {size(MAX_FILE_BYTES)} that a page carries"}, ""
        )
    name = f"media-{media.exchange}.{place}"
    element = carried(name, shown, data)
    if not budget.take(len(element)):
        return Carried(place, facts | {"why": "more than this page has room for"}, "")
    return Carried(place, facts | {"id": name, "shown": shown}, element)
