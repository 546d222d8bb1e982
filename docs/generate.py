"""Writes the pages of docs/ that follow from the code; tests/test_docs.py compares.

python docs/generate.py
"""

from pathlib import Path

import click

from sserec.check import SECTIONS, Section
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

CHECKS_PREFACE = """\
# What sserec check looks for

<!-- Written by docs/generate.py from the table of rules. -->

`sserec check FILE` reads every exchange of a recording once and says what is wrong with it:

```text
chat.sse.zst: exchange 1, event 12, byte 3,401: error: bare JSON in the body: 503: UNAVAILABLE: … [stray-error]
```

* **exchange** and **event** count from 1, **byte** from 0 within the exchange's body, after de-framing and
  content-decoding. What stands between events is told with the number of the last event before it; what only the
  whole stream shows is told at its end. A finding names as much of its place as its rule can know.
* **error**: something is missing or cannot be read. **warning**: something is not as the standard or the API's
  reference says; a client may stumble. **note**: unusual, but allowed.
* The exit code is 1 when there are errors or warnings. Notes do not count; they are printed with `--all` and stand
  in the JSON. 0 is clean, 2 is trouble: no such file, not a recording.
* Of one rule, 20 findings are listed for an exchange; the rest is counted.
* Byte order mark, comments, `retry` and borders of chunks in the middle of characters are not findings.
* A plain `.sse` file knows neither heads nor times nor how it ended; the rules that need them are not applied to it.
  To a stream without a single event of the Interactions API only the general rules are applied, and a note says so.
* A stream that was resumed with `last_event_id` begins in the middle of a step; what follows from that is a note.

## The JSON

`sserec check --json FILE` prints one document; keys are added, never changed:

| key | value |
| --- | --- |
| `file` | as it was given |
| `clean` | neither errors nor warnings: the exit code is 0 |
| `exchanges`, `events` | how many were read |
| `counts` | `error`, `warning`, `note`: how many findings there are, the unlisted included |
| `findings` | in the order of exchange, byte and event |
| `findings[].exchange` | from 1; null for the file as a whole |
| `findings[].event` | from 1; null where no event is concerned, or none came before |
| `findings[].offset` | byte of the body, from 0; null where no byte is concerned |
| `findings[].severity` | `error`, `warning` or `note` |
| `findings[].rule` | the id, as below; it stays what it is |
| `findings[].message` | for people; it may change |
| `findings[].unlisted` | how many more of this rule this exchange holds; 0 but for the last one listed |

## The rules
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
    context = click.Context(
        command,
        info_name=name,
        parent=parent,
        terminal_width=100,
        max_content_width=100,
        **cli.context_settings,
    )
    return f"## {title}\n\n```text\n{command.get_help(context)}\n```\n"


def checks_page() -> str:
    """docs/checks.md: the table of rules, section by section."""
    return "\n".join([CHECKS_PREFACE, *map(rules, SECTIONS)])


def rules(section: Section) -> str:
    heading = f"### {section.title}\n\nPlace: {section.place}.\n\n| rule | severity | meaning |\n| --- | --- | --- |\n"
    return heading + "".join(
        f"| `{rule.id}` | {rule.severity} | {rule.meaning} |\n" for rule in section.rules
    )


PAGES = {"checks.md": checks_page, "cli.md": command_line_page}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (HERE / name).write_text(page(), encoding="utf-8")
