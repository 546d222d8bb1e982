"""Integers to bytes and back: varints, and columns of fixed width.

Knows numbers only. Varints are small and are what a journal appends; columns of fixed width compress as well
and decode without a loop in Python, which is what an index of a million entries needs.
Invariant: a count that the bytes claim never makes these functions allocate more than a small multiple of
the bytes that are there, but for columns of zeros, which are bounded by a constant.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from operator import sub

from sserec.errors import DamagedArchive

MAX_VARINT = (1 << 63) - 1
MAX_ZEROS = 1 << 20

_TYPECODES = {1: "B", 2: "H", 4: "I", 8: "Q"}


def varint(value: int) -> bytes:
    """Unsigned LEB128."""
    if value < 0x80:
        return bytes((value,))
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def varints(values: Iterable[int]) -> bytes:
    """A column of varints."""
    encoded = bytearray()
    append = encoded.append
    for value in values:
        while value > 0x7F:
            append(value & 0x7F | 0x80)
            value >>= 7
        append(value)
    return bytes(encoded)


def read_varint(data: bytes, position: int) -> tuple[int, int]:
    """The varint at ``position`` and the position after it."""
    value = shift = 0
    for after, byte in enumerate(data[position : position + 9], position + 1):
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, after
        shift += 7
    raise DamagedArchive("a varint is cut off or longer than 9 bytes")


def read_varints(data: bytes, position: int, count: int) -> tuple[array[int], int]:
    """``count`` varints from ``position`` on, and the position after them."""
    if count > len(data) - position:
        raise DamagedArchive("a column is longer than its record")
    small = data[position : position + count]
    if small.isascii():
        return array("Q", memoryview(small)), position + count
    values = array("Q")
    append = values.append
    missing = count
    value = shift = 0
    for byte in memoryview(data)[position : position + 9 * count]:
        position += 1
        if byte > 0x7F:
            value |= (byte & 0x7F) << shift
            shift += 7
            if shift > 56:
                raise DamagedArchive("a varint is longer than 9 bytes")
            continue
        append(value | byte << shift)
        missing -= 1
        if not missing:
            return values, position
        value = shift = 0
    raise DamagedArchive("a column of varints is cut off")


def differences(values: Sequence[int]) -> Iterator[int]:
    return map(sub, values[1:], values)


def running_totals(first: int, steps: Iterable[int]) -> array[int]:
    try:
        totals = array("Q", accumulate(steps, initial=first))
    except OverflowError:
        totals = array("Q", (MAX_VARINT + 1,))
    if totals[-1] > MAX_VARINT:
        raise DamagedArchive("a sum is beyond 2^63")
    return totals


def column(values: Sequence[int]) -> bytes:
    """Fixed-width integers: the width in bytes (0, 1, 2, 4 or 8; 0: all are zero), then the values.

    Decoding costs no loop, unlike varints: a million values take a millisecond.
    """
    largest = max(values, default=0)
    if not largest:
        return b"\0"
    width = next(width for width in _TYPECODES if largest < 1 << 8 * width)
    packed = array(_TYPECODES[width], values)
    if sys.byteorder == "big":
        packed.byteswap()
    return bytes((width,)) + packed.tobytes()


def rising_column(values: Sequence[int]) -> bytes:
    """A column of values that never decrease: the first, then the differences."""
    return column([*values[:1], *differences(values)])


class ColumnReader:
    """Reads varints and columns from a payload in turn."""

    def __init__(self, payload: bytes) -> None:
        self._payload = payload
        self._position = 0

    def varint(self) -> int:
        """The next varint."""
        value, self._position = read_varint(self._payload, self._position)
        return value

    @property
    def at_end(self) -> bool:
        """Everything was read."""
        return self._position >= len(self._payload)

    def bytes(self, size: int) -> bytes:
        """The next ``size`` bytes."""
        start, self._position = self._position, self._position + size
        if self._position > len(self._payload):
            raise DamagedArchive("a name is longer than its record")
        return self._payload[start : self._position]

    def column(self, count: int) -> array[int]:
        """The next column, of ``count`` values."""
        if self._position >= len(self._payload):
            raise DamagedArchive("a column is missing")
        width = self._payload[self._position]
        if width == 0:
            return self._zeros(count)
        if width not in _TYPECODES:
            raise DamagedArchive(f"no column is {width} bytes wide")
        start = self._position + 1
        self._position = start + width * count
        if self._position > len(self._payload):
            raise DamagedArchive("a column is longer than its record")
        values = array(_TYPECODES[width], self._payload[start : self._position])
        if sys.byteorder == "big":
            values.byteswap()
        return values

    def rising_column(self, count: int) -> array[int]:
        """The next column of differences, summed up."""
        steps = self.column(count)
        return running_totals(steps[0], steps[1:]) if count else array("Q")

    def _zeros(self, count: int) -> array[int]:
        if count > MAX_ZEROS:
            raise DamagedArchive("a column of zeros is beyond every limit")
        self._position += 1
        return array("B", bytes(count))
