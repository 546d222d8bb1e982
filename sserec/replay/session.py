"""One run of ``sserec replay``: recordings, a server, and a command before it.

Joins the parts and knows their order. Invariant: the command never reaches a real server through what is set up for
it here; a request that nothing answers is told, to the client and to the person.
"""

import asyncio
import gc
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from sserec.authority import Authority
from sserec.errors import NothingFound, named
from sserec.proxy.child import run_command
from sserec.proxy.endpoint import authority_part, reachable
from sserec.proxy.session import serve_until_told
from sserec.recording import Recording
from sserec.replay.clock import precise_loop
from sserec.replay.faults import Fault
from sserec.replay.leading import base_urls, by_base_url, by_proxy, trusting
from sserec.replay.performance import Fallback
from sserec.replay.programme import Programme, check_places
from sserec.replay.repertoire import Repertoire
from sserec.replay.score import ORIGINAL, Pace
from sserec.replay.server import ReplayServer
from sserec.replay.takes import Take, takes

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a person asked ``sserec replay`` for."""

    files: tuple[str, ...]
    command: tuple[str, ...] = ()
    inherited: tuple[int, ...] = ()
    """Descriptors that were opened for the command (:mod:`sserec.proxy.inherited`)."""
    pace: Pace = ORIGINAL
    faults: tuple[Fault, ...] = ()
    loop: bool = False
    any_body: bool = False
    as_proxy: bool = False
    listen: tuple[str, int] = ("127.0.0.1", 0)
    variables: tuple[str, ...] = ()
    """Names for the base URL besides the vendors' own."""
    ca_file: Path | None = None
    """Where to write the authority's certificate; then the base URL is https."""
    fallback: Fallback | None = None
    """What answers requests that are not recorded; None: they get a 404."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended."""

    returncode: int
    """Of the command; a signal's number below zero."""
    unused: Sequence[Take]


def run(plan: Plan, say: Say, announce: Callable[[str], None]) -> Outcome:
    """Replays as ``plan`` says; ``announce`` is told the URL once it can be used.

    Raises UsageError, NotAnArchive or OSError when it cannot begin, CannotStart among them.
    """
    with ExitStack() as opened:
        recordings = [opened.enter_context(Recording.open(file)) for file in plan.files]
        session = Session(plan, recordings, say)
        with asyncio.Runner(loop_factory=precise_loop) as runner:
            return runner.run(session.run(announce))


class Session:
    """Everything of one run that lives as long as the run."""

    def __init__(self, plan: Plan, recordings: Sequence[Recording], say: Say) -> None:
        self._plan = plan
        self._say = say
        self._authority = Authority()
        performed = [take for recording in recordings for take in takes_of(recording, len(recordings) > 1)]
        tell_problems(recordings, say)
        if not performed:
            raise NothingFound(f"{', '.join(plan.files)}: nothing to replay (sserec info {plan.files[0]})")
        check_places(plan.faults, performed)
        tell_codings(performed, say)
        self._repertoire = Repertoire(performed, any_body=plan.any_body, loop=plan.loop)
        programme = Programme(
            self._repertoire, pace=plan.pace, faults=plan.faults, missed=lambda miss: say(miss.message)
        )
        self._server = ReplayServer(programme, self._authority, fallback=plan.fallback, log=say)

    async def run(self, announce: Callable[[str], None]) -> Outcome:
        """Serves until the command has ended, or, without one, until a signal comes."""
        address = await self._server.start(*self._plan.listen)
        if not ip_address(address[0]).is_loopback:
            self._say(f"listening on {authority_part(address)}: whoever reaches it is served the recording")
        gc.freeze()  # a collection over all that was imported holds up every stream for 4 to 8 ms
        if self._plan.ca_file:
            with named(str(self._plan.ca_file)):
                self._plan.ca_file.write_bytes(self._authority.certificate_pem)
        try:
            announce(self._url(address))
            returncode = await self._run_command(address)
        finally:
            await self._server.stop()
        return Outcome(returncode, self._repertoire.unused)

    async def _run_command(self, address: tuple[str, int]) -> int:
        if not self._plan.command:
            return await serve_until_told()
        with tempfile.TemporaryDirectory(prefix="sserec-") as folder:
            variables = self._variables(address, Path(folder))
            return await run_command(self._plan.command, variables, self._plan.inherited)

    def _variables(self, address: tuple[str, int], folder: Path) -> dict[str, str]:
        """The command's environment."""
        pem, url = self._authority.certificate_pem, self._url(address)
        if self._plan.as_proxy:
            return by_proxy(url, folder, pem)
        trust = trusting(folder, pem) if self._plan.ca_file else {}
        return {**by_base_url(self._base_urls(url)), **trust}

    def _base_urls(self, url: str) -> dict[str, str]:
        variables = base_urls(self._repertoire.servers, url) | dict.fromkeys(self._plan.variables, url)
        if not variables:
            self._say(
                f"the recorded servers have no base-URL variable that is known: say --env NAME; it is {url}"
            )
        return variables

    def _url(self, address: tuple[str, int]) -> str:
        scheme = "https" if self._plan.ca_file and not self._plan.as_proxy else "http"
        return f"{scheme}://{authority_part(reachable(address))}"


def takes_of(recording: Recording, is_one_of_many: bool) -> list[Take]:
    return takes(recording.exchanges, recording.name if is_one_of_many else "")


def tell_problems(recordings: Iterable[Recording], say: Say) -> None:
    """What is missing from a file is missing from the replay."""
    for recording in recordings:
        for problem in recording.problems:
            say(f"{recording.name}: {problem.message}")


def tell_codings(performed: Iterable[Take], say: Say) -> None:
    """That bodies are not coded as they were: the archive holds them decoded, as far as anybody could."""
    coded = [(take.name, take.coding) for take in performed if take.coding]
    whole = [(take, coding.name) for take, coding in coded if coding.broken_at is None]
    if whole:
        what = whole[0][0] if len(whole) == 1 else f"{len(whole)} exchanges"
        names = ", ".join(sorted({name for _, name in whole}))
        say(f"{what} had a content coding ({names}); the body is served decoded, without Content-Encoding")
    for take, coding in coded:
        if coding.broken_at is not None:
            say(
                f"the content coding of {take} ({coding.name}) broke: it is served decoded up to byte "
                f"{coding.broken_at:,}, from there on as it came, and without Content-Encoding"
            )
