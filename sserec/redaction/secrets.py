"""Secrets replaced in a body: where they stand is known, and every chunk stays as long as it was. Pure."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from sserec.records import Chunk
from sserec.redaction.masking import masked
from sserec.scan.bodies import Hit

Patch = tuple[int, bytes]
"""Other bytes, from an offset on."""


def patches(hits: Iterable[Hit], read: Callable[[int, int], bytes]) -> list[Patch]:
    """What is to stand in place of the secrets, in order. ``read`` gives the bytes between two offsets."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(span for hit in hits for span in hit.spans):
        if joined and start < joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((start, end))
    return [(start, masked(read(start, end))) for start, end in joined]


def patched(chunks: Iterable[Chunk], those: list[Patch]) -> Iterator[Chunk]:
    """The chunks with these patches in them, wherever they are cut."""
    first = 0
    for chunk in chunks:
        data, end = bytearray(chunk.data), chunk.offset + len(chunk.data)
        while first < len(those) and those[first][0] + len(those[first][1]) <= chunk.offset:
            first += 1
        at = first
        while at < len(those) and those[at][0] < end:
            overlay(data, chunk.offset, those[at])
            at += 1
        yield replace(chunk, data=bytes(data)) if at > first else chunk


def overlay(data: bytearray, offset: int, patch: Patch) -> None:
    """The part of a patch that lies within ``data``, which begins at ``offset``."""
    start, new = patch
    skipped = max(offset - start, 0)
    at = max(start - offset, 0)
    part = new[skipped : skipped + len(data) - at]
    data[at : at + len(part)] = part
