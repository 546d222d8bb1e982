"""One exchange: its connection, its head, its body, its end.

Knows which question to ask of which exchange; must not know how a body's bytes are judged. The body is read once.
"""

from collections import deque
from collections.abc import Iterable
from typing import Protocol

from sserec.check.ending import judge_end
from sserec.check.findings import Findings
from sserec.check.head import judge_body, judge_head
from sserec.check.resuming import Delivered
from sserec.check.stream import StreamCheck
from sserec.records import Chunk, Close, Request, Response, Unknown


class OpaqueConnection(Protocol):
    @property
    def target(self) -> str: ...
    @property
    def reason(self) -> str: ...


class ExchangeFacts(Protocol):
    """What the file keeps beside head and body."""

    @property
    def opaque(self) -> OpaqueConnection | None: ...
    @property
    def body_size_bytes(self) -> int: ...
    @property
    def t_response_ns(self) -> int | None: ...
    @property
    def unknown(self) -> frozenset[Unknown]: ...
    def request_body(self) -> bytes: ...


class CheckedExchange(Protocol):
    """What a check needs to know of an exchange; :class:`sserec.recording.Exchange` is one."""

    @property
    def number(self) -> int: ...
    @property
    def record(self) -> ExchangeFacts: ...
    @property
    def request(self) -> Request | None: ...
    @property
    def response(self) -> Response | None: ...
    @property
    def close(self) -> Close | None: ...
    @property
    def is_event_stream(self) -> bool: ...
    @property
    def is_live(self) -> bool:
        """It still goes on."""

    @property
    def is_timed(self) -> bool:
        """The file knows when bytes arrived."""

    @property
    def knows_end(self) -> bool:
        """The file knows how the exchange ended."""

    def chunks(self) -> Iterable[Chunk]: ...


def check_exchange(exchange: CheckedExchange, findings: Findings, delivered: Delivered, stall_ns: int) -> int:
    """Says all there is to say about an exchange; returns how many events it held."""
    opaque = exchange.record.opaque
    if opaque is not None:
        message = f"the connection to {opaque.target} could not be read: {opaque.reason}"
        findings.say("opaque-connection", message)
        return 0
    judge_head(exchange, findings.say)
    has_body = Unknown.BODY not in exchange.record.unknown
    if not (exchange.is_event_stream and has_body):
        if has_body:
            judge_body(exchange, findings.say)
        deque(exchange.chunks(), maxlen=0)  # damage to the file shows only where it is read
        judge_end(exchange, findings.say, saw_end=False, event_count=0)
        return 0
    stream = StreamCheck(exchange, findings, delivered, stall_ns)
    stream.run()
    judge_end(exchange, findings.say, saw_end=stream.saw_end, event_count=stream.event_count)
    return stream.event_count
