"""The dialect of Google's Gemini Interactions API: events → deltas → steps → the interaction.

Pure, on :class:`sserec.sse.Event` alone. Nothing outside this package knows the API's event names, and nothing
in it raises on any stream: what is wrong stands in the diagnostics.
"""

from sserec.interactions.assembler import Aside, Assembler, Assembly, assemble
from sserec.interactions.diagnostics import RULES, Rule
from sserec.interactions.ending import End
from sserec.interactions.events import Parsed, parse
from sserec.interactions.fragments import (
    PASSING_KEYS,
    Fragment,
    Opening,
    fragment_of,
    joined,
    opening_of,
    piece_of,
)
from sserec.interactions.history import History
from sserec.interactions.lines import EventLine, describe
from sserec.interactions.queries import (
    ends_stream,
    error_said,
    interaction_text,
    is_terminal,
    output_text,
    started_step,
    step_started_by,
    steps_of,
    text_written_by,
)

__all__ = [
    "PASSING_KEYS",
    "RULES",
    "Aside",
    "Assembler",
    "Assembly",
    "End",
    "EventLine",
    "Fragment",
    "History",
    "Opening",
    "Parsed",
    "Rule",
    "assemble",
    "describe",
    "ends_stream",
    "error_said",
    "fragment_of",
    "interaction_text",
    "is_terminal",
    "joined",
    "opening_of",
    "output_text",
    "parse",
    "piece_of",
    "started_step",
    "step_started_by",
    "steps_of",
    "text_written_by",
]
