"""The rules: one table, with each rule's id, severity, meaning, and where its findings stand.

The rules of the fold and of annotations stand in the modules that apply them and are only joined here. Ids are
stable: scripts match them.
"""

from enum import StrEnum
from typing import NamedTuple

from sserec import annotations, interactions
from sserec.interactions import Rule
from sserec.records import Severity

NOTE, WARNING, ERROR = Severity.NOTE, Severity.WARNING, Severity.ERROR


class Place(StrEnum):
    """Where a finding stands, as exactly as its rule can tell."""

    FILE = "file"
    """The file; exchange and byte where the damage allows it."""
    EXCHANGE = "exchange"
    BYTE = "exchange, byte"
    EVENT = "exchange, event, byte"


class Section(NamedTuple):
    """Rules that look at the same thing."""

    title: str
    place: Place
    rules: tuple[Rule, ...]


SECTIONS = (
    Section(
        "The file",
        Place.FILE,
        (Rule("damaged-recording", ERROR, "A part of the recording's own file is damaged or missing."),),
    ),
    Section(
        "The connection",
        Place.EXCHANGE,
        (
            Rule(
                "opaque-connection",
                WARNING,
                "A connection could not be read: only its sizes and times are known.",
            ),
        ),
    ),
    Section(
        "How the exchange ended",
        Place.EVENT,
        (
            Rule(
                "upstream-cut",
                ERROR,
                "The server's side ended before the response was whole by its own framing.",
            ),
            Rule("upstream-reset", ERROR, "The server's side broke the connection off."),
            Rule("not-connected", ERROR, "The server could not be reached, or its certificate not verified."),
            Rule("client-cancelled", WARNING, "The client hung up before the event that ends the stream."),
            Rule("recorder-stopped", WARNING, "The recorder was stopped before the response had ended."),
            Rule("recorder-killed", WARNING, "The recorder died: nobody saw how the exchange ended."),
            Rule("sliced", NOTE, "The exchange went on in the recording that this part was cut out of."),
            Rule("still-open", NOTE, "The exchange is still being recorded; its end is not judged."),
        ),
    ),
    Section(
        "The response's head",
        Place.EXCHANGE,
        (
            Rule("http-error", ERROR, "The status is 4xx or 5xx."),
            Rule("not-a-stream", ERROR, "A stream was asked for, but something else came."),
            Rule(
                "wrong-content-type",
                WARNING,
                "An event stream is not labelled text/event-stream: browsers refuse it.",
            ),
            Rule("wrong-charset", WARNING, "The label names a charset, but an event stream is always UTF-8."),
        ),
    ),
    Section(
        "The request as it was recorded",
        Place.EXCHANGE,
        (Rule("request-lost", WARNING, "The recorder had to drop the end of the request's body."),),
    ),
    Section(
        "The body as it was recorded",
        Place.BYTE,
        (
            Rule("bytes-lost", ERROR, "The recorder had to drop the end of the body."),
            Rule(
                "undecoded-body",
                ERROR,
                "The content coding is unknown or broken: the bytes are kept as they came.",
            ),
        ),
    ),
    Section(
        "Time",
        Place.EVENT,
        (
            Rule("stall", WARNING, "No event came for longer than the limit (--stall, 10 s)."),
            Rule(
                "held-back",
                WARNING,
                "Compression held events back: they came in bursts, though they were made one by one.",
            ),
        ),
    ),
    Section(
        "Bytes of the stream",
        Place.EVENT,
        (
            Rule("mixed-line-ends", WARNING, "Lines end in different ways: LF, CR LF, CR."),
            Rule(
                "unknown-field",
                WARNING,
                "A field that the standard does not know, or one with a value it ignores.",
            ),
            Rule(
                "no-data",
                NOTE,
                "A block without data: the standard drops it, some clients make an event of it.",
            ),
        ),
    ),
    Section(
        "Text",
        Place.EVENT,
        (
            Rule(
                "split-utf8", ERROR, "A character is cut by the border of two events, or of two data lines."
            ),
            Rule(
                "replacement-character",
                NOTE,
                "The data holds U+FFFD as sent: characters were lost before the wire.",
            ),
        ),
    ),
    Section("Events, steps and the interaction", Place.EVENT, tuple(interactions.RULES.values())),
    Section(
        "The course of the interaction",
        Place.EVENT,
        (
            Rule("status-backwards", WARNING, "A status goes back: to queued, or from a final one."),
            Rule("status-unknown", NOTE, "The API's reference does not know this status."),
            Rule("status-not-final", WARNING, "The final event says that the interaction still goes on."),
            Rule("status-failed", WARNING, "The interaction ended as failed, cancelled or over its budget."),
            Rule(
                "status-incomplete",
                NOTE,
                "The interaction ended as incomplete: its output limit was reached.",
            ),
            Rule("usage-sum", WARNING, "total_tokens is not input + output + thought + tool use."),
            Rule("usage-part", WARNING, "A part of the usage is larger than the whole that it belongs to."),
            Rule("event-id-repeated", WARNING, "An event_id came before: the event is doubled."),
            Rule("done-repeated", WARNING, "[DONE] came again; clients hang up at the first."),
        ),
    ),
    Section(
        "The exchange as a whole",
        Place.EXCHANGE,
        (
            Rule(
                "event-id-missing",
                WARNING,
                "A resumed stream has no event_id, so it cannot be resumed again.",
            ),
            Rule("done-missing", NOTE, "The final event came, but no [DONE] after it."),
            Rule(
                "foreign-stream",
                NOTE,
                "No event is of the Interactions API: only general rules were applied.",
            ),
        ),
    ),
    Section("Annotations", Place.EVENT, tuple(annotations.RULES.values())),
)

RULES: dict[str, Rule] = {rule.id: rule for section in SECTIONS for rule in section.rules}
