"""Every shape of ``input`` becomes steps, and only what is new counts as asked."""

import pytest

from sserec.conversations import input_steps, new_input_steps

TEXT = {"type": "text", "text": "q"}
IMAGE = {"type": "image", "data": "aGk=", "mime_type": "image/png"}
ASKED = {"type": "user_input", "content": [TEXT]}
RESULT = {"type": "function_result", "call_id": "c1", "result": 4}
CALL = {"type": "function_call", "id": "c1", "name": "f", "arguments": {}}
ANSWER = {"type": "model_output", "content": [TEXT]}


@pytest.mark.parametrize(
    ("given", "steps"),
    [
        (None, []),
        ([], []),
        ("q", [ASKED]),
        (TEXT, [ASKED]),
        ([TEXT, IMAGE], [{"type": "user_input", "content": [TEXT, IMAGE]}]),
        (["q", IMAGE], [{"type": "user_input", "content": [TEXT, IMAGE]}]),
        ([RESULT], [RESULT]),
        ([RESULT, TEXT], [RESULT, ASKED]),
        ([ASKED, ANSWER], [ASKED, ANSWER]),
        ([{"role": "user", "content": "q"}, {"role": "model", "content": [TEXT]}], [ASKED, ANSWER]),
        ([{"role": "model", "content": [CALL]}, {"role": "user", "content": [RESULT]}], [CALL, RESULT]),
        ([7], [{"type": "user_input", "content": [7]}]),
    ],
    ids=[
        "none", "empty", "string", "part", "parts", "string and part", "result", "result and part", "steps",
        "older turns", "older turns with calls", "no known shape",
    ],
)  # fmt: skip
def test_an_input_is_steps(given: object, steps: list[object]) -> None:
    assert input_steps(given) == steps


def test_of_a_history_only_what_stands_after_the_models_last_step_is_new() -> None:
    assert new_input_steps([ASKED, ANSWER, ASKED, CALL, RESULT, ASKED]) == [RESULT, ASKED]
    assert new_input_steps([ASKED, CALL]) == []
    assert new_input_steps("q") == [ASKED]
