"""Steps, and how each delta folds into its step: the table of docs/interactions.md.

Knows one step and one delta at a time; must not know events, indexes or the interaction around them. A fold
never fails: a value that does not fit is said, and whoever listens keeps the event aside.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, Self

from sserec.interactions.diagnostics import shown
from sserec.interactions.events import Json, parse_json
from sserec.interactions.growing import Joined
from sserec.interactions.parts import Content, Pcm, copied, decoded

Say = Callable[[str, str, str | None], None]
"""Says a finding: rule, message, subject. It is said once for each subject; every time where that is None."""


class Arguments:
    """Arguments that arrive as fragments of JSON text, and what they parsed to at the step's stop."""

    __slots__ = ("_is_parsed", "_parsed", "_text", "is_read")

    def __init__(self, text: Joined) -> None:
        self._text = text
        self._parsed: Any = None
        self._is_parsed = False
        self.is_read = False
        """Nothing came since they were parsed, or could not be."""

    def append(self, fragment: str) -> None:
        self._text.fragments.append(fragment)
        self._is_parsed = self.is_read = False

    def parse(self) -> Any:
        """The value of the whole text. Raises ValueError where that is not JSON."""
        self._text.seal()
        self.is_read = True
        self._parsed = parse_json(self._text.value())
        self._is_parsed = True
        return self._parsed

    def copy(self) -> "Arguments":
        arguments = Arguments(self._text.copy())
        arguments._parsed, arguments._is_parsed = self._parsed, self._is_parsed
        arguments.is_read = self.is_read
        return arguments

    def value(self) -> Any:
        return copied(self._parsed) if self._is_parsed else self._text.value()


class Step:
    """A step while it grows."""

    __slots__ = ("arguments", "content", "fields", "is_started", "is_stopped", "summary", "type")

    def __init__(self, type_: str, fields: Json) -> None:
        self.type = type_
        """Empty while no event has told it."""
        self.fields = fields
        """What is not listed below, ``type`` included, in the order of the wire."""
        self.content: Content | None = None
        self.summary: list[Any] | None = None
        self.arguments: Arguments | None = None
        """None while no fragment came: what the start announced then stands."""
        self.is_started = False
        self.is_stopped = False

    @classmethod
    def announced(cls, announced: Json, say: Say) -> Self:
        """The step of a start event, which may be bare or already hold the first content."""
        type_ = announced.get("type")
        step = cls(type_ if isinstance(type_, str) else "", {})
        step.is_started = True
        step.absorb(announced, say)
        return step

    def absorb(self, announced: Json, say: Say) -> None:
        """Takes what a start event carries; lists that deltas may prolong are taken apart."""
        for key, value in announced.items():
            if key == "content" and type(value) is list:
                self.parts()
                for part in value:
                    _take_part(self, part, say)
            elif key == "summary" and type(value) is list:
                self.summary = [_typed(item, say) for item in value]
            else:
                if key in ("content", "summary"):
                    say("unexpected-value", f"{key} is {shown(value)}", None)
                self.fields[key] = value

    def parts(self) -> Content:
        if self.content is None:
            self.content = Content([])
        return self.content

    def call_itself(self, type_: str) -> None:
        """Takes a type that no event told, but a delta implied."""
        self.type = self.fields["type"] = type_

    def sign(self, signature: Any, say: Say) -> None:
        """The last signature that is not empty wins: agents send empty ones over and over."""
        if not isinstance(signature, str | None):
            say("unexpected-value", f"signature is {shown(signature)}", None)
        elif "signature" not in self.fields and signature is not None:
            self.fields = {"signature": signature} | self.fields
        elif signature:
            self.fields["signature"] = signature

    def merge(self, delta: Json, leaving: frozenset[str], say: Say) -> None:
        """Shallow, key by key, but for the keys of ``leaving``."""
        for key, value in delta.items():
            if key == "signature":
                self.sign(value, say)
            elif key not in leaving:
                self.fields[key] = value

    def stop(self, label: str, say: Say) -> None:
        """Closes the step. Arguments become what they say, or stay a string that is flagged."""
        self.is_stopped = True
        if self.content is not None:
            self.content.seal()
        if self.arguments is None or self.arguments.is_read:
            return
        try:
            value = self.arguments.parse()
        except ValueError as error:
            say("arguments-not-json", f"arguments of {label} are not JSON: {error}", label)
        else:
            if not isinstance(value, dict):
                say("arguments-not-object", f"arguments of {label} are {shown(value)}", label)

    @property
    def weight(self) -> int:
        """How many pointers a copy takes, about."""
        content = self.content.weight if self.content is not None else 0
        return len(self.fields) + len(self.summary or ()) + content

    def copy(self) -> Self:
        """A step that shares what neither of the two will change."""
        copy = type(self)(self.type, self.fields.copy())
        copy.content = None if self.content is None else self.content.copy()
        copy.summary = None if self.summary is None else self.summary.copy()
        copy.arguments = None if self.arguments is None else self.arguments.copy()
        copy.is_started, copy.is_stopped = self.is_started, self.is_stopped
        return copy

    def value(self) -> Json:
        """The step as JSON, the grown keys before ``type`` as the wire has them."""
        value: Json = {}
        for key, field in self.fields.items():
            if key == "type":
                value.update(self._grown())
            value[key] = copied(field)
        value.update(self._grown())
        if self.arguments is not None:
            value["arguments"] = self.arguments.value()
        return value

    def _grown(self) -> Json:
        grown: Json = {}
        if self.content is not None:
            grown["content"] = self.content.value()
        if self.summary is not None:
            grown["summary"] = copied(self.summary)
        return grown


Fold = Callable[[Step, Json, Say], None]


class Delta(NamedTuple):
    """A delta type: the step types it belongs to, the likeliest first, and how it folds."""

    suits: tuple[str, ...]
    fold: Fold


_TYPE = frozenset({"type"})
_TEXT = frozenset({"type", "text", "annotations"})
_SUMMARY = frozenset({"type", "content"})
_ARGUMENTS = frozenset({"type", "arguments", "partial_arguments"})


def fold_text(step: Step, delta: Json, say: Say) -> None:
    text = delta.get("text")
    if type(text) is not str:
        say("unexpected-value", f"text is {shown(text)}", None)
        return
    content = step.content or step.parts()
    content.growing_text().append(text)
    if len(delta) > 2:
        content.current_text().fields.update((key, delta[key]) for key in delta.keys() - _TEXT)
        fold_annotations(step, delta, say)


def fold_annotations(step: Step, delta: Json, say: Say) -> None:
    annotations = delta.get("annotations")
    if isinstance(annotations, list):
        step.parts().current_text().annotations.extend(annotations)
    elif annotations is not None:
        say("unexpected-value", f"annotations is {shown(annotations)}", None)


def fold_part(step: Step, delta: Json, say: Say) -> None:
    """Images, videos and documents come whole, one delta each."""
    step.parts().push(delta)


def fold_audio(step: Step, delta: Json, say: Say) -> None:
    """Raw PCM is joined by its bytes. Of container formats nothing is established, so they stay apart."""
    last = step.parts().last
    if _is_pcm(delta, last):
        _fold_pcm(step.parts(), delta, say)
        return
    if type(last) is dict and last.get("type") == "audio":
        say("audio-not-joined", f"several parts of {shown(delta.get('mime_type'))} in one step", "audio")
    step.parts().push(delta)


def fold_summary(step: Step, delta: Json, say: Say) -> None:
    item = delta.get("content")
    if isinstance(item, dict):
        step.summary = step.summary if step.summary is not None else []
        step.summary.append(_typed(item, say))
    elif item is not None:
        say("unexpected-value", f"content of a thought_summary is {shown(item)}", None)
    step.merge(delta, _SUMMARY, say)


def fold_signature(step: Step, delta: Json, say: Say) -> None:
    step.merge(delta, _TYPE, say)


def fold_arguments(step: Step, delta: Json, say: Say) -> None:
    """Fragments replace what the start announced; SDK 2.0.0 types the field as partial_arguments."""
    fragment = delta.get("arguments", delta.get("partial_arguments"))
    if type(fragment) is str:
        if fragment:
            step.arguments = step.arguments or Arguments(Joined())
            step.arguments.append(fragment)
    elif isinstance(fragment, dict):
        step.arguments, step.fields["arguments"] = None, fragment
    elif fragment is not None:
        say("unexpected-value", f"arguments is {shown(fragment)}", None)
    if len(delta) > 2:
        step.merge(delta, _ARGUMENTS, say)


def fold_payload(step: Step, delta: Json, say: Say) -> None:
    """Server tools send their call or result in one delta; the id came with the start."""
    if "arguments" in delta:
        step.arguments = None
    step.merge(delta, _TYPE, say)


SERVER_TOOLS = (
    "google_search", "code_execution", "url_context", "google_maps", "file_search",
    "mcp_server_tool", "retrieval", "tool_search", "processing", "function",
)  # fmt: skip

_WRITTEN = ("model_output", "user_input")

PAYLOADS: dict[str, Delta] = {
    name: Delta((name,), fold_payload) for tool in SERVER_TOOLS for name in (f"{tool}_call", f"{tool}_result")
}

DELTAS: dict[str, Delta] = PAYLOADS | {
    "text": Delta(_WRITTEN, fold_text),
    "text_annotation_delta": Delta(_WRITTEN, fold_annotations),
    "text_annotation": Delta(_WRITTEN, fold_annotations),
    "image": Delta(_WRITTEN, fold_part),
    "video": Delta(_WRITTEN, fold_part),
    "document": Delta(_WRITTEN, fold_part),
    "audio": Delta(_WRITTEN, fold_audio),
    "thought_summary": Delta(("thought",), fold_summary),
    "thought_signature": Delta(("thought",), fold_signature),
    "arguments_delta": Delta(("function_call",), fold_arguments),
}

STEP_TYPES = frozenset({*PAYLOADS, *_WRITTEN, "thought"})


def inferred_type(step_type: str, delta: Json, deltas: dict[str, Delta]) -> str:
    """The type of a delta that has none, from its step and its keys; empty where nothing follows."""
    fragment = delta.get("arguments", delta.get("partial_arguments"))
    if isinstance(fragment, str) and "arguments_delta" in deltas:
        return "arguments_delta"
    if step_type in deltas and "annotations" not in delta:
        return step_type
    for key, type_ in _BY_KEY:
        if key in delta:
            return type_
    return _media_type(delta) if delta.keys() & {"data", "uri"} else ""


_BY_KEY = (
    ("text", "text"),
    ("annotations", "text_annotation"),
    ("content", "thought_summary"),
    ("signature", "thought_signature"),
)


def _media_type(delta: Json) -> str:
    family = str(delta.get("mime_type")).partition("/")[0]
    return family if family in ("image", "audio", "video") else "document"


def _is_pcm(audio: Json, last: object) -> bool:
    """Whether these are bytes of a raw stream; a later piece may leave the format out."""
    mime_type = audio.get("mime_type")
    if mime_type is None:
        return isinstance(last, Pcm) and "data" in audio
    return isinstance(mime_type, str) and mime_type.lower().startswith("audio/l16") and "data" in audio


def _fold_pcm(content: Content, delta: Json, say: Say) -> None:
    try:
        data = decoded(delta["data"])
    except (ValueError, AttributeError):
        say("audio-not-base64", f"audio data is not base64: {shown(delta['data'])}", None)
        content.push(delta)
        return
    fields = {key: delta[key] for key in delta if key != "data"}
    pcm = content.last
    if not isinstance(pcm, Pcm) or any(pcm.fields.get(key, fields[key]) != fields[key] for key in fields):
        pcm = Pcm(fields, Joined())
        content.push(pcm)
    pcm.fields.update(fields)
    pcm.append(data)


def _take_part(step: Step, part: Any, say: Say) -> None:
    """A content part of a start event: text goes on growing, raw audio too."""
    part = _typed(part, say)
    if not isinstance(part, dict):
        say("unexpected-value", f"a content part is {shown(part)}", None)
    elif part.get("type") == "text" and isinstance(part.get("text"), str):
        text = step.parts().open_text(
            {key: part[key] for key in part if key not in _TEXT} | {"type": "text"}, []
        )
        text.text.fragments.append(part["text"])
        fold_annotations(step, part, say)
    elif part.get("type") == "audio":
        fold_audio(step, part, say)
    else:
        step.parts().push(part)


def _typed(part: Any, say: Say) -> Any:
    """A part without a type that holds text is text (seen in Deep Research streams)."""
    if isinstance(part, dict) and "type" not in part and "text" in part:
        say("part-type-inferred", "a content part has no type; it holds text", "part")
        return part | {"type": "text"}
    return part
