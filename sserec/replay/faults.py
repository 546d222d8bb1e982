"""What can go wrong with a stream, on request. Pure: a fault turns one score into another.

Every fault is written down as one word that can be given again, ``cut@event:12``, and does the same each time: what
chance decides, its seed decides. A fault never needs more than one event of the stream at once.

    NAME[:VALUE][@event:N | @byte:N]

Numbers of events count from 1; a fault ``@event:N`` happens after N events, to event N where it happens to one.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate, count
from random import Random
from typing import TypeAlias

import orjson

from sserec.errors import UsageError
from sserec.records import Response
from sserec.replay.score import Finale, Head, Moment, Score
from sserec.sse import Decoder

STALL_NS = 24 * 3600 * 1_000_000_000
"""Longer than any client waits."""
SLOW_MS = 50
RANDOM_CHUNK_BYTES = 64
JSON = (("content-type", "application/json"),)
SPECIFICATION = re.compile(
    r"(?P<name>[a-z-]+)(?::(?P<value>[0-9]{1,9}))?(?:@(?P<unit>event|byte):(?P<at>[0-9]{1,18}))?"
)
UNKNOWN_EVENT = b'event: step.wibble\ndata: {"wibble":[1,{"a":null}],"event_type":"step.wibble"}\n\n'
UNAVAILABLE = {"code": 503, "message": "The service is currently unavailable.", "status": "UNAVAILABLE"}
BARE_ERROR = orjson.dumps([{"error": UNAVAILABLE}], option=orjson.OPT_INDENT_2)
"""As it was seen on the wire: JSON that is no event, in a body that was a stream so far."""
ERROR_EVENT = (
    b'event: error\ndata: {"error":{"code":"gateway_timeout","message":"The request timed out."},'
    b'"event_type":"error"}\n\n'
)
REFUSALS = {
    429: ("Too Many Requests", "RESOURCE_EXHAUSTED", "You exceeded your current quota."),
    500: ("Internal Server Error", "INTERNAL", "An internal error has occurred."),
    503: ("Service Unavailable", "UNAVAILABLE", "The service is currently unavailable."),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong. Made by :func:`parse`."""

    name: str
    value: int | None = None
    unit: str | None = None
    at: int = 0
    seed: int = 0

    def __str__(self) -> str:
        value = "" if self.value is None else f":{self.value}"
        return f"{self.name}{value}" + ("" if self.unit is None else f"@{self.unit}:{self.at}")

    @property
    def kind(self) -> "Kind":
        return KINDS[self.name]

    def apply(self, score: Score, request_number: int = 1) -> Score:
        """``score`` with this fault in it; ``request_number`` counts the requests that were answered, from 1."""
        if self.kind.once and request_number > 1:
            return score
        return self.kind.change(unannounced(score), self)

    @property
    def random(self) -> Random:
        """The chance of this fault, the same each time."""
        return Random(f"{self.seed} {self}")


Change: TypeAlias = Callable[[Score, Fault], Score]


@dataclass(frozen=True, slots=True)
class Kind:
    """A fault that can be asked for."""

    change: Change
    summary: str
    place: str | None = None
    """``event``, ``byte``, ``either``, or None where it concerns the whole answer."""
    is_harmless: bool = False
    """A client has to give the same result as without it."""
    is_addition: bool = False
    """What is new may show in the result."""
    once: bool = False
    """Only the first request meets it."""
    first: int = 0
    """The smallest place that there is for it."""


def parse(text: str, seed: int = 0) -> Fault:
    """The fault that ``text`` names. Raises UsageError, with what there is to choose from."""
    name = re.split("[:@]", text)[0]
    kind, match = KINDS.get(name), SPECIFICATION.fullmatch(text)
    if kind is None:
        raise UsageError(f"{text} is no fault; there are {', '.join(KINDS)}")
    if match is None or not is_meant_so(kind, match):
        raise UsageError(f"{text}: say {usage(name)}")
    value = int(match["value"]) if match["value"] else None
    return Fault(name, value, match["unit"], int(match["at"] or 0), seed)


def is_meant_so(kind: Kind, match: re.Match[str]) -> bool:
    """Whether a value or a place is said where there can be one, and one that there is."""
    if kind.change is refused:
        known = [str(code) for code in REFUSALS] + ([None] if kind.once else [])
        return match["unit"] is None and match["value"] in known
    if kind.place is None:
        return match["unit"] is None
    is_place = match["unit"] is not None and kind.place in ("either", match["unit"])
    return is_place and match["value"] is None and int(match["at"]) >= kind.first


def usage(name: str) -> str:
    """How this fault is asked for."""
    kind = KINDS[name]
    if kind.change is refused:
        return f"one of {', '.join(f'{name}:{code}' for code in REFUSALS)}"
    if kind.place is None:
        return f"{name} or {name}:N"
    units = ("event", "byte") if kind.place == "either" else (kind.place,)
    return " or ".join(f"{name}@{unit}:N" for unit in units) + (", from 1 on" if kind.first else "")


def reaches(score: Score, fault: Fault) -> bool:
    """Whether the stream is so long that the fault happens to it."""
    if fault.unit == "event":
        return any(number >= fault.at for number, _ in numbered(whole_events(score)))
    sizes = (len(cue) for _, cue in score if isinstance(cue, bytes))
    return fault.unit is None or any(end >= fault.at for end in accumulate(sizes, initial=0))


def unannounced(score: Score) -> Score:
    """The length of a body that is changed cannot be announced."""
    return (Moment(t, Head(cue.response) if isinstance(cue, Head) else cue) for t, cue in score)


def whole_events(score: Score) -> Score:
    """The body in pieces that each end where an event ends, and what follows the last event."""
    decoder, held, start = Decoder(), bytearray(), 0
    for t_ns, cue in score:
        if isinstance(cue, bytes):
            held += cue
            for event in decoder.feed(cue):
                size_bytes, start = event.end - start, event.end
                yield Moment(t_ns, bytes(held[:size_bytes]))
                del held[:size_bytes]
            continue
        if held:
            yield Moment(t_ns, bytes(held))
            held.clear()
        yield Moment(t_ns, cue)


def numbered(score: Score) -> Iterator[tuple[int, Moment]]:
    """The body's pieces by number, from 1; everything else as 0."""
    numbers = count(1)
    return ((next(numbers) if isinstance(moment.cue, bytes) else 0, moment) for moment in score)


def before(score: Score, fault: Fault) -> Score:
    """What comes before the fault; with the finale where the score is over sooner."""
    if fault.unit == "byte":
        yield from first_bytes(score, fault.at)
        return
    event_count = 0
    for moment in whole_events(score):
        event_count += isinstance(moment.cue, bytes)
        yield moment
        if event_count == fault.at and not isinstance(moment.cue, Finale):
            return


def first_bytes(score: Score, size_bytes: int) -> Score:
    for t_ns, cue in score:
        if isinstance(cue, bytes):
            if piece := cue[:size_bytes]:
                yield Moment(t_ns, piece)
            size_bytes -= len(piece)
            if size_bytes <= 0:
                return
        else:
            yield Moment(t_ns, cue)


def ending_with(*cues: bytes | Finale, after_ns: int = 0) -> Change:
    """Everything up to the fault, then ``cues``."""

    def change(score: Score, fault: Fault) -> Score:
        t_ns = 0
        for moment in before(score, fault):
            yield moment
            t_ns = moment.t_ns
            if isinstance(moment.cue, Finale):
                return
        for cue in cues:
            yield Moment(t_ns + after_ns, cue)

    return change


def to_event(change: Callable[[bytes, Fault], list[bytes]]) -> Change:
    """Event N becomes something else."""

    def changed(score: Score, fault: Fault) -> Score:
        for number, moment in numbered(whole_events(score)):
            if number == fault.at and isinstance(moment.cue, bytes):
                yield from (Moment(moment.t_ns, piece) for piece in change(moment.cue, fault))
            else:
                yield moment

    return changed


def swapped(score: Score, fault: Fault) -> Score:
    """Event N after event N + 1."""
    held: bytes | None = None
    for number, (t_ns, cue) in numbered(whole_events(score)):
        if number == fault.at and isinstance(cue, bytes):
            held = cue
            continue
        last = [] if held is None else [Moment(t_ns, held)]
        held = None
        if isinstance(cue, bytes):
            yield Moment(t_ns, cue)
            yield from last
        else:
            yield from last
            yield Moment(t_ns, cue)


def corrupted(event: bytes, fault: Fault) -> list[bytes]:
    """One byte of the JSON that gives it its shape is gone."""
    shape = [index for index, byte in enumerate(event) if byte in b'{}[]",' and event.find(b"data:") < index]
    if not shape:
        return [event]
    index = fault.random.choice(shape)
    return [event[:index] + event[index + 1 :]]


def rechunked(score: Score, fault: Fault) -> Score:
    """Pieces of VALUE bytes."""
    return resized(score, lambda: max(fault.value or 1, 1))


def randomly_chunked(score: Score, fault: Fault) -> Score:
    """Pieces of a random size."""
    random = fault.random
    return resized(score, lambda: random.randint(1, fault.value or RANDOM_CHUNK_BYTES))


def resized(score: Score, size_bytes: Callable[[], int]) -> Score:
    for t_ns, cue in score:
        if not isinstance(cue, bytes):
            yield Moment(t_ns, cue)
            continue
        start = 0
        while start < len(cue):
            end = start + size_bytes()
            yield Moment(t_ns, cue[start:end])
            start = end


def split(score: Score, fault: Fault) -> Score:
    """A border between two pieces at byte N."""
    position = 0
    for t_ns, cue in score:
        inside = fault.at - position
        if isinstance(cue, bytes) and 0 < inside < len(cue):
            yield Moment(t_ns, cue[:inside])
            yield Moment(t_ns, cue[inside:])
        else:
            yield Moment(t_ns, cue)
        position += len(cue) if isinstance(cue, bytes) else 0


def slowed(score: Score, fault: Fault) -> Score:
    """Every event in two halves, VALUE milliseconds apart."""
    pause_ns, late_ns = (fault.value or SLOW_MS) * 1_000_000, 0
    for t_ns, cue in whole_events(score):
        if isinstance(cue, bytes):
            half = len(cue) // 2
            yield Moment(t_ns + late_ns, cue[:half])
            late_ns += pause_ns
            yield Moment(t_ns + late_ns, cue[half:])
        else:
            yield Moment(t_ns + late_ns, cue)


def refused(score: Score, fault: Fault) -> Score:
    """An HTTP error instead of the answer."""
    code = fault.value or 429
    reason, status, message = REFUSALS[code]
    body = orjson.dumps({"error": {"code": code, "message": message, "status": status}})
    yield Moment(0, Head(Response(code, reason, "HTTP/1.1", JSON), len(body)))
    yield Moment(0, body)
    yield Moment(0, Finale.END)


KINDS: dict[str, Kind] = {
    "rechunk": Kind(rechunked, "pieces of VALUE bytes, 1 unless said", is_harmless=True),
    "random-chunks": Kind(randomly_chunked, "pieces of 1 to VALUE bytes, 64 unless said", is_harmless=True),
    "split": Kind(split, "one more border between pieces, at byte N", "byte", is_harmless=True),
    "slow": Kind(slowed, "each event in two halves, VALUE ms apart, 50 unless said", is_harmless=True),
    "cut": Kind(ending_with(Finale.CUT), "the connection closes", "either"),
    "reset": Kind(ending_with(Finale.RESET), "the connection is reset", "either"),
    "stall": Kind(ending_with(Finale.CUT, after_ns=STALL_NS), "nothing more comes", "either"),
    "end": Kind(ending_with(Finale.END), "the answer is over, whole by its framing", "either"),
    "drop": Kind(to_event(lambda event, fault: []), "event N is missing", "event", first=1),
    "duplicate": Kind(to_event(lambda event, fault: [event, event]), "event N comes twice", "event", first=1),
    "swap": Kind(swapped, "event N comes after event N + 1", "event", first=1),
    "corrupt": Kind(to_event(corrupted), "the JSON of event N lacks a byte", "event", first=1),
    "unknown-event": Kind(
        to_event(lambda event, fault: [event, UNKNOWN_EVENT]),
        "an event nobody has heard of comes after event N",
        "event",
        is_harmless=True,
        is_addition=True,
        first=1,
    ),
    "error-event": Kind(ending_with(ERROR_EVENT, Finale.END), "an error event ends the stream", "event"),
    "bare-error": Kind(ending_with(BARE_ERROR, Finale.END), "a JSON error that is no event ends it", "event"),
    "status": Kind(refused, "every request is answered with VALUE: 429, 500 or 503"),
    "status-once": Kind(refused, "the first request is answered with VALUE, 429 unless said", once=True),
}
"""What can be asked for by name."""
