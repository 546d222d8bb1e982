"""What a request gave the model, as steps: the form in which the API tells a whole interaction's timeline.

Knows the shapes that ``input`` may have; must not know the answer. Nothing is lost: what has no known shape is kept
as it came, as a part of a ``user_input``.
"""

from itertools import chain, groupby, takewhile
from typing import Any

Json = dict[str, Any]

_STEP_TYPES = frozenset({"user_input", "model_output", "thought"})
_STEP_ENDINGS = ("_call", "_result")
OF_THE_CALLER = ("user_input", "function_result")
"""Step types that a caller makes; all others are the model's, or of tools that the server runs for it."""


def input_steps(given: object) -> list[Json]:
    """All that an ``input`` holds: a string, a part, parts, steps, or the turns of the older revision."""
    items = given if isinstance(given, list) else [] if given is None else [given]
    steps: list[Json] = []
    for are_steps, group in groupby(items, _is_step):
        neighbours = list(group)
        steps += chain.from_iterable(map(_steps, neighbours)) if are_steps else [_user_input(neighbours)]
    return steps


def new_input_steps(given: object) -> list[Json]:
    """What stands after the model's last step: with ``store: false`` an input repeats all that went before."""
    newest_first = takewhile(lambda step: step["type"] in OF_THE_CALLER, reversed(input_steps(given)))
    return list(newest_first)[::-1]


def _is_step(item: object) -> bool:
    match item:
        case {"type": str(type_)}:
            return type_ in _STEP_TYPES or type_.endswith(_STEP_ENDINGS)
        case {"role": str(), "content": _}:
            return True
    return False


def _steps(item: Json) -> list[Json]:
    """A step is one; a turn of the older revision may hold several, and its role tells whose its parts are."""
    if isinstance(item.get("type"), str):
        return [item]
    steps = input_steps(item["content"])
    if item["role"] != "model":
        return steps
    return [step | {"type": "model_output"} if step["type"] == "user_input" else step for step in steps]


def _user_input(parts: list[object]) -> Json:
    return {
        "type": "user_input",
        "content": [{"type": "text", "text": part} if isinstance(part, str) else part for part in parts],
    }
