"""HTTP Archive 1.2, as browsers and proxies write it.

Chrome keeps the time of each event beside the body (``_eventSourceMessages``), of a stream that was read by fetch as
well as by EventSource, for which it keeps no body at all. Everybody else keeps when a response began and ended. Nobody
keeps which bytes came together, and how a response ended only as a text, if at all.
"""

import json
import re
from typing import Any

from sserec.errors import NotAnArchive
from sserec.imports.found import UNSEEN_END, Coding, Findings, Found, Part
from sserec.imports.messages import Message, timed, written
from sserec.imports.shapes import (
    a_list,
    a_number,
    a_status,
    a_text,
    an_object,
    bytes_of,
    from_base64,
    http_version,
    iso_ns,
    latin1,
    unix_ns,
)
from sserec.interactions.events import parse_json
from sserec.records import Close, Connection, Headers, Request, Response, Unknown

WINDOWS_1252 = {bytes([code]).decode("cp1252", "ignore"): code for code in range(0x80, 0xA0)}
LOCAL = frozenset(
    {"data", "blob", "file", "about", "chrome", "chrome-extension", "moz-extension", "devtools"}
)
HALF_CHARACTER = re.compile(r"\\u[dD][89a-fA-F]")
OWN_CONNECTION = 1 << 20
BEFORE_SENT = ("blocked", "dns", "connect", "send")
"""The parts of ``timings`` until the request is sent, in order; ``ssl`` is a part of ``connect``."""


def read(data: bytes) -> Findings:
    """Every entry, whatever it lacks."""
    log = an_object(an_object(parsed(data)).get("log"))
    if not isinstance(log.get("entries"), list):
        raise NotAnArchive("it is no HAR: there is no log.entries in it")
    creator = an_object(log.get("creator"))
    tool = " ".join(filter(None, (a_text(creator.get("name")), a_text(creator.get("version")))))
    findings, local = Findings(f"HAR by {tool[:100]}" if tool else "HAR", is_dated=True), 0
    for number, entry in enumerate(map(an_object, log["entries"]), start=1):
        if is_of_the_page(entry):
            local += 1
            continue
        findings.exchanges.append(exchange(entry, number))
        findings.remarks += (f"entry {number}: {remark}" for remark in remarks(entry))
    if local:
        findings.remarks.append(
            f"{local:,} entries that went over no network are left out (data:, blob: and the like)"
        )
    return findings


def is_of_the_page(entry: Any) -> bool:
    """Whether its URL names something inside the browser, which may be as large as an image."""
    scheme, colon, _ = a_text(an_object(entry.get("request")).get("url"))[:40].partition(":")
    return bool(colon) and scheme.lower() in LOCAL


def parsed(data: bytes) -> Any:
    """Raises NotAnArchive where it is no JSON."""
    text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    try:
        return parse_json(whole_characters(text) if HALF_CHARACTER.search(text) else text)
    except (ValueError, RecursionError) as fault:
        raise NotAnArchive(f"it is no JSON: {fault}") from fault


def whole_characters(text: str) -> str:
    """JSON in which no half of a surrogate pair stands alone: browsers write one where a page made one."""
    written = json.dumps(json.loads(text), ensure_ascii=False)
    return written.encode("utf-8", "replace").decode()


def remarks(entry: Any) -> list[str]:
    if entry.get("_webSocketMessages") or entry.get("_webSocket"):
        return ["the messages of a WebSocket are left out"]
    return []


def exchange(entry: Any, number: int) -> Found:
    request, response = an_object(entry.get("request")), an_object(entry.get("response"))
    t_open_ns = iso_ns(entry.get("startedDateTime"))
    t_sent_ns, t_response_ns, t_end_ns = times(entry, t_open_ns)
    status = a_status(response.get("status"))
    parts, unknown = body(entry, an_object(response.get("content"))) if status else ((), set())
    parts = [Part(data, t_ns and max(t_ns, t_response_ns or 0)) for data, t_ns in parts]
    return Found(
        request=Request(
            a_text(request.get("method")) or "GET",
            a_text(request.get("url")),
            http_version(request.get("httpVersion")),
            headers(request),
        ),
        request_body=posted(an_object(request.get("postData"))),
        response=response_of(response, status) if status else None,
        body=parts,
        coding=Coding.UNDONE,
        t_open_ns=t_open_ns,
        t_sent_ns=t_sent_ns,
        t_response_ns=t_response_ns,
        t_end_ns=t_end_ns,
        close=ended(response),
        connection=connection(entry, OWN_CONNECTION + number),
        unknown=frozenset(
            unknown
            | {Unknown.CHUNKS, Unknown.END}
            | ({Unknown.TIMES} if t_open_ns is None else set())
            | listed_unknown(entry)
        ),
    )


def listed_unknown(entry: Any) -> set[Unknown]:
    """What the recording did not know that sserec wrote the HAR from."""
    known = {str(name): name for name in Unknown}
    return {known[name] for name in a_list(entry.get("_unknown")) if isinstance(name, str) and name in known}


def times(entry: Any, t_open_ns: int | None) -> tuple[int | None, int | None, int | None]:
    """When the request was sent, the response's head came, and all was over. A phase of -1 did not take place."""
    timings = an_object(entry.get("timings"))
    wait_ns, total_ns = ns(timings.get("wait")), ns(entry.get("time"))
    if t_open_ns is None:
        return None, None, None
    t_sent_ns = t_open_ns + sum(ns(timings.get(phase)) or 0 for phase in BEFORE_SENT)
    t_response_ns = None if wait_ns is None else t_sent_ns + wait_ns
    return t_sent_ns, t_response_ns, None if total_ns is None else t_open_ns + total_ns


def ns(milliseconds: Any) -> int | None:
    """A length of time; None where there is none, or where it is longer than a year."""
    number = a_number(milliseconds)
    return round(number * 1e6) if number is not None and 0 <= number < 366 * 86_400_000 else None


def headers(message: Any) -> Headers:
    """HTTP/2's pseudo-fields, which Chrome lists as well, are no header."""
    fields = map(an_object, a_list(message.get("headers")))
    pairs = ((a_text(field.get("name")), a_text(field.get("value"))) for field in fields)
    return tuple((latin1(name), latin1(value)) for name, value in pairs if name and not name.startswith(":"))


def posted(post: Any) -> bytes:
    text = post.get("text")
    if post.get("encoding") == "base64":
        return from_base64(text) or b""
    return bytes_of(text)


def response_of(response: Any, status: int) -> Response:
    reason, version = a_text(response.get("statusText")), http_version(response.get("httpVersion"))
    return Response(status, latin1(reason), version, headers(response))


def body(entry: Any, content: Any) -> tuple[list[Part], set[Unknown]]:
    """The body's parts, and what is not known of them."""
    messages = [
        Message(
            a_text(message.get("eventName")),
            bytes_of(message.get("data")),
            a_text(message.get("eventId")),
            unix_ns(message.get("time")),
        )
        for message in map(an_object, a_list(entry.get("_eventSourceMessages")))
    ]
    text = kept(content)
    if text is None:
        if messages:
            return written(messages), {Unknown.BYTES} | arrivals(messages)
        return [], {Unknown.BODY, Unknown.ARRIVALS} if a_number(content.get("size")) else set()
    parts = timed(text, messages)
    if parts is None:
        return [Part(text)], {Unknown.ARRIVALS}
    return parts, arrivals(messages)


def arrivals(messages: list[Message]) -> set[Unknown]:
    return {Unknown.ARRIVALS} if any(message.t_ns is None for message in messages) else set()


def kept(content: Any) -> bytes | None:
    """The body, where the file holds it."""
    text = content.get("text")
    if not isinstance(text, str) or (not text and a_number(content.get("size"))):
        return None
    if content.get("encoding") == "base64":
        return from_base64(text)
    return as_sent(text, a_number(content.get("size")))


def as_sent(text: str, size_bytes: float | None) -> bytes:
    """Text as the bytes that were sent.

    Chrome and mitmproxy read UTF-8 without a label as windows-1252 or latin-1; that it was so, and how it was meant,
    is proved by the size in bytes that stands beside it.
    """
    data = bytes_of(text)
    if size_bytes is None or len(data) == size_bytes:
        return data
    single = single_bytes(text)
    return data if single is None or len(single) != size_bytes else single


def single_bytes(text: str) -> bytes | None:
    """The bytes that a browser reads as ``text`` in windows-1252 (WHATWG Encoding, 9); None where there are none."""
    data = bytearray()
    for character in text:
        code = ord(character)
        if code > 0xFF or (0x80 <= code < 0xA0 and character in WINDOWS_1252):
            code = WINDOWS_1252.get(character, -1)
        if code < 0:
            return None
        data.append(code)
    return bytes(data)


def ended(response: Any) -> Close:
    error = a_text(response.get("_error"))
    return Close(0, UNSEEN_END.by, UNSEEN_END.how, framing_complete=False, error=error or None)


def connection(entry: Any, own: int) -> Connection | None:
    """The road to the server, where its address stands in the file; ``connection`` is the port, as browsers have it.

    ``own``: its number where the file does not say which requests shared one.
    """
    host, port = a_text(entry.get("serverIPAddress")), a_text(entry.get("connection"))
    if not host:
        return None
    address = f"[{host.strip('[]')}]" if ":" in host else host
    number = a_text(entry.get("_connectionId"))
    return Connection(
        int(number) if is_number(number) else own, f"{address}:{port}" if is_number(port) else address
    )


def is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10
