"""``sserec diff --view``: the screen of two recordings, and nothing else."""

import os
from collections.abc import Mapping
from typing import ClassVar

from textual.types import CSSPathType

from sserec.tui import host
from sserec.tui.comparison import screen
from sserec.tui.config import Config
from sserec.tui.model.comparison.duo import Duo


class ComparisonViewer(host.Host):
    """The application."""

    CSS_PATH: ClassVar[CSSPathType | None] = [
        host.STYLES,
        screen.STYLES,
    ]  # a first screen brings none of its own

    def __init__(self, duo: Duo, config: Config, environment: Mapping[str, str] = os.environ) -> None:
        super().__init__(config, environment)
        self._duo = duo

    def get_default_screen(self) -> screen.ComparisonScreen:
        return screen.ComparisonScreen(self._duo, self.config)
