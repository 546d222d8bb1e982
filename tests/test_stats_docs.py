"""docs/metrics.md names every key that a script can meet."""

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from sserec.cli.stats import FileResult
from sserec.stats import BOUNDS_NS, Figures, Gaps, Share, Spread, Total, Usage
from sserec.timeline import STALL_NS, Band, Stall

PAGE = (Path(__file__).parent.parent / "docs" / "metrics.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("table", [Figures, Total, Gaps, Spread, Share, Usage, Stall, Band, FileResult])
def test_every_key_is_documented(table: Any) -> None:
    named = set(re.findall(r"`(\w+)(?:\[\])?`", PAGE))
    assert {field.name for field in fields(table)} <= named


def test_the_numbers_on_the_page_are_those_of_the_code() -> None:
    assert f"**{STALL_NS // 10**9} seconds**" in PAGE
    assert (BOUNDS_NS[0], BOUNDS_NS[-1]) == (10_000_000, 81_920_000_000)
    assert "10 ms, and twice as much each time, up to 81.92 s" in PAGE
