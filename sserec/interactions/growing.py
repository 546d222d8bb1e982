"""Strings and lists that only grow, cheap to copy at any moment.

Knows nothing of streams. Growing costs what is added, never what is there already.
"""

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
