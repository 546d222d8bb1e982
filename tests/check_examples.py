"""One stream for each rule that breaks it, and one that comes close and does not."""

from typing import NamedTuple

from check_support import ASKED, MS, STREAM_HEADERS, URL, S, Scene, Take, cut, ended
from interactions_support import (
    DONE,
    block,
    completed,
    created,
    delta,
    one_step,
    said,
    start,
    stop,
    stream,
    updated,
)
from sserec.records import Closer, Manner

TEXT = (start(0, "model_output"), delta(0, "text", text="Hé"), stop(0))
WHOLE = stream(*TEXT)
BEGUN = created() + updated() + start(0, "model_output") + delta(0, "text", text="The answer is")
GZIP = (*STREAM_HEADERS, ("content-encoding", "gzip"))
JSON = (("content-type", "application/json"),)
RESUME = URL + "/v1_a?last_event_id=e2&stream=true"
TOKENS = tuple(delta(0, "text", text=f"{number} ") for number in range(24))
PRETTY_ERROR = b"""[{
  "error": {
    "code": 503,
    "message": "The service is currently unavailable.",
    "status": "UNAVAILABLE"
  }
}
]"""
PAGE = b"<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>\n<body>nginx</body></html>\n"


class Example(NamedTuple):
    breaks: Scene | bytes
    keeps: Scene | bytes


def archive(*takes: Take) -> Scene:
    return Scene(takes)


def one(body: bytes | tuple[tuple[int, bytes], ...] = WHOLE, **facts: object) -> Scene:
    return archive(Take(body, **facts))  # type: ignore[arg-type]


def usage(**counts: object) -> bytes:
    return stream(*TEXT)[: -len(completed() + DONE)] + completed(usage=counts) + DONE


def paced(blocks: tuple[bytes, ...], size: int, gap_ns: int) -> tuple[tuple[int, bytes], ...]:
    """Blocks as they arrive ``size`` at a time."""
    groups = (blocks[at : at + size] for at in range(0, len(blocks), size))
    return tuple((3 * MS + number * gap_ns, b"".join(group)) for number, group in enumerate(groups))


def call(arguments: str) -> bytes:
    return one_step("function_call", {"type": "arguments_delta", "arguments": arguments}, id="c", name="f")


def annotated(text: str, **offsets: object) -> bytes:
    annotation = {"type": "url_citation", "url": "https://example.com"} | offsets
    return one_step(
        "model_output",
        {"type": "text", "text": text},
        {"type": "text_annotation_delta", "annotations": [annotation]},
    )


LIVELY = (created(), updated(), start(0, "model_output"), *TOKENS, stop(0), completed(), DONE)
RESUMED = (
    said("step.delta", index=0, delta={"type": "text", "text": "b"}, event_id="e3")
    + stop(0)
    + completed()
    + DONE
)

EXAMPLES: dict[str, Example] = {
    # The file, the connection, the end.
    "damaged-recording": Example(Scene((Take(WHOLE),), damaged_at=-40), Scene((Take(WHOLE),))),
    "opaque-connection": Example(archive(Take(opaque="WebSocket")), one()),
    "upstream-cut": Example(one(close=cut()), one(close=ended())),
    "upstream-reset": Example(one(BEGUN, close=cut(how=Manner.RESET)), one(BEGUN, close=cut())),
    "not-connected": Example(one(BEGUN, close=cut(how=Manner.UNREACHED)), one(BEGUN, close=cut())),
    "client-cancelled": Example(one(BEGUN, close=cut(Closer.CLIENT)), one(WHOLE, close=cut(Closer.CLIENT))),
    "recorder-stopped": Example(
        one(BEGUN, close=cut(Closer.RECORDER, Manner.STOP)),
        one(WHOLE, close=cut(Closer.RECORDER, Manner.STOP)),
    ),
    "recorder-killed": Example(one(BEGUN, close=None), Scene((Take(BEGUN, close=None),), is_live=True)),
    "sliced": Example(
        one(BEGUN, close=cut(Closer.RECORDER, Manner.SLICE)),
        one(BEGUN, close=cut(Closer.RECORDER, Manner.STOP)),
    ),
    "still-open": Example(
        Scene((Take(BEGUN, close=None),), is_live=True), Scene((Take(WHOLE),), is_live=True)
    ),
    # The head, and bodies that are no streams.
    "http-error": Example(
        one(
            b'{"error":{"code":429,"message":"Slow down.","status":"RESOURCE_EXHAUSTED"}}',
            status=429,
            headers=JSON,
        ),
        one(b"", status=304, headers=()),
    ),
    "not-a-stream": Example(
        one(PAGE, headers=(("content-type", "text/html"),)), one(b"{}", headers=JSON, request_body=b"{}")
    ),
    "wrong-content-type": Example(
        one(headers=(("content-type", "text/plain"),)),
        one(headers=(("content-type", "Text/Event-Stream; charset=utf-8"),)),
    ),
    "wrong-charset": Example(
        one(headers=(("content-type", "text/event-stream; charset=iso-8859-1"),)),
        one(headers=(("content-type", 'text/event-stream; charset="UTF-8"'),)),
    ),
    "bytes-lost": Example(one(close=ended(lost_bytes=7)), one()),
    "request-lost": Example(one(close=ended(lost_request_bytes=7)), one(close=ended(lost_bytes=7))),
    "undecoded-body": Example(one(close=ended(undecoded_from=100)), one(headers=GZIP)),
    # Time.
    "stall": Example(
        one(((3 * MS, BEGUN), (14 * S, WHOLE)), close=ended(15 * S)), one(((3 * MS, BEGUN), (9 * S, WHOLE)))
    ),
    "held-back": Example(
        one(paced(LIVELY, 10, 500 * MS), headers=GZIP), one(paced(LIVELY, 1, 50 * MS), headers=GZIP)
    ),
    # Bytes.
    "mixed-line-ends": Example(WHOLE.replace(b"\n", b"\r\n", 5), WHOLE.replace(b"\n", b"\r\n")),
    "unknown-field": Example(WHOLE + b"Data: x\n\n", b": hello\nretry: 10\n" + WHOLE),
    "no-data": Example(BEGUN + b"event: ping\n\n", b": ping\n\n" + WHOLE),
    "split-utf8": Example(
        block("a", b'{"text":"\xe2\x9c"}') + block("a", b'{"text":"\x93"}'),
        block("a", b'{"text":"\xe2\x9c"}') + block("a", b'{"text":"x"}'),
    ),
    "replacement-character": Example(
        stream(start(0, "model_output"), delta(0, "text", text="H\N{REPLACEMENT CHARACTER}"), stop(0)), WHOLE
    ),
    # How an event is written.
    "not-json": Example(block("step.start", b"nonsense") + WHOLE, block("done", b"[DONE]")),
    "too-deep": Example(block("step.start", b'{"a":' + b"[" * 300 + b"]" * 300 + b"}") + WHOLE, WHOLE),
    "invalid-utf8": Example(WHOLE.replace("é".encode(), b"\xe9"), WHOLE),
    "lone-surrogate": Example(
        WHOLE.replace("é".encode(), rb"\ud83d"), WHOLE.replace("é".encode(), rb"\ud83d\ude00")
    ),
    "name-differs": Example(WHOLE.replace(b"event: step.stop", b"event: stop"), WHOLE),
    "name-missing": Example(WHOLE.replace(b"event: step.stop\n", b""), WHOLE.replace(b"event: done\n", b"")),
    "event-type-missing": Example(
        created() + block("step.stop", {"index": 0}), created() + said("step.stop", index=0)
    ),
    "unknown-event": Example(created() + said("step.pause"), WHOLE),
    "unexpected-value": Example(created() + said("step.start", index=0, step=5), WHOLE),
    # Steps and deltas.
    "unknown-step": Example(stream(start(0, "telepathy"), stop(0)), WHOLE),
    "unknown-delta": Example(stream(start(0, "model_output"), delta(0, "smell"), stop(0)), WHOLE),
    "delta-type-inferred": Example(
        stream(start(0, "model_output"), delta(0, None, text="x"), stop(0)),
        stream(start(0, "model_output"), delta(0, None), stop(0)),
    ),
    "part-type-inferred": Example(
        one_step("thought", {"type": "thought_summary", "content": {"text": "s"}}),
        one_step("thought", {"type": "thought_summary", "content": {"text": "s", "type": "text"}}),
    ),
    "delta-unsuited": Example(one_step("thought", {"type": "text", "text": "x"}), WHOLE),
    "delta-without-start": Example(created() + delta(0, "text", text="x"), WHOLE),
    "delta-after-stop": Example(stream(*TEXT, delta(0, "text", text="x")), WHOLE),
    "stop-without-start": Example(stream(stop(0)), WHOLE),
    "step-not-stopped": Example(stream(*TEXT[:2]), WHOLE),
    "step-repeated": Example(stream(*TEXT, *TEXT), WHOLE),
    "index-reused": Example(
        stream(*TEXT, start(0, "thought"), stop(0)), stream(*TEXT, start(1, "thought"), stop(1))
    ),
    "index-gap": Example(
        stream(*TEXT, start(2, "thought"), stop(2)), stream(*TEXT, start(1, "thought"), stop(1))
    ),
    "index-malformed": Example(stream(start("0", "thought"), stop(0)), WHOLE),
    "arguments-not-json": Example(call('{"city": "Par'), call('{"city": "Paris"}')),
    "arguments-not-object": Example(call("[1]"), call("{}")),
    "arguments-cut-off": Example(
        created()
        + start(0, "function_call", id="c", name="f")
        + delta(0, "arguments_delta", arguments='{"a'),
        call('{"a":1}'),
    ),
    "audio-not-base64": Example(
        one_step("model_output", {"type": "audio", "mime_type": "audio/l16", "data": "!"}),
        one_step("model_output", {"type": "audio", "mime_type": "audio/l16", "data": "AAAA"}),
    ),
    "audio-not-joined": Example(
        one_step("model_output", *[{"type": "audio", "mime_type": "audio/wav", "data": "AAAA"}] * 2),
        one_step("model_output", *[{"type": "audio", "mime_type": "audio/l16", "data": "AAAA"}] * 2),
    ),
    "mixed-revisions": Example(
        stream(
            *TEXT, said("content.start", index=0, content={"type": "text"}), said("content.stop", index=0)
        ),
        WHOLE,
    ),
    # The interaction and its end.
    "no-created": Example(b"".join(TEXT) + completed() + DONE, WHOLE),
    "created-repeated": Example(created() + WHOLE, WHOLE),
    "steps-in-completed": Example(
        created() + b"".join(TEXT) + completed(steps=[{"type": "thought"}]) + DONE, stream(*TEXT)
    ),
    "event-after-end": Example(WHOLE + updated(), WHOLE),
    "error-event": Example(
        BEGUN + said("error", error={"code": "gateway_timeout", "message": "Too slow."}),
        BEGUN + said("error"),
    ),
    "empty-error": Example(said("error") + WHOLE, WHOLE),
    "done-without-completed": Example(BEGUN + DONE, WHOLE),
    "no-terminal-event": Example(BEGUN, WHOLE[: -len(DONE)]),
    "unfinished-event": Example(WHOLE[: -len(DONE)] + DONE[:-1], WHOLE),
    "stray-error": Example(BEGUN + PRETTY_ERROR, WHOLE + b": [{}]\n"),
    "stray-bytes": Example(BEGUN + PAGE, WHOLE + b"data\n"),
    # The course of the interaction.
    "status-backwards": Example(
        created() + updated("completed") + updated("in_progress"), created() + updated("requires_action")
    ),
    "status-unknown": Example(created(status="napping"), created(status="queued")),
    "status-not-final": Example(
        created() + completed(status="in_progress"), created() + completed(status="requires_action")
    ),
    "status-failed": Example(created() + completed(status="budget_exceeded"), WHOLE),
    "status-incomplete": Example(created() + completed(status="incomplete"), WHOLE),
    "usage-sum": Example(
        usage(
            total_tokens=10,
            total_input_tokens=4,
            total_output_tokens=3,
            total_thought_tokens=2,
            total_tool_use_tokens=0,
        ),
        usage(
            total_tokens=10,
            total_input_tokens=4,
            total_output_tokens=3,
            total_thought_tokens=2,
            total_tool_use_tokens=1,
        ),
    ),
    "usage-part": Example(
        usage(total_input_tokens=4, input_tokens_by_modality=[{"modality": "text", "tokens": 5}]),
        usage(
            total_input_tokens=4,
            total_cached_tokens=4,
            input_tokens_by_modality=[{"modality": "text", "tokens": 3}],
        ),
    ),
    "event-id-repeated": Example(
        created() + updated(event_id="e1") + updated(event_id="e1"),
        created() + updated(event_id="e1") + updated(event_id=""),
    ),
    "done-repeated": Example(WHOLE + DONE, WHOLE),
    "event-id-missing": Example(
        one(RESUMED.replace(b',"event_id":"e3"', b""), url=RESUME, method="GET", request_body=b""),
        one(RESUMED, url=RESUME, method="GET", request_body=b""),
    ),
    "done-missing": Example(WHOLE[: -len(DONE)], one(WHOLE[: -len(DONE)], close=cut(Closer.CLIENT))),
    "foreign-stream": Example(
        b'data: {"choices":[]}\n\ndata: [DONE]\n\n', one(b'data: {"choices":[]}\n\n', request_body=ASKED)
    ),
    # Annotations: "é" takes two bytes.
    "annotation-offset-malformed": Example(
        annotated("Hé", start_index=0), annotated("Hé", start_index=0, end_index=3)
    ),
    "annotation-offset-reversed": Example(
        annotated("Hé", start_index=3, end_index=1), annotated("Hé", start_index=1, end_index=3)
    ),
    "annotation-offset-outside": Example(
        annotated("Hé", start_index=0, end_index=4), annotated("Hé", start_index=0, end_index=3)
    ),
    "annotation-inside-character": Example(
        annotated("Hé", start_index=0, end_index=2), annotated("Hé", start_index=0, end_index=1)
    ),
}
