"""Real streams against the answers that ``stream: false`` gave to the same prompts, in other runs."""

import json
from pathlib import Path
from typing import Any

import pytest
from google.genai.interactions import Interaction

from interactions_support import Json, fold, interaction_of
from shared_data import SHARED, needs_shared
from sserec.interactions import End

STREAMS = sorted((SHARED / "streams").glob("*.sse"))
TWINS = [path for path in STREAMS if path.with_suffix(".unary.json").exists()]
CURRENT = [path for path in STREAMS if not path.name.startswith("legacy")]

# What docs/interactions.md, Stream and answer, says may differ between a stream and its twin; numbers are its own.
ONLY_IN_UNARY = frozenset({"search_type"})  # 1
UNARY_USAGE = frozenset(  # 5
    {"raw_prompt_token", "model_invocation_token_counts", "non_grounding_model_invocation_token_counts"}
)

pytestmark = needs_shared


def shape(value: Any) -> Any:
    """Keys and JSON types. Lists of alike things count once: lengths differ from run to run."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        shapes = [shape(inner) for inner in value]
        return [each for position, each in enumerate(shapes) if each not in shapes[:position]]
    return type(value).__name__


def comparable(interaction: Json) -> Json:
    """An interaction without what that section lets differ: the list is the whole of the leniency."""
    rest = {key: value for key, value in interaction.items() if not (key == "id" and value == "")}  # 2
    rest["usage"] = {key: value for key, value in rest["usage"].items() if key not in UNARY_USAGE}  # 5
    for key in ("steps", "outputs"):
        if key in rest:
            rest[key] = [comparable_step(step) for step in rest[key]]
    return rest


def comparable_step(step: Json) -> Json:
    return {
        key: value
        for key, value in step.items()
        if key not in ONLY_IN_UNARY and not (key == "signature" and value == "")  # 1, 3
    }


def step_sequence(interaction: Json) -> list[tuple[str, Any]]:
    """Type and shape of each step, in order: here the length does count."""
    return [
        (step["type"], shape(step)) for step in interaction.get("steps") or interaction.get("outputs") or []
    ]


@pytest.mark.parametrize("path", TWINS, ids=lambda path: path.stem)
def test_an_assembled_stream_has_the_shape_of_its_twin(path: Path) -> None:
    ours = comparable(interaction_of(path.read_bytes()))
    twin = comparable(json.loads(path.with_suffix(".unary.json").read_bytes()))
    assert step_sequence(ours) == step_sequence(twin)
    assert shape(ours) == shape(twin)


@pytest.mark.parametrize("path", TWINS, ids=lambda path: path.stem)
def test_the_keys_stand_in_the_order_of_the_twin(path: Path) -> None:
    ours = comparable(interaction_of(path.read_bytes()))
    twin = comparable(json.loads(path.with_suffix(".unary.json").read_bytes()))
    assert list(ours) == list(twin)
    for key in {"steps", "outputs"} & ours.keys():
        assert [list(step) for step in ours[key]] == [list(step) for step in twin[key]]


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.stem)
def test_a_real_stream_is_clean(path: Path) -> None:
    assembly = fold(path.read_bytes())
    assert assembly.diagnostics == ()
    assert assembly.aside == ()
    assert assembly.end is End.COMPLETED


def lost_keys(ours: Any, theirs: Any, where: str = "") -> list[str]:
    """Keys and items of ours that did not survive in theirs."""
    if isinstance(ours, dict):
        gone = [f"{where}.{key}" for key in ours if key not in theirs]
        kept = [key for key in ours if key in theirs]
        return gone + [path for key in kept for path in lost_keys(ours[key], theirs[key], f"{where}.{key}")]
    if isinstance(ours, list):
        if len(ours) != len(theirs):
            return [f"{where}[{len(ours)} became {len(theirs)}]"]
        return [
            path
            for i, (a, b) in enumerate(zip(ours, theirs, strict=True))
            for path in lost_keys(a, b, f"{where}[{i}]")
        ]
    return []


@pytest.mark.parametrize("path", CURRENT, ids=lambda path: path.stem)
def test_the_sdk_reads_an_assembled_stream_without_losing_a_key(path: Path) -> None:
    ours = interaction_of(path.read_bytes())
    theirs = Interaction.model_validate(ours).model_dump(mode="json", by_alias=True)
    assert lost_keys(ours, theirs) == []


def test_the_comparison_itself_finds_differences() -> None:
    assert shape({"a": [{"b": 1}]}) != shape({"a": [{"b": "1"}]})
    assert shape({"a": [{"b": 1}, {"c": 1}]}) != shape({"a": [{"b": 1}]})
    assert lost_keys({"a": [{"b": 1}]}, {"a": [{}]}) == [".a[0].b"]
