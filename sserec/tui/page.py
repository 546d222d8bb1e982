"""A page over the desk: help, a request, findings. It is read, searched, and left; of some, a line is chosen.

Knows lines of text; must not know what they are about.
"""

from textwrap import wrap
from typing import ClassVar, NamedTuple

from rich.style import Style
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.strip import Strip

from sserec.tui.keymap import bindings
from sserec.tui.lines import title
from sserec.tui.prompt import Prompt
from sserec.tui.text_pane import TextPane
from sserec.tui.wrapping import wrapped


class PageLine(NamedTuple):
    """A line: an optional label in front, and where choosing it leads."""

    text: str
    label: str = ""
    is_heading: bool = False
    target: int | None = None


class PageText(TextPane):
    """The lines."""

    def __init__(self, lines: list[PageLine]) -> None:
        super().__init__(id="page-text")
        self.page_lines = lines
        self._sources: list[int] = []
        self._label_width = max((len(line.label) for line in lines), default=0)
        self._at = next((number for number, line in enumerate(lines) if line.target is not None), -1)

    def lay_out(self) -> list[Strip]:
        lines, self._sources = [], []
        for number, line in enumerate(self.page_lines):
            strips = self._wrapped(line)
            lines += strips
            self._sources += [number] * len(strips)
        return lines

    def _wrapped(self, line: PageLine) -> list[Strip]:
        if line.is_heading:
            return [Strip([]), *wrapped([(line.text, self.ink("heading"))], self.size.width)]
        indent = self._label_width + 2 if self._label_width else 0
        label = f"{line.label:<{self._label_width}}  " if indent else ""
        words = wrap(line.text, max(self.size.width - indent, 20)) or [""]
        first = [(label, self.ink("label")), (words[0], Style.null())]
        rest = [[(" " * indent + more, Style.null())] for more in words[1:]]
        return [strip for pieces in (first, *rest) for strip in wrapped(pieces, self.size.width)]

    @property
    def target(self) -> int | None:
        """Where the line of the cursor leads."""
        return self.page_lines[self._at].target if self._at >= 0 else None

    def move(self, direction: int) -> bool:
        """To the next line that leads somewhere. False where no line does."""
        targets = [number for number, line in enumerate(self.page_lines) if line.target is not None]
        if not targets:
            return False
        beyond = [number for number in targets if (number - self._at) * direction > 0]
        self._at = (min if direction > 0 else max)(beyond, default=self._at)
        self.show_line(self._sources.index(self._at))
        self.refresh()
        return True

    def dress_line(self, y: int, strip: Strip) -> Strip:
        strip = super().dress_line(y, strip)
        return self.under_cursor(strip) if self._sources[y] == self._at else strip

    def action_down(self) -> None:
        if not self.move(1):
            super().action_down()

    def action_up(self) -> None:
        if not self.move(-1):
            super().action_up()


class Page(ModalScreen[int | None]):
    """A titled page; its result is the target of the line that was chosen, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings({"back", "open", "find", "next-hit", "previous-hit", "copy"}),
        Binding("question_mark,f1,K,i,c", "back", "close"),
    ]

    def __init__(self, name: str, lines: list[PageLine]) -> None:
        super().__init__()
        self._text = PageText(lines)
        self._text.border_title = title(name)
        self._text.border_subtitle = title("/ find", "y copy", "q back")
        self._prompt = Prompt()

    def compose(self) -> ComposeResult:
        yield self._text
        yield self._prompt

    def on_mount(self) -> None:
        self._text.focus()

    def action_back(self) -> None:
        self.dismiss(None)

    def action_open(self) -> None:
        if self._text.target is not None:
            self.dismiss(self._text.target)

    def action_find(self) -> None:
        self._prompt.ask("find", "find: ", "")

    def on_prompt_entered(self, entered: Prompt.Entered) -> None:
        self._text.seek(entered.text)

    def on_prompt_left(self) -> None:
        self._text.focus()

    def action_hit(self, direction: int) -> None:
        self._text.go_to_hit(direction)

    def action_copy(self) -> None:
        self.app.copy_to_clipboard(self._text.text())
