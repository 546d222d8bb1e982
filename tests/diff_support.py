"""Recordings to be compared: those of samples/ and of ../shared, taken apart and put together again with one thing
changed."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from sserec.archive import ArchiveWriter, Meta
from sserec.diff import Aspect, Comparison, Difference, Kind, Level, Options, compare_pairs, pairs_of
from sserec.recording import Exchange, Recording
from sserec.records import Close, Headers, Request, Response

SAMPLES = Path(__file__).parent.parent / "samples"
Json = dict[str, Any]
Timed = tuple[tuple[int, bytes], ...]


@dataclass(frozen=True)
class Take:
    """One exchange, as it would be recorded: its body in chunks, one an event if nothing else is said."""

    blocks: tuple[bytes, ...]
    """The bytes of each event, and what is left behind the last."""
    request: Request | None = None
    request_body: bytes = b""
    response: Response | None = None
    close: Close | None = None
    chunks: Timed | None = None
    """Where chunks are not to end where events do."""
    gap_ns: int = 10_000_000

    def with_blocks(self, blocks: Iterable[bytes]) -> "Take":
        return replace(self, blocks=tuple(blocks))

    def payload(self, number: int) -> Json:
        """The JSON of an event, from 0; empty where it is none."""
        return payload_of(self.blocks[number])

    def with_payload(self, number: int, payload: Json) -> "Take":
        blocks = list(self.blocks)
        blocks[number] = with_data(blocks[number], dumped(payload))
        return self.with_blocks(blocks)

    def with_headers(self, headers: Headers) -> "Take":
        assert self.response is not None
        return replace(self, response=replace(self.response, headers=headers))

    def find(self, wanted: Callable[[Json], bool]) -> int | None:
        """The first event, from 0, whose JSON is wanted."""
        return next((number for number in range(len(self.blocks)) if wanted(self.payload(number))), None)

    def typed(self, event_type: str) -> int | None:
        return self.find(lambda payload: payload.get("event_type") == event_type)


def payload_of(block: bytes) -> Json:
    data = b"\n".join(line[6:] for line in block.splitlines() if line.startswith(b"data: "))
    try:
        value = json.loads(data)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def with_data(block: bytes, data: bytes) -> bytes:
    lines = block.split(b"\n")
    return b"\n".join(b"data: " + data if line.startswith(b"data: ") else line for line in lines)


def dumped(payload: Json) -> bytes:
    return json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()


def event(event_type: str, **payload: Any) -> bytes:
    data = dumped(payload | {"event_type": event_type})
    return f"event: {event_type}\n".encode() + b"data: " + data + b"\n\n"


def take_of(exchange: Exchange) -> Take:
    body = exchange.body()
    ends = [recorded.event.end for recorded in exchange.events()]
    borders = [0, *ends, len(body)]
    blocks = [body[start:end] for start, end in pairwise(borders)]
    return Take(
        tuple(block for block in blocks if block),
        exchange.request,
        exchange.record.request_body() if exchange.request else b"",
        exchange.response,
        exchange.close,
    )


def takes(path: Path) -> list[Take]:
    with Recording.open(str(path)) as recording:
        return [take_of(exchange) for exchange in recording.exchanges]


def samples() -> Iterator[tuple[str, Take]]:
    """Every exchange of every sample."""
    for path in sorted(SAMPLES.glob("*.sse.zst")):
        for number, take in enumerate(takes(path), start=1):
            yield f"{path.name.removesuffix('.sse.zst')}-{number}", take


def write(path: Path, *takes: Take) -> Path:
    """An archive of the takes; a plain file where a take has no request."""
    if takes[0].request is None:
        path.write_bytes(b"".join(takes[0].blocks))
        return path
    path.unlink(missing_ok=True)
    with ArchiveWriter(path, meta=Meta(anchor_unix_ns=0)) as writer:
        for take in takes:
            assert take.request is not None
            number = writer.open_exchange(take.request, 0)
            writer.request_body(number, take.request_body)
            writer.request_sent(number, 1_000_000)
            if take.response is not None:
                writer.response(number, take.response, 2_000_000)
            t_ns = 2_000_000
            chunks = take.chunks or [
                (2_000_000 + (place + 1) * take.gap_ns, block) for place, block in enumerate(take.blocks)
            ]
            for t_ns, data in chunks:
                writer.chunk(number, data, t_ns)
            if take.close is not None:
                writer.close_exchange(number, replace(take.close, t_ns=t_ns + 5_000_000))
    return path


def compared(folder: Path, a: Take, b: Take, options: Options | None = None) -> list[Difference]:
    """What differs between two takes, each read from a file of its own."""
    return differences(write(folder / "a.sse.zst", a), write(folder / "b.sse.zst", b), options)


def differences(a: Path, b: Path, options: Options | None = None) -> list[Difference]:
    with Recording.open(str(a)) as of_a, Recording.open(str(b)) as of_b:
        return told(comparison(of_a, of_b, options))


def comparison(a: Recording, b: Recording, options: Options | None = None) -> Comparison:
    return compare_pairs(pairs_of(list(a.exchanges), list(b.exchanges)), options)


def told(comparison: Comparison) -> list[Difference]:
    found = [difference for exchange in comparison.exchanges for difference in exchange.differences()]
    assert comparison.is_same == (not found and not comparison.unpaired)
    assert comparison.count == len(found) + len(comparison.unpaired)
    return [*comparison.unpaired, *found]


def names(found: Iterable[Difference]) -> list[str]:
    """``interaction: changed interaction.model``; of a changed event each value, of others what they are."""
    return sorted(name for difference in found for name in names_of(difference))


def names_of(difference: Difference) -> list[str]:
    if difference.aspect is not Aspect.EVENTS:
        return [f"{difference.aspect}: {difference.kind} {difference.path}"]
    if difference.kind is not Kind.CHANGED:
        return [f"events: {difference.kind} {difference.label}"]
    assert difference.changes, difference
    return [f"events: {change.kind} {change.path}" for change in difference.changes]


BYTES = Options(level=Level.BYTES)
INTERACTION = Options(level=Level.INTERACTION)
