"""What people and models said, replaced in JSON of any API: whole, cut, or a few characters an event. Pure.

In doubt a string is taken for words. Kept are the members that say what something is and which belongs to which (the
table below), numbers, and errors, for which the recording was made; not even those within what a tool was called with
or gave back, where every name may be a person's. Names of members are always kept. What is no JSON is replaced as a
whole.
"""

import re
from collections.abc import Callable

from sserec.concealment import TOKEN
from sserec.redaction.arguments import Arguments
from sserec.redaction.masking import base64_filled, digits_filled, filled
from sserec.scan.places import step

STRUCTURE = frozenset({
    "type", "event_type", "object", "role", "status", "model", "agent", "name", "mime_type", "mimeType", "language",
    "id", "call_id", "tool_call_id", "tool_use_id", "item_id", "event_id", "response_id", "message_id",
    "interaction_id", "previous_interaction_id", "previous_response_id", "last_event_id", "responseId", "modelVersion",
    "created", "updated", "created_at", "expires_at", "service_tier", "system_fingerprint", "modality", "required",
    "finish_reason", "finishReason", "stop_reason", "response_modalities", "thinking_level", "thinking_summaries",
    "tool_choice", "reasoning_effort", "voice", "aspect_ratio", "image_size",
})  # fmt: skip
FREE = frozenset({"arguments", "args", "partial_json", "result"})
"""What a tool was called with, and what it gave back."""
FREE_WITHIN = {
    "response": frozenset({"functionResponse"}),
    "input": frozenset({"content", "content_block", "messages"}),
}
"""The same, where other APIs call it by a name that means something else at another place."""
FILES = frozenset({
    "data", "signature", "thought_signature", "thoughtSignature", "encrypted_content", "b64_json", "image_bytes",
    "partial_image_b64", "inlineData",
})  # fmt: skip
"""Base64."""
NESTED = frozenset({"arguments", "partial_json", "args"})
"""JSON in a string, whole or in fragments."""
ASKED = frozenset(
    {"input", "system_instruction", "systemInstruction", "instructions", "contents", "messages", "prompt"}
)
"""What a client sent, where a response tells it again."""
LITERALS = frozenset({"true", "false", "null"})
NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
DONE = "[DONE]"
"""What ends a stream of the APIs that know no better way."""
INDEX = re.compile(r'"index"\s*:\s*(\d{1,9})')

MAX_DEPTH = 50
"""What lies deeper is no part of an API, so all of it is replaced."""

Way = list[str | int]


class Wording:
    """Replaces what was said in one body; what comes in fragments is counted on from one text to the next."""

    def __init__(self, *, answers: bool, prompts: bool, is_request: bool) -> None:
        self._everything = prompts if is_request else answers
        self._only_asked = prompts and not is_request
        self._phases: dict[str, int] = {}
        self._arguments: dict[str, Arguments] = {}

    def text(self, text: str) -> str:
        """One JSON text, or several, or anything else (latin-1, a character a byte): as long as it was."""
        beginning = text.lstrip("\xef\xbb\xbf \t\r\n")[:1]
        if beginning in ("{", "["):
            return text if text.strip() == DONE else self._json(text)
        return filled(text) if self._everything else text

    def _json(self, text: str) -> str:
        index = INDEX.search(text)
        lane = index[1] if index else ""
        way: Way = []
        pieces: list[str] = []
        is_name, at = False, 0
        for token in TOKEN.finditer(text):
            value = token[0]
            is_value = value not in "{}[],:" and not (is_name and value.startswith('"'))
            is_name = step(way, value, is_name)
            if is_value and self._is_said(way):
                pieces += (text[at : token.start()], self._replaced(way, value, lane))
                at = token.end()
        return "".join([*pieces, text[at:]])

    def _is_said(self, way: Way) -> bool:
        return self._everything or (self._only_asked and not ASKED.isdisjoint(members_on(way)))

    def _replaced(self, way: Way, value: str, lane: str) -> str:
        members = members_on(way)
        last, is_free = (members or [""])[-1], len(way) > MAX_DEPTH or is_of_a_tool(members[:-1])
        if not value.startswith('"'):
            return bare(value, is_free=is_free or last in FREE)
        if not is_free and (last in STRUCTURE or "error" in members):
            return value
        return quoted(value, self._word(last, is_free=is_free, key=f"{lane} {'.'.join(members)}"))

    def _word(self, last: str, *, is_free: bool, key: str) -> Callable[[str], str]:
        """How a string of the member ``last`` is replaced."""
        if last in FILES:
            return base64_filled
        if last in NESTED and not is_free:
            return self._arguments.setdefault(key, Arguments()).feed
        return lambda text: self._filled(key, text)

    def _filled(self, key: str, text: str) -> str:
        phase = self._phases.get(key, 0)
        self._phases[key] = phase + len(text)
        return filled(text, phase)


def members_on(way: Way) -> list[str]:
    """The names on the way, as far as any API goes down."""
    return [part for part in way[:MAX_DEPTH] if isinstance(part, str)]


def is_of_a_tool(members: list[str]) -> bool:
    """Whether the names on the way lead into what a tool was called with or gave back."""
    if not FREE.isdisjoint(members):
        return True
    return any(name in members and not around.isdisjoint(members) for name, around in FREE_WITHIN.items())


def bare(value: str, *, is_free: bool) -> str:
    """A number or a literal; anything else is no JSON and may be a word."""
    if value in LITERALS:
        return value
    if NUMBER.fullmatch(value):
        return digits_filled(value) if is_free else value
    return filled(value)


def quoted(value: str, replace: Callable[[str], str]) -> str:
    """A string between its quotes, the last of which may be missing."""
    end = len(value) - 1 if len(value) > 1 and value.endswith('"') else len(value)
    return value[0] + replace(value[1:end]) + value[end:]
