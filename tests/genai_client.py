"""A program that streams one interaction with google-genai and prints every event as the SDK gives it.

python genai_client.py sync|async [BASE_URL]
"""

import asyncio
import sys
from collections.abc import AsyncIterable

from google import genai

MODEL = "gemini-2.5-flash"
QUESTION = "How many r are in strawberry?"


def main(way: str, base_url: str | None = None) -> None:
    client = genai.Client(api_key="unused", http_options={"base_url": base_url} if base_url else None)
    if way == "sync":
        for event in client.interactions.create(model=MODEL, input=QUESTION, stream=True):
            show(event)
    else:
        asyncio.run(ask_async(client))


async def ask_async(client: genai.Client) -> None:
    events = await client.aio.interactions.create(model=MODEL, input=QUESTION, stream=True)
    assert isinstance(events, AsyncIterable)
    async for event in events:
        show(event)


def show(event: object) -> None:
    sys.stdout.write(f"{event!r}\n")
    sys.stdout.flush()


main(*sys.argv[1:])
