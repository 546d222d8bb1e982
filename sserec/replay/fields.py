"""Which recorded header fields are sent again. Pure.

A recording may hold fields that no message can carry: made by hand, or imported from a format that writes them as text.
Those are left out, so that a client gets all the rest.
"""

import re

from sserec.records import Headers

FRAMING_FIELDS = frozenset(
    {"transfer-encoding", "content-length", "connection", "keep-alive", "proxy-connection", "upgrade"}
)
"""Fields that speak of one connection (RFC 9110, section 7.6.1)."""
ELSEWHERE = frozenset({"alt-svc"})
"""Fields that would send a client on to the real server (RFC 7838)."""
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""RFC 9110, section 5.6.2."""
DIVIDING = re.compile(r"[\r\n\0]")
"""What ends a line, and so would begin another (RFC 9110, section 5.5)."""


def sendable(fields: Headers, without: frozenset[str] = frozenset()) -> Headers:
    """The fields that can be sent and speak of what is sent, but for those named in ``without``."""
    dropped = FRAMING_FIELDS | ELSEWHERE | without
    return tuple(
        (name, in_latin_1(value))
        for name, value in fields
        if TOKEN.fullmatch(name) and not DIVIDING.search(value) and name.lower() not in dropped
    )


def phrase(reason: str) -> str:
    """A reason phrase that can be sent: it says nothing to a machine."""
    return "" if DIVIDING.search(reason) else in_latin_1(reason)


def in_latin_1(text: str) -> str:
    """The bytes of ``text`` as letters of latin-1; what it has no letters for stands as UTF-8."""
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode("latin-1")
    return text
