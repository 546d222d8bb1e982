"""What a request means, whoever asks it in whatever spelling. Pure.

Two requests are the same when they do the same to the same thing: the version in front of the path, secrets, the
order of parameters and of JSON members, and 1 instead of 1.0 do not count.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl

import orjson

from sserec.display import shortened
from sserec.records import Headers
from sserec.redact import REDACTED, SECRETS

VERSION = re.compile(r"^/v\d+[a-z0-9]*(?=/)")
"""``/v1``, ``/v1beta``: SDKs of one API differ in it from release to release."""
SERVER = re.compile(r"^[^/?#]+://[^/?#]*")
"""What stands before the path in a URL; anything may, in a recording and in a request."""
LONGEST_NAME = 200
LAST_EVENT_ID = "last_event_id"
LAST_EVENT_ID_HEADER = "last-event-id"
"""WHATWG HTML, section 9.2.4: how a browser's EventSource asks for the rest of a stream."""

Query = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Asked:
    """A request, as far as it matters for its answer."""

    method: str
    path: str
    query: Query = ()
    """Sorted, without secrets."""
    body: bytes = b""
    authority: str | None = None
    """Whom it was sent to; None where the client was led here by a base URL."""
    last_event_id: str | None = None
    """The event after which a stream is to go on."""
    scheme: str = "https"
    """Of the server's URL. It tells no request from another."""

    @cached_property
    def resource(self) -> str:
        """The path without its version."""
        return VERSION.sub("", self.path)

    @cached_property
    def meaning(self) -> Any:
        """The body as JSON, or as text where it is none."""
        try:
            return plain(orjson.loads(self.body))
        except orjson.JSONDecodeError:
            return self.body.decode("utf-8", "replace")

    @cached_property
    def digest(self) -> bytes:
        """The same for bodies that mean the same."""
        return sha256(orjson.dumps(self.meaning, option=orjson.OPT_SORT_KEYS)).digest()

    @property
    def name(self) -> str:
        """The request line's better half: ``GET /v1/interactions/v1_abc?stream=true``; not all of an endless one."""
        query = "&".join(f"{key}={value}" for key, value in self.query)
        return shortened(f"{self.method} {self.path}" + (f"?{query}" if query else ""), LONGEST_NAME)

    def from_the_start(self) -> "Asked":
        """The same request for the whole stream."""
        query = tuple(pair for pair in self.query if pair[0] != LAST_EVENT_ID)
        return replace(self, query=query, last_event_id=None)


@dataclass(frozen=True, slots=True)
class Question:
    """A request as it came, with everything that is needed to send it on."""

    method: str
    target: str
    """As it stood in the request line: a path, or a URL where the client uses a proxy."""
    headers: Headers
    body: bytes
    authority: str | None = None
    """Whom it was sent to, where that is known."""

    @property
    def asked(self) -> Asked:
        """What it means."""
        return asked(self.method, self.target, self.headers, self.body, self.authority)


def asked(
    method: str, url: str, headers: Headers = (), body: bytes = b"", authority: str | None = None
) -> Asked:
    """A request for ``url``, which may be a target without a server."""
    target = SERVER.sub("", SECRETS.url(url)[0]).partition("#")[0]
    path, _, written_query = target.partition("?")
    pairs = parse_qsl(written_query, keep_blank_values=True)
    query = tuple(sorted(pair for pair in pairs if pair[1] != REDACTED))
    named = [*header_values(headers, LAST_EVENT_ID_HEADER), *(v for k, v in query if k == LAST_EVENT_ID)]
    scheme = "http" if url.startswith("http://") else "https"
    return Asked(method, path or "/", query, body, authority, next(iter(named), None), scheme)


def header_values(headers: Headers, name: str) -> Iterable[str]:
    return (value for key, value in headers if key.lower() == name)


def plain(value: Any) -> Any:
    """JSON with whole numbers as such: JavaScript writes 1 where Python writes 1.0."""
    if isinstance(value, dict):
        return {key: plain(member) for key, member in value.items()}
    if isinstance(value, list):
        return [plain(member) for member in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
