"""The viewer of one recording.

Knows what stands where the desk will be as long as there is nothing to view; must not know recordings: the desk does.
"""

import os
from collections.abc import Mapping
from functools import partial

from textual.app import ComposeResult

from sserec.tui.companion import Companion
from sserec.tui.config import Config
from sserec.tui.host import Host
from sserec.tui.model.document import Document
from sserec.tui.trouble import TroublePane
from sserec.tui.workspace import REFRESH_S, Workspace


class Viewer(Host):
    """``sserec view``."""

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
        super().__init__(config, environment)
        self.document = document
        self.desk: Workspace | None = None
        self._make_desk = partial(
            Workspace, document, config, exchange=exchange, follow=follow, companion=companion
        )

    def compose(self) -> ComposeResult:
        if self.document.trouble is None:
            self.desk = self._make_desk()
            yield self.desk
        else:
            yield TroublePane(self.document)

    def on_mount(self) -> None:
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
