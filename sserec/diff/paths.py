"""Places in JSON: how they are written, and patterns that many of them fit.

    interaction.steps[1].content[0].text      a place
    interaction.steps[*].id                   ``*`` in brackets: any place in a list
    response.headers.x-ratelimit-*            ``*`` in a name: any characters
    **.usage                                  ``**``: any number of steps down, none included

Knows keys and indexes; must not know what a pattern is for. Invariant: following a path costs the patterns that are
still in play, and a node says in advance which keys can matter.
"""

import re
from fnmatch import fnmatchcase
from functools import cached_property, lru_cache
from typing import NamedTuple, TypeAlias

import orjson

from sserec.errors import UsageError

Path: TypeAlias = tuple[str | int, ...]

EACH = -1
"""In a path: any place in a list, all of them alike."""

_PLAIN_NAME = re.compile(r"[\w-]+")
_SEGMENT = re.compile(r'\[(?P<index>\d+|\*)\]|\[(?P<quoted>"(?:[^"\\]|\\.)*")\]|\.?(?P<name>[^.\[\]]+)')


@lru_cache(maxsize=1024)
def written(path: Path) -> str:
    """``interaction.steps[1].text``; keys that are no plain names in brackets and quotes, as in JSONPath."""
    parts = []
    for key in path:
        if isinstance(key, int):
            parts.append("[*]" if key == EACH else f"[{key}]")
        elif _PLAIN_NAME.fullmatch(key):
            parts.append(f".{key}")
        else:
            parts.append(f"[{orjson.dumps(key).decode()}]")
    return "".join(parts).removeprefix(".")


class AnyIndex(NamedTuple):
    """``[*]``"""


class AnyDepth(NamedTuple):
    """``**``"""


class Glob(NamedTuple):
    """A name with ``*`` or ``?`` in it."""

    text: str


Segment: TypeAlias = str | int | AnyIndex | AnyDepth | Glob
Pattern: TypeAlias = tuple[Segment, ...]


def pattern(text: str) -> Pattern:
    """Reads a pattern. Raises UsageError where it is none."""
    segments: list[Segment] = []
    position = 0
    while position < len(text):
        match = _SEGMENT.match(text, position)
        segment = None if match is None else _segment(match)
        if match is None or segment is None:
            raise UsageError(f"{text!r} is not a path: see character {position + 1} (docs/diff.md, Paths)")
        segments.append(segment)
        position = match.end()
    if not segments:
        raise UsageError("a path is empty (docs/diff.md, Paths)")
    return tuple(segments)


def _segment(match: "re.Match[str]") -> Segment | None:
    """None for a quoted key that is no JSON."""
    index, quoted, name = match["index"], match["quoted"], match["name"]
    if index is not None:
        return AnyIndex() if index == "*" else int(index)
    if quoted is not None:
        try:
            return str(orjson.loads(quoted))
        except orjson.JSONDecodeError:
            return None
    if name == "**":
        return AnyDepth()
    return Glob(name) if "*" in name or "?" in name else name


_State: TypeAlias = tuple[int, int]
"""The number of a pattern, and how many of its segments have been met."""


class Node:
    """Where some patterns stand after part of a path."""

    def __init__(self, patterns: tuple[Pattern, ...], states: frozenset[_State]) -> None:
        self._patterns = patterns
        self._states = self._unfolded(states)

    @classmethod
    def root(cls, patterns: tuple[Pattern, ...]) -> "Node":
        return cls(patterns, frozenset((number, 0) for number in range(len(patterns))))

    @cached_property
    def met(self) -> int | None:
        """The number of the first pattern that this place fits."""
        ended = [number for number, met in self._states if met == len(self._patterns[number])]
        return min(ended, default=None)

    @cached_property
    def indexes(self) -> frozenset[int]:
        """The places in a list that are not as good as any other."""
        return frozenset(segment for segment in self._ahead() if isinstance(segment, int))

    @cached_property
    def names(self) -> frozenset[str] | None:
        """The only keys of an object that can lead to a pattern's end; None where any can."""
        ahead = self._ahead()
        if any(isinstance(segment, AnyDepth | Glob) for segment in ahead):
            return None
        return frozenset(segment for segment in ahead if isinstance(segment, str))

    def child(self, key: str | int) -> "Node | None":
        """Where the patterns stand one key further; None where none of them can be met any more."""
        states = frozenset(
            (number, met if isinstance(segment, AnyDepth) else met + 1)
            for number, met in self._states
            if met < len(self._patterns[number]) and _fits(segment := self._patterns[number][met], key)
        )
        return Node(self._patterns, states) if states else None

    def _ahead(self) -> list[Segment]:
        return [
            self._patterns[number][met] for number, met in self._states if met < len(self._patterns[number])
        ]

    def _unfolded(self, states: frozenset[_State]) -> frozenset[_State]:
        """With what stands behind each ``**``, which may stand for nothing."""
        found, new = set(states), list(states)
        while new:
            number, met = new.pop()
            segments = self._patterns[number]
            if met < len(segments) and isinstance(segments[met], AnyDepth) and (number, met + 1) not in found:
                found.add((number, met + 1))
                new.append((number, met + 1))
        return frozenset(found)


def _fits(segment: Segment, key: str | int) -> bool:
    match segment:
        case AnyDepth():
            return True
        case AnyIndex():
            return isinstance(key, int)
        case Glob(text):
            return isinstance(key, str) and fnmatchcase(key, text)
    return segment == key
