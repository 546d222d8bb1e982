"""A recorded request again: curl, Python and JavaScript send what was sent."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from google.genai._gaos.google_genai import _CREATE_BODY_KEYS as KEYS_OF_GOOGLE_GENAI
from hypothesis import given
from hypothesis import strategies as st

from export_support import API, SENT, Json, Told, archive, asked, get, sserec
from interactions_support import stream
from sserec.export.curl import quoted
from sserec.export.literal import JAVASCRIPT, PYTHON, literal
from sserec.export.python import CREATE_ARGUMENTS
from sserec.records import Headers
from upstream import Upstream
from upstream_script import Served, json_response
from upstream_script import stream as played

needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not here")
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="node is not here")
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "GEMINI_API_KEY": "the key",
    "ACCESS_TOKEN": "a token",
    "NO_PROXY": "*",
}
PATH = "/v1/interactions"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "recorded.sse.zst"


@pytest.fixture
def server(upstream: Upstream) -> Upstream:
    upstream.play(PATH, played(stream(), gap_s=0))
    return upstream


def source(path: Path, format_: str, *options: str) -> bytes:
    done = sserec("export", path, "--format", format_, *options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def run(*command: str, program: bytes, cwd: Path) -> None:
    done = subprocess.run(
        command, input=program, env=ENVIRONMENT | {"HOME": str(cwd)}, cwd=cwd, capture_output=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr


def sent_by(server: Upstream, *command: str, program: bytes, cwd: Path) -> Served:
    """What the server got when the program ran."""
    run(*command, program=program, cwd=cwd)
    (served,) = server.wait_for(1)
    return served


BODIES = {
    "json": orjson.dumps(asked("What is it?")),
    "quotes": b"""{"a": "it's \\"quoted\\""}""",
    "what a shell would act on": b"$(touch touched) `touch touched` ${HOME} !! \\ * ~ ; & | > touched",
    "lines": b"a\nb\r\nc\td\n",
    "percent and backslash": b"%s %% \\n \\0 \x00",
    "no text": bytes(range(256)),
    "begins with a dash": b"-n \x00",
    "begins with an at": b"@/etc/passwd",
    "larger than an argument": orjson.dumps(asked("Reykjav\u00edk 'n' %d " * 20_000)),
}


@needs_curl
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_curl_sends_the_same_body(server: Upstream, path: Path, body: bytes) -> None:
    archive(path, Told(stream(), body, server.http + PATH))
    served = sent_by(server, "sh", program=source(path, "curl"), cwd=path.parent)
    assert (served.method, served.path, served.body) == ("POST", PATH, body)
    assert not (path.parent / "touched").exists()


@needs_curl
def test_curl_sends_the_same_headers_with_the_key_from_the_environment(server: Upstream, path: Path) -> None:
    headers: Headers = (
        *SENT,
        ("Authorization", "Bearer [REDACTED]"),
        ("X-Odd", "it's $(touch touched) \xe9"),
        ("X-Empty", ""),
        ("accept-encoding", "gzip, deflate"),
        ("content-length", "9999"),
        ("connection", "keep-alive"),
        ("@/etc/passwd", "x"),
        ("X-Broken", "a\r\nX-Smuggled: b"),
    )
    archive(path, Told(stream(), asked(), server.http + PATH, headers=headers))
    served = sent_by(server, "sh", program=source(path, "curl"), cwd=path.parent)
    got = {name.lower(): value for name, value in served.headers}
    assert got.pop("host") == server.http.removeprefix("http://")
    assert got.pop("content-length") == str(len(served.body))
    assert got == {
        "content-type": "application/json",
        "accept": "text/event-stream",
        "user-agent": "made for a test",
        "x-goog-api-key": "the key",
        "authorization": "Bearer a token",
        "x-odd": "it's $(touch touched) \xe9",
        "x-empty": "",
        "accept-encoding": "gzip, deflate",
    }


@needs_curl
def test_curl_adds_nothing_of_its_own(server: Upstream, path: Path) -> None:
    archive(path, Told(stream(), asked(), server.http + PATH, headers=()))
    served = sent_by(server, "sh", program=source(path, "curl"), cwd=path.parent)
    assert {name.lower() for name, _ in served.headers} == {"host", "content-length"}


@needs_curl
@pytest.mark.parametrize(
    ("target", "sent"),
    [
        ("/v1/a?key=[REDACTED]&alt=sse", "/v1/a?key=thekey&alt=sse"),
        ("/v1/a?x=1&key=[REDACTED]", "/v1/a?x=1&key=thekey"),
        ("/v1/a?range=[1-3]&set={a,b}", "/v1/a?range=[1-3]&set={a,b}"),
        ("/v1/../v2/a", "/v1/../v2/a"),
        ("/v1/a?q='$(touch touched)'", "/v1/a?q='$(touch touched)'"),
    ],
)
def test_curl_asks_for_the_same_url(server: Upstream, path: Path, target: str, sent: str) -> None:
    server.play(sent.partition("?")[0], json_response(200, b"{}"))
    archive(path, Told(b"{}", b"", server.http + target.replace(" ", "%20"), "GET"))
    program = source(path, "curl").replace(b'"$GEMINI_API_KEY"', b'"thekey"')
    served = sent_by(server, "sh", program=program, cwd=path.parent)
    assert (served.method, served.path) == ("GET", sent.replace(" ", "%20"))
    assert not (path.parent / "touched").exists()


@needs_curl
@pytest.mark.parametrize(("method", "body"), [("DELETE", b""), ("PUT", b"{}"), ("POST", b""), ("GET", b"{}")])
def test_curl_uses_the_same_method(server: Upstream, path: Path, method: str, body: bytes) -> None:
    archive(path, Told(b"{}", body, server.http + PATH, method))
    served = sent_by(server, "sh", program=source(path, "curl"), cwd=path.parent)
    assert (served.method, served.body) == (method, body)


def test_a_secret_that_was_recorded_is_a_variable_all_the_same(path: Path) -> None:
    key = "AIzaSyA-real-key-in-the-recording-000"
    headers: Headers = (("x-goog-api-key", key), ("cookie", "sid=secret"), ("x-my-token", "secret"))
    archive(path, Told(stream(), asked(), f"{API}?key={key}", headers=headers))
    command = source(path, "curl").decode()
    assert key not in command
    assert "secret" not in command
    assert f"'{API}?key='\"$GEMINI_API_KEY\"" in command
    assert "-H 'cookie: sid='\"$COOKIE\"" in command
    assert "-H 'x-my-token: '\"$X_MY_TOKEN\"" in command


@given(st.binary().filter(lambda data: b"\0" not in data))
def test_quoted_bytes_are_one_word_of_the_shell(data: bytes) -> None:
    done = subprocess.run(["sh"], input=b"printf %s " + quoted(data), capture_output=True, check=True)
    assert done.stdout == data


def test_requests_are_those_of_the_last_interaction_or_of_all(path: Path) -> None:
    archive(
        path, Told(stream(), asked("one")), Told(stream(), asked("two")), Told(b"", b"", API + "/x", "GET")
    )
    assert b"two" in source(path, "curl")
    assert b"one" not in source(path, "curl")
    assert source(path, "curl", "--all").count(b"curl -sS") == 3
    assert source(path, "curl", "--exchange", "3").count(b"--data") == 0


def test_a_request_that_was_refused_can_be_repeated(path: Path) -> None:
    archive(path, Told(b"{}", asked(), status=400, content_type="application/json"))
    assert source(path, "curl").startswith(b"curl -sS")


def test_a_recording_without_requests_says_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "plain.sse").write_bytes(stream())
    done = sserec("export", tmp_path / "plain.sse", "--format", "curl")
    assert done.returncode == 2
    assert b"holds no request, but exchange 1: plain text" in done.stderr


def test_a_cut_stream_makes_its_request_no_worse(path: Path) -> None:
    archive(path, Told(stream()[:100], asked(), is_cut=True))
    assert source(path, "curl")


REQUESTS: dict[str, tuple[Json, str]] = {
    "streamed": (asked("What's 2 + 2?\n\x1b'\"\\"), PATH),
    "unary": (
        {"model": "m", "input": [{"type": "user_input", "content": [{"type": "text", "text": "é"}]}]},
        PATH,
    ),
    "with everything": (
        asked(
            tools=[{"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}}],
            generation_config={"temperature": 0.5, "thinking_summaries": "auto", "stop_sequences": []},
            previous_interaction_id="v1_0",
            store=False,
        ),
        PATH,
    ),
    "a field from the future": (asked(hologram={"class": None, "is": True}), PATH),
}


@pytest.mark.parametrize(("body", "target"), REQUESTS.values(), ids=REQUESTS)
def test_the_python_program_sends_the_same_request(
    server: Upstream, path: Path, body: Json, target: str
) -> None:
    if not body.get("stream"):
        server.play(
            PATH, json_response(200, b'{"id":"v1_a","object":"interaction","status":"completed","steps":[]}')
        )
    archive(path, Told(stream(), body, server.http + target))
    program = source(path, "python")
    compile(program, "exported.py", "exec")
    served = sent_by(server, sys.executable, "-W", "ignore", "-", program=program, cwd=path.parent)
    assert (served.method, served.path, orjson.loads(served.body)) == ("POST", target, body)
    assert served.header("x-goog-api-key") == "the key"


def test_the_python_program_repeats_the_other_calls_too(server: Upstream, path: Path) -> None:
    plain = json_response(200, b'{"id":"v1_a","object":"interaction","status":"completed","steps":[]}')
    server.play(f"{PATH}/v1_a", played(stream(), gap_s=0), plain)
    server.play(f"{PATH}/v1_a/cancel", plain)
    calls = [
        ("GET", f"{PATH}/v1_a?last_event_id=e3&stream=true"),
        ("GET", f"{PATH}/v1_a?stream=false"),
        ("POST", f"{PATH}/v1_a/cancel"),
        ("DELETE", f"{PATH}/v1_a"),
    ]
    archive(path, *(Told(b"{}", b"", server.http + target, method) for method, target in calls))
    run(sys.executable, "-W", "ignore", "-", program=source(path, "python", "--all"), cwd=path.parent)
    assert [(served.method, served.path) for served in server.wait_for(4)] == calls


def test_what_the_sdk_takes_by_name_is_what_the_program_gives_by_name() -> None:
    assert CREATE_ARGUMENTS == KEYS_OF_GOOGLE_GENAI


def test_the_public_api_needs_no_base_url(path: Path) -> None:
    archive(path, Told(stream(), asked()))
    assert b"base_url" not in source(path, "python")
    assert b'http_options={"api_version": "v1"}' in source(path, "python")
    assert b"baseUrl" not in source(path, "js")


def test_vertex_ai_is_called_by_project_and_location(path: Path) -> None:
    url = "https://europe-west4-aiplatform.googleapis.com/v1beta1/projects/p-1/locations/europe-west4/interactions"
    archive(path, Told(stream(), asked(), url))
    program = source(path, "python").decode()
    compile(program, "exported.py", "exec")
    assert 'vertexai=True,\n    project="p-1",\n    location="europe-west4",' in program
    assert "api_key" not in program
    assert "base_url" not in program
    assert '"project": "p-1"' in source(path, "js").decode()


def test_several_requests_are_one_program_with_one_client_where_that_will_do(path: Path) -> None:
    other = "https://proxy.example/pre/v1beta/interactions"
    archive(path, Told(stream(), asked()), Told(stream(), asked()), Told(stream(), asked(), other))
    program = source(path, "python", "--all")
    compile(program, "exported.py", "exec")
    assert (program.count(b"genai.Client("), program.count(b"interactions.create(")) == (2, 3)
    assert b'"base_url": "https://proxy.example/pre"' in program


@pytest.mark.parametrize("format_", ["python", "js"])
def test_a_request_that_no_sdk_makes_is_refused_with_the_way_out(path: Path, format_: str) -> None:
    archive(path, Told(b"{}", b"{}", "https://api.example/v1/chat"))
    done = sserec("export", path, "--format", format_, "-o", path.with_name("left-alone"))
    assert done.returncode == 2
    assert b"--format curl repeats any request" in done.stderr
    assert not path.with_name("left-alone").exists()


@needs_node
def test_the_javascript_module_is_javascript(path: Path) -> None:
    evil = asked({"__proto__": {"x": 1}, "text": "</script>\u2028'`${x}\\ \x1b\x9b\u202e\U000e0001"})
    told = [
        Told(stream(), evil),
        Told(stream(), asked(), "https://proxy.example/v1beta/interactions"),
        get(stream(), "last_event_id=e3&stream=true"),
        Told(b"{}", b"", f"{API}/v1_a/cancel"),
        Told(b"", b"", f"{API}/v1_a", "DELETE"),
    ]
    archive(path, *told)
    module = path.with_name("exported.mjs")
    module.write_bytes(source(path, "js", "--all"))
    subprocess.run(["node", "--check", module], check=True)
    text = module.read_text(encoding="utf-8")
    assert all(character.isprintable() for character in text.replace("\n", ""))
    assert 'ai.interactions.get("v1_a", {"last_event_id": "e3", "stream": true})' in text


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(json_values)
def test_a_python_literal_is_the_value_it_stands_for(value: object) -> None:
    assert eval(literal(value, PYTHON)) == value


@needs_node
def test_a_javascript_literal_is_the_value_it_stands_for(tmp_path: Path) -> None:
    values: list[object] = [
        {"__proto__": 1, "a": [True, False, None, -1.5e300, "\U000e0001\x9b\u2028\ud7ff"], "": {}},
        [[], [[]], {"k": [{"deep": "x" * 120}]}],
    ]
    written = tmp_path / "literal.mjs"
    written.write_text(f"console.log(JSON.stringify({literal(values, JAVASCRIPT)}))", encoding="utf-8")
    done = subprocess.run(["node", written], capture_output=True, check=True)
    assert orjson.loads(done.stdout) == values
