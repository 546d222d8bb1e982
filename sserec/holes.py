"""Decoding a body that may have lost bytes.

Knows :mod:`sserec.sse` and offsets; must not know why bytes are missing. Invariant: no event is made from bytes on
both sides of a hole, nor from the middle of a block behind one: only after a blank line is it certain that a block
begins.
"""

import re

from sserec.sse import Decoder, Event, Residue, Tail

_BLANK_LINE = re.compile(rb"(?:\r\n|\n|\r(?!\n))(?:\r\n|\n|\r)")
_BLANK_LINE_MAX_BYTES = 4


class BodyDecoder:
    """Decodes what is left of one body, fed in order with whatever stands at which offset."""

    def __init__(self) -> None:
        self.position = 0
        """The offset after the last byte that was fed."""
        self.start = 0
        """Where decoding last began: 0, or behind the latest hole."""
        self._decoder: Decoder | None = Decoder()
        self._residue: list[Residue] = []
        self._behind_hole = b""

    def feed(self, offset: int, data: bytes) -> list[Event]:
        """The events that end in ``data``, which stands at ``offset``, not before :attr:`position`."""
        if offset != self.position:
            self._fall_into_hole()
        self.position = offset + len(data)
        if self._decoder is None:
            data = self._resumed(data)
        return self._decoder.feed(data) if self._decoder else []

    def residue(self) -> list[Residue]:
        """What was no event since the last call."""
        residue, self._residue = self._residue, []
        return residue + (self._decoder.residue() if self._decoder else [])

    def end(self) -> Tail | None:
        """The unfinished block at the end; call before the last :meth:`residue`."""
        return self._decoder.end() if self._decoder else None

    def _fall_into_hole(self) -> None:
        """A block that the hole cut is lost: it is no tail, because the stream did not end there."""
        if self._decoder is not None:
            self._residue += self._decoder.residue()
        self._decoder = None
        self._behind_hole = b""

    def _resumed(self, data: bytes) -> bytes:
        data = self._behind_hole + data
        border = _BLANK_LINE.search(data)
        if border is None:
            self._behind_hole = data[1 - _BLANK_LINE_MAX_BYTES :]
            return b""
        self.start = self.position - len(data) + border.end()
        self._decoder = Decoder(self.start)
        return data[border.end() :]
