"""What docs/diff.md and docs/tricky-cases.md say is so."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from diff_support import SAMPLES, dumped, event, takes, write
from sserec.diff import RULES, Aspect, Level, Rule
from sserec.diff.wire import Manner

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "diff.md").read_text(encoding="utf-8")
TRICKY = (ROOT / "docs" / "tricky-cases.md").read_text(encoding="utf-8")


def table() -> Iterator[str]:
    """The rules as the page shows them, the keys of one place together."""
    yield "| kind | becomes | where |"
    yield "| --- | --- | --- |"
    yield from (f"| {rule.kind} | {rule.way} | {', '.join(places(rule))} |" for rule in RULES)


def places(rule: Rule) -> Iterator[str]:
    split = (path.rpartition(".") for path in rule.paths)
    for holder, group in groupby(split, lambda parts: parts[0]):
        names = [name for _, _, name in group]
        yield f"`{holder}.{names[0] if len(names) == 1 else '{' + ', '.join(names) + '}'}`"


def test_the_page_lists_every_rule_for_volatile_values() -> None:
    assert "\n".join(table()) in PAGE, "docs/diff.md should show\n" + "\n".join(table())


@pytest.mark.parametrize("word", [*Level, *Aspect, *(f"bytes.{manner}" for manner in Manner)])
def test_the_page_names_every_level_aspect_and_manner(word: str) -> None:
    assert f"`{word}`" in PAGE


def keys(value: Any, path: str = "") -> Iterator[str]:
    """The path of every key of a JSON document; what a recording brought is not looked into."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield f"{path}.{key}".removeprefix(".")
            if key not in ("a", "b"):
                yield from keys(inner, f"{path}.{key}")
    if isinstance(value, list):
        for inner in value:
            yield from keys(inner, f"{path}[]")


def documented() -> set[str]:
    """Every key of the page's table. What stands within a cell belongs to the row's key."""
    _, _, section = PAGE.partition("## `--json`")
    found = set()
    for row in re.findall(r"^\| (`.+?) \| (.*) \|$", section, re.MULTILINE):
        named = [
            name.replace("….exchanges", "comparisons[].exchanges") for name in re.findall("`(.+?)`", row[0])
        ]
        named = [name.replace("….differences", "comparisons[].exchanges[].differences") for name in named]
        found |= {*named}
        inner = re.findall(r"`(\w+)`", row[1]) if named[0].endswith(INNER) else []
        found |= {f"{name}{'[]' if name.endswith(LISTS) else ''}.{key}" for name in named for key in inner}
    return found


LISTS = ("timing", "changes")
INNER = (".events", "timing", "_events", "changes")


def test_the_page_names_every_key_of_the_document_and_no_other(tmp_path: Path) -> None:
    (take,) = takes(SAMPLES / "text.sse.zst")
    changed = [block.replace(b"somebody", b"someone").replace(b"data: ", b"data:") for block in take.blocks]
    changed.insert(2, event("probe", n=1) + b"event: e\ndata: " + dumped({"a": 1}) + b"\n\n")
    other = write(tmp_path / "other.sse.zst", take.with_blocks(changed), take)
    command = [sys.executable, "-m", "sserec", "diff", "--json", "--level", "bytes", "--timing", "1"]
    done = subprocess.run(
        [*command, SAMPLES / "text.sse.zst", other, tmp_path / "none.sse"], capture_output=True, check=False
    )
    assert done.returncode == 2
    found = {key.replace("unpaired[]", "exchanges[].differences[]") for key in keys(json.loads(done.stdout))}
    assert found == documented()


def test_every_tricky_case_is_held_by_a_test_that_exists() -> None:
    named = re.findall(r"`(test_\w+)`", TRICKY)
    assert len(named) > 20
    defined = {
        node.name
        for path in (ROOT / "tests").glob("test_diff_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    }
    assert set(named) <= defined
