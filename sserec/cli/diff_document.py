"""``sserec diff --json``: one document, with the keys of docs/diff.md. Keys are added, never changed.

Invariant: it is written while it is made, a line for each difference: there may be 100,000 of them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import orjson

from sserec.cli.output import show_bytes
from sserec.diff import Comparison, Difference, ExchangeDiff, Inner, Kind, Measure, Options, edits
from sserec.display import path_text

if TYPE_CHECKING:
    from sserec.recording import Recording

Json = dict[str, Any]

DIFFERENCE_KEYS = tuple(field.name for field in fields(Difference))
INNER_KEYS = tuple(field.name for field in fields(Inner))
COUNTED = {
    "same": Kind.SAME,
    "changed": Kind.CHANGED,
    "only_in_a": Kind.ONLY_A,
    "only_in_b": Kind.ONLY_B,
    "moved": Kind.MOVED,
}


class DocumentReport:
    """Written comparison by comparison."""

    def __init__(self, base: str, options: Options) -> None:
        self._opening = {
            "base": path_text(base),
            "level": options.level,
            "exact": options.exact,
            "ignored": options.ignored,
            "timing_percent": options.timing_percent,
        }
        self._count = 0
        self._is_same = True

    def add(self, a: "Recording", b: "Recording", comparison: Comparison) -> None:
        head = {
            "file": path_text(b.name),
            "same": comparison.is_same,
            "error": None,
            "problems": [problem.message for recording in (a, b) for problem in recording.problems],
            "unpaired": [*map(of_difference, comparison.unpaired)],
        }
        self._take(with_list(head, "exchanges", map(of_exchange, comparison.exchanges)), comparison.is_same)

    def fail(self, file: str, error: str) -> None:
        head = {"file": path_text(file), "same": False, "error": error, "problems": [], "unpaired": []}
        self._take(with_list(head, "exchanges", ()), is_same=False)

    def end(self) -> None:
        show_bytes(
            [b"" if self._count else self._begin(), b"],\n", orjson.dumps({"same": self._is_same})[1:], b"\n"]
        )

    def _take(self, comparison: Iterable[bytes], is_same: bool) -> None:
        show_bytes([b",\n" if self._count else self._begin()])
        show_bytes(comparison)
        self._count += 1
        self._is_same &= is_same

    def _begin(self) -> bytes:
        return orjson.dumps(self._opening)[:-1] + b',\n"comparisons":['


def with_list(head: Json, key: str, items: Iterable[Iterable[bytes]]) -> Iterator[bytes]:
    """A JSON object whose last value is a list, item by item."""
    yield orjson.dumps(head)[:-1] + f',"{key}":['.encode()
    for place, item in enumerate(items):
        yield b",\n" if place else b"\n"
        yield from item
    yield b"]}"


def of_exchange(exchange: ExchangeDiff) -> Iterator[bytes]:
    counts = exchange.events.counts if exchange.events is not None else None
    head = {
        "a": exchange.a.exchange.number,
        "b": exchange.b.exchange.number,
        "same": exchange.is_same,
        "events": None if counts is None else {name: counts[kind] for name, kind in COUNTED.items()},
        "timing": [*map(of_measure, exchange.timing)],
        "notes": exchange.notes,
    }
    differences = ((orjson.dumps(of_difference(one)),) for one in exchange.differences())
    return with_list(head, "differences", differences)


def of_difference(difference: Difference) -> Json:
    document = with_edits(difference, DIFFERENCE_KEYS)
    document["changes"] = [*map(of_inner, difference.changes)]
    return document


def of_inner(inner: Inner) -> Json:
    return with_edits(inner, INNER_KEYS)


def with_edits(difference: Difference | Inner, keys: Iterable[str]) -> Json:
    """Its values by key, and of two texts which characters of A stand where B has which."""
    document = {key: getattr(difference, key) for key in keys}
    a, b = difference.a, difference.b
    if difference.kind is Kind.CHANGED and isinstance(a, str) and isinstance(b, str):
        document["edits"] = [list(edit) for edit in edits(a, b)]
    return document


def of_measure(measure: Measure) -> Json:
    return {
        "measure": measure.name,
        "a": measure.a,
        "b": measure.b,
        "change_percent": measure.change_percent,
        "differs": measure.differs,
    }
