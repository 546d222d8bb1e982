"""Find, filter and mark.

Knows queries and hits; must not know how events are matched. Both run beside the screen: the first hit is gone to
as soon as it is there, and the list fills while the rest is still being looked at.
"""

from collections.abc import Sequence

from sserec.tui.commands import Completion
from sserec.tui.desk import DeskBase
from sserec.tui.lines import title
from sserec.tui.model.jobs import Job, Progress
from sserec.tui.model.places import Place
from sserec.tui.model.query import parse_query
from sserec.tui.model.search import Hits
from sserec.tui.query_words import complete_query
from sserec.tui.text_pane import TextPane

MARKED = "@mark"


class Finding(DeskBase):
    """Keys and commands that look for something, and those that mark it."""

    _hits: Hits | None = None
    _is_seeking = False
    """Whether the cursor has still to go to the first hit of a search."""
    _filter_text = ""
    _filter_hits: Hits | None = None
    _filtered_from = _settled_at = Place(0)
    """Where the cursor stood when the filter was set, and where it stands instead as long as nobody moves it."""

    # find

    def action_find(self) -> None:
        pane = self.searched_pane()
        if pane is not None:
            self.ask("find-text", "find in this pane: ", "")
        else:
            self.ask("find", "find: ", "", self.complete_query)

    def searched_pane(self) -> TextPane | None:
        """The pane whose text is searched; None where events are."""
        pane = self.screen.focused
        return pane if isinstance(pane, TextPane) else None

    def do_find(self, argument: str) -> None:
        query = parse_query(argument)
        if query is None:
            return
        self._hits = self.stream.find(query)
        self._is_seeking = True
        self.start("find", nearest_first(self._hits, self.cursor.event))

    def find_in_pane(self, pane: TextPane, text: str) -> None:
        if pane is self.answer:
            self.answer.reach_all()
            self.show_answer()
        found = pane.seek(text)
        self.say(f"{found:,} in this pane" if found else f"{text} is not in this pane")

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
            self.cursor.to_event(at + 1)
            self.cursor_moved()
        self.tell_hits(is_over=is_over)

    def tell_hits(self, *, is_over: bool) -> None:
        assert self._hits is not None
        position = self._hits.position(self.cursor.event)
        found = f"{len(self._hits):,}" + ("" if is_over else "…")
        self.say(
            f"hit {position:,} of {found}" if position else f"{found} hits" if len(self._hits) else "no hit"
        )

    def action_hit(self, direction: int) -> None:
        pane = self.searched_pane()
        at = pane.go_to_hit(direction) if pane is not None else None
        if at is not None:
            self.say(f"hit {at:,} in this pane")
        elif self._hits is None:
            self.say("nothing has been looked for (/ does)")
        elif self.cursor.hit(self._hits, direction):
            self.cursor_moved()
            self.tell_hits(is_over=self._hits.is_complete)
        else:
            self.say("no hit " + ("after this" if direction > 0 else "before this"))

    # filter

    def action_filter(self) -> None:
        self.ask("filter", "filter: ", self._filter_text, self.complete_query)

    def do_filter(self, argument: str) -> None:
        """Raises QueryError."""
        self._filter_text = argument
        self._filter_hits = self.stream.filter(parse_query(argument))
        if self._filter_hits is None:
            self.end_job("filter")
            self.events.border_title = title("events")
        else:
            self._filtered_from = self._settled_at = self.cursor.place
            self.start("filter", self._filter_hits.scan())
        self.rows_changed()

    def action_only_marked(self) -> None:
        self.do_filter("" if self._filter_text == MARKED else MARKED)

    def filtered_more(self, progress: Progress | None) -> None:
        hits = self._filter_hits
        if hits is None:
            return
        percent = "" if progress is None else f" {progress.fraction:.0%}"
        self.tell_filter(f"{len(hits):,} of {len(self.stream):,}{percent}")
        if self.cursor.place == self._settled_at:
            self.cursor.to_place(self._filtered_from)
            self._settled_at = self.cursor.place
            self.cursor_moved()
        self.rows_changed()

    def tell_filter(self, found: str) -> None:
        self.events.border_title = title("events", found, f"filter {self._filter_text}")

    def rows_changed(self) -> None:
        """Rows came or went."""
        self.events.rows_changed()
        self.tell_status()

    def complete_query(self, text: str) -> Sequence[Completion]:
        data = self.stream.tape.event(self.cursor.event).data if len(self.stream) else b""
        return complete_query(text, data)

    # marks

    def action_mark(self) -> None:
        if not len(self.stream):
            return
        self.stream.toggle_mark(self.cursor.place)
        self.marks_changed()

    def action_comment(self) -> None:
        if len(self.stream):
            self.ask("note", "note: ", self.stream.note(self.cursor.place))

    def do_note(self, argument: str) -> None:
        if len(self.stream):
            self.stream.comment(self.cursor.place, argument)
            self.marks_changed()

    def marks_changed(self) -> None:
        self.events.refresh()
        self.timeline.picture_changed()
        self.show_detail()
        self.tell_status()

    def action_write_marks(self) -> None:
        self.do_write_marks("")

    def do_write_marks(self, _: str) -> None:
        """Raises SserecError where the file cannot take them."""
        self.document.marks.save()
        self.say(f"marks written to {self.document.name}")


def nearest_first(hits: Hits, event: int) -> Job:
    """All hits, but before them the one at or after ``event``."""
    yield from hits.seek(event - 1, 1)
    yield from hits.scan()
