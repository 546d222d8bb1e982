"""What the recorded command writes, while it runs beside the viewer."""

from rich.style import Style
from textual.strip import Strip

from sserec.display import printable
from sserec.tui.companion import Companion
from sserec.tui.lines import title
from sserec.tui.text_pane import TextPane
from sserec.tui.wrapping import wrapped


class OutputPane(TextPane):
    """Its last lines; those of standard error in another ink, behind a sign."""

    def __init__(self, companion: Companion | None) -> None:
        super().__init__(id="output")
        self.border_title = title("output of the command")
        self.display = companion is not None
        self._companion = companion
        self._seen = 0

    def look_again(self) -> None:
        """Shows what was written since."""
        companion = self._companion
        if companion is None or companion.line_count == self._seen:
            return
        self._seen = companion.line_count
        self.content_changed()
        self.jump_to(self.line_count())

    def lay_out(self) -> list[Strip]:
        if self._companion is None:
            return []
        error = self.ink("stray")
        lines: list[Strip] = []
        for text, is_error in list(self._companion.lines):
            pieces = [
                ("! " if is_error else "", error),
                (printable(text), error if is_error else Style.null()),
            ]
            lines += wrapped(pieces, self.size.width)
        return lines
