"""What the response's head says, and what a body is that is no stream.

Knows HTTP and where the API puts its words; must not know events.
"""

import re
from typing import TYPE_CHECKING, Any

import orjson

from sserec.check.findings import Say
from sserec.errors import DamagedArchive
from sserec.interactions.diagnostics import shown
from sserec.interactions.ending import bare_error
from sserec.interactions.events import error_words
from sserec.records import Request
from sserec.sse import EVENT_STREAM

if TYPE_CHECKING:
    from sserec.readable import ReadableBody

READ_MAX_BYTES = 1 << 16
"""An error's words stand at its beginning."""
NO_BODY_STATUSES = frozenset({204, 205})
_STREAM_IN_URL = re.compile(r"[?&](?:alt=sse|stream=true)(?:&|$)|:stream\w+")
_HTML = re.compile(r"<(?:!doctype html|html|head|body)\b", re.IGNORECASE)
_TITLE = re.compile(r"<(?:title|h1)\b[^>]{0,200}>([^<]{1,400})", re.IGNORECASE)
HTML_BEGINS_WITHIN = 400
"""Comments of a proxy may stand before the page itself."""


def judge_head(exchange: "ReadableBody", say: Say) -> None:
    """Status and label."""
    response = exchange.response
    if response is None:
        return
    if response.status >= 400:
        words = words_of(beginning(exchange))
        say("http-error", f"{response.status} {shown(response.reason)}".rstrip() + f": {words}")
    if exchange.is_event_stream:
        label = response.header("content-type")
        _judge_label(label, say)


def judge_body(exchange: "ReadableBody", say: Say) -> None:
    """A body that is no stream, where one was asked for."""
    response = exchange.response
    if response is None and exchange.request is not None:
        return
    if response is not None and not (
        200 <= response.status < 300 and response.status not in NO_BODY_STATUSES
    ):
        return
    if asks_for_stream(exchange):
        label = response.header("content-type") if response else None
        kind = f"{shown(label)}: " if label else ""
        say("not-a-stream", f"no event stream, but {kind}{words_of(beginning(exchange))}")


def asks_for_stream(exchange: "ReadableBody") -> bool:
    """Whether the request wants events. A body without its request was saved by someone who expected them."""
    request = exchange.request
    if request is None:
        return True
    return (
        _accepts_stream(request) or _STREAM_IN_URL.search(request.url) is not None or _says_stream(exchange)
    )


def beginning(exchange: "ReadableBody") -> bytes:
    """As much of the body as it takes to know what it is."""
    body = bytearray()
    for chunk in exchange.chunks():
        body += chunk.data
        if len(body) >= READ_MAX_BYTES:
            break
    return bytes(body[:READ_MAX_BYTES])


def words_of(body: bytes) -> str:
    """What a body says to a person: an error in the API's own words, a page by its title, else how it begins."""
    if not body.strip():
        return "an empty body"
    error = bare_error(body)
    if error is not None:
        return error_words(error)
    text = body.decode("utf-8", "replace")
    if text.lstrip().startswith("<") and _HTML.search(text, 0, HTML_BEGINS_WITHIN):
        title = _TITLE.search(text)
        return "an HTML page" + (f": {shown(' '.join(title[1].split()))}" if title else "")
    return shown(" ".join(text[:400].split()))


def _judge_label(label: str | None, say: Say) -> None:
    kind, _, parameters = (label or "").partition(";")
    if kind.strip().lower() != EVENT_STREAM:
        say(
            "wrong-content-type",
            f"an event stream labelled {shown(label)}" if label else "an event stream without a label",
        )
    charset = re.search(r"charset\s*=\s*\"?([^\s;\"]+)", parameters, re.IGNORECASE)
    if charset and charset[1].lower() not in ("utf-8", "utf8"):
        say(
            "wrong-charset",
            f"the label says {shown(charset[1])}; clients that believe it read other characters",
        )


def _accepts_stream(request: Request) -> bool:
    return any(name.lower() == "accept" and EVENT_STREAM in value.lower() for name, value in request.headers)


def _says_stream(exchange: "ReadableBody") -> bool:
    try:
        asked: Any = orjson.loads(exchange.record.request_body())
    except (orjson.JSONDecodeError, DamagedArchive):
        return False
    return isinstance(asked, dict) and asked.get("stream") is True
