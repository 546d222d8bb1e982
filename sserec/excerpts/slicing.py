"""What ``sserec slice`` cuts out of a recording.

Knows exchanges, events and times; must not know how a file is written. An excerpt begins where an event begins, because
a half event would decode to something nobody sent; it may end inside one, as a stream does that is cut.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sserec.archive import ArchiveReader, ExchangeRecord
from sserec.archive.composing import Excerpt
from sserec.archive.heads import Json
from sserec.display import argument
from sserec.errors import NothingFound, UsageError
from sserec.records import Unknown

Events = tuple[int, int | None]
"""The first and the last event's number, from 1; None is the last one there is."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What to cut out; what is None leaves all of it in."""

    exchanges: frozenset[int] | None = None
    events: Events | None = None
    from_ns: int | None = None
    to_ns: int | None = None

    @property
    def has_times(self) -> bool:
        return self.from_ns is not None or self.to_ns is not None


def excerpts(reader: ArchiveReader, name: str, selection: Selection) -> list[Excerpt]:
    """The parts, in the order of the recording. Raises UsageError for a wish that this recording cannot fulfil."""
    records = chosen(reader, name, selection.exchanges)
    if selection.events is not None:
        return [of_events(reader, name, the_only(records, name), selection.events)]
    found = list(by_time(reader, name, records, selection)) if selection.has_times else whole(reader, records)
    if not found:
        raise NothingFound(f"{name}: no exchange was under way then (sserec info {argument(name)})")
    return found


def chosen(reader: ArchiveReader, name: str, numbers: frozenset[int] | None) -> list[ExchangeRecord]:
    if numbers is None:
        return list(reader.exchanges)
    missing = sorted(numbers - frozenset(reader.numbers))
    if missing:
        raise UsageError(f"{name} has no exchange {missing[0]} (sserec info {argument(name)})")
    return [reader.exchange(number) for number in sorted(numbers)]


def whole(reader: ArchiveReader, records: Iterable[ExchangeRecord]) -> list[Excerpt]:
    return [Excerpt(reader, record.number) for record in records]


def the_only(records: Sequence[ExchangeRecord], name: str) -> ExchangeRecord:
    if len(records) != 1:
        raise UsageError(
            f"--events goes with one exchange, and {name} has {len(records)}: --exchange N says which"
        )
    return records[0]


def of_events(reader: ArchiveReader, name: str, record: ExchangeRecord, events: Events) -> Excerpt:
    """All before the first event goes with it when it is event 1, all behind the last one when there is no more."""
    table, (first, last) = reader.event_table(record.number), events
    count = len(table)
    if first > count:
        raise UsageError(f"{name}: exchange {record.number} has no event {first:,}, only {count:,}")
    start = table.start(first - 1) if first > 1 else 0
    if last is None or last >= count:
        return Excerpt(reader, record.number, start)
    return Excerpt(reader, record.number, start, table.end[last - 1], t_end_ns=table.t_ns[last - 1])


def by_time(
    reader: ArchiveReader, name: str, records: Iterable[ExchangeRecord], selection: Selection
) -> Iterator[Excerpt]:
    """Of each exchange that was under way, what came in that time."""
    from_ns, to_ns = selection.from_ns or 0, selection.to_ns
    for record in records:
        if record.unknown & {Unknown.TIMES, Unknown.ARRIVALS, Unknown.REQUEST} or record.t_open_ns is None:
            raise UsageError(
                f"{name}: nobody knows when exchange {record.number} took place (--exchange, --events)"
            )
        over_ns = record.close.t_ns if record.close else None
        if (to_ns is not None and record.t_open_ns > to_ns) or (over_ns is not None and over_ns < from_ns):
            continue
        start = begin(reader, record.number, from_ns)
        if to_ns is None or not goes_on(reader, record, to_ns):
            yield Excerpt(reader, record.number, start, t_start_ns=from_ns)
        else:
            end = max(came_until(reader, record.number, to_ns), start)
            yield Excerpt(reader, record.number, start, end, t_start_ns=from_ns, t_end_ns=to_ns)


def goes_on(reader: ArchiveReader, record: ExchangeRecord, t_ns: int) -> bool:
    """Whether anything of it came later."""
    if record.close is not None:
        return record.close.t_ns > t_ns
    chunks = reader.chunk_table(record.number)
    return bool(len(chunks)) and chunks.t_ns[len(chunks) - 1] > t_ns


def begin(reader: ArchiveReader, number: int, from_ns: int) -> int:
    """Where the first event begins that was complete at ``from_ns`` or later; of other bodies, the first chunk."""
    if not reader.is_event_stream(number):
        chunks = reader.chunk_table(number)
        first = chunks.after(from_ns)
        return chunks.end[first - 1] if first else 0
    events = reader.event_table(number)
    first = events.after(from_ns)
    if not first:
        return 0
    return events.start(first) if first < len(events) else events.end[first - 1]


def came_until(reader: ArchiveReader, number: int, to_ns: int) -> int:
    """How much of the body had come."""
    chunks = reader.chunk_table(number)
    count = chunks.after(to_ns + 1)
    return chunks.end[count - 1] if count else 0


def meta(reader: ArchiveReader, path: Path) -> Json:
    """What was recorded stays what it was; beside it stands where this comes from."""
    return dict(reader.meta_json) | {"sliced_from": path.name}


def notes(reader: ArchiveReader, parts: Sequence[Excerpt]) -> list[tuple[int, Json]]:
    """The recording's own, and one for each part: what of which exchange it is."""
    return [
        *reader.notes,
        *((0, {"slice": told(part, number)}) for number, part in enumerate(parts, start=1)),
    ]


def told(part: Excerpt, number: int) -> Json:
    first, last = event_span(part)
    return {
        "exchange": number,
        "of_exchange": part.number,
        "start": part.start,
        "end": part.end,
        "first_event": first,
        "last_event": last,
    }


def event_span(part: Excerpt) -> tuple[int, int]:
    """The numbers, in the recording, of the first and the last event in it; the last is smaller where there is none."""
    ends = part.reader.event_table(part.number).end
    last = len(ends) if part.end is None else bisect_right(ends, part.end)
    return bisect_right(ends, part.start) + 1, last
