"""From what was found in a file to an archive.

Knows times, secrets and content codings; must not know any other tool's format. Invariant: nothing secret reaches the
archive that ``sserec record`` would not have let through, and a time that is not known is listed as such.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from sserec.archive import ArchiveWriter
from sserec.errors import UsageError
from sserec.imports.found import Coding, Findings, Found, Part
from sserec.proxy.coding import BodyDecoder
from sserec.proxy.withheld import Withheld
from sserec.records import Close, Response
from sserec.redact import Policy

MAX_BODIES_BYTES = 4 << 30
"""Of one import, decoded. A megabyte of gzip may hold a gigabyte."""
SLICE_BYTES = 64 << 10
"""Coded bytes that are decoded at once, as when they come from a socket."""


class Piece(NamedTuple):
    """Content as it goes into the archive."""

    data: bytes
    t_ns: int | None
    coded_size_bytes: int | None


def origin_ns(findings: Findings) -> int | None:
    """What the archive's times count from; None where the file knows no time."""
    if findings.origin_ns is not None:
        return findings.origin_ns
    return min((t_ns for found in findings.exchanges for t_ns in found.times_ns), default=None)


def in_order(findings: Findings) -> list[Found]:
    """As they were opened; those of which nobody knows when stay where they stand in the file."""
    if any(found.t_open_ns is None for found in findings.exchanges):
        return findings.exchanges
    return sorted(findings.exchanges, key=lambda found: found.t_open_ns or 0)


class Taker:
    """Writes exchanges one after the other. Raises RecordingError as the writer does."""

    def __init__(
        self, writer: ArchiveWriter, policy: Policy, origin_ns: int, room_bytes: int = MAX_BODIES_BYTES
    ) -> None:
        """``room_bytes``: of all bodies together, no more than this."""
        self._writer = writer
        self._policy = policy
        self._origin_ns = origin_ns
        self._room_bytes = room_bytes

    def take(self, found: Found) -> None:
        """Writes one exchange. Raises UsageError where it holds more than an import may."""
        t_ns = self._since(found.t_open_ns, 0)
        request = self._policy.request(found.request)
        number = self._writer.open_exchange(request, t_ns, found.unknown)
        if found.connection is not None:
            self._writer.connection(number, found.connection)
        if found.request_body:
            self._writer.request_body(number, self._clean_request(found.request_body))
        if found.t_sent_ns is not None:
            t_ns = self._since(found.t_sent_ns, t_ns)
            self._writer.request_sent(number, t_ns)
        if found.response is not None:
            t_ns = self._since(found.t_response_ns, t_ns)
            self._writer.response(number, self._policy.response(found.response), t_ns)
        self._end(number, found, t_ns)

    def _end(self, number: int, found: Found, t_ns: int) -> None:
        body = Body(found)
        for piece in self._clean(found, body.pieces()):
            self._room_bytes -= len(piece.data)
            if self._room_bytes < 0:
                raise UsageError(
                    f"its bodies hold more than {MAX_BODIES_BYTES >> 30} GiB; import a part of it"
                )
            t_ns = self._since(piece.t_ns, t_ns)
            self._writer.chunk(number, piece.data, t_ns, coded_size_bytes=piece.coded_size_bytes)
        close = body.close(self._since(found.t_end_ns, t_ns))
        trailers, _ = self._policy.headers(close.trailers)
        self._writer.close_exchange(number, replace(close, trailers=trailers))

    def _since(self, t_ns: int | None, before_ns: int) -> int:
        """A time of the archive: never before what it follows, which is all that is known where it is None."""
        return before_ns if t_ns is None else max(t_ns - self._origin_ns, before_ns)

    def _clean_request(self, body: bytes) -> bytes:
        return self._policy.body(body) if self._policy.conceals_request(body) else body

    def _clean(self, found: Found, pieces: Iterator[Piece]) -> Iterator[Piece]:
        response = found.response
        if response is None or not self._policy.conceals_response(found.request.url, response):
            yield from pieces
            return
        withheld: Withheld[Piece] = Withheld(self._policy.body, self._policy.body_part)
        for piece in pieces:
            yield from (kept._replace(data=data) for data, kept in withheld.add(piece.data, piece))
        yield from (kept._replace(data=data) for data, kept in withheld.end())


class Body:
    """The content of one response, its coding undone, and where that failed."""

    def __init__(self, found: Found) -> None:
        self._found = found
        self._fault: str | None = None
        self._undecoded_from: int | None = None

    def pieces(self) -> Iterator[Piece]:
        response = self._found.response
        if response is None or not self._is_coded(response):
            yield from (Piece(part.data, part.t_ns, None) for part in self._found.body)
            return
        decoder, size_bytes = BodyDecoder(response.headers), 0
        for part in sliced(self._found.body):
            content = decoder.feed(part.data)
            if decoder.fault is not None and self._fault is None:
                self._fault, self._undecoded_from = decoder.fault, size_bytes
            size_bytes += len(content)
            yield Piece(content, part.t_ns, len(part.data) if decoder.is_coded else None)

    def close(self, t_ns: int) -> Close:
        """The end, when all pieces have been taken."""
        close = self._found.close
        return replace(
            close, t_ns=t_ns, error=close.error or self._fault, undecoded_from=self._undecoded_from
        )

    def _is_coded(self, response: Response) -> bool:
        if self._found.coding is not Coding.EITHER:
            return self._found.coding is Coding.AS_SENT
        decoder = BodyDecoder(response.headers)
        for part in sliced(self._found.body[:1]):
            decoder.feed(part.data)
        return decoder.fault is None


def sliced(parts: Iterable[Part]) -> Iterator[Part]:
    for data, t_ns in parts:
        for start in range(0, len(data), SLICE_BYTES):
            yield Part(data[start : start + SLICE_BYTES], t_ns)
