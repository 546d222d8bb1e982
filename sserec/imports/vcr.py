"""Cassettes of VCR.py, in either of its notations.

A cassette holds requests, heads and bodies, and no time at all. Some versions undo the content coding of a body and
leave the head that names it.
"""

from collections.abc import Mapping
from typing import Any

from sserec.errors import NotAnArchive, UsageError
from sserec.imports.found import Coding, Findings, Found, Part
from sserec.imports.shapes import (
    a_list,
    a_status,
    a_text,
    an_object,
    bytes_of,
    from_base64,
    http_version,
    latin1,
)
from sserec.interactions.events import parse_json
from sserec.records import Headers, Request, Response, Unknown

UNKNOWN = frozenset({Unknown.TIMES, Unknown.CHUNKS, Unknown.END})
MAX_ALIASES = 10_000
"""YAML's references to what stands elsewhere in a file, each of which may repeat all of it."""
Interaction = Mapping[str, Any]


def read(data: bytes) -> Findings:
    """Every interaction, in the order of the cassette."""
    cassette = an_object(parsed(data))
    if not isinstance(cassette.get("interactions"), list):
        raise NotAnArchive("it is no cassette of VCR.py: there are no interactions in it")
    exchanges = [exchange(an_object(interaction)) for interaction in cassette["interactions"]]
    return Findings("VCR.py cassette", is_dated=False, exchanges=exchanges)


def parsed(data: bytes) -> Any:
    if data.lstrip()[:1] != b"{":
        return parsed_yaml(data)
    try:
        return parse_json(data.decode("utf-8", "replace"))
    except ValueError as fault:
        raise NotAnArchive(f"it is no JSON: {fault}") from fault


def parsed_yaml(data: bytes) -> Any:
    """Values alone: what YAML can make of Python's objects is refused. Raises UsageError without PyYAML."""
    try:
        import yaml
    except ImportError as fault:
        raise UsageError("a cassette in YAML needs PyYAML (pip install 'sserec[vcr]')") from fault
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        aliases = sum(isinstance(event, yaml.AliasEvent) for event in yaml.parse(data, loader))
        if aliases > MAX_ALIASES:
            raise NotAnArchive(f"it refers {aliases:,} times to parts of itself")
        return yaml.load(data, loader)
    except (yaml.YAMLError, RecursionError, ValueError) as fault:
        raise NotAnArchive(f"it is no YAML: {' '.join(str(fault).split())}") from fault


def exchange(interaction: Interaction) -> Found:
    request, response = an_object(interaction.get("request")), an_object(interaction.get("response"))
    status = an_object(response.get("status"))
    code = a_status(status.get("code") or response.get("status_code"))
    version = http_version(response.get("http_version"))
    text = body(response.get("body", response.get("content")))
    return Found(
        request=Request(
            a_text(request.get("method")) or "GET", a_text(request.get("uri")), version, headers(request)
        ),
        request_body=body(request.get("body")),
        response=Response(code, latin1(a_text(status.get("message"))), version, headers(response))
        if code
        else None,
        body=[Part(text)] if text else [],
        coding=Coding.EITHER,
        unknown=UNKNOWN,
    )


def headers(message: Interaction) -> Headers:
    """A name with its values, or with one."""
    fields = an_object(message.get("headers"))
    pairs = ((name, value) for name, values in fields.items() for value in listed(values))
    return tuple((latin1(str(name)), bytes_of(value).decode("latin-1")) for name, value in pairs)


def listed(values: Any) -> list[Any]:
    return [value for value in (a_list(values) or [values]) if isinstance(value, str | bytes)]


def body(value: Any) -> bytes:
    """Text, bytes, or an object around either; older versions wrote base64."""
    if isinstance(value, dict):
        coded = from_base64(value.get("base64_string"))
        return coded if coded else bytes_of(value.get("string"))
    return bytes_of(value)
