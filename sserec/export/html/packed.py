"""Values as blocks of a page: JSON, gzip, base64, in a ``script`` element that is no script.

Base64 holds no character that HTML knows, so whatever a server sent cannot end the element that carries it. Knows how
much a page may hold; must not know what a block says.

JavaScript's numbers are doubles. One that they cannot tell as JSON told it (a large integer, 1.0) travels as an object
with the one key :data:`TAG`, and so does a string that is not on the page, as its length.
"""

from base64 import b64encode
from collections.abc import Iterator
from gzip import compress
from typing import Any

import orjson

TAG = "\ue000"
"""From the Private Use Area, where no API takes its keys from."""

BLOCK_BYTES = 1 << 18
"""Of JSON in one block: unpacked within a few milliseconds, so that a page never holds its reader up."""

MAX_RATIO = 24
"""What packs better than this counts as if it did not: a page must not burst when it is unpacked."""

MAX_WHOLE = 2**53
MIN_FRACTION, MAX_FRACTION = 1e-5, 1e16
"""Where Python and JavaScript write a fraction in the same way."""


class Budget:
    """How many bytes a page may still take."""

    def __init__(self, size_bytes: int) -> None:
        self.left_bytes = size_bytes

    def take(self, size_bytes: int) -> bool:
        """Whether there was room for so many."""
        if size_bytes > self.left_bytes:
            return False
        self.left_bytes -= size_bytes
        return True


class Blocks:
    """JSON values, one after the other, in blocks of ``kind``."""

    def __init__(self, kind: str, exchange: int, budget: Budget) -> None:
        self.firsts: list[int] = []
        """The position of each block's first value among all."""
        self._kind = f"{kind}-{exchange}"
        self._budget = budget
        self._count = 0
        self._values: list[bytes] = []
        self._size_bytes = 0

    def add(self, value: bytes) -> Iterator[str]:
        """Takes a value that is JSON already; gives the block that it filled."""
        if not self._values:
            self.firsts.append(self._count)
        self._values.append(value)
        self._count += 1
        self._size_bytes += len(value)
        if self._size_bytes >= BLOCK_BYTES:
            yield from self.rest()

    def rest(self) -> Iterator[str]:
        """The block that is not full."""
        if self._values:
            packed = block(f"{self._kind}-{len(self.firsts) - 1}", b"[%b]" % b",".join(self._values))
            self._budget.left_bytes -= max(len(packed), self._size_bytes // MAX_RATIO)
            self._values, self._size_bytes = [], 0
            yield packed


def block(name: str, json: bytes) -> str:
    """One block; the same bytes for the same value."""
    return carried(name, "application/gzip", compress(json, 9, mtime=0))


def carried(name: str, mime_type: str, data: bytes) -> str:
    return f'<script id="{name}" type="{mime_type}">{b64encode(data).decode()}</script>\n'


def brief(text: str, most: int = 200) -> str:
    """The text, or its beginning where it is longer than anybody reads."""
    return text if len(text) <= most else text[: most - 1] + "…"


def written(value: Any) -> bytes:
    """A value as JSON that JavaScript reads without loss."""
    return orjson.dumps(told(value))


def told(value: Any) -> Any:
    """The value with its untellable numbers as objects."""
    if type(value) is dict:
        return {key: told(inner) for key, inner in value.items()}
    if type(value) is list:
        return [told(inner) for inner in value]
    if type(value) is int:
        return value if abs(value) < MAX_WHOLE else {TAG: str(value)}
    if type(value) is float:
        return value if _is_plain(value) else {TAG: orjson.dumps(value).decode()}
    return value


def _is_plain(value: float) -> bool:
    return MIN_FRACTION <= abs(value) < MAX_FRACTION and not value.is_integer()
