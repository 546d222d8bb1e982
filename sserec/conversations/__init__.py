"""Several exchanges understood as what they were: one interaction, tried again, dropped, resumed, continued, answered.

Pure: facts of exchanges in, links and merged interactions out. Section numbers are those of the API's behaviour as
docs/conversations.md tells it. Nothing here reads a file; :mod:`sserec.export.conversation` brings the facts.
"""

from sserec.conversations.calls import Call, Facts, Heard, MadeCall, Role, call_of, heard_of, request_key
from sserec.conversations.inputs import input_steps, new_input_steps
from sserec.conversations.merge import Answered, merge_hops, merge_turns
from sserec.conversations.stitch import Mark, Part, Span, Stitching, mark_of, stitch
from sserec.conversations.tree import Bond, Conversation, Link, Turn, Visit, conversations

__all__ = [
    "Answered",
    "Bond",
    "Call",
    "Conversation",
    "Facts",
    "Heard",
    "Link",
    "MadeCall",
    "Mark",
    "Part",
    "Role",
    "Span",
    "Stitching",
    "Turn",
    "Visit",
    "call_of",
    "conversations",
    "heard_of",
    "input_steps",
    "mark_of",
    "merge_hops",
    "merge_turns",
    "new_input_steps",
    "request_key",
    "stitch",
]
