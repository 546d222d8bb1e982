"""JSON, YAML and the like that somebody else wrote, taken apart without trusting its shape.

Each function gives the value when it has the type that is asked for, and something empty otherwise: a tool that leaves
a field out, or a hostile file, costs that field and nothing else.
"""

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from math import isfinite
from typing import Any

EARLIEST_NS = 631_152_000 * 10**9
LATEST_NS = 7_258_118_400 * 10**9
"""1990 to 2200. A time outside is nobody's; within, differences fit into 63 bits."""

VERSIONS = {"h2": "HTTP/2", "http/2": "HTTP/2", "http/2.0": "HTTP/2", "h3": "HTTP/3", "http/3.0": "HTTP/3"}


def an_object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def a_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def a_text(value: Any) -> str:
    """Text that UTF-8 can hold: half a character is replaced."""
    if not isinstance(value, str):
        return ""
    return value if value.isascii() else value.encode("utf-8", "replace").decode()


def bytes_of(value: Any) -> bytes:
    """Text as UTF-8; bytes as they are."""
    return value if isinstance(value, bytes) else a_text(value).encode("utf-8", "replace")


def a_number(value: Any) -> float | None:
    """A finite number; a truth value is none."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and abs(value) < 1e300 and isfinite(value) else None


def a_status(value: Any) -> int:
    """A status code, or 0."""
    return value if isinstance(value, int) and 100 <= value <= 999 else 0


def from_base64(value: Any) -> bytes | None:
    """None where it is none."""
    try:
        return base64.b64decode(a_text(value), validate=False)
    except binascii.Error:
        return None


def unix_ns(seconds: Any) -> int | None:
    """Seconds since 1970 in nanoseconds, to the microsecond, which is what a double of that size can tell."""
    number = a_number(seconds)
    return None if number is None else plausible(round(number * 1e6) * 1000)


def iso_ns(text: Any) -> int | None:
    """A date of ISO 8601 with its offset, in nanoseconds since 1970."""
    try:
        moment = datetime.fromisoformat(a_text(text))
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    return plausible(
        round(moment.timestamp()) * 10**9 if moment.microsecond == 0 else _to_the_microsecond(moment)
    )


def _to_the_microsecond(moment: datetime) -> int:
    return (round(moment.replace(microsecond=0).timestamp()) * 10**6 + moment.microsecond) * 1000


def plausible(t_ns: int) -> int | None:
    return t_ns if EARLIEST_NS <= t_ns <= LATEST_NS else None


def http_version(value: Any) -> str:
    """As sserec writes it: ``HTTP/1.1``, ``HTTP/2``; empty where the file does not say."""
    text = a_text(value).strip()
    known = VERSIONS.get(text.lower(), text.upper())
    return known if known.startswith("HTTP/") and len(known) <= 8 else ""


def latin1(text: str) -> str:
    """A field of a head: its bytes as latin-1 where they fit, as UTF-8 where they do not (RFC 9110, section 5.5)."""
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode("latin-1")
    return text
