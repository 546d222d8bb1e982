"""Dropped streams, resumed and replayed: however they were cut, the whole comes out, no event lost or doubled."""

from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interactions_support import DONE, completed, created, events_of, said, start, stop, updated
from scenarios import deep_research
from sserec.conversations import Mark, Part, Span, mark_of, stitch
from sserec.sse import Event

RESEARCH = events_of(b"".join(data for _, data in deep_research().exchanges[0][1].pieces))
"""A stream as agents send it: only some of its events have an id."""
IDS = [mark_of(event).event_id for event in RESEARCH]
assert "" in IDS
assert len(set(IDS)) > 2


def word(text: str, event_id: str = "", index: int = 0) -> bytes:
    ids = {"event_id": event_id} if event_id else {}
    return said("step.delta", index=index, delta={"text": text, "type": "text"}, **ids)


def part(events: Iterable[Event], after: str = "") -> Part:
    return Part([mark_of(event) for event in events], after)


def stitched(*parts: tuple[Sequence[Event], str], checkpoint: str = "") -> list[bytes]:
    """The data of the events that the parts come to."""
    spans = stitch([part(*each) for each in parts], checkpoint=checkpoint).spans
    return [event.data for span in spans for event in parts[span.part][0][span.start : span.stop]]


def data(*blocks: bytes) -> list[bytes]:
    return [event.data for event in events_of(b"".join(blocks))]


def last_id(events: Sequence[Event]) -> str:
    return next(filter(None, (mark_of(event).event_id for event in reversed(events))), "")


def resumed(after: str) -> list[Event]:
    """What the server sends to a client that saw everything up to ``after``."""
    return RESEARCH[IDS.index(after) + 1 :] if after else RESEARCH


def repeated(after: str) -> list[Event]:
    """The same by a server that first says again where it stands: created, status, and the start of an open step."""
    rest = resumed(after)
    index = mark_of(rest[0]).step_index if after else None
    if index is None or mark_of(rest[0]).type == "step.start":
        return rest
    opening = next(
        event
        for event in RESEARCH
        if (mark_of(event).type, mark_of(event).step_index) == ("step.start", index)
    )
    return [*RESEARCH[:2], opening, *rest]


def inclusive(after: str) -> list[Event]:
    """The same by a server that sends the event it was asked to go on after once more."""
    return RESEARCH[IDS.index(after) :] if after else RESEARCH


def heedless(after: str) -> list[Event]:
    """The same by a server that begins at the start whatever it is asked."""
    return RESEARCH


SERVERS = [resumed, repeated, inclusive, heedless]


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("cut", range(len(RESEARCH)))
def test_a_stream_cut_anywhere_and_resumed_is_the_whole_stream(cut: int, server: object) -> None:
    assert callable(server)
    seen = RESEARCH[:cut]
    assert stitched((seen, ""), (server(last_id(seen)), last_id(seen))) == [event.data for event in RESEARCH]


@given(st.lists(st.tuples(st.integers(0, len(RESEARCH)), st.sampled_from(SERVERS)), max_size=6))
def test_a_stream_cut_again_and_again_is_the_whole_stream_in_the_end(drops: list[tuple[int, object]]) -> None:
    parts: list[tuple[Sequence[Event], str]] = []
    seen: list[Event] = []
    for length, server in drops:
        assert callable(server)
        after = last_id(seen)
        arrived = server(after)[:length]
        parts.append((arrived, after))
        seen = arrived if last_id(arrived) else seen
    after = last_id(seen)
    assert stitched(*parts, (resumed(after), after)) == [event.data for event in RESEARCH]


def test_what_came_after_the_last_known_event_and_never_came_again_is_kept() -> None:
    first = events_of(created() + start(0, "model_output") + word("a", "e1") + word("b") + word("c"))
    second = events_of(word("b"))
    assert stitched((first, ""), (second, "e1")) == [event.data for event in first]


def test_a_replay_that_broke_off_earlier_than_the_stream_takes_nothing_away() -> None:
    whole = events_of(created() + start(0, "model_output") + word("a") + word("b"))
    assert stitched((whole, ""), (whole[:2], "")) == [event.data for event in whole]


def test_a_replay_that_got_further_stands_for_the_stream() -> None:
    whole = events_of(created() + start(0, "model_output") + word("a") + stop(0) + completed() + DONE)
    assert stitch([part(whole[:3]), part(whole)]).spans == (Span(1, 0, len(whole)),)


def test_a_replay_after_the_end_changes_nothing() -> None:
    whole = events_of(created() + start(0, "model_output") + word("a") + stop(0) + completed() + DONE)
    assert stitch([part(whole), part(whole), part(whole[:2])]).spans == (Span(0, 0, len(whole)),)


def test_an_error_that_a_resume_got_over_is_no_part_of_the_stream() -> None:
    begun = created() + start(0, "model_output") + word("a", "e1")
    rest = word("b") + stop(0) + completed() + DONE
    error = said("error", error={"code": "gateway_timeout", "message": "timed out"})
    assert stitched((events_of(begun + word("b") + error), ""), (events_of(rest), "e1")) == data(begun, rest)


def test_an_error_that_nobody_got_over_stays() -> None:
    failed = events_of(created() + word("a", "e1") + said("error", error={"code": "x", "message": "y"}))
    assert stitched((failed, ""), ([], "e1")) == [event.data for event in failed]


def test_a_resume_point_that_no_stream_holds_is_named_and_nothing_is_dropped() -> None:
    first, second = events_of(created() + word("a", "e1")), events_of(word("c"))
    stitching = stitch([part(first), part(second, "e7")])
    assert stitching.unknown_points == ("e7",)
    assert stitching.spans == (Span(0, 0, 2), Span(1, 0, 1))


def test_a_resume_without_the_stream_before_it_is_named_too() -> None:
    assert stitch([part(events_of(word("c")), "e7")]).unknown_points == ("e7",)


def test_a_stream_that_another_interaction_went_on_from_ends_at_the_checkpoint() -> None:
    kept = created() + updated(continuation_token="t1")
    made_again = start(0, "model_output") + word("made again over there")
    parts = [part(events_of(kept + made_again))]
    assert stitch(parts, checkpoint="t1") == ((Span(0, 0, 2),), (), True)
    assert stitch(parts, checkpoint="of another") == ((Span(0, 0, 4),), (), False)


def test_a_hop_that_ended_is_not_cut_at_its_token() -> None:
    hop = events_of(created() + updated(continuation_token="t1") + completed(continuation_token="t1") + DONE)
    assert stitch([part(hop)], checkpoint="t1") == ((Span(0, 0, 4),), (), False)


def test_a_mark_knows_an_event_by_what_the_api_says_not_by_its_name() -> None:
    (event,) = events_of(b'data: {"event_type":"step.start","index":3,"event_id":"e9"}\n\n')
    assert mark_of(event) == Mark("step.start", 3, "e9", "")
    (done,) = events_of(DONE)
    assert mark_of(done) == Mark("done", None, "", "")


def test_the_older_revision_is_resumed_alike() -> None:
    begun = said("interaction.start", interaction={"id": "v1_a"}) + said(
        "content.start", index=0, content={"type": "text"}, event_id="e1"
    )
    again = said("interaction.start", interaction={"id": "v1_a"}) + said(
        "content.start", index=0, content={"type": "text"}
    )
    rest = said("content.delta", index=0, delta={"type": "text", "text": "a"}) + said(
        "interaction.complete", interaction={"id": "v1_a"}
    )
    assert stitched((events_of(begun), ""), (events_of(again + rest), "e1")) == data(begun, rest)
