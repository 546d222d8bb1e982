"""What changed between two streams, from what matters to what merely differs.

``compare_pairs`` compares recordings, exchange by exchange; ``EventsDiff`` is two streams aligned, for whoever shows
them side by side. docs/diff.md says what each level compares and what is set aside, docs/tricky-cases.md what becomes
of hard cases. Pure: exchanges come in, values go out.
"""

from sserec.diff.difference import Aspect, Difference, Inner, Level, Span
from sserec.diff.events import EventsDiff, Stretch, align_events
from sserec.diff.exchanges import ExchangeDiff, Options
from sserec.diff.reading import Heard
from sserec.diff.recordings import Comparison, compare_pairs, pairs_of
from sserec.diff.rows import Kind, Row, Rows
from sserec.diff.side import Part, Side
from sserec.diff.text import Edit, edits
from sserec.diff.timing import MEASURES, Measure
from sserec.diff.volatile import RULES, Rule, Rules, Way

__all__ = [
    "MEASURES",
    "RULES",
    "Aspect",
    "Comparison",
    "Difference",
    "Edit",
    "EventsDiff",
    "ExchangeDiff",
    "Heard",
    "Inner",
    "Kind",
    "Level",
    "Measure",
    "Options",
    "Part",
    "Row",
    "Rows",
    "Rule",
    "Rules",
    "Side",
    "Span",
    "Stretch",
    "Way",
    "align_events",
    "compare_pairs",
    "edits",
    "pairs_of",
]
