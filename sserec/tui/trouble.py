"""The screen of a file that cannot be viewed: what it is instead, and what to run next."""

from typing import ClassVar

from rich.style import Style
from textual.binding import BindingType
from textual.strip import Strip

from sserec.display import printable
from sserec.tui.keymap import bindings
from sserec.tui.lines import title
from sserec.tui.model.document import Document
from sserec.tui.text_pane import TextPane
from sserec.tui.wrapping import wrapped


class TroublePane(TextPane):
    """All there is to see."""

    BINDINGS: ClassVar[list[BindingType]] = bindings({"back"})

    def __init__(self, document: Document) -> None:
        super().__init__(id="trouble")
        assert document.trouble is not None
        self.border_title = title(printable(document.name))
        self.border_subtitle = title("q quit")
        self._trouble = document.trouble

    def on_mount(self) -> None:
        self.focus()

    def lay_out(self) -> list[Strip]:
        width = self.size.width
        title = wrapped([(printable(self._trouble.title), self.ink("trouble"))], width)
        rest = [wrapped([(printable(line), Style.null())], width) for line in self._trouble.lines]
        return [*title, Strip([]), *(line for lines in rest for line in lines)]

    def action_back(self) -> None:
        self.app.exit()
