"""Secrets are replaced wherever people and programs put them; everything else stays as it was."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sserec.credentials.names import SECRET_HEADERS, SECRET_QUERY
from sserec.records import Request, Response
from sserec.redact import KEEP_SECRETS, KNOWN_KEYS, REDACTED, SECRETS

GOOGLE = "AIza" + "SyCanary0" * 4
CANARY = "CanaryCanary0123456789"


def redacted_field(name: str, value: str) -> str:
    ((_, clean),), _ = SECRETS.headers(((name, value),))
    return clean


@pytest.mark.parametrize("name", sorted(SECRET_HEADERS))
def test_every_header_of_the_table_is_replaced_in_any_spelling(name: str) -> None:
    for spelling in (name, name.title(), name.upper()):
        headers, names = SECRETS.headers(((spelling, CANARY),))
        assert headers == ((spelling, REDACTED),)
        assert names == (f"header:{name}",)


@pytest.mark.parametrize("name", sorted(SECRET_QUERY))
def test_every_parameter_of_the_table_is_replaced_in_any_spelling(name: str) -> None:
    for spelling in (name, name.upper()):
        url, names = SECRETS.url(f"https://h/p?alt=sse&{spelling}={CANARY}&x=1#f")
        assert url == f"https://h/p?alt=sse&{spelling}={REDACTED}&x=1#f"
        assert names == (f"query:{name}",)


def test_the_scheme_of_an_authorization_is_kept() -> None:
    assert redacted_field("Authorization", f"Bearer {CANARY}") == f"Bearer {REDACTED}"
    assert redacted_field("Proxy-Authorization", "Basic dTpw") == f"Basic {REDACTED}"
    assert redacted_field("authorization", CANARY) == REDACTED


def test_a_key_in_a_subprotocol_of_a_websocket_is_replaced() -> None:
    protocols = f"realtime, openai-insecure-api-key.{CANARY}, openai-beta.realtime-v1"
    clean = f"realtime, openai-insecure-api-key.{REDACTED}, openai-beta.realtime-v1"
    assert redacted_field("Sec-WebSocket-Protocol", protocols) == clean


def test_a_word_of_a_subprotocol_that_a_machine_made_up_is_replaced() -> None:
    kept = "graphql-transport-ws, ocpp2.0.1, v12.stomp"
    for protocols in (f"auth, {CANARY}", f"base64url.bearer.authorization.k8s.io.{CANARY}"):
        clean = redacted_field("Sec-WebSocket-Protocol", f"{kept}, {protocols}")
        assert clean == f"{kept}, {protocols.replace(CANARY, REDACTED)}"


@pytest.mark.parametrize(
    "name", ["X-Session-Id", "Mcp-Session-Id", "session", "x_api_key", "DPoP", "X-Acme-JWT"]
)
def test_what_a_session_is_known_by_is_replaced(name: str) -> None:
    assert redacted_field(name, CANARY) == REDACTED


@pytest.mark.parametrize("name", ["X-Goog-Upload-URL", "Origin", "Refresh", "X-Rewrite-URL"])
def test_a_url_in_any_header_loses_its_secrets(name: str) -> None:
    for url in (
        f"https://h/u?upload_id={CANARY}&a=b",
        f"https://ann:{CANARY}@h",
        f"0; url=/n?token={CANARY}",
    ):
        assert CANARY not in redacted_field(name, url)


@pytest.mark.parametrize(
    "query",
    [
        "X-Amz-Algorithm=AWS4&X-Amz-Credential={0}&X-Amz-Date=1&X-Amz-Signature={0}&X-Amz-Security-Token={0}",
        "AWSAccessKeyId={0}&Signature={0}&Expires=1",
        "sv=2024&se=2026&sp=r&sig={0}",
        "accessToken={0}&authtoken={0}&clientSecret={0}&session={0}&jwt={0}",
        "user[token]={0}&x%5Bkey%5D={0}",
        "next=https%3A%2F%2Fh%2F%3Fa%3D1%26key%3D{0}%26b%3D2",
        "next=https%253A%252F%252Fh%252F%253Fkey%253D{0}",
    ],
)
def test_signatures_and_tokens_in_a_query_are_replaced(query: str) -> None:
    assert SECRETS.url(f"https://h/p?{query.format(CANARY)}")[0] == f"https://h/p?{query.format(REDACTED)}"


def test_a_scheme_is_kept_only_if_it_may_be_one() -> None:
    assert (
        redacted_field("Authorization", f"AWS4-HMAC-SHA256 Credential={CANARY}")
        == f"AWS4-HMAC-SHA256 {REDACTED}"
    )
    assert redacted_field("Authorization", f"{CANARY}== , x") == REDACTED


def test_a_cookie_without_a_name_is_replaced() -> None:
    assert redacted_field("Set-Cookie", f"{CANARY}; Path=/") == f"{REDACTED}; Path=/"
    assert redacted_field("Cookie", CANARY) == REDACTED


def test_cookies_keep_their_names_and_attributes() -> None:
    assert redacted_field("Cookie", f"a={CANARY}; b=2") == f"a={REDACTED}; b={REDACTED}"
    assert (
        redacted_field("Set-Cookie", f"sid={CANARY}; Path=/; HttpOnly") == f"sid={REDACTED}; Path=/; HttpOnly"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Content-Type", "text/event-stream"),
        ("x-ratelimit-remaining-tokens", "1999"),
        ("anthropic-ratelimit-tokens-limit", "80000"),
        ("idempotency-key", "0b7e"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("x-goog-api-client", "google-genai-sdk/3.4.0 gl-python/3.11"),
        ("user-agent", "task-runner/1 risk-assessment-of-everything"),
        ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    ],
)
def test_what_is_no_secret_stays(name: str, value: str) -> None:
    assert redacted_field(name, value) == value


def test_headers_nobody_has_heard_of_are_judged_by_their_ending() -> None:
    assert redacted_field("X-Acme-Api-Key", CANARY) == REDACTED
    assert redacted_field("x-acme-session-token", CANARY) == REDACTED
    assert redacted_field("X-Acme-Key", CANARY) == REDACTED
    assert redacted_field("X-Auth", CANARY) == REDACTED


def test_urls_in_headers_lose_their_secrets_only() -> None:
    assert redacted_field("Location", f"/next?key={CANARY}&page=2") == f"/next?key={REDACTED}&page=2"
    assert redacted_field("Referer", f"https://u:{CANARY}@h/") == f"https://{REDACTED}@h/"


def test_percent_encoded_parameter_names_are_recognised() -> None:
    assert CANARY not in SECRETS.url(f"https://h/?%6Bey={CANARY}")[0]


def test_a_url_without_secrets_stays_byte_for_byte() -> None:
    url = "https://h:8443/v1beta/models/gemini-3:stream?alt=sse&pageSize=3&q=a%20b;c=d#x"
    assert SECRETS.url(url) == (url, ())


SAMPLES = {
    "google-api-key": GOOGLE,
    "google-auth-key": "AQ." + "Ab8RN6" * 6,
    "google-oauth-token": "ya29." + "a0AfH6SMB" * 4,
    "google-client-secret": "GOCSPX-" + "abcdefghij" * 2,
    "google-refresh-token": "1//0" + "abcdefghij" * 3,
    "anthropic-key": "sk-ant-api03-" + "abcdefghij" * 3,
    "openrouter-key": "sk-or-v1-" + "abcdefghij" * 3,
    "openai-key": "sk-proj-" + "Abcdefghij" * 3,
    "gitlab-token": "glpat-" + "abcdefghij" * 3,
    "slack-webhook": "hooks.slack.com/services/" + "T00/B00/" + "abcdefghij" * 3,
    "stripe-key": "sk_live_" + "abcdefghij" * 3,
    "npm-token": "npm_" + "abcdefghij" * 3,
    "pypi-token": "pypi-AgE" + "abcdefghij" * 3,
    "docker-token": "dckr_pat_" + "abcdefghij" * 3,
    "digitalocean-token": "dop_v1_" + "abcdef0123" * 4,
    "databricks-token": "dapi" + "abcdef01" * 4,
    "sendgrid-key": "SG." + "abcdefghij" * 2 + "." + "abcdefghij" * 3,
    "private-key": "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEpAIBAAKCAQEA" * 3,
    "aws-access-key": "AKIA" + "IOSFODNN7EXAMPLE",
    "github-token": "ghp_" + "abcdefghij" * 3,
    "hugging-face-token": "hf_" + "abcdefghij" * 3,
    "groq-key": "gsk_" + "abcdefghij" * 3,
    "xai-key": "xai-" + "abcdefghij" * 3,
    "nvidia-key": "nvapi-" + "abcdefghij" * 3,
    "perplexity-key": "pplx-" + "abcdefghij" * 3,
    "replicate-token": "r8_" + "abcdefghij" * 3,
    "slack-token": "xoxb-" + "1234567890-abcdef",
    "json-web-token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
}


@pytest.mark.parametrize("vendor", sorted(KNOWN_KEYS))
def test_known_keys_are_recognised_wherever_they_stand(vendor: str) -> None:
    key = SAMPLES[vendor]
    for text in (key, f"say {key} twice", f"https://h/{key}/x", f"X-Note: '{key}'"):
        clean, names = SECRETS.text(text)
        assert key not in clean
        assert names == (f"value:{vendor}",)


COMMANDS = [
    ["curl", "-H", f"x-goog-api-key: {CANARY}", "https://h/"],
    ["curl", "-sNH", f"Authorization: Bearer {CANARY}", "https://h/"],
    ["curl", f"-HX-Api-Key:{CANARY}", "https://h/"],
    ["curl", f"--header=api-key: {CANARY}", "https://h/"],
    ["curl", "--header", f"Cookie: sid={CANARY}", "https://h/"],
    ["curl", f"https://h/v1?alt=sse&key={CANARY}"],
    ["curl", f"https://user:{CANARY}@h/"],
    ["curl", "-u", f"user:{CANARY}", "https://h/"],
    ["curl", f"-uuser:{CANARY}", "https://h/"],
    ["curl", f"--user=user:{CANARY}", "https://h/"],
    ["curl", "--oauth2-bearer", CANARY, "https://h/"],
    ["curl", "-b", f"sid={CANARY}", "https://h/"],
    ["curl", "-d", f'{{"api_key": "{CANARY}"}}', "https://h/"],
    ["curl", "-d", f"grant_type=refresh_token&refresh_token={CANARY}", "https://h/token"],
    ["curl", "-sSu", f"user:{CANARY}", "https://h/"],
    ["curl", f"-bsid={CANARY}", "https://h/"],
    ["curl", "-E", f"client.pem:{CANARY}", "https://h/"],
    ["curl", "-H", f"X-Acme-Key: {CANARY}", "https://h/"],
    ["curl", f"https://h/?$key={CANARY}"],
    ["wget", f"--http-password={CANARY}", "https://h/"],
    ["wget", "--header", f"X-Acme-Token: {CANARY}"],
    ["http", "https://h/", f"Authorization:Bearer {CANARY}"],
    ["http", "https://h/", f"key=={CANARY}"],
    ["http", "-a", f"user:{CANARY}", "https://h/"],
    ["env", f"GEMINI_API_KEY={CANARY}", "python", "a.py"],
    ["llm", "--key", CANARY, "hello"],
    ["tool", f"--api-key={CANARY}"],
    ["tool", "--access-token", CANARY],
    ["tool", "--gemini-api-key", CANARY],
    ["gcloud", "run", "deploy", "--set-env-vars", f"STAGE=test,API_KEY={CANARY}"],
    ["sh", "-c", f"curl -sN -Hx-goog-api-key:{CANARY} https://h/"],
    ["sh", "-c", f"curl --oauth2-bearer {CANARY} https://h/"],
    ["sh", "-c", f"curl -sb sid={CANARY} https://h/"],
    ["sh", "-c", f'curl --cookie "sid={CANARY}" https://h/'],
    ["sh", "-c", f"llm --key '{CANARY}' hello"],
    ["sh", "-c", f"curl -sN -H 'x-goog-api-key: {CANARY}' https://h/ | jq ."],
    ["sh", "-c", f'curl -H "Authorization: Bearer {CANARY}" https://h/'],
    ["sh", "-c", f"OPENAI_API_KEY={CANARY} python a.py"],
    ["sh", "-c", f"OPENAI_API_KEY='{CANARY}' python a.py"],
    ["sh", "-c", f"curl -u user:{CANARY} 'https://h/?x=1&key={CANARY}'"],
    ["python", "-c", f'client = Client(api_key="{CANARY}")'],
    ["python", "-c", f"client = Client(api_key = '{CANARY}')"],
    ["curl", f"--oauth2-bearer={CANARY}", "https://h/"],
    ["curl", "-H", f"X-Session-Id:{CANARY}", "https://h/"],
    ["curl", "-H", f"Sec-WebSocket-Protocol: auth, {CANARY}", "https://h/"],
    ["curl", "--tlspassword", CANARY, "https://h/"],
    ["http", "-A", "bearer", "-a", CANARY, "https://h/"],
    ["sh", "-c", f"KEY={CANARY} env TOKEN={CANARY} python a.py"],
    ["python", "-c", f"os.environ['GEMINI_API_KEY'] = '{CANARY}'"],
    ["node", "-e", f"new Client({{apiKey: '{CANARY}'}})"],
    ["node", "-e", f"new Client({{apiKey: `{CANARY}`}})"],
    ["curl", "-d", f'{{"uri": "https:\\/\\/h\\/?a=1\\u0026key={CANARY}"}}'],
    ["curl", "-d", f'{{"text": "keys:\\n{GOOGLE}\\n"}}'],
    ["python", "-c", f"get('https://h/', params=dict(key='{CANARY}'))"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=[" ".join(command) for command in COMMANDS])
def test_a_secret_on_the_command_line_is_replaced_and_named(command: list[str]) -> None:
    clean, names = SECRETS.argv(command)
    assert CANARY not in " ".join(clean)
    assert GOOGLE not in " ".join(clean)
    assert names
    assert len(clean) == len(command)


def test_what_is_replaced_on_a_command_line_is_as_little_as_possible() -> None:
    clean, names = SECRETS.argv(
        ["curl", "-sN", "-H", f"x-goog-api-key: {CANARY}", f"https://h/?alt=sse&key={CANARY}"]
    )
    assert clean == ("curl", "-sN", "-H", f"x-goog-api-key: {REDACTED}", f"https://h/?alt=sse&key={REDACTED}")
    assert names == ("header:x-goog-api-key", "query:key")
    clean, _ = SECRETS.argv(["sh", "-c", f"curl -H 'x-goog-api-key: {CANARY}' https://h/ | jq ."])
    assert clean == ("sh", "-c", f"curl -H 'x-goog-api-key: {REDACTED}' https://h/ | jq .")


HARMLESS = [
    ["python", "-u", "script.py", "--max-tokens=100", "-b", "now"],
    [
        "curl",
        "-sS",
        "-N",
        "-X",
        "POST",
        "https://h:8443/v1/a?alt=sse",
        "-H",
        "content-type: application/json",
    ],
    ["curl", "-d", '{"model":"gemini-3","input":"what is the key to this?","max_tokens":5}', "https://h/"],
    ["curl", "--key-type", "PEM", "--cookie-jar", "jar", "-sb", "jar", "https://h/?sort=key"],
    ["docker", "run", "-v", "/a:/b", "-p", "80:80", "image"],
    ["make", "-j2", "CC=clang", "V=1"],
    ["bash", "-c", "for i in 1 2; do echo $i; done"],
]


@pytest.mark.parametrize("command", HARMLESS, ids=[" ".join(command) for command in HARMLESS])
def test_a_harmless_command_line_stays_as_it_was(command: list[str]) -> None:
    assert SECRETS.argv(command) == (tuple(command), ())


def test_a_header_that_somebody_names_is_secret_in_any_spelling() -> None:
    for name in ("x-customer", "X_Customer"):
        headers, _ = SECRETS.with_names([name], [], []).headers(((name.upper(), CANARY),))
        assert headers == ((name.upper(), REDACTED),)


def test_a_request_says_what_was_replaced() -> None:
    request = Request(
        "POST", f"https://h/v1?key={CANARY}", "HTTP/1.1", (("X-Api-Key", CANARY), ("Accept", "*/*"))
    )
    clean = SECRETS.request(request)
    assert clean.url == f"https://h/v1?key={REDACTED}"
    assert clean.headers == (("X-Api-Key", REDACTED), ("Accept", "*/*"))
    assert clean.redacted == ("query:key", "header:x-api-key")


def test_a_response_loses_its_cookies() -> None:
    response = Response(200, "OK", "HTTP/1.1", (("set-cookie", f"a={CANARY}"),))
    assert SECRETS.response(response).headers == (("set-cookie", f"a={REDACTED}"),)


def test_keeping_secrets_changes_nothing() -> None:
    request = Request("POST", f"https://h/v1?key={CANARY}", "HTTP/1.1", (("X-Api-Key", CANARY),))
    assert KEEP_SECRETS.request(request) == request
    assert KEEP_SECRETS.argv(COMMANDS[0]) == (tuple(COMMANDS[0]), ())
    assert KEEP_SECRETS.url(request.url) == (request.url, ())


@given(st.sampled_from(COMMANDS), st.randoms(use_true_random=False))
def test_redacting_twice_changes_nothing_more(command: list[str], chance: random.Random) -> None:
    words = [*command, *chance.choice(HARMLESS)]
    clean, _ = SECRETS.argv(words)
    assert SECRETS.argv(clean)[0] == clean


@pytest.mark.parametrize(
    "word",
    [
        "a",
        "a.",
        "-u",
        "u",
        "a://",
        "key=",
        "a: ",
        "?a=",
        "eyJ",
        '"key":"',
        " =",
        "bearer ",
        "a=,",
        ",a",
        "--a ",
        "-b",
    ],
)
def test_an_argument_of_a_megabyte_is_a_matter_of_moments(word: str) -> None:
    """Patterns that backtrack would need hours for one of these."""
    SECRETS.argv([word * (1_000_000 // len(word)), "-" + word * (1_000_000 // len(word))])


@given(st.text(max_size=200))
def test_any_text_can_be_looked_at(text: str) -> None:
    SECRETS.text(text)
    SECRETS.url(text)
    SECRETS.argv([text, text])
