"""One change of every kind, injected into every sample: it is found, named rightly, and nothing else is reported.

Each mutation gives the changed exchange and the names of the differences that must be found; ``*`` stands for a number.
None: the sample has nothing of that kind.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from diff_support import (
    Json,
    Take,
    compared,
    dumped,
    event,
    names,
    samples,
    with_data,
)
from sserec.diff import Level, Options
from sserec.records import Closer, Ending, Manner, ending

Mutated = tuple[Take, list[str]] | None
Mutation = Callable[[Take], Mutated]

SAMPLES = dict(samples())


def text_delta(payload: Json) -> bool:
    return isinstance(payload.get("delta"), dict) and payload["delta"].get("type") == "text"


def arguments_delta(payload: Json) -> bool:
    return isinstance(payload.get("delta"), dict) and payload["delta"].get("type") == "arguments_delta"


def change(take: Take, number: int | None, edit: Callable[[Json], Any]) -> Take | None:
    """The take with the JSON of an event edited in place."""
    if number is None:
        return None
    payload = take.payload(number)
    edit(payload)
    return take.with_payload(number, payload)


def everywhere(take: Take, old: bytes, new: bytes) -> Take:
    return take.with_blocks(block.replace(old, new) for block in take.blocks)


# What the interaction says.


def word_in_a_text(take: Take) -> Mutated:
    def edit(payload: Json) -> None:
        payload["delta"]["text"] += "mutated "

    changed = change(take, take.find(text_delta), edit)
    return (
        None
        if changed is None
        else (
            changed,
            [
                "interaction: changed interaction.steps[*].content[*].text",
                "events: changed event.data.delta.text",
            ],
        )
    )


def argument_of_a_call(take: Take) -> Mutated:
    number = take.find(
        lambda payload: arguments_delta(payload) and "Reykjav" in payload["delta"]["arguments"]
    )

    def edit(payload: Json) -> None:
        payload["delta"]["arguments"] = payload["delta"]["arguments"].replace("Reykjavík", "Oslo")

    changed = change(take, number, edit)
    return (
        None
        if changed is None
        else (
            changed,
            [
                "interaction: changed interaction.steps[*].arguments.location",
                "events: changed event.data.delta.arguments.location",
            ],
        )
    )


def name_of_a_call(take: Take) -> Mutated:
    number = take.find(lambda payload: "name" in (payload.get("step") or {}))
    changed = change(take, number, lambda payload: payload["step"].update(name="other"))
    return (
        None
        if changed is None
        else (
            changed,
            ["interaction: changed interaction.steps[*].name", "events: changed event.data.step.name"],
        )
    )


def status(take: Take) -> Mutated:
    return of_final(take, lambda interaction: interaction.update(status="failed"), "changed", "status")


def usage(take: Take) -> Mutated:
    def edit(interaction: Json) -> None:
        interaction["usage"]["total_tokens"] += 1

    return of_final(take, edit, "changed", "usage.total_tokens")


def usage_by_modality(take: Take) -> Mutated:
    def edit(interaction: Json) -> None:
        interaction["usage"]["input_tokens_by_modality"].append({"modality": "image", "tokens": 3})

    return of_final(take, edit, "only in B", "usage.input_tokens_by_modality[*]")


def new_key(take: Take) -> Mutated:
    return of_final(
        take, lambda interaction: interaction.update(added={"a": [1, None]}), "only in B", "added"
    )


def missing_key(take: Take) -> Mutated:
    return of_final(take, lambda interaction: interaction.pop("service_tier"), "only in A", "service_tier")


def of_final(take: Take, edit: Callable[[Json], Any], kind: str, path: str) -> Mutated:
    changed = change(take, take.typed("interaction.completed"), lambda payload: edit(payload["interaction"]))
    found = [f"interaction: {kind} interaction.{path}", f"events: {kind} event.data.interaction.{path}"]
    return None if changed is None else (changed, found)


# Events.


def unknown_event(take: Take) -> Mutated:
    blocks = (*take.blocks[:2], event("probe.ping", n=1), *take.blocks[2:])
    return take.with_blocks(blocks), ["events: only in B probe.ping"]


def two_unknown_events(take: Take) -> Mutated:
    pings = (event("probe.ping", n=1), event("probe.pong", n=1))
    return take.with_blocks((*take.blocks[:2], *pings, *take.blocks[2:])), ["events: only in B 2 events"]


def lost_event(take: Take) -> Mutated:
    number = take.typed("interaction.status_update")
    assert number is not None
    blocks = (*take.blocks[:number], *take.blocks[number + 1 :])
    return take.with_blocks(blocks), ["events: only in A interaction.status_update"]


def moved_event(take: Take) -> Mutated:
    """Behind the last step, but before whatever ends the stream."""
    number, last = take.typed("interaction.status_update"), take.typed("interaction.completed")
    if number is None or last is None:
        return None
    blocks = [block for place, block in enumerate(take.blocks) if place != number]
    blocks.insert(last - 1, take.blocks[number])
    return take.with_blocks(blocks), ["events: moved interaction.status_update"]


def event_twice(take: Take) -> Mutated:
    number = take.typed("interaction.status_update")
    assert number is not None
    blocks = (*take.blocks[:number], take.blocks[number], *take.blocks[number:])
    return take.with_blocks(blocks), ["events: only in B interaction.status_update"]


def other_name(take: Take) -> Mutated:
    number = take.typed("interaction.status_update")
    assert number is not None
    blocks = list(take.blocks)
    blocks[number] = blocks[number].replace(b"event: interaction.status_update", b"event: other")
    return take.with_blocks(blocks), ["events: changed event.type"]


def no_name(take: Take) -> Mutated:
    number = take.typed("step.start")
    assert number is not None
    blocks = list(take.blocks)
    blocks[number] = blocks[number].partition(b"\n")[2]
    return take.with_blocks(blocks), ["events: changed event.type"]


def an_id_field(take: Take) -> Mutated:
    number = take.typed("step.stop") or 0
    blocks = list(take.blocks)
    blocks[number] = b"id: 7\n" + blocks[number]
    return take.with_blocks(blocks), ["events: only in B event.last_event_id"]


def new_key_in_a_delta(take: Take) -> Mutated:
    number = take.find(lambda payload: "signature" in (payload.get("delta") or {}))
    changed = change(take, number, lambda payload: payload.update(metadata={"cost": 1}))
    return None if changed is None else (changed, ["events: only in B event.data.metadata"])


def model_at_the_start(take: Take) -> Mutated:
    """What completes the interaction says it again, where it was completed."""
    number = take.typed("interaction.created")
    completed = take.typed("interaction.completed") is not None
    who = "agent" if number is not None and "agent" in take.payload(number)["interaction"] else "model"
    changed = change(take, number, lambda payload: payload["interaction"].update({who: "other"}))
    in_interaction = [] if completed else [f"interaction: changed interaction.{who}"]
    return (
        None
        if changed is None
        else (changed, [*in_interaction, f"events: changed event.data.interaction.{who}"])
    )


def bare_error(take: Take) -> Mutated:
    """Behind the last event; where the stream had an error already, it is not another one."""
    if not take.blocks[-1].endswith(b"\n\n"):
        return None
    blocks = (*take.blocks, b'{"error":{"code":"503","message":"overloaded"}}\n')
    ends = [] if take.typed("error") else ["end: only in B end.error"]
    return take.with_blocks(blocks), ["events: only in B malformed line", *ends]


# Steps.


def step_at_the_front(take: Take) -> Mutated:
    """All that follow count one more."""
    first = take.typed("step.start")
    assert first is not None
    later = [
        with_data(block, dumped(payload | {"index": payload["index"] + 1})) if "index" in payload else block
        for block, payload in ((take.blocks[n], take.payload(n)) for n in range(first, len(take.blocks)))
    ]
    new = (
        event("step.start", index=0, step={"type": "retrieval_call", "id": "r1"}),
        event("step.delta", index=0, delta={"type": "retrieval_call", "arguments": {"queries": ["x"]}}),
        event("step.stop", index=0),
    )
    return take.with_blocks((*take.blocks[:first], *new, *later)), [
        "interaction: only in B interaction.steps[*]",
        "events: only in B step 0 retrieval_call",
    ]


def first_step_lost(take: Take) -> Mutated:
    """The others count one less."""
    payloads = [take.payload(number) for number in range(len(take.blocks))]
    sort = next(payload["step"]["type"] for payload in payloads if "step" in payload)
    if not any(payload.get("index") == 1 for payload in payloads):
        return None
    blocks = [
        with_data(block, dumped(payload | {"index": payload["index"] - 1})) if payload.get("index") else block
        for block, payload in zip(take.blocks, payloads, strict=True)
        if payload.get("index") != 0
    ]
    return take.with_blocks(blocks), [
        "interaction: only in A interaction.steps[*]",
        f"events: only in A step 0 {sort}",
    ]


def renumbered_step(take: Take) -> Mutated:
    """The last step has another index, and only that."""
    last = max(take.payload(number).get("index", 0) for number in range(len(take.blocks)))
    blocks = [
        with_data(block, dumped(payload | {"index": 40})) if payload.get("index") == last else block
        for block, payload in ((take.blocks[n], take.payload(n)) for n in range(len(take.blocks)))
    ]
    return take.with_blocks(blocks), ["events: changed event.data.index"]


# Heads and ends.


def request_body(take: Take) -> Mutated:
    body = take.request_body.replace(b'"stream": true', b'"stream": true, "seed": 4')
    assert body != take.request_body
    return replace(take, request_body=body), ["request: only in B request.body.seed"]


def request_method(take: Take) -> Mutated:
    assert take.request is not None
    return replace(take, request=replace(take.request, method="PUT")), ["request: changed request.method"]


def request_query(take: Take) -> Mutated:
    assert take.request is not None
    request = replace(take.request, url=take.request.url + "?alt=sse")
    return replace(take, request=request), ["request: only in B request.query.alt"]


def request_header(take: Take) -> Mutated:
    assert take.request is not None
    headers = tuple(
        (name, "other/1" if name.lower() == "user-agent" else value) for name, value in take.request.headers
    )
    return replace(take, request=replace(take.request, headers=headers)), [
        "request: changed request.headers.user-agent"
    ]


def response_status(take: Take) -> Mutated:
    assert take.response is not None
    return replace(take, response=replace(take.response, status=206)), ["response: changed response.status"]


def response_header(take: Take) -> Mutated:
    assert take.response is not None
    return take.with_headers((*take.response.headers, ("X-New", "1"))), [
        "response: only in B response.headers.x-new"
    ]


def cut_by_upstream(take: Take) -> Mutated:
    assert take.close is not None
    if not take.close.framing_complete:
        return None
    close = replace(take.close, by=Closer.UPSTREAM, how=Manner.CLOSE, framing_complete=False)
    return replace(take, close=close), ["end: changed end.connection"]


def killed(take: Take) -> Mutated:
    return replace(take, close=None), ["end: changed end.connection"]


def missing_end(take: Take) -> Mutated:
    """Without its last event of all, and with the same close."""
    number = take.typed("interaction.completed")
    if number is None:
        return None
    return take.with_blocks(take.blocks[:number]), [
        "end: changed end.stream",
        "interaction: only in A interaction.*",
        "interaction: changed interaction.status",
        "events: only in A 2 events",
    ]


# What must not be found.


def other_tokens(take: Take) -> Mutated:
    """Every text in single characters."""
    blocks = []
    for number, block in enumerate(take.blocks):
        payload = take.payload(number)
        if text_delta(payload) and len(payload["delta"]) == 2:
            pieces = [
                payload | {"delta": payload["delta"] | {"text": piece}} for piece in payload["delta"]["text"]
            ]
            blocks += [with_data(block, dumped(piece)) for piece in pieces]
        else:
            blocks.append(block)
    return take.with_blocks(blocks), []


def other_ids(take: Take) -> Mutated:
    """Another run: every id, signature and date is another, each the same everywhere."""
    other = take
    for number in range(len(take.blocks)):
        payload = take.payload(number)
        for holder in (payload, *(value for value in payload.values() if isinstance(value, dict))):
            for key in ("id", "interaction_id", "call_id", "signature", "event_id"):
                if isinstance(holder.get(key), str) and holder[key]:
                    old = dumped({key: holder[key]})[1:-1]
                    other = everywhere(other, old, dumped({key: holder[key][::-1] + "x"})[1:-1])
    return everywhere(other, b"2026-11-20T09:30:00Z", b"2027-01-02T03:04:05Z"), []


def other_writing(take: Take) -> Mutated:
    """Key order, white space, line ends, comments, chunks."""
    blocks = []
    for number, block in enumerate(take.blocks):
        payload = take.payload(number)
        data = repr_of({key: payload[key] for key in reversed(payload)}) if payload else b"[DONE]"
        if block.endswith(b"\n\n"):
            block = b": ping\n" + with_data(block, data).replace(b"\n", b"\r\n")
        blocks.append(block)
    return replace(take, blocks=tuple(blocks), chunks=((3_000_000, b"".join(blocks)),)), []


def repr_of(payload: Json) -> bytes:
    return dumped(payload).replace(b'":', b'" : ').replace("é".encode(), b"\\u00e9")


def other_times(take: Take) -> Mutated:
    return replace(take, gap_ns=250_000_000), []


def other_carriage(take: Take) -> Mutated:
    assert take.response is not None
    response = replace(take.response, http_version="HTTP/2", reason="")
    headers = tuple((name.upper(), value) for name, value in response.headers)
    dated = (("date", "Sun, 22 Nov 2026 10:00:00 GMT"), ("via", "1.1 elsewhere"), *headers)
    return replace(take, response=replace(response, headers=dated[1:])), []


MUTATIONS: tuple[Mutation, ...] = (
    word_in_a_text, argument_of_a_call, name_of_a_call, status, usage, usage_by_modality, new_key, missing_key,
    unknown_event, two_unknown_events, lost_event, moved_event, event_twice, other_name, no_name, an_id_field,
    new_key_in_a_delta, model_at_the_start, bare_error, step_at_the_front, first_step_lost, renumbered_step,
    request_body, request_method, request_query, request_header, response_status, response_header, cut_by_upstream,
    killed, missing_end, other_tokens, other_ids, other_writing, other_times, other_carriage,
)  # fmt: skip
MIRRORED = {"only in A": "only in B", "only in B": "only in A"}


def fits(pattern: str, name: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".+"), name) is not None


def cases() -> list[Any]:
    made = [(sample, mutation, mutation(take)) for sample, take in SAMPLES.items() for mutation in MUTATIONS]
    return [
        pytest.param(sample, *mutated, id=f"{mutation.__name__}-{sample}")
        for sample, mutation, mutated in made
        if mutated is not None
    ]


CASES = cases()


@pytest.mark.parametrize(("sample", "changed", "expected"), CASES)
def test_a_change_is_found_and_nothing_else(
    sample: str, changed: Take, expected: list[str], tmp_path: Path
) -> None:
    found = names(compared(tmp_path, SAMPLES[sample], changed))
    assert all(any(fits(pattern, name) for pattern in expected) for name in found), found
    assert all(any(fits(pattern, name) for name in found) for pattern in expected), found


@pytest.mark.parametrize(("sample", "changed", "expected"), CASES)
def test_a_difference_is_the_same_from_either_side(
    sample: str, changed: Take, expected: list[str], tmp_path: Path
) -> None:
    found = names(compared(tmp_path, SAMPLES[sample], changed))
    turned = names(compared(tmp_path, changed, SAMPLES[sample]))
    assert sorted(map(mirrored, turned)) == sorted(map(unlabelled, found))


def mirrored(name: str) -> str:
    return unlabelled(re.sub("only in [AB]", lambda match: MIRRORED[match[0]], name))


def unlabelled(name: str) -> str:
    """Without places, which each side counts for itself."""
    return re.sub(r"\d+", "#", name)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
def test_every_kind_of_change_suits_some_sample(mutation: Mutation) -> None:
    assert any(mutation(take) is not None for take in SAMPLES.values())


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_stream_does_not_differ_from_itself(sample: str, tmp_path: Path) -> None:
    for level in Level:
        assert compared(tmp_path, SAMPLES[sample], SAMPLES[sample], Options(level=level)) == []
        assert compared(tmp_path, SAMPLES[sample], SAMPLES[sample], Options(level=level, exact=True)) == []


@pytest.mark.parametrize("sample", SAMPLES)
def test_exactly_compared_another_run_has_other_ids(sample: str, tmp_path: Path) -> None:
    mutated = other_ids(SAMPLES[sample])
    assert mutated is not None
    found = names(compared(tmp_path, SAMPLES[sample], mutated[0], Options(exact=True)))
    assert "events: changed event.data.interaction.id" in found


def test_the_samples_end_as_their_names_say() -> None:
    """Else the mutations of the end would prove nothing."""
    cut = SAMPLES["broken-in-the-middle-1"].close
    assert ending(cut, saw_end=False) is Ending.UPSTREAM_CUT
