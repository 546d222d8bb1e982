"""The answer as of any event, one event in full, and the overview."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sserec.interactions import Assembler
from sserec.records import Severity
from sserec.tui.model.answer import EVENTS_A_STEP, blocks
from sserec.tui.model.detail import hex_lines, json_lines, raw_lines
from sserec.tui.model.document import Document
from sserec.tui.model.findings import Finding
from sserec.tui.model.jobs import run
from sserec.tui.model.places import Place
from sserec.tui.model.stream import Stream
from viewer_support import CREATED, DONE, MS, STORY, S, event, opened, start, stop, story, text, write


@pytest.fixture
def stream(tmp_path: Path) -> Iterator[Stream]:
    with story(tmp_path) as stream:
        yield stream


# The answer


def test_the_answer_at_any_event_is_what_folding_up_to_it_gives(stream: Stream) -> None:
    for folded in (10, 3, 0, 7, 6, 10):
        assembler = Assembler()
        for each in stream.tape.events(0, folded):
            assembler.feed(each)
        assert stream.answer.at(folded) == assembler.assembly()


def test_what_lies_far_ahead_is_folded_by_a_job_that_may_be_dropped(tmp_path: Path) -> None:
    count = 4 * EVENTS_A_STEP
    with story(tmp_path, [(S + at, text(f"{at} ")) for at in range(count)]) as stream:
        answer = stream.answer
        assert answer.at(count) is None
        assert not answer.reach(count)
        job = answer.advance(count)
        assert next(job).done == EVENTS_A_STEP
        job.close()
        assert answer.reach(2 * EVENTS_A_STEP)
        assert answer.at(2 * EVENTS_A_STEP) is not None
        run(answer.advance(count))
        assembly = answer.at(count)
        assert assembly is not None
        assert assembly.event_count == count


def test_an_answer_is_read_in_blocks(tmp_path: Path) -> None:
    call = {"type": "function_call", "name": "get_weather", "id": "c1"}
    chunks = [
        CREATED,
        start("thought"),
        event("step.delta", index=0, delta={"type": "thought_signature", "signature": "abcd"}),
        stop(0),
        event("step.start", index=1, step=call),
        event("step.delta", index=1, delta={"type": "arguments_delta", "arguments": '{"city": '}),
        event("step.delta", index=1, delta={"type": "arguments_delta", "arguments": '"Paris"}'}),
        stop(1),
        start("model_output", 2),
        text("# Hi\n", 2),
        text("there", 2),
        event("step.delta", index=2, delta={"type": "image", "data": "AAAA", "mime_type": "image/png"}),
    ]
    with story(tmp_path, [(S + at, data) for at, data in enumerate(chunks)]) as stream:
        thought, call_block, words, image = shown(stream, len(chunks))
        assert (thought.type, thought.format, thought.meta) == ("thought", "markdown", ("signature 4 B",))
        assert (call_block.title, call_block.format) == ("function_call get_weather", "json")
        assert orjson.loads(call_block.text) == {"city": "Paris"}
        assert (words.text, words.format, words.is_arriving) == ("# Hi\nthere", "markdown", False)
        assert image.is_arriving
        assert image.media is not None
        assert (image.media.mime_type, image.media.size_bytes) == ("image/png", 3)
        assert image.media.content() == b"\0\0\0"
        assert image.text == "image/png\n3 B"
        partial = shown(stream, 6)[-1]
        assert (partial.text, partial.format, partial.is_arriving) == ('{"city": ', "text", True)


def shown(stream: Stream, folded: int) -> Any:
    assembly = stream.answer.at(folded)
    assert assembly is not None
    return blocks(assembly)


def test_a_finished_answer_has_nothing_arriving(stream: Stream) -> None:
    assert not any(block.is_arriving for block in shown(stream, 10))
    assert shown(stream, 0) == []


def test_an_error_stands_at_the_end_of_an_answer(tmp_path: Path) -> None:
    failed = event("error", error={"code": "unavailable", "message": "overloaded"})
    with story(tmp_path, [(S, CREATED), (S, start("model_output")), (S, text("Hel")), (S, failed)]) as stream:
        output, error = shown(stream, 4)
        assert output.text == "Hel"
        assert (error.type, error.format) == ("error", "json")
        assert "overloaded" in error.text


def test_results_show_what_came_back(tmp_path: Path) -> None:
    steps = [
        {"type": "function_result", "name": "f", "call_id": "c1", "result": "plain"},
        {"type": "function_result", "call_id": "c2", "result": {"a": 1}, "is_error": True},
        {"type": "mcp_server_tool_result", "result": [{"type": "text", "text": "one"}]},
        {"type": "code_execution_call", "arguments": {"code": "print(1)", "language": "python"}},
        {"type": "something_new", "text": "still read"},
    ]
    starts = [event("step.start", index=index, step=step) for index, step in enumerate(steps)]
    with story(tmp_path, [(S, CREATED), *((S, data) for data in starts)]) as stream:
        first, second, third, code, new = shown(stream, 6)
        assert (first.title, first.text, first.meta) == ("function_result f", "plain", ("for c1",))
        assert (second.format, second.meta) == ("json", ("for c2", "failed"))
        assert (third.title, third.text) == ("mcp_server_tool_result", "one")
        assert code.text == "print(1)"
        assert "still read" in new.text


LONG = [CREATED, start("model_output"), *[text("early ")] * 6000, stop(), start("model_output", 1)]
LONG += [text(f"{at} ", 1) for at in range(3000)]


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stream]:
    """Nine thousand events, of which the last three are in a step of their own."""
    with story(tmp_path_factory.mktemp("long"), [(S + at, data) for at, data in enumerate(LONG)]) as stream:
        yield stream


def test_the_end_of_an_answer_is_seen_before_the_rest_is_folded(long: Stream) -> None:
    folded = len(LONG)
    assert long.answer.at(folded) is None
    early, last = blocks(long.answer.glimpse(folded))
    run(long.answer.advance(folded))
    whole, same = shown(long, folded)
    assert last == same
    assert (early.index, early.type) == (whole.index, whole.type)
    assert whole.text.endswith(early.text)
    assert len(early.text) < len(whole.text)


@pytest.mark.parametrize("folded", [8000, 8001, 8100, 7000, 1, 0, 5999, 9004])
def test_a_glimpse_says_the_same_wherever_one_came_from(long: Stream, folded: int) -> None:
    long.answer.glimpse(folded)
    seen = blocks(long.answer.glimpse(folded))
    run(long.answer.advance(folded))
    there = shown(long, folded)
    assert [block.index for block in seen] == [block.index for block in there]
    assert all(block.text.endswith(part.text) for block, part in zip(there, seen, strict=True))
    assert all(part.text or not block.text for block, part in zip(there, seen, strict=True))


def test_a_glimpse_of_a_few_big_events_reads_a_megabyte_and_not_all(tmp_path: Path) -> None:
    image = event("step.delta", index=0, delta={"type": "image", "data": "A" * 600_000})
    chunks = [CREATED, start("model_output"), *[image] * 9, text("after them")]
    with story(tmp_path, [(S + at, data) for at, data in enumerate(chunks)]) as stream:
        assert len(blocks(stream.answer.glimpse(len(chunks)))) == 2 + 1


# One event in full


def test_the_detail_has_the_event_its_bytes_and_its_chunks(tmp_path: Path) -> None:
    whole = text("split in two") + DONE
    with story(tmp_path, [(S, CREATED + whole[:20]), (2 * S, whole[20:])]) as stream:
        detail = stream.detail(Place(1))
        assert detail.event is not None
        assert detail.block == text("split in two")
        spans = [(span.index, span.t_ns, span.end - span.start) for span in detail.spans]
        assert spans == [(0, S, len(CREATED) + 20), (1, 2 * S, len(whole) - 20)]


def test_hex_rows_begin_anew_with_each_chunk_and_tell_which_bytes_are_the_events_own(tmp_path: Path) -> None:
    whole = text("split in two") + DONE
    with story(tmp_path, [(S, CREATED + whole[:20]), (2 * S, whole[20:])]) as stream:
        detail = stream.detail(Place(1))
        rows = hex_lines(stream.tape, detail, row_bytes=8)
        data = b"".join(bytes.fromhex(row.hex) for row in rows)
        assert data == CREATED + whole
        assert [row.offset for row in rows if row.border is not None] == [0, len(CREATED) + 20]
        own = b"".join(bytes.fromhex(row.hex)[row.own.start : row.own.stop] for row in rows)
        assert own == detail.block
        assert all(row.ascii.isascii() and row.ascii.isprintable() for row in rows)


def test_plain_text_has_hex_without_chunks(tmp_path: Path) -> None:
    path = tmp_path / "body.sse"
    path.write_bytes(CREATED + DONE)
    with opened(path) as stream:
        rows = hex_lines(stream.tape, stream.detail(Place(1)))
        assert b"".join(bytes.fromhex(row.hex) for row in rows) == DONE
        assert all(row.border is None for row in rows)


def test_a_chunk_of_a_megabyte_is_shown_in_part(tmp_path: Path) -> None:
    with story(tmp_path, [(S, text("x" * 1_000_000))]) as stream:
        assert len(hex_lines(stream.tape, stream.detail(Place(0)))) == 2048


def test_json_is_written_in_lines_that_fold() -> None:
    lines = json_lines(b'{"a": [1, {}, "x"], "b": {"c": null}, "d": []}')
    assert [" " * line.depth + line.text for line in lines] == [
        "{",
        ' "a": [',
        "  1,",
        "  {},",
        '  "x"',
        " ],",
        ' "b": {',
        '  "c": null',
        " },",
        ' "d": []',
        "}",
    ]
    assert {number: line.fold_end for number, line in enumerate(lines) if line.fold_end is not None} == {
        0: 10,
        1: 5,
        6: 8,
    }
    assert [kind for _, kind in lines[7].pieces] == ["key", "punctuation", "literal"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(JSON)
def test_lines_of_json_together_are_the_same_json(value: Any) -> None:
    try:
        data = orjson.dumps(value)
    except orjson.JSONEncodeError:
        return
    lines = json_lines(data)
    assert orjson.loads("".join(line.text for line in lines)) == value
    for before, after in pairwise(lines):
        assert abs(before.depth - after.depth) <= 1


@pytest.mark.parametrize("data", [b"", b"[DONE]", b'{"cut', b"\xff\xfe", b"[" * 3000], ids=repr)
def test_what_is_no_json_is_shown_as_it_is(data: bytes) -> None:
    assert "".join(line.text for line in json_lines(data)) == "".join(raw_lines(data))


# The overview


def test_the_overview_shows_density_stalls_steps_marks_and_findings(stream: Stream) -> None:
    stream.comment(Place(6), "here")
    stream.findings.set([Finding(6, Severity.WARNING, "a", ""), Finding(9, Severity.ERROR, "b", "")])
    picture = stream.overview.picture(20)
    assert picture.counts == [3, 3, *[0] * 17, 4]
    assert (picture.start_ns, picture.end_ns, picture.is_timed) == (500 * MS, 17_300 * MS, True)
    assert [(band.kind, band.first, band.last, band.index) for band in picture.bands] == [
        ("thought", 0, 0, 0),
        ("model_output", 1, 19, 1),
    ]
    assert [(span.first, span.last, span.duration_ns) for span in picture.stalls] == [(2, 18, 15 * S)]
    assert picture.marks == [(19, "here")]
    assert picture.findings == [(19, Severity.ERROR)]


@pytest.mark.parametrize("width", [1, 7, 80, 200])
def test_columns_lead_back_to_events(stream: Stream, width: int) -> None:
    overview = stream.overview
    for event_index in range(len(stream)):
        column = overview.column(Place(event_index), width)
        assert 0 <= column < width
        assert overview.column(Place(overview.event_at(column, width)), width) == column
    assert sum(overview.picture(width).counts) == 10
    for column in range(width):
        assert 0 <= overview.event_at(column, width) < 10


def test_a_step_to_the_right_from_within_a_silence_goes_to_its_end(stream: Stream) -> None:
    overview = stream.overview
    here = overview.column(Place(5), 80)
    assert overview.event_at(here + 1, 80) == 5
    assert overview.event_at(here + 1, 80, direction=1) == 6


def test_without_times_the_axis_is_the_events(tmp_path: Path) -> None:
    path = tmp_path / "body.sse"
    path.write_bytes(DONE * 10)
    with opened(path) as stream:
        picture = stream.overview.picture(4)
        assert sum(picture.counts) == 10
        assert not picture.is_timed
        assert [stream.overview.column(Place(at), 4) for at in range(10)] == [0, 0, 0, 1, 1, 2, 2, 2, 3, 3]
        assert [stream.overview.event_at(at, 4) for at in range(4)] == [0, 3, 5, 8]


def test_the_overview_of_nothing_is_empty(tmp_path: Path) -> None:
    with Document.open(str(write(tmp_path / "x.sse.zst", []))) as document:
        stream = document.stream(1)
        picture = stream.overview.picture(10)
        assert picture.counts == [0] * 10
        assert (stream.overview.column(Place(0), 10), stream.overview.event_at(5, 10)) == (0, 0)


def test_the_overview_fills_up_while_times_are_read(tmp_path: Path) -> None:
    with Document.open(str(write(tmp_path / "x.sse.zst", STORY))) as document:
        stream = document.stream(1)
        assert sum(stream.overview.picture(10).counts) == 0
        run(stream.load())
        assert sum(stream.overview.picture(10).counts) == 10
