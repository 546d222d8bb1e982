"""What a page tells of a recording beside its events: heads, times, measures, findings, marks.

Knows one exchange and the words for it; must not know where on a page they stand. A head is shown as it was recorded,
its secrets replaced; a long body is cut, and says so.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

from sserec.check import RULES, Finding
from sserec.display import count, duration, printable, size
from sserec.export.answer import Json
from sserec.export.html.packed import brief
from sserec.export.subject import request_body
from sserec.measures import measures
from sserec.recording import Exchange, RecordedMark, Recording
from sserec.records import Headers
from sserec.stats import Figures

MAX_BODY_CHARACTERS = 65_536
MAX_COMMAND_CHARACTERS = 2_000
MAX_LINE_CHARACTERS = 8_192
MAX_HEADERS = 300
MAX_TYPES = 100
MAX_MARKS = 5_000
PLAIN = "plain text, without times and heads"
STATES = {"final": "archive", "journal": "unfinished journal"}


def headline(recording: Recording) -> list[str]:
    """What the first line says of the file."""
    archive, meta = recording.archive, recording.meta
    words = [count(len(recording.exchanges), "exchange")]
    words.append(count(sum(exchange.event_count for exchange in recording.exchanges), "event"))
    if archive is not None:
        words += [STATES[archive.state], size(archive.size_bytes)]
    else:
        words.append(PLAIN)
    if meta is not None:
        begun = datetime.fromtimestamp(meta.anchor_unix_ns / 1e9, UTC)
        words += [f"recorded {begun:%Y-%m-%d %H:%M:%S} UTC", f"by {printable(meta.software)}"]
    return words


def command(recording: Recording) -> str:
    """The command line that was recorded; empty where none is known."""
    words = recording.meta.command if recording.meta else ()
    return printable(" ".join(words))[:MAX_COMMAND_CHARACTERS]


def summary(exchange: Exchange, figures: Figures, findings: Sequence[Finding]) -> Json:
    """What is said of an exchange where all are listed."""
    request, response, opaque = exchange.request, exchange.response, exchange.record.opaque
    url = request.url if request else ""
    return {
        "number": exchange.number,
        "method": printable(request.method) if request else None,
        "path": printable(brief(path_of(url) if request else opaque.target if opaque else "")),
        "status": response.status if response else None,
        "model": printable(figures.model) if figures.model else None,
        "ending": ended(exchange),
        "clean": exchange.error_said is None and (exchange.ending is None or exchange.ending.is_clean),
        "events": exchange.event_count,
        "worst": next(
            (kind for kind in ("error", "warning") for each in findings if each.severity == kind), None
        ),
    }


def ended(exchange: Exchange) -> str | None:
    """How it ended, as sserec info says it."""
    if exchange.error_said is None:
        return exchange.ending
    return f"{exchange.ending or 'ended'}, with an error event"


def path_of(url: str) -> str:
    """Path and query: the host stands in the request."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def details(exchange: Exchange, figures: Figures, findings: Sequence[Finding]) -> Json:
    """All that a page says of an exchange but its events."""
    return {
        "connection": list(connection(exchange)),
        "request": request(exchange),
        "response": response(exchange),
        "measures": measures(figures),
        "shares": [
            [printable(brief(type_)), f"{share.events:,}", size(share.bytes)]
            for type_, share in sorted(figures.events_by_type.items(), key=lambda item: -item[1].bytes)[
                :MAX_TYPES
            ]
        ],
        "findings": list(map(finding, findings)),
        "marks": list(map(mark, exchange.marks[:MAX_MARKS])),
        "stalls": [[stall.after_event, duration(stall.duration_ns)] for stall in figures.stalls or ()],
        "begin_ns": exchange.t_begin_ns if exchange.is_timed else None,
        "end_ns": exchange.close.t_ns if exchange.close and exchange.is_timed else None,
    }


def connection(exchange: Exchange) -> Iterator[tuple[str, str]]:
    """How the exchange went, as names and values."""
    record, close = exchange.record, exchange.close
    if record.opaque is not None:
        yield "not readable", printable(f"{record.opaque.target}: {record.opaque.reason}")
    ending = ended(exchange)
    if ending is not None:
        yield "ended", str(ending)
    if close is not None and close.error:
        yield "because", printable(close.error)
    if exchange.is_live:
        yield "ended", "not yet: it was still being recorded"
    if record.unknown:
        yield "not recorded", ", ".join(sorted(record.unknown))
    yield "body", size(record.body_size_bytes)
    if record.coded_size_bytes is not None:
        yield "body as it was coded", size(record.coded_size_bytes)
    road = record.connection
    if road is not None:
        said = (("server", road.peer), ("TLS", road.tls_version), ("ALPN", road.alpn))
        yield from ((name, printable(value)) for name, value in said if value)
        yield "connection", f"{road.id}"
    if record.sha256:
        yield "SHA-256 of the body", record.sha256


def request(exchange: Exchange) -> Json | None:
    sent = exchange.request
    if sent is None:
        return None
    body = request_body(exchange)
    return {
        "line": told(f"{sent.method} {sent.url} {sent.http_version}"),
        "headers": headers(sent.headers),
        "redacted": [printable(each) for each in sent.redacted],
        **body_text(body),
    }


def response(exchange: Exchange) -> Json | None:
    head, close = exchange.response, exchange.close
    if head is None:
        return None
    return {
        "line": told(" ".join(filter(None, (head.http_version, str(head.status), head.reason)))),
        "headers": headers(head.headers),
        "trailers": headers(close.trailers) if close else [],
    }


def body_text(body: bytes | None) -> Json:
    """A body's text, as far as a page has room for it."""
    if body is None:
        return {"lost": True}
    text = body[: 4 * MAX_BODY_CHARACTERS].decode("utf-8", "replace")
    cut = (
        {"cut": size(len(body))}
        if len(text) > MAX_BODY_CHARACTERS or len(body) > 4 * MAX_BODY_CHARACTERS
        else {}
    )
    return {"body": text[:MAX_BODY_CHARACTERS], **cut}


def headers(fields: Headers) -> list[list[str]]:
    return [[told(name), told(value)] for name, value in fields[:MAX_HEADERS]]


def told(text: str) -> str:
    """One line of a head."""
    return printable(brief(text, MAX_LINE_CHARACTERS))


def finding(found: Finding) -> Json:
    return {
        "event": found.event,
        "offset": found.offset,
        "severity": found.severity,
        "rule": found.rule,
        "message": printable(found.message),
        "unlisted": found.unlisted,
        "meaning": RULES[found.rule].meaning if found.rule in RULES else "",
    }


def mark(marked: RecordedMark) -> Json:
    return {"event": marked.event, "text": told(marked.text)}


def lost(recording: Recording) -> list[str]:
    """What is missing from the file, or wrong with it."""
    return [printable(problem.message) for problem in recording.problems]
