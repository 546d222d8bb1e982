"""What one exchange asked of the Interactions API, and what it heard back.

Knows the API's URLs and the few keys by which exchanges belong together; must not know other exchanges. The path
may begin with anything: a version, a project and a location, a proxy's prefix.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qs, unquote

from sserec.interactions import steps_of

Json = dict[str, Any]

_PATH = re.compile(r"/interactions(?:/(?P<id>[^/:]+)(?P<cancel>[/:]cancel)?)?/?$")
_TRUE = frozenset({"true", "1"})
_RETRIED_STATUSES = frozenset({408, 409, 429})
"""Besides 5xx: what both SDKs try again, up to four times (docs/conversations.md, "Retries")."""


class Role(StrEnum):
    """What an exchange was for."""

    CREATE = "create"
    GET = "get"
    REPLAY = "replay"
    """A GET that streams from the start."""
    RESUME = "resume"
    """A GET that streams what came after an event."""
    CANCEL = "cancel"
    DELETE = "delete"
    ANSWER = "answer"
    """An interaction whose request was not recorded."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request to the API. What a request does not say is empty."""

    role: Role
    interaction_id: str = ""
    """The one in the URL."""
    last_event_id: str = ""
    previous_interaction_id: str = ""
    continuation_token: str = ""
    result_call_ids: tuple[str, ...] = ()
    """The calls whose results it brings."""


@dataclass(frozen=True, slots=True)
class MadeCall:
    """A function call that the model made, and waits for the result of."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Heard:
    """What an answer said of the interaction. What it did not say is empty."""

    id: str = ""
    status: str = ""
    continuation_token: str = ""
    previous_interaction_id: str = ""
    calls: tuple[MadeCall, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """An exchange, as far as a conversation cares."""

    exchange: int
    call: Call
    http_status: int | None = None
    """None where no response came."""
    heard: Heard | None = None
    """None where the response held no interaction."""
    request_key: str = ""
    """The same for requests that are the same, byte for byte; empty where that is not known."""
    t_open_ns: int | None = None
    t_close_ns: int | None = None

    @property
    def may_be_tried_again(self) -> bool:
        """Whether an SDK would send the same request again."""
        if self.http_status is None:
            return self.t_close_ns is not None
        return self.http_status in _RETRIED_STATUSES or self.http_status >= 500


def call_of(method: str, url: str, body: object) -> Call | None:
    """The call that a request makes; None where it is none of the Interactions API. ``body``: its JSON, or None."""
    path, _, query = url.partition("#")[0].partition("?")
    match = _PATH.search(path)
    if match is None:
        return None
    interaction_id = unquote(match["id"] or "")
    if method == "POST" and not interaction_id:
        return _creation(body if isinstance(body, dict) else {})
    if method == "POST" and match["cancel"]:
        return Call(Role.CANCEL, interaction_id)
    if method == "DELETE" and interaction_id:
        return Call(Role.DELETE, interaction_id)
    return _retrieval(interaction_id, query) if method == "GET" and interaction_id else None


def heard_of(interaction: Json) -> Heard:
    """What an interaction, whole or not, says of itself."""
    return Heard(
        id=_text(interaction.get("id")),
        status=_text(interaction.get("status")),
        continuation_token=_text(interaction.get("continuation_token")),
        previous_interaction_id=_text(interaction.get("previous_interaction_id")),
        calls=tuple(_made_calls(steps_of(interaction))),
    )


def request_key(method: str, url: str, body: bytes) -> str:
    """A digest by which a request is known again."""
    head = f"{method} {url}\n".encode("utf-8", "surrogateescape")
    return hashlib.sha256(head + body).hexdigest()


def _creation(body: Json) -> Call:
    return Call(
        Role.CREATE,
        previous_interaction_id=_text(body.get("previous_interaction_id")),
        continuation_token=_text(body.get("continuation_token")),
        result_call_ids=tuple(_result_call_ids(body.get("input"))),
    )


def _retrieval(interaction_id: str, query: str) -> Call:
    asked = parse_qs(query)
    if asked.get("stream", [""])[-1].lower() not in _TRUE:
        return Call(Role.GET, interaction_id)
    last_event_id = asked.get("last_event_id", [""])[-1]
    return Call(Role.RESUME if last_event_id else Role.REPLAY, interaction_id, last_event_id)


def _result_call_ids(given: object) -> Iterator[str]:
    """The calls that an input answers, those in the turns of the older revision too."""
    for item in given if isinstance(given, list) else [given]:
        match item:
            case {"call_id": str(call_id)}:
                yield call_id
            case {"content": [*parts]}:
                yield from _result_call_ids(parts)


def _made_calls(steps: list[Any]) -> Iterator[MadeCall]:
    for step in steps:
        match step:
            case {"type": "function_call", "id": str(call_id)}:
                yield MadeCall(call_id, _text(step.get("name")))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
