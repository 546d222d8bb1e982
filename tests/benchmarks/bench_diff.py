"""Measures ``sserec diff`` on two recordings of 100,000 events each, the kind ones and the hostile.

    python tests/benchmarks/bench_diff.py [--events N] [--level LEVEL] [--runs N] [--plain] [CASE…]

Each case is the command itself, twice, on archives with a chunk for each event: once only aligned (``-q``), once with
every difference told (``--json``). CPU seconds and peak memory (MB) of the process, the best of ``--runs``.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from sserec.archive import ArchiveWriter, Meta, finalise
from sserec.records import Close, Closer, Manner, Request, Response

REQUEST = Request("POST", "https://example.org/v1/interactions", "HTTP/1.1")
RESPONSE = Response(200, "OK", "HTTP/1.1", (("content-type", "text/event-stream"),))
Events = list[bytes]


def event(event_type: str, **payload: object) -> bytes:
    return f"event: {event_type}\ndata: {json.dumps(payload | {'event_type': event_type})}\n\n".encode()


def texts(words: list[str]) -> Events:
    """One answer, a token an event."""
    deltas = [event("step.delta", index=0, delta={"text": word, "type": "text"}) for word in words]
    start = event("step.start", index=0, step={"type": "model_output"})
    return [start, *deltas, event("step.stop", index=0)]


def results(values: list[str]) -> Events:
    """An event for each value that no reader can join with its neighbours, each with an id."""
    return [
        event("progress", id=f"id{number}", value=value, note="x" * 40) for number, value in enumerate(values)
    ]


def steps(values: list[str]) -> Events:
    """Three events a step, so that an inserted step renumbers all behind it."""
    return [
        one
        for index, value in enumerate(values)
        for one in (
            event("step.start", index=index, step={"type": "model_output"}),
            event("step.delta", index=index, delta={"text": value, "type": "text"}),
            event("step.stop", index=index),
        )
    ]


def chunks(values: list[str]) -> Events:
    """An answer of another API, whose pieces nobody joins."""
    return [
        b"data: "
        + json.dumps(
            {"id": "c1", "created": 1, "choices": [{"delta": {"content": value}, "index": 0}]}
        ).encode()
        + b"\n\n"
        for value in values
    ]


def without_middle(values: list[str]) -> list[str]:
    third = len(values) // 3
    return values[:third] + values[2 * third :]


def words(count: int, seed: int = 7) -> list[str]:
    rng = random.Random(seed)
    return [f"{rng.choice(('the', 'of', 'a', 'stream', 'that', 'keeps'))} " for _ in range(count)]


def in_threes(values: list[str]) -> list[str]:
    return ["".join(values[at : at + 3]) for at in range(0, len(values), 3)]


def numbered(count: int) -> list[str]:
    return [f"w{number} " for number in range(count)]


def edited(values: list[str]) -> list[str]:
    rng = random.Random(3)
    return [f"new{rng.random()} " if rng.random() < 0.05 else value for value in values]


Case = Callable[[int], tuple[Events, Events]]
CASES: dict[str, Case] = {
    "text: the same, cut otherwise": lambda n: (
        texts(words(n)),
        texts(in_threes(words(n))),
    ),
    "text: 5 % edited": lambda n: (texts(words(n)), texts(edited(words(n)))),
    "text: lacks its middle": lambda n: (texts(words(n)), texts(without_middle(words(n)))),
    "text: all tokens equal": lambda n: (texts(["a "] * n), texts(["a "] * (n - 9))),
    "text: all different": lambda n: (texts(numbered(n)), texts([f"v{number} " for number in range(n)])),
    "text: reversed": lambda n: (texts(numbered(n)), texts(numbered(n)[::-1])),
    "text: two other texts of few words": lambda n: (texts(words(n)), texts(words(n, seed=8))),
    "events: the same": lambda n: (results(numbered(n)), results(numbered(n))),
    "events: 5 % edited": lambda n: (results(numbered(n)), results(edited(numbered(n)))),
    "events: lacks its middle": lambda n: (results(numbered(n)), results(without_middle(numbered(n)))),
    "events: all equal": lambda n: (results(["a"] * n), results(["a"] * (n - 9))),
    "events: all different": lambda n: (results(numbered(n)), results([f"v{number}" for number in range(n)])),
    "events: reversed": lambda n: (results(numbered(n)), results(numbered(n)[::-1])),
    "events: two orders of few": lambda n: (results(words(n)), results(words(n, seed=8))),
    "steps: one inserted at the front": lambda n: (steps(words(n // 3)), steps(["new ", *words(n // 3)])),
    "steps: lacks its middle": lambda n: (steps(numbered(n // 3)), steps(without_middle(numbered(n // 3)))),
    "steps: all different": lambda n: (
        steps(numbered(n // 3)),
        steps([f"v{number}" for number in range(n // 3)]),
    ),
    "steps: reversed": lambda n: (steps(numbered(n // 3)), steps(numbered(n // 3)[::-1])),
    "other API: 5 % edited": lambda n: (chunks(words(n)), chunks(edited(words(n)))),
    "other API: periodic": lambda n: (chunks(["a", "b"] * (n // 2)), chunks(["b", "a", "a"] * (n // 3))),
}


def record(path: Path, events: Events) -> str:
    journal = path.with_suffix(".journal")
    with ArchiveWriter(journal, meta=Meta(anchor_unix_ns=0)) as writer:
        number = writer.open_exchange(REQUEST, 0)
        writer.response(number, RESPONSE, 1_000_000)
        for place, data in enumerate(events):
            writer.chunk(number, data, 2_000_000 + place * 1_000_000)
        end = Close((len(events) + 9) * 1_000_000, Closer.UPSTREAM, Manner.END, framing_complete=True)
        writer.close_exchange(number, end)
    finalise(journal)
    return str(journal)


def plain(path: Path, events: Events) -> str:
    path.write_bytes(b"".join(events))
    return str(path)


def measure(arguments: list[str]) -> tuple[float, float]:
    """CPU seconds and peak memory of one run of the command."""
    with open(os.devnull, "wb") as nowhere:
        command = subprocess.Popen([sys.executable, "-m", "sserec", "diff", *arguments], stdout=nowhere)
        _, status, usage = os.wait4(command.pid, 0)
    command.returncode = os.waitstatus_to_exitcode(status)
    assert command.returncode in (0, 1), command.args
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def run(name: str, arguments: argparse.Namespace) -> None:
    write = plain if arguments.plain else record
    with tempfile.TemporaryDirectory() as folder:
        sides = CASES[name](arguments.events)
        paths = [write(Path(folder, f"{side}.sse"), events) for side, events in zip("ab", sides, strict=True)]
        print(f"{name:<36}", end=" ", flush=True)
        for how in ("-q", "--json"):
            runs = [measure([how, "--level", arguments.level, *paths]) for _ in range(arguments.runs)]
            print(f"{how}: {min(runs)[0]:5.2f} s {max(mb for _, mb in runs):4.0f} MB", end="  ", flush=True)
        print()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("cases", nargs="*", help="parts of names; all without")
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--level", default="events")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--plain", action="store_true", help="plain .sse files instead of archives")
    arguments = parser.parse_args()
    for name in CASES:
        if not arguments.cases or any(part in name for part in arguments.cases):
            run(name, arguments)


if __name__ == "__main__":
    main()
