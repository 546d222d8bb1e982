"""A recording in a zip or a gzip is opened as it is, and what only looks like one is one clear line."""

import gzip
import io
import json
import os
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from sserec.errors import NotAnArchive
from sserec.recording import Recording
from sserec.tui.model.document import Document
from sserec.wrapped import ALWAYS_BYTES, unwrapped

SAMPLES = Path(__file__).parent.parent / "samples"
SAMPLE = SAMPLES / "function-calling.sse.zst"
STREAM = b"data: hello\n\n" * 3


def sserec(*arguments: str | Path, stdin: bytes = b"", folder: Path) -> subprocess.CompletedProcess[bytes]:
    """Runs a command whose temporary files are made in ``folder``."""
    (folder / "tmp").mkdir(exist_ok=True)
    return subprocess.run(
        [sys.executable, "-m", "sserec", *arguments],
        input=stdin,
        capture_output=True,
        check=False,
        env={**os.environ, "TMPDIR": str(folder / "tmp"), "COLUMNS": "100"},
    )


def zipped(path: Path, members: dict[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as out:
        for name, data in members.items():
            out.writestr(name, data)
    return path


def gzipped(path: Path, data: bytes) -> Path:
    path.write_bytes(gzip.compress(data))
    return path


WRAPPINGS = {
    "zip": lambda path, name, data: zipped(path, {name: data, "issue.md": b"# Issue", "page.html": b"<p>"}),
    "stored zip": lambda path, name, data: zipped(path, {f"a/b/{name}": data}, method=zipfile.ZIP_STORED),
    "zip with a name that leads away": lambda path, name, data: zipped(path, {f"../../../{name}": data}),
    "zip of macOS": lambda path, name, data: zipped(path, {name: data, f"__MACOSX/._{name}": b"\0", ".DS_Store": b""}),
    "zip in parts": lambda path, name, data: zipped(
        path, {f"{name}.part{k + 1}of3": data[k * 900 : (k + 1) * 900 if k < 2 else None] for k in (2, 0, 1)}
    ),
    "zip of one file with any name": lambda path, name, data: zipped(path, {"recording": data}),
    "gzip": lambda path, name, data: gzipped(path, data),
}  # fmt: skip


COMMANDS = ["info", "events", "export", "check", "stats", "verify", "scan"]
PAIRS = [("cat", wrapping) for wrapping in WRAPPINGS] + [(command, "zip") for command in COMMANDS]


@pytest.mark.parametrize(("command", "wrapping"), PAIRS)
def test_every_reading_command_opens_it_as_it_is(command: str, wrapping: str, tmp_path: Path) -> None:
    path = WRAPPINGS[wrapping](tmp_path / "packed", SAMPLE.name, SAMPLE.read_bytes())
    done, direct = (sserec(command, file, folder=tmp_path) for file in (path, SAMPLE))
    assert done.returncode == direct.returncode
    assert done.stdout.replace(str(path).encode(), b"FILE") == direct.stdout.replace(
        str(SAMPLE).encode(), b"FILE"
    )
    assert list((tmp_path / "tmp").iterdir()) == [], "nothing is left behind"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["packed", "tmp"]


@pytest.mark.parametrize("wrapping", ["zip", "gzip"])
def test_a_plain_stream_is_opened_too_and_so_is_standard_input(wrapping: str, tmp_path: Path) -> None:
    path = WRAPPINGS[wrapping](tmp_path / "packed", "a.sse", STREAM)
    assert sserec("cat", path, folder=tmp_path).stdout == STREAM
    assert sserec("cat", "-", stdin=path.read_bytes(), folder=tmp_path).stdout == STREAM
    found = json.loads(sserec("check", "--json", path, folder=tmp_path).stdout)
    assert (found["file"], found["events"]) == (str(path), 3)
    assert list((tmp_path / "tmp").iterdir()) == []


def test_pack_repair_and_redact_write_what_is_inside_elsewhere(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {SAMPLE.name: SAMPLE.read_bytes()})
    for command in ("pack", "repair", "redact"):
        done = sserec(command, path, "-o", tmp_path / f"{command}.sse.zst", folder=tmp_path)
        assert done.returncode == 0, done.stderr
        with Recording.open(str(tmp_path / f"{command}.sse.zst")) as recording:
            assert len(recording.exchanges) == 2
    before = path.read_bytes()
    done = sserec("pack", path, folder=tmp_path)
    assert (done.returncode, path.read_bytes()) == (2, before)
    assert b"cannot be packed in place: -o OUT says where" in done.stderr


def test_the_viewer_opens_it_and_says_that_marks_cannot_be_kept(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {SAMPLE.name: SAMPLE.read_bytes()})
    with Document.open(str(path)) as document:
        assert document.trouble is None
        assert document.marks.can_save == "a packed recording stays as it is: unpack it to keep marks in it"


def encrypted() -> bytes:
    data = bytearray(in_memory({"a.sse": STREAM}))
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + place] |= 1
    return bytes(data)


def in_memory(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as out:
        for name, data in members.items():
            out.writestr(name, data)
    return file.getvalue()


def crowded() -> bytes:
    """A zip that says that it holds more files than anybody packs."""
    data = bytearray(in_memory({"a.sse": STREAM}))
    struct.pack_into("<HH", data, data.index(b"PK\x05\x06") + 8, 60_000, 60_000)
    return bytes(data)


def spoiled() -> bytes:
    data = bytearray(in_memory({"a.sse": os.urandom(500)}))
    data[60] ^= 0xFF
    return bytes(data)


BOMB = b"\0" * (ALWAYS_BYTES + 1_000_000)
HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "a bomb in a zip": (lambda: in_memory({"a.sse": BOMB}), "unpacks to more than 67.1 MB, 200 times its size"),
    "a bomb in a gzip": (lambda: gzip.compress(BOMB, 1), "unpacks to more than 67.1 MB, 200 times its size"),
    "an encrypted zip": (encrypted, "is encrypted: unpack it first"),
    "two recordings": (
        lambda: in_memory({"a.sse": STREAM, "b.sse.zst": b"x", "readme.txt": b""}),
        "holds 2 recordings: a.sse, b.sse.zst: unpack it",
    ),
    "names that move the cursor": (
        lambda: in_memory({"\x1b[2Ja.sse": STREAM, "b.sse": b"x"}),
        "holds 2 recordings: ␛[2Ja.sse, b.sse",
    ),
    "no file": (lambda: in_memory({}), "holds no recording"),
    "a part": (
        lambda: in_memory({"a.sse.zst.part2of3": b"x"}),
        "holds part 2 of 3 of a.sse.zst: put them together first (for zip in a.sse.zst.part*.zip; do",
    ),
    "too many files": (crowded, "is a .zip of too many or too large files: unpack it first"),
    "a spoiled zip": (spoiled, "is damaged: "),
    "a cut zip": (lambda: in_memory({"a.sse": os.urandom(900)})[:-40], "is damaged: "),
    "the beginning of a zip": (lambda: b"PK\x03\x04", "is damaged: its directory is missing"),
    "a cut gzip": (lambda: gzip.compress(os.urandom(900))[:-9], "is damaged: "),
    "a gzip that is none": (lambda: b"\x1f\x8bnonsense", "is damaged: "),
    "a zip in a gzip": (lambda: gzip.compress(in_memory({"a.sse": STREAM})), "holds another .zip or .gz"),
    "a page alone": (lambda: in_memory({"a.html": b"<p>", "a.md": b"# a"}), "holds no recording"),
    "a zip cut within its last record": (lambda: in_memory({"a.sse": STREAM})[:-10], "its directory is cut off"),
    "a file of another kind": (lambda: in_memory({"a.png": b"\x89PNG\0"}), "neither an archive nor an event stream"),
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_cannot_be_opened_is_one_clear_line(kind: str, tmp_path: Path) -> None:
    make, words = HOSTILE[kind]
    path = tmp_path / "packed"
    path.write_bytes(make())
    done = sserec("info", path, folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, b"")
    assert len(done.stderr.splitlines()) == 1
    assert words in done.stderr.decode()
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_bomb_fills_no_disk(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(100):
            file.write(b"\0" * 4_000_000)
    with pytest.raises(NotAnArchive, match="unpacks to more than"):
        unwrapped(path, "a.gz")
