"""One event in one line, as lists show it.

Knows single events; must not know any state between them. A line is printable: what a stream sends never
reaches a terminal as a control character.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from sserec.interactions.diagnostics import shown
from sserec.interactions.events import COMPLETED_TYPES, DONE, Json, error_of, error_words, parse
from sserec.sse import Event

_LINE_MAX = 200


@dataclass(frozen=True, slots=True)
class EventLine:
    """What a list shows of an event."""

    event_type: str
    """As the API calls it; the SSE name where the data is not JSON."""
    index: int | None
    """Of the step it belongs to."""
    kind: str | None
    """The type of the step that starts, or of the delta."""
    text: str
    """Printable, in one line, at most 200 characters."""


def describe(event: Event) -> EventLine:
    """The event in one line. Works on any stream: what is not of this API is shown as it came."""
    type_, payload, _ = parse(event)
    if not type_:
        raw = event.data[: 4 * _LINE_MAX].decode("utf-8", "replace")
        return EventLine(event.type, None, None, _line(raw))
    index = payload.get("index")
    kind, words = _VIEWS.get(type_, _view_any)(payload)
    return EventLine(type_, index if type(index) is int else None, kind, _line(words))


View = Callable[[Json], tuple[str | None, str]]


def _view_interaction(payload: Json) -> tuple[str | None, str]:
    interaction = _dict(payload.get("interaction"))
    words = [
        interaction.get("status"),
        interaction.get("model") or interaction.get("agent"),
        _tokens(interaction),
    ]
    return None, " · ".join(str(word) for word in words if word)


def _view_status(payload: Json) -> tuple[str | None, str]:
    return None, str(payload.get("status") or "")


def _view_start(payload: Json) -> tuple[str | None, str]:
    step = _dict(payload.get("step") or payload.get("content"))
    return _type(step), _words(step)


def _view_delta(payload: Json) -> tuple[str | None, str]:
    delta = _dict(payload.get("delta"))
    return _type(delta), _words(delta)


def _view_stop(payload: Json) -> tuple[str | None, str]:
    return None, _tokens(payload)


def _view_error(payload: Json) -> tuple[str | None, str]:
    error = error_of(payload)
    return None, "empty" if error is None else error_words(error)


def _view_done(payload: Json) -> tuple[str | None, str]:
    return None, DONE.decode()


def _view_any(payload: Json) -> tuple[str | None, str]:
    return None, _words(payload)


_VIEWS: dict[str, View] = {
    "interaction.created": _view_interaction,
    "interaction.start": _view_interaction,
    "interaction.status_update": _view_status,
    "interaction.in_progress": _view_status,
    "interaction.requires_action": _view_status,
    **dict.fromkeys(COMPLETED_TYPES, _view_interaction),
    "step.start": _view_start,
    "step.delta": _view_delta,
    "step.stop": _view_stop,
    "content.start": _view_start,
    "content.delta": _view_delta,
    "content.stop": _view_stop,
    "error": _view_error,
    "done": _view_done,
}


def _words(value: Json) -> str:
    """What a step, part or delta says, the most telling key first."""
    for key, view in _KEYS:
        if value.get(key):
            return view(value[key], value)
    rest = {key: value[key] for key in value if key not in ("type", "event_type", "event_id")}
    return _json(rest) if rest else ""


def _as_text(value: Any, _: Json) -> str:
    return value if isinstance(value, str) else _json(value)


def _as_call(value: Any, step: Json) -> str:
    arguments = _as_text(value, step)
    return f"{step['name']}({arguments})" if isinstance(step.get("name"), str) else arguments


def _as_name(value: Any, _: Json) -> str:
    return f"{value}()"


def _as_part(value: Any, _: Json) -> str:
    parts = value if isinstance(value, list) else [value]
    return " ".join(_words(part) for part in parts if isinstance(part, dict))


def _as_data(value: Any, part: Json) -> str:
    return f"{part.get('mime_type', 'data')}, {len(value) if isinstance(value, str) else 0:,} characters of base64"


def _as_signature(value: Any, _: Json) -> str:
    return f"signature, {len(str(value)):,} characters"


def _as_count(value: Any, _: Json) -> str:
    count = len(value) if isinstance(value, list) else 1
    return f"{count} annotation" + ("s" if count != 1 else "")


_KEYS: tuple[tuple[str, Callable[[Any, Json], str]], ...] = (
    ("text", _as_text),
    ("arguments", _as_call),
    ("result", _as_text),
    ("name", _as_name),
    ("content", _as_part),
    ("summary", _as_part),
    ("data", _as_data),
    ("uri", _as_text),
    ("annotations", _as_count),
    ("signature", _as_signature),
)


def _tokens(holder: Json) -> str:
    total = _dict(holder.get("usage")).get("total_tokens")
    return f"{total:,} tokens" if isinstance(total, int) else ""


def _type(value: Json) -> str | None:
    type_ = value.get("type")
    return shown(type_) if isinstance(type_, str) else None


def _dict(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _line(words: str) -> str:
    """Printable, in one line: ends of lines as ⏎, other control characters replaced."""
    head = words[: _LINE_MAX + 1].replace("\r\n", "⏎").replace("\n", "⏎").replace("\t", " ")
    head = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in head)
    return head if len(words) <= _LINE_MAX else head[: _LINE_MAX - 1] + "…"
