"""A program that talks to the Interactions API with google-genai, and prints what it got, as JSON lines.

python genai_conversation.py unary|streamed|resumed BASE_URL
"""

import sys
from collections.abc import Iterable

from google import genai
from google.genai._gaos.lib.compat_errors import APIConnectionError
from pydantic import BaseModel

MODEL = "gemini-3-flash-preview"


def main(what: str, base_url: str) -> None:
    client = genai.Client(api_key="unused", http_options={"base_url": base_url})
    if what == "unary":
        show(client.interactions.create(model=MODEL, input="q"))
    elif what == "streamed":
        show_all(client.interactions.create(model=MODEL, input="q", stream=True))
    else:
        last_event_id = read_until_it_breaks(client)
        show_all(client.interactions.get("v1_a", stream=True, last_event_id=last_event_id))


def read_until_it_breaks(client: genai.Client) -> str | None:
    """Returns the id of the last event that had one."""
    last_event_id = None
    try:
        for event in client.interactions.create(model=MODEL, input="q", stream=True, background=True):
            last_event_id = getattr(event, "event_id", None) or last_event_id
    except APIConnectionError:
        return last_event_id
    sys.exit("the stream did not break")


def show_all(events: Iterable[object]) -> None:
    for event in events:
        show(event)


def show(got: object) -> None:
    assert isinstance(got, BaseModel)
    sys.stdout.write(got.model_dump_json(exclude_none=True) + "\n")


main(*sys.argv[1:])
