"""The line at the foot into which a command, a search, a filter or a note is typed, and what completes it.

Knows text; must not know what becomes of it: :class:`Prompt.Entered` hands it over with the name of its purpose.
"""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

Completer = Callable[[str], Sequence[tuple[str, str]]]
MAX_SHOWN = 8
SELECTED, OTHER = "▸ ", "  "


class Prompt(Widget):
    """Hidden until it is asked for."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", priority=True),
        Binding("tab,down", "choose(1)", "the next completion", priority=True),
        Binding("shift+tab,up", "choose(-1)", "the one before, or what was typed before", priority=True),
    ]

    class Entered(Message):
        """Enter was pressed."""

        def __init__(self, purpose: str, text: str) -> None:
            super().__init__()
            self.purpose, self.text = purpose, text

    class Left(Message):
        """The prompt is gone."""

    def __init__(self) -> None:
        super().__init__(id="prompt")
        self.display = False
        self._purpose = ""
        self._complete: Completer = lambda _: ()
        self._completions: Sequence[tuple[str, str]] = ()
        self._chosen = -1
        self._typed = ""
        self._history: dict[str, list[str]] = {}

    def furnish(self) -> None:
        """Makes what it consists of, once; not in ``compose``, because the first frame does not need it."""
        if self.children:
            return
        line = Horizontal(Static(id="prompt-label"), Input(id="prompt-input", compact=True))
        self.mount_all([Static(id="completions"), line])

    @property
    def _input(self) -> Input:
        return self.query_one(Input)

    def ask(self, purpose: str, label: str, text: str, complete: Completer = lambda _: ()) -> None:
        """Opens with ``text`` in the line, as soon as there is one."""
        if not self.query(Input):
            self.furnish()
            self.call_after_refresh(self.ask, purpose, label, text, complete)
            return
        self._purpose, self._complete, self._typed = purpose, complete, text
        self.query_one("#prompt-label", Static).update(Content(label))
        self.display = True
        with self._input.prevent(Input.Changed):
            self._input.value = text
        self._input.cursor_position = len(text)
        self._offer(text)
        self.screen.set_focus(self._input)  # at once: the next key is the first letter

    def on_input_changed(self, event: Input.Changed) -> None:
        if event.value == self._current():
            return
        self._typed = event.value
        self._offer(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value:
            said = self._history.setdefault(self._purpose, [])
            said[:] = [text for text in said if text != event.value] + [event.value]
        purpose = self._purpose
        self.action_leave()
        self.post_message(self.Entered(purpose, event.value))

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        if self.display and self.app.app_focus:
            self.action_leave()

    def action_leave(self) -> None:
        if self.display:
            self.display = False
            self.post_message(self.Left())

    def action_choose(self, direction: int) -> None:
        """Through the completions; where there are none, through what was entered before."""
        if not self._completions:
            self._completions = [(text, "") for text in reversed(self._history.get(self._purpose, []))]
        if self._completions:
            self._chosen = (self._chosen + direction) % len(self._completions)
            self._input.value = self._current()
            self._input.cursor_position = len(self._input.value)
            self._show()

    def _current(self) -> str:
        return self._completions[self._chosen][0] if self._chosen >= 0 else self._typed

    def _offer(self, text: str) -> None:
        self._completions, self._chosen = list(self._complete(text)), -1
        self._show()

    def _show(self) -> None:
        first = max(min(self._chosen - MAX_SHOWN + 1, len(self._completions) - MAX_SHOWN), 0)
        shown = self._completions[first : first + MAX_SHOWN]
        width = max((len(text) for text, _ in shown), default=0)
        lines = [
            (SELECTED if number == self._chosen else OTHER) + f"{text:<{width}}  {help}"
            for number, (text, help) in enumerate(shown, start=first)
        ]
        completions = self.query_one("#completions", Static)
        completions.update(Content("\n".join(lines)))
        completions.display = bool(lines)
