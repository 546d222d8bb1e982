"""Makes the pictures of docs/viewer.md from the samples, without a terminal.

    python docs/screenshots.py

The same bytes every time, as long as viewer, Textual and samples are the same.
"""

import asyncio
import re
from pathlib import Path
from typing import NamedTuple

from sserec.tui.app import Viewer
from sserec.tui.config import Config
from sserec.tui.model.document import Document
from sserec.tui.themes import LIGHT

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "docs" / "pictures"
FONT = "'DejaVu Sans Mono', Menlo, Consolas, monospace"


class Shot(NamedTuple):
    """One picture: what is opened, how large, and which keys are pressed before it is taken."""

    name: str
    sample: str
    size: tuple[int, int]
    keys: str
    theme: str = "auto"


SHOTS = (
    Shot("viewer", "google-search", (120, 34), "8 . . . . . . ."),
    Shot("filter", "function-calling", (120, 34), "G m f @step=function_call enter tab"),
    Shot("narrow", "thought-summaries", (80, 24), "9 . . ."),
    Shot("hex", "text", (80, 24), "7 enter z z Z"),
    Shot("light", "broken-in-the-middle", (120, 34), "G tab tab", LIGHT),
)


async def take(shot: Shot) -> str:
    """The picture as SVG."""
    with Document.open(str(ROOT / "samples" / f"{shot.sample}.sse.zst")) as document:
        document.name = f"{shot.sample}.sse.zst"
        app = Viewer(document, Config(theme=shot.theme), environment={})
        async with app.run_test(size=shot.size) as pilot:
            await settle(app, pilot.pause)
            for key in shot.keys.split():
                await pilot.press(*(key if key.startswith("@") else [key]))
                await settle(app, pilot.pause)
            assert app.desk is not None
            app.desk.show_place()
            await pilot.pause()
            return app.export_screenshot(title="sserec view", simplify=True)


async def settle(app: Viewer, pause: object) -> None:
    """Until no job runs."""
    for _ in range(2):
        await pause()  # type: ignore[operator]
        await app.workers.wait_for_complete()


def plain_font(svg: str) -> str:
    """Without fonts from elsewhere: every system has a fixed-width one, and the letters' places are written down."""
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    return re.sub(r"font-family: Fira Code, monospace;", f"font-family: {FONT};", svg)


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    for shot in SHOTS:
        (PICTURES / f"{shot.name}.svg").write_text(plain_font(asyncio.run(take(shot))), encoding="utf-8")


if __name__ == "__main__":
    main()
