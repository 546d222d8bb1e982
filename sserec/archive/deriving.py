"""From the readable bytes of a body to its table of events.

Knows how bodies decode (sserec.holes) and offsets; must not know files. Invariant: the rows do not depend on how
the body was cut into pieces.
"""

from array import array
from bisect import bisect_left
from collections.abc import Sequence

from sserec.archive.tables import EventPart
from sserec.archive.values import Piece
from sserec.holes import BodyDecoder
from sserec.sse import Event

PART_ROWS = 1 << 14
"""Rows of a part: a jump into a million events decodes one part, which takes a millisecond."""
MAX_NAMES = 4096
MAX_NAME_BYTES = 255


class TypeNames:
    """The SSE types of a table. Index 0 is "", for names that are too long or one too many."""

    def __init__(self, names: Sequence[str] = ("",)) -> None:
        self.names = list(names)
        self._index = {name: index for index, name in enumerate(names)}

    def index(self, name: str) -> int:
        """The index of ``name``, which is added when it is new and there is room."""
        index = self._index.get(name)
        if index is not None:
            return index
        if len(self.names) == MAX_NAMES or len(name.encode("utf-8", "replace")) > MAX_NAME_BYTES:
            return 0
        self._index[name] = len(self.names)
        self.names.append(name)
        return self._index[name]


class TableBuilder:
    """Builds the table of one body, fed with its pieces in order; may go on when the body grows."""

    def __init__(self, names: TypeNames) -> None:
        self.parts: list[EventPart] = []
        self.firsts: list[int] = []
        """The index of each part's first event."""
        self._names = names
        self._decoder = BodyDecoder()
        self._start = 0
        self._last_event_id = ""
        self._id_source = 0
        self._row_count = 0
        self._open_part(0)

    def __len__(self) -> int:
        return self._row_count

    @property
    def position(self) -> int:
        """The offset after the last byte that was fed."""
        return self._decoder.position

    def part(self, index: int) -> EventPart:
        """One part of the rows so far."""
        return self.parts[index]

    def feed(self, piece: Piece, first_chunk: int, chunk_ends: Sequence[int]) -> None:
        """Takes the next readable bytes, of the chunks from ``first_chunk`` on that end at ``chunk_ends``."""
        events = self._decoder.feed(piece.offset, piece.data)
        self._decoder.residue()
        if self._decoder.start != self._start:
            self._begin_behind_gap(self._decoder.start)
        self._enter(events, first_chunk, chunk_ends)

    def _begin_behind_gap(self, start: int) -> None:
        self._start = start
        self._last_event_id, self._id_source = "", 0
        self._open_part(start)

    def _open_part(self, start: int) -> None:
        part = EventPart(
            self._row_count, start, self._id_source, array("Q"), array("I"), array("H"), array("H")
        )
        if self.parts and not self.parts[-1].end:
            self.parts[-1] = part
        else:
            self.parts.append(part)
            self.firsts.append(part.first)

    def _enter(self, events: list[Event], first_chunk: int, chunk_ends: Sequence[int]) -> None:
        chunk = 0
        for event in events:
            if len(self.parts[-1].end) == PART_ROWS:
                self._open_part(self.parts[-1].end[-1])
            part = self.parts[-1]
            chunk = bisect_left(chunk_ends, event.end, chunk)
            if event.last_event_id != self._last_event_id:
                self._note_id(part, event.last_event_id)
            part.end.append(event.end)
            part.chunk.append(first_chunk + chunk)
            part.type_index.append(self._names.index(event.type))
            self._row_count += 1

    def _note_id(self, part: EventPart, last_event_id: str) -> None:
        self._last_event_id = last_event_id
        self._id_source = self._row_count + 1
        part.id_changes.append(self._row_count - part.first)
