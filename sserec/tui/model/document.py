"""A file opened for viewing, whatever it is.

Knows the exchanges, the marks and what is wrong; must not know what a screen shows of them. Invariant: opening never
raises for what a file is: a file that cannot be viewed says so in :attr:`Document.trouble`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self, overload

from sserec.archive import Meta
from sserec.closing import Closing
from sserec.errors import SserecError
from sserec.recording import Exchange
from sserec.sources import is_piped, name_of, spool
from sserec.tui.model.checking import Checking
from sserec.tui.model.findings import Finding
from sserec.tui.model.jobs import Job
from sserec.tui.model.marks import Marks
from sserec.tui.model.medium import Medium, open_medium
from sserec.tui.model.places import Place
from sserec.tui.model.recent import Recent
from sserec.tui.model.stream import Stream
from sserec.tui.model.trouble import Trouble, empty, no_events, no_exchanges, trouble_of_error

KEPT_LINES = 256
COMPARED_EXCHANGES = 64
"""How many exchanges are looked at to find the one to show first."""


@dataclass(frozen=True, slots=True)
class ExchangeLine:
    """What a list of exchanges says of one."""

    number: int
    method: str | None
    url: str | None
    status: int | None
    event_count: int
    size_bytes: int
    t_begin_ns: int | None
    duration_ns: int | None
    ending: str
    """How it ended, in words; empty while it goes on, and where nobody knows."""
    is_event_stream: bool
    opaque: str | None
    """Where the connection went and why it could not be read, where that is so."""
    is_live: bool


class Document(Closing):
    """A file. A context manager."""

    def __init__(self, name: str, path: str, medium: Medium | Trouble, *, spooled: bool = False) -> None:
        self.name = name
        self.path = path
        self._medium = None if isinstance(medium, Trouble) else medium
        self._trouble = medium if isinstance(medium, Trouble) else None
        self._spooled = spooled
        self._streams: dict[int, Stream] = {}
        self._lines = Recent(self._make_line, KEPT_LINES)
        self._found: dict[int | None, list[Finding]] | None = None

    @classmethod
    def open(cls, path: str) -> Self:
        """Opens an archive, one that grows, plain text, or ``-``, standard input."""
        spooled = is_piped(path)
        name, path = (name_of(path), spool(path)) if spooled else (path, path)
        try:
            return cls(name, path, open_medium(path, name), spooled=spooled)
        except (OSError, SserecError) as error:
            return cls(name, path, trouble_of_error(name, path, error), spooled=spooled)

    def close(self) -> None:
        """Gives the file back."""
        if self._medium is not None:
            self._medium.close()
        if self._spooled:
            Path(self.path).unlink(missing_ok=True)

    @property
    def trouble(self) -> Trouble | None:
        """Why there is nothing to view; None where there is. It may pass when the file grows."""
        medium = self._medium
        if medium is None:
            return self._trouble
        if not medium.numbers:
            return no_exchanges(self.name, self.problems, is_live=self.is_live)
        if self.is_archive or len(self.stream(1)):
            return None
        if not medium.size_bytes(1):
            return empty(self.name)
        return None if self.stream(1).exchange.is_event_stream else no_events(self.name, medium.path)

    @property
    def problems(self) -> list[str]:
        """What is missing from the file or wrong with it, a line each, as far as it has been read."""
        with self._open.lock:
            return self._open.problems

    @property
    def meta(self) -> Meta | None:
        """When, by what and of which command it was recorded; None for plain text."""
        return self._open.meta

    @property
    def is_archive(self) -> bool:
        """Whether it is an archive and no plain text."""
        return self._open.is_archive

    @property
    def is_live(self) -> bool:
        """Whether a recorder is writing it."""
        return self._medium is not None and self._medium.is_live

    @property
    def exchanges(self) -> "Sequence[ExchangeLine]":
        """A line for each exchange, made when it is asked for."""
        return _Lines(self._open.numbers, self.line) if self._medium is not None else ()

    @property
    def best(self) -> int:
        """The number of the exchange to show first: the largest event stream, or the largest body."""
        medium = self._open
        with medium.lock:
            numbers = sorted(medium.numbers[:COMPARED_EXCHANGES], key=medium.size_bytes, reverse=True)
            return next((number for number in numbers if len(medium.event_table(number))), numbers[0])

    def line(self, number: int) -> ExchangeLine:
        """What a list says of an exchange. Raises KeyError where there is none."""
        line = self._lines[number]
        if line.is_live:
            self._lines.forget(number)
        return line

    def stream(self, number: int) -> Stream:
        """An exchange opened for viewing, the same each time. Raises KeyError where there is none."""
        if number not in self._streams:
            stream = self._streams[number] = Stream(self._open, number, lambda: self.marks)
            if self._found is not None:
                stream.findings.set(self._findings_of(number))
        return self._streams[number]

    @cached_property
    def marks(self) -> Marks:
        """The marks of the file, and those that were set since."""
        with self._open.lock:
            return Marks(self._open, self._open.marks(), self._offset)

    def refresh(self) -> bool:
        """Takes in what the file has grown by, whatever of it is shown. True when there is something new."""
        if self._medium is None:
            return False
        with self._medium.lock:
            before = len(self._medium.numbers), self._medium.is_live
            grown = self._medium.refresh()
            after = len(self._medium.numbers), self._medium.is_live
        if grown or before != after:
            self._lines.clear()
        streams = (
            [stream.refresh() for stream in list(self._streams.values())] if grown or before != after else []
        )
        return grown or before != after or any(streams)

    def check(self) -> Job:
        """Finds out what ``sserec check`` has to say; then it stands in the streams' findings."""
        checking = Checking(self._open.path)
        yield from checking.run()
        if checking.findings is not None:
            self._found = checking.findings
            for number, stream in self._streams.items():
                stream.findings.set(self._findings_of(number))

    @property
    def _open(self) -> Medium:
        assert self._medium is not None, "a file in trouble holds nothing"
        return self._medium

    def _offset(self, number: int, place: Place) -> int:
        return self.stream(number).offset(place)

    def _findings_of(self, number: int) -> list[Finding]:
        found = self._found or {}
        return found.get(None, []) + found.get(number, [])

    def _make_line(self, number: int) -> ExchangeLine:
        with self._open.lock:
            exchange = self._open.exchange(number)
            return exchange_line(exchange, self._open)


def exchange_line(exchange: Exchange, medium: Medium) -> ExchangeLine:
    """The line of one exchange, for which its last events are read."""
    request, response, opaque = exchange.request, exchange.response, exchange.record.opaque
    number = exchange.number
    return ExchangeLine(
        number=number,
        method=request.method if request else None,
        url=request.url if request else None,
        status=response.status if response else None,
        event_count=len(medium.event_table(number)),
        size_bytes=medium.size_bytes(number),
        t_begin_ns=exchange.t_begin_ns,
        duration_ns=exchange.duration_ns,
        ending=str(exchange.ending or ""),
        is_event_stream=exchange.is_event_stream,
        opaque=f"{opaque.target} ({opaque.reason})" if opaque else None,
        is_live=exchange.is_live,
    )


class _Lines(Sequence[ExchangeLine]):
    """Lines of exchanges, made one by one."""

    def __init__(self, numbers: Sequence[int], line: Callable[[int], ExchangeLine]) -> None:
        self._numbers = numbers
        self._line = line

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, index: int) -> ExchangeLine: ...
    @overload
    def __getitem__(self, index: slice) -> list[ExchangeLine]: ...
    def __getitem__(self, index: int | slice) -> ExchangeLine | list[ExchangeLine]:
        if isinstance(index, slice):
            return [self._line(number) for number in self._numbers[index]]
        return self._line(self._numbers[index])
