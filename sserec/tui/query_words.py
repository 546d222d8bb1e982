"""What completes a query: the @-names, and the paths of the JSON that one is looking at."""

from collections.abc import Iterator, Sequence
from typing import Any

from sserec.interactions.events import parse_json
from sserec.tui.commands import Completion
from sserec.tui.model.query import FACTS

NOT = "!"
FACT = "@"
DEEPEST = 8
"""Deeper paths are typed by hand."""


def complete_query(text: str, data: bytes) -> Sequence[Completion]:
    """What the last word of a query could become; ``data`` is the event under the cursor."""
    head, space, word = text.rpartition(" ")
    sign = NOT if word.startswith(NOT) else ""
    begun = word.removeprefix(NOT)
    known = list(facts()) if begun.startswith(FACT) else list(paths_in(data)) if begun else []
    return [
        (head + space + sign + name, help) for name, help in known if name.startswith(begun) and name != begun
    ]


def facts() -> Iterator[Completion]:
    return ((FACT + name, fact.meaning) for name, fact in FACTS.items())


def paths_in(data: bytes) -> Iterator[Completion]:
    """Each path to a value, and the value; none where the data is not JSON."""
    try:
        value = parse_json(data.decode())
    except ValueError:
        return
    seen = set()
    for path, found in walk(value, ""):
        if path and path not in seen:
            seen.add(path)
            yield path, str(found)[:60]


def walk(value: Any, path: str, depth: int = 0) -> Iterator[tuple[str, Any]]:
    if depth > DEEPEST:
        return
    if isinstance(value, dict):
        for key, below in value.items():
            yield from walk(below, f"{path}.{key}" if path else str(key), depth + 1)
    elif isinstance(value, list):
        for below in value:
            yield from walk(below, f"{path}.*", depth + 1)
    else:
        yield path, value
