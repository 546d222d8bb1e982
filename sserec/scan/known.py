"""Secrets that are known from one place, to be looked for in all others.

A password has no shape: ``hunter2`` is one in ``{"password": "hunter2"}`` and may be anything elsewhere. But what heads
and requests give away by its name is the same secret where a server sends it back, or a model says it.
"""

from collections.abc import Iterator
from dataclasses import replace

from sserec.credentials.keys import MASKED, PLACEHOLDER
from sserec.recording import Recording
from sserec.scan.bodies import search
from sserec.scan.heads import Heads
from sserec.scan.search import Rules

MIN_CHARS, MAX_CHARS = 6, 200
LONG_CHARS = 16
"""What is shorter and has no digit may be a word."""
MAX_KNOWN = 200


def with_known(recording: Recording, rules: Rules) -> Rules:
    """The rules, and the secrets themselves that heads and requests of the recording tell by their names."""
    texts = {text for text in told(recording, rules) if is_telling(text)}
    return replace(rules, known=tuple(sorted(texts)[:MAX_KNOWN]))


def told(recording: Recording, rules: Rules) -> Iterator[str]:
    secrets = replace(rules, wanted=frozenset(), own=())
    heads = Heads(secrets)
    if recording.archive is not None:
        heads.meta(recording.archive.meta)
    for exchange in recording.exchanges:
        heads.exchange(exchange.record)
        yield from (one.text for one in heads.told)
        heads.told.clear()
        yield from (hit.text for hit in search(exchange.record.request_body(), secrets, is_strict=True))


def is_telling(text: str) -> bool:
    """Whether a text is nothing else than this secret wherever it stands."""
    if not MIN_CHARS <= len(text) <= MAX_CHARS or MASKED.search(text) or PLACEHOLDER.search(text):
        return False
    return not any(map(str.isspace, text)) and (len(text) >= LONG_CHARS or any(map(str.isdigit, text)))
