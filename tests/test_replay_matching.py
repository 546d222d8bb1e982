"""Which recorded exchange answers a request, and what is said when none does."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from replay_support import CREATED, DONE, HOST, QUESTION, URL, Kept, delta, recording
from sserec.recording import Recording
from sserec.replay.asked import Asked, asked
from sserec.replay.repertoire import Answer, Miss, Repertoire
from sserec.replay.score import Head
from sserec.replay.takes import takes

STREAM = Kept([(0, CREATED), (1, delta(1)), (5, delta(2) + delta(3)), (9, DONE)])
TARGET = "/v1/interactions"


Repertoires = Callable[..., Repertoire]


@pytest.fixture
def repertoire(tmp_path: Path) -> Iterator[Repertoires]:
    """Makes the repertoire of some exchanges, which it reads from a file as they are asked for."""
    with ExitStack() as opened:

        def make(*exchanges: Kept, **options: bool) -> Repertoire:
            file = recording(tmp_path / "x.sse.zst", *exchanges)
            return Repertoire(takes(opened.enter_context(Recording.open(str(file))).exchanges), **options)

        yield make


def body_of(answer: Answer | Miss) -> bytes:
    assert isinstance(answer, Answer), answer
    return b"".join(cue for _, cue in answer.take.score(answer.start) if isinstance(cue, bytes))


def post(target: str = TARGET, body: bytes = QUESTION, **more: str) -> Asked:
    return asked("POST", target, (), body, **more)


@pytest.mark.parametrize(
    "request_",
    [
        post(),
        post("/v1beta/interactions"),
        post("/v1beta1/interactions"),
        post("/interactions"),
        post(body=b'{ "stream" : true, "input":"hello", "model":"m" }'),
        post("/v1/interactions?key=AIzaSyA-secret-of-somebody"),
        post(authority=HOST),
    ],
    ids=["same", "beta", "vertex version", "no version", "other spelling", "key in the query", "same server"],
)
def test_a_request_that_means_the_same_is_answered(repertoire: Repertoires, request_: Asked) -> None:
    assert body_of(repertoire(STREAM).answer(request_)) == STREAM.data


@pytest.mark.parametrize(
    ("request_", "place"),
    [
        (post(body=QUESTION.replace(b"hello", b"bye")), "body.input"),
        (post(body=QUESTION.replace(b'"m"', b'["m",1]')), "body.model"),
        (post(body=b"not json"), "body"),
        (post("/v1/interactions/x/cancel"), "path"),
        (post("/v1/interactions?alt=sse"), "query.alt"),
        (asked("PUT", TARGET, (), QUESTION), "method"),
        (post(authority="api.example"), "server"),
    ],
    ids=["text", "type", "no JSON", "path", "query", "method", "server"],
)
def test_a_request_that_means_something_else_is_a_miss_that_says_where(
    repertoire: Repertoires, request_: Asked, place: str
) -> None:
    miss = repertoire(STREAM).answer(request_)
    assert isinstance(miss, Miss)
    assert [difference.place for difference in miss.differences] == [place]
    assert f"exchange 1 is nearest and differs in {place}" in miss.message


@pytest.mark.parametrize(
    "url", ["http://[", "https://[::1/x", "//[", "http://a b/", "", "http://x:99999999/"]
)
def test_a_url_that_is_none_is_compared_all_the_same(repertoire: Repertoires, url: str) -> None:
    played = repertoire(Kept(url=url, method="GET", body=b""))
    assert isinstance(played.answer(asked("GET", url)), Answer)
    assert isinstance(played.answer(asked("GET", "/elsewhere")), Miss)
    assert not any("[" in server or " " in server for server in played.servers)


def test_numbers_are_compared_by_value(repertoire: Repertoires) -> None:
    kept = Kept(body=b'{"temperature":1.0,"seeds":[2,0.5]}')
    same = post(body=b'{"temperature":1,"seeds":[2.0,0.5]}')
    assert isinstance(repertoire(kept).answer(same), Answer)
    assert isinstance(repertoire(kept).answer(post(body=b'{"temperature":1.5}')), Miss)


def test_a_secret_that_was_replaced_in_a_recorded_body_may_be_anything(repertoire: Repertoires) -> None:
    kept = Kept(body=b'{"input":"hello","password":"[REDACTED]***","pin":"****"}')
    played = repertoire(kept, Kept([(0, b"second")], body=kept.body))
    asked_for = post(body=b'{"input":"hello","password":"correct horse","pin":"1234"}')
    assert body_of(played.answer(asked_for)) == kept.data
    assert body_of(played.answer(asked_for)) == b"second"
    assert isinstance(played.answer(post(body=b'{"input":"other","password":"x","pin":"1"}')), Miss)


def test_a_secret_within_a_text_may_be_anything_and_the_text_around_it_may_not(
    repertoire: Repertoires,
) -> None:
    played = repertoire(Kept(body=b'{"input":"get /?key=[REDACTED]***&a=[REDACTED] please"}'))
    assert isinstance(played.answer(post(body=b'{"input":"get /?key=a8Fh3kLq9&a=sig please"}')), Answer)
    for other in ("get /?key=x", "got /?key=x&a=y please", "get /?key=x&b=y please", "get /?key= please"):
        assert isinstance(played.answer(post(body=b'{"input":"%s"}' % other.encode())), Miss)
    form = repertoire(Kept(body=b"grant_type=x&refresh_token=[REDACTED]***&scope=y"))
    assert isinstance(form.answer(post(body=b"grant_type=x&refresh_token=a8Fh3kLq9&scope=y")), Answer)


def test_the_nearest_request_is_the_one_with_the_fewest_differences(repertoire: Repertoires) -> None:
    near = Kept(body=b'{"model":"m","input":"hello","tools":[{"name":"a"},{"name":"b"}]}')
    miss = repertoire(STREAM, near, Kept(url=URL + "/x/cancel")).answer(
        post(body=b'{"model":"m","input":"hello","tools":[{"name":"a"},{"name":"c"}]}')
    )
    assert isinstance(miss, Miss)
    assert miss.nearest
    assert miss.nearest.name == "exchange 2"
    assert miss.differences == [("body.tools[1].name", "b", "c")]


def test_a_long_value_is_shown_shortened_and_nothing_as_nothing(repertoire: Repertoires) -> None:
    miss = repertoire(STREAM).answer(post(body=b'{"model":"m","input":"' + b"x" * 500 + b'","n":1}'))
    assert isinstance(miss, Miss)
    shown = {difference.place: (difference.recorded, difference.asked) for difference in miss.differences}
    assert shown["body.input"] == ("hello", "x" * 120 + "… (500 characters)")
    assert shown["body.stream"] == ("true", "(nothing)")
    assert shown["body.n"] == ("(nothing)", "1")


def test_a_secret_does_not_come_back_in_the_answer(repertoire: Repertoires) -> None:
    key = "AIzaSyA-secret-of-somebody"
    miss = repertoire(STREAM).answer(post(f"/v1/other?key={key}&alt=sse"))
    assert isinstance(miss, Miss)
    assert key not in repr(miss)


def test_equal_requests_are_answered_in_recorded_order_and_the_last_answer_stays(
    repertoire: Repertoires,
) -> None:
    polls = [Kept([(0, data)], url=f"{URL}/v1_x", method="GET", body=b"") for data in (b"1", b"2", b"3")]
    played = repertoire(*polls)
    answers = [body_of(played.answer(asked("GET", f"{TARGET}/v1_x"))) for _ in range(5)]
    assert answers == [b"1", b"2", b"3", b"3", b"3"]


def test_looped_the_first_answer_comes_again(repertoire: Repertoires) -> None:
    played = repertoire(Kept([(0, b"1")]), Kept([(0, b"2")]), loop=True)
    assert [body_of(played.answer(post())) for _ in range(5)] == [b"1", b"2", b"1", b"2", b"1"]


def test_turns_of_a_conversation_are_told_apart_by_their_bodies(repertoire: Repertoires) -> None:
    second = Kept([(0, b"second")], body=b'{"previous_interaction_id":"v1_x","input":"more"}')
    third = Kept([(0, b"third")], body=b'{"continuation_token":"t","previous_interaction_id":"v1_x"}')
    played = repertoire(STREAM, second, third)
    assert body_of(played.answer(post(body=third.body))) == b"third"
    assert body_of(played.answer(post(body=second.body))) == b"second"
    assert body_of(played.answer(post())) == STREAM.data


def test_what_was_not_asked_for_is_known(repertoire: Repertoires) -> None:
    played = repertoire(STREAM, Kept(body=b"{}"), Kept(body=b"[]"))
    played.answer(post())
    assert [take.name for take in played.unused] == ["exchange 2", "exchange 3"]


def test_with_any_body_only_the_rest_of_a_request_counts(repertoire: Repertoires) -> None:
    played = repertoire(Kept([(0, b"1")]), Kept([(0, b"2")], body=b"{}"), any_body=True)
    assert [body_of(played.answer(post(body=body))) for body in (b"x", b"y", b"z")] == [b"1", b"2", b"2"]
    miss = played.answer(post("/v1/other", body=b"x"))
    assert isinstance(miss, Miss)
    assert [difference.place for difference in miss.differences] == ["path"]


def test_a_plain_file_answers_everything_in_order(tmp_path: Path) -> None:
    (tmp_path / "x.sse").write_bytes(DONE)
    with Recording.open(str(tmp_path / "x.sse")) as plain:
        played = Repertoire(takes(plain.exchanges))
        answer = played.answer(asked("GET", "/whatever"))
        assert body_of(answer) == DONE
        assert isinstance(answer, Answer)
        assert answer.take.head
        assert answer.take.head.response.header("content-type") == "text/event-stream"


def test_a_plain_file_is_resumed_after_an_event_that_it_has(tmp_path: Path) -> None:
    (tmp_path / "x.sse").write_bytes(CREATED + delta(1) + delta(2) + DONE)
    with Recording.open(str(tmp_path / "x.sse")) as plain:
        played = Repertoire(takes(plain.exchanges))
        assert body_of(played.answer(asked("GET", "/x?last_event_id=ev1"))) == delta(2) + DONE
        assert body_of(played.answer(asked("GET", "/x?last_event_id=other"))).startswith(CREATED)


class TestResuming:
    """``last_event_id``: from the event after it, whether or not somebody resumed when it was recorded."""

    def test_a_stream_goes_on_after_the_event(self, repertoire: Repertoires) -> None:
        answer = repertoire(STREAM).answer(asked("GET", f"{TARGET}/v1_x?last_event_id=ev1&stream=true"))
        assert body_of(answer) == delta(2) + delta(3) + DONE

    def test_it_goes_on_in_the_middle_of_a_chunk(self, repertoire: Repertoires) -> None:
        answer = repertoire(STREAM).answer(asked("GET", f"{TARGET}/v1_x?stream=true&last_event_id=ev2"))
        assert body_of(answer) == delta(3) + DONE

    def test_the_wait_is_the_one_between_the_two_events(self, repertoire: Repertoires) -> None:
        answer = repertoire(STREAM).answer(asked("GET", f"{TARGET}/v1_x?stream=true&last_event_id=ev1"))
        assert isinstance(answer, Answer)
        times = [t_ns for t_ns, cue in answer.take.score(answer.start) if not isinstance(cue, Head)]
        assert times == [4, 8, 8], "events at 1, 5 and 9 ns: 4 and 8 ns after the first"

    def test_a_recorded_resumption_is_preferred(self, repertoire: Repertoires) -> None:
        resumed = Kept(
            [(0, b"data: resumed\n\n")],
            url=f"{URL}/v1_x?last_event_id=ev1&stream=true",
            method="GET",
            body=b"",
        )
        played = repertoire(STREAM, resumed)
        assert body_of(played.answer(asked("GET", f"{TARGET}/v1_x?stream=true&last_event_id=ev1"))) == (
            b"data: resumed\n\n"
        )

    def test_a_recorded_retrieval_can_be_resumed(self, repertoire: Repertoires) -> None:
        retrieval = Kept(STREAM.chunks, url=f"{URL}/v1_other?stream=true", method="GET", body=b"")
        answer = repertoire(retrieval).answer(
            asked("GET", f"{TARGET}/v1_other?stream=true&last_event_id=ev3")
        )
        assert body_of(answer) == DONE

    def test_a_browser_says_it_in_a_header(self, repertoire: Repertoires) -> None:
        events = b"id: 7\ndata: a\n\nid: 8\ndata: b\n\n"
        played = repertoire(Kept([(0, events)], method="GET", body=b""))
        answer = played.answer(asked("GET", TARGET, (("Last-Event-ID", "7"),)))
        assert body_of(answer) == b"id: 8\ndata: b\n\n"

    def test_without_an_event_the_stream_begins_at_its_start(self, repertoire: Repertoires) -> None:
        answer = repertoire(STREAM).answer(asked("GET", f"{TARGET}/v1_x?stream=true"))
        assert body_of(answer) == STREAM.data

    def test_an_interaction_that_is_not_streamed_is_not_answered_by_a_stream(
        self, repertoire: Repertoires
    ) -> None:
        assert isinstance(repertoire(STREAM).answer(asked("GET", f"{TARGET}/v1_x")), Miss)

    def test_an_unknown_event_is_a_miss_that_names_the_known_ones(self, repertoire: Repertoires) -> None:
        miss = repertoire(STREAM).answer(asked("GET", f"{TARGET}/v1_x?stream=true&last_event_id=ev9"))
        assert isinstance(miss, Miss)
        assert miss.message.endswith("exchange 1 has no event ev9; it has ev1, ev2, ev3")

    def test_an_unknown_interaction_is_a_miss(self, repertoire: Repertoires) -> None:
        unknown = asked("GET", f"{TARGET}/v1_y?stream=true&last_event_id=ev1")
        assert isinstance(repertoire(STREAM).answer(unknown), Miss)
