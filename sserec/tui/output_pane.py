"""What the recorded command writes, while it runs beside the viewer."""

from rich.style import Style
from textual.strip import Strip

from sserec.display import printable
from sserec.tui.companion import KEPT_LINES, Companion, Said
from sserec.tui.lines import title
from sserec.tui.model.recent import Recent
from sserec.tui.text_pane import TextPane
from sserec.tui.wrapping import wrapped


class OutputPane(TextPane):
    """Its last lines; those of standard error in another ink, behind a sign."""

    def __init__(self, companion: Companion | None) -> None:
        super().__init__(id="output")
        self.border_title = title("output of the command")
        if companion is None:
            self.display = False
        self._companion = companion
        self._seen = 0
        self._wrapped: Recent[tuple[Said, int], list[Strip]] = Recent(self._wrap, KEPT_LINES)

    def look_again(self) -> None:
        """Shows what was written since."""
        companion = self._companion
        if companion is None or companion.transcript.version == self._seen:
            return
        self._seen = companion.transcript.version
        self.content_changed()

    def content_changed(self) -> None:
        """Stays at the end, where it grows, until the person scrolls away from it."""
        is_at_end = self.line_count() - self.scroll_offset.y <= self.page_height
        super().content_changed()
        if is_at_end:
            self.jump_to(self.line_count())

    def notify_style_update(self) -> None:
        self._wrapped.clear()
        super().notify_style_update()

    def lay_out(self) -> list[Strip]:
        if self._companion is None:
            return []
        said, width = list(self._companion.transcript.lines), self.size.width
        if not said[-1].text:
            said.pop()
        return [strip for line in said for strip in self._wrapped[line, width]]

    def _wrap(self, asked: tuple[Said, int]) -> list[Strip]:
        (text, is_error), width = asked
        error = self.ink("stray")
        pieces = [("! " if is_error else "", error), (printable(text), error if is_error else Style.null())]
        return wrapped(pieces, width)
