"""What google-genai does of itself, recorded and understood: it continues answers, tries again, resumes streams."""

import sys
from pathlib import Path

import orjson
import pytest

from export_support import exported, sserec
from interactions_support import interaction_of
from record_support import Recorder
from test_export_conversation import CUT, END, WHOLE, hop, words
from upstream import Upstream
from upstream_script import Finish, json_response
from upstream_script import stream as played

CLIENT = (sys.executable, "-W", "ignore", str(Path(__file__).with_name("genai_conversation.py")))
PATH = "/v1/interactions"
HOPS = [hop(1, token="t1"), hop(2, token="t2"), hop(3)]


@pytest.fixture
def recorder(tmp_path: Path, upstream: Upstream) -> Recorder:
    return Recorder(tmp_path, upstream)


def recorded(recorder: Recorder, what: str) -> list[str]:
    """Records the client; returns what it printed."""
    options = ("--reverse", recorder.upstream.https, "--env", "BASE_URL")
    done = recorder.record("sh", "-c", f'exec {" ".join(CLIENT)} {what} "$BASE_URL"', options=options)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode().splitlines()


def test_the_hops_that_the_sdk_went_merge_to_what_it_returned(recorder: Recorder) -> None:
    answers = (json_response(200, orjson.dumps(interaction_of(body))) for body in HOPS)
    recorder.upstream.play(PATH, *answers)
    (returned,) = map(orjson.loads, recorded(recorder, "unary"))
    of_the_sdk_alone = {"output_text": "hop 1. hop 2. hop 3. "}
    assert exported(recorder.file, "--stitched") | of_the_sdk_alone == returned


def test_the_hops_that_the_sdk_streamed_are_one_answer(recorder: Recorder) -> None:
    recorder.upstream.play(PATH, *(played(body, gap_s=0) for body in HOPS))
    printed = recorded(recorder, "streamed")
    assert sum('"interaction.created"' in line for line in printed) == 3
    merged = exported(recorder.file, "--stitched")
    assert merged["continuation_ids"] == ["v1_h1", "v1_h2", "v1_h3"]
    assert [part["text"] for step in merged["steps"] for part in step["content"]] == [
        "hop 1. ",
        "hop 2. ",
        "hop 3. ",
    ]


def test_requests_that_the_sdk_tried_again_are_one_interaction(recorder: Recorder) -> None:
    busy = json_response(429, b'{"error":{"code":429,"message":"busy","status":"RESOURCE_EXHAUSTED"}}')
    recorder.upstream.play(PATH, busy, busy, played(WHOLE, gap_s=0))
    recorded(recorder, "streamed")
    assert exported(recorder.file, "--conversation") == [interaction_of(WHOLE)]
    lines = sserec("info", "--conversation", recorder.file).stdout.decode().splitlines()
    assert len(lines) == 5
    assert [line.rpartition(" · ")[2] for line in lines[2:4]] == ["tried again by 2", "tried again by 3"]


def test_a_stream_that_the_client_resumed_is_whole(recorder: Recorder) -> None:
    recorder.upstream.play(PATH, played(CUT.answer, gap_s=0, finish=Finish.CUT))
    recorder.upstream.play(f"{PATH}/v1_a", played(words("four five six") + END, gap_s=0))
    recorded(recorder, "resumed")
    assert exported(recorder.file, "--stitched") == interaction_of(WHOLE)
