"""Every failure shape of the API reference, section 7, as a recording: what check says, where, and how bad."""

from pathlib import Path

import pytest

from check_examples import BEGUN, JSON, PAGE, PRETTY_ERROR, RESUMED, WHOLE
from check_support import ASKED, MS, URL, S, Scene, Take, cut, ended
from interactions_support import DONE, block, completed, created, said, start, stop, updated
from sserec.check import Finding
from sserec.records import Close, Closer, Manner


def told(directory: Path, *takes: Take, **options: int) -> list[Finding]:
    """What counts, in the order it is told."""
    report = Scene(takes).check(directory, **options)
    assert report.is_clean is not any(finding.counts for finding in report.findings)
    return [finding for finding in report.findings if finding.counts]


def resumed(last_event_id: str, body: bytes = RESUMED, close: Close | None = None) -> Take:
    """The rest of an interaction, asked for by the last id that was seen."""
    url = f"{URL}/v1_a?last_event_id={last_event_id}&stream=true"
    return Take(((3 * MS, body),), url, "GET", request_body=b"", close=close or ended())


def rules(findings: list[Finding]) -> list[str]:
    return [finding.rule for finding in findings]


def test_7_1_an_error_event_ends_the_stream_without_done(tmp_path: Path) -> None:
    error = said("error", error={"code": "gateway_timeout", "message": "The request timed out."})
    first, second = told(tmp_path, Take(BEGUN + error))
    assert first.rule == "error-event"
    assert first.message == "the API sent an error: gateway_timeout: The request timed out."
    assert (first.exchange, first.event, first.offset) == (1, 5, len(BEGUN))
    assert second.rule == "step-not-stopped"


def test_7_2_an_empty_error_event_is_noise(tmp_path: Path) -> None:
    assert not told(tmp_path, Take(created() + said("error") + completed() + DONE))


def test_7_3_a_bare_error_over_several_lines_after_ten_minutes(tmp_path: Path) -> None:
    body = ((3 * MS, BEGUN), (600 * S, PRETTY_ERROR))
    findings = told(tmp_path, Take(body, close=ended(600 * S)))
    assert rules(findings) == ["stall", "stray-error", "step-not-stopped"]
    stall, error, _ = findings
    assert stall.message == "no event for 600.0 s"
    assert error.message == "bare JSON in the body: 503: UNAVAILABLE: The service is currently unavailable."
    assert (error.event, error.offset) == (4, len(BEGUN))


@pytest.mark.parametrize("end", [b"", b"\n", b"\n\n"])
def test_7_3_a_refusal_as_one_bare_line(end: bytes, tmp_path: Path) -> None:
    refusal = b'{"error":{"code":"prohibited_content","message":"The prompt was blocked."}}' + end
    (finding,) = told(tmp_path, Take(created() + updated() + refusal))
    assert finding.rule == "stray-error"
    assert finding.message == "bare JSON in the body: prohibited_content: The prompt was blocked."
    assert (finding.event, finding.offset) == (2, len(created() + updated()))


def test_7_3_a_page_of_a_proxy_in_the_middle_of_a_stream(tmp_path: Path) -> None:
    findings = told(tmp_path, Take(BEGUN + PAGE))
    assert rules(findings) == ["stray-bytes", "step-not-stopped", "no-terminal-event"]
    assert "502 Bad Gateway" in findings[0].message


def test_7_3_a_body_that_is_nothing_but_a_bare_error(tmp_path: Path) -> None:
    findings = told(tmp_path, Take(PRETTY_ERROR))
    assert rules(findings) == ["stray-error"]


def test_7_4_a_clean_end_of_the_body_without_the_final_event(tmp_path: Path) -> None:
    findings = told(tmp_path, Take(BEGUN))
    assert rules(findings) == ["step-not-stopped", "no-terminal-event"]
    assert findings[1].message.endswith("status last heard: in_progress")
    assert (findings[1].event, findings[1].offset) == (4, len(BEGUN))


@pytest.mark.parametrize(
    ("close", "rule"),
    [
        (cut(), "upstream-cut"),
        (cut(how=Manner.RAGGED), "upstream-cut"),
        (cut(how=Manner.RESET), "upstream-reset"),
        (cut(Closer.CLIENT), "client-cancelled"),
        (cut(Closer.RECORDER, Manner.STOP), "recorder-stopped"),
        (None, "recorder-killed"),
    ],
)
def test_7_5_a_connection_that_ends_inside_an_event(close: Close | None, rule: str, tmp_path: Path) -> None:
    findings = told(tmp_path, Take(BEGUN + b"event: step.del", close=close))
    assert {"unfinished-event", "no-terminal-event", rule} <= set(rules(findings))


def test_7_5_a_server_that_cannot_be_reached(tmp_path: Path) -> None:
    close = cut(how=Manner.FAULT, error="cannot reach api.example:443: Connection refused")
    (finding,) = told(
        tmp_path, Take(method="CONNECT", url="api.example:443", request_body=b"", status=None, close=close)
    )
    assert finding.rule == "upstream-cut"
    assert finding.message.endswith("before any answer: cannot reach api.example:443: Connection refused")


def test_7_6_an_output_limit_is_no_fault_of_the_stream(tmp_path: Path) -> None:
    body = created() + start(0, "thought") + stop(0) + completed(status="incomplete") + DONE
    report = Scene((Take(body),)).check(tmp_path)
    assert report.is_clean
    assert [finding.rule for finding in report.findings] == ["status-incomplete"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            b'{"error":{"code":429,"message":"Slow down.","status":"RESOURCE_EXHAUSTED"}}',
            "429: RESOURCE_EXHAUSTED: Slow down.",
        ),
        (PRETTY_ERROR, "503: UNAVAILABLE: The service is currently unavailable."),
        (PAGE, "an HTML page: 502 Bad Gateway"),
        (b"upstream  connect\nerror", "upstream connect error"),
        (b"", "an empty body"),
    ],
)
def test_7_7_an_error_status_comes_with_the_words_of_its_body(
    body: bytes, words: str, tmp_path: Path
) -> None:
    (finding,) = told(tmp_path, Take(body, status=503, reason="Service Unavailable", headers=JSON))
    assert finding.rule == "http-error"
    assert finding.message == f"503 Service Unavailable: {words}"


def test_7_7_each_retry_of_a_call_is_an_exchange_of_its_own(tmp_path: Path) -> None:
    refused = Take(b'{"error":{"code":429}}', status=429, headers=JSON)
    findings = told(tmp_path, refused, refused, Take(WHOLE))
    assert [(finding.exchange, finding.rule) for finding in findings] == [
        (1, "http-error"),
        (2, "http-error"),
    ]


def test_7_8_data_that_is_no_json(tmp_path: Path) -> None:
    (finding,) = told(tmp_path, Take(created() + block("step.delta", b"oops") + completed() + DONE))
    assert finding.rule == "not-json"
    assert (finding.event, finding.offset) == (2, len(created()))


def test_7_9_a_resumed_stream_that_stalls_after_two_events(tmp_path: Path) -> None:
    body = said("step.delta", index=0, delta={"type": "text", "text": "b"}, event_id="e3")
    body += said("step.delta", index=0, delta={"type": "text", "text": "c"}, event_id="e4")
    stalled = resumed("e2", body, close=cut(t_ns=120 * S))
    findings = told(tmp_path, stalled)
    assert rules(findings) == ["stall", "step-not-stopped", "no-terminal-event", "upstream-cut"]
    assert findings[0].message == "no event for 120.0 s"


def test_7_9_a_zombie_that_says_it_goes_on_and_ends(tmp_path: Path) -> None:
    assert rules(told(tmp_path, Take(created() + completed(status="in_progress") + DONE))) == [
        "status-not-final"
    ]


def test_7_9_a_zombie_without_steps(tmp_path: Path) -> None:
    (finding,) = told(tmp_path, Take(created() + updated()))
    assert finding.rule == "no-terminal-event"
    assert finding.message.endswith("status last heard: in_progress")


# Streams in several exchanges.


def broken(*event_ids: str) -> Take:
    """A stream that delivered these events and was cut."""
    body = created(id="v1_a") + start(0, "model_output")
    body += b"".join(
        said("step.delta", index=0, delta={"type": "text", "text": "a"}, event_id=event_id)
        for event_id in event_ids
    )
    return Take(body, close=cut())


def test_a_resumed_stream_that_goes_on_where_the_first_broke_is_clean(tmp_path: Path) -> None:
    findings = told(tmp_path, broken("e1", "e2"), resumed("e2"))
    assert {finding.exchange for finding in findings} == {1}


@pytest.mark.parametrize("asked", ["e2", "e3"])
def test_a_resumed_stream_that_delivers_an_event_again_doubles_it(asked: str, tmp_path: Path) -> None:
    findings = told(tmp_path, broken("e1", "e2", "e3"), resumed(asked))
    assert [(finding.exchange, finding.rule, finding.event) for finding in findings][-1] == (
        2,
        "event-id-repeated",
        1,
    )


def test_the_same_ids_in_another_interaction_are_no_repetition(tmp_path: Path) -> None:
    other = Take(RESUMED, url=f"{URL}/v1_b?last_event_id=e2&stream=true", method="GET", request_body=b"")
    findings = told(tmp_path, broken("e1", "e2", "e3"), other)
    assert {finding.exchange for finding in findings} == {1}


def test_a_replay_from_the_start_may_repeat_everything(tmp_path: Path) -> None:
    replay = Take(RESUMED, url=f"{URL}/v1_a?stream=true", method="GET", request_body=b"")
    findings = told(tmp_path, broken("e1", "e2", "e3"), replay)
    assert "event-id-repeated" not in rules(findings)


def test_what_a_resumed_stream_cannot_have_is_only_noted(tmp_path: Path) -> None:
    report = Scene((resumed("e2"),)).check(tmp_path)
    assert report.is_clean
    assert "delta-without-start" in [finding.rule for finding in report.findings]


def test_a_client_that_hangs_up_at_done_is_a_success(tmp_path: Path) -> None:
    assert not told(tmp_path, Take(WHOLE, close=cut(Closer.CLIENT)))


def test_a_body_that_nobody_asked_to_be_a_stream_may_be_anything(tmp_path: Path) -> None:
    assert not told(tmp_path, Take(b'{"status":"completed"}', headers=JSON, request_body=b'{"stream":false}'))


@pytest.mark.parametrize(
    "asking",
    [
        {"request_body": ASKED},
        {"request_body": b"", "request_headers": (("Accept", "text/event-stream"),)},
        {"request_body": b"", "url": URL + "/v1_a?stream=true"},
        {"request_body": b"", "url": "https://g.example/v1beta/models/m:streamGenerateContent?alt=sse"},
    ],
)
def test_a_stream_can_be_asked_for_in_four_ways(asking: dict[str, bytes], tmp_path: Path) -> None:
    assert rules(told(tmp_path, Take(b"{}", headers=JSON, **asking))) == ["not-a-stream"]  # type: ignore[arg-type]


def test_what_cannot_have_a_body_is_not_asked_for_one(tmp_path: Path) -> None:
    assert not told(tmp_path, Take(b"", status=204, headers=()))


def test_a_request_that_is_no_json_asks_for_no_stream(tmp_path: Path) -> None:
    assert not told(tmp_path, Take(b"pong", headers=(("content-type", "text/plain"),), request_body=b"ping"))


@pytest.mark.parametrize(("body", "words"), [(PAGE, "an HTML page: 502 Bad Gateway"), (b"", "an empty body")])
def test_a_saved_body_that_is_no_stream_was_meant_to_be_one(body: bytes, words: str, tmp_path: Path) -> None:
    (finding,) = Scene(body).check(tmp_path).findings
    assert (finding.rule, finding.message) == ("not-a-stream", f"no event stream, but {words}")


def test_of_a_long_error_only_the_beginning_is_told(tmp_path: Path) -> None:
    chunks = tuple((3 * MS, b"no luck " * 1000) for _ in range(20))
    (finding,) = told(tmp_path, Take(chunks, status=500, reason="", headers=()))
    assert finding.message.startswith("500: no luck no luck")
    assert len(finding.message) < 100
