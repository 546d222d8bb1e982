"""Marks: appended to a file whose data stay where they are, and kept by whatever rewrites it."""

from pathlib import Path

import pytest

from archive_support import Model, open_writer, write_full, write_minimal
from sserec.archive import ArchiveReader, Mark, finalise, pack, repair, save_marks, verify
from sserec.errors import ArchiveError, UsageError

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


def test_a_journal_takes_no_marks_and_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "x.sse.zst"
    write_minimal(path)
    before = path.read_bytes()
    with pytest.raises(ArchiveError, match=r"sserec pack .*x\.sse\.zst"):
        save_marks(path, [HERE])
    assert path.read_bytes() == before


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
