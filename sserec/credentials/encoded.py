"""Secrets in text that stands in base64: an attached file, a value of a configuration. Pure.

Most base64 is an image or a signature. What decodes to text of several words of memory does so because it was text, so
the first bytes tell; only then is the rest decoded and looked through. Such a run is a secret as a whole.
"""

import re
from binascii import Error, a2b_base64
from collections.abc import Iterator

from sserec.credentials.fields import find_fields
from sserec.credentials.keys import Found, find_keys

ENCODED = re.compile(r"[\s\",:=]([A-Za-z0-9+/_-]{32,}+)")
BEGINNING_CHARS = 64
BINARY = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
OF_URLS = str.maketrans("-_", "+/")
"""RFC 4648, section 5."""


def find_encoded(text: str, left_out: frozenset[str]) -> Iterator[Found]:
    """The runs of base64 in ``text`` that hold a secret, each by the rule of the first one."""
    for run in ENCODED.finditer(text):
        if is_text(decoded(run[1][:BEGINNING_CHARS])):
            inner = decoded(run[1]).decode("latin-1")
            for found in (
                *find_keys(inner, left_out),
                *find_fields(inner, is_strict=False, left_out=left_out),
            ):
                yield Found(found.rule, *run.span(1))
                break


def decoded(run: str) -> bytes:
    """The bytes of its whole groups of four characters."""
    try:
        return a2b_base64(run[: len(run) // 4 * 4].translate(OF_URLS))
    except Error:
        return b""


def is_text(beginning: bytes) -> bool:
    """Whether bytes, which may be cut in a character, are UTF-8 for somebody to read."""
    if BINARY.search(beginning) or not beginning:
        return False
    return "\ufffd" not in beginning.decode("utf-8", "replace")[:-3]
