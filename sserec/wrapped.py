"""A recording in a ``.zip`` or a ``.gz``, as an issue tracker takes it, opened as it is.

It is unpacked into a file that only its owner reads, because an archive is read from its end. Knows the wrappings; must
not know what is in the recording. Whatever the file says of itself is only a claim: what is unpacked is counted, how
much of it there may be follows from the file's own size, and no name in it becomes the name of a file.
"""

import gzip
import re
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from sserec.display import argument, printable, size
from sserec.errors import NotAnArchive, named

GZIP = b"\x1f\x8b"
ZIP = b"PK\x03\x04"
EMPTY_ZIP = b"PK\x05\x06"
READ_BYTES = 1 << 18
ALWAYS_BYTES = 64 << 20
MAX_RATIO = 200
"""A stream of nothing but heartbeats comes to 150; a bomb to 1,000."""
MAX_MEMBERS = 1000
MAX_DIRECTORY_BYTES = 1 << 20
NAMES = 5
"""Of a zip's files that a message lists."""
RECORDING = re.compile(r"\.(?:zst|sse|ndjson|jsonl)\Z", re.IGNORECASE)
TOLD = re.compile(r"\.(?:html|md)\Z", re.IGNORECASE)
"""What is told of a recording, as sserec share puts it beside it."""
PART = re.compile(r"(?P<whole>.+)\.part(?P<number>\d{1,4})of(?P<count>\d{1,4})\Z")
HIDDEN = re.compile(r"(?:^|/)(?:\.[^./]|__MACOSX/)")
END_RECORD = struct.Struct("<4s4xHHII")
"""Of a zip's directory: signature, files, all files, size, place (APPNOTE.TXT, section 4.3.16)."""
END_MAX_BYTES = 22 + 65535
LOCATOR_BYTES = 20


def is_wrapped(prefix: bytes) -> bool:
    """Whether a file that begins so is a wrapping."""
    return prefix.startswith((GZIP, ZIP, EMPTY_ZIP))


def unwrapped(path: Path, name: str) -> Path:
    """The recording inside as a file of its own, for the caller to remove.

    Raises NotAnArchive where there is none or several, and where it is damaged, encrypted, or far larger than it looks.
    """
    with path.open("rb") as file:
        is_gzip = file.read(len(GZIP)) == GZIP
        file.seek(0)
        try:
            inside = spooled(gunzipped(file) if is_gzip else unzipped(file, name), path.stat().st_size, name)
        except struct.error as fault:
            raise NotAnArchive(
                f"{name} is damaged: its directory is cut off (unzip -t {argument(name)})"
            ) from fault
        except (zlib.error, EOFError, gzip.BadGzipFile, zipfile.BadZipFile) as fault:
            tool = "gzip -tv" if is_gzip else "unzip -t"
            raise NotAnArchive(f"{name} is damaged: {fault} ({tool} {argument(name)} tells more)") from fault
        except (RuntimeError, NotImplementedError) as fault:
            raise NotAnArchive(f"{name} cannot be unpacked here: {fault}: unpack it first") from fault
    refuse_wrapped_again(inside, name)
    return inside


def refuse_wrapped_again(inside: Path, name: str) -> None:
    """One wrapping is undone and no more: a file may hold itself."""
    with inside.open("rb") as file:
        is_again = is_wrapped(file.read(len(ZIP)))
    if is_again:
        inside.unlink()
        raise NotAnArchive(f"{name} holds another .zip or .gz: unpack it first")


def spooled(pieces: Iterable[bytes], packed_bytes: int, name: str) -> Path:
    """The pieces in a file; none when there are too many."""
    limit = max(ALWAYS_BYTES, MAX_RATIO * packed_bytes)
    with tempfile.NamedTemporaryFile(prefix="sserec-", delete=False) as file:
        try:
            for piece in pieces:
                with named(file.name):
                    file.write(piece)
                if file.tell() > limit:
                    raise NotAnArchive(
                        f"{name} unpacks to more than {size(limit)}, {MAX_RATIO} times its size: unpack it first"
                    )
        except BaseException:  # ^C among them
            Path(file.name).unlink()
            raise
    return Path(file.name)


def gunzipped(file: BinaryIO) -> Iterator[bytes]:
    with gzip.open(file) as unpacked:
        while piece := unpacked.read(READ_BYTES):
            yield piece


def unzipped(file: BinaryIO, name: str) -> Iterator[bytes]:
    """The one recording in a zip, or all its parts."""
    refuse_crowds(file, name)
    with zipfile.ZipFile(file) as packed:
        for member in recording_in(packed, name):
            if member.flag_bits & 1:
                raise NotAnArchive(f"{name} is encrypted: unpack it first")
            with packed.open(member) as unpacked:
                while piece := unpacked.read(READ_BYTES):
                    yield piece


def refuse_crowds(file: BinaryIO, name: str) -> None:
    """Looks at how large a zip's directory is before all of it is read."""
    end = file.seek(0, 2)
    file.seek(max(end - END_MAX_BYTES - LOCATOR_BYTES, 0))
    tail = file.read()
    at = tail.rfind(EMPTY_ZIP)
    if at < 0:
        raise zipfile.BadZipFile("its directory is missing")
    _, _, members, directory_bytes, _ = END_RECORD.unpack_from(tail, at)
    is_large = tail[max(at - LOCATOR_BYTES, 0) : at].startswith(b"PK\x06\x07")
    if is_large or members > MAX_MEMBERS or directory_bytes > MAX_DIRECTORY_BYTES:
        raise NotAnArchive(f"{name} is a .zip of too many or too large files: unpack it first")


def recording_in(packed: zipfile.ZipFile, name: str) -> list[zipfile.ZipInfo]:
    """The member to read, or the parts of one in their order."""
    files = [
        member for member in packed.infolist() if not member.is_dir() and not HIDDEN.search(member.filename)
    ]
    parts = {
        int(part["number"]): (part, member) for member in files if (part := PART.fullmatch(member.filename))
    }
    files = [member for member in files if not TOLD.search(member.filename)]
    found = [member for member in files if RECORDING.search(member.filename)] or files
    if parts and len(found) == len(files):
        return whole(parts, name)
    if len(found) != 1:
        held = f"{len(found)} recordings: {listed(found)}" if found else "no recording"
        raise NotAnArchive(f"{name} holds {held}: unpack it (unzip {argument(name)}) and name one file")
    return found


def whole(parts: dict[int, tuple[re.Match[str], zipfile.ZipInfo]], name: str) -> list[zipfile.ZipInfo]:
    """All the parts of one recording; a single one is no recording."""
    first, _ = next(iter(parts.values()))
    count, recording = int(first["count"]), printable(Path(first["whole"]).name)
    stems = {part["whole"] for part, _ in parts.values()}
    if sorted(parts) == list(range(1, count + 1)) and len(stems) == 1:
        return [parts[number][1] for number in range(1, count + 1)]
    numbers = " and ".join(map(str, sorted(parts)[:NAMES]))
    loop = f'for zip in {recording}.part*.zip; do unzip -p "$zip"; done > {recording}'
    raise NotAnArchive(
        f"{name} holds part {numbers} of {count} of {recording}: put them together first ({loop})"
    )


def listed(members: list[zipfile.ZipInfo]) -> str:
    names = [printable(member.filename) for member in members[:NAMES]]
    return ", ".join(names) + (" …" if len(members) > NAMES else "")
