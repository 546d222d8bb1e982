"""Secrets are found wherever an archive can hold them, and nothing is taken for one that is none."""

import json
import random
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secret_support import JSON, PLANTED, PRIVATE_KEY, everywhere, recorded, told
from shared_data import SHARED, needs_shared
from sserec.recording import Recording
from sserec.records import Chunk
from sserec.scan import OPTIONAL, SECRETS, Rules, scan
from sserec.scan.bodies import OVERLAP_BYTES, WINDOW_BYTES, BodySearch, search, searched
from sserec.scan.places import path_at
from sserec.scan.report import LISTED, masked

SAMPLES = Path(__file__).parent.parent / "samples"
GOOGLE = PLANTED["google-api-key"]
EVERYTHING = Rules(frozenset(OPTIONAL))


def rules_found(data: bytes, *, is_strict: bool = False, rules: Rules = EVERYTHING) -> list[str]:
    return [hit.rule for hit in search(data, rules, is_strict=is_strict)]


def sserec(*arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "sserec", *arguments], capture_output=True, check=False)


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.sse.zst")), ids=lambda path: path.name)
def test_nothing_is_found_in_a_sample(path: Path) -> None:
    with Recording.open(str(path)) as recording:
        report = scan(recording, EVERYTHING)
    assert report.findings == ()
    assert report.size_bytes > 1000


@needs_shared
def test_nothing_is_found_in_real_streams() -> None:
    for path in sorted((SHARED / "streams").iterdir()):
        assert rules_found(path.read_bytes()) == [], path.name


@pytest.mark.parametrize("rule", PLANTED)
def test_every_place_of_an_archive_is_looked_at(rule: str, tmp_path: Path) -> None:
    path = everywhere(tmp_path / "a.sse.zst", PLANTED[rule])
    with Recording.open(str(path)) as recording:
        report = scan(recording, Rules())
    parts = {finding.part for finding in report.findings}
    assert parts >= {
        "software", "command, argument 2", "attribute who", "note 1", "mark on exchange 1",
        "request URL", "request header x-goog-api-key", "request header x-note", "names of what was replaced",
        "request body", "peer", "response reason", "response header set-cookie", "response body",
        "error", "trailer header x-trailer", "target", "reason",
    }  # fmt: skip
    assert PLANTED[rule] not in str(report)
    assert {finding.rule for finding in report.findings if "body" in finding.part} <= {rule, "secret-field"}


def test_a_finding_tells_event_byte_and_path_and_shows_next_to_nothing(tmp_path: Path) -> None:
    answer = told("nothing", f"the key is {GOOGLE}, ok?")
    with Recording.open(str(recorded(tmp_path / "a.sse.zst", answer))) as recording:
        (finding,) = scan(recording, Rules()).findings
    assert (finding.exchange, finding.part, finding.event) == (1, "response body", 4)
    assert finding.offset == answer.index(GOOGLE.encode())
    assert finding.path == "delta.text"
    assert finding.sample == "AIza… (39 characters)"


FORMS: dict[str, Callable[[str], str]] = {
    "as it is": lambda key: json.dumps({"a": key}),
    "with every character escaped": lambda key: '{"a": "' + "".join(f"\\u{ord(c):04x}" for c in key) + '"}',
    "with one character escaped": lambda key: json.dumps({"a": key}).replace("k", "\\u006b", 1),
    "in a string of JSON": lambda key: json.dumps({"a": json.dumps({"b": key})}),
    "in a string of JSON in one": lambda key: json.dumps({"a": json.dumps({"b": json.dumps([f"\n{key}"])})}),
    "escaped in a string of JSON": lambda key: json.dumps(
        {"a": '{"b": "' + "".join(f"\\u{ord(c):04x}" for c in key) + '"}'}
    ),
    "behind the end of a line": lambda key: json.dumps({"a": f"it is:\n{key}\n"}),
    "in a form": lambda key: "a=1&b=" + key.replace("_", "%5F") + "&c=2",
    "in a query": lambda key: f"GET /v1?alt=sse&x={key}",
    "in code": lambda key: f"client = Client(api_key='{key}')",
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("rule", PLANTED)
def test_a_key_is_found_however_it_is_written(rule: str, form: str) -> None:
    data = FORMS[form](PLANTED[rule]).encode()
    (hit,) = search(data, Rules())
    assert hit.rule == rule
    assert hit.text == PLANTED[rule]


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_a_private_key_is_found_at_any_depth(depth: int) -> None:
    text = PRIVATE_KEY
    for _ in range(depth):
        text = json.dumps({"k": text})
    (hit,) = search(text.encode(), Rules())
    assert hit.rule == "private-key"
    (start, end) = hit.spans[0]
    assert not any(line in text[:start] + text[end:] for line in PRIVATE_KEY.splitlines()[1:-1])


NAMED = [
    '{"api_key": "a8Fh3kLq92LmZx7Q"}',
    '{"token": "0b7e9c3d-1f2a-4b5c-8d6e-7f8091a2b3c4"}',
    '{"headers": {"Authorization": "Bearer a8Fh3kLq92LmZx7Q"}}',
    '{"headers": {"X-Goog-Api-Key": "a8Fh3kLq92LmZx7Q"}}',
    '{"headers": {"Cookie": "theme=dark; sid=a8Fh3kLq92LmZx7Q"}}',
    "GEMINI_API_KEY=a8Fh3kLq92LmZx7Q",
    'export DB_PASSWORD="a8Fh3kLq92LmZx7Q"',
    "client_secret = 'a8Fh3kLq92LmZx7Q'",
    "https://h/v1?alt=sse&key=a8Fh3kLq92LmZx7Q",
    "x-api-key: a8Fh3kLq92LmZx7Q",
    "Authorization: Basic YW5uOnMzY3JldC1wdw==",
    "https://ann:s3cret-pw@h/",
    "curl -H 'authorization: bearer a8Fh3kLq92LmZx7Q'",
]


@pytest.mark.parametrize("text", NAMED)
@pytest.mark.parametrize("nest", [str, lambda text: json.dumps({"text": text})], ids=["bare", "in JSON"])
def test_a_secret_is_known_by_its_name(text: str, nest: type[str]) -> None:
    assert len(rules_found(nest(text).encode())) == 1


HARMLESS = [
    "Set GEMINI_API_KEY=YOUR_API_KEY_GOES_HERE and call Client(api_key=os.environ['GEMINI_API_KEY_2024'])",
    'the header is "x-goog-api-key: $GEMINI_API_KEY", or Authorization: Bearer <token>',
    '{"properties": {"password": {"type": "string"}, "token": {"type": "string"}}, "required": ["password"]}',
    '{"usage": {"total_tokens": 99, "output_tokens": 12}, "next_page_token": "CAEQAhgDIgQIBRAG9zK4"}',
    '{"signature": "EpwGCpkGAXLI2nx8Hk2b9Q7mZ0uF4vWc3sD1eR6tY5gH8jK0lP9oI2uN", "type": "thought_signature"}',
    '{"id": "un6k8t18", "call_id": "v1_ChdpQUZpYXJ5N0FNYU92ZE1Qd0ttS2tRYw", "name": "get_key"}',
    "sk-learn-is-a-library, sk-loading-indicator-wrapper is a class, and task-1234567890123456 is a task",
    "AKIAIOSFODNN7EXAMPLE is the key of AWS's documentation, sk-xxxxxxxxxxxxxxxxxxxxxxxx another",
    "x-goog-api-key: [REDACTED] and Authorization: Bearer [REDACTED]*********** and key=[REDACTED]",
    "postgres://user:password@localhost/db, https://example.org:8443/a@b",
    "The password is: correct horse battery staple. Keep the key: it opens the door, the secret: patience.",
    "curl -H 'Authorization: Bearer YOUR_ACCESS_TOKEN_1'",
    "private_key = ed25519.Ed25519PrivateKey.from_private_bytes(seed); token = base64.b64decode(text)",
    '{"logprobs": {"content": [{"token": " internationalisation", "logprob": -0.1}, {"token": "2026-01-31"}]}}',
    '{"text": "https://example.org/?key=name&token=page&session=open", "mcp_session_id": "see above"}',
    '{"primary_key": "a8Fh3kLq92LmZx7Q", "cache_key": "a8Fh3kLq92LmZx7Q", "idempotency-key": "a8Fh3kLq92LmZx7Q"}',
]  # fmt: skip


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_secret_is_not_taken_for_one(text: str) -> None:
    assert rules_found(text.encode(), rules=Rules()) == []
    assert rules_found(json.dumps({"text": text}).encode(), rules=Rules()) == []


def test_what_a_client_sends_in_a_secret_member_is_one_whatever_it_looks_like() -> None:
    data = b'{"auth": {"password": "hunter2"}}'
    assert rules_found(data) == []
    assert rules_found(data, is_strict=True) == ["secret-field"]


def test_no_key_is_found_in_the_base64_of_a_file() -> None:
    chance = random.Random(7)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    noise = "".join(chance.choice(alphabet) for _ in range(200_000))
    planted = "/AIza".join(noise[at : at + 2_000] for at in range(0, len(noise), 2_000))
    assert rules_found(json.dumps({"type": "image", "data": planted}).encode()) == []


PERSONAL = {
    "email": ("write to ann.other+x@mail.example.org, please", "ann.other+x@mail.example.org"),
    "phone": ("call +49 (30) 1234-5678 today", "+49 (30) 1234-5678"),
    "ip-address": ("from 203.0.113.7, not 1.2.3 or 12:30:45", "203.0.113.7"),
    "home-path": ("cat /home/ann.other/notes.txt", "ann.other"),
}


@pytest.mark.parametrize("rule", PERSONAL)
def test_what_says_who_somebody_is_is_found_on_request(rule: str) -> None:
    text, wanted = PERSONAL[rule]
    assert rules_found(text.encode(), rules=Rules()) == []
    (hit,) = search(text.encode(), Rules(frozenset({rule})))
    assert (hit.rule, hit.text) == (rule, wanted)


@pytest.mark.parametrize(
    "text",
    [
        "@x decorator, a@b, 5@3.",
        "127.0.0.1 and ::1 and 0.0.0.0",
        "/home/user/x",
        "v1.2.3.4.5",
        "(x) 123-4567",
    ],
)
def test_what_says_nothing_of_anybody_is_left(text: str) -> None:
    assert rules_found(text.encode()) == []


@settings(max_examples=40)
@given(st.integers(0, 3 * WINDOW_BYTES), st.integers(1, 50_000))
def test_neither_the_border_of_a_chunk_nor_that_of_a_window_hides_a_key(at: int, size: int) -> None:
    data = b"a " * (at // 2) + b" " * (at % 2) + f'"{GOOGLE}" '.encode() + b"z " * OVERLAP_BYTES
    chunks = (Chunk(0, start, data[start : start + size]) for start in range(0, len(data), size))
    hits = searched(chunks, BodySearch(Rules())).end()
    assert [hit.spans for hit in hits] == [((at + 1, at + 1 + len(GOOGLE)),)]


@pytest.mark.parametrize("size", [1, 3, 7])
def test_a_key_that_the_model_says_token_by_token_is_found(size: int, tmp_path: Path) -> None:
    text = f"Your key is {GOOGLE}. Keep it.\n"
    answer = told(*(text[at : at + size] for at in range(0, len(text), size)))
    path = recorded(tmp_path / "a.sse.zst", answer, cuts=tuple(range(0, len(answer), 57)))
    with Recording.open(str(path)) as recording:
        (finding,) = scan(recording, Rules()).findings
    assert (finding.rule, finding.path, finding.event) == ("google-api-key", "delta.text", 3 + 12 // size)


def test_steps_that_come_in_turns_are_told_apart(tmp_path: Path) -> None:
    half = len(GOOGLE) // 2
    one, two = told(GOOGLE[:half], GOOGLE[half:]), told(GOOGLE[:half], " and no more", index=2)
    turns = [event for pair in zip(one.split(b"\n\n"), two.split(b"\n\n"), strict=True) for event in pair]
    with Recording.open(str(recorded(tmp_path / "a.sse.zst", b"\n\n".join(turns)))) as recording:
        findings = scan(recording, Rules()).findings
    assert [finding.rule for finding in findings] == ["google-api-key"]


WORDS = [
    "eyJ", "eyJaaaaaaaa.", "sk-", "-----BEGIN PRIVATE KEY-----\n", "AIza", "glpat-", "1//0", "key=", "api_key=",
    'api_key="', '"key":"', "cookie: ", "token: ", "://", "://a:", "bearer ", "\\u0041", '"password": "\\', "\\", "@",
    "a@a.", "+1 2", "1.1.", "::", "/home/", "%41", "\ndata: ", '\\"key\\": \\"', "(123)", "data: {",
    "token>", '"token"\r\nA: b\r\n', '"token": {"a": ', "%26key%3D", "\\\\u0026key=", "session_id=",
    "sid: ", '\\"', '"x":"', '"' + "QUFB" * 9, ",",
]  # fmt: skip


@pytest.mark.parametrize("word", WORDS)
def test_half_a_megabyte_of_anything_is_a_matter_of_moments(word: str) -> None:
    """Patterns that backtrack would need hours for one of these."""
    search((word * (500_000 // len(word))).encode(), EVERYTHING, is_strict=True)


@given(st.binary(max_size=300) | st.text(alphabet='{}[]",:\\ aé1@=.-uy%', max_size=80).map(str.encode))
def test_any_bytes_can_be_looked_at(data: bytes) -> None:
    for hit in search(data, EVERYTHING, is_strict=True):
        assert all(0 <= start < end <= len(data) for start, end in hit.spans)


@pytest.mark.parametrize(
    ("text", "mark", "path"),
    [
        ('{"a": {"b": ["x", "^"]}}', "^", "a.b[1]"),
        ('event: x\ndata: {"delta": {"text": "^', "^", "delta.text"),
        ('[{"a b": "^"}]', "^", "[0]['a b']"),
        ("no json ^", "^", None),
        ('{"a": 1} ^', "^", None),
    ],
)
def test_a_path_leads_to_the_value(text: str, mark: str, path: str | None) -> None:
    assert path_at(text, text.index(mark)) == path


def test_of_many_findings_the_first_are_listed_and_the_others_counted(tmp_path: Path) -> None:
    answer = json.dumps([GOOGLE] * (LISTED + 5)).encode()
    with Recording.open(str(recorded(tmp_path / "a.sse.zst", answer, response=JSON))) as recording:
        report = scan(recording, Rules())
    assert len(report.findings) == LISTED
    assert report.findings[-1].unlisted == 5
    assert report.finding_count == LISTED + 5


def test_a_body_that_nobody_could_read_is_told(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.sse.zst", told("x"), asked=b"\x1f\x8b\x08\x00compressed")
    with Recording.open(str(path)) as recording:
        report = scan(recording, Rules())
    assert report.unread == ("exchange 1: the request body is compressed (gzip) and was not searched",)


def test_the_command_says_what_it_found_and_where(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.sse.zst", told(f"it is {GOOGLE}.", " ann@mail.example"))
    done = sserec("scan", path)
    assert done.returncode == 1
    line = f"{path}: exchange 1, response body, event 3, byte 274, delta.text: AIza… (39 characters) [google-api-key]\n"
    assert done.stdout.decode() == line
    assert done.stderr.decode().startswith(f"sserec: {path}: 1 finding in 1 exchange, ")
    found = json.loads(sserec("scan", "--json", "--emails", path).stdout)
    assert (found["clean"], [finding["rule"] for finding in found["findings"]]) == (
        False,
        ["google-api-key", "email"],
    )
    own = sserec("scan", "--except", "google-api-key", "--rule", "word=it i.", path)
    assert [line.rpartition("[")[2] for line in own.stdout.decode().splitlines()] == ["word]"]


def test_a_clean_file_is_said_to_be_clean() -> None:
    done = sserec("scan", SAMPLES / "text.sse.zst")
    assert (done.returncode, done.stdout) == (0, b"")
    assert done.stderr.decode().endswith("text.sse.zst: clean, 1 exchange, 2.25 kB\n")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--rule", "nonsense"), "no rule 'nonsense'"),
        (("--except", "email"), "no rule 'email'"),
        (("--rule", "x=("), "'(' is no regular expression"),
    ],
)
def test_a_rule_that_is_none_is_one_line_and_two(options: tuple[str, str], words: str) -> None:
    done = sserec("scan", *options, SAMPLES / "text.sse.zst")
    assert done.returncode == 2
    assert words in done.stderr.decode()
    assert len(done.stderr.splitlines()) == 1


def test_a_sample_of_a_short_secret_shows_its_length_alone() -> None:
    assert masked("hunter2") == "… (7 characters)"
    assert masked(GOOGLE) == "AIza… (39 characters)"


def test_rules_have_names_of_their_own() -> None:
    assert not set(SECRETS) & set(OPTIONAL)


def test_memory_does_not_follow_the_body() -> None:
    assert peak_of_bytes(5_000_000) < 1.25 * peak_of_bytes(2_000_000)


def peak_of_bytes(size: int) -> int:
    """The most memory that is held while a stream of this size is looked through."""
    said = told("The quick brown fox", *["another word"] * 60)
    chunks = (Chunk(0, position * len(said), said) for position in range(size // len(said)))
    looking = BodySearch(Rules(), read=lambda start, end: b"", is_event_stream=True)
    tracemalloc.start()
    assert searched(chunks, looking).end() == []
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak
