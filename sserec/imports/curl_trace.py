"""What ``curl --trace FILE`` and ``--trace-ascii FILE`` wrote; with ``--trace-time``, when each piece came.

A trace shows each read as curl got it: heads, and bodies with the framing of HTTP/1.1. The hexadecimal form holds
every byte. The other one shows a dot for every byte that is no printable ASCII, line feeds included, so what is read
out of it is made again: line ends where a field of an event begins, and the rest is dots. Neither tells the date.
"""

import re
from dataclasses import dataclass, field, replace

from sserec.errors import NotAnArchive
from sserec.imports.curl_entries import Piece, is_hexadecimal, pieces
from sserec.imports.found import UNSEEN_END, WHOLE, Findings, Found, Part
from sserec.imports.shapes import http_version
from sserec.proxy.http1 import End, ResponseReader
from sserec.proxy.reader import Fault
from sserec.records import Headers, Request, Response, Unknown

CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
FIELD = rb"(?:event: ?[a-z]|data: |data:[{\[\"]|id: |retry: |: )"
END_OF_EVENT = re.compile(rb"\.\.(?=" + FIELD + rb"|\Z)")
END_OF_LINE = re.compile(rb"(?<=.)\.(?=" + FIELD + rb")")
LEFT_INTACT = re.compile(rb"Connection #\d+ to host .* left intact")
BROKEN = (
    b"transfer closed with",
    b"Recv failure",
    b"Send failure",
    b"stream was not closed cleanly",
    b"timed out",
)
"""How curl says that a transfer did not come to its end."""


@dataclass(slots=True)
class Transfer:
    """One exchange while its pieces are taken in."""

    opened_ns: int | None
    head: bytes = b""
    body: bytes = b""
    sent_ns: int | None = None
    response_head: bytes = b""
    response: Response | None = None
    response_ns: int | None = None
    parts: list[Part] = field(default_factory=list)
    end_ns: int | None = None
    is_over: bool = False
    error: str | None = None


def read(data: bytes) -> Findings:
    """Every exchange of a trace. Raises NotAnArchive where there is none."""
    is_hex = is_hexadecimal(data)
    transfers: list[Transfer] = []
    open_ones: dict[bytes, Transfer] = {}
    is_tls = False
    for piece in pieces(data, is_hex=is_hex):
        is_tls = is_tls or "SSL data" in piece.kind
        if piece.kind == "=> Send header" and not is_continued(open_ones.get(piece.transfer)):
            open_ones[piece.transfer] = Transfer(piece.t_ns)
            transfers.append(open_ones[piece.transfer])
        transfer = open_ones.get(piece.transfer)
        if transfer is not None:
            take(transfer, piece)
    if not transfers:
        raise NotAnArchive("it is no trace of curl: there is no request in it")
    is_timed = all(transfer.opened_ns is not None for transfer in transfers)
    findings = Findings(f"curl --trace{'' if is_hex else '-ascii'}", is_dated=False)
    findings.exchanges = [
        found(transfer, is_tls=is_tls, is_hex=is_hex, is_timed=is_timed) for transfer in transfers
    ]
    if not is_hex:
        findings.remarks.append(
            "--trace-ascii shows a dot for every byte that is no printable ASCII: line ends were put back where a"
            " field begins, other dots stay (curl --trace keeps the bytes)"
        )
    return findings


def is_continued(transfer: Transfer | None) -> bool:
    """Whether a head is still being sent: HTTP/1.1 heads come in one piece, those of later versions may not."""
    return transfer is not None and not transfer.head.endswith(b"\r\n\r\n") and not transfer.response_head


def take(transfer: Transfer, piece: Piece) -> None:
    """Takes in what a piece tells of an exchange."""
    match piece.kind:
        case "=> Send header":
            transfer.head += piece.data
            transfer.sent_ns = piece.t_ns
        case "=> Send data":
            transfer.body += piece.data
            transfer.sent_ns = piece.t_ns
        case "<= Recv header":
            take_head(transfer, piece)
        case "<= Recv data":
            transfer.parts.append(Part(piece.data, piece.t_ns))
            transfer.end_ns = piece.t_ns
        case "== Info":
            take_info(transfer, piece)


def take_head(transfer: Transfer, piece: Piece) -> None:
    """A response's head comes line by line; those of 1xx and of a proxy's CONNECT are followed by another one."""
    if transfer.response is not None:
        if not piece.data.startswith(b"HTTP/"):
            return  # a trailer
        transfer.response_head, transfer.response = b"", None
    transfer.response_head += piece.data
    if piece.data in (b"\r\n", b"\n"):
        status_line, fields = head_of(transfer.response_head)
        version, _, rest = status_line.partition(" ")
        code, _, reason = rest.partition(" ")
        if code.isascii() and code.isdecimal() and len(code) == 3 and not code.startswith("1"):
            transfer.response = Response(int(code), reason.strip(), http_version(version), fields)
            transfer.response_ns = transfer.end_ns = piece.t_ns
        else:
            transfer.response_head = b""


def take_info(transfer: Transfer, piece: Piece) -> None:
    if LEFT_INTACT.match(piece.data) and transfer.response is not None:
        transfer.is_over = True
    elif transfer.error is None and not transfer.is_over and any(words in piece.data for words in BROKEN):
        transfer.error = piece.data.decode("utf-8", "replace")
        transfer.end_ns = piece.t_ns


def head_of(head: bytes) -> tuple[str, Headers]:
    """The first line and the fields of a head."""
    first, *lines = head.decode("latin-1").replace("\r\n", "\n").rstrip("\n").split("\n")
    fields = (line.partition(":") for line in lines)
    return first, tuple((name, value.strip()) for name, colon, value in fields if colon)


def found(transfer: Transfer, *, is_tls: bool, is_hex: bool, is_timed: bool) -> Found:
    request_line, fields = head_of(transfer.head)
    method, _, rest = request_line.partition(" ")
    target, _, version = rest.rpartition(" ")
    parts, is_whole = content(transfer)
    if not is_hex:
        parts = [Part(with_line_ends(data), t_ns) for data, t_ns in parts]
    is_whole = is_whole or (transfer.is_over and transfer.error is None)
    close = replace(WHOLE if is_whole else UNSEEN_END, error=transfer.error)
    unknown = {
        Unknown.BYTES: not is_hex and bool(parts),
        Unknown.TIMES: not is_timed,
        Unknown.END: not is_whole,
    }
    return Found(
        request=Request(method, url(target, fields, is_tls=is_tls), http_version(version), fields),
        request_body=transfer.body,
        response=transfer.response,
        body=parts,
        t_open_ns=transfer.opened_ns,
        t_sent_ns=transfer.sent_ns,
        t_response_ns=transfer.response_ns,
        t_end_ns=transfer.end_ns,
        close=close,
        unknown=frozenset(name for name, holds in unknown.items() if holds),
    )


def url(target: str, fields: Headers, *, is_tls: bool) -> str:
    """A request through a proxy names its whole target."""
    if "://" in target:
        return target
    host = next((value for name, value in fields if name.lower() == "host"), "")
    return f"{'https' if is_tls else 'http'}://{host}{target}"


def content(transfer: Transfer) -> tuple[list[Part], bool]:
    """The body without HTTP/1.1's framing, where the trace shows it, and whether that told the end.

    Newer versions of curl show the content alone.
    """
    response = transfer.response
    coding = (response and response.header("transfer-encoding")) or ""
    if "chunked" in coding.lower() and (framed := dechunked(transfer.parts)) is not None:
        return framed
    length = (response and response.header("content-length")) or ""
    size_bytes = sum(len(part.data) for part in transfer.parts)
    return transfer.parts, length.isdecimal() and int(length) == size_bytes


def dechunked(parts: list[Part]) -> tuple[list[Part], bool] | None:
    """The content of each part, and whether the last chunk came; None where they have no such framing."""
    reader, contents, is_over = ResponseReader(), [], False
    reader.feed(CHUNKED_HEAD)
    for data, t_ns in parts:
        events = reader.feed(data)
        if any(isinstance(event, Fault) for event in events):
            return None
        is_over = is_over or any(isinstance(event, End) for event in events)
        contents += [Part(event, t_ns) for event in events if isinstance(event, bytes)]
    return (contents, is_over) if contents or is_over else None


def with_line_ends(text: bytes) -> bytes:
    """Dots that were line feeds, as far as the fields of events tell."""
    text = END_OF_EVENT.sub(b"\n\n", text)
    return END_OF_LINE.sub(b"\n", text)
