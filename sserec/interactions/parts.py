"""Content parts while they grow: text by fragments, raw audio by bytes, everything else whole.

Knows one list of parts; must not know which delta brought what. Growing costs what is added, never what is
there already; a copy costs one pointer a part, so that a checkpoint of a long stream is cheap.
"""

import binascii
from typing import Any

from sserec.interactions.events import Json
from sserec.interactions.growing import Joined


class Text:
    """A text part. ``start_index`` and ``end_index`` of its annotations count UTF-8 bytes."""

    __slots__ = ("annotations", "fields", "text")

    def __init__(self, fields: Json, text: Joined, annotations: list[Any]) -> None:
        self.fields = fields
        self.text = text
        self.annotations = annotations

    def seal(self) -> None:
        self.text.seal()

    def copy(self) -> "Text":
        return Text(self.fields.copy(), self.text.copy(), self.annotations.copy())

    def value(self) -> Json:
        value: Json = {"text": self.text.value()}
        if self.annotations:
            value["annotations"] = copied(self.annotations)
        value.update(copied(self.fields))
        return value


class Pcm:
    """Headerless audio, streamed in pieces that are base64 each.

    The base64 grows by whole groups of three bytes; the one or two bytes over wait for the next piece.
    Joining the pieces' base64 text as it came would be wrong unless each were a multiple of three long.
    """

    __slots__ = ("_carry", "_encoded", "fields")

    def __init__(self, fields: Json, encoded: Joined, carry: bytes = b"") -> None:
        self.fields = fields
        self._encoded = encoded
        self._carry = carry

    def append(self, data: bytes) -> None:
        data = self._carry + data
        whole = len(data) - len(data) % 3
        self._encoded.fragments.append(_base64(data[:whole]))
        self._carry = data[whole:]

    def copy(self) -> "Pcm":
        return Pcm(self.fields.copy(), self._encoded.copy(), self._carry)

    def seal(self) -> None:
        self._encoded.seal()

    def value(self) -> Json:
        value: Json = {"data": self._encoded.value() + _base64(self._carry)}
        value.update(copied(self.fields))
        return value


class Content:
    """The parts of one step, in the order they came."""

    __slots__ = ("_parts", "_text_at")

    def __init__(self, parts: list[Text | Pcm | Json], text_at: int = -1) -> None:
        self._parts = parts
        self._text_at = text_at

    def __len__(self) -> int:
        return len(self._parts)

    @property
    def weight(self) -> int:
        """How many pointers a copy takes, about."""
        text = self._parts[self._text_at] if self._text_at >= 0 else None
        return len(self._parts) + (len(text.annotations) if isinstance(text, Text) else 0)

    @property
    def last(self) -> Text | Pcm | Json | None:
        return self._parts[-1] if self._parts else None

    def growing_text(self) -> list[str]:
        """Where the next fragment of text goes: text after another part opens a new one."""
        last = self._parts[-1] if self._parts else None
        text = last if type(last) is Text else self.open_text({"type": "text"}, [])
        return text.text.fragments

    def open_text(self, fields: Json, annotations: list[Any]) -> Text:
        text = Text(fields, Joined(), annotations)
        self.push(text)
        self._text_at = len(self._parts) - 1
        return text

    def current_text(self) -> Text:
        """The part that annotations speak of: the last text, whatever came after it."""
        part = self._parts[self._text_at] if self._text_at >= 0 else None
        return part if type(part) is Text else self.open_text({"type": "text"}, [])

    def push(self, part: Text | Pcm | Json) -> None:
        self.seal()
        self._parts.append(part)

    def seal(self) -> None:
        """Nothing more is expected of the last part: gives back the memory that growing took."""
        last = self.last
        if isinstance(last, Text | Pcm):
            last.seal()

    def copy(self) -> "Content":
        """Parts of its own where they can still change, shared where they cannot."""
        parts = self._parts.copy()
        for position in {self._text_at, len(parts) - 1} - {-1}:
            part = parts[position]
            if isinstance(part, Text | Pcm):
                parts[position] = part.copy()
        return Content(parts, self._text_at)

    def value(self) -> list[Json]:
        return [part.value() if isinstance(part, Text | Pcm) else copied(part) for part in self._parts]


def decoded(base64: str) -> bytes:
    """The bytes of base64 text. Raises ValueError where it is none."""
    return binascii.a2b_base64(base64.encode("ascii"), strict_mode=True)


def copied(value: Any) -> Any:
    """A JSON value that shares nothing mutable with the first."""
    if type(value) is dict:
        return {key: copied(inner) for key, inner in value.items()}
    if type(value) is list:
        return [copied(inner) for inner in value]
    return value


def _base64(data: bytes) -> str:
    return binascii.b2a_base64(data, newline=False).decode("ascii")
