"""Requests as OpenTelemetry spans, in OTLP's JSON: ready for a collector's ``/v1/traces``.

Attributes follow the semantic conventions for generative AI and for HTTP clients. Times are the recording's, ids follow
from the file, so the same file gives the same spans; a request that carried a ``traceparent`` joins its own trace. What
was said stands in a span only where that was asked for (:mod:`sserec.export.otlp_content`).
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import orjson

from sserec import __version__
from sserec.conversations import Role, call_of
from sserec.errors import NothingFound
from sserec.export import Options
from sserec.export.subject import Subject, request_json
from sserec.recording import Exchange, Recording
from sserec.records import Request
from sserec.stats import Figures, Meter

Json = dict[str, Any]
Attributes = dict[str, Any]

SPAN_KIND_CLIENT = 3
STATUS_ERROR = 2
NS_PER_S = 1_000_000_000
TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
"""W3C Trace Context, section 3.2."""
PROVIDERS = {
    "generativelanguage.googleapis.com": "gcp.gemini",
    "api.openai.com": "openai",
    "api.anthropic.com": "anthropic",
    "api.mistral.ai": "mistral_ai",
    "api.groq.com": "groq",
    "api.deepseek.com": "deepseek",
    "api.x.ai": "x_ai",
    "api.perplexity.ai": "perplexity",
    "api.cohere.com": "cohere",
}
VERTEX = "aiplatform.googleapis.com"
SETTINGS = {
    "temperature": "gen_ai.request.temperature",
    "top_p": "gen_ai.request.top_p",
    "max_output_tokens": "gen_ai.request.max_tokens",
    "seed": "gen_ai.request.seed",
    "stop_sequences": "gen_ai.request.stop_sequences",
}
"""Of ``generation_config``."""
FLOATS = frozenset({"gen_ai.request.temperature", "gen_ai.request.top_p"})


def traces(subjects: Sequence[Subject], options: Options) -> Iterator[bytes]:
    """One ExportTraceServiceRequest. Raises NothingFound where no request has times."""
    recording = options.recording
    if recording is None or recording.meta is None:
        raise NothingFound("spans need times, and plain text has none (sserec record)")
    spans = [span(subject, recording, options) for subject in subjects if has_span(subject)]
    if not spans:
        raise NothingFound("no request was recorded whose times are known")
    scope = {"scope": {"name": "sserec", "version": __version__}, "spans": spans}
    document = {"resourceSpans": [{"resource": resource(recording), "scopeSpans": [scope]}]}
    yield orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def has_span(subject: Subject) -> bool:
    exchange = subject.exchanges[0]
    return exchange.request is not None and exchange.record.t_open_ns is not None


def resource(recording: Recording) -> Json:
    """The program that was recorded, as far as its name is known."""
    command = recording.meta.command if recording.meta else ()
    name = re.split(r"[/\\]", command[0])[-1] if command else ""
    return {"attributes": listed({"service.name": name or "unknown_service"})}


def span(subject: Subject, recording: Recording, options: Options) -> Json:
    exchange = subject.exchanges[0]
    record, asked = exchange.record, exchange.request
    assert asked is not None
    assert recording.meta is not None
    begin_ns = recording.meta.anchor_unix_ns + (record.t_open_ns or 0)
    attributes = http(asked, exchange) | gen_ai(subject, asked) | own(exchange)
    if options.with_content:
        from sserec.export.otlp_content import content

        attributes |= content(subject)
    trace_id, parent_id = context(asked) or (digest(recording, "trace", 0, 16), "")
    error = error_type(subject)
    return {
        "traceId": trace_id,
        "spanId": digest(recording, "span", exchange.number, 8),
        **({"parentSpanId": parent_id} if parent_id else {}),
        "name": name(attributes, asked),
        "kind": SPAN_KIND_CLIENT,
        "startTimeUnixNano": str(begin_ns),
        "endTimeUnixNano": str(begin_ns + (duration_ns(exchange))),
        "attributes": listed(attributes | ({"error.type": error[0]} if error else {})),
        **({"status": {"code": STATUS_ERROR, "message": error[1]}} if error else {}),
    }


def digest(recording: Recording, what: str, number: int, size_bytes: int) -> str:
    """An id in hexadecimal, never all zeros."""
    file_id = recording.archive.file_id if recording.archive else 0
    return hashlib.sha256(f"sserec {what} {file_id} {number}".encode()).hexdigest()[: 2 * size_bytes]


def context(asked: Request) -> tuple[str, str] | None:
    """The trace and the span that the request says it belongs to."""
    value = next((value for name, value in asked.headers if name.lower() == "traceparent"), "")
    found = TRACEPARENT.fullmatch(value.strip())
    if found is None or not int(found[1], 16) or not int(found[2], 16):
        return None
    return found[1], found[2]


def duration_ns(exchange: Exchange) -> int:
    """To the end; where nobody noted that, to the last bytes."""
    begin_ns = exchange.record.t_open_ns or 0
    if exchange.close is not None:
        return max(exchange.close.t_ns - begin_ns, 0)
    return max((chunk.t_ns - begin_ns for chunk in exchange.chunks()), default=0)


def name(attributes: Mapping[str, Any], asked: Request) -> str:
    """``generate_content gemini-3-flash-preview``; of what is no call to a model, the method."""
    operation = attributes.get("gen_ai.operation.name")
    if operation is None:
        return asked.method or "HTTP"
    target = attributes.get("gen_ai.request.model") or attributes.get("gen_ai.agent.name")
    return f"{operation} {target}" if target else str(operation)


def http(asked: Request, exchange: Exchange) -> Attributes:
    """Of the conventions for HTTP clients; the URL is the recorded one, without its secrets."""
    try:
        parts = urlsplit(asked.url)
        host, port = parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        host = port = None
    version = asked.http_version.removeprefix("HTTP/")
    return {
        "http.request.method": asked.method,
        "url.full": asked.url,
        "server.address": host,
        "server.port": port,
        "http.response.status_code": exchange.response.status if exchange.response else None,
        "network.protocol.version": version or None,
    }


def gen_ai(subject: Subject, asked: Request) -> Attributes:
    """Of the conventions for inference; nothing for a request that is none."""
    exchange, body = subject.exchanges[0], request_json(subject.exchanges[0]) or {}
    call = call_of(asked.method, asked.url, body)
    interaction = subject.answer.interaction if subject.answer else {}
    model = text(body.get("model"))
    if call is None and not interaction and not (model and exchange.is_event_stream):
        return {}
    is_call = call is not None or bool(interaction)
    agent = text(body.get("agent")) or text(interaction.get("agent"))
    status = text(interaction.get("status"))
    return {
        "gen_ai.operation.name": operation(call.role if call else None, is_call=is_call, agent=agent),
        "gen_ai.provider.name": provider(asked.url, is_interactions=is_call),
        "gen_ai.request.model": model,
        "gen_ai.agent.name": agent,
        "gen_ai.request.stream": exchange.is_event_stream or None,
        **settings(body),
        "gen_ai.response.model": text(interaction.get("model")),
        "gen_ai.response.id": text(interaction.get("id")),
        "gen_ai.response.finish_reasons": [status] if status else None,
        **measures(exchange, interaction),
    }


def operation(role: Role | None, *, is_call: bool, agent: str | None) -> str:
    """One of the well-known names where there is one; a stream of another API is a chat, as far as anybody can see."""
    if not is_call:
        return "chat"
    if role in (Role.CANCEL, Role.DELETE):
        return f"{role}_interaction"
    return "invoke_agent" if agent else "generate_content"


def provider(url: str, *, is_interactions: bool) -> str | None:
    """By the host; an unknown one that speaks the Interactions API stands before Gemini's."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        host = ""
    if host == VERTEX or host.endswith(("." + VERTEX, "-" + VERTEX)):
        return "gcp.vertex_ai"
    return PROVIDERS.get(host) or ("gcp.gemini" if is_interactions else host or None)


def settings(body: Json) -> Attributes:
    """What the request asked for beside the model."""
    config = body.get("generation_config")
    given = config if isinstance(config, dict) else {}
    found: Attributes = {}
    for key, attribute in SETTINGS.items():
        value = given.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool):
            found[attribute] = float(value) if attribute in FLOATS else int(value)
        elif isinstance(value, list) and value and all(isinstance(item, str) for item in value):
            found[attribute] = value
    return found


def measures(exchange: Exchange, interaction: Json) -> Attributes:
    """Tokens as the API counted them, thoughts among the output as the conventions want it, and the first chunk."""
    figures = figures_of(exchange)
    usage = interaction.get("usage")
    cached = usage.get("total_cached_tokens") if isinstance(usage, dict) else None
    output, thoughts = figures.usage.output_tokens, figures.usage.thought_tokens
    first_ns = figures.time_to_first_event_ns
    return {
        "gen_ai.usage.input_tokens": figures.usage.input_tokens,
        "gen_ai.usage.output_tokens": None if output is None else output + (thoughts or 0),
        "gen_ai.usage.reasoning.output_tokens": thoughts,
        "gen_ai.usage.cache_read.input_tokens": cached if type(cached) is int else None,
        "gen_ai.response.time_to_first_chunk": None if first_ns is None else first_ns / NS_PER_S,
        "sserec.time_to_first_text": seconds(figures.time_to_first_text_ns),
        "sserec.events": figures.events,
    }


def figures_of(exchange: Exchange) -> Figures:
    meter = Meter()
    for recorded in exchange.events():
        meter.feed(recorded.event, recorded.t_ns)
    return meter.figures(exchange.surroundings)


def own(exchange: Exchange) -> Attributes:
    """What the conventions have no name for."""
    return {
        "sserec.exchange": exchange.number,
        "sserec.ending": None if exchange.ending is None else str(exchange.ending),
    }


def seconds(t_ns: int | None) -> float | None:
    return None if t_ns is None else t_ns / NS_PER_S


def text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def error_type(subject: Subject) -> tuple[str, str] | None:
    """A class of errors with few members, and words; None where all went well."""
    exchange, answer = subject.exchanges[0], subject.answer
    if exchange.response is not None and exchange.response.status >= 400:
        return str(exchange.response.status), exchange.response.reason
    if exchange.ending is not None and not exchange.ending.is_clean:
        words = (exchange.close.error if exchange.close else None) or str(exchange.ending)
        return str(exchange.ending).replace(" ", "_"), words
    if answer is not None and answer.interaction.get("status") == "failed":
        return "failed", "the interaction failed"
    return None


def listed(attributes: Attributes) -> list[Json]:
    """Keys and values as protobuf's JSON wants them; what is None is left out."""
    return [{"key": key, "value": any_value(value)} for key, value in attributes.items() if value is not None]


def any_value(value: Any) -> Json:
    """AnyValue: integers of 64 bits are strings in JSON."""
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(min(max(value, -(1 << 63)), (1 << 63) - 1))}
        case float():
            return {"doubleValue": value}
        case list():
            return {"arrayValue": {"values": [any_value(item) for item in value]}}
    return {"stringValue": str(value)}
