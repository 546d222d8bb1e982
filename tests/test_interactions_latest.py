"""The last steps of an interaction alone, and moments close to one another: what a viewer asks for at every frame."""

import pytest

from sserec.interactions import Assembler, History
from sserec.sse import Decoder, Event
from viewer_support import COMPLETED, CREATED, event, start, stop, text

STEPS = 6


def events(*blocks: bytes) -> list[Event]:
    return Decoder().feed(b"".join(blocks))


def long_stream() -> list[Event]:
    """Six steps of three deltas each."""
    blocks = [CREATED]
    for index in range(STEPS):
        blocks += [
            start("model_output", index),
            *(text(f"{index}.{at} ", index) for at in range(3)),
            stop(index),
        ]
    return events(*blocks, COMPLETED)


def folded(stream: list[Event]) -> Assembler:
    assembler = Assembler()
    for each in stream:
        assembler.feed(each)
    return assembler


@pytest.mark.parametrize("last", [1, 2, STEPS, STEPS + 3])
def test_the_last_steps_are_those_of_the_whole_and_the_others_are_counted(last: int) -> None:
    assembler = folded(long_stream())
    whole, part = assembler.assembly(), assembler.assembly(last)
    assert whole.interaction is not None
    assert part.interaction == whole.interaction | {"steps": whole.interaction["steps"][-last:]}
    assert (whole.steps_before, part.steps_before) == (0, max(STEPS - last, 0))
    assert part.end is whole.end


def test_steps_out_of_order_reused_or_with_holes_are_cut_in_their_order() -> None:
    odd = [start("model_output", 7), start("thought", 2), start("model_output", 2), start("thought", 0)]
    assembler = folded(events(CREATED, *odd))
    whole, part = assembler.assembly(), assembler.assembly(2)
    assert whole.interaction is not None
    assert part.interaction is not None
    assert part.interaction["steps"] == whole.interaction["steps"][-2:]
    assert part.steps_before == len(whole.interaction["steps"]) - 2


def test_steps_that_only_the_last_event_carries_are_cut_as_well() -> None:
    steps = [{"type": "model_output", "content": [{"type": "text", "text": str(at)}]} for at in range(3)]
    completed = event("interaction.completed", interaction={"status": "completed", "steps": steps})
    part = folded(events(CREATED, completed)).assembly(1)
    assert part.interaction is not None
    assert part.interaction["steps"] == steps[-1:]
    assert part.steps_before == 2


def test_the_older_outputs_are_cut_too() -> None:
    begun = [event("content.start", index=at, content={"type": "text", "text": str(at)}) for at in range(4)]
    part = folded(events(*begun)).assembly(1)
    assert part.interaction is not None
    assert [output["text"] for output in part.interaction["outputs"]] == ["3"]
    assert part.steps_before == 3


@pytest.mark.parametrize("order", [range(33), range(32, -1, -1), [20, 21, 3, 4, 4, 32, 31, 5, 6, 0, 7]])
def test_any_walk_through_the_moments_gives_what_folding_from_the_start_gives(order: list[int]) -> None:
    stream = long_stream()
    history = History(lambda start, stop: stream[start:stop], spacing=4)
    history.advance(len(stream))
    for k in order:
        k = min(k, len(stream))
        assert history.at(k) == folded(stream[:k]).assembly()
        assert history.at(k, last_steps=2) == folded(stream[:k]).assembly(2)


def test_a_step_forward_folds_one_event_and_not_the_way_from_the_checkpoint() -> None:
    stream, asked = long_stream(), list[int]()

    def read(start: int, stop: int) -> list[Event]:
        asked.append(stop - start)
        return stream[start:stop]

    history = History(read, spacing=1000)
    history.advance(len(stream))
    history.at(10)
    asked.clear()
    for k in (11, 12, 13):
        history.at(k)
    assert asked == [1, 1, 1]
