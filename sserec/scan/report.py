"""From a recording to a report: everything in it that holds text is looked through, and told where it stands.

Knows what an archive keeps; must not know how a secret looks. A sample is masked: a report of secrets is not to be one
more file that has them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from sserec.display import count, printable
from sserec.recording import Exchange, Recording
from sserec.records import Request
from sserec.scan.bodies import BodySearch, Hit, search, searched
from sserec.scan.fragments import Read
from sserec.scan.heads import Heads, Told
from sserec.scan.known import with_known
from sserec.scan.places import path_at
from sserec.scan.search import Rules

LISTED = 20
"""Of one rule in one part of an exchange; the others are counted."""
SHOWN_FROM_CHARS = 20
SHOWN_CHARS = 4
"""Of a sample: enough for the name of a vendor, and nothing for a guess."""
MAX_PATH_BYTES = 1 << 20
CODINGS = {"gzip": b"\x1f\x8b", "zstd": b"\x28\xb5\x2f\xfd"}
"""By how they begin, where no header tells."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A secret, or what was asked for, and where it stands."""

    rule: str
    exchange: int | None
    """From 1; None for the recording as a whole."""
    part: str
    """``response body``, ``request header authorization``, ``command``"""
    event: int | None = None
    """From 1; None where it is in no event."""
    offset: int | None = None
    """Of its first byte in the body."""
    path: str | None = None
    """Where in the JSON of the body, or of the event."""
    sample: str = ""
    """Its beginning and its length."""
    unlisted: int = 0
    """How many more there are; 0 but for the last one listed."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was found."""

    findings: tuple[Finding, ...]
    unread: tuple[str, ...]
    """Bodies that could not be looked into, and why; and that there is more to come."""
    exchange_count: int
    size_bytes: int
    """Of the bodies that were looked through."""

    @property
    def is_clean(self) -> bool:
        return not self.findings

    @property
    def finding_count(self) -> int:
        return len(self.findings) + sum(finding.unlisted for finding in self.findings)


def scan(recording: Recording, rules: Rules) -> Report:
    """Reads everything once. Raises DamagedArchive where a request is lost."""
    rules = with_known(recording, rules)
    findings = [finding_of(None, told) for told in whole(recording, rules)]
    unread: list[str] = []
    if recording.archive is not None and recording.archive.live:
        unread.append("it is still being recorded: what comes from now on was not searched")
    size_bytes = exchange_count = 0
    for exchange in recording.exchanges:
        exchange_count += 1
        sent = exchange.record.request_body()
        size_bytes += len(sent) + exchange.record.body_size_bytes
        heads = Heads(rules)
        heads.exchange(exchange.record)
        findings += (finding_of(exchange.number, told) for told in heads.told)
        findings += in_request(exchange, sent, rules)
        findings += in_response(exchange, rules)
        unread += unread_in(exchange, sent)
    return Report(tuple(listed(findings)), tuple(unread), exchange_count, size_bytes)


def whole(recording: Recording, rules: Rules) -> list[Told]:
    """What stands in no exchange."""
    heads, archive = Heads(rules), recording.archive
    if archive is not None:
        heads.meta(archive.meta)
        for number, (_, note) in enumerate(archive.notes, start=1):
            heads.json(f"note {number}", note)
        for mark in archive.marks:
            heads.mark(mark)
    return heads.told


def in_request(exchange: Exchange, sent: bytes, rules: Rules) -> Iterator[Finding]:
    for hit in search(sent, rules, is_strict=True):
        start = hit.spans[0][0]
        path = path_at(sent[:MAX_PATH_BYTES].decode("latin-1"), start)
        yield Finding(hit.rule, exchange.number, "request body", None, start, path, masked(hit.text))


def in_response(exchange: Exchange, rules: Rules) -> Iterator[Finding]:
    looking = BodySearch(rules, read=exchange.body, is_event_stream=exchange.is_event_stream)
    listed: Counter[str] = Counter()
    for hit in searched(exchange.chunks(), looking).end():
        listed[hit.rule] += 1
        yield placed(exchange.number, hit, looking, exchange.body if listed[hit.rule] <= LISTED else None)


def placed(exchange: int, hit: Hit, looking: BodySearch, read: Read | None) -> Finding:
    """A hit with its event and its path; without ``read`` no path is looked for."""
    start = hit.spans[0][0]
    number, begin, end = looking.event_at(start) or (None, 0, start + 1)
    path = None
    if read is not None and end - begin <= MAX_PATH_BYTES:
        path = path_at(read(begin, end).decode("latin-1"), start - begin)
    return Finding(hit.rule, exchange, "response body", number, start, path, masked(hit.text))


def finding_of(exchange: int | None, told: Told) -> Finding:
    return Finding(told.rule, exchange, told.where, sample=masked(told.text))


def unread_in(exchange: Exchange, sent: bytes) -> Iterator[str]:
    """Bodies that are compressed: what stands in them nobody has seen."""
    coding = coding_of(exchange.request, sent)
    if coding:
        yield f"exchange {exchange.number}: the request body is compressed ({coding}) and was not searched"
    close = exchange.close
    if close is not None and close.undecoded_from is not None:
        where = f"from byte {close.undecoded_from:,} on" if close.undecoded_from else "as a whole"
        yield f"exchange {exchange.number}: the response body is compressed {where} and was not searched"


def coding_of(request: Request | None, sent: bytes) -> str | None:
    """How a request body is coded; None where it can be read."""
    headers = {name.lower(): value for name, value in request.headers} if request and sent else {}
    coding = headers.get("content-encoding", "identity").strip().lower()
    if coding != "identity":
        return coding
    return next((name for name, magic in CODINGS.items() if sent.startswith(magic)), None)


def listed(findings: Iterable[Finding]) -> list[Finding]:
    """The first of each rule in each part, the last of which tells how many more there are."""
    kept: dict[tuple[int | None, str, str], list[Finding]] = {}
    for finding in findings:
        group = kept.setdefault((finding.exchange, finding.part, finding.rule), [])
        if len(group) < LISTED:
            group.append(finding)
        else:
            group[-1] = replace(group[-1], unlisted=group[-1].unlisted + 1)
    return [finding for group in kept.values() for finding in group]


def masked(text: str) -> str:
    """``AIza… (39 characters)``"""
    beginning = printable(text.strip()[:SHOWN_CHARS]) if len(text) >= SHOWN_FROM_CHARS else ""
    return f"{beginning}… ({count(len(text), 'character')})"
