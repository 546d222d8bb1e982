"""Two JSON values compared, place by place.

Knows values, paths and which of them are volatile; must not know what a key means, but for the few by which objects in
a list are known as the same sort of thing. Lists are aligned, so that one item more does not change all behind it.
The order of an object's keys means nothing.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

from sserec.diff.paths import Path
from sserec.diff.rows import Keys, Kind, Row, rows
from sserec.diff.volatile import Mark, Place, Way

DIGEST_BYTES = 16
SORTS = ("type", "modality", "name", "role")
"""Keys that say what sort of object this is: the first that holds a string."""


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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


def compare(a: Any, b: Any, place: Place, path: Path = (), b_path: Path | None = None) -> Iterator[Found]:
    """What differs between ``a`` and ``b``, in the order of A; volatile values are handed on in pairs."""
    b_path = path if b_path is None else b_path
    rule_a, rule_b = place.kind_of(a), place.kind_of(b)
    if rule_a is not None and rule_a is rule_b and type(a) is type(b):
        if rule_a.way is Way.PAIRED:
            yield Opposite(rule_a.kind, path, b_path, a, b)
    elif type(a) is not type(b):
        yield Change(Kind.CHANGED, path, b_path, a, b)
    elif type(a) is dict:
        yield from _compare_objects(a, b, place, path, b_path)
    elif type(a) is list:
        yield from _compare_lists(a, b, place, path, b_path)
    elif a != b:
        yield Change(Kind.CHANGED, path, b_path, a, b)


def _compare_objects(
    a: dict[str, Any], b: dict[str, Any], place: Place, path: Path, b_path: Path
) -> Iterator[Found]:
    for key in a | b:
        inner = place.child(key)
        in_a = key in a and not inner.is_absent(a[key])
        in_b = key in b and not inner.is_absent(b[key])
        if in_a and in_b:
            yield from compare(a[key], b[key], inner, (*path, key), (*b_path, key))
        elif in_a:
            yield Change(Kind.ONLY_A, (*path, key), (*path, key), a=a[key])
        elif in_b:
            yield Change(Kind.ONLY_B, (*b_path, key), (*b_path, key), b=b[key])


def _compare_lists(a: list[Any], b: list[Any], place: Place, path: Path, b_path: Path) -> Iterator[Found]:
    kept_a = [i for i, item in enumerate(a) if not place.child(i).is_absent(item)]
    kept_b = [j for j, item in enumerate(b) if not place.child(j).is_absent(item)]
    for row in rows(_keys(a, kept_a, place), _keys(b, kept_b, place)):
        yield from _compare_row(row, (a, kept_a), (b, kept_b), place, path, b_path)


def _compare_row(
    row: Row,
    of_a: tuple[list[Any], list[int]],
    of_b: tuple[list[Any], list[int]],
    place: Place,
    path: Path,
    b_path: Path,
) -> Iterator[Found]:
    (a, kept_a), (b, kept_b) = of_a, of_b
    i, j = (row.a, row.b) if row.kind is not Kind.MOVED else (row.a, row.twin)
    if i is None:
        if row.kind is Kind.ONLY_B and j is not None:
            yield Change(Kind.ONLY_B, (*b_path, kept_b[j]), (*b_path, kept_b[j]), b=b[kept_b[j]])
        return
    here = (*path, kept_a[i])
    if j is None:
        yield Change(Kind.ONLY_A, here, here, a=a[kept_a[i]])
        return
    there = (*b_path, kept_b[j])
    if row.kind is Kind.MOVED:
        yield Change(Kind.MOVED, here, there, a[kept_a[i]], b[kept_b[j]])
    yield from compare(a[kept_a[i]], b[kept_b[j]], place.child(kept_a[i]), here, there)


def _keys(items: list[Any], kept: list[int], place: Place) -> Keys:
    marks: list[Mark] = []
    return Keys(
        [digest(place.child(i).mask(items[i], marks)) for i in kept],
        [sort_of(items[i]) for i in kept],
    )


def sort_of(value: Any) -> str:
    """What a list's item is, as far as one may be called a changed form of another."""
    if type(value) is dict:
        named = (value[key] for key in SORTS if type(value.get(key)) is str)
        return f"object {next(named, '')}"
    return type(value).__name__
