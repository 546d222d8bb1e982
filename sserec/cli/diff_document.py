"""``sserec diff --json``: one document, with the keys of docs/diff.md. Keys are added, never changed."""

from collections.abc import Iterator
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from sserec.cli.output import show_json
from sserec.diff import Comparison, Difference, ExchangeDiff, Inner, Kind, Options, edits
from sserec.display import path_text

if TYPE_CHECKING:
    from sserec.recording import Recording

Json = dict[str, Any]

COUNTED = {
    "same": Kind.SAME,
    "changed": Kind.CHANGED,
    "only_in_a": Kind.ONLY_A,
    "only_in_b": Kind.ONLY_B,
    "moved": Kind.MOVED,
}


class DocumentReport:
    """Written when all is compared."""

    def __init__(self, base: str, options: Options) -> None:
        self._comparisons: list[Json] = []
        self._document: Json = {
            "base": path_text(base),
            "level": options.level,
            "exact": options.exact,
            "ignored": options.ignored,
            "timing_percent": options.timing_percent,
            "same": True,
            "comparisons": self._comparisons,
        }

    def add(self, a: "Recording", b: "Recording", comparison: Comparison) -> None:
        self._take(
            {
                "file": path_text(b.name),
                "same": comparison.is_same,
                "error": None,
                "problems": [problem.message for recording in (a, b) for problem in recording.problems],
                "unpaired": [*map(of_difference, comparison.unpaired)],
                "exchanges": [*map(of_exchange, comparison.exchanges)],
            }
        )

    def fail(self, file: str, error: str) -> None:
        nothing: Json = {"problems": [], "unpaired": [], "exchanges": []}
        self._take({"file": path_text(file), "same": False, "error": error} | nothing)

    def end(self) -> None:
        show_json(self._document)

    def _take(self, comparison: Json) -> None:
        self._comparisons.append(comparison)
        self._document["same"] = self._document["same"] and comparison["same"]


def of_exchange(exchange: ExchangeDiff) -> Json:
    counts = exchange.events.counts if exchange.events is not None else None
    return {
        "a": exchange.a.exchange.number,
        "b": exchange.b.exchange.number,
        "same": exchange.is_same,
        "events": None if counts is None else {name: counts[kind] for name, kind in COUNTED.items()},
        "differences": [*map(of_difference, exchange.differences())],
        "timing": [*map(of_measure, exchange.timing)],
        "notes": exchange.notes,
    }


def of_difference(difference: Difference) -> Json:
    document = {field.name: getattr(difference, field.name) for field in fields(difference)}
    return document | {"changes": [*map(of_inner, difference.changes)]} | dict(edits_of(difference))


def of_inner(inner: Inner) -> Json:
    return {field.name: getattr(inner, field.name) for field in fields(inner)} | dict(edits_of(inner))


def edits_of(difference: Difference | Inner) -> Iterator[tuple[str, object]]:
    """Of two texts: which characters of A stand where B has which."""
    a, b = difference.a, difference.b
    if difference.kind is Kind.CHANGED and isinstance(a, str) and isinstance(b, str):
        yield "edits", [list(edit) for edit in edits(a, b)]


def of_measure(measure: Any) -> Json:
    return {
        "measure": measure.name,
        "a": measure.a,
        "b": measure.b,
        "change_percent": measure.change_percent,
        "differs": measure.differs,
    }
