"""Measures the viewer's model on an archive of any size: opening, rows, jumps, filters, the answer, memory.

    python tests/benchmarks/make_million.py million.sse.zst
    python tests/benchmarks/bench_viewer_model.py million.sse.zst

CPU time of this process, so that a busy machine changes little; memory is this process's, without a terminal.
"""

import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from sserec.tui.model.answer import blocks
from sserec.tui.model.cursor import Cursor
from sserec.tui.model.document import Document
from sserec.tui.model.jobs import Job, run
from sserec.tui.model.query import parse_query
from sserec.tui.model.stream import Stream

SCREEN_ROWS = 40
JUMPS = 200
QUERIES = (
    "weather", "nowhere at all", "the", "!weather", "/we.ther/", "delta.text~have", "@gap>1s", "@step=thought",
    "event_type=step.delta",
)  # fmt: skip


def timed_ms(action: Callable[[], object]) -> float:
    began = time.process_time()
    action()
    return (time.process_time() - began) * 1e3


def memory_mb() -> float:
    status = Path("/proc/self/status").read_text()
    return float(status.partition("VmRSS:")[2].split()[0]) / 1024


def screenful(stream: Stream, first: int) -> None:
    for row in range(first, min(first + SCREEN_ROWS, len(stream.rows))):
        stream.rows.line(row)
        stream.rows.flags(row)


def jumps_ms(stream: Stream, look: Callable[[int], object]) -> str:
    rng = random.Random(1)
    samples = sorted(timed_ms(lambda: look(rng.randrange(len(stream)))) for _ in range(JUMPS))
    return f"p50 {statistics.median(samples):.1f} ms, p95 {samples[JUMPS * 95 // 100]:.1f} ms"


def measure_filter(stream: Stream, text: str) -> str:
    query = parse_query(text)
    assert query is not None
    hits, first_ms, longest_ms = stream.find(query), 0.0, 0.0
    began = before = time.process_time()
    for _ in hits.scan():
        now = time.process_time()
        first_ms = first_ms or ((now - began) * 1e3 if len(hits) else 0.0)
        longest_ms, before = max(longest_ms, (now - before) * 1e3), now
    whole_ms = (time.process_time() - began) * 1e3
    return f"{len(hits):>9,} hits in {whole_ms:,.0f} ms, first after {first_ms:.1f}, longest step {longest_ms:.1f}"


def longest_step_ms(job: Job) -> float:
    longest_ms, before = 0.0, time.process_time()
    for _ in job:
        now = time.process_time()
        longest_ms, before = max(longest_ms, (now - before) * 1e3), now
    return longest_ms


def main() -> None:
    began = time.process_time()
    document = Document.open(sys.argv[1])
    stream = document.stream(document.best)
    cursor = Cursor(stream)
    screenful(stream, 0)
    opened_ms = (time.process_time() - began) * 1e3
    print(f"open and first {SCREEN_ROWS} rows: {opened_ms:.1f} ms; {memory_mb():.0f} MB")
    print(f"rows anywhere, before tables are read: {jumps_ms(stream, lambda row: screenful(stream, row))}")
    job = stream.load()
    began = time.process_time()
    step_ms = longest_step_ms(job)
    print(
        f"load: {(time.process_time() - began) * 1e3:,.0f} ms, longest step {step_ms:.1f} ms; {memory_mb():.0f} MB"
    )
    print(f"rows anywhere: {jumps_ms(stream, lambda row: screenful(stream, row))}")
    print(f"to a time: {jumps_ms(stream, lambda row: cursor.to_percent(100 * row / len(stream)))}")
    print(f"picture of 120 columns: {timed_ms(lambda: stream.overview.picture(120)):.1f} ms")
    for query in QUERIES:
        print(f"{query:>22}: {measure_filter(stream, query)}")
    fold_ms = timed_ms(lambda: run(stream.answer.advance(len(stream))))
    print(f"answer folded to the end: {fold_ms:,.0f} ms; {memory_mb():.0f} MB")
    print(
        f"answer anywhere: {jumps_ms(stream, lambda event: blocks_at(stream, event))}; {memory_mb():.0f} MB"
    )


def blocks_at(stream: Stream, folded: int) -> None:
    assembly = stream.answer.at(folded)
    assert assembly is not None
    blocks(assembly)


if __name__ == "__main__":
    main()
