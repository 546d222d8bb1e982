"""Recordings for the tests of the archive: made by the real writer, the same bytes every time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sserec.archive import ArchiveReader, ArchiveWriter, Direction, ExchangeRecord, Meta, Problem
from sserec.archive.format import BlockHead
from sserec.archive.scan import Walk
from sserec.archive.source import Source
from sserec.errors import NotAnArchive
from sserec.records import Chunk, Close, Closer, Connection, Manner, Request, Response

FILE_ID = 0x0807060504030201
META = Meta(
    anchor_unix_ns=1_767_225_600_000_000_000,
    clock="monotonic",
    software="sserec 1",
    command=("curl", "-N", "https://example.org/v1/interactions"),
    attributes={"mode": "record"},
)
REQUEST = Request(
    "POST",
    "https://example.org/v1/interactions?alt=sse",
    "HTTP/1.1",
    (("Host", "example.org"), ("x-goog-api-key", "(redacted)")),
    ("header:x-goog-api-key",),
)
EVENT_STREAM = Response(200, "OK", "HTTP/1.1", (("Content-Type", "text/event-stream; charset=utf-8"),))
BAD_REQUEST = Response(400, "Bad Request", "HTTP/1.1", (("Content-Type", "application/json"),))


def close(t_ns: int) -> Close:
    """An exchange that ended as it should."""
    return Close(t_ns, Closer.UPSTREAM, Manner.END, framing_complete=True)


def open_writer(path: Path) -> ArchiveWriter:
    """A writer whose commits depend on the recorded times alone."""
    return ArchiveWriter(path, meta=META, file_id=FILE_ID, flush_ms=0)


def write_minimal(path: Path) -> None:
    """One exchange of two events."""
    with open_writer(path) as writer:
        exchange = writer.open_exchange(REQUEST, 1_000)
        writer.response(exchange, EVENT_STREAM, 2_000)
        writer.chunk(exchange, b"data: a\n\n", 3_000)
        writer.chunk(exchange, b"data: b\n\n", 28_000)
        writer.close_exchange(exchange, close(29_000))


def write_full(path: Path) -> None:
    """Everything that the format can say, once."""
    with open_writer(path) as writer:
        first = writer.open_exchange(REQUEST, 1_000)
        writer.connection(first, Connection(1, "203.0.113.7:443", 1_100, 1_200, 1_300, "TLSv1.3", "h2"))
        writer.request_body(first, b'{"stream":')
        writer.request_body(first, b"true}")
        writer.request_sent(first, 1_400)
        writer.response(first, EVENT_STREAM, 2_000)
        second = writer.open_exchange(REQUEST, 2_100)
        writer.response(second, EVENT_STREAM, 2_200)
        for number in range(6):
            data = f'event: step.delta\nid: {number // 2}\ndata: {{"n": {number}}}\n\n'.encode()
            t_ns = 3_000 + 100 * number
            writer.chunk(first, data, t_ns, coded_size_bytes=number + 1, t_kernel_ns=t_ns - 40)
            writer.chunk(second, data[:9], t_ns)
            writer.chunk(second, data[9:], t_ns + 50)
        writer.note(4_000, {"text": "here it hung"})
        opaque = writer.open_opaque("example.org:443", "passthrough", 4_100)
        writer.traffic(opaque, Direction.SENT, 4_200, 517)
        writer.traffic(opaque, Direction.RECEIVED, 4_300, 1_400)
        writer.close_exchange(opaque, Close(4_400, Closer.CLIENT, Manner.CLOSE, framing_complete=False))
        writer.close_exchange(first, close(5_000))
        writer.close_exchange(
            second,
            Close(5_100, Closer.UPSTREAM, Manner.RESET, False, "connection reset", (("x-trailer", "1"),)),
        )


def write_odd(path: Path) -> None:
    """What happens seldom: no body, no request, ties, an unclosed exchange, a body that is no event stream."""
    with open_writer(path) as writer:
        empty = writer.open_exchange(REQUEST, 0)
        writer.close_exchange(empty, Close(0, Closer.CLIENT, Manner.RESET, framing_complete=False))
        refused = writer.open_exchange(REQUEST, 10)
        writer.response(refused, BAD_REQUEST, 10)
        writer.chunk(refused, b'{"error": {"code": 400}}', 10)
        writer.close_exchange(refused, close(10))
        odd = writer.open_exchange(REQUEST, 10)
        writer.response(odd, EVENT_STREAM, 10)
        writer.chunk(odd, b"", 11, coded_size_bytes=10)
        writer.chunk(odd, b"\xef\xbb\xbf: comment\r\ndata: x\r\n\r", 12, coded_size_bytes=3)
        writer.chunk(odd, b"\ndata: \xff\xfe\r\r", 12, coded_size_bytes=0)
        writer.chunk(odd, b"id: 7\n\nevent: \xe2\x82\xac\ndata\n\n", 12, t_kernel_ns=20)
        writer.chunk(odd, b'{"error": "cut"}', 12)


SCENARIOS = {"minimal": write_minimal, "full": write_full, "odd": write_odd}


@dataclass
class Model:
    """What a damaged file is compared with: the truth about a recording."""

    bodies: dict[int, bytes] = field(default_factory=dict)
    chunks: dict[int, list[Chunk]] = field(default_factory=dict)
    events: dict[int, list[tuple[int, int, str]]] = field(default_factory=dict)
    """End, arrival and type of each event."""
    exchanges: dict[int, ExchangeRecord] = field(default_factory=dict)

    @classmethod
    def of(cls, path: Path) -> Model:
        """Reads a whole file, which must be whole."""
        with ArchiveReader.open(path) as reader:
            assert reader.problems == []
            model = cls()
            for number in reader.numbers:
                model.exchanges[number] = reader.exchange(number)
                model.bodies[number] = reader.body(number)
                model.chunks[number] = list(reader.chunks(number))
                table = reader.event_table(number)
                kinds = [table.type(index) for index in range(len(table))]
                model.events[number] = list(zip(table.end, table.t_ns, kinds, strict=True))
            return model

    def missing_from(self, path: Path, *, use_index: bool) -> int:
        """Bytes of bodies that a file lacks. Fails when it gives a wrong one, or says nothing of a loss."""
        try:
            reader = ArchiveReader.open(path, use_index=use_index)
        except NotAnArchive:
            return sum(map(len, self.bodies.values()))
        with reader:
            missing = sum(self._missing_from_body(reader, number) for number in self.bodies)
            lost_heads = [number for number in self.exchanges if not self._has_head(reader, number)]
            is_told = bool(reader.problems) or _ends_early(reader, self)
            assert is_told or not missing, f"{missing} bytes are missing without a word"
            assert is_told or not lost_heads, f"heads of {lost_heads} are missing without a word"
            return missing

    def _has_head(self, reader: ArchiveReader, number: int) -> bool:
        return number in reader.numbers and reader.exchange(number) == self.exchanges[number]

    def _missing_from_body(self, reader: ArchiveReader, number: int) -> int:
        truth = self.bodies[number]
        if number not in reader.numbers:
            return len(truth)
        there = 0
        for piece in reader.pieces(number):
            assert truth[piece.offset : piece.end] == piece.data, "a wrong byte"
            there += len(piece.data)
        self._compare_chunks(reader, number)
        self._compare_events(reader, number)
        return len(truth) - there

    def _compare_chunks(self, reader: ArchiveReader, number: int) -> None:
        known = {chunk.offset: chunk for chunk in self.chunks[number]}
        for chunk in reader.chunks(number):
            if known.get(chunk.offset) != chunk:
                assert _times_are_lost(reader), "a wrong chunk"

    def _compare_events(self, reader: ArchiveReader, number: int) -> None:
        known = set(self.events[number])
        table = reader.event_table(number)
        for index in range(len(table)):
            row = (table.end[index], table.t_ns[index], table.type(index))
            assert row in known or _times_are_lost(reader), "an event that never was"


def _times_are_lost(reader: ArchiveReader) -> bool:
    """As the reader found, or as a repaired file remembers."""
    said = [problem.message for problem in reader.problems]
    said += [line for _, note in reader.notes for line in note.get("recovered", ())]
    return any("times of chunks" in line for line in said)


def _ends_early(reader: ArchiveReader, model: Model) -> bool:
    """A journal cut between two commits shows it by what is open or absent, a repaired file by its note."""
    if any("recovered" in note for _, note in reader.notes):
        return True
    present = [number for number in model.bodies if number in reader.numbers]
    is_cut = reader.state == "journal" and len(present) < len(model.bodies)
    return is_cut or any(reader.exchange(number).close is None for number in present)


def block_heads(path: Path) -> list[BlockHead]:
    """Where the blocks of a file stand."""
    problems: list[Problem] = []
    with Source(path) as source:
        heads = list(Walk(source, problems.append).blocks())
    assert problems == []
    return heads


def damaged_copies(data: bytes, count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Copies of a file as accidents leave them, a third of them with a single flipped bit."""
    rng = random.Random(seed)
    for _ in range(count):
        kind = rng.choice(_DAMAGE)
        yield kind.__name__, kind(data, rng)


def flip_bit(data: bytes, rng: random.Random) -> bytes:
    """One bit."""
    copy = bytearray(data)
    copy[rng.randrange(len(copy))] ^= 1 << rng.randrange(8)
    return bytes(copy)


def truncate(data: bytes, rng: random.Random) -> bytes:
    """The start only."""
    return data[: rng.randrange(len(data))]


def zero_page(data: bytes, rng: random.Random) -> bytes:
    """A page of zeros, as a power cut leaves it."""
    page = min(4096, len(data) // 4)
    start = rng.randrange(0, len(data), page)
    return data[:start] + bytes(min(page, len(data) - start)) + data[start + page :]


def zero_tail(data: bytes, rng: random.Random) -> bytes:
    """A tail of zeros."""
    start = rng.randrange(len(data))
    return data[:start] + bytes(len(data) - start)


def cut_range(data: bytes, rng: random.Random) -> bytes:
    """A hole that closed."""
    start, end = sorted(rng.randrange(len(data)) for _ in range(2))
    return data[:start] + data[end:]


def duplicate_range(data: bytes, rng: random.Random) -> bytes:
    """A range that stands twice."""
    start, end = sorted(rng.randrange(len(data)) for _ in range(2))
    return data[:end] + data[start:]


def swap_ranges(data: bytes, rng: random.Random) -> bytes:
    """Two neighbouring ranges in the wrong order."""
    a, b, c = sorted(rng.randrange(len(data)) for _ in range(3))
    return data[:a] + data[b:c] + data[a:b] + data[c:]


def random_bytes(data: bytes, rng: random.Random) -> bytes:
    """Noise over a range."""
    size = min(512, len(data) // 4)
    start = rng.randrange(len(data) - size)
    return data[:start] + rng.randbytes(size) + data[start + size :]


_DAMAGE = (
    *(flip_bit,) * 4,
    truncate,
    zero_page,
    zero_tail,
    cut_range,
    duplicate_range,
    swap_ranges,
    random_bytes,
)
