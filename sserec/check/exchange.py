"""One exchange: its connection, its head, its body, its end.

Knows which question to ask of which exchange; must not know how a body's bytes are judged. The body is read once.
"""

from collections import deque

from sserec.check.ending import judge_end
from sserec.check.findings import Findings
from sserec.check.head import judge_body, judge_head
from sserec.check.resuming import Delivered
from sserec.check.stream import StreamCheck
from sserec.readable import ReadableBody
from sserec.records import Unknown


def check_exchange(exchange: ReadableBody, findings: Findings, delivered: Delivered, stall_ns: int) -> int:
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
