"""Makes the pictures of docs/viewer.md from the samples, without a terminal.

    python docs/screenshots.py

The same bytes every time, as long as viewer, Textual and samples are the same.
"""

import asyncio
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from sserec.archive import ArchiveWriter, Meta, finalise
from sserec.recording import Recording
from sserec.tui.app import Viewer
from sserec.tui.comparison.app import ComparisonViewer
from sserec.tui.config import Config
from sserec.tui.host import Host
from sserec.tui.model.comparison.duo import Duo
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
    Shot("comparison", "google-search", (120, 40), "} } } } . . . ."),
    Shot("comparison-narrow", "google-search", (80, 24), "8 T", LIGHT),
)
COMPARED = SHOTS[-2:]
OTHER_WORDS = {
    "3,530 km": "3,531 km",
    'is"': 'stays"',
    "longest river": "longest stream",
    "about 1.24 times": "some 1.24 times",
    '"max_results":5': '"max_results":8',
}
"""What is told otherwise the second time."""


@contextmanager
def viewer(shot: Shot) -> Iterator[Viewer]:
    """The viewer of a sample."""
    with Document.open(str(sample(shot))) as document:
        document.name = f"{shot.sample}.sse.zst"
        yield Viewer(document, Config(theme=shot.theme), environment={})


@contextmanager
def comparison(shot: Shot) -> Iterator[ComparisonViewer]:
    """A sample, and beside it what another run of the same prompt could have given."""
    with tempfile.TemporaryDirectory() as folder:
        again = Path(folder, "again.sse.zst")
        tell_again(sample(shot), again)
        with Duo.open(str(sample(shot)), str(again)) as duo:
            duo.documents[0].name, duo.documents[1].name = "monday.sse.zst", "tuesday.sse.zst"
            yield ComparisonViewer(duo, Config(theme=shot.theme), environment={})


def sample(shot: Shot) -> Path:
    return ROOT / "samples" / f"{shot.sample}.sse.zst"


def tell_again(source: Path, target: Path) -> None:
    """Writes a recording in other words and half as fast again."""
    with (
        Recording.open(str(source)) as recording,
        ArchiveWriter(target, meta=Meta(anchor_unix_ns=0)) as writer,
    ):
        exchange = recording.exchanges[0]
        assert exchange.request is not None
        assert exchange.response is not None
        assert exchange.close is not None
        number = writer.open_exchange(exchange.request, 0)
        writer.request_body(number, exchange.record.request_body() or b"")
        writer.request_sent(number, 0)
        writer.response(number, exchange.response, 1)
        for chunk in exchange.chunks():
            data = chunk.data
            for words, others in OTHER_WORDS.items():
                data = data.replace(words.encode(), others.encode())
            writer.chunk(number, data, chunk.t_ns * 3 // 2)
        writer.close_exchange(number, replace(exchange.close, t_ns=exchange.close.t_ns * 3 // 2))
    finalise(target)


async def take(shot: Shot, app: Host) -> str:
    """The picture as SVG."""
    async with app.run_test(size=shot.size) as pilot:
        await settle(app, pilot.pause)
        for key in shot.keys.split():
            await pilot.press(*(key if key.startswith("@") else [key]))
            await settle(app, pilot.pause)
        if isinstance(app, Viewer) and app.desk is not None:
            app.desk.show_place()
        await pilot.pause(0.1)
        return app.export_screenshot(title="sserec view", simplify=True)


async def settle(app: Host, pause: object) -> None:
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
        with (comparison if shot in COMPARED else viewer)(shot) as app:
            picture = plain_font(asyncio.run(take(shot, app)))
        (PICTURES / f"{shot.name}.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
