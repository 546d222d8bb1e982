"""Measures the replay: how exactly it keeps the time, and how fast it is without one; beside others where they are.

    python tests/benchmarks/bench_replay.py [--streams N …] [--seconds S] [--mitmdump PATH] [--aimock PATH]

Timing is measured by a client in a process of its own, from the moment its request was sent: "written" is when the
kernel got an event from the server (it stamps what it hands over loopback), "read" is when the client woke to it, so
that on a busy machine its own lateness counts as well. The others play the same stream: mitmdump from a flow that it
recorded itself, aimock from a fixture of an OpenAI stream with as many deltas, the nearest that it can play.
"""

import argparse
import json
import multiprocessing
import os
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TypeAlias

from sserec.archive import ArchiveWriter, Meta, finalise
from sserec.proxy.clock import Clock
from sserec.proxy.kernel import TIMESPEC_SPACE_BYTES, enable_receive_times, receive_time_ns
from sserec.records import Close, Closer, Manner, Request, Response

GAP_NS = 50_000_000
"""20 events a second: what a fast model's tokens come at."""
SMALL_EVENTS, LARGE_EVENTS = 20, 50_000
MILLISECOND = 1_000_000
Late: TypeAlias = tuple[list[int], list[int]]
QUESTION = b'{"model":"m","messages":[{"role":"user","content":"hi"}],"stream":true}'


def event(number: int) -> bytes:
    text = f"{number:08d} and so on, as a model says it"
    return f'event: step.delta\ndata: {{"index":0,"delta":{{"text":"{text}","type":"text"}}}}\n\n'.encode()


def recording(path: Path, events: int, gap_ns: int) -> Path:
    request = Request("POST", "https://api.example/v1/chat/completions", "HTTP/1.1")
    response = Response(200, "OK", "HTTP/1.1", (("content-type", "text/event-stream"),))
    with ArchiveWriter(path, meta=Meta(anchor_unix_ns=0)) as writer:
        number = writer.open_exchange(request, 0)
        writer.request_body(number, QUESTION)
        writer.request_sent(number, 0)
        writer.response(number, response, 0)
        for index in range(events):
            writer.chunk(number, event(index), (index + 1) * gap_ns)
        writer.close_exchange(number, Close((events + 1) * gap_ns, Closer.UPSTREAM, Manner.END, True))
    finalise(path)
    return path


@contextmanager
def running(*words: str | Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [*map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


@contextmanager
def replaying(file: Path, *options: str) -> Iterator[int]:
    with running(sys.executable, "-m", "sserec", "replay", file, *options) as process:
        assert process.stdout
        yield int(process.stdout.readline().rpartition(":")[2])


def asking(
    port: int, path: str = "/v1/chat/completions", host: str = "127.0.0.1", close: bool = True
) -> bytes:
    connection = "connection: close\r\n" if close else ""
    head = f"POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n{connection}"
    return f"{head}content-length: {len(QUESTION)}\r\n\r\n".encode() + QUESTION


def lateness(port: int, streams: int, gap_ns: int, late_ns: "multiprocessing.Queue[Late]") -> None:
    """Reads so many streams at once; how late each event was, by the time since its request."""
    written: list[int] = []
    read: list[int] = []
    with selectors.DefaultSelector() as selector:
        for index in range(streams):
            time.sleep(gap_ns / streams / 1e9)  # as independent streams would, not all at one moment
            sock = socket.create_connection(("127.0.0.1", port))
            sock.sendall(asking(port))
            sock.setblocking(False)
            assert enable_receive_times(sock)
            selector.register(sock, selectors.EVENT_READ, [time.monotonic_ns(), 0, index])
        while selector.get_map():
            for key, _ in selector.select():
                data, ancillary, _, _ = key.fileobj.recvmsg(65536, TIMESPEC_SPACE_BYTES)  # type: ignore[union-attr]
                wall_now_ns, now_ns, wall_ns = time.time_ns(), time.monotonic_ns(), receive_time_ns(ancillary)
                begin_ns, seen, _ = key.data
                for _ in range(data.count(b"step.delta")):
                    seen += 1
                    due_ns = begin_ns + seen * gap_ns
                    read.append(now_ns - due_ns)
                    t_ns = now_ns if wall_ns is None else Clock.of_wall_ns(wall_ns, wall_now_ns, now_ns)
                    written.append(t_ns - due_ns)
                key.data[1] = seen
                if not data:
                    selector.unregister(key.fileobj)
                    key.fileobj.close()  # type: ignore[union-attr]
    late_ns.put((written, read))


def bench_timing(folder: Path, streams: int, seconds: float) -> None:
    events = int(seconds * 1e9 / GAP_NS)
    file = recording(folder / f"timing-{streams}.sse.zst", events, GAP_NS)
    queue: multiprocessing.Queue[Late] = multiprocessing.Queue()
    with replaying(file) as port:
        client = multiprocessing.Process(target=lateness, args=(port, streams, GAP_NS, queue))
        client.start()
        written, read = map(sorted, queue.get())
        client.join()
    print(
        f"timing at 1x, {streams} streams of 20 events/s, {len(read)} events, load {os.getloadavg()[0]:.1f}"
    )
    print(f"  written {spread(written)}\n  read    {spread(read)}")


def spread(late_ns: list[int]) -> str:
    p50, p99 = statistics.median(late_ns), late_ns[int(len(late_ns) * 0.99)]
    named = (("p50", p50), ("p99", p99), ("max", late_ns[-1]))
    return ", ".join(f"{name} {t_ns / MILLISECOND:.2f} ms" for name, t_ns in named) + " late"


def read_answer(sock: socket.socket) -> int:
    """Reads one chunked answer; its size as it came over the wire."""
    size, tail = 0, b""
    while not tail.endswith(b"0\r\n\r\n"):
        data = sock.recv(1 << 18)
        if not data:
            return size
        size += len(data)
        tail = (tail + data)[-8:]
    return size


def bench_speed(name: str, port: int, asked: bytes, seconds: float, body_bytes: int) -> None:
    """One connection after the other, answers read to their end."""
    begin, count = time.monotonic(), 0
    while time.monotonic() - begin < seconds:
        with socket.create_connection(("127.0.0.1", port)) as sock:
            sock.sendall(asked)
            assert read_answer(sock) > body_bytes
        count += 1
    took = time.monotonic() - begin
    print(f"{name}: {count / took:.0f} requests/s, {count * body_bytes / took / 1e6:.1f} MB/s of body")


class Origin(BaseHTTPRequestHandler):
    """The server that mitmdump records its flow from."""

    protocol_version = "HTTP/1.1"
    body = b""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(self.body), self.body))

    def log_message(self, format: str, *args: object) -> None: ...


def wait_for(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"nothing listens on {port}")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def bench_mitmdump(mitmdump: Path, folder: Path, events: int, seconds: float) -> None:
    Origin.body = b"".join(map(event, range(events)))
    flows, port = folder / f"flows-{events}", free_port()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Origin)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    origin = f"127.0.0.1:{server.server_port}"
    asked = asking(port, f"http://{origin}/v1/chat/completions", origin)
    with running(mitmdump, "-q", "-p", str(port), "-w", flows):
        wait_for(port)
        with socket.create_connection(("127.0.0.1", port)) as sock:
            sock.sendall(asked)
            sock.settimeout(30)
            while sock.recv(1 << 18):
                pass
    server.shutdown()
    options = ("--set", "server_replay_reuse=true", "--set", "server_replay_extra=404")
    with running(mitmdump, "-q", "-p", str(port), "-S", flows, *options):
        wait_for(port)
        bench_until_close(f"mitmdump -S, {events} events", port, asked, seconds, len(Origin.body))


def bench_until_close(name: str, port: int, asked: bytes, seconds: float, body_bytes: int) -> None:
    begin, count = time.monotonic(), 0
    while time.monotonic() - begin < seconds:
        with socket.create_connection(("127.0.0.1", port)) as sock:
            sock.sendall(asked)
            size = 0
            while data := sock.recv(1 << 18):
                size += len(data)
            assert size > body_bytes, size
        count += 1
    took = time.monotonic() - begin
    print(f"{name}: {count / took:.0f} requests/s, {count * body_bytes / took / 1e6:.1f} MB/s of body")


def bench_aimock(aimock: Path, folder: Path, events: int, seconds: float) -> None:
    text = "and so on, as a model says it " * events
    fixture = {"fixtures": [{"match": {"userMessage": "hi"}, "response": {"content": text}}]}
    (folder / "fixtures.json").write_text(json.dumps(fixture))
    port = free_port()
    with running(
        "node", aimock, "--port", str(port), "--fixtures", folder / "fixtures.json", "--chunk-size", "30"
    ):
        wait_for(port)
        asked = asking(port)
        with socket.create_connection(("127.0.0.1", port)) as sock:
            sock.sendall(asked)
            body_bytes = read_answer(sock) - 1000
        bench_speed(f"aimock, {events} deltas", port, asked, seconds, body_bytes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, nargs="*", default=[1, 50, 200])
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--mitmdump", type=Path)
    parser.add_argument("--aimock", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sserec-bench-") as name:
        folder = Path(name)
        for streams in options.streams:
            bench_timing(folder, streams, options.seconds)
        for events in (SMALL_EVENTS, LARGE_EVENTS):
            file = recording(folder / f"speed-{events}.sse.zst", events, GAP_NS)
            size_bytes = len(event(0)) * events
            with replaying(file, "--instant") as port:
                bench_speed(
                    f"sserec replay --instant, {events} events",
                    port,
                    asking(port),
                    options.seconds,
                    size_bytes,
                )
            if options.mitmdump:
                bench_mitmdump(options.mitmdump, folder, events, options.seconds)
            if options.aimock:
                bench_aimock(options.aimock, folder, events, options.seconds)


if __name__ == "__main__":
    main()
