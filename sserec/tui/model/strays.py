"""Bytes that belong to no event: keep-alives, lines that nobody meant, what a cut left over.

Knows where they stand; must not read them. In columns, because a server that sends a comment after each token leaves
a million of them.
"""

from array import array

from sserec.sse import Kind

UNFINISHED = "unfinished event"
"""The block in which the body ends."""

WHOLE_BODY = "body"
"""A body that is no event stream."""

KINDS = (*map(str, Kind), UNFINISHED, WHOLE_BODY)
SUSPECT = frozenset({str(Kind.MALFORMED), str(Kind.DISCARDED), str(Kind.IGNORED), UNFINISHED})
"""What somebody meant to be read, and no client reads."""


class Strays:
    """In the order of the body."""

    def __init__(self) -> None:
        self.before = array("I")
        """The index of the event that each stands before; the number of events for those behind the last."""
        self.starts = array("Q")
        self.ends = array("Q")
        self._kinds = array("B")
        self.generation = 0
        """Another one when some were forgotten, so that their indexes mean others from then on."""

    def __len__(self) -> int:
        return len(self.before)

    def add(self, before: int, kind: str, start: int, end: int) -> None:
        """Adds bytes that stand behind all others."""
        self.starts.append(start)
        self.ends.append(end)
        self._kinds.append(KINDS.index(kind))
        self.before.append(before)

    def drop(self, count: int) -> None:
        """Forgets all but the first ``count``."""
        self.generation += 1
        for column in (self.before, self.starts, self.ends, self._kinds):
            del column[count:]

    def kind(self, index: int) -> str:
        """What they are, in a word or two."""
        return KINDS[self._kinds[index]]
