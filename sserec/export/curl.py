"""A request again, as a shell command for curl: the same method, URL, headers and body bytes.

The command is for any POSIX shell. Everything that comes from the recording stands in single quotes; secrets, which the
recording does not hold, or does not hold for long, stand as variables. What curl would add of its own is taken away.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat

from sserec.export import Options
from sserec.export.subject import Subject, request_body
from sserec.recording import Exchange
from sserec.records import Request
from sserec.redact import REDACTED, SECRETS

KEY_VARIABLE = "GEMINI_API_KEY"
KEY_PARAMETER = "key"
VARIABLES = {"x-goog-api-key": KEY_VARIABLE, KEY_PARAMETER: KEY_VARIABLE, "authorization": "ACCESS_TOKEN"}
"""The variable of each secret; any other is called as its header or parameter."""
OF_THE_CONNECTION = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Fields of one connection (RFC 9110, section 7.6.1), and those that curl must compute itself."""
ADDED_BY_CURL = ("accept", "user-agent", "content-type")
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A field's name (RFC 9110, section 5.6.2); curl would read a file for one that begins with @."""
MAX_ARGUMENT_BYTES = 100_000
"""Linux takes 128 KiB for one argument (execve(2), MAX_ARG_STRLEN); printf is part of the shell."""
ILLEGAL_IN_VALUE = re.compile(r"[\0\r\n]")
"""RFC 9110, section 5.5."""
IN_URL = re.compile(r"(?:[?&;#]([^=?&;#]+)=)?" + re.escape(REDACTED))
"""A secret, and the parameter whose value it is."""
CONTROL = re.compile(rb"[^\t\n\r\x20-\x7e\x80-\xff]")
GLOB = re.compile(r"[][{}]")


def commands(subjects: Sequence[Subject], options: Options) -> Iterator[bytes]:
    """A command for each request, a blank line between two."""
    separator = b""
    for subject in subjects:
        for exchange in subject.exchanges:
            if exchange.request is not None:
                yield separator + command(exchange, exchange.request)
                separator = b"\n"


def command(exchange: Exchange, request: Request) -> bytes:
    """The command, an option a line."""
    body = request_body(exchange) or b""
    safe = SECRETS.request(request)
    options = [*_method(request.method, body), *_url(safe.url), *_headers(safe, body), *_body(body)]
    lines = b" \\\n  ".join([b"curl -sS --no-buffer", *options])
    return (b"" if _fits(body) else b"printf " + _escaped(body) + b" |\n") + lines + b"\n"


def quoted(data: bytes) -> bytes:
    """One word for the shell, whatever the bytes (POSIX, Shell Command Language, 2.2.2)."""
    return b"'" + data.replace(b"'", b"'\\''") + b"'"


def _method(method: str, body: bytes) -> list[bytes]:
    if method == "HEAD":
        return [b"--head"]
    return [] if method == ("POST" if body else "GET") else [b"-X " + quoted(method.encode())]


def _url(url: str) -> list[bytes]:
    options = [b"--globoff"] if GLOB.search(url.replace(REDACTED, "")) else []
    if "/./" in url or "/../" in url:
        options.append(b"--path-as-is")
    names = (secret[1] or KEY_PARAMETER for secret in IN_URL.finditer(url))
    return [*options, _word(url.replace("\0", "%00"), names)]


def _headers(request: Request, body: bytes) -> Iterator[bytes]:
    sent = {name.lower() for name, _ in request.headers}
    for name, value in request.headers:
        if (
            name.lower() not in OF_THE_CONNECTION
            and TOKEN.fullmatch(name)
            and not ILLEGAL_IN_VALUE.search(value)
        ):
            yield b"-H " + _word(f"{name}: {value}" if value else f"{name};", repeat(name), "latin-1")
    for name in ADDED_BY_CURL:
        if name not in sent and (body or name != "content-type"):
            yield b"-H " + quoted(f"{name}:".encode())
    if "accept-encoding" in sent:
        yield b"--compressed"


def _body(body: bytes) -> list[bytes]:
    if not body:
        return []
    return [b"--data-raw " + quoted(body)] if _fits(body) else [b"--data-binary @-"]


def _fits(body: bytes) -> bool:
    """Whether the body can be an argument: a NUL ends one, and control characters do not belong in a terminal."""
    return len(body) <= MAX_ARGUMENT_BYTES and not CONTROL.search(body)


def _escaped(body: bytes) -> bytes:
    """The format of a printf that writes the body: text as it is, the rest in octal."""
    text = body.replace(b"\\", b"\\\\").replace(b"%", b"%%")
    format_ = CONTROL.sub(lambda byte: b"\\%03o" % byte[0][0], text)
    return quoted(b"\\055" + format_[1:] if format_.startswith(b"-") else format_)


def _word(text: str, names: Iterable[str], encoding: str = "utf-8") -> bytes:
    """Text as one word for the shell, its secrets as the variables that their names call for."""
    first, *others = (
        quoted(piece.encode(encoding, "replace")) if piece else b"" for piece in text.split(REDACTED)
    )
    variables = (f'"${_variable(name)}"'.encode() for name in names)
    return first + b"".join(variable + other for other, variable in zip(others, variables, strict=False))


def _variable(name: str) -> str:
    lower = name.lower()
    return VARIABLES.get(lower) or re.sub(r"[^A-Z_]+", "_", lower.upper())
