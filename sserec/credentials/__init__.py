"""What a secret is: by its shape, by its name, and in whatever escapes it is written. Pure.

One knowledge for all who look for secrets: the recorder, which never writes them, and ``sserec scan``, which finds
those that came in another way. What the recorder leaves in a request ``sserec scan`` therefore does not find either.
"""

import re
from collections.abc import Iterator

from sserec.credentials.encoded import find_encoded
from sserec.credentials.fields import find_fields
from sserec.credentials.keys import KEYS, Found, find_keys
from sserec.credentials.readings import Reading, readings

__all__ = (
    "KEYS",
    "Found",
    "Reading",
    "extent",
    "find_fields",
    "find_keys",
    "find_secrets",
    "readings",
    "secret_spans",
)

NONE: frozenset[str] = frozenset()
FILE = re.compile(rb'"(?:data:[^",]{0,100},)?[A-Za-z0-9+/=_-]{65536,}+"')
"""Base64 of an image, mostly: no time is to be lost on it where a recording waits."""


def find_secrets(
    texts: list[Reading], *, is_strict: bool = False, left_out: frozenset[str] = NONE
) -> Iterator[tuple[Reading, Found]]:
    """What is found in the readings of one text, the deepest last, and in which of them.

    Keys and base64 have no escapes, so that they need to be looked for in one reading only.
    """
    for reading in texts:
        if reading is texts[-1]:
            yield from ((reading, found) for found in find_keys(reading.text, left_out))
            yield from ((reading, found) for found in find_encoded(reading.text, left_out))
        fields = find_fields(reading.text, is_strict=is_strict, left_out=left_out)
        yield from ((reading, found) for found in fields)


def secret_spans(data: bytes) -> Iterator[tuple[int, int]]:
    """Where the secrets of a body stand, in no order; they may overlap. Files in it are not looked at."""
    at = 0
    for file in FILE.finditer(data):
        yield from spans_between(data, at, file.start())
        at = file.end()
    yield from spans_between(data, at, len(data))


def spans_between(data: bytes, at: int, end: int) -> Iterator[tuple[int, int]]:
    texts = list(readings(data[at:end]))
    for reading, found in find_secrets(texts):
        start, end = extent(texts[0].text, reading, found)
        yield at + start, at + end


def extent(text: str, reading: Reading, found: Found) -> tuple[int, int]:
    """Where something that was found in a reading of ``text`` stands in it: at most to the end of its string.

    A string that ends in a backslash seems to go on where the backslash is undone once more.
    """
    start, end = reading.origin(found.start), reading.origin(found.end)
    around = escapes_of(text, start - 1) if text[start - 1 : start] == '"' else 0
    quote = text.find('"', start, end)
    while quote >= 0:
        own = escapes_of(text, quote)
        if own <= around:
            return start, max(quote - own, start)
        quote = text.find('"', quote + 1, end)
    return start, end


def escapes_of(text: str, quote: int) -> int:
    """Of the backslashes before a quote, those that make it one: 0, 1, 3, 7… in JSON, in JSON within JSON, and so on.

    The others stand in pairs, in fours, in eights for backslashes at the end of the string.
    """
    start = quote
    while start > 0 and text[start - 1] == "\\":
        start -= 1
    return ((quote - start) ^ (quote - start + 1)) >> 1
