"""The pytest plugin, in runs of pytest of its own."""

from pathlib import Path
from textwrap import dedent

import pytest

from replay_support import CREATED, DONE, MILLISECOND, QUESTION, Kept, delta, recording
from shared_data import SHARED, needs_shared
from sserec.recording import Recording
from upstream import Upstream
from upstream_script import stream

pytest_plugins = "pytester"

BODY = CREATED + delta(1) + DONE
STREAM = Kept([(0, CREATED), (1000 * MILLISECOND, delta(1) + DONE)])
HOUR = Kept([(0, CREATED), (3_600_000 * MILLISECOND, delta(1) + DONE)])
IMPORTS = """
import os, time
import httpx, pytest

QUESTION = b'{"model":"m","input":"hello","stream":true}'
BODY = THE_BODY

def ask(question=QUESTION, path="/v1/interactions"):
    return httpx.post(os.environ["GOOGLE_GEMINI_BASE_URL"] + path, content=question)
""".replace("THE_BODY", repr(BODY))


@pytest.fixture
def run(pytester: pytest.Pytester) -> "Run":
    recording(pytester.path / "x.sse.zst", STREAM)
    recording(pytester.path / "hour.sse.zst", HOUR)
    return Run(pytester)


class Run:
    """A folder with a recording ``x.sse.zst`` and a test module."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self._pytester = pytester
        self.folder = pytester.path

    def __call__(self, tests: str, *options: str, **outcomes: int) -> str:
        """Runs the tests and checks how many of them passed and failed; returns what pytest printed."""
        self._pytester.makepyfile(test_chat=IMPORTS + dedent(tests))
        words = ("-p", "no:cacheprovider", "-p", "no:xdist", "-Wignore", *options)
        result = self._pytester.runpytest_subprocess(*words, timeout=400)
        result.assert_outcomes(**outcomes)
        return result.stdout.str()


def test_a_marked_test_is_played_its_recording(run: Run) -> None:
    run(
        """
        @pytest.mark.sserec("hour.sse.zst")
        def test_by_its_variable_and_at_once_unless_asked_otherwise():
            assert ask().content == BODY

        @pytest.mark.sserec("x.sse.zst", env="MY_BASE_URL")
        def test_by_the_fixture_or_a_variable_of_its_own(sserec_server):
            assert os.environ["MY_BASE_URL"] == sserec_server.url
            got = httpx.post(sserec_server.url + "/v1beta/interactions", content=QUESTION)
            assert got.content == BODY
            assert not sserec_server.is_recording

        @pytest.mark.sserec("x.sse.zst", pace="original")
        def test_at_the_original_pace():
            begin = time.monotonic()
            assert ask().content == BODY
            assert time.monotonic() - begin > 1

        @pytest.mark.sserec("x.sse.zst", any_body=True)
        def test_any_body():
            assert ask(b"something else").content == BODY

        @pytest.mark.sserec("x.sse.zst", faults="cut@event:1")
        def test_fault():
            with pytest.raises(httpx.RemoteProtocolError):
                ask()

        @pytest.mark.sserec("x.sse.zst")
        class TestInAClass:
            @pytest.mark.sserec(faults=["status:503"])
            def test_the_nearest_marker_adds_to_the_outer_one(self):
                assert ask().status_code == 503

        def broken(fault):
            return pytest.param(fault, marks=pytest.mark.sserec(faults=[fault]))

        @pytest.mark.sserec("x.sse.zst")
        @pytest.mark.parametrize("fault", map(broken, ["cut@event:1", "cut@event:2"]))
        def test_a_fault_a_case(fault):
            with pytest.raises(httpx.RemoteProtocolError):
                ask()

        def test_without_a_marker_nothing_is_changed():
            assert "GOOGLE_GEMINI_BASE_URL" not in os.environ
        """,
        passed=9,
    )


def test_what_a_test_may_not_do_fails_it_and_says_why(run: Run) -> None:
    said = run(
        """
        import socket
        import sys

        @pytest.mark.sserec("x.sse.zst")
        def test_a_miss_that_is_swallowed():
            assert ask(b'{"model":"other"}').status_code == 404

        @pytest.mark.sserec("nowhere.sse.zst")
        def test_without_a_file():
            pass

        @pytest.mark.sserec("x.sse.zst")
        def test_that_leaves_the_machine():
            httpx.get("http://192.0.2.1/")

        @pytest.mark.sserec("x.sse.zst")
        def test_that_looks_up_a_name():
            socket.getaddrinfo("api.example", 443)

        @pytest.mark.sserec("x.sse.zst", require_all=True)
        def test_that_asks_for_nothing():
            pass

        @pytest.mark.sserec("x.sse.zst", wibble=1)
        def test_with_an_argument_that_is_none():
            pass

        @pytest.mark.sserec("x.sse.zst", mode="sometimes")
        def test_with_a_mode_that_is_none():
            pass

        @pytest.mark.sserec("x.sse.zst", pace="nan")
        def test_at_a_pace_that_is_none():
            pass

        @pytest.mark.sserec("x.sse.zst", faults="wibble")
        def test_with_a_fault_that_is_none():
            pass

        @pytest.mark.sserec(sys.executable)
        def test_with_a_file_that_is_no_recording():
            pass

        def test_without_a_marker(sserec_server):
            pass
        """,
        passed=2,
        failed=2,
        errors=9,
    )
    assert "During handling of the above exception" not in said
    for words in (
        "exchange 1 is nearest and differs in body.model, body.input, body.stream",
        "(record what is missing with --sserec-mode=new)",
        "nowhere.sse.zst is not there: record it with --sserec-mode=once",
        "it must not reach 192.0.2.1",
        "it must not reach api.example",
        "x.sse.zst: not asked for: exchange 1",
        "the sserec marker knows no wibble",
        "sserec mode 'sometimes' is none of none, once, new, all",
        "mark the test with @pytest.mark.sserec",
        "sserec pace 'nan' is none of instant, original and a speed such as 2.5",
        "wibble is no fault; there are rechunk",
        "is neither an archive nor an event stream",
    ):
        assert words in said


def bodies(file: Path) -> list[bytes]:
    with Recording.open(str(file)) as recorded:
        return [exchange.body() for exchange in recorded.exchanges]


@pytest.fixture
def server(upstream: Upstream) -> Upstream:
    upstream.play("/v1/interactions", stream(BODY, gap_s=0.01))
    return upstream


TESTS = """
pytestmark = pytest.mark.sserec(upstream={upstream!r}, env="GOOGLE_GEMINI_BASE_URL")

@pytest.mark.parametrize("word", ["a/b"])
def test_hello(word, sserec_server):
    got = ask()
    assert got.content == BODY
    assert got.headers["content-type"] == "text/event-stream"
"""


def test_once_records_what_is_missing_and_later_runs_need_no_server(run: Run, server: Upstream) -> None:
    tests, file = TESTS.format(upstream=server.http), "recordings/test_chat/test_hello-a%2Fb.sse.zst"
    run(tests, "--sserec-mode=once", passed=1)
    assert bodies(run.folder / file) == [BODY]
    assert [path.name for path in (run.folder / file).parent.iterdir()] == [Path(file).name]
    run(tests, "--sserec-mode=once", passed=1)
    run(tests, passed=1)
    assert len(server.served) == 1, "the later runs are played"


def test_tests_that_are_called_alike_have_recordings_of_their_own(run: Run, server: Upstream) -> None:
    tests = """
        pytestmark = pytest.mark.sserec(upstream=UPSTREAM, env="GOOGLE_GEMINI_BASE_URL")
        WORDS = ["a/b", "a-b", "/", "\N{SNOWMAN}"]

        def test_hello():
            ask()

        class TestFirst:
            def test_hello(self):
                ask()

            class TestInner:
                def test_hello(self):
                    ask()

        class TestSecond:
            @pytest.mark.parametrize("word", WORDS)
            def test_hello(self, word):
                ask()
        """.replace("UPSTREAM", repr(server.http))
    run(tests, "--sserec-mode=once", passed=7)
    folder = run.folder / "recordings" / "test_chat"
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*.zst")) == [
        "TestFirst/TestInner/test_hello.sse.zst",
        "TestFirst/test_hello.sse.zst",
        "TestSecond/test_hello-%2F.sse.zst",
        "TestSecond/test_hello-%5Cu2603.sse.zst",
        "TestSecond/test_hello-a%2Fb.sse.zst",
        "TestSecond/test_hello-a-b.sse.zst",
        "test_hello.sse.zst",
    ]
    run(tests, passed=7)


def test_an_argument_of_a_type_that_makes_no_sense_is_told(run: Run) -> None:
    said = run(
        """
        wrong = [
            {"file": 5}, {"mode": ["once"]}, {"upstream": None}, {"pace": []}, {"env": 5}, {"env": [None]},
            {"any_body": "no"}, {"faults": {}}, {"faults": [500]}, {"require_all": 1},
        ]
        cases = [pytest.param(marks=pytest.mark.sserec(**one)) for one in wrong]
        cases.append(pytest.param(marks=pytest.mark.sserec("x.sse.zst", "y.sse.zst")))

        @pytest.mark.parametrize((), cases)
        def test_wrong():
            pass
        """,
        errors=11,
    )
    assert "TypeError" not in said
    for words in (
        "takes no file=5",
        "takes no mode=['once']",
        "takes no upstream=None",
        "takes no pace=[]",
        "takes no env=5",
        "takes no env=[None]",
        "takes no any_body='no'",
        "takes no faults={}",
        "takes no faults=[500]",
        "takes no require_all=1",
        "takes one file, not 2",
    ):
        assert words in said


def test_all_records_anew(run: Run, server: Upstream) -> None:
    tests, file = TESTS.format(upstream=server.http), "recordings/test_chat/test_hello-a%2Fb.sse.zst"
    for _ in range(2):
        run(tests, "--sserec-mode=all", passed=1)
        assert bodies(run.folder / file) == [BODY]
    assert len(server.served) == 2


def test_new_adds_what_is_not_recorded_yet(run: Run, server: Upstream) -> None:
    server.play("/v1/interactions", stream(b"data: new\n\n", gap_s=0))
    tests = """
        @pytest.mark.sserec("x.sse.zst", mode="new", upstream=UPSTREAM)
        def test_old_and_new():
            assert ask().content == BODY
            assert ask(b'{"input":"again"}').content == b"data: new\\n\\n"
        """.replace("UPSTREAM", repr(server.http))
    run(tests, passed=1)
    assert bodies(run.folder / "x.sse.zst") == [STREAM.data, b"data: new\n\n"]
    run(tests, "--sserec-mode=none", passed=1)
    assert [served.body for served in server.served] == [b'{"input":"again"}']


def test_a_failing_test_leaves_what_it_heard_beside_the_recording(run: Run, server: Upstream) -> None:
    tests = TESTS.format(upstream=server.http) + "    assert False\n"
    run(tests, "--sserec-mode=once", failed=1)
    (kept,) = (run.folder / "recordings" / "test_chat").iterdir()
    assert kept.name == "test_hello-a%2Fb.sse.zst.failed"
    assert bodies(kept) == [BODY]


def test_secrets_are_not_recorded(run: Run, server: Upstream) -> None:
    tests = """
        @pytest.mark.sserec("new.sse.zst", mode="once", upstream=UPSTREAM)
        def test_key(sserec_server):
            url = sserec_server.url + "/v1/interactions"
            httpx.post(url, content=QUESTION, headers={"x-goog-api-key": "secret-of-somebody"})
        """.replace("UPSTREAM", repr(server.http))
    run(tests, passed=1)
    with Recording.open(str(run.folder / "new.sse.zst")) as recorded:
        (exchange,) = recorded.exchanges
        assert exchange.request
        assert dict(exchange.request.headers)["x-goog-api-key"] == "[REDACTED]"
        assert exchange.record.request_body() == QUESTION
    assert server.served[0].header("x-goog-api-key") == "secret-of-somebody"


def test_the_project_can_choose_a_mode_and_a_pace(
    run: Run, server: Upstream, pytester: pytest.Pytester
) -> None:
    pytester.makeini("[pytest]\nsserec_mode = once\nsserec_pace = 3\n")
    run(TESTS.format(upstream=server.http), passed=1)
    assert len(server.served) == 1


@needs_shared
def test_google_genai_is_tested_as_the_docs_say(run: Run) -> None:
    body = (SHARED / "streams" / "steps-basic.sse").read_bytes()
    question = b'{"model":"gemini-3-flash-preview","input":"How many r are in strawberry?","stream":true}'
    recording(run.folder / "strawberry.sse.zst", Kept([(0, body)], body=question))
    page = (Path(__file__).parent.parent / "docs" / "testing.md").read_text(encoding="utf-8")
    example = page.partition("<!-- test: google-genai -->\n```python\n")[2].partition("```")[0]
    assert "strawberry.sse.zst" in example
    run(example, passed=2)
