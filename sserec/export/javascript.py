"""A request again, as a JavaScript module that calls @google/genai."""

from collections.abc import Iterator, Sequence

from sserec.export import Options
from sserec.export.calls import Client, Json, SdkCall, sdk_calls
from sserec.export.curl import KEY_VARIABLE
from sserec.export.literal import JAVASCRIPT, literal, string
from sserec.export.subject import Subject


def program(subjects: Sequence[Subject], options: Options) -> Iterator[bytes]:
    """One module for all requests, in order. It awaits at its top level, so a file of it ends in ``.mjs``."""
    calls = sdk_calls(subjects)
    yield b'// npm install @google/genai; save as .mjs\nimport { GoogleGenAI } from "@google/genai";\n'
    declared = "const" if len({call.client for call in calls}) == 1 else "let"
    client = None
    for call in calls:
        if call.client != client:
            yield f"\n{'' if client else declared + ' '}ai = {constructed(call.client)};\n".encode()
            client = call.client
        yield f"\n// exchange {call.exchange}\n{statement(call)}\n".encode()


def constructed(client: Client) -> str:
    """The expression that makes the client; the key comes from the environment."""
    key = f"apiKey: process.env.{KEY_VARIABLE}"
    vertex: Json = {"vertexai": True, "project": client.project, "location": client.location}
    http_options: Json = {"apiVersion": client.api_version}
    if client.base_url:
        http_options["baseUrl"] = client.base_url
    who = literal(vertex, JAVASCRIPT)[1:-1] if client.project else key
    return f"new GoogleGenAI({{ {who}, httpOptions: {literal(http_options, JAVASCRIPT)} }})"


def statement(call: SdkCall) -> str:
    """The call, its events or its result printed."""
    places = [string(call.id, JAVASCRIPT)] if call.id is not None else []
    if call.arguments or call.method == "create":
        places.append(literal(call.arguments, JAVASCRIPT))
    expression = f"await ai.interactions.{call.method}({', '.join(places)})"
    if call.streams:
        return f"for await (const event of {expression}) console.log(JSON.stringify(event));"
    return f"console.log(JSON.stringify({expression}));"
