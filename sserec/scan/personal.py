"""What says who somebody is: looked for when asked for, because a recording is full of it that harms nobody.

Knows how addresses look; must not know whose they are.
"""

import re
from collections.abc import Callable, Iterator
from ipaddress import ip_address

from sserec.credentials.keys import MASKED, Found

EMAIL = re.compile(
    r"(?<![\w.+%-])[\w.+%-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,8}\.[A-Za-z]{2,24}(?![\w-])"
)
PHONE = re.compile(
    r"(?<![\w+./-])(?:\+\d{1,3}[ .-]?(?:\(\d{1,4}\)|\d{1,4})|\(\d{3}\) ?\d{3})(?:[ .-]?\d{2,4}){2,4}(?![\w-])"
)
"""With its country, or in the American way with the area in parentheses: anything else is any number."""
ADDRESS = re.compile(
    r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7})(?![\w:]|\.\d)"
)
HOME = re.compile(r"(?:/home/|/Users/|[A-Za-z]:\\{1,4}Users\\{1,4})(?P<secret>[\w.-]{1,64})")
NOBODY_S_HOMES = frozenset(
    {"user", "username", "runner", "shared", "public", "linuxbrew", "vscode", "you", "ubuntu"}
)


def find_emails(text: str) -> Iterator[Found]:
    """E-mail addresses."""
    if "@" in text:
        for match in EMAIL.finditer(text):
            yield Found("email", *match.span())


def find_phones(text: str) -> Iterator[Found]:
    """Telephone numbers."""
    if "+" in text or "(" in text:
        for match in PHONE.finditer(text):
            yield Found("phone", *match.span())


def find_addresses(text: str) -> Iterator[Found]:
    """IP addresses of either version that name one machine."""
    for match in ADDRESS.finditer(text):
        try:
            address = ip_address(match[0])
        except ValueError:
            continue
        if not (address.is_loopback or address.is_unspecified):
            yield Found("ip-address", *match.span())


def find_homes(text: str) -> Iterator[Found]:
    """The user's name in the path of a home."""
    for match in HOME.finditer(text):
        if match["secret"].lower() not in NOBODY_S_HOMES and not MASKED.search(match["secret"]):
            yield Found("home-path", *match.span("secret"))


FINDERS: dict[str, Callable[[str], Iterator[Found]]] = {
    "email": find_emails,
    "phone": find_phones,
    "ip-address": find_addresses,
    "home-path": find_homes,
}
RULES = {
    "email": "an e-mail address",
    "phone": "a telephone number, with its country or its area in parentheses",
    "ip-address": "an IP address other than loopback",
    "home-path": "the user's name in the path of a home",
}
