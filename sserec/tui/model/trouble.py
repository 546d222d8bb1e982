"""What to say of a file that cannot be viewed: what it is instead, how it begins, and what to do.

Knows beginnings of files and errors; must not know how they are shown.
"""

from dataclasses import dataclass
from pathlib import Path

from sserec.display import printable, size
from sserec.errors import NotAnArchive, SserecError, UnsupportedVersion

SHOWN_BYTES = 4096
SHOWN_LINES = 200
ROW_BYTES = 16
HEX_ROWS = 32


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why there is nothing to view."""

    title: str
    lines: tuple[str, ...] = ()


def trouble_of_error(name: str, path: str, error: OSError | SserecError) -> Trouble:
    """The file could not be opened."""
    if isinstance(error, OSError):
        return Trouble(f"{name} cannot be read: {error.strerror or error}")
    if isinstance(error, NotAnArchive):
        return Trouble(str(error), ("", "It begins like this:", "", *beginning(Path(path))))
    if isinstance(error, UnsupportedVersion):
        return Trouble(str(error), ("", "A newer sserec reads it (pip install -U sserec)."))
    return Trouble(str(error), ("", f"sserec verify {name} says more."))


def no_exchanges(name: str, problems: list[str], *, is_live: bool) -> Trouble:
    """An archive that holds nothing yet, or nothing any more."""
    if is_live:
        return Trouble("nothing has been recorded yet", ("", "Exchanges appear here as they begin."))
    return Trouble(f"{name} holds no exchange", ("", *problems))


def empty(name: str) -> Trouble:
    return Trouble(f"{name} is empty", ("", "What is added to it appears here."))


def no_events(name: str, path: Path) -> Trouble:
    """Text, but not of events."""
    return Trouble(f"{name} is no event stream", ("", "It begins like this:", "", *beginning(path)))


def beginning(path: Path) -> list[str]:
    """The first lines of a text, the first rows of anything else."""
    with path.open("rb") as file:
        data = file.read(SHOWN_BYTES)
    if b"\0" not in data:
        return [printable(line) for line in data.decode("utf-8", "replace").splitlines()[:SHOWN_LINES]]
    rows = range(0, min(len(data), HEX_ROWS * ROW_BYTES), ROW_BYTES)
    shown = [f"{at:08x}  {data[at : at + ROW_BYTES].hex(' ')}" for at in rows]
    return [*shown, "", f"{size(path.stat().st_size)} in all"]
