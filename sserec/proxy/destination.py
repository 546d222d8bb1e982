"""The file a recording goes to: its name, its birth, and how it is left behind.

Invariant: no recording is ever lost to another one unasked, and a file without a single exchange is not left in the
way of the next try.
"""

from contextlib import suppress
from datetime import datetime
from itertools import chain, count
from pathlib import Path

from sserec.archive import ArchiveWriter, Meta
from sserec.errors import ArchiveError, RecordingError
from sserec.proxy.plan import Plan
from sserec.proxy.recorder import FLUSH_MS

SUFFIX = ".sse.zst"


def default_path(now: datetime, folder: Path = Path()) -> Path:
    """``sserec-20260131-235959.sse.zst``; with ``-2``, ``-3`` … where another recording began in the same second."""
    return free_path(folder, f"sserec-{now:%Y%m%d-%H%M%S}")


def free_path(folder: Path, stem: str) -> Path:
    """A name that no file in ``folder`` has."""
    names = chain([stem], (f"{stem}-{number}" for number in count(2)))
    return next(path for name in names if not (path := folder / f"{name}{SUFFIX}").exists())


def destination_path(plan: Plan) -> Path:
    return plan.output or default_path(datetime.now().astimezone())


class Destination:
    """An archive that is being written."""

    def __init__(self, path: Path, meta: Meta, *, overwrite: bool) -> None:
        """Begins the file. Raises RecordingError where it exists and must not be overwritten, or cannot be made."""
        if path.exists():
            if not overwrite:
                raise RecordingError(
                    f"{path} exists already: choose another name with -o, or say --overwrite"
                )
            path.unlink()
        self.path = path
        self.writer = ArchiveWriter(path, meta=meta, flush_ms=FLUSH_MS)

    def keep(self) -> str | None:
        """Ends the file for good. What went wrong, if something did: then the file is still a readable journal."""
        from sserec.archive import finalise  # not before the command has started: 10 ms

        try:
            self.writer.close()
            finalise(self.path)
        except (ArchiveError, RecordingError, OSError) as fault:
            return str(fault)
        return None

    def discard(self) -> None:
        """Removes the file: nothing was recorded."""
        with suppress(RecordingError):  # a full disk is no matter any more
            self.writer.close()
        self.path.unlink(missing_ok=True)
