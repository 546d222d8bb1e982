"""What is searched for in bytes: a text, however JSON may have written it, or a regular expression.

Knows how JSON escapes characters; must not know events. Invariant: where the text stands, raw or escaped, it is found;
what is found by the plain part alone may be something else, and the pattern refuses it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Self

NEVER_ESCAPED = re.compile(r"[A-Za-z0-9 _\-.,:;!?()\[\]{}@#$%^*+|~]+")
"""What JSON encoders write as it is. Google's escape ``< > & = '`` besides what all do; many escape all but ASCII."""

GAP = rb"\s*(?:data:\s*)*"
"""What may stand between two tokens of JSON in an event."""

SHORT_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t"}


@dataclass(frozen=True)
class Needle:
    """A text or an expression to be found."""

    plain: bytes
    """Must stand there as it is, in small letters where case is ignored; empty where nothing must."""
    pattern: re.Pattern[bytes] | None
    """Must match, too; None where the plain part is all there is."""
    ignores_case: bool
    accepts: Callable[[bytes], bool] | None = None
    """Says of the first group of a match whether that will do; None where every match does."""

    @classmethod
    def text(cls, text: str) -> Self:
        """Finds ``text``, and in any case when it has no capitals, as ``rg -S`` and ``less -i`` do it."""
        loose = text == text.lower()
        plain = max(NEVER_ESCAPED.findall(text), key=len, default="")
        if plain == text:
            return cls(plain.encode(), None, loose)
        pattern = b"".join(_writings(character, loose=loose) for character in text)
        return cls(plain.encode(), re.compile(pattern), loose)

    @classmethod
    def expression(cls, source: str, *, ignores_case: bool = False) -> Self:
        """Finds what a regular expression matches. Raises re.error."""
        return cls(b"", re.compile(source.encode(), re.IGNORECASE if ignores_case else 0), ignores_case)

    @classmethod
    def value(cls, key: str, text: str) -> Self:
        """Finds a key of a JSON object that has a string, or a literal, of letters that JSON writes as they are."""
        return cls(
            b"", re.compile(_after_key(key) + b'"?%b(?=["\\s,\\]}])' % re.escape(text.encode())), False
        )

    @classmethod
    def number(cls, key: str, holds: Callable[[float], bool]) -> Self:
        """Finds a key of a JSON object that has a number, quoted or not, for which ``holds``."""
        return cls(b"", re.compile(_after_key(key) + rb'"?(-?\d[\d.eE+-]*)'), False, partial(_holds, holds))

    def is_in(self, data: bytes) -> bool:
        """Whether it stands in ``data``."""
        if self.pattern is not None:
            return any(map(self.takes, self.pattern.finditer(data)))
        return self.plain in (data.lower() if self.ignores_case else data)

    def takes(self, match: re.Match[bytes]) -> bool:
        """Whether a match of the pattern will do."""
        return self.accepts is None or self.accepts(match[1])


def _after_key(key: str) -> bytes:
    """An expression for a key and the colon behind it, maybe over several lines of data."""
    return b'"%b"%b:%b' % (re.escape(key.encode()), GAP, GAP)


def _holds(holds: Callable[[float], bool], number: bytes) -> bool:
    """Whether it does for a number as JSON writes it; for what is none, as far as this sees it, that stays open."""
    try:
        return holds(int(number) if number.lstrip(b"-").isdigit() else float(number))
    except ValueError:
        return True


def _writings(character: str, *, loose: bool) -> bytes:
    """An expression for all the ways to write one character."""
    cases = sorted({character, character.upper(), character.lower()}) if loose else [character]
    ways = [way for case in cases for way in _ways(case)]
    return b"(?:%b)" % b"|".join(ways)


def _ways(character: str) -> list[bytes]:
    units = character.encode("utf-16-be").hex()
    escaped = "".join(rf"\\u(?i:{units[at : at + 4]})" for at in range(0, len(units), 4))
    ways = [re.escape(character.encode()), escaped.encode()]
    if character in SHORT_ESCAPES:
        ways.append(re.escape(f"\\{SHORT_ESCAPES[character]}".encode()))
    return ways
