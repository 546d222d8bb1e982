"""The language of filters and searches: from what a person types to terms.

    error                 events that hold this text, in any case; with a capital, exactly so
    "two words"           quotes hold a text together
    /tim(e|ing)/i         a regular expression over the event as it was sent; ``i`` ignores case
    delta.text~foo        the JSON value at this path contains the text; ``~/re/`` matches
    index=2               it is this text or number, ``true``, ``false``, ``null``; also > < >= <=
    steps.*.type=thought  ``*`` is any key or position
    @gap>1.5s             what is not in the JSON begins with @: :data:`FACTS`
    !delta                not; also != and !~

All terms must hold. Knows the grammar; must not know how anything is found.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from sserec.errors import UsageError
from sserec.interactions import parse
from sserec.sse import Event
from sserec.tui.model.needle import Needle
from sserec.tui.model.terms import ORDERINGS, Flag, Name, Order, Quantity, Term, Text, Value, number_of


class Fact(NamedTuple):
    """Something that is known of an event beside its JSON."""

    kind: str
    """``flag``, ``name``, or the unit of a quantity: ``count``, ``size``, ``time``."""
    meaning: str


FACTS = {
    "event": Fact("name", "the SSE name: @event=step.delta"),
    "step": Fact("name", "the step's index or type: @step=2, @step=thought"),
    "number": Fact("count", "the event's number: @number>100"),
    "t": Fact("time", "time since the recording's start: @t>=2.5s"),
    "gap": Fact("time", "time since the event before: @gap>500ms"),
    "size": Fact("size", "bytes of the event: @size>4k"),
    "stall": Fact("flag", "events that ended a stall"),
    "finding": Fact("flag", "events that check has something to say about"),
    "mark": Fact("flag", "marked events"),
    "stray": Fact("flag", "bytes that belong to no event"),
}
"""For completion and help."""

UNITS = {
    "count": {"": 1, "k": 10**3, "m": 10**6},
    "size": {"": 1, "b": 1, "k": 10**3, "kb": 10**3, "m": 10**6, "mb": 10**6},
    "time": {"": 10**9, "s": 10**9, "ms": 10**6, "us": 10**3, "µs": 10**3, "ns": 1, "m": 60 * 10**9},
}

_SPACE = re.compile(r"\s*")
_NOT = re.compile("!*")
_FLAG = re.compile(r"@(\w*)(?=\s|$)")
_COMPARED = re.compile(r"(@\w+|[A-Za-z_]\w*(?:\.(?:\*|\w+))*)(!?[=~]|[<>]=?)")
_WRITTEN = re.compile(
    r"""/(?P<expression>(?:[^/\\]|\\.)+)/(?P<loose>i?)(?=\s|$)
      | "(?P<quoted>(?:[^"\\]|\\.)*)"(?=\s|$)
      | (?P<bare>\S+)""",
    re.VERBOSE,
)
_KEY = re.compile(r"[A-Za-z_]\w*")
_QUANTITY = re.compile(r"(\d+(?:\.\d+)?)([A-Za-zµ]*)")


class QueryError(UsageError):
    """What was typed is no query."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position
        """Where in the text."""


@dataclass(frozen=True)
class Condition:
    """A term, or its opposite."""

    term: Term
    is_negated: bool


@dataclass(frozen=True)
class Query:
    """What is wanted of an event: all of the conditions."""

    text: str
    conditions: tuple[Condition, ...]

    @property
    def needs_steps(self) -> bool:
        """Whether it can be answered only where it is known which steps there are."""
        return any(isinstance(each.term, Name) and each.term.fact == "step" for each in self.conditions)


@dataclass(frozen=True)
class Operand:
    """What stands behind an operator, or alone."""

    text: str
    needle: Needle
    is_expression: bool
    position: int

    @property
    def wanted(self) -> Needle | str:
        """What a value has to be, or, of an expression, what it has to match."""
        return self.needle if self.is_expression else self.text


def parse_query(text: str) -> Query | None:
    """What ``text`` asks for; None when it asks for nothing. Raises QueryError."""
    conditions, position = [], _after(_SPACE, text, 0)
    while position < len(text):
        condition, position = _condition(text, position)
        conditions.append(condition)
        position = _after(_SPACE, text, position)
    return Query(text, tuple(conditions)) if conditions else None


def _after(pattern: re.Pattern[str], text: str, position: int) -> int:
    match = pattern.match(text, position)
    return match.end() if match else position


def _condition(text: str, position: int) -> tuple[Condition, int]:
    start = _after(_NOT, text, position)
    is_negated = (start - position) % 2 == 1
    flag, compared = _FLAG.match(text, start), _COMPARED.match(text, start)
    if flag:
        return Condition(_flag(flag[1], start), is_negated), flag.end()
    if compared:
        operand, end = _operand(text, compared.end())
        term = _compared(compared[1], compared[2].lstrip("!"), operand)
        return Condition(term, is_negated ^ compared[2].startswith("!")), end
    operand, end = _operand(text, start)
    return Condition(Text(operand.needle), is_negated), end


def _operand(text: str, position: int) -> tuple[Operand, int]:
    match = _WRITTEN.match(text, position)
    if match is None:
        raise QueryError("something is missing here", position)
    if match["expression"]:
        try:
            needle = Needle.expression(match["expression"], ignores_case=bool(match["loose"]))
        except re.error as error:
            raise QueryError(f"no regular expression: {error}", position) from error
        return Operand(match["expression"], needle, True, position), match.end()
    literal = match["bare"] if match["quoted"] is None else re.sub(r"\\(.)", r"\1", match["quoted"])
    if not literal:
        raise QueryError("nothing stands between the quotes", position)
    return Operand(literal, Needle.text(literal), False, position), match.end()


def _flag(name: str, position: int) -> Term:
    if FACTS.get(name, Fact("", "")).kind != "flag":
        flags = ", ".join(f"@{fact}" for fact, (kind, _) in FACTS.items() if kind == "flag")
        raise QueryError(f"@{name} alone says nothing; what does: {flags}", position)
    return Flag(name)


def _compared(subject: str, operator: str, operand: Operand) -> Term:
    if subject.startswith("@"):
        return _known(subject[1:], operator, operand)
    return _value(tuple(subject.split(".")), operator, operand)


def _known(name: str, operator: str, operand: Operand) -> Term:
    """A condition on what is not in the JSON."""
    if name not in FACTS:
        names = ", ".join(f"@{fact}" for fact in FACTS)
        raise QueryError(f"nothing is called @{name}, only {names}", operand.position)
    kind = FACTS[name].kind
    if kind == "name" and operator in ("=", "~"):
        return Name(name, operand.needle if operator == "~" else operand.wanted)
    if kind in UNITS and operator != "~":
        return Quantity(name, ORDERINGS.get(operator, _is_same), _quantity(kind, operand))
    raise QueryError(f"@{name} cannot be compared by {operator}", operand.position)


def _is_same(value: int, limit: int) -> bool:
    return value == limit


def _quantity(kind: str, operand: Operand) -> int:
    match = _QUANTITY.fullmatch(operand.text)
    units = UNITS[kind]
    if match is None or match[2].lower() not in units:
        raise QueryError(f"no {kind}: {operand.text}", operand.position)
    return round(float(match[1]) * units[match[2].lower()])


def _value(path: tuple[str, ...], operator: str, operand: Operand) -> Term:
    """A condition on the JSON."""
    if operator in ORDERINGS:
        limit = number_of(operand.text)
        if limit is None:
            raise QueryError(f"no number: {operand.text}", operand.position)
        return Order(path, ORDERINGS[operator], limit)
    return Value(path, operand.needle if operator == "~" else operand.wanted)


COMPLETIONS = {f"@{name}": fact.meaning for name, fact in FACTS.items()}
"""What may be typed after an @, and what it means."""


def paths_of(event: Event) -> list[str]:
    """The paths of the values in an event's JSON, for completion; positions in lists as ``*``."""
    return list(dict.fromkeys(_paths(parse(event).payload, "")))


def _paths(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if _KEY.fullmatch(key):
                yield from _paths(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for inner in value:
            yield from _paths(inner, f"{path}.*")
    elif path:
        yield path
