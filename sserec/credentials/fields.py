"""Secrets that only their names give away: ``"api_key": "…"``, ``password=…``, ``Authorization: Bearer …``.

Knows the tables of names; must not know where a text came from. A model writes about keys all the time,
and schemas of tools have fields for them, so a name is not enough: the value has to look like one that a machine made
up. Only in what a client sent, which is written by programs, the members that the recorder conceals count whatever
they hold.
"""

import binascii
import re
from collections.abc import Iterator

from sserec.credentials.keys import MASKED, PLACEHOLDER, Found, looks_random
from sserec.credentials.names import COOKIE_HEADERS, SECRET_HEADERS, SECRET_MEMBERS, SECRET_NAME, SECRET_QUERY

ENDINGS = (
    "key", "token", "secret", "password", "passwd", "pwd", "credential", "credentials", "authorization", "cookie",
    "auth", "assertion", "code", "sig", "signature", "verifier", "organization-id", "project", "session", "session-id",
    "session_id", "sessionid", "sid", "upload_id", "passphrase", "pass", "bearer", "ticket", "jwt", "otp", "dpop",
    "organization", "samlresponse", "accesskeyid",
)  # fmt: skip
"""Of names that are secret; what stands before them is looked at only where a value follows."""
NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_-.$")
NAME_MAX_CHARS = 60
BEFORE_VALUE = re.compile(
    r"""(?P<member>["']\s{0,20}:\s{0,20}["'])"""
    r"""|["']\s{0,20}:\s{0,20}[\[{]\s{0,20}(?:["']\w{1,40}["']\s{0,20}:\s{0,20})?["']"""
    r"""|["']?\]?\s{0,3}(?:=>?|:=|==)\s{0,3}["'`]?"""
    r"""|"?(?:\r\n(?:[\w-]{1,40}:[^\r\n]{0,200}\r\n){0,4}+)\r\n"""
    r"""|>(?=[^\s<>]{12,200}</)|(?P<line>:[ \t]{0,3})(?=\S)"""
)
"""In JSON, and there in a list or an object; in code, a URL or a form; in a form of several parts; in XML; in a head
or YAML."""
SCHEME = r"(?:(?i:bearer|basic|token|key|apikey)[ \t]+)?"
"""Worth keeping."""
MEMBER_VALUE = re.compile(SCHEME + r"""(?P<secret>[^"'\\]{1,8192}(?:\\.[^"'\\]{0,8192}){0,200})""", re.DOTALL)
LINE_VALUE = re.compile(SCHEME + r"""(?P<secret>(?!//)[^"'\r\n\\]{1,8192})""")
YAML_VALUE = re.compile(
    r"""(?<=[ \t])(?P<secret>[^\s"'`&;,<>(){}\[\]\\#]{1,8192}+)(?=[ \t]{0,20}(?:[\r\n"'`#\\]|\Z))"""
)
"""The one word of its line: a sentence may follow ``Token: `` as well."""
WORD_VALUE = re.compile(r"""(?P<secret>[^\s"'`&;,<>(){}\[\]\\]{1,8192}+)(?!\()""")
"""Before a parenthesis a word is a function, which code calls for a key."""
BEARER = re.compile(r"(?ai)bearer[ \t+]+(?P<secret>[\w.~+/=-]{12,})")
BASIC = re.compile(r"(?i)basic[ \t+]+(?P<secret>[A-Za-z0-9+/]{8,}={0,2})")
USER_INFO = re.compile(r"://[^/?#@\s\"'\\:<>]{0,100}:(?P<secret>[^/?#@\s\"'\\<>]{3,200})@")
TOKENS_OF_PAGES = re.compile(
    r"page|cursor|next|continuation|cancel|idempotency|cache|public|partition|sort|primary"
)
"""What is random and named so, and opens nothing."""

RULES = {
    "secret-field": "a field with the name of a secret, and a value that looks like one",
    "bearer-token": "a bearer token (RFC 6750)",
    "basic-credentials": "a user name and a password in base64 (RFC 7617)",
    "url-credentials": "a password in a URL (RFC 3986, section 3.2.1)",
}


def find_fields(text: str, *, is_strict: bool, left_out: frozenset[str]) -> Iterator[Found]:
    """The secrets in ``text`` that stand behind a name, or behind the name of a scheme.

    ``is_strict``: whatever a member holds that the recorder would have concealed.
    """
    lower = text.lower()
    if len(lower) != len(text):  # some letters of other scripts grow
        lower = "".join(one if len(one) == 1 else "?" for one in map(str.lower, text))
    if "secret-field" not in left_out:
        for ending in ENDINGS:
            yield from find_named(text, lower, ending, is_strict=is_strict)
    for rule, anchor, pattern in (
        ("bearer-token", "bearer", BEARER),
        ("basic-credentials", "basic", BASIC),
        ("url-credentials", "://", USER_INFO),
    ):
        if rule not in left_out:
            yield from find_scheme(text, lower, rule, anchor, pattern)


def find_named(text: str, lower: str, ending: str, *, is_strict: bool) -> Iterator[Found]:
    """What stands behind names with this ending. A value is read once, whatever names stand in it again."""
    at = lower.find(ending)
    while at >= 0:
        end = at + len(ending)
        before = BEFORE_VALUE.match(text, end)
        value = before and value_of(text, name_ending_at(lower, end), before)
        if value:
            if is_secret(*value, is_strict=is_strict):
                yield Found("secret-field", *value[1].span("secret"))
            end = value[1].end()
        at = lower.find(ending, end)


def name_ending_at(lower: str, end: int) -> str:
    start = end
    while start > 0 and end - start < NAME_MAX_CHARS and lower[start - 1] in NAME_CHARACTERS:
        start -= 1
    return lower[start:end].lstrip("-.$")


def value_of(text: str, name: str, before: re.Match[str]) -> tuple[str, re.Match[str]] | None:
    """The name, and the value behind it, if that is the name of a secret."""
    is_member, is_line = before["member"] is not None, before["line"] is not None
    if not is_secret_name(name, is_member=is_member, is_line=is_line, in_url=in_url(text, name, before)):
        return None
    value = pattern_of(name, is_member=is_member, is_line=is_line).match(text, before.end())
    return None if value is None else (name if is_member else "", value)


def pattern_of(name: str, *, is_member: bool, is_line: bool) -> re.Pattern[str]:
    """How far a value goes."""
    if is_line:
        return LINE_VALUE if is_header(name) else YAML_VALUE
    return MEMBER_VALUE if is_member else WORD_VALUE


def is_header(name: str) -> bool:
    return name in SECRET_HEADERS or name in COOKIE_HEADERS


def is_secret(member: str, value: re.Match[str], *, is_strict: bool) -> bool:
    """``member``: the name of the JSON member that holds it; empty where it is none."""
    if looks_random(longest_word(value["secret"])):
        return True
    return is_strict and member in SECRET_MEMBERS and is_password(value["secret"])


def is_secret_name(name: str, *, is_member: bool, is_line: bool, in_url: bool) -> bool:
    if TOKENS_OF_PAGES.search(name):
        return False
    if is_line and is_header(name):
        return True
    if in_url:
        return name in SECRET_QUERY or SECRET_NAME.search(name) is not None
    bare = name.rpartition(".")[2]
    if is_member and is_header(bare):
        return True
    return bare in SECRET_MEMBERS or (bare != "key" and SECRET_NAME.search(bare) is not None)


def in_url(text: str, name: str, before: re.Match[str]) -> bool:
    """Whether the name is that of a parameter: ``?key=``, ``&key=``."""
    start = before.start() - len(name)
    return before[0] == "=" and text[start - 1 : start] in ("?", "&", "$")


def longest_word(value: str) -> str:
    """Of cookies and the like: the part that may be random."""
    return max(re.split(r"[;,= ]+", value), key=len)


def find_scheme(text: str, lower: str, rule: str, anchor: str, pattern: re.Pattern[str]) -> Iterator[Found]:
    """What stands behind the name of a scheme."""
    at = lower.find(anchor)
    while at >= 0:
        match = pattern.match(text, at)
        end = at + len(anchor) if match is None else match.end()
        if match is not None and IS_SECRET[rule](match["secret"]):
            yield Found(rule, *match.span("secret"))
        at = lower.find(anchor, end)


def is_basic(value: str) -> bool:
    """Whether it is base64 of two words with a colon between them."""
    try:
        decoded = binascii.a2b_base64(value.encode() + b"=" * (-len(value) % 4))
    except ValueError:
        return False
    return b":" in decoded and decoded.isascii() and decoded.decode().isprintable()


def is_password(value: str) -> bool:
    return not MASKED.search(value) and not PLACEHOLDER.search(value)


IS_SECRET = {"bearer-token": looks_random, "basic-credentials": is_basic, "url-credentials": is_password}
