"""A recorder that is killed leaves a file that opens and lacks at most the last 20 ms."""

import os
import random
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from record_support import Recorder
from sserec.archive import Flaw, verify
from sserec.recording import Recording
from sserec.records import Ending
from upstream import Upstream
from upstream_script import Script, Write
from upstream_wire import TestAuthority

KILLS = 50
AT_ONCE = 2
GAP_S = 0.003
EVENTS = tuple(b'data: {"index":%d,"text":"%s"}\n\n' % (number, b"x" * 40) for number in range(300))
LONGEST_LIFE_S = 0.25
MISSING_NS = 20_000_000
TARDY_ALLOWED = KILLS // 10
"""A slow recorder is always late; a chance now and then is nobody's fault."""
LAST_S = 0.1
"""How long before the kill the recorder is watched for waiting."""
WAITED_NS = 4_000_000
"""Who waited longer for a processor, the server that it records among them, is late for reasons not its own."""


@dataclass(frozen=True)
class Killed:
    """One recording whose recorder was killed."""

    file: Path
    killed_ns: int
    written_ns: tuple[int, ...]
    """When the server wrote each event."""
    waited_ns: int
    """How long its threads and the server's stood in line for a processor, all together, just before."""

    def body(self) -> bytes:
        """What the file holds of the stream."""
        if not self.file.exists():
            return b""
        with Recording.open(str(self.file)) as recording:
            exchanges = list(recording.exchanges)
            assert {problem.flaw for problem in recording.problems} <= {Flaw.UNCOMMITTED_TAIL}
            assert {exchange.ending for exchange in exchanges} <= {Ending.RECORDER_KILLED}
            return b"".join(exchange.body() for exchange in exchanges)

    @property
    def missing_ns(self) -> int:
        """Age of the oldest event that the file lacks, in the moment of the kill."""
        lacking = self.written_ns[self.body().count(b"\n\n") :]
        return max(0, self.killed_ns - lacking[0]) if lacking else 0


def record_and_kill(upstream: Upstream, folder: Path, number: int) -> Killed:
    """Kills at a random instant: of the stream, and each fifth time of the start before it."""
    chance = random.Random(number)
    path = f"/{number}"
    upstream.play(path, Script(tuple(Write(GAP_S, event) for event in EVENTS)))
    recorder = Recorder(folder / str(number), upstream)
    recorder.folder.mkdir()
    words = recorder.words("curl", "-sN", upstream.https + path, options=("-q",))
    with subprocess.Popen(
        words,
        env=recorder.environment,
        cwd=recorder.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout
        if number % 5:
            process.stdout.read(1)
        time.sleep(chance.uniform(0, LONGEST_LIFE_S))
        before_ns = waits_ns(process.pid) | waits_ns(os.getpid())
        time.sleep(LAST_S)
        killed_ns, after_ns = time.monotonic_ns(), waits_ns(process.pid) | waits_ns(os.getpid())
        process.send_signal(signal.SIGKILL)
        process.communicate()
    served = next((served for served in list(upstream.served) if served.path == path), None)
    written_ns = tuple(write.t_ns for write in served.writes) if served else ()
    waited_ns = sum(after_ns[thread] - before_ns.get(thread, 0) for thread in after_ns)
    return Killed(recorder.file, killed_ns, written_ns, waited_ns)


def waits_ns(pid: int) -> dict[str, int]:
    """How long each thread of a process was ready to run and did not, so far (proc(5), ``schedstat``)."""
    waits = {}
    for thread in Path(f"/proc/{pid}/task").glob("*"):
        with suppress(OSError):  # it has ended
            waits[thread.name] = int(thread.joinpath("schedstat").read_text().split()[1])
    return waits


@pytest.fixture(scope="module")
def killed(authority: TestAuthority, tmp_path_factory: pytest.TempPathFactory) -> list[Killed]:
    folder = tmp_path_factory.mktemp("killed")
    with Upstream(authority) as upstream, ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda number: record_and_kill(upstream, folder, number), range(KILLS)))


def test_every_file_of_a_killed_recorder_opens_and_holds_a_true_beginning(killed: list[Killed]) -> None:
    stream = b"".join(EVENTS)
    assert all(stream.startswith(one.body()) for one in killed)
    assert {verify(one.file).code for one in killed if one.file.exists()} == {0}
    assert len([one for one in killed if one.body()]) >= KILLS // 2, (
        "most were killed in the middle of the stream"
    )


def test_a_killed_recorder_lacks_at_most_the_last_20_ms(killed: list[Killed]) -> None:
    judged = [one for one in killed if one.waited_ns < WAITED_NS]
    tardy = [one.missing_ns / 1e6 for one in judged if one.missing_ns - one.waited_ns > MISSING_NS]
    assert len(tardy) <= TARDY_ALLOWED, f"missing ms: {tardy}, of {len(judged)} that did not have to wait"
