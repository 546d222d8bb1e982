"""What is wrong with a recorded stream, and where it stands.

The rules are one table (table.py), which docs/checks.md is made from. Most findings on events come from the fold
(:mod:`sserec.interactions`), those on annotations from :mod:`sserec.annotations`; the watchers here add what only
bytes, times, heads and the connection can tell. Each exchange is read once, from its first chunk to its last.

Knows values and rules; must not know files, commands or how a finding is shown.
"""

from sserec.check.findings import Finding, Report
from sserec.check.recording import check
from sserec.check.table import RULES, SECTIONS, Place, Section

__all__ = ["RULES", "SECTIONS", "Finding", "Place", "Report", "Section", "check"]
