"""HTTP Archive 1.2 (w3c.github.io/web-performance/specs/HAR/Overview.html), with the time of each event.

``_eventSourceMessages`` is Chrome's: its network panel shows the events. What HAR has no field for stands in fields of
sserec: ``_ending``, and ``_unknown`` where the recording itself does not know something.
"""

import base64
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import orjson

from sserec import __version__
from sserec.errors import DamagedArchive, NothingFound
from sserec.export import Options
from sserec.export.subject import Subject, request_body
from sserec.recording import Exchange
from sserec.records import Connection, Headers, Request, Response

Json = dict[str, Any]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATEST_NS = 253_402_300_799 * 10**9
"""What a date of four digits can tell; a hostile file may hold any time."""
NS_PER_MS = 1_000_000
NO_SIZE = -1


def archive(subjects: Sequence[Subject], options: Options) -> Iterator[bytes]:
    """One document, an entry for each request. Raises NothingFound where there is none."""
    exchanges = [one for subject in subjects for one in subject.exchanges if one.request and one.request.url]
    if not exchanges or options.recording is None or options.recording.meta is None:
        raise NothingFound("a HAR holds requests, and none was recorded")
    anchor_ns, separator = options.recording.meta.anchor_unix_ns, b""
    yield b'{"log":{"version":"1.2","creator":' + orjson.dumps({"name": "sserec", "version": __version__})
    yield b',"pages":[],"entries":['
    for exchange in exchanges:
        yield separator + b"\n" + orjson.dumps(entry(exchange, anchor_ns), option=orjson.OPT_INDENT_2)
        separator = b","
    yield b"\n]}}\n"


def entry(exchange: Exchange, anchor_ns: int) -> Json:
    assert exchange.request is not None
    record, body = exchange.record, body_of(exchange)
    found: Json = {
        "startedDateTime": date(anchor_ns + (record.t_open_ns or 0)),
        "request": request(exchange.request, request_body(exchange)),
        "response": response(exchange, body),
        "cache": {},
        **phases(exchange),
        "_resourceType": "fetch",
    }
    if record.connection is not None:
        found |= road(record.connection)
    if exchange.is_event_stream and exchange.is_timed:
        found["_eventSourceMessages"] = list(messages(exchange, anchor_ns))
    if exchange.ending is not None:
        found["_ending"] = exchange.ending
    if record.unknown:
        found["_unknown"] = sorted(record.unknown)
    return found


def date(unix_ns: int) -> str:
    """To the microsecond, in UTC."""
    moment = EPOCH + timedelta(microseconds=min(max(unix_ns, 0), LATEST_NS) // 1000)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "Z"


def road(connection: Connection) -> Json:
    """``connection`` is the port, as browsers have it; which requests shared one stands beside it."""
    host, _, port = (connection.peer or "").rpartition(":")
    address = {"serverIPAddress": host.strip("[]"), "connection": port} if host else {}
    return {"_connectionId": str(connection.id), **address}


def request(head: Request, body: bytes | None) -> Json:
    found: Json = {
        "method": head.method,
        "url": head.url,
        "httpVersion": head.http_version,
        "cookies": [],
        "headers": fields(head.headers),
        "queryString": query(head.url),
        "headersSize": NO_SIZE,
        "bodySize": NO_SIZE if body is None else len(body),
    }
    if body:
        content_type = next((value for name, value in head.headers if name.lower() == "content-type"), "")
        found["postData"] = {"mimeType": content_type, **text_of(body)}
    return found


def fields(headers: Headers) -> list[Json]:
    return [{"name": name, "value": value} for name, value in headers]


def query(url: str) -> list[Json]:
    asked = url.partition("#")[0].partition("?")[2]
    return [{"name": name, "value": value} for name, value in parse_qsl(asked, keep_blank_values=True)]


def response(exchange: Exchange, body: bytes | None) -> Json:
    """Status 0 stands for no response, as browsers write it."""
    head = exchange.response or Response(0, "", "")
    ending = exchange.ending
    error = (exchange.close.error if exchange.close else None) or ending
    return {
        "status": head.status,
        "statusText": head.reason,
        "httpVersion": head.http_version,
        "cookies": [],
        "headers": fields(head.headers),
        "content": content(head, body, exchange.record.body_size_bytes),
        "redirectURL": head.header("location") or "",
        "headersSize": NO_SIZE,
        "bodySize": exchange.record.body_size_bytes
        if exchange.record.coded_size_bytes is None
        else exchange.record.coded_size_bytes,
        "_error": None if ending is None or ending.is_clean else error,
    }


def content(head: Response, body: bytes | None, size_bytes: int) -> Json:
    known = {"size": size_bytes, "mimeType": head.header("content-type") or "x-unknown"}
    if body is None:
        return known | {"comment": "a part of the body is lost"}
    return known | text_of(body)


def text_of(body: bytes) -> Json:
    """Text where it is UTF-8, else base64."""
    try:
        return {"text": body.decode()}
    except UnicodeDecodeError:
        return {"text": base64.b64encode(body).decode(), "encoding": "base64"}


def body_of(exchange: Exchange) -> bytes | None:
    try:
        return exchange.body()
    except DamagedArchive:
        return None


def messages(exchange: Exchange, anchor_ns: int) -> Iterator[Json]:
    """Seconds since 1970, as a double: that tells microseconds."""
    for _, t_ns, event in exchange.events():
        yield {
            "time": (anchor_ns + (t_ns or 0)) / 1e9,
            "eventName": event.type,
            "eventId": event.last_event_id,
            "data": event.text,
        }


def phases(exchange: Exchange) -> Json:
    """``time`` and ``timings``: milliseconds that follow one another and add up; -1 did not take place, or not here."""
    record, connection = exchange.record, exchange.record.connection
    begin_ns = record.t_open_ns
    if begin_ns is None:
        return {"time": 0, "timings": {"send": 0, "wait": 0, "receive": 0}}
    clock = Stopwatch(begin_ns)
    resolved_ns = connection.t_resolved_ns if connection else None
    connected_ns = connection.t_connected_ns if connection else None
    tls_ns = connection.t_tls_ns if connection else None
    timings = {"blocked": NO_SIZE, "dns": clock.optional(resolved_ns)}
    before_ns = clock.now_ns
    tcp_ms = clock.optional(connected_ns)
    timings["ssl"] = clock.optional(tls_ns)
    timings["connect"] = NO_SIZE if tcp_ms == NO_SIZE else (clock.now_ns - before_ns) / NS_PER_MS
    timings["send"] = clock.until(record.t_sent_ns)
    timings["wait"] = clock.until(record.t_response_ns)
    timings["receive"] = clock.until(end_ns(exchange))
    return {"time": (clock.now_ns - begin_ns) / NS_PER_MS, "timings": timings}


class Stopwatch:
    """Goes from one time to the next, never back."""

    def __init__(self, now_ns: int) -> None:
        self.now_ns = now_ns

    def until(self, t_ns: int | None) -> float:
        """Milliseconds until then; 0 where that is not known, or past."""
        before_ns = self.now_ns
        self.now_ns = before_ns if t_ns is None else max(t_ns, before_ns)
        return (self.now_ns - before_ns) / NS_PER_MS

    def optional(self, t_ns: int | None) -> float:
        """The same; -1 where nothing took place here: the connection was another exchange's before."""
        return NO_SIZE if t_ns is None or t_ns < self.now_ns else self.until(t_ns)


def end_ns(exchange: Exchange) -> int | None:
    """When it was closed; where nobody noted that, when its last bytes came."""
    if exchange.close is not None:
        return exchange.close.t_ns
    return max((chunk.t_ns for chunk in exchange.chunks()), default=None)
