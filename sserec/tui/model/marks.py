"""The marks that a person sets while looking: in memory, until he asks to have them saved.

Knows what is marked and what stands in the file; must not know where the cursor is. Marks stand on bytes, because the
events of a file are derived: a better decoder may count them otherwise.
"""

from collections.abc import Callable, Iterable

from sserec.archive import Mark, save_marks
from sserec.errors import UsageError
from sserec.tui.model.medium import Medium
from sserec.tui.model.places import Place

Offset = Callable[[int, Place], int]


class Marks:
    """The marks of a whole file. ``offset`` gives the byte on which a mark on a place of an exchange stands."""

    def __init__(self, medium: Medium, saved: Iterable[Mark], offset: Offset) -> None:
        self._medium = medium
        self._offset = offset
        self._saved = {(mark.exchange, mark.offset): mark for mark in saved}
        self._marks = dict(self._saved)

    @property
    def is_dirty(self) -> bool:
        """Whether something would be lost if the viewer ended now."""
        return self._marks != self._saved

    @property
    def can_save(self) -> str | None:
        """Why the marks cannot be saved now; None when they can."""
        if not self._medium.is_archive:
            return f"plain text has no room for marks (sserec import {self._medium.path})"
        if self._medium.is_copy:
            return "a packed recording stays as it is: unpack it to keep marks in it"
        if self._medium.is_live:
            return "marks can be saved when the recording is over"
        return None

    def at(self, exchange: int, place: Place) -> Mark | None:
        """The mark on a place. Mostly there is none in the exchange, and then the place is not looked up."""
        if not any(marked == exchange for marked, _ in self._marks):
            return None
        return self._marks.get((exchange, self._offset(exchange, place)))

    def of(self, exchange: int) -> list[Mark]:
        """The marks of an exchange in the order of its body."""
        return sorted(mark for mark in self._marks.values() if mark.exchange == exchange)

    def toggle(self, exchange: int, place: Place) -> bool:
        """Sets a mark, or removes the one that is there. True when there is one now."""
        offset = self._offset(exchange, place)
        if self._marks.pop((exchange, offset), None) is not None:
            return False
        self._marks[exchange, offset] = Mark(exchange, offset)
        return True

    def comment(self, exchange: int, place: Place, text: str) -> None:
        """Writes a note on a place, which is marked by that."""
        offset = self._offset(exchange, place)
        self._marks[exchange, offset] = Mark(exchange, offset, text)

    def save(self) -> None:
        """Writes the marks into the archive, in place of those that it has. Raises UsageError and ArchiveError."""
        refusal = self.can_save
        if refusal is not None:
            raise UsageError(refusal)
        with self._medium.lock:
            save_marks(self._medium.path, self._marks.values())
        self._saved = dict(self._marks)
