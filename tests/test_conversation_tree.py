"""Which exchanges belong to which interaction, and what each interaction follows."""

from typing import Any

import pytest

from sserec.conversations import (
    Bond,
    Call,
    Conversation,
    Facts,
    Heard,
    MadeCall,
    Role,
    Turn,
    call_of,
    conversations,
    heard_of,
    request_key,
)

API = "https://generativelanguage.googleapis.com/v1/interactions"


def asked(
    exchange: int, method: str = "POST", path: str = "", status: int | None = 200, **body: Any
) -> Facts:
    """An exchange that opens at its number and closes half a unit later, unheard."""
    call = call_of(method, API + path, body)
    assert call is not None
    key = request_key(method, API + path, repr(body).encode())
    return Facts(exchange, call, status, None, key, exchange * 10, exchange * 10 + 5)


def heard(facts: Facts, **said: Any) -> Facts:
    return Facts(
        facts.exchange,
        facts.call,
        facts.http_status,
        Heard(**said),
        facts.request_key,
        facts.t_open_ns,
        facts.t_close_ns,
    )


def shape(conversation: Conversation) -> list[tuple[int, ...]]:
    return [turn.exchanges for turn in conversation.turns]


def only(*facts: Facts) -> tuple[Turn, ...]:
    (conversation,) = conversations(facts)
    return conversation.turns


@pytest.mark.parametrize(
    ("method", "url", "call"),
    [
        ("POST", API, Call(Role.CREATE)),
        ("POST", API + "?key=x", Call(Role.CREATE)),
        (
            "POST",
            "https://eu-aiplatform.googleapis.com/v1beta1/projects/p/locations/eu/interactions",
            Call(Role.CREATE),
        ),
        ("POST", "http://127.0.0.1:80/pre/fix/v1beta/interactions/", Call(Role.CREATE)),
        ("GET", API + "/v1_a", Call(Role.GET, "v1_a")),
        ("GET", API + "/v1_a?include_input=true", Call(Role.GET, "v1_a")),
        ("GET", API + "/v1_a?stream=true", Call(Role.REPLAY, "v1_a")),
        ("GET", API + "/v1%5Fa?last_event_id=e%2F3&stream=true", Call(Role.RESUME, "v1_a", "e/3")),
        ("GET", API + "/v1_a?last_event_id=e3", Call(Role.GET, "v1_a")),
        ("POST", API + "/v1_a/cancel", Call(Role.CANCEL, "v1_a")),
        ("POST", API + "/v1_a:cancel", Call(Role.CANCEL, "v1_a")),
        ("DELETE", API + "/v1_a", Call(Role.DELETE, "v1_a")),
        ("GET", API, None),
        ("POST", API + "/v1_a", None),
        ("POST", "https://generativelanguage.googleapis.com/v1/models/m:generateContent", None),
        ("POST", "https://[broken", None),
        ("CONNECT", "generativelanguage.googleapis.com:443", None),
    ],
)
def test_a_request_says_what_it_is_for(method: str, url: str, call: Call | None) -> None:
    assert call_of(method, url, None) == call


def test_a_creation_names_what_it_follows_and_which_calls_it_answers() -> None:
    result = {"type": "function_result", "call_id": "c2", "result": 1}
    given = [{"type": "function_result", "call_id": "c1", "result": 1}, {"role": "user", "content": [result]}]
    body = {"previous_interaction_id": "v1_a", "continuation_token": "t", "input": given}
    assert call_of("POST", API, body) == Call(Role.CREATE, "", "", "v1_a", "t", ("c1", "c2"))


@pytest.mark.parametrize("body", [None, [], "text", {"input": 7, "previous_interaction_id": None}])
def test_a_body_of_another_shape_is_a_creation_that_says_nothing(body: object) -> None:
    assert call_of("POST", API, body) == Call(Role.CREATE)


def test_an_answer_says_its_id_its_status_and_its_calls() -> None:
    call = {"type": "function_call", "id": "c1", "name": "f", "arguments": {}}
    steps = [call, {"type": "thought"}, "no step", {"type": "google_search_call", "id": "s"}]
    whole = {"id": "v1_a", "status": "requires_action", "continuation_token": "t", "steps": steps}
    assert heard_of(whole) == Heard("v1_a", "requires_action", "t", "", (MadeCall("c1", "f"),))
    assert heard_of({"outputs": [call], "previous_interaction_id": "v1_0", "status": 7}).calls == (
        MadeCall("c1", "f"),
    )


def test_function_calling_turns_follow_one_another_by_id_and_by_call() -> None:
    first = heard(asked(1), id="v1_a", status="requires_action", calls=(MadeCall("c1", "f"),))
    second = heard(
        asked(2, previous_interaction_id="v1_a", input=[{"call_id": "c1"}]), id="v1_b", status="completed"
    )
    call, answer = only(first, second)
    assert (call.id, call.link, call.exchanges) == ("v1_a", None, (1,))
    assert answer.link is not None
    assert answer.link.exchange == 1
    assert answer.link.by == (Bond.PREVIOUS, Bond.CALL)
    assert answer.link.call_ids == ("c1",)


def test_turns_without_a_store_are_known_by_their_calls_alone_the_newest_first() -> None:
    first = heard(asked(1), calls=(MadeCall("c1", "f"),))
    second = heard(asked(2, input=[{"call_id": "c1"}]), calls=(MadeCall("c2", "f"),))
    third = asked(3, input=[{"call_id": "c1"}, {"call_id": "c2"}])
    links = [turn.link for turn in only(first, second, third)]
    assert [link and link.exchange for link in links] == [None, 1, 2]
    assert [link and link.call_ids for link in links] == [None, ("c1",), ("c2",)]


def test_a_continuation_is_known_by_its_token_even_without_ids() -> None:
    first = heard(asked(1), status="requires_continuation", continuation_token="t")
    hop, rest = only(first, heard(asked(2, continuation_token="t"), status="completed"))
    assert hop.link is None
    assert rest.link is not None
    assert rest.link.is_continuation
    assert rest.link.by == (Bond.TOKEN,)


def test_resumes_replays_gets_cancels_and_deletes_belong_to_the_interaction_they_name() -> None:
    facts = [
        heard(asked(1), id="v1_a"),
        asked(2, "GET", "/v1_a?stream=true&last_event_id=e1"),
        asked(3, "GET", "/v1_a?stream=true"),
        asked(4, "GET", "/v1_a"),
        asked(5, "POST", "/v1_a/cancel"),
        asked(6, "DELETE", "/v1_a"),
    ]
    (turn,) = only(*facts)
    assert [visit.role for visit in turn.visits] == [
        Role.CREATE, Role.RESUME, Role.REPLAY, Role.GET, Role.CANCEL, Role.DELETE
    ]  # fmt: skip
    assert turn.visits[1].last_event_id == "e1"


def test_an_interaction_made_elsewhere_begins_with_the_first_exchange_about_it() -> None:
    (turn,) = only(
        asked(1, "GET", "/v1_a?stream=true"), heard(asked(2, "GET", "/v1_a"), id="v1_a", status="completed")
    )
    assert (turn.id, turn.status, turn.exchanges) == ("v1_a", "completed", (1, 2))


@pytest.mark.parametrize("status", [408, 409, 429, 500, 503, 504, None])
def test_a_failed_request_that_was_sent_again_is_one_interaction(status: int | None) -> None:
    facts = asked(1, status=status, input="q"), asked(2, status=status, input="q"), asked(3, input="q")
    (turn,) = only(*facts)
    assert [visit.tried_again_by for visit in turn.visits] == [2, 3, None]


@pytest.mark.parametrize("status", [200, 400, 401, 404])
def test_a_request_that_no_sdk_sends_again_is_another_interaction(status: int) -> None:
    assert len(conversations([asked(1, status=status, input="q"), asked(2, input="q")])) == 2


def test_another_request_after_a_failure_is_another_interaction() -> None:
    assert len(conversations([asked(1, status=503, input="q"), asked(2, input="another")])) == 2


def test_requests_at_the_same_time_are_no_retries_of_each_other() -> None:
    first = asked(1, status=429, input="q")
    at_once = Facts(2, first.call, 429, None, first.request_key, 12, 16)
    again = asked(3, input="q"), asked(4, input="q")
    assert [shape(one) for one in conversations([first, at_once, *again])] == [[(1, 3)], [(2, 4)]]


def test_a_request_whose_body_is_lost_is_nobodys_retry() -> None:
    first = asked(1, status=503)
    lost = Facts(2, first.call, 200, None, "", 20, 25)
    assert len(conversations([first, lost])) == 2


def test_a_turn_that_was_tried_again_is_followed_as_one() -> None:
    first = heard(asked(1), id="v1_a", status="completed")
    retried = asked(2, status=429, previous_interaction_id="v1_a")
    second = heard(asked(3, previous_interaction_id="v1_a"), id="v1_b")
    third = heard(asked(4, previous_interaction_id="v1_b"), id="v1_c")
    assert [turn.exchanges for turn in only(first, retried, second, third)] == [(1,), (2, 3), (4,)]


def test_several_may_follow_the_same_interaction() -> None:
    root = heard(asked(1), id="v1_a")
    branches = [heard(asked(n, previous_interaction_id="v1_a", input=n), id=f"v1_{n}") for n in (2, 3)]
    leaf = asked(4, previous_interaction_id="v1_3")
    (conversation,) = conversations([root, *branches, leaf])
    first, second, third, fourth = conversation.turns
    assert [turn.link and turn.link.exchange for turn in (second, third)] == [first.exchange] * 2
    assert conversation.path(fourth) == (first, third, fourth)


def test_conversations_without_a_bond_stay_apart_in_the_order_they_began() -> None:
    facts = [
        heard(asked(1), id="v1_a"),
        heard(asked(2, input=2), id="v1_x"),
        asked(3, previous_interaction_id="v1_a"),
        asked(4, previous_interaction_id="v1_x"),
    ]
    assert [shape(one) for one in conversations(facts)] == [[(1,), (3,)], [(2,), (4,)]]


def test_what_follows_an_interaction_that_was_not_recorded_says_so() -> None:
    (turn,) = only(asked(1, previous_interaction_id="v1_before"))
    assert (turn.link, turn.previous_interaction_id) == (None, "v1_before")


def test_an_answer_that_names_what_it_follows_is_believed() -> None:
    get = heard(asked(2, "GET", "/v1_b"), id="v1_b", previous_interaction_id="v1_a")
    assert [turn.link and turn.link.exchange for turn in only(heard(asked(1), id="v1_a"), get)] == [None, 1]


def test_interactions_that_claim_to_follow_each_other_make_no_circle() -> None:
    first = heard(asked(1, previous_interaction_id="v1_b"), id="v1_a")
    second = heard(asked(2, previous_interaction_id="v1_a"), id="v1_b")
    assert [turn.link and turn.link.exchange for turn in only(first, second)] == [None, 1]


def test_an_interaction_does_not_follow_itself() -> None:
    (turn,) = only(heard(asked(1, previous_interaction_id="v1_a"), id="v1_a", calls=(MadeCall("c", ""),)))
    assert turn.link is None


def test_the_last_word_on_an_interaction_counts() -> None:
    first = heard(asked(1), id="v1_a", status="in_progress")
    later = heard(asked(2, "GET", "/v1_a"), id="v1_a", status="completed", calls=(MadeCall("c", "f"),))
    (turn,) = only(first, later)
    assert (turn.status, turn.calls) == ("completed", (MadeCall("c", "f"),))
