"""Recordings with made-up secrets in every place that an archive has for text."""

import random
from itertools import pairwise
from pathlib import Path

import orjson

from sserec.archive import ArchiveWriter, Direction, Mark, Meta, finalise, save_marks
from sserec.records import Close, Closer, Connection, Manner, Request, Response

MS = 1_000_000
API = "https://generativelanguage.googleapis.com/v1/interactions"
EVENT_STREAM = Response(200, "OK", "HTTP/1.1", (("content-type", "text/event-stream"),))
JSON = Response(200, "OK", "HTTP/1.1", (("content-type", "application/json"),))


def made_up(prefix: str, size: int, seed: int) -> str:
    """A key that nobody has: letters and digits from a generator with a seed."""
    chance = random.Random(seed)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    return prefix + "".join(chance.choice(letters) for _ in range(size))


PLANTED = {
    "google-api-key": made_up("AIza", 35, 1),
    "google-oauth-token": made_up("ya29.", 60, 2),
    "anthropic-key": made_up("sk-ant-api03-", 90, 3),
    "openai-key": made_up("sk-proj-", 60, 4),
    "github-token": made_up("ghp_", 36, 5),
    "slack-token": made_up("xoxb-", 40, 6),
    "stripe-key": made_up("sk_live_", 24, 7),
    "hugging-face-token": made_up("hf_", 34, 8),
    "npm-token": made_up("npm_", 36, 9),
    "pypi-token": made_up("pypi-AgE", 80, 10),
    "aws-access-key": "AKIA" + made_up("", 40, 11).upper()[:16],
    "json-web-token": ".".join((made_up("eyJ", 30, 12), made_up("eyJ", 60, 13), made_up("", 43, 14))),
}
PRIVATE_KEY = "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n".format(
    "\n".join(made_up("", 64, seed) for seed in range(20, 46))
)


def event(payload: object, name: str = "step.delta") -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + orjson.dumps(payload) + b"\n\n"


def told(*texts: str, index: int = 1) -> bytes:
    """A stream that says these texts, one an event."""
    created = {
        "interaction": {"id": "v1_x", "status": "in_progress"},
        "event_type": "interaction.created",
    }
    start = {"index": index, "step": {"type": "model_output"}, "event_type": "step.start"}
    done = {"interaction": {"id": "v1_x", "status": "completed"}, "event_type": "interaction.completed"}
    return b"".join(
        (
            event(created, "interaction.created"),
            event(start, "step.start"),
            *(
                event({"index": index, "delta": {"text": text, "type": "text"}, "event_type": "step.delta"})
                for text in texts
            ),
            event({"index": index, "event_type": "step.stop"}, "step.stop"),
            event(done, "interaction.completed"),
            b"event: done\ndata: [DONE]\n\n",
        )
    )


def recorded(
    path: Path,
    answer: bytes,
    *,
    cuts: tuple[int, ...] = (),
    asked: bytes = b"",
    response: Response = EVENT_STREAM,
) -> Path:
    """A finished archive of one exchange; ``cuts``: where its chunks end."""
    with ArchiveWriter(path, meta=Meta(anchor_unix_ns=0), file_id=1, flush_ms=0) as writer:
        number = writer.open_exchange(Request("POST", API, "HTTP/1.1"), 0)
        writer.request_body(number, asked)
        writer.request_sent(number, MS)
        writer.response(number, response, 2 * MS)
        borders = sorted({0, *(cut % (len(answer) + 1) for cut in cuts), len(answer)})
        for position, (start, end) in enumerate(pairwise(borders)):
            writer.chunk(number, answer[start:end], (3 + position) * MS)
        writer.close_exchange(number, Close(9_000 * MS, Closer.UPSTREAM, Manner.END, framing_complete=True))
    finalise(path)
    return path


def everywhere(path: Path, secret: str) -> Path:
    """An archive that has ``secret`` in every place for text, as somebody would who keeps secrets."""
    meta = Meta(
        0, "monotonic", f"tool {secret}", ("curl", "-H", f"x-goog-api-key: {secret}"), {"who": secret}
    )
    fields = (("x-goog-api-key", secret), ("x-note", f"see {secret}"))
    with ArchiveWriter(path, meta=meta, file_id=1, flush_ms=0) as writer:
        request = Request("POST", f"{API}/{secret}?key={secret}", "HTTP/1.1", fields, (f"header:{secret}",))
        number = writer.open_exchange(request, 0)
        writer.connection(number, Connection(1, f"proxy.{secret}.example:443"))
        writer.request_body(number, orjson.dumps({"input": f"my key is {secret}", "api_key": secret}))
        head = Response(
            200, f"OK {secret}", "HTTP/1.1", (*EVENT_STREAM.headers, ("set-cookie", f"a={secret}"))
        )
        writer.response(number, head, MS)
        writer.chunk(number, f": {secret}\n\nid: {secret}\n\n".encode() + told(f"it is {secret}."), 2 * MS)
        end = Close(3 * MS, Closer.UPSTREAM, Manner.CLOSE, False, f"broke {secret}", (("x-trailer", secret),))
        writer.close_exchange(number, end)
        writer.note(4 * MS, {"text": f"look at {secret}"})
        opaque = writer.open_opaque(f"{secret}.example:443", f"passthrough {secret}", 5 * MS)
        writer.traffic(opaque, Direction.SENT, 6 * MS, 100)
    finalise(path)
    save_marks(path, [Mark(1, 40, f"here stands {secret}")])
    return path
