"""How the exchange ended, and what of its body the recorder could not keep.

Knows the transport facts of records.Close; must not know the body.
"""

from typing import TYPE_CHECKING

from sserec.check.findings import Say
from sserec.interactions.diagnostics import shown
from sserec.records import Close, Ending, Manner, ending

if TYPE_CHECKING:
    from sserec.readable import ReadableBody

ENDINGS: dict[Ending, tuple[str, str]] = {
    Ending.UPSTREAM_CUT: ("upstream-cut", "the server's side ended before the response was whole"),
    Ending.UPSTREAM_RESET: ("upstream-reset", "the server's side broke the connection off"),
    Ending.NOT_CONNECTED: ("not-connected", "the server was not reached, or not verified"),
    Ending.CLIENT_CANCELLED: ("client-cancelled", "the client hung up before the end"),
    Ending.RECORDER_STOPPED: ("recorder-stopped", "the recorder was stopped before the end"),
    Ending.RECORDER_KILLED: ("recorder-killed", "the recorder died; nobody saw how the exchange ended"),
    Ending.SLICED: ("sliced", "this is a part of a longer exchange"),
}
"""Rule and words of each ending that is not clean."""


def judge_end(exchange: "ReadableBody", say: Say, *, saw_end: bool, event_count: int) -> None:
    """Names an end that was not clean, and what of the body is missing or unreadable."""
    if not exchange.knows_end:
        return
    size_bytes = exchange.record.body_size_bytes
    event = event_count or None
    if exchange.is_live:
        say("still-open", "the exchange is still being recorded", event=event, offset=size_bytes)
        return
    close = exchange.close
    found = ENDINGS.get(ending(close, saw_end=saw_end))
    if found is not None:
        rule, words = found
        say(rule, words + _details(exchange, close), event=event, offset=size_bytes)
    if close is not None:
        _judge_losses(close, size_bytes, say)


def _details(exchange: "ReadableBody", close: Close | None) -> str:
    was_connected = close is None or close.how is not Manner.UNREACHED
    unanswered = ", and before any answer" if was_connected and exchange.response is None else ""
    error = f": {shown(close.error)}" if close is not None and close.error else ""
    return unanswered + error


def _judge_losses(close: Close, size_bytes: int, say: Say) -> None:
    if close.lost_bytes:
        say("bytes-lost", f"the last {close.lost_bytes:,} bytes could not be recorded", offset=size_bytes)
    if close.lost_request_bytes:
        say(
            "request-lost",
            f"the last {close.lost_request_bytes:,} bytes of the request could not be recorded",
        )
    if close.undecoded_from is not None:
        say("undecoded-body", "from here on the body is kept content-coded", offset=close.undecoded_from)
