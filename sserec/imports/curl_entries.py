"""The entries of a trace that curl wrote: a title, and rows that show bytes.

Knows both notations of rows; must not know HTTP. A row of ``--trace`` shows sixteen bytes in hexadecimal, one of
``--trace-ascii`` up to 64 characters, and ends before a CR LF, which only the next row's place tells.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

TITLE = re.compile(
    rb"(?:(?P<time>\d\d:\d\d:\d\d\.\d{6}) )?(?:\[(?P<id>[\w-]{1,40})\] )?"
    rb"(?P<kind>== Info:|(?:=>|<=) (?:Send|Recv) (?:header|data|SSL data), (?P<size>\d{1,12}) bytes)"
)
ROW = re.compile(rb"([0-9a-f]{4,12}): ?(.*)", re.DOTALL)
HEX_ROW = re.compile(rb"((?:[0-9a-f]{2} ){1,16}) *")
DAY_NS = 86_400 * 10**9


class Piece(NamedTuple):
    """One entry of a trace."""

    kind: str
    """``=> Send header``, ``<= Recv data``, ``== Info``."""
    transfer: bytes
    """curl's own number of it (``--trace-ids``); empty where there is none."""
    t_ns: int | None
    data: bytes


class Entry(NamedTuple):
    """A title and the lines below it."""

    title: re.Match[bytes]
    lines: list[bytes]


def is_hexadecimal(data: bytes) -> bool:
    """Whether the first row of the first head is sixteen bytes, and not text."""
    row = re.search(rb" header, \d+ bytes[^\n]*\n0000: ([^\n]*)", data)
    return row is not None and HEX_ROW.match(row[1]) is not None


def pieces(data: bytes, *, is_hex: bool) -> Iterator[Piece]:
    """The entries with the bytes that they show. Their times count on beyond midnight."""
    days, before_ns = 0, 0
    for title, lines in entries(data):
        t_ns = of_day(title["time"])
        if t_ns is not None:
            days += t_ns < before_ns - DAY_NS // 2
            before_ns = t_ns
            t_ns += days * DAY_NS
        yield Piece(*named(title), t_ns, shown(title, lines, is_hex=is_hex))


def entries(data: bytes) -> Iterator[Entry]:
    entry: Entry | None = None
    for line in data.split(b"\n"):
        title = TITLE.match(line)
        if title is None:
            if entry is not None:
                entry.lines.append(line)
            continue
        if entry is not None:
            yield entry
        entry = Entry(title, [line[title.end() :]])
    if entry is not None:
        yield entry


def named(title: re.Match[bytes]) -> tuple[str, bytes]:
    kind = title["kind"].decode("ascii")
    return kind.partition(",")[0].removesuffix(":"), title["id"] or b""


def of_day(time: bytes | None) -> int | None:
    """A time of day in nanoseconds."""
    if time is None:
        return None
    hours, minutes, seconds = time.split(b":")
    whole, _, fraction = seconds.partition(b".")
    return ((int(hours) * 60 + int(minutes)) * 60 + int(whole)) * 10**9 + int(fraction) * 1000


def shown(title: re.Match[bytes], rows: list[bytes], *, is_hex: bool) -> bytes:
    """The bytes of an entry; of an info the words behind its title."""
    if title["size"] is None:
        return rows[0].strip()
    lines = [row for row in map(ROW.match, rows[1:]) if row is not None]
    if is_hex:
        hexadecimal = (HEX_ROW.match(line[2]) for line in lines)
        return b"".join(bytes.fromhex(row[1].decode()) for row in hexadecimal if row is not None)
    return of_text_rows([(int(line[1], 16), line[2]) for line in lines], int(title["size"]))


def of_text_rows(rows: list[tuple[int, bytes]], size_bytes: int) -> bytes:
    """Text, and the CR LF that a row does not show but the next row's place tells."""
    data = bytearray()
    for (start, text), (after, _) in pairwise([*rows, (size_bytes, b"")]):
        text = text.removesuffix(b"\r")  # of a file that was saved on Windows
        data += text + (b"\r\n" if after - start == len(text) + 2 else b"")
    return bytes(data[:size_bytes])
