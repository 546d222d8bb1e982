"""The older revision: flat ``outputs``, grown by content.* events (docs/interactions.md).

Knows how an output differs from a step: it *is* the part that a step would hold.
"""

from sserec.interactions.events import Json
from sserec.interactions.steps import (
    PAYLOADS,
    Delta,
    Say,
    Step,
    fold_annotations,
    fold_arguments,
    fold_audio,
    fold_payload,
    fold_signature,
    fold_summary,
    fold_text,
)


class Output(Step):
    """An output while it grows. Text and audio grow as the one part of a content of their own."""

    __slots__ = ()

    def absorb(self, announced: Json, say: Say) -> None:
        """Takes what content.start carries: mostly a bare type, else the first of the text or the audio."""
        if self.type == "text" and "text" in announced:
            fold_text(self, announced, say)
            announced = {"type": self.type}
        elif self.type == "audio" and "data" in announced:
            fold_audio(self, announced, say)
            announced = {"type": self.type}
        super().absorb(announced, say)

    def value(self) -> Json:
        """The output as JSON: its only part's keys are its own."""
        value = super().value()
        if self.content is None or len(self.content) != 1:
            return value
        (part,) = value.pop("content")
        return {key: part[key] for key in part if key != "type"} | value


def fold_media(output: Step, delta: Json, say: Say) -> None:
    """An image, video or document comes whole; its type stands last, as in the answer."""
    fold_payload(output, delta, say)
    output.fields["type"] = output.fields.pop("type")


OUTPUT_DELTAS: dict[str, Delta] = PAYLOADS | {
    "text": Delta(("text",), fold_text),
    "text_annotation": Delta(("text",), fold_annotations),
    "text_annotation_delta": Delta(("text",), fold_annotations),
    "image": Delta(("image",), fold_media),
    "video": Delta(("video",), fold_media),
    "document": Delta(("document",), fold_media),
    "audio": Delta(("audio",), fold_audio),
    "thought_summary": Delta(("thought",), fold_summary),
    "thought_signature": Delta(("thought",), fold_signature),
    "arguments_delta": Delta(("function_call",), fold_arguments),
}

OUTPUT_TYPES = frozenset({*PAYLOADS, "text", "image", "audio", "video", "document", "thought"})
