"""Streams of one interaction, the first one and those that resumed or replayed it, as one: no event lost or doubled.

Knows events by their marks; must not know where they are kept: it answers with spans. The API gives only some events
an ``event_id``, and resumes after the last one that the client remembers, so what the client saw after that one
comes a second time: of two accounts of the same stretch the one that goes further is kept.

Invariant: each span is a stretch of one part, spans follow one another in time, and what two of them hold is nowhere
the same event.
"""

from collections.abc import Sequence
from itertools import takewhile
from typing import NamedTuple

from sserec.interactions import parse
from sserec.interactions.events import COMPLETED_TYPES
from sserec.sse import Event

CREATED = frozenset({"interaction.created", "interaction.start"})
STATUS = "interaction.status_update"
START = frozenset({"step.start", "content.start"})
WITHOUT_CONTENT = frozenset({"error", "done"})


class Mark(NamedTuple):
    """What stitching needs to know of an event."""

    type: str
    step_index: int | None
    event_id: str
    """Empty for most events (forum threads of Deep Research show them on every few)."""
    token: str
    """A checkpoint from where generation could be continued; empty mostly."""


class Part(NamedTuple):
    """One response's events."""

    marks: Sequence[Mark]
    after: str = ""
    """The ``last_event_id`` that was asked for; empty: from the start."""


class Span(NamedTuple):
    """Events ``start`` to ``stop`` (0-based, half-open) of one part."""

    part: int
    start: int
    stop: int


class Stitching(NamedTuple):
    """The spans that make the whole stream."""

    spans: tuple[Span, ...]
    unknown_points: tuple[str, ...]
    """What was asked for as resume point, but is in no earlier part: events may be missing before it."""
    reached_checkpoint: bool
    """The stream was cut, but another interaction went on where the last span ends."""


class _Place(NamedTuple):
    part: int
    event: int
    mark: Mark


def mark_of(event: Event) -> Mark:
    """The mark of one event."""
    type_, payload, _ = parse(event)
    index = payload.get("index")
    return Mark(
        type_,
        index if type(index) is int else None,
        _text(payload.get("event_id")),
        _text(payload.get("continuation_token")),
    )


def stitch(parts: Sequence[Part], *, checkpoint: str = "") -> Stitching:
    """Joins the parts, given in the order of their requests.

    ``checkpoint``: the token by which another interaction went on from this one. Where this one was cut, what came
    after the token was generated again over there, so it ends with the event that brought it.
    """
    kept: list[_Place] = []
    unknown: list[str] = []
    for number, (marks, after) in enumerate(parts):
        if not marks:
            continue
        new = [_Place(number, event, mark) for event, mark in enumerate(marks)]
        junction = _junction(kept, new, after)
        if junction is None:
            unknown.append(after)
        here, there = junction or (len(kept), _repetition(kept, new))
        if _goes_further(new[there:], kept[here:]):
            kept[here:] = new[there:]
    end = None if _ends(kept) else _end_of_checkpoint(kept, checkpoint)
    return Stitching(tuple(_spans(kept[:end])), tuple(unknown), reached_checkpoint=end is not None)


def _junction(kept: list[_Place], new: list[_Place], after: str) -> tuple[int, int] | None:
    """How much of both is the same stretch: up to the last event that both hold, or where the resume was asked.

    None when nobody knows where that is.
    """
    known = {place.mark.event_id: number for number, place in enumerate(kept, start=1) if place.mark.event_id}
    for number in range(len(new), 0, -1):
        if new[number - 1].mark.event_id in known:
            return known[new[number - 1].mark.event_id], number
    if not after:
        return 0, 0
    return (known[after], _repetition(kept, new)) if after in known else None


def _repetition(kept: list[_Place], new: list[_Place]) -> int:
    """How many first events of a resumed stream only say again where it stands: created, status, the open step."""
    types = [place.mark.type for place in new]
    repeated = 0
    if types[0] in CREATED and any(place.mark.type in CREATED for place in kept):
        repeated = 1 + sum(1 for _ in takewhile(STATUS.__eq__, types[1:]))
    started = {place.mark.step_index for place in kept if place.mark.type in START}
    if repeated < len(new) and types[repeated] in START and new[repeated].mark.step_index in started:
        repeated += 1
    return repeated


def _goes_further(new: list[_Place], old: list[_Place]) -> bool:
    """Whether ``new`` tells more of what happened since the junction. After the end that is only a ``[DONE]``."""
    more = _content_count(new) - _content_count(old)
    if _ends(old):
        return _ends(new) and more == 0 and len(new) > len(old)
    return _ends(new) or more > 0


def _ends(places: list[_Place]) -> bool:
    """Whether nothing is to be resumed any more; after an error event there may be."""
    return any(place.mark.type in COMPLETED_TYPES for place in places)


def _content_count(places: list[_Place]) -> int:
    return sum(place.mark.type not in WITHOUT_CONTENT for place in places)


def _end_of_checkpoint(kept: list[_Place], token: str) -> int | None:
    """How many events there are up to the last one that brought the token; None where none did."""
    numbers = range(len(kept), 0, -1) if token else ()
    return next((number for number in numbers if kept[number - 1].mark.token == token), None)


def _spans(kept: list[_Place]) -> list[Span]:
    spans: list[Span] = []
    for part, event, _ in kept:
        if spans and spans[-1].part == part and spans[-1].stop == event:
            spans[-1] = spans[-1]._replace(stop=event + 1)
        else:
            spans.append(Span(part, event, event + 1))
    return spans


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
