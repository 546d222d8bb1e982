"""The text of an issue: what was recorded, how it went, and what is wrong with it, in Markdown. Pure.

Knows a recording and what the other tools say of it; must not know files. Invariant: no text of the recording becomes
markup, a link or a mention: all of it stands in code, in fences that it cannot close. What an issue has no room for is
counted.
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from shlex import join

from sserec import __version__
from sserec.check import Finding, check
from sserec.display import count, duration, printable, seconds, shortened, size
from sserec.export.curl import command
from sserec.measures import measures
from sserec.recording import Exchange, RecordedEvent, Recording
from sserec.records import Headers
from sserec.stats import Meter
from sserec.timeline import STALL_NS

MAX_EXCHANGES = 20
"""All the bounds together keep the text below the 65,536 characters that GitHub takes."""
MAX_FACTS = 10
DETAILED = 2
"""Exchanges that are told at length: those that ended badly, the last ones first."""
MAX_REQUEST_CHARS = 4000
MAX_FINDINGS = 20
FIRST_EVENTS, LAST_EVENTS = 3, 5
LINE_CHARS = 160
FENCE = re.compile(r"`{3,}")


def issue(recording: Recording, attachment: str, page: str | None) -> str:
    """The text. ``attachment``: the file's name in the issue; ``page``: that of the page in it."""
    findings = check(recording).findings
    exchanges = list(islice(recording.exchanges, MAX_EXCHANGES))
    more = len(recording.exchanges) - len(exchanges)
    parts = [
        "<!-- What happened, and what should have happened? -->\n",
        *opening(recording, attachment, page),
    ]
    parts += overview(exchanges, more)
    parts += said(findings)
    for exchange in chosen(recording):
        parts += details(exchange)
    return "\n".join(parts)


def opening(recording: Recording, attachment: str, page: str | None) -> Iterator[str]:
    meta, in_browser = recording.meta, f", or unpack it and open `{page}` in a browser" if page else ""
    yield "## Recording\n"
    yield f"`{attachment}`, attached. Look at it with `sserec view {attachment}`{in_browser}.\n"
    yield "| | |\n| --- | --- |"
    if meta is not None:
        begun = datetime.fromtimestamp(meta.anchor_unix_ns / 1e9, UTC)
        yield f"| recorded | {begun:%Y-%m-%d %H:%M:%S} UTC by {code(meta.software)} |"
        if meta.command:
            yield f"| command | {code(join(meta.command))} |"
        yield from (
            f"| {code(name)} | {code(value)} |" for name, value in islice(meta.attributes.items(), MAX_FACTS)
        )
    yield f"| shared | by `sserec {__version__}` |"
    for name, headers, field in voices(recording):
        values = {value for key, value in headers if key.lower() == field}
        yield from (f"| {name} | {code(value)} |" for value in sorted(values)[:MAX_FACTS])
    yield ""


def voices(recording: Recording) -> Iterator[tuple[str, Headers, str]]:
    """Who spoke: the client and the server of the last exchange."""
    for exchange in recording.exchanges[-1:]:
        yield "client", exchange.request.headers if exchange.request else (), "user-agent"
        yield "server", exchange.response.headers if exchange.response else (), "server"


def overview(exchanges: list[Exchange], more: int) -> Iterator[str]:
    yield "| # | request | status | events | bytes | took | end |\n| --- | --- | --- | --- | --- | --- | --- |"
    for exchange in exchanges:
        request, response, took = exchange.request, exchange.response, exchange.duration_ns
        cells = (
            str(exchange.number),
            code(f"{request.method} {request.url}") if request else "-",
            str(response.status) if response else "-",
            f"{exchange.event_count:,}",
            size(exchange.record.body_size_bytes),
            "-" if took is None else duration(took),
            str(exchange.ending or "-"),
        )
        yield f"| {' | '.join(cells)} |"
    if more:
        yield f"| | and {more:,} more | | | | | |"
    yield ""


def said(findings: Iterable[Finding]) -> Iterator[str]:
    """What ``sserec check`` has to say."""
    lines = [
        f"{place(found)}{found.severity}: {found.message} [{found.rule}]"
        for found in findings
        if found.counts
    ]
    yield "`sserec check`:\n"
    if len(lines) > MAX_FINDINGS:
        lines = [*lines[:MAX_FINDINGS], f"… and {len(lines) - MAX_FINDINGS:,} more"]
    yield fenced(lines or ["clean"])


def place(found: Finding) -> str:
    parts = (("exchange", found.exchange), ("event", found.event), ("byte", found.offset))
    words = ", ".join(f"{name} {number:,}" for name, number in parts if number is not None)
    return f"{words}: " if words else ""


def chosen(recording: Recording) -> list[Exchange]:
    """The exchanges to tell at length."""
    newest = recording.exchanges[: -MAX_EXCHANGES - 1 : -1]
    broken = [each for each in newest if each.ending is not None and not each.ending.is_clean]
    return sorted((broken or newest)[:DETAILED], key=lambda exchange: exchange.number)


def details(exchange: Exchange) -> Iterator[str]:
    yield f"### Exchange {exchange.number}\n"
    if exchange.request is not None:
        yield fenced([asked(exchange)], "sh")
    meter, first = Meter(), list[RecordedEvent]()
    last: deque[RecordedEvent] = deque(maxlen=LAST_EVENTS)
    stream = exchange.events()
    for recorded in stream:
        meter.feed(recorded.event, recorded.t_ns)
        (first if len(first) < FIRST_EVENTS else last).append(recorded)
    yield "| | |\n| --- | --- |"
    for name, value in measures(meter.figures(exchange.surroundings, STALL_NS)):
        yield f"| {name} | {value} |"
    yield ""
    left_out = exchange.event_count - len(first) - len(last)
    lines = [line(recorded) for recorded in first]
    lines += [f"… {count(left_out, 'event')} …"] if left_out > 0 else []
    lines += [line(recorded) for recorded in last]
    if stream.tail is not None:
        lines.append(f"the stream ends inside an event: {words(stream.tail.line)}")
    yield fenced(lines or ["no events"])


def asked(exchange: Exchange) -> str:
    """The request as curl would send it, without the key."""
    assert exchange.request is not None
    text = command(exchange, exchange.request).decode("utf-8", "replace")
    if len(text) <= MAX_REQUEST_CHARS:
        return text.rstrip("\n")
    return f"{text[:MAX_REQUEST_CHARS]}\n… ({count(len(text) - MAX_REQUEST_CHARS, 'character')} more)"


def line(recorded: RecordedEvent) -> str:
    t = "" if recorded.t_ns is None else f"{seconds(recorded.t_ns):>8} "
    return f"{recorded.number:>6} {t} {recorded.event.type:<30} {words(recorded.event.data)}"


def words(data: bytes) -> str:
    """As much of it as a line has room for."""
    return data[: 4 * LINE_CHARS].decode("utf-8", "replace")


def fenced(lines: Iterable[str], language: str = "text") -> str:
    """Lines as code, in a fence longer than any that stands in them. A command is kept whole, its size is bounded."""
    split = (printable(part) for one in lines for part in one.split("\n"))
    kept = [part if language == "sh" else shortened(part, LINE_CHARS) for part in split]
    longest = max((len(run) for one in kept for run in FENCE.findall(one)), default=2)
    fence = "`" * (longest + 1)
    return "\n".join((f"{fence}{language}", *kept, fence, ""))


def code(text: str) -> str:
    """Text as code within a line of a table."""
    shown = shortened(printable(text).strip(), LINE_CHARS)
    escaped = shown.replace("`", "'").replace("|", "\\|")
    return f"`{escaped}`" if escaped else ""
