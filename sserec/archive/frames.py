"""Zstandard frames: made so that every decoder reads them, and opened without believing what they claim.

Knows RFC 8878 as far as needed to find a frame's end, and the seekable format's table; must not know what is
inside. Invariant: no memory is taken for a size that a frame header states before it was compared with the
block head's, and nothing that libzstd decoded is returned unless the caller has proved the coded bytes first
(one flipped bit makes it print wrong bytes without an error in most frames).
"""

import struct
import threading
from collections.abc import Callable, Iterator, Sequence

import zstandard

from sserec.archive.format import MAX_BODY_BYTES, MAX_DATA_BYTES
from sserec.errors import DamagedArchive

DATA_MAGIC = b"\x28\xb5\x2f\xfd"
SKIPPABLE_MAGIC = b"\x2a\x4d\x18"
"""The last three bytes; the first is 0x50 to 0x5F."""
ZSTD_VERSION = ".".join(map(str, zstandard.ZSTD_VERSION))

_SEEK_MAGIC = b"\x5e\x2a\x4d\x18"
_SEEK_FOOTER = struct.Struct("<IBI")
_SEEK_FOOTER_MAGIC = 0x8F92EAB1
_SEEK_ENTRY = struct.Struct("<II")
_SKIPPABLE_HEAD = struct.Struct("<4sI")
_MAX_BLOCK_BYTES = 128 << 10
_INCOMPRESSIBLE = 0.6


class _Decoder(threading.local):
    """A decoder for each thread: to make one takes 13 times as long as to open the small frames of a journal."""

    def __init__(self) -> None:
        self.decompress = zstandard.ZstdDecompressor(max_window_size=MAX_BODY_BYTES).decompress


_decoder = _Decoder()


def compressor(level: int) -> Callable[[bytes], bytes]:
    """Makes frames with their content's size and checksum in them, as the format wants them."""
    return zstandard.ZstdCompressor(level=level, write_checksum=True, write_content_size=True).compress


def thrifty_compressor(level: int) -> Callable[[bytes], bytes]:
    """Like :func:`compressor`, but spends no time on data such as images in base64.

    Above level 9 every frame is tried at level 3 first, and kept when that saves less than 40 %: higher
    levels gain nothing there (26 MB of JPEG deltas: 19,691 KB at level 19, 19,698 KB at level 3).
    """
    thorough, quick = compressor(level), compressor(3)
    if level <= 9:
        return thorough

    def compress(data: bytes) -> bytes:
        frame = quick(data)
        return frame if len(frame) > _INCOMPRESSIBLE * len(data) else thorough(data)

    return compress


def decompress(frame: bytes, size: int, *, limit: int = MAX_BODY_BYTES) -> bytes:
    """The ``size`` bytes in a whole ``frame``, whose checksum the caller has verified."""
    _check_claims(frame, size, limit)
    try:
        data = _decoder.decompress(frame, max_output_size=max(size, 1), allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise DamagedArchive(f"a compressed frame cannot be read: {error}") from error
    if len(data) != size:
        raise DamagedArchive(f"a compressed frame held {len(data):,} bytes instead of {size:,}")
    return data


def decompress_prefix(frame: bytes, size: int, wanted: int) -> bytes:
    """At least the first ``wanted`` of the ``size`` bytes in a data frame, or fewer if it breaks before.

    An event in the middle of a 4 MiB frame is out in half the time.
    """
    _check_claims(frame, size, MAX_DATA_BYTES)
    reader = zstandard.ZstdDecompressor(max_window_size=MAX_DATA_BYTES).stream_reader(frame)
    parts: list[bytes] = []
    missing = min(wanted, size)
    try:
        while missing > 0 and (part := reader.read(min(missing, _MAX_BLOCK_BYTES))):
            parts.append(part)
            missing -= len(part)
    except zstandard.ZstdError:
        pass  # what came before is there, and is for the caller to prove
    return b"".join(parts)


def _check_claims(frame: bytes, size: int, limit: int) -> None:
    try:
        claims = zstandard.get_frame_parameters(frame)
    except zstandard.ZstdError as error:
        raise DamagedArchive(f"a compressed frame has no valid header: {error}") from error
    if claims.content_size != size or size > limit or claims.window_size > limit or claims.dict_id:
        raise DamagedArchive("a compressed frame's header disagrees with its block's")


def content_size(frame_head: bytes) -> int:
    """The size that a data frame claims its content has; 0 when it claims none."""
    try:
        return zstandard.get_frame_parameters(frame_head).content_size
    except zstandard.ZstdError:
        return 0


def frame_end(read: Callable[[int, int], bytes], position: int) -> int | None:
    """Where the data frame at ``position`` ends by its own block headers; None when it has no end."""
    head = read(position, 14)
    if len(head) < 6 or not head.startswith(DATA_MAGIC):
        return None
    descriptor = head[4]
    single_segment = descriptor >> 5 & 1
    content_size_len = (single_segment, 2, 4, 8)[descriptor >> 6]
    position += 5 + (1 - single_segment) + (0, 1, 2, 4)[descriptor & 3] + content_size_len
    while len(header := read(position, 3)) == 3:
        bits = int.from_bytes(header, "little")
        size, kind, last = bits >> 3, bits >> 1 & 3, bits & 1
        if kind == 3 or size > _MAX_BLOCK_BYTES:
            return None
        position += 3 + (1 if kind == 1 else size)
        if last:
            return position + (4 if descriptor & 4 else 0)
    return None


def skippable_end(head: bytes, position: int) -> int | None:
    """Where the skippable frame whose first 8 bytes are ``head`` ends; None when it is none."""
    if len(head) < 8 or head[0] & 0xF0 != 0x50 or head[1:4] != SKIPPABLE_MAGIC:
        return None
    return position + 8 + int.from_bytes(head[4:8], "little")


def pack_seek_table(sizes: Sequence[tuple[int, int]]) -> bytes:
    """The table that seekable readers use: coded and raw size of every frame before it, without checksums."""
    entries = b"".join(_SEEK_ENTRY.pack(coded, raw) for coded, raw in sizes)
    footer = _SEEK_FOOTER.pack(len(sizes), 0, _SEEK_FOOTER_MAGIC)
    return _SKIPPABLE_HEAD.pack(_SEEK_MAGIC, len(entries) + len(footer)) + entries + footer


def seek_table(read: Callable[[int, int], bytes], file_size: int) -> Iterator[tuple[int, int]]:
    """The entries of the table at a file's end; none without a table."""
    place = _seek_entries(read, file_size)
    if place is not None:
        start, count, entry_size = place
        for index in range(count):
            coded, raw = _SEEK_ENTRY.unpack(read(start + index * entry_size, _SEEK_ENTRY.size))
            yield coded, raw


def last_frame(read: Callable[[int, int], bytes], file_size: int) -> tuple[int, int] | None:
    """Position and size of the last frame before the seek table at a file's end; None without a table.

    The table has no checksum: this only tells where to look for the index.
    """
    place = _seek_entries(read, file_size)
    if place is None:
        return None
    start, count, entry_size = place
    size = int.from_bytes(read(start + (count - 1) * entry_size, 4), "little")
    position = start - 8 - size
    return (position, size) if position >= 0 else None


def _seek_entries(read: Callable[[int, int], bytes], file_size: int) -> tuple[int, int, int] | None:
    """Position, number and size of the entries of the table at a file's end."""
    footer = read(file_size - _SEEK_FOOTER.size, _SEEK_FOOTER.size) if file_size > 17 else b""
    if len(footer) < _SEEK_FOOTER.size:
        return None
    count, descriptor, magic = _SEEK_FOOTER.unpack(footer)
    entry_size = 12 if descriptor & 0x80 else 8
    table_size = 8 + count * entry_size + _SEEK_FOOTER.size
    start = file_size - table_size
    if magic != _SEEK_FOOTER_MAGIC or count == 0 or start <= 0:
        return None
    if read(start, 8) != _SKIPPABLE_HEAD.pack(_SEEK_MAGIC, table_size - 8):
        return None
    return start + 8, count, entry_size
