"""What a check sees between the bytes: line ends, characters, time, gaps, and how much of it is listed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from check_examples import BEGUN, EXAMPLES, GZIP, LIVELY, PAGE, PRETTY_ERROR, WHOLE, paced
from check_support import MS, S, Scene, Take, write
from interactions_support import DONE, block, completed, created, updated
from shared_data import SHARED, needs_shared
from sserec.archive import Problem, finalise
from sserec.check import Finding, Report, check
from sserec.check.findings import MAX_LISTED
from sserec.check.fold import STRAY_LINES
from sserec.check.resuming import REMEMBERED_IDS, Ids
from sserec.recording import Recording
from sserec.records import Chunk, Close, Request, Response, Severity, Unknown


@dataclass(frozen=True)
class Body:
    """An exchange in memory, cut into chunks at will, without heads or times."""

    pieces: Sequence[bytes]
    offsets: Sequence[int] | None = None
    """Where the pieces stand; one after the other unless given."""
    number: int = 1
    request: Request | None = None
    response: Response | None = None
    close: Close | None = None
    is_event_stream: bool = True
    is_live: bool = False
    is_timed: bool = False
    knows_end: bool = False
    unknown: frozenset[Unknown] = frozenset()
    opaque: None = None
    t_response_ns: None = None

    @property
    def record(self) -> "Body":
        return self

    @property
    def body_size_bytes(self) -> int:
        return sum(map(len, self.pieces))

    def request_body(self) -> bytes:
        return b""

    def chunks(self) -> Iterator[Chunk]:
        offsets = self.offsets or [0, *accumulate(map(len, self.pieces))]
        return (Chunk(0, offset, piece) for offset, piece in zip(offsets, self.pieces, strict=False))


@dataclass
class Bodies:
    exchanges: list[Body]
    problems: list[Problem] = field(default_factory=list)


def checked(*pieces: bytes, offsets: Sequence[int] | None = None) -> Report:
    return check(Bodies([Body(pieces, offsets)]))


def rules(report: Report) -> list[str]:
    return [finding.rule for finding in report.findings]


def cut_at(body: bytes, *places: int) -> list[bytes]:
    ends = sorted({place % (len(body) + 1) for place in places} | {len(body)})
    return [body[start:end] for start, end in zip([0, *ends], ends, strict=False)]


BODIES = [example.breaks for example in EXAMPLES.values() if isinstance(example.breaks, bytes)]


@pytest.mark.parametrize(
    "body", BODIES, ids=[rule for rule in EXAMPLES if isinstance(EXAMPLES[rule].breaks, bytes)]
)
def test_findings_do_not_depend_on_how_the_body_was_cut(body: bytes) -> None:
    whole = checked(body)
    assert checked(*(body[at : at + 1] for at in range(len(body)))) == whole
    assert checked(*cut_at(body, len(body) // 3, len(body) // 2)) == whole


FRAGMENTS = st.sampled_from(
    [
        *(WHOLE, BEGUN, PAGE, PRETTY_ERROR, DONE, created(), updated(), completed()),
        *(b"\r\n", b"\r", b"\n", b"data: \xe2\x9c", b"\x93\n\n", b"\xef\xbb\xbf", b"id: 1\n", b"event: x\n"),
        block(None, {"event_id": 1, "status": [], "usage": 5}),
    ]
)
KEYS = st.sampled_from(
    [
        "event_type",
        "event_id",
        "interaction",
        "status",
        "usage",
        "metadata",
        "total_usage",
        "id",
        "total_tokens",
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=8,
)


@given(
    st.lists(st.one_of(FRAGMENTS, st.binary(max_size=20)), max_size=8),
    st.lists(st.integers(0, 9999), max_size=5),
)
def test_no_garbage_raises_and_any_cut_gives_the_same_findings(
    fragments: list[bytes], places: list[int]
) -> None:
    body = b"".join(fragments)
    assert checked(*cut_at(body, *places)) == checked(body)


@given(VALUES)
def test_no_json_raises_wherever_its_keys_stand(value: object) -> None:
    payload = {"status": value, "interaction": value, "usage": value, "event_id": value, "metadata": value}
    checked(created(), block("interaction.completed", payload), block("x", payload))


@needs_shared
@pytest.mark.parametrize("path", sorted((SHARED / "streams").glob("*.sse")), ids=lambda path: path.name)
def test_a_real_stream_is_clean(path: Path) -> None:
    report = checked(path.read_bytes())
    assert report.is_clean
    assert set(rules(report)) <= {"status-incomplete"}


# Line ends and fields.


@pytest.mark.parametrize(
    "pieces", [(b": a\r", b"\n: b\r\n"), (b": a\r", b": b\r"), (b": a\n", b"\n", b": b\n")]
)
def test_a_line_end_that_is_cut_in_two_is_no_mixture(pieces: tuple[bytes, ...]) -> None:
    assert "mixed-line-ends" not in rules(checked(*pieces, b""))


@pytest.mark.parametrize(
    ("pieces", "offset"),
    [
        ((b": a\n: b\r", b"\n"), 7),
        ((b": a\r\n", b": b\n"), 8),
        ((b": a\r", b": b\r", b": c\n"), 11),
        ((b": a\n", b": b\r"), 7),
        ((b": a\n" * 9, b": b\r\n"), 39),
    ],
)
def test_mixed_line_ends_stand_at_the_first_that_differs(pieces: tuple[bytes, ...], offset: int) -> None:
    (finding,) = [each for each in checked(*pieces).findings if each.rule == "mixed-line-ends"]
    assert finding.offset == offset


def test_comments_retry_and_the_byte_order_mark_are_nothing_to_speak_of() -> None:
    assert not checked(b"\xef\xbb\xbf: hi\nretry: 5\n\n" + WHOLE).findings


@pytest.mark.parametrize("line", [b"Data: x", b"id: a\0b", b"retry: soon"])
def test_a_field_that_no_client_reads_is_shown(line: bytes) -> None:
    (finding,) = checked(line + b"\n" + WHOLE).findings
    assert finding.rule == "unknown-field"
    assert finding.message.startswith("a line that no client reads: " + line[:2].decode())


# Characters.


@pytest.mark.parametrize("character", ["é", "✓", "😀"])
def test_a_character_cut_by_a_chunk_is_no_finding_and_by_an_event_it_is(character: str) -> None:
    encoded = character.encode()
    for cut in range(1, len(encoded)):
        body = block("a", b'{"t":"' + encoded + b'"}')
        border = body.index(encoded) + cut
        assert "split-utf8" not in rules(checked(body[:border], body[border:]))
        apart = block("a", b'{"t":"' + encoded[:cut] + b'"}') + block("a", b'{"t":"' + encoded[cut:] + b'"}')
        (finding,) = [each for each in checked(apart).findings if each.rule == "split-utf8"]
        assert repr(character) in finding.message
        assert finding.event == 2


def test_a_character_cut_by_two_data_lines_is_found() -> None:
    assert "split-utf8" in rules(checked(b"data: \xe2\x9c\ndata: \x93\n\n"))


def test_halves_that_make_no_character_are_only_broken() -> None:
    halves = block("a", b'{"t":"\xe2\x9c"}') + block("a", b'{"t":"\x93\x93"}')
    assert "split-utf8" not in rules(checked(halves))
    assert "invalid-utf8" in rules(checked(halves))


# Time.


def told(directory: Path, take: Take, **options: int) -> list[str]:
    return rules(Scene((take,)).check(directory, **options))


def test_events_in_bursts_are_no_ones_fault_without_compression(tmp_path: Path) -> None:
    assert "held-back" not in told(tmp_path, Take(paced(LIVELY, 10, 500 * MS)))


def test_a_coded_stream_that_came_all_at_once_is_not_accused(tmp_path: Path) -> None:
    assert "held-back" not in told(tmp_path, Take(b"".join(LIVELY), headers=GZIP))


def test_a_coded_stream_that_came_all_at_once_after_a_while_was_held_back(tmp_path: Path) -> None:
    take = Take(((2 * S, b"".join(LIVELY)),), headers=GZIP)
    (finding,) = [each for each in Scene((take,)).check(tmp_path).findings if each.rule == "held-back"]
    assert finding.message == "gzip held events back: 30 of 30 events came in 1 burst of up to 30"
    assert (finding.event, finding.offset) == (1, 0)


def test_chunks_of_one_read_are_one_burst(tmp_path: Path) -> None:
    take = Take(tuple((2 * S, block) for block in LIVELY), headers=GZIP)
    (finding,) = [each for each in Scene((take,)).check(tmp_path).findings if each.rule == "held-back"]
    assert finding.message.endswith("in 1 burst of up to 30")


@pytest.mark.parametrize(("limit_ns", "stalls"), [(S - 1, 1), (S, 0)])
def test_a_stall_is_longer_than_the_limit(limit_ns: int, stalls: int, tmp_path: Path) -> None:
    take = Take(((3 * MS, BEGUN), (3 * MS + S, WHOLE)))
    assert told(tmp_path, take, stall_ns=limit_ns).count("stall") == stalls


def test_silence_after_the_final_event_is_no_stall(tmp_path: Path) -> None:
    assert "stall" not in told(tmp_path, Take(WHOLE), stall_ns=S)
    (tmp_path / "2").mkdir()
    assert "stall" in told(tmp_path / "2", Take(BEGUN), stall_ns=S)


# Damage.


def test_behind_a_gap_the_rest_of_the_torn_event_is_not_taken_for_one() -> None:
    first, torn, last = created(), updated("requires_action"), completed() + DONE
    report = checked(first, torn[40:] + last, offsets=(0, len(first) + 40))
    assert report.is_clean
    assert report.event_count == 3


def test_damage_is_told_before_what_follows_from_it(tmp_path: Path) -> None:
    report = Scene((Take(WHOLE),), damaged_at=-40).check(tmp_path)
    assert rules(report)[0] == "damaged-recording"


ARCHIVES = {
    rule: example.breaks
    for rule, example in EXAMPLES.items()
    if isinstance(example.breaks, Scene) and not example.breaks.is_live and example.breaks.damaged_at is None
}


@pytest.mark.parametrize("rule", ARCHIVES)
def test_a_finalised_archive_has_the_findings_of_its_journal(rule: str, tmp_path: Path) -> None:
    journal = ARCHIVES[rule].check(tmp_path)
    path = tmp_path / "checked.sse"
    finalise(path)
    with Recording.open(str(path)) as recording:
        assert recording.archive is not None
        assert recording.archive.state == "final"
        assert check(recording) == journal


def test_damage_to_a_body_that_is_no_stream_is_found_too(tmp_path: Path) -> None:
    page = Take(PAGE * 9, status=502, headers=(("content-type", "text/html"),))
    write(tmp_path / "page.sse.zst", page)
    finalise(tmp_path / "page.sse.zst")
    data = bytearray((tmp_path / "page.sse.zst").read_bytes())
    data[data.index(b"\x28\xb5\x2f\xfd") + 30] ^= 0xFF
    (tmp_path / "page.sse.zst").write_bytes(data)
    with Recording.open(str(tmp_path / "page.sse.zst")) as recording:
        report = check(recording)
    assert "damaged-recording" in rules(report)
    told_twice = [one for one in report.findings if one.message.startswith(f"exchange {one.exchange}")]
    assert not told_twice, "the place of a finding is no part of its words"


# Order and number.


def findings_of(report: Report, rule: str) -> list[Finding]:
    return [finding for finding in report.findings if finding.rule == rule]


def test_findings_stand_in_the_order_of_exchange_and_byte(tmp_path: Path) -> None:
    bad = Take(BEGUN + block("x", b"nonsense") + b"Data: x\n\n" + PAGE, status=500)
    report = Scene((bad, bad)).check(tmp_path)
    places = [(each.exchange, -1 if each.offset is None else each.offset) for each in report.findings]
    assert places == sorted(places)
    assert len({each.rule for each in report.findings}) > 4


def test_of_one_rule_only_so_many_findings_are_listed_and_the_rest_is_counted() -> None:
    report = checked(created() + block("x", b"nonsense") * 1000)
    listed = findings_of(report, "not-json")
    assert len(listed) == MAX_LISTED
    assert [finding.unlisted for finding in listed] == [0] * (MAX_LISTED - 1) + [1000 - MAX_LISTED]
    assert report.counted()[Severity.ERROR] == 1000 + len(findings_of(report, "no-terminal-event"))


def test_one_exchange_can_be_asked_for(tmp_path: Path) -> None:
    report = Scene((Take(BEGUN), Take(WHOLE))).check(tmp_path, number=2)
    assert report.is_clean
    assert report.exchange_count == 1


def test_ids_are_forgotten_before_they_fill_the_memory() -> None:
    ids = Ids()
    assert not any(ids.add(str(number)) for number in range(REMEMBERED_IDS + 1))
    assert ids.add(str(REMEMBERED_IDS))
    assert not ids.add("0")


def test_a_page_without_end_does_not_fill_the_memory_with_its_lines() -> None:
    report = checked(created() + b"<p>\n" * (STRAY_LINES + 1000))
    first, rest = findings_of(report, "stray-bytes")
    assert first.message.startswith(f"{4 * STRAY_LINES - 1:,} bytes that are no event: <p>")
    assert rest.message == "1,000 more lines that are no event"
    assert (rest.event, rest.offset) == (1, len(created()) + 4 * STRAY_LINES)
