"""What the comparisons found, told as differences.

Knows how a difference is called and placed; must not know how it was found. What an event's change is in detail is read
when it is asked for.
"""

from collections.abc import Iterator, Sequence

from sserec.diff.difference import Aspect, Difference, Inner, Span
from sserec.diff.events import EventsDiff, Stretch
from sserec.diff.paths import written
from sserec.diff.rows import Kind
from sserec.diff.side import Side
from sserec.diff.timing import Measure
from sserec.diff.values import Change
from sserec.diff.wire import Found


def of_change(aspect: Aspect, change: Change) -> Difference:
    """A value of a head, of the interaction, of the end."""
    return Difference(
        aspect,
        change.kind,
        written(change.path),
        None if change.b_path == change.path else written(change.b_path),
        change.a,
        change.b,
        change.count,
    )


def of_stretch(events: EventsDiff, stretch: Stretch, *, in_full: bool = True) -> Difference:
    """Events. In full, those of a changed one are read again, for what changed in it."""
    rows = [events.rows[number] for number in stretch.rows]
    a = [row.a for row in rows if row.a is not None]
    # What moved is told by its own place on either side.
    of_b = (row.twin if row.kind is Kind.MOVED else row.b for row in rows)
    b = [unit for unit in of_b if unit is not None]
    side, units = (events.a, a) if a else (events.b, b)
    return Difference(
        Aspect.EVENTS,
        stretch.kind,
        "events",
        label=_label(side, units),
        a_events=_span(events.a, a),
        b_events=_span(events.b, b),
        changes=tuple(_changes(events, stretch)) if in_full else (),
    )


def of_bytes(found: Found) -> Difference:
    """A manner of writing or sending."""
    return Difference(
        Aspect.BYTES,
        Kind.CHANGED,
        f"bytes.{found.manner}",
        a=found.a,
        b=found.b,
        count=found.count,
        a_events=Span(found.a_event, found.a_event, 1),
        b_events=Span(found.b_event, found.b_event, 1),
    )


def of_measure(measure: Measure) -> Difference:
    """A time that is further off than was asked for."""
    return Difference(Aspect.TIMING, Kind.CHANGED, f"timing.{measure.name}", a=measure.a, b=measure.b)


def _changes(events: EventsDiff, stretch: Stretch) -> Iterator[Inner]:
    for number in stretch.rows:
        for change in events.changes(number):
            yield Inner(change.kind, written(change.path), change.a, change.b, change.count)


def _label(side: Side, units: Sequence[int]) -> str:
    """``step 2 google_search_call``, ``step 1: step.delta text``, ``interaction.completed``, ``12 events``"""
    owners = {side.owner(unit) for unit in units}
    if len(owners) > 1:
        return f"{sum(len(side.numbers(unit)) for unit in units):,} events"
    part = side.part(owners.pop())
    if part.step is None:
        return part.sort
    if len(units) == len(part.units) > 1:
        return f"step {part.step} {part.sort}".rstrip()
    return f"step {part.step}: " + ", ".join([side.alike[unit] for unit in units[:3]])


def _span(side: Side, units: Sequence[int]) -> Span | None:
    runs = [numbers for unit in units if (numbers := side.numbers(unit))]
    runs = runs or [(start,) for unit in units if (start := side.opened_by(unit)) is not None]
    if not runs:
        return None
    if len(runs) == 1:
        return Span(runs[0][0], runs[0][-1], len(runs[0]))
    return Span(min([run[0] for run in runs]), max([run[-1] for run in runs]), sum(map(len, runs)))
