"""Two recordings side by side, without a terminal: lines, cursor, differences, both answers, what differs in a pair."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comparison_support import PING, A, B, compared, pair, told
from sserec.diff import Edit, Kind, Options, edits
from sserec.errors import UsageError
from sserec.tui.model.comparison.answers import AnswerPair, BlockPair
from sserec.tui.model.comparison.contrast import (
    Contrast,
    DifferenceContrasts,
    EventContrasts,
    RowContrasts,
    indented,
)
from sserec.tui.model.comparison.cursor import PairCursor
from sserec.tui.model.comparison.differences import DifferenceList
from sserec.tui.model.comparison.duo import Duo
from sserec.tui.model.comparison.facing import SIDES, Facing
from sserec.tui.model.comparison.passages import CONTEXT, clipped, endings, excerpts, passages
from sserec.tui.model.jobs import Progress, run
from viewer_support import CREATED, DONE, MS, S, event, start, stop, text, write

Lines = list[tuple[int | None, int | None, str]]


def lines(facing: Facing) -> Lines:
    """For each line the numbers of the events on either side, and how they differ."""
    found = []
    for line in range(len(facing)):
        cells = [facing.cell(side, line) for side in SIDES]
        a, b = (None if cell is None or cell.event is None else cell.event + 1 for cell in cells)
        found.append((a, b, str(facing.kind(facing.row(line)))))
    return found


def cursor(duo: Duo) -> PairCursor:
    place = duo.first()
    assert place is not None
    return duo.cursor(place)


def facing(duo: Duo) -> Facing:
    assert duo.found is not None
    return duo.found.facings[0]


def differences(duo: Duo) -> DifferenceList:
    assert duo.found is not None
    return duo.found.differences


def called(listed: DifferenceList) -> list[str]:
    """The lines of the list: a difference of events by its label, any other by its path."""
    found = (listed[line].difference for line in range(len(listed)))
    return ["heading" if one is None else one.label or one.path for one in found]


# lines


def test_what_corresponds_stands_on_one_line_and_what_is_missing_leaves_a_gap(tmp_path: Path) -> None:
    with compared(tmp_path, A, B) as duo:
        assert lines(facing(duo)) == [
            (1, 1, "same"),
            (None, 2, "only in B"),
            (2, 3, "same"),
            (3, 4, "changed"),
            (4, 5, "changed"),
            (5, 6, "changed"),
            (None, 7, "changed"),
            (6, 8, "same"),
            (7, 9, "same"),
            (8, 10, "same"),
        ]


def test_a_text_cut_into_more_pieces_stays_beside_the_same_text(tmp_path: Path) -> None:
    words = [f"{number} " for number in range(12)]
    in_threes = ["".join(words[at : at + 3]) for at in range(0, 12, 3)]
    with compared(tmp_path, told(*words), told(*in_threes)) as duo:
        assert [b for a, b, _ in lines(facing(duo)) if a is not None and 3 <= a < 15] == [
            *(3, None, None),
            *(4, None, None),
            *(5, None, None),
            *(6, None, None),
        ]


def test_what_moved_is_told_where_it_is_instead(tmp_path: Path) -> None:
    steps = [start("model_output", 1), text("only once", 1), stop(1)]
    a = [(S + at, data) for at, data in enumerate([CREATED, PING, *steps, DONE])]
    b = [(S + at, data) for at, data in enumerate([CREATED, *steps, PING, DONE])]
    with compared(tmp_path, a, b) as duo:
        moved = [
            line for line in range(len(facing(duo))) if facing(duo).kind(facing(duo).row(line)) is Kind.MOVED
        ]
        assert [lines(facing(duo))[line][:2] for line in moved] == [(2, None), (None, 5)]
        assert [facing(duo).twin(facing(duo).row(line)) for line in moved] == [5, 2]


def test_bytes_that_are_no_event_have_a_line_without_a_number(tmp_path: Path) -> None:
    with compared(tmp_path, A, [*A[:3], (A[3][0], b"nonsense: 1\n" + A[3][1]), *A[4:]]) as duo:
        strays = [
            cell
            for line in range(len(facing(duo)))
            for cell in [facing(duo).cell(1, line)]
            if cell is not None and cell.event is None
        ]
        assert [cell.kind for cell in strays] == [Kind.ONLY_B]


@settings(max_examples=25)
@given(
    st.lists(st.text("ab ", min_size=1, max_size=3), min_size=1, max_size=9),
    st.lists(st.text("ab ", min_size=1, max_size=3), min_size=1, max_size=9),
    st.booleans(),
)
def test_every_event_has_one_line_and_lines_rise_on_either_side(
    tmp_path_factory: pytest.TempPathFactory, a: list[str], b: list[str], ping: bool
) -> None:
    with compared(tmp_path_factory.mktemp("pair"), told(*a), told(*b, ping=ping)) as duo:
        laid = facing(duo)
        for side in SIDES:
            of_side = [laid.line_of(side, event) for event in range(laid.event_count(side))]
            assert all(first < second for first, second in pairwise(of_side))
            cells = [laid.cell(side, line) for line in of_side]
            assert [cell.event for cell in cells if cell is not None] == list(range(laid.event_count(side)))
            folded = [laid.folded(side, line) for line in range(len(laid))]
            assert folded == sorted(folded)
            assert [folded[line] for line in of_side] == list(range(1, laid.event_count(side) + 1))


# cursor


def test_before_the_comparison_both_sides_go_together_by_time(tmp_path: Path) -> None:
    with Duo.open(*pair(tmp_path, A, B)) as duo:
        here = cursor(duo)
        assert here.together == "by time"
        assert here.to_event(5)
        assert (here.folded(0), here.folded(1)) == (5, 3)
        duo.compare(lambda _: None)
        duo.take_in()
        assert here.together == "by alignment"
        assert here.events() == (4, 5), "it stays on its event"


def test_by_time_a_side_that_lags_stands_where_it_was_by_then(tmp_path: Path) -> None:
    with compared(tmp_path, A, B) as duo:
        here = cursor(duo)
        here.to_event(4)
        assert here.change_together()
        assert (here.here(0), here.here(1)) == (3, 2)
        here.lead(1)
        assert here.move(1)
        assert (here.here(0), here.here(1)) == (4, 3)
        assert here.change_together()
        assert here.events() == (2, 3)


def test_played_both_sides_stand_where_they_were_at_the_moment(tmp_path: Path) -> None:
    with compared(tmp_path, told("One ", gap_ns=S), B) as duo:
        here = cursor(duo)
        run(here.load_times())
        assert list(here.times) == sorted(here.times)
        assert len(here.times) == 6 + 10
        here.change_together()
        here.play_to(900 * MS)
        assert (here.folded(0), here.folded(1)) == (1, 3), "A has been silent since"
        assert here.t_ns == 900 * MS
        assert here.move(1)
        assert here.t_ns == 1500 * MS, "a move goes to an event"


def test_moves_end_at_the_edges_and_say_so(tmp_path: Path) -> None:
    with compared(tmp_path, A, B) as duo:
        here = cursor(duo)
        assert not here.move(-1)
        assert here.to_percent(100)
        assert here.events() == (7, 9)
        assert not here.move(1)
        assert here.to_event(1)
        assert here.by_time(200 * MS)
        assert here.events()[0] == 2
        assert here.by_time(-1)
        assert here.events()[0] == 1
        assert here.t_ns == 600 * MS


def test_by_time_a_difference_of_one_side_is_gone_to_on_that_side(tmp_path: Path) -> None:
    with compared(tmp_path, A, B) as duo:
        here = cursor(duo)
        here.change_together()
        rows = differences(duo).rows(called(differences(duo)).index("probe.ping"))
        assert rows is not None
        assert here.to_row(rows.start)
        assert (here.side, here.line) == (1, 1)


def test_plain_text_goes_together_by_number_and_by_alignment_only(tmp_path: Path) -> None:
    for name, chunks in (("a.sse", A), ("b.sse", B)):
        (tmp_path / name).write_bytes(b"".join(data for _, data in chunks))
    with Duo.open(str(tmp_path / "a.sse"), str(tmp_path / "b.sse")) as duo:
        here = cursor(duo)
        assert here.together == "by number"
        duo.compare(lambda _: None)
        duo.take_in()
        assert here.together == "by alignment"
        assert not here.change_together()
        assert here.t_ns is None
        assert not here.by_time(S)


# differences


def test_the_list_has_every_difference_in_one_order(tmp_path: Path) -> None:
    with compared(tmp_path, A, B) as duo:
        listed = differences(duo)
        assert called(listed) == [
            "interaction.steps[0].content[0].text",
            "probe.ping",
            "step 0: step.delta text",
        ]
        assert [listed.number(line) for line in range(3)] == [1, 2, 3]
        assert [listed.rows(line) for line in range(3)] == [None, range(1, 2), range(3, 4)]
        assert [listed.at_row(0, row) for row in range(4)] == [None, 1, None, 2]


def test_next_goes_from_a_difference_or_from_between_two(tmp_path: Path) -> None:
    with compared(tmp_path, A, B) as duo:
        listed = differences(duo)
        assert listed.next(-1, 0, None, 1) == 0
        assert listed.next(0, 0, 0, 1) == 1
        assert listed.next(None, 0, 2, 1) == 2
        assert listed.next(None, 0, 2, -1) == 1
        assert listed.next(None, 0, 0, -1) == 0
        assert listed.next(2, 0, 3, 1) is None
        assert listed.next(0, 0, 0, -1) is None


def test_several_exchanges_have_headings_that_next_goes_past(tmp_path: Path) -> None:
    a, b = write(tmp_path / "a", A, A), write(tmp_path / "b", B, told("One ", "more"))
    with Duo.open(str(a), str(b)) as duo:
        duo.compare(lambda _: None)
        listed = differences(duo)
        assert called(listed) == [
            "heading",
            "interaction.steps[0].content[0].text",
            "probe.ping",
            "step 0: step.delta text",
            "heading",
            "interaction.steps[0].content[0].text",
            "step 0: step.delta text",
        ]
        assert listed.count == 5
        assert listed.next(3, 0, 3, 1) == 5
        assert listed.next(5, 1, None, -1) == 3
        assert [listed.number(line) for line in (0, 3, 4, 5)] == [1, 3, 4, 4]
        assert listed.at_row(1, 2) == 6


def test_an_exchange_that_only_one_side_has_is_a_difference_of_its_own(tmp_path: Path) -> None:
    a, b = write(tmp_path / "a", A), write(tmp_path / "b", A, A)
    with Duo.open(str(a), str(b)) as duo:
        duo.compare(lambda _: None)
        assert called(differences(duo)) == ["heading", "exchange[2]"]
        assert differences(duo).rows(1) is None
        assert duo.first() == 0
        assert duo.first(2) == 0, "exchange 2 of A is not there"


def test_the_same_is_an_empty_list(tmp_path: Path) -> None:
    with compared(tmp_path, A, A) as duo:
        assert differences(duo).count == 0
        assert differences(duo).next(None, 0, 3, 1) is None
        assert differences(duo).at_row(0, 3) is None


# answers


def at(duo: Duo, a: int, b: int) -> list[BlockPair]:
    answers = AnswerPair(*cursor(duo).streams)
    run(answers.compare())
    return answers.at((a, b))


def marked(found: BlockPair) -> tuple[list[str], list[str]]:
    """The words that differ, of either side."""
    assert found.a is not None
    assert found.b is not None
    of_a = [found.a.text[edit.a_start : edit.a_end] for edit in found.edits]
    of_b = [found.b.text[edit.b_start : edit.b_end] for edit in found.edits]
    return [word for word in of_a if word], [word for word in of_b if word]


def test_both_answers_stand_as_they_were_and_what_differs_in_the_end_is_marked(tmp_path: Path) -> None:
    with compared(tmp_path, A, B) as duo:
        (ended,) = at(duo, 8, 10)
        assert ended.kind is Kind.CHANGED
        assert marked(ended) == (["three"], ["or ", "3"])
        (early,) = at(duo, 4, 6)
        assert early.a is not None
        assert early.b is not None
        assert (early.a.text, early.b.text) == ("One two ", "One or two ")
        assert marked(early) == ([], ["or "])
        (first,) = at(duo, 4, 1)
        assert (first.a is not None, first.b) == (True, None)


def test_as_long_as_nothing_is_known_nothing_is_marked(tmp_path: Path) -> None:
    with Duo.open(*pair(tmp_path, A, B)) as duo:
        answers = AnswerPair(*cursor(duo).streams)
        (found,) = answers.at((8, 10))
        assert found.kind is Kind.SAME
        assert found.edits == ()


def test_a_step_more_does_not_pair_all_behind_it_wrongly(tmp_path: Path) -> None:
    more = [
        CREATED,
        *(start("thought"), stop()),
        *(start("model_output", 1), text("the same words", 1), stop(1)),
        DONE,
    ]
    less = [CREATED, start("model_output"), text("the same words"), stop(), DONE]
    a, b = ([(S + at, data) for at, data in enumerate(events)] for events in (more, less))
    with compared(tmp_path, a, b) as duo:
        found = at(duo, 7, 5)
        assert [(one.kind, one.a and one.a.type, one.b and one.b.type) for one in found] == [
            (Kind.ONLY_A, "thought", None),
            (Kind.SAME, "model_output", "model_output"),
        ]


# what differs in a place


def row_contrasts(duo: Duo, row: int) -> list[Contrast]:
    assert duo.found is not None
    events = duo.found.by_pair[0].events
    assert events is not None
    found = RowContrasts(events, facing(duo), cursor(duo).streams).at(row)
    assert found is not None
    return found


def only(found: list[Contrast] | None) -> Contrast:
    assert found is not None
    (one,) = found
    return one


def test_a_pair_is_contrasted_by_path_and_word(tmp_path: Path) -> None:
    with compared(tmp_path, A, B) as duo:
        (changed,) = row_contrasts(duo, 3)
        assert (changed.path, changed.a, changed.b) == (
            "event.data.delta.text",
            "One two three",
            "One or two 3",
        )
        assert len(changed.edits) == 2
        (alone,) = row_contrasts(duo, 1)
        assert alone.a is None
        assert alone.b is not None
        assert '"n": 1' in alone.b
        (same,) = row_contrasts(duo, 0)
        assert same.kind is Kind.SAME
        assert same.edits == ()


def test_what_takes_long_is_read_by_a_job(tmp_path: Path) -> None:
    words = [f"{number} " for number in range(200)]
    with compared(tmp_path, told(*words), told(*words, "more")) as duo:
        assert duo.found is not None
        events = duo.found.by_pair[0].events
        assert events is not None
        contrasts = RowContrasts(events, facing(duo), cursor(duo).streams)
        row = facing(duo).row_of(0, 5)
        assert contrasts.at(row) is None
        run(contrasts.read(row))
        found = contrasts.at(row)
        assert found is not None
        assert [one.path for one in found] == ["event.data.delta.text"]


def test_other_differences_and_whole_events_are_contrasted_too(tmp_path: Path) -> None:
    with compared(tmp_path, A, B) as duo:
        other = only(DifferenceContrasts(differences(duo)).at(0))
        assert (other.a, other.b) == ("One two three", "One or two 3")
        whole = EventContrasts(cursor(duo).streams)
        both = only(whole.at((4, 5)))
        assert both.kind is Kind.CHANGED
        assert both.a is not None
        assert '"text": "three"' in both.a
        alone = only(whole.at((None, 1)))
        assert (alone.kind, alone.a) == (Kind.ONLY_B, None)


def test_numbers_and_letters_that_json_has_no_room_for_are_shown() -> None:
    assert indented({"n": 2**70}) == '{\n  "n": 1180591620717411303424\n}'
    assert indented("\ud83d") == '"\ud83d"'


# passages

TEXTS = st.text("ab \n", max_size=60)


@given(TEXTS, TEXTS)
def test_passages_are_the_texts_and_begin_where_both_say_the_same(a: str, b: str) -> None:
    found = passages(a, b, edits(a, b))
    assert "".join(a[one.a_start : one.a_end] for one in found) == a
    assert "".join(b[one.b_start : one.b_end] for one in found) == b
    assert all(a[one.a_start - 1] == b[one.b_start - 1] == "\n" for one in found[1:])


@given(TEXTS, TEXTS, st.integers(0, 60), st.integers(0, 60))
def test_beginnings_of_two_texts_are_cut_level_too(a: str, b: str, a_length: int, b_length: int) -> None:
    of_a, of_b = a[:a_length], b[:b_length]
    shown = clipped(edits(a, b), len(of_a), len(of_b))
    found = passages(of_a, of_b, shown)
    assert "".join(of_a[one.a_start : one.a_end] for one in found) == of_a
    assert "".join(of_b[one.b_start : one.b_end] for one in found) == of_b


@given(TEXTS, TEXTS, st.integers(0, 60), st.integers(0, 60))
def test_what_beginnings_show_of_the_edits_is_what_lies_in_them(
    a: str, b: str, a_length: int, b_length: int
) -> None:
    whole = edits(a, b)
    assert clipped(whole, a_length, b_length) == [
        Edit(min(x, a_length), min(x_end, a_length), min(y, b_length), min(y_end, b_length))
        for x, x_end, y, y_end in whole
        if x < a_length or y < b_length
    ]


@given(TEXTS, TEXTS, st.integers(1, 30))
def test_endings_are_the_ends_and_level_where_they_can_be(a: str, b: str, characters: int) -> None:
    whole = edits(a, b)
    found = endings(a, b, whole, characters)
    assert a.endswith("".join(a[one.a_start : one.a_end] for one in found))
    assert b.endswith("".join(b[one.b_start : one.b_end] for one in found))
    assert found[-1].a_end - found[0].a_start >= min(characters, len(a))
    assert found[-1].b_end - found[0].b_start >= min(characters, len(b))
    assert all(a[one.a_start - 1] == b[one.b_start - 1] == "\n" for one in found[1:])


def test_where_an_ending_begins_moves_in_leaps_while_texts_grow() -> None:
    words = "the same words again and again "
    starts = [endings(words * count, words * count, (), 100)[0].a_start for count in range(1, 20)]
    assert sorted(set(starts)) == [0, 100, 200, 300, 400]


def test_excerpts_leave_out_what_is_the_same_and_far_from_any_edit() -> None:
    far = "the same words again and again " * 40
    a, b = f"{far}old {far}end", f"{far}new {far}END"
    found = excerpts(a, b, edits(a, b))
    assert [a[one.a_start : one.a_end].split()[-1] for one in found][-1] == "end"
    assert [one.skipped for one in found] == [len(far) - CONTEXT, len(far) - 2 * CONTEXT]
    assert sum(one.a_end - one.a_start + one.skipped for one in found) == len(a)


# files


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n\0\0", b"\x28\xb5\x2f\xfd\x00junk", None])
def test_a_file_that_cannot_be_viewed_is_no_error(tmp_path: Path, content: bytes | None) -> None:
    other = tmp_path / "other"
    if content is not None:
        other.write_bytes(content)
    with Duo.open(str(write(tmp_path / "a.sse.zst", A)), str(other)) as duo:
        assert [document.name for document in duo.troubles] == [str(other)]
        assert duo.pairs == []
        assert duo.first() is None


def test_an_exchange_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no exchange 7"):
        Duo.open(*pair(tmp_path, A, B), numbers=(1, 7))


def test_progress_is_told_and_ends_the_comparison_when_nobody_waits(tmp_path: Path) -> None:
    words = [f"{number} " for number in range(1000)]
    heard: list[Progress] = []

    class Enough(Exception):
        pass

    def tell(progress: Progress) -> None:
        heard.append(progress)
        if len(heard) == 2:
            raise Enough

    with Duo.open(*pair(tmp_path, told(*words), told(*words))) as duo:
        with pytest.raises(Enough):
            duo.compare(tell)
        assert [progress.total for progress in heard] == [2010, 2010]
        assert heard[0].done < heard[1].done
        assert duo.found is None


def test_files_stay_open_as_long_as_a_job_reads_them(tmp_path: Path) -> None:
    duo = Duo.open(*pair(tmp_path, A, B))
    with duo.in_use():
        duo.close()
        duo.compare(lambda _: None)
    with pytest.raises((ValueError, OSError)):
        cursor(duo).streams[0].tape.event(0)


def test_options_of_the_comparison_hold_here_too(tmp_path: Path) -> None:
    with compared(tmp_path, A, B, Options(ignored=("event",))) as duo:
        assert called(differences(duo)) == ["interaction.steps[0].content[0].text"]
        assert duo.found is not None
        assert duo.found.facings == {}
        assert cursor(duo).together == "by time"


def test_events_of_a_growing_file_that_were_not_compared_are_still_there(tmp_path: Path) -> None:
    a, b = tmp_path / "a.sse", tmp_path / "b.sse"
    for path in (a, b):
        path.write_bytes(b"".join(data for _, data in A[:5]))
    with Duo.open(str(a), str(b)) as duo:
        duo.compare(lambda _: None)
        with a.open("ab") as grown:
            grown.write(event("late"))
        duo.take_in()
        run(cursor(duo).streams[0].load())
        assert cursor(duo).to_percent(100)
        assert not cursor(duo).to_event(99)
        assert [cell and cell.event for cell in (cursor(duo).cell(0, line) for line in range(5))] == list(
            range(5)
        )
