"""Measures the viewer through a real pseudo-terminal: what a person waits for, from the keyboard to the screen.

    python tests/benchmarks/bench_viewer.py FILE [--size 120x40]

*First frame*: from the start of the process to the first event's number on the terminal. *Key to screen*: from a
key's byte to the answer's last byte, taken as the first read after which the line of the new position is there.
*Scrubbing*: ``.`` held down for three seconds with the answer pane open; frames are counted by the terminal's
synchronised updates. *Memory*: the process's peak, at last with every event folded
into the answer. *Following*: CPU of a viewer that follows a recording to which a thousand events a second are added.
"""

import argparse
import fcntl
import os
import re
import select
import statistics
import struct
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Sequence
from pathlib import Path

BEGIN_FRAME = b"\x1b[?2026h"
QUIET_S = 0.6
FIRST_ROW = b"in_progress"
"""Stands in the line of the first event."""


class Screen:
    """The viewer in a pseudo-terminal, and the hand on its keyboard."""

    def __init__(self, command: Sequence[str], columns: int, rows: int) -> None:
        self.begun = time.perf_counter()
        self.pid, self.fd = os.forkpty()
        if self.pid == 0:
            environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
            os.execve(command[0], list(command), environment)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def press(self, keys: bytes) -> None:
        os.write(self.fd, keys)

    def read(self, timeout_s: float) -> bytes:
        """What comes next; empty when nothing does."""
        if not select.select([self.fd], [], [], timeout_s)[0]:
            return b""
        try:
            data = os.read(self.fd, 1 << 16)
        except OSError:
            return b""
        if b"\x1b[?2026$p" in data:  # is there synchronised output? yes, as terminals have it nowadays
            self.press(b"\x1b[?2026;2$y")
        return data

    def read_until(self, text: bytes, timeout_s: float = 30.0) -> float:
        """Reads until ``text`` comes, and says when that was."""
        seen, deadline = b"", time.perf_counter() + timeout_s
        while text not in seen:
            assert time.perf_counter() < deadline, f"no {text!r} in {seen[-2000:]!r}"
            seen = seen[-4096:] + self.read(0.5)
        return time.perf_counter()

    def settle(self) -> None:
        """Until nothing has come for a while."""
        while self.read(QUIET_S):
            pass

    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_mb(self) -> float:
        found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{self.pid}/status").read_text())
        assert found
        return int(found[1]) / 1000

    def quit(self) -> None:
        self.press(b"Q")
        while self.read(1.0):
            pass
        os.waitpid(self.pid, 0)
        os.close(self.fd)


def view(path: Path, size: tuple[int, int], *options: str) -> Screen:
    program = [sys.executable, "-m", "sserec", "view", *options, str(path)]
    return Screen(program, *size)


def first_frame_s(path: Path, size: tuple[int, int]) -> float:
    screen = view(path, size)
    try:
        return screen.read_until(FIRST_ROW) - screen.begun
    finally:
        screen.settle()
        screen.quit()


def key_to_screen_ms(screen: Screen, keys: Sequence[bytes]) -> list[float]:
    """For each key, until the first byte that answers it; the terminal is quiet in between."""
    times = []
    for key in keys:
        pressed = time.perf_counter()
        screen.press(key)
        if screen.read(1.0):
            times.append((time.perf_counter() - pressed) * 1000)
        while screen.read(0.12):
            pass
    return times


def scrub_frames(screen: Screen, key: bytes, seconds: float = 3.0, keys_per_s: float = 60.0) -> str:
    """Frames a second while ``key`` is held down, and what each costs, which other work on the machine changes less."""
    frames, pressed, begun, cpu_s = 0, 0, time.perf_counter(), screen.cpu_s()
    while (now := time.perf_counter()) < begun + seconds:
        if now - begun >= pressed / keys_per_s:
            screen.press(key)
            pressed += 1
        frames += screen.read(1 / keys_per_s / 2).count(BEGIN_FRAME)
    return (
        f"{frames / seconds:.0f} frames/s, {(screen.cpu_s() - cpu_s) / max(frames, 1) * 1000:.0f} ms CPU each"
    )


def following_cpu(
    folder: Path, size: tuple[int, int], events_per_s: int = 1000, seconds: float = 8.0
) -> float:
    """The share of a core while a recording grows."""
    path = folder / "growing.sse.zst"
    stop = threading.Event()
    writer = threading.Thread(target=grow, args=(path, events_per_s, stop))
    writer.start()
    try:
        time.sleep(0.5)
        screen = view(path, size, "--follow")
        screen.read_until(b"LIVE")
        drain(screen, 2.0)
        before = screen.cpu_s()
        drain(screen, seconds)
        used = screen.cpu_s() - before
        screen.quit()
    finally:
        stop.set()
        writer.join()
    return used / seconds


def drain(screen: Screen, seconds: float) -> None:
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        screen.read(0.05)


def grow(path: Path, events_per_s: int, stop: threading.Event) -> None:
    """Records an endless answer, a chunk every 10 ms."""
    from sserec.archive import ArchiveWriter, Meta
    from sserec.records import Request, Response

    with ArchiveWriter(path, meta=Meta(anchor_unix_ns=time.time_ns())) as writer:
        begun = time.monotonic_ns()
        number = writer.open_exchange(Request("POST", "https://localhost/v1/interactions", "HTTP/1.1"), 0)
        headers = (("content-type", "text/event-stream"),)
        writer.response(number, Response(200, "OK", "HTTP/1.1", headers), 1)
        writer.chunk(number, event(b'{"event_type":"interaction.created","interaction":{"id":"x"}}'), 2)
        start = b'{"event_type":"step.start","index":0,"step":{"type":"model_output"}}'
        writer.chunk(number, event(start), 3)
        delta = b'{"event_type":"step.delta","index":0,"delta":{"type":"text","text":"and so on "}}'
        ticks = 0
        while not stop.is_set():
            ticks += 1
            writer.chunk(number, event(delta) * (events_per_s // 100), time.monotonic_ns() - begun)
            wait_s = begun / 1e9 + ticks / 100 - time.monotonic()
            if wait_s > 0:
                time.sleep(wait_s)


def event(data: bytes) -> bytes:
    return b"data: " + data + b"\n\n"


def told(name: str, value: str) -> None:
    print(f"{name:<34}{value}", flush=True)


def spread(times_ms: Sequence[float]) -> str:
    ordered = sorted(times_ms)
    p95 = ordered[int(len(ordered) * 0.95) - 1]
    return f"p50 {statistics.median(ordered):.0f} ms  p95 {p95:.0f} ms  max {ordered[-1]:.0f} ms"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--size", default="120x40")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    columns, _, rows = options.size.partition("x")
    size = int(columns), int(rows)

    frames = sorted(first_frame_s(options.file, size) for _ in range(options.runs))
    told("first frame", f"median {statistics.median(frames):.2f} s  best {frames[0]:.2f} s")
    screen = view(options.file, size)
    screen.read_until(FIRST_ROW)
    told("memory at the first frame", f"{screen.peak_mb():.0f} MB")
    screen.settle()
    told("key to screen, next event", spread(key_to_screen_ms(screen, [b"."] * 60)))
    told("key to screen, page", spread(key_to_screen_ms(screen, [b"\x06"] * 40)))
    jumps = [b"5", b"9", b"1", b"G", b"g", b"3", b"8", b"2", b"7", b"4"] * 4
    told("key to screen, jump", spread(key_to_screen_ms(screen, jumps)))
    screen.press(b"5")
    screen.settle()
    told("scrubbing by events", scrub_frames(screen, b"."))
    told("scrubbing by pages", scrub_frames(screen, bytes([6])))
    screen.press(b"G")
    drain(screen, 5.0)
    screen.settle()
    told("memory, peak, all folded", f"{screen.peak_mb():.0f} MB")
    screen.quit()
    with tempfile.TemporaryDirectory() as folder:
        told("following 1,000 events/s", f"{following_cpu(Path(folder), size):.0%} of a core")


if __name__ == "__main__":
    main()
