"""Pages that follow from the code are what the code says."""

import contextlib
import doctest
import importlib.util
from pathlib import Path

import pytest

import sserec
from sserec.cli import COMMANDS, cli

DOCS = Path(__file__).parent.parent / "docs"

specification = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
assert specification is not None
assert specification.loader is not None
generate = importlib.util.module_from_spec(specification)
specification.loader.exec_module(generate)


@pytest.mark.parametrize("name", generate.PAGES)
def test_a_generated_page_is_up_to_date(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == generate.PAGES[name](), "run python docs/generate.py"


@pytest.mark.parametrize("name", COMMANDS)
def test_the_summary_in_the_group_is_the_first_line_of_the_command_s_own_help(name: str) -> None:
    with cli.make_context("sserec", [name, "--help"], resilient_parsing=True) as context:
        command = cli.get_command(context, name)
    assert command is not None
    assert command.help is not None
    assert command.help.splitlines()[0].strip() == COMMANDS[name][1]


def test_every_example_of_the_api_page_does_what_it_says() -> None:
    with contextlib.chdir(DOCS.parent / "samples"):
        outcome = doctest.testfile(str(DOCS / "api.md"), module_relative=False, encoding="utf-8")
    assert outcome.attempted > 20
    assert outcome.failed == 0


def test_the_package_s_names_are_what_it_lists() -> None:
    assert sserec.__all__ == sorted(sserec.__all__, key=lambda name: (name.islower(), name))
    assert all(getattr(sserec, name) is not None for name in sserec.__all__)
