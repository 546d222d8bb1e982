"""Makes an archive of a million events, for measuring what must not depend on their number.

    python tests/benchmarks/make_million.py FILE [--events N]

One exchange: an interaction of many steps, thoughts and calls among them, token by token with jittered times, with
a stall, a keep-alive comment and a stray line now and then. The same bytes every time.
"""

import argparse
import random
from collections.abc import Iterator
from itertools import chain, cycle
from pathlib import Path

import orjson

from sserec.archive import ArchiveWriter, Meta, finalise
from sserec.records import Close, Closer, Manner, Request, Response

WORDS = (
    "the", "of", "and", "to", "in", "is", "that", "for", "it", "as", "with", "was", "his", "on", "be", "at", "by",
    "had", "not", "are", "but", "from", "or", "have", "an", "they", "which", "one", "you", "were", "her", "all",
)  # fmt: skip
MEAN_GAP_NS = 18_000_000
STALL_NS = 15_000_000_000
STEPS = {"thought": 8, "model_output": 4000, "function_call": 60}
"""Types of steps, and how many deltas one may have."""


def stream(count: int, rng: random.Random) -> Iterator[bytes]:
    """``count`` events or a few less."""
    yield event("interaction.created", interaction={"id": "v1_million", "status": "in_progress"})
    made = 1
    for index, (type_, most) in enumerate(cycle(STEPS.items())):
        if made > count - 8:
            break
        deltas = min(rng.randint(2, most), count - made - 4)
        yield from step(index, type_, deltas, rng)
        made += deltas + 2
    yield event("interaction.completed", interaction={"id": "v1_million", "status": "completed"})
    yield b"event: done\ndata: [DONE]\n\n"


def step(index: int, type_: str, deltas: int, rng: random.Random) -> Iterator[bytes]:
    texts = [words(rng) for _ in range(deltas)]
    if type_ == "function_call":
        texts = ['{"city": "', *texts[2:], '"}']
    return chain(
        [event("step.start", index=index, step={"type": type_, **opening(type_, index)})],
        (event("step.delta", index=index, delta=delta(type_, text)) for text in texts),
        [event("step.stop", index=index)],
    )


def words(rng: random.Random) -> str:
    return " ".join(rng.choices(WORDS, k=rng.randint(1, 4))) + " "


def opening(type_: str, index: int) -> dict[str, str]:
    return {"name": "get_weather", "id": f"call_{index}"} if type_ == "function_call" else {}


def delta(type_: str, text: str) -> dict[str, object]:
    match type_:
        case "thought":
            return {"type": "thought_summary", "content": {"type": "text", "text": text}}
        case "function_call":
            return {"type": "arguments_delta", "arguments": text}
    return {"type": "text", "text": text}


def event(type_: str, **payload: object) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (type_.encode(), orjson.dumps({**payload, "event_type": type_}))


def record(path: Path, count: int) -> None:
    """Writes the journal and makes it final."""
    rng = random.Random(7)
    request = Request("POST", "https://generativelanguage.googleapis.com/v1beta/interactions", "HTTP/1.1")
    response = Response(200, "OK", "HTTP/1.1", (("content-type", "text/event-stream"),))
    t_ns = 500_000_000
    with ArchiveWriter(path, meta=Meta(anchor_unix_ns=0), flush_ms=1e9) as writer:
        number = writer.open_exchange(request, 0)
        writer.response(number, response, t_ns)
        for data in stream(count, rng):
            chance = rng.random()
            t_ns += STALL_NS if chance < 20 / count else int(rng.expovariate(1 / MEAN_GAP_NS))
            stray = b": keep-alive\n\n" if chance > 1 - 50 / count else b""
            writer.chunk(number, stray + data, t_ns)
        writer.close_exchange(number, Close(t_ns, Closer.UPSTREAM, Manner.END, framing_complete=True))
    finalise(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--events", type=int, default=1_000_000)
    options = parser.parse_args()
    record(options.file, options.events)
    print(f"{options.file}: {options.file.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
