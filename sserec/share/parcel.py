"""Files that an issue tracker takes: a zip below its limit, or several.

Knows sizes and names; must not know what is in a recording. The same members give the same bytes: names, order, dates
and rights are made up here and not asked of the system.
"""

import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

EARLIEST = (1980, 1, 1, 0, 0, 0)
LATEST_YEAR = 2107
"""What the dates of a zip can say (APPNOTE.TXT, section 4.4.6)."""
PACKED = (".zst", ".gz")
OVERHEAD_BYTES = 4096
"""Of a zip with few files."""


def pack(target: Path, members: Mapping[str, bytes], unix_ns: int) -> int:
    """Writes a zip; its size. What is packed already is stored."""
    with zipfile.ZipFile(target, "w") as parcel:
        for name, data in members.items():
            member = zipfile.ZipInfo(name, date_time(unix_ns))
            member.create_system = 3  # of Unix, whose rights follow
            member.external_attr = 0o600 << 16
            method = zipfile.ZIP_STORED if name.endswith(PACKED) else zipfile.ZIP_DEFLATED
            parcel.writestr(member, data, method, 9)
    return target.stat().st_size


def date_time(unix_ns: int) -> tuple[int, int, int, int, int, int]:
    """When the recording was made."""
    made = datetime.fromtimestamp(unix_ns / 1e9, UTC)
    if not EARLIEST[0] <= made.year <= LATEST_YEAR:
        return EARLIEST
    return (made.year, made.month, made.day, made.hour, made.minute, made.second)


def slices(data: bytes, limit_bytes: int) -> list[bytes]:
    """A file in pieces that fit, to be put together again."""
    room = limit_bytes - OVERHEAD_BYTES
    return [data[start : start + room] for start in range(0, len(data), room)]


def halves(numbers: list[int], sizes: Mapping[int, int]) -> list[list[int]]:
    """Neighbours in two groups that are as alike in size as they can be; two or more are needed."""
    room, at = sum(sizes[number] for number in numbers) / 2, 0
    while at < len(numbers) - 1 and (at == 0 or room >= sizes[numbers[at]] / 2):
        room -= sizes[numbers[at]]
        at += 1
    return [numbers[:at], numbers[at:]]
