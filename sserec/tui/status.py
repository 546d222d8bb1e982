"""The first line and the last one: what is open, where one stands in it, and which keys do what.

Knows words; must not know how they came about. All of it is given as plain text and never read as markup.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rich.cells import cell_len, chop_cells
from textual.content import Content
from textual.style import Style
from textual.widget import Widget

from sserec.tui.keymap import HINTS, Key, shown_key
from sserec.tui.kinds import ELLIPSIS

SEPARATOR = " · "
BOLD, DIM, PLAIN = Style(bold=True), Style(dim=True), Style()


class Headline(Widget):
    """The file's name and what is in it; at the right what is going on."""

    def __init__(self) -> None:
        super().__init__(id="headline")
        self._told: tuple[str, tuple[str, ...], str] = ("", (), "")

    def tell(self, name: str, facts: tuple[str, ...], state: str) -> None:
        if (name, facts, state) != self._told:
            self._told = name, facts, state
            self.refresh()

    def shorter(self, name: str) -> str:
        """The name where there is little room."""
        return name.rpartition("/")[2]

    def render(self) -> Content:
        name, facts, state = self._told
        room = self.size.width - cell_len(state) - 3
        words = SEPARATOR.join(facts)
        if cell_len(name) + cell_len(words) + 2 > room:
            name = self.shorter(name)
        name = fitted(name, room)
        told = fitted(words, max(room - cell_len(name) - 2, 0))
        blank = " " * max(room - cell_len(name) - cell_len(told) - 2, 0)
        return Content.assemble((f" {name}  ", BOLD), (told, DIM), (f"{blank} {state} ", BOLD))


class State(NamedTuple):
    """What the foot tells."""

    words: tuple[str, ...] = ()
    notice: str = ""
    """Said once, in place of the keys; the next move takes it away."""


class StatusLine(Widget):
    """Where one stands; at the right the keys, as many as there is room for, which can be clicked."""

    def __init__(self, keys: Mapping[str, str], hints: Sequence[Key] = HINTS) -> None:
        """``keys`` are the person's own, by id."""
        super().__init__(id="status")
        self.shows_hints = True
        self._hinted = hints
        self._keys = keys
        self._state = State()

    def tell(self, state: State) -> None:
        if state != self._state:
            self._state = state
            self.refresh()

    def render(self) -> Content:
        width = self.size.width
        left = " " + SEPARATOR.join(self._state.words) + "  "
        if self._state.notice:
            notice = fitted(self._state.notice, width - 2)
            left = fitted(left, width - cell_len(notice) - 1)
            blank = " " * (width - cell_len(left) - cell_len(notice) - 1)
            return Content.assemble((left, PLAIN), (blank, PLAIN), (notice, BOLD))
        left = fitted(left, width)
        return Content.assemble((left, PLAIN), *self._hints(width - cell_len(left)))

    def _hints(self, room: int) -> list[tuple[str, Style]]:
        pieces: list[tuple[str, Style]] = []
        for key in self._hinted if self.shows_hints else ():
            name = self._key_name(key)
            length = cell_len(name) + len(key.hint) + 3
            if length > room:
                break
            room -= length
            click = Style.from_meta({"@click": f"app.hint('{key.id}')"})
            pieces += [(name, BOLD + click), (f" {key.hint}", DIM + click), ("  ", PLAIN)]
        return [(" " * room, PLAIN), *pieces]

    def _key_name(self, key: Key) -> str:
        name = shown_key(self._keys.get(key.id, key.keys).partition(",")[0])
        return name if len(name) == 1 else name.lower()


def fitted(text: str, width: int) -> str:
    """``text`` in at most ``width`` cells."""
    if cell_len(text) <= width:
        return text
    return chop_cells(text, width - 1)[0] + ELLIPSIS if width > 1 else ""
