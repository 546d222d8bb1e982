"""A stream cut into what can be compared: units, and the steps they belong to.

A *unit* is one event, or all the pieces of one text together, however they were cut and whatever came between them;
a piece that came within a step's start is one of them, though the start itself stays a unit.
Units with the same ``index`` are a *part*: a step of the interaction. Every other unit is a part alone, and so are
bytes that no event claimed. Parts stand in the order of their first bytes.

Knows events as they come, and from :mod:`sserec.interactions` which of them are pieces; must not know the other stream.
"""

from array import array
from collections.abc import Iterable, Sequence

from sserec.diff.documents import Run, alike, event_document, strays, without_index
from sserec.diff.side import NO_STEP, Columns, ReadEvents, Side
from sserec.diff.values import Json, digest
from sserec.diff.volatile import Mark, Place
from sserec.interactions import Parsed, ends_stream, opening_of, piece_of, step_started_by
from sserec.sse import Event, Residue, Tail

_STEP_MAX = 2**63 - 1
"""What a column holds; a larger index is only a number in an event."""


class Units:
    """Takes the events of one stream; afterwards knows its units."""

    def __init__(self, place: Place) -> None:
        self._place = place
        """The rules for what is volatile in an event."""
        self._columns = Columns()
        self._open: dict[int, _Step] = {}
        self._words: dict[str, str] = {}
        self._last_event_id = ""

    def feed(self, first: int, events: Sequence[Event], parsed: Sequence[Parsed]) -> None:
        """The next events of the stream, the first of which has this number."""
        for number, (event, one) in enumerate(zip(events, parsed, strict=True), first):
            if event.last_event_id != self._last_event_id:
                self._last_event_id = event.last_event_id
            elif event.last_event_id:
                event = event._replace(last_event_id="")
            index = one.payload.get("index")
            if type(index) is int and 0 <= index <= _STEP_MAX:
                self._feed_step(index, number, event, one)
            else:
                self._feed_alone(number, event, one)

    def side(self, residue: Iterable[Residue], tail: Tail | None, events: ReadEvents) -> Side:
        """All that came, with what no event claimed in its place. Nothing can be fed any more."""
        self._close_steps()
        for stray in strays(residue, tail):
            part = self._columns.open_part(stray.start, NO_STEP, stray.kind)
            self._columns.strays[part] = stray
            self._add(part, stray.document, stray.kind, ())
        return Side(self._columns.in_order(), events)

    def _feed_alone(self, number: int, event: Event, parsed: Parsed) -> None:
        if self._open and ends_stream(parsed):
            self._close_steps()
        part = self._columns.open_part(event.start, NO_STEP, self._word(parsed.type or event.type))
        self._add(part, event_document(event, parsed.payload), alike(parsed), (number,))

    def _feed_step(self, index: int, number: int, event: Event, parsed: Parsed) -> None:
        started = step_started_by(parsed)
        step = self._open.get(index)
        if step is None or started is not None:
            if step is not None:
                self._end_run(step)
            part = self._columns.open_part(event.start, index, self._word(started or ""))
            step = self._open[index] = _Step(part)
        piece = piece_of(parsed)
        if step.run is not None and not (piece and step.run.is_prolonged_by(event, parsed, piece)):
            self._end_run(step)
        if piece is None or (step.run is None and not piece.can_begin):
            self._add_whole(step, number, event, parsed, starts=started is not None)
            return
        step.run = step.run or Run.begun_by(event, parsed, piece)
        step.run.add(number, event, parsed, piece)

    def _add_whole(self, step: "_Step", number: int, event: Event, parsed: Parsed, *, starts: bool) -> None:
        """An event of a step that is no piece; a start may hold the first one."""
        opening = opening_of(parsed) if starts else None
        payload = parsed.payload if opening is None else opening.start
        self._add(step.part, event_document(event, without_index(payload)), alike(parsed), (number,))
        if opening is not None:
            step.run = Run.opened(number, event, opening)

    def _close_steps(self) -> None:
        for step in self._open.values():
            self._end_run(step)
        self._open.clear()

    def _end_run(self, step: "_Step") -> None:
        run, step.run = step.run, None
        if run is not None:
            if run.opened_by:
                self._columns.openings[len(self._columns.keys)] = run.opened_by
            self._add(step.part, run.document(), run.alike, compact(run.numbers))

    def _add(self, part: int, document: Json, alike: str, numbers: Sequence[int]) -> None:
        marks: list[Mark] = []
        key = digest(self._place.mask(document, marks))
        self._columns.add_unit(part, key, self._word(alike), marks, numbers)

    def _word(self, text: str) -> str:
        """The same object for the same text: a stream has a million types, and they are ten."""
        return self._words.setdefault(text, text)


class _Step:
    """A step while its events come."""

    __slots__ = ("part", "run")

    def __init__(self, part: int) -> None:
        self.part = part
        self.run: Run | None = None


def compact(numbers: "array[int]") -> Sequence[int]:
    """Numbers in a row as what they are."""
    if not numbers:
        return ()
    first, last = numbers[0], numbers[-1]
    return range(first, last + 1) if last - first + 1 == len(numbers) else numbers
