"""Files that are broken, or made to do harm: an import says what is wrong, in bounded time and memory."""

import gzip
import random
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from import_support import FILES, imported, sserec
from sserec.archive import ArchiveWriter, Meta
from sserec.errors import NotAnArchive, SserecError, UsageError
from sserec.imports import FORMATS
from sserec.imports.found import Coding, Found, Part
from sserec.imports.recognition import recognised
from sserec.imports.shapes import a_text
from sserec.imports.taking import Taker
from sserec.imports.tnetstring import NotATnetstring, values
from sserec.recording import Recording
from sserec.records import Response
from sserec.redact import SECRETS

FORMAT_OF = {
    "chrome-156.har": "har",
    "mitmproxy-12.har": "har",
    "mitmproxy-12.flows": "mitmproxy",
    "mitmproxy-10.flows": "mitmproxy",
    "vcr-9.yaml": "vcr",
    "vcr-9.json": "vcr",
    "curl-trace.txt": "curl",
    "curl-trace-ascii.txt": "curl",
    "curl-trace-cut.txt": "curl",
}
ALIASES = (
    b"a: &a [x, x]\n" + b"".join(b"b%d: *a\n" % number for number in range(20_000)) + b"interactions: []\n"
)
NESTED = b"a0: &a0 [x, x]\n" + b"".join(
    b"a%d: &a%d [%s]\n" % (depth, depth, b", ".join([b"*a%d" % (depth - 1)] * 9)) for depth in range(1, 30)
)
"""9^29 values, for those who follow them."""


def har(entry: object) -> bytes:
    return orjson.dumps({"log": {"version": "1.2", "entries": [entry]}})


@pytest.mark.parametrize("name", FORMAT_OF)
def test_a_files_content_tells_its_format(name: str) -> None:
    assert recognised((FILES / name).read_bytes()) == FORMAT_OF[name]


@pytest.mark.parametrize("name", FORMAT_OF)
def test_a_file_that_was_cut_or_damaged_anywhere_is_read_or_refused(name: str) -> None:
    data, dice = (FILES / name).read_bytes(), random.Random(name)
    read = FORMATS[FORMAT_OF[name]].load()
    for _ in range(40):
        at = dice.randrange(len(data))
        damaged = bytearray(data)
        damaged[at] ^= 1 << dice.randrange(8)
        for hostile in (data[:at], bytes(damaged), data[at:], data[:at] + data[at + 9 :]):
            try:
                read(hostile)
            except SserecError as fault:
                assert str(fault)  # noqa: PT017


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    "data", [b"", b"\0" * 100, b"{}", b"[]", b"null", b"{" * 100_000, b"1:", b"\xff\xfe"]
)
def test_what_is_of_no_format_is_refused_in_one_line(format: str, data: bytes, tmp_path: Path) -> None:
    out = tmp_path / "out.sse.zst"
    if format in ("sse", "ndjson") and data not in (b"", b"[]", b"null"):
        return  # any bytes are a body, and {} an event
    try:
        imported(data, out, format=format)
    except SserecError as fault:
        assert "\n" not in str(fault)  # noqa: PT017
        assert not out.exists()


@pytest.mark.parametrize(
    "entry",
    [
        None,
        [],
        {},
        {"request": 1, "response": "x", "startedDateTime": 7, "time": "soon"},
        {"request": {"url": ["x"], "headers": {"a": 1}}, "response": {"status": 200, "content": []}},
        {"startedDateTime": "9999-12-31T23:59:59Z", "time": 1e308, "timings": {"wait": -1e308}},
        {"startedDateTime": "0001-01-01T00:00:00Z", "response": {"status": 200}},
        {"startedDateTime": "2026-01-01T00:00:00Z", "response": {"status": 10**18}, "serverIPAddress": "::1"},
        {"response": {"status": 200, "content": {"text": "data: a\n\n", "encoding": "base64"}}},
        {
            "startedDateTime": "2026-01-01T00:00:00Z",
            "response": {"status": 200, "content": {}},
            "_eventSourceMessages": [
                {"time": -1, "data": "a\nb\0", "eventName": "x\ny"},
                None,
                {"time": 1e30},
            ],
        },
    ],
)
def test_an_entry_of_any_shape_becomes_an_exchange(entry: object, tmp_path: Path) -> None:
    out = tmp_path / "out.sse.zst"
    imported(har(entry), out)
    for command in ("info", "events", "stats", "check"):
        done = sserec(command, out)
        assert b"Traceback" not in done.stderr
        assert done.returncode in (0, 1)


def test_what_went_over_no_network_is_left_out_of_a_har(tmp_path: Path) -> None:
    urls = ["data:image/png;base64," + "A" * 3_000_000, "blob:https://example.org/1", "https://example.org/"]
    entries = [{"request": {"url": url}, "response": {"status": 200}} for url in urls]
    file = orjson.dumps({"log": {"creator": {"name": "x" * 3_000_000}, "entries": entries}})
    done = imported(file, tmp_path / "out.sse.zst")
    assert len(done.unknown) == 1
    assert len(done.tool) < 200
    assert done.remarks == ["2 entries that went over no network are left out (data:, blob: and the like)"]


def test_half_a_character_in_a_har_is_replaced(tmp_path: Path) -> None:
    out = tmp_path / "out.sse.zst"
    content = b'{"status": 200, "content": {"text": "data: \\ud83d\\n\\n"}}'
    imported(
        b'{"log": {"entries": [{"request": {"url": "https://example.org/\\udc00"}, "response": %s}]}}'
        % content,
        out,
    )
    with Recording.open(str(out)) as recording:
        assert recording.exchange(1).body() == b"data: ?\n\n"


def test_a_yaml_file_that_repeats_itself_without_end_is_refused() -> None:
    read = FORMATS["vcr"].load()
    with pytest.raises(NotAnArchive, match="refers 20,000 times"):
        read(ALIASES)
    with pytest.raises(NotAnArchive, match="no cassette"):
        read(NESTED)


def test_half_a_character_is_no_text_of_an_archive() -> None:
    assert a_text("https://example.org/\ud800/é") == "https://example.org/?/é"


def test_yaml_makes_no_objects_of_python() -> None:
    with pytest.raises(NotAnArchive, match="no YAML"):
        FORMATS["vcr"].load()(b"interactions: !!python/object/apply:os.system ['true']\n")


@pytest.mark.parametrize(
    "data",
    [
        b"9:x,",
        b"1:",
        b"0",
        b"1:x",
        b"01:x,",
        b"999999999999999:x,",
        b"3:abc?",
        b"5:0:~0:}",
        b"2:xx#",
        b"2:0:}",
    ],
)
def test_a_size_or_a_type_that_lies_is_no_tnetstring(data: bytes) -> None:
    with pytest.raises(NotATnetstring):
        list(values(data))


def test_a_deep_tnetstring_is_refused() -> None:
    data = b"0:]"
    for _ in range(40):
        data = b"%d:%s]" % (len(data), data)
    with pytest.raises(NotATnetstring, match="too deep"):
        list(values(data))


def test_flows_of_old_versions_are_refused_with_what_to_run() -> None:
    old = b"7:version;9:1:0#2:18#]"
    with pytest.raises(NotAnArchive, match="mitmdump -nr"):
        FORMATS["mitmproxy"].load()(b"%d:%s}" % (len(old), old))


def test_a_body_that_decodes_to_more_than_an_import_may_hold_is_refused(tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(8_000_000))
    response = Response(200, "OK", "HTTP/1.1", (("content-encoding", "gzip"),))
    found = Found(response=response, body=[Part(bomb)], coding=Coding.AS_SENT)
    with (
        ArchiveWriter(tmp_path / "out.sse.zst", meta=Meta(0)) as writer,
        pytest.raises(UsageError, match="import a part of it"),
    ):
        Taker(writer, SECRETS, 0, room_bytes=1_000_000).take(found)


def test_a_refused_import_leaves_no_file_and_gives_back_the_one_before(tmp_path: Path) -> None:
    file, out = tmp_path / "empty.har", tmp_path / "out.sse.zst"
    file.write_bytes(b'{"log": {"entries": []}}')
    done = sserec("import", file, "-o", out)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode() == f"sserec: {file}: it holds no exchange\n"
    assert not out.exists()
    out.write_bytes(b"mine")
    assert sserec("import", file, "-o", out, "--overwrite").returncode == 2
    assert out.read_bytes() == b"mine"


@pytest.mark.parametrize("make", [lambda path: path, lambda path: path / "nowhere" / "x.har"])
def test_a_file_that_cannot_be_read_is_one_line(make: Callable[[Path], Path], tmp_path: Path) -> None:
    done = sserec("import", make(tmp_path), "-o", tmp_path / "out.sse.zst")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_an_archive_is_not_imported_again(tmp_path: Path) -> None:
    out = tmp_path / "out.sse.zst"
    imported((FILES / "vcr-9.json").read_bytes(), out)
    with pytest.raises(NotAnArchive, match="an archive already"):
        recognised(out.read_bytes())
