"""Where a cursor can stand.

Rows of a list move when a filter is set or bytes without an event are found; places never do.
"""

from typing import NamedTuple


class Place(NamedTuple):
    """An event, or stray bytes that stand before it."""

    event: int
    """Its index, from 0. For stray bytes, that of the event after them; the number of events for those at the end."""
    stray: int | None = None
    """The index of the stray bytes in :class:`~sserec.tui.model.strays.Strays`; None for the event itself."""

    @property
    def folded(self) -> int:
        """How many events have come once this has."""
        return self.event + 1 if self.stray is None else self.event
