"""Recordings of other tools as archives: one module a format, each a function from a file's bytes to what it found.

What a format does not carry is not made up: it is listed as unknown (:class:`sserec.records.Unknown`), in the archive
and to people. The table of formats is :data:`FORMATS`; a file's own content tells which it is
(:mod:`sserec.imports.recognition`), and nothing is imported before it is chosen.
"""

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from sserec.imports.found import Findings

Read = Callable[[bytes], "Findings"]
"""Raises NotAnArchive for bytes that are not of its format, or break off in the middle of what cannot do without."""


class Format(NamedTuple):
    """One line of the table."""

    function: str
    """``module:name`` below ``sserec.imports``."""
    summary: str

    def load(self) -> Read:
        """The function that reads it."""
        module, _, name = self.function.partition(":")
        read: Read = getattr(import_module(f"sserec.imports.{module}"), name)
        return read


FORMATS: dict[str, Format] = {
    "har": Format("har:read", "HAR 1.2, of Chrome, Firefox, mitmproxy, sserec and others"),
    "mitmproxy": Format("mitmproxy:read", "flows as mitmdump -w writes them, since mitmproxy 4"),
    "vcr": Format("vcr:read", "a cassette of VCR.py, YAML or JSON"),
    "curl": Format("curl_trace:read", "what curl --trace or --trace-ascii wrote"),
    "ndjson": Format("ndjson:read", "events, a JSON object a line, such as those of sserec events --json"),
    "sse": Format("plain:read", "a body as curl > FILE leaves it"),
}
