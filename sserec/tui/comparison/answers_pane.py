"""Both answers as they stood at one moment, beside one another.

Knows pairs of blocks and how they are drawn; must not know how they were paired. A pair that has not changed since the
last move is not laid out again. The pane stays at its end, where answers arrive, until the person scrolls away from it.
"""

from collections.abc import Sequence
from typing import NamedTuple

from textual.strip import Strip

from sserec.display import printable
from sserec.tui.comparison.columns import Inks, abreast, beside, column_width
from sserec.tui.comparison.signs import INKS, SIGNS, WORDS
from sserec.tui.kinds import kind_ink
from sserec.tui.lines import strip_of
from sserec.tui.model.answer import Block
from sserec.tui.model.comparison.answers import BlockPair
from sserec.tui.model.comparison.passages import endings
from sserec.tui.text_pane import TextPane

MORE_LINES = 8
"""Above what is seen, as much is laid out at first; more when the person scrolls up to it."""
REACH = 8
ARRIVING = "▌"


class Laid(NamedTuple):
    """A pair and its lines."""

    pair: BlockPair
    lines: list[Strip]


class AnswersPane(TextPane):
    """A to the left, B to the right."""

    def __init__(self) -> None:
        super().__init__(id="answers")
        self._pairs: Sequence[BlockPair] = ()
        self._notice = ""
        self._laid: dict[int, Laid] = {}
        self._laid_width = 0
        self._reach = 1
        self._is_cut = False

    def show(self, pairs: Sequence[BlockPair], notice: str = "") -> None:
        """Shows these; ``notice`` says why there are none."""
        below = self.line_count() - self.scroll_offset.y
        self._pairs, self._notice = pairs, notice
        self.content_changed()
        if below <= self.page_height:
            super().jump_to(self.line_count())

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._laid.clear()

    def lay_out(self) -> list[Strip]:
        """From the last pair backwards, until there is enough to scroll through."""
        width = self.size.width
        if width != self._laid_width:
            self._laid.clear()
            self._laid_width = width
        laid: dict[int, Laid] = {}
        line_count, place = 0, len(self._pairs)
        while place and line_count < (self.page_height + MORE_LINES) * self._reach:
            place -= 1
            pair, before = self._pairs[place], self._laid.get(place)
            laid[place] = (
                before if before and before.pair == pair else Laid(pair, self._pair_lines(pair, width))
            )
            line_count += len(laid[place].lines)
        self._laid, self._is_cut = laid, place > 0 or any(self._is_long(each.pair) for each in laid.values())
        above = (
            [strip_of(("… more stands before this: g shows it", self.ink("notice")))] if self._is_cut else []
        )
        below = [strip_of((self._notice, self.ink("notice")))] if self._notice else []
        return [*above, *(line for at in sorted(laid) for line in laid[at].lines), *below]

    def jump_to(self, y: float) -> None:
        """At the top, lays out more of what stands above it."""
        if y <= 0 and self._is_cut and self.has_focus:
            below = self.line_count() - self.scroll_offset.y
            self._reach *= REACH
            self._laid.clear()
            self.content_changed()
            y = self.line_count() - below
        super().jump_to(y)

    def _is_long(self, pair: BlockPair) -> bool:
        longest = max(len(block.text) for block in (pair.a, pair.b) if block is not None)
        return longest >= 2 * self._characters

    @property
    def _characters(self) -> int:
        """Of either text, as many as are seen, and some more."""
        return column_width(self.size.width) * (self.page_height + MORE_LINES) * self._reach

    def _pair_lines(self, pair: BlockPair, width: int) -> list[Strip]:
        a, b = (
            block.text + (ARRIVING if block.is_arriving else "") if block else ""
            for block in (pair.a, pair.b)
        )
        inks = Inks((self.ink(WORDS[0]), self.ink(WORDS[1])), self.ink("rule"))
        parts = endings(a, b, pair.edits, self._characters)
        titles = beside([self._title(pair, pair.a)], [self._title(pair, pair.b)], width, inks)
        return [*titles, *abreast((a, b), pair.edits, parts, width, inks), Strip([])]

    def _title(self, pair: BlockPair, block: Block | None) -> Strip:
        sign = (f"{SIGNS[pair.kind]} ", self.ink(INKS[pair.kind]))
        if block is None:
            return strip_of(("  –", self.ink("quiet")))
        pieces = [sign, (f"{block.index} {printable(block.title)}", self.ink(kind_ink(block.type)))]
        if block.meta:
            pieces.append(("  " + " · ".join(map(printable, block.meta)), self.ink("quiet")))
        return strip_of(*pieces)
