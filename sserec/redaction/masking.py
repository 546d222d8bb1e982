"""Bytes in place of others, as many: nothing moves, and what was valid stays valid. Pure.

Knows how text is escaped; must not know why it is replaced. A character of ASCII becomes one of ASCII, a byte of any
other character too; an escape becomes one of a character that takes as many bytes in UTF-8, or stays where it is two
characters long: ``\\n`` and ``\\"`` say how a text is laid out and what a string is, not what it says. Ends of lines
stay, and so does the name of the field behind them in an event.
"""

import re
from collections.abc import Iterator
from itertools import chain, cycle, islice, repeat

from sserec.concealment import MARK

UNIT = re.compile(
    r"(?P<code>\\+u)(?P<digits>[0-9a-fA-F]{4})|(?P<kept>\\+[\"/bfnrt]?|(?:\r\n|\n|\r)(?:data:[ ]?)?)"
    r"|(?P<percent>%[0-9a-fA-F]{2})|.",
    re.DOTALL,
)
FILLER = "redacted "
WORD = re.compile(r"[A-Za-z0-9+/_-]")


def masked(data: bytes) -> bytes:
    """A secret's place, where none of it is left: ``[REDACTED]*****``."""
    plain = sum(1 for unit in UNIT.finditer(data.decode("latin-1")) if unit["kept"] is None)
    letters = chain(MARK, repeat("*")) if plain >= len(MARK) else repeat("*")
    return replaced(data.decode("latin-1"), letters).encode("latin-1")


def filled(text: str, phase: int = 0) -> str:
    """Text (latin-1, a character a byte) in place of what somebody said. ``phase``: how much came before it."""
    return replaced(text, islice(cycle(FILLER), phase % len(FILLER), None))


def base64_filled(text: str) -> str:
    """Base64 of as many zeros, for a file or a signature."""
    return WORD.sub("A", text)


def digits_filled(text: str) -> str:
    """A number with as many digits; 1, because no number begins with 0."""
    return re.sub(r"[0-9]", "1", text)


def replaced(text: str, letters: Iterator[str]) -> str:
    """``text`` with the next of ``letters`` for each character that is not kept."""
    return UNIT.sub(lambda unit: replacement(unit, letters), text)


def replacement(unit: re.Match[str], letters: Iterator[str]) -> str:
    if unit["kept"] is not None:
        return unit[0]
    letter = next(letters)
    if unit["digits"] is not None:
        return unit["code"] + alike(int(unit["digits"], 16), letter)
    return f"%{ord(letter):02x}" if unit["percent"] is not None else letter


def alike(code: int, letter: str) -> str:
    """The digits of a character that takes as many bytes in UTF-8, and as many escapes in JSON."""
    if code < 0x80:
        return f"{ord(letter):04x}"
    if code < 0x800:
        return "00b7"
    if 0xD800 <= code < 0xDC00:
        return "d83d"
    return "dd12" if 0xDC00 <= code < 0xE000 else "2022"
