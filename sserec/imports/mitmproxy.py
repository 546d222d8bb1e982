"""mitmproxy's flow files, versions 4 (mitmproxy 4, 2018) to 21 (mitmproxy 12) and as far as they go on alike.

A flow holds the bodies as they were sent, content coding included, and when request and response began and ended; not
when the bytes of a body came, nor which came together. Streamed bodies (``stream_large_bodies``) are not in it.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sserec.errors import NotAnArchive
from sserec.imports.found import UNSEEN_END, WHOLE, Findings, Found, Part
from sserec.imports.shapes import (
    a_list,
    a_number,
    a_status,
    a_text,
    an_object,
    bytes_of,
    http_version,
    unix_ns,
)
from sserec.imports.tnetstring import NotATnetstring, values
from sserec.records import Close, Connection, Headers, Request, Response, Unknown

OLDEST = 4
"""Before it, keys and values were written in other ways in each release."""
STREAMED = "it was streamed"
Flow = Mapping[str, Any]


def read(data: bytes) -> Findings:
    """Every HTTP flow that can be read; a file that breaks off gives what stands before."""
    findings = Findings("mitmproxy flows", is_dated=True)
    version, left_out = None, 0
    connections: dict[str, int] = {}
    try:
        for flow in map(an_object, values(data)):
            version = checked_version(flow)
            if a_text(flow.get("type")) == "http":
                found = exchange(flow, findings.remarks, len(findings.exchanges) + 1)
                findings.exchanges.append(replace(found, connection=connection(flow, connections)))
            else:
                left_out += 1
    except NotATnetstring as fault:
        if version is None:
            raise NotAnArchive(f"it is no file of mitmproxy flows: {fault}") from fault
        findings.remarks.append(f"the file is damaged from here on: {fault}")
    if left_out:
        findings.remarks.append(f"{left_out} flows that are no HTTP are left out")
    findings.tool = f"mitmproxy flows (format {version})"
    return findings


def checked_version(flow: Flow) -> int:
    """Raises NotAnArchive for what is no flow, and for one of an older format."""
    version = flow.get("version")
    if isinstance(version, list) or (type(version) is int and version < OLDEST):
        raise NotAnArchive(
            "its flows are of mitmproxy 3 or older (read and write it with mitmdump -nr OLD -w NEW)"
        )
    if type(version) is not int:
        raise NotAnArchive("it is no file of mitmproxy flows: a flow has no version")
    return version


def exchange(flow: Flow, remarks: list[str], number: int) -> Found:
    request, response = an_object(flow.get("request")), an_object(flow.get("response"))
    status, unknown = a_status(response.get("status_code")), {Unknown.ARRIVALS, Unknown.CHUNKS}
    content = response.get("content")
    error = a_text(an_object(flow.get("error")).get("msg"))
    if status and content is None:
        unknown.add(Unknown.BODY)
        remarks.append(f"flow {number}: mitmproxy kept nothing of the response's body: {error or STREAMED}")
    if request.get("content", b"") is None:
        remarks.append(f"flow {number}: mitmproxy kept nothing of the request's body: {STREAMED}")
    if flow.get("websocket"):
        remarks.append(f"flow {number}: the messages of a WebSocket are left out")
    is_whole = bool(status) and not error and a_number(response.get("timestamp_end")) is not None
    return Found(
        request=Request(
            decoded(request.get("method")) or "GET", url(request), version(request), headers(request)
        ),
        request_body=bytes_of(request.get("content")),
        response=response_of(response, status) if status else None,
        body=[Part(bytes_of(content))] if status and content else [],
        t_open_ns=unix_ns(request.get("timestamp_start")),
        t_sent_ns=unix_ns(request.get("timestamp_end")),
        t_response_ns=unix_ns(response.get("timestamp_start")),
        t_end_ns=unix_ns(response.get("timestamp_end"))
        or unix_ns(an_object(flow.get("error")).get("timestamp")),
        close=ended(is_whole, error, headers(response, "trailers")),
        unknown=frozenset(unknown if is_whole else unknown | {Unknown.END}),
    )


def url(request: Flow) -> str:
    """As the client meant it: by authority or Host where there is one, else by where the connection went."""
    host = decoded(request.get("authority")) or next(
        (value for name, value in headers(request) if name.lower() == "host"), ""
    )
    path = decoded(request.get("path"))
    if decoded(request.get("method")) == "CONNECT":
        return host or address(request)
    return f"{decoded(request.get('scheme')) or 'http'}://{host or address(request)}{path}"


def address(request: Flow) -> str:
    return f"{decoded(request.get('host'))}:{request.get('port')}"


def decoded(value: Any) -> str:
    """Text that was written as bytes by some versions and as text by others; as latin-1, as in a head."""
    return bytes_of(value).decode("latin-1")


def version(message: Flow) -> str:
    return http_version(decoded(message.get("http_version")))


def headers(message: Flow, key: str = "headers") -> Headers:
    fields = (a_list(field) for field in a_list(message.get(key)))
    return tuple((decoded(field[0]), decoded(field[1])) for field in fields if len(field) == 2)


def response_of(response: Flow, status: int) -> Response:
    return Response(status, decoded(response.get("reason")), version(response), headers(response))


def ended(is_whole: bool, error: str, trailers: Headers) -> Close:
    how = WHOLE if is_whole else UNSEEN_END
    return Close(0, how.by, how.how, how.framing_complete, error=error or None, trailers=trailers)


def connection(flow: Flow, numbers: dict[str, int]) -> Connection | None:
    """The address that it came to, and a number for mitmproxy's own name of the connection.

    Its times may lie long before the first flow.
    """
    server = an_object(flow.get("server_conn"))
    peer = a_list(server.get("peername") or server.get("ip_address"))
    if len(peer) < 2 or not isinstance(peer[0], str):
        return None
    name = decoded(server.get("id")) or decoded(flow.get("id"))
    number = numbers.setdefault(name, len(numbers) + 1)
    address = f"[{peer[0]}]" if ":" in peer[0] else peer[0]
    alpn = decoded(server.get("alpn") or server.get("alpn_proto_negotiated")) or None
    tls = a_text(server.get("tls_version")) or None
    return Connection(number, f"{address}:{peer[1]}", tls_version=tls, alpn=alpn)
