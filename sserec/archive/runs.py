"""The records that hold many small facts: runs of chunks, opaque traffic, step checksums.

Knows their columns and nothing of where they are stored. Times are in ticks. Invariant: what decodes is
within the format's limits, and decode(encode(x)) is x.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterable
from operator import sub
from typing import NamedTuple

from sserec.archive.columns import (
    MAX_VARINT,
    differences,
    read_varint,
    read_varints,
    running_totals,
    varint,
    varints,
)
from sserec.archive.format import MAX_DATA_BYTES, MAX_RUN_CHUNKS
from sserec.errors import DamagedArchive


class Run(NamedTuple):
    """Consecutive chunks of one exchange: what a CHUNKS record holds. Times are in ticks."""

    exchange: int
    offset: int
    """Offset in the exchange's body of the first chunk."""
    times: array[int]
    sizes: array[int]
    coded_sizes: array[int] | None = None
    kernel_times: array[int] | None = None


_CODED_SIZES = 1
_KERNEL_LAGS = 2


def encode_run(run: Run) -> bytes:
    """A CHUNKS record's payload. The times must not decrease."""
    head = (run.exchange, run.offset, len(run.sizes), run.times[0])
    parts = [varints((*head, *differences(run.times), *run.sizes))]
    if run.coded_sizes is not None:
        parts += _extra_column(_CODED_SIZES, run.coded_sizes)
    if run.kernel_times is not None:
        lags = map(sub, run.times, run.kernel_times)
        parts += _extra_column(_KERNEL_LAGS, map(_zigzag, lags))
    return b"".join(parts)


def decode_run(payload: bytes) -> Run:
    """The opposite of :func:`encode_run`."""
    exchange, position = read_varint(payload, 0)
    offset, position = read_varint(payload, position)
    count, position = read_varint(payload, position)
    first, position = read_varint(payload, position)
    if not 1 <= count <= MAX_RUN_CHUNKS:
        raise DamagedArchive("a run has no chunks or too many")
    steps, position = read_varints(payload, position, count - 1)
    sizes, position = read_varints(payload, position, count)
    times = running_totals(first, steps)
    if 0 in sizes or offset + sum(sizes) > MAX_VARINT:
        raise DamagedArchive("a chunk is empty or beyond every limit")
    coded, kernel = _extra_columns(payload, position, times)
    return Run(exchange, offset, times, sizes, coded, kernel)


def _extra_column(kind: int, values: Iterable[int]) -> tuple[bytes, bytes]:
    column = varints(values)
    return varints((kind, len(column))), column


def _extra_columns(
    payload: bytes, position: int, times: array[int]
) -> tuple[array[int] | None, array[int] | None]:
    coded = kernel = None
    while position < len(payload):
        kind, position = read_varint(payload, position)
        size, position = read_varint(payload, position)
        column = payload[position : position + size]
        position += size
        if kind == _CODED_SIZES:
            coded = read_varints(column, 0, len(times))[0]
        elif kind == _KERNEL_LAGS:
            kernel = _kernel_times(times, read_varints(column, 0, len(times))[0])
    return coded, kernel


def _kernel_times(times: array[int], lags: array[int]) -> array[int]:
    try:
        return array("q", (t - _unzigzag(lag) for t, lag in zip(times, lags, strict=True)))
    except OverflowError as error:
        raise DamagedArchive("a kernel time is beyond all times") from error


def _zigzag(value: int) -> int:
    return value << 1 if value >= 0 else -value << 1 | 1


def _unzigzag(value: int) -> int:
    return -(value >> 1) if value & 1 else value >> 1


class TrafficRun(NamedTuple):
    """What a TRAFFIC record holds: bytes that passed through an opaque connection."""

    exchange: int
    times: array[int]
    directions: array[int]
    sizes: array[int]


def encode_traffic(run: TrafficRun) -> bytes:
    """A TRAFFIC record's payload: the direction is the lowest bit of the size."""
    sizes = (size << 1 | direction for size, direction in zip(run.sizes, run.directions, strict=True))
    return b"".join(
        (
            varint(run.exchange),
            varint(len(run.sizes)),
            varint(run.times[0]),
            varints(differences(run.times)),
            varints(sizes),
        )
    )


def decode_traffic(payload: bytes) -> TrafficRun:
    """The opposite of :func:`encode_traffic`."""
    exchange, position = read_varint(payload, 0)
    count, position = read_varint(payload, position)
    first, position = read_varint(payload, position)
    if not 1 <= count <= MAX_RUN_CHUNKS:
        raise DamagedArchive("a record of traffic is empty or too long")
    steps, position = read_varints(payload, position, count - 1)
    sizes, position = read_varints(payload, position, count)
    directions = array("B", (size & 1 for size in sizes))
    return TrafficRun(exchange, running_totals(first, steps), directions, array("Q", (s >> 1 for s in sizes)))


STEP_BITS = 17


def encode_steps(checksums: list[int]) -> bytes:
    """A STEPS record's payload: the CRC of every 128 KiB of a block's data, which proves a prefix of it."""
    packed = struct.pack(f"<{len(checksums)}I", *checksums)
    return bytes((STEP_BITS,)) + varint(len(checksums)) + packed


def decode_steps(payload: bytes) -> tuple[int, tuple[int, ...]]:
    """The step in bytes and the checksums."""
    count, position = read_varint(payload, 1)
    bits = payload[0]
    if not 12 <= bits <= 23 or count > MAX_DATA_BYTES >> bits or 4 * count > len(payload) - position:
        raise DamagedArchive("step checksums that fit no data")
    return 1 << bits, struct.unpack_from(f"<{count}I", payload, position)
