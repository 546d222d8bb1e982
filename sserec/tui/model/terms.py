"""What a filter asks of one event.

Knows how a term is answered for one event; must not know how events are reached. Each term says by a needle what
must stand in an event's bytes for it to hold, so that most events need not be looked at.
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypeAlias

import orjson

from sserec.tui.model.needle import Needle


class Subject(Protocol):
    """An event, or bytes that belong to none."""

    @property
    def block(self) -> bytes:
        """All its bytes, as they were sent."""

    @property
    def payload(self) -> dict[str, Any]:
        """Its JSON; empty where it has none."""

    @property
    def name(self) -> str:
        """Its SSE type."""

    @property
    def number(self) -> int | None: ...
    @property
    def t_ns(self) -> int | None: ...
    @property
    def gap_ns(self) -> int | None: ...
    @property
    def step_names(self) -> tuple[str, ...]:
        """Index and type of the step that it belongs to."""

    def has(self, flag: str) -> bool:
        """Whether it is a stall, has a finding or a mark, is stray."""


class Term(Protocol):
    """One condition."""

    @property
    def needle(self) -> Needle | None:
        """What must stand in the bytes of every event for which it holds; None where that cannot be told."""

    @property
    def is_exact(self) -> bool:
        """Whether the needle is the whole condition."""

    def holds(self, subject: Subject) -> bool:
        """Whether the condition is met."""


WORD = re.compile(r"[A-Za-z0-9_.-]+")
"""What JSON writes as the query does, whatever stands around it."""

Compared: TypeAlias = Callable[[Any, Any], bool]

ORDERINGS: dict[str, Compared] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


@dataclass(frozen=True)
class Text:
    """The event's bytes hold a text or match an expression."""

    needle: Needle
    is_exact = True

    def holds(self, subject: Subject) -> bool:
        return self.needle.is_in(subject.block)


@dataclass(frozen=True)
class Value:
    """A value of the JSON: equal to, or containing, what stands in the query."""

    path: tuple[str, ...]
    wanted: Needle | str
    """What it contains or matches; or the text that it is."""
    is_exact = False

    @property
    def needle(self) -> Needle | None:
        """What is wanted behind the last key, where JSON writes that in one way; else a word of it, or the key."""
        if isinstance(self.wanted, Needle):
            return self._word_of(self.wanted.plain.decode(), ignores_case=self.wanted.ignores_case)
        key, number = plain_key(self.path), number_of(self.wanted)
        if number is not None:
            return key_needle(self.path) if key is None else Needle.number(key, partial(operator.eq, number))
        if key is not None and WORD.fullmatch(self.wanted):
            return Needle.value(key, self.wanted)
        return self._word_of(self.wanted, ignores_case=False)

    def _word_of(self, text: str, *, ignores_case: bool) -> Needle | None:
        word = max(WORD.findall(text), key=len, default="")
        return Needle(word.encode(), None, ignores_case) if word else key_needle(self.path)

    def holds(self, subject: Subject) -> bool:
        return any(map(self._fits, values_at(subject.payload, self.path)))

    def _fits(self, value: Any) -> bool:
        text = written(value)
        if isinstance(self.wanted, Needle):
            return self.wanted.is_in(text.encode("utf-8", "replace"))
        return text == self.wanted or is_same_number(value, self.wanted)


@dataclass(frozen=True)
class Order:
    """A number of the JSON, compared."""

    path: tuple[str, ...]
    compare: Compared
    limit: float
    is_exact = False

    @property
    def needle(self) -> Needle | None:
        key = plain_key(self.path)
        return key_needle(self.path) if key is None else Needle.number(key, self._fits)

    def holds(self, subject: Subject) -> bool:
        values = values_at(subject.payload, self.path)
        return any(map(self._fits, (value for value in values if type(value) in (int, float))))

    def _fits(self, value: float) -> bool:
        return bool(self.compare(value, self.limit))


@dataclass(frozen=True)
class Quantity:
    """A number that is known of an event beside its JSON, compared; no number, no match."""

    fact: str
    compare: Compared
    limit: int
    needle = None
    is_exact = False

    def holds(self, subject: Subject) -> bool:
        value = QUANTITIES[self.fact](subject)
        return value is not None and self.compare(value, self.limit)


@dataclass(frozen=True)
class Name:
    """A word that is known of an event beside its JSON."""

    fact: str
    wanted: Needle | str
    needle = None
    is_exact = False

    def holds(self, subject: Subject) -> bool:
        names = NAMES[self.fact](subject)
        if isinstance(self.wanted, Needle):
            return any(self.wanted.is_in(name.encode()) for name in names)
        return self.wanted in names


@dataclass(frozen=True)
class Flag:
    """Something that an event has or has not."""

    fact: str
    needle = None
    is_exact = False

    def holds(self, subject: Subject) -> bool:
        return subject.has(self.fact)


QUANTITIES: dict[str, Callable[[Subject], int | None]] = {
    "number": lambda subject: subject.number,
    "t": lambda subject: subject.t_ns,
    "gap": lambda subject: subject.gap_ns,
    "size": lambda subject: len(subject.block),
}
NAMES: dict[str, Callable[[Subject], tuple[str, ...]]] = {
    "event": lambda subject: (subject.name,),
    "step": lambda subject: subject.step_names,
}


def values_at(value: Any, path: tuple[str, ...]) -> list[Any]:
    """Every value at ``path``; ``*`` is any key or position."""
    for depth, key in enumerate(path, start=1):
        if key == "*" or type(value) is not dict:
            return [found for inner in _inner(value, key) for found in values_at(inner, path[depth:])]
        if key not in value:
            return []
        value = value[key]
    return [value]


def _inner(value: Any, key: str) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values()) if key == "*" else [value[key]] if key in value else []
    if isinstance(value, list):
        if key == "*":
            return value
        return [value[int(key)]] if key.isdecimal() and int(key) < len(value) else []
    return []


def written(value: Any) -> str:
    """A value as text: strings as they are, everything else as JSON."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def number_of(text: str) -> float | None:
    """``2``, ``2.5``, ``1e3``; None for everything else."""
    return float(text) if re.fullmatch(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?", text) else None


def is_same_number(value: Any, text: str) -> bool:
    return type(value) in (int, float) and value == number_of(text)


def plain_key(path: tuple[str, ...]) -> str | None:
    """The key that the value at ``path`` stands behind in the JSON; None where it may stand in a list."""
    key = path[-1]
    return key if key != "*" and not key.isdecimal() and key.isascii() else None


def key_needle(path: tuple[str, ...]) -> Needle | None:
    """The last key of a path, as it must stand in the JSON."""
    key = next(filter(None, (plain_key(path[: end + 1]) for end in reversed(range(len(path))))), None)
    return None if key is None else Needle(key.encode(), None, ignores_case=False)
