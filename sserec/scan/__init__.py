"""Secrets that are still in a recording, and where: ``sserec scan``."""

from sserec.scan import heads, search
from sserec.scan.report import Finding, Report, scan
from sserec.scan.search import OPTIONAL, Rules

SECRETS = search.SECRETS | heads.RULES
"""Rules and what they mean; those that have to be asked for are :data:`OPTIONAL`."""

__all__ = ("OPTIONAL", "SECRETS", "Finding", "Report", "Rules", "scan")
