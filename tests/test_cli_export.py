"""``sserec export`` as a command: what it chooses, what it refuses, how it ends."""

from pathlib import Path

import orjson
import pytest

from export_support import Told, archive, asked, exported, get, refused, sserec, unary
from interactions_support import completed, created, interaction_of, stream
from sserec.export import FORMATS, Needs, Options

ELSEWHERE = Told(b"data: 1\n\n", url="https://api.example/v1/chat")
CUT = Told(created(), asked(), is_cut=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "recorded.sse.zst"


def test_it_takes_the_last_exchange_that_holds_an_interaction(path: Path) -> None:
    archive(
        path, Told(created(id="v1_0") + completed(id="v1_0"), asked()), Told(stream(), asked()), ELSEWHERE
    )
    assert exported(path)["id"] == "v1_a"
    assert exported(path, "--exchange", "1")["id"] == "v1_0"
    assert [one["id"] for one in exported(path, "--all")] == ["v1_0", "v1_a"]


def test_an_object_that_was_never_streamed_passes_through(path: Path) -> None:
    whole = {"object": "interaction", "id": "v1_a", "odd": {"kept": [1, None]}}
    assert exported(archive(path, unary(whole))) == whole


def test_json_that_is_no_interaction_is_none(path: Path) -> None:
    archive(path, refused(400, asked()), get(b"[" * 300 + b"]" * 300, content_type="application/json"))
    done = sserec("export", path)
    assert done.returncode == 2
    assert done.stdout == b""
    assert b"holds no interaction, but exchange 1: 400, application/json, 65 B: " in done.stderr
    assert b"; exchange 2: 200" in done.stderr


@pytest.mark.parametrize(
    "format_", [name for name, format_ in FORMATS.items() if format_.needs is Needs.INTERACTION]
)
def test_nothing_to_write_is_trouble_in_every_form(path: Path, format_: str) -> None:
    done = sserec("export", archive(path, ELSEWHERE), "--format", format_, "-o", path.with_name("out"))
    assert done.returncode == 2
    assert b"holds no interaction, but exchange 1: 200, text/event-stream, 9 B" in done.stderr
    assert not path.with_name("out").exists()


def test_diagnostics_are_wrapped_where_asked(path: Path) -> None:
    wrapped = exported(archive(path, CUT), "--with-diagnostics", code=1)
    assert list(wrapped) == ["exchange", "exchanges", "interaction", "complete", "diagnostics", "marks"]
    assert (wrapped["exchange"], wrapped["exchanges"], wrapped["complete"]) == (1, [1], False)
    assert wrapped["diagnostics"][-1]["id"] == "no-terminal-event"
    assert wrapped["diagnostics"][-1]["exchange"] == 1


def test_one_cut_stream_among_whole_ones_is_a_finding(path: Path) -> None:
    archive(path, CUT, Told(stream(), asked()))
    assert len(exported(path, "--all", code=1)) == 2
    assert exported(path) == interaction_of(stream())


@pytest.mark.parametrize(
    "options",
    [
        ("--all", "--exchange", "1"),
        ("--format", "text", "--with-diagnostics"),
        ("--format", "curl", "--annotation-characters"),
        ("--format", "python", "--stitched"),
        ("--format", "yaml"),
        ("--exchange", "7"),
        ("--exchange", "7", "--conversation"),
    ],
    ids=" ".join,
)
def test_a_wish_that_cannot_be_met_is_one_line_and_exit_code_2(path: Path, options: tuple[str, ...]) -> None:
    done = sserec("export", archive(path, Told(stream(), asked())), *options)
    assert (done.returncode, done.stdout) == (2, b"")
    assert len(done.stderr.splitlines()) == 1


def test_a_plain_event_stream_can_be_exported_and_told_of(tmp_path: Path) -> None:
    (tmp_path / "plain.sse").write_bytes(stream())
    assert exported(tmp_path / "plain.sse", "--stitched") == interaction_of(stream())
    told = sserec("info", "--conversation", tmp_path / "plain.sse").stdout.decode().splitlines()
    assert told[1:] == ["└─ v1_a · completed", "   └─ 1  answer · no response · 4 events"]


def test_help_names_every_format_with_what_it_is() -> None:
    page = sserec("export", "--help").stdout.decode()
    for name, format_ in FORMATS.items():
        assert f"  {name} " in page
        assert format_.summary in page


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_of_the_table_is_there(name: str) -> None:
    write = FORMATS[name].load()
    assert callable(write)
    if FORMATS[name].needs is not Needs.INTERACTION:
        return
    if name != "media":
        assert b"".join(write([], Options(many=True))) in (b"", b"[]\n")


def test_a_document_on_stdout_is_the_same_as_in_a_file(path: Path) -> None:
    archive(path, Told(stream(), asked()))
    sserec("export", path, "-o", path.with_name("out.json"))
    assert path.with_name("out.json").read_bytes() == sserec("export", path).stdout
    assert orjson.loads(path.with_name("out.json").read_bytes()) == interaction_of(stream())
