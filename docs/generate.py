"""Writes the pages of docs/ that follow from the code; tests/test_docs.py compares.

python docs/generate.py
"""

from pathlib import Path

import click

from sserec.check import SECTIONS, Section
from sserec.cli import COMMANDS, cli
from sserec.credentials.keys import KEYS
from sserec.scan import OPTIONAL, SECRETS

HERE = Path(__file__).parent
CLI_PREFACE = """\
# The command line

<!-- Written by docs/generate.py from the commands themselves. -->

FILE is an archive (`*.sse.zst`), one that still grows, a plain `.sse` text file, any of them in a `.zip` or `.gz`, or
`-` for standard input.

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

SCAN_PREFACE = """\
# What sserec scan looks for

<!-- Written by docs/generate.py from the tables of rules. -->

`sserec scan FILE` reads everything in a recording that holds text, and says where a secret is left:

```text
chat.sse.zst: exchange 1, response body, event 12, byte 3,401, delta.text: AIza… (39 characters) [google-api-key]
```

sserec removes secrets while it records ([recording.md](recording.md#trust-and-secrets)). What is left came in another
way: with `--keep-secrets`, from an import, from an older sserec, in a response, which the recorder keeps byte for byte,
or because a model said it.

* **Where**: the command line, URLs, header fields, trailers, the bodies of requests and responses, errors, marks,
  notes, names of hosts: every place where an archive keeps text.
* **However it is written**: in JSON, in strings of JSON in JSON, with `\\u` escapes or `%` ones, over several lines of
  an event, across the borders of chunks, and told token by token over many events, or over the lines of NDJSON or a
  list of JSON. Base64 is read where it is of text, and is then one secret as a whole; pictures are not looked at as if
  they were text. A compressed request body cannot be looked into; that is said. UTF-16 is not read: no JSON is
  written so.
* A model talks about keys. Placeholders (`YOUR_API_KEY`, `<token>`, `[REDACTED]`) are no findings, and a name alone is
  none either: the value has to look like one that a machine made up (12 characters or more, letters and digits, 3 bits
  a character). Only in the JSON of a request, members such as `password` count whatever they hold; what is a secret in
  a head or a request is then looked for everywhere else.
* Secrets of more than 32 KiB are told by their beginning. Time grows with the size of the recording and with nothing
  else; memory stays what it is.
* The exit code is 0 when there are no findings, 1 when there are, or when something could not be read (damage, a
  compressed body, a recording that goes on): nobody knows what is in it. 2 is for trouble. Of one rule, 20 findings are
  listed for a part of an exchange; the rest is counted. A sample shows four characters at most.
* `--rule` asks for more, `--except` for less. `sserec redact` takes the same options and replaces what this finds.

## The JSON

`sserec scan --json FILE` prints one document; keys are added, never changed:

| key | value |
| --- | --- |
| `file` | as it was given |
| `clean` | nothing was found, and everything could be read: the exit code is 0 |
| `exchanges`, `size` | how many were read, and the bytes of their bodies |
| `findings` | by exchange, part and rule, each in the order of the bytes |
| `findings[].rule` | as below |
| `findings[].exchange` | from 1; null for the recording as a whole |
| `findings[].part` | `response body`, `request header authorization`, `command` and the like |
| `findings[].event` | from 1; null where it is in no event |
| `findings[].offset` | byte of the body, from 0; null outside of bodies |
| `findings[].path` | where in the JSON: `delta.text`; null where there is none |
| `findings[].sample` | its beginning and its length |
| `findings[].unlisted` | how many more there are; 0 but for the last one listed |
| `unread` | what could not be looked into, one line each |

## The rules

Keys that are known by their shape:

| rule | what | documented |
| --- | --- | --- |
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


def scan_page() -> str:
    """docs/scan.md: what is looked for, and where its shape comes from."""
    keys = "".join(f"| `{key.id}` | {key.meaning} | {source(key.source)} |\n" for key in KEYS)
    shapes = {key.id for key in KEYS}
    named = "".join(f"| `{rule}` | {what} |\n" for rule, what in SECRETS.items() if rule not in shapes)
    asked = "".join(f"| `{rule}` | {what} |\n" for rule, what in OPTIONAL.items())
    head = "| rule | what |\n| --- | --- |\n"
    return (
        f"{SCAN_PREFACE}{keys}\nSecrets that are known by their name, or by what stands before them:\n\n{head}{named}"
        f"\nOnly on request, with `--rule`:\n\n{head}{asked}"
    )


def source(text: str) -> str:
    """A link: the host, or what stands in parentheses behind the address."""
    address, _, words = text.partition(" (")
    return f"[{words.rstrip(')') or address.split('/')[2]}]({address})"


PAGES = {"checks.md": checks_page, "cli.md": command_line_page, "scan.md": scan_page}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (HERE / name).write_text(page(), encoding="utf-8")
