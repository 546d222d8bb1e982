"""The lines of a body that is no event stream: NDJSON, or a list of JSON, tells a text a few characters a line. Pure.

Memory holds one line; one that is longer than any fragment is passed over, and so is one with a hole in it.
"""

from collections.abc import Iterator

MAX_LINE_BYTES = 1 << 20

Line = tuple[bytes, int, int]
"""Its bytes, and where it begins and ends in the body."""


class Lines:
    """Fed in pieces of any size, with the place of each in the body."""

    def __init__(self) -> None:
        self._begun = bytearray()
        self._start = self._end = 0
        """Of the line that is open, as far as it has come."""
        self._is_whole = True

    def feed(self, offset: int, data: bytes) -> Iterator[Line]:
        """The lines that end in ``data``."""
        self._is_whole = self._is_whole and offset == self._end
        at = 0
        while (end := data.find(b"\n", at)) >= 0:
            self._add(data[at:end])
            yield bytes(self._begun), self._start, offset + end
            at = end + 1
            self._begun.clear()
            self._start, self._is_whole = offset + at, True
        self._add(data[at:])
        self._end = offset + len(data)

    def rest(self) -> Iterator[Line]:
        """The last line of several, where nothing ends it."""
        if self._start:
            yield bytes(self._begun), self._start, self._end

    def _add(self, data: bytes) -> None:
        self._is_whole = self._is_whole and len(self._begun) + len(data) <= MAX_LINE_BYTES
        if self._is_whole:
            self._begun += data
        else:
            self._begun.clear()
