"""A recording opened for reading, whatever kind of file it is.

Joins what the floors below keep apart: the archive knows chunks, :mod:`sserec.sse` events, and
:mod:`sserec.interactions` what they mean. Events and interactions are derived from the stored bytes each time they
are asked for and never kept, so a better decoder reads old files better, and memory does not follow the file.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from itertools import count
from os import PathLike, fspath
from pathlib import Path
from typing import NamedTuple, Self, overload

from sserec.archive import ArchiveReader, ExchangeRecord, Mark, Meta, Problem
from sserec.closing import Closing
from sserec.display import argument
from sserec.errors import DamagedArchive, UsageError
from sserec.holes import BodyDecoder
from sserec.interactions import Assembler, Assembly, History, error_said, is_terminal
from sserec.records import Chunk, Close, Ending, Request, Response, Unknown, ending
from sserec.sources import (
    ArchiveSource,
    Ends,
    EventPlaces,
    Source,
    is_piped,
    name_of,
    source_of,
    spool,
)
from sserec.sse import Decoder, Event, Residue, Tail
from sserec.stats import Surroundings

BATCH_BYTES = 1 << 18
"""Of events that are decoded at once; a larger event comes alone."""
LAST_EVENTS = 4
"""How many events at the end are searched for the terminal one: completed and done, and two to spare."""


class RecordedEvent(NamedTuple):
    """An event and its place in the recording."""

    number: int
    """From 1, within the exchange."""
    t_ns: int | None
    """When its blank line arrived; None where the file knows no times."""
    event: Event


class RecordedMark(NamedTuple):
    """What a person noted on a place, in the viewer (``sserec view``)."""

    exchange: int
    """From 1."""
    event: int | None
    """The number of the event, from 1, or of the one that follows the marked bytes; None behind the last event."""
    t_ns: int | None
    """When the marked bytes came."""
    text: str
    """Empty where the place is only marked."""


class EventStream:
    """One pass over the events of an exchange; when it is over, it knows what was no event."""

    def __init__(self, chunks: Iterator[Chunk], *, timed: bool) -> None:
        self.residue: list[Residue] = []
        self.tail: Tail | None = None
        self._chunks = chunks
        self._timed = timed

    def __iter__(self) -> Iterator[RecordedEvent]:
        decoder, numbers = BodyDecoder(), count(1)
        for chunk in self._chunks:
            t_ns = chunk.t_ns if self._timed else None
            for event in decoder.feed(chunk.offset, chunk.data):
                yield RecordedEvent(next(numbers), t_ns, event)
        self.tail = decoder.end()
        self.residue = decoder.residue()


class Exchange:
    """One request and its response, or one connection that could not be read."""

    def __init__(self, record: ExchangeRecord, source: Source, *, live: bool = False) -> None:
        self.record = record
        self._source = source
        self._live = live

    @property
    def number(self) -> int:
        """From 1, in order of opening."""
        return self.record.number

    @property
    def request(self) -> Request | None:
        return self.record.request

    @property
    def response(self) -> Response | None:
        return self.record.response

    @property
    def close(self) -> Close | None:
        return self.record.close

    @property
    def is_live(self) -> bool:
        """Whether it still goes on, and a recorder listens."""
        return self._live and self.close is None

    @property
    def is_timed(self) -> bool:
        """Whether the file knows when the body's bytes arrived; plain text does not, nor do some imports."""
        return not self.record.unknown & {Unknown.TIMES, Unknown.ARRIVALS}

    @property
    def knows_chunks(self) -> bool:
        """Whether the file knows which bytes came together."""
        return Unknown.CHUNKS not in self.record.unknown

    @property
    def knows_end(self) -> bool:
        """Whether the file knows how the exchange ended."""
        return Unknown.END not in self.record.unknown

    @cached_property
    def is_event_stream(self) -> bool:
        """By its label, or, where that says nothing or something else, by how the body begins."""
        return self._source.is_event_stream(self.number)

    @property
    def event_count(self) -> int:
        """How many events the body holds; 0 for what is not an event stream."""
        return len(self._event_table)

    @property
    def ending(self) -> Ending | None:
        """How it ended; None while it still goes on, and where the file does not know (plain text)."""
        if not self.knows_end or self.record.opaque or self.is_live:
            return None
        return ending(self.close, saw_end=self.saw_end)

    @cached_property
    def saw_end(self) -> bool:
        """Whether the event that ends the stream is among the last ones that are left."""
        return any(map(is_terminal, self._last_events()))

    @cached_property
    def error_said(self) -> str | None:
        """The words of the error event with which the API ended the stream; None where it did not."""
        return next(filter(None, map(error_said, self._last_events())), None)

    def event(self, number: int) -> Event:
        """The event with this number, from 1, without decoding those before it.

        Raises IndexError where there is none, and DamagedArchive where its bytes are lost.
        """
        if not 1 <= number <= self.event_count:
            raise IndexError(f"no event {number}, only {self.event_count}")
        return self._decoded(number - 1, number)[0]

    def events_between(self, start: int, stop: int) -> Iterator[Event]:
        """The events from index ``start`` up to ``stop``, from 0, without decoding those before them.

        Raises DamagedArchive where bytes of them are lost.
        """
        stop = min(stop, self.event_count)
        while start < stop:
            last = self._batch_end(start, stop)
            yield from self._decoded(start, last)
            start = last

    @cached_property
    def history(self) -> History:
        """The interaction as of any event: ``history.at(k)`` after the first ``k``."""
        return History(self.events_between)

    def interaction_at(self, t_ns: int) -> Assembly:
        """The interaction as it stood at a time of the recording."""
        return self.history.at(self._event_table.after(t_ns + 1))

    def span(self, first: int, last: int) -> list[Event]:
        """The events from number ``first`` to ``last``, decoded at once; otherwise as :meth:`event`."""
        table = self._event_table
        start, end = table.start(first - 1), table.end[last - 1]
        return Decoder(offset=start).feed(self._source.body(self.number, start, end))

    @property
    def t_begin_ns(self) -> int | None:
        """When the last byte of the request had been sent, or, where nobody noted that, when its head came."""
        return self.record.t_open_ns if self.record.t_sent_ns is None else self.record.t_sent_ns

    @property
    def time_to_first_byte_ns(self) -> int | None:
        """From the last byte of the request to the head of the response."""
        begin, answered = self.t_begin_ns, self.record.t_response_ns
        return None if begin is None or answered is None else answered - begin

    @property
    def duration_ns(self) -> int | None:
        """From the head of the request to the end, whatever ended it."""
        begin = self.record.t_open_ns
        return None if begin is None or self.close is None else self.close.t_ns - begin

    @property
    def surroundings(self) -> Surroundings:
        """What its measures need to know beside the events (:meth:`sserec.stats.Meter.figures`)."""
        return Surroundings.of(self)

    def chunks(self) -> Iterator[Chunk]:
        """The body as it arrived. Where the file knows no times, ``t_ns`` is 0."""
        return self._source.chunks(self.number)

    def body(self, start: int = 0, end: int | None = None) -> bytes:
        """The whole body, or a range of its bytes. Raises DamagedArchive when one of them is lost."""
        return self._source.body(self.number, start, end)

    def events(self) -> EventStream:
        """The events, decoded as they are asked for; none for what is not an event stream."""
        return EventStream(self.chunks() if self.is_event_stream else iter(()), timed=self.is_timed)

    @property
    def marks(self) -> list[RecordedMark]:
        """What people noted on it, in the order of the body."""
        return [self._placed(mark) for mark in self._source.marks() if mark.exchange == self.number]

    def assembly(self) -> Assembly:
        """The interaction that the events fold into, and all there is to say about it."""
        events, assembler = self.events(), Assembler()
        for recorded in events:
            assembler.feed(recorded.event)
        return assembler.ended(events.residue, events.tail)

    def _placed(self, mark: Mark) -> RecordedMark:
        index = bisect_right(self._event_table.end, mark.offset)
        event = index + 1 if index < self.event_count else None
        t_ns = self._source.arrival_ns(self.number, mark.offset) if self.is_timed else None
        return RecordedMark(self.number, event, t_ns, mark.text)

    def _last_events(self) -> Iterator[Event]:
        """Those that can be read of the last few."""
        count = self.event_count
        for number in range(max(count - LAST_EVENTS, 0) + 1, count + 1):
            with suppress(DamagedArchive):
                yield self.event(number)

    @cached_property
    def _event_table(self) -> EventPlaces:
        return self._source.event_table(self.number) if self.is_event_stream else Ends()

    def _batch_end(self, start: int, stop: int) -> int:
        """How far one read goes: to a hole, to ``BATCH_BYTES``, and by one event at least."""
        table = self._event_table
        limit = table.start(start) + BATCH_BYTES
        last = start + 1
        while last < stop and table.end[last] <= limit and table.start(last) == table.end[last - 1]:
            last += 1
        return last

    def _decoded(self, start: int, stop: int) -> list[Event]:
        table = self._event_table
        offset = table.start(start)
        decoder = Decoder(offset, self._last_event_id_before(start))
        return decoder.feed(self._source.body(self.number, offset, table.end[stop - 1]))

    def _last_event_id_before(self, index: int) -> str:
        source = self._event_table.id_source(index)
        if source is None:
            return ""
        offset, end = self._event_table.start(source), self._event_table.end[source]
        return Decoder(offset).feed(self._source.body(self.number, offset, end))[0].last_event_id


class Exchanges(Sequence[Exchange]):
    """The exchanges of a recording in order of opening, read when asked for."""

    def __init__(self, source: Source, *, live: bool) -> None:
        self._source = source
        self._live = live

    def __len__(self) -> int:
        return len(self._source.records())

    @overload
    def __getitem__(self, index: int) -> Exchange: ...
    @overload
    def __getitem__(self, index: slice) -> list[Exchange]: ...
    def __getitem__(self, index: int | slice) -> Exchange | list[Exchange]:
        found = self._source.records()[index]
        if isinstance(found, ExchangeRecord):
            return Exchange(found, self._source, live=self._live)
        return [Exchange(record, self._source, live=self._live) for record in found]


class Recording(Closing):
    """A file's exchanges. A context manager; exchanges are read when asked for."""

    def __init__(
        self,
        name: str,
        source: Source,
        cleanup: Callable[[], None] = lambda: None,
    ) -> None:
        self.name = name
        self._source = source
        self._cleanup = cleanup

    @classmethod
    def open(cls, path: str) -> Self:
        """Opens an archive, one that still grows, a plain event stream, a pipe, or ``-``, standard input.

        Raises OSError, NotAnArchive or UnsupportedVersion; damage is no error, but a problem of the recording.
        """
        name = name_of(path)
        if not is_piped(path):
            return cls(name, source_of(path, name))
        spooled = Path(spool(path))
        try:
            source = source_of(str(spooled), name)
        except BaseException:
            spooled.unlink()
            raise
        return cls(name, source, cleanup=spooled.unlink)

    @property
    def archive(self) -> ArchiveReader | None:
        """The archive below; None for a plain event stream."""
        return self._source.reader if isinstance(self._source, ArchiveSource) else None

    @property
    def meta(self) -> Meta | None:
        """When, by what and of which command; None for a plain event stream."""
        return self.archive.meta if self.archive else None

    @property
    def problems(self) -> Sequence[Problem]:
        """What is missing from the file, or wrong with it, as far as it has been read."""
        return self.archive.problems if self.archive else ()

    @property
    def marks(self) -> list[RecordedMark]:
        """What people noted on the exchanges, in their order."""
        marked = {mark.exchange for mark in self._source.marks()}
        return [mark for exchange in self.exchanges if exchange.number in marked for mark in exchange.marks]

    @property
    def exchanges(self) -> Exchanges:
        """In order of opening; ``exchanges[0]`` has the number 1."""
        return Exchanges(self._source, live=self.archive is not None and self.archive.live)

    def exchange(self, number: int) -> Exchange:
        """The exchange with this number, from 1. Raises UsageError where there is none."""
        exchanges = self.exchanges
        index = bisect_left(exchanges, number, key=lambda exchange: exchange.number)
        if index < len(exchanges) and exchanges[index].number == number:
            return exchanges[index]
        raise UsageError(
            f"{self.name} has no exchange {number}, {_only(exchanges)} (sserec info {argument(self.name)})"
        )

    def close(self) -> None:
        """Lets go of the file."""
        self._source.close()
        self._cleanup()


def _only(exchanges: Exchanges) -> str:
    """What there is, to one who asked for something else."""
    if len(exchanges) < 2:
        return f"only {exchanges[0].number}" if exchanges else "it has none at all"
    return f"only {exchanges[0].number} to {exchanges[-1].number}"


def open_recording(path: str | PathLike[str]) -> Recording:
    """:meth:`Recording.open`, for a path of any kind; what ``sserec.open`` is."""
    return Recording.open(fspath(path))
