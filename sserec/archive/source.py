"""The bytes of a file, read by position.

Knows files; must not know what is in them. Not a memory map: a recorder rolls its file back when the disk is
full, and a mapped page that is gone kills the process. Reads may come from several threads.
"""

import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path

from sserec.closing import Closing
from sserec.errors import ArchiveError

_AHEAD_BYTES = 256 << 10
_SMALL_BYTES = 8 << 10


class Source(Closing):
    """A file opened for reading. Small reads come from a window that moves with them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = path.open("rb", buffering=0)
            self.size = self._stat_size()
            self.inode = os.fstat(self._file.fileno()).st_ino
        except OSError as error:
            raise ArchiveError(f"{path}: cannot be read: {error.strerror}") from error
        self._lock = threading.Lock()
        self._window = b""
        self._window_start = 0

    def close(self) -> None:
        """Gives the file back."""
        self._file.close()

    def refresh(self) -> bool:
        """Looks whether the file's size changed; forgets what was read ahead."""
        before, self.size = self.size, self._stat_size()
        with self._lock:
            self._window = b""
        return self.size != before

    def was_replaced(self) -> bool:
        """Another file stands under the same name now."""
        try:
            return os.stat(self.path).st_ino != self.inode
        except OSError:
            return False

    def is_locked(self) -> bool:
        """A recorder holds the file; False where the system has no such locks."""
        try:
            import fcntl
        except ImportError:
            return False
        try:
            fcntl.flock(self._file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        fcntl.flock(self._file, fcntl.LOCK_UN)
        return False

    def read(self, position: int, size: int) -> bytes:
        """``size`` bytes from ``position`` on, fewer at the end of the file, none before its start."""
        size = min(size, self.size - position)
        if position < 0 or size <= 0:
            return b""
        with self._lock:
            start = position - self._window_start
            if start >= 0 and start + size <= len(self._window):
                return self._window[start : start + size]
            if size > _SMALL_BYTES:
                return self._read(position, size)
            moves_on = 0 <= start <= len(self._window)
            self._window_start = position
            ahead = min(_AHEAD_BYTES if moves_on else _SMALL_BYTES, self.size - position)
            self._window = self._read(position, ahead)
            return self._window[:size]

    def find(self, pattern: re.Pattern[bytes], position: int, length: int) -> Iterator[int]:
        """Where ``pattern``, which looks ahead at ``length`` bytes, stands from ``position`` on."""
        while len(window := self.read(position, _AHEAD_BYTES)) >= length:
            for match in pattern.finditer(window):
                yield position + match.start()
            position += len(window) - length + 1

    def _read(self, position: int, size: int) -> bytes:
        try:
            self._file.seek(position)
            data = self._file.read(size)
            while data and len(data) < size and (more := self._file.read(size - len(data))):
                data += more
        except OSError as error:
            raise ArchiveError(f"{self.path}: cannot be read: {error.strerror}") from error
        return data

    def _stat_size(self) -> int:
        return os.fstat(self._file.fileno()).st_size
