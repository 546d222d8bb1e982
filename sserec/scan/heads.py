"""What is no body: command line, URLs, header fields, errors, notes.

The recorder's own policy says what is secret in them; this adds the keys that it does not know and what was asked for.
Every value comes back clean, and what was taken out of it is told, so that to find and to replace are one thing.
Invariant: what is clean comes back as it is.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

from sserec.archive import ExchangeRecord, Mark, Meta, Opaque
from sserec.credentials.keys import MASKED
from sserec.records import Close, Connection, Headers, Request, Response
from sserec.redact import REDACTED, SECRETS, Names
from sserec.scan.search import Rules

OF_POLICY = {
    "header": "secret-header",
    "query": "secret-parameter",
    "option": "secret-option",
    "userinfo": "url-credentials",
    "variable": "secret-field",
    "json": "secret-field",
}
RULES = {
    "secret-header": "a header field that holds a secret by its name",
    "secret-parameter": "a parameter of a URL that holds a secret by its name",
    "secret-option": "an option of a command that takes a secret",
}


Value = TypeVar("Value")

MAX_DEPTH = 50
FILLED = re.compile(r"(?i)[\[(<{]?(?:redacted|removed|filtered|hidden|masked|dummy)[\])>}]?\**|[*x•.]+")
"""What other tools put in place of a secret."""


class Told(NamedTuple):
    """Something secret that stood in a head."""

    where: str
    """``request header authorization``"""
    rule: str
    text: str


class Heads:
    """Cleans one head after another; :attr:`told` grows."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self.told: list[Told] = []

    def text(self, where: str, text: str) -> str:
        """Any text."""
        return self._own(where, self._compared(where, text, SECRETS.text(text)))

    def url(self, where: str, url: str) -> str:
        return self._own(where, self._compared(where, url, SECRETS.url(url)))

    def headers(self, where: str, headers: Headers) -> Headers:
        """Header fields, or trailers."""
        clean = []
        for name, value in headers:
            place = f"{where} header {name.lower()}"
            ((_, cleaned),), names = SECRETS.headers(((name, value),))
            clean.append(
                (self._own(place, name), self._own(place, self._compared(place, value, (cleaned, names))))
            )
        return tuple(clean)

    def argv(self, argv: Sequence[str]) -> tuple[str, ...]:
        clean = []
        for number, (before, argument) in enumerate(zip(("", *argv), argv, strict=False)):
            (_, cleaned), names = SECRETS.argv((before, argument))
            of_before = SECRETS.argv((before,))[1]
            own = tuple(name for name in names if name not in of_before) or names
            where = f"command, argument {number}" if number else "command"
            clean.append(self._own(where, self._compared(where, argument, (cleaned, own))))
        return tuple(clean)

    def json(self, where: str, value: Any, depth: int = 0) -> Any:
        """The strings of a JSON value, and the names in it. What lies too deep to be looked at is left out."""
        if depth > MAX_DEPTH:
            return REDACTED
        if isinstance(value, str):
            return self.text(where, value)
        if isinstance(value, list):
            return [self.json(where, item, depth + 1) for item in value]
        if isinstance(value, dict):
            return {self.text(where, name): self.json(where, item, depth + 1) for name, item in value.items()}
        return value

    def meta(self, meta: Meta) -> Meta:
        """What the recording says of itself."""
        return replace(
            meta,
            command=self.argv(meta.command),
            software=self.text("software", meta.software),
            attributes={
                name: self.text(f"attribute {name}", value) for name, value in meta.attributes.items()
            },
        )

    def mark(self, mark: Mark) -> Mark:
        return replace(mark, text=self.text(f"mark on exchange {mark.exchange}", mark.text))

    def exchange(self, record: ExchangeRecord) -> ExchangeRecord:
        """The heads of an exchange; its bodies stay."""
        return replace(
            record,
            request=applied(self._request, record.request),
            response=applied(self._response, record.response),
            connection=applied(self._connection, record.connection),
            opaque=applied(self._opaque, record.opaque),
            close=applied(self._close, record.close),
        )

    def _request(self, request: Request) -> Request:
        return replace(
            request,
            method=self.text("request method", request.method),
            url=self.url("request URL", request.url),
            headers=self.headers("request", request.headers),
            redacted=tuple(self.text("names of what was replaced", name) for name in request.redacted),
        )

    def _response(self, response: Response) -> Response:
        return replace(
            response,
            reason=self.text("response reason", response.reason),
            headers=self.headers("response", response.headers),
        )

    def _connection(self, connection: Connection) -> Connection:
        return replace(connection, peer=connection.peer and self.text("peer", connection.peer))

    def _opaque(self, opaque: Opaque) -> Opaque:
        return Opaque(self.text("target", opaque.target), self.text("reason", opaque.reason))

    def _close(self, close: Close) -> Close:
        return replace(
            close,
            error=close.error and self.text("error", close.error),
            trailers=self.headers("trailer", close.trailers),
        )

    def _compared(self, where: str, text: str, cleaned: tuple[str, Names]) -> str:
        """What the policy made of it, which is told if that is another text."""
        clean, names = cleaned
        if clean != text:
            if FILLED.fullmatch(difference(text, clean)):
                return text
            kind, _, name = (names[0] if names else "variable").partition(":")
            rule = name if kind == "value" else OF_POLICY.get(kind, kind)
            self.told.append(Told(where, rule, difference(text, clean)))
        return clean

    def _own(self, where: str, text: str) -> str:
        """The same for what the policy does not know."""
        data, at, pieces = text.encode("utf-8", "surrogatepass"), 0, []
        for secret in self._rules.of_bytes(data):
            if not MASKED.search(secret.text):
                self.told.append(Told(where, secret.rule, secret.text))
                pieces += [data[at : secret.start], REDACTED.encode()]
                at = secret.end
        return b"".join([*pieces, data[at:]]).decode("utf-8", "replace") if pieces else text


def applied(clean: Callable[[Value], Value], value: Value | None) -> Value | None:
    return None if value is None else clean(value)


def difference(text: str, clean: str) -> str:
    """The part of ``text`` that ``clean`` has no more."""
    start = 0
    while start < min(len(text), len(clean)) and text[start] == clean[start]:
        start += 1
    end = 0
    while end < min(len(text), len(clean)) - start and text[-1 - end] == clean[-1 - end]:
        end += 1
    return text[start : len(text) - end]
