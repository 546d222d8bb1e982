"""Whether an annotation points at what it means: its byte offsets, verified and given as characters.

Knows a finished interaction; must not know how it was assembled or where it came from. The API's ``start_index``
and ``end_index`` count UTF-8 bytes of the whole text part, end exclusive (API reference, "Annotation"). Whoever
slices a string by them is wrong as soon as a character takes more than one byte, so the places in characters (code
points) are given beside them. Never raises, whatever the interaction holds.
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from sserec.interactions import Rule
from sserec.records import Diagnostic, Severity

Json = dict[str, Any]

START, END = "start_index", "end_index"

RULES: dict[str, Rule] = {
    rule.id: rule
    for rule in (
        Rule(
            "annotation-offset-malformed",
            Severity.WARNING,
            "An annotation has one offset without the other, or one that is no whole number.",
        ),
        Rule("annotation-offset-reversed", Severity.WARNING, "An annotation ends before it starts."),
        Rule(
            "annotation-offset-outside",
            Severity.WARNING,
            "An annotation reaches beyond its text: its offsets are UTF-8 bytes of the whole text part.",
        ),
        Rule(
            "annotation-inside-character",
            Severity.WARNING,
            "An annotation begins or ends inside a character: its offsets were not counted in UTF-8 bytes.",
        ),
    )
}
"""What can be wrong with an annotation's place; docs/checks.md is made from it."""


@dataclass(frozen=True, slots=True)
class Place:
    """What one annotation points at."""

    path: str
    """Where the annotation stands in the interaction: ``steps[1].content[0].annotations[2]``."""
    type: str
    """``url_citation`` and the like; empty where it has none."""
    start_index: Any
    """As on the wire: UTF-8 bytes into the text part."""
    end_index: Any
    text_size_bytes: int
    flaw: str | None = None
    """The id of a rule of :data:`RULES`; None where the offsets are good."""
    start_character: int | None = None
    """The same place in code points; None where there is a flaw."""
    end_character: int | None = None
    text: str | None = None
    """The characters it points at."""

    @property
    def message(self) -> str:
        """What is wrong with it, in one line; empty where nothing is."""
        if self.flaw is None:
            return ""
        size = f"{self.text_size_bytes:,} bytes"
        return f"{self.path}: bytes {self.start_index!r} to {self.end_index!r} of {size}: {SAID[self.flaw]}"


SAID = {
    "annotation-offset-malformed": "not two whole numbers",
    "annotation-offset-reversed": "the end stands before the start",
    "annotation-offset-outside": "outside the text",
    "annotation-inside-character": "inside a character",
}


def places(interaction: Json) -> list[Place]:
    """Every annotation that says where it points, in the order of the interaction, sound or not."""
    return [place(path, annotation, text) for path, annotation, text in annotations(interaction)]


def findings(interaction: Json) -> list[Diagnostic]:
    """What :data:`RULES` has to say about the interaction. They speak of the whole, so they name no event."""
    return [
        Diagnostic(found.flaw, RULES[found.flaw].severity, found.message)
        for found in places(interaction)
        if found.flaw is not None
    ]


def with_characters(interaction: Json) -> Json:
    """A copy in which each sound annotation also has ``start_character`` and ``end_character``, in code points."""
    counted = copy.deepcopy(interaction)
    for path, annotation, text in annotations(counted):
        found = place(path, annotation, text)
        if found.flaw is None:
            annotation["start_character"] = found.start_character
            annotation["end_character"] = found.end_character
    return counted


def annotations(interaction: Json) -> Iterator[tuple[str, Json, str]]:
    """Path, annotation and text of every annotation that has an offset."""
    for path, part in text_parts(interaction):
        for index, annotation in entries(part, "annotations"):
            if START in annotation or END in annotation:
                yield f"{path}.annotations[{index}]", annotation, part["text"]


def text_parts(interaction: Json) -> Iterator[tuple[str, Json]]:
    """The parts with text: in the content of steps, and, in the older revision, the outputs themselves."""
    for step_index, step in entries(interaction, "steps"):
        for index, part in entries(step, "content"):
            if isinstance(part.get("text"), str):
                yield f"steps[{step_index}].content[{index}]", part
    for index, output in entries(interaction, "outputs"):
        if isinstance(output.get("text"), str):
            yield f"outputs[{index}]", output


def entries(holder: Json, key: str) -> Iterator[tuple[int, Json]]:
    """The objects of a list that may be missing or no list, with their positions."""
    value = holder.get(key)
    for index, entry in enumerate(value if isinstance(value, list) else ()):
        if isinstance(entry, dict):
            yield index, entry


def place(path: str, annotation: Json, text: str) -> Place:
    """Where ``annotation`` points within ``text``."""
    data = text.encode("utf-8", "surrogatepass")
    # ProtoJSON leaves out a number that is 0, so an annotation of the first words may come without a start.
    start, end = annotation.get(START, 0), annotation.get(END)
    type_, flaw = annotation.get("type"), flaw_of(start, end, data)
    found = Place(path, type_ if isinstance(type_, str) else "", annotation.get(START), end, len(data), flaw)
    if flaw is not None:
        return found
    before, pointed_at = decoded(data[:start]), decoded(data[start:end])
    return replace(
        found, start_character=len(before), end_character=len(before) + len(pointed_at), text=pointed_at
    )


def flaw_of(start: Any, end: Any, data: bytes) -> str | None:
    if type(start) is not int or type(end) is not int:
        return "annotation-offset-malformed"
    if start > end:
        return "annotation-offset-reversed"
    if start < 0 or end > len(data):
        return "annotation-offset-outside"
    if is_inside_character(data, start) or is_inside_character(data, end):
        return "annotation-inside-character"
    return None


def is_inside_character(data: bytes, offset: int) -> bool:
    """Whether a UTF-8 continuation byte (10xxxxxx) stands at ``offset``."""
    return offset < len(data) and data[offset] & 0xC0 == 0x80


def decoded(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")
