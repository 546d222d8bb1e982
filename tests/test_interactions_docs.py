"""docs/interactions.md names what the fold's tables name, no more and no less."""

import re
from pathlib import Path

from sserec.interactions import RULES
from sserec.interactions.assembler import _HANDLERS
from sserec.interactions.steps import DELTAS

PAGE = (Path(__file__).parent.parent / "docs" / "interactions.md").read_text(encoding="utf-8")


def first_cells(section: str) -> set[str]:
    """The code words in the first column of a section's table."""
    (body,) = re.findall(rf"^## {section}\n(.*?)(?=^## |\Z)", PAGE, flags=re.DOTALL | re.MULTILINE)
    rows = re.findall(r"^\| (`.*?) \|", body, flags=re.MULTILINE)
    return {word for row in rows for word in re.findall(r"`([^`]+)`", row)}


def test_the_page_names_every_event() -> None:
    assert first_cells("Events") == set(_HANDLERS)


def test_the_page_names_every_delta() -> None:
    assert first_cells("Deltas") == set(DELTAS)


def test_the_page_names_every_reason_to_keep_an_event_aside() -> None:
    ids = set(re.findall(r"\| `([^`]+)` \|$", PAGE, flags=re.MULTILINE))
    assert ids == {rule.id for rule in RULES.values() if rule.keeps_event}


def test_every_diagnostic_that_the_page_names_exists() -> None:
    named = set(re.findall(r"`([a-z]+(?:-[a-z0-9]+)+)`", PAGE))
    assert named <= RULES.keys()
    assert named
