"""Strings, lists, sets and numbered things that grow, cheap to copy at any moment.

Knows nothing of streams. Growing costs what is added, never what is there already.
"""

from collections.abc import Iterator
from itertools import chain, islice
from typing import Generic, TypeVar

T = TypeVar("T")

_PAGE = 64
"""Things on a page: what is copied at the first write after a copy."""


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


class Heard(Generic[T]):
    """A set that grows, shared by forks as a :class:`Log` is: each knows how many of the items are its own."""

    __slots__ = ("_count", "_items")

    def __init__(self) -> None:
        self._items: dict[T, int] = {}
        self._count = 0

    def __contains__(self, item: T) -> bool:
        return self._items.get(item, self._count) < self._count

    def add(self, item: T) -> None:
        """Takes an item that is not in it yet."""
        if self._count != len(self._items):  # another fork went on from here
            self._items = dict(islice(self._items.items(), self._count))
        self._items[item] = self._count
        self._count += 1

    def fork(self) -> "Heard[T]":
        fork: Heard[T] = Heard()
        fork._items, fork._count = self._items, self._count
        return fork


class Numbered(Generic[T]):
    """Things by their number. Those from 0 on without a hole, mostly all, stand on pages, which copies share until
    one of them writes: a long stream keeps a thousand copies, and of two thousand steps each differs in one."""

    __slots__ = ("_count", "_others", "_own", "_pages")

    def __init__(self) -> None:
        self._pages: list[list[T]] = []
        self._count = 0
        """How many things stand on pages."""
        self._own: set[int] = set()
        """The pages that no copy shares."""
        self._others: dict[int, T] = {}

    def __len__(self) -> int:
        return self._count + len(self._others)

    @property
    def weight(self) -> int:
        """How many pointers a copy and the write after it take, about."""
        return len(self._pages) + min(self._count, _PAGE) + len(self._others)

    def __setitem__(self, number: int, thing: T) -> None:
        if number < self._count:
            self._writable(number // _PAGE)[number % _PAGE] = thing
        elif number == self._count and number not in self._others:
            self._writable(number // _PAGE).append(thing)
            self._count += 1
        else:
            self._others[number] = thing

    def get(self, number: int) -> T | None:
        if 0 <= number < self._count:
            return self._pages[number // _PAGE][number % _PAGE]
        return self._others.get(number)

    def last(self, count: int) -> list[tuple[int, T]] | None:
        """The last ones in order, where that takes no looking at the others; else None."""
        if self._others:
            return None
        return list(self._row(max(self._count - count, 0)))

    def items(self) -> Iterator[tuple[int, T]]:
        return chain(self._row(0), self._others.items())

    def copy(self) -> "Numbered[T]":
        """One that goes its own way from here: a pointer for each page."""
        self._own = set()
        copy: Numbered[T] = Numbered()
        copy._pages, copy._count, copy._others = self._pages.copy(), self._count, self._others.copy()
        return copy

    def _row(self, first: int) -> Iterator[tuple[int, T]]:
        things = chain.from_iterable(islice(self._pages, first // _PAGE, None))
        return enumerate(islice(things, first % _PAGE, None), start=first)

    def _writable(self, page: int) -> list[T]:
        if page == len(self._pages):
            self._pages.append([])
        elif page not in self._own:
            self._pages[page] = self._pages[page].copy()
        self._own.add(page)
        return self._pages[page]
