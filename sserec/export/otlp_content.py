"""What was asked and answered, as the semantic conventions put messages into a span's attributes.

Prompts and answers are what a trace must not hold unasked. Each attribute is a JSON text of its schema
(gen-ai-input-messages.json, gen-ai-output-messages.json, gen-ai-system-instructions.json).
"""

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from sserec.export.answer import Json
from sserec.export.subject import Subject, request_json

CALL, RESULT = "_call", "_result"


def content(subject: Subject) -> dict[str, Any]:
    """The attributes; only those for which there is something."""
    interaction = subject.answer.interaction if subject.answer else {}
    steps = interaction.get("steps")
    answered = list(messages(steps)) if isinstance(steps, list) else []
    status = interaction.get("status")
    for message in answered:
        message["finish_reason"] = status if isinstance(status, str) else ""
    instruction = (request_json(subject.exchanges[0]) or {}).get("system_instruction")
    found = {
        "gen_ai.system_instructions": parts_of(instruction),
        "gen_ai.input.messages": list(messages(subject.given)),
        "gen_ai.output.messages": answered,
    }
    return {key: orjson.dumps(value).decode() for key, value in found.items() if value}


def messages(steps: Sequence[Any]) -> Iterator[Json]:
    """A message for each run of steps of one role."""
    current: Json | None = None
    for step in steps:
        if not isinstance(step, dict):
            continue
        role, parts = role_of(step), parts_of_step(step)
        if not parts:
            continue
        if current is not None and current["role"] == role:
            current["parts"] += parts
            continue
        if current is not None:
            yield current
        current = {"role": role, "parts": parts}
    if current is not None:
        yield current


def role_of(step: Json) -> str:
    kind = str(step.get("type", ""))
    if kind == "user_input":
        return "user"
    return "tool" if kind == "function_result" else "assistant"


def parts_of_step(step: Json) -> list[Json]:
    kind = str(step.get("type", ""))
    if kind == "thought":
        return [{"type": "reasoning", "content": part["content"]} for part in parts_of(step.get("summary"))]
    if kind.endswith(CALL):
        name = step.get("name") or kind.removesuffix(CALL)
        return [{"type": "tool_call", "id": step.get("id"), "name": name, "arguments": step.get("arguments")}]
    if kind.endswith(RESULT):
        return [{"type": "tool_call_response", "id": step.get("call_id"), "response": step.get("result")}]
    return parts_of(step.get("content"))


def parts_of(content: Any) -> list[Json]:
    """Texts; of what is no text, its type alone, because files do not belong into a span."""
    if isinstance(content, str):
        return [{"type": "text", "content": content}] if content else []
    found = []
    for part in content if isinstance(content, list) else [content]:
        if isinstance(part, str):
            found.append({"type": "text", "content": part})
        elif isinstance(part, dict) and isinstance(part.get("text"), str):
            found.append({"type": "text", "content": part["text"]})
        elif isinstance(part, dict) and isinstance(part.get("type"), str):
            found.append({"type": part["type"], "content": ""})
    return found
