"""What the samples play: one scenario for each kind of stream that the Interactions API sends.

The wording is made up; the events, their order, their keys and the order of the keys are those of the API's
streaming guide (https://ai.google.dev/gemini-api/docs/interactions) and of recorded streams. The function-calling
scenario has two exchanges, all others one.
"""

import base64
import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from sserec.records import Ending, Response
from sserec.replay.takes import Take, scripted

PATH = "/v1/interactions"
MODEL = "gemini-3-flash-preview"
MILLISECOND = 1_000_000
EVENT_STREAM = Response(
    200, "OK", "1.1", (("content-type", "text/event-stream"), ("server", "scaffolding on HTTPServer2"))
)

Json = dict[str, object]


@dataclass
class Stream:
    """An interaction under construction: events go in, timed pieces come out."""

    id: str
    model: str = MODEL
    agent: str | None = None
    pieces: list[tuple[int, bytes]] = field(default_factory=list)
    t_ms: int = 0
    index: int = -1

    def raw(self, data: bytes, after_ms: int = 25) -> None:
        self.t_ms += after_ms
        self.pieces.append((self.t_ms * MILLISECOND, data))

    def event(self, event_type: str, payload: Json, after_ms: int = 25) -> None:
        line = json.dumps({**payload, "event_type": event_type}, separators=(",", ":"), ensure_ascii=False)
        self.raw(f"event: {event_type}\ndata: {line}\n\n".encode(), after_ms)

    def begin(self, wait_ms: int = 180) -> None:
        self.event("interaction.created", {"interaction": self._identity("in_progress")}, wait_ms)
        self.event("interaction.status_update", {"interaction_id": self.id, "status": "in_progress"}, 2)

    def step(self, step: Json, deltas: list[Json], after_ms: int = 25) -> None:
        self.start(step, after_ms)
        for delta in deltas:
            self.delta(delta, after_ms)
        self.event("step.stop", {"index": self.index}, 3)

    def start(self, step: Json, after_ms: int = 25) -> None:
        self.index += 1
        self.event("step.start", {"index": self.index, "step": step}, after_ms)

    def delta(self, delta: Json, after_ms: int = 25) -> None:
        self.event("step.delta", {"index": self.index, "delta": delta}, after_ms)

    def thought(self, *summaries: str, pause_ms: int = 120) -> None:
        """A thought step: summaries, then the signature."""
        deltas: list[Json] = [
            {"content": {"text": summary + "\n\n\n", "type": "text"}, "type": "thought_summary"}
            for summary in summaries
        ]
        self.step(
            {"type": "thought"},
            [*deltas, {"signature": signature(self.id, self.index), "type": "thought_signature"}],
            pause_ms,
        )

    def say(self, text: str, annotations: list[Json] | None = None) -> None:
        """A model_output step, three words a delta."""
        deltas: list[Json] = [{"text": piece, "type": "text"} for piece in in_pieces(text)]
        if annotations:
            deltas.append({"annotations": annotations, "type": "text_annotation_delta"})
        self.step({"type": "model_output"}, deltas)

    def finish(self, usage: tuple[int, int, int], status: str = "completed") -> None:
        """``usage``: input, output and thought tokens."""
        self.event("interaction.completed", {"interaction": self._outcome(status, usage)}, 40)
        self.raw(b"event: done\ndata: [DONE]\n\n", 1)

    def _identity(self, status: str) -> Json:
        who: Json = {"agent": self.agent} if self.agent else {"model": self.model}
        return {"id": self.id, "status": status, "object": "interaction", **who}

    def _outcome(self, status: str, usage: tuple[int, int, int]) -> Json:
        given, made, thought = usage
        identity = self._identity(status)
        moment = "2026-11-20T09:30:00Z"
        return {
            "id": identity.pop("id"),
            "status": identity.pop("status"),
            "usage": {
                "total_tokens": given + made + thought,
                "total_input_tokens": given,
                "input_tokens_by_modality": [{"modality": "text", "tokens": given}],
                "total_cached_tokens": 0,
                "total_output_tokens": made,
                "total_tool_use_tokens": 0,
                "total_thought_tokens": thought,
            },
            "created": moment,
            "updated": moment,
            "service_tier": "standard",
            **identity,
        }


@dataclass(frozen=True)
class Scenario:
    """A sample: its name, what it shows, and for each exchange what is asked and what is played."""

    name: str
    shows: str
    exchanges: tuple[tuple[Json, Stream], ...]
    ending: Ending = Ending.COMPLETE

    def takes(self) -> list[Take]:
        return [
            scripted("POST", PATH, EVENT_STREAM, stream.pieces, self.ending) for _, stream in self.exchanges
        ]

    def requests(self) -> list[Json]:
        return [request for request, _ in self.exchanges]


def scenarios() -> Iterator[Scenario]:
    """All samples, in the order of samples/README.md."""
    yield text()
    yield function_calling()
    yield google_search()
    yield thought_summaries()
    yield deep_research()
    yield text_and_images()
    yield error_event()
    yield broken_in_the_middle()
    yield unknown_events()


def text() -> Scenario:
    stream = Stream("v1_text")
    stream.begin()
    stream.thought()
    stream.say(
        "A stream keeps its shape only as long as somebody writes down when each piece of it arrived. Café ✓"
    )
    stream.finish((12, 24, 87))
    return Scenario("text", "plain text after a thought", ((ask("Say one sentence about streams."), stream),))


def function_calling() -> Scenario:
    first = Stream("v1_call")
    first.begin()
    first.thought()
    call: Json = {
        "id": "un6k8t18",
        "signature": "",
        "type": "function_call",
        "name": "get_weather",
        "arguments": {},
    }
    fragments: list[Json] = [
        {"arguments": piece, "type": "arguments_delta"}
        for piece in ('{"location": ', '"Reykjavík", ', '"unit": "celsius"}')
    ]
    first.step(call, fragments)
    first.finish((71, 18, 64), "requires_action")
    second = Stream("v1_answer")
    second.begin()
    second.say("It is 4 °C in Reykjavík, with light rain. Take a coat.")
    second.finish((112, 17, 0))
    question = ask("What is the weather in Reykjavík?", tools=[WEATHER])
    result: Json = {
        "type": "function_result",
        "call_id": "un6k8t18",
        "name": "get_weather",
        "result": {"celsius": 4, "sky": "light rain"},
    }
    answer = ask([result], previous_interaction_id=first.id, tools=[WEATHER])
    return Scenario(
        "function-calling",
        "a function call and, in a second exchange, its result",
        ((question, first), (answer, second)),
    )


def google_search() -> Scenario:
    stream = Stream("v1_search")
    stream.begin()
    stream.thought()
    stream.step(
        {"id": "q7w2", "signature": "", "type": "google_search_call"},
        [
            {
                "signature": signature("q", 1),
                "type": "google_search_call",
                "arguments": {"queries": ["longest river in Europe", "Volga length km"]},
            }
        ],
    )
    suggestions = (
        '<div class="chips"><a href="https://www.google.com/search?q=Volga">Volga length km</a></div>'
    )
    stream.step(
        {"call_id": "q7w2", "signature": "", "type": "google_search_result"},
        [
            {
                "signature": signature("r", 2),
                "type": "google_search_result",
                "result": [{"search_suggestions": suggestions}],
            }
        ],
        after_ms=140,
    )
    code = "print(3530 / 2850)"
    stream.step(
        {"id": "c0de", "type": "code_execution_call"},
        [
            {
                "signature": signature("c", 3),
                "type": "code_execution_call",
                "arguments": {"code": code, "language": "python"},
            }
        ],
    )
    stream.step(
        {"call_id": "c0de", "type": "code_execution_result"},
        [
            {
                "signature": signature("d", 4),
                "type": "code_execution_result",
                "result": "1.2385964912280703\n",
                "is_error": False,
            }
        ],
        after_ms=90,
    )
    answer = "The Volga, at 3,530 km, is Europe’s longest river: about 1.24 times as long as the Danube."
    cited = "The Volga, at 3,530 km, is Europe’s longest river"
    citation: Json = {
        "type": "url_citation",
        "url": "https://en.wikipedia.org/wiki/Volga",
        "title": "Volga",
        "start_index": 0,
        "end_index": len(cited.encode()),
    }
    stream.say(answer, [citation])
    stream.finish((24, 41, 210))
    tools: list[Json] = [{"type": "google_search"}, {"type": "code_execution"}]
    return Scenario(
        "google-search",
        "several server tools: a search and code execution, and a citation",
        ((ask("Longest river in Europe, and how much longer than the Danube?", tools=tools), stream),),
    )


def thought_summaries() -> Scenario:
    stream = Stream("v1_thoughts")
    stream.begin()
    stream.thought(
        "**Setting up the problem**\n\nI need the greatest common divisor of 1071 and 462: Euclid's algorithm fits.",
        "**Walking through it**\n\n1071 = 2·462 + 147, 462 = 3·147 + 21, 147 = 7·21 + 0. The answer must be 21.",
        pause_ms=260,
    )
    stream.say("gcd(1071, 462) = **21**, found by the Euclidean algorithm in three divisions.")
    stream.finish((16, 27, 388))
    request = ask("What is gcd(1071, 462)?", generation_config={"thinking_summaries": "auto"})
    return Scenario("thought-summaries", "a thought with two summaries and a signature", ((request, stream),))


def deep_research() -> Scenario:
    stream = Stream("v1_research", agent="deep-research-pro-preview-12-2025")
    stream.begin()
    stream.start({"type": "thought"})
    for number, title in enumerate(("Planning", "Reading the grammar", "Comparing parsers"), start=1):
        summary: Json = {
            "content": {"text": f"**{title}**\n\nStep {number} of 3.\n\n\n"},
            "type": "thought_summary",
        }
        payload: Json = {
            "index": stream.index,
            "delta": summary,
            "event_id": event_id(stream.index, "thought", number),
        }
        stream.event("step.delta", payload, after_ms=420)
    stream.delta({"signature": "", "type": "thought_signature"})
    stream.event("step.stop", {"index": stream.index}, 3)
    stream.start({"content": [{"text": "# Event streams\n\n", "type": "text"}], "type": "model_output"})
    for number, piece in enumerate(
        in_pieces("Most parsers lose the line that says why a stream died."), start=1
    ):
        payload = {
            "index": stream.index,
            "delta": {"text": piece, "type": "text"},
            "event_id": event_id(stream.index, "text", number),
        }
        stream.event("step.delta", payload)
    stream.event("step.stop", {"index": stream.index}, 3)
    stream.finish((31, 17, 2120))
    request: Json = {
        "agent": stream.agent,
        "input": "How do SSE parsers fail?",
        "background": True,
        "store": True,
        "stream": True,
    }
    return Scenario(
        "deep-research",
        "an agent: summaries without a type, event ids, a first part that comes with step.start",
        ((request, stream),),
    )


def text_and_images() -> Scenario:
    stream = Stream("v1_images")
    stream.begin()
    stream.start({"type": "model_output"})
    for caption, colour in (
        ("First a warm tone:\n\n", (224, 122, 95)),
        ("\n\nand then a cold one:\n\n", (61, 90, 128)),
    ):
        stream.delta({"text": caption, "type": "text"})
        stream.delta(
            {"data": base64.b64encode(png(colour)).decode(), "mime_type": "image/png", "type": "image"},
            after_ms=300,
        )
    stream.delta({"text": "\n\nBoth are 48 pixels wide.", "type": "text"})
    stream.event("step.stop", {"index": stream.index}, 3)
    stream.finish((14, 2598, 0))
    request = ask("Two colours, each as a picture with a caption.", response_modalities=["text", "image"])
    return Scenario("text-and-images", "interleaved text and images in one step", ((request, stream),))


def error_event() -> Scenario:
    stream = Stream("v1_error")
    stream.begin()
    stream.thought()
    stream.start({"type": "model_output"})
    stream.delta({"text": "The first chapter begins", "type": "text"})
    stream.event(
        "error",
        {"error": {"message": "The request timed out while generating.", "code": "gateway_timeout"}},
        after_ms=900,
    )
    return Scenario(
        "error-event", "an error event ends the stream; there is no done", ((ask("Write a novel."), stream),)
    )


def broken_in_the_middle() -> Scenario:
    stream = Stream("v1_broken")
    stream.begin()
    stream.thought()
    stream.start({"type": "model_output"})
    for piece in ("One moment it is", " all there, and the", " next moment the"):
        stream.delta({"text": piece, "type": "text"})
    stream.raw(b'event: step.delta\ndata: {"index":1,"delta":{"text":" conn', after_ms=600)
    return Scenario(
        "broken-in-the-middle",
        "the server's connection breaks in the middle of a line",
        ((ask("Tell me about cuts."), stream),),
        Ending.UPSTREAM_CUT,
    )


def unknown_events() -> Scenario:
    stream = Stream("v1_unknown")
    stream.begin()
    stream.event("interaction.heartbeat", {"interaction_id": stream.id, "load": 0.4})
    stream.step({"type": "hologram_output"}, [{"frame": "0001", "type": "hologram_frame"}])
    stream.start({"type": "model_output"})
    stream.delta({"text": "Newer servers say more ", "type": "text"})
    stream.delta({"confidence": 0.93, "type": "text_confidence"})
    stream.delta({"text": "than older tools know.", "type": "text"})
    stream.event("step.stop", {"index": stream.index}, 3)
    stream.finish((9, 11, 0))
    return Scenario(
        "unknown-events",
        "an event, a step and a delta that no reader knows yet",
        ((ask("What is new?"), stream),),
    )


WEATHER: Json = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather at a place, now.",
    "parameters": {
        "type": "object",
        "properties": {"location": {"type": "string"}, "unit": {"type": "string"}},
        "required": ["location"],
    },
}


def ask(question: str | list[Json], **more: object) -> Json:
    return {"model": MODEL, "input": question, **more, "stream": True}


def in_pieces(text: str, words: int = 3) -> list[str]:
    """Cuts before spaces, as a model's tokens do."""
    tokens = text.split(" ")
    groups = [" ".join(tokens[start : start + words]) for start in range(0, len(tokens), words)]
    return [groups[0], *(" " + group for group in groups[1:])]


def signature(seed: str, index: int) -> str:
    """Bytes that look like a thought signature and are the same on every run."""
    return base64.b64encode(
        b"".join(struct.pack(">I", zlib.crc32(f"{seed}{index}{part}".encode())) for part in range(24))
    ).decode()


def event_id(index: int, kind: str, number: int) -> str:
    return "v1_" + base64.b64encode(f"{index}_{kind}_{number}".encode()).decode().rstrip("=")


def png(colour: tuple[int, int, int], width: int = 48, height: int = 32) -> bytes:
    """A PNG (RFC 2083) of one colour that grows darker downwards."""

    def part(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    def row(y: int) -> bytes:
        shade = 1 - y / height / 2
        return b"\0" + bytes(int(value * shade) for value in colour) * width

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"".join(map(row, range(height))), 9)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", header) + part(b"IDAT", pixels) + part(b"IEND", b"")
