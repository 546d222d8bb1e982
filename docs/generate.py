"""Writes the pages of docs/ that follow from the code; tests/test_docs.py compares.

    python docs/generate.py
"""

from pathlib import Path

import click

from sserec.cli import COMMANDS, cli

HERE = Path(__file__).parent
CLI_PREFACE = """\
# The command line

<!-- Written by docs/generate.py from the commands themselves. -->

FILE is an archive (`*.sse.zst`), one that still grows, a plain `.sse` text file, or `-` for standard input.

| exit code | of reading commands | of `record` |
| --- | --- | --- |
| 0 | done, nothing to say | the command's own |
| 1 | done, with findings | the command's own |
| 2 | trouble: bad file, bad usage | the command's own |
| 125 | | sserec's own fault, bad usage included |
| 126, 127 | | the command cannot be executed, was not found |
| 128 + n | 141: the reader of stdout is gone | the command died of signal n |
"""


def command_line_page() -> str:
    """docs/cli.md: every command's help, word for word."""
    sections = [CLI_PREFACE, section("sserec", cli)]
    with click.Context(cli, info_name="sserec") as parent:
        for name in COMMANDS:
            command = cli.get_command(parent, name)
            assert command is not None
            sections.append(section(f"sserec {name}", command, parent))
    return "\n".join(sections)


def section(title: str, command: click.Command, parent: click.Context | None = None) -> str:
    name = title.rpartition(" ")[2]
    context = click.Context(command, info_name=name, parent=parent, terminal_width=100, max_content_width=100)
    return f"## {title}\n\n```text\n{command.get_help(context)}\n```\n"


PAGES = {"cli.md": command_line_page}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (HERE / name).write_text(page(), encoding="utf-8")
