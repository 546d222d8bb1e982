"""Marks: appended to a file whose data stay where they are, and kept by whatever rewrites it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from archive_support import Model, open_writer, write_full
from sserec.archive import ArchiveReader, Mark, finalise, pack, repair, save_marks, verify
from sserec.errors import ArchiveError, UsageError
from sserec.tui.model.document import Document
from sserec.tui.model.jobs import run
from sserec.tui.model.places import Place
from viewer_support import MS, STORY, S, write

HERE = Mark(1, 8, "here it hung")
THERE = Mark(1, 17)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "x.sse.zst"
    write_full(path)
    finalise(path)
    return path


def marks_of(path: Path, *, use_index: bool = True) -> list[Mark]:
    with ArchiveReader.open(path, use_index=use_index) as reader:
        assert reader.problems == []
        return reader.marks


def test_a_file_without_marks_has_none(archive: Path) -> None:
    assert marks_of(archive) == []


@pytest.mark.parametrize("use_index", [True, False], ids=["by the index", "by a scan"])
def test_marks_that_were_saved_are_read(archive: Path, use_index: bool) -> None:
    save_marks(archive, [THERE, HERE])
    assert marks_of(archive, use_index=use_index) == [HERE, THERE]


def test_saving_marks_adds_to_the_file_and_changes_no_byte_of_it(archive: Path) -> None:
    before, truth = archive.read_bytes(), Model.of(archive)
    save_marks(archive, [HERE])
    assert archive.read_bytes().startswith(before)
    assert truth.missing_from(archive, use_index=True) == 0
    assert verify(archive).code == 0


@pytest.mark.parametrize("use_index", [True, False], ids=["by the index", "by a scan"])
def test_later_marks_replace_earlier_ones_and_no_marks_do_so_too(archive: Path, use_index: bool) -> None:
    save_marks(archive, [HERE, THERE])
    save_marks(archive, [THERE])
    assert marks_of(archive, use_index=use_index) == [THERE]
    save_marks(archive, [])
    assert marks_of(archive, use_index=use_index) == []
    assert verify(archive).code == 0


def test_an_open_reader_sees_marks_that_another_process_saved(archive: Path) -> None:
    with ArchiveReader.open(archive) as reader:
        save_marks(archive, [HERE])
        assert reader.refresh()
        assert reader.marks == [HERE]
        assert reader.is_indexed


def test_packing_and_repairing_keep_the_marks(archive: Path, tmp_path: Path) -> None:
    save_marks(archive, [HERE])
    pack(archive)
    assert marks_of(archive) == marks_of(archive, use_index=False) == [HERE]
    repair(archive, tmp_path / "repaired.sse.zst")
    assert marks_of(tmp_path / "repaired.sse.zst") == [HERE]


def test_the_text_of_a_mark_may_be_anything(archive: Path) -> None:
    odd = Mark(2, 3, 'two\nlines, "quotes", \x1b[31m and 日本')
    save_marks(archive, [odd])
    assert marks_of(archive) == [odd]


def test_a_file_that_is_being_recorded_takes_no_marks(tmp_path: Path) -> None:
    path = tmp_path / "x.sse.zst"
    with open_writer(path), pytest.raises(ArchiveError, match="is being recorded"):
        save_marks(path, [HERE])


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """What a recorder leaves that was killed."""
    path = tmp_path / "x.sse.zst"
    write_full(path)
    return path


def test_a_journal_that_nobody_writes_takes_marks_and_stays_a_journal(journal: Path) -> None:
    before, truth = journal.read_bytes(), Model.of(journal)
    save_marks(journal, [HERE])
    save_marks(journal, [THERE, HERE])
    assert journal.read_bytes().startswith(before)
    assert truth.missing_from(journal, use_index=True) == 0
    assert marks_of(journal) == [HERE, THERE]
    assert verify(journal).code == 0
    with ArchiveReader.open(journal) as reader:
        assert reader.state == "journal"


def test_the_marks_of_a_journal_are_there_when_it_is_finalised_packed_and_repaired(
    journal: Path, tmp_path: Path
) -> None:
    save_marks(journal, [HERE])
    repair(journal, tmp_path / "repaired.sse.zst")
    assert marks_of(tmp_path / "repaired.sse.zst") == [HERE]
    finalise(journal)
    assert marks_of(journal) == [HERE]
    pack(journal)
    assert marks_of(journal) == [HERE]


@pytest.mark.parametrize("end", [b"\x28\xb5\x2f\xfd torn", b"x"], ids=["a frame", "anything"])
def test_a_journal_with_bytes_that_were_never_committed_takes_no_marks_and_says_what_to_do(
    journal: Path, end: bytes
) -> None:
    before = journal.read_bytes() + end
    journal.write_bytes(before)
    with pytest.raises(ArchiveError, match=r"sserec repair .*x\.sse\.zst"):
        save_marks(journal, [HERE])
    assert journal.read_bytes() == before


def test_what_is_no_archive_takes_no_marks(tmp_path: Path) -> None:
    path = tmp_path / "x.sse"
    path.write_bytes(b"data: 1\n\n")
    with pytest.raises(ArchiveError):
        save_marks(path, [HERE])
    assert path.read_bytes() == b"data: 1\n\n"


def test_a_file_that_is_missing_takes_no_marks(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="No such file"):
        save_marks(tmp_path / "x.sse.zst", [HERE])


def test_more_marks_than_a_block_holds_are_refused_before_anything_is_written(archive: Path) -> None:
    before = archive.read_bytes()
    with pytest.raises(UsageError, match="65,535"):
        save_marks(archive, [Mark(1, offset) for offset in range(1 << 16)])
    assert archive.read_bytes() == before


def test_a_file_cut_anywhere_within_the_marks_still_has_all_its_data(archive: Path, tmp_path: Path) -> None:
    truth, before = Model.of(archive), archive.stat().st_size
    save_marks(archive, [HERE])
    whole, cut = archive.read_bytes(), tmp_path / "cut.sse.zst"
    for size in range(before, len(whole)):
        cut.write_bytes(whole[:size])
        assert truth.missing_from(cut, use_index=True) == 0


# What others read


@pytest.fixture(params=[True, False], ids=["final", "journal"])
def marked(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A recording of ten events, marked on the fifth, on the seventh, and behind its last."""
    path = write(tmp_path / "marked.sse.zst", [*STORY, (18 * S, b": bye\n\n")], final=request.param)
    with Document.open(str(path)) as document:
        stream = document.stream(1)
        run(stream.load())
        stream.comment(Place(6), "here it \x1b[31mhung")
        stream.toggle_mark(Place(4))
        stream.comment(stream.rows.place(10), "and this")
        document.marks.save()
    return path


def sserec(*arguments: str) -> str:
    command = [sys.executable, "-m", "sserec", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_info_lists_the_marks(marked: Path) -> None:
    assert sserec("info", "--marks", str(marked)).splitlines() == [
        "exchange  event    time  note",
        "       1      5   2.100",
        "       1      7  17.100  here it ␛[31mhung",
        "       1      -  18.000  and this",
    ]
    assert json.loads(sserec("info", "--marks", "--json", str(marked)))[1] == {
        "exchange": 1,
        "event": 7,
        "t_ns": 17_100 * MS,
        "text": "here it \x1b[31mhung",
    }


def test_info_says_that_there_are_no_marks(tmp_path: Path) -> None:
    path = write(tmp_path / "x.sse.zst", STORY)
    assert sserec("info", "--marks", str(path)) == f"{path}: no marks\n"
    assert sserec("info", "--marks", "--json", str(path)) == "[]\n"


def test_events_carry_their_marks(marked: Path) -> None:
    lines = [json.loads(line) for line in sserec("events", "--json", str(marked)).splitlines()]
    assert {line["number"]: line["marks"] for line in lines if "marks" in line} == {
        5: [""],
        7: ["here it \x1b[31mhung"],
    }
    assert sserec("export", "--format", "events", str(marked)) == sserec("events", "--json", str(marked))


def test_exports_that_have_room_for_marks_carry_them_and_the_interaction_stays_the_apis(marked: Path) -> None:
    wrapped = json.loads(sserec("export", "--with-diagnostics", str(marked)))
    assert [mark["event"] for mark in wrapped["marks"]] == [5, 7, None]
    assert "marks" not in json.loads(sserec("export", str(marked)))
    markdown = sserec("export", "--format", "markdown", str(marked))
    assert markdown.partition("## Marks")[2].split("\n")[2:5] == [
        "- exchange 1, event 5, 2.100 s",
        "- exchange 1, event 7, 17.100 s: `here it \x1b[31mhung`",
        "- exchange 1, 18.000 s: `and this`",
    ]


def test_a_mark_on_an_exchange_that_is_not_there_is_left_out(tmp_path: Path) -> None:
    path = write(tmp_path / "x.sse.zst", STORY)
    save_marks(path, [Mark(9, 0, "nowhere"), Mark(1, 10**12, "far behind")])
    assert json.loads(sserec("info", "--marks", "--json", str(path))) == [
        {"exchange": 1, "event": None, "t_ns": None, "text": "far behind"}
    ]


def test_a_full_disk_leaves_the_file_as_it_was(archive: Path) -> None:
    before = archive.read_bytes()
    program = (
        "import resource, sys; from sserec.archive import Mark, save_marks;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY));"
        "save_marks(sys.argv[1], [Mark(1, 8)])"
    )
    command = [sys.executable, "-c", program, str(archive), str(len(before) + 10)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "cannot be written" in done.stderr
    assert archive.read_bytes() == before
