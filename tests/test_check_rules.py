"""Every rule of the table finds what it is for, at its place, and nothing that only looks like it."""

from pathlib import Path

import pytest

from check_examples import EXAMPLES
from check_support import findings_of
from sserec.check import RULES, SECTIONS, Place

PLACES = {rule.id: section.place for section in SECTIONS for rule in section.rules}


def test_every_rule_has_a_stream_that_breaks_it_and_one_that_keeps_it() -> None:
    assert set(EXAMPLES) == set(RULES)


def test_no_rule_stands_in_two_sections() -> None:
    assert sum(len(section.rules) for section in SECTIONS) == len(RULES)


@pytest.mark.parametrize("rule", EXAMPLES)
def test_a_rule_finds_the_stream_that_breaks_it(rule: str, tmp_path: Path) -> None:
    findings = findings_of(EXAMPLES[rule].breaks, tmp_path, rule)
    assert findings
    for finding in findings:
        assert finding.severity is RULES[rule].severity
        assert finding.message == finding.message.strip() != ""


@pytest.mark.parametrize("rule", EXAMPLES)
def test_a_rule_says_nothing_of_the_stream_that_only_comes_close(rule: str, tmp_path: Path) -> None:
    assert not findings_of(EXAMPLES[rule].keeps, tmp_path, rule)


@pytest.mark.parametrize("rule", [rule for rule in EXAMPLES if PLACES[rule] is not Place.FILE])
def test_a_finding_stands_where_the_table_says(rule: str, tmp_path: Path) -> None:
    finding = findings_of(EXAMPLES[rule].breaks, tmp_path, rule)[0]
    places = {"exchange": finding.exchange, "event": finding.event, "byte": finding.offset}
    assert ", ".join(name for name, place in places.items() if place is not None) == PLACES[rule]
