"""How ``sserec merge`` puts recordings together.

Each recording counts from a start of its own; the wall clock at that start is all that relates two of them. So their
order, and the time between them, is as good as the clocks of the machines; within each nothing changes.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sserec import __version__
from sserec.archive import ArchiveReader
from sserec.archive.composing import Excerpt
from sserec.archive.heads import Json
from sserec.archive.values import Meta
from sserec.errors import NothingFound

CONNECTIONS = 1 << 20
"""Between the numbers of one recording's connections and the next one's."""


class Part(NamedTuple):
    """A recording, and what people call it."""

    name: str
    reader: ArchiveReader

    @property
    def is_dated(self) -> bool:
        """Whether it counts from a moment that somebody knows."""
        return self.reader.meta.attributes.get("date") != "unknown"


def merged(parts: Sequence[Part]) -> list[Excerpt]:
    """All exchanges of all parts, by the wall clock; those of one part that tie stay in their order.

    Raises NothingFound where there is none.
    """
    found = [
        Excerpt(
            part.reader,
            number,
            shift_ns=part.reader.meta.anchor_unix_ns - origin_ns(parts),
            connection_base=place * CONNECTIONS,
        )
        for place, part in enumerate(parts)
        for number in part.reader.numbers
    ]
    if not found:
        raise NothingFound(f"there is no exchange in {', '.join(part.name for part in parts)}")
    return sorted(found, key=opened_ns)


def opened_ns(excerpt: Excerpt) -> int:
    """When its exchange began; where nobody knows, when its recording did."""
    return (excerpt.reader.exchange(excerpt.number).t_open_ns or 0) + excerpt.shift_ns


def origin_ns(parts: Iterable[Part]) -> int:
    """The first of the starts."""
    return min(part.reader.meta.anchor_unix_ns for part in parts)


def meta(parts: Sequence[Part]) -> Json:
    """What the parts have in common; the rest stands in their notes."""
    commands = {part.reader.meta.command for part in parts}
    clocks = sorted({part.reader.meta.clock for part in parts})
    return {
        "epoch_unix_ns": origin_ns(parts),
        "clock": " and ".join(clocks),
        "software": f"sserec {__version__}",
        "command": list(commands.pop()) if len(commands) == 1 else None,
        "mode": "merge",
        "merged_from": ", ".join(part.name for part in parts),
        **({} if any(part.is_dated for part in parts) else {"date": "unknown"}),
    }


def notes(parts: Sequence[Part], excerpts: Sequence[Excerpt]) -> list[tuple[int, Json]]:
    """One for each part, what it was and which exchanges are its, and the parts' own."""
    found: list[tuple[int, Json]] = []
    for part in parts:
        shift_ns = part.reader.meta.anchor_unix_ns - origin_ns(parts)
        numbers = [number for number, one in enumerate(excerpts, start=1) if one.reader is part.reader]
        found.append((shift_ns, {"merged": described(part.name, part.reader.meta, numbers)}))
        found += ((t_ns + shift_ns, note) for t_ns, note in part.reader.notes)
    return found


def described(name: str, meta: Meta, numbers: list[int]) -> Json:
    return {
        "file": name,
        "exchanges": numbers,
        "epoch_unix_ns": meta.anchor_unix_ns,
        "clock": meta.clock,
        "software": meta.software,
        "command": list(meta.command),
        **meta.attributes,
    }
