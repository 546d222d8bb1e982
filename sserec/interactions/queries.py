"""What others ask of single events and of finished interactions, so that they need not know the API's words.

Knows no state between events.
"""

from typing import Any

from sserec.interactions.events import COMPLETED_TYPES, Json, Parsed, error_of, error_words, parse
from sserec.sse import Event

_DELTAS = frozenset({"step.delta", "content.delta"})
_STARTED = {"step.start": "step", "content.start": "content"}
"""The events that start something, and the key that holds it."""


def is_terminal(event: Event) -> bool:
    """Whether the stream is over with this event: ``[DONE]``, the final interaction, an error that is one."""
    return ends_stream(parse(event))


def ends_stream(parsed: Parsed) -> bool:
    """:func:`is_terminal` of an event that was parsed already."""
    type_, payload, _ = parsed
    return type_ == "done" or type_ in COMPLETED_TYPES or (type_ == "error" and error_of(payload) is not None)


def error_said(event: Event) -> str | None:
    """The words of an error event; None for every other event, and for the empty ones."""
    type_, payload, _ = parse(event)
    error = error_of(payload) if type_ == "error" else None
    return None if error is None else error_words(error)


def output_text(event: Event) -> str:
    """The text that the model wrote in this event; empty for thoughts, calls and everything else."""
    return text_written_by(parse(event))


def text_written_by(parsed: Parsed) -> str:
    """:func:`output_text` of an event that was parsed already."""
    type_, payload, _ = parsed
    if type_ in _DELTAS:
        delta = payload.get("delta")
        text = delta.get("text") if type(delta) is dict and delta.get("type") == "text" else None
        return text if type(text) is str else ""
    if type_ not in _STARTED:
        return ""
    match payload:
        case {"step": {"type": "model_output", "content": [*parts]}} if type_ == "step.start":
            return _joined(parts)
        case {"content": {"type": "text", "text": str(text)}} if type_ == "content.start":
            return text
    return ""


def started_step(event: Event) -> str | None:
    """The type of the step that begins with this event; None for every other event."""
    return step_started_by(parse(event))


def step_started_by(parsed: Parsed) -> str | None:
    """:func:`started_step` of an event that was parsed already."""
    key = _STARTED.get(parsed.type)
    started = None if key is None else parsed.payload.get(key)
    type_ = started.get("type") if type(started) is dict else None
    return type_ if type(type_) is str else None


def steps_of(interaction: Json) -> list[Any]:
    """The steps, which the older revision calls outputs, as they came; empty where there are none."""
    steps = interaction.get("steps") or interaction.get("outputs")
    return steps if isinstance(steps, list) else []


def interaction_text(interaction: Json) -> str:
    """What a person would have read: the texts of the model's outputs, a blank line between steps."""
    texts = map(_step_text, steps_of(interaction))
    return "\n\n".join(text for text in texts if text)


def _step_text(step: Any) -> str:
    match step:
        case {"type": "model_output", "content": [*parts]}:
            return _joined(parts)
        case {"type": "text", "text": str(text)}:
            return text
    return ""


def _joined(parts: list[Any]) -> str:
    texts = (part.get("text") for part in parts if isinstance(part, dict))
    return "".join(text for text in texts if isinstance(text, str))
