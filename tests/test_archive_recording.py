"""Recording and finalising: what goes in comes out, by sserec and by zstd itself."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive_support import EVENT_STREAM, META, REQUEST, SCENARIOS, Model, close, open_writer
from sserec.archive import (
    ArchiveReader,
    ArchiveWriter,
    Direction,
    Flaw,
    Meta,
    Opaque,
    Traffic,
    finalise,
    pack,
    repair,
    verify,
)
from sserec.archive.format import MAX_RECORDS
from sserec.errors import ArchiveError, DamagedArchive, RecordingError
from sserec.records import Close, Closer, Connection, Manner

needs_zstd = pytest.mark.skipif(shutil.which("zstd") is None, reason="the zstd command is not here")


@pytest.fixture(params=["journal", "final"])
def full(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The recording that has everything, in either state."""
    path = tmp_path / "full.sse.zst"
    SCENARIOS["full"](path)
    if request.param == "final":
        finalise(path)
    return path


def test_an_exchange_is_read_as_it_was_recorded(full: Path) -> None:
    with ArchiveReader.open(full) as reader:
        first = reader.exchange(1)
        assert first.request == REQUEST
        assert first.response == EVENT_STREAM
        assert first.connection == Connection(1, "203.0.113.7:443", 1_100, 1_200, 1_300, "TLSv1.3", "h2")
        assert first.request_body() == b'{"stream":true}'
        assert (first.t_open_ns, first.t_sent_ns, first.t_response_ns) == (1_000, 1_400, 2_000)
        assert first.close == close(5_000)
        assert first.chunk_count == 6
        assert first.coded_size_bytes == 1 + 2 + 3 + 4 + 5 + 6
        assert first.body_size_bytes == len(reader.body(1))


def test_a_recording_keeps_its_meta_and_notes(full: Path) -> None:
    with ArchiveReader.open(full) as reader:
        assert reader.meta == META
        assert reader.notes == [(4_000, {"text": "here it hung"})]
        assert reader.problems == []


def test_chunks_keep_time_coded_size_and_kernel_time(full: Path) -> None:
    with ArchiveReader.open(full) as reader:
        chunks = list(reader.chunks(1))
        assert [chunk.t_ns for chunk in chunks] == [3_000, 3_100, 3_200, 3_300, 3_400, 3_500]
        assert [chunk.coded_size_bytes for chunk in chunks] == [1, 2, 3, 4, 5, 6]
        assert [chunk.t_kernel_ns for chunk in chunks] == [2_960, 3_060, 3_160, 3_260, 3_360, 3_460]
        assert b"".join(chunk.data for chunk in chunks) == reader.body(1)
        assert list(reader.chunks(1, 4)) == chunks[4:]
        assert {chunk.coded_size_bytes for chunk in reader.chunks(2)} == {None}


def test_a_failed_exchange_keeps_how_it_ended_and_its_trailers(full: Path) -> None:
    with ArchiveReader.open(full) as reader:
        assert reader.exchange(2).close == Close(
            5_100, Closer.UPSTREAM, Manner.RESET, False, "connection reset", (("x-trailer", "1"),)
        )


def test_of_an_opaque_connection_only_sizes_and_times_are_kept(full: Path) -> None:
    with ArchiveReader.open(full) as reader:
        opaque = reader.exchange(3)
        assert opaque.opaque == Opaque("example.org:443", "passthrough")
        assert opaque.request is None
        assert opaque.traffic() == (
            Traffic(4_200, Direction.SENT, 517),
            Traffic(4_300, Direction.RECEIVED, 1_400),
        )


def test_exchanges_are_a_sequence_in_the_order_of_their_numbers(full: Path) -> None:
    with ArchiveReader.open(full) as reader:
        assert [exchange.number for exchange in reader.exchanges] == [1, 2, 3]
        assert reader.exchanges[-1] == reader.exchange(3)
        assert reader.exchanges[:2] == [reader.exchange(1), reader.exchange(2)]
        with pytest.raises(KeyError):
            reader.exchange(4)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_finalising_changes_nothing_that_is_read(scenario: str, tmp_path: Path) -> None:
    path = tmp_path / "a.sse.zst"
    SCENARIOS[scenario](path)
    before = Model.of(path)
    finalise(path)
    after = Model.of(path)
    assert after == before
    with ArchiveReader.open(path) as reader:
        assert reader.state == "final"
        assert reader.is_indexed


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_finalising_gives_the_same_bytes_whenever_it_is_done(scenario: str, tmp_path: Path) -> None:
    first, second = tmp_path / "a.sse.zst", tmp_path / "b.sse.zst"
    for path in (first, second):
        SCENARIOS[scenario](path)
        finalise(path)
    final = first.read_bytes()
    assert second.read_bytes() == final
    finalise(first)
    pack(second)
    assert first.read_bytes() == second.read_bytes() == final


@needs_zstd
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_zstd_prints_exactly_the_bodies_in_the_order_of_the_exchanges(scenario: str, tmp_path: Path) -> None:
    path = tmp_path / "a.sse.zst"
    SCENARIOS[scenario](path)
    finalise(path)
    printed = subprocess.run(["zstd", "-dc", path], check=True, capture_output=True).stdout
    with ArchiveReader.open(path) as reader:
        assert printed == b"".join(map(reader.body, reader.numbers))
    assert path.read_bytes().startswith(b"\x28\xb5\x2f\xfd")


@needs_zstd
def test_zstd_prints_the_chunks_of_a_journal_as_they_arrived(tmp_path: Path) -> None:
    path = tmp_path / "a.sse.zst"
    SCENARIOS["full"](path)
    printed = subprocess.run(["zstd", "-dc", path], check=True, capture_output=True).stdout
    with ArchiveReader.open(path) as reader:
        assert len(printed) == sum(len(reader.body(number)) for number in reader.numbers)
        assert printed.startswith(next(reader.chunks(1)).data + next(reader.chunks(2)).data)


def test_only_the_owner_may_read_before_and_after_finalising(tmp_path: Path) -> None:
    path = tmp_path / "a.sse.zst"
    SCENARIOS["minimal"](path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    finalise(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_is_there_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a.sse.zst"
    path.write_bytes(b"mine")
    with pytest.raises(RecordingError, match="exists already"):
        ArchiveWriter(path, meta=META)
    recording = tmp_path / "b.sse.zst"
    SCENARIOS["minimal"](recording)
    with pytest.raises(ArchiveError, match="exists already"):
        pack(recording, path)
    with pytest.raises(ArchiveError, match="exists already"):
        repair(recording, path)
    assert path.read_bytes() == b"mine"


def test_what_no_file_can_say_of_itself_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="a head cannot be written as JSON: "):
        ArchiveWriter(tmp_path / "a.sse.zst", meta=Meta(anchor_unix_ns=1 << 64))
    assert list(tmp_path.iterdir()) == []


def test_a_growing_file_is_live_and_is_read_on_from_where_the_last_look_ended(tmp_path: Path) -> None:
    path = tmp_path / "a.sse.zst"
    with open_writer(path) as writer, ArchiveReader.open(path) as reader:
        assert reader.live
        assert len(reader.exchanges) == 0
        assert not reader.refresh()
        exchange = writer.open_exchange(REQUEST, 0)
        writer.response(exchange, EVENT_STREAM, 0)
        writer.chunk(exchange, b"data: a\n\ndata:", 1)
        assert reader.refresh()
        table = reader.event_table(exchange)
        assert list(table.end) == [9]
        writer.chunk(exchange, b" b\n\n", 2)
        assert reader.refresh()
        assert reader.body(exchange) == b"data: a\n\ndata: b\n\n"
        assert list(reader.event_table(exchange).t_ns) == [1, 2]
        with pytest.raises(ArchiveError, match="is being recorded"):
            finalise(path)
        writer.close_exchange(exchange, close(3))
        writer.close()
        assert reader.refresh()
        assert not reader.live
        finalise(path)
        assert reader.refresh()
        assert reader.state == "final"
        assert list(reader.event_table(exchange).t_ns) == [1, 2]


def test_what_is_pending_is_committed_by_the_timer(tmp_path: Path) -> None:
    path = tmp_path / "a.sse.zst"
    with ArchiveWriter(path, meta=META, flush_ms=1) as writer, ArchiveReader.open(path) as reader:
        exchange = writer.open_exchange(REQUEST, 0)
        writer.chunk(exchange, b"now", 0)
        writer.chunk(exchange, b"later", 0)
        while not reader.refresh() or not reader.exchanges or len(reader.chunk_table(exchange)) < 2:
            pass
        assert reader.body(exchange) == b"nowlater"


def test_without_a_timer_what_is_told_is_committed_when_that_is_said_or_is_much(tmp_path: Path) -> None:
    path = tmp_path / "a.sse.zst"
    with ArchiveWriter(path, meta=META, flush_ms=None) as writer, ArchiveReader.open(path) as reader:
        begun = writer.size_bytes
        exchange = writer.open_exchange(REQUEST, 0)
        writer.response(exchange, EVENT_STREAM, 0)
        writer.chunk(exchange, b"all of it", 0)
        writer.close_exchange(exchange, close(1))
        assert writer.size_bytes == begun
        writer.flush()
        told = writer.size_bytes
        assert reader.refresh()
        assert reader.body(exchange) == b"all of it"
        assert reader.exchange(exchange).close is not None
        while writer.size_bytes == told:
            exchange = writer.open_exchange(REQUEST, 2)
        assert 100 < exchange <= 1025


def test_a_time_that_goes_back_is_kept_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.sse.zst"
    with open_writer(path) as writer:
        exchange = writer.open_exchange(REQUEST, 0)
        for t_ns in (100, 50, 50, 60):
            writer.chunk(exchange, b"x", t_ns)
        writer.close_exchange(exchange, close(100))
    finalise(path)
    with ArchiveReader.open(path) as reader:
        assert list(reader.chunk_table(exchange).t_ns) == [100, 50, 50, 60]


def test_a_chunk_of_many_megabytes_is_kept_in_several_with_the_same_time(tmp_path: Path) -> None:
    path = tmp_path / "a.sse.zst"
    data = os.urandom(5 << 20)
    with open_writer(path) as writer:
        exchange = writer.open_exchange(REQUEST, 0)
        writer.request_body(exchange, data)
        writer.chunk(exchange, data, 7, coded_size_bytes=123)
        writer.close_exchange(exchange, close(8))
    finalise(path)
    with ArchiveReader.open(path) as reader:
        assert reader.body(exchange) == data
        assert reader.exchange(exchange).request_body() == data
        assert set(reader.chunk_table(exchange).t_ns) == {7}
        assert sum(chunk.coded_size_bytes or 0 for chunk in reader.chunks(exchange)) == 123
    assert verify(path).code == 0


@pytest.mark.parametrize(("size_bytes", "level"), [(400 << 10, 19), (600 << 10, 9)])
def test_a_large_upload_is_finalised_quickly_like_a_large_answer(
    size_bytes: int, level: int, tmp_path: Path
) -> None:
    path = tmp_path / "a.sse.zst"
    with open_writer(path) as writer:
        exchange = writer.open_exchange(REQUEST, 0)
        writer.request_body(exchange, random.Random(1).randbytes(size_bytes))
        writer.close_exchange(exchange, close(1))
    finalise(path)
    with ArchiveReader.open(path) as reader:
        assert reader.meta_json["level"] == level


_FULL_DISK = """
import resource, signal, sys
sys.path.insert(0, {tests!r})
from archive_support import EVENT_STREAM, REQUEST, close, open_writer
from pathlib import Path
from sserec.errors import RecordingError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
writer = open_writer(Path({path!r}))
exchange = writer.open_exchange(REQUEST, 0)
size = writer.size_bytes
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 1000, -1))
acknowledged = 0
t_ns = 0
try:
    while True:
        t_ns += 1
        writer.chunk(exchange, b"data: %06d\\n\\n" % t_ns, t_ns)
        acknowledged += 1
except RecordingError as error:
    assert "were not recorded" in str(error), error
resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))
if {goes_on}:
    writer.chunk(exchange, b"data: after\\n\\n", t_ns + 1)
writer.close_exchange(exchange, close(t_ns + 2))
writer.close()
print(acknowledged)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limits on the size of files")
@pytest.mark.parametrize("goes_on", [True, False], ids=["and room again", "until the end"])
def test_a_full_disk_costs_the_commit_that_failed_and_nothing_else(goes_on: bool, tmp_path: Path) -> None:
    path = tmp_path / "a.sse.zst"
    script = _FULL_DISK.format(tests=str(Path(__file__).parent), path=str(path), goes_on=goes_on)
    result = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    acknowledged = int(result.stdout)
    assert acknowledged > 3
    expected = [b"data: %06d\n\n" % number for number in range(1, acknowledged + 1)]
    for _ in ("journal", "final"):
        with ArchiveReader.open(path) as reader:
            chunks = [chunk.data for chunk in reader.chunks(1)]
            assert chunks == expected + [b"data: after\n\n"] * goes_on
            assert [gap.end - gap.start for gap in reader.gaps(1)] == [14]
            assert {problem.flaw for problem in reader.problems} == {Flaw.GAP}
            size = reader.exchange(1).body_size_bytes
            for end in (None, size, size + 5):
                with pytest.raises(DamagedArchive, match="damaged at byte"):
                    reader.body(1, 0, end)
        verdict = verify(path)
        assert (verdict.code, [problem.flaw for problem in verdict.problems]) == (1, [Flaw.GAP])
        finalise(path)


_FULL_DISK_WHILE_SENDING = """
import os, resource, signal, sys
sys.path.insert(0, {tests!r})
from archive_support import REQUEST, close, open_writer
from pathlib import Path
from sserec.errors import RecordingError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
writer = open_writer(Path({path!r}))
exchange = writer.open_exchange(REQUEST, 0)
writer.request_body(exchange, b"kept")
resource.setrlimit(resource.RLIMIT_FSIZE, (writer.size_bytes, -1))
try:
    writer.request_body(exchange, os.urandom(5000))
except RecordingError as error:
    print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))
writer.request_body(exchange, b"after")
writer.close_exchange(exchange, close(1))
writer.close()
print(writer.lost_bytes)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limits on the size of files")
def test_a_request_body_that_met_a_full_disk_is_counted_and_ends_there(tmp_path: Path) -> None:
    path = tmp_path / "a.sse.zst"
    script = _FULL_DISK_WHILE_SENDING.format(tests=str(Path(__file__).parent), path=str(path))
    result = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    error, lost_bytes = result.stdout.splitlines()
    assert error.endswith("File too large; 5,000 bytes were not recorded")
    assert int(lost_bytes) == 5000 + len(b"after")
    with ArchiveReader.open(path) as reader:
        assert reader.exchange(1).request_body() == b"kept"
        end = reader.exchange(1).close
        assert end
        assert end.lost_request_bytes == 5000 + len(b"after")


_FULL_DISK_FOR_LONG = """
import resource, signal, sys
sys.path.insert(0, {tests!r})
from archive_support import META, REQUEST, close
from pathlib import Path
from sserec.archive import ArchiveWriter
from sserec.errors import RecordingError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
writer = ArchiveWriter(Path({path!r}), meta=META, flush_ms=None)
resource.setrlimit(resource.RLIMIT_FSIZE, (writer.size_bytes, -1))
for number in range({exchanges}):
    exchange = writer.open_exchange(REQUEST, number)
    try:
        writer.close_exchange(exchange, close(number))
    except RecordingError:
        pass
resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))
writer.close()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limits on the size of files")
def test_heads_that_waited_long_for_room_on_the_disk_are_more_than_one_block_may_hold(tmp_path: Path) -> None:
    path, exchanges = tmp_path / "a.sse.zst", MAX_RECORDS // 2 + 1
    tests = str(Path(__file__).parent)
    script = _FULL_DISK_FOR_LONG.format(tests=tests, path=str(path), exchanges=exchanges)
    subprocess.run([sys.executable, "-c", script], check=True)
    with ArchiveReader.open(path) as reader:
        assert reader.problems == []
        assert len(reader.numbers) == exchanges
        assert reader.exchange(exchanges).close == close(exchanges - 1)


_FINALISER = """
import os, resource, signal, sys
from sserec.archive import finalise
def die_at(event, _):
    if event == {deadly!r}:
        os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(die_at)
if {limit}:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
print("begun", flush=True)
finalise({path!r})
"""


def _finaliser(path: Path, limit: int = 0, deadly: str = "") -> subprocess.Popen[str]:
    """Finalises in a process that kills itself at an audit event."""
    script = _FINALISER.format(path=str(path), limit=limit, deadly=deadly)
    return subprocess.Popen([sys.executable, "-c", script], stdout=PIPE, stderr=PIPE, text=True)


@pytest.fixture(scope="module")
def large_journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal that takes a while to finalise."""
    path = tmp_path_factory.mktemp("large") / "a.sse.zst"
    with open_writer(path) as writer:
        exchange = writer.open_exchange(REQUEST, 0)
        for number in range(4_000):
            writer.chunk(exchange, os.urandom(60).hex().encode(), number)
        writer.close_exchange(exchange, close(4_000))
    return path


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_finalising_that_is_killed_leaves_the_journal_or_the_final_file(
    large_journal: Path, tmp_path: Path
) -> None:
    truth = Model.of(large_journal)
    rng = random.Random(6)
    for number in range(6):
        path = Path(shutil.copy(large_journal, tmp_path / f"{number}.sse.zst"))
        with _finaliser(path) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "begun\n"
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(rng.uniform(0, 0.15))
            process.kill()
        assert_whole_and_finalisable(path, truth)


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_finalising_that_is_killed_when_all_but_the_renaming_is_done_leaves_the_journal(
    large_journal: Path, tmp_path: Path
) -> None:
    path = Path(shutil.copy(large_journal, tmp_path / "a.sse.zst"))
    with _finaliser(path, deadly="os.rename") as process:
        process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert path.read_bytes() == large_journal.read_bytes()
    assert len(list(tmp_path.iterdir())) == 2, "what it had made so far is beside it"
    assert_whole_and_finalisable(path, Model.of(large_journal))


def assert_whole_and_finalisable(path: Path, truth: Model) -> None:
    assert Model.of(path) == truth
    assert verify(path).code == 0
    finalise(path)
    assert Model.of(path) == truth
    assert sorted(path.parent.glob(f"{path.name[0]}.*")) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="no limits on the size of files")
def test_a_disk_that_is_full_while_finalising_leaves_the_journal(large_journal: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(large_journal, tmp_path / "a.sse.zst"))
    before = path.read_bytes()
    with _finaliser(path, limit=100_000) as process:
        errors = process.communicate()[1]
    assert "ArchiveError" in errors
    assert "cannot be written" in errors
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    steps=st.lists(
        st.tuples(
            st.integers(1, 4),
            st.binary(max_size=60),
            st.integers(0, 5_000_000_000),
            st.none() | st.integers(0, 1000),
            st.none() | st.integers(0, 50_000),
        ),
        max_size=40,
    )
)
def test_any_sequence_of_chunks_comes_back_from_either_state(
    steps: list[tuple[int, bytes, int, int | None, int | None]], tmp_path: Path
) -> None:
    path = tmp_path / "a.sse.zst"
    path.unlink(missing_ok=True)
    expected: dict[int, list[tuple[int, bytes, int | None]]] = {number: [] for number in range(1, 5)}
    t_ns = 0
    with open_writer(path) as writer:
        for _ in expected:
            writer.open_exchange(REQUEST, 0)
        for number, data, step_ns, coded, lag_ns in steps:
            t_ns += step_ns
            kernel_ns = None if lag_ns is None else t_ns - lag_ns
            writer.chunk(number, data, t_ns, coded_size_bytes=coded, t_kernel_ns=kernel_ns)
            if data:
                expected[number].append((t_ns, data, kernel_ns))
        for number in expected:
            writer.close_exchange(number, close(t_ns))
    for state in ("journal", "final"):
        with ArchiveReader.open(path) as reader:
            assert reader.state == state
            for number, chunks in expected.items():
                read = [(chunk.t_ns, chunk.data, chunk.t_kernel_ns) for chunk in reader.chunks(number)]
                assert read == chunks
        assert verify(path).code == 0
        finalise(path)
