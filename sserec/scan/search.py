"""All rules at once, on a piece of text or bytes.

Knows which rules are wanted; must not know where the text came from.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from sserec.credentials import KEYS, Found, Reading, extent, fields, find_secrets, readings
from sserec.errors import UsageError
from sserec.scan import personal

KNOWN = "known-secret"
SECRETS = (
    {key.id: key.meaning for key in KEYS}
    | fields.RULES
    | {KNOWN: "the very words that are a secret by their name elsewhere in the recording"}
)
OPTIONAL = personal.RULES
OWN_RULE = re.compile(r"([a-z][a-z0-9-]{0,40})=(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Rules:
    """What is looked for."""

    wanted: frozenset[str] = frozenset()
    """Of the rules that have to be asked for."""
    left_out: frozenset[str] = frozenset()
    own: tuple[tuple[str, re.Pattern[str]], ...] = ()
    known: tuple[str, ...] = ()
    """Secrets themselves (:mod:`sserec.scan.known`)."""

    @classmethod
    def chosen(cls, more: Iterable[str], less: Iterable[str]) -> "Rules":
        """``more``: names of rules, or ``NAME=REGEX``; ``less``: names of rules. Raises UsageError."""
        named, own = set(), []
        for rule in more:
            if match := OWN_RULE.fullmatch(rule):
                own.append((match[1], compiled(match[2])))
            else:
                named.add(known(rule, OPTIONAL))
        return cls(frozenset(named), frozenset(known(rule, SECRETS) for rule in less), tuple(own))

    def of_bytes(self, data: bytes, *, is_strict: bool = False) -> list["Secret"]:
        """What is found in bytes, in any of their readings, in their order; none overlaps another."""
        return self.of_readings(list(readings(data)), is_strict=is_strict)

    def of_readings(self, texts: list[Reading], *, is_strict: bool = False) -> list["Secret"]:
        """The same for the readings of one text, the deepest last; places are those of the first."""
        secrets = find_secrets(texts, is_strict=is_strict, left_out=self.left_out)
        within_strings = (within(texts[0].text, reading, one) for reading, one in secrets)
        found = {one for one in within_strings if one.start < one.end}
        found.update(placed(one, reading) for reading in texts for one in self._asked(reading.text))
        return one_by_one(found)

    def _asked(self, text: str) -> Iterator[Found]:
        """What is looked for in one text besides: what is known from elsewhere, and what somebody wants."""
        for secret in self.known if KNOWN not in self.left_out else ():
            yield from (Found(KNOWN, *match.span()) for match in re.finditer(re.escape(secret), text))
        for rule in self.wanted:
            yield from personal.FINDERS[rule](text)
        for rule, pattern in self.own:
            yield from (Found(rule, *match.span()) for match in pattern.finditer(text) if match[0])


ALL_SECRETS = Rules()


class Secret(NamedTuple):
    """Something found in bytes."""

    start: int
    end: int
    rule: str
    text: str
    """What is read there."""


def within(text: str, reading: Reading, found: Found) -> Secret:
    """A secret that was found in a reading of ``text``, no further than the string goes that it stands in."""
    whole, (start, end) = placed(found, reading), extent(text, reading, found)
    return whole if end == whole.end else Secret(start, end, found.rule, text[start:end])


def placed(found: Found, reading: Reading) -> Secret:
    """The same in places of the bytes."""
    text = reading.text[found.start : found.end]
    return Secret(reading.origin(found.start), reading.origin(found.end), found.rule, text)


def one_by_one(found: Iterable[Secret]) -> list[Secret]:
    """In order; those that overlap as one, which goes by the rule that knows most about it."""
    kept: list[Secret] = []
    for one in sorted(found, key=lambda one: (one.start, -one.end, vagueness(one), one.rule)):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
            continue
        clearest = min(kept[-1], one, key=vagueness)
        kept[-1] = clearest._replace(start=kept[-1].start, end=max(kept[-1].end, one.end))
    return kept


def vagueness(one: Secret) -> int:
    """Least of what has a shape; most of what is only the same words as elsewhere."""
    return 2 if one.rule == KNOWN else 1 if one.rule in fields.RULES else 0


def known(rule: str, rules: Iterable[str]) -> str:
    if rule not in rules:
        raise UsageError(f"no rule {rule!r}, but {', '.join(rules)} (sserec scan --help)")
    return rule


def compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as fault:
        raise UsageError(f"{pattern!r} is no regular expression: {fault}") from fault
