"""Marks as records: what stands in a MARKS block.

Knows the keys, which docs/format.md lists; must not know where a block is. Unknown keys are ignored on reading.
"""

from collections.abc import Iterable

from sserec.archive.format import RecordType, record, records
from sserec.archive.heads import decode_json, encode_json
from sserec.archive.values import Mark
from sserec.errors import DamagedArchive


def encode_marks(marks: Iterable[Mark]) -> bytes:
    """The body of a MARKS block."""
    values = ({"exchange": mark.exchange, "offset": mark.offset, "text": mark.text} for mark in marks)
    return b"".join(record(RecordType.MARK, encode_json(value)) for value in values)


def decode_marks(body: bytes) -> list[Mark]:
    """The opposite of :func:`encode_marks`. Raises DamagedArchive."""
    return [_mark(payload) for kind, payload in records(body) if kind == RecordType.MARK]


def _mark(payload: bytes) -> Mark:
    value = decode_json(payload)
    exchange, offset = value.get("exchange"), value.get("offset")
    if type(exchange) is not int or type(offset) is not int or exchange < 1 or offset < 0:
        raise DamagedArchive("a mark stands nowhere")
    return Mark(exchange, offset, str(value.get("text", "")))
