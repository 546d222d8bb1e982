"""The viewer: one application, one screen.

Knows themes, the palette and what stands over the desk; must not know recordings: the desk does.
"""

import gc
import os
import sys
from collections.abc import Iterable, Mapping
from functools import partial
from typing import ClassVar

from textual.app import App, ComposeResult, SystemCommand
from textual.binding import BindingType
from textual.screen import Screen
from textual.widget import Widget

from sserec.errors import UsageError
from sserec.tui.commands import COMMANDS
from sserec.tui.companion import Companion
from sserec.tui.config import Config
from sserec.tui.help import help_lines
from sserec.tui.keymap import ALL, bindings
from sserec.tui.model.document import Document
from sserec.tui.page import Page
from sserec.tui.themes import THEMES, chosen_theme
from sserec.tui.trouble import TroublePane
from sserec.tui.workspace import APP_KEYS, REFRESH_S, Workspace

SWITCH_S = 0.0002
"""How soon a job in a thread makes way for a frame: it does so some ten times a frame, and the interpreter's own 5 ms
would make that three frames."""


class Viewer(App[None]):
    """``sserec view``."""

    TITLE = "sserec"
    CSS_PATH = "viewer.tcss"
    COMMAND_PALETTE_BINDING = "ctrl+p"
    BINDINGS: ClassVar[list[BindingType]] = bindings(APP_KEYS)
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-medium"), (170, "-wide")]  # noqa: RUF012 typed by Textual
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012 typed by Textual

    def __init__(
        self,
        document: Document,
        config: Config,
        *,
        exchange: int | None = None,
        follow: bool = False,
        companion: Companion | None = None,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        super().__init__(ansi_color=True if environment.get("NO_COLOR") else None)
        self.document, self.config = document, config
        self.desk: Workspace | None = None
        self._make_desk = partial(
            Workspace, document, config, exchange=exchange, follow=follow, companion=companion
        )
        for theme in THEMES:
            self.register_theme(theme)
        name = chosen_theme(config.theme, environment)
        if name not in self.available_themes:
            raise UsageError(f"no theme {name}: there are {', '.join(sorted(self.available_themes))}")
        self.theme = name
        self.set_keymap(config.keys)

    def compose(self) -> ComposeResult:
        if self.document.trouble is None:
            self.desk = self._make_desk()
            yield self.desk
        else:
            yield TroublePane(self.document)

    def on_mount(self) -> None:
        self.call_after_refresh(self.settle_in)
        if self.document.trouble is not None:
            self._waiting = self.set_interval(REFRESH_S, self.look_for_exchanges)

    def look_for_exchanges(self) -> None:
        """Of a recording in which nothing has happened yet: there is a desk as soon as something has."""
        self.document.refresh()
        if self.document.trouble is None:
            self._waiting.stop()
            self.query(TroublePane).remove()
            self.desk = self._make_desk()
            self.screen.mount(self.desk)
        else:
            self.query_one(TroublePane).content_changed()

    def settle_in(self) -> None:
        """After the first frame: what is there stays, so that no collection looks at it again and holds up frames."""
        gc.freeze()
        gc.enable()
        sys.setswitchinterval(SWITCH_S)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette: the commands of ``:`` and the keys that have none."""
        if self.desk is not None:
            for command in COMMANDS:
                yield SystemCommand(command.name, command.help, partial(self.desk.run_or_ask, command))

    def action_palette(self) -> None:
        self.action_command_palette()

    async def action_quit(self) -> None:
        if self.desk is not None:
            self.desk.leave()
        else:
            self.exit()

    def action_help(self) -> None:
        self.push_screen(Page("help", help_lines(self.config.keys)))

    async def action_hint(self, id: str) -> None:
        """A key of the foot was clicked."""
        key = next(key for key in ALL if key.id == id)
        owner: Widget | App[None] = self if key.id in APP_KEYS or self.desk is None else self.desk
        await self.run_action(key.action, owner)
