"""What stands in place of the panes where a file cannot be viewed."""

from sserec.tui.trouble import TroublePane


class Troubled(TroublePane):
    """What the file is instead. There may be two of them; back leads where the screen was opened from."""

    async def action_back(self) -> None:  # type: ignore[override]
        await self.screen.run_action("back")
