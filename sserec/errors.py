"""Every error that sserec raises on purpose.

    SserecError
    ├── UsageError              the caller asked for something that cannot be done
    │   └── NothingFound        the file is sound, but holds nothing of what was asked for
    ├── ArchiveError            a file on disk
    │   ├── NotAnArchive        it never was one
    │   ├── UnsupportedVersion  a newer sserec wrote it
    │   └── DamagedArchive      it was one; what is missing stands in the message
    ├── RecordingError          a recording could not be started or finished
    └── ProtocolError           a peer's bytes do not follow HTTP; never shown to the peer

A message says what happened, where, and what to run next, in one line without a full stop.
"""

from collections.abc import Iterator
from contextlib import contextmanager


class SserecError(Exception):
    """The root: whatever else escapes from sserec is a bug in sserec."""


class UsageError(SserecError):
    """The caller asked for something that cannot be done."""


class NothingFound(UsageError):
    """The file is sound, but holds nothing of what was asked for."""


class ArchiveError(SserecError):
    """A file on disk could not be read or written as an archive."""


class NotAnArchive(ArchiveError):
    """The file never was an archive of this format."""


class UnsupportedVersion(ArchiveError):
    """The archive was written by a newer major version of the format."""


class DamagedArchive(ArchiveError):
    """A part that was asked for is damaged or missing."""


class RecordingError(SserecError):
    """A recording could not be started or finished."""


class ProtocolError(SserecError):
    """A peer's bytes do not follow HTTP. The bytes are forwarded all the same."""


@contextmanager
def named(path: str) -> Iterator[None]:
    """Gives the name of a file to what goes wrong with it: of a full disk the system tells none."""
    try:
        yield
    except OSError as fault:
        if fault.filename is not None or fault.errno is None:
            raise
        raise OSError(fault.errno, fault.strerror, path) from fault
