"""A request as a call of an SDK: which client, which method, which arguments.

Knows the URLs of the Interactions API and the methods that both SDKs have for them; must not know a language.
"""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from sserec.conversations import Role, call_of
from sserec.errors import UsageError
from sserec.export.subject import Subject, request_json
from sserec.recording import Exchange

Json = dict[str, Any]

API = "https://generativelanguage.googleapis.com"
VERTEX_HOST = re.compile(r"(^|[/.-])aiplatform\.googleapis\.com$")
URL = re.compile(
    r"(?P<base>\w+://[^/?#]*[^?#]*?)(?:/(?P<version>v\d\w*))?"
    r"(?:/projects/(?P<project>[^/?#]+)/locations/(?P<location>[^/?#]+))?/interactions(?:[/:?#].*)?"
)
METHODS = {Role.CANCEL: "cancel", Role.DELETE: "delete"}
QUERY = frozenset({"stream", "last_event_id", "include_input"})
FLAGS = {"true": True, "false": False}


class Client(NamedTuple):
    """Where a call goes."""

    base_url: str | None
    """None: where the SDK goes of itself."""
    api_version: str
    project: str | None
    """A project and a location of Vertex AI; None for the Gemini API."""
    location: str | None


class SdkCall(NamedTuple):
    """One call of ``client.interactions``."""

    exchange: int
    client: Client
    method: str
    """``create``, ``get``, ``cancel``, ``delete``."""
    id: str | None
    arguments: Json

    @property
    def streams(self) -> bool:
        """Whether it returns events to go through."""
        return self.arguments.get("stream") is True


def sdk_calls(subjects: Sequence[Subject]) -> list[SdkCall]:
    """The calls that repeat the subjects' requests. Raises UsageError for what is no call of the API."""
    return [sdk_call(exchange) for subject in subjects for exchange in subject.exchanges]


def sdk_call(exchange: Exchange) -> SdkCall:
    """Raises UsageError for a request that no method of an SDK sends."""
    request = exchange.request
    call = call_of(request.method, request.url, request_json(exchange)) if request else None
    if request is None or call is None:
        raise UsageError(
            f"exchange {exchange.number} is no request to the Interactions API, for which the SDKs have a method"
            " (sserec export --format curl repeats any request)"
        )
    client = client_of(request.url)
    if call.role is Role.CREATE:
        return SdkCall(exchange.number, client, "create", None, request_json(exchange) or {})
    arguments = {} if call.role in METHODS else _asked(request.url)
    return SdkCall(exchange.number, client, METHODS.get(call.role, "get"), call.interaction_id, arguments)


def client_of(url: str) -> Client:
    """The client that goes to where ``url`` is."""
    match = URL.fullmatch(url)
    if match is None:
        return Client(None, "", None, None)
    base, project = match["base"], match["project"]
    is_default = VERTEX_HOST.search(base) if project else base == API
    return Client(None if is_default else base, match["version"] or "", project, match["location"])


def _asked(url: str) -> Json:
    """The query of a GET, but for what belongs to the transport."""
    asked = parse_qsl(url.partition("#")[0].partition("?")[2])
    return {name: FLAGS.get(value, value) for name, value in asked if name in QUERY}
