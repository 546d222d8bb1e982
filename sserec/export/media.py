"""Images, audio, video and documents of an interaction, as files.

Knows content parts; what they are called follows from exchange, step and part alone, never from anything that a server
wrote. Nothing is fetched: a part that only has a URI is listed. Raw audio (``audio/l16``) becomes WAV. The media type
is defined as big-endian (RFC 2586), but the API sends little-endian samples, as WAV wants them: its own examples
write them so (speech generation guide, "wave_file").
"""

import binascii
import io
import wave
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.message import Message
from itertools import chain
from pathlib import Path
from typing import Any

from sserec.export.answer import Answer, Json
from sserec.interactions import steps_of

KINDS = ("image", "audio", "video", "document")
RAW_AUDIO = "audio/l16"
RAW_AUDIO_RATE_HZ = 24_000
"""What the API's speech models send, where nothing says otherwise."""
SAMPLE_BYTES = 2
MAX_RATE_HZ = 1_000_000
"""No sample rate is larger, and a larger one would not fit into the header of a WAV file."""
MAX_CHANNELS = 255
EXTENSIONS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "image/gif": "gif",
    "image/heic": "heic",
    "image/heif": "heif",
    "image/svg+xml": "svg",
    RAW_AUDIO: "wav",
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "audio/aac": "aac",
    "audio/flac": "flac",
    "audio/ogg": "ogg",
    "audio/opus": "opus",
    "audio/aiff": "aiff",
    "audio/m4a": "m4a",
    "audio/mp4": "m4a",
    "video/mp4": "mp4",
    "video/webm": "webm",
    "video/mpeg": "mpeg",
    "video/quicktime": "mov",
    "application/pdf": "pdf",
    "application/json": "json",
    "text/plain": "txt",
    "text/html": "html",
    "text/csv": "csv",
    "text/markdown": "md",
    "text/xml": "xml",
}
UNKNOWN_EXTENSION = "bin"


@dataclass(frozen=True, slots=True)
class Media:
    """One part that is no text."""

    exchange: int
    step: int
    """Its place among the steps, from 0, as the API counts them."""
    part: int
    """Its place in the step, from 1."""
    mime_type: str
    content: Json

    @property
    def name(self) -> str:
        """The file's name: ``exchange1-step2-part1.png``."""
        extension = EXTENSIONS.get(bare_type(self.mime_type), UNKNOWN_EXTENSION)
        return f"exchange{self.exchange}-step{self.step}-part{self.part}.{extension}"

    @property
    def uri(self) -> str | None:
        """Where it is to be had, when it was not sent along."""
        uri = self.content.get("uri")
        return uri if isinstance(uri, str) and not self.is_inline else None

    @property
    def is_inline(self) -> bool:
        return isinstance(self.content.get("data"), str)

    def file(self) -> bytes:
        """The file's bytes. Raises ValueError where the data is not base64."""
        data = binascii.a2b_base64(self.content["data"].encode(), strict_mode=True)
        return self._wav(data) if bare_type(self.mime_type) == RAW_AUDIO else data

    def _wav(self, samples: bytes) -> bytes:
        parameters = Message()
        parameters["content-type"] = self.mime_type
        rate_hz = self._number("sample_rate", "rate", parameters.get_param("rate"), RAW_AUDIO_RATE_HZ)
        channels = min(
            self._number("channels", "channels", parameters.get_param("channels"), 1), MAX_CHANNELS
        )
        written = io.BytesIO()
        with wave.open(written, "wb") as wav:
            wav.setsampwidth(SAMPLE_BYTES)
            wav.setframerate(rate_hz)
            wav.setnchannels(channels)
            wav.writeframes(samples)
        return written.getvalue()

    def _number(self, key: str, old_key: str, parameter: Any, default: int) -> int:
        """A property of raw audio: a key of the part, or a parameter of its type."""
        for value in (self.content.get(key), self.content.get(old_key), parameter):
            number = int(value) if isinstance(value, str) and value.isdecimal() else value
            if type(number) is int and 0 < number <= MAX_RATE_HZ:
                return number
        return default


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of one part."""

    media: Media
    size_bytes: int | None
    """None where no file was written."""
    problem: str | None = None


def media_of(answer: Answer) -> Iterator[Media]:
    """Every part of the interaction that is no text, in order."""
    for number, step in enumerate(steps_of(answer.interaction)):
        for place, part in enumerate(parts_of(step), start=1):
            if is_media(part):
                yield Media(answer.exchanges[-1], number, place, str(part.get("mime_type") or ""), part)


def save(found: Iterable[Media], folder: Path, *, overwrite: bool = True) -> Iterator[Saved]:
    """Writes each part that was sent along into ``folder``, which is made with the first. Raises OSError."""
    for media in found:
        if not media.is_inline:
            yield Saved(media, None)
            continue
        try:
            data = media.file()
        except ValueError as fault:
            yield Saved(media, None, f"the data is not base64: {fault}")
            continue
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / media.name).open("wb" if overwrite else "xb") as file:
            file.write(data)
        yield Saved(media, len(data))


def parts_of(step: Any) -> list[Any]:
    """The parts of a step, wherever it keeps them; an output of the older revision is one itself."""
    if not isinstance(step, dict):
        return []
    if is_media(step):
        return [step]
    lists = (step.get(key) for key in ("content", "summary", "result"))
    return list(chain.from_iterable(parts for parts in lists if isinstance(parts, list)))


def is_media(part: Any) -> bool:
    return isinstance(part, dict) and part.get("type") in KINDS


def bare_type(mime_type: str) -> str:
    """Without parameters: ``audio/l16`` for ``audio/L16;rate=24000``."""
    return mime_type.partition(";")[0].strip().lower()
