"""The texts that bytes stand for: as they are, with their escapes undone, and with those undone that come out then.

A key may stand in JSON as ``\\u0041Iza…``, and in JSON that is a string of JSON with two backslashes; in a URL as
``%41Iza…``; and lines of one event are joined. Knows what an escape is and where it stood; must not know what is looked
for. A reading is undone everywhere, inside strings or not, so that what is cut or no JSON is read as well. Bytes are
characters here (latin-1), one each.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

ESCAPE = re.compile(
    r"\\u([0-9a-fA-F]{4})|\\([bfnrt]|[^A-Za-z0-9])|%([0-9a-fA-F]{2})|(?:\r\n|\n|\r)data:[ ]?", re.DOTALL
)
"""Of JSON (RFC 8259, section 7), of URLs (RFC 3986, section 2.1), and where a data line goes on in another.

A backslash before any other letter is none: folders of Windows are parted by it.
"""
LETTERS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
DEPTH = 6
"""JSON in strings of JSON: an event, a tool's arguments, what it gave back, and three to spare."""


class Reading(NamedTuple):
    """A text, and where each character of it stands in what it was read from."""

    text: str
    starts: list[int]
    """Places of the text from which on it goes on as it stands, rising; the first is 0."""
    origins: list[int]
    """Where these places stand in what was read."""
    below: "Reading | None" = None
    """What was read; None for bytes."""

    def origin(self, place: int) -> int:
        """Where the character at ``place`` begins in the bytes."""
        at = bisect_right(self.starts, place) - 1
        stands = self.origins[at] + place - self.starts[at]
        return stands if self.below is None else self.below.origin(stands)


def readings(data: bytes) -> Iterator[Reading]:
    """The texts of ``data``, the bytes themselves first; the last one has no escape left, or is deep enough."""
    return deeper(Reading(data.decode("latin-1"), [0], [0]))


def deeper(reading: Reading) -> Iterator[Reading]:
    """The same of a text that has been read already."""
    yield reading
    for _ in range(DEPTH):
        undone = unescaped(reading)
        if undone is None:
            return
        reading = undone
        yield reading


def unescaped(below: Reading) -> Reading | None:
    """The text without its escapes; None where it has none."""
    text, at, size = below.text, 0, 0
    if "\\" not in text and "%" not in text and "data:" not in text:
        return None
    pieces: list[str] = []
    starts, origins = [0], [0]
    for escape in ESCAPE.finditer(text):
        start, end = escape.span()
        pieces += (text[at:start], character(escape))
        size += start - at + 1
        starts.append(size)
        origins.append(end)
        at = end
    if not pieces:
        return None
    pieces.append(text[at:])
    return Reading("".join(pieces), starts, origins, below)


def character(escape: re.Match[str]) -> str:
    """What an escape stands for; one that JSON does not know stands for its second character."""
    code, letter, percent = escape.groups()
    if code or percent:
        return chr(int(code or percent, 16))
    return LETTERS.get(letter, letter) if letter else "\n"
