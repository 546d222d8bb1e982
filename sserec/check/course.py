"""The course of the interaction: status, usage, event ids, and [DONE].

Knows where events say these things; must not know how deltas fold. Most events say none of them, so an event is
parsed only when its bytes hold one of the keys.
"""

from typing import Any

from sserec.check.findings import Say
from sserec.check.resuming import Delivered, interaction_id, resumed_from
from sserec.check.watchers import Batch, Finish, Setting, Watcher
from sserec.interactions import End, is_terminal, parse
from sserec.interactions.diagnostics import shown
from sserec.interactions.events import DONE
from sserec.records import Closer
from sserec.sse import Event

Json = dict[str, Any]

STATUSES = {
    "queued": 0,
    "in_progress": 1,
    "requires_action": 2,
    "requires_continuation": 2,
    "completed": 2,
    "incomplete": 2,
    "failed": 2,
    "cancelled": 2,
    "budget_exceeded": 2,
}
"""How far each has come; those of 2 are final for their stream."""
FINAL = 2
FAILED = frozenset({"failed", "cancelled", "budget_exceeded"})
PARTS = ("total_input_tokens", "total_output_tokens", "total_thought_tokens", "total_tool_use_tokens")
BREAKDOWNS = {
    "input_tokens_by_modality": "total_input_tokens",
    "output_tokens_by_modality": "total_output_tokens",
    "cached_tokens_by_modality": "total_cached_tokens",
    "tool_use_tokens_by_modality": "total_tool_use_tokens",
}
"""What a list of modalities breaks down. It need not be complete: real ones leave text out."""


class Course(Watcher):
    """Watches what an interaction says of itself."""

    def __init__(self, setting: Setting, delivered: Delivered, say: Say) -> None:
        self._say = say
        self._is_resumed = resumed_from(setting.request) is not None
        self._interaction = interaction_id(setting.request)
        self._delivered = delivered
        self._ids = delivered.before(setting.request)
        self._has_ids = False
        self._status: str | None = None
        self._done: int | None = None

    def feed(self, batch: Batch) -> None:
        for number, event in batch.numbered():
            data = event.data
            if data == DONE:
                self._hear_done(number, event)
            elif b'"status"' in data or b'usage"' in data or b'"event_id"' in data:
                self._hear(number, event)

    def end(self, finish: Finish) -> None:
        if self._is_resumed and not self._has_ids and finish.event_count:
            self._say("event-id-missing", "no event of the resumed stream has an event_id")
        if not finish.saw_end:
            self._delivered.note(self._interaction, self._ids)
        hung_up = finish.close is not None and finish.close.by is not Closer.UPSTREAM
        if finish.assembly.end is End.COMPLETED and self._done is None and not (hung_up or finish.is_live):
            self._say("done-missing", "the stream ended without [DONE]")

    def _hear(self, number: int, event: Event) -> None:
        payload = parse(event).payload
        interaction = _object(payload.get("interaction"))
        self._interaction = self._interaction or _text(interaction.get("id") or payload.get("interaction_id"))
        self._hear_id(_text(payload.get("event_id")), number, event)
        status = _text(interaction.get("status") or payload.get("status"))
        if status:
            self._hear_status(status, number, event)
        for usage in _usages(payload, interaction):
            self._add_up(usage, number, event)

    def _hear_done(self, number: int, event: Event) -> None:
        if self._done is not None:
            self._say(
                "done-repeated", f"[DONE] again, after event {self._done:,}", event=number, offset=event.start
            )
        self._done = self._done or number

    def _hear_id(self, event_id: str | None, number: int, event: Event) -> None:
        if not event_id:
            return
        self._has_ids = True
        if self._ids.add(event_id):
            message = f"the event_id {shown(event_id)} came before"
            self._say("event-id-repeated", message, event=number, offset=event.start)

    def _hear_status(self, status: str, number: int, event: Event) -> None:
        place = {"event": number, "offset": event.start}
        if status not in STATUSES:
            self._say("status-unknown", f"the status {shown(status)} is unknown", **place)
            return
        if self._status is not None and STATUSES[status] < STATUSES[self._status]:
            self._say("status-backwards", f"{status} after {self._status}", **place)
        self._status = status
        if not is_terminal(event):
            return
        if STATUSES[status] < FINAL:
            self._say("status-not-final", f"the final event says {status}", **place)
        elif status in FAILED:
            self._say("status-failed", f"the interaction ended as {status}", **place)
        elif status == "incomplete":
            self._say("status-incomplete", "the interaction ended as incomplete", **place)

    def _add_up(self, usage: Json, number: int, event: Event) -> None:
        total, parts = _count(usage, "total_tokens"), [_count(usage, part) for part in PARTS]
        known = [part for part in parts if part is not None]
        if total is not None and len(known) == len(parts) and sum(known) != total:
            message = (
                f"total_tokens is {total:,}, but {' + '.join(map('{:,}'.format, known))} is {sum(known):,}"
            )
            self._say("usage-sum", message, event=number, offset=event.start)
        for message in _larger_parts(usage):
            self._say("usage-part", message, event=number, offset=event.start)


def _usages(payload: Json, interaction: Json) -> list[Json]:
    """Every usage that an event tells: of the interaction, of a step, so far."""
    metadata = _object(payload.get("metadata"))
    held = (
        interaction.get("usage"),
        payload.get("usage"),
        payload.get("step_usage"),
        metadata.get("total_usage"),
    )
    return [usage for usage in held if isinstance(usage, dict)]


def _larger_parts(usage: Json) -> list[str]:
    wholes = [("total_cached_tokens", _count(usage, "total_cached_tokens"), "total_input_tokens")]
    wholes += [(key, _modalities(usage.get(key)), whole) for key, whole in BREAKDOWNS.items()]
    return [
        f"{key} is {part:,}, more than {whole}, {total:,}"
        for key, part, whole in wholes
        if part is not None and (total := _count(usage, whole)) is not None and part > total
    ]


def _modalities(breakdown: Any) -> int | None:
    if not isinstance(breakdown, list):
        return None
    return sum(_count(_object(modality), "tokens") or 0 for modality in breakdown)


def _count(usage: Json, key: str) -> int | None:
    value = usage.get(key)
    return value if type(value) is int else None


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
