"""Characters: cut by the border of two events or data lines, or lost before they were sent.

Knows UTF-8; must not know JSON. The border of two chunks cuts characters all the time, which is no one's fault.
"""

import re

from sserec.check.findings import Say
from sserec.check.watchers import Batch, Watcher
from sserec.sse import Event

_BEGUN = re.compile(rb"(?:[\xc2-\xdf]|[\xe0-\xef][\x80-\xbf]?|[\xf0-\xf4][\x80-\xbf]{0,2})(?![\x80-\xbf])")
"""A character whose last bytes are missing."""
_REST = re.compile(rb"(?<![\x80-\xff])[\x80-\xbf]{1,3}(?![\x80-\xbf])")
"""The last bytes of a character whose first are missing."""
_LINE_BORDER = re.compile(rb"([\xc2-\xf4][\x80-\xbf]{0,2})\n([\x80-\xbf]{1,3})")
_LOST = "\N{REPLACEMENT CHARACTER}".encode()
_LOST_ESCAPED = re.compile(rb"\\u[fF]{3}[dD]")


class Letters(Watcher):
    """Says which characters a server cut in two, and where it had lost some before."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._begun = b""
        """The first bytes of a character that the last event broke off."""

    def feed(self, batch: Batch) -> None:
        for number, event in batch.numbered():
            data = event.data
            if data.isascii():
                self._begun = b""
            else:
                self._look(number, event)
            if _LOST in data or (b"\\u" in data and _LOST_ESCAPED.search(data)):
                self._say("replacement-character", "U+FFFD, as sent", event=number, offset=event.start)

    def _look(self, number: int, event: Event) -> None:
        before, self._begun = self._begun, b""
        if _is_utf8(event.data):
            return
        for begun, rest in _LINE_BORDER.findall(event.data):
            self._judge(begun, rest, "two data lines", number, event)
        first_rest = _REST.search(event.data)
        if before and first_rest:
            self._judge(before, first_rest[0], f"events {number - 1:,} and {number:,}", number, event)
        begun_ones = _BEGUN.findall(event.data)
        self._begun = begun_ones[-1] if begun_ones else b""

    def _judge(self, begun: bytes, rest: bytes, border: str, number: int, event: Event) -> None:
        """Only what makes a character together was one."""
        if not _is_utf8(begun + rest):
            return
        cut = f"{begun.hex(' ')} | {rest.hex(' ')}"
        message = f"{(begun + rest).decode()!r} is cut by the border of {border}: {cut}"
        self._say("split-utf8", message, event=number, offset=event.start)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
