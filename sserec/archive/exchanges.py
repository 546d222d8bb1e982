"""One exchange from its records.

Knows what each record contributes; must not know where they were found. Invariant: a record that contradicts
the format is reported and left out, and the others still count.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sserec.archive.columns import read_varint
from sserec.archive.format import RecordType
from sserec.archive.heads import (
    close_from,
    connection_from,
    decode_json,
    opaque_from,
    request_from,
    response_from,
    timed,
    totals_from,
    unknown_from,
)
from sserec.archive.runs import decode_traffic
from sserec.archive.values import Direction, ExchangeRecord, Flaw, Problem, Traffic
from sserec.errors import DamagedArchive
from sserec.records import Unknown

HeadRecord = tuple[int, bytes]

OF_EXCHANGE = frozenset(
    {
        RecordType.OPEN,
        RecordType.REQUEST_BODY,
        RecordType.RESPONSE,
        RecordType.CLOSE,
        RecordType.CONNECTION,
        RecordType.SENT,
        RecordType.OPAQUE,
        RecordType.TRAFFIC,
    }
)
"""The records that begin with the number of an exchange, other than runs of chunks."""


class _Draft:
    """An exchange while its records are taken in."""

    def __init__(self, tick_ns: int) -> None:
        self.facts: dict[str, Any] = {}
        """What the records tell, by the names of an ExchangeRecord."""
        self._tick_ns = tick_ns
        self._request_body: list[bytes] = []
        self._traffic: list[bytes] = []

    def take(self, kind: int, payload: bytes) -> None:
        """Takes in one record. Raises DamagedArchive."""
        match kind:
            case RecordType.REQUEST_BODY:
                self._request_body.append(payload[read_varint(payload, 0)[1] :])
            case RecordType.TRAFFIC:
                self._traffic.append(payload)
            case RecordType.CONNECTION:
                self.facts["connection"] = connection_from(decode_json(payload, read_varint(payload, 0)[1]))
            case _:
                self._take_timed(kind, payload)

    def _take_timed(self, kind: int, payload: bytes) -> None:
        _, tick, position = timed(payload)
        t_ns = tick * self._tick_ns
        if kind == RecordType.SENT:
            self.facts["t_sent_ns"] = t_ns
            return
        value = decode_json(payload, position)
        match kind:
            case RecordType.OPEN:
                unknown = unknown_from(value)
                self.facts |= {"t_open_ns": t_ns, "request": request_from(value), "unknown": unknown}
            case RecordType.OPAQUE:
                self.facts |= {"t_open_ns": t_ns, "opaque": opaque_from(value)}
            case RecordType.RESPONSE:
                self.facts |= {"t_response_ns": t_ns, "response": response_from(value)}
            case RecordType.CLOSE:
                self.facts |= {**totals_from(value), "close": close_from(value, t_ns)}

    def forget_what_nobody_knew(self) -> None:
        """Takes back the times that stand in the records because a record has to have one."""
        unknown = self.facts.get("unknown", frozenset())
        if unknown & {Unknown.REQUEST, Unknown.TIMES}:
            self.facts |= {"t_open_ns": None, "t_sent_ns": None}
        if Unknown.TIMES in unknown:
            self.facts["t_response_ns"] = None

    def request_body(self) -> bytes:
        return b"".join(self._request_body)

    def traffic(self) -> tuple[Traffic, ...]:
        """The traffic, taken apart when somebody asks for it."""
        runs = map(decode_traffic, self._traffic)
        return tuple(
            Traffic(tick * self._tick_ns, Direction(direction), size)
            for run in runs
            for tick, direction, size in zip(run.times, run.directions, run.sizes, strict=True)
        )


def exchange_from(
    number: int,
    heads: Sequence[HeadRecord],
    *,
    recorded_bytes: int,
    chunk_count: int,
    tick_ns: int,
    report: Callable[[Problem], None],
) -> ExchangeRecord:
    """The exchange that ``heads`` tell of; ``recorded_bytes`` and ``chunk_count`` are of its runs."""
    draft = _Draft(tick_ns)
    for kind, payload in heads:
        try:
            draft.take(kind, payload)
        except DamagedArchive as error:
            message = f"exchange {number}: a record of type {kind} cannot be read: {error}"
            report(Problem(Flaw.DAMAGED_RECORDS, message, exchange=number))
    facts = draft.facts
    if not facts.keys() & {"request", "opaque"}:
        message = f"exchange {number}: its request is lost"
        report(Problem(Flaw.MISSING_HEAD, message, exchange=number))
        if "close" not in facts:  # lost likewise, or never written: nobody knows
            facts["unknown"] = frozenset({Unknown.END})
    draft.forget_what_nobody_knew()
    facts["body_size_bytes"] = max(facts.get("body_size_bytes") or 0, recorded_bytes)
    facts["chunk_count"] = max(facts.get("chunk_count") or 0, chunk_count)
    return ExchangeRecord(number, **facts, _request_body=draft.request_body, _traffic=draft.traffic)
