"""What can be wrong with a stream of interactions: one table, from which docs and findings are made.

Knows ids, severities and meanings; must not know how any of it is found. Ids are stable: scripts match them.
"""

from dataclasses import dataclass

from sserec.records import Diagnostic, Severity

_SHOWN_MAX = 80
"""A foreign word in a message is cut here; a hostile one may hold megabytes."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that can be wrong: its id, how much it matters, what it means for the reader."""

    id: str
    severity: Severity
    meaning: str
    keeps_event: bool = False
    """The event could not be folded, or not wholly: it is kept aside as it came."""


RULES: dict[str, Rule] = {
    rule.id: rule
    for rule in (
        # How an event is written.
        Rule("not-json", Severity.ERROR, "The data of an event is not a JSON object.", True),
        Rule("too-deep", Severity.ERROR, "The JSON is nested deeper than any reader of it can bear.", True),
        Rule("invalid-utf8", Severity.WARNING, "The data holds bytes that are not UTF-8; they are replaced."),
        Rule("lone-surrogate", Severity.WARNING, "A string holds half a surrogate pair; it is replaced."),
        Rule("name-differs", Severity.WARNING, "The event's SSE name is not its event_type, which counts."),
        Rule("name-missing", Severity.NOTE, "The event has no SSE name, only an event_type."),
        Rule("event-type-missing", Severity.WARNING, "The JSON has no event_type; the SSE name counts."),
        Rule("unknown-event", Severity.WARNING, "The API does not document this event.", True),
        Rule("unexpected-value", Severity.ERROR, "A known field has a value of the wrong JSON type.", True),
        # Steps and deltas.
        Rule("unknown-step", Severity.WARNING, "The API does not document this step type."),
        Rule("unknown-delta", Severity.WARNING, "No rule says how this delta folds into its step.", True),
        Rule("delta-type-inferred", Severity.WARNING, "A delta has no type; it follows from step and keys."),
        Rule(
            "part-type-inferred", Severity.NOTE, "A content part has no type; it holds text, so it is text."
        ),
        Rule("delta-unsuited", Severity.WARNING, "A delta's type does not belong to the type of its step."),
        Rule("delta-without-start", Severity.WARNING, "A delta came for a step that was never started."),
        Rule("delta-after-stop", Severity.WARNING, "A delta came for a step that had been stopped."),
        Rule("stop-without-start", Severity.WARNING, "A step was stopped that was never started."),
        Rule("step-not-stopped", Severity.WARNING, "A step was still open when the stream ended."),
        Rule("step-repeated", Severity.WARNING, "A step was started again; what it held before is dropped."),
        Rule("index-reused", Severity.ERROR, "Two different steps have the same index; both are kept."),
        Rule("index-gap", Severity.WARNING, "The index of a new step skips numbers."),
        Rule("index-malformed", Severity.ERROR, "A step's index is missing or no whole number from 0."),
        Rule("arguments-not-json", Severity.ERROR, "A step's arguments are not JSON; kept as a string."),
        Rule("arguments-not-object", Severity.WARNING, "A step's arguments are JSON, but not an object."),
        Rule(
            "arguments-cut-off",
            Severity.ERROR,
            "The stream ended inside a step's arguments; kept as a string.",
        ),
        Rule(
            "audio-not-base64", Severity.ERROR, "Audio data is not base64; it is kept as a part of its own."
        ),
        Rule(
            "audio-not-joined", Severity.NOTE, "Audio that is not raw PCM came in several parts, kept apart."
        ),
        Rule("mixed-revisions", Severity.WARNING, "The stream mixes step.* with the older content.* events."),
        # The interaction and its end.
        Rule(
            "no-created", Severity.NOTE, "The stream does not begin with interaction.created: resumed or cut."
        ),
        Rule(
            "created-repeated",
            Severity.WARNING,
            "The interaction was created again: a replay, or a second one.",
        ),
        Rule("steps-in-completed", Severity.NOTE, "The final event carries the steps itself; its own count."),
        Rule("event-after-end", Severity.WARNING, "An event came after the one that ends the stream."),
        Rule("error-event", Severity.ERROR, "The API ended the stream with an error."),
        Rule("empty-error", Severity.NOTE, "An error event without an error; the stream goes on."),
        Rule("done-without-completed", Severity.ERROR, "[DONE] came, but interaction.completed never did."),
        Rule("no-terminal-event", Severity.ERROR, "The stream ended without any event that ends it."),
        Rule("unfinished-event", Severity.ERROR, "The stream broke off inside an event."),
        Rule("stray-error", Severity.ERROR, "The body holds an error as bare JSON, which SSE parsers drop."),
        Rule("stray-bytes", Severity.ERROR, "The body holds bytes that are no part of any event."),
    )
}


def diagnostic(
    rule_id: str, message: str, *, event: int | None = None, offset: int | None = None
) -> Diagnostic:
    """A finding of the rule ``rule_id`` at an event (number from 1) and a byte offset of the body."""
    return Diagnostic(rule_id, RULES[rule_id].severity, message, event, offset)


def shown(value: object) -> str:
    """A foreign value as it may stand in a message: printable, in one line, not too long."""
    text = value if isinstance(value, str) else _kind(value)
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[: _SHOWN_MAX + 1])
    return text if len(text) <= _SHOWN_MAX else text[:_SHOWN_MAX] + "…"


def _kind(value: object) -> str:
    match value:
        case None | bool():
            return {None: "null", True: "true", False: "false"}[value]
        case int() | float():
            return str(value)
        case list():
            return "a list"
        case dict():
            return "an object"
    return type(value).__name__
