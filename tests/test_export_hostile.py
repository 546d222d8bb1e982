"""Whatever JSON a server or a client wrote, every format is written, and nothing is raised."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from export_support import Told, archive, asked, sserec
from sserec.conversations import heard_of, input_steps, merge_hops, merge_turns, new_input_steps
from sserec.conversations.calls import call_of
from sserec.conversations.merge import Answered
from sserec.export import FORMATS, MEDIA, Needs, Options
from sserec.export.answer import Answer
from sserec.export.media import media_of, save
from sserec.recording import Exchange, RecordedEvent

Json = dict[str, Any]

KEYS = [
    "type", "id", "name", "content", "summary", "result", "text", "data", "uri", "mime_type",
    "sample_rate", "channels", "rate", "annotations", "arguments", "code", "language", "url",
    "title", "role", "call_id", "call", "status", "usage", "total_tokens", "error",
    "continuation_token", "is_error",
]  # fmt: skip
WORDS = [
    "image", "audio", "document", "thought", "function_call", "function_result", "model_output",
    "user_input", "code_execution_call", "text", "google_search_result",
    "audio/l16;rate=99999999999", "audio/l16", "image/png", "model", "user", "aGk=", "``", "```",
    "#", "\n",
]  # fmt: skip
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False)
    | st.text()
    | st.sampled_from(WORDS)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=12,
)
steps = st.dictionaries(st.sampled_from(KEYS), values, max_size=6)
interactions = st.fixed_dictionaries(
    {},
    optional={
        "id": values,
        "status": values,
        "usage": values,
        "steps": st.lists(steps | values),
        "outputs": values,
    },
)


@dataclass(frozen=True)
class Hostile:
    """A subject without any recording."""

    answer: Answer
    given: list[Json]
    exchanges: tuple[Exchange, ...] = ()

    def events(self) -> Iterator[tuple[int, RecordedEvent]]:
        return iter(())


def subject(interaction: Json, given: object = None) -> Hostile:
    return Hostile(Answer((1,), interaction, (), is_complete=True), input_steps(given))


@pytest.mark.parametrize(
    "name", [n for n, f in FORMATS.items() if f.needs is Needs.INTERACTION and n != MEDIA]
)
@given(interaction=interactions, asked_for=values)
def test_any_interaction_can_be_written(name: str, interaction: Json, asked_for: object) -> None:
    for options in (Options(), Options(many=True, with_diagnostics=True, annotation_characters=True)):
        written = b"".join(FORMATS[name].load()([subject(interaction, asked_for)], options))
        assert name == "text" or written.endswith(b"\n")
        written.decode()


@given(interactions)
def test_any_media_are_saved_inside_the_folder(interaction: Json) -> None:
    with TemporaryDirectory() as folder:
        below = Path(folder, "below")
        saved = list(save(media_of(subject(interaction).answer), below))
        written = sum(one.size_bytes is not None for one in saved)
        assert os.listdir(folder) == (["below"] if written else [])
        assert not written or len(os.listdir(below)) == written


@given(st.lists(interactions, min_size=1, max_size=3), values)
def test_any_interactions_can_be_merged(several: list[Json], asked_for: object) -> None:
    orjson.dumps(merge_hops(several))
    orjson.dumps(merge_turns([Answered(new_input_steps(asked_for), one) for one in several]))
    assert [heard_of(one) for one in several]


@given(st.text(), st.text(), values)
def test_any_request_is_a_call_or_none(method: str, url: str, body: object) -> None:
    call_of(method, url, body)
    assert call_of("POST", f"https://x/interactions?{url.replace('#', '')}", body)


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe",
        b"[" * 500,
        b'{"a":' * 300 + b"1" + b"}" * 300,
        b"null",
        b'{"input": {"role": [], "content": 1}}',
    ],
    ids=["no UTF-8", "no JSON", "deep", "null", "odd input"],
)
def test_any_request_body_can_be_told_and_repeated(tmp_path: Path, body: bytes) -> None:
    path = archive(
        tmp_path / "recorded.sse.zst", Told(b"data: [DONE]\n\n", body), Told(b"", asked(), status=None)
    )
    for command in (
        ["info", "--conversation"],
        *(["export", "--all", "--format", name] for name in ("curl", "python", "js")),
    ):
        done = sserec(*command, path)
        assert done.returncode == 0, done.stderr
