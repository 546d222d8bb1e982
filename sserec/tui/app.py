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
from sserec.tui.output_pane import OutputPane
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
        self.companion = companion
        self.desk: Workspace | None = None
        self._make_desk = partial(
            Workspace, document, config, exchange=exchange, follow=follow, companion=companion
        )

    def compose(self) -> ComposeResult:
        if self.document.trouble is None:
            self.desk = self._make_desk()
            yield self.desk
        else:
            yield TroublePane(self.document, self.companion)
            yield OutputPane(self.companion)

    def on_mount(self) -> None:
        if self.document.trouble is not None:
            self._waiting = self.set_interval(REFRESH_S, self.look_for_exchanges)

    def look_for_exchanges(self) -> None:
        """Of a recording in which nothing has happened yet: there is a desk as soon as something has.

        Where the command has ended without that, there is nothing to see, but what it said, when the viewer has ended.
        """
        is_over = self.companion is not None and self.companion.returncode is not None
        self.document.refresh()
        self.query_one(OutputPane).look_again()
        if self.document.trouble is None:
            self._waiting.stop()
            self.query(TroublePane).remove()
            self.query(OutputPane).remove()
            self.desk = self._make_desk()
            self.screen.mount(self.desk)
        elif is_over:
            self.exit()
        else:
            self.query_one(TroublePane).content_changed()

    async def action_quit(self) -> None:
        if self.desk is None:
            self.query_one(TroublePane).action_back()
        else:
            await super().action_quit()
