"""Which format a file is in, by its content; its name says nothing.

Knows how each format begins; must not know how it goes on.
"""

import re

from sserec.errors import NotAnArchive
from sserec.imports import FORMATS
from sserec.imports.curl_entries import TITLE
from sserec.sources import SKIPPABLE_FRAME, ZSTD_FRAME
from sserec.sse import looks_like_stream

LOOKED_AT_BYTES = 1 << 16
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
FLOW = re.compile(rb"\d{1,12}:\d{1,12}:[a-z_]+;|\d{1,12}:\d{1,12}:[a-z_]+,")
CASSETTE = re.compile(rb"(?m)^(?:interactions:\s*$|interactions:\s*\[|version: \d+\s*$)")
OBJECT = re.compile(rb"\s*\{")
LOG = re.compile(rb"\s*\{\s*\"log\"\s*:")
INTERACTIONS = re.compile(rb"\s*\{\s*\"(?:version|interactions)\"\s*:\s*(?:\d|\[)")
ANY_LOG = re.compile(rb"\"log\"\s*:\s*\{")


def recognised(data: bytes) -> str:
    """The name of the format in :data:`sserec.imports.FORMATS`. Raises NotAnArchive where it is none of them."""
    beginning = data[:LOOKED_AT_BYTES].removeprefix(b"\xef\xbb\xbf")
    if beginning.startswith(UTF_16):
        raise NotAnArchive("it is UTF-16, as PowerShell writes what a program prints: save it as UTF-8 first")
    if beginning.startswith(ZSTD_FRAME) or beginning[1:4] == SKIPPABLE_FRAME:
        raise NotAnArchive("it is an archive already (sserec merge and sserec slice make others of it)")
    if FLOW.match(beginning):
        return "mitmproxy"
    if TITLE.match(beginning):
        return "curl"
    if OBJECT.match(beginning):
        return of_json(beginning)
    if CASSETTE.search(beginning):
        return "vcr"
    if looks_like_stream(beginning):
        return "sse"
    raise NotAnArchive(f"it is in none of the formats {', '.join(FORMATS)} (--from says which)")


def of_json(beginning: bytes) -> str:
    """A line that is a whole object is one of many; HAR and cassettes are one object of many lines, or of one."""
    if LOG.match(beginning):
        return "har"
    if INTERACTIONS.match(beginning):
        return "vcr"
    first = beginning.lstrip().split(b"\n", 1)[0].rstrip()
    if first.endswith(b"}") and len(first) > 2 and not ANY_LOG.search(first):
        return "ndjson"
    return "har"
