"""The file a recording goes to: its name, its birth, and how it is left behind.

Invariant: no file is ever lost to a recording unasked, nor, where it was asked for, to one that holds nothing; and a
file without a single exchange is not left in the way of the next try.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from itertools import chain, count
from pathlib import Path

from sserec.archive import ArchiveWriter, Meta
from sserec.archive.source import Source
from sserec.errors import ArchiveError, RecordingError
from sserec.proxy.plan import Plan

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
        if path.exists() and not overwrite:
            raise RecordingError(f"{path} exists already: choose another name, or overwrite it")
        self.path = path
        self._aside = set_aside(path)
        try:
            self.writer = ArchiveWriter(path, meta=meta, flush_ms=None)
        except RecordingError:
            self._put_back()
            raise

    def keep(self, tell: Callable[[float], None] = lambda share: None) -> str | None:
        """Ends the file for good. What went wrong, if something did: then the file is still a readable journal.

        ``tell`` hears how much of the work is done, as a share.
        """
        from sserec.archive import finalise  # not before the command has started: 10 ms

        try:
            if self._aside:
                self._aside.unlink(missing_ok=True)
            self.writer.close()
            finalise(self.path, tell)
        except (ArchiveError, RecordingError, OSError) as fault:
            return str(fault)
        return None

    def discard(self) -> None:
        """Removes the file: nothing was recorded. What was to be overwritten is there again."""
        with suppress(RecordingError):  # a full disk is no matter any more
            self.writer.close()
        self.path.unlink(missing_ok=True)
        self._put_back()

    def _put_back(self) -> None:
        if self._aside:
            self._aside.rename(self.path)


def set_aside(path: Path) -> Path | None:
    """Renames what is to be overwritten; None where there is nothing.

    Raises RecordingError, for a device too, and for a recording that goes on: its end would take the other's file.
    """
    if not path.exists():
        return None
    if not path.is_file():
        raise RecordingError(f"{path} is no file: choose another name")
    if is_recorded(path):
        raise RecordingError(f"{path} is being recorded: choose another name")
    try:
        return path.rename(path.with_name(f".{path.name}.replaced"))
    except OSError as fault:
        raise RecordingError(f"{path}: cannot be replaced: {fault.strerror}") from fault


def is_recorded(path: Path) -> bool:
    """Another recorder holds the file. What cannot be read is nobody's."""
    try:
        with Source(path) as source:
            return source.is_locked()
    except ArchiveError:
        return False
