"""How a recording ends, whichever way the bytes came in."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from sserec.proxy.destination import Destination
from sserec.proxy.recorder import Lost, Recorder

Tell: TypeAlias = Callable[[float], None]
"""Takes the share of the work that is done."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is left of a run."""

    path: Path | None
    """The recording; None where there is none, because nothing was captured."""
    exchange_count: int
    unreached_count: int
    """Of these, such as never left for their server."""
    lost: Lost
    trouble: str | None
    """Why the file could not be finalised."""


def silent(share: float) -> None: ...


def finish(recorder: Recorder, destination: Destination, tell: Tell = silent) -> Outcome:
    """Ends the recording in order. Without an exchange, or a byte that passed, no file is left."""
    is_drained = recorder.close()
    path: Path | None = destination.path
    trouble = None
    if not recorder.exchange_count and not recorder.unread_bytes:
        path = None
        destination.discard()
    elif is_drained:
        trouble = destination.keep(tell)
    else:
        trouble = "the disk takes no more"
    counts = recorder.exchange_count, recorder.unreached_count
    return Outcome(path, *counts, recorder.lost, trouble)
