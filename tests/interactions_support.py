"""Streams of interactions as the API writes them, for tests: JSON payloads in, decoded events out."""

from typing import Any

import orjson

from sserec.interactions import Assembly, assemble
from sserec.sse import Decoder, Event

Json = dict[str, Any]

DONE = b"event: done\ndata: [DONE]\n\n"


def block(name: str | None, data: bytes | Json) -> bytes:
    """One event's bytes: its SSE name, or none, and its data."""
    text = data if isinstance(data, bytes) else orjson.dumps(data)
    return (b"" if name is None else f"event: {name}\n".encode()) + b"data: " + text + b"\n\n"


def said(type_: str, **payload: Any) -> bytes:
    """An event of the API, ``event_type`` last as on the wire."""
    return block(type_, payload | {"event_type": type_})


def created(**keys: Any) -> bytes:
    interaction = {"id": "v1_a", "status": "in_progress", "object": "interaction", "model": "gemini-x"}
    return said("interaction.created", interaction=interaction | keys)


def updated(status: str = "in_progress", **keys: Any) -> bytes:
    return said("interaction.status_update", interaction_id="v1_a", status=status, **keys)


def completed(**keys: Any) -> bytes:
    interaction = {"id": "v1_a", "status": "completed", "object": "interaction", "model": "gemini-x"}
    return said("interaction.completed", interaction=interaction | keys)


def start(index: Any, type_: str, **keys: Any) -> bytes:
    return said("step.start", index=index, step=keys | {"type": type_})


def delta(index: Any, type_: str | None, **keys: Any) -> bytes:
    return said("step.delta", index=index, delta=keys if type_ is None else keys | {"type": type_})


def stop(index: Any, **keys: Any) -> bytes:
    return said("step.stop", index=index, **keys)


def stream(*steps: bytes) -> bytes:
    """A whole stream around the events of its steps."""
    return b"".join((created(), updated(), *steps, completed(), DONE))


def one_step(type_: str, *deltas: Json, **announced: Any) -> bytes:
    """A whole stream of one step, fed by ``deltas``."""
    grown = [said("step.delta", index=0, delta=each) for each in deltas]
    return stream(start(0, type_, **announced), *grown, stop(0))


def events_of(body: bytes) -> list[Event]:
    return Decoder().feed(body)


def fold(*blocks: bytes) -> Assembly:
    """What the bytes come to, residue and tail included."""
    decoder = Decoder()
    events = decoder.feed(b"".join(blocks))
    tail = decoder.end()
    return assemble(events, decoder.residue(), tail)


def interaction_of(*blocks: bytes) -> Json:
    interaction = fold(*blocks).interaction
    assert interaction is not None
    return interaction


def steps_of(*blocks: bytes) -> list[Any]:
    steps = interaction_of(*blocks)["steps"]
    assert isinstance(steps, list)
    return steps


def ids_of(assembly: Assembly) -> list[str]:
    return [diagnostic.id for diagnostic in assembly.diagnostics]
