"""Measures the archive: recording, finalising, opening, jumping, memory, size.

    python tests/benchmarks/bench_archive.py [--events N] [--exchanges N] [--dir DIR] [--keep]

Makes a recording of token-sized events with jittered times, one chunk an event, and prints one line a figure.
Times are the process's CPU time unless the line says wall; memory is the peak of a fresh process.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sserec.archive import ArchiveReader, ArchiveWriter, Meta, finalise, pack, verify
from sserec.records import Close, Closer, Manner, Request, Response
from sserec.sse import Decoder

_WORDS = re.findall(
    r"\w+",
    "the of and to in is that for it as with was his on be at by had not are but from or have an they which "
    "one you were her all she there would their we him been has when who will more no if out so said what",
)


def token_events(count: int, seed: int) -> Iterator[bytes]:
    """Events as an interaction streams them, with the vocabulary of prose."""
    rng = random.Random(seed)
    for number in range(count):
        text = " ".join(rng.choices(_WORDS, k=rng.randint(1, 4))) + f" {rng.randrange(10**6)}"
        data = {
            "index": number // 500,
            "delta": {"type": "text", "text": text},
            "event_type": "step.delta",
            "event_id": f"{rng.getrandbits(48):012x}",
        }
        yield b"event: step.delta\ndata: " + json.dumps(data).encode() + b"\n\n"


def record(path: Path, events: int, exchanges: int) -> float:
    """Writes the journal; returns the CPU seconds that it took."""
    request = Request("POST", "https://example.org/v1/interactions", "HTTP/1.1", (("host", "example.org"),))
    response = Response(200, "OK", "HTTP/1.1", (("content-type", "text/event-stream"),))
    rng = random.Random(5)
    t_ns = 0
    per_exchange = events // exchanges
    batches = [list(token_events(per_exchange, 0))]
    began = time.process_time()
    with ArchiveWriter(path, meta=Meta(anchor_unix_ns=0)) as writer:
        for number in range(exchanges):
            exchange = writer.open_exchange(request, t_ns)
            writer.response(exchange, response, t_ns)
            events_now = batches[0] if exchanges == 1 else token_events(per_exchange, number)
            for event in events_now:
                t_ns += int(rng.expovariate(1 / 1_000_000))
                writer.chunk(exchange, event, t_ns)
            writer.close_exchange(exchange, Close(t_ns, Closer.UPSTREAM, Manner.END, True))
    return time.process_time() - began


def timed(action: str) -> tuple[float, float, float]:
    """Runs ``action`` in a fresh process: wall seconds, CPU seconds, peak memory in MiB."""
    began = time.perf_counter()
    before = os.times()
    code = action + "\nprint(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"
    output = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return time.perf_counter() - began, cpu, float(output.split()[-1]) / 1024


def quantiles_ms(samples: list[float]) -> str:
    """Median and 95th percentile, in milliseconds."""
    samples.sort()
    return (
        f"p50 {statistics.median(samples) * 1e3:.2f} ms, p95 {samples[int(len(samples) * 0.95)] * 1e3:.2f} ms"
    )


def open_times(path: Path, count: int = 30) -> list[float]:
    """Wall seconds of opening and closing."""
    samples = []
    for _ in range(count):
        began = time.perf_counter()
        ArchiveReader.open(path).close()
        samples.append(time.perf_counter() - began)
    return samples


def event_times(path: Path, count: int = 300) -> list[float]:
    """Wall seconds from "event k of exchange n" to the decoded event, of random events of a file."""
    rng = random.Random(1)
    samples = []
    with ArchiveReader.open(path) as reader:
        numbers = rng.choices(reader.numbers, [reader.body_extent(n) for n in reader.numbers], k=count)
        for number in numbers:
            began = time.perf_counter()
            table = reader.event_table(number)
            index = rng.randrange(len(table))
            start, end = table.start(index), table.end[index]
            events = Decoder(offset=start).feed(reader.body(number, start, end))
            t_ns = table.t_ns[index]
            samples.append(time.perf_counter() - began)
            assert len(events) == 1
            assert t_ns >= 0
    return samples


def main() -> None:
    """Makes the recording and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--exchanges", type=int, default=4)
    parser.add_argument("--dir", type=Path, default=Path(tempfile.mkdtemp()))
    parser.add_argument("--pack", action="store_true")
    options = parser.parse_args()
    path = options.dir / f"bench-{options.events}.sse.zst"
    path.unlink(missing_ok=True)
    cpu = record(path, options.events, options.exchanges)
    print(f"record: {cpu / options.events * 1e6:.1f} µs/chunk, journal {path.stat().st_size:,} bytes")
    opened = f"from sserec.archive import ArchiveReader\nArchiveReader.open({str(path)!r}, use_index=False)"
    print("open journal: {:.2f} s wall, {:.2f} s CPU, {:.0f} MiB".format(*timed(opened)))
    print("finalise: {:.2f} s wall, {:.2f} s CPU, {:.0f} MiB".format(*_finalised(path)))
    with ArchiveReader.open(path) as reader:
        raw = sum(map(reader.body_extent, reader.numbers))
    print(f"final: {path.stat().st_size:,} bytes of {raw:,} raw")
    print("open final:", quantiles_ms(open_times(path)))
    print("random event:", quantiles_ms(event_times(path)))
    began = time.process_time()
    verdict = verify(path)
    print(f"verify: {time.process_time() - began:.2f} s CPU: {verdict.message}")
    if options.pack:
        began = time.process_time()
        pack(path)
        print(f"pack: {time.process_time() - began:.1f} s CPU, {path.stat().st_size:,} bytes")
        print("random event:", quantiles_ms(event_times(path)))


def _finalised(path: Path) -> tuple[float, float, float]:
    return timed(f"from sserec.archive import {finalise.__name__}\n{finalise.__name__}({str(path)!r})")


if __name__ == "__main__":
    main()
