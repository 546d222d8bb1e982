"""``sserec diff`` as people and scripts run it."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from diff_support import SAMPLES, Take, event, takes, write
from sserec.archive import ArchiveWriter, Meta
from sserec.cli.diff_words import Tone, hunks
from terminal import Terminal

SSEREC = (sys.executable, "-m", "sserec", "diff")
TEXT = SAMPLES / "text.sse.zst"
OTHER = SAMPLES / "thought-summaries.sse.zst"


def run(*arguments: str | Path, stdin: bytes = b"") -> "subprocess.CompletedProcess[str]":
    """The command in a pipe, UTF-8 whatever the machine prefers."""
    environment = os.environ | {"PYTHONUTF8": "1"}
    done = subprocess.run([*SSEREC, *map(str, arguments)], input=stdin, capture_output=True, env=environment)
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def document(*arguments: str | Path) -> dict[str, Any]:
    read = json.loads(run("--json", *arguments).stdout)
    assert isinstance(read, dict)
    return read


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """The sample of text with two words changed, one event more and another status."""
    (take,) = takes(TEXT)
    blocks = [
        block.replace(b"somebody", b"someone").replace(b"its shape", b"its form") for block in take.blocks
    ]
    blocks.insert(2, event("probe.ping", n=1))
    assert take.response is not None
    return write(
        tmp_path / "changed.sse.zst",
        replace(take, blocks=tuple(blocks), response=replace(take.response, status=206)),
    )


UNIFIED = """\
response
  ~ response.status: 200 → 206
interaction
  ~ interaction.steps[1].content[0].text
      A stream keeps its [-shape -]{+form +}only as long as [-somebody -]{+someone +}writes down when each \
piece of it arrive…
events: 9 same, 1 changed, 1 only in B
  + 3  probe.ping
  ~ 7–13 | 8–14  step 1: step.delta text
      ~ event.data.delta.text: 99 → 97 characters
"""

COLUMNS = """\
response
  response.status
200                                              | 206
interaction
  interaction.steps[1].content[0].text
A stream keeps its [-shape -]only as long as     | A stream keeps its {+form +}only as long as
[-somebody -]writes down when each piece of it   | {+someone +}writes down when each piece of it
arrive…                                          | arrive…
events: 9 same, 1 changed, 1 only in B
  ⋮ 2 the same
                                                 > 3  probe.ping
  ⋮ 4 the same
7–13  step 1: step.delta text                    | 8–14  step 1: step.delta text
      event.data.delta.text
99 characters                                    | 97 characters
"""


def body_of(output: str) -> str:
    """Without the two lines that name the sides and without the times, which a machine takes."""
    return "".join(output.partition("time, not compared")[0].splitlines(keepends=True)[2:])


def test_it_says_in_lines_what_changed(changed: Path) -> None:
    done = run(TEXT, changed)
    assert body_of(done.stdout) == UNIFIED
    assert done.stdout.startswith(f"--- {TEXT}  exchange 1: POST https://")
    assert done.stderr == "sserec: 4 differences, 1 exchange compared at level events\n"
    assert done.returncode == 1


def test_it_says_the_same_in_two_columns(changed: Path) -> None:
    assert body_of(run("-y", TEXT, changed).stdout) == COLUMNS


def test_what_is_the_same_is_said_in_a_line() -> None:
    done = run(TEXT, TEXT)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "sserec: the same, 1 exchange compared at level events\n"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([TEXT, TEXT], 0),
        ([TEXT, OTHER], 1),
        ([TEXT, "nowhere.sse"], 2),
        (["nowhere.sse", TEXT], 2),
        ([TEXT, TEXT, "nowhere.sse"], 2),
        ([TEXT, TEXT, OTHER], 1),
        ([TEXT, TEXT, TEXT], 0),
        (["--level", "tokens", TEXT, TEXT], 2),
        (["--exchange", "0:1", TEXT, TEXT], 2),
        (["--exchange", "1:9", TEXT, TEXT], 2),
        (["--ignore", "a..b", TEXT, TEXT], 2),
        (["--ignore", r'["\ud800"]', TEXT, TEXT], 2),
        (["--timing", "nan", TEXT, TEXT], 2),
        (["--timing", "inf", TEXT, TEXT], 2),
        (["--timing", "-1", TEXT, TEXT], 2),
        (["-", "-"], 2),
        ([TEXT], 2),
    ],
    ids=lambda value: " ".join(Path(str(one)).name for one in value) if isinstance(value, list) else str(value),
)  # fmt: skip
@pytest.mark.parametrize("quiet", [[], ["-q"], ["--json"]], ids=["", "-q", "--json"])
def test_exit_codes(arguments: list[str | Path], code: int, quiet: list[str]) -> None:
    done = run(*quiet, *arguments)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert quiet != ["-q"] or done.stdout == ""


def test_trouble_is_one_line() -> None:
    assert run(TEXT, "nowhere.sse").stderr == "sserec: nowhere.sse: No such file or directory\n"


def test_one_file_alone_says_what_to_type() -> None:
    assert run("a.sse").stderr == "sserec: a.sse is compared with nothing: sserec diff a.sse OTHER\n"


def test_the_document_says_all(changed: Path) -> None:
    read = document(TEXT, changed)
    assert read["same"] is False
    assert read["level"] == "events"
    (comparison,) = read["comparisons"]
    (exchange,) = comparison["exchanges"]
    assert exchange["events"] == {"same": 9, "changed": 1, "only_in_a": 0, "only_in_b": 1, "moved": 0}
    status, text, probe, delta = exchange["differences"]
    assert (status["aspect"], status["path"], status["a"], status["b"]) == (
        "response",
        "response.status",
        200,
        206,
    )
    assert [(text["a"][a0:a1], text["b"][b0:b1]) for a0, a1, b0, b1 in text["edits"]] == [
        ("shape ", "form "),
        ("somebody ", "someone "),
    ]
    assert (probe["kind"], probe["label"], probe["a_events"]) == ("only in B", "probe.ping", None)
    assert probe["b_events"] == {"first": 3, "last": 3, "count": 1}
    assert delta["a_events"] == {"first": 7, "last": 13, "count": 7}
    assert [change["path"] for change in delta["changes"]] == ["event.data.delta.text"]
    assert {measure["measure"] for measure in exchange["timing"]} >= {"duration_ns", "time_to_first_text_ns"}


def test_several_files_make_a_table(changed: Path) -> None:
    done = run(TEXT, TEXT, changed)
    header, base, same, different = done.stdout.splitlines()
    assert header.split() == [
        *("file", "heads", "interaction", "end", "events", "bytes", "time", "tokens", "first", "text", "took")
    ]
    assert base.split()[1:3] == ["base", "24"]
    assert same.split()[1:3] == ["same", "24"]
    assert different.split()[1:6] == ["different", "1", "1", "2", "24"]


def test_a_file_that_cannot_be_read_is_trouble_and_the_others_are_compared(changed: Path) -> None:
    read = document(TEXT, "nowhere.sse", changed)
    assert [(one["error"] is None, one["same"], len(one["exchanges"])) for one in read["comparisons"]] == [
        (False, False, 0),
        (True, False, 1),
    ]


def test_one_exchange_is_compared_with_another() -> None:
    calls = SAMPLES / "function-calling.sse.zst"
    (exchange,) = document("--exchange", "1:2", calls, calls)["comparisons"][0]["exchanges"]
    assert (exchange["a"], exchange["b"], exchange["same"]) == (1, 2, False)
    assert run("--exchange", "2", calls, calls).returncode == 0


def test_one_side_may_come_from_standard_input() -> None:
    assert run(TEXT, "-", stdin=TEXT.read_bytes()).returncode == 0
    assert run("-", OTHER, stdin=TEXT.read_bytes()).returncode == 1


def test_more_than_a_screen_is_counted_and_listed_when_asked(tmp_path: Path) -> None:
    def many(word: str) -> Path:
        events = (event("probe", n=n, text=word) for n in range(100))
        return write(tmp_path / f"{word}.sse", Take(tuple(events)))

    a, b = many("a"), many("b")
    assert "  … and 60 differences more (--all lists them)\n" in run(a, b).stdout
    assert run(a, b).stdout.count("event.data.text") == 40
    assert run("--all", a, b).stdout.count("event.data.text") == 100


@pytest.mark.parametrize("how", [[], ["-y"]], ids=["lines", "columns"])
def test_of_long_texts_with_little_in_common_some_places_are_shown(how: list[str], tmp_path: Path) -> None:
    texts = ("".join(f"the {word}{number} " for number in range(20_000)) for word in "ab")
    a, b = (
        write(tmp_path / f"{number}.sse", Take((f"data: {text}\n\n".encode(),)))
        for number, text in enumerate(texts)
    )
    shown = run(*how, a, b).stdout
    assert "and more: the whole texts are in --json" in shown
    assert 2_000 < len(shown) < 80_000
    assert max(map(len, shown.splitlines())) < 8_000


def test_what_is_shown_of_a_text_stands_in_it() -> None:
    a, b = ("".join(f"the {word}{number} " for number in range(2_000)) for word in "ab")
    for hunk in hunks(a, b):
        for text, own in ((a, Tone.DELETED), (b, Tone.INSERTED)):
            assert "".join(piece.text for piece in hunk if piece.tone in (Tone.PLAIN, own)).strip("…") in text


def test_recorded_text_cannot_speak_to_the_terminal(tmp_path: Path) -> None:
    hostile = "\x1b[2J\x9b31m\u202e" * 30
    a = write(tmp_path / "a.sse", Take((event("probe", text=f"one {hostile}"),)))
    b = write(
        tmp_path / "b.sse", Take((event(f"probe{hostile[:8]}", text="two"), event("probe", text=hostile)))
    )
    for columns in ([], ["-y"]):
        shown = run(*columns, a, b).stdout
        assert not set(shown) & set("\x1b\x9b\u202e")


@pytest.mark.parametrize(
    ("environment", "is_coloured"),
    [({"TERM": "xterm"}, True), ({"TERM": "xterm", "NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
    ids=["terminal", "NO_COLOR", "dumb"],
)
def test_colour_is_for_terminals_that_want_it(environment: Mapping[str, str], is_coloured: bool) -> None:
    plain = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    terminal = Terminal(*SSEREC, str(TEXT), str(OTHER), environment=plain | dict(environment))
    terminal.wait_to_see(b"compared at level")
    assert terminal.end() == 1
    assert (b"\x1b[31m" in terminal.shown) == is_coloured


def test_a_recording_that_still_grows_is_compared_as_far_as_it_has_come(tmp_path: Path) -> None:
    (take,) = takes(TEXT)
    assert take.request is not None
    assert take.response is not None
    growing = tmp_path / "growing.sse.zst"
    with ArchiveWriter(growing, meta=Meta(anchor_unix_ns=0)) as writer:
        number = writer.open_exchange(take.request, 0)
        writer.request_body(number, take.request_body)
        writer.response(number, take.response, 1_000_000)
        for block in take.blocks[:9]:
            writer.chunk(number, block, 2_000_000)
        writer.flush()
        (exchange,) = document("--ignore", "interaction", growing, TEXT)["comparisons"][0]["exchanges"]
    assert exchange["events"] == {"same": 6, "changed": 1, "only_in_a": 0, "only_in_b": 3, "moved": 0}
    assert [one["path"] for one in exchange["differences"] if one["aspect"] == "end"] == ["end.stream"]


def test_damage_is_said_and_never_taken_for_the_same(tmp_path: Path) -> None:
    sample = SAMPLES / "google-search.sse.zst"
    damaged = tmp_path / "damaged.sse.zst"
    data = bytearray(sample.read_bytes())
    data[len(data) // 2] ^= 0xFF
    damaged.write_bytes(data)
    done = run(damaged, damaged)
    assert done.returncode == 1
    verdict, *damage = done.stderr.splitlines()
    assert verdict == "sserec: what is left is the same, 1 exchange compared at level events"
    assert all("damaged.sse.zst" in line for line in damage)
    assert document(damaged, sample)["comparisons"][0]["problems"]
    _, base, first, second = run(damaged, damaged, sample).stdout.splitlines()
    assert ["base, damaged" in base, "same, damaged" in first, "damaged" in second.partition(".zst")[2]] == [
        True,
        True,
        False,
    ]


def test_two_recordings_of_nothing_are_the_same(tmp_path: Path) -> None:
    nothing = tmp_path / "nothing.sse.zst"
    with ArchiveWriter(nothing, meta=Meta(anchor_unix_ns=0)):
        pass
    done = run(nothing, nothing)
    assert (done.returncode, done.stderr) == (0, "sserec: the same: neither holds an exchange\n")


def test_a_reader_who_leaves_early_is_no_trouble(tmp_path: Path) -> None:
    events = [
        write(tmp_path / f"{word}.sse", Take(tuple(event("e", n=n, w=word) for n in range(5_000))))
        for word in "ab"
    ]
    for how in ("--all", "--json"):
        with subprocess.Popen(
            [*SSEREC, how, *map(str, events)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.read(10)
            process.stdout.close()
            assert process.stderr.read() == b""
        assert process.returncode == 141
