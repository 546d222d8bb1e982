"""The steps of one stream by their index: who is meant by an event, and who may be written to.

Knows indexes and the order of steps; must not know how a delta folds (steps.py) or what an event is called.

A fork shares every step with its origin, and both copy a step before they first write to it again. So a fork
costs a pointer for each page of steps, whatever the steps hold. Indexes are keys, never positions: 10**12 is only
a number.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from sserec.interactions.diagnostics import shown
from sserec.interactions.events import Json
from sserec.interactions.growing import Numbered
from sserec.interactions.steps import Delta, Say, Step, fold_payload, inferred_type


class Revision(NamedTuple):
    """What differs between ``steps`` and the older ``outputs``."""

    word: str
    make: type[Step]
    types: frozenset[str]
    deltas: dict[str, Delta]


class Track:
    """The steps (or outputs) of one stream."""

    __slots__ = ("_deltas", "_latest", "_next", "_own", "_revision", "_steps", "_superseded")

    def __init__(self, revision: Revision) -> None:
        self._revision = revision
        self._deltas = revision.deltas
        self._steps: Numbered[Step] = Numbered()
        self._own: dict[int, Step] = {}
        """Those of ``_steps`` that no fork shares."""
        self._superseded: list[tuple[int, Step]] = []
        """Steps whose index another step took, kept all the same."""
        self._next = 0
        self._latest = 0

    def __len__(self) -> int:
        return len(self._steps) + len(self._superseded)

    @property
    def is_row(self) -> bool:
        """Whether each step stands at the place that its index names."""
        return not self._superseded and self._steps.last(0) is not None

    def start(self, index: Any, announced: Any, say: Say) -> None:
        """A step begins. ``announced`` is what the event carries of it."""
        index = self._valid(index, self._next, say)
        if not isinstance(announced, dict):
            say("unexpected-value", f"{self._label(index)} is {shown(announced)}", None)
            announced = {}
        step = self._revision.make.announced(announced, say)
        if step.type not in self._revision.types:
            say("unknown-step", f"{self._label(index)} has the unknown type {shown(step.type)!r}", step.type)
        self._make_room(index, step, say)
        self._put(index, step)

    def delta(self, index: Any, delta: Any, say: Say) -> None:
        """A step grows. The common case is decided here, everything odd in :meth:`_resolve`."""
        step = self._own.get(index) if type(index) is int else None
        if step is None or type(delta) is not dict:
            self._resolve(index, delta, say)
            return
        type_ = delta.get("type")
        rule = self._deltas.get(type_) if type(type_) is str else None
        if rule is None or step.is_stopped or step.type not in rule.suits:
            self._resolve(index, delta, say)
            return
        rule.fold(step, delta, say)

    def stop(self, index: Any, event: Json, say: Say) -> None:
        """A step ends; newer streams tell its usage here."""
        index = self._valid(index, self._latest, say)
        step = self._writable(index)
        if step is None:
            say("stop-without-start", f"{self._label(index)} was stopped, but never started", str(index))
            return
        for key in ("usage", "step_usage"):
            if event.get(key) is not None:
                step.fields[key] = event[key]
        if not step.is_stopped:
            step.stop(self._label(index), say)

    def close(self, say: Say) -> None:
        """The interaction is complete, so every step is: those that nothing stopped are stopped now."""
        for index in [index for index, step in self._steps.items() if _is_unfinished(step)]:
            step = self._writable(index)
            assert step is not None
            if not step.is_stopped:
                say("step-not-stopped", f"{self._label(index)} was never stopped", str(index))
            step.stop(self._label(index), say)

    def unfinished(self) -> Iterator[tuple[str, Step]]:
        """Label and step of what is still open."""
        return ((self._label(index), step) for index, step in self._steps.items() if not step.is_stopped)

    def value(self, last: int | None = None) -> list[Json]:
        """The steps as JSON, in the order of their indexes; all, or the ``last`` ones."""
        quick = None if last is None or self._superseded else self._steps.last(last)
        steps = quick if quick is not None else [*self._superseded, *self._steps.items()]
        ordered = sorted(steps, key=lambda item: item[0])
        return [step.value() for _, step in (ordered if last is None else ordered[-last:])]

    @property
    def weight(self) -> int:
        """How many pointers a fork and the copies after it take, about."""
        own = sum(step.weight for step in self._own.values())
        return self._steps.weight + len(self._superseded) + own

    def fork(self) -> "Track":
        """A track that goes its own way from here."""
        self._own = {}
        fork = Track(self._revision)
        fork._steps = self._steps.copy()
        fork._superseded = self._superseded.copy()
        fork._next, fork._latest = self._next, self._latest
        return fork

    def _resolve(self, index: Any, delta: Any, say: Say) -> None:
        """Folds a delta that does not say all of what it is, or says it at the wrong time."""
        if delta == {}:
            return  # agents send them; they mean nothing
        index = self._valid(index, self._latest, say)
        label = self._label(index)
        if not isinstance(delta, dict):
            say("unexpected-value", f"the delta of {label} is {shown(delta)}", None)
            return
        step = self._writable(index)
        delta = self._named(delta, step, label, say)
        rule = self._rule(delta["type"], step)
        if rule is None:
            say("unknown-delta", f"{label} got a delta of the unknown type {shown(delta['type'])!r}", None)
            return
        step = step or self._implied(index, rule, say)
        self._remark(step, delta["type"], rule, label, say)
        rule.fold(step, delta, say)

    def _named(self, delta: Json, step: Step | None, label: str, say: Say) -> Json:
        """The delta with a type, inferred where it has none."""
        if isinstance(delta.get("type"), str):
            return delta
        type_ = inferred_type(step.type if step else "", delta, self._deltas)
        if type_:
            say("delta-type-inferred", f"{label} got a delta without a type, taken as {type_}", label + type_)
        return delta | {"type": type_}

    def _rule(self, type_: str, step: Step | None) -> Delta | None:
        """A delta that is named like its step is the step's payload, whether or not we know the tool."""
        if step is not None and step.type == type_ and type_ not in self._revision.types:
            return Delta((type_,), fold_payload)
        return self._deltas.get(type_)

    def _implied(self, index: int, rule: Delta, say: Say) -> Step:
        """The step that a delta speaks of though nothing started it: a resumed stream begins like this."""
        label = self._label(index)
        say("delta-without-start", f"{label} was never started; taken as {rule.suits[0]}", label)
        step = self._revision.make(rule.suits[0], {"type": rule.suits[0]})
        self._put(index, step)
        return step

    def _remark(self, step: Step, type_: str, rule: Delta, label: str, say: Say) -> None:
        if not step.type:
            step.call_itself(rule.suits[0])
        if step.type in self._revision.types and step.type not in rule.suits:
            say("delta-unsuited", f"{label} is a {step.type}, but got a {type_} delta", label + type_)
        if step.is_stopped:
            say("delta-after-stop", f"{label} got a {type_} delta after its stop", label)

    def _make_room(self, index: int, step: Step, say: Say) -> None:
        """Says what the new step's index does to those before it."""
        before = self._steps.get(index)
        if before is None:
            if index > self._next:
                say("index-gap", f"{self._label(index)} came where index {self._next} was next", None)
        elif before.is_started and _identity(before) == _identity(step):
            say("step-repeated", f"{self._label(index)} was started again", None)
        else:
            say(
                "index-reused",
                f"{self._label(index)} was a {shown(before.type)}, now a {shown(step.type)}",
                None,
            )
            if not before.is_stopped:
                before = before.copy()
                before.stop(self._label(index), say)
            self._superseded.append((index, before))

    def _put(self, index: int, step: Step) -> None:
        self._steps[index] = self._own[index] = step
        self._latest = index
        self._next = max(self._next, index + 1)

    def _writable(self, index: int) -> Step | None:
        step = self._own.get(index)
        shared = self._steps.get(index) if step is None else None
        if shared is not None:
            step = self._steps[index] = self._own[index] = shared.copy()
        return step

    def _valid(self, index: Any, otherwise: int, say: Say) -> int:
        if type(index) is int and index >= 0:
            return index
        say("index-malformed", f"the index {shown(index)} counts as {otherwise}", str(otherwise))
        return otherwise

    def _label(self, index: int) -> str:
        return f"{self._revision.word} {index}"


def _identity(step: Step) -> tuple[Any, ...]:
    return step.type, step.fields.get("id"), step.fields.get("call_id")


def _is_unfinished(step: Step) -> bool:
    return not step.is_stopped or (step.arguments is not None and not step.arguments.is_read)
