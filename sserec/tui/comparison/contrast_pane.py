"""What differs in the place of the cursor: each value of A beside that of B, by path; or both events in full.

Knows contrasts; must not know how they were found.
"""

from collections.abc import Iterator, Sequence

from rich.style import Style
from textual.strip import Strip

from sserec.diff import Kind
from sserec.display import count, printable
from sserec.tui.comparison.columns import Inks, abreast
from sserec.tui.comparison.signs import INKS, SIGNS, WORDS
from sserec.tui.lines import strip_of
from sserec.tui.model.comparison.contrast import Contrast
from sserec.tui.model.comparison.passages import Passage, excerpts, passages
from sserec.tui.text_pane import TextPane
from sserec.tui.wrapping import wrapped

MOST_CHARACTERS = 1 << 14
SAME = "the same"
ALIKE = "the same; ids, dates and the like were set aside"


class ContrastPane(TextPane):
    """The detail of a pair."""

    FORMS = ("changes", "whole")

    def __init__(self) -> None:
        super().__init__(id="contrast")
        self.form = self.FORMS[0]
        self._contrasts: Sequence[Contrast] = ()
        self._notice = ""

    def show(self, contrasts: Sequence[Contrast], notice: str = "") -> None:
        """Shows these; ``notice`` says why there are none."""
        if (contrasts, notice) != (self._contrasts, self._notice):
            self._contrasts, self._notice = contrasts, notice
            self.jump_to(0)
            self.content_changed()

    def next_form(self) -> None:
        self.form = self.FORMS[(self.FORMS.index(self.form) + 1) % len(self.FORMS)]

    def lay_out(self) -> list[Strip]:
        lines = [line for contrast in self._contrasts for line in self._contrast_lines(contrast)]
        notice = wrapped([(self._notice, self.ink("notice"))], self.size.width) if self._notice else []
        return [*notice, *lines]

    def _contrast_lines(self, contrast: Contrast) -> Iterator[Strip]:
        yield from wrapped(self._heading(contrast), self.size.width, 2)
        a, b = contrast.a or "", contrast.b or ""
        inks = Inks((self.ink(WORDS[0]), self.ink(WORDS[1])), self.ink("rule"))
        if contrast.kind is not Kind.MOVED or contrast.a != contrast.b:
            shown, left_out = shortened(self._parts(contrast, a, b))
            yield from abreast((a, b), contrast.edits, shown, self.size.width, inks)
            if left_out:
                yield strip_of((f"… {count(left_out, 'character')} more (v opens all)", self.ink("notice")))
        yield Strip([])

    def _heading(self, contrast: Contrast) -> list[tuple[str, Style]]:
        kind = contrast.kind
        times = f" ({contrast.count:,} times)" if contrast.count > 1 else ""
        same = SAME if contrast.a == contrast.b else ALIKE
        said = printable(contrast.path) or (same if kind is Kind.SAME else str(kind))
        return [(f"{SIGNS[kind]} ".lstrip(), self.ink(INKS[kind])), (said + times, self.ink(INKS[kind]))]

    def _parts(self, contrast: Contrast, a: str, b: str) -> list[Passage]:
        """What differs of long values, both in full where nothing does."""
        is_excerpt = self.form == self.FORMS[0] and contrast.edits
        return excerpts(a, b, contrast.edits) if is_excerpt else passages(a, b, contrast.edits)

    def text(self) -> str:
        """All of it, laid out or not."""
        return "\n".join(
            f"{SIGNS[one.kind]} {one.path}".strip() + f"\nA: {one.a or ''}\nB: {one.b or ''}\n"
            for one in self._contrasts
        )


def shortened(parts: list[Passage]) -> tuple[list[Passage], int]:
    """As much as anybody reads here, and how many characters of A or B that leaves out."""
    shown: list[Passage] = []
    room = MOST_CHARACTERS
    for part in parts:
        a_end, b_end = min(part.a_end, part.a_start + room), min(part.b_end, part.b_start + room)
        shown.append(part._replace(a_end=a_end, b_end=b_end))
        room -= max(a_end - part.a_start, b_end - part.b_start)
        if room <= 0:
            break
    if not parts:
        return [], 0
    return shown, max(parts[-1].a_end - shown[-1].a_end, parts[-1].b_end - shown[-1].b_end)
