"""What the tests of the decoder share: every way to cut a stream, and a second, slow opinion on its meaning."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from sserec.sse import Decoder, Event, Kind, Residue, Tail


@dataclass(frozen=True)
class Decoded:
    """All that a decoder says about one stream."""

    events: tuple[Event, ...]
    residue: tuple[Residue, ...]
    tail: Tail | None
    last_event_id: str
    reconnection_time_ms: int | None

    @property
    def meaning(self) -> list[tuple[str, str, str]]:
        return [(event.type, event.text, event.last_event_id) for event in self.events]

    @property
    def kinds(self) -> list[str]:
        return [residue.kind.value for residue in self.residue]


def decode(parts: Iterable[bytes], decoder: Decoder | None = None) -> Decoded:
    decoder = decoder or Decoder()
    events = [event for part in parts for event in decoder.feed(part)]
    tail = decoder.end()
    return Decoded(
        tuple(events), tuple(decoder.residue()), tail, decoder.last_event_id, decoder.reconnection_time_ms
    )


def cut(stream: bytes, *places: int) -> list[bytes]:
    return [stream[start:end] for start, end in pairwise([0, *sorted(places), len(stream)])]


def byte_by_byte(stream: bytes) -> list[bytes]:
    return [stream[i : i + 1] for i in range(len(stream))]


def two_way_splits(stream: bytes, at_most: int = 300) -> Iterator[list[bytes]]:
    """Every split in two, or an even choice of them where there are more than ``at_most``."""
    for place in range(0, len(stream) + 1, 1 + len(stream) // at_most):
        yield cut(stream, place)


def assert_every_byte_is_accounted_for_once(stream: bytes, decoded: Decoded) -> None:
    """Blocks do not overlap, nor do residue lines; what belongs to neither is framing."""
    tails = [decoded.tail] if decoded.tail else []
    blocks = [(event.start, event.end) for event in decoded.events]
    blocks += [(tail.start, tail.end) for tail in tails]
    blocks += [(r.start, r.end) for r in decoded.residue if r.kind is Kind.DISCARDED]
    lines = [(r.start, r.end) for r in decoded.residue if r.kind is not Kind.DISCARDED]
    for i in set(range(len(stream))) - owned_once(blocks) - owned_once(lines):
        assert_is_framing(stream, i)


def owned_once(spans: list[tuple[int, int]]) -> set[int]:
    owned = [i for start, end in spans for i in range(start, end)]
    assert len(owned) == len(set(owned))
    assert all(start < end for start, end in spans)
    return set(owned)


def assert_is_framing(stream: bytes, i: int) -> None:
    """The end of a blank line, or the LF of a CR LF."""
    before = stream[3:i] if stream.startswith(b"\xef\xbb\xbf") else stream[:i]
    assert stream[i : i + 1] in (b"\n", b"\r")
    assert not before or before.endswith((b"\n", b"\r"))


def assert_spans_hold_what_they_say(stream: bytes, decoded: Decoded) -> None:
    """An event decodes again from its own bytes, a residue line reads as it says."""
    for event in decoded.events:
        again = decode([stream[event.start : event.end]], Decoder(event.start, event.last_event_id))
        assert again.events == (event,)
    for residue in decoded.residue:
        if residue.line:
            assert stream[residue.start : residue.end].rstrip(b"\r\n") == residue.line


@dataclass
class Reference:
    """WHATWG HTML 9.2.5 and 9.2.6 read aloud, a character at a time. Knows nothing of bytes and offsets."""

    last_event_id: str = ""
    reconnection_time: int | None = None
    events: list[tuple[str, str, str]] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    _data: str = ""
    _type: str = ""
    _id: str = ""

    def read(self, stream: bytes) -> "Reference":
        line, after_cr = "", False
        for character in stream.decode("utf-8", "replace").removeprefix("\ufeff"):
            if character == "\n" and after_cr:
                after_cr = False
                continue
            after_cr = character == "\r"
            if character in "\r\n":
                self._process(line)
                line = ""
            else:
                line += character
        return self

    def _process(self, line: str) -> None:
        if line == "":
            self._dispatch()
        elif line[0] == ":":
            self.comments.append(line[1:])
        elif ":" in line:
            name, value = line[: line.index(":")], line[line.index(":") + 1 :]
            self._process_field(name, value[1:] if value[:1] == " " else value)
        else:
            self._process_field(line, "")

    def _process_field(self, name: str, value: str) -> None:
        if name == "event":
            self._type = value
        elif name == "data":
            self._data += value + "\n"
        elif name == "id" and "\0" not in value:
            self._id = value
        elif name == "retry" and value and all(character in "0123456789" for character in value):
            self.reconnection_time = int(value)

    def _dispatch(self) -> None:
        self.last_event_id = self._id
        if self._data != "":
            self.events.append((self._type or "message", self._data[:-1], self.last_event_id))
        self._data = self._type = ""
