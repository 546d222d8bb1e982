"""Replaces secrets before anything is written. Pure: text in, text out, and the names of what was replaced.

What a secret is called and what it looks like :mod:`sserec.credentials` knows; this knows where people and programs put
it: in heads, URLs, command lines, bodies. In doubt a value is replaced: an archive is made to be shown to others, and
lacks nothing by a false alarm. Order, case and spacing of what is no secret stay as they were.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote

from sserec.concealment import (
    Path,
    conceal_fields,
    conceal_members,
    conceal_paths,
    conceal_spans,
    parse_path,
)
from sserec.credentials import secret_spans
from sserec.credentials.keys import KEYS, looks_random, may_hold_key
from sserec.credentials.names import (
    AUTH_OPTIONS,
    COOKIE_HEADERS,
    OPEN_HEADER_ENDINGS,
    PAIR_OPTIONS,
    SECRET_HEADER_ENDINGS,
    SECRET_HEADERS,
    SECRET_MEMBERS,
    SECRET_NAME,
    SECRET_OPTIONS,
    SECRET_QUERY,
    SUBPROTOCOL_HEADER,
)
from sserec.records import Headers, Request, Response

REDACTED = "[REDACTED]"

KNOWN_KEYS = {key.id: key.pattern.replace("(?P<secret>", "(?:") for key in KEYS}
"""What the keys of known vendors look like, wherever they stand."""

Names = tuple[str, ...]
"""What was replaced: ``header:authorization``, ``query:key``, ``value:google-api-key``, ``option:--user``."""

KNOWN_KEY = re.compile(
    r"(?:(?<![\w-])|(?<=\\[bfnrt])|(?<=%[0-9A-Fa-f]{2})|(?<=\\u[0-9A-Fa-f]{4}))(?:"
    + "|".join(f"(?P<{n.replace('-', '_')}>{p})" for n, p in KNOWN_KEYS.items())
    + ")"
)
"""A letter before it may belong to an escape."""
BEARER = re.compile(r"(?i)(?<![\w-])(?P<keep>bearer(?:[ \t+]|%20)+|openai-insecure-api-key\.)[\w.~+/=-]{8,}")
"""RFC 6750, and the subprotocol by which a browser's WebSocket shows its key to OpenAI: a refused one is recorded."""
USER_INFO = re.compile(r"(?i)(?P<keep>(?<![a-z0-9+.-])[a-z][a-z0-9+.-]*:(?://|\\/\\/))[^/?#@\s\"'\\]+(?=@)")
PARAMETER = re.compile(r"(?P<keep>(?:[?&;#]|\\u0026)(?P<name>[^=?&;#\s\"'<>\\]+)=)[^&;#\s\"'<>\\]+")
NESTED_PARAMETER = re.compile(
    r"(?i)(?P<keep>%(?:25){0,3}(?:3f|26|23|3b)(?P<name>[\w.$-]{1,60})%(?:25){0,3}3d)"
    r"(?:(?!%(?:25){0,3}(?:26|23|3b))[^&;#\s\"'<>\\])+"
)
"""Of a URL that is a parameter of another one."""
ASSIGNMENT = re.compile(
    r"(?<![\w?&;#.-])(?P<keep>-{0,2}(?P<name>[A-Za-z_][\w.-]*)(?:[\"']\])?(?:==?| *[:=] *(?=[\"'`]))[\"'`]?)"
    r"(?:(?<=\")[^\"]+|(?<=')[^']+|(?<=`)[^`]+|(?<![\"'`])(?:[^\s\"'&;,(]|[,(](?![A-Za-z_][\w.-]{0,60} {0,2}=))+)"
)
"""An unquoted value ends where another assignment begins: ``--set A=1,API_KEY=…``, ``dict(key='…')``."""
JSON_MEMBER = re.compile(r"(?P<keep>[\"'](?P<name>[\w-]+)\\?[\"']\s*:\s*\\?[\"'])[^\"'\\]+")
HEADER_LINE = re.compile(
    r"(?P<keep>(?<![\w-])(?:-[A-Za-z]{0,12}H)?(?P<name>[A-Za-z][\w-]*)[ \t]*:[ \t]*+)(?!//)[^\"'\r\n]+"
)
WHOLE_HEADER = re.compile(
    r"(?s)(?P<keep>(?:--header=|--proxy-header=|-[A-Za-z]{0,12}H)?(?P<name>[A-Za-z][\w-]*)[ \t]*:[ \t]*)(?!//).+"
)
CREDENTIAL_OPTION = re.compile(
    r"(?P<keep>(?<!\S)(?:-[A-Za-z]{0,12}[uU]|--user|--proxy-user)[ =]?[\"']?)[^\s\"':]*:[^\s\"']+"
)
COOKIE_OPTION = re.compile(
    r"(?P<keep>(?<!\S)(?:-[A-Za-z]{0,12}b|--cookie)[ =]?[\"']?[^\s\"'=;]+=)(?:(?<![\"'])[^\s\"']+)"
)
VALUE_OPTION = re.compile(r"(?P<keep>(?<!\S)(?P<name>--[A-Za-z][\w-]*) [\"']?)[^\s\"'-][^\s\"']*")
"""An option and its value in a script."""
CREDENTIAL_LETTERS = re.compile(r"-[A-Za-z]{1,12}[uUbE]")
"""curl's short options run together, the last of which takes a pair."""
TOKEN_SERVICE = re.compile(
    r"(?i)://[^?#]*(?:token|oauth|signin|login|credential|secret|/sessions?(?:[?#]|\Z))"
)
"""URLs whose JSON answers hold tokens; any other answer is kept as it came."""
URL_SIGN = re.compile(r"[?#]|://")
WORD = re.compile(r"[^\s,.]+")
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,19}")
FORM = re.compile(r"[\w.%+\[\]-]+=")
BINARY = re.compile(rb"[\x00-\x08\x0e-\x1f]")
MULTIPART = b"--"


@dataclass(frozen=True, slots=True)
class Policy:
    """What is replaced. The defaults are the tables above; names are lower case."""

    secret_headers: frozenset[str] = SECRET_HEADERS
    secret_query: frozenset[str] = SECRET_QUERY
    secret_members: frozenset[str] = SECRET_MEMBERS
    secret_paths: tuple[Path, ...] = ()
    """Of JSON bodies."""

    def with_names(self, headers: Iterable[str], query: Iterable[str], paths: Iterable[str]) -> "Policy":
        """The same, and what these name: headers, parameters of queries and forms, and JSON paths."""
        return replace(
            self,
            secret_headers=self.secret_headers.union(map(str.lower, headers)),
            secret_query=self.secret_query.union(map(str.lower, query)),
            secret_paths=self.secret_paths + tuple(map(parse_path, paths)),
        )

    def request(self, request: Request) -> Request:
        """The head with its secrets replaced, and their names in ``redacted``."""
        url, in_url = self.url(request.url)
        headers, in_headers = self.headers(request.headers)
        return replace(
            request, url=url, headers=headers, redacted=unique((*request.redacted, *in_url, *in_headers))
        )

    def response(self, response: Response) -> Response:
        """The head with its secrets (cookies, mostly) replaced."""
        return replace(response, headers=self.headers(response.headers)[0])

    def headers(self, headers: Headers) -> tuple[Headers, Names]:
        """Each field with what is secret of its value replaced."""
        names: list[str] = []
        return tuple((name, self._field(name, value, names)) for name, value in headers), unique(names)

    def url(self, url: str) -> tuple[str, Names]:
        """A URL without user information, secret parameters, and keys that stand in its path."""
        names: list[str] = []
        return self._url(url, names), unique(names)

    def argv(self, argv: Sequence[str]) -> tuple[tuple[str, ...], Names]:
        """A command line without secrets: in options, headers, URLs, variables, and scripts given as arguments."""
        names: list[str] = []
        clean = []
        for before, argument in zip(("", *argv), argv, strict=False):
            clean.append(self._argument(before, argument, names))
        return tuple(clean), unique(names)

    def text(self, text: str) -> tuple[str, Names]:
        """Any other text: what looks like a secret anywhere in it is replaced."""
        names: list[str] = []
        return self._text(text, names), unique(names)

    def body(self, data: bytes) -> bytes:
        """A body in which no byte has moved, with what is secret of JSON and of forms concealed."""
        text = data.decode("latin-1")
        if FORM.match(text):
            data = conceal_fields(text, self._is_secret_field).encode("latin-1")
        elif self.secret_paths and text.lstrip("\xef\xbb\xbf \t\r\n")[:1] in ("{", "["):
            data = conceal_paths(text, self.secret_paths).encode("latin-1")
        return self.body_part(data)

    def body_part(self, data: bytes) -> bytes:
        """The same for a piece out of a body, in which nothing tells a path."""
        text = conceal_members(data.decode("latin-1"), self._is_secret_member)
        return conceal_spans(text, secret_spans(text.encode("latin-1"))).encode("latin-1")

    def conceals_request(self, beginning: bytes) -> bool:
        """Whether a body that begins so is one that secrets are looked for in: text, or a form with a file in it."""
        return beginning.startswith(MULTIPART) or BINARY.search(beginning) is None

    def conceals_response(self, url: str, response: Response) -> bool:
        """Whether secrets are looked for in a response: tokens that were asked for, and the paths that were named."""
        media_type = (response.header("content-type") or "").partition(";")[0].strip().lower()
        return media_type.endswith("json") and bool(self.secret_paths or TOKEN_SERVICE.search(url))

    def _is_secret_member(self, name: str) -> bool:
        """Tools name the heads that a server is to send on: with a hyphen a member is one of those."""
        return name in self.secret_members or name in self.secret_headers or self._is_secret_head(name)

    def _is_secret_head(self, name: str) -> bool:
        return "-" in name and self._is_secret_header(name)

    def _is_secret_field(self, name: str) -> bool:
        return self._is_secret_member(unquote(name)) or unquote(name) in self.secret_query

    def _field(self, name: str, value: str, names: list[str]) -> str:
        lower = name.lower()
        if self._is_secret_header(lower):
            names.append(f"header:{lower}")
            return without_credentials(lower, value)
        if lower in COOKIE_HEADERS:
            names.append(f"header:{lower}")
            return without_cookies(value, 1 if lower == "set-cookie" else None)
        if lower == SUBPROTOCOL_HEADER:
            value = without_random_words(value)
            names += [f"header:{lower}"] if REDACTED in value else []
        return self._url(value, names) if URL_SIGN.search(value) else known_keys(value, names)

    def _url(self, url: str, names: list[str]) -> str:
        url = substitute(USER_INFO, url, "userinfo", names)
        url = substitute(PARAMETER, url, "query", names, self._is_secret_parameter)
        url = substitute(NESTED_PARAMETER, url, "query", names, self._is_secret_parameter)
        return known_keys(url, names)

    def _argument(self, before: str, argument: str, names: list[str]) -> str:
        if self._takes_secret(before, argument):
            names.append(f"option:{before}")
            return REDACTED
        header = WHOLE_HEADER.fullmatch(argument)
        if header and self._is_hidden_header(header["name"].lower()):
            names.append(f"header:{header['name'].lower()}")
            return header["keep"] + REDACTED
        return self._text(
            conceal_paths(argument, self.secret_paths) if self.secret_paths else argument, names
        )

    def _text(self, text: str, names: list[str]) -> str:
        text = self._url(text, names)
        text = substitute(CREDENTIAL_OPTION, text, "option:--user", names)
        text = substitute(COOKIE_OPTION, text, "option:--cookie", names)
        text = substitute(VALUE_OPTION, text, "option", names, self._is_secret_option)
        text = substitute(HEADER_LINE, text, "header", names, self._is_hidden_header)
        text = substitute(JSON_MEMBER, text, "json", names, self._is_secret_name)
        text = substitute(ASSIGNMENT, text, "variable", names, self._is_secret_name)
        return without_made_up(text, names)

    def _takes_secret(self, option: str, argument: str) -> bool:
        if option in PAIR_OPTIONS or CREDENTIAL_LETTERS.fullmatch(option):
            return ":" in argument or "=" in argument or (option in AUTH_OPTIONS and looks_random(argument))
        return option in SECRET_OPTIONS or (self._is_secret_option(option) and not argument.startswith("-"))

    def _is_secret_option(self, option: str) -> bool:
        if option in PAIR_OPTIONS:
            return False
        return option in SECRET_OPTIONS or (option.startswith("--") and self._is_secret_name(option.lower()))

    def _is_secret_header(self, name: str) -> bool:
        hyphened = name.replace("_", "-")
        if name in self.secret_headers or hyphened in self.secret_headers:
            return True
        return hyphened.endswith(SECRET_HEADER_ENDINGS) and not hyphened.endswith(OPEN_HEADER_ENDINGS)

    def _is_hidden_header(self, name: str) -> bool:
        """In running text a value that holds several is not taken apart."""
        return name in COOKIE_HEADERS or name == SUBPROTOCOL_HEADER or self._is_secret_header(name)

    def _is_secret_parameter(self, name: str) -> bool:
        bare = unquote(name).lower().lstrip("$")  # of Google's system parameters: $key is key
        bare = bare.removesuffix("]").rpartition("[")[2]
        return bare in self.secret_query or self._is_secret_name(bare)

    def _is_secret_name(self, name: str) -> bool:
        return name in self.secret_headers or SECRET_NAME.search(name) is not None


class KeepSecrets(Policy):
    """Replaces nothing: for those who asked for it in as many words."""

    def conceals_request(self, beginning: bytes) -> bool:
        return False

    def conceals_response(self, url: str, response: Response) -> bool:
        return False

    def request(self, request: Request) -> Request:
        return request

    def response(self, response: Response) -> Response:
        return response

    def headers(self, headers: Headers) -> tuple[Headers, Names]:
        return headers, ()

    def url(self, url: str) -> tuple[str, Names]:
        return url, ()

    def argv(self, argv: Sequence[str]) -> tuple[tuple[str, ...], Names]:
        return tuple(argv), ()

    def text(self, text: str) -> tuple[str, Names]:
        return text, ()


SECRETS = Policy()
KEEP_SECRETS = KeepSecrets()


def substitute(
    pattern: re.Pattern[str],
    text: str,
    kind: str,
    names: list[str],
    is_secret: Callable[[str], bool] | None = None,
) -> str:
    """Replaces what follows ``keep`` in each match, if its ``name`` is that of a secret."""

    def replacement(match: re.Match[str]) -> str:
        if is_secret is None:
            names.append(kind)
        elif is_secret(match["name"].lower()):
            names.append(f"{kind}:{match['name'].lower()}")
        else:
            return match[0]
        return str(match["keep"]) + REDACTED

    return pattern.sub(replacement, text)


def known_keys(text: str, names: list[str]) -> str:
    """Replaces what looks like a key of a known vendor, and bearer tokens."""

    def replacement(match: re.Match[str]) -> str:
        names.append(f"value:{(match.lastgroup or '').replace('_', '-')}")
        return REDACTED

    text = substitute(BEARER, text, "value:bearer-token", names)
    return KNOWN_KEY.sub(replacement, text) if may_hold_key(text) else text


def without_made_up(text: str, names: list[str]) -> str:
    """Replaces what is a secret by its name if its value looks so: of files and forms in a command line."""
    data, pieces, at = text.encode("utf-8", "surrogatepass"), [], 0
    for start, end in sorted(secret_spans(data)):
        if start >= at:
            names.append("value:secret-field")
            pieces += [data[at:start], REDACTED.encode()]
        at = max(at, end)
    return b"".join([*pieces, data[at:]]).decode("utf-8", "replace") if pieces else text


def without_credentials(name: str, value: str) -> str:
    """The value's secret part replaced; the scheme of an authorization is worth keeping."""
    scheme, _, credentials = value.strip().partition(" ")
    has_scheme = name.endswith("authorization") and credentials and SCHEME.fullmatch(scheme)
    return f"{scheme} {REDACTED}" if has_scheme else REDACTED


def without_cookies(value: str, count: int | None) -> str:
    """The first ``count`` of the pairs, or all, with nothing behind their names (RFC 6265, section 5.2)."""
    pairs = value.split(";")
    return ";".join([*map(without_value, pairs[:count]), *(pairs[count:] if count else ())])


def without_value(pair: str) -> str:
    name, equals, _ = pair.partition("=")
    return f"{name}={REDACTED}" if equals else REDACTED


def without_random_words(value: str) -> str:
    """A list of words, but for those that a machine made up."""
    return WORD.sub(lambda word: REDACTED if looks_random(word[0]) else word[0], value)


def unique(names: Iterable[str]) -> Names:
    return tuple(dict.fromkeys(names))
