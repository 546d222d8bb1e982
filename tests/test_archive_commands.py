"""sserec verify, repair and pack: where they read from, and what they say of what they cannot do."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

TEXT = Path(__file__).parent.parent / "samples" / "text.sse.zst"
ZSTD_FRAME = b"\x28\xb5\x2f\xfd\x20\x05\x29\0\0hello"


def sserec(folder: Path, *arguments: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
    """Runs in ``folder``, where temporary files stand as well."""
    done = subprocess.run(
        ["env", f"TMPDIR={folder}", sys.executable, "-m", "sserec", *arguments],
        input=stdin,
        capture_output=True,
        cwd=folder,
        timeout=60,
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture(scope="module")
def damaged() -> bytes:
    """An archive in which a byte of a body is another one."""
    content = bytearray(TEXT.read_bytes())
    content[200] ^= 0xFF
    return bytes(content)


def test_verify_reads_standard_input(tmp_path: Path, damaged: bytes) -> None:
    whole = sserec(tmp_path, "verify", "-", stdin=TEXT.read_bytes())
    assert (whole.returncode, whole.stdout) == (0, "standard input: whole: 1 exchange\n")
    broken = sserec(tmp_path, "verify", "-", stdin=damaged)
    assert broken.returncode == 1
    assert broken.stdout.endswith("(sserec repair - -o OUT)\n")
    assert json.loads(sserec(tmp_path, "verify", "--json", "-", stdin=damaged).stdout)["code"] == 1
    assert list(tmp_path.iterdir()) == []


def test_repair_reads_standard_input(tmp_path: Path, damaged: bytes) -> None:
    done = sserec(tmp_path, "repair", "-", "-o", "whole.sse.zst", stdin=damaged)
    assert done.returncode == 1
    assert all(line.startswith("sserec: standard input: ") for line in done.stderr.splitlines()[:-1])
    assert len(done.stderr.splitlines()) > 1
    assert done.stderr.endswith("sserec: whole.sse.zst written\n")
    assert [path.name for path in tmp_path.iterdir()] == ["whole.sse.zst"]


def test_pack_reads_standard_input_and_has_to_be_told_where_to_write(tmp_path: Path, damaged: bytes) -> None:
    done = sserec(tmp_path, "pack", "-", "-o", "small.sse.zst", stdin=TEXT.read_bytes())
    assert (done.returncode, done.stderr.startswith("sserec: small.sse.zst: ")) == (0, True)
    nowhere = sserec(tmp_path, "pack", "-", stdin=TEXT.read_bytes())
    assert (nowhere.returncode, "-o OUT says where" in nowhere.stderr) == (2, True)
    broken = sserec(tmp_path, "pack", "-", "-o", "other.sse.zst", stdin=damaged)
    assert (broken.returncode, broken.stderr.endswith("(sserec repair - -o OUT)\n")) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["small.sse.zst"]


@pytest.mark.parametrize("command", [["verify"], ["repair", "-o", "OUT"], ["pack"]], ids=" ".join)
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty (sserec record makes recordings)"),
        (
            ZSTD_FRAME,
            "it holds nothing of a recording, or was cut off within its first block "
            "(zstd -dc prints what is left)",
        ),
        (b"hello\n", "it holds nothing of a recording (sserec info tells what it is)"),
    ],
    ids=["empty", "zstd", "text"],
)
def test_what_holds_no_recording_is_told_with_who_could_tell_more(
    tmp_path: Path, command: list[str], content: bytes, words: str
) -> None:
    (tmp_path / "x.sse.zst").write_bytes(content)
    done = sserec(tmp_path, *command, "x.sse.zst")
    assert (done.returncode, done.stdout.count("\n") + done.stderr.count("\n")) == (2, 1)
    assert f"x.sse.zst: not an sserec archive: {words}" in done.stdout + done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["x.sse.zst"]


@pytest.mark.parametrize("command", ["info", "cat"])
def test_standard_input_that_cannot_be_read_leaves_nothing_behind(tmp_path: Path, command: str) -> None:
    done = sserec(tmp_path, command, "-", stdin=b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["repair", "pack"])
def test_nothing_is_overwritten(tmp_path: Path, command: str) -> None:
    (tmp_path / "out").write_bytes(b"precious")
    done = sserec(tmp_path, command, TEXT, "-o", "out")
    assert (done.returncode, done.stderr) == (2, "sserec: out exists already: choose another name with -o\n")
    assert (tmp_path / "out").read_bytes() == b"precious"


def test_an_exchange_that_standard_input_lacks_is_told_with_what_to_type(tmp_path: Path) -> None:
    done = sserec(tmp_path, "cat", "-", "--exchange", "7", stdin=TEXT.read_bytes())
    assert done.stderr == "sserec: standard input has no exchange 7, only 1 (sserec info -)\n"


@pytest.mark.parametrize(
    ("options", "hint"),
    [([], "sserec export --all"), (["--all"], "sserec info -"), (["--exchange", "1"], "sserec info -")],
)
def test_who_asked_for_everything_is_not_told_to_ask_for_everything(
    tmp_path: Path, options: list[str], hint: str
) -> None:
    words = ["export", "--format", "media", "-o", "media", *options, "-"]
    done = sserec(tmp_path, *words, stdin=TEXT.read_bytes())
    assert (done.returncode, done.stderr.endswith(f"({hint})\n")) == (2, True)
