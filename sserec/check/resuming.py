"""Event ids over the exchanges of a recording: what a resumed stream must not deliver again.

Knows ids; must not know what the events hold. Ids are unique within one interaction only (a real one is base64 of
``0_thought_15``), so they are kept by interaction.
"""

import re
from urllib.parse import parse_qs, unquote

from sserec.records import Request

REMEMBERED_IDS = 1 << 16
"""For each interaction; a duplicate further back goes unseen, but memory stays below 10 MB."""

_INTERACTION = re.compile(r"/interactions/([^/:]+)$")
_API = re.compile(r"/interactions(?:/|$)")


class Ids:
    """The latest ids of one interaction."""

    def __init__(self) -> None:
        self._seen: dict[str, None] = {}

    def add(self, event_id: str) -> bool:
        """Remembers an id; whether it was known already."""
        known = event_id in self._seen
        self._seen[event_id] = None
        if len(self._seen) > REMEMBERED_IDS:
            del self._seen[next(iter(self._seen))]
        return known


class Delivered:
    """The ids that broken streams had delivered before they broke."""

    def __init__(self) -> None:
        self._broken: dict[str, Ids] = {}

    def before(self, request: Request | None) -> Ids:
        """What this request's stream must not repeat; nothing, unless it resumes."""
        last_event_id = resumed_from(request)
        if request is None or last_event_id is None:
            return Ids()
        ids = self._broken.get(interaction_id(request) or "", Ids())
        ids.add(last_event_id)
        return ids

    def note(self, interaction: str | None, ids: Ids) -> None:
        """Keeps what a stream delivered that did not come to its end."""
        if interaction:
            self._broken[interaction] = ids


def resumed_from(request: Request | None) -> str | None:
    """The id after which a request wants to go on; None where it does not resume."""
    if request is None:
        return None
    asked = parse_qs(request.url.partition("?")[2]).get("last_event_id", [])
    return next((value for value in asked if value), None)


def interaction_id(request: Request | None) -> str | None:
    """The interaction that the URL names."""
    found = _INTERACTION.search(_path(request)) if request else None
    return unquote(found[1]) if found else None


def is_interactions_request(request: Request | None) -> bool:
    """Whether the URL is one of the Interactions API, whatever its base and version."""
    return request is not None and _API.search(_path(request)) is not None


def _path(request: Request) -> str:
    """All before the query; urlsplit refuses what a server may well have been asked for."""
    return request.url.partition("?")[0]
