"""The screen of a file that cannot be viewed: what it is instead, and what to run next."""

from typing import ClassVar

from rich.style import Style
from textual.binding import BindingType
from textual.strip import Strip

from sserec.display import printable
from sserec.tui.companion import STILL_RUNNING, Companion
from sserec.tui.keymap import bindings
from sserec.tui.lines import title
from sserec.tui.model.document import Document
from sserec.tui.text_pane import TextPane
from sserec.tui.wrapping import wrapped


class TroublePane(TextPane):
    """All there is to see."""

    BINDINGS: ClassVar[list[BindingType]] = bindings({"back"})

    def __init__(self, document: Document, companion: Companion | None = None) -> None:
        """``companion``: the recording that runs beside."""
        super().__init__(id="trouble")
        self.border_title = title(printable(document.name))
        self.border_subtitle = title("q quit")
        self._document = document
        self._companion = companion
        self._was_asked_to_stop = False

    def on_mount(self) -> None:
        self.focus()

    def lay_out(self) -> list[Strip]:
        width, trouble = self.size.width, self._document.trouble
        if trouble is None:
            return []
        title = wrapped([(printable(trouble.title), self.ink("trouble"))], width)
        rest = [wrapped([(printable(line), Style.null())], width) for line in trouble.lines]
        return [*title, Strip([]), *(line for lines in rest for line in lines)]

    def action_back(self) -> None:
        """Ends the viewer; where a command still runs, not before it was said twice."""
        companion = self._companion
        if companion is None or companion.returncode is not None or self._was_asked_to_stop:
            self.app.exit()
            return
        self._was_asked_to_stop = True
        self.border_subtitle = title(STILL_RUNNING)
