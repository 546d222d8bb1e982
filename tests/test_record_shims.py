"""Clients that would go round a proxy are led by a preload, and notice nothing else of it."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from record_support import BODY, Recorder
from sserec.proxy import environment
from sserec.recording import Recording
from sserec.records import Ending

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="node is not installed")
needs_aiohttp = pytest.mark.skipif(
    importlib.util.find_spec("aiohttp") is None, reason="aiohttp is not installed"
)
PRINT_ALL = "r => { r.on('data', d => process.stdout.write(d)); }"
NODE_WAYS = {
    "fetch": "fetch(URL).then(r => r.text()).then(t => process.stdout.write(t))",
    "get": f"require(new globalThis.URL(URL).protocol.slice(0, -1)).get(URL, {PRINT_ALL})",
    "own agent": (
        "const m = require(new globalThis.URL(URL).protocol.slice(0, -1));"
        f"m.get(URL, {{agent: new m.Agent({{keepAlive: false}})}}, {PRINT_ALL})"
    ),
    "module": "import('node:https').then(() => fetch(URL)).then(r => r.text()).then(t => process.stdout.write(t))",
}
AIOHTTP = """
import asyncio, sys, aiohttp
async def main():
    async with aiohttp.ClientSession({}) as session, session.get(sys.argv[1]) as response:
        sys.stdout.buffer.write(await response.read())
asyncio.run(main())
"""


def node(way: str, url: str) -> tuple[str, ...]:
    return (NODE or "node", "-e", NODE_WAYS[way].replace("URL)", f"{url!r})").replace("URL,", f"{url!r},"))


def recorded_urls(recorder: Recorder) -> list[str]:
    with Recording.open(str(recorder.file)) as recording:
        assert {exchange.ending for exchange in recording.exchanges} == {Ending.COMPLETE}
        return [exchange.request.url for exchange in recording.exchanges if exchange.request]


@needs_node
@pytest.mark.parametrize("base", ["http", "https"])
@pytest.mark.parametrize("way", NODE_WAYS)
def test_node_is_recorded_whatever_its_version(recorder: Recorder, way: str, base: str) -> None:
    url = getattr(recorder.upstream, base) + "/s"
    got = recorder.record(*node(way, url))
    assert (got.stdout, got.returncode) == (BODY, 0), got.stderr
    assert recorded_urls(recorder) == [url]


@needs_node
def test_a_server_that_is_not_there_is_an_error_for_node_as_well(recorder: Recorder) -> None:
    program = "fetch('https://no-such-host.invalid/').catch(e => console.log('caught', e.cause.message))"
    got = recorder.record(NODE or "node", "-e", program)
    assert got.stdout.startswith(b"caught "), got.stderr


@needs_node
def test_the_users_own_node_options_hold(recorder: Recorder, tmp_path: Path) -> None:
    preload = tmp_path / "my own.cjs"
    preload.write_text("process.stdout.write('mine\\n')")
    options = {"NODE_OPTIONS": f'--require "{preload}"'}
    assert recorder.record(NODE or "node", "-e", "0", variables=options).stdout == b"mine\n"


@needs_aiohttp
@pytest.mark.parametrize("base", ["http", "https"])
@pytest.mark.parametrize("arguments", ["", "trust_env=True", "connector=aiohttp.TCPConnector(limit=1)"])
def test_aiohttp_is_recorded(recorder: Recorder, arguments: str, base: str) -> None:
    url = getattr(recorder.upstream, base) + "/s"
    got = recorder.record(sys.executable, "-W", "error", "-c", AIOHTTP.format(arguments), url)
    assert (got.stdout, got.returncode) == (BODY, 0), got.stderr
    assert recorded_urls(recorder) == [url]


@needs_aiohttp
def test_aiohttp_takes_no_credentials_from_a_netrc_that_it_would_not_have_read(recorder: Recorder) -> None:
    (recorder.folder / ".netrc").write_text("machine 127.0.0.1 login ann password s3cret\n")
    recorder.record(sys.executable, "-c", AIOHTTP.format(""), recorder.upstream.https + "/s")
    assert recorder.upstream.served[0].header("authorization") is None


def python(*arguments: str, **variables: str) -> str:
    """What Python prints when it starts with the shim on its path."""
    shim = environment.shim_variables(variables)["PYTHONPATH"]
    done = subprocess.run(
        [sys.executable, *arguments],
        env={**variables, "PYTHONPATH": shim, "SSEREC_SESSION": "0a1b"},
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    return done.stdout


def test_the_users_own_sitecustomize_runs_and_is_the_one_that_is_imported(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("print('mine')")
    program = "import sitecustomize; print(sitecustomize.__file__)"
    said = python("-c", program, PYTHONPATH=str(tmp_path))
    assert said == f"mine\n{tmp_path / 'sitecustomize.py'}\n"


def test_the_shim_is_on_no_path_that_a_program_sees() -> None:
    assert "shims" not in python("-c", "import sys; print(sys.path)")


def test_the_shim_loads_next_to_nothing() -> None:
    program = "import sys; print(*sorted(sys.modules))"
    plain = subprocess.run([sys.executable, "-c", program], env={}, capture_output=True, text=True).stdout
    new = set(python("-c", program).split()) - set(plain.split())
    assert {name.partition(".")[0] for name in new} <= {
        "__future__",
        "importlib",
        "sitecustomize",
        "warnings",
    }


def test_a_program_that_is_not_recorded_is_left_alone(recorder: Recorder) -> None:
    """The variables are inherited by whatever the command leaves behind; the recorder may be gone by then."""
    shim = environment.shim_variables({})["PYTHONPATH"]
    program = "import sys; print([f for f in sys.meta_path if type(f).__module__ == 'sitecustomize'])"
    assert recorder.run(sys.executable, "-c", program, variables={"PYTHONPATH": shim}).stdout == b"[]\n"
