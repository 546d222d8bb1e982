"""Every key of the viewer in one table: bindings, help, hints and docs are made from it.

Knows names; must not know what an action does. The keys are those that people bring along from less, vim, mitmproxy
and video players; a person's own keys replace them by id (:mod:`sserec.tui.config`).
"""

import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from textual.binding import Binding, BindingType
from textual.keys import Keys


class Key(NamedTuple):
    """What a key does."""

    id: str
    keys: str
    """Names as Textual spells them, separated by commas."""
    action: str
    help: str
    hint: str = ""
    """A word for the foot of the screen; most have none."""


GROUPS: dict[str, tuple[Key, ...]] = {
    "Move": (
        Key("down", "j,down", "down", "down: the next event, or a line of text"),
        Key("up", "k,up", "up", "up"),
        Key("page-down", "ctrl+f,pagedown", "page_down", "a page down"),
        Key("page-up", "ctrl+b,pageup", "page_up", "a page up"),
        Key("first", "g,home", "first", "to the first event or line"),
        Key("last", "G,end", "last", "to the last"),
        Key("pane-left", "h,left", "pane(-1)", "the pane to the left"),
        Key("pane-right", "l,right", "pane(1)", "the pane to the right"),
        Key("next-pane", "tab", "pane(1)", "the next pane", "panes"),
        Key("previous-pane", "shift+tab", "pane(-1)", "the previous pane"),
        Key("open", "enter", "open", "open: go into the detail; fold or unfold in it", "open"),
        Key("back", "q,escape", "back", "back; at the top: quit"),
        Key("zoom", "Z", "zoom", "this pane alone, and back"),
        Key("previous-exchange", "ctrl+up", "exchange(-1)", "the exchange before"),
        Key("next-exchange", "ctrl+down", "exchange(1)", "the exchange after"),
    ),
    "Time": (
        Key("play", "space", "play", "play or pause", "play"),
        Key("next-event", ".", "event(1)", "one event on, whatever pane has the keys", "step"),
        Key("previous-event", "comma", "event(-1)", "one event back"),
        Key("next-step", "s", "step(1)", "to the next step of the answer"),
        Key("previous-step", "S", "step(-1)", "to the step before"),
        Key("second-on", "alt+right", "seconds(1)", "one second on"),
        Key("second-back", "alt+left", "seconds(-1)", "one second back"),
        Key("seconds-on", "shift+right", "seconds(5)", "five seconds on"),
        Key("seconds-back", "shift+left", "seconds(-5)", "five seconds back"),
        Key("tenth-on", "ctrl+right", "tenth(1)", "a tenth of the stream on"),
        Key("tenth-back", "ctrl+left", "tenth(-1)", "a tenth back"),
        *(Key(f"percent-{n}0", str(n), f"percent({n}0)", f"to {n}0 % of the stream") for n in range(10)),
        Key("slower", "<,-", "speed(0.5)", "half the speed"),
        Key("faster", ">,+", "speed(2)", "double the speed"),
        Key("normal-speed", "=", "speed(0)", "the speed at which it came"),
        Key("next-finding", "}", "finding(1)", "to the next finding or stall"),
        Key("previous-finding", "{", "finding(-1)", "to the one before"),
        Key("follow", "F", "follow", "follow a growing recording"),
    ),
    "Find": (
        Key("find", "/", "find", "find: events; in the detail or the answer its text", "find"),
        Key("next-hit", "n", "hit(1)", "the next hit"),
        Key("previous-hit", "N", "hit(-1)", "the hit before"),
        Key("filter", "f,&", "filter", "filter the events; empty shows all", "filter"),
    ),
    "Marks": (
        Key("mark", "m", "mark", "mark this event, or unmark it"),
        Key("only-marked", "M", "only_marked", "show only marked events, and back"),
        Key("comment", ";", "comment", "a note on this event"),
        Key("next-mark", "]", "mark_jump(1)", "to the next mark"),
        Key("previous-mark", "[", "mark_jump(-1)", "to the mark before"),
        Key("write-marks", "w", "write_marks", "write the marks into the file"),
    ),
    "Show": (
        Key("form", "z", "form", "the event as JSON, as it came, as hex", "form"),
        Key("time-column", "t", "time_column", "times relative, absolute, or as gaps"),
        Key("request", "i", "request", "the request and the response's head"),
        Key("findings", "c", "findings", "what sserec check says"),
        Key("hints", "H", "hints", "hide or show these hints"),
    ),
    "Take along": (
        Key("copy", "y", "copy", "copy what the pane shows (OSC 52)", "copy"),
        Key("pager", "v", "pager", "open it in $PAGER"),
        Key("export", "x", "export", "export, in any format", "export"),
        Key("save-media", "b", "save_media", "save the images, audio and video"),
    ),
    "Other commands": (
        Key("replay", "r", "replay", "serve this recording; again: stop that"),
        Key("diff", "d", "diff", "compare with another recording"),
    ),
    "Side by side": (
        Key("together", "T", "together", "scroll together by time instead of by alignment, and back"),
        Key("differences", "D", "differences", "hide or show the list of differences"),
    ),
    "Else": (
        Key("command", ":", "command", "a command; a number goes to that event", "command"),
        Key("palette", "ctrl+p", "palette", "all commands, to search in"),
        Key("help", "?,f1", "help", "this page", "help"),
        Key("keys", "K", "help", "this page"),
        Key("suspend", "ctrl+z", "suspend_process", "stop, as ^Z stops a program; fg goes on"),
        Key("quit", "Q,ctrl+q", "quit", "quit at once"),
    ),
}

ALL = tuple(key for group in GROUPS.values() for key in group)
IDS = frozenset(key.id for key in ALL)
HINTS = tuple(key for key in ALL if key.hint)

SCROLLING = frozenset({"down", "up", "page-down", "page-up", "first", "last"})
"""What each pane does in its own way; all else is the same wherever the keys go."""
COMPARING = frozenset(key.id for key in GROUPS["Side by side"])
"""What means something only where two recordings are compared."""
ANYWHERE = IDS - SCROLLING - COMPARING

NAMES = {
    "comma": ",", "up": "↑", "down": "↓", "left": "←", "right": "→", "pagedown": "PgDn", "pageup": "PgUp",
    "home": "Home", "end": "End", "escape": "Esc", "enter": "Enter", "space": "Space", "tab": "Tab", "f1": "F1",
}  # fmt: skip
MODIFIERS = frozenset({"ctrl", "alt", "shift", "super", "hyper", "meta"})
SPECIAL = frozenset(key.value.rpartition("+")[2] for key in Keys)


def bindings(ids: Iterable[str], namespace: str = "") -> list[BindingType]:
    """Bindings for the keys with these ids; ``namespace`` (``app.``) says whose actions they are."""
    wanted = frozenset(ids)
    return [Binding(key.keys, namespace + key.action, key.help, id=key.id) for key in ALL if key.id in wanted]


def shown(keys: str) -> str:
    """Keys as a person reads them: ``j ↓``, ``ctrl+f PgDn``."""
    return " ".join(shown_key(key) for key in keys.split(","))


def shown_key(key: str) -> str:
    modifiers, plus, name = key.rpartition("+")
    return key if not name else modifiers + plus + NAMES.get(name, name)


def is_key(key: str) -> bool:
    """Whether there is such a key: a character, or its name in Unicode, or a special key; modifiers in front."""
    modifiers, _, name = key.rpartition("+") if len(key) > 1 else ("", "", key)
    if not MODIFIERS.issuperset(modifiers.split("+") if modifiers else ()):
        return False
    return len(name) == 1 or name in SPECIAL or is_character(name.replace("_", " "))


def is_character(name: str) -> bool:
    try:
        return bool(unicodedata.lookup(name))
    except KeyError:
        return False
