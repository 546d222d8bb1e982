"""What stands around a stream as JSON: request and response.

Knows HTTP heads; must not know what an API says in them. Two documents are made of each head: what was said, which
every level compares, and how it was carried (version, connection, framing, the order and spelling of fields), which
belongs to the bytes.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from sserec.conversations import call_of
from sserec.diff.values import Json
from sserec.interactions.events import parse_json
from sserec.readable import OpaqueConnection
from sserec.records import Headers, Request, Response

CARRIAGE = frozenset(
    {
        "alt-svc",
        "connection",
        "content-length",
        "host",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
    }
)
"""Fields that speak of one connection or of the message's framing (RFC 9110, sections 7.6.1 and 8.6), and those that
name a road to the server or of it."""

SHOWN_BODY_BYTES = 1 << 20
"""A larger body that is no JSON stands for itself by size and checksum."""


def request_document(request: Request, body: bytes | None) -> Json:
    """What was asked: method, address, fields, and the body, as JSON where it is."""
    url = urlsplit(request.url)
    value = body_value(body)
    document: Json = {
        "method": request.method,
        "host": url.netloc,
        "path": url.path,
        "query": _collected(parse_qsl(url.query, keep_blank_values=True)),
        "headers": fields(request.headers),
    }
    call = call_of(request.method, request.url, value)
    if call is not None and call.interaction_id:
        document["path"] = unquote(url.path).replace(call.interaction_id, "{id}")
        document["interaction_id"] = call.interaction_id
    return document if value is None else document | {"body": value}


def opaque_document(opaque: OpaqueConnection | None) -> Json:
    """What is known of a connection that could not be read."""
    return {} if opaque is None else {"opaque": {"target": opaque.target, "reason": opaque.reason}}


def response_document(response: Response) -> Json:
    """What was answered, but for the body."""
    return {"status": response.status, "headers": fields(response.headers)}


def fields(headers: Headers) -> Json:
    """Fields by their names in small letters, without those of the carriage."""
    return _collected((name.lower(), value) for name, value in headers if name.lower() not in CARRIAGE)


def carriage(head: Request | Response) -> Json:
    """How a head was carried."""
    return {
        "http_version": head.http_version.removeprefix("HTTP/"),
        "reason": head.reason if isinstance(head, Response) else None,
        "headers": _collected(
            (name.lower(), value) for name, value in head.headers if name.lower() in CARRIAGE
        ),
    }


def shared_order(a: Request | Response, b: Request | Response) -> tuple[Json, Json]:
    """The fields that both have, as each spells and orders them."""
    of_a, of_b = ({name.lower() for name, _ in one.headers} for one in (a, b))
    shared = of_a & of_b
    order = ([name for name, _ in one.headers if name.lower() in shared] for one in (a, b))
    spelled_a, spelled_b = (", ".join(names) for names in order)
    return {"field_order": spelled_a}, {"field_order": spelled_b}


def body_value(body: bytes | None) -> Any:
    """A body as JSON, else as text, else its size and checksum; None where there is none."""
    if not body:
        return None
    try:
        return parse_json(body.decode())
    except UnicodeDecodeError:
        return {"size_bytes": len(body), "sha256": sha256(body).hexdigest()}
    except ValueError:
        if len(body) > SHOWN_BODY_BYTES:
            return {"size_bytes": len(body), "sha256": sha256(body).hexdigest()}
        return body.decode()


def _collected(pairs: Iterable[tuple[str, str]]) -> Json:
    """Values by name; a list where a name comes more than once."""
    collected: Json = {}
    for name, value in pairs:
        if name not in collected:
            collected[name] = value
        elif isinstance(collected[name], list):
            collected[name].append(value)
        else:
            collected[name] = [collected[name], value]
    return collected
