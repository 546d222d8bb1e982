"""Strings, lists and numbered things that grow, cheap to copy at any moment.

Knows nothing of streams. Growing costs what is added, never what is there already.
"""

from collections.abc import Iterator
from itertools import chain
from typing import Generic, TypeVar

T = TypeVar("T")


class Joined:
    """A string that grows: fragments, joined when somebody looks."""

    __slots__ = ("_sealed", "fragments")

    def __init__(self) -> None:
        self.fragments: list[str] = []
        self._sealed = 0

    def seal(self) -> None:
        """Joins what came since the last time, so that a million tokens do not stay a million objects.

        Only that: to join everything at each checkpoint would be quadratic, and each would hold a text of its own.
        """
        if len(self.fragments) > self._sealed + 1:
            self.fragments[self._sealed :] = ["".join(self.fragments[self._sealed :])]
        self._sealed = len(self.fragments)

    def copy(self) -> "Joined":
        """A string that grows on its own from here."""
        self.seal()
        copy = Joined()
        copy.fragments, copy._sealed = self.fragments.copy(), self._sealed
        return copy

    def value(self) -> str:
        return "".join(self.fragments)


class Log(Generic[T]):
    """A list that grows. Forks share it up to where they part, so that a fork costs nothing."""

    __slots__ = ("_count", "_items")

    def __init__(self) -> None:
        self._items: list[T] = []
        self._count = 0

    def append(self, item: T) -> None:
        if self._count != len(self._items):  # another fork went on from here
            self._items = self._items[: self._count]
        self._items.append(item)
        self._count += 1

    def fork(self) -> "Log[T]":
        fork: Log[T] = Log()
        fork._items, fork._count = self._items, self._count
        return fork

    def value(self) -> tuple[T, ...]:
        return tuple(self._items[: self._count])


class Numbered(Generic[T]):
    """Things by their number. Those from 0 on without a hole, mostly all, are a list: a copy of that takes a pointer
    each, where one of a dict takes six, and a long stream keeps hundreds of copies."""

    __slots__ = ("_others", "_row")

    def __init__(self, row: list[T] | None = None, others: dict[int, T] | None = None) -> None:
        self._row: list[T] = [] if row is None else row
        self._others: dict[int, T] = {} if others is None else others

    def __len__(self) -> int:
        return len(self._row) + len(self._others)

    def __setitem__(self, number: int, thing: T) -> None:
        if number < len(self._row):
            self._row[number] = thing
        elif number == len(self._row) and number not in self._others:
            self._row.append(thing)
        else:
            self._others[number] = thing

    def get(self, number: int) -> T | None:
        return self._row[number] if 0 <= number < len(self._row) else self._others.get(number)

    def last(self, count: int) -> list[tuple[int, T]] | None:
        """The last ones in order, where that takes no looking at the others; else None."""
        if self._others:
            return None
        first = max(len(self._row) - count, 0)
        return list(enumerate(self._row[first:], start=first))

    def items(self) -> Iterator[tuple[int, T]]:
        return chain(enumerate(self._row), self._others.items())

    def copy(self) -> "Numbered[T]":
        return Numbered(self._row.copy(), self._others.copy())
