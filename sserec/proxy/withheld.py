"""Bodies that wait to be written until what is secret in them can be told. Sans I/O.

A name and its value may come in different reads, so a body that is looked through is held back until it is whole, or
too long to wait for. It is given out in the pieces in which it came: concealing moves no byte.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

LIMIT_BYTES = 4 * 1024 * 1024
"""Of one body. What is longer (images, mostly) is looked through so much at a time: a secret that stands across the
border of two such parts is the only one that is missed."""

Facts = TypeVar("Facts")
Conceal = Callable[[bytes], bytes]


class Withheld(Generic[Facts]):
    """One body, each piece with the facts that belong to it."""

    def __init__(self, whole: Conceal, part: Conceal) -> None:
        """``whole`` conceals a body from its beginning, ``part`` what follows."""
        self._conceal = whole
        self._part = part
        self._pieces: list[tuple[bytes, Facts]] = []
        self._size_bytes = 0

    def add(self, data: bytes, facts: Facts) -> list[tuple[bytes, Facts]]:
        """The pieces that may be written now."""
        self._pieces.append((data, facts))
        self._size_bytes += len(data)
        return self.end() if self._size_bytes > LIMIT_BYTES else []

    def end(self) -> list[tuple[bytes, Facts]]:
        """The pieces that are still held."""
        clean, at = self._conceal(b"".join(data for data, _ in self._pieces)), 0
        released = []
        for data, facts in self._pieces:
            released.append((clean[at : at + len(data)], facts))
            at += len(data)
        self._pieces, self._size_bytes, self._conceal = [], 0, self._part
        return released
