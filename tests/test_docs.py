"""Pages that follow from the code are what the code says."""

import importlib.util
from pathlib import Path

import pytest

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
