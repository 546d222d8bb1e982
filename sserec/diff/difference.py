"""What a comparison says: one value for every difference, whatever it is a difference of.

Not frozen, though nobody changes them: there may be 100,000, and a frozen one takes three times as long to make.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sserec.diff.rows import Kind


class Level(StrEnum):
    """How deep a comparison goes. Each level includes those before it."""

    INTERACTION = "interaction"
    """What was asked and answered: heads, the final interaction, how it ended."""
    EVENTS = "events"
    """The events that it came in; how texts were cut into tokens means nothing."""
    BYTES = "bytes"
    """How events were written and sent: framing, order of keys, tokens, chunks."""


class Aspect(StrEnum):
    """What differs."""

    EXCHANGE = "exchange"
    REQUEST = "request"
    RESPONSE = "response"
    INTERACTION = "interaction"
    END = "end"
    EVENTS = "events"
    BYTES = "bytes"
    TIMING = "timing"


@dataclass(slots=True)
class Span:
    """Where in a stream: the numbers of the first and the last event, from 1."""

    first: int
    last: int
    count: int
    """How many of those between them are meant."""


@dataclass(slots=True)
class Inner:
    """One value that changed within an event."""

    kind: Kind
    path: str
    a: Any = None
    b: Any = None
    count: int = 1


@dataclass(slots=True)
class Difference:
    """One difference."""

    aspect: Aspect
    kind: Kind
    path: str
    """Where A has it; where B has it when only B does. Docs/diff.md, Paths."""
    b_path: str | None = None
    """Where B has it, if it has it in another place."""
    a: Any = None
    b: Any = None
    """The values; what A or B does not have is None."""
    count: int = 1
    """In how many places; this is the first."""
    label: str = ""
    """Of events: what they are, for people."""
    a_events: Span | None = None
    b_events: Span | None = None
    changes: tuple[Inner, ...] = field(default=())
    """Of a changed event: what changed in it."""
