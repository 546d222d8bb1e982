"""Events, a JSON object a line: those that ``sserec events --json`` writes, or the bare events of an API.

The first kind tells type, id and time of each event and the exchange that it belongs to; of the second the object is
the event's data, and its type what the object calls ``event_type`` or ``type``.
"""

from typing import Any

from sserec.errors import NotAnArchive
from sserec.imports.found import Findings, Found
from sserec.imports.messages import Message, written
from sserec.imports.shapes import a_text, from_base64
from sserec.interactions.events import parse_json
from sserec.records import Unknown

UNKNOWN = frozenset({Unknown.REQUEST, Unknown.CHUNKS, Unknown.BYTES, Unknown.END})
LATEST_NS = 1 << 62


def read(data: bytes) -> Findings:
    """One exchange for each number of one, in the order of their first events."""
    exchanges: dict[int, list[Message]] = {}
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").splitlines(), start=1):
        if line.strip():
            value = parsed(line, number)
            exchanges.setdefault(exchange_of(value), []).append(message(value, line))
    if not exchanges:
        raise NotAnArchive("it holds no line")
    findings = [found(one) for one in exchanges.values()]
    return Findings("NDJSON of events", is_dated=False, origin_ns=0, exchanges=findings)


def parsed(line: bytes, number: int) -> dict[str, Any]:
    """Raises NotAnArchive."""
    try:
        value = parse_json(line.decode())
    except ValueError as fault:
        raise NotAnArchive(f"line {number} is no JSON: {fault}") from fault
    if not isinstance(value, dict):
        raise NotAnArchive(f"line {number} is no JSON object")
    return value


def is_ours(value: dict[str, Any]) -> bool:
    return isinstance(value.get("data"), str) and isinstance(value.get("type"), str) and "t_ns" in value


def exchange_of(value: dict[str, Any]) -> int:
    number = value.get("exchange") if is_ours(value) else None
    return number if type(number) is int else 1


def message(value: dict[str, Any], line: bytes) -> Message:
    if not is_ours(value):
        return Message(a_text(value.get("event_type") or value.get("type")), line.strip())
    t_ns = value["t_ns"]
    return Message(
        value["type"],
        from_base64(value.get("data_b64")) or value["data"].encode("utf-8", "replace"),
        a_text(value.get("last_event_id")),
        t_ns if type(t_ns) is int and 0 <= t_ns <= LATEST_NS else None,
    )


def found(messages: list[Message]) -> Found:
    is_timed = all(message.t_ns is not None for message in messages)
    return Found(body=written(messages), unknown=UNKNOWN | (frozenset() if is_timed else {Unknown.TIMES}))
