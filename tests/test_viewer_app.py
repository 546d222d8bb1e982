"""The viewer's keys and panes, driven through Textual's pilot."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import Input

from sserec.tui.app import Viewer
from sserec.tui.config import Config
from sserec.tui.model.document import Document
from sserec.tui.prompt import Prompt
from sserec.tui.workspace import REFRESH_S, SHARE, SLOWEST_S, Workspace, pause_after
from viewer_support import CREATED, MS, STORY, S, start, text, write

Scene = Callable[["Stage"], Awaitable[None]]


class Stage:
    """A viewer, and the hand on its keyboard."""

    def __init__(self, app: Viewer, pilot: Pilot[None]) -> None:
        assert app.desk is not None
        self.app, self.pilot = app, pilot
        self.desk: Workspace = app.desk

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.settle()

    async def type(self, text: str) -> None:
        """Into the prompt, and Enter."""
        self.desk.prompt.query_one("Input").value = text  # type: ignore[attr-defined]
        await self.press("enter")

    async def settle(self) -> None:
        """Until no job runs and every pane shows where the cursor is."""
        await self.pilot.pause()
        await self.app.workers.wait_for_complete()
        await self.pilot.pause()
        self.desk.show_place()
        await self.pilot.pause()

    @property
    def event(self) -> int | None:
        """The number under the cursor."""
        return self.desk.cursor.number

    def rows(self) -> list[str]:
        """The list of events, as it is drawn."""
        events = self.desk.events
        return [events.dress_line(y, events.make_line(y)).text.rstrip() for y in range(events.line_count())]

    @property
    def screen(self) -> str:
        """Everything that is drawn."""
        strips = self.app.screen._compositor.render_strips(self.app.screen.size)
        return "\n".join(strip.text.rstrip() for strip in strips)


@asynccontextmanager
async def opened(path: Path, size: tuple[int, int], config: Config) -> AsyncIterator[Stage]:
    with Document.open(str(path)) as document:
        app = Viewer(document, config, environment={})
        async with app.run_test(size=size) as pilot:
            stage = Stage(app, pilot)
            await stage.settle()
            yield stage


def play(
    path: Path, scene: Scene, *, size: tuple[int, int] = (120, 34), config: Config | None = None
) -> None:
    """Runs ``scene`` before the viewer of ``path``."""

    async def run() -> None:
        async with opened(path, size, config or Config(check=False)) as stage:
            await scene(stage)

    asyncio.run(run())


@pytest.fixture
def story(tmp_path: Path) -> Path:
    """Ten events with a stall before the seventh."""
    return write(tmp_path / "story.sse.zst", STORY)


def test_the_first_screen_has_the_events_the_answer_the_event_and_the_timeline(story: Path) -> None:
    async def scene(stage: Stage) -> None:
        assert "story.sse.zst  10 events · 16.80 s · complete" in stage.screen
        assert stage.rows()[0].split() == ["▸", "1", "1.000", "…created", "in_progress"]
        assert '"event_type": "interaction.created"' in stage.screen
        assert "nothing of an answer yet" in stage.screen
        assert "▏model_output" in stage.screen
        assert "stall 15.00 s" in stage.screen

    play(story, scene)


def test_answer_and_detail_follow_the_cursor_both_ways(story: Path) -> None:
    async def scene(stage: Stage) -> None:
        await stage.press("G")
        assert stage.event == 10
        assert "Hello World after a stall" in stage.screen
        await stage.press("5", "k")
        assert "answer as of event 5" in stage.screen
        assert "Hello▌" in stage.screen
        assert "World" not in stage.desk.whole_answer()
        await stage.press(".")
        assert "Hello World▌" in stage.screen

    play(story, scene)


@pytest.mark.parametrize(
    ("keys", "number"),
    [
        ("j j", 3),
        ("down pagedown", 10),
        ("G", 10),
        ("G comma", 9),
        ("s s", 4),
        ("s s s S", 2),
        ("}", 7),
        ("G {", 7),
        ("9", 6),
        ("0", 1),
        ("shift+right", 6),
        ("alt+right", 4),
        ("G ctrl+left", 6),
    ],
)
def test_keys_move_through_time(story: Path, keys: str, number: int) -> None:
    async def scene(stage: Stage) -> None:
        await stage.press(*keys.split())
        assert stage.event == number

    play(story, scene)


@pytest.mark.parametrize(
    ("command", "number"),
    [("7", 7), ("go 100%", 10), ("2.0s", 4), ("+1.1s", 6), ("step model_output", 4), ("stall", 7)],
)
def test_commands_go_to_places(story: Path, command: str, number: int) -> None:
    async def scene(stage: Stage) -> None:
        await stage.press(":")
        await stage.type(command)
        assert stage.event == number

    play(story, scene)


def test_what_cannot_be_done_is_said_in_one_line(story: Path) -> None:
    async def scene(stage: Stage) -> None:
        for command, words in [
            ("explode", "no command explode"),
            ("speed fast", "fast is not a speed"),
            ("idle 1e300", "1e300 is not seconds"),
            ("exchange 9", "no exchange 9"),
            ("filter @gap>x", "x"),
            ("export nothing", "no format nothing"),
            ("theme mud", "no theme mud"),
        ]:
            await stage.press(":")
            await stage.type(command)
            assert words in stage.screen.splitlines()[-1], command

    play(story, scene)


def test_a_search_goes_to_its_hits_and_counts_them(story: Path) -> None:
    async def scene(stage: Stage) -> None:
        await stage.press("/")
        await stage.type("step.start")
        assert stage.event == 2
        assert "hit 1 of 2" in stage.screen
        await stage.press("n")
        assert stage.event == 4
        await stage.press("n")
        assert "no hit after this" in stage.screen
        await stage.press("N")
        assert stage.event == 2

    play(story, scene)


def test_a_filter_leaves_what_matches_and_an_empty_one_all(story: Path) -> None:
    async def scene(stage: Stage) -> None:
        await stage.press("G", "f")
        await stage.type("delta.text~o !stall")
        assert [row.split()[-1] for row in stage.rows()] == ["Hello", "World"]
        assert "events · 2 of 10 · filter delta.text~o !stall" in stage.screen
        assert stage.event == 6
        await stage.press("f")
        await stage.type("")
        assert len(stage.rows()) == 10
        assert stage.event == 6

    play(story, scene)


def test_the_detail_and_the_answer_are_searched_in_their_own_text(story: Path) -> None:
    async def scene(stage: Stage) -> None:
        await stage.press("enter", "/")
        await stage.type("interaction")
        assert "2 in this pane" in stage.screen
        await stage.press("n")
        assert "hit 2 in this pane" in stage.screen

    play(story, scene)


def test_the_detail_folds_and_has_three_forms(story: Path) -> None:
    async def scene(stage: Stage) -> None:
        await stage.press("enter", "j", "enter")
        assert '"interaction": { … }' in stage.screen
        await stage.press("z")
        assert "event: interaction.created" in stage.screen
        await stage.press("z")
        assert "── chunk 1 · 1.000 s" in stage.screen
        assert "65 76 65 6e 74 3a" in stage.screen

    play(story, scene)


def test_marks_stand_in_the_margin_and_are_written_only_on_request(story: Path) -> None:
    before = story.read_bytes()

    async def scene(stage: Stage) -> None:
        await stage.press("j", "m", "G", ";")
        await stage.type("here it ended")
        assert stage.rows()[1].startswith(" ◆")
        assert stage.rows()[9].startswith("▸◈")
        assert "◈ here it ended" in stage.screen
        assert "marks not written" in stage.screen
        await stage.press("[")
        assert stage.event == 2
        await stage.press("M")
        assert len(stage.rows()) == 2
        assert await asyncio.to_thread(story.read_bytes) == before
        await stage.press("w")
        assert "marks not written" not in stage.screen

    play(story, scene)
    assert story.read_bytes().startswith(before[:-200])
    with Document.open(str(story)) as document:
        assert [mark.text for mark in document.marks.of(1)] == ["", "here it ended"]


def test_playback_goes_through_the_events_and_stops_at_the_end(tmp_path: Path) -> None:
    path = write(tmp_path / "short.sse.zst", [(S + 100 * MS * at, text(f"{at} ")) for at in range(4)])

    async def scene(stage: Stage) -> None:
        await stage.press("space")
        assert "▶ ×0.0156" in stage.screen, "slow enough to be seen on the busiest machine"
        stage.desk.set_speed(1.0)
        async with asyncio.timeout(60):
            while stage.event != 4:
                await stage.pilot.pause(0.02)
            while stage.desk.playback is None or stage.desk.playback.is_playing:
                await stage.pilot.pause(0.02)

    play(path, scene, config=Config(check=False, speed=1 / 64))


def test_a_click_or_a_drag_on_the_timeline_goes_there(story: Path) -> None:
    async def scene(stage: Stage) -> None:
        await stage.pilot.click("#timeline", offset=(118, 2))
        await stage.settle()
        assert stage.event is not None
        assert stage.event > 6
        await stage.pilot.mouse_down("#timeline", offset=(60, 2))
        await stage.pilot.hover("#timeline", offset=(1, 2))
        await stage.pilot.mouse_up("#timeline", offset=(1, 2))
        await stage.settle()
        assert stage.event == 1

    play(story, scene)


def test_exchanges_are_chosen_and_a_single_one_has_no_list(tmp_path: Path, story: Path) -> None:
    path = write(tmp_path / "two.sse.zst", STORY, [(S, CREATED), (2 * S, start("thought"))])

    async def scene(stage: Stage) -> None:
        assert "POST /v1beta/interactions" in stage.screen
        await stage.press("ctrl+down")
        assert stage.desk.stream.number == 2
        assert len(stage.rows()) == 2

    async def alone(stage: Stage) -> None:
        assert not stage.desk.exchanges.display

    play(path, scene)
    play(story, alone)


def test_on_eighty_columns_answer_and_detail_share_a_place(story: Path) -> None:
    async def scene(stage: Stage) -> None:
        assert "answer" in stage.screen
        assert "event 1 ·" not in stage.screen
        await stage.press("enter")
        assert "event 1 ·" in stage.screen
        assert "answer" not in stage.screen
        await stage.press("q")
        assert "answer" in stage.screen
        assert max(map(len, stage.screen.splitlines())) <= 80

    play(story, scene, size=(80, 24))


def test_a_persons_own_keys_take_the_place_of_ours(story: Path) -> None:
    async def scene(stage: Stage) -> None:
        await stage.press("n")
        assert stage.event == 2
        await stage.press("?")
        assert "  (next-event)" in stage.screen

    play(story, scene, config=Config(check=False, keys={"next-event": "n", "next-hit": "ctrl+n"}))


def test_check_puts_its_findings_into_the_margin(tmp_path: Path) -> None:
    path = write(tmp_path / "bad.sse.zst", [(S, CREATED), (2 * S, b"data: {broken\n\n"), *STORY[1:]])

    async def scene(stage: Stage) -> None:
        assert stage.rows()[1].startswith("  !")
        await stage.press("}")
        assert stage.event == 2
        assert "! error:" in stage.screen
        await stage.press("g", "c", "enter")
        assert stage.event == 2

    play(path, scene, config=Config(check=True))


def test_exports_are_written_and_never_over_another_file(
    story: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    async def scene(stage: Stage) -> None:
        await stage.press("x")
        await stage.type("text")
        assert "text written to story-1.txt" in stage.screen
        await stage.press("x")
        await stage.type("text")
        assert "story-1.txt exists already" in stage.screen

    play(story, scene)
    assert "Hello World after a stall" in (tmp_path / "story-1.txt").read_text()


def test_a_prompt_that_is_asked_for_before_it_is_furnished_opens_once() -> None:
    class Bare(App[None]):
        def compose(self) -> ComposeResult:
            yield Prompt()

    async def run() -> None:
        async with Bare().run_test() as pilot:
            prompt = pilot.app.query_one(Prompt)
            prompt.ask("command", ":", "")
            prompt.ask("command", ":", "go")
            prompt.furnish()
            while not prompt.display:
                await pilot.pause()
            assert [each.value for each in prompt.query(Input)] == ["go"]

    asyncio.run(run())


def test_bytes_that_never_became_an_event_are_all_there_is_and_can_be_looked_at(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        await stage.press("m", ":")
        await stage.type("note nothing to stand on")
        await stage.press("enter")
        assert "unfinished event ·" in stage.screen
        await stage.press("z", "c", "escape", "shift+left", "G")
        assert "data: {" in stage.screen

    path = tmp_path / "cut.sse"
    path.write_bytes(b'data: {"a"')
    play(path, scene)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("export text", "x: No such file"),
        ("save-body", "x: No such file"),
        ("save-media", "no media"),
        ("diff", "x is no file"),
    ],
)
def test_the_home_of_nobody_is_said_to_be_no_file(story: Path, command: str, words: str) -> None:
    async def scene(stage: Stage) -> None:
        await stage.press("d")
        await stage.type("~nobody-has-this-name/")
        await stage.press(":")
        await stage.type(f"{command} ~nobody-has-this-name/x")
        assert words in stage.screen

    play(story, scene)


def test_text_of_a_recording_is_neither_markup_nor_terminal_control(tmp_path: Path) -> None:
    nasty = "[bold]x[/] [@click=app.quit]y[/] \x1b[31mz\x07 \x9b2J \u202egnp"
    path = write(tmp_path / "[red]nasty.sse.zst", [(S, start("model_output")), (2 * S, text(nasty))])

    async def scene(stage: Stage) -> None:
        await stage.press("G")
        for form in ("json", "raw", "hex"):
            assert stage.desk.detail.form == form
            assert not [letter for letter in stage.screen if letter in "\x1b\x07\x9b\u202e"]
            await stage.press("z")
        assert "[bold]x[/] [@click=app.quit]y[/] ␛[31mz␇" in stage.screen
        assert "[red]nasty" in stage.screen

    play(path, scene)


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n\0\0", b"\x28\xb5\x2f\xfd\x00junk"])
def test_a_file_that_cannot_be_viewed_says_what_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "what.sse.zst"
    path.write_bytes(content)

    async def run() -> None:
        with Document.open(str(path)) as document:
            assert document.trouble is not None
            app = Viewer(document, Config(), environment={})
            async with app.run_test(size=(80, 24)) as pilot:
                await pilot.pause()
                strips = app.screen._compositor.render_strips(app.screen.size)
                shown = "\n".join(strip.text for strip in strips)
                assert document.trouble.title[:60] in shown
                await pilot.press("q")
            assert app.return_code == 0

    asyncio.run(run())


def test_a_check_that_was_asked_for_says_what_it_came_to(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        await stage.press("c")
        assert stage.desk.notice == "checked: 2 findings (c shows them)"

    play(write(tmp_path / "cut.sse.zst", STORY[:6]), scene)


def test_in_a_narrow_list_the_text_of_an_event_is_seen(story: Path) -> None:
    async def scene(stage: Stage) -> None:
        assert stage.rows()[4].split() == ["5", "2.100", "…delta", "1", "Hello"]
        assert stage.rows()[8].split()[:3] == ["9", "17.300", "…completed"]
        await stage.press("t", "t")
        assert stage.rows()[6].split()[2:4] == ["15.000", "…delta"]

    play(story, scene, size=(80, 24))


def test_a_gap_is_shown_once_where_times_are_gaps(story: Path) -> None:
    async def scene(stage: Stage) -> None:
        assert stage.rows()[6].split()[:3] == ["●", "7", "17.100"]
        await stage.press("t", "t")
        assert stage.rows()[6].split()[:4] == ["●", "7", "15.000", "step.delta"]

    play(story, scene, size=(200, 50))


def test_what_was_said_before_a_command_is_said_no_more(story: Path) -> None:
    async def scene(stage: Stage) -> None:
        await stage.press("colon")
        await stage.type("go nowhere")
        assert "nowhere is no place" in stage.desk.notice
        await stage.press("colon")
        await stage.type("theme nord")
        assert stage.desk.notice == ""

    play(story, scene)


def test_a_key_for_what_cannot_be_done_says_so(tmp_path: Path) -> None:
    plain = tmp_path / "plain.sse"
    plain.write_bytes(b"data: 1\n\n")

    async def scene(stage: Stage) -> None:
        await stage.press("m", "w")
        assert stage.desk.notice.startswith("plain text has no room for marks")
        await stage.press("Q")
        assert stage.desk.notice.startswith("once more leaves without the marks")
        assert stage.app.is_running

    play(plain, scene)


def test_a_growing_file_is_looked_at_less_often_where_drawing_it_takes_long() -> None:
    assert pause_after(0.0) == REFRESH_S
    assert pause_after(0.03) == 0.03 / SHARE
    assert pause_after(10.0) == SLOWEST_S
