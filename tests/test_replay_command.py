"""``sserec replay`` as scripts and people meet it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from record_support import SSEREC
from replay_support import CREATED, DONE, EVENT_STREAM, Kept, delta, recording
from sserec.recording import Recording
from sserec.records import Closer, Ending, Manner, Response
from upstream import Upstream
from upstream_script import stream

FAULT = 125
ASK = 'curl -sN -d "$BODY" $GOOGLE_GEMINI_BASE_URL/v1/interactions'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return recording(tmp_path / "x.sse.zst", Kept([(0, CREATED), (0, delta(1)), (0, DONE)]))


def sserec(*words: str | Path, body: bytes = Kept().body) -> subprocess.CompletedProcess[bytes]:
    environment = {"PATH": "/usr/bin:/bin", "BODY": body.decode(), "HOME": "/nowhere"}
    return subprocess.run(
        [*SSEREC, *map(str, words)],
        capture_output=True,
        timeout=60,
        env=environment,
        stdin=subprocess.DEVNULL,
    )


def test_the_command_is_served_and_its_exit_code_is_ours(file: Path) -> None:
    got = sserec("replay", file, "--", "sh", "-c", ASK + "; exit 7")
    assert (got.stdout, got.stderr, got.returncode) == (CREATED + delta(1) + DONE, b"", 7)


def test_a_command_that_dies_of_a_signal_takes_us_with_it(file: Path) -> None:
    assert sserec("replay", file, "--", "sh", "-c", "kill -TERM $$").returncode == -signal.SIGTERM


@pytest.mark.parametrize(("name", "code"), [("no-such-command-anywhere", 127), ("/etc/passwd", 126)])
def test_a_command_that_cannot_start_has_a_shells_exit_code(file: Path, name: str, code: int) -> None:
    assert sserec("replay", file, "--", name).returncode == code


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["/nowhere/x.sse.zst"],
        ["{file}", "--listen", "nowhere"],
        ["{file}", "--speed", "0"],
        ["{file}", "--speed", "nan"],
        ["{file}", "--idle-limit", "inf"],
        ["{file}", "--speed", "2", "--instant"],
        ["{file}", "--idle-limit", "2", "--instant"],
        ["{file}", "--fault", "wibble"],
        ["{file}", "--fault", "cut"],
        ["{file}", "--fault", "status:418"],
        ["{file}", "--fault", "status-once:418"],
        ["{file}", "--fault", "cut@event:99"],
        ["{file}", "--env", "A=B"],
        ["{file}", "--env", ""],
        ["{file}", "--ca-file", "/nowhere/ca.pem"],
        [sys.executable],
    ],
    ids=" ".join,
)
def test_our_own_faults_are_125_and_one_line(file: Path, words: list[str]) -> None:
    got = sserec("replay", *[word.format(file=file) for word in words], *(["--", "true"] if words else []))
    assert got.returncode == FAULT
    assert got.stderr.startswith(b"sserec: ")
    assert got.stderr.count(b"\n") == 1


def test_what_the_system_refuses_is_told_in_words(file: Path) -> None:
    got = sserec("replay", file, "--ca-file", "/nowhere/ca.pem", "--", "true")
    assert got.stderr == b"sserec: /nowhere/ca.pem: No such file or directory\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_what_has_no_room_is_named(file: Path) -> None:
    got = sserec("replay", file, "--ca-file", "/dev/full", "--", "true")
    assert (got.returncode, got.stderr) == (FAULT, b"sserec: /dev/full: No space left on device\n")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*SSEREC, "replay", file], stdout=full, stderr=subprocess.PIPE, timeout=60)
    said = b"sserec: standard output: No space left on device\n"
    assert (done.returncode, done.stderr) == (FAULT, said)


def test_a_reader_of_the_url_that_goes_away_ends_it_quietly(file: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([*SSEREC, "replay", file], stdout=writer, stderr=subprocess.PIPE, timeout=60)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_request_without_an_end_is_told_in_one_line_that_has_one(file: Path) -> None:
    ask = "curl -s -o /dev/null $GOOGLE_GEMINI_BASE_URL/" + "x" * 20_000
    got = sserec("replay", file, "--", "sh", "-c", ask)
    assert b"nothing recorded answers GET /xxx" in got.stderr
    assert max(map(len, got.stderr.splitlines())) < 400


def test_a_miss_is_told_to_the_person_too(file: Path) -> None:
    got = sserec("replay", file, "--", "sh", "-c", ASK, body=b'{"input":"else"}')
    assert b"404" in got.stdout
    words = "nothing recorded answers POST /v1/interactions; exchange 1 is nearest and differs in body"
    assert words.encode() in got.stderr
    assert got.returncode == 0, "what a 404 means is the command's affair"


def test_quiet_is_quiet(file: Path) -> None:
    assert sserec("replay", file, "-q", "--", "sh", "-c", ASK, body=b"else").stderr == b""


def test_with_require_all_an_exchange_that_nobody_asked_for_is_a_fault(tmp_path: Path) -> None:
    file = recording(tmp_path / "x.sse.zst", Kept(), Kept(body=b"{}"))
    half = sserec("replay", file, "--require-all", "--", "sh", "-c", ASK)
    assert (half.returncode, half.stderr) == (FAULT, b"sserec: 1 exchange not asked for: exchange 2\n")
    both = sserec("replay", file, "--require-all", "--", "sh", "-c", f"{ASK}; BODY={{}}; {ASK}")
    assert (both.returncode, both.stderr) == (0, b"")


def test_several_files_are_one_repertoire(tmp_path: Path) -> None:
    first = recording(tmp_path / "1.sse.zst", Kept([(0, b"1")]))
    second = recording(tmp_path / "2.sse.zst", Kept([(0, b"2")], body=b"{}"))
    got = sserec("replay", first, second, "--", "sh", "-c", f"BODY={{}}; {ASK}")
    assert got.stdout == b"2"
    assert got.stderr == f"sserec: 1 exchange not asked for: exchange 1 of {first}\n".encode()


def test_an_address_that_others_can_reach_is_pointed_out(file: Path) -> None:
    got = sserec("replay", file, "--listen", "0.0.0.0:0", "--", "sh", "-c", ASK)
    assert got.stdout == CREATED + delta(1) + DONE
    assert b"listening on 0.0.0.0:" in got.stderr


def test_what_a_damaged_file_lacks_is_told_before_it_is_played(file: Path) -> None:
    damaged = bytearray(file.read_bytes())
    damaged[-40:] = bytes(40)
    file.write_bytes(damaged)
    got = sserec("replay", file, "--", "sh", "-c", ASK)
    assert got.stdout == CREATED + delta(1) + DONE
    assert b"index" in got.stderr


def test_nothing_that_could_be_replayed_is_a_fault(tmp_path: Path) -> None:
    tunnel = Kept(method="CONNECT", url="api.example:443", response=None)
    upgrade = Kept([], response=Response(101, "Switching Protocols", "HTTP/1.1"))
    got = sserec("replay", recording(tmp_path / "x.sse.zst", tunnel, upgrade), "--", "true")
    assert (got.returncode, b"nothing to replay" in got.stderr) == (FAULT, True)


def test_a_body_that_was_coded_is_announced(tmp_path: Path) -> None:
    headers = (*EVENT_STREAM, ("content-encoding", "gzip"))
    file = recording(tmp_path / "x.sse.zst", Kept(response=Response(200, "OK", "HTTP/1.1", headers)))
    got = sserec("replay", file, "--", "sh", "-c", ASK)
    assert got.stdout == Kept().data
    assert b"exchange 1 had a content coding (gzip); the body is served decoded" in got.stderr


def test_a_body_whose_coding_broke_is_announced_with_the_place(tmp_path: Path) -> None:
    headers = (*EVENT_STREAM, ("content-encoding", "gzip"))
    broken = Kept(response=Response(200, "OK", "HTTP/1.1", headers), undecoded_from=len(CREATED))
    got = sserec("replay", recording(tmp_path / "x.sse.zst", broken), "--", "sh", "-c", ASK)
    assert got.stdout == broken.data
    place = f"the content coding of exchange 1 (gzip) broke: it is served decoded up to byte {len(CREATED):,}"
    assert place in got.stderr.decode()


def test_a_plain_file_is_served_to_whoever_asks(tmp_path: Path) -> None:
    (tmp_path / "x.sse").write_bytes(DONE)
    got = sserec("replay", tmp_path / "x.sse", "--env", "URL", "--", "sh", "-c", "curl -sN $URL/anything")
    assert (got.stdout, got.returncode) == (DONE, 0)


def test_what_was_piped_into_the_recorder_is_served_to_whoever_asks(tmp_path: Path) -> None:
    record = [*SSEREC, "record", "--stdin", "-o", str(tmp_path / "x.sse.zst")]
    subprocess.run(record, input=CREATED + DONE, capture_output=True, check=True, timeout=60)
    ask = ("--env", "URL", "--", "sh", "-c", "curl -sN $URL/anything")
    got = sserec("replay", tmp_path / "x.sse.zst", *ask)
    assert (got.stdout, got.returncode) == (CREATED + DONE, 0)


def test_without_a_known_vendor_the_url_is_told(tmp_path: Path) -> None:
    file = recording(tmp_path / "x.sse.zst", Kept(url="https://api.example/v1/chat"))
    assert b"say --env NAME; it is http://127.0.0.1:" in sserec("replay", file, "--", "true").stderr


def test_with_a_ca_file_the_command_is_served_by_https_and_trusts_it(file: Path, tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    got = sserec(
        "replay", file, "--ca-file", authority, "--", "sh", "-c", "echo $GOOGLE_GEMINI_BASE_URL; " + ASK
    )
    assert got.stdout.startswith(b"https://127.0.0.1:")
    assert got.stdout.endswith(DONE)
    assert authority.read_bytes().startswith(b"-----BEGIN CERTIFICATE-----")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_without_a_command_it_prints_its_url_and_serves_until_a_signal(
    file: Path, number: signal.Signals
) -> None:
    words = [*SSEREC, "replay", str(file), "--instant"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        url = process.stdout.readline().strip()
        curl = subprocess.run(
            ["curl", "-sN", f"{url}/v1/interactions", "-d", Kept().body], capture_output=True
        )
        process.send_signal(number)
        assert process.communicate(timeout=60) == ("", "")
    assert (curl.stdout, process.returncode) == (CREATED + delta(1) + DONE, 0)


def test_a_replay_can_be_recorded(file: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.sse.zst"
    got = sserec("replay", file, "--", *SSEREC, "record", "-q", "-o", again, "--", "sh", "-c", ASK)
    assert got.stdout == CREATED + delta(1) + DONE
    with Recording.open(str(file)) as first, Recording.open(str(again)) as second:
        bodies = [[exchange.body() for exchange in recorded.exchanges] for recorded in (first, second)]
    assert bodies[0] == bodies[1]


RESET = (Closer.UPSTREAM, Manner.RESET, False)
PIECES = [(0, CREATED[:9]), (0, CREATED[9:]), (1, delta(1) + delta(2)[:3]), (1, delta(2)[3:]), (2, DONE)]


@pytest.mark.parametrize(
    "kept",
    [
        Kept(PIECES, trailers=(("server-timing", "db;dur=53"),)),
        Kept(PIECES[:3], close=RESET, error="RST_STREAM ENHANCE_YOUR_CALM"),
    ],
    ids=["trailers", "reset"],
)
def test_over_http2_pieces_and_ends_are_those_that_were_recorded(tmp_path: Path, kept: Kept) -> None:
    file, again, ca_file = (tmp_path / name for name in ("x.sse.zst", "again.sse.zst", "ca.pem"))
    recorder = (*SSEREC, "record", "-q", "--upstream-ca", ca_file, "-o", again, "--", "sh", "-c")
    ask = ASK.replace("curl", "curl --http2")
    sserec("replay", recording(file, kept), "--ca-file", ca_file, "--", *recorder, ask)
    with Recording.open(str(again)) as recorded:
        (exchange,) = recorded.exchanges
        assert exchange.response
        assert exchange.response.http_version == "HTTP/2"
        assert [chunk.data for chunk in exchange.chunks()] == [data for _, data in kept.chunks]
        assert exchange.close
        assert (exchange.close.trailers, exchange.close.error) == (kept.trailers, kept.error)


def test_nothing_leaves_the_machine_for_a_proxied_client(file: Path) -> None:
    ask = "curl -s -o /dev/null -w '%{http_code} ' https://elsewhere.invalid/x http://elsewhere.invalid/x"
    got = sserec("replay", file, "--as-proxy", "--", "sh", "-c", ask)
    assert got.stdout.split()[0] == b"404"


def test_a_fault_is_played(file: Path) -> None:
    got = sserec("replay", file, "--fault", "cut@event:2", "--", "sh", "-c", ASK)
    assert (got.stdout, got.returncode) == (CREATED + delta(1), 18)


class TestAMissThatMayLeave:
    """--on-miss forward and record, against a real server by TLS."""

    @pytest.fixture
    def file(self, tmp_path: Path, upstream: Upstream) -> Path:
        upstream.play("/v1/interactions", stream(b"data: from the server\n\n", gap_s=0))
        return recording(tmp_path / "x.sse.zst", Kept(url=upstream.https + "/v1/interactions"))

    def replay(
        self, file: Path, upstream: Upstream, *options: str | Path
    ) -> subprocess.CompletedProcess[bytes]:
        ask = ASK.replace("$GOOGLE_GEMINI_BASE_URL", "$URL")
        command = ("sh", "-c", f"{ask}; BODY='{{}}'; {ask}")
        words = ["replay", file, "--env", "URL", *options, "--", *command]
        environment = {
            "PATH": "/usr/bin:/bin",
            "BODY": Kept().body.decode(),
            "SSL_CERT_FILE": str(upstream.ca_file),
        }
        return subprocess.run([*SSEREC, *map(str, words)], capture_output=True, timeout=60, env=environment)

    def test_forwarded_it_is_answered_by_the_server(self, file: Path, upstream: Upstream) -> None:
        got = self.replay(file, upstream, "--on-miss", "forward")
        assert got.stdout == Kept().data + b"data: from the server\n\n", got.stderr
        host = upstream.https.removeprefix("https://")
        assert got.stderr.decode() == f"sserec: POST /v1/interactions was not recorded and goes to {host}\n"
        assert [served.body for served in upstream.served] == [b"{}"]

    def test_a_server_without_tls_is_asked_without(self, tmp_path: Path, upstream: Upstream) -> None:
        upstream.play("/v1/interactions", stream(b"data: from the server\n\n", gap_s=0))
        file = recording(tmp_path / "plain.sse.zst", Kept(url=upstream.http + "/v1/interactions"))
        got = self.replay(file, upstream, "--on-miss", "forward")
        assert got.stdout == Kept().data + b"data: from the server\n\n", got.stderr

    def test_recorded_it_is_in_a_file_of_its_own(
        self, file: Path, upstream: Upstream, tmp_path: Path
    ) -> None:
        new = tmp_path / "new.sse.zst"
        got = self.replay(file, upstream, "--on-miss", "record", "-o", new)
        assert got.stdout.endswith(b"data: from the server\n\n")
        with Recording.open(str(new)) as recorded:
            assert [exchange.body() for exchange in recorded.exchanges] == [b"data: from the server\n\n"]
        again = self.replay(file, upstream, "--on-miss", "record", "-o", new)
        assert b"exists already: choose another name, or overwrite it" in again.stderr
        assert (
            self.replay(file, upstream, "--on-miss", "record", "-o", new, "--overwrite").stderr == got.stderr
        )
        both = sserec(
            "replay", file, new, "--env", "GOOGLE_GEMINI_BASE_URL", "--", "sh", "-c", ASK, body=b"{}"
        )
        assert both.stdout == b"data: from the server\n\n"

    def test_a_url_that_is_none_goes_nowhere(self, file: Path) -> None:
        ask = "curl -s $URL --request-target 'http://x:y/'"
        got = sserec("replay", file, "--env", "URL", "--on-miss", "forward", "--", "sh", "-c", ask)
        assert got.stdout.startswith(b"sserec: http://x:y/ is no URL: ")
        assert b"goes to" not in got.stderr

    def test_a_server_that_is_not_there_is_a_502(self, tmp_path: Path) -> None:
        file = recording(tmp_path / "x.sse.zst", Kept(url="https://127.0.0.1:1/v1/interactions"))
        new = tmp_path / "new.sse.zst"
        options = ("--env", "GOOGLE_GEMINI_BASE_URL", "--on-miss", "record", "-o", new)
        got = sserec("replay", file, *options, "--", "sh", "-c", ASK, body=b"{}")
        assert got.stdout.startswith(b"sserec: https://127.0.0.1:1/v1/interactions cannot be reached")
        with Recording.open(str(new)) as recorded:
            assert [exchange.ending for exchange in recorded.exchanges] == [Ending.NOT_CONNECTED]

    def test_a_file_to_record_to_goes_with_recording(self, file: Path) -> None:
        assert sserec("replay", file, "-o", "x", "--", "true").returncode == FAULT
        assert sserec("replay", file, "--on-miss", "record", "--", "true").returncode == FAULT
