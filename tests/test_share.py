"""What is attached to an issue is clean, small enough, the same every time, and opens."""

import json
import os
import random
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from secret_support import MS, PLANTED, event, everywhere, recorded, told
from sserec.archive import ArchiveWriter, Meta, finalise
from sserec.recording import Recording
from sserec.records import Close, Closer, Manner, Request, Response
from sserec.redaction import Wanted
from sserec.share import share, stem_of
from sserec.share.issue import LINE_CHARS, MAX_EXCHANGES, code, fenced, issue
from sserec.share.parcel import date_time, halves

SAMPLES = Path(__file__).parent.parent / "samples"
BROKEN = SAMPLES / "broken-in-the-middle.sse.zst"
GOOGLE = PLANTED["google-api-key"]
LIMIT_BYTES = 25_000_000
GITHUB_MAX_CHARS = 65_536


def sserec(*arguments: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "sserec", *arguments], input=stdin, capture_output=True, check=False
    )


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as packed:
        assert packed.testzip() is None
        return {name: packed.read(name) for name in packed.namelist()}


def test_a_recording_becomes_one_zip_and_the_text_of_an_issue(tmp_path: Path) -> None:
    done = sserec("share", BROKEN, "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    names = [tmp_path / "out" / f"broken-in-the-middle.{ending}" for ending in ("zip", "md")]
    assert done.stdout.decode().splitlines() == list(map(str, names))
    assert b"no secret in it" in done.stderr
    held = members(names[0])
    assert list(held) == [f"broken-in-the-middle.{ending}" for ending in ("sse.zst", "html", "md")]
    assert held["broken-in-the-middle.html"].startswith(b"<!")
    assert held["broken-in-the-middle.md"] == names[1].read_bytes()
    with Recording.open(str(names[0])) as shared, Recording.open(str(BROKEN)) as first:
        assert shared.exchanges[0].body() == first.exchanges[0].body()
        assert shared.exchanges[0].ending == first.exchanges[0].ending
    assert sserec("verify", names[0]).returncode == 0


def test_the_text_tells_versions_command_request_end_measures_findings_and_events(tmp_path: Path) -> None:
    share(BROKEN, BROKEN.name, tmp_path, Wanted(), limit_bytes=LIMIT_BYTES)
    text = (tmp_path / "broken-in-the-middle.md").read_text(encoding="utf-8")
    for words in (
        "`sserec view broken-in-the-middle.zip`",
        "2026-11-22 11:45:36 UTC by `sserec 0.1.0`",
        "| client | `curl/",
        "| command | `sh -c",
        "upstream cut |",
        "[unfinished-event]",
        "curl -sS --no-buffer",
        '"$GEMINI_API_KEY"',
        "| time to first text | ",
        "     1    0.366  interaction.created ",
        "… 1 event …",
        "the stream ends inside an event: data: ",
    ):
        assert words in text, words


def test_the_same_recording_gives_the_same_files(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        share(BROKEN, BROKEN.name, tmp_path / folder, Wanted(), limit_bytes=LIMIT_BYTES)
    first, second = (sorted((tmp_path / folder).iterdir()) for folder in ("a", "b"))
    assert [file.read_bytes() for file in first] == [file.read_bytes() for file in second]


def test_with_secrets_in_it_nothing_is_written_unless_one_says_how(tmp_path: Path) -> None:
    path, out = everywhere(tmp_path / "a.sse.zst", GOOGLE), tmp_path / "out"
    before = path.read_bytes()
    refused = sserec("share", path, "-o", out)
    assert (refused.returncode, refused.stdout, out.exists()) == (1, b"", False)
    said = refused.stderr.decode()
    assert "so nothing was written: --redact replaces them, --as-is shares them" in said
    assert "request header x-goog-api-key" in said
    assert GOOGLE not in said
    assert sserec("share", "--redact", path, "-o", out).returncode == 0
    assert path.read_bytes() == before
    for file in out.iterdir():
        pieces = members(file).values() if file.suffix == ".zip" else [file.read_bytes()]
        assert all(GOOGLE.encode() not in piece for piece in pieces)
    assert sserec("scan", out / "a.zip").returncode == 0
    assert sserec("share", "--as-is", "--overwrite", path, "-o", out).returncode == 0
    assert sserec("scan", out / "a.zip").returncode == 1
    both = sserec("share", "--as-is", "--prompts", path, "-o", out)
    assert (both.returncode, b"--as-is replaces nothing" in both.stderr) == (2, True)


def test_what_was_said_can_be_left_out_of_everything(tmp_path: Path) -> None:
    path = SAMPLES / "function-calling.sse.zst"
    wanted = Wanted(prompts=True, answers=True)
    share(path, path.name, tmp_path, wanted, limit_bytes=LIMIT_BYTES)
    pieces = [
        *members(tmp_path / "function-calling.zip").values(),
        (tmp_path / "function-calling.md").read_bytes(),
    ]
    assert len(pieces) == 4
    for words in ("Reykjav", "light rain", "What is the weather"):
        assert all(words.encode() not in piece for piece in pieces)


def test_files_that_are_there_are_not_overwritten_unasked(tmp_path: Path) -> None:
    (tmp_path / "broken-in-the-middle.md").write_text("precious", encoding="utf-8")
    done = sserec("share", BROKEN, "-o", tmp_path)
    assert (done.returncode, b"exists already" in done.stderr) == (2, True)
    assert (tmp_path / "broken-in-the-middle.md").read_text(encoding="utf-8") == "precious"
    assert sserec("share", "--overwrite", BROKEN, "-o", tmp_path).returncode == 0


@pytest.mark.parametrize("kind", ["text", "standard input", "zip"])
def test_whatever_can_be_read_can_be_shared(kind: str, tmp_path: Path) -> None:
    out, text = tmp_path / "out", told("Hello")
    if kind == "text":
        (tmp_path / "a b.sse").write_bytes(text)
        done = sserec("share", tmp_path / "a b.sse", "-o", out)
        name, body = "a-b", text
    elif kind == "zip":
        share(BROKEN, BROKEN.name, tmp_path, Wanted(), limit_bytes=LIMIT_BYTES)
        done = sserec("share", tmp_path / "broken-in-the-middle.zip", "-o", out)
        name, body = "broken-in-the-middle", None
    else:
        done = sserec("share", "-", "-o", out, stdin=text)
        name, body = "standard-input", text
    assert done.returncode == 0, done.stderr
    with Recording.open(str(out / f"{name}.zip")) as recording:
        assert body is None or recording.exchanges[0].body() == body


def noisy(path: Path, sizes: list[int]) -> Path:
    """A recording of exchanges that nothing makes smaller than their size."""
    chance = random.Random(3)
    with ArchiveWriter(path, meta=Meta(anchor_unix_ns=0), file_id=1, flush_ms=0) as writer:
        for position, size in enumerate(sizes):
            t_ns = position * 1000 * MS
            number = writer.open_exchange(Request("GET", "https://h/", "HTTP/1.1"), t_ns)
            writer.response(number, Response(200, "", "HTTP/1.1", (("content-type", "image/png"),)), t_ns)
            writer.chunk(number, chance.randbytes(size), t_ns + MS)
            writer.close_exchange(
                number, Close(t_ns + 2 * MS, Closer.UPSTREAM, Manner.END, framing_complete=True)
            )
    finalise(path)
    return path


def test_what_is_too_large_comes_in_parts_between_exchanges(tmp_path: Path) -> None:
    path = noisy(tmp_path / "a.sse.zst", [60_000, 60_000, 100_000, 10_000])
    done = sserec("share", path, "-o", tmp_path / "out", "--max-size", "0.16")
    assert done.returncode == 0, done.stderr
    assert b"in 2 parts between exchanges, each a recording of its own" in done.stderr
    names = sorted(file.name for file in (tmp_path / "out").iterdir())
    assert names == ["a-1of2.zip", "a-2of2.zip", "a-page.zip", "a.md"]
    found = []
    with Recording.open(str(path)) as whole:
        for name in names[:2]:
            assert (tmp_path / "out" / name).stat().st_size <= 160_000
            with Recording.open(str(tmp_path / "out" / name)) as part:
                for exchange in part.exchanges:
                    assert exchange.body() == whole.exchange(exchange.number).body()
                    found.append(exchange.number)
    assert found == [1, 2, 3, 4]


def test_one_exchange_that_is_too_large_comes_in_pieces_that_go_together_again(tmp_path: Path) -> None:
    path, out = noisy(tmp_path / "a.sse.zst", [400_000]), tmp_path / "out"
    shared = share(path, path.name, out, Wanted(), limit_bytes=160_000)
    pieces = [file for file in shared.files if ".part" in file.name]
    assert [piece.name for piece in pieces] == [f"a.sse.zst.part{number}of3.zip" for number in (1, 2, 3)]
    assert all(piece.stat().st_size <= 160_000 for piece in pieces)
    told_how = sserec("info", pieces[0])
    assert told_how.returncode == 2
    loop = re.search(r"\((for zip in .*)\)", told_how.stderr.decode())
    assert loop is not None
    subprocess.run(["sh", "-c", unzip_with_python(loop[1])], cwd=out, check=True)
    with Recording.open(str(out / "a.sse.zst")) as recording, Recording.open(str(path)) as first:
        assert recording.exchanges[0].body() == first.exchanges[0].body()


def unzip_with_python(loop: str) -> str:
    """The same loop where there is no unzip."""
    program = (
        "import sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); sys.stdout.buffer.write(z.read(z.namelist()[0]))"
    )
    return f"""unzip() {{ "{sys.executable}" -c '{program}' "$2"; }}; {loop}"""


HOSTILE = "<script>alert(1)</script> ``` ````` @everyone | ![x](http://h/x.png) \x1b[2J\n## Heading"


def test_no_text_of_a_recording_becomes_markup(tmp_path: Path) -> None:
    path = tmp_path / "a.sse.zst"
    meta = Meta(0, software=HOSTILE, command=("curl", HOSTILE), attributes={HOSTILE: HOSTILE})
    with ArchiveWriter(path, meta=meta, file_id=1, flush_ms=0) as writer:
        headers = (("user-agent", HOSTILE.replace("\n", " ")),)
        number = writer.open_exchange(Request("POST", f"https://h/{HOSTILE}", "HTTP/1.1", headers), 0)
        writer.request_body(number, json.dumps({"input": HOSTILE}).encode())
        head = (("content-type", "text/event-stream"), ("server", HOSTILE.replace("\n", " ")))
        writer.response(number, Response(200, HOSTILE, "HTTP/1.1", head), MS)
        writer.chunk(number, event({"text": HOSTILE}, HOSTILE.replace("\n", " ")) + HOSTILE.encode(), 2 * MS)
    with Recording.open(str(path)) as recording:
        text = issue(recording, "a.zip", "a.html")
    assert "\x1b" not in text
    outside = without_code(text)
    assert "curl" not in outside
    for markup in ("<script>", "@everyone", "![x]", "## Heading", "HTTPServer"):
        assert markup not in outside, outside
    assert re.findall(r"^ {0,3}#.*", outside, re.MULTILINE) == ["## Recording", "### Exchange 1"]


def without_code(text: str) -> str:
    """What a renderer takes for Markdown: everything outside of fences and of spans of code (CommonMark 4.5, 6.1)."""
    outside, fence = [], ""
    for line in text.split("\n"):
        opened = re.match(r"`{3,}", line)
        if fence:
            if opened and len(opened[0]) >= len(fence) and not line.strip("`"):
                fence = ""
        elif opened:
            fence = opened[0]
        else:
            outside.append(re.sub(r"`[^`]*`", "", line))
    assert not fence
    return "\n".join(outside)


def test_the_text_of_a_recording_without_end_is_one_that_an_issue_takes(tmp_path: Path) -> None:
    path = tmp_path / "a.sse.zst"
    with ArchiveWriter(path, meta=Meta(0, command=("x" * 9000,)), file_id=1, flush_ms=0) as writer:
        for position in range(MAX_EXCHANGES + 5):
            request = Request("POST", "https://h/" + "y" * 9000, "HTTP/1.1", (("a", "z" * 9000),))
            number = writer.open_exchange(request, position * MS)
            writer.response(
                number, Response(500, "", "HTTP/1.1", (("content-type", "text/event-stream"),)), position * MS
            )
            writer.chunk(number, b"data: " + b"w" * 90_000 + b"\n\nevent: ", position * MS)
    with Recording.open(str(path)) as recording:
        text = issue(recording, "a.zip", None)
    assert len(text) < GITHUB_MAX_CHARS
    assert "and 5 more" in text


def test_code_is_one_span_and_a_fence_cannot_be_closed_from_within() -> None:
    assert code("a`b|c\nd") == "`a'b\\|c␊d`"
    assert code("") == ""
    assert len(code("x" * 1000)) == LINE_CHARS + 2
    assert fenced(["a ```` b"]).startswith("`````text\n")


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("a.sse.zst", "a"),
        ("dir/a.b.sse.gz", "a.b"),
        ("x y: z.zip", "x-y-z"),
        ("../..", "recording"),
        (".sse.zst", "recording"),
        ("é✓.sse", "é"),
    ],
)
def test_files_get_names_that_every_system_takes(name: str, stem: str) -> None:
    assert stem_of(name) == stem


def test_neighbours_are_halved_by_their_size() -> None:
    assert halves([1, 2, 3, 5], {1: 50, 2: 50, 3: 50, 5: 50}) == [[1, 2], [3, 5]]
    assert halves([1, 2, 3], {1: 90, 2: 5, 3: 5}) == [[1], [2, 3]]
    assert halves([1, 2, 3], {1: 5, 2: 5, 3: 90}) == [[1, 2], [3]]
    assert halves([1, 2], {1: 0, 2: 0}) == [[1], [2]]


@pytest.mark.parametrize(("unix_ns", "year"), [(0, 1980), (1_767_225_600 * 10**9, 2026), (2**62, 2116)])
def test_a_date_is_one_that_a_zip_can_say(unix_ns: int, year: int) -> None:
    assert date_time(unix_ns)[0] == (year if year < 2108 else 1980)


def test_zips_of_an_earlier_time_are_told_and_left_alone(tmp_path: Path) -> None:
    """They may hold what was replaced since, or be somebody's own."""
    stem = stem_of(BROKEN.name)
    earlier = [f"{stem}-1of2.zip", f"{stem}-page.zip", f"{stem}.sse.zst.part3of3.zip"]
    for name in (*earlier, f"{stem}.zip", f"{stem}-old.zip", "other-1of2.zip"):
        (tmp_path / name).write_bytes(b"earlier")
    done = sserec("share", "--overwrite", BROKEN, "-o", tmp_path)
    assert done.returncode == 0
    assert f"there from before, and no part of this: {', '.join(earlier)}\n" in done.stderr.decode()
    assert all((tmp_path / name).read_bytes() == b"earlier" for name in earlier)


def test_nothing_is_left_in_the_temporary_folder(tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    environment = {**os.environ, "TMPDIR": str(tmp_path / "tmp")}
    command = [sys.executable, "-m", "sserec", "share", str(BROKEN), "-o", str(tmp_path / "out")]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_journal_is_shared_as_a_finished_archive(tmp_path: Path) -> None:
    path = tmp_path / "a.sse.zst"
    with ArchiveWriter(path, meta=Meta(anchor_unix_ns=0), file_id=1, flush_ms=0) as writer:
        number = writer.open_exchange(Request("GET", "https://h/", "HTTP/1.1"), 0)
        writer.response(number, Response(200, "", "HTTP/1.1", (("content-type", "text/event-stream"),)), MS)
        writer.chunk(number, told("cut")[:-40], 2 * MS)
    share(path, path.name, tmp_path / "out", Wanted(), limit_bytes=LIMIT_BYTES)
    with Recording.open(str(tmp_path / "out" / "a.zip")) as recording:
        assert recording.archive
        assert recording.archive.state == "final"
        assert recording.exchanges[0].body() == told("cut")[:-40]


def test_a_damaged_recording_is_one_line_that_says_what_to_run(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.sse.zst", told("x" * 3000))
    data = bytearray(path.read_bytes())
    data[30] ^= 0xFF
    path.write_bytes(bytes(data))
    done = sserec("share", path, "-o", tmp_path / "out")
    assert (done.returncode, (tmp_path / "out").exists()) == (2, False)
    assert b"sserec repair" in done.stderr
