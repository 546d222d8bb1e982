"""One exchange from its records.

Knows what each record contributes; must not know where they were found. Invariant: a record that contradicts
the format is reported and left out, and the others still count.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

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
from sserec.archive.values import Direction, ExchangeRecord, Flaw, Opaque, Problem, Traffic
from sserec.errors import DamagedArchive
from sserec.records import Close, Connection, Request, Response, Unknown

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


@dataclass(slots=True)
class _Draft:
    """An exchange while its records are taken in."""

    tick_ns: int
    request: Request | None = None
    connection: Connection | None = None
    response: Response | None = None
    close: Close | None = None
    opaque: Opaque | None = None
    t_open_ns: int | None = None
    t_sent_ns: int | None = None
    t_response_ns: int | None = None
    unknown: frozenset[Unknown] = frozenset()
    totals: tuple[int | None, int | None, str | None, int | None] = (None, None, None, None)
    request_body: list[bytes] = field(default_factory=list)
    traffic: list[bytes] = field(default_factory=list)

    def take(self, kind: int, payload: bytes) -> None:
        """Takes in one record. Raises DamagedArchive."""
        match kind:
            case RecordType.REQUEST_BODY:
                self.request_body.append(payload[read_varint(payload, 0)[1] :])
            case RecordType.TRAFFIC:
                self.traffic.append(payload)
            case RecordType.CONNECTION:
                self.connection = connection_from(decode_json(payload, read_varint(payload, 0)[1]))
            case _:
                self._take_timed(kind, payload)

    def _take_timed(self, kind: int, payload: bytes) -> None:
        _, tick, position = timed(payload)
        t_ns = tick * self.tick_ns
        if kind == RecordType.SENT:
            self.t_sent_ns = t_ns
            return
        value = decode_json(payload, position)
        match kind:
            case RecordType.OPEN:
                self.t_open_ns, self.request = t_ns, request_from(value)
                self.unknown = unknown_from(value)
            case RecordType.OPAQUE:
                self.t_open_ns, self.opaque = t_ns, opaque_from(value)
            case RecordType.RESPONSE:
                self.t_response_ns, self.response = t_ns, response_from(value)
            case RecordType.CLOSE:
                self.totals = totals_from(value)
                self.close = close_from(value, t_ns)

    def forget_what_nobody_knew(self) -> None:
        """Takes back the times that stand in the records because a record has to have one."""
        if self.unknown & {Unknown.REQUEST, Unknown.TIMES}:
            self.t_open_ns = self.t_sent_ns = None
        if Unknown.TIMES in self.unknown:
            self.t_response_ns = None

    def all_traffic(self) -> tuple[Traffic, ...]:
        """The traffic, taken apart when somebody asks for it."""
        runs = map(decode_traffic, self.traffic)
        return tuple(
            Traffic(tick * self.tick_ns, Direction(direction), size)
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
    if draft.request is None and draft.opaque is None:
        message = f"exchange {number}: its request is lost"
        report(Problem(Flaw.MISSING_HEAD, message, exchange=number))
    draft.forget_what_nobody_knew()
    size, chunks, sha256, coded_size = draft.totals
    return ExchangeRecord(
        number=number,
        request=draft.request,
        connection=draft.connection,
        response=draft.response,
        close=draft.close,
        opaque=draft.opaque,
        t_open_ns=draft.t_open_ns,
        t_sent_ns=draft.t_sent_ns,
        t_response_ns=draft.t_response_ns,
        body_size_bytes=max(size or 0, recorded_bytes),
        chunk_count=max(chunks or 0, chunk_count),
        sha256=sha256,
        coded_size_bytes=coded_size,
        unknown=draft.unknown,
        _request_body=lambda: b"".join(draft.request_body),
        _traffic=draft.all_traffic,
    )
