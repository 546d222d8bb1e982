"""Recorded images as pictures of the terminal's own cells, and those that are meant to do harm."""

import asyncio
import base64
import struct
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from textual.message import Message

from scenarios import png
from sserec.tui import outgoing
from sserec.tui.answer_pane import SHOWN_PICTURES, AnswerPane
from sserec.tui.app import Viewer
from sserec.tui.config import Config
from sserec.tui.model.answer import Media
from sserec.tui.model.document import Document
from sserec.tui.model.picture import MAX_BYTES, MAX_DOTS, CannotShow, Cell, Picture, Room, picture
from viewer_support import COMPLETED, CREATED, S, event, start, text, write
from viewer_terminal import command, needs_tmux, terminal_of

PIL = pytest.importorskip("PIL.Image", reason="Pillow is not here")

RED = (224, 122, 95)
WIDE = Room(20, 16, (0, 0, 0))


def made(data: bytes, room: Room = WIDE, mime_type: str = "image/png") -> Picture:
    return picture(Media(mime_type, base64.b64encode(data).decode(), ""), room)


def encoded(image: object, format: str) -> bytes:
    file = BytesIO()
    image.save(file, format)  # type: ignore[attr-defined]
    return file.getvalue()


def claiming(width: int, height: int) -> bytes:
    """A PNG of a hundred bytes that says it is as large as that."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(100))), (b"IEND", b""))
    )


def test_a_picture_has_two_dots_a_cell_and_keeps_its_shape() -> None:
    flat = made(encoded(PIL.new("RGB", (48, 32), RED), "PNG"))
    assert (flat.width, flat.height) == (48, 32)
    assert [len(row) for row in flat.rows] == [20] * 7
    assert {cell for row in flat.rows[:-1] for cell in row} == {Cell(RED, RED)}
    assert set(flat.rows[-1]) == {Cell(RED, WIDE.ground)}, "13 dots are six cells and a half"


def test_a_small_picture_is_not_made_larger() -> None:
    assert [len(row) for row in made(png(RED, 3, 2)).rows] == [3]


def test_what_shines_through_is_the_ground() -> None:
    clear = PIL.new("RGBA", (2, 2), (255, 0, 0, 0))
    assert made(encoded(clear, "PNG"), Room(2, 2, (9, 8, 7))).rows == (((Cell((9, 8, 7), (9, 8, 7))),) * 2,)


@pytest.mark.parametrize("format", ["JPEG", "GIF", "WEBP"])
def test_every_format_that_models_send_is_read(format: str) -> None:
    (cell, *_), *_ = made(encoded(PIL.new("RGB", (40, 40), RED), format)).rows
    assert max(abs(got - sent) for got, sent in zip(cell.upper, RED, strict=True)) < 9


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (claiming(60_000, 60_000), "too large"),
        (claiming(12_000, 12_000), "too large"),
        (claiming(MAX_DOTS, 2), "dots are too many"),
        (claiming(2000, 2000), "cannot be read"),
        (png(RED)[:60], "cannot be read"),
        (encoded(PIL.new("RGB", (4, 4)), "BMP"), "none of PNG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "none of PNG"),
        (b"", "none of PNG"),
    ],
)
def test_what_would_do_harm_is_said_and_not_decoded(data: bytes, why: str) -> None:
    with pytest.raises(CannotShow, match=why):
        made(data)


def test_data_that_are_too_long_or_no_base64_are_no_picture() -> None:
    with pytest.raises(CannotShow, match="too much"):
        picture(Media("image/png", "A" * (MAX_BYTES * 4 // 3 + 8), ""), WIDE)
    with pytest.raises(CannotShow, match="base64"):
        picture(Media("image/png", "A", ""), WIDE)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """An answer of a picture, one that is broken, and a link to one."""

    def image(**keys: str) -> bytes:
        return event("step.delta", index=0, delta={"type": "image", "mime_type": "image/png", **keys})

    parts = [
        image(data=base64.b64encode(png(RED)).decode()),
        text("and then"),
        image(data="AAAA"),
        image(uri="https://example.org/a.png"),
    ]
    chunks = [(S, data) for data in (CREATED, start("model_output"), *parts, COMPLETED)]
    return write(tmp_path / "images.sse.zst", chunks)


def test_media_are_saved_once_and_a_file_that_exists_stays_as_it_is(recording: Path, tmp_path: Path) -> None:
    folder = tmp_path / "media"
    outgoing.save_media(str(recording), 1, str(folder))
    saved = sorted(folder.iterdir())
    saved[0].write_bytes(b"touched up by hand")
    with pytest.raises(FileExistsError, match=saved[0].name):
        outgoing.save_media(str(recording), 1, str(folder))
    assert saved[0].read_bytes() == b"touched up by hand"
    assert sorted(folder.iterdir()) == saved


def test_of_very_many_images_the_last_are_made_into_pictures_and_each_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.delenv("NO_COLOR", raising=False)
    images = [
        event(
            "step.delta",
            index=0,
            delta={
                "type": "image",
                "mime_type": "image/png",
                "data": base64.b64encode(png(RED, at, 1)).decode(),
            },
        )
        for at in range(1, 201)
    ]
    path = write(
        tmp_path / "many.sse.zst", [(S, CREATED), (S, start("model_output")), *((S, i) for i in images)]
    )

    async def run() -> int:
        with Document.open(str(path)) as document:
            app = Viewer(document, Config(check=False), environment={})
            asked: list[Message] = []
            async with app.run_test(size=(120, 40), message_hook=asked.append) as pilot:
                await pilot.press("G")
                await app.workers.wait_for_complete()
                assert app.desk is not None
                app.desk.answer.reach_all()
                app.desk.show_answer()
                for _ in range(3):
                    await pilot.pause()
                    await app.workers.wait_for_complete()
                await pilot.pause()
                return len({id(message) for message in asked if isinstance(message, AnswerPane.Picturing)})

    assert asyncio.run(run()) == SHOWN_PICTURES


@needs_tmux
def test_a_terminal_with_colours_shows_the_picture_and_one_without_says_what_it_is(
    recording: Path, tmp_path: Path
) -> None:
    with terminal_of(tmp_path, 100, 80) as terminal:
        terminal.type(command("view images.sse.zst"))
        terminal.wait_to_see("1/7")
        terminal.press("G")
        terminal.wait_to_see("▀" * 40)
        screen = terminal.wait_to_see("it is none of PNG")
        assert "image/png · 48 × 32" in screen
        assert "│ https://example.org/a.png │" in screen
        terminal.press("Q")
        terminal.wait_to_see("ended with 0")
        terminal.type("clear; export NO_COLOR=1; " + command("view images.sse.zst"))
        terminal.wait_to_see("1/7")
        terminal.press("G")
        screen = terminal.wait_to_see("│ image/png │")
        assert "▀" not in screen.partition("timeline")[0]
        terminal.press("Q")
        terminal.wait_to_see("ended with 0")
