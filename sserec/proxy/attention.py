"""How closely a connection is looked at, by the name of its host. Pure.

Invariant: what a person excluded is not looked into, whichever other list it stands on.
"""

from dataclasses import dataclass
from enum import Enum


class Attention(Enum):
    """From most to least."""

    RECORD = "looked into and recorded"
    COUNT = "passed on unopened, its sizes and times recorded"
    IGNORE = "passed on unopened, and nowhere mentioned"


@dataclass(frozen=True, slots=True)
class Hosts:
    """The names that a person gave, lower case."""

    only: frozenset[str] = frozenset()
    """Nothing but these is recorded at all; everything when empty."""
    passthrough: frozenset[str] = frozenset()
    """These are not looked into: a client that pins its certificate, a body that is nobody's business."""

    def attention(self, host: str) -> Attention:
        name = host.lower()
        if name in self.passthrough:
            return Attention.COUNT
        return Attention.RECORD if not self.only or name in self.only else Attention.IGNORE
