"""A command in a network of its own: whatever it dials is recorded, and nothing else about it changes."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from corporate_proxy import CorporateProxy
from record_support import BODY, CURL_BY_VERSION, PATIENCE_S, SSEREC, Recorder
from sserec.archive import ArchiveReader
from sserec.proxy.isolation import ports_to_catch
from sserec.proxy.names import NO_SUCH_NAME, Names, answer, question
from sserec.recording import Recording
from sserec.records import Ending
from upstream import Upstream
from upstream_script import stream
from upstream_wire import TestAuthority

IN_ANOTHER_NETWORK = ("unshare", "-Urnm", "true")
can_isolate = (
    shutil.which("unshare") is not None
    and subprocess.run(IN_ANOTHER_NETWORK, capture_output=True).returncode == 0
)
needs_isolation = pytest.mark.skipif(not can_isolate, reason="this system allows no user namespaces")
ISOLATE = ("--isolate",)
URLLIB = """
import sys, urllib.request
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
sys.stdout.buffer.write(opener.open(sys.argv[1]).read())
"""
EVERY_PORT = (
    "unshare",
    "-Urn",
    sys.executable,
    "-c",
    "from sserec.proxy import enclosure as e; e.divert([80], 1)",
)
needs_every_port = pytest.mark.skipif(
    not can_isolate or subprocess.run(EVERY_PORT, capture_output=True).returncode != 0,
    reason="this system allows no namespaces, or has no nftables in them",
)
ASK_ANOTHER = """
import socket
query = b"12" + bytes.fromhex("01000001000000000000") + b"\\x09localhost\\0" + bytes.fromhex("00010001")
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
    sock.settimeout(60)
    sock.sendto(query, ("9.9.9.9", 53))
    print(socket.inet_ntoa(sock.recv(512)[-4:]))
"""
TALK_TO_ITSELF = """
import socket, sys
with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as ours:
    theirs, _ = server.accept()
    theirs.sendall(b"to myself")
    sys.stdout.write(ours.recv(99).decode())
"""
NODE_HTTP2 = """
const session = require('http2').connect(process.argv[1]);
const stream = session.request({':path': '/s'});
stream.on('data', d => process.stdout.write(d)).on('end', () => session.close());
"""


@pytest.fixture(params=["https", "http"])
def url(recorder: Recorder, request: pytest.FixtureRequest) -> str:
    base: str = getattr(recorder.upstream, request.param)
    return base + "/s"


def assert_recorded(recorder: Recorder, url: str) -> None:
    with Recording.open(str(recorder.file)) as recording:
        (exchange,) = recording.exchanges
        assert exchange.request
        assert (exchange.request.url, exchange.body(), exchange.ending) == (url, BODY, Ending.COMPLETE)


@needs_isolation
@pytest.mark.parametrize(
    "client",
    [
        ("curl", "-sN", "--noproxy", "*"),
        ("curl", "-isN", "-o", "/dev/stdout", "-D", "/dev/null", "--http2"),
        (sys.executable, "-c", URLLIB),
        ("wget", "-qO-"),
    ],
    ids=["curl --noproxy", "curl", "urllib without proxies", "wget"],
)
def test_a_client_that_goes_round_every_proxy_is_recorded(
    recorder: Recorder, client: tuple[str, ...], url: str
) -> None:
    got = recorder.record(*client, url, options=ISOLATE)
    assert (got.stdout[-len(BODY) :], got.returncode) == (BODY, 0), got.stderr
    assert_recorded(recorder, url)
    with ArchiveReader.open(recorder.file) as reader:
        assert reader.meta.attributes["mode"] == "isolated"


@needs_isolation
def test_a_file_that_a_shell_opened_for_the_command_is_passed_on(recorder: Recorder) -> None:
    got = recorder.run(
        "bash", "-c", '"$@" 7< <(echo for you)', "shell", *recorder.words("cat", "/dev/fd/7", options=ISOLATE)
    )
    assert (got.stdout, got.returncode) == (b"for you\n", 0), got.stderr


@needs_isolation
@pytest.mark.skipif(
    not os.path.exists("/etc/ssl/certs/ca-certificates.crt"), reason="another place for certificates"
)
def test_without_a_single_variable_the_systems_own_certificates_do(recorder: Recorder) -> None:
    url = recorder.upstream.https + "/s"
    got = recorder.record("env", "-i", "/usr/bin/curl", "-sN", url, options=ISOLATE)
    assert got.stdout == BODY, got.stderr
    assert_recorded(recorder, url)


@needs_isolation
@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_http2_of_node_is_recorded(recorder: Recorder) -> None:
    got = recorder.record("node", "-e", NODE_HTTP2, recorder.upstream.https, options=ISOLATE)
    assert got.stdout == BODY, got.stderr
    assert_recorded(recorder, recorder.upstream.https + "/s")


@needs_isolation
@pytest.mark.parametrize("version", CURL_BY_VERSION)
def test_heads_show_no_proxy(recorder: Recorder, version: str) -> None:
    command = (*CURL_BY_VERSION[version], "-i", recorder.upstream.https + "/s")
    assert recorder.record(*command, options=ISOLATE).stdout == recorder.direct(*command).stdout


@needs_isolation
def test_a_proxy_of_ones_own_is_used_by_sserec_and_not_by_the_command(recorder: Recorder) -> None:
    folder = recorder.folder / "far"
    folder.mkdir()
    with Upstream(TestAuthority(folder, names=("api.example",))) as far, CorporateProxy(far) as proxy:
        far.play("/s", stream(BODY, gap_s=0))
        isolated = Recorder(recorder.folder, far)
        url = "https://api.example/s"
        got = isolated.record("curl", "-sN", url, options=ISOLATE, variables={"https_proxy": proxy.url})
        assert got.stdout == BODY, got.stderr
        assert_recorded(isolated, url)


@needs_isolation
def test_a_name_that_does_not_exist_does_not_exist_here_either(recorder: Recorder) -> None:
    command = ("curl", "-sS", "https://no-such-host.invalid/")
    got, direct = recorder.record(*command, options=ISOLATE), recorder.direct(*command)
    assert (got.returncode, direct.returncode) == (6, 6)
    assert got.stderr.startswith(direct.stderr)


@needs_isolation
def test_a_server_that_is_not_there_breaks_the_connection_and_is_named(
    recorder: Recorder, closed_port: int
) -> None:
    got = recorder.record("curl", "-sS", f"https://127.0.0.1:{closed_port}/", options=ISOLATE)
    assert got.returncode in (7, 35, 56), "a reset meets curl in the handshake, or before or after it"
    assert f"cannot reach 127.0.0.1:{closed_port}: Connection refused".encode() in got.stderr


@needs_isolation
def test_a_port_that_no_url_names_has_to_be_named(recorder: Recorder) -> None:
    port = recorder.upstream.http.rpartition(":")[2]
    command = ("sh", "-c", f"P={port}; curl -sN http://127.0.0.1:$P/s")
    assert recorder.record(*command, options=ISOLATE).returncode == 7
    assert recorder.record(*command, options=(*ISOLATE, "--port", port)).stdout == BODY


@needs_every_port
@pytest.mark.parametrize("host", ["api.example", "203.0.113.9", "2001:db8::9"])
def test_any_port_of_another_machine_is_caught_by_name_and_by_number(recorder: Recorder, host: str) -> None:
    folder = recorder.folder / "far"
    folder.mkdir()
    authority = f"[{host}]" if ":" in host else host
    command = ("sh", "-c", f'P=7; curl -gsN --noproxy "*" "https://{authority}:${{P}}077/s"')
    with Upstream(TestAuthority(folder, names=(host,))) as far, CorporateProxy(far) as proxy:
        far.play("/s", stream(BODY, gap_s=0))
        isolated = Recorder(recorder.folder, far)
        got = isolated.record(*command, options=ISOLATE, variables={"https_proxy": proxy.url})
        assert got.stdout == BODY, got.stderr
    assert_recorded(isolated, f"https://{authority}:7077/s")


@needs_every_port
def test_a_resolver_of_its_own_choice_is_answered_by_ours(recorder: Recorder) -> None:
    got = recorder.record(sys.executable, "-c", ASK_ANOTHER, options=ISOLATE)
    assert got.stdout == b"198.18.0.1\n", got.stderr


@needs_isolation
def test_what_the_command_serves_to_itself_is_its_own_affair(recorder: Recorder) -> None:
    got = recorder.record(sys.executable, "-c", TALK_TO_ITSELF, options=ISOLATE)
    assert got.stdout == b"to myself", got.stderr
    assert not recorder.file.exists()


@needs_isolation
@pytest.mark.parametrize(
    "program",
    [
        "exit 42",
        "kill -TERM $$",
        "id -u",
        "yes | head -1",
        "cat",
        "ls -l /proc/self/fd | wc -l",
        "ps -o ppid= -p $$ | wc -l",
    ],
)
def test_the_command_is_what_it_always_was(recorder: Recorder, program: str) -> None:
    got, direct = recorder.record("sh", "-c", program, options=ISOLATE), recorder.direct("sh", "-c", program)
    assert (got.stdout, got.returncode) == (direct.stdout, direct.returncode), got.stderr


@needs_isolation
@pytest.mark.parametrize(("program", "code"), [("no-such-program", 127), ("", 127), ("/etc/passwd", 126)])
def test_what_cannot_be_run_is_told_as_always(recorder: Recorder, program: str, code: int) -> None:
    got, without = recorder.record(program, options=ISOLATE), recorder.record(program)
    assert (got.returncode, got.stderr) == (code, without.stderr)


@needs_isolation
def test_where_it_is_forbidden_that_is_said_and_the_environment_is_used(recorder: Recorder) -> None:
    forbid = 'echo 0 > /proc/sys/user/max_net_namespaces && exec "$@"'
    url = recorder.upstream.https + "/s"
    words = recorder.words("curl", "-sN", url, options=ISOLATE)
    got = recorder.run("unshare", "-Ur", "sh", "-c", forbid, "sh", *words)
    assert got.stdout == BODY, got.stderr
    line = "sserec: this system isolates no command (No space left on device): recording by the environment"
    assert got.stderr.decode().startswith(line)
    assert_recorded(recorder, url)


@needs_isolation
def test_a_signal_before_the_command_has_started_ends_it_and_does_not_run_it_by_proxy(
    recorder: Recorder,
) -> None:
    words = recorder.words("sleep", "60", options=ISOLATE)
    with subprocess.Popen(words, env=recorder.environment, stderr=subprocess.PIPE) as recording:
        os.kill(helper_of(recording.pid), signal.SIGTERM)
        _, said = recording.communicate(timeout=PATIENCE_S)
    assert recording.returncode == -signal.SIGTERM, said
    assert b"isolates no command" not in said


def helper_of(pid: int) -> int:
    """The process of the enclosure, or the command that it has become."""
    patience = time.monotonic() + PATIENCE_S
    children = Path(f"/proc/{pid}/task/{pid}/children")
    while not (found := children.read_text().split()):
        assert time.monotonic() < patience
    return int(found[0])


@pytest.mark.skipif(sys.platform != "linux", reason="Linux has namespaces")
def test_it_is_suggested_when_nothing_was_captured(recorder: Recorder) -> None:
    got = recorder.record("curl", "--noproxy", "*", "-sN", recorder.upstream.http + "/s")
    assert "try: sserec record --isolate -- curl" in got.stderr.decode()


@pytest.mark.parametrize("arguments", [("--isolate",), ("--port", "80", "--", "true")])
def test_what_makes_no_sense_is_refused(recorder: Recorder, arguments: tuple[str, ...]) -> None:
    assert recorder.run(*SSEREC, "record", *arguments).returncode == 125


def test_ports_are_taken_from_urls_wherever_they_stand() -> None:
    command = ("python", "-c", "get('https://a.example:1111/x')", "--api=localhost:2222", "[::1]:3")
    variables = {"BASE": "http://u:p@b:4444", "TIME": "12:34", "FAR": "127.0.0.1:70000"}
    assert {1111, 2222, 4444, 5555, 443} <= ports_to_catch(command, variables, [5555])
    assert not {3, 34, 70000} & ports_to_catch(command, variables, [])


def query(name: str, kind: int) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return (
        b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + labels + b"\0" + bytes([0, kind]) + b"\x00\x01"
    )


def test_a_name_has_one_address_and_an_address_one_name() -> None:
    names = Names()
    first, second = names.address("a.example"), names.address("b.example")
    assert (first, second) == ("198.18.0.1", "198.18.0.2")
    assert names.address("a.example") == first
    assert [names.host(address) for address in (first, second, "10.0.0.1")] == [
        "a.example",
        "b.example",
        "10.0.0.1",
    ]


def test_a_question_is_answered_in_the_words_of_the_standard() -> None:
    asked = question(query("A.Example", 1))
    assert asked
    assert (asked.name, asked.kind) == ("a.example", 1)
    reply = answer(asked, "198.18.0.1")
    assert reply[:12] == b"\x12\x34\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00"
    assert reply.endswith(b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x1e\x00\x04\xc6\x12\x00\x01")
    assert answer(asked, None)[6:8] == b"\0\0"
    assert answer(asked, None, NO_SUCH_NAME)[3] & 0x0F == NO_SUCH_NAME


@pytest.mark.parametrize("cut", range(len(query("a.example", 1))))
def test_a_question_that_is_cut_is_no_question(cut: int) -> None:
    assert question(query("a.example", 1)[:cut]) is None
