"""Recordings of several exchanges, exported as what they were."""

from pathlib import Path

import orjson
import pytest

from export_support import (
    API,
    MODEL,
    Json,
    Told,
    archive,
    asked,
    exported,
    get,
    refused,
    sserec,
    unary,
)
from interactions_support import (
    DONE,
    completed,
    created,
    events_of,
    fold,
    interaction_of,
    one_step,
    said,
    start,
    stop,
    stream,
    updated,
)
from scenarios import deep_research, function_calling
from sserec.conversations import Role


def words(text: str, *ids: str, index: int = 0) -> bytes:
    """A delta for each word; those at the end have the ids that are given."""
    pieces = text.split()
    marks = [""] * (len(pieces) - len(ids)) + list(ids)
    return b"".join(
        said(
            "step.delta",
            index=index,
            delta={"text": f"{piece} ", "type": "text"},
            **({"event_id": id_} if id_ else {}),
        )
        for piece, id_ in zip(pieces, marks, strict=True)
    )


BEGUN = created() + updated() + start(0, "model_output")
END = stop(0) + completed(usage={"total_tokens": 9}) + DONE
WHOLE = BEGUN + words("one two three", "e3") + words("four five") + words("six") + END
CUT = Told(BEGUN + words("one two three", "e3") + words("four five"), asked(background=True), is_cut=True)
RESUMED = get(words("four five six") + END, "last_event_id=e3&stream=true")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "recorded.sse.zst"


def test_a_dropped_stream_that_was_resumed_is_one_interaction(path: Path) -> None:
    archive(path, CUT, RESUMED)
    assert exported(path, "--conversation") == [interaction_of(WHOLE)]
    assert exported(path, "--stitched") == interaction_of(WHOLE)
    assert exported(path, "--conversation", "--stitched") == interaction_of(WHOLE)


def test_every_cut_of_a_real_agents_stream_is_stitched_to_the_same_interaction(tmp_path: Path) -> None:
    ((request, recorded),) = deep_research().exchanges
    body = b"".join(data for _, data in recorded.pieces)
    events = events_of(body)
    for cut in range(3, len(events), 4):
        seen, ids = (
            body[: events[cut].start],
            [orjson.loads(event.data).get("event_id") for event in events[:cut]],
        )
        last = max((number for number, id_ in enumerate(ids) if id_), default=None)
        after = "" if last is None else f"&last_event_id={ids[last]}"
        rest = get(body[0 if last is None else events[last].end :], f"stream=true{after}", recorded.id)
        path = archive(tmp_path / f"{cut}.sse.zst", Told(seen, request, is_cut=True), rest)
        assert orjson.loads(sserec("export", path, "--stitched").stdout) == interaction_of(body)


def test_events_of_a_stitched_interaction_say_which_exchange_they_come_from(path: Path) -> None:
    done = sserec("export", archive(path, CUT, RESUMED), "--stitched", "--format", "events")
    lines = list(map(orjson.loads, done.stdout.splitlines()))
    assert [line["data"] for line in lines] == [event.text for event in events_of(WHOLE)]
    assert [(line["exchange"], line["number"]) for line in lines][5:8] == [(1, 6), (2, 1), (2, 2)]
    assert (done.returncode, done.stderr) == (0, b"")


def test_diagnostics_name_the_exchange_and_the_event_there(path: Path) -> None:
    odd = said("step.delta", index=0, delta={"type": "hologram"})
    rest = get(words("four five") + odd + END, "last_event_id=e3&stream=true")
    done = sserec("export", archive(path, CUT, rest), "--stitched")
    assert done.returncode == 0
    assert b": exchange 2, event 3: warning: " in done.stderr
    wrapped = orjson.loads(sserec("export", path, "--stitched", "--with-diagnostics").stdout)
    assert (wrapped["exchanges"], wrapped["complete"]) == ([1, 2], True)
    assert [(one["exchange"], one["event"], one["id"]) for one in wrapped["diagnostics"]] == [
        (2, 3, "unknown-delta")
    ]


def test_a_resume_that_broke_off_too_leaves_what_there_was_and_says_so(path: Path) -> None:
    rest = get(words("four"), "last_event_id=e3&stream=true", is_cut=True)
    archive(path, CUT, rest)
    assert exported(path, "--stitched", code=1) == fold(CUT.answer).interaction


def test_a_resume_point_that_was_not_recorded_is_an_error(path: Path) -> None:
    archive(path, CUT, get(words("nine") + END, "last_event_id=e8&stream=true"))
    done = sserec("export", path, "--stitched")
    assert done.returncode == 1
    assert b"exchange 2: error: resumed after event e8, which is not in this recording" in done.stderr


def test_a_replay_from_the_start_stands_for_the_stream_that_was_cut(path: Path) -> None:
    archive(path, CUT, get(WHOLE, "stream=true"))
    assert exported(path, "--stitched") == interaction_of(WHOLE)


def test_an_interaction_that_was_only_replayed_is_one_too(path: Path) -> None:
    assert exported(archive(path, get(WHOLE, "stream=true")), "--conversation") == [interaction_of(WHOLE)]


def test_what_a_later_get_returned_ends_a_stream_that_was_cut(path: Path) -> None:
    whole = interaction_of(WHOLE)
    early = unary(whole | {"status": "in_progress", "steps": []}, method="GET", url=f"{API}/v1_a")
    archive(path, CUT, early, unary(whole, method="GET", url=f"{API}/v1_a"))
    assert exported(path, "--stitched") == whole


def test_a_cancelled_interaction_keeps_what_had_come(path: Path) -> None:
    cancel = unary({"id": "v1_a", "status": "cancelled", "object": "interaction"}, url=f"{API}/v1_a/cancel")
    archive(path, CUT, cancel)
    assert exported(path, "--stitched", code=1)["steps"] == interaction_of(CUT.answer)["steps"]


def hop(number: int, *, token: str | None = None, said_by: str = "completed") -> bytes:
    """One hop of a continued answer; its indexes start at 0 again."""
    name = {
        "id": f"v1_h{number}",
        "created": f"2026-11-20T09:3{number}:00Z",
        "usage": {"total_input_tokens": number},
    }
    status = (
        {"status": "requires_continuation", "continuation_token": token} if token else {"status": said_by}
    )
    step = one_step("model_output", {"type": "text", "text": f"hop {number}. "})
    steps = step[len(created() + updated()) : -len(completed() + DONE)]
    return created(id=name["id"]) + steps + completed(**name, **status) + DONE


CONTINUED = (
    Told(hop(1, token="t1"), asked()),
    Told(
        hop(2, token="t2"), {"model": MODEL, "previous_interaction_id": "v1_h1", "continuation_token": "t1"}
    ),
    Told(hop(3), {"model": MODEL, "previous_interaction_id": "v1_h2", "continuation_token": "t2"}),
)


def test_the_hops_of_a_continued_answer_are_listed_one_by_one_and_merged_as_one(path: Path) -> None:
    archive(path, *CONTINUED)
    hops = exported(path, "--conversation")
    assert [one["id"] for one in hops] == ["v1_h1", "v1_h2", "v1_h3"]
    merged = exported(path, "--stitched")
    assert [part["text"] for step in merged["steps"] for part in step["content"]] == [
        "hop 1. ",
        "hop 2. ",
        "hop 3. ",
    ]
    assert merged["id"] == "v1_h3"
    assert merged["created"] == hops[0]["created"]
    assert merged["continuation_ids"] == ["v1_h1", "v1_h2", "v1_h3"]
    assert merged["usage"] == {"total_input_tokens": 6, "initial_input_tokens": 1}
    assert (
        sserec("export", path, "--stitched", "--format", "text").stdout == b"hop 1. \n\nhop 2. \n\nhop 3. \n"
    )


def test_an_answer_whose_continuation_is_missing_is_not_whole(path: Path) -> None:
    archive(path, *CONTINUED[:2])
    done = sserec("export", path, "--stitched")
    assert done.returncode == 1
    assert b"exchange 2: error: the answer goes on in another interaction" in done.stderr
    assert orjson.loads(done.stdout)["status"] == "requires_continuation"


def test_a_hop_that_dropped_after_a_checkpoint_gives_only_what_was_not_made_again(path: Path) -> None:
    dropped = (
        created(id="v1_h1") + updated(continuation_token="t1") + start(0, "model_output") + words("lost")
    )
    archive(path, Told(dropped, asked(), is_cut=True), *CONTINUED[1:])
    merged = exported(path, "--stitched")
    assert [part["text"] for step in merged["steps"] for part in step["content"]] == ["hop 2. ", "hop 3. "]


def test_function_calling_is_a_list_of_two_and_one_timeline(path: Path) -> None:
    bodies = [
        (given, b"".join(data for _, data in told.pieces)) for given, told in function_calling().exchanges
    ]
    archive(path, *(Told(body, given) for given, body in bodies))
    first, second = exported(path, "--conversation")
    assert [first, second] == [interaction_of(body) for _, body in bodies]
    timeline = exported(path, "--stitched")
    types = [step["type"] for step in timeline["steps"]]
    assert types == ["thought", "function_call", "function_result", "model_output"]
    assert timeline["id"] == second["id"]


def test_without_a_store_the_repeated_history_is_not_taken_for_new_input(path: Path) -> None:
    call = {"type": "function_call", "id": "c1", "name": "f", "arguments": {}}
    question = {"type": "user_input", "content": [{"type": "text", "text": "q"}]}
    result = {"type": "function_result", "call_id": "c1", "result": 4}
    no_id = {"id": ""}
    begun = created(**no_id) + start(0, "function_call", id="c1", name="f", arguments={}) + stop(0)
    answered = (
        created(**no_id) + start(0, "model_output") + words("four") + stop(0) + completed(**no_id) + DONE
    )
    archive(
        path,
        Told(begun + completed(**no_id) + DONE, asked([question], store=False)),
        Told(answered, asked([question, call, result], store=False)),
    )
    assert [step["type"] for step in exported(path, "--stitched")["steps"]] == [
        "function_call", "function_result", "model_output"
    ]  # fmt: skip


def test_retries_leave_the_one_answer(path: Path) -> None:
    given = asked("again")
    archive(path, refused(429, given), refused(503, given), Told(stream(), given))
    assert exported(path, "--conversation") == [interaction_of(stream())]
    done = sserec("export", path, "--conversation", "--format", "curl")
    assert done.stdout.count(b"curl ") == 1


def test_the_conversation_of_an_exchange_can_be_asked_for_and_all_of_them(path: Path) -> None:
    other = created(id="v1_x") + completed(id="v1_x") + DONE
    archive(path, Told(stream(), asked()), Told(other, asked("another")))
    assert [one["id"] for one in exported(path, "--conversation")] == ["v1_x"]
    assert [one["id"] for one in exported(path, "--conversation", "--exchange", "1")] == ["v1_a"]
    assert [one["id"] for one in exported(path, "--conversation", "--all")] == ["v1_a", "v1_x"]
    assert [one["id"] for one in exported(path, "--stitched", "--all")] == ["v1_a", "v1_x"]


def test_of_branches_the_way_to_the_one_asked_for_is_merged(path: Path) -> None:
    def turn(name: str) -> bytes:
        steps = start(0, "model_output") + words(name) + stop(0)
        return created(id=name) + steps + completed(id=name) + DONE

    told = [
        Told(turn("v1_a"), asked()),
        Told(turn("v1_b"), asked("b", previous_interaction_id="v1_a")),
        Told(turn("v1_c"), asked("c", previous_interaction_id="v1_a")),
    ]
    archive(path, *told)

    def texts(*options: str) -> list[str]:
        steps = exported(path, "--stitched", *options)["steps"]
        return [part["text"] for step in steps for part in step["content"]]

    assert texts("--exchange", "2") == ["v1_a ", "b", "v1_b "]
    assert texts() == ["v1_a ", "c", "v1_c "]


def test_an_exchange_that_was_not_answered_with_an_interaction_is_none_to_stitch(path: Path) -> None:
    archive(path, Told(stream(), asked()), refused(400, asked("b", previous_interaction_id="v1_a")))
    assert exported(path, "--stitched")["id"] == "v1_a"
    assert sserec("export", path, "--stitched", "--exchange", "2").returncode == 2


def test_a_recording_without_interactions_has_no_conversation(path: Path) -> None:
    archive(path, Told(b"data: 1\n\n", url="https://api.example/v1/chat"))
    done = sserec("export", path, "--conversation")
    assert done.returncode == 2
    assert b"holds no conversation with an interaction, but exchange 1: 200, text/event-stream" in done.stderr
    done = sserec("info", "--conversation", path)
    assert done.stdout.decode() == "no part of a conversation: 1 exchange (1)\n"


def tree(path: Path) -> list[str]:
    done = sserec("info", "--conversation", path)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode().splitlines()


def test_info_draws_what_happened(path: Path) -> None:
    given = asked(background=True)
    failed = refused(429, given)
    deleted = Told(b"{}", b"", f"{API}/v1_a", "DELETE", content_type="application/json")
    elsewhere = Told(b"data: 1\n\n", url="https://api.example/v1/chat")
    archive(path, failed, CUT, RESUMED, deleted, elsewhere)
    assert tree(path) == [
        "conversation 1: 1 interaction, 4 exchanges",
        "└─ v1_a · completed",
        "   ├─ 1  create · 429 · 500 ms · complete · tried again by 2",
        "   ├─ 2  create · 200 · 8 events · 500 ms · upstream cut",
        "   ├─ 3  resume after e3 · 200 · 6 events · 500 ms · complete",
        "   └─ 4  delete · 200 · 500 ms · complete",
        "no part of a conversation: 1 exchange (5)",
    ]


def test_info_keeps_a_chain_on_one_level_and_hangs_branches_below(path: Path) -> None:
    def told(name: str, previous: str | None, given: object = "q", calls: Json | None = None) -> Told:
        step = start(0, "function_call", **calls) + stop(0) if calls else b""
        more = {"previous_interaction_id": previous} if previous else {}
        return Told(created(id=name) + step + completed(id=name) + DONE, asked(given, **more))

    call = {"id": "c1", "name": "f", "arguments": {}}
    archive(
        path,
        told("v1_a", None, calls=call),
        told("v1_b", "v1_a", [{"type": "function_result", "call_id": "c1", "result": 1}]),
        told("v1_c", "v1_b", "c"),
        told("v1_d", "v1_b", "d"),
        told("v1_e", "v1_c"),
    )
    visit = "create · 200 · {} events · 500 ms · complete".format
    assert tree(path) == [
        "conversation 1: 5 interactions, 5 exchanges",
        "├─ v1_a · completed · calls f (c1)",
        f"│  └─ 1  {visit(5)}",
        "└─ v1_b · completed · answers c1 of v1_a",
        f"   ├─ 2  {visit(3)}",
        "   ├─ v1_c · completed · follows v1_b",
        f"   │  ├─ 3  {visit(3)}",
        "   │  └─ v1_e · completed · follows v1_c",
        f"   │     └─ 5  {visit(3)}",
        "   └─ v1_d · completed · follows v1_b",
        f"      └─ 4  {visit(3)}",
    ]


def test_info_names_what_has_no_id_and_what_is_not_here(path: Path) -> None:
    hops = [told.answer.replace(b"v1_h1", b"").replace(b"v1_h2", b"") for told in CONTINUED[:2]]
    archive(
        path,
        Told(hops[0], asked(store=False, previous_interaction_id="v1_0")),
        Told(hops[1], asked(store=False, continuation_token="t1")),
    )
    lines = tree(path)
    assert lines[1] == "├─ no id · requires_continuation · follows v1_0, which is not here"
    assert lines[3] == "└─ no id · requires_continuation · continues exchange 1"


def test_info_as_json_has_the_same_tree(path: Path) -> None:
    archive(path, refused(429, asked()), Told(stream(), asked()), CONTINUED[1])
    document = orjson.loads(sserec("info", "--conversation", "--json", path).stdout)
    first = document["conversations"][0]["interactions"][0]
    assert (first["id"], first["status"], first["link"]) == ("v1_a", "completed", None)
    assert first["visits"][0] == {
        "exchange": 1,
        "role": "create",
        "last_event_id": "",
        "http_status": 429,
        "tried_again_by": 2,
    }
    assert document["other_exchanges"] == []
    assert document["file"] == str(path)


def test_ids_from_a_server_never_reach_a_terminal_as_control_characters(path: Path) -> None:
    evil = created(id="v1_\x1b[2J") + completed(id="v1_\x1b[2J") + DONE
    assert "v1_␛[2J" in tree(archive(path, Told(evil, asked())))[1]


def test_the_example_of_the_page_runs(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (Path(__file__).parent.parent / "docs" / "conversations.md").read_text(encoding="utf-8")
    example = page.partition("```python\n")[2].partition("```")[0]
    monkeypatch.chdir(path.parent)
    archive(path.with_name("file.sse.zst"), *CONTINUED)
    exec(compile(example, "docs/conversations.md", "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        "v1_h1 requires_continuation True",
        "v1_h2 requires_continuation True",
        "v1_h3 completed True",
    ]
    assert lines[3].startswith("Answer(exchanges=(1, 2, 3), ")


def test_the_page_names_every_role_and_every_finding() -> None:
    page = (Path(__file__).parent.parent / "docs" / "conversations.md").read_text(encoding="utf-8")
    assert all(f"**{role}**" in page for role in Role)
    assert all(f"`{finding}`" in page for finding in ("resume-point-unknown", "continuation-missing"))
