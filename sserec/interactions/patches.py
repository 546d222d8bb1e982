"""What turns one JSON value into another, as few changes as a reader needs to follow.

Knows JSON values alone; must not know what they mean. Invariant: applied in order to the value before, the patches give
the value after, the order of keys and the difference between 1, 1.0 and true included. The cost is that of looking at
both values once, and a string that only grew is told by what it grew.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias

Path: TypeAlias = tuple[str | int, ...]


class Change(StrEnum):
    """What a patch does to the place that it names."""

    APPEND = "append"
    """The string there grows by ``value``."""
    SET = "set"
    """``value`` stands there; behind the last item of an array, or under a new key, it is added."""
    REMOVE = "remove"
    """The key goes."""
    CUT = "cut"
    """Of the array there, the first ``value`` items stay."""
    ORDER = "order"
    """The keys of the object there stand in the order of ``value``."""


class Patch(NamedTuple):
    """One change at one place."""

    change: Change
    path: Path
    value: Any = None


def patches(before: Any, after: Any, path: Path = ()) -> Iterator[Patch]:
    """The changes from one value to the other, which stands at ``path``; none within what both share."""
    if before is after:
        return
    if type(before) is not type(after):
        yield Patch(Change.SET, path, after)
    elif type(after) is dict:
        yield from _in_object(before, after, path)
    elif type(after) is list:
        yield from in_array(before, after, path)
    elif before != after:
        yield _in_scalar(before, after, path)


def in_array(before: list[Any], after: list[Any], path: Path, start: int = 0) -> Iterator[Patch]:
    """The changes to an array of which only the items from ``start`` on are given."""
    common = min(len(before), len(after))
    for index in range(common):
        yield from patches(before[index], after[index], (*path, start + index))
    if len(before) > common:
        yield Patch(Change.CUT, path, start + common)
    for index in range(common, len(after)):
        yield Patch(Change.SET, (*path, start + index), after[index])


def _in_object(before: dict[str, Any], after: dict[str, Any], path: Path) -> Iterator[Patch]:
    for key in before:
        if key not in after:
            yield Patch(Change.REMOVE, (*path, key))
    for key, value in after.items():
        if key in before:
            yield from patches(before[key], value, (*path, key))
        else:
            yield Patch(Change.SET, (*path, key), value)
    kept = [key for key in before if key in after]
    if list(after) != kept + [key for key in after if key not in before]:
        yield Patch(Change.ORDER, path, list(after))


def _in_scalar(before: Any, after: Any, path: Path) -> Patch:
    if type(after) is str and before and after.startswith(before):
        return Patch(Change.APPEND, path, after[len(before) :])
    return Patch(Change.SET, path, after)
