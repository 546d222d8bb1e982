"""What once went wrong on the way from a file to the screen: odd names, odd shells, odd recordings."""

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from export_support import Told, archive, asked
from interactions_support import completed, created, delta, start
from terminal import Terminal

SAMPLES = Path(__file__).parent.parent / "samples"
TEXT = SAMPLES / "text.sse.zst"
GREETING = "event: naïve\ndata: ✓ café\n\n".encode()
CONTROLS = frozenset("\x1b\r\x07\x9b")


def sserec(*arguments: str | Path | bytes, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "sserec", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=os.environ | environment,
        check=False,
    )


def by_shell(line: str, *arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    """Runs a shell line in which ``$@`` is sserec with these arguments."""
    command = ["sh", "-c", line, "sh", sys.executable, "-m", "sserec", *arguments]
    return subprocess.run(command, capture_output=True, check=False)


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    path = tmp_path / "plain.sse"
    path.write_bytes(GREETING)
    return path


@pytest.mark.parametrize("command", ["info", "check", "stats", "verify"])
def test_a_file_name_that_is_no_utf_8_stands_in_json_with_replacements(command: str, tmp_path: Path) -> None:
    path = bytes(tmp_path) + b"/odd\xff.sse"
    Path(os.fsdecode(path)).write_bytes(GREETING)
    document = json.loads(sserec(command, "--json", path).stdout)
    names = [document["file"]] if "file" in document else [file["file"] for file in document["files"]]
    assert [Path(name).name for name in names] == ["odd\N{REPLACEMENT CHARACTER}.sse"]


@pytest.mark.parametrize("arguments", [["info"], ["events"], ["check"], ["stats"], ["verify"], ["export"]])
def test_a_file_name_moves_no_cursor(arguments: list[str], tmp_path: Path) -> None:
    path = tmp_path / "odd\x1b]0;owned\x07\r\n.sse"
    path.write_bytes(created() + b"data: {\n\n")
    done = sserec(*arguments, path)
    assert not CONTROLS & set((done.stdout + done.stderr).decode())


@pytest.mark.parametrize("command", ["info", "events", "check", "stats"])
def test_a_method_moves_no_cursor(command: str, tmp_path: Path) -> None:
    path = archive(tmp_path / "a.sse.zst", *[Told(GREETING, method="PO\x1b[2JST\x9b")] * 2)
    assert not CONTROLS & set(sserec(command, path).stdout.decode())


@pytest.mark.parametrize(
    "arguments",
    [["cat"], ["events"], ["events", "--json"], ["info", "--json"], ["check", "--json"], ["stats", "--csv"]]
    + [["export", "--format", name] for name in ("interaction", "text", "markdown", "curl")],
    ids=" ".join,
)
def test_a_terminal_gets_no_controls_from_a_recording_in_any_form(
    arguments: list[str], tmp_path: Path
) -> None:
    evil = "\x1b]0;owned\x07\u009b31m\u202e"
    answer = (
        created(id="v1_a", model=evil) + start(0, "model_output") + delta(0, "text", text=evil) + completed()
    )
    path = archive(
        tmp_path / "owned.sse.zst", Told(answer, asked(evil), url=f"https://example.org/interactions?{evil}")
    )
    wide = os.environ | {"COLUMNS": "300"}
    terminal = Terminal(sys.executable, "-m", "sserec", *arguments, str(path), environment=wide)
    terminal.wait_to_see(b"owned")
    terminal.end()
    assert not frozenset("\x1b\x07\x9b\u202e") & set(terminal.shown.decode())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_of_several_files_one_that_may_not_be_read_is_left_out(plain: Path, tmp_path: Path) -> None:
    (secret := tmp_path / "secret.sse").write_bytes(GREETING)
    secret.chmod(0)
    done = sserec("stats", "--json", secret, plain)
    assert (done.returncode, len(json.loads(done.stdout)["exchanges"])) == (2, 1)
    assert done.stderr.decode() == f"sserec: {secret}: Permission denied\n"


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "koi8-r"])
@pytest.mark.parametrize("arguments", [["events"], ["info", "--conversation"], ["stats"], ["stats", "--csv"]])
def test_what_a_terminal_s_encoding_lacks_is_replaced(encoding: str, arguments: list[str]) -> None:
    done = sserec(*arguments, TEXT, PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr) == (0, b"")


def test_an_ascii_locale_is_one_that_nobody_set(plain: Path) -> None:
    unset = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    assert "naïve" in sserec("events", plain, **unset).stdout.decode()
    assert sserec("stats", "--csv", plain, **unset).returncode == 0


@pytest.mark.parametrize("command", ["info", "events", "cat", "export", "check", "stats"])
@pytest.mark.parametrize("stream", [">&-", "2>&-"])
def test_a_standard_stream_that_the_shell_closed_is_no_fault(command: str, stream: str) -> None:
    done = by_shell(f'"$@" {stream}', command, TEXT)
    assert done.returncode == 0
    assert b"Traceback" not in done.stderr


def test_a_closed_standard_input_is_an_empty_one() -> None:
    done = by_shell('"$@" <&-', "cat", "-")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_said_with_the_name_of_what_was_written() -> None:
    listed = by_shell('"$@" >/dev/full', "events", TEXT)
    assert (listed.returncode, listed.stderr) == (2, b"sserec: standard output: No space left on device\n")
    exported = sserec("export", TEXT, "-o", "/dev/full")
    assert (exported.returncode, exported.stderr) == (2, b"sserec: /dev/full: No space left on device\n")


@pytest.mark.parametrize("seconds", ["nan", "inf", "1e300", "-1"])
@pytest.mark.parametrize("command", ["check", "stats"])
def test_a_stall_limit_that_is_no_time_is_refused(command: str, seconds: str) -> None:
    done = sserec(command, "--stall", seconds, TEXT)
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)


def test_a_body_that_is_no_stream_is_told_in_its_own_words(tmp_path: Path) -> None:
    path = tmp_path / "refused.sse"
    path.write_bytes(b'{"error":{"code":429,"message":"slow down"}}')
    assert b"429: slow down" in sserec("events", path).stdout
    done = sserec("export", path)
    assert done.returncode == 2
    assert (
        b"holds no interaction, but exchange 1: plain text, 44 B: 429: slow down (sserec check)"
        in done.stderr
    )


def test_an_export_without_media_says_so_and_makes_no_folder(tmp_path: Path) -> None:
    done = sserec("export", "--format", "media", "-o", tmp_path / "shots", TEXT)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"no image, audio, video or document" in done.stderr
    assert not (tmp_path / "shots").exists()


@pytest.mark.parametrize(
    ("option", "value"), [("--with-diagnostics", "text"), ("--annotation-characters", "markdown")]
)
def test_an_option_that_a_format_has_no_place_for_is_named(option: str, value: str) -> None:
    done = sserec("export", option, "--format", value, TEXT)
    assert done.returncode == 2
    assert option.encode() in done.stderr


def test_the_only_exchange_is_not_called_a_range() -> None:
    assert b"has no exchange 7, only 1 (sserec info" in sserec("cat", "--exchange", "7", TEXT).stderr


def test_verify_names_a_file_once_and_says_how_to_repair(plain: Path, tmp_path: Path) -> None:
    assert sserec("verify", plain).stdout.count(plain.name.encode()) == 1
    damaged = tmp_path / "damaged.sse.zst"
    damaged.write_bytes(TEXT.read_bytes()[:-60])
    told = sserec("verify", damaged).stdout.decode().splitlines()[-1]
    assert told.endswith(f"(sserec repair {damaged} -o OUT)")


def test_a_tree_of_interactions_may_be_as_deep_as_the_recording_is_long(tmp_path: Path) -> None:
    """Each interaction but the last has two that follow it, so each stands a level below the one before."""
    depth = 400

    def turn(name: str, before: str | None) -> Told:
        answer = created(id=name) + completed(id=name)
        return Told(answer, asked(previous_interaction_id=before) if before else asked())

    chain = [f"v1_{number}" for number in range(depth)]
    branches = [turn(name, before) for before, after in pairwise(chain) for name in (after, f"{after}_b")]
    path = archive(tmp_path / "deep.sse.zst", turn(chain[0], None), *branches)
    tree = sserec("info", "--conversation", path, PYTHONPATH=str(short_stack(tmp_path))).stdout.decode()
    last = next(line for line in tree.splitlines() if f"{chain[-1]} " in line)
    assert last.index("v1_") == 3 * depth


def short_stack(folder: Path) -> Path:
    """A folder from which an interpreter takes a limit that recursion over the tree would hit."""
    (folder / "sitecustomize.py").write_text("import sys\nsys.setrecursionlimit(300)\n")
    return folder
