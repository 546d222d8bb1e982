"""The page behind ``?``: made from the tables of keys, commands and queries, so that it is never out of date."""

from collections.abc import Iterator, Mapping

from sserec.records import Severity
from sserec.tui import kinds
from sserec.tui.commands import COMMANDS
from sserec.tui.keymap import GROUPS, Key, shown
from sserec.tui.model.query import FACTS
from sserec.tui.page import PageLine

SIGNS = (
    (kinds.CURSOR, "the cursor"),
    (kinds.MARK, f"a mark; {kinds.NOTE} one with a note"),
    (kinds.FINDINGS[Severity.ERROR], "an error that sserec check found"),
    (kinds.FINDINGS[Severity.WARNING], "a warning"),
    (kinds.FINDINGS[Severity.NOTE], "a note of the check"),
    (kinds.STALL, "the silence before this event was a stall"),
)
QUERIES = (
    ("word", "events that hold it; capital letters count where there are some"),
    ('"two words"', "as they stand"),
    ("/a.b/  /a.b/i", "a regular expression over the bytes; i: whatever the case"),
    ("!word", "events that do not"),
    ("delta.text~word", "the JSON value at this path holds it; = < <= > >= compare; * is any key or place"),
)
PERCENT = "percent-"


def help_lines(keys: Mapping[str, str]) -> list[PageLine]:
    """All of it; ``keys`` are the person's own, by id."""
    return list(lines(keys))


def lines(keys: Mapping[str, str]) -> Iterator[PageLine]:
    for group, entries in GROUPS.items():
        yield PageLine(group, is_heading=True)
        for key in entries:
            if not key.id.startswith(PERCENT):
                yield key_line(key, keys)
        if group == "Time":
            yield PageLine("to 0 %, 10 %, … 90 % of the stream  (percent-00 … percent-90)", "0 … 9")
    yield PageLine("Signs in the margin", is_heading=True)
    yield from (PageLine(meaning, sign) for sign, meaning in SIGNS)
    yield PageLine("Queries, for / and f: words that all must hold", is_heading=True)
    yield from (PageLine(meaning, form) for form, meaning in QUERIES)
    yield from (PageLine(fact.meaning, f"@{name}") for name, fact in FACTS.items())
    yield PageLine("Commands, behind :  (Tab completes)", is_heading=True)
    yield from (PageLine(command.help, f"{command.name} {command.arguments}".strip()) for command in COMMANDS)
    yield PageLine("Your own keys", is_heading=True)
    yield PageLine('$XDG_CONFIG_HOME/sserec/config.toml, table [keys], by the names in brackets: play = "p"')


def key_line(key: Key, keys: Mapping[str, str]) -> PageLine:
    return PageLine(f"{key.help}  ({key.id})", shown(keys.get(key.id, key.keys)))
