"""Keys, hints and commands of two recordings side by side: those of the viewer, as far as they mean something here.

A key keeps its id, so that a person's own keys hold here too.
"""

from collections.abc import Iterator, Mapping

from sserec.diff import Kind
from sserec.tui.commands import COMMANDS, Command
from sserec.tui.comparison.signs import SIGNS
from sserec.tui.help import key_line
from sserec.tui.keymap import ALL, Key
from sserec.tui.kinds import CURSOR
from sserec.tui.page import PageLine

HELP: dict[str, str] = {
    "down": "down: the next line, or a line of text",
    "up": "up",
    "page-down": "a page down",
    "page-up": "a page up",
    "first": "to the first line",
    "last": "to the last",
    "pane-left": "the pane to the left",
    "pane-right": "the pane to the right",
    "next-pane": "the next pane",
    "previous-pane": "the previous pane",
    "open": "into the detail of the pair; from the list into the events",
    "back": "back; at the top: leave",
    "zoom": "this pane alone, and back",
    "next-finding": "to the next difference",
    "previous-finding": "to the difference before",
    "next-hit": "the next hit; where nothing was looked for, the next difference",
    "previous-hit": "the hit before, or the difference before",
    "find": "find events of this side; in the answers and in the detail their text",
    "together": "scroll together by time instead of by alignment, and back",
    "differences": "hide or show the list of differences",
    "form": "what differs in the pair, or both events in full",
    "play": "play both at once, by time, as they came; or pause",
    "slower": "half the speed",
    "faster": "double the speed",
    "normal-speed": "the speed at which they came",
    "next-event": "one line on, whatever pane has the keys",
    "previous-event": "one line back",
    "second-on": "one second on",
    "second-back": "one second back",
    "seconds-on": "five seconds on",
    "seconds-back": "five seconds back",
    "tenth-on": "a tenth of the lines on",
    "tenth-back": "a tenth back",
    "time-column": "times since the request, absolute, or as gaps",
    "next-exchange": "the next pair of exchanges",
    "previous-exchange": "the pair before",
    "findings": "what is wrong with the files",
    "copy": "copy what the pane shows (OSC 52)",
    "pager": "open it in $PAGER",
    "hints": "hide or show these hints",
    "command": "a command; a number goes to that event",
}
PERCENT = frozenset(key.id for key in ALL if key.id.startswith("percent-"))
KEYS = frozenset(HELP) | PERCENT
HINT_WORDS = {
    "next-finding": "next",
    "previous-finding": "previous",
    "together": "by time",
    "play": "play",
    "differences": "list",
    "form": "whole",
    "next-pane": "panes",
    "find": "find",
    "command": "command",
    "help": "help",
}
BY_ID = {key.id: key for key in ALL}
HINTS = tuple(BY_ID[id]._replace(hint=hint) for id, hint in HINT_WORDS.items())

TAKEN = ("find", "go", "time", "copy", "pager", "theme", "help", "quit")
COMPARISON_COMMANDS = (
    Command("next", "", "to the next difference"),
    Command("previous", "", "to the difference before"),
    Command("together", "", "scroll together by time instead of by alignment, and back"),
    Command("pair", "N", "show the Nth pair of exchanges"),
    *(command for command in COMMANDS if command.name in TAKEN),
)
MEANINGS = {
    Kind.CHANGED: "changed",
    Kind.ONLY_A: "only in A",
    Kind.ONLY_B: "only in B",
    Kind.MOVED: "moved: the other side has it elsewhere",
}


def help_lines(keys: Mapping[str, str]) -> list[PageLine]:
    """The page behind ``?``; ``keys`` are the person's own, by id."""
    return list(_lines(keys))


def _lines(keys: Mapping[str, str]) -> Iterator[PageLine]:
    yield PageLine("Two recordings side by side", is_heading=True)
    yield from (key_line(_here(key), keys) for key in ALL if key.id in HELP)
    yield PageLine("to 0 %, 10 %, … 90 % of the lines  (percent-00 … percent-90)", "0 … 9")
    yield PageLine("Signs", is_heading=True)
    yield PageLine("the cursor", CURSOR)
    yield from (PageLine(meaning, SIGNS[kind]) for kind, meaning in MEANINGS.items())
    yield PageLine("Commands, behind :  (Tab completes)", is_heading=True)
    for command in COMPARISON_COMMANDS:
        yield PageLine(command.help, f"{command.name} {command.arguments}".strip())


def _here(key: Key) -> Key:
    return key._replace(help=HELP[key.id])
