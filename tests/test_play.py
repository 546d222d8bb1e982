"""``sserec play``: the player without a terminal, then with a pipe, then with a real terminal."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from record_support import SSEREC
from replay_support import CREATED, DONE, MILLISECOND, Kept, delta, recording
from sserec.export.showing import Frame, limited
from sserec.replay.player import SPEEDS, Player
from terminal import Terminal

FRAMES = [Frame(10, b"a"), Frame(20, b"b"), Frame(20, b"c"), Frame(1000, b"d")]


def player(**options: float) -> Player:
    limit = options.pop("idle_limit_ns", None)
    return Player(FRAMES, now_ns=0, idle_limit_ns=None if limit is None else int(limit), **options)


def test_frames_are_due_at_their_times() -> None:
    playing = player()
    assert playing.wait_ns() == 10
    assert playing.due(9) == []
    assert playing.due(10) == [b"a"]
    assert playing.wait_ns() == 10
    assert playing.due(500) == [b"b", b"c"]
    assert (playing.wait_ns(), playing.is_over) == (500, False)
    assert playing.due(1000) == [b"d"]
    assert (playing.is_over, playing.was_quit) == (True, False)


def test_at_twice_the_speed_half_the_time_passes() -> None:
    playing = player(speed=2)
    assert playing.wait_ns() == 5
    assert playing.due(10) == [b"a", b"b", b"c"]
    assert playing.wait_ns() == 490


def test_silence_is_cut_to_its_limit() -> None:
    assert [frame.t_ns for frame in limited(FRAMES, 15)] == [10, 20, 20, 35]
    assert player(idle_limit_ns=15).due(35) == [b"a", b"b", b"c", b"d"]


def test_a_pause_stops_the_time_and_not_the_place() -> None:
    playing = player()
    assert playing.press(" ", 15) == [b"a"]
    assert (playing.is_paused, playing.wait_ns()) == (True, None)
    assert playing.due(1_000_000) == []
    assert playing.press(" ", 2_000_000) == []
    assert playing.wait_ns() == 5
    assert playing.due(2_000_005) == [b"b", b"c"]


def test_a_step_shows_one_frame_and_pauses() -> None:
    playing = player()
    assert playing.press(".", 0) == [b"a"]
    assert playing.is_paused
    assert [playing.press(".", 0) for _ in range(4)] == [[b"b"], [b"c"], [b"d"], []]
    assert playing.is_over


def test_going_on_after_steps_keeps_the_distance_to_the_next_frame() -> None:
    playing = player()
    for _ in range(3):
        playing.press(".", 5)
    playing.press(" ", 5)
    assert playing.wait_ns() == 980


@pytest.mark.parametrize(
    ("keys", "speed"), [("+", 2), (">>", 4), ("-", 0.5), ("<<", 0.25), ("++=", 1), ("+-", 1)]
)
def test_keys_change_the_speed(keys: str, speed: float) -> None:
    playing = player()
    for key in keys:
        playing.press(key, 0)
    assert playing.speed == speed
    assert playing.wait_ns() == int(10 / speed)


def test_the_speed_has_its_bounds_and_a_change_does_not_move_the_place() -> None:
    playing = player()
    assert playing.due(15) == [b"a"]
    for _ in range(20):
        playing.press("+", 15)
    assert playing.speed == SPEEDS[1]
    for _ in range(40):
        playing.press("-", 15)
    assert playing.speed == SPEEDS[0]
    assert playing.wait_ns() == 5 / SPEEDS[0]


@pytest.mark.parametrize("key", ["q", "\x1b"])
def test_a_person_may_have_had_enough(key: str) -> None:
    playing = player()
    playing.press(key, 0)
    assert (playing.is_over, playing.was_quit) == (True, True)


def test_nothing_is_over_at_once() -> None:
    assert Player([], now_ns=0).is_over


@given(st.lists(st.integers(0, 1000)), st.lists(st.integers(1, 300), max_size=30))
def test_whatever_the_looks_at_the_clock_everything_comes_once_and_in_order(
    times: list[int], ticks: list[int]
) -> None:
    frames = [Frame(t_ns, b"%d " % number) for number, t_ns in enumerate(sorted(times))]
    playing, now_ns, shown = Player(frames, now_ns=0), 0, []
    for tick in [*ticks, 1001]:
        now_ns += tick
        shown += playing.due(now_ns)
    assert shown == [frame.data for frame in frames]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    second = MILLISECOND * 1000
    return recording(
        tmp_path / "x.sse.zst", Kept([(0, CREATED), (second // 5, delta(1)), (second // 4, DONE)])
    )


def play(*words: str | Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*SSEREC, "play", *map(str, words)], capture_output=True, timeout=60)


def test_a_pipe_gets_the_bytes(file: Path) -> None:
    got = play(file)
    assert (got.stdout, got.returncode) == (CREATED + delta(1) + DONE, 0)


def test_a_pipe_gets_the_text(file: Path) -> None:
    assert play(file, "--text").stdout == b"w1\n"


def test_a_pipe_gets_them_when_they_are_due(file: Path) -> None:
    begin = time.monotonic()
    assert play(file, "--speed", "0.1").stdout == CREATED + delta(1) + DONE
    assert time.monotonic() - begin > 2.5


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (["--speed", "inf"], "inf is not between 0.001 and 1,000,000"),
        (["--speed", "nan"], "nan is not between 0.001 and 1,000,000"),
        (["--speed", "1e-320"], "is not between 0.001 and 1,000,000"),
        (["--idle-limit", "1e300"], "1e+300 is not a time in seconds"),
        (["--idle-limit", "nan"], "nan is not a time in seconds"),
        (["--exchange", "x"], "'x' is no whole number from 1 on"),
        (["--exchange", "0"], "'0' is no whole number from 1 on"),
    ],
)
def test_a_pace_or_place_that_is_none_is_refused_in_one_line(
    file: Path, words: list[str], refusal: str
) -> None:
    got = play(file, *words)
    assert (got.returncode, got.stdout, got.stderr.count(b"\n")) == (2, b"", 1)
    assert refusal in got.stderr.decode()


def test_all_exchanges_are_played_one_after_the_other(tmp_path: Path) -> None:
    file = recording(tmp_path / "x.sse.zst", Kept(), Kept([(0, DONE)]))
    assert play(file).stdout == CREATED + DONE + DONE
    assert play(file, "--exchange", "2").stdout == DONE


def test_plain_text_is_played_too(tmp_path: Path) -> None:
    (tmp_path / "x.sse").write_bytes(CREATED)
    assert play(tmp_path / "x.sse").stdout == CREATED


def test_a_reader_that_leaves_is_no_fault(file: Path) -> None:
    got = subprocess.run(
        ["sh", "-c", '"$@" --loop | head -c 2000', "sh", *SSEREC, "play", str(file), "--speed", "9"],
        capture_output=True,
        timeout=60,
    )
    assert (len(got.stdout), got.stderr) == (2000, b"")


class TestInATerminal:
    def test_without_a_posix_terminal_it_plays_without_keys(self, file: Path) -> None:
        """As on Windows, where Python has no termios."""
        program = (
            "import sys; sys.modules['termios'] = None; from sserec.cli import main;"
            f"sys.argv = ['sserec', 'play', {str(file)!r}]; main()"
        )
        screen = Terminal(sys.executable, "-c", program)
        screen.wait_to_see(b"[DONE]")
        assert screen.end() == 0

    def test_a_silence_of_centuries_is_waited_for_until_a_key_comes(self, tmp_path: Path) -> None:
        century_ns = 100 * 365 * 24 * 3600 * 1000 * MILLISECOND
        file = recording(tmp_path / "x.sse.zst", Kept([(0, b"first "), (2 * century_ns, b"second ")]))
        screen = Terminal(*SSEREC, "play", "--speed", "0.001", str(file))
        screen.wait_to_see(b"first")
        screen.press(b".")
        screen.wait_to_see(b"second")
        assert screen.end() == 0

    def test_nothing_that_a_terminal_would_act_on_reaches_it(self, tmp_path: Path) -> None:
        file = recording(tmp_path / "x.sse.zst", Kept([(0, b"data: \x1b[2J\xc3"), (1, b"\xa9\n\n")]))
        screen = Terminal(*SSEREC, "play", str(file))
        screen.wait_to_see("é".encode())
        assert screen.end() == 0
        assert "data: ␛[2Jé\r\n\r\n".encode() in screen.shown
        assert b"\x1b" not in screen.shown

    def test_a_paused_stream_goes_on_when_it_is_told(self, tmp_path: Path) -> None:
        hour = 3600 * 1000 * MILLISECOND
        file = recording(
            tmp_path / "x.sse.zst", Kept([(0, b"first "), (hour, b"second "), (2 * hour, b"third ")])
        )
        screen = Terminal(*SSEREC, "play", str(file))
        screen.wait_to_see(b"first")
        screen.press(b".")
        screen.wait_to_see(b"second")
        screen.press(b".")
        screen.wait_to_see(b"third")
        assert screen.end() == 0

    def test_q_ends_it_and_the_terminal_is_as_it_was(self, tmp_path: Path) -> None:
        hour = 3600 * 1000 * MILLISECOND
        file = recording(tmp_path / "x.sse.zst", Kept([(0, b"first "), (hour, b"second ")]))
        script = 'before=$(stty -g); "$@"; test "$before" = "$(stty -g)" && echo same'
        screen = Terminal("sh", "-c", script, "sh", *SSEREC, "play", "--loop", str(file))
        screen.wait_to_see(b"first")
        screen.press(b"q")
        screen.wait_to_see(b"same")
        screen.end()
        assert b"second" not in screen.shown
