"""One exchange, read once: its entries, its answer and its measures, as blocks of a page.

Knows what goes into which block and when there is no more room; must not know how a page shows it. Past its room it
goes on to fold and to measure, so that the answer at the end and every figure are those of the whole exchange.
"""

from array import array
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from sserec.export.answer import Answer, Json, answer_of
from sserec.export.html.answers import Patches, as_told
from sserec.export.html.entries import Entries, Stray
from sserec.export.html.lines import event_line, stray_line
from sserec.export.html.packed import Blocks, Budget, brief, written
from sserec.export.html.shelf import shelved
from sserec.export.media import media_of
from sserec.interactions import End, Parsed, parse, step_started_by
from sserec.interactions.patches import Change, Patch
from sserec.interactions.unfolding import Unfolding
from sserec.recording import Exchange, RecordedEvent
from sserec.sse import Event
from sserec.stats import Figures, Meter

LEAST_COMPARED_BYTES = 64 << 20
COMPARED_PER_FED = 32
"""How much may be compared to tell an answer event by event, for each byte of them: more takes a stream made for it."""
MAX_CHANGE_BYTES = 4 << 20
"""Of one event's change to the answer, base64 aside: a text of this length in one piece is no answer."""
MAX_ENTRIES = 400_000
"""Of one exchange: browsers scroll no list that is higher."""


class Telling:
    """The blocks of one exchange, and what is known when they are written."""

    def __init__(self, exchange: Exchange, events: Budget, media: Budget) -> None:
        self._exchange = exchange
        self._events_room, self._media_room = events, media
        self._meter = Meter()
        self._unfolding = Unfolding(as_told)
        self._patches = Patches()
        self._entries = Blocks("entries", exchange.number, events)
        self._answer = Blocks("answer", exchange.number, events)
        self._t_ns = array("q")
        self._strays: list[int] = []
        self._steps: list[tuple[int, Any, str]] = []
        self._count = 0
        self._left_out = 0
        """Events for which there was no room."""
        self._is_full = False
        self._fed_bytes = 0
        self._late = 0
        """Events whose changes are told with a later one."""
        self._mute_from: int | None = None
        """The event from which on the answer is not told, as it is too large."""
        self._media: dict[str, Json] = {}

    def blocks(self) -> Iterator[str]:
        """Entries and answer, block by block, then the media."""
        entries = Entries(self._exchange)
        for entry in entries:
            if isinstance(entry, Stray):
                yield from self._stray(entry)
            else:
                yield from self._event(entry)
        yield from self._entries.rest()
        yield from self._answer.add(self._written(self._ended(entries)))
        yield from self._answer.rest()
        yield from self._shelved()

    def figures(self) -> Figures:
        """The measures, once all blocks are written."""
        return self._meter.figures(self._exchange.surroundings)

    def told(self) -> Json:
        """What a page has to know to find its way in the blocks."""
        return {
            "count": self._count,
            "left_out": self._left_out,
            "late": self._late,
            "mute_from": self._mute_from,
            "strays": self._strays,
            "gaps": [*self._t_ns[:1], *(later - before for before, later in pairwise(self._t_ns))],
            "steps": self._steps,
            "entries": self._entries.firsts,
            "answer": self._answer.firsts,
            "media": self._media,
        }

    def _event(self, recorded: RecordedEvent) -> Iterator[str]:
        event, parsed = recorded.event, parse(recorded.event)
        self._meter.feed(event, recorded.t_ns, parsed)
        if not self._has_room():
            self._unfolding.skip(event, parsed)
            self._left_out += 1
            return
        self._note_step(parsed)
        yield from self._answer.add(self._written(self._changes(event, parsed)))
        yield from self._line(event_line(recorded, parsed), recorded.t_ns)

    def _changes(self, event: Event, parsed: Parsed) -> list[Patch]:
        """What the event changed; nothing yet where too much has been compared already."""
        self._fed_bytes += len(event.data)
        if self._mute_from is not None:
            self._unfolding.skip(event, parsed)
            return []
        if self._unfolding.compared_bytes <= LEAST_COMPARED_BYTES + COMPARED_PER_FED * self._fed_bytes:
            return self._unfolding.feed(event, parsed)
        self._unfolding.skip(event, parsed)
        self._late += 1
        return []

    def _written(self, changes: list[Patch]) -> bytes:
        """The changes, unless they are more than a page can tell; then nothing more is told."""
        told = self._patches.write(changes if self._mute_from is None else [])
        if len(told) <= MAX_CHANGE_BYTES:
            return told
        self._mute_from = self._count - len(self._strays) + 1
        return self._patches.write([])

    def _stray(self, stray: Stray) -> Iterator[str]:
        if self._has_room():
            self._strays.append(self._count)
            yield from self._line(stray_line(stray), stray.t_ns)

    def _line(self, line: list[Any], t_ns: int | None) -> Iterator[str]:
        self._count += 1
        if t_ns is not None:
            self._t_ns.append(t_ns)
        yield from self._entries.add(written(line))

    def _has_room(self) -> bool:
        self._is_full = self._is_full or self._count >= MAX_ENTRIES or self._events_room.left_bytes <= 0
        return not self._is_full

    def _note_step(self, parsed: Parsed) -> None:
        type_ = step_started_by(parsed)
        if type_ is not None:
            index = parsed.payload.get("index")
            self._steps.append((self._count, index if type(index) is int else None, brief(type_)))

    def _ended(self, entries: Entries) -> list[Patch]:
        """What there is to say of the answer when the body is over; all of it where it never was a stream."""
        if self._exchange.is_event_stream:
            return self._unfolding.ended(entries.residue, entries.tail)
        answer = self._answered()
        if answer is None:
            return []
        interaction = Patch(Change.SET, ("interaction",), as_told(answer.interaction))
        return [interaction, Patch(Change.SET, ("end",), str(End.COMPLETED))]

    def _answered(self) -> Answer | None:
        """The interaction with all its base64."""
        if not self._exchange.is_event_stream:
            return answer_of(self._exchange)
        interaction = self._unfolding.interaction
        return Answer((self._exchange.number,), interaction, (), is_complete=True) if interaction else None

    def _shelved(self) -> Iterator[str]:
        answer = self._answered()
        if answer is not None:
            for carried in shelved(media_of(answer), self._media_room):
                self._media[carried.place] = carried.facts
                yield carried.element
