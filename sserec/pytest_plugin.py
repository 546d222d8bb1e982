"""A pytest plugin: tests on recordings instead of a network.

    @pytest.mark.sserec("chat.sse.zst")
    def test_chat() -> None: ...

While a marked test runs, a server on loopback plays its recording, the base-URL variables of the SDKs lead there, and
the network is refused. Modes say what may be recorded; without one nothing is. Knows pytest; everything else is
imported when a marked test runs, because pytest loads this module in every run of everybody who has sserec installed.
"""

import re
import sys
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from sserec.errors import SserecError, UsageError

if TYPE_CHECKING:
    from sserec.replay.repertoire import Miss, Repertoire
    from sserec.replay.score import Pace

MARKER = """\
sserec(file, *, mode, upstream, pace, env, any_body, faults, require_all): play a recording to this test. \
file: by default recordings/MODULE/CLASS/TEST.sse.zst. mode: none, once, new or all. upstream: the URL of the server, \
for recording. pace: instant, original or a speed. env: further variables for the base URL. any_body: \
do not compare bodies. faults: what to break. require_all: fail when an exchange was not asked for."""
TYPES: dict[str, tuple[type, ...]] = {
    "file": (str, PathLike),
    "mode": (str,),
    "upstream": (str,),
    "pace": (str, int, float),
    "env": (str, list, tuple),
    "any_body": (bool,),
    "faults": (str, list, tuple),
    "require_all": (bool,),
}
"""What an argument of the marker may be."""
LISTS = ("env", "faults")
MODES = ("none", "once", "new", "all")
MODE_HELP = (
    "what may be recorded: none (default), once (a file that is missing), new (also requests), all (anew)"
)
PACE_HELP = "the pace of replays: instant (default), original, or a speed such as 2.5"
GEMINI = "https://generativelanguage.googleapis.com"
SPEED = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")
LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0")
FAILED = pytest.StashKey[bool]()


class NetworkRefused(RuntimeError):
    """A marked test wanted to leave this machine."""


@dataclass
class SserecServer:
    """What a marked test is served by."""

    url: str
    """The base URL."""
    file: Path
    """The recording, which is there already or will be when the test has passed."""
    is_recording: bool
    """Whether requests may reach the real server."""
    misses: list["Miss"] = field(default_factory=list)
    """The requests that nothing answered."""


@dataclass(frozen=True)
class Wanted:
    """What the markers and options of a test say."""

    file: Path
    mode: str
    upstream: str
    pace: str
    env: tuple[str, ...]
    any_body: bool
    faults: tuple[str, ...]
    require_all: bool

    @property
    def records(self) -> bool:
        """Whether requests may reach the real server."""
        return self.mode in ("new", "all") or (self.mode == "once" and not self.file.exists())

    @property
    def replays(self) -> bool:
        """Whether what is recorded counts."""
        return self.file.exists() and self.mode != "all"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("sserec")
    group.addoption("--sserec-mode", choices=MODES, help=MODE_HELP)
    group.addoption("--sserec-pace", metavar="PACE", help=PACE_HELP)
    parser.addini("sserec_mode", MODE_HELP, default="none")
    parser.addini("sserec_pace", PACE_HELP, default="instant")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARKER)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture(autouse=True)
def _sserec(request: pytest.FixtureRequest) -> Iterator[SserecServer | None]:
    """Serves a test that is marked; costs nothing where it is not."""
    if request.node.get_closest_marker("sserec") is None:
        yield None
        return
    with ExitStack() as stack:
        try:
            wanted = wanted_by(request.node)
            if not (wanted.replays or wanted.records):
                pytest.fail(f"{wanted.file} is not there: record it with --sserec-mode=once", pytrace=False)
            server = stack.enter_context(serving(wanted, request.node))
        except (SserecError, OSError) as fault:
            raise pytest.fail.Exception(str(fault), pytrace=False) from None
        yield server


@pytest.fixture
def sserec_server(_sserec: SserecServer | None) -> SserecServer:
    """The server that plays the recording of this test; the test has to be marked with ``sserec``."""
    if _sserec is None:
        pytest.fail("mark the test with @pytest.mark.sserec", pytrace=False)
    return _sserec


def wanted_by(item: pytest.Item) -> Wanted:
    """What the markers say; options of the command line go before them."""
    said, config = said_by_markers(item), item.config
    mode = config.getoption("--sserec-mode") or said.get("mode") or config.getini("sserec_mode")
    if mode not in MODES:
        pytest.fail(f"sserec mode {mode!r} is none of {', '.join(MODES)}", pytrace=False)
    return Wanted(
        file=item.path.parent / said.get("file", default_file(item)),
        mode=mode,
        upstream=said.get("upstream", GEMINI),
        pace=str(config.getoption("--sserec-pace") or said.get("pace") or config.getini("sserec_pace")),
        env=several(said.get("env", ())),
        any_body=said.get("any_body", False),
        faults=several(said.get("faults", ())),
        require_all=said.get("require_all", False),
    )


def said_by_markers(item: pytest.Item) -> dict[str, Any]:
    """The arguments of all markers, the nearest one first. One that means nothing fails the test."""
    said: dict[str, Any] = {}
    for marker in item.iter_markers("sserec"):
        if len(marker.args) > 1:
            pytest.fail(f"the sserec marker takes one file, not {len(marker.args)}", pytrace=False)
        said = {**({"file": marker.args[0]} if marker.args else {}), **marker.kwargs, **said}
    if unknown := set(said) - set(TYPES):
        pytest.fail(f"the sserec marker knows no {', '.join(sorted(unknown))}", pytrace=False)
    for name, value in said.items():
        if not is_fit(name, value):
            pytest.fail(f"the sserec marker takes no {name}={value!r}", pytrace=False)
    return said


def is_fit(name: str, value: Any) -> bool:
    """Whether an argument of the marker has a type that makes sense."""
    is_of_its_type = isinstance(value, TYPES[name])
    return is_of_its_type and (name not in LISTS or all(isinstance(one, str) for one in value))


def several(value: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def default_file(item: pytest.Item) -> Path:
    """``recordings/test_chat/TestFirst/test_hello-a%2Fb.sse.zst``: no two tests of a module share one."""
    classes = [node.name for node in item.listchain() if isinstance(node, pytest.Class)]
    function, bracket, parameters = item.name.partition("[")
    name = f"{function}-{quote(parameters.removesuffix(']'), safe='')}" if bracket else function
    return Path("recordings", item.path.stem, *classes, f"{name}.sse.zst")


def pace_called(name: str) -> "Pace":
    from sserec.replay.score import INSTANT, ORIGINAL, Pace

    if name in ("instant", "original"):
        return INSTANT if name == "instant" else ORIGINAL
    if not SPEED.fullmatch(name) or not float(name):
        raise UsageError(f"sserec pace {name!r} is none of instant, original and a speed such as 2.5")
    return Pace(float(name))


@contextmanager
def serving(wanted: Wanted, item: pytest.Item) -> Iterator[SserecServer]:
    """The server, with everything that leads to it and away from the network."""
    from sserec.authority import Authority
    from sserec.recording import Recording
    from sserec.replay.faults import parse
    from sserec.replay.programme import Programme, check_places
    from sserec.replay.repertoire import Repertoire
    from sserec.replay.server import ReplayServer
    from sserec.replay.server import serving as served
    from sserec.replay.takes import takes

    with ExitStack() as stack:
        recording = stack.enter_context(Recording.open(str(wanted.file))) if wanted.replays else None
        repertoire = Repertoire(takes(recording.exchanges) if recording else (), any_body=wanted.any_body)
        faults = [parse(fault) for fault in wanted.faults]
        check_places(faults, repertoire.takes)
        server = SserecServer("", wanted.file, wanted.records)
        programme = Programme(
            repertoire,
            pace=pace_called(wanted.pace),
            faults=faults,
            missed=server.misses.append,
        )
        fallback = stack.enter_context(recorder(wanted, item)) if wanted.records else None
        host, port = stack.enter_context(served(ReplayServer(programme, Authority(), fallback=fallback)))
        server.url = f"http://{host}:{port}"
        stack.enter_context(led(wanted, repertoire, server.url))
        if not wanted.records:
            stack.enter_context(network_refused())
        yield server
    complain(server, repertoire, wanted)


def complain(server: SserecServer, repertoire: "Repertoire", wanted: Wanted) -> None:
    """A request that was not recorded fails the test, even where the code under test swallowed the 404."""
    if server.misses:
        words = "\n".join(miss.message for miss in server.misses)
        pytest.fail(f"{words}\n(record what is missing with --sserec-mode=new)", pytrace=False)
    if wanted.require_all and repertoire.unused:
        names = ", ".join(take.name for take in repertoire.unused)
        pytest.fail(f"{wanted.file}: not asked for: {names}", pytrace=False)


@contextmanager
def recorder(wanted: Wanted, item: pytest.Item) -> Iterator[Any]:
    """Sends on what is not recorded, and keeps it: with what is there already, or beside it where the test failed."""
    import httpx

    from sserec.forwarding import Forwarder
    from sserec.httpx import RecordingTransport
    from sserec.proxy.trust import system_context

    wanted.file.parent.mkdir(parents=True, exist_ok=True)
    heard = wanted.file.with_name(f"{wanted.file.name}.new")
    through = httpx.AsyncHTTPTransport(verify=system_context())
    transport = RecordingTransport(heard, through, overwrite=True)
    yield Forwarder(transport, wanted.upstream)  # closed with the server
    if heard.exists():
        keep(heard, wanted, failed=item.stash.get(FAILED, False))


def keep(heard: Path, wanted: Wanted, *, failed: bool) -> None:
    """A stream that made a test fail is worth keeping, but not worth replaying."""
    from sserec.forwarding import merge

    if failed:
        heard.replace(wanted.file.with_name(f"{wanted.file.name}.failed"))
    elif wanted.replays:
        both = wanted.file.with_name(f"{wanted.file.name}.both")
        merge([wanted.file, heard], both)
        both.replace(wanted.file)
        heard.unlink()
    else:
        heard.replace(wanted.file)


@contextmanager
def led(wanted: Wanted, repertoire: "Repertoire", url: str) -> Iterator[None]:
    """The variables that lead the SDKs of the recorded servers to ``url``, and keep proxies out of the way."""
    from sserec.replay.leading import base_urls, by_base_url

    variables = dict.fromkeys(wanted.env, url) | base_urls((wanted.upstream, *repertoire.servers), url)
    prepared = by_base_url(variables)
    with pytest.MonkeyPatch.context() as patch:
        for name in (*variables, "no_proxy", "NO_PROXY"):
            patch.setenv(name, prepared[name])
        yield


class Guard:
    """Refuses connections that leave this machine, through Python's audit events; those cannot be unhooked."""

    def __init__(self) -> None:
        self.is_shut = False
        self._is_hooked = False

    def shut(self) -> None:
        if not self._is_hooked:
            sys.addaudithook(self._audit)
            self._is_hooked = True
        self.is_shut = True

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.is_shut or event not in ("socket.connect", "socket.getaddrinfo"):
            return
        address = arguments[1] if event == "socket.connect" else arguments
        host = address[0] if isinstance(address, tuple) else None
        if isinstance(host, str) and not host.startswith(LOOPBACK):
            raise NetworkRefused(f"this test is played a recording; it must not reach {host}")


GUARD = Guard()


@contextmanager
def network_refused() -> Iterator[None]:
    GUARD.shut()
    try:
        yield
    finally:
        GUARD.is_shut = False
