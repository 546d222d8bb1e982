"""Find: events of one side, or the text of a pane.

Knows queries and hits; must not know how events are matched. A search runs beside the screen, and the first hit is gone
to as soon as it is there.
"""

from collections.abc import Sequence

from sserec.tui.commands import Completion
from sserec.tui.comparison.choosing import Choosing
from sserec.tui.comparison.signs import NAMES
from sserec.tui.finding import nearest_first
from sserec.tui.model.jobs import Progress
from sserec.tui.model.query import parse_query
from sserec.tui.model.search import Hits
from sserec.tui.moving import where
from sserec.tui.query_words import complete_query
from sserec.tui.text_pane import TextPane


class Seeking(Choosing):
    """Keys that look for something."""

    _hits: Hits | None = None
    _sought_side = 0
    _is_seeking = False
    """Whether the cursor has still to go to the first hit."""

    def action_find(self) -> None:
        if isinstance(self.focused, TextPane):
            self.ask("find_text", "find in this pane: ")
        elif self.cursor is not None:
            self.ask("find", f"find in {NAMES[self.cursor.side]}: ", "", self.complete_query)

    def do_find_text(self, text: str) -> None:
        if text and isinstance(self.came_from, TextPane):
            found = self.came_from.seek(text)
            self.say(f"{found:,} in this pane" if found else f"{text} is not in this pane")

    def do_find(self, argument: str) -> None:
        """Raises QueryError."""
        query = parse_query(argument)
        if query is None or self.cursor is None:
            return
        self._sought_side = self.cursor.side
        self._hits = self.cursor.streams[self._sought_side].find(query)
        self._is_seeking = True
        self.start("find", self.duo.using(nearest_first(self._hits, self.event)))

    def complete_query(self, text: str) -> Sequence[Completion]:
        assert self.cursor is not None
        tape = self.cursor.streams[self.cursor.side].tape
        return complete_query(text, tape.event(max(self.event, 0)).data if len(tape) else b"")

    @property
    def event(self) -> int:
        """The index of the last event that the searched side has; -1 before its first."""
        return -1 if self.cursor is None else self.cursor.folded(self._sought_side) - 1

    def job_moved(self, name: str, progress: Progress | None) -> None:
        if name == "find":
            self.found_more(is_over=progress is None)
        else:
            super().job_moved(name, progress)

    def found_more(self, *, is_over: bool) -> None:
        """Goes to the nearest hit as soon as it is known; where there is none after the cursor, to the first."""
        hits = self._hits
        if hits is None:
            return
        at = hits.sought
        if at is None and is_over and len(hits):
            at = hits.indexes[0]
        if self._is_seeking and at is not None:
            self._is_seeking = False
            self.go_to_event(at)
        self.tell_hits(hits, is_over=is_over)

    def go_to_event(self, event: int) -> None:
        assert self.cursor is not None
        self.cursor.lead(self._sought_side)
        self.cursor.to_event(event + 1)
        self.cursor_moved()

    def tell_hits(self, hits: Hits, *, is_over: bool) -> None:
        position, side = hits.position(self.event), NAMES[self._sought_side]
        found = f"{len(hits):,}" + ("" if is_over else "…")
        if position:
            self.say(f"hit {position:,} of {found} in {side}")
        else:
            self.say(f"{found} hits in {side}" if len(hits) else f"no hit in {side}")

    def action_hit(self, direction: int) -> None:
        """Of a pane's text, of the events; the next difference where nothing was looked for."""
        at = self.focused.go_to_hit(direction) if isinstance(self.focused, TextPane) else None
        if at is not None:
            self.say(f"hit {at:,} in this pane")
        elif self._hits is None:
            self.action_finding(direction)
        else:
            self.go_to_next(self._hits, direction)

    def go_to_next(self, hits: Hits, direction: int) -> None:
        event = hits.next(self.event) if direction > 0 else hits.previous(self.event)
        if event is None:
            self.say(f"no hit {where(direction)}")
        else:
            self.go_to_event(event)
            self.tell_hits(hits, is_over=hits.is_complete)

    def show_pair(self, place: int) -> None:
        """Hits are of one pair."""
        if place != self.place:
            self._hits = None
        super().show_pair(place)
