"""The conformance cases that stand beside some checkouts: what every WHATWG-conformant parser dispatches."""

import base64
import json
import random
from typing import Any

import pytest

from shared_data import SHARED
from sse_support import (
    assert_every_byte_is_accounted_for_once,
    assert_spans_hold_what_they_say,
    byte_by_byte,
    cut,
    decode,
    two_way_splits,
)

CASES = SHARED / "sse" / "cases.jsonl"

pytestmark = pytest.mark.skipif(not CASES.is_file(), reason="../shared is not here")


def cases() -> list[Any]:
    if not CASES.is_file():
        return []
    return [
        pytest.param(case := json.loads(line), id=case["name"]) for line in CASES.read_text().splitlines()
    ]


@pytest.mark.parametrize("case", cases())
def test_a_case_gives_what_the_standard_says(case: dict[str, Any]) -> None:
    stream = base64.b64decode(case["input_b64"])
    decoded = decode([stream])
    assert decoded.meaning == [(event["event"], event["data"], event["id"]) for event in case["events"]]
    assert decoded.last_event_id == case["final"]["last_event_id"]
    assert decoded.reconnection_time_ms == case["final"]["reconnection_time"]
    comments = [r.line[1:].decode("utf-8", "replace") for r in decoded.residue if r.kind == "comment"]
    assert comments == case["final"]["comments"]
    assert_every_byte_is_accounted_for_once(stream, decoded)
    assert_spans_hold_what_they_say(stream, decoded)


@pytest.mark.parametrize("case", cases())
def test_a_case_gives_the_same_in_every_split(case: dict[str, Any]) -> None:
    stream = base64.b64decode(case["input_b64"])
    whole = decode([stream])
    assert decode(byte_by_byte(stream)) == whole
    for parts in two_way_splits(stream):
        assert decode(parts) == whole
    choose = random.Random(case["name"])
    for _ in range(20):
        places = choose.sample(range(len(stream) + 1), k=min(len(stream), choose.randint(2, 8)))
        assert decode(cut(stream, *places)) == whole


@pytest.mark.parametrize("path", sorted((SHARED / "streams").glob("*.sse")), ids=lambda path: path.stem)
def test_a_recorded_stream_is_events_from_end_to_end(path: Any) -> None:
    stream = path.read_bytes()
    decoded = decode([stream])
    assert decoded.events
    assert_every_byte_is_accounted_for_once(stream, decoded)
    assert decode(byte_by_byte(stream)) == decoded
