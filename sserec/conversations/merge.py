"""Several interactions as one: the hops of a continued answer, and the turns of a conversation.

Knows whole interactions; must not know exchanges. Hops merge as ``merge_unary_hops`` of google-genai 3.4 merges them
(``_interactions_continuation.py``), so that a recording shows what the program got; the keys which that function
sets to None are left out.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sserec.conversations.inputs import OF_THE_CALLER
from sserec.interactions import steps_of

Json = dict[str, Any]

_OF_THE_FIRST = ("previous_interaction_id", "created", "input")
"""What describes the request: later hops point at the hop before them, not at the caller's turn."""
_USAGE_LISTS = {
    "cached_tokens_by_modality": ("modality", "tokens"),
    "input_tokens_by_modality": ("modality", "tokens"),
    "output_tokens_by_modality": ("modality", "tokens"),
    "tool_use_tokens_by_modality": ("modality", "tokens"),
    "grounding_tool_count": ("type", "count"),
}
_INITIAL_INPUT = "initial_input_tokens"


class Answered(NamedTuple):
    """A turn: the steps that the caller gave, and the interaction that answered them."""

    given: Sequence[Json]
    interaction: Json


def merge_hops(hops: Sequence[Json]) -> Json:
    """One answer that took several interactions: the last one, with the steps and the usage of all."""
    if len(hops) == 1:
        return hops[0]
    steps = [*_steps(hops[0]), *(step for hop in hops[1:] for step in _own_steps(_steps(hop)))]
    return _merged(hops, steps) | {"continuation_ids": _ids(hops)}


def merge_turns(turns: Sequence[Answered]) -> Json:
    """A conversation as one timeline: the last interaction, with all steps, the caller's between the model's."""
    answers = [turn.interaction for turn in turns]
    if len(answers) == 1:
        return answers[0]
    steps = _steps(answers[0]) + [step for turn in turns[1:] for step in _timeline(turn)]
    return _merged(answers, steps)


def _merged(interactions: Sequence[Json], steps: list[Json]) -> Json:
    first, last = interactions[0], interactions[-1]
    merged = {key: last[key] for key in last if key not in _OF_THE_FIRST or key in first}
    merged |= {key: first[key] for key in _OF_THE_FIRST if key in first}
    usages = [one["usage"] for one in interactions if isinstance(one.get("usage"), dict)]
    if usages:
        merged["usage"] = _summed(usages, first.get("usage"))
    return _with_steps(merged, _steps_key(interactions), steps)


def _with_steps(interaction: Json, key: str, steps: list[Json]) -> Json:
    """Steps take the place they have, or the one before ``object``, where the API puts them."""
    if key in interaction or "object" not in interaction:
        return interaction | {key: steps}
    merged: Json = {}
    for name, value in interaction.items():
        if name == "object":
            merged[key] = steps
        merged[name] = value
    return merged


def _timeline(turn: Answered) -> list[Json]:
    """A later turn's steps; an interaction that was asked for with its input brings that itself."""
    steps = _steps(turn.interaction)
    brings_input = bool(steps) and steps[0].get("type") in OF_THE_CALLER
    return steps if brings_input else [*turn.given, *steps]


def _own_steps(steps: list[Json]) -> list[Json]:
    """Without the input that a stored interaction repeats."""
    repeated = 0
    while repeated < len(steps) and steps[repeated].get("type") == "user_input":
        repeated += 1
    return steps[repeated:]


def _steps(interaction: Json) -> list[Json]:
    return [step for step in steps_of(interaction) if isinstance(step, dict)]


def _steps_key(interactions: Iterable[Json]) -> str:
    """The older revision calls its steps outputs."""
    return "outputs" if any("outputs" in one and "steps" not in one for one in interactions) else "steps"


def _ids(hops: Iterable[Json]) -> list[str]:
    """The hops' ids, in order, each once; ``store: false`` leaves them empty."""
    return list(dict.fromkeys(id_ for hop in hops for id_ in _ids_of(hop) if isinstance(id_, str) and id_))


def _ids_of(hop: Json) -> Iterator[Any]:
    continued = hop.get("continuation_ids")
    yield from continued if isinstance(continued, list) else ()
    yield hop.get("id")


def _summed(usages: Sequence[Json], first: Json | None) -> Json:
    """Tokens of all, but ``initial_input_tokens``, which are the first hop's: each later one reads its own output."""
    names = dict.fromkeys(name for usage in usages for name in usage if name != _INITIAL_INPUT)
    sums = {
        name: _sum(name, [usage[name] for usage in usages if usage.get(name) is not None]) for name in names
    }
    total = usages[-1] | {name: value for name, value in sums.items() if value is not None}
    total.pop(_INITIAL_INPUT, None)
    initial = _initial_input(first) if isinstance(first, dict) else None
    return total if initial is None else total | {_INITIAL_INPUT: initial}


def _initial_input(usage: Json) -> Any:
    initial = usage.get(_INITIAL_INPUT)
    return usage.get("total_input_tokens") if initial is None else initial


def _sum(name: str, values: list[Any]) -> Any:
    """The sum of counts or of lists of counts; None for what cannot be summed, which stays the last one's."""
    if values and all(map(_is_count, values)):
        return sum(values)
    if values and name in _USAGE_LISTS and all(isinstance(value, list) for value in values):
        return _summed_list([item for value in values for item in value], *_USAGE_LISTS[name])
    return None


def _summed_list(items: Iterable[Any], key: str, count: str) -> list[Json]:
    """One item a modality, or a tool."""
    merged: dict[str, Json] = {}
    for item in items:
        name = item.get(key) if isinstance(item, dict) else None
        if isinstance(name, str):
            merged[name] = _counted_on(merged[name], item, count) if name in merged else item
    return list(merged.values())


def _counted_on(before: Json, item: Json, count: str) -> Json:
    if _is_count(before.get(count)) and _is_count(item.get(count)):
        return before | {count: before[count] + item[count]}
    return before


def _is_count(value: object) -> bool:
    return type(value) is int
