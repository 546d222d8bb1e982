"""Typed netstrings, the notation of mitmproxy's flow files: ``5:hello,`` ``4:true!`` ``0:~``.

A value is its size, a colon, so many bytes, and a letter for their type; lists and objects hold values one after the
other. Strict, and bounded: a size that reaches beyond what holds it, or a nesting nobody writes, is refused.
"""

import re
from collections.abc import Iterator
from typing import Any

MAX_DEPTH = 32
"""mitmproxy's own flows reach 6."""
SIZE = re.compile(rb"(0|[1-9][0-9]{0,11}):")


class NotATnetstring(ValueError):
    """Bytes that are none, and where."""


def values(data: bytes) -> Iterator[Any]:
    """The values that stand one after the other; raises NotATnetstring at the first that is none."""
    return _values(data, 0, len(data), MAX_DEPTH)


def _values(data: bytes, start: int, end: int, depth: int) -> Iterator[Any]:
    while start < end:
        value, start = _value(data, start, end, depth)
        yield value


def _value(data: bytes, start: int, end: int, depth: int) -> tuple[Any, int]:
    """A value, and where the next one begins."""
    size = SIZE.match(data, start, min(start + 13, end))
    if size is None:
        raise NotATnetstring(f"byte {start:,}: no size")
    first = size.end()
    last = first + int(size[1])
    if last >= end:
        raise NotATnetstring(f"byte {start:,}: a value of {int(size[1]):,} bytes ends after what holds it")
    return _typed(data, first, last, depth), last + 1


def _typed(data: bytes, first: int, last: int, depth: int) -> Any:
    kind = data[last : last + 1]
    if kind in (b"]", b"}"):
        if not depth:
            raise NotATnetstring(f"byte {first:,}: nested too deep")
        inner = list(_values(data, first, last, depth - 1))
        return inner if kind == b"]" else _object(inner, first)
    try:
        return _scalar(kind, data[first:last])
    except ValueError as fault:
        raise NotATnetstring(f"byte {first:,}: {fault}") from fault


def _object(inner: list[Any], first: int) -> dict[str, Any]:
    """Keys are text; older files wrote them as bytes."""
    if len(inner) % 2:
        raise NotATnetstring(f"byte {first:,}: a key without a value")
    return {_key(key, first): value for key, value in zip(inner[::2], inner[1::2], strict=True)}


def _key(key: Any, first: int) -> str:
    if isinstance(key, bytes):
        return key.decode("utf-8", "replace")
    if isinstance(key, str):
        return key
    raise NotATnetstring(f"byte {first:,}: a key that is no text")


def _scalar(kind: bytes, data: bytes) -> Any:
    match kind:
        case b",":
            return data
        case b";":
            return data.decode("utf-8", "replace")
        case b"#" if len(data) <= 20:
            return int(data)
        case b"^" if len(data) <= 40:
            return float(data)
        case b"!":
            return data == b"true"
        case b"~":
            return None
    raise ValueError(f"{kind!r} is no type")
