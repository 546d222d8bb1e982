"""What must not be lost: the recording itself, the file that was there before, and no half of a new one."""

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parent.parent / "samples"
TEXT = SAMPLES / "text.sse.zst"
IMPORTED = Path(__file__).parent / "imports" / "chrome-156.har"
LIMIT_BLOCKS = 8
"""Of 512 bytes (POSIX, ulimit)."""
needs_limits = pytest.mark.skipif(os.name == "nt", reason="needs limits of a process")


def sserec(*arguments: str | Path, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "sserec", *map(str, arguments)]
    return subprocess.run(command, input=given, capture_output=True, check=False)


def without_room(*arguments: str | Path, folder: Path) -> subprocess.CompletedProcess[bytes]:
    """The same where no file may become larger than a few kilobytes, as on a full disk."""
    limited = ("sh", "-c", f'ulimit -f {LIMIT_BLOCKS} && exec "$@"', "sh")
    command = [*limited, sys.executable, "-m", "sserec", *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False)


@pytest.mark.parametrize("form", ["har", "html", "text", "asciicast"])
def test_an_export_never_takes_the_place_of_its_recording(form: str, tmp_path: Path) -> None:
    path = tmp_path / "a.sse.zst"
    path.write_bytes(TEXT.read_bytes())
    (tmp_path / "same").hardlink_to(path)
    for target in (path, tmp_path / "same"):
        done = sserec("export", "--format", form, path, "-o", target)
        assert done.returncode == 2
        assert b"is the recording itself, which is never changed: choose another name" in done.stderr
    assert path.read_bytes() == TEXT.read_bytes()


@needs_limits
def test_an_export_without_room_leaves_the_file_of_before_and_no_half_of_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("precious", encoding="utf-8")
    for target in ("a.html", "b.html"):
        done = without_room("export", "--format", "html", TEXT, "-o", target, folder=tmp_path)
        words = f"sserec: {target}: cannot be written: File too large\n".encode()
        assert (done.returncode, done.stderr) == (2, words)
    assert [file.name for file in tmp_path.iterdir()] == ["a.html"]
    assert (tmp_path / "a.html").read_text(encoding="utf-8") == "precious"


def test_an_export_keeps_the_rights_of_the_file_that_it_replaces_and_goes_through_a_link(
    tmp_path: Path,
) -> None:
    (tmp_path / "kept").write_text("old", encoding="utf-8")
    (tmp_path / "kept").chmod(0o600)
    (tmp_path / "link").symlink_to(tmp_path / "kept")
    assert sserec("export", "--format", "har", TEXT, "-o", tmp_path / "link").returncode == 0
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "kept").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "kept").read_bytes().startswith(b"{")


def test_what_is_shared_never_takes_the_place_of_its_recording(tmp_path: Path) -> None:
    assert sserec("share", TEXT, "-o", tmp_path).returncode == 0
    before = (tmp_path / "text.zip").read_bytes()
    done = sserec("share", "--answers", "--overwrite", tmp_path / "text.zip", "-o", tmp_path)
    assert done.returncode == 2
    assert b"is the recording itself, which is never changed: -o names another folder" in done.stderr
    assert (tmp_path / "text.zip").read_bytes() == before


def test_of_what_is_shared_nothing_is_written_where_the_text_is_there_already(tmp_path: Path) -> None:
    (tmp_path / "text.md").write_text("precious", encoding="utf-8")
    done = sserec("share", TEXT, "-o", tmp_path)
    assert done.returncode == 2
    assert b"exists already: -o names another folder, --overwrite replaces it" in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["text.md"]


def test_standard_input_is_merged_once(tmp_path: Path) -> None:
    done = sserec("merge", "-", "-", "-o", tmp_path / "a", given=TEXT.read_bytes())
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)
    assert b"standard input can be read only once" in done.stderr
    assert sserec("merge", "-", TEXT, "-o", tmp_path / "a", given=TEXT.read_bytes()).returncode == 0


def test_the_text_names_no_page_that_did_not_fit(tmp_path: Path) -> None:
    assert sserec("share", TEXT, "-o", tmp_path, "--max-size", "0.01").returncode == 0
    text = (tmp_path / "text.md").read_text(encoding="utf-8")
    assert "`text.zip`, attached." in text
    assert "text.html" not in text


@needs_limits
@pytest.mark.parametrize("command", [("info", "packed.gz"), ("share", "packed.gz", "-o", "out")])
def test_where_the_temporary_folder_has_no_room_that_is_said(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "packed.gz").write_bytes(gzip.compress(b": heartbeat\n\n" * 1000))
    done = without_room(*command, folder=tmp_path)
    assert done.returncode == 2
    assert b"standard output" not in done.stderr
    assert done.stderr.endswith(b": File too large\n")


def test_a_range_of_exchanges_that_ends_before_it_begins_is_said(tmp_path: Path) -> None:
    done = sserec("slice", TEXT, "--exchange", "3-1", "-o", tmp_path / "a")
    assert (done.returncode, b"3-1 ends before it begins" in done.stderr) == (2, True)


@pytest.mark.parametrize("coding", ["utf-16-le", "utf-16-be"])
def test_what_powershell_wrote_as_utf_16_is_said_to_be_that(coding: str, tmp_path: Path) -> None:
    given = "\ufeffdata: x\n\n".encode(coding)
    done = sserec("import", "-", "-o", tmp_path / "a", given=given)
    assert (done.returncode, b"it is UTF-16" in done.stderr) == (2, True)


@needs_limits
def test_an_import_without_room_leaves_the_file_of_before_and_no_half_of_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("precious", encoding="utf-8")
    for target in ("old", "new"):
        done = without_room("import", IMPORTED, "-o", target, "--overwrite", folder=tmp_path)
        assert (done.returncode, done.stdout) == (2, b"")
    assert [file.name for file in tmp_path.iterdir()] == ["old"]
    assert (tmp_path / "old").read_text(encoding="utf-8") == "precious"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("command", ["slice", "merge", "redact", "import"])
def test_what_is_no_file_is_replaced_by_none_whatever_is_asked(command: str, tmp_path: Path) -> None:
    """Root may rename a file over ``/dev/null``."""
    os.mkfifo(tmp_path / "pipe")
    given = IMPORTED if command == "import" else TEXT
    done = sserec(command, given, "-o", tmp_path / "pipe", "--overwrite")
    assert (done.returncode, b"is no file: choose another name" in done.stderr) == (2, True)
    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.parametrize("size", ["nan", "inf", "-inf", "0", "many"])
def test_a_size_that_is_none_is_one_line(size: str, tmp_path: Path) -> None:
    done = sserec("share", TEXT, "-o", tmp_path, "--max-size", size)
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)
    assert b"Invalid value for '--max-size'" in done.stderr
