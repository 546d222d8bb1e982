"""What the pages show of a terminal is what a terminal shows.

In a ``console`` block, a line that begins with ``$`` is a command, and the lines below it are what it prints. ``…``
stands for the rest of a line, or, alone, for any number of lines.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = {
    "README.md": ".",
    "docs/guide.md": "samples",
    "docs/sharing.md": "samples",
    "docs/diff.md": "samples",
}
"""Each page, and the folder of a checkout in which its commands run."""
BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)


def scenes(page: str) -> Iterator[tuple[str, str]]:
    """Each command of a page, and what is printed below it."""
    for block in BLOCK.findall((ROOT / page).read_text(encoding="utf-8")):
        for scene in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, printed = scene.partition("\n")
            yield command, printed.rstrip("\n")


def pattern(printed: str) -> re.Pattern[str]:
    lines = (
        "(?:.*\n)*?" if line == "…" else re.escape(line).replace("…", ".*") + "\n"
        for line in printed.splitlines()
    )
    return re.compile("".join(lines))


SCENES = [(page, *scene) for page in PAGES for scene in scenes(page)]


@pytest.mark.parametrize(
    ("page", "command", "printed"), SCENES, ids=[f"{page}: {line}" for page, line, _ in SCENES]
)
def test_a_command_on_a_page_prints_what_the_page_shows(
    page: str, command: str, printed: str, tmp_path: Path
) -> None:
    shutil.copytree(ROOT / "samples", tmp_path / "samples")
    program = f'sserec() {{ "{sys.executable}" -m sserec "$@"; }}; {command}'
    done = subprocess.run(
        ["sh", "-c", program],
        cwd=tmp_path / PAGES[page],
        env={**os.environ, "COLUMNS": "118"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert "Traceback" not in done.stdout
    assert pattern(printed).fullmatch(done.stdout), f"{command} prints\n{done.stdout}"


def test_there_is_something_to_compare() -> None:
    assert {page for page, _, _ in SCENES} == set(PAGES)
