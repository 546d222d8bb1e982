"""In what two requests differ, for the person whose request was not recorded. Pure."""

import re
from collections.abc import Iterator
from itertools import islice, zip_longest
from typing import Any, NamedTuple

import orjson

from sserec.replay.asked import Asked

LISTED = 20
SHOWN_CHARACTERS = 120
BODY = "body"
ABSENT = "(nothing)"
CONCEALED = re.compile(r"\[REDACTED\]\**")
SHORT = re.compile(r"\*+")
"""What is too short for the word."""
OTHER_ENDPOINT = 1_000_000
"""A request for something else is further away than any body can be."""


class Difference(NamedTuple):
    """A place in a request, and what stands there in each."""

    place: str
    recorded: str
    asked: str


_NOTHING = object()


def differences(recorded: Asked, asked: Asked) -> Iterator[Difference]:
    """Whom it was sent to, method and path first, then the query, then the body, member by member."""
    if recorded.authority and asked.authority:
        yield from compared("server", recorded.authority, asked.authority)
    yield from compared("method", recorded.method, asked.method)
    yield from compared("path", recorded.resource, asked.resource)
    yield from compared("query", dict(recorded.query), dict(asked.query))
    yield from compared(BODY, recorded.meaning, asked.meaning)


def compared(place: str, recorded: Any, asked: Any) -> Iterator[Difference]:
    if recorded == asked or is_concealed(recorded, asked):
        return
    if isinstance(recorded, dict) and isinstance(asked, dict):
        for key in dict.fromkeys((*recorded, *asked)):
            yield from compared(f"{place}.{key}", recorded.get(key, _NOTHING), asked.get(key, _NOTHING))
    elif isinstance(recorded, list) and isinstance(asked, list):
        for index, (one, other) in enumerate(zip_longest(recorded, asked, fillvalue=_NOTHING)):
            yield from compared(f"{place}[{index}]", one, other)
    else:
        yield Difference(place, shown(recorded), shown(asked))


def is_concealed(recorded: Any, asked: Any) -> bool:
    """Whether the recorder put something in the place of a secret: then anything may have stood there."""
    if not isinstance(recorded, str):
        return False
    first, *others = CONCEALED.split(recorded)
    if not others:
        return SHORT.fullmatch(recorded) is not None
    return (not first and others == [""]) or (isinstance(asked, str) and has_around([first, *others], asked))


def has_around(kept: list[str], text: str) -> bool:
    """Whether a text is all of these with anything in between."""
    first, *between, last = kept
    at = len(first) if text.startswith(first) else -1
    for piece in between:
        found = text.find(piece, at) if at >= 0 else -1
        at = found + len(piece) if found >= 0 else -1
    return 0 <= at <= len(text) - len(last) and text.endswith(last)


def shown(value: Any) -> str:
    """A value in a few words."""
    if value is _NOTHING:
        return ABSENT
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}… ({len(text):,} characters)"


def distance(recorded: Asked, asked: Asked) -> int:
    """How far apart two requests are: the fewer differences the nearer, those of method and path above all."""
    elsewhere = (recorded.method != asked.method) + (recorded.resource != asked.resource)
    return elsewhere * OTHER_ENDPOINT + len(list(islice(differences(recorded, asked), 1000)))
