"""Recordings cut up and put together: times, borders, ends and marks stay what they were."""

import subprocess
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from itertools import accumulate
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive_support import write_full
from sserec.archive import ArchiveReader, ArchiveWriter, Mark, Meta, finalise, save_marks, verify
from sserec.archive.composing import compose
from sserec.errors import ArchiveError, DamagedArchive, NothingFound, UsageError
from sserec.excerpts import merging, slicing
from sserec.recording import Recording
from sserec.records import Close, Closer, Connection, Ending, Manner, Request, Response, Unknown

MS = 1_000_000
EVENTS = [b"data: %d\n\n" % number for number in range(10)]
SAMPLES = sorted((Path(__file__).parent.parent / "samples").glob("*.sse.zst"))
STREAM = Response(200, "OK", "HTTP/1.1", (("content-type", "text/event-stream"),))


def sserec(*arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "sserec", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False)


def record(
    path: Path, *, pieces: Iterable[bytes] = EVENTS, anchor_ns: int = 0, how: Manner = Manner.CLOSE
) -> Path:
    """One exchange, a piece each 10 ms from 20 ms on, cut by the server behind the last one."""
    with ArchiveWriter(path, meta=Meta(anchor_ns, attributes={"mode": "record"})) as writer:
        number = writer.open_exchange(Request("GET", "https://example.org/", "HTTP/1.1"), 1 * MS)
        writer.connection(number, Connection(1, "192.0.2.1:443", t_connected_ns=2 * MS))
        writer.request_sent(number, 3 * MS)
        writer.response(number, STREAM, 10 * MS)
        t_ns = 10 * MS
        for piece in pieces:
            t_ns += 10 * MS
            writer.chunk(number, piece, t_ns)
        writer.close_exchange(number, Close(t_ns + 5 * MS, Closer.UPSTREAM, how, framing_complete=False))
    finalise(path)
    return path


def sliced(path: Path, out: Path, **wishes: Any) -> Path:
    with ArchiveReader.open(path) as reader:
        parts = slicing.excerpts(reader, path.name, slicing.Selection(**wishes))
        compose(out, parts, slicing.meta(reader, path), slicing.notes(reader, parts))
    assert verify(out).code == 0
    return out


def merged(out: Path, *paths: Path) -> Path:
    with ExitStack() as opened:
        parts = [merging.Part(path.name, opened.enter_context(ArchiveReader.open(path))) for path in paths]
        excerpts = merging.merged(parts)
        compose(out, excerpts, merging.meta(parts), merging.notes(parts, excerpts))
    assert verify(out).code == 0
    return out


def chunks(path: Path, number: int = 1) -> list[tuple[int, bytes]]:
    with ArchiveReader.open(path) as reader:
        return [(chunk.t_ns, chunk.data) for chunk in reader.chunks(number)]


def ending(path: Path, number: int = 1) -> Ending | None:
    with Recording.open(str(path)) as recording:
        return recording.exchange(number).ending


def test_events_are_cut_out_with_their_times(tmp_path: Path) -> None:
    whole = record(tmp_path / "whole.sse.zst")
    part = sliced(whole, tmp_path / "part.sse.zst", events=(3, 5))
    assert chunks(part) == chunks(whole)[2:5]
    assert ending(part) is Ending.SLICED
    with ArchiveReader.open(part) as reader:
        one = reader.exchange(1)
        assert one.unknown == {Unknown.BEGINNING}
        assert one.close is not None
        assert (one.close.t_ns, one.close.by, one.close.how) == (60 * MS, Closer.RECORDER, Manner.SLICE)
        assert one.close.error == "cut out of a recording in which 45 bytes more follow"
        assert reader.meta.attributes == {"mode": "record", "sliced_from": "whole.sse.zst"}
        assert [note for _, note in reader.notes] == [
            {
                "slice": {
                    "exchange": 1,
                    "of_exchange": 1,
                    "start": 18,
                    "end": 45,
                    "first_event": 3,
                    "last_event": 5,
                }
            }
        ]


def test_the_last_events_end_as_the_exchange_did(tmp_path: Path) -> None:
    whole = record(tmp_path / "whole.sse.zst", pieces=[*EVENTS, b"data: half"])
    part = sliced(whole, tmp_path / "part.sse.zst", events=(9, None))
    assert chunks(part) == chunks(whole)[8:]
    assert ending(part) is ending(whole) is Ending.UPSTREAM_CUT


def test_the_first_events_know_how_the_body_began(tmp_path: Path) -> None:
    whole = record(tmp_path / "whole.sse.zst", pieces=[b": hello\n", *EVENTS])
    part = sliced(whole, tmp_path / "part.sse.zst", events=(1, 2))
    assert chunks(part) == chunks(whole)[:3]
    with ArchiveReader.open(part) as reader:
        assert not reader.exchange(1).unknown


def test_events_that_share_a_chunk_are_parted_and_keep_its_time(tmp_path: Path) -> None:
    whole = record(tmp_path / "whole.sse.zst", pieces=[b"".join(EVENTS[:4]), b"".join(EVENTS[4:])])
    part = sliced(whole, tmp_path / "part.sse.zst", events=(3, 6))
    assert chunks(part) == [(20 * MS, b"".join(EVENTS[2:4])), (30 * MS, b"".join(EVENTS[4:6]))]


@pytest.mark.parametrize(
    ("from_ns", "to_ns", "kept", "end"),
    [
        (None, 45 * MS, slice(0, 3), Ending.SLICED),
        (40 * MS, 60 * MS, slice(2, 5), Ending.SLICED),
        (90 * MS, None, slice(7, 10), Ending.UPSTREAM_CUT),
        (None, 115 * MS, slice(0, 10), Ending.UPSTREAM_CUT),
        (None, 114 * MS, slice(0, 10), Ending.SLICED),
        (111 * MS, None, slice(10, 10), Ending.UPSTREAM_CUT),
        (None, 15 * MS, slice(0, 0), Ending.SLICED),
    ],
)
def test_a_time_holds_what_came_in_it(
    from_ns: int | None, to_ns: int | None, kept: slice, end: Ending, tmp_path: Path
) -> None:
    whole = record(tmp_path / "whole.sse.zst")
    part = sliced(whole, tmp_path / "part.sse.zst", from_ns=from_ns, to_ns=to_ns)
    assert chunks(part) == chunks(whole)[kept]
    assert ending(part) is end


def test_what_was_answered_after_the_time_is_not_in_it(tmp_path: Path) -> None:
    part = sliced(record(tmp_path / "whole.sse.zst"), tmp_path / "part.sse.zst", to_ns=5 * MS)
    with ArchiveReader.open(part) as reader:
        one = reader.exchange(1)
        assert (one.t_open_ns, one.t_sent_ns, one.response, one.t_response_ns) == (1 * MS, 3 * MS, None, None)


def test_an_event_that_began_before_the_time_is_whole(tmp_path: Path) -> None:
    whole = record(tmp_path / "whole.sse.zst", pieces=[b"data: a\n\ndata", b": b\n\n", b"data: c\n\n"])
    part = sliced(whole, tmp_path / "part.sse.zst", from_ns=25 * MS)
    assert chunks(part) == [(20 * MS, b"data"), (30 * MS, b": b\n\n"), (40 * MS, b"data: c\n\n")]


def test_a_stream_without_its_beginning_has_no_time_to_a_first_event(tmp_path: Path) -> None:
    part = sliced(record(tmp_path / "whole.sse.zst"), tmp_path / "part.sse.zst", events=(4, 6))
    measured = orjson.loads(sserec("stats", "--json", part).stdout)["exchanges"][0]
    assert measured["time_to_first_byte_ns"] == 7 * MS
    assert measured["time_to_first_event_ns"] is None
    assert measured["time_between_events_ns"]["max"] == 10 * MS


def test_what_follows_from_being_cut_is_no_fault_of_the_streams(tmp_path: Path) -> None:
    text = next(sample for sample in SAMPLES if sample.name == "text.sse.zst")
    part = sliced(text, tmp_path / "part.sse.zst", events=(5, 9))
    done = sserec("check", "--all", part)
    assert done.returncode == 0, done.stdout
    assert b"[sliced]" in done.stdout
    assert b"[no-terminal-event]" in done.stdout


def test_marks_follow_what_they_mark(tmp_path: Path) -> None:
    whole = record(tmp_path / "whole.sse.zst")
    save_marks(whole, [Mark(1, 8, "first"), Mark(1, 35, "fourth"), Mark(1, 80, "ninth")])
    part = sliced(whole, tmp_path / "part.sse.zst", events=(3, 5))
    both = merged(tmp_path / "both.sse.zst", part, whole)
    with Recording.open(str(part)) as recording:
        assert [(mark.event, mark.text) for mark in recording.marks] == [(2, "fourth")]
    with Recording.open(str(both)) as recording:
        assert [(mark.exchange, mark.event, mark.text) for mark in recording.marks] == [
            (1, 2, "fourth"),
            (2, 1, "first"),
            (2, 4, "fourth"),
            (2, 9, "ninth"),
        ]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name.partition(".")[0])
def test_a_slice_of_everything_is_the_recording(sample: Path, tmp_path: Path) -> None:
    part = sliced(sample, tmp_path / "part.sse.zst")
    for command in (["events", "--json"], ["info", "--json"]):
        before, after = (sserec(*command, path).stdout for path in (sample, part))
        if "info" in command:
            before, after = (orjson.dumps(orjson.loads(told)["exchanges"]) for told in (before, after))
        assert before == after


def test_everything_the_format_can_say_comes_through(tmp_path: Path) -> None:
    whole = tmp_path / "full.sse.zst"
    write_full(whole)
    finalise(whole)
    part = sliced(whole, tmp_path / "part.sse.zst")
    with ArchiveReader.open(whole) as before, ArchiveReader.open(part) as after:
        assert list(after.exchanges) == list(before.exchanges)
        for one, same in zip(before.exchanges, after.exchanges, strict=True):
            assert list(after.chunks(one.number)) == list(before.chunks(one.number))
            assert (same.traffic(), same.request_body()) == (one.traffic(), one.request_body())
        assert [note for note in after.notes if "slice" not in note[1]] == before.notes


def test_recordings_are_merged_by_the_wall_clock(tmp_path: Path) -> None:
    late = record(tmp_path / "late.sse.zst", anchor_ns=50 * MS + 3)
    early = record(tmp_path / "early.sse.zst", pieces=[b"data: early\n\n"])
    both = merged(tmp_path / "both.sse.zst", late, early)
    assert chunks(both, 1) == chunks(early)
    assert chunks(both, 2) == [(t_ns + 50 * MS + 3, data) for t_ns, data in chunks(late)]
    with ArchiveReader.open(both) as reader:
        first, second = reader.exchanges
        assert (first.t_open_ns, second.t_open_ns) == (MS, 51 * MS + 3)
        assert first.connection is not None
        assert second.connection is not None
        assert first.connection.id != second.connection.id
        assert second.connection.t_connected_ns == 52 * MS + 3
        assert reader.meta.anchor_unix_ns == 0
        assert reader.meta.attributes["merged_from"] == "late.sse.zst, early.sse.zst"
        assert [note["merged"]["exchanges"] for _, note in reader.notes] == [[2], [1]]
    assert ending(both, 1) is ending(both, 2) is Ending.UPSTREAM_CUT


def test_a_merge_cut_apart_again_is_what_was_merged(tmp_path: Path) -> None:
    one, other = record(tmp_path / "one.sse.zst"), record(tmp_path / "other.sse.zst", pieces=EVENTS[:3])
    both = merged(tmp_path / "both.sse.zst", one, other)
    again = sliced(both, tmp_path / "again.sse.zst", exchanges=frozenset({2}))
    assert chunks(again) == chunks(other)


def test_the_same_slice_is_the_same_file(tmp_path: Path) -> None:
    whole = record(tmp_path / "whole.sse.zst")
    first, second = (sliced(whole, tmp_path / name, events=(2, 4)) for name in ("a.sse.zst", "b.sse.zst"))
    assert first.read_bytes() == second.read_bytes()


@settings(max_examples=60)
@given(sizes=st.lists(st.integers(1, 25), min_size=1, max_size=12), data=st.data())
def test_any_span_of_events_is_the_bytes_of_these_events(
    sizes: list[int], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("span")
    body, borders = b"".join(EVENTS), [0, *accumulate(sizes)]
    pieces = [body[start:end] for start, end in zip(borders, [*borders[1:], len(body)], strict=True)]
    whole = record(folder / "whole.sse.zst", pieces=[piece for piece in pieces if piece])
    first = data.draw(st.integers(1, 10))
    last = data.draw(st.integers(first, 10))
    part = sliced(whole, folder / "part.sse.zst", events=(first, last))
    assert b"".join(piece for _, piece in chunks(part)) == b"".join(EVENTS[first - 1 : last])
    with Recording.open(str(part)) as cut, Recording.open(str(whole)) as uncut:
        times = [event.t_ns for event in uncut.exchange(1).events()]
        assert [event.t_ns for event in cut.exchange(1).events()] == times[first - 1 : last]


def test_what_cannot_be_cut_is_said(tmp_path: Path) -> None:
    whole, plain = record(tmp_path / "whole.sse.zst"), tmp_path / "plain.sse"
    plain.write_bytes(b"data: a\n\n")
    out = tmp_path / "out.sse.zst"
    for arguments, words in (
        (["--exchange", "2"], "has no exchange 2"),
        (["--events", "11"], "has no event 11, only 10"),
        (["--events", "5..2"], "ends before it begins"),
        (["--events", "x"], "no span of events"),
        (["--from", "9"], "no exchange was under way then"),
        (["--from", "2", "--to", "1"], "--to lies before --from"),
        (["--from", "-1"], "not a time"),
        (["--exchange", "0"], "no list of exchanges"),
        (["--events", "1", "--to", "1"], "exclude each other"),
    ):
        done = sserec("slice", whole, "-o", out, *arguments)
        assert (done.returncode, done.stdout) == (2, b"")
        assert words in done.stderr.decode()
        assert not out.exists()
    done = sserec("slice", plain, "-o", out)
    assert "sserec import" in done.stderr.decode()


def test_nothing_is_replaced_unasked(tmp_path: Path) -> None:
    whole, out = record(tmp_path / "whole.sse.zst"), tmp_path / "out.sse.zst"
    out.write_bytes(b"mine")
    for command in ("slice", "merge"):
        done = sserec(command, whole, "-o", out)
        assert done.returncode == 2
        assert b"exists already" in done.stderr
        assert out.read_bytes() == b"mine"
    assert sserec("merge", whole, whole, "-o", out, "--overwrite").returncode == 0
    assert verify(out).code == 0


def test_no_recording_is_replaced_by_a_part_of_itself(tmp_path: Path) -> None:
    whole, other = record(tmp_path / "whole.sse.zst"), record(tmp_path / "other.sse.zst")
    before = whole.read_bytes()
    (tmp_path / "link.sse.zst").symlink_to(whole)
    for out in (whole, tmp_path / "link.sse.zst"):
        for command in (("slice", whole, "--exchange", "1"), ("merge", other, whole)):
            done = sserec(*command, "-o", out, "--overwrite")
            assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)
            assert b"is the recording itself, which is never changed" in done.stderr
    assert whole.read_bytes() == before


def test_a_damaged_or_a_growing_file_is_refused(tmp_path: Path) -> None:
    whole, out = record(tmp_path / "whole.sse.zst"), tmp_path / "out.sse.zst"
    damaged = bytearray(whole.read_bytes())
    damaged[8] ^= 0xFF
    whole.write_bytes(damaged)
    with pytest.raises(DamagedArchive, match="repair"):
        sliced(whole, out)
    with ArchiveWriter(tmp_path / "live.sse.zst", meta=Meta(0)) as writer:
        with pytest.raises(NothingFound, match="no exchange"):
            merged(out, tmp_path / "live.sse.zst")
        writer.open_exchange(Request("GET", "https://example.org/", "HTTP/1.1"), 0)
        with pytest.raises(ArchiveError, match="being recorded"):
            merged(out, tmp_path / "live.sse.zst")
    assert not list(tmp_path.glob("out*"))


def test_recordings_that_began_too_far_apart_for_an_archive_are_not_merged(tmp_path: Path) -> None:
    early = record(tmp_path / "early.sse.zst", anchor_ns=-(1 << 62))
    late = record(tmp_path / "late.sse.zst", anchor_ns=(1 << 63) - 1)
    with pytest.raises(ArchiveError, match="no archive holds"):
        merged(tmp_path / "out.sse.zst", early, late)
    assert not list(tmp_path.glob("out*"))


def test_untimed_exchanges_cannot_be_cut_by_time(tmp_path: Path) -> None:
    path = tmp_path / "untimed.sse.zst"
    with ArchiveWriter(path, meta=Meta(0)) as writer:
        number = writer.open_exchange(Request("GET", "https://example.org/", ""), 0, {Unknown.TIMES})
        writer.chunk(number, b"data: a\n\n", 0)
    finalise(path)
    with pytest.raises(UsageError, match="nobody knows when"):
        sliced(path, tmp_path / "out.sse.zst", from_ns=0)
    assert chunks(sliced(path, tmp_path / "out.sse.zst", events=(1, None))) == [(0, b"data: a\n\n")]


def test_a_time_without_an_exchange_holds_nothing(tmp_path: Path) -> None:
    with pytest.raises(NothingFound):
        sliced(record(tmp_path / "whole.sse.zst"), tmp_path / "out.sse.zst", from_ns=10**12)


def test_the_commands_say_what_they_wrote(tmp_path: Path) -> None:
    whole, out = record(tmp_path / "whole.sse.zst"), tmp_path / "out.sse.zst"
    said = sserec("slice", whole, "--events", "3..5", "-o", out).stderr.decode()
    assert said == f"sserec: {out}: events 3 to 5 of exchange 1 of {whole}\n"
    both = tmp_path / "both.sse.zst"
    assert (
        sserec("merge", whole, out, "-o", both).stderr.decode()
        == f"sserec: {both}: 2 exchanges of 2 recordings\n"
    )
    assert b"sliced" in sserec("info", both).stdout
