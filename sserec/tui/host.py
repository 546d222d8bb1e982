"""What all screens of the viewer share: themes, keys that mean the same everywhere, the palette.

Knows which screen takes commands; must not know what is on it.
"""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.actions import ActionParseResult
from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.dom import DOMNode
from textual.screen import Screen
from textual.types import CSSPathType

from sserec.errors import SserecError, UsageError
from sserec.tui.commanding import Commanding
from sserec.tui.config import Config
from sserec.tui.help import help_lines
from sserec.tui.keymap import ALL, bindings
from sserec.tui.page import Page
from sserec.tui.themes import THEMES, chosen_theme

APP_KEYS = frozenset({"palette", "help", "keys", "suspend", "quit"})
STYLES = Path(__file__).with_name("viewer.tcss")
SIGNALLED = 128
SWITCH_S = 0.0002
"""How soon a job in a thread makes way for a frame: it does so some ten times a frame, and the interpreter's own 5 ms
would make that three frames."""


class Host(App[None]):
    """An application of one screen, and those that are opened over it."""

    TITLE = "sserec"
    CSS_PATH: ClassVar[CSSPathType | None] = STYLES
    COMMAND_PALETTE_BINDING = "ctrl+p"
    BINDINGS: ClassVar[list[BindingType]] = bindings(APP_KEYS)
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-medium"), (170, "-wide")]  # noqa: RUF012 typed by Textual
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012 typed by Textual

    def __init__(self, config: Config, environment: Mapping[str, str] = os.environ) -> None:
        super().__init__(ansi_color=True if environment.get("NO_COLOR") else None)
        self.config = config
        for theme in THEMES:
            self.register_theme(theme)
        name = chosen_theme(config.theme, environment)
        if name not in self.available_themes:
            raise UsageError(f"no theme {name}: there are {', '.join(sorted(self.available_themes))}")
        self.theme = name
        self.set_keymap(config.keys)

    def on_mount(self) -> None:
        self.call_after_refresh(self.settle_in)
        self.heed_signals()
        self.app_resume_signal.subscribe(self, self.redraw)

    def redraw(self, _: App[object]) -> None:
        """After ^Z and ``fg``: nothing of the screen is there any more."""
        self.refresh(layout=True)

    def heed_signals(self) -> None:
        """Ends in order where somebody else ends it, so that the terminal and what runs beside are left as always.

        The exit code is that of a shell for a process that a signal has ended.
        """
        if sys.platform != "win32":
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
                loop = asyncio.get_running_loop()
                loop.add_signal_handler(number, self.exit, None, SIGNALLED + number)

    def settle_in(self) -> None:
        """After the first frame: what is there stays, so that no collection looks at it again and holds up frames."""
        gc.freeze()
        gc.enable()
        sys.setswitchinterval(SWITCH_S)
        if self.front is not None and self.config.complaints:
            self.front.say(f"config.toml: {self.config.complaints[0].partition(';')[0]}")

    @property
    def front(self) -> Commanding | None:
        """What takes commands on the topmost screen that does; None where none does."""
        for screen in reversed(self.screen_stack):
            for widget in (screen, *screen.walk_children()):
                if isinstance(widget, Commanding):
                    return widget
        return None

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette: the commands of ``:``."""
        front = self.front
        if front is not None:
            for command in front.commands:
                yield SystemCommand(command.name, command.help, partial(front.run_or_ask, command))

    async def run_action(
        self,
        action: "str | ActionParseResult",
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """What a key asks for; what cannot be done is said."""
        try:
            return await super().run_action(action, default_namespace, namespaces)
        except SserecError as fault:
            if self.front is None:
                raise
            self.front.say(str(fault))
            return True

    def action_palette(self) -> None:
        self.action_command_palette()

    async def action_quit(self) -> None:
        if self.front is not None:
            self.front.leave()
        else:
            self.exit()

    def action_help(self) -> None:
        lines = help_lines(self.config.keys) if self.front is None else self.front.help_lines()
        self.push_screen(Page("help", lines))

    async def action_hint(self, id: str) -> None:
        """A key of the foot was clicked."""
        key = next(key for key in ALL if key.id == id)
        await self.run_action(key.action, self if key.id in APP_KEYS else self.front)
