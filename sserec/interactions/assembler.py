"""Events to the interaction that ``stream: false`` would have returned.

Knows what each event of the API does; must not know how a delta folds (steps.py) or where events come from.
Invariants: what it gives out shares nothing mutable with it, and feeding never raises, whatever the event.
"""

import copy
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sserec.interactions.diagnostics import RULES, diagnostic, shown
from sserec.interactions.ending import (
    End,
    bare_error,
    end_remarks,
    stray_remarks,
    strays,
    tail_remarks,
)
from sserec.interactions.envelope import Envelope
from sserec.interactions.events import COMPLETED_TYPES, Json, Parsed, error_of, error_words, parse
from sserec.interactions.growing import Heard, Log
from sserec.interactions.legacy import OUTPUT_DELTAS, OUTPUT_TYPES, Output
from sserec.interactions.parts import copied
from sserec.interactions.steps import DELTAS, STEP_TYPES, Step
from sserec.interactions.track import Revision, Track
from sserec.records import Diagnostic
from sserec.sse import Event, Residue, Tail

_STEPS = Revision("step", Step, STEP_TYPES, DELTAS)
_OUTPUTS = Revision("output", Output, OUTPUT_TYPES, OUTPUT_DELTAS)

_NO_EVENT = Event("message", b"", "", 0, 0)


@dataclass(frozen=True, slots=True)
class Aside:
    """An event that could not be folded, or not wholly, as it came."""

    event: int
    """Its number in the stream, from 1."""
    rule: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Assembly:
    """What a stream came to."""

    interaction: Json | None
    """None where no event of the Interactions API was seen. It belongs to the caller, who may change it."""
    diagnostics: tuple[Diagnostic, ...]
    aside: tuple[Aside, ...]
    end: End
    error: Any
    """The API's own error, mostly ``{"code", "message"}``, or None."""
    last_event_id: str
    """The last ``event_id`` that was not empty: from where the stream can be resumed."""
    event_count: int
    steps_before: int = 0
    """How many steps (or outputs) stand before those in ``interaction``, because only the last were asked for."""

    @property
    def is_complete(self) -> bool:
        """The final event came, so nothing of the interaction is missing."""
        return self.end is End.COMPLETED


class Standing(NamedTuple):
    """What a stream has come to, without what there is to say about it."""

    interaction: Json | None
    error: Any
    end: End
    steps_before: int


def assemble(events: Iterable[Event], residue: Iterable[Residue] = (), tail: Tail | None = None) -> Assembly:
    """Folds a whole stream. ``residue`` and ``tail`` are the decoder's: they may say why it ended early."""
    assembler = Assembler()
    for event in events:
        assembler.feed(event)
    return assembler.ended(residue, tail)


class Assembler:
    """Folds one stream, event by event."""

    def __init__(self) -> None:
        self._steps = Track(_STEPS)
        self._outputs = Track(_OUTPUTS)
        self._envelope = Envelope()
        self._diagnostics: Log[Diagnostic] = Log()
        self._aside: Log[Aside] = Log()
        self._said: Heard[tuple[str, str]] = Heard()
        self._event = _NO_EVENT
        self._count = 0
        self._is_over = False
        self._is_done = False
        self._error: Any = None
        self._last_event_id = ""

    @property
    def event_count(self) -> int:
        return self._count

    @property
    def weight(self) -> int:
        """How many pointers a fork takes, about."""
        return self._steps.weight + self._outputs.weight

    def feed(self, event: Event) -> None:
        """Folds the next event of the stream."""
        self.fold(event, parse(event))

    def fold(self, event: Event, parsed: Parsed) -> None:
        """:meth:`feed` for an event that was parsed already."""
        self._count += 1
        self._event = event
        type_, payload, flaws = parsed
        for flaw in flaws:
            self._say(*flaw)
        if self._is_over and type_ != "done":
            self._say("event-after-end", f"{shown(type_)} after the end of the stream", type_)
        if "event_id" in payload or "metadata" in payload:
            self._note(payload)
        handle = _HANDLERS.get(type_)
        if handle is not None:
            handle(self, payload)
        elif type_:
            self._meet_unknown(type_)

    def assembly(self, last_steps: int | None = None) -> Assembly:
        """What the events so far come to, as if the stream were still running.

        ``last_steps`` (at least 1) leaves out the steps before, which costs nothing then, however many they are.
        """
        interaction, before = self._interaction(last_steps)
        return Assembly(
            interaction=interaction,
            diagnostics=self._diagnostics.value(),
            aside=self._aside.value(),
            end=self._end(),
            error=self._error,
            last_event_id=self._last_event_id,
            event_count=self._count,
            steps_before=before,
        )

    def standing(self, last_steps: int | None = None) -> Standing:
        """What :meth:`assembly` says of the interaction; costs nothing for all that was said about it."""
        interaction, before = self._interaction(last_steps)
        return Standing(interaction, self._error, self._end(), before)

    def reach(self, parsed: Parsed) -> int | None:
        """How many of the last steps the event that was folded last can have changed; None where any of them."""
        index, tracks = parsed.payload.get("index"), [t for t in (self._steps, self._outputs) if len(t)]
        if parsed.type not in _STEP_TYPES or type(index) is not int or index < 0 or len(tracks) != 1:
            return None
        return max(len(tracks[0]) - index, 1) if tracks[0].is_row else None

    def ended(self, residue: Iterable[Residue] = (), tail: Tail | None = None) -> Assembly:
        """What the events come to, with what there is to say now that no more will come."""
        stray = strays(residue)
        assembly = self.assembly()
        error = assembly.error or next(filter(None, (bare_error(text) for _, text in stray)), None)
        end = End.FAILED if error is not None and not assembly.is_complete else assembly.end
        remarks = (
            *self._remarks_on_whole(),
            *stray_remarks(stray),
            *tail_remarks(tail),
            *end_remarks(end, self._count, self._envelope.status),
        )
        return replace(assembly, end=end, error=error, diagnostics=assembly.diagnostics + remarks)

    def fork(self) -> "Assembler":
        """An assembler that goes its own way from here; costs a pointer for each page of steps."""
        fork = copy.copy(self)
        fork._steps, fork._outputs = self._steps.fork(), self._outputs.fork()
        fork._envelope = self._envelope.fork()
        fork._diagnostics, fork._aside = self._diagnostics.fork(), self._aside.fork()
        fork._said = self._said.fork()
        return fork

    def _interaction(self, last_steps: int | None) -> tuple[Json | None, int]:
        """The interaction, and how many steps or outputs of it were left out."""
        steps, steps_before = self._last("steps", self._steps, last_steps)
        outputs, outputs_before = self._last("outputs", self._outputs, last_steps)
        if not (steps or outputs or self._envelope.is_known):
            return None, 0
        return self._envelope.value(steps, outputs), steps_before or outputs_before

    def _last(self, key: str, track: Track, last: int | None) -> tuple[list[Json], int]:
        """The steps, or the last of them, and how many stand before."""
        carried = self._envelope.carried(key)
        count = len(carried) if carried else len(track)
        if not carried:
            return track.value(last), max(count - last, 0) if last else 0
        return copied(carried if last is None else carried[-last:]), max(count - last, 0) if last else 0

    def _end(self) -> End:
        if self._envelope.is_completed:
            return End.COMPLETED
        if self._error is not None:
            return End.FAILED
        return End.DONE_ONLY if self._is_done else End.OPEN

    def _remarks_on_whole(self) -> Iterator[Diagnostic]:
        """What only the whole stream shows."""
        if not self._envelope.is_created and (len(self._steps) or len(self._outputs)):
            yield diagnostic(
                "no-created", "no interaction.created: this is a resumed stream, or its start is missing"
            )
        if len(self._steps) and len(self._outputs):
            yield diagnostic("mixed-revisions", "both step.* and content.* events; both are kept")
        for track in (self._steps, self._outputs):
            for label, step in track.unfinished():
                yield diagnostic("step-not-stopped", f"{label} ({shown(step.type)}) was still open")
                if step.arguments is not None:
                    yield diagnostic(
                        "arguments-cut-off", f"the arguments of {label} were cut off; kept as a string"
                    )

    def _meet_unknown(self, type_: str) -> None:
        """Sets the event aside. Another API's stream has 100,000 of them, and words for each cost more than it does."""
        if ("unknown-event", type_) in self._said:
            self._aside.append(Aside(self._count, "unknown-event", self._event.data))
        else:
            self._say("unknown-event", f"the event {shown(type_)!r} is unknown", type_)

    def _say(self, rule: str, message: str, subject: str | None) -> None:
        """Keeps a finding, once for each subject, and the event it speaks of where the rule says so."""
        if RULES[rule].keeps_event:
            self._aside.append(Aside(self._count, rule, self._event.data))
        if subject is not None:
            if (rule, subject) in self._said:
                return
            self._said.add((rule, subject))
        self._diagnostics.append(diagnostic(rule, message, event=self._count, offset=self._event.start))

    def _note(self, payload: Json) -> None:
        """What may come along with any event: an id to resume from, the usage so far."""
        event_id = payload.get("event_id")
        if event_id and isinstance(event_id, str):
            self._last_event_id = event_id
        metadata = payload.get("metadata")
        if isinstance(metadata, dict):
            self._envelope.hear(usage=metadata.get("total_usage"))

    def _object(self, payload: Json, key: str) -> Json:
        value = payload.get(key)
        if isinstance(value, dict):
            return value
        self._say("unexpected-value", f"{key} is {shown(value)}", None)
        return {}

    def _create(self, payload: Json) -> None:
        if self._envelope.is_created:
            self._say("created-repeated", "the interaction was created again", None)
        self._envelope.create(self._object(payload, "interaction"))

    def _update(self, payload: Json) -> None:
        self._envelope.hear(
            id=payload.get("interaction_id"),
            status=payload.get("status"),
            usage=payload.get("usage"),
            continuation_token=payload.get("continuation_token"),
        )

    def _start_step(self, payload: Json) -> None:
        self._steps.start(payload.get("index"), payload.get("step"), self._say)

    def _grow_step(self, payload: Json) -> None:
        self._steps.delta(payload.get("index"), payload.get("delta"), self._say)

    def _stop_step(self, payload: Json) -> None:
        self._steps.stop(payload.get("index"), payload, self._say)

    def _start_output(self, payload: Json) -> None:
        self._outputs.start(payload.get("index"), payload.get("content"), self._say)

    def _grow_output(self, payload: Json) -> None:
        self._outputs.delta(payload.get("index"), payload.get("delta"), self._say)

    def _stop_output(self, payload: Json) -> None:
        self._outputs.stop(payload.get("index"), payload, self._say)

    def _complete(self, payload: Json) -> None:
        if not self._envelope.is_completed:
            self._steps.close(self._say)
            self._outputs.close(self._say)
        self._envelope.complete(self._object(payload, "interaction"))
        if len(self._steps) and self._envelope.carried("steps"):
            self._say("steps-in-completed", "the final event carries the steps itself", None)
        self._is_over = True

    def _fail(self, payload: Json) -> None:
        error = error_of(payload)
        if error is None:
            self._say("empty-error", "an error event without an error", None)
            return
        self._say("error-event", f"the API sent an error: {error_words(error)}", None)
        self._error = error
        self._is_over = True

    def _finish(self, payload: Json) -> None:
        self._is_done = self._is_over = True


_HANDLERS: dict[str, Callable[[Assembler, Json], None]] = {
    "interaction.created": Assembler._create,
    "interaction.start": Assembler._create,
    "interaction.status_update": Assembler._update,
    "interaction.in_progress": Assembler._update,
    "interaction.requires_action": Assembler._update,
    "step.start": Assembler._start_step,
    "step.delta": Assembler._grow_step,
    "step.stop": Assembler._stop_step,
    "content.start": Assembler._start_output,
    "content.delta": Assembler._grow_output,
    "content.stop": Assembler._stop_output,
    **dict.fromkeys(COMPLETED_TYPES, Assembler._complete),
    "error": Assembler._fail,
    "done": Assembler._finish,
}

_STEP_TYPES = frozenset(_HANDLERS) & {
    f"{part}.{moment}" for part in ("step", "content") for moment in ("start", "delta", "stop")
}
"""Those that speak of the one step that their index names."""


def can_change(parsed: Parsed) -> bool:
    """Whether an event can change what :meth:`Assembler.standing` says."""
    return parsed.type in _HANDLERS or "metadata" in parsed.payload
