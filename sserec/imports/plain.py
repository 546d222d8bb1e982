"""A body alone, as ``curl > FILE`` leaves it: every byte of it, and nothing else."""

from sserec.imports.found import Findings, Found, Part
from sserec.records import Unknown

PART_BYTES = 1 << 18


def read(data: bytes) -> Findings:
    """One exchange."""
    parts = [Part(data[start : start + PART_BYTES]) for start in range(0, len(data), PART_BYTES)]
    unknown = frozenset({Unknown.REQUEST, Unknown.TIMES, Unknown.CHUNKS, Unknown.END})
    return Findings("plain text", is_dated=False, exchanges=[Found(body=parts, unknown=unknown)])
