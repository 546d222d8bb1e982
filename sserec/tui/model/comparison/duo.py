"""Two files opened to be compared, whatever they are.

Knows the documents, which exchange belongs to which, and what the comparison found; must not know what a screen shows
of it. Both files are opened twice: to be looked at, and to be read from end to end beside the screen. Invariant:
opening never raises for what a file is; a file that cannot be viewed says so in :attr:`troubles`.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple, Self

from sserec.closing import Closing
from sserec.diff import Comparison, ExchangeDiff, Options, compare_pairs, pairs_of
from sserec.diff.recordings import Pair
from sserec.recording import Recording
from sserec.tui.model.comparison.cursor import PairCursor
from sserec.tui.model.comparison.differences import DifferenceList, Section
from sserec.tui.model.comparison.facing import Facing
from sserec.tui.model.document import Document
from sserec.tui.model.jobs import Job, Progress, run


class Pairing(NamedTuple):
    """Two exchanges that belong together; None where one has no counterpart."""

    a: int | None
    b: int | None


class Found(NamedTuple):
    """What the comparison found."""

    comparison: Comparison
    by_pair: dict[int, ExchangeDiff]
    facings: dict[int, Facing]
    """Of the pairs whose events were compared."""
    differences: DifferenceList


class Duo(Closing):
    """Two recordings. A context manager."""

    def __init__(
        self, documents: tuple[Document, Document], options: Options, numbers: tuple[int, int] | None
    ) -> None:
        self.documents = documents
        self.options = options
        self.found: Found | None = None
        """None as long as nobody knows."""
        self._cursors: dict[int, PairCursor] = {}
        self._lock = threading.Lock()
        self._readers = 0
        self._is_closing = False
        with ExitStack() as opened:
            for document in documents:
                opened.enter_context(document)
            self._recordings: list[Recording] = []
            self._exchanges = [] if self.troubles else self._paired_up(opened, numbers)
            self._opened = opened.pop_all()
        self.pairs = [
            Pairing(*(one.number if one is not None else None for one in pair)) for pair in self._exchanges
        ]

    def _paired_up(self, opened: ExitStack, numbers: tuple[int, int] | None) -> list[Pair]:
        """Opens the files once more, and finds which exchange belongs to which."""
        a, b = self._recordings = [opened.enter_context(Recording.open(one.path)) for one in self.documents]
        if numbers is None:
            return pairs_of(list(a.exchanges), list(b.exchanges))
        return [(a.exchange(numbers[0]), b.exchange(numbers[1]))]

    @classmethod
    def open(
        cls, a: str, b: str, options: Options | None = None, numbers: tuple[int, int] | None = None
    ) -> Self:
        """Opens two files. Raises UsageError where there is no exchange with such a number."""
        return cls((Document.open(a), Document.open(b)), options or Options(), numbers)

    def close(self) -> None:
        """Gives the files back, as soon as no job reads them any more."""
        with self._lock:
            self._is_closing = True
            is_read = self._readers > 0
        if not is_read:
            self._opened.close()

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """The files stay open meanwhile."""
        with self._lock:
            self._readers += 1
        try:
            yield
        finally:
            with self._lock:
                self._readers -= 1
                is_last = self._is_closing and not self._readers
            if is_last:
                self._opened.close()

    def using(self, job: Job) -> Job:
        """A job that reads the files."""
        with self.in_use():
            yield from job

    @property
    def troubles(self) -> list[Document]:
        """The files that cannot be viewed."""
        return [document for document in self.documents if document.trouble is not None]

    @property
    def problems(self) -> list[str]:
        """What is missing from the files or wrong with them, as far as they have been read."""
        return [
            f"{document.name}: {problem.message}"
            for document, recording in zip(self.documents, self._recordings, strict=False)
            for problem in recording.problems
        ]

    @property
    def paired(self) -> list[int]:
        """The places of the pairs that have both sides."""
        return [place for place, pair in enumerate(self.pairs) if None not in pair]

    def first(self, number: int | None = None) -> int | None:
        """The pair to show first: that of exchange ``number`` of A, or of its largest; None where there is none."""
        wanted = number or (None if self.troubles else self.documents[0].best)
        of_a = (place for place in self.paired if self.pairs[place].a == wanted)
        return next(of_a, next(iter(self.paired), None))

    def cursor(self, place: int) -> PairCursor:
        """The cursor over a pair that has both sides, the same each time."""
        if place not in self._cursors:
            a, b = self.pairs[place]
            assert a is not None
            assert b is not None
            self._cursors[place] = PairCursor(self.documents[0].stream(a), self.documents[1].stream(b))
            self._align(place)
        return self._cursors[place]

    def compare(self, tell: Callable[[Progress], None]) -> None:
        """Reads and compares all of it, in a thread of its own. What ``tell`` raises ends it."""
        for document in self.documents:
            if not document.is_archive:
                run(document.stream(1).load())
        total, done = self._event_count(), 0

        def told(events: int) -> None:
            nonlocal done
            done += events
            tell(Progress(done, total))

        comparison = compare_pairs(self._exchanges, self.options, told)
        by_pair = dict(zip(self.paired, comparison.exchanges, strict=True))
        facings = {
            place: Facing(found.events, (len(found.a.ends), len(found.b.ends)))
            for place, found in by_pair.items()
            if found.events is not None
        }
        sections = [Section(place, found) for place, found in by_pair.items()]
        if comparison.unpaired:
            sections.append(Section(None, None, comparison.unpaired))
        self.found = Found(comparison, by_pair, facings, DifferenceList(sections))

    def _event_count(self) -> int:
        """How many events will be read."""
        return sum(
            len(document.stream(number))
            for place in self.paired
            for document, number in zip(self.documents, self.pairs[place], strict=True)
            if number is not None
        )

    def take_in(self) -> None:
        """After the comparison: every cursor learns what faces what. For the thread that draws."""
        for document in self.documents:
            document.refresh()
        for place in self._cursors:
            self._align(place)

    def _align(self, place: int) -> None:
        facing = self.found.facings.get(place) if self.found is not None else None
        if facing is not None:
            self._cursors[place].align(facing)
