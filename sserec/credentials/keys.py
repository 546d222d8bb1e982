"""What the keys and tokens of known vendors look like, wherever they stand. Pure.

A rule is found by its anchor, a literal that begins every such key, because to search a text for forty literals takes a
tenth of the time that one pattern with forty branches takes; only behind an anchor its pattern is tried. Invariant:
however a text is made, looking through it takes time in proportion to its length: behind an anchor a pattern never
reads what the search for the same anchor will read again.
"""

import re
from collections import Counter
from collections.abc import Iterator
from math import log2
from typing import NamedTuple


class Key(NamedTuple):
    """The keys of one kind."""

    id: str
    meaning: str
    anchors: tuple[str, ...]
    """One of them begins every such key."""
    pattern: str
    """The key, from its anchor on. Its group ``secret``, where it has one, is what must not be seen."""
    source: str
    """Where the shape is documented."""


GITLEAKS = "https://github.com/gitleaks/gitleaks/blob/master/config/gitleaks.toml"

KEYS: tuple[Key, ...] = (
    Key(
        "google-api-key",
        "API key of Google Cloud, the Gemini API among it",
        ("AIza",),
        r"AIza[\w-]{20,}",
        "https://cloud.google.com/docs/authentication/api-keys",
    ),
    Key(
        "google-auth-key",
        "authorization key of the Gemini API",
        ("AQ.",),
        r"AQ\.[\w-]{20,}",
        "https://ai.google.dev/gemini-api/docs/api-key",
    ),
    Key(
        "google-oauth-token",
        "OAuth 2 access token of Google",
        ("ya29.",),
        r"ya29\.[\w.-]{10,}",
        "https://developers.google.com/identity/protocols/oauth2",
    ),
    Key(
        "google-refresh-token",
        "OAuth 2 refresh token of Google",
        ("1//0",),
        r"1//0[\w-]{20,}",
        "https://developers.google.com/identity/protocols/oauth2/web-server",
    ),
    Key(
        "google-client-secret",
        "OAuth 2 client secret of Google",
        ("GOCSPX-",),
        r"GOCSPX-[\w-]{10,}",
        "https://developers.google.com/identity/protocols/oauth2/web-server",
    ),
    Key(
        "anthropic-key",
        "API key of Anthropic",
        ("sk-ant-",),
        r"sk-ant-[\w-]{16,}",
        "https://docs.anthropic.com/en/api/getting-started",
    ),
    Key(
        "openrouter-key",
        "API key of OpenRouter",
        ("sk-or-",),
        r"sk-or-[\w-]{16,}",
        "https://openrouter.ai/docs/api-reference/authentication",
    ),
    Key(
        "openai-key",
        "API key of OpenAI, DeepSeek and others that took over its shape",
        ("sk-",),
        r"sk-(?!ant-|or-)(?=[a-z-]{0,20}[A-Z0-9])[\w-]{16,}",
        "https://platform.openai.com/docs/api-reference/authentication",
    ),
    Key(
        "groq-key",
        "API key of Groq",
        ("gsk_",),
        r"gsk_\w{20,}",
        "https://console.groq.com/docs/quickstart",
    ),
    Key("xai-key", "API key of xAI", ("xai-",), r"xai-[\w-]{20,}", "https://docs.x.ai/docs/tutorial"),
    Key(
        "nvidia-key",
        "API key of NVIDIA",
        ("nvapi-",),
        r"nvapi-[\w-]{20,}",
        "https://docs.api.nvidia.com/nim/docs/api-quickstart",
    ),
    Key(
        "perplexity-key",
        "API key of Perplexity",
        ("pplx-",),
        r"pplx-\w{20,}",
        f"{GITLEAKS} (perplexity-api-key)",
    ),
    Key(
        "replicate-token",
        "API token of Replicate",
        ("r8_",),
        r"r8_\w{20,}",
        "https://replicate.com/docs/reference/http",
    ),
    Key(
        "hugging-face-token",
        "access token of Hugging Face",
        ("hf_", "api_org_"),
        r"(?:hf_|api_org_)\w{20,}",
        f"{GITLEAKS} (huggingface-access-token)",
    ),
    Key(
        "aws-access-key",
        "access key ID of AWS",
        ("AKIA", "ASIA"),
        r"A[KS]IA[0-9A-Z]{16}(?![0-9A-Za-z])",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html",
    ),
    Key(
        "github-token",
        "token of GitHub, of any kind",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        r"(?:gh[pousr]_|github_pat_)\w{20,}",
        "https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/",
    ),
    Key(
        "gitlab-token",
        "token of GitLab, of any kind",
        ("glpat-", "gldt-", "glrt-", "glptt-", "glcbt-"),
        r"gl[a-z]{2,5}-[\w.-]{20,}",
        "https://docs.gitlab.com/security/tokens/",
    ),
    Key(
        "slack-token",
        "token of Slack",
        ("xox", "xapp-"),
        r"(?:xox[abeoprs][.-]|xapp-)[\w-]{10,}",
        "https://docs.slack.dev/authentication/tokens",
    ),
    Key(
        "slack-webhook",
        "address of an incoming webhook of Slack",
        ("hooks.slack.com/",),
        r"hooks\.slack\.com/(?:services|workflows|triggers)/(?P<secret>[\w+/-]{20,})",
        "https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks",
    ),
    Key(
        "stripe-key",
        "secret key of Stripe",
        ("sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_"),
        r"(?:[sr]k_(?:live|test)_|whsec_)[A-Za-z0-9+/=]{10,}",
        "https://docs.stripe.com/keys",
    ),
    Key(
        "npm-token",
        "access token of npm",
        ("npm_",),
        r"npm_[A-Za-z0-9]{30,}",
        "https://github.blog/changelog/2021-09-23-npm-has-a-new-access-token-format/",
    ),
    Key(
        "pypi-token",
        "API token of PyPI",
        ("pypi-",),
        r"pypi-AgE[\w-]{30,}",
        "https://pypi.org/help/#apitoken",
    ),
    Key(
        "docker-token",
        "access token of Docker Hub",
        ("dckr_",),
        r"dckr_[op]at_[\w-]{20,}",
        "https://docs.docker.com/security/access-tokens/",
    ),
    Key(
        "digitalocean-token",
        "token of DigitalOcean",
        ("dop_v1_", "doo_v1_", "dor_v1_"),
        r"do[opr]_v1_[a-f0-9]{32,}",
        f"{GITLEAKS} (digitalocean-pat)",
    ),
    Key(
        "databricks-token",
        "access token of Databricks",
        ("dapi",),
        r"dapi[a-f0-9]{32}(?:-\d)?",
        f"{GITLEAKS} (databricks-api-token)",
    ),
    Key(
        "sendgrid-key",
        "API key of SendGrid",
        ("SG.",),
        r"SG\.[\w-]{16,32}\.[\w-]{16,64}",
        f"{GITLEAKS} (sendgrid-api-token)",
    ),
    Key(
        "json-web-token",
        "signed token (RFC 7519)",
        ("eyJ",),
        r"eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*",
        "https://www.rfc-editor.org/rfc/rfc7519#section-3.1",
    ),
    Key(
        "private-key",
        "private key in PEM",
        ("-----BEGIN ",),
        r"-----BEGIN (?:[A-Z]{2,9} ){0,2}PRIVATE KEY(?: BLOCK)?-----"
        r"(?P<secret>\s{1,9}(?:[A-Z][\w-]{1,20}: [\w ,.-]{1,80}\s{1,9}){0,4}[A-Za-z0-9+/=\s]{32,})",
        "https://www.rfc-editor.org/rfc/rfc7468#section-10",
    ),
)
"""A key is of the first kind that fits."""

MASKED = re.compile(r"\[REDACTED\]|\*{4}|^\**$")
PLACEHOLDER = re.compile(
    r"(?i)your|example|placeholder|change.?me|redacted|dummy|sample|insert|replace|secret.?here|key.?here"
    r"|^(?:user|username|pass|password|passwd|pwd|secret|token|key|test|none|null|true|false|string)$"
    r"|^[<{$%@(].*|xxx|\.\.\.|…|os\.environ|getenv|process\.env|env\["
)
MIN_DISTINCT = 6
"""Fewer different characters are no key: ``sk-xxxxxxxxxxxxxxxxxxxx``."""
RANDOM_MIN_CHARS = 12
FILE_NAME = re.compile(r"http|/(?:[A-Z]?[a-z0-9_.-]*/)*[A-Z]?[a-z0-9_.-]*\Z")
"""A URL or a path; base64 may begin with a slash as well."""
RANDOM_MIN_BITS = 3.0
"""A character, by Shannon. English words have less beyond some length, identifiers too."""
MEDIA_RUN = re.compile(r"[A-Za-z0-9+/]{64}")
"""What stands in the middle of so much base64 is no key but part of a file."""
JOINING = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
"""Behind these no key begins."""
ESCAPED = frozenset({"\\b", "\\f", "\\n", "\\r", "\\t"})
"""So neither: ``\\r8_…`` begins with the end of a line. Behind any other backslash one may: ``C:\\keys\\AIza…``."""


class Found(NamedTuple):
    """A secret in a text."""

    rule: str
    start: int
    end: int


COMPILED = tuple((key, re.compile(key.pattern, re.ASCII)) for key in KEYS)
"""Bytes are letters here (latin-1), and those of another script are no part of a key."""
BY_ANCHOR: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
for _key, _pattern in COMPILED:
    for _anchor in _key.anchors:
        BY_ANCHOR.setdefault(_anchor, []).append((_key.id, _pattern))


def may_hold_key(text: str) -> bool:
    """Whether an anchor stands in it: to ask that first is cheaper than to look for keys."""
    return any([anchor in text for anchor in BY_ANCHOR])  # noqa: C419  # a list is faster than a generator here


def find_keys(text: str, left_out: frozenset[str] = frozenset()) -> Iterator[Found]:
    """The keys in ``text``, anchor by anchor; a key that two rules know comes twice. ``left_out``: rules not wanted."""
    for anchor, kinds in BY_ANCHOR.items():
        for rule, pattern in kinds:
            if rule not in left_out:
                yield from find_anchored(text, anchor, rule, pattern)


def find_anchored(text: str, anchor: str, rule: str, pattern: re.Pattern[str]) -> Iterator[Found]:
    """The keys of one kind that begin with one anchor."""
    at = text.find(anchor)
    while at >= 0:
        end = at + len(anchor)
        if at == 0 or (text[at - 1] not in JOINING and text[at - 1 : at + 1] not in ESCAPED):
            match = pattern.match(text, at)
            if match is not None:
                end = match.end()
                start, stop = match.span("secret" if "secret" in pattern.groupindex else 0)
                if is_key(text, at, text[start:stop]):
                    yield Found(rule, start, stop)
        at = text.find(anchor, end)


def is_key(text: str, at: int, secret: str) -> bool:
    """Whether what has the shape of a key may be one."""
    if len(set(secret)) < MIN_DISTINCT or secret.endswith("EXAMPLE") or MASKED.search(secret):
        return False
    return text[at - 1 : at] not in ("+", "/") or MEDIA_RUN.match(text, max(at - 64, 0)) is None


def looks_random(value: str) -> bool:
    """Whether a value is one that a machine made up: nobody keeps ``YOUR_API_KEY`` secret, nor ``gpt-4-turbo``."""
    if len(value) < RANDOM_MIN_CHARS or MASKED.search(value) or PLACEHOLDER.search(value):
        return False
    letters = sum(map(str.isalpha, value))
    digits = sum(map(str.isdigit, value))
    if not letters or not digits or " " in value or FILE_NAME.match(value):
        return False
    return bits_a_character(value) >= RANDOM_MIN_BITS


def bits_a_character(value: str) -> float:
    """Shannon's entropy of its characters."""
    size = len(value)
    return -sum(n / size * log2(n / size) for n in Counter(value).values())
