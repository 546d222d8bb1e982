"""Deltas that are only a piece of something: how a text, or raw audio, was cut into them means nothing.

Knows which deltas carry a piece and nothing else, and which starts hold the first piece already; must not know what the
whole is part of.
"""

import binascii
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from sserec.interactions.events import Json, Parsed, parse_json
from sserec.interactions.parts import decoded

_TYPES = frozenset({"step.delta", "content.delta"})
_KEYS = frozenset({"index", "delta", "event_type"})
_TEXT_OF = {"text": "text", "arguments_delta": "arguments"}

PASSING_KEYS = frozenset({"event_id", "metadata"})
"""What comes along with any event and speaks of the stream so far: the latest counts."""


class Fragment(NamedTuple):
    """A piece of what its step's deltas of this type grow."""

    type: str
    """Of the delta."""
    key: str
    """The delta's key that holds the piece."""
    text: str
    fields: Json = {}  # noqa: RUF012  (never changed)
    """What else the delta says: the format of audio. A later piece may leave it out."""

    @property
    def can_begin(self) -> bool:
        """Whether it may be the first piece: of audio only where the format is known to be raw."""
        return self.key != "data" or str(self.fields.get("mime_type")).lower().startswith("audio/l16")


class Opening(NamedTuple):
    """A start that holds the first piece already."""

    start: Json
    """The event's JSON without the piece: what a bare start would have said."""
    delta_type: str
    """The type of the events that bring the other pieces."""
    fragment: Fragment


def fragment_of(parsed: Parsed) -> Fragment | None:
    """The piece of text that an event is; None where it is anything else, or anything more."""
    delta = _bare_delta(parsed)
    return None if delta is None else _text_piece(delta)


def piece_of(parsed: Parsed) -> Fragment | None:
    """The piece of text, or of raw audio, that an event is; None where it is anything else, or anything more."""
    delta = _bare_delta(parsed)
    return None if delta is None else _text_piece(delta) or _audio_piece(delta)


def opening_of(parsed: Parsed) -> Opening | None:
    """The first piece that a start holds, as its only or its last content; None where it holds none."""
    payload = parsed.payload
    if parsed.type == "step.start" and type(payload.get("step")) is dict and "event_type" in payload:
        return _opening_of_step(payload, payload["step"])
    if parsed.type == "content.start" and type(payload.get("content")) is dict and "event_type" in payload:
        content = payload["content"]
        piece = _text_piece(content) or _audio_piece(content)
        bare = payload | {"content": {"type": content.get("type")}}
        return None if piece is None or not piece.can_begin else Opening(bare, "content.delta", piece)
    return None


def joined(fragment: Fragment, pieces: Sequence[str]) -> Json:
    """The delta that would have brought all the pieces at once; arguments as what they say, where they are JSON."""
    value: Any = "".join(pieces)
    if fragment.key == "data":
        audio = b"".join(map(decoded, pieces))
        return {
            "data": binascii.b2a_base64(audio, newline=False).decode(),
            "type": fragment.type,
        } | fragment.fields
    if fragment.key == "arguments":
        with suppress(ValueError):
            value = parse_json(value)
    return {fragment.key: value, "type": fragment.type}


def _bare_delta(parsed: Parsed) -> Json | None:
    """The delta of an event that says nothing beside it."""
    payload = parsed.payload
    if parsed.type not in _TYPES or (payload.keys() != _KEYS and payload.keys() - PASSING_KEYS != _KEYS):
        return None
    delta = payload["delta"]
    return delta if type(delta) is dict else None


def _text_piece(delta: Json) -> Fragment | None:
    type_ = delta.get("type")
    if len(delta) != 2 or type(type_) is not str or type_ not in _TEXT_OF:
        return None
    key = _TEXT_OF[type_]
    text = delta.get(key)
    return Fragment(type_, key, text) if type(text) is str else None


def _audio_piece(delta: Json) -> Fragment | None:
    data = delta.get("data")
    if delta.get("type") != "audio" or type(data) is not str:
        return None
    try:
        decoded(data)
    except ValueError:
        return None
    return Fragment("audio", "data", data, {key: delta[key] for key in delta if key not in ("data", "type")})


def _opening_of_step(payload: Json, step: Json) -> Opening | None:
    content = step.get("content")
    if type(content) is not list or not content or type(content[-1]) is not dict:
        return None
    piece = _text_piece(content[-1]) or _audio_piece(content[-1])
    if piece is None or piece.key == "arguments" or not piece.can_begin:
        return None
    bare = {key: step[key] for key in step if key != "content"}
    if len(content) > 1:
        bare["content"] = content[:-1]
    return Opening(payload | {"step": bare}, "step.delta", piece)
