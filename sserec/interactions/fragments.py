"""Deltas that are only a piece of something: how a text was cut into them means nothing.

Knows which deltas carry a piece of a text and nothing else; must not know what the text is part of.
"""

from typing import Any, NamedTuple

from sserec.interactions.events import Json, Parsed, parse_json

_TYPES = frozenset({"step.delta", "content.delta"})
_KEYS = frozenset({"index", "delta", "event_type"})
_TEXT_OF = {"text": "text", "arguments_delta": "arguments"}

PASSING_KEYS = frozenset({"event_id", "metadata"})
"""What comes along with any event and speaks of the stream so far: the latest counts."""


class Fragment(NamedTuple):
    """A piece of the text that its step's delta of this type grows."""

    type: str
    """Of the delta."""
    key: str
    """The delta's key that holds the piece."""
    text: str


def fragment_of(parsed: Parsed) -> Fragment | None:
    """The piece of text that an event is; None where it is anything else, or anything more."""
    payload = parsed.payload
    if parsed.type not in _TYPES or (payload.keys() != _KEYS and payload.keys() - PASSING_KEYS != _KEYS):
        return None
    delta = payload["delta"]
    if type(delta) is not dict or len(delta) != 2:
        return None
    type_ = delta.get("type")
    if type(type_) is not str or type_ not in _TEXT_OF:
        return None
    key = _TEXT_OF[type_]
    text = delta.get(key)
    return Fragment(type_, key, text) if type(text) is str else None


def joined(fragment: Fragment, text: str) -> Json:
    """The delta that would have brought the whole text at once; arguments as what they say, where they are JSON."""
    value: Any = text
    if fragment.key == "arguments":
        try:
            value = parse_json(text)
        except ValueError:
            value = text
    return {fragment.key: value, "type": fragment.type}
