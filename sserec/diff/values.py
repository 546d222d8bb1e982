"""Two JSON values compared, place by place.

Knows values, paths and which of them are volatile; must not know what a key means, but for the few by which objects in
a list are known as the same sort of thing. Lists are aligned, so that one item more does not change all behind it.
The order of an object's keys means nothing.
"""

import hashlib
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

from sserec.diff.paths import Path
from sserec.diff.rows import Keys, Kind, rows
from sserec.diff.volatile import ABSENT, Mark, Place, Way

DIGEST_BYTES = 16
SORTS = ("type", "modality", "name", "role")
"""Keys that say what sort of object this is: the first that holds a string."""


@dataclass(slots=True)
class Change:
    """One value that differs. The side that does not have it has None."""

    kind: Kind
    path: Path
    """Where A has it; where B has it when only B does."""
    b_path: Path
    """Where B has it; the same as ``path`` in most cases, and when only A has it."""
    a: Any = None
    b: Any = None
    count: int = 1
    """In how many places the same two values stand opposite one another; this is the first."""


@dataclass(slots=True)
class Opposite:
    """Two volatile values in the same place."""

    kind: str
    path: Path
    b_path: Path
    a: str | int
    b: str | int


Json: TypeAlias = dict[str, Any]
Found: TypeAlias = Change | Opposite


def digest(value: Any) -> bytes:
    """The same for values that are the same: key order and writing do not matter, 1 and 1.0 differ."""
    return hashlib.blake2b(
        orjson.dumps(value, option=orjson.OPT_SORT_KEYS), digest_size=DIGEST_BYTES
    ).digest()


def compare(a: Any, b: Any, place: Place, path: Path = (), b_path: Path | None = None) -> list[Found]:
    """What differs between ``a`` and ``b``, in the order of A; volatile values are handed on in pairs."""
    found: list[Found] = []
    _compare(found, a, b, place, path, path if b_path is None else b_path)
    return found


def _compare(found: list[Found], a: Any, b: Any, place: Place, path: Path, b_path: Path) -> None:
    rule = place.kind_of(a)
    if rule is not None and type(a) is type(b) and rule is place.kind_of(b):
        if rule.way is Way.PAIRED:
            found.append(Opposite(rule.kind, path, b_path, a, b))
    elif type(a) is not type(b):
        found.append(Change(Kind.CHANGED, path, b_path, a, b))
    elif type(a) is dict:
        _compare_objects(found, a, b, place, path, b_path)
    elif type(a) is list:
        _compare_lists(found, a, b, place, path, b_path)
    elif a != b:
        found.append(Change(Kind.CHANGED, path, b_path, a, b))


def _compare_objects(
    found: list[Found], a: dict[str, Any], b: dict[str, Any], place: Place, path: Path, b_path: Path
) -> None:
    for key in a if a.keys() == b.keys() else a | b:
        of_a, of_b, inner = a.get(key, ABSENT), b.get(key, ABSENT), place.child(key)
        if inner.rule is not None:
            of_a, of_b = inner.present(of_a), inner.present(of_b)
        elif type(of_a) is str and of_a == of_b:
            continue  # so it is with most values, and there are many
        if of_a is not ABSENT and of_b is not ABSENT:
            _compare(found, of_a, of_b, inner, (*path, key), (*b_path, key))
        elif of_a is not ABSENT:
            found.append(Change(Kind.ONLY_A, (*path, key), (*path, key), a=of_a))
        elif of_b is not ABSENT:
            found.append(Change(Kind.ONLY_B, (*b_path, key), (*b_path, key), b=of_b))


class _Items:
    """What a list holds, without what is ignored."""

    def __init__(self, items: list[Any], place: Place) -> None:
        self.indexes: list[int] = []
        self.exact: list[bytes] = []
        self.are_plain: list[bool] = []
        """Whether nothing in the item is volatile."""
        for index, item in enumerate(items):
            marks: list[Mark] = []
            masked = place.child(index).mask(item, marks)
            if masked is not ABSENT:
                self.indexes.append(index)
                self.exact.append(digest(masked))
                self.are_plain.append(not marks)
        self.keys = Keys(self.exact, [sort_of(items[index]) for index in self.indexes])


def _compare_lists(
    found: list[Found], a: list[Any], b: list[Any], place: Place, path: Path, b_path: Path
) -> None:
    if len(a) == len(b) == 1 and sort_of(a[0]) == sort_of(b[0]) and not place.child(0).is_absent(a[0]):
        _compare(found, a[0], b[0], place.child(0), (*path, 0), (*b_path, 0))
        return
    of_a, of_b = _Items(a, place), _Items(b, place)
    for kind, i, j, twin in rows(of_a.keys, of_b.keys):
        if kind is Kind.MOVED:
            j = twin
        if (i is None and kind is Kind.MOVED) or (kind is Kind.SAME and i is not None and of_a.are_plain[i]):
            continue
        here = None if i is None else of_a.indexes[i]
        there = None if j is None else of_b.indexes[j]
        if here is not None and there is not None:
            if kind is Kind.MOVED:
                found.append(Change(kind, (*path, here), (*b_path, there), a[here], b[there]))
                if i is not None and of_a.are_plain[i]:
                    continue
            _compare(found, a[here], b[there], place.child(here), (*path, here), (*b_path, there))
        elif here is not None:
            found.append(Change(kind, (*path, here), (*path, here), a=a[here]))
        elif there is not None:
            found.append(Change(kind, (*b_path, there), (*b_path, there), b=b[there]))


def sort_of(value: Any) -> str:
    """What a list's item is, as far as one may be called a changed form of another."""
    if type(value) is dict:
        named = (value[key] for key in SORTS if type(value.get(key)) is str)
        return f"object {next(named, '')}"
    return type(value).__name__
