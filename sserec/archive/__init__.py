"""Recordings on disk: ``*.sse.zst``, specified in docs/format.md.

A recording begins as a journal (:class:`ArchiveWriter`), becomes small and fast by :func:`finalise`, and is
read by :class:`ArchiveReader` in either state. Importing this package loads nothing else.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sserec.archive.finalisation import finalise as finalise
    from sserec.archive.finalisation import pack as pack
    from sserec.archive.journal import ArchiveWriter as ArchiveWriter
    from sserec.archive.marking import save_marks as save_marks
    from sserec.archive.reader import ArchiveReader as ArchiveReader
    from sserec.archive.repairing import repair as repair
    from sserec.archive.tables import ChunkTable as ChunkTable
    from sserec.archive.tables import EventTable as EventTable
    from sserec.archive.values import Direction as Direction
    from sserec.archive.values import ExchangeRecord as ExchangeRecord
    from sserec.archive.values import Flaw as Flaw
    from sserec.archive.values import Gap as Gap
    from sserec.archive.values import Mark as Mark
    from sserec.archive.values import Meta as Meta
    from sserec.archive.values import Opaque as Opaque
    from sserec.archive.values import Piece as Piece
    from sserec.archive.values import Problem as Problem
    from sserec.archive.values import Traffic as Traffic
    from sserec.archive.verification import Verdict as Verdict
    from sserec.archive.verification import verify as verify

_HOMES = {
    "finalisation": ("finalise", "pack"),
    "journal": ("ArchiveWriter",),
    "marking": ("save_marks",),
    "reader": ("ArchiveReader",),
    "repairing": ("repair",),
    "tables": ("ChunkTable", "EventTable"),
    "values": (
        "Direction",
        "ExchangeRecord",
        "Flaw",
        "Gap",
        "Mark",
        "Meta",
        "Opaque",
        "Piece",
        "Problem",
        "Traffic",
    ),
    "verification": ("Verdict", "verify"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = tuple(_HOME_OF)


def __getattr__(name: str) -> Any:
    """Loads the module that defines ``name``."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value
