"""The records that hold JSON: what it looks like, and the values it stands for.

Knows the keys, which docs/format.md lists; must not know where a record is stored. Unknown keys are ignored
on reading. Invariant: JSON of any shape either gives a value or raises DamagedArchive.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import orjson

from sserec.archive.columns import read_varint, varint
from sserec.archive.format import FORMAT_VERSION, MAX_JSON_BYTES
from sserec.archive.values import Meta, Opaque
from sserec.display import path_text
from sserec.errors import DamagedArchive, RecordingError, UnsupportedVersion
from sserec.records import Close, Closer, Connection, Headers, Manner, Request, Response, Unknown

Json = dict[str, Any]
Value = TypeVar("Value")

_META_KEYS = {
    "format",
    "v",
    "tick_ns",
    "epoch_unix_ns",
    "clock",
    "software",
    "command",
    "state",
    "level",
    "zstd",
}


_UNKNOWN = frozenset(Unknown)


def encode_json(value: Mapping[str, Any]) -> bytes:
    """Compact JSON; keys whose value is None are left out.

    Raises RecordingError beyond 1 MiB, and for what is no JSON, such as whole numbers beyond 64 bits.
    """
    try:
        encoded = orjson.dumps({key: item for key, item in value.items() if item is not None})
    except orjson.JSONEncodeError as error:
        raise RecordingError(f"a head cannot be written as JSON: {error}") from error
    if len(encoded) > MAX_JSON_BYTES:
        raise RecordingError(f"a head of {len(encoded):,} bytes is more than a record holds")
    return encoded


def decode_json(payload: bytes, position: int = 0) -> Json:
    """The JSON object in ``payload`` from ``position`` on."""
    if len(payload) - position > MAX_JSON_BYTES:
        raise DamagedArchive("a record of JSON is too long")
    try:
        value = orjson.loads(payload[position:])
    except orjson.JSONDecodeError as error:
        raise DamagedArchive(f"a record is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise DamagedArchive("a record is not a JSON object")
    return value


def timed(payload: bytes) -> tuple[int, int, int]:
    """Exchange and time in ticks at the start of ``payload``, and the position after them."""
    exchange, position = read_varint(payload, 0)
    t, position = read_varint(payload, position)
    return exchange, t, position


def stamp(exchange: int, t_ns: int) -> bytes:
    """The opposite of :func:`timed`."""
    return varint(exchange) + varint(t_ns)


def _shaped(make: Callable[[], Value]) -> Value:
    """Runs ``make``, which takes a JSON object apart, and says so when the object has another shape."""
    try:
        return make()
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        raise DamagedArchive(f"a record's JSON has another shape: {error}") from error


def meta_json(meta: Meta) -> Json:
    """The META record of a recording that begins."""
    return {
        "format": "sserec",
        "v": FORMAT_VERSION,
        "tick_ns": 1,
        "epoch_unix_ns": meta.anchor_unix_ns,
        "clock": meta.clock,
        "software": meta.software,
        "command": [path_text(argument) for argument in meta.command] or None,
        **meta.attributes,
        "state": "journal",
    }


def check_version(value: Json) -> None:
    """Raises UnsupportedVersion when META names a newer major version of the format."""
    version = value.get("v")
    if not isinstance(version, int) or version > FORMAT_VERSION:
        raise UnsupportedVersion(f"format version {version}; this sserec reads up to {FORMAT_VERSION}")


def meta_from(value: Json) -> Meta:
    """The opposite of :func:`meta_json`."""
    return _shaped(
        lambda: Meta(
            anchor_unix_ns=int(value["epoch_unix_ns"]),
            clock=str(value.get("clock", "monotonic")),
            software=str(value.get("software", "")),
            command=tuple(str(argument) for argument in value.get("command", ())),
            attributes={key: str(item) for key, item in value.items() if key not in _META_KEYS},
            version=int(value["v"]),
        )
    )


def request_json(request: Request, unknown: Iterable[Unknown] = ()) -> Json:
    """The JSON of an OPEN record."""
    return {
        "method": request.method,
        "url": request.url,
        "http": request.http_version,
        "headers": request.headers,
        "redacted": request.redacted or None,
        "unknown": sorted(unknown) or None,
    }


def request_from(value: Json) -> Request:
    """The opposite of :func:`request_json`."""
    return _shaped(
        lambda: Request(
            method=str(value["method"]),
            url=str(value["url"]),
            http_version=str(value.get("http", "")),
            headers=_headers(value.get("headers", ())),
            redacted=tuple(str(name) for name in value.get("redacted", ())),
        )
    )


def unknown_from(value: Json) -> frozenset[Unknown]:
    """What an OPEN record says is not known; what a later version may add to the list says nothing here."""
    return _shaped(lambda: frozenset(Unknown(name) for name in value.get("unknown", ()) if name in _UNKNOWN))


def response_json(response: Response) -> Json:
    """The JSON of a RESPONSE record."""
    return {
        "status": response.status,
        "reason": response.reason,
        "http": response.http_version,
        "headers": response.headers,
    }


def response_from(value: Json) -> Response:
    """The opposite of :func:`response_json`."""
    return _shaped(
        lambda: Response(
            status=int(value["status"]),
            reason=str(value.get("reason", "")),
            http_version=str(value.get("http", "")),
            headers=_headers(value.get("headers", ())),
        )
    )


def connection_json(connection: Connection) -> Json:
    """The JSON of a CONNECTION record."""
    return {
        "id": connection.id,
        "peer": connection.peer,
        "resolved_ns": connection.t_resolved_ns,
        "connected_ns": connection.t_connected_ns,
        "tls_ns": connection.t_tls_ns,
        "tls": connection.tls_version,
        "alpn": connection.alpn,
    }


def connection_from(value: Json) -> Connection:
    """The opposite of :func:`connection_json`."""
    return _shaped(
        lambda: Connection(
            id=int(value["id"]),
            peer=_text(value.get("peer")),
            t_resolved_ns=_number(value.get("resolved_ns")),
            t_connected_ns=_number(value.get("connected_ns")),
            t_tls_ns=_number(value.get("tls_ns")),
            tls_version=_text(value.get("tls")),
            alpn=_text(value.get("alpn")),
        )
    )


def opaque_json(opaque: Opaque) -> Json:
    """The JSON of an OPAQUE record."""
    return {"target": opaque.target, "reason": opaque.reason}


def opaque_from(value: Json) -> Opaque:
    """The opposite of :func:`opaque_json`."""
    return _shaped(lambda: Opaque(str(value.get("target", "")), str(value.get("reason", ""))))


def close_json(
    close: Close, *, size_bytes: int, chunk_count: int, sha256: str, coded_size_bytes: int | None
) -> Json:
    """The JSON of a CLOSE record: the transport's facts, and what the body must amount to."""
    return {
        "by": close.by,
        "how": close.how,
        "framing_complete": close.framing_complete,
        "error": close.error,
        "trailers": close.trailers or None,
        "lost_bytes": close.lost_bytes or None,
        "lost_request_bytes": close.lost_request_bytes or None,
        "undecoded_from": close.undecoded_from,
        "size": size_bytes,
        "chunks": chunk_count,
        "sha256": sha256,
        "coded_size": coded_size_bytes,
    }


def close_from(value: Json, t_ns: int) -> Close:
    """The transport's facts of a CLOSE record; ``size``, ``chunks`` and ``sha256`` are beside them."""
    return _shaped(
        lambda: Close(
            t_ns=t_ns,
            by=Closer(value["by"]),
            how=Manner(value["how"]),
            framing_complete=bool(value["framing_complete"]),
            error=_text(value.get("error")),
            trailers=_headers(value.get("trailers", ())),
            lost_bytes=_number(value.get("lost_bytes")) or 0,
            lost_request_bytes=_number(value.get("lost_request_bytes")) or 0,
            undecoded_from=_number(value.get("undecoded_from")),
        )
    )


def totals_from(value: Json) -> Json:
    """What a CLOSE record states of the body, by the names of an ExchangeRecord."""
    return _shaped(
        lambda: {
            "body_size_bytes": _number(value.get("size")),
            "chunk_count": _number(value.get("chunks")),
            "sha256": _text(value.get("sha256")),
            "coded_size_bytes": _number(value.get("coded_size")),
        }
    )


def _headers(pairs: Any) -> Headers:
    return tuple((str(name), str(value)) for name, value in pairs)


def _number(value: Any) -> int | None:
    return None if value is None else int(value)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
