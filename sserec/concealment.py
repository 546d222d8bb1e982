"""Conceals values in bodies without moving anything: what is replaced has as many bytes as what replaces it. Pure.

A body's offsets, chunk borders and Content-Length therefore stay true. Works on text in latin-1, one character a byte,
and on text that is cut or no JSON at all: nothing here raises, and in doubt a value is concealed. Which names are
secret it must not know.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

Path = tuple[str, ...]
"""Names of members from the outermost object on; ``*`` is any. Arrays are walked through."""

IsSecret = Callable[[str], bool]

TOKEN = re.compile(r'[{}\[\],:]|"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[^\s{}\[\],:"]+', re.DOTALL)
MEMBER = re.compile(
    r'(?P<keep>"(?P<name>[^"\\]{1,100})"\s*:\s*")(?P<value>[^"\\]*(?:\\.[^"\\]*)*)', re.DOTALL
)
NESTED_MEMBER = re.compile(
    r'(?P<keep>(?<!\\)\\++"(?P<name>[^"\\]{1,100})\\++"\s*:\s*\\++")'
    r'(?P<value>[^"\\]*+(?:\\++[^"\\]++)*+)'
)
"""Of an object that stands in a string, or in a string of JSON in one."""
FIELD = re.compile(r"(?P<keep>(?:\A|&)(?P<name>[^=&\s]+)=)(?P<value>[^&\r\n]+)")
MARK = "[REDACTED]"


def concealed(value: str) -> str:
    """As long as ``value``, and without anything of it."""
    return MARK.ljust(len(value), "*") if len(value) >= len(MARK) else "*" * len(value)


def conceal_members(text: str, is_secret: IsSecret) -> str:
    """The strings that are values of members with a secret name, at any depth."""

    return conceal_named(NESTED_MEMBER, conceal_named(MEMBER, text, is_secret), is_secret)


def conceal_fields(text: str, is_secret: IsSecret) -> str:
    """The values of fields with a secret name in a form (application/x-www-form-urlencoded)."""
    return conceal_named(FIELD, text, is_secret)


def conceal_named(pattern: re.Pattern[str], text: str, is_secret: IsSecret) -> str:
    def replacement(match: re.Match[str]) -> str:
        return match["keep"] + concealed(match["value"]) if is_secret(match["name"].lower()) else match[0]

    return pattern.sub(replacement, text)


def conceal_spans(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """What stands between each pair of places, which may overlap."""
    pieces, at = [], 0
    for start, end in sorted(spans):
        pieces += [text[at:start], concealed(text[max(start, at) : end])]
        at = max(at, end)
    return "".join([*pieces, text[at:]])


def conceal_paths(text: str, paths: Sequence[Path]) -> str:
    """Every string and number at or below one of the ``paths`` of a JSON text; a number becomes 0."""
    pieces, at = [], 0
    for start, end in values_at(text, paths):
        value = text[start:end]
        pieces += [text[at:start], concealed_value(value)]
        at = end
    return "".join([*pieces, text[at:]])


def concealed_value(value: str) -> str:
    if not value.startswith('"'):
        return value if value in ("true", "false", "null") else "0".ljust(len(value))
    closing = '"' if len(value) > 1 and value.endswith('"') else ""
    return '"' + concealed(value[1 : len(value) - len(closing)]) + closing


def values_at(text: str, paths: Sequence[Path]) -> Iterator[tuple[int, int]]:
    """Where the scalars at or below ``paths`` stand. What is no JSON is read as far as it looks like some."""
    names: list[str | None] = []  # the current member of each open object; None for an array
    is_name = False
    for token in TOKEN.finditer(text):
        match token[0]:
            case "{" | "[":
                is_name = token[0] == "{"
                names.append("" if is_name else None)
            case "}" | "]":
                is_name = False
                del names[-1:]
            case ",":
                is_name = bool(names) and names[-1] is not None
            case ":":
                is_name = False
            case name if is_name:
                names[-1] = name.strip('"')
            case _ if any(is_at_or_below(names, path) for path in paths):
                yield token.span()


def is_at_or_below(names: Sequence[str | None], path: Path) -> bool:
    members = [name for name in names if name is not None]
    return len(members) >= len(path) and all(
        wanted in ("*", name) for wanted, name in zip(path, members, strict=False)
    )


def parse_path(text: str) -> Path:
    """``user.email``, ``$.contents[*].parts[0].text``: a leading ``$`` and indexes say nothing here."""
    return tuple(re.sub(r"\[[^\]]*\]", "", text.removeprefix("$").removeprefix(".")).split("."))
