"""Archives of every version of the format, kept for ever: each opens, also cut at any byte or with a bit wrong."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from archive_support import SCENARIOS, Model
from sserec.archive import ArchiveReader, finalise, verify
from sserec.archive.frames import ZSTD_VERSION
from sserec.errors import NotAnArchive

GOLDEN = sorted((Path(__file__).parent / "golden").glob("v1-*.sse.zst"))
FLIPS = 500


def _scenario(golden: Path) -> str:
    return golden.name.removeprefix("v1-").split(".")[0]


@pytest.fixture(params=GOLDEN, ids=lambda path: path.name)
def golden(request: pytest.FixtureRequest) -> Path:
    """One of the archives that must stay readable."""
    path: Path = request.param
    return path


def test_there_is_an_archive_of_every_scenario_in_either_state() -> None:
    names = {path.name for path in GOLDEN}
    assert names == {f"v1-{name}.{state}.sse.zst" for name in SCENARIOS for state in ("journal", "final")}


def test_a_golden_archive_reads_as_it_did_when_it_was_made(golden: Path, tmp_path: Path) -> None:
    SCENARIOS[_scenario(golden)](tmp_path / "new.sse.zst")
    assert Model.of(golden) == Model.of(tmp_path / "new.sse.zst")
    assert verify(golden).code == 0


def test_the_same_library_writes_the_same_bytes(golden: Path, tmp_path: Path) -> None:
    with ArchiveReader.open(golden) as reader:
        if reader.meta_json["zstd"] != ZSTD_VERSION:
            pytest.skip("made by another libzstd")
    path = tmp_path / "new.sse.zst"
    SCENARIOS[_scenario(golden)](path)
    if ".final." in golden.name:
        finalise(path)
    assert path.read_bytes() == golden.read_bytes()


def test_cut_at_any_byte_it_gives_a_prefix_and_says_what_is_missing(golden: Path, tmp_path: Path) -> None:
    model, data = Model.of(golden), golden.read_bytes()
    cut = tmp_path / "cut.sse.zst"
    missing = []
    for size in range(len(data)):
        cut.write_bytes(data[:size])
        missing.append(model.missing_from(cut, use_index=True))
    assert missing == sorted(missing, reverse=True)


def test_with_a_bit_wrong_nothing_wrong_is_read_and_verify_sees_it(golden: Path, tmp_path: Path) -> None:
    model, data = Model.of(golden), golden.read_bytes()
    rng = random.Random(2)
    flipped = tmp_path / "flipped.sse.zst"
    for position in sorted(rng.sample(range(len(data)), k=min(len(data), FLIPS))):
        copy = bytearray(data)
        copy[position] ^= 1 << rng.randrange(8)
        flipped.write_bytes(copy)
        model.missing_from(flipped, use_index=True)
        model.missing_from(flipped, use_index=False)
        assert verify(flipped).code > 0, f"byte {position}"


@pytest.mark.parametrize("content", [b"", b"data: a\n\n", bytes(100), b"SSR1", b"\x28\xb5\x2f\xfd"])
def test_what_never_was_an_archive_is_refused_in_one_line(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "other.sse.zst"
    path.write_bytes(content)
    with pytest.raises(NotAnArchive, match="not an sserec archive"):
        ArchiveReader.open(path)
    assert verify(path).code == 2
