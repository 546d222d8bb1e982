"""Runs a client once for every fault: each time with a server of its own, and not for ever.

Knows processes and servers; what is tried and what it means is :mod:`sserec.replay.cases`.
"""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sserec.authority import Authority
from sserec.errors import NothingFound, UsageError
from sserec.proxy.child import cannot_start
from sserec.recording import Recording
from sserec.replay.cases import Outcome, Size, Verdict, cases, judge, last_words
from sserec.replay.faults import Fault
from sserec.replay.leading import base_urls, by_base_url, by_proxy
from sserec.replay.programme import Programme, check_places
from sserec.replay.repertoire import Miss, Repertoire
from sserec.replay.score import INSTANT
from sserec.replay.server import ReplayServer, serving
from sserec.replay.takes import Take, takes

MIN_PATIENCE_S = 10.0
PATIENCE_FACTOR = 5
NOTHING_ASKED = (
    "the command asked for nothing, so nothing can break: does it read the base-URL variable? "
    "(--env NAME sets another, --as-proxy leads every client)"
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a person asked ``sserec fuzz`` for."""

    file: str
    command: tuple[str, ...]
    faults: tuple[Fault, ...] = ()
    """Empty: the whole list."""
    seed: int = 0
    jobs: int = 1
    timeout_ns: int | None = None
    """None: ten seconds, or five times as long as a run without a fault, whatever is more."""
    as_proxy: bool = False
    any_body: bool = False
    variables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """A fault and what came of it."""

    fault: Fault
    outcome: Outcome
    verdict: Verdict

    @property
    def words(self) -> str:
        """What the client said last, where it failed."""
        return last_words(self.outcome) if self.outcome.returncode else ""


def fuzz(plan: Plan) -> Iterator[Case]:
    """Runs the command for each fault, and gives the cases in order.

    Raises UsageError when the command fails without any fault or asks for nothing that is recorded, CannotStart when
    it is none, and what ``Recording.open`` raises.
    """
    with Recording.open(plan.file) as recording:
        performed = takes(recording.exchanges)
        check_places(plan.faults, performed)
        runner = Runner(plan, performed)
        whole = runner.run_whole()
        faults = plan.faults or cases(runner.size, plan.seed)
        with ThreadPoolExecutor(plan.jobs) as pool:
            yield from pool.map(partial(runner.try_fault, whole), faults)


class Runner:
    """Runs the command, each time before a server of its own."""

    def __init__(self, plan: Plan, performed: Sequence[Take]) -> None:
        if not performed:
            raise NothingFound(f"{plan.file}: nothing to replay (sserec info {plan.file})")
        self._plan = plan
        self._takes = performed
        self._authority = Authority()
        longest_s = MIN_PATIENCE_S * PATIENCE_FACTOR
        self._patience_s = longest_s if plan.timeout_ns is None else plan.timeout_ns / 1e9

    @property
    def size(self) -> Size:
        """Of the stream with the most events."""
        sizes = [
            Size(sum(1 for _ in take.events()), sum(len(chunk.data) for chunk in take.pieces()))
            for take in self._takes
        ]
        return max(sizes, key=lambda size: size.event_count)

    def run_whole(self) -> Outcome:
        """The run that nothing disturbs. It also tells how long a run takes."""
        begin_s, misses = time.monotonic(), list[Miss]()
        repertoire = Repertoire(self._takes, any_body=self._plan.any_body)
        whole = self.run(Programme(repertoire, pace=INSTANT, missed=misses.append))
        words = misses[0].message if misses else last_words(whole)
        if whole.returncode != 0:
            how = "does not end" if whole.returncode is None else f"fails ({whole.returncode})"
            raise UsageError(f"the command {how} without any fault" + (f": {words}" if words else ""))
        if len(repertoire.unused) == len(self._takes):
            raise UsageError(words if misses else NOTHING_ASKED)
        if self._plan.timeout_ns is None:
            self._patience_s = max(MIN_PATIENCE_S, PATIENCE_FACTOR * (time.monotonic() - begin_s))
        return whole

    def try_fault(self, whole: Outcome, fault: Fault) -> Case:
        repertoire = Repertoire(self._takes, any_body=self._plan.any_body)
        broken = self.run(Programme(repertoire, pace=INSTANT, faults=[fault]))
        return Case(fault, broken, judge(fault, whole, broken))

    def run(self, programme: Programme) -> Outcome:
        """One run on what ``programme`` plays."""
        server = ReplayServer(programme, self._authority)
        with tempfile.TemporaryDirectory(prefix="sserec-") as folder, serving(server) as (host, port):
            variables = self._variables(programme.repertoire, f"http://{host}:{port}", Path(folder))
            return run_for(self._plan.command, variables, self._patience_s)

    def _variables(self, repertoire: Repertoire, url: str, folder: Path) -> dict[str, str]:
        if self._plan.as_proxy:
            return by_proxy(url, folder, self._authority.certificate_pem)
        return by_base_url(base_urls(repertoire.servers, url) | dict.fromkeys(self._plan.variables, url))


def run_for(command: Sequence[str], variables: dict[str, str], patience_s: float) -> Outcome:
    """Runs a command in a session of its own, so that it can be ended with everything it has started."""
    try:
        process = subprocess.Popen(
            command,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as fault:
        raise cannot_start(command[0], fault) from None
    with process:
        try:
            stdout, stderr = process.communicate(timeout=patience_s)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            stdout, stderr = process.communicate()
            return Outcome(None, stdout, stderr)
    return Outcome(process.returncode, stdout, stderr)
