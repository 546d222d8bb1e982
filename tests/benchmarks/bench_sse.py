"""Events per CPU second, against httpx-sse and launchdarkly-eventsource, side by side in one run.

    pip install 'sserec[bench]'
    python tests/benchmarks/bench_sse.py

Each decoder gets the same reads in turn, round by round; a figure is the median of its rounds. The others run
without the HTTP client around them, which only helps them. Sserec's events are whole ones: type, data, last
event ID and both offsets. The second table shows that time follows the bytes: ns a byte, for ever larger input.
"""

import codecs
import json
import statistics
import time
from collections.abc import Callable, Iterable
from importlib import import_module

from sserec.sse import Decoder

ROUNDS = 9
READ_BYTES = 16 * 1024

httpx_sse = import_module("httpx_sse._decoders")
launchdarkly = import_module("ld_eventsource.reader")

Reads = list[bytes]
Run = Callable[[Reads], int]


def run_sserec(reads: Reads) -> int:
    decoder = Decoder()
    return sum(len(decoder.feed(data)) for data in reads)


def run_httpx_sse(reads: Reads) -> int:
    text = codecs.getincrementaldecoder("utf-8")("replace")
    lines, events = httpx_sse.SSELineDecoder(), httpx_sse.SSEDecoder()
    decoded = (events.decode(line) for data in reads for line in lines.decode(text.decode(data)))
    return sum(event is not None for event in decoded)


def run_launchdarkly(reads: Reads) -> int:
    lines = launchdarkly._BufferedLineReader.lines_from(reads)
    return sum(1 for _ in launchdarkly._SSEReader(lines).events_and_comments())


RUNS: dict[str, Run] = {
    "sserec": run_sserec,
    "httpx-sse": run_httpx_sse,
    "launchdarkly": run_launchdarkly,
}


def delta(number: int) -> bytes:
    value = {"index": 1, "delta": {"text": f" word {number}", "type": "text"}, "event_type": "step.delta"}
    return json.dumps(value, separators=(",", ":")).encode()


def named(name: str, data: bytes) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + data + b"\n\n"


def answer(first: int) -> list[bytes]:
    """One stream of the Interactions API: a long text between the events that frame it."""
    frame = b'{"interaction":{"id":"v1_ChdUR3NIYXVyQ","status":"in_progress","object":"interaction"}}'
    opening = [
        named(name, frame) for name in ("interaction.created", "interaction.status_update", "step.start")
    ]
    closing = [named(name, frame) for name in ("step.stop", "interaction.completed")]
    deltas = [named("step.delta", delta(number)) for number in range(first, first + 400)]
    return [*opening, *deltas, *closing, named("done", b"[DONE]")]


def image(size_bytes: int) -> bytes:
    return named("step.delta", b'{"delta":{"data":"' + b"iVBORw0KGgo+" * (size_bytes // 12) + b'"}}')


COUNT = 20_000
BLOCKS: dict[str, list[bytes]] = {
    "answers: event, data": [block for first in range(0, COUNT, 400) for block in answer(first)],
    "data only": [b"data: " + delta(number) + b"\n\n" for number in range(COUNT)],
    "data only, CR LF": [b"data: " + delta(number) + b"\r\n\r\n" for number in range(COUNT)],
    "no two types in a row": [named(("step.start", "step.stop")[n % 2], delta(n)) for n in range(COUNT)],
    "id, event, data": [b"id: %d\n" % number + named("step.delta", delta(number)) for number in range(COUNT)],
    "two data lines": [b"data: {\ndata: %d}\n\n" % number for number in range(COUNT)],
    "image lines of 1 MB": [image(1_000_000)] * 4,
    "image lines of 8 MB": [image(8_000_000)],
}


def reads_of(stream: bytes, size_bytes: int) -> Reads:
    return [stream[start : start + size_bytes] for start in range(0, len(stream), size_bytes)]


def cpu_seconds(run: Run, reads: Reads) -> float:
    started = time.process_time()
    run(reads)
    return time.process_time() - started


def medians(reads: Reads) -> dict[str, float]:
    """Interleaved, so that a busy moment of the machine meets all of them."""
    rounds = [{name: cpu_seconds(run, reads) for name, run in RUNS.items()} for _ in range(ROUNDS)]
    return {name: statistics.median(seconds[name] for seconds in rounds) for name in RUNS}


def print_comparison() -> None:
    print(f"{'':24}{'read':>12}{'events/s':>12}{'x httpx-sse':>13}{'x launchdarkly':>16}")
    for name, blocks in BLOCKS.items():
        for kind, reads in (("16 KiB", reads_of(b"".join(blocks), READ_BYTES)), ("one event", blocks)):
            seconds = medians(reads)
            ours = seconds["sserec"]
            ratios = f"{seconds['httpx-sse'] / ours:13.2f}{seconds['launchdarkly'] / ours:16.2f}"
            print(f"{name:24}{kind:>12}{len(blocks) / ours:12,.0f}{ratios}")


GROWTH: dict[str, Callable[[int], Iterable[bytes]]] = {
    "a data line in 1400 B": lambda size: reads_of(b"data: " + b"A" * size + b"\n\n", 1400),
    "a data line in one read": lambda size: [b"data: " + b"A" * size + b"\n\n"],
    "CR blocks in one read": lambda size: [b"data: x\r\r" * (size // 9)],
    "mixed ends in one read": lambda size: [b"data: x\r\n\ndata: y\n\r" * (size // 19)],
    "comments in one read": lambda size: [b": keep-alive\n" * (size // 13)],
    "a CR behind LF blocks": lambda size: [b"data: x\n\n" * (size // 9) + b"\r"],
}


def print_growth() -> None:
    sizes_mb = (1, 2, 4, 8)
    print(f"\n{'ns a byte':24}" + "".join(f"{size:>9} MB" for size in sizes_mb))
    for name, reads_for in GROWTH.items():
        figures = []
        for size_mb in sizes_mb:
            reads = list(reads_for(size_mb * 1_000_000))
            seconds = statistics.median(cpu_seconds(run_sserec, reads) for _ in range(3))
            figures.append(f"{seconds * 1000 / size_mb:12.2f}")
        print(f"{name:24}" + "".join(figures))


if __name__ == "__main__":
    print_comparison()
    print_growth()
