"""What can be typed: commands behind ``:``, and whatever else is asked for at the foot.

Knows the prompt and how a command is found; must not know what any of them does: ``export`` is the method
``do_export``. A screen of the viewer that takes commands is one of these.
"""

from collections.abc import Sequence
from typing import ClassVar

from textual.widget import Widget

from sserec.errors import SserecError
from sserec.tui.commands import COMMANDS, Command, Completion, complete, parse_command
from sserec.tui.page import PageLine
from sserec.tui.prompt import Completer, Prompt


class Commanding(Widget):
    """Takes commands. A subclass makes ``prompt`` and says what there is to say."""

    commands: ClassVar[Sequence[Command]] = COMMANDS

    prompt: Prompt
    came_from: Widget
    """The pane that had the keys before the prompt took them."""

    def say(self, notice: str) -> None:
        """One line at the foot, until the next move."""
        raise NotImplementedError

    def leave(self) -> None:
        """Ends it."""
        raise NotImplementedError

    def help_lines(self) -> list[PageLine]:
        """The page behind ``?``."""
        raise NotImplementedError

    def ask(self, purpose: str, label: str, text: str = "", complete: Completer = lambda _: ()) -> None:
        """Opens the prompt; the keys go back to where they were."""
        self.came_from = self.screen.focused or self.came_from
        self.prompt.ask(purpose, label, text, complete)

    def action_command(self) -> None:
        self.ask("command", ":", "", self.complete_command)

    def run_or_ask(self, command: Command) -> None:
        """From the palette: at once, or, where it wants to know more, by the prompt."""
        if command.arguments:
            self.ask("command", ":", f"{command.name} ", self.complete_command)
        else:
            self.on_prompt_entered(Prompt.Entered("command", command.name))

    def complete_command(self, text: str) -> Sequence[Completion]:
        return complete(text, self.words_for, self.commands)

    def words_for(self, command: str) -> list[str]:
        """What only the moment knows of a command's first argument."""
        return sorted(self.app.available_themes) if command == "theme" else []

    def on_prompt_left(self) -> None:
        self.screen.set_focus(self.came_from)

    def on_prompt_entered(self, entered: Prompt.Entered) -> None:
        """Does what was typed; what cannot be done is said."""
        self.say("")
        try:
            self.obey(entered.purpose, entered.text)
        except SserecError as fault:
            self.say(str(fault))

    def obey(self, purpose: str, text: str) -> None:
        if purpose != "command":
            getattr(self, "do_" + purpose)(text)
        elif text:
            self.run_command(text)

    def run_command(self, text: str) -> None:
        """Raises UsageError for what is no command."""
        typed = parse_command(text, self.commands)
        getattr(self, typed.command.method)(typed.argument)

    def do_theme(self, argument: str) -> None:
        if argument not in self.app.available_themes:
            raise SserecError(f"no theme {argument}: {', '.join(sorted(self.app.available_themes))}")
        self.app.theme = argument

    def do_help(self, _: str) -> None:
        self.app.call_later(self.app.run_action, "help")

    def do_quit(self, _: str) -> None:
        self.leave()
