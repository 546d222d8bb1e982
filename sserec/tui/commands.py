"""What can be typed behind ``:``, and what completes it.

Knows words; must not know how a command is done: ``export`` is the method ``do_export`` of the desk.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from sserec.errors import UsageError
from sserec.export import FORMATS
from sserec.tui.config import TIME_COLUMNS


class Command(NamedTuple):
    """One command."""

    name: str
    arguments: str
    help: str
    words: tuple[str, ...] = ()
    """What its first argument may be."""

    @property
    def method(self) -> str:
        """Whose method of the desk does it."""
        return "do_" + self.name.replace("-", "_")


COMMANDS = (
    Command("export", "FORMAT [FILE]", "write this exchange in a format of sserec export", tuple(FORMATS)),
    Command("save-media", "[FOLDER]", "save images, audio, video and documents"),
    Command("save-body", "[FILE]", "save the recorded body, byte for byte"),
    Command("copy", "", "copy what the pane shows (OSC 52)"),
    Command("pager", "", "open what the pane shows in $PAGER"),
    Command("find", "QUERY", "find events"),
    Command("filter", "[QUERY]", "show only events that match; nothing shows all"),
    Command("go", "PLACE", "to an event (512), a part (50%), a time (7.4s), or by a time (+5s, -1s)"),
    Command("step", "[KIND]", "to the next step, of this kind"),
    Command("stall", "", "to the next stall"),
    Command("finding", "", "to the next finding"),
    Command("mark", "", "to the next mark"),
    Command("exchange", "N", "show exchange N"),
    Command("note", "TEXT", "a note on this event; nothing takes it away"),
    Command("write-marks", "", "write marks and notes into the file"),
    Command("check", "", "check the recording, as sserec check does"),
    Command("findings", "", "what the check said"),
    Command("diff", "FILE", "compare with another recording, as sserec diff does"),
    Command("replay", "", "serve this recording, as sserec replay does; again: stop that"),
    Command("request", "", "the request, and the head of the response"),
    Command("speed", "N", "play at N times the speed", ("0.25", "0.5", "1", "2", "5", "10")),
    Command("idle", "[SECONDS]", "play a longer silence as one of this length; nothing plays it whole"),
    Command("follow", "", "follow a growing recording"),
    Command("time", "COLUMN", "what the time column shows", TIME_COLUMNS),
    Command("theme", "NAME", "another theme"),
    Command("help", "", "keys, commands and queries"),
    Command("quit", "", "quit"),
)

PLACE = re.compile(r"(?P<sign>[+-]?)(?P<number>\d+(?:\.\d+)?)(?P<unit>%|s|ms|)")
NS = 1_000_000_000


class Place(NamedTuple):
    """Where to go: exactly one of them is not None."""

    event: int | None = None
    percent: float | None = None
    t_ns: int | None = None
    by_ns: int | None = None


class Typed(NamedTuple):
    """A command and what stands behind it."""

    command: Command
    argument: str


def parse_command(text: str, commands: Sequence[Command] = COMMANDS) -> Typed:
    """What was typed. Raises UsageError with a line for the person."""
    text = text.strip()
    by_name = {command.name: command for command in commands}
    if PLACE.fullmatch(text):
        return Typed(by_name["go"], text)
    name, _, argument = text.partition(" ")
    if name in by_name:
        return Typed(by_name[name], argument.strip())
    begun = [command for command in commands if name and command.name.startswith(name)]
    if len(begun) == 1:
        return Typed(begun[0], argument.strip())
    if not begun:
        raise UsageError(f"no command {name} (? lists them)")
    raise UsageError(f"{name} could be {', '.join(command.name for command in begun)}")


def parse_place(text: str) -> Place:
    """``512``, ``50%``, ``7.4s``, ``+5s``, ``-200ms``. Raises UsageError."""
    found = PLACE.fullmatch(text.strip())
    if found is None or (found["sign"] and found["unit"] in ("", "%")):
        raise UsageError(f"{text} is no place: 512, 50%, 7.4s, +5s and -1s are")
    number = float(found["number"])
    match found["unit"]:
        case "":
            return Place(event=int(number))
        case "%":
            return Place(percent=number)
    t_ns = round(number * (NS if found["unit"] == "s" else NS // 1000))
    if not found["sign"]:
        return Place(t_ns=t_ns)
    return Place(by_ns=-t_ns if found["sign"] == "-" else t_ns)


Completion = tuple[str, str]
"""The text as it would stand, and a line of help."""


def complete(
    text: str, words: Callable[[str], Iterable[str]], commands: Sequence[Command] = COMMANDS
) -> Sequence[Completion]:
    """What ``text`` could become. ``words`` gives what only the moment knows of a command's first argument."""
    name, space, argument = text.lstrip().partition(" ")
    if not space:
        return [
            (
                command.name + (" " if command.arguments else ""),
                f"{command.arguments}  {command.help}".strip(),
            )
            for command in commands
            if command.name.startswith(name)
        ]
    command = next((command for command in commands if command.name == name), None)
    if command is None:
        return ()
    return [
        (f"{name} {word}", command.help)
        for word in command.words or words(name)
        if word.startswith(argument) and word != argument
    ]
