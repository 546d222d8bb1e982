"""What stands for what: a letter or shape for each thing in a margin, and a colour beside it, never instead of it."""

from sserec.records import Severity

CURSOR = "▸"
MARK = "◆"
NOTE = "◈"
STALL = "●"
FINDINGS = {Severity.ERROR: "!", Severity.WARNING: "?", Severity.NOTE: "·"}
LIVE = "◉"
PLAYING, PAUSED = "▶", "‖"
ELLIPSIS = "…"

KINDS = {
    "thought": "thought",
    "thought_summary": "thought",
    "thought_signature": "thought",
    "arguments": "call",
    "user_input": "input",
    "model_output": "output",
    "text": "output",
    "text_annotation": "output",
    "image": "media",
    "audio": "media",
    "video": "media",
    "document": "media",
    "error": "error",
}


def kind_ink(type_: str) -> str:
    """The ink of what is written about steps of this type."""
    return f"kind-{hue(type_)}"


def band_ink(type_: str) -> str:
    """The ink of their stretch of time."""
    return f"band-{hue(type_)}"


def hue(type_: str) -> str:
    if type_.endswith("_call"):
        return "call"
    if type_.endswith(("_result", "_response")):
        return "result"
    return KINDS.get(type_.removesuffix("_delta"), "other")


def tail(text: str, width: int) -> str:
    """``text`` in at most ``width`` characters; the end is kept, as it tells ``step.start`` from ``step.stop``."""
    if len(text) <= width:
        return text
    _, dot, rest = text.partition(".")
    if dot and len(rest) < width:
        return ELLIPSIS + rest
    return ELLIPSIS + text[len(text) - width + 1 :]


def behind_dot(text: str) -> str:
    """``…delta`` for ``step.delta``; a text without a dot as it is."""
    _, dot, rest = text.partition(".")
    return ELLIPSIS + rest if dot else text
