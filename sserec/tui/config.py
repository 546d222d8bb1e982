"""What a person wants different: ``$XDG_CONFIG_HOME/sserec/config.toml``.

Knows the options, their types and their defaults; must not know what any of them does. An option that nobody knows is
an error: a setting that is silently ignored is worse than none. Of a key it is told, and the key stays what it was.
"""

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sserec.errors import UsageError
from sserec.tui.keymap import IDS, is_key

FILE_NAME = Path("sserec", "config.toml")
TIME_COLUMNS = ("relative", "absolute", "delta")
POSSIBLE_KEYS = (
    "there are letters, digits, signs, space, comma, tab, enter, escape, backspace, insert, delete, home, end, pageup,"
    " pagedown, up, down, left, right, f1 to f24, and these behind ctrl+, alt+ and shift+"
)
LARGEST = 1e9
"""Of a number: more seconds than anybody records, and in nanoseconds still a time."""


@dataclass(frozen=True, slots=True)
class Config:
    """The options of the viewer, each with its default."""

    theme: str = "auto"
    """A theme's name, or ``auto``: light where the terminal says that it is (COLORFGBG), else dark."""
    speed: float = 1.0
    """At which speed ``space`` plays."""
    idle_limit: float | None = None
    """Seconds: a longer silence is played as one of this length."""
    time: str = TIME_COLUMNS[0]
    """The time column: ``relative`` to the recording's start, ``absolute`` (UTC), or ``delta`` to the event before."""
    hints: bool = True
    """Whether the foot shows keys."""
    check: bool = True
    """Whether a finished recording is checked when it is opened, so that findings stand in the margin."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Keys by the id of what they do, several separated by commas; the ids stand in the viewer's help."""
    complaints: tuple[str, ...] = ()
    """What is wrong with the keys, and, behind a semicolon, which there are; a line each."""


def config_path(environment: Mapping[str, str]) -> Path:
    """Where the file is, by the XDG Base Directory Specification."""
    home = environment.get("XDG_CONFIG_HOME") or Path(environment.get("HOME", "~")).expanduser() / ".config"
    return Path(home) / FILE_NAME


def load_config(environment: Mapping[str, str] = os.environ) -> Config:
    """The person's options; the defaults where there is no file.

    Raises UsageError for what is no TOML, an unknown option or a value of the wrong type.
    """
    path = config_path(environment)
    try:
        options = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Config()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise UsageError(f"{path}: {fault}") from None
    return checked(options, path)


def checked(options: dict[str, Any], path: Path) -> Config:
    for name, value in options.items():
        if name not in WANTED:
            raise UsageError(f'{path}: unknown option "{name}"; there are {", ".join(WANTED)}')
        wanted = WANTED[name](value)
        if wanted:
            raise UsageError(f"{path}: {name} has to be {wanted}, not {value!r}")
    keys = {id: [key.strip() for key in names.split(",")] for id, names in options.get("keys", {}).items()}
    known = {id: ",".join(filter(is_key, names)) for id, names in keys.items() if id in IDS}
    complaints = tuple(f"[keys]: {words}" for words in complaints_of(keys))
    return Config(
        **{**options, "keys": {id: names for id, names in known.items() if names}}, complaints=complaints
    )


def complaints_of(keys: Mapping[str, list[str]]) -> Iterator[str]:
    """What is wrong with keys by id."""
    for id, names in keys.items():
        if id not in IDS:
            yield f'unknown id "{id}"; there are {", ".join(sorted(IDS))}'
        for name in names:
            if not is_key(name):
                yield f'{id}: unknown key "{name}"; {POSSIBLE_KEYS}'


def with_options(config: Config, **options: Any) -> Config:
    """The same with other values; None leaves what there was. Raises UsageError for a value that cannot be."""
    given = {name: value for name, value in options.items() if value is not None}
    for name, value in given.items():
        wanted = WANTED[name](value)
        if wanted:
            raise UsageError(f"--{name.replace('_', '-')} has to be {wanted}, not {value!r}")
    return replace(config, **given)


def unless_text(value: Any) -> str:
    return "" if isinstance(value, str) else "a text"


def unless_flag(value: Any) -> str:
    return "" if isinstance(value, bool) else "true or false"


def unless_positive(value: Any) -> str:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not value > 0:
        return "a number above 0"
    return "" if value <= LARGEST else f"{LARGEST:g} at most"


def unless_time_column(value: Any) -> str:
    return "" if value in TIME_COLUMNS else "one of " + ", ".join(TIME_COLUMNS)


def unless_key_table(value: Any) -> str:
    fit = isinstance(value, dict) and all(isinstance(keys, str) for keys in value.values())
    return "" if fit else "a table of texts"


WANTED = {
    "theme": unless_text,
    "speed": unless_positive,
    "idle_limit": unless_positive,
    "time": unless_time_column,
    "hints": unless_flag,
    "check": unless_flag,
    "keys": unless_key_table,
}
