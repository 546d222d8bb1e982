"""A recorder that is killed: every file opens, nothing committed is lost, at most 20 ms are missing."""

from __future__ import annotations

import mmap
import random
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sserec.archive import ArchiveReader, finalise, verify

KILLS = 50
PROMISED_NS = 20_000_000
_PROGRESS = struct.Struct("<QQ")

_RECORDER = """
import mmap, struct, sys, time
sys.path.insert(0, {tests!r})
from archive_support import EVENT_STREAM, REQUEST
from sserec.archive import ArchiveWriter, Meta
began = time.monotonic_ns()
writer = ArchiveWriter({path!r}, meta=Meta(anchor_unix_ns=time.time_ns(), attributes={{"began": str(began)}}))
exchanges = [writer.open_exchange(REQUEST, 0) for _ in range(3)]
for exchange in exchanges:
    writer.response(exchange, EVENT_STREAM, 0)
with open({progress!r}, "r+b") as file:
    progress = mmap.mmap(file.fileno(), 16)
number = 0
while True:
    t_ns = time.monotonic_ns() - began
    writer.chunk(exchanges[number % 3], b"data: %08d\\n\\n" % number, t_ns)
    number += 1
    struct.pack_into("<QQ", progress, 0, number, t_ns)
    if number % 7 == 0:
        time.sleep(0.002)
"""


def _kill_after(path: Path, progress: mmap.mmap, script: str, delay_s: float) -> tuple[int, int]:
    """Starts a recorder, kills it in the middle of its work; how many chunks it handed over, and when."""
    _PROGRESS.pack_into(progress, 0, 0, 0)
    recorder = subprocess.Popen([sys.executable, "-c", script])
    while _PROGRESS.unpack_from(progress)[0] == 0:
        assert recorder.poll() is None
        time.sleep(0.001)
    time.sleep(delay_s)
    recorder.send_signal(signal.SIGKILL)
    recorder.wait()
    count, t_ns = _PROGRESS.unpack_from(progress)
    return count, t_ns


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_a_recorder_killed_at_any_instant_leaves_all_but_the_last_milliseconds(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    rng = random.Random(1)
    progress_path = tmp_path / "progress"
    progress_path.write_bytes(bytes(16))
    missing_ns, missing_chunks = [], []
    with progress_path.open("r+b") as file, mmap.mmap(file.fileno(), 16) as progress:
        for kill in range(KILLS):
            path = tmp_path / f"{kill}.sse.zst"
            script = _RECORDER.format(
                tests=str(Path(__file__).parent), path=str(path), progress=str(progress_path)
            )
            count, last_ns = _kill_after(path, progress, script, rng.uniform(0, 0.1))
            found, until_ns = _read(path)
            assert found == [b"data: %08d\n\n" % number for number in range(len(found))]
            missing_chunks.append(max(count - len(found), 0))
            missing_ns.append(last_ns - until_ns if len(found) < count else 0)
            assert verify(path).code == 0
            finalise(path)
            assert _read(path) == (found, until_ns)
    record_property("missing_ms", max(missing_ns) / 1e6)
    record_property("missing_chunks", max(missing_chunks))
    assert max(missing_ns) <= PROMISED_NS


def _read(path: Path) -> tuple[list[bytes], int]:
    """The chunks of all exchanges in the order of their times, and the time of the last one."""
    with ArchiveReader.open(path) as reader:
        assert not reader.live
        assert reader.problems == []
        assert all(exchange.close is None for exchange in reader.exchanges)
        chunks = [(chunk.data, chunk.t_ns) for number in reader.numbers for chunk in reader.chunks(number)]
    chunks.sort()
    return [data for data, _ in chunks], max((t_ns for _, t_ns in chunks), default=0)
