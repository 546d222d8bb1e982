"""Files that leave the viewer: exports, media, bodies.

Knows the recording and the formats; must not know the screen. Each function opens the recording for itself, since it
runs beside the screen, and gives the line to say. Nothing that exists is overwritten.
"""

from os.path import expanduser
from pathlib import Path

from sserec.display import count, size
from sserec.errors import UsageError
from sserec.export import FORMATS, MEDIA, Needs, Options
from sserec.recording import Recording

SUFFIXES = {
    "interaction": ".json", "steps": ".steps.json", "events": ".ndjson", "text": ".txt", "markdown": ".md",
    "curl": ".sh", "python": ".py", "js": ".js",
}  # fmt: skip
ARCHIVE_SUFFIXES = (".zst", ".sse")


def default_path(recording: str, number: int, suffix: str) -> Path:
    """``chat-1.json`` for exchange 1 of ``chat.sse.zst``, in the current folder."""
    name = Path(recording).name
    for archive_suffix in ARCHIVE_SUFFIXES:
        name = name.removesuffix(archive_suffix)
    return Path(f"{name}-{number}{suffix}")


def export(path: str, number: int, name: str, out: str) -> str:
    """Writes exchange ``number`` in the format ``name``. Raises SserecError or OSError."""
    from sserec.export.subject import OneExchange

    if name not in FORMATS:
        raise UsageError(f"no format {name or 'without a name'}: {', '.join(FORMATS)}")
    if name == MEDIA:
        return save_media(path, number, out)
    format = FORMATS[name]
    target = Path(expanduser(out)) if out else default_path(path, number, SUFFIXES.get(name, f".{name}"))
    with Recording.open(path) as recording:
        subject = OneExchange(recording.exchange(number))
        if format.needs is Needs.INTERACTION and subject.answer is None:
            raise UsageError(f"exchange {number} holds no interaction to export")
        pieces = list(format.load()([subject], Options(recording=recording)))
    with target.open("xb") as file:
        file.writelines(pieces)
    return f"{name} written to {target}, {size(target.stat().st_size)}"


def save_media(path: str, number: int, out: str) -> str:
    """Saves each image, audio, video and document of the answer. Raises SserecError or OSError."""
    from sserec.export.media import media_of, save
    from sserec.export.subject import OneExchange

    folder = Path(expanduser(out)) if out else default_path(path, number, "-media")
    with Recording.open(path) as recording:
        answer = OneExchange(recording.exchange(number)).answer
        saved = list(save(media_of(answer), folder, overwrite=False)) if answer is not None else []
    written = [each for each in saved if each.size_bytes is not None]
    if not written:
        return "no media were sent along in this exchange"
    more = f", {len(saved) - len(written)} not" if len(written) < len(saved) else ""
    return f"{count(len(written), 'file')} written to {folder}{more}"


def save_body(path: str, number: int, out: str) -> str:
    """Saves the recorded body, byte for byte. Raises OSError."""
    target = Path(expanduser(out)) if out else default_path(path, number, ".sse")
    with Recording.open(path) as recording, target.open("xb") as file:
        for chunk in recording.exchange(number).chunks():
            file.write(chunk.data)
    return f"body written to {target}, {size(target.stat().st_size)}"
