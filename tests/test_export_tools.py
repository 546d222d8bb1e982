"""Recordings as HAR, as asciicast, as OpenTelemetry spans, read again by sserec or by their own schema."""

import base64
import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from archive_support import write_full, write_odd
from export_support import Told, archive, asked, get, refused, sserec
from import_support import FILES, imported
from interactions_support import completed, created, delta, start, stop, stream
from sserec.archive import ArchiveReader, ArchiveWriter, Meta, finalise
from sserec.recording import Exchange, Recording
from sserec.records import Close, Closer, Manner, Request, Response

Json = dict[str, Any]

SAMPLES = sorted((Path(__file__).parent.parent / "samples").glob("*.sse.zst"))
EVENT_STREAM = Response(200, "OK", "HTTP/1.1", (("content-type", "text/event-stream"),))
MS = 1_000_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "recorded.sse.zst"


def written(text: str) -> bytes:
    return start(0, "model_output") + delta(0, "text", text=text) + stop(0)


def har(path: Path, *options: str) -> Json:
    document: Json = json.loads(sserec("export", path, "--format", "har", *options).stdout)
    return document


def cast(path: Path, *options: str) -> tuple[Json, list[list[Any]]]:
    done = sserec("export", path, "--format", "asciicast", *options)
    assert done.returncode == 0, done.stderr
    header, *events = map(json.loads, done.stdout.splitlines())
    return header, events


def spans(path: Path, *options: str) -> list[Json]:
    done = sserec("export", path, "--format", "otlp", *options)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    found: list[Json] = document["resourceSpans"][0]["scopeSpans"][0]["spans"]
    return found


def attributes(span: Json) -> Json:
    return {item["key"]: next(iter(item["value"].values())) for item in span["attributes"]}


def timed_stream(path: Path, pieces: list[tuple[int, bytes]], **meta: Any) -> None:
    """One exchange of pieces at milliseconds since the request."""
    with ArchiveWriter(path, meta=Meta(1_800_000_000_000_000_000, **meta)) as writer:
        number = writer.open_exchange(Request("GET", "https://example.org/\x1b[31m", "HTTP/1.1"), 0)
        writer.request_sent(number, 0)
        writer.response(number, EVENT_STREAM, 0)
        for t_ms, data in pieces:
            writer.chunk(number, data, t_ms * MS)
        writer.close_exchange(
            number, Close(pieces[-1][0] * MS, Closer.UPSTREAM, Manner.END, framing_complete=True)
        )
    finalise(path)


# HAR


def facts(exchange: Exchange) -> Json:
    """What a HAR carries of an exchange: heads, bodies, and events with their times to the microsecond."""
    assert exchange.request is not None
    request, response = exchange.request, exchange.response
    return {
        "request": (request.method, request.url, request.http_version, request.headers),
        "request_body": exchange.record.request_body(),
        "connection": exchange.record.connection
        and (exchange.record.connection.id, exchange.record.connection.peer),
        "response": response and (response.status, response.reason, response.http_version, response.headers),
        "body": exchange.body(),
        "events": [(one.event.type, one.event.data, one.event.last_event_id) for one in exchange.events()],
    }


def unix_us(path: Path) -> list[list[int]]:
    """The time of each event since 1970."""
    with Recording.open(str(path)) as recording:
        assert recording.meta is not None
        anchor_ns = recording.meta.anchor_unix_ns
        return [
            [round((anchor_ns + (event.t_ns or 0)) / 1000) for event in exchange.events()]
            for exchange in recording.exchanges
        ]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name.partition(".")[0])
def test_a_har_read_again_is_the_recording_to_the_microsecond(sample: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.sse.zst"
    imported(sserec("export", sample, "--format", "har").stdout, again)
    with Recording.open(str(sample)) as before, Recording.open(str(again)) as after:
        assert [facts(one) for one in after.exchanges] == [facts(one) for one in before.exchanges]
        for one, same in zip(before.exchanges, after.exchanges, strict=True):
            assert abs((same.time_to_first_byte_ns or 0) - (one.time_to_first_byte_ns or 0)) <= 2000
            assert abs((same.duration_ns or 0) - (one.duration_ns or 0)) <= 2000
    for events, others in zip(unix_us(sample), unix_us(again), strict=True):
        assert all(abs(one - other) <= 1 for one, other in zip(events, others, strict=True))


def test_a_har_has_the_members_that_its_specification_demands(path: Path) -> None:
    write_full(path)
    document = har(path)
    log = document["log"]
    assert log["version"] == "1.2"
    assert set(log["creator"]) == {"name", "version"}
    assert len(log["entries"]) == 2  # an opaque connection has no request
    for entry in log["entries"]:
        assert {"startedDateTime", "time", "request", "response", "cache", "timings"} <= set(entry)
        assert datetime.fromisoformat(entry["startedDateTime"]).utcoffset() is not None
        sized = {
            "method",
            "url",
            "httpVersion",
            "cookies",
            "headers",
            "queryString",
            "headersSize",
            "bodySize",
        }
        assert sized <= set(entry["request"])
        answered = {"status", "statusText", "httpVersion", "cookies", "headers", "content", "redirectURL"}
        assert answered | {"headersSize", "bodySize"} <= set(entry["response"])
        assert {"size", "mimeType"} <= set(entry["response"]["content"])
        timings = entry["timings"]
        assert all(timings[name] >= 0 for name in ("send", "wait", "receive"))
        phases = (timings[name] for name in ("blocked", "dns", "connect", "send", "wait", "receive"))
        assert sum(max(phase, 0) for phase in phases) == pytest.approx(entry["time"])


def test_a_har_tells_an_end_that_was_not_clean(path: Path) -> None:
    write_full(path)
    ends = [(entry["_ending"], entry["response"]["_error"]) for entry in har(path)["log"]["entries"]]
    assert ends == [("complete", None), ("upstream reset", "connection reset")]


def test_bytes_that_are_no_text_stand_in_a_har_as_base64(path: Path) -> None:
    body = b"data: \xff\xfe\n\n"
    archive(path, Told(body, b"\x00\x01"))
    entry = har(path)["log"]["entries"][0]
    assert base64.b64decode(entry["response"]["content"]["text"]) == body
    again = path.with_name("again.sse.zst")
    imported(sserec("export", path, "--format", "har").stdout, again)
    with Recording.open(str(again)) as recording:
        assert recording.exchange(1).body() == body
        assert recording.exchange(1).record.request_body() == b"\x00\x01"


def test_what_an_import_did_not_know_a_har_does_not_tell(tmp_path: Path) -> None:
    first, again = tmp_path / "first.sse.zst", tmp_path / "again.sse.zst"
    imported((FILES / "vcr-9.json").read_bytes(), first)
    entry = har(first)["log"]["entries"][0]
    assert entry["_unknown"] == ["chunks", "end", "times"]
    assert "_eventSourceMessages" not in entry
    imported(sserec("export", first, "--format", "har").stdout, again)
    with Recording.open(str(again)) as recording:
        assert not recording.exchange(1).is_timed
        assert recording.exchange(1).duration_ns is None


def test_odd_exchanges_stand_in_a_har(path: Path) -> None:
    write_odd(path)
    entries = har(path)["log"]["entries"]
    assert [entry["response"]["status"] for entry in entries] == [0, 400, 200]
    assert [entry["response"]["_error"] for entry in entries] == ["client cancelled", None, "recorder killed"]


@pytest.mark.parametrize("format", ["har", "asciicast", "otlp"])
def test_plain_text_has_nothing_for_formats_that_need_times(format: str, tmp_path: Path) -> None:
    plain = tmp_path / "plain.sse"
    plain.write_bytes(b"data: a\n\n")
    done = sserec("export", plain, "--format", format)
    assert (done.returncode, done.stdout) == (2, b"")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("format", ["har", "asciicast", "otlp"])
def test_an_anchor_of_any_time_is_written(format: str, path: Path) -> None:
    with ArchiveWriter(path, meta=Meta(1 << 62)) as writer:
        number = writer.open_exchange(Request("GET", "http://[", "HTTP/1.1"), 0)
        writer.response(number, EVENT_STREAM, 1 << 61)
        writer.chunk(number, b"data: a\n\n", 1 << 61)
    done = sserec("export", path, "--format", format)
    assert done.returncode == 0, done.stderr
    assert done.stdout


# asciicast


def test_a_cast_is_what_its_specification_says(path: Path) -> None:
    timed_stream(path, [(0, b"data: a\n"), (250, b"\ndata: \xc3"), (1250, b"\xa9\x1b[2J\n\n")])
    header, events = cast(path)
    assert header == {
        "version": 3,
        "term": {"cols": 80, "rows": 24},
        "timestamp": 1_800_000_000,
        "title": "GET https://example.org/␛[31m",
    }
    assert events == [
        [0.0, "o", "data: a\r\n"],
        [0.25, "o", "\r\ndata: "],
        [1.0, "o", "é␛[2J\r\n\r\n"],
    ]


def test_a_cast_shows_what_play_shows_and_nothing_else(path: Path) -> None:
    sample = next(sample for sample in SAMPLES if sample.name == "text.sse.zst")
    for options in ([], ["--text"]):
        _, events = cast(sample, *options)
        played = sserec("play", sample, "--speed", "100", *options).stdout.decode()
        assert "".join(text for _, _, text in events) == played.replace("\n", "\r\n")
        assert {code for _, code, _ in events} == {"o"}


def test_the_intervals_of_a_cast_add_up_to_the_microsecond(path: Path) -> None:
    timed_stream(path, [(number * 333 // 1000, b"data: a\n\n") for number in range(1, 3000)])
    _, events = cast(path)
    with Recording.open(str(path)) as recording:
        *_, last = recording.exchange(1).events()
    assert sum(round(interval * 1e6) for interval, _, _ in events) == round((last.t_ns or 0) / 1000)


def test_no_silence_of_a_cast_is_longer_than_the_limit(path: Path) -> None:
    timed_stream(path, [(0, b"data: a\n\n"), (90_000, b"data: b\n\n"), (90_100, b"data: c\n\n")])
    _, events = cast(path, "--idle-limit", "2")
    assert [interval for interval, _, _ in events] == [0.0, 2.0, 0.1]


# OpenTelemetry


def test_spans_are_messages_of_otlp(tmp_path: Path) -> None:
    parse = pytest.importorskip("google.protobuf.json_format").ParseDict
    service = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
    for sample in SAMPLES:
        document = json.loads(sserec("export", sample, "--format", "otlp", "--with-content").stdout)
        for span in document["resourceSpans"][0]["scopeSpans"][0]["spans"]:
            for key in ("traceId", "spanId"):  # OTLP wants ids in hexadecimal, protobuf's own JSON in base64
                span[key] = base64.b64encode(bytes.fromhex(span[key])).decode()
        request = parse(document, service.ExportTraceServiceRequest())
        for span in request.resource_spans[0].scope_spans[0].spans:
            assert (len(span.trace_id), len(span.span_id)) == (16, 8)
            assert span.start_time_unix_nano < span.end_time_unix_nano
            assert span.kind == span.SpanKind.SPAN_KIND_CLIENT


def test_a_span_says_what_was_asked_of_which_model_and_how_it_went(path: Path) -> None:
    usage = {
        "total_input_tokens": 7,
        "total_output_tokens": 5,
        "total_thought_tokens": 3,
        "total_cached_tokens": 2,
    }
    body = created() + written("a") + completed(usage=usage)
    settings = {"temperature": 1, "max_output_tokens": 9, "stop_sequences": ["x"], "seed": True}
    archive(path, Told(body, asked("q", generation_config=settings)))
    span = spans(path)[0]
    known = attributes(span)
    assert span["name"] == "generate_content gemini-3-flash-preview"
    expected = {
        "gen_ai.operation.name": "generate_content",
        "gen_ai.provider.name": "gcp.gemini",
        "gen_ai.request.model": "gemini-3-flash-preview",
        "gen_ai.request.stream": True,
        "gen_ai.request.temperature": 1.0,
        "gen_ai.request.max_tokens": "9",
        "gen_ai.usage.input_tokens": "7",
        "gen_ai.usage.output_tokens": "8",
        "gen_ai.usage.reasoning.output_tokens": "3",
        "gen_ai.usage.cache_read.input_tokens": "2",
        "gen_ai.response.time_to_first_chunk": 0.002,
        "http.response.status_code": "200",
        "server.address": "generativelanguage.googleapis.com",
        "server.port": "443",
        "sserec.ending": "complete",
    }
    assert {key: known.get(key) for key in expected} == expected
    assert known["gen_ai.request.stop_sequences"] == {"values": [{"stringValue": "x"}]}
    assert "gen_ai.request.seed" not in known
    assert "status" not in span


def test_what_was_said_stands_in_a_span_only_when_asked_for(path: Path) -> None:
    archive(path, Told(stream(written("the answer")), asked("the question", system_instruction="be brief")))
    plain = sserec("export", path, "--format", "otlp").stdout
    assert b"the answer" not in plain
    assert b"the question" not in plain
    assert b"be brief" not in plain
    known = attributes(spans(path, "--with-content")[0])
    assert json.loads(known["gen_ai.input.messages"]) == [
        {"role": "user", "parts": [{"type": "text", "content": "the question"}]}
    ]
    assert json.loads(known["gen_ai.system_instructions"]) == [{"type": "text", "content": "be brief"}]
    (answer,) = json.loads(known["gen_ai.output.messages"])
    assert (answer["role"], answer["finish_reason"]) == ("assistant", "completed")
    assert answer["parts"] == [{"type": "text", "content": "the answer"}]


def test_calls_and_results_are_parts_of_messages() -> None:
    sample = next(sample for sample in SAMPLES if sample.name == "function-calling.sse.zst")
    known = [attributes(span) for span in spans(sample, "--with-content")]
    kinds = [
        [(message["role"], part["type"]) for message in json.loads(one[key]) for part in message["parts"]]
        for one in known
        for key in ("gen_ai.input.messages", "gen_ai.output.messages")
    ]
    assert ("assistant", "tool_call") in kinds[1]
    assert ("tool", "tool_call_response") in kinds[2]


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        (refused(503, asked()), "503"),
        (Told(created() + start(0, "model_output"), asked(), is_cut=True), "upstream_cut"),
        (Told(created() + completed(status="failed"), asked()), "failed"),
    ],
    ids=["refused", "cut", "failed"],
)
def test_a_span_that_failed_says_so(told: Told, kind: str, path: Path) -> None:
    archive(path, told)
    span = spans(path)[0]
    assert span["status"]["code"] == 2
    assert attributes(span)["error.type"] == kind


def test_ids_follow_from_the_file_and_from_the_trace_that_a_request_belongs_to(path: Path) -> None:
    trace, parent = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    header = (("traceparent", f"00-{trace}-{parent}-01"),)
    archive(path, Told(stream(written("a")), asked(), headers=header), get(stream(written("b"))))
    with_parent, without = spans(path)
    assert (with_parent["traceId"], with_parent["parentSpanId"]) == (trace, parent)
    assert "parentSpanId" not in without
    assert re.fullmatch("[0-9a-f]{32}", without["traceId"])
    assert spans(path) == [with_parent, without]
    assert with_parent["spanId"] != without["spanId"]


def test_a_request_of_no_model_is_a_span_of_http(path: Path) -> None:
    archive(path, Told(b"hello", url="https://example.org/x", method="GET", content_type="text/plain"))
    span = spans(path)[0]
    assert span["name"] == "GET"
    assert not [key for key in attributes(span) if key.startswith("gen_ai")]


def test_times_of_spans_are_those_of_the_recording(path: Path) -> None:
    archive(path, Told(stream(written("a")), asked()))
    span = spans(path)[0]
    with ArchiveReader.open(path) as reader:
        begin_ns = reader.meta.anchor_unix_ns + (reader.exchange(1).t_open_ns or 0)
    assert int(span["startTimeUnixNano"]) == begin_ns
    assert int(span["endTimeUnixNano"]) - begin_ns == 500 * MS


@pytest.mark.parametrize(
    "arguments",
    [
        ["--format", "har", "--text"],
        ["--format", "otlp", "--idle-limit", "1"],
        ["--with-content"],
        ["--format", "har", "--conversation"],
    ],
    ids=" ".join,
)
def test_an_option_that_says_nothing_to_the_format_is_refused(arguments: list[str]) -> None:
    done = sserec("export", SAMPLES[0], *arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"sserec export --help" in done.stderr


def test_a_har_goes_into_a_file_that_the_browser_can_open(path: Path, tmp_path: Path) -> None:
    archive(path, Told(stream(written("a")), asked()))
    out = tmp_path / "out.har"
    assert sserec("export", path, "--format", "har", "-o", out).returncode == 0
    assert json.loads(out.read_text(encoding="utf-8"))["log"]["entries"]
