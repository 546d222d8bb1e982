"""Two recordings side by side, driven through Textual's pilot."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from comparison_support import A, B, pair, told
from diff_support import Take
from diff_support import write as write_takes
from sserec.diff import Options
from sserec.records import Response
from sserec.tui.app import Viewer
from sserec.tui.comparison.app import ComparisonViewer
from sserec.tui.comparison.screen import ComparisonScreen
from sserec.tui.config import Config
from sserec.tui.host import Host
from sserec.tui.model.comparison.duo import Duo
from sserec.tui.model.document import Document
from sserec.tui.moving import NO_TIMES
from viewer_support import CREATED, DONE, REQUEST, S, start, text, write

QUIET = Config(check=False)


class Stage:
    """A screen, and the hand on its keyboard."""

    def __init__(self, app: Host, pilot: Pilot[None]) -> None:
        self.app, self.pilot = app, pilot

    @property
    def desk(self) -> ComparisonScreen:
        assert isinstance(self.app.screen, ComparisonScreen)
        return self.app.screen

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.settle()

    async def type(self, words: str) -> None:
        """Into the prompt, and Enter."""
        self.app.screen.query_one("Input").value = words  # type: ignore[attr-defined]
        await self.press("enter")

    async def settle(self) -> None:
        """Until no job runs and every pane shows where the cursor is."""
        for _ in range(3):
            await self.pilot.pause()
            await self.app.workers.wait_for_complete()
        await self.pilot.pause()
        if isinstance(self.app.screen, ComparisonScreen):
            self.desk.show_below()
        await self.pilot.pause()

    @property
    def screen(self) -> str:
        """Everything that is drawn."""
        strips = self.app.screen._compositor.render_strips(self.app.screen.size)
        return "\n".join(strip.text.rstrip() for strip in strips)

    def side(self, side: int) -> list[str]:
        """One pane of events, as it is drawn."""
        pane = self.desk.sides[side]
        return [
            " ".join(pane.dress_line(y, pane.make_line(y)).text.split()) for y in range(pane.line_count())
        ]

    def listed(self) -> list[str]:
        """The list of differences, as it is drawn."""
        pane = self.desk.differences
        return [
            " ".join(pane.dress_line(y, pane.make_line(y)).text.split()) for y in range(pane.line_count())
        ]

    def focused(self) -> str | None:
        """Which pane has the keys."""
        return None if self.desk.focused is None else self.desk.focused.id

    def numbers(self) -> tuple[int | None, int | None]:
        """The numbers under the cursor."""
        assert self.desk.cursor is not None
        a, b = self.desk.cursor.events()
        return a if a is None else a + 1, b if b is None else b + 1


Scene = Callable[[Stage], Awaitable[None]]


@asynccontextmanager
async def opened(
    a: str, b: str, size: tuple[int, int], config: Config, options: Options | None
) -> AsyncIterator[Stage]:
    app = ComparisonViewer(Duo.open(a, b, options), config, environment={})
    async with app.run_test(size=size) as pilot:
        stage = Stage(app, pilot)
        await stage.settle()
        yield stage


def play(
    paths: tuple[str, str],
    scene: Scene,
    *,
    size: tuple[int, int] = (120, 40),
    config: Config = QUIET,
    options: Options | None = None,
) -> None:
    """Runs ``scene`` before the screen of two files."""

    async def run() -> None:
        async with opened(*paths, size, config, options) as stage:
            await scene(stage)

    asyncio.run(run())


@pytest.fixture
def paths(tmp_path: Path) -> tuple[str, str]:
    return pair(tmp_path, A, B)


def test_it_opens_at_the_first_difference_with_everything_beside_it(paths: tuple[str, str]) -> None:
    async def scene(stage: Stage) -> None:
        assert "a.sse.zst ↔" in stage.screen
        assert "3 differences" in stage.screen
        assert stage.listed() == [
            "▸~ …tion.steps[0].content[0].text",
            "+ 2 probe.ping",
            "~ 3–5|4–7 step 0: step.delta text",
        ]
        assert "~ interaction.steps[0].content[0].text" in stage.screen
        assert "One two three" in stage.screen
        assert "One or two 3" in stage.screen
        assert "difference 1/3" in stage.screen
        assert stage.numbers() == (8, 10), "an interaction differs when it is over"

    play(paths, scene)


def test_both_sides_stand_level_with_gaps_where_one_has_nothing(paths: tuple[str, str]) -> None:
    async def scene(stage: Stage) -> None:
        await stage.press("g")
        assert stage.side(0)[:3] == ["▸ 1 0.500 …created in_progress", "", "2 0.600 …start"]
        assert stage.side(1)[:3] == [
            "▸ 1 0.500 …created in_progress",
            '+ 2 0.650 …ping {"n":1}',
            "3 0.800 …start",
        ]
        assert stage.side(0)[3] == "~ 3 0.700 …delta One"
        assert len(stage.side(0)) == len(stage.side(1)) == 10

    play(paths, scene)


def test_keys_go_to_the_next_difference_and_the_one_before(paths: tuple[str, str]) -> None:
    async def scene(stage: Stage) -> None:
        await stage.press("}")
        assert stage.numbers() == (None, 2)
        assert stage.listed()[1].startswith("▸")
        assert '"n": 1' in stage.screen
        await stage.press("n")
        assert stage.numbers() == (3, 4)
        assert "differences · 3/3" in stage.screen
        await stage.press("}")
        assert "no difference after this" in stage.screen
        await stage.press("{", "{")
        assert stage.desk.chosen == 0
        await stage.press("{")
        assert "no difference before this" in stage.screen
        await stage.press("k", "{")
        assert stage.numbers() == (3, 4)

    play(paths, scene)


def test_both_answers_stand_as_of_the_cursor_with_what_differs(paths: tuple[str, str]) -> None:
    async def scene(stage: Stage) -> None:
        await stage.press("5")
        assert stage.numbers() == (4, 5)
        assert "A as of event 4 · B as of event 5" in stage.screen
        columns = [line.split("│") for line in stage.desk.answers.text().splitlines() if "One" in line]
        assert [[column.strip() for column in line] for line in columns] == [["One two ▌", "One or ▌"]]
        inked = [
            segment.text
            for strip in stage.desk.answers._lines
            for segment in strip
            if segment.style == stage.desk.answers.ink("word-b")
        ]
        assert inked == ["or"]
        await stage.press("G")
        assert "One two three" in stage.desk.answers.text()

    play(paths, scene)


def test_by_time_beside_an_event_stands_what_the_other_side_had_by_then(paths: tuple[str, str]) -> None:
    async def scene(stage: Stage) -> None:
        await stage.press("}", "}")
        assert stage.numbers() == (3, 4)
        await stage.press("T")
        assert "by time" in stage.screen
        assert stage.numbers() == (3, 2)
        assert len(stage.side(0)) == 8
        await stage.press("j")
        assert stage.numbers() == (4, 3)
        assert "A as of event 4 · B as of event 3" in stage.screen
        await stage.press("l", "G")
        assert stage.numbers() == (8, 10), "the other side leads now"
        await stage.press("T")
        assert "by alignment" in stage.screen
        assert stage.numbers() == (8, 10)

    play(paths, scene)


def test_both_are_played_at_once(paths: tuple[str, str]) -> None:
    async def scene(stage: Stage) -> None:
        await stage.press("g", "space")
        assert "▶ ×0.0156" in stage.screen, "slow enough to be seen on the busiest machine"
        assert "by time" in stage.screen
        await stage.press("space")
        assert "▶" not in stage.screen
        await stage.press("=", "space")
        async with asyncio.timeout(60):
            while stage.numbers() != (8, 10) or "▶" in stage.screen:
                await stage.pilot.pause(0.02)

    play(paths, scene, config=Config(check=False, speed=1 / 64))


def test_what_knows_no_times_is_neither_played_nor_gone_through_by_time(tmp_path: Path) -> None:
    for name, chunks in (("a.sse", A), ("b.sse", B)):
        (tmp_path / name).write_bytes(b"".join(data for _, data in chunks))

    async def scene(stage: Stage) -> None:
        assert "by alignment" in stage.screen
        for key in ("T", "space", "alt+right"):
            await stage.press("j", key)
            assert NO_TIMES in stage.screen.splitlines()[-1], key

    play((str(tmp_path / "a.sse"), str(tmp_path / "b.sse")), scene)


def test_the_list_leads_into_the_events_and_to_other_pairs(tmp_path: Path) -> None:
    a = str(write(tmp_path / "a.sse.zst", A, A))
    b = str(write(tmp_path / "b.sse.zst", A, B))

    async def scene(stage: Stage) -> None:
        assert stage.listed()[0] == "exchange 2|2 3 differences"
        assert stage.desk.place == 1, "the first difference is there"
        await stage.press("ctrl+up")
        assert "exchange 1|1" in stage.screen
        assert set(stage.side(0)) == set(stage.side(1))
        await stage.press("h", "G", "enter")
        assert "exchange 2|2" in stage.screen
        assert stage.numbers() == (3, 4)
        await stage.press(":")
        await stage.type("pair 1")
        assert "exchange 1|1" in stage.screen

    play((a, b), scene)


def test_on_eighty_columns_the_list_is_hidden_until_it_is_asked_for(paths: tuple[str, str]) -> None:
    async def scene(stage: Stage) -> None:
        assert "differences ·" not in stage.screen
        assert "[changes] whole" in stage.screen, "what differs is not in the events"
        await stage.press("k")
        assert "as of event" in stage.screen
        assert "[changes]" not in stage.screen
        await stage.press("D", "{", "{", "{")
        assert "differences · 1/3" in stage.screen
        await stage.press("}", "enter")
        assert "[changes] whole" in stage.screen
        assert "as of event" not in stage.screen
        await stage.press("q", "D")
        assert "differences ·" not in stage.screen
        assert "as of event" in stage.screen
        assert max(map(len, stage.screen.splitlines())) <= 80

    play(paths, scene, size=(80, 24))


def test_the_list_can_be_hidden_where_there_is_room_too(paths: tuple[str, str]) -> None:
    async def scene(stage: Stage) -> None:
        await stage.press("shift+tab", "D")
        assert "differences ·" not in stage.screen
        assert stage.focused() == "side-a"

    play(paths, scene, size=(200, 60))


def test_a_pair_is_shown_in_full_and_a_pane_alone(paths: tuple[str, str]) -> None:
    async def scene(stage: Stage) -> None:
        await stage.press("}", "}", "z")
        assert '"text": "One "' in stage.screen
        await stage.press("enter", "Z")
        assert "A · a.sse.zst" not in stage.screen
        assert stage.desk.contrast.size.height > 30
        await stage.press("q")
        assert "A · a.sse.zst" in stage.screen

    play(paths, scene)


@pytest.mark.parametrize(
    ("keys", "events"),
    [
        ("j", (None, 2)),
        ("G", (8, 10)),
        ("G ctrl+b", (1, 1)),
        (". . .", (3, 4)),
        ("G comma", (7, 9)),
        ("9", (7, 9)),
        ("shift+right", (8, 10)),
        ("alt+right shift+left", (1, 1)),
        ("ctrl+right", (None, 2)),
    ],
)
def test_the_viewers_keys_move_here_too(
    paths: tuple[str, str], keys: str, events: tuple[int | None, int]
) -> None:
    async def scene(stage: Stage) -> None:
        await stage.press("g", *keys.split())
        assert stage.numbers() == events

    play(paths, scene)


@pytest.mark.parametrize(
    ("command", "events"),
    [("5", (5, 6)), ("go 100%", (8, 10)), ("0.65s", (2, 3)), ("+0.2s", (3, 4)), ("next", (None, 2))],
)
def test_commands_go_to_places(paths: tuple[str, str], command: str, events: tuple[int | None, int]) -> None:
    async def scene(stage: Stage) -> None:
        await stage.press("g", ":")
        await stage.type(command)
        assert stage.numbers() == events

    play(paths, scene)


def test_what_cannot_be_done_is_said_in_one_line(paths: tuple[str, str]) -> None:
    async def scene(stage: Stage) -> None:
        for command, words in [
            ("explode", "no command explode"),
            ("pair 9", "no pair 9"),
            ("time soon", "the time column is one of"),
            ("theme mud", "no theme mud"),
            ("7 apples", "no command 7"),
        ]:
            await stage.press(":")
            await stage.type(command)
            assert words in stage.screen.splitlines()[-1], command
        await stage.press("ctrl+down")
        assert "there is no other pair" in stage.screen

    play(paths, scene)


def test_events_of_a_side_are_found(paths: tuple[str, str]) -> None:
    async def scene(stage: Stage) -> None:
        await stage.press("g", "l", "/")
        assert "find in B:" in stage.screen
        await stage.type("@event=step.delta")
        assert stage.numbers() == (3, 4)
        assert "hit 1 of 4 in B" in stage.screen
        await stage.press("n", "n", "n")
        assert stage.numbers() == (None, 7)
        await stage.press("n")
        assert "no hit after this" in stage.screen
        await stage.press("N")
        assert stage.numbers() == (5, 6)
        await stage.press("/")
        await stage.type("nothing like it")
        assert "no hit in B" in stage.screen
        await stage.press("/")
        await stage.type("@gap>x")
        assert "x" in stage.screen.splitlines()[-1]

    play(paths, scene)


def test_text_is_found_in_answers_and_detail(paths: tuple[str, str]) -> None:
    async def scene(stage: Stage) -> None:
        await stage.press("G", "tab", "tab", "/")
        await stage.type("one")
        assert "2 in this pane" in stage.screen
        await stage.press("n")
        assert "hit 2 in this pane" in stage.screen

    play(paths, scene)


def test_help_and_palette_are_those_of_this_screen(paths: tuple[str, str]) -> None:
    async def scene(stage: Stage) -> None:
        await stage.press("?")
        assert "Two recordings side by side" in stage.screen
        assert "play or pause" not in stage.screen
        await stage.press("q")
        names = [command.title for command in stage.app.get_system_commands(stage.app.screen)]
        assert "together" in names
        assert "export" not in names

    play(paths, scene)


def test_a_persons_own_keys_and_settings_hold_here_too(paths: tuple[str, str]) -> None:
    async def scene(stage: Stage) -> None:
        await stage.press("x")
        assert stage.numbers() == (None, 2)
        assert "} next" not in stage.screen
        assert stage.side(1)[1].split()[2] == "0.150"

    config = Config(check=False, hints=False, time="delta", keys={"next-finding": "x"})
    play(paths, scene, config=config)


def test_scrolling_one_side_scrolls_the_other(tmp_path: Path) -> None:
    words = [f"{number} " for number in range(200)]

    async def scene(stage: Stage) -> None:
        a, b = stage.desk.sides
        a.scroll_to(y=100, animate=False)
        await stage.settle()
        assert b.scroll_offset.y == 100
        b.scroll_to(y=50, animate=False)
        await stage.settle()
        assert a.scroll_offset.y == 50
        await stage.press("T")
        b.scroll_to(y=100, animate=False)
        await stage.settle()
        assert a.scroll_offset.y == stage.desk.cursor.facing_line(1, 100)  # type: ignore[union-attr]
        assert a.scroll_offset.y > 140

    play(pair(tmp_path, told(*words), told(*words, gap_ns=150_000_000)), scene)


def test_a_click_goes_there_and_a_second_one_into_the_detail(paths: tuple[str, str]) -> None:
    async def scene(stage: Stage) -> None:
        await stage.pilot.click("#side-b", offset=(8, 5))
        await stage.settle()
        assert stage.numbers() == (4, 5)
        assert stage.focused() == "side-b"
        await stage.pilot.click("#side-b", offset=(8, 5))
        await stage.settle()
        assert stage.focused() == "contrast"
        await stage.pilot.click("#differences", offset=(8, 2))
        await stage.settle()
        assert stage.numbers() == (None, 2)

    play(paths, scene)


def test_what_the_mouse_drags_over_is_selected_and_copied(paths: tuple[str, str]) -> None:
    async def scene(stage: Stage) -> None:
        await stage.pilot.mouse_down("#answers", offset=(2, 1))
        await stage.pilot.hover("#answers", offset=(12, 1))
        await stage.pilot.mouse_up("#answers", offset=(12, 1))
        await stage.settle()
        assert stage.app.screen.get_selected_text()
        await stage.press("y")
        assert "copied: selection" in stage.screen

    play(paths, scene)


def test_text_of_a_recording_is_neither_markup_nor_terminal_control(tmp_path: Path) -> None:
    nasty = "[bold]x[/] [@click=app.quit]y[/] \x1b[31mz\x07 \x9b2J \u202egnp "
    a, b = (
        [
            (S, CREATED),
            (S + 1, start("model_output")),
            (S + 2, text(nasty + word)),
            (S + 3, b"\x1b[2J: 1\n" + DONE),
        ]
        for word in ("here", "there")
    )
    of_a, of_b = pair(tmp_path, a, b)
    marked = str(Path(of_b).rename(tmp_path / "[red]b.sse.zst"))

    async def scene(stage: Stage) -> None:
        for key in ("}", "}", "}", "z", "z", "G"):
            await stage.press(key)
            assert not [letter for letter in stage.screen if letter in "\x1b\x07\x9b\u202e"]
        assert "[bold]x[/] [@click=app.quit]y[/] ␛[31mz␇" in stage.screen
        assert "B · [red]b.sse.zst" in stage.screen

    play((of_a, marked), scene, size=(200, 60))


def test_the_same_is_said(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        assert "the same" in stage.screen.splitlines()[0]
        assert stage.listed() == ["The same."]
        await stage.press("}")
        assert "no difference after this" in stage.screen
        await stage.press("j")
        assert stage.desk.contrast._lines[0].text == "the same"

    play(pair(tmp_path, A, A), scene)


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n\0\0", b"\x28\xb5\x2f\xfd\x00junk"])
def test_a_file_that_cannot_be_viewed_says_what_it_is(tmp_path: Path, content: bytes) -> None:
    a, b = tmp_path / "a.sse.zst", tmp_path / "b.sse.zst"
    for path in (a, b):
        path.write_bytes(content)

    async def run() -> None:
        duo = Duo.open(str(a), str(b))
        app = ComparisonViewer(duo, Config(), environment={})
        async with app.run_test(size=(80, 24)) as pilot:
            stage = Stage(app, pilot)
            await stage.settle()
            for document in duo.documents:
                assert document.trouble is not None
                assert document.trouble.title[:60] in stage.screen
            await stage.press("}", "T", "j", "tab")
            await stage.press("q")
        assert app.return_code == 0

    asyncio.run(run())


@pytest.mark.parametrize("mode", ["by alignment", "by time"])
def test_a_side_without_events_is_all_gaps(tmp_path: Path, mode: str) -> None:
    async def scene(stage: Stage) -> None:
        if mode == "by time":
            await stage.press("T")
        assert mode in stage.screen
        for key in ("g", "j", "G", "l", "j", "k", "G", "}", "{", "z", "5", "tab", "enter", "ctrl+right"):
            await stage.press(key)
            assert "B 0/0" in stage.screen
        assert "B before its first event" in stage.screen

    play(pair(tmp_path, A, []), scene)


def test_what_is_no_event_stream_is_compared_all_the_same(tmp_path: Path) -> None:
    response = Response(200, "OK", "HTTP/1.1", (("content-type", "application/json"),))
    whole = Take((b'{"object":"interaction","status":"completed"}',), REQUEST, response=response)
    a, b = write(tmp_path / "a.sse.zst", A), write_takes(tmp_path / "b.sse.zst", whole)

    async def scene(stage: Stage) -> None:
        assert stage.listed()[0] == "▸~ response.headers.content-type"
        await stage.press("G", "}", "T", "c")
        assert "one side is no event stream: events are not compared" in stage.screen

    play((str(a), str(b)), scene)


def test_damage_is_counted_and_listed(tmp_path: Path) -> None:
    a, b = pair(tmp_path, A, B)
    whole = Path(b).read_bytes()
    Path(b).write_bytes(whole[:-30])

    async def scene(stage: Stage) -> None:
        assert "problem" in stage.screen.splitlines()[0]
        await stage.press("c")
        assert "b.sse.zst: " in stage.screen
        await stage.press("q")
        assert "b.sse.zst: " not in stage.screen

    play((a, b), scene)


def test_a_path_that_is_none_is_said(paths: tuple[str, str]) -> None:
    async def scene(stage: Stage) -> None:
        assert "is not a path" in stage.screen

    play(paths, scene, options=Options(ignored=("a[",)))


def test_the_viewer_leads_here_and_back(paths: tuple[str, str]) -> None:
    async def run() -> None:
        with Document.open(paths[0]) as document:
            app = Viewer(document, QUIET, environment={})
            async with app.run_test(size=(120, 40)) as pilot:
                stage = Stage(app, pilot)
                await stage.settle()
                await stage.press("d")
                await stage.type(paths[1])
                assert "3 differences" in stage.screen
                await stage.press("}", "}")
                assert stage.numbers() == (3, 4)
                await stage.press("q")
                assert "timeline" in stage.screen or "0 s" in stage.screen or "1/8" in stage.screen
                assert not isinstance(app.screen, ComparisonScreen)
                await stage.press(":")
                await stage.type(f"diff {paths[0]}")
                assert "the same" in stage.screen
                await stage.press("escape")
                assert not isinstance(app.screen, ComparisonScreen)

    asyncio.run(run())
