"""JSON as source text of Python and JavaScript, pretty and safe.

Strings are written with escapes that both languages share; whatever is not printable is escaped, so that source
text from a recording does nothing in a terminal and shows what it says.
"""

import json
import re
from typing import Any, NamedTuple

WIDTH = 100
INDENT = "    "
NOT_ASCII = re.compile(r"[^\x20-\x7e]")


class Language(NamedTuple):
    """How a language writes what JSON knows."""

    true: str
    false: str
    null: str


PYTHON = Language("True", "False", "None")
JAVASCRIPT = Language("true", "false", "null")


def literal(value: Any, language: Language, indent: str = "", lead: int = 0) -> str:
    """The source text of a JSON value, ``indent`` being that of its line, and ``lead`` what stands before it there."""
    if isinstance(value, dict):
        items = [(f"{_key(key, language)}: ", item) for key, item in value.items()]
        return _bracketed("{", items, "}", language, indent, lead)
    if isinstance(value, list):
        return _bracketed("[", [("", item) for item in value], "]", language, indent, lead)
    if isinstance(value, str):
        return string(value, language)
    names = {True: language.true, False: language.false, None: language.null}
    return names[value] if value is None or isinstance(value, bool) else json.dumps(value)


def string(text: str, language: Language) -> str:
    """A string literal in double quotes."""

    def escaped(match: re.Match[str]) -> str:
        return match[0] if match[0].isprintable() else _escape(ord(match[0]), language)

    return NOT_ASCII.sub(escaped, json.dumps(text, ensure_ascii=False))


def _escape(code: int, language: Language) -> str:
    if code <= 0xFFFF:
        return f"\\u{code:04x}"
    return f"\\U{code:08x}" if language is PYTHON else f"\\u{{{code:x}}}"


def _key(key: str, language: Language) -> str:
    """A computed key where a literal one would set an object's prototype (ECMA-262, section B.3.1)."""
    written = string(key, language)
    return f"[{written}]" if language is JAVASCRIPT and key == "__proto__" else written


def _bracketed(
    begin: str, items: list[tuple[str, Any]], end: str, language: Language, indent: str, lead: int
) -> str:
    """In one line where nothing is nested and all fits, else an item a line."""
    if not any(isinstance(item, dict | list) for _, item in items):
        line = begin + ", ".join(name + literal(item, language) for name, item in items) + end
        if len(indent) + lead + len(line) <= WIDTH:
            return line
    inner = indent + INDENT
    lines = [f"{inner}{name}{literal(item, language, inner, len(name))},\n" for name, item in items]
    return "".join([begin, "\n", *lines, indent, end])
