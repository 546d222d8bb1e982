"""The viewer's document, rows and cursor, without a terminal."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import pytest

from sserec.archive import ArchiveReader, ArchiveWriter, Meta, finalise
from sserec.errors import UsageError
from sserec.records import Severity
from sserec.sources import ArchiveSource, PlainText, source_of
from sserec.tui.model.checking import Checking
from sserec.tui.model.cursor import Cursor
from sserec.tui.model.document import Document
from sserec.tui.model.findings import Finding
from sserec.tui.model.jobs import Progress, run
from sserec.tui.model.marks import Marks
from sserec.tui.model.medium import INDEXED_AT_ONCE_BYTES, ArchiveMedium, PlainMedium
from sserec.tui.model.places import Place
from sserec.tui.model.query import parse_query
from sserec.tui.model.stream import Stream
from sserec.tui.model.tape import LOADED_ROWS
from viewer_support import (
    CREATED,
    DONE,
    MS,
    REQUEST,
    STORY,
    S,
    event,
    opened,
    record,
    start,
    story,
    text,
    texts,
    write,
)


def plain(folder: Path, body: bytes) -> Path:
    path = folder / "body.sse"
    path.write_bytes(body)
    return path


# Rows


def test_a_row_says_number_time_gap_type_step_and_what_the_event_says(tmp_path: Path) -> None:
    with story(tmp_path) as stream:
        line = stream.rows.line(6)
        assert (line.number, line.t_ns, line.gap_ns) == (7, 17_100 * MS, 15 * S)
        assert (line.type, line.step, line.kind, line.text) == ("step.delta", 1, "text", "after a stall")
        assert stream.rows.flags(6).stall
        assert not stream.rows.flags(5).stall
        assert stream.rows.line(0).gap_ns is None


def test_bytes_without_an_event_are_rows_where_they_stand(tmp_path: Path) -> None:
    chunks = [(S, b": hello\n\n"), (S, CREATED), (2 * S, b'{"error": 1}\n'), (3 * S, b": ping\n\n" + DONE)]
    with story(tmp_path, [*chunks, (4 * S, b"event: cut\nda")]) as stream:
        assert texts(stream) == ["comment", "1", "malformed line", "comment", "2", "unfinished event"]
        lines = [stream.rows.line(row) for row in range(len(stream.rows))]
        assert [line.is_suspect for line in lines] == [False, False, True, False, False, True]
        assert lines[2].text == '{"error": 1}'
        assert lines[2].t_ns == 2 * S
        assert lines[5].text == "event: cut⏎da"
        assert [stream.rows.place(row).folded for row in range(6)] == [0, 1, 1, 1, 2, 2]


def test_every_row_is_found_again_by_its_place(tmp_path: Path) -> None:
    body = b": a\n\n" + DONE + b": b\n\n: c\n\n" + DONE + DONE + b": d\n\n"
    with story(tmp_path, [(S, body)]) as stream:
        assert len(stream.rows) == 7
        for row in range(len(stream.rows)):
            assert stream.rows.row_of(stream.rows.place(row)) == row


def test_text_from_a_stream_cannot_act_on_a_terminal(tmp_path: Path) -> None:
    with story(tmp_path, [(S, b"data: \x1b[2J\x9b\xe2\x80\xae\n\n: \x1b]0;title\x07\n\n" + DONE)]) as stream:
        for row in range(len(stream.rows)):
            assert stream.rows.line(row).text.isprintable()


def test_a_body_that_is_no_event_stream_is_one_row(tmp_path: Path) -> None:
    path = tmp_path / "x.sse.zst"
    with ArchiveWriter(path, meta=Meta(anchor_unix_ns=0)) as writer:
        number = writer.open_exchange(REQUEST, 0)
        writer.chunk(number, b'{"error": {"code": 400}}', S)
    with opened(path) as stream:
        assert texts(stream) == ["body"]
        assert stream.detail(Place(0, 0)).block == b'{"error": {"code": 400}}'


def marks_of(marks: Marks) -> Callable[[], Marks]:
    return lambda: marks


class CountingMedium(ArchiveMedium):
    """An archive that counts which bytes of bodies are asked for."""

    def __init__(self, path: Path) -> None:
        source = source_of(str(path), str(path))
        assert isinstance(source, ArchiveSource)
        super().__init__(source)
        self.asked_bytes = 0

    def body(self, number: int, start: int, end: int) -> bytes:
        self.asked_bytes += end - start
        return super().body(number, start, end)


def test_a_screenful_asks_for_the_same_bytes_whatever_the_number_of_events(tmp_path: Path) -> None:
    """Bytes are counted, because milliseconds depend on the machine."""
    asked = {}
    for count in (1_000, 50_000):
        path = write(
            tmp_path / f"{count}.sse.zst", ((S + at * MS, text(f"word {at:6} ")) for at in range(count))
        )
        medium = CountingMedium(path)
        marks = Marks(medium, [], lambda number, place: 0)
        stream = Stream(medium, 1, marks_of(marks))
        shown = [stream.rows.line(row).text for row in range(40)]
        assert shown[39] == "word     39 "
        asked[count] = medium.asked_bytes
        medium.close()
    assert asked[50_000] == asked[1_000]


# Files of every kind


def test_plain_text_opens_without_times(tmp_path: Path) -> None:
    path = plain(tmp_path, CREATED + b": ping\n\n" + DONE)
    with opened(path) as stream:
        assert texts(stream) == ["1", "comment", "2"]
        assert stream.rows.line(0).t_ns is None
        assert stream.rows.line(2).gap_ns is None
        assert not stream.is_timed
        assert stream.tape.chunks_of(0, 5) == []


def test_plain_text_that_is_larger_than_what_is_indexed_at_once_opens_and_fills_up(tmp_path: Path) -> None:
    path = plain(tmp_path, CREATED + b"".join(text(f"{at} " * 50) for at in range(10_000)))
    assert path.stat().st_size > 2 * INDEXED_AT_ONCE_BYTES
    with Document.open(str(path)) as document:
        stream = document.stream(1)
        assert 0 < len(stream) < 10_001
        run(stream.load())
        assert len(stream) == 10_001
        assert stream.rows.line(10_000).text.startswith("9999 9999")


def test_what_became_of_bytes_behind_the_last_event_is_shown_anew(tmp_path: Path) -> None:
    path = plain(tmp_path, CREATED + b"da")
    with Document.open(str(path)) as document:
        stream = document.stream(1)
        hits = stream.filter(parse_query("da"))
        assert hits is not None
        run(stream.load())
        run(hits.scan())
        before = stream.rows.version
        assert [stream.rows.line(row).text for row in range(1, len(stream.rows))] == ["da"]
        with path.open("ab") as file:
            file.write(b"maged\n")
        document.refresh()
        run(stream.load())
        run(hits.scan())
        assert stream.rows.line(1).text == "damaged"
        assert stream.rows.version != before


def test_of_plain_text_that_became_shorter_the_rest_is_lost(tmp_path: Path) -> None:
    path = plain(tmp_path, DONE * 100)
    with opened(path) as stream:
        os.truncate(path, len(DONE))
        stream.refresh()
        assert [stream.tape.is_lost(event) for event in (0, 50, 99)] == [False, True, True]
        assert len(stream.tape.events(0, 100)) == 100


def test_plain_text_that_becomes_shorter_before_it_was_read_is_read_to_its_end(tmp_path: Path) -> None:
    path = plain(tmp_path, DONE * (INDEXED_AT_ONCE_BYTES // len(DONE) + 100))
    with closing(PlainMedium(PlainText(path))) as medium:
        os.truncate(path, len(DONE))
        assert len(list(islice(medium.index(), 10))) < 10
        assert not list(islice(medium.index(), 10)), "it is at an end"


def test_plain_text_that_grows_is_followed(tmp_path: Path) -> None:
    path = plain(tmp_path, CREATED + b"data: half")
    with Document.open(str(path)) as document:
        stream = document.stream(1)
        run(stream.load())
        assert texts(stream) == ["1", "unfinished event"]
        with path.open("ab") as file:
            file.write(b" whole\n\n" + DONE)
        assert document.refresh()
        run(stream.load())
        assert texts(stream) == ["1", "2", "3"]
        assert stream.rows.line(1).text == "half whole"


@pytest.mark.parametrize(
    ("content", "title"),
    [
        (b"", "is empty"),
        (b"\x7fELF\x02\x01\x00\x00", "is neither an archive nor an event stream"),
        (b"# A page\n\nof text\n", "is no event stream"),
        (b'{"error": {"code": 400}}\n', "is no event stream"),
        (b"\x28\xb5\x2f\xfd and nothing", "holds nothing of a recording"),
    ],
    ids=["empty", "binary", "text", "json", "zstd"],
)
def test_a_file_that_cannot_be_viewed_says_what_it_is(tmp_path: Path, content: bytes, title: str) -> None:
    path = tmp_path / "odd"
    path.write_bytes(content)
    with Document.open(str(path)) as document:
        assert document.trouble is not None
        assert title in document.trouble.title
        assert not document.refresh()


def test_a_file_that_is_not_there_says_so() -> None:
    with Document.open("nowhere.sse.zst") as document:
        assert document.trouble is not None
        assert document.trouble.title == "nowhere.sse.zst cannot be read: No such file or directory"
        assert list(document.exchanges) == []


def test_what_a_foreign_file_begins_with_is_shown_so_that_it_cannot_act_on_a_terminal(tmp_path: Path) -> None:
    path = tmp_path / "odd"
    path.write_bytes(b"\x1b[2Jhello\nworld\n")
    with Document.open(str(path)) as document:
        assert document.trouble is not None
        assert document.trouble.lines[-2:] == ("␛[2Jhello", "world")


def test_an_empty_file_that_grows_is_no_trouble_any_more(tmp_path: Path) -> None:
    path = plain(tmp_path, b"")
    with Document.open(str(path)) as document:
        assert document.trouble is not None
        path.write_bytes(CREATED)
        assert document.refresh()
        assert document.trouble is None
        assert len(document.stream(1)) == 1


def test_a_damaged_archive_opens_with_its_problems_and_the_rest_of_it(tmp_path: Path) -> None:
    path = write(tmp_path / "x.sse.zst", [(S + at, text(f"word {at} ")) for at in range(1000)], final=False)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x10
    path.write_bytes(bytes(data))
    with Document.open(str(path)) as document:
        stream = document.stream(document.best)
        run(stream.load())
        assert document.problems
        assert 990 < len(stream) < 1000
        for row in range(len(stream.rows)):
            assert "word" in stream.rows.line(row).text
        assert len(stream.tape.events(0, len(stream))) == len(stream)


def test_events_that_damage_took_stay_in_their_place_and_say_so(tmp_path: Path) -> None:
    path = write(tmp_path / "x.sse.zst", [(S + at, text(f"word {at} ")) for at in range(1000)])
    data = bytearray(path.read_bytes())
    data[200] ^= 0x10
    path.write_bytes(bytes(data))
    with opened(path) as stream:
        assert len(stream) == 1000
        line = stream.rows.line(500)
        assert (line.number, line.is_suspect, line.text) == (
            501,
            True,
            "these bytes are lost: the file is damaged",
        )
        assert stream.detail(Place(500)).is_lost
        assert len(stream.tape.events(0, 1000)) == 1000
        assembly = stream.answer.at(1000)
        assert assembly is not None
        assert assembly.event_count == 1000


def test_an_archive_without_an_exchange_is_trouble_until_there_is_one(tmp_path: Path) -> None:
    path = tmp_path / "x.sse.zst"
    with (
        ArchiveWriter(path, meta=Meta(anchor_unix_ns=0), flush_ms=0) as writer,
        Document.open(str(path)) as document,
    ):
        assert document.trouble is not None
        assert document.trouble.title == "nothing has been recorded yet"
        record(writer, STORY)
        assert document.refresh()
        assert document.trouble is None
        assert document.best == 1


# Exchanges


def test_exchanges_are_listed_with_what_they_were_and_how_they_ended(tmp_path: Path) -> None:
    path = write(tmp_path / "x.sse.zst", STORY, STORY[:3])
    with Document.open(str(path)) as document:
        first, second = document.exchanges
        assert (first.number, first.method, first.status, first.event_count) == (1, "POST", 200, 10)
        assert (first.ending, first.is_event_stream, first.is_live) == ("complete", True, False)
        assert first.duration_ns == 17_300 * MS - S // 2
        assert (second.number, second.event_count) == (2, 3)
        assert document.best == 1
        assert document.stream(2) is document.stream(2)


# Live


def test_a_recording_that_grows_is_followed_and_scrolled_back_in(tmp_path: Path) -> None:
    path = tmp_path / "x.sse.zst"
    with ArchiveWriter(path, meta=Meta(anchor_unix_ns=0), flush_ms=0) as writer:
        number = record(writer, STORY[:4], close=False)
        with Document.open(str(path)) as document:
            stream = document.stream(1)
            cursor = Cursor(stream)
            cursor.follow()
            run(stream.load())
            assert document.is_live
            assert (len(stream), cursor.number) == (4, 4)
            for t_ns, data in STORY[4:]:
                writer.chunk(number, data, t_ns)
                assert document.refresh()
                run(stream.load())
                assert cursor.keep_up()
            assert (len(stream), cursor.number) == (10, 10)
            assert list(stream.shape.stalls) == [6]
            cursor.move(-3)
            assert not cursor.following
            assert not cursor.keep_up()
            assert not document.refresh()


def test_what_is_unfinished_while_a_stream_lives_is_no_stray(tmp_path: Path) -> None:
    path = tmp_path / "x.sse.zst"
    with ArchiveWriter(path, meta=Meta(anchor_unix_ns=0), flush_ms=0) as writer:
        number = record(writer, [(S, CREATED + b"event: step.de")], close=False)
        with Document.open(str(path)) as document:
            stream = document.stream(1)
            run(stream.load())
            assert texts(stream) == ["1"]
            writer.chunk(number, b"lta\ndata: {}\n\n: tail", 2 * S)
            document.refresh()
            run(stream.load())
            assert texts(stream) == ["1", "2"]
            writer.close()
            document.refresh()
            run(stream.load())
            assert texts(stream) == ["1", "2", "unfinished event"]


def test_a_recording_that_is_finalised_while_it_is_viewed_goes_on(tmp_path: Path) -> None:
    path = write(tmp_path / "x.sse.zst", STORY, final=False)
    with Document.open(str(path)) as document:
        stream = document.stream(1)
        run(stream.load())
        lines = [stream.rows.line(row) for row in range(10)]
        finalise(path)
        assert document.refresh()
        run(stream.load())
        assert [stream.rows.line(row) for row in range(10)] == lines
        assert stream.tape.event(9).data == b"[DONE]"
        assert stream.detail(Place(4)).event is not None


# The cursor


@pytest.fixture
def stream(tmp_path: Path) -> Iterator[Stream]:
    with story(tmp_path) as stream:
        yield stream


def test_the_cursor_moves_by_rows_and_stops_at_the_ends(stream: Stream) -> None:
    cursor = Cursor(stream)
    assert cursor.number == 1
    assert not cursor.move(-1)
    assert cursor.move()
    assert cursor.number == 2
    assert cursor.move(100)
    assert cursor.number == 10
    assert not cursor.move()
    assert cursor.start()
    assert cursor.end()
    assert cursor.folded == 10


def test_the_cursor_goes_to_events_percents_and_times(stream: Stream) -> None:
    cursor = Cursor(stream)
    assert cursor.to_event(4)
    assert (cursor.number, cursor.t_ns) == (4, 2 * S)
    assert cursor.to_event(99)
    assert cursor.number == 10
    cursor.to_time(2 * S)
    assert cursor.number == 4
    cursor.to_time(2 * S - 1)
    assert cursor.number == 3
    cursor.to_time(0)
    assert cursor.number == 1
    cursor.to_percent(50)
    assert cursor.number == 6, "half of the time is in the stall, whose state is that before it"
    cursor.to_percent(100)
    assert cursor.number == 10


def test_percents_are_of_the_events_where_there_are_no_times(tmp_path: Path) -> None:
    with opened(plain(tmp_path, DONE * 101)) as stream:
        cursor = Cursor(stream)
        cursor.to_percent(50)
        assert cursor.number == 51
        assert not cursor.by_time(S)


def test_a_step_by_time_that_ends_in_a_silence_goes_to_its_other_end(stream: Stream) -> None:
    cursor = Cursor(stream)
    cursor.to_event(6)
    assert cursor.by_time(S)
    assert cursor.number == 7
    assert cursor.by_time(-S)
    assert cursor.number == 6
    assert cursor.by_time(-S)
    assert cursor.number == 2
    assert cursor.by_time(100 * S)
    assert cursor.number == 10


def test_the_cursor_goes_from_step_to_step_and_to_those_of_a_type(stream: Stream) -> None:
    cursor = Cursor(stream)
    assert cursor.step(1)
    assert cursor.number == 2
    assert cursor.step(1)
    assert cursor.number == 4
    assert not cursor.step(1)
    cursor.to_event(6)
    assert cursor.step(-1)
    assert cursor.number == 4
    assert cursor.step(-1, "thought")
    assert cursor.number == 2
    assert not cursor.step(1, "function_call")


def test_the_cursor_goes_to_stalls_findings_and_marks(stream: Stream) -> None:
    cursor = Cursor(stream)
    assert cursor.stall(1)
    assert cursor.number == 7
    assert not cursor.stall(1)
    stream.findings.set([Finding(2, Severity.ERROR, "x", "bad"), Finding(4, Severity.NOTE, "y", "so so")])
    cursor.start()
    assert cursor.finding(1)
    assert cursor.number == 3
    assert not cursor.finding(1), "a note is no place to go to"
    assert cursor.trouble(1)
    assert cursor.number == 7
    assert cursor.trouble(-1)
    assert cursor.number == 3
    stream.toggle_mark(Place(8))
    stream.toggle_mark(Place(0))
    assert cursor.mark(1)
    assert cursor.number == 9
    assert cursor.mark(-1)
    assert cursor.number == 1
    assert not cursor.mark(-1)


def test_on_stray_bytes_the_cursor_has_no_number_but_a_place_in_time(tmp_path: Path) -> None:
    with story(tmp_path, [(S, DONE), (2 * S, b": ping\n\n"), (3 * S, DONE)]) as stream:
        cursor = Cursor(stream)
        cursor.move()
        assert (cursor.number, cursor.t_ns, cursor.folded) == (None, 2 * S, 1)


def test_the_cursor_stands_on_a_row_that_a_filter_has_left(stream: Stream) -> None:
    cursor = Cursor(stream)
    cursor.to_event(3)
    hits = stream.filter(parse_query("world"))
    assert hits is not None
    run(hits.scan())
    cursor.settle()
    assert cursor.number == 6
    assert not cursor.move()
    assert not cursor.to_event(1)
    stream.filter(None)
    cursor.settle()
    assert cursor.number == 6


def test_a_cursor_in_an_empty_stream_stands_still(tmp_path: Path) -> None:
    with opened(write(tmp_path / "x.sse.zst", [])) as stream:
        cursor = Cursor(stream)
        assert (cursor.row, cursor.number, cursor.t_ns, cursor.folded) == (0, None, None, 0)
        moves = (cursor.move, cursor.end, cursor.start, lambda: cursor.step(1), lambda: cursor.stall(-1))
        assert not any(move() for move in moves)
        assert not cursor.to_percent(50)
        assert not cursor.by_time(S)


# What jobs find out


def test_jobs_that_two_threads_run_at_once_find_everything_once(tmp_path: Path) -> None:
    chunks = [(S + at, b": ping\n\n" + text("x")) for at in range(3 * LOADED_ROWS)]
    path = write(tmp_path / "x.sse.zst", chunks)
    with Document.open(str(path)) as document:
        stream = document.stream(1)
        threads = [threading.Thread(target=run, args=(stream.load(),)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(stream.tape.times) == len(stream.shape.strays) == len(chunks)


def test_a_job_that_was_dropped_goes_on_where_it_stopped(tmp_path: Path) -> None:
    path = write(tmp_path / "x.sse.zst", [(S + at, text("x")) for at in range(2 * LOADED_ROWS)])
    with Document.open(str(path)) as document:
        stream = document.stream(1)
        job = stream.load()
        next(job)
        del job
        assert len(stream.tape.times) == LOADED_ROWS
        run(stream.load())
        assert len(stream.tape.times) == 2 * LOADED_ROWS
        assert stream.shape.is_complete


def test_steps_are_found_in_both_revisions_of_the_api(tmp_path: Path) -> None:
    older = event("content.start", index=0, content={"type": "text"})
    with story(tmp_path, [(S, start("thought", 3)), (2 * S, older), (3 * S, text('".start"'))]) as stream:
        assert [(step.event, step.step, step.type) for step in stream.shape.steps] == [
            (0, 3, "thought"),
            (1, 0, "text"),
        ]


def test_ids_that_were_sent_long_before_are_in_force(tmp_path: Path) -> None:
    body = [
        (S, b"id: 7\ndata: a\n\n"),
        (S, b"data: b\n\n"),
        (S, b"id: 8\n\ndata: c\n\n"),
        (S, b"data: d\n\n"),
    ]
    with story(tmp_path, body) as stream:
        assert [stream.tape.event(at).last_event_id for at in range(4)] == ["7", "7", "8", "8"]
        assert [event.last_event_id for event in stream.tape.events(1, 4)] == ["7", "8", "8"]


def test_what_check_finds_stands_at_its_events(tmp_path: Path) -> None:
    path = write(tmp_path / "x.sse.zst", [*STORY[:4], (3 * S, b"data: {oops\n\n")])
    with Document.open(str(path)) as document:
        stream = document.stream(1)
        run(document.check())
        assert stream.findings.is_complete
        assert "not-json" in [finding.rule for finding in stream.findings.of(4)]
        assert stream.findings.worst(4) is Severity.ERROR
        assert stream.rows.flags(4).finding is Severity.ERROR
        assert stream.findings.worst(0) is None


def test_a_check_that_is_dropped_ends_its_process(tmp_path: Path) -> None:
    file = tmp_path / "nobody-writes-to-it"
    os.mkfifo(file)
    checking = Checking(file)
    job = checking.run()
    assert next(job) == Progress(0, 1)
    job.close()
    assert checking.findings is None


# Marks


def test_marks_stay_in_memory_until_they_are_saved(tmp_path: Path) -> None:
    path = write(tmp_path / "x.sse.zst", STORY)
    before = path.read_bytes()
    with Document.open(str(path)) as document:
        stream, marks = document.stream(1), document.marks
        assert stream.toggle_mark(Place(6))
        stream.comment(Place(3), "it begins")
        assert stream.rows.flags(6).mark
        assert (stream.rows.flags(3).note, stream.note(Place(3))) == (True, "it begins")
        assert marks.is_dirty
        assert path.read_bytes() == before
        marks.save()
        assert not marks.is_dirty
    assert path.read_bytes().startswith(before)
    with Document.open(str(path)) as document:
        assert document.stream(1).marked_places() == [Place(3), Place(6)]
        assert document.marks.at(1, Place(3)) is not None
        assert not document.stream(1).toggle_mark(Place(6))
        assert document.marks.is_dirty


def test_stray_bytes_can_be_marked(tmp_path: Path) -> None:
    path = write(tmp_path / "x.sse.zst", [(S, DONE), (2 * S, b": ping\n\n" + DONE)])
    with opened(path) as stream:
        place = stream.rows.place(1)
        stream.comment(place, "still alive")
        assert stream.marked_places() == [place] == [Place(1, 0)]
        assert stream.rows.flags(1).note
        assert not stream.rows.flags(2).mark


def test_a_view_goes_on_after_marks_were_saved(tmp_path: Path) -> None:
    path = write(tmp_path / "x.sse.zst", STORY)
    with Document.open(str(path)) as document:
        stream = document.stream(1)
        stream.toggle_mark(Place(6))
        document.marks.save()
        document.refresh()
        assert stream.rows.flags(6).mark
        assert stream.tape.event(9).data == b"[DONE]"
        with ArchiveReader.open(path) as reader:
            assert len(reader.marks) == 1


def test_plain_text_and_a_live_recording_say_why_their_marks_cannot_be_saved(tmp_path: Path) -> None:
    with Document.open(str(plain(tmp_path, DONE))) as document:
        document.stream(1).toggle_mark(Place(0))
        with pytest.raises(UsageError, match="no room for marks"):
            document.marks.save()
    live = tmp_path / "x.sse.zst"
    with ArchiveWriter(live, meta=Meta(anchor_unix_ns=0), flush_ms=0) as writer:
        record(writer, STORY, close=False)
        with Document.open(str(live)) as document:
            with pytest.raises(UsageError, match="when the recording is over"):
                document.marks.save()
            assert document.marks.can_save == "marks can be saved when the recording is over"


def test_an_offset_is_found_among_some_events_as_among_all(tmp_path: Path) -> None:
    with story(tmp_path) as stream:
        tape = stream.tape
        for index in range(len(tape)):
            offset = tape.start(index)
            assert tape.holding(offset) == tape.holding(offset, index, index + 1) == index
        assert tape.holding(0, 3, 5) == 3
        assert tape.holding(tape.size_bytes, 3, 5) == 5
