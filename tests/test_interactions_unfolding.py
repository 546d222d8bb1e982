"""What an unfolding tells, event by event, comes to what the assembler says, at every event of any stream."""

import copy
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sserec
from interactions_support import Json, created, delta, events_of, said, start, stop, stream
from shared_data import SHARED, needs_shared
from sserec.interactions import Assembler, parse
from sserec.interactions.patches import Change, Patch, patches
from sserec.interactions.unfolding import NOTHING, Unfolding, state_of
from sserec.sse import Decoder, Event
from test_interactions_history import STREAMS
from test_interactions_hostile import hostile_events

SAMPLES = sorted(Path(__file__).parent.parent.joinpath("samples").glob("*.sse.zst"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from([1.0, "", "a", "ab", "b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=10,
)


def applied(value: Any, told: Iterable[Patch]) -> Any:
    """The value that the patches make of another: what each reader of them has to do."""
    holder = {"": value}
    for change, path, told_value in told:
        where: Any = holder
        place: str | int
        *way, place = ("", *path)
        for key in way:
            where = where[key]
        apply(change, where, place, copy.deepcopy(told_value))
    return holder[""]


def apply(change: Change, where: Any, place: str | int, value: Any) -> None:
    match change:
        case Change.APPEND:
            where[place] += value
        case Change.SET if isinstance(where, list) and place == len(where):
            where.append(value)
        case Change.SET:
            where[place] = value
        case Change.REMOVE:
            del where[place]
        case Change.CUT:
            del where[place][value:]
        case Change.ORDER:
            where[place] = {key: where[place][key] for key in value}


def written(value: Any) -> str:
    """Tells 1 from true and 1.0, and one order of keys from another."""
    return repr(value)


@given(JSON, JSON)
def test_patches_make_the_one_value_of_the_other(before: Any, after: Any) -> None:
    assert written(applied(copy.deepcopy(before), patches(before, after))) == written(after)


def test_what_grew_is_told_by_what_it_grew() -> None:
    before = {"steps": [{"text": "Hel"}, {"text": "x"}]}
    after = {"steps": [{"text": "Hello"}, {"text": "x"}]}
    assert list(patches(before, after)) == [Patch(Change.APPEND, ("steps", 0, "text"), "lo")]


def assert_unfolds(events: Sequence[Event]) -> None:
    """After each event, what was told so far is what folding up to there gives."""
    unfolding, assembler, held = Unfolding(), Assembler(), copy.deepcopy(NOTHING)
    for event in events:
        held = applied(held, unfolding.feed(event, parse(event)))
        assembler.feed(event)
        assert written(held) == written(state_of(assembler.assembly()))
    held = applied(held, unfolding.ended())
    assert written(held) == written(state_of(assembler.ended()))


@settings(max_examples=150)
@given(STREAMS)
def test_any_stream_unfolds_into_what_it_folds_into(events: list[Event]) -> None:
    assert_unfolds(events)


@settings(max_examples=150)
@given(st.lists(hostile_events(), max_size=15))
def test_a_hostile_stream_does_too(events: list[Event]) -> None:
    assert_unfolds(events)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_every_sample_unfolds(sample: Path) -> None:
    with sserec.open(sample) as recording:
        for exchange in recording.exchanges:
            assert_unfolds([recorded.event for recorded in exchange.events()])


@needs_shared
@pytest.mark.parametrize("path", sorted(SHARED.glob("streams/*.sse")), ids=lambda path: path.name)
def test_every_shared_stream_unfolds(path: Path) -> None:
    assert_unfolds(Decoder().feed(path.read_bytes()))


@pytest.mark.parametrize("replaced", ["", "a"])
def test_a_piece_that_replaces_is_not_taken_for_one_that_grows(replaced: str) -> None:
    """A step named like its delta takes the delta as its payload, whole, each time."""
    pieces = (delta(0, "text", text=text) for text in ("a", "ab", "ab", "abc"))
    assert_unfolds(events_of(stream(start(0, "text", text=replaced), *pieces, stop(0))))


def test_pieces_of_several_steps_may_come_in_turns() -> None:
    turns = [delta(index, "text", text=f"{index}{turn}") for turn in range(6) for index in (0, 1, 2)]
    assert_unfolds(events_of(stream(*(start(index, "model_output") for index in range(3)), *turns)))


def test_a_long_text_is_told_by_its_pieces_and_nothing_is_compared_for_them() -> None:
    pieces = [delta(0, "text", text="word ") for _ in range(5000)]
    unfolding = Unfolding()
    told = [
        unfolding.feed(event, parse(event)) for event in events_of(stream(start(0, "model_output"), *pieces))
    ]
    path = ("interaction", "steps", 0, "content", 0, "text")
    assert told[4:-2] == [[Patch(Change.APPEND, path, "word ")]] * 4999


def test_steps_that_do_not_stand_where_their_index_says_are_all_compared() -> None:
    assert_unfolds(
        events_of(
            b"".join(
                (
                    created(),
                    start(5, "thought"),
                    start(2, "model_output"),
                    delta(2, "text", text="a"),
                    start(2, "function_call", id="other"),
                    delta(5, "thought_summary", content={"text": "late", "type": "text"}),
                    delta(2, "arguments_delta", arguments="{"),
                )
            )
        )
    )


def test_what_was_skipped_is_told_with_the_next_event_that_changes_anything() -> None:
    events = events_of(stream(start(0, "model_output"), *(delta(0, "text", text="word ") for _ in range(9))))
    unfolding, assembler, held = Unfolding(), Assembler(), copy.deepcopy(NOTHING)
    for number, event in enumerate(events):
        assembler.feed(event)
        if 2 < number < 9:
            unfolding.skip(event, parse(event))
        else:
            held = applied(held, unfolding.feed(event, parse(event)))
    assert held == state_of(assembler.assembly())


def test_pieces_after_skipped_pieces_are_told_with_them() -> None:
    events = events_of(stream(start(0, "model_output"), *(delta(0, "text", text="word ") for _ in range(9))))
    unfolding, assembler, held = Unfolding(), Assembler(), copy.deepcopy(NOTHING)
    for number, event in enumerate(events):
        assembler.feed(event)
        if number in (6, 7):
            unfolding.skip(event, parse(event))
        else:
            held = applied(held, unfolding.feed(event, parse(event)))
            assert held == state_of(assembler.assembly())


def test_the_error_behind_the_last_event_is_told_at_the_end() -> None:
    decoder = Decoder()
    events = decoder.feed(created() + b'{"error": {"message": "overloaded"}}\n')
    unfolding, held = Unfolding(), copy.deepcopy(NOTHING)
    for event in events:
        held = applied(held, unfolding.feed(event, parse(event)))
    tail = decoder.end()
    held = applied(held, unfolding.ended(decoder.residue(), tail))
    assert (held["error"], held["end"]) == ({"message": "overloaded"}, "failed")


def test_a_step_may_be_told_in_another_way_than_it_is() -> None:
    def brief(step: Json) -> Json:
        return {"type": step["type"]}

    events = events_of(stream(start(0, "model_output"), delta(0, "text", text="a"), stop(0)))
    unfolding, held = Unfolding(brief), copy.deepcopy(NOTHING)
    for event in events:
        held = applied(held, unfolding.feed(event, parse(event)))
    assert held["interaction"]["steps"] == [{"type": "model_output"}]


def test_news_about_the_interaction_come_with_any_event() -> None:
    metadata = {"total_usage": {"total_tokens": 3}}
    pieces = [delta(0, "text", text="a") for _ in range(4)]
    news = said("step.delta", index=0, delta={"text": "b", "type": "text"}, metadata=metadata)
    assert_unfolds(events_of(stream(start(0, "model_output"), *pieces, news, *pieces)))
