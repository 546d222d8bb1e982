"""Files that were made to harm: no traceback, no memory that follows a claim, no minutes of work."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from archive_forgery import HOSTILE, mutations
from archive_support import SCENARIOS
from sserec.archive import finalise

MEMORY_BYTES = 1 << 30
CPU_SECONDS = 60
"""Of work, not of waiting: a busy machine is no hostile file."""

_READER = """
import resource, sys, time
resource.setrlimit(resource.RLIMIT_AS, ({memory}, {memory}))
resource.setrlimit(resource.RLIMIT_CPU, ({seconds}, {seconds}))
from sserec.archive import ArchiveReader, verify
from sserec.errors import SserecError

def read(path, use_index):
    with ArchiveReader.open(path, use_index=use_index) as reader:
        for exchange in reader.exchanges[:100]:
            number = exchange.number
            for piece in reader.pieces(number):
                pass
            chunks, events = reader.chunk_table(number), reader.event_table(number)
            for index in (0, len(events) // 2, len(events) - 1) if len(events) else ():
                events.t_ns[index], events.type(index), events.start(index), events.id_source(index)
            for chunk, _ in zip(reader.chunks(number), range(1000)):
                pass
            exchange.request_body(), exchange.traffic()
        reader.meta, reader.notes, reader.problems, reader.state

slowest = 0, ""
for path in sys.argv[1:]:
    began = time.process_time()
    for use_index in (True, False):
        try:
            read(path, use_index)
        except SserecError:
            pass
        except BaseException as error:
            error.add_note(path)
            raise
    assert verify(path).code in (0, 1, 2)
    slowest = max(slowest, (time.process_time() - began, path))
print(*slowest)
"""


def _read_all(paths: list[Path]) -> str:
    """Reads files in a process of bounded memory, and says which took longest."""
    code = _READER.format(memory=MEMORY_BYTES, seconds=CPU_SECONDS)
    result = subprocess.run([sys.executable, "-c", code, *map(str, paths)], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr[-2000:]
    return result.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit on memory")
def test_hostile_files_are_read_in_bounded_memory_without_a_traceback(tmp_path: Path) -> None:
    paths = []
    for name, make in HOSTILE.items():
        paths.append(tmp_path / f"{name}.sse.zst".replace(" ", "-"))
        paths[-1].write_bytes(make())
    _read_all(paths)


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit on memory")
@pytest.mark.parametrize("state", ["journal", "final"])
@pytest.mark.parametrize("scenario", ["full", "odd"])
def test_lies_with_right_checksums_never_end_in_a_traceback(
    scenario: str, state: str, tmp_path: Path
) -> None:
    path = tmp_path / "true.sse.zst"
    SCENARIOS[scenario](path)
    if state == "final":
        finalise(path)
    paths = []
    for number, data in enumerate(mutations(path, 200, seed=5)):
        paths.append(tmp_path / f"{number}.sse.zst")
        paths[-1].write_bytes(data)
    _read_all(paths)
