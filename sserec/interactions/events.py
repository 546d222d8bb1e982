"""One SSE event to one typed value: the Interactions API's envelope, and nothing of what it means.

Knows JSON and where an event says its type; must not know steps, deltas or any state. Never raises: what is
wrong with an event is said by the flaws beside it.
"""

import json
import re
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from sserec.interactions.diagnostics import shown
from sserec.sse import Event

Json = dict[str, Any]

DONE = b"[DONE]"
"""The literal that closes every recorded stream; not JSON (docs/interactions.md, Events)."""

COMPLETED_TYPES = frozenset({"interaction.completed", "interaction.complete"})
"""The event that holds the finished interaction; the second name is the older revision's."""

_MAX_DEPTH = 200
"""orjson writes 254 levels at most; assembling puts up to 8 around what an event holds."""

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

_UNNAMED = "message"
"""The type of an SSE event that has no name."""

_SURROGATE_ESCAPE = re.compile(rb"\\u[dD][89a-fA-F]")

_NOT_IN_ERROR = frozenset({"event_type", "event_id", "error", "metadata"})


class Flaw(NamedTuple):
    """What is wrong with the writing of one event."""

    rule: str
    message: str
    subject: str | None = None
    """Said once for each subject; without one, said at every event."""


class Parsed(NamedTuple):
    """An event's type, its JSON, and what was wrong with them."""

    type: str
    """The ``event_type``, else the SSE name; ``done`` for ``[DONE]``, empty where the data is no object."""
    payload: Json
    flaws: tuple[Flaw, ...] = ()


_DONE_EVENT = Parsed("done", {})

_EMPTY = Flaw("not-json", "data is empty")


def parse(event: Event) -> Parsed:
    """The event's type and JSON; ``event_type`` goes before the SSE name."""
    data = event.data
    if data == DONE:
        return _DONE_EVENT
    flaws: tuple[Flaw, ...] = ()
    try:
        payload = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        payload, flaws = _rescued(data, error)
    if type(payload) is not dict:
        return _unreadable(event, flaws)
    if _is_too_deep(data, payload):
        return Parsed("", {}, (Flaw("too-deep", f"JSON nested deeper than {_MAX_DEPTH} levels"),))
    if payload.get("event_type") == event.type and not flaws:
        return Parsed(event.type, payload)
    return _named_otherwise(event.type, payload, flaws)


def parse_json(text: str) -> Any:
    """The value of a JSON text. Raises ValueError where it is not JSON, or nested too deep to be written."""
    data = text.encode()
    value = orjson.loads(data)
    if _is_too_deep(data, value):
        raise ValueError(f"nested deeper than {_MAX_DEPTH} levels")
    return value


def error_of(payload: Json) -> Any:
    """What an error event carries, or None for the empty ones, which are noise."""
    return payload.get("error") or {key: payload[key] for key in payload if key not in _NOT_IN_ERROR} or None


def error_words(error: Any) -> str:
    """The API's own words, in one line: ``gateway_timeout: The request timed out``."""
    if not isinstance(error, dict):
        return shown(error)
    words = [error.get(key) for key in ("code", "status", "message")]
    return ": ".join(shown(word) for word in words if word) or shown(orjson.dumps(error).decode())


def _rescued(data: bytes, error: orjson.JSONDecodeError) -> tuple[Any, tuple[Flaw, ...]]:
    """A second look at what orjson refuses, but JavaScript and lenient readers accept."""
    refused = Flaw("not-json", f"data is not JSON: {error}")
    text = data.decode("utf-8", "replace")
    if _REPLACEMENT in text:
        repaired = Flaw("invalid-utf8", "data holds bytes that are not UTF-8", "data")
    elif _SURROGATE_ESCAPE.search(data):
        repaired = Flaw("lone-surrogate", "a string holds half a surrogate pair", "data")
    else:
        return None, (refused,)
    try:
        return _without_surrogates(text), (repaired,)
    except (ValueError, RecursionError):
        return None, (refused,)


def _without_surrogates(text: str) -> Any:
    written = json.dumps(json.loads(text), ensure_ascii=False)
    return orjson.loads(_LONE_SURROGATE.sub(_REPLACEMENT, written))


def _unreadable(event: Event, flaws: tuple[Flaw, ...]) -> Parsed:
    """Data that is no object. An error event without data is only an empty one."""
    if not event.data:
        return Parsed(event.type, {}) if event.type == "error" else Parsed("", {}, (_EMPTY,))
    return Parsed("", {}, flaws or (Flaw("not-json", "data is JSON, but not an object"),))


def _named_otherwise(name: str, payload: Json, flaws: tuple[Flaw, ...]) -> Parsed:
    """The type of an event whose SSE name and ``event_type`` are not one and the same."""
    declared = payload.get("event_type")
    if declared == name:
        return Parsed(name, payload, flaws)
    if type(declared) is not str or not declared:
        inferred = "error" if name == _UNNAMED and "error" in payload else name
        return Parsed(inferred, payload, (*flaws, _without_type(name)))
    if name == _UNNAMED:
        flaw = Flaw("name-missing", f"{shown(declared)} without an SSE name", "name")
    else:
        flaw = Flaw("name-differs", f"SSE name {shown(name)!r}, event_type {shown(declared)!r}", name)
    return Parsed(declared, payload, (*flaws, flaw))


@lru_cache(maxsize=64)
def _without_type(name: str) -> Flaw:
    """All events of another API's stream have this flaw, and its words cost more than parsing."""
    return Flaw("event-type-missing", f"no event_type in the JSON of a {shown(name)!r} event", name)


def _is_too_deep(data: bytes, value: Any) -> bool:
    """Whether ``value``, read from ``data``, nests too deep; each level costs two brackets, so most do not."""
    if len(data) <= 2 * _MAX_DEPTH or data.count(b"[") + data.count(b"{") <= _MAX_DEPTH:
        return False
    level = [value]
    for _ in range(_MAX_DEPTH):
        level = [inner for outer in level for inner in _containers(outer)]
        if not level:
            return False
    return True


def _containers(value: Any) -> list[Any]:
    values = value.values() if type(value) is dict else value if type(value) is list else ()
    return [inner for inner in values if type(inner) is dict or type(inner) is list]
