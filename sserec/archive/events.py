"""The table of events in the file: EVENTS blocks and what stands in them.

Knows the columns of a part; must not know how events are made. Invariant: a part is taken only when its
columns fit one another, the table and the exchange.
"""

from array import array
from collections.abc import Sequence

from sserec.archive.catalogue import EventPlace
from sserec.archive.columns import ColumnReader, column, differences, rising_column, running_totals, varint
from sserec.archive.format import MAX_PART_ROWS, BlockKind, RecordType
from sserec.archive.store import BlockStore
from sserec.archive.tables import EventPart, LazyParts
from sserec.errors import DamagedArchive


def encode_part(exchange: int, part: EventPart) -> bytes:
    """An EVENTS record's payload."""
    head = (
        exchange,
        part.first,
        part.start,
        part.id_source,
        len(part.end),
        len(part.id_changes),
        part.chunk[0],
    )
    return b"".join(
        (
            *map(varint, head),
            column([part.end[0] - part.start, *differences(part.end)]),
            column([0, *differences(part.chunk)]),
            column(part.type_index),
            rising_column(part.id_changes),
        )
    )


def decode_part(payload: bytes) -> EventPart:
    """The opposite of :func:`encode_part`, without the exchange."""
    reader = ColumnReader(payload)
    _, first, start, id_source, rows, changes, first_chunk = (reader.varint() for _ in range(7))
    if not 1 <= rows <= MAX_PART_ROWS or changes > rows:
        raise DamagedArchive("a part of a table of events is empty or too long")
    return EventPart(
        first,
        start,
        id_source,
        running_totals(start, reader.column(rows))[1:],
        running_totals(first_chunk, reader.column(rows))[1:],
        reader.column(rows),
        reader.rising_column(changes),
    )


def event_parts(
    store: BlockStore, places: Sequence[EventPlace], exchange: int, type_count: int, chunk_count: int
) -> LazyParts[EventPart]:
    """The parts of an exchange's table. Raises DamagedArchive when one of their blocks is damaged."""
    for position in {place.position for place in places}:
        head = store.head(position)
        if head.kind != BlockKind.EVENTS:
            raise DamagedArchive("no table of events is where the index says")
        store.check_body(head)
    firsts = array("Q", (place.first for place in places))

    def load(index: int) -> EventPart:
        part = _find_part(store, places[index], exchange)
        rows = firsts[index + 1] - firsts[index] if index + 1 < len(firsts) else len(part.end)
        if len(part.end) != rows or max(part.type_index) >= type_count or part.chunk[-1] >= chunk_count:
            raise DamagedArchive("a part of a table of events does not fit the others")
        return part

    last_rows = len(load(len(places) - 1).end) if places else 0
    return LazyParts(firsts, firsts[-1] + last_rows if places else 0, load)


def _find_part(store: BlockStore, place: EventPlace, exchange: int) -> EventPart:
    payload = store.record(store.head(place.position), RecordType.EVENTS, exchange, place.first)
    if payload is None:
        raise DamagedArchive("a part of a table of events is not where the index says")
    return decode_part(payload)
