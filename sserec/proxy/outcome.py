"""How a recording ends, whichever way the bytes came in."""

from dataclasses import dataclass
from pathlib import Path

from sserec.proxy.destination import Destination
from sserec.proxy.recorder import Lost, Recorder


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is left of a run."""

    path: Path | None
    """The recording; None where there is none, because nothing was captured."""
    exchange_count: int
    lost: Lost
    trouble: str | None
    """Why the file could not be finalised."""


def finish(recorder: Recorder, destination: Destination) -> Outcome:
    """Ends the recording in order. Without an exchange or a connection in it, no file is left."""
    is_drained = recorder.close()
    if not recorder.exchange_count and not recorder.opaque_count:
        destination.discard()
        return Outcome(None, 0, recorder.lost, None)
    trouble = destination.keep() if is_drained else "the disk takes no more"
    return Outcome(destination.path, recorder.exchange_count, recorder.lost, trouble)
