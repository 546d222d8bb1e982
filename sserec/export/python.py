"""A request again, as a Python program that calls google-genai."""

from collections.abc import Iterator, Sequence

from sserec.export import Options
from sserec.export.calls import Client, Json, SdkCall, sdk_calls
from sserec.export.curl import KEY_VARIABLE
from sserec.export.literal import INDENT, PYTHON, literal, string
from sserec.export.subject import Subject

CREATE_ARGUMENTS = frozenset(
    {
        "agent",
        "agent_config",
        "background",
        "cached_content",
        "continuation_token",
        "environment",
        "generation_config",
        "input",
        "labels",
        "model",
        "previous_interaction_id",
        "response_format",
        "response_mime_type",
        "response_modalities",
        "safety_settings",
        "service_tier",
        "store",
        "stream",
        "system_instruction",
        "tools",
        "webhook_config",
    }
)
"""What ``create`` of google-genai 3.4 takes by name; the rest of a body goes into ``extra_body``."""


def program(subjects: Sequence[Subject], options: Options) -> Iterator[bytes]:
    """One program for all requests, in order."""
    calls = sdk_calls(subjects)
    yield b"# pip install 'google-genai>=3.4'\n"
    yield b"import os\n\n" if any(call.client.project is None for call in calls) else b""
    yield b"from google import genai\n"
    client = None
    for call in calls:
        if call.client != client:
            client = call.client
            yield f"\nclient = {constructed(client)}\n".encode()
        yield f"\n# exchange {call.exchange}\n{statement(call)}\n".encode()


def constructed(client: Client) -> str:
    """The call that makes the client; the key comes from the environment."""
    arguments: Json = {"vertexai": True, "project": client.project, "location": client.location}
    lines = named(arguments) if client.project else [f'api_key=os.environ["{KEY_VARIABLE}"]']
    http_options: Json = {"api_version": client.api_version}
    if client.base_url:
        http_options["base_url"] = client.base_url
    return called("genai.Client", [*lines, *named({"http_options": http_options})])


def statement(call: SdkCall) -> str:
    """The call, its events or its result printed."""
    places = [string(call.id, PYTHON)] if call.id is not None else []
    known = {name: value for name, value in call.arguments.items() if name in CREATE_ARGUMENTS}
    extra = {name: value for name, value in call.arguments.items() if name not in CREATE_ARGUMENTS}
    arguments = call.arguments if call.method == "get" else known | ({"extra_body": extra} if extra else {})
    expression = called(f"client.interactions.{call.method}", [*places, *named(arguments)])
    if call.streams:
        return f"for event in {expression}:\n{INDENT}print(event, flush=True)"
    return f"print({expression})"


def named(arguments: Json) -> list[str]:
    """Keyword arguments; the names are known to be Python's."""
    return [f"{name}={literal(value, PYTHON, INDENT, len(name) + 1)}" for name, value in arguments.items()]


def called(function: str, arguments: Sequence[str]) -> str:
    """A call, an argument a line."""
    lines = "".join(f"{INDENT}{argument},\n" for argument in arguments)
    return f"{function}(\n{lines})" if lines else f"{function}()"
