"""A recording without its secrets, and without what was said in it: ``sserec redact``."""

from sserec.redaction.files import Replaced, Wanted, redact

__all__ = ("Replaced", "Wanted", "redact")
