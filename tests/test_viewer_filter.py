"""Filters and searches: what they leave, how they are written, and that they come in small steps."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sserec.records import Severity
from sserec.tui.model.batch import Batch, EventSubject
from sserec.tui.model.document import Document
from sserec.tui.model.findings import Finding
from sserec.tui.model.jobs import run
from sserec.tui.model.needle import Needle
from sserec.tui.model.places import Place
from sserec.tui.model.query import COMPLETIONS, QueryError, parse_query, paths_of
from sserec.tui.model.search import BACKWARD_EVENTS, Hits, LineHit, find_in_lines
from sserec.tui.model.stream import Stream
from viewer_support import CREATED, DONE, MS, STORY, S, opened, story, text, texts, write


@pytest.fixture
def stream(tmp_path: Path) -> Iterator[Stream]:
    with story(tmp_path) as stream:
        yield stream


def found(stream: Stream, query: str) -> list[int]:
    """Numbers of the events that a query leaves."""
    hits = search(stream, query)
    run(hits.scan())
    assert hits.is_complete
    return [index + 1 for index in hits.indexes]


def search(stream: Stream, query: str) -> Hits:
    parsed = parse_query(query)
    assert parsed is not None
    return stream.find(parsed)


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("world", [6]),
        ("World", [6]),
        ("WORLD", []),
        ("hello world", []),
        ("step.delta text", [5, 6, 7]),
        ('"after a stall"', [7]),
        ("!step", [1, 9, 10]),
        ("!step !interaction", [10]),
        ("!!world", [6]),
        ("/[hw]or/i", [6]),
        ("/He.*o/", [5]),
        ("/^event: done$/", []),
        ("/(?m)^event: done$/", [10]),
        ("event_type=step.delta", [5, 6, 7]),
        ("event_type~step", [2, 3, 4, 5, 6, 7, 8]),
        ("event_type!=step.delta !/DONE/", [1, 2, 3, 4, 8, 9]),
        ("delta.text~world", [6]),
        ("delta.text~/^W.*d $/", [6]),
        ("delta.text!~l event_type=step.delta", []),
        ("interaction.status=completed", [9]),
        ("index=1", [4, 5, 6, 7, 8]),
        ("index=1.0", [4, 5, 6, 7, 8]),
        ("index>=1", [4, 5, 6, 7, 8]),
        ("index<1", [2, 3]),
        ("step.*=thought", [2]),
        ("step.type=thought", [2]),
        ("nothing.there=1", []),
        ("@event=done", [10]),
        ("@event~step.", [2, 3, 4, 5, 6, 7, 8]),
        ("@event!~/step|interaction/", [10]),
        ("@step=thought", [2, 3]),
        ("@step=1", [4, 5, 6, 7, 8]),
        ("@number>8", [9, 10]),
        ("@t>=17.2s", [8, 9, 10]),
        ("@t<1100ms", [1]),
        ("@gap>0.5", [4, 7]),
        ("@gap=0", [6, 10]),
        ("@size<30", [10]),
        ("@stall", [7]),
        ("!@stall @gap>0.5", [4]),
    ],
)
def test_a_query_leaves_what_it_says(stream: Stream, query: str, numbers: list[int]) -> None:
    assert found(stream, query) == numbers


def test_findings_marks_and_strays_are_asked_for_by_name(tmp_path: Path) -> None:
    with story(tmp_path, [*STORY, (18 * S, b": ping\n\n")]) as stream:
        stream.findings.set([Finding(2, Severity.WARNING, "rule", "so")])
        stream.toggle_mark(Place(4))
        assert found(stream, "@finding") == [3]
        assert found(stream, "@mark") == [5]
        assert found(stream, "@stray") == []
        hits = search(stream, "@stray")
        run(hits.scan())
        assert list(hits.strays) == [0]


def test_stray_bytes_are_left_by_what_they_hold(tmp_path: Path) -> None:
    chunks = [
        (S, CREATED),
        (S, b": keep-alive\n\n"),
        (S, b'{"error": "quota"}\n'),
        (S, DONE),
        (S, b": bye\n\n"),
    ]
    with story(tmp_path, chunks) as stream:
        for query, rows in (
            ("quota", ["malformed line", "2"]),
            ("bye", ["comment"]),
            ("!quota !bye", ["1", "comment"]),
            ("interaction.id~v1", ["1"]),
        ):
            hits = stream.filter(parse_query(query))
            assert hits is not None
            run(hits.scan())
            assert texts(stream) == rows, query


def test_rows_of_a_filter_keep_their_places(tmp_path: Path) -> None:
    chunks = [(S + at, (b": ping\n\n" if at % 3 == 0 else b"") + text(f"word {at % 5}")) for at in range(60)]
    with story(tmp_path, chunks) as stream:
        hits = stream.filter(parse_query("!/word [123]/"))
        assert hits is not None
        run(hits.scan())
        assert len(stream.rows) == 24 + 20
        for row in range(len(stream.rows)):
            assert stream.rows.row_of(stream.rows.place(row)) == row
        assert stream.rows.place(stream.rows.row_of(Place(11))) == Place(12, 4), "the next that is shown"


@pytest.mark.parametrize(
    ("query", "message", "position"),
    [
        ("@nonsense=1", "nothing is called @nonsense", 10),
        ("@gap", "@gap alone says nothing", 0),
        ("error @gap>soon", "no time: soon", 11),
        ("index>many", "no number: many", 6),
        ("/(/", "no regular expression", 0),
        ('""', "nothing stands between the quotes", 0),
        ("!", "something is missing here", 1),
        ("delta.text=", "something is missing here", 11),
        ("@event>a", "@event cannot be compared by >", 7),
        ("@gap~1s", "@gap cannot be compared by ~", 5),
    ],
)
def test_what_is_no_query_says_where_and_why(query: str, message: str, position: int) -> None:
    with pytest.raises(QueryError, match=re.escape(message)) as caught:
        parse_query(query)
    assert caught.value.position == position


@pytest.mark.parametrize("query", ["", "  ", "\t"])
def test_nothing_asks_for_nothing(query: str) -> None:
    assert parse_query(query) is None


@given(st.text())
def test_whatever_is_typed_is_a_query_or_says_why_not(query: str) -> None:
    try:
        parse_query(query)
    except QueryError as error:
        position = error.position
    else:
        position = 0
    assert 0 <= position <= len(query)


@given(st.text(min_size=1), st.text(), st.booleans())
def test_a_text_is_found_however_json_wrote_it(words: str, around: str, as_ascii: bool) -> None:
    try:
        (around + words + around).encode()
    except UnicodeEncodeError:
        return
    written = json.dumps(around + words + around, ensure_ascii=as_ascii).encode()
    assert Needle.text(words).is_in(written)


WORDS = st.text(st.sampled_from('abAB<é"\\ '), min_size=1, max_size=3)


@given(st.lists(WORDS, min_size=1, max_size=30), WORDS)
def test_a_scan_over_all_bytes_leaves_what_looking_at_each_event_leaves(
    words: list[str], sought: str
) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "body.sse")
        path.write_bytes(b"".join(b"data: " + orjson.dumps({"t": word}) + b"\n\n" for word in words))
        with opened(path) as stream:
            query = parse_query('"' + sought.replace("\\", "\\\\").replace('"', '\\"') + '"')
            assert query is not None
            hits = stream.find(query)
            run(hits.scan())
            needle = Needle.text(sought)
            assert list(hits.indexes) == [
                at for at in range(len(words)) if needle.is_in(stream.tape.block(at))
            ]


SCALARS = st.sampled_from(
    [2, 20, -2, 2.0, 2.5, 200, 2**53 + 1, True, False, None, "2", "a", "a-", "ab", "true", "2a"]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ki"), inner, max_size=2),
    max_leaves=4,
)
PATHS = st.sampled_from(["k", "i.k", "k.i", "i.*", "k.*", "k.0", "k.*.i"])
CONDITIONS = st.sampled_from(
    [
        "=2",
        "=2.5",
        "=200e-2",
        "=a",
        "=a-",
        "=true",
        "=null",
        "~a",
        "!=2",
        "!=a",
        ">2",
        "<=2",
        f">{2**53}",
        "!~a",
    ]
)


def as_event(value: object, form: int) -> bytes:
    """The same JSON as different servers write it, over several lines too."""
    data = [json.dumps(value), json.dumps(value, separators=(",", ":")), json.dumps(value, indent=1)][form]
    return "".join(f"data: {line}\n" for line in data.splitlines()).encode() + b"\n"


@given(st.lists(st.tuples(VALUES, st.integers(0, 2)), min_size=1, max_size=20), PATHS, CONDITIONS)
def test_a_condition_on_json_holds_for_the_events_for_which_it_does(
    values: list[tuple[object, int]], path: str, condition: str
) -> None:
    query = parse_query(path + condition)
    assert query is not None
    (asked,) = query.conditions
    with TemporaryDirectory() as folder:
        file = Path(folder, "body.sse")
        file.write_bytes(b"".join(as_event({"k": value, "i": {"k": value}}, form) for value, form in values))
        with opened(file) as stream:
            hits = stream.find(query)
            run(hits.scan())
            batch = Batch(next(stream.tape.reads(0, len(values))), stream.tape, stream)
            subjects = [EventSubject(index, batch) for index in range(len(values))]
            assert list(hits.indexes) == [
                at for at, subject in enumerate(subjects) if asked.term.holds(subject) != asked.is_negated
            ]


def test_an_expression_is_held_to_one_event(tmp_path: Path) -> None:
    with story(tmp_path, [(S, text("a") + text("b") + text("a b"))]) as stream:
        assert found(stream, r"/(?s)text.:.a.*b/") == [3]
        assert found(stream, r"/(?s)\n\n.+/") == []


def test_a_damaged_event_is_left_by_no_query(tmp_path: Path) -> None:
    path = write(tmp_path / "x.sse.zst", [(S + at, text(f"word {at} ")) for at in range(100)])
    data = bytearray(path.read_bytes())
    data[200] ^= 0x10
    path.write_bytes(bytes(data))
    with opened(path) as stream:
        assert found(stream, "word") == []
        assert found(stream, "!word") == []


def test_a_filter_grows_with_the_stream(tmp_path: Path) -> None:
    path = tmp_path / "body.sse"
    path.write_bytes(CREATED + DONE)
    with Document.open(str(path)) as document:
        stream = document.stream(1)
        hits = search(stream, "done")
        run(hits.scan())
        assert len(hits) == 1
        with path.open("ab") as file:
            file.write(CREATED + DONE)
        document.refresh()
        assert not hits.is_complete
        run(hits.scan())
        assert list(hits.indexes) == [1, 3]


# Search


def test_hits_know_the_next_the_one_before_and_the_how_many_eth(stream: Stream) -> None:
    hits = search(stream, "step.delta")
    run(hits.scan())
    assert (hits.next(0), hits.next(4), hits.next(6)) == (4, 5, None)
    assert (hits.previous(4), hits.previous(6)) == (None, 5)
    assert [hits.position(event) for event in (3, 4, 6)] == [None, 1, 3]
    assert len(hits) == 3


def test_the_nearest_hit_is_found_without_looking_at_everything(tmp_path: Path) -> None:
    count = 3 * BACKWARD_EVENTS
    words = {BACKWARD_EVENTS // 2: "needle", count - 10: "needle"}
    chunks = [(S + at * MS, text(words.get(at, "hay"))) for at in range(count)]
    with story(tmp_path, chunks) as stream:
        hits = search(stream, "needle")
        for event, direction, expected in (
            (0, 1, BACKWARD_EVENTS // 2),
            (BACKWARD_EVENTS // 2, 1, count - 10),
            (count - 1, -1, count - 10),
            (count - 10, -1, BACKWARD_EVENTS // 2),
            (count - 10, 1, None),
            (5, -1, None),
        ):
            run(hits.seek(event, direction))
            assert hits.sought == expected
        assert len(hits) == 0, "nothing was scanned for it"
        run(hits.scan())
        run(hits.seek(0, 1))
        assert hits.sought == BACKWARD_EVENTS // 2


def test_the_first_hits_are_there_after_the_first_step_and_a_dropped_scan_goes_on(tmp_path: Path) -> None:
    with story(tmp_path, [(S + at, text(f"word {at} ")) for at in range(20_000)]) as stream:
        hits = search(stream, "word")
        job = hits.scan()
        progress = next(job)
        assert 0 < len(hits) == progress.done < progress.total == 20_000
        job.close()
        run(hits.scan())
        assert len(hits) == 20_000


def test_text_is_found_in_lines_and_small_letters_find_capitals() -> None:
    lines = ["Hello hello", "", "Othello"]
    assert find_in_lines(lines, "hello") == [LineHit(0, 0, 5), LineHit(0, 6, 11), LineHit(2, 2, 7)]
    assert find_in_lines(lines, "Hello") == [LineHit(0, 0, 5)]
    assert find_in_lines(lines, "") == []
    assert find_in_lines(["a.b", "axb"], "a.b") == [LineHit(0, 0, 3)]


# Completion


def test_paths_of_an_event_are_offered(stream: Stream) -> None:
    assert paths_of(stream.tape.event(4)) == ["index", "delta.type", "delta.text", "event_type"]
    assert paths_of(stream.tape.event(9)) == []


def test_every_fact_that_is_offered_can_be_asked_for(stream: Stream) -> None:
    examples = {"event": "=x", "step": "=1", "number": ">1", "t": ">1s", "gap": ">1s", "size": ">1k"}
    for name in COMPLETIONS:
        found(stream, name + examples.get(name[1:], ""))
