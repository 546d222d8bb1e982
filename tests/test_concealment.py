"""Bodies: what is secret is gone, and not one byte has moved."""

import itertools
import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sserec.concealment import concealed, parse_path
from sserec.credentials.names import SECRET_MEMBERS
from sserec.proxy.withheld import LIMIT_BYTES, Withheld
from sserec.records import Response
from sserec.redact import KEEP_SECRETS, SECRETS

CANARY = "CanaryCanary0123456789"
GOOGLE = "AIza" + "SyCanary0" * 4
PATHS = SECRETS.with_names([], ["mine"], ["user.email", "$.contents[*].parts[0].text", "*.hidden"])


def body(value: object) -> bytes:
    return json.dumps(value).encode()


def cleaned(data: bytes) -> bytes:
    clean = PATHS.body(data)
    assert len(clean) == len(data)
    assert PATHS.conceals_request(data)
    return clean


@pytest.mark.parametrize("name", sorted(SECRET_MEMBERS))
@pytest.mark.parametrize("nest", [lambda v: v, lambda v: {"a": [v]}, lambda v: {"text": json.dumps(v)}])
def test_a_member_of_the_table_is_concealed_at_any_depth(name: str, nest: object) -> None:
    assert callable(nest)
    for spelling in (name, name.upper()):
        clean = cleaned(body(nest({spelling: CANARY, "model": "m"})))
        assert CANARY.encode() not in clean
        json.loads(clean)


@pytest.mark.parametrize("name", ["X-Acme-Token", "PRIVATE-TOKEN", "Api-Token", "cf-access-client-secret"])
def test_a_head_that_a_tool_is_to_send_is_concealed(name: str) -> None:
    tool = {"type": "mcp_server", "url": "https://mcp.example/", "headers": {name: CANARY}}
    assert CANARY.encode() not in cleaned(body({"tools": [tool]}))


@pytest.mark.parametrize("name", ["max_output_tokens", "idempotency-key", "top-k", "key", "next_page_token"])
def test_a_member_that_only_sounds_like_a_secret_stays(name: str) -> None:
    data = body({"a": {name: CANARY}})
    assert cleaned(data) == data


@pytest.mark.parametrize("name", ["token", "authToken", "OPENAI_API_KEY", "webhook_secret", "cookie", "pwd"])
def test_a_member_that_may_hold_words_is_judged_by_its_value(name: str) -> None:
    """Probabilities of an answer are told by ``token``, and schemas of tools have members with such names."""
    assert CANARY.encode() not in cleaned(body({"a": {name: CANARY}}))
    for harmless in ("Hello", " internationalisation", "string", "gpt-5-turbo", {"type": "string"}):
        data = body({"a": {name: harmless}})
        assert cleaned(data) == data


@pytest.mark.parametrize(
    "value",
    [
        {"uri": f"https://h/f?alt=media&key={CANARY}"},
        {"uri": f"https://b.s3/x?X-Amz-Credential={CANARY}%2Fs3&X-Amz-Date=1&X-Amz-Signature={CANARY}"},
        {"uri": f"https://a.blob/x?sv=2024&se=2026&sig={CANARY}%3D"},
        {"uri": f"https://h/?next=https%3A%2F%2Fh%2F%3Fkey%3D{CANARY}"},
        {"uri": f"https://ann:{CANARY}@h/f"},
        {"text": f"curl -H 'X-Session-Id: {CANARY}'"},
        {"text": f"keys:\n{GOOGLE}\n"},
        {"text": json.dumps({"a": json.dumps({"password": f"short {CANARY}"})})},
        {"api_key": [CANARY]},
        {"client_secret": {"value": CANARY}},
        {"text": f"<api_key>{CANARY}</api_key>"},
    ],
)
@pytest.mark.parametrize("written", [str, lambda text: text.replace("&", "\\u0026").replace("/", "\\/")])
def test_a_secret_in_a_string_of_json_is_concealed(value: object, written: Callable[[str], str]) -> None:
    clean = cleaned(written(json.dumps(value)).encode())
    assert CANARY.encode() not in clean
    assert GOOGLE.encode() not in clean
    json.loads(clean)


@pytest.mark.parametrize("depth", [0, 1, 2])
@pytest.mark.parametrize("end", ["\\", "\\\\", "%5C", "é", '"', "😀\\"])
def test_a_string_that_ends_in_a_backslash_ends_there(end: str, depth: int) -> None:
    """Once more undone the backslash would be one that escapes the quote behind it."""
    value: object = {
        "a": f"Bearer {CANARY}{end}",
        "cookie": f"{CANARY}{end}",
        "z": [f"{GOOGLE}{end}", "kept"],
    }
    for _ in range(depth):
        value = {"text": json.dumps(value, ensure_ascii=False)}
    for is_ascii in (True, False):
        clean = json.loads(cleaned(json.dumps(value, ensure_ascii=is_ascii).encode()))
        for _ in range(depth):
            clean = json.loads(clean["text"])
        assert clean["z"][1] == "kept"
        assert CANARY not in str(clean)
        assert GOOGLE not in str(clean)


NAMES = st.sampled_from(
    ["token", "api_key", "key", "password", "x-api-key", "cookie", "url", "client_secret", "a"]
)
WORDS = st.sampled_from(
    [CANARY, GOOGLE, f"Bearer {CANARY}", f"https://u:{CANARY}@h/?key={CANARY}&b=1", f"<token>{CANARY}</token>",
     "Basic YW5uOnMzY3JldC1wdw==", '"', "\\", "\n", "é", "😀", "%22", "%5C", "token=", "api_key: ", "{", "}", ",", "'"]
)  # fmt: skip
SAID = st.lists(WORDS, min_size=1, max_size=5).map("".join)


@given(
    st.recursive(
        SAID,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3) | inner.map(json.dumps)
        ),
        max_leaves=8,
    )
)
def test_json_that_is_full_of_secrets_stays_json(value: object) -> None:
    for is_ascii in (True, False):
        data = json.dumps([value], ensure_ascii=is_ascii).encode()
        clean = PATHS.body(data)
        assert len(clean) == len(data)
        json.loads(clean)


@pytest.mark.parametrize(
    "text", [f"API_KEY={CANARY}\nMODEL=m\n", f"see https://h/?a=1&key={CANARY} for more\nMODEL=m\n"]
)
def test_of_a_text_that_is_no_form_nothing_else_goes(text: str) -> None:
    assert cleaned(text.encode()) == text.replace(CANARY, concealed(CANARY)).encode()


@pytest.mark.parametrize(
    "head",
    [
        'name="api_key"',
        "name=token",
        'name="password"\r\nContent-Type: text/plain',
        'name="f"; filename="e.json"\r\nContent-Type: application/json\r\n\r\n{"api_key":"x"}\r\n'
        '--b\r\nContent-Disposition: form-data; name="x-api-key"',
    ],
)
def test_a_field_of_a_form_of_several_parts_is_concealed(head: str) -> None:
    form = f"--b\r\nContent-Disposition: form-data; {head}\r\n\r\n{CANARY}\r\n--b--\r\n".encode()
    assert cleaned(form) == form.replace(CANARY.encode(), concealed(CANARY).encode()).replace(b'"x"', b'"*"')


@pytest.mark.parametrize(
    "text", [f"api_key: {CANARY}\n", f"my key is {GOOGLE}", f'\ufeff{{"password": "{CANARY}"}}']
)
def test_text_of_any_kind_is_looked_into(text: str) -> None:
    clean = cleaned(text.encode())
    assert CANARY.encode() not in clean
    assert GOOGLE.encode() not in clean


@pytest.mark.parametrize("name", ["refresh_token", "client_secret", "code", "assertion", "mine", "PASSWORD"])
def test_a_form_field_is_concealed(name: str) -> None:
    data = f"grant_type=x&{name}={CANARY}&scope=a%20b".encode()
    assert cleaned(data) == f"grant_type=x&{name}={concealed(CANARY)}&scope=a%20b".encode()


@pytest.mark.parametrize("key", [GOOGLE, "Bearer " + CANARY, "sk-" + CANARY])
def test_what_looks_like_a_key_is_concealed_wherever_it_stands(key: str) -> None:
    clean = cleaned(body({"input": f"my key is {key}, what now?"}))
    assert key.split()[-1].encode() not in clean
    assert b"what now?" in clean


def test_a_key_across_the_border_of_two_searches_is_concealed() -> None:
    for size in range(65_500, 65_600):
        assert GOOGLE.encode() not in cleaned(body({"input": "x " * (size // 2) + " " * (size % 2) + GOOGLE}))


def test_paths_conceal_what_stands_there_and_below() -> None:
    value = {
        "user": {"email": "ann@x.example", "name": "Ann"},
        "contents": [
            {"parts": [{"text": "héllo, world!"}, {"text": "hi", "n": 1}]},
            {"role": "user", "parts": []},
        ],
        "any": {"hidden": {"deep": [True, None, 12345, "x"]}},
    }
    clean = json.loads(cleaned(json.dumps(value, ensure_ascii=False).encode()))
    assert clean == {
        "user": {"email": "[REDACTED]***", "name": "Ann"},
        "contents": [
            {"parts": [{"text": "[REDACTED]****"}, {"text": "**", "n": 1}]},
            {"role": "user", "parts": []},
        ],
        "any": {"hidden": {"deep": [True, None, 0, "*"]}},
    }


@pytest.mark.parametrize("cut", range(1, 60))
def test_a_body_that_is_cut_shows_nothing_either(cut: int) -> None:
    data = body({"user": {"email": CANARY}, "api_key": CANARY, "n": 1})
    clean = cleaned(data[:-cut])
    assert b"Canary" not in clean


@given(st.binary(max_size=200) | st.text(alphabet='{}[]",:\\ aé1', max_size=60).map(str.encode))
def test_no_body_moves_or_stops_it(data: bytes) -> None:
    assert len(PATHS.body(data)) == len(data)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["a", "user", "email", "q"]), inner, max_size=3)
        ),
        max_leaves=12,
    )
)
def test_json_stays_json_with_the_same_shape(value: object) -> None:
    def shape(value: object) -> object:
        if isinstance(value, dict):
            return {name: shape(member) for name, member in value.items()}
        return [shape(item) for item in value] if isinstance(value, list) else type(value)

    data = body([value])
    assert shape(json.loads(PATHS.body(data))) == shape(json.loads(data))


@pytest.mark.parametrize(
    "data", [b"\x1f\x8b\x08\x00", b"\x28\xb5\x2f\xfd\x04", b"\x89PNG\r\n\x1a\n", b"\x00\x00\x00\x02pb"]
)
def test_what_is_no_text_is_left_alone(data: bytes) -> None:
    assert not SECRETS.conceals_request(data)


@pytest.mark.parametrize(
    ("url", "media_type", "is_looked_into"),
    [
        ("https://oauth2.example/token", "application/json; charset=utf-8", True),
        ("https://h/v1/sa:generateAccessToken", "application/json", True),
        ("https://h/v1/realtime/client_secrets", "application/json", True),
        ("https://h/v1/realtime/sessions?model=x", "application/json", True),
        ("https://h/v1/sessions/7/messages", "application/json", False),
        ("https://h/v1/interactions?token=x", "application/json", False),
        ("https://h/token", "text/event-stream", False),
    ],
)
def test_responses_are_looked_into_where_tokens_come_from(
    url: str, media_type: str, is_looked_into: bool
) -> None:
    response = Response(200, "OK", "HTTP/1.1", (("Content-Type", media_type),))
    assert SECRETS.conceals_response(url, response) == is_looked_into
    assert not KEEP_SECRETS.conceals_response(url, response)


@pytest.mark.parametrize("text", ["$.a[*].b", "a.b", "$.a.b", "a[0].b"])
def test_paths_may_be_written_as_elsewhere(text: str) -> None:
    assert parse_path(text) == ("a", "b")


def test_names_of_ones_own_come_to_those_of_the_tables() -> None:
    policy = SECRETS.with_names(["X-Mine"], ["mine"], ["user.email"])
    assert policy.headers((("x-mine", CANARY), ("X-Api-Key", CANARY)))[1] == (
        "header:x-mine",
        "header:x-api-key",
    )
    assert policy.url(f"https://h/?mine={CANARY}&key={CANARY}")[1] == ("query:mine", "query:key")
    clean, _ = policy.argv(
        ["curl", "-H", f"X-Mine: {CANARY}", "-d", body({"user": {"email": CANARY}}).decode()]
    )
    assert CANARY not in str(clean)


@given(st.lists(st.integers(0, 60), max_size=8))
def test_a_body_that_comes_in_pieces_is_given_out_in_them(borders: list[int]) -> None:
    data = body({"user": {"email": CANARY}, "api_key": CANARY})
    at = sorted({0, *borders, len(data)})
    pieces = [data[start:end] for start, end in itertools.pairwise(at)]
    withheld = Withheld[int](PATHS.body, PATHS.body_part)
    early = [given for number, piece in enumerate(pieces) for given in withheld.add(piece, number)]
    late = withheld.end()
    assert early == [], "a name and its value may come in different pieces"
    assert b"".join(piece for piece, _ in late) == PATHS.body(data)
    assert [(len(piece), number) for piece, number in late] == [(len(p), n) for n, p in enumerate(pieces)]


def test_a_body_that_is_too_long_to_wait_for_is_looked_through_all_the_same() -> None:
    member = b', "api_key": "' + CANARY.encode() + b'"'
    image = b'"image": "' + b"A" * LIMIT_BYTES + b'"' + member
    pieces = [b"{" + image, member[:20], member[20:] + b", " + image, member[:-9], member[-9:] + b"}"]
    withheld = Withheld[int](PATHS.body, PATHS.body_part)
    given = [withheld.add(piece, number) for number, piece in enumerate(pieces)]
    assert [len(ready) for ready in given] == [1, 0, 2, 0, 0], "no more is held than the limit"
    released = [*itertools.chain.from_iterable(given), *withheld.end()]
    assert [(len(piece), number) for piece, number in released] == [(len(p), n) for n, p in enumerate(pieces)]
    assert CANARY[8:].encode() not in b"".join(piece for piece, _ in released), "across a border either"
