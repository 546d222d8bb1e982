"""From bytes to the interaction, in MB per CPU second, beside what others do of that way, in one run.

    pip install 'sserec[test,bench]'
    python tests/benchmarks/bench_interactions.py

sserec decodes, parses and assembles; httpx-sse with orjson decodes and parses; google-genai's own parser decodes,
parses and gives each event to json.loads where it would give it to pydantic. The rounds are interleaved and a figure is
their median. google-genai gets the first 4 MB only, because 100 would take it a minute a round.
"""

import codecs
import json
import statistics
import time
from collections.abc import Callable, Iterator
from importlib import import_module

import orjson

from sserec.interactions import Assembler
from sserec.sse import Decoder

ROUNDS = 5
READ_BYTES = 16 * 1024
MEGABYTE = 1_000_000
TOTAL_BYTES = 100 * MEGABYTE
GENAI_BYTES = 4 * MEGABYTE
IMAGE_BYTES = 8 * MEGABYTE

httpx_sse = import_module("httpx_sse._decoders")
genai = import_module("google.genai._gaos.utils.eventstreaming")

Reads = list[bytes]


class Response:
    """As much of an HTTP response as google-genai's parser asks for."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    def iter_bytes(self) -> Iterator[bytes]:
        return iter(self._reads)

    def close(self) -> None: ...


def run_sserec(reads: Reads) -> None:
    decoder, assembler = Decoder(), Assembler()
    for data in reads:
        for event in decoder.feed(data):
            assembler.feed(event)
    assert assembler.assembly().interaction


def run_httpx_sse(reads: Reads) -> None:
    text = codecs.getincrementaldecoder("utf-8")("replace")
    lines, events = httpx_sse.SSELineDecoder(), httpx_sse.SSEDecoder()
    decoded = (events.decode(line) for data in reads for line in lines.decode(text.decode(data)))
    for event in decoded:
        if event is not None:
            orjson.loads(event.data)


def run_google_genai(reads: Reads) -> None:
    for _ in genai.stream_events(Response(reads), json.loads, sentinel="[DONE]"):
        pass


RUNS: dict[str, Callable[[Reads], None]] = {
    "sserec": run_sserec,
    "httpx-sse + orjson": run_httpx_sse,
    "google-genai": run_google_genai,
}


def event(payload: dict[str, object]) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (str(payload["event_type"]).encode(), orjson.dumps(payload))


def delta(delta: dict[str, object]) -> bytes:
    return event({"index": 0, "delta": delta, "event_type": "step.delta"})


START = event({"index": 0, "step": {"type": "model_output"}, "event_type": "step.start"})


def tokens() -> bytes:
    words = b"".join(delta({"text": f" word {number}", "type": "text"}) for number in range(1000))
    return START + words * (TOTAL_BYTES // len(words))


def images() -> bytes:
    data = "iVBORw0KGgo+" * (IMAGE_BYTES // 12)
    picture = delta({"data": data, "mime_type": "image/png", "type": "image"})
    return START + picture * (TOTAL_BYTES // len(picture))


def reads_of(stream: bytes) -> Reads:
    return [stream[start : start + READ_BYTES] for start in range(0, len(stream), READ_BYTES)]


def megabytes_per_second(run: Callable[[Reads], None], reads: Reads) -> float:
    started = time.process_time()
    run(reads)
    return sum(map(len, reads)) / MEGABYTE / (time.process_time() - started)


def main() -> None:
    for name, stream in (("token-sized events", tokens()), ("image lines of 8 MB", images())):
        reads, first_reads = reads_of(stream), reads_of(stream[:GENAI_BYTES])
        shares = {"google-genai": first_reads}
        rounds = [
            {who: megabytes_per_second(run, shares.get(who, reads)) for who, run in RUNS.items()}
            for _ in range(ROUNDS)
        ]
        medians = {who: statistics.median(one[who] for one in rounds) for who in RUNS}
        print(f"{name}, {len(stream) / MEGABYTE:.0f} MB")
        for who, speed in medians.items():
            print(f"  {who:20}{speed:10.1f} MB/s   sserec is {medians['sserec'] / speed:.1f} times as fast")


if __name__ == "__main__":
    main()
