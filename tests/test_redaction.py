"""A recording that is given away holds nothing of its secrets, and is otherwise the recording that it was."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import zstandard
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from archive_support import SCENARIOS
from secret_support import JSON, PLANTED, PRIVATE_KEY, event, everywhere, recorded, told
from sserec.archive import ArchiveReader, ArchiveWriter, Mark, Meta, save_marks, verify
from sserec.credentials.readings import readings
from sserec.errors import ArchiveError, DamagedArchive
from sserec.recording import Recording
from sserec.records import Chunk
from sserec.redaction import Wanted, redact
from sserec.redaction.arguments import Arguments
from sserec.redaction.masking import masked
from sserec.redaction.secrets import patched
from sserec.redaction.streams import Events, Whole, reworded
from sserec.redaction.wording import Wording
from sserec.scan import OPTIONAL, Rules, scan

SAMPLES = Path(__file__).parent.parent / "samples"
GOOGLE = PLANTED["google-api-key"]
EVERYTHING = Wanted(Rules(frozenset(OPTIONAL)), prompts=True, answers=True)
FRAME = b"\x28\xb5\x2f\xfd"


def sserec(*arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "sserec", *arguments], capture_output=True, check=False)


def frames(path: Path) -> Iterator[bytes]:
    """Everything that stands in a file: its bytes, and what each Zstandard frame in it decodes to, nested or not."""
    data = path.read_bytes()
    yield data
    at = data.find(FRAME)
    while at >= 0:
        yield zstandard.ZstdDecompressor().decompressobj().decompress(data[at:])
        at = data.find(FRAME, at + 1)


def left_of(secret: str, path: Path) -> list[str]:
    """The parts of a secret, eight characters long, that somebody could read in a file in whatever layer."""
    text = "\0".join(reading.text for part in frames(path) for reading in readings(part))
    lines = (line for line in secret.splitlines() if not line.startswith("-----"))
    parts = (line[at : at + 8] for line in lines for at in range(4, len(line) - 7))
    return [part for part in parts if part in text]


def shape(path: Path) -> list[tuple[object, ...]]:
    """What must not change: sizes, times, ends, events."""
    with Recording.open(str(path)) as recording:
        return [
            (
                exchange.number,
                [(chunk.t_ns, chunk.offset, len(chunk.data)) for chunk in exchange.chunks()],
                [
                    (found.number, found.t_ns, found.event.type, len(found.event.data))
                    for found in exchange.events()
                ],
                exchange.ending,
                len(exchange.record.request_body()),
                exchange.record.t_open_ns,
                exchange.record.t_sent_ns,
                exchange.record.traffic(),
            )
            for exchange in recording.exchanges
        ]


@pytest.mark.parametrize("rule", PLANTED)
def test_a_secret_that_stands_everywhere_is_left_nowhere(rule: str, tmp_path: Path) -> None:
    path, out = everywhere(tmp_path / "a.sse.zst", PLANTED[rule]), tmp_path / "b.sse.zst"
    before = path.read_bytes()
    assert len(left_of(PLANTED[rule], path)) > 5, "the test itself would find it"
    replaced = redact(path, out, Wanted())
    assert replaced.secrets[rule] > 5
    assert path.read_bytes() == before
    assert left_of(PLANTED[rule], out) == []
    assert shape(out) == shape(path)
    assert verify(out).code == 0
    with Recording.open(str(out)) as recording:
        assert scan(recording, Rules()).is_clean
        assert [mark.event for mark in recording.marks] == [1]
        assert recording.archive
        assert recording.archive.notes[0][1] == {"text": "look at [REDACTED]"}
    assert out.stat().st_mode & 0o077 == 0


WRAPPINGS: list[Callable[[str], str]] = [
    lambda text: text,
    json.dumps,
    lambda text: json.dumps(json.dumps(text)),
    lambda text: json.dumps(json.dumps({"arguments": json.dumps([text])})),
    lambda text: '"' + "".join(f"\\u{ord(letter):04x}" for letter in text) + '"',
    lambda text: "https://h/?x=" + "".join(f"%{ord(letter):02X}" for letter in text),
    lambda text: json.dumps({"a\nb": ["é✓😀", text]}),
]


@settings(max_examples=60, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(
    secret=st.sampled_from([*PLANTED.values(), PRIVATE_KEY]),
    wrap=st.sampled_from(WRAPPINGS),
    before=st.text(max_size=20),
    size=st.integers(1, 40),
    cuts=st.lists(st.integers(0, 10_000), max_size=30),
)
def test_nothing_of_a_secret_is_left_however_it_was_written_said_and_cut(
    tmp_path_factory: pytest.TempPathFactory,
    secret: str,
    wrap: Callable[[str], str],
    before: str,
    size: int,
    cuts: list[int],
) -> None:
    folder = tmp_path_factory.mktemp("redact")
    text = f"{before} {wrap(f' {secret} ')} ."
    whole = event({"delta": {"text": text}, "index": 0})
    answer = whole + told(*(secret[at : at + size] for at in range(0, len(secret), size)), ".")
    asked = json.dumps({"input": text}).encode()
    path = recorded(folder / "a.sse.zst", answer, cuts=tuple(cuts), asked=asked)
    redact(path, folder / "b.sse.zst", Wanted())
    assert left_of(secret, folder / "b.sse.zst") == []
    assert shape(folder / "b.sse.zst") == shape(path)
    assert verify(folder / "b.sse.zst").code == 0
    with Recording.open(str(folder / "b.sse.zst")) as recording:
        (exchange,) = recording.exchanges
        said = "".join(
            json.loads(found.event.data)["delta"]["text"]
            for found in exchange.events()
            if found.event.type == "step.delta"
        )
        assert len(said.encode()) == len((text + secret + ".").encode()), "valid, and as long as it was"
        json.loads(exchange.record.request_body())


@pytest.mark.parametrize(
    "rule", ["(?s).*", "text/event-stream", "content-type", "(?s)^event: .*", "data: ", "\n"]
)
@pytest.mark.parametrize("name", ["broken-in-the-middle", "text"])
def test_whatever_a_rule_of_ones_own_replaces_the_new_file_is_whole(
    rule: str, name: str, tmp_path: Path
) -> None:
    """What was a stream of events may be none afterwards: nothing that is kept beside the body may say so still."""
    out = tmp_path / "clean.sse.zst"
    redact(SAMPLES / f"{name}.sse.zst", out, Wanted(Rules.chosen([f"x={rule}"], [])))
    assert verify(out).code == 0
    with Recording.open(str(out)) as recording:
        assert recording.exchanges[0].record.body_size_bytes > 1000


EXPORTS = ("interaction", "steps", "events", "text", "markdown", "html", "har", "asciicast", "otlp", "curl")


@pytest.mark.parametrize("name", [*EXPORTS, "python", "js"])
def test_no_export_repeats_what_was_replaced(name: str, tmp_path: Path) -> None:
    secret = PLANTED["google-api-key"]
    asked = json.dumps({"model": "m", "input": f"it is {secret}", "stream": True, "api_key": secret}).encode()
    kept = [recorded(tmp_path / "a.sse.zst", told("it is ", secret[:9], secret[9:], "."), asked=asked)]
    kept += [everywhere(tmp_path / "b.sse.zst", secret)] if name in EXPORTS else []
    for path in kept:
        clean = path.with_name(f"clean-{path.name}")
        redact(path, clean, Wanted())
        shown = sserec("export", "--format", name, clean)
        assert shown.stdout, shown.stderr
        assert secret[4:].encode() not in shown.stdout + shown.stderr


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.sse.zst")), ids=lambda path: path.name)
def test_a_sample_without_its_words_folds_into_the_same_steps(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "b.sse.zst"
    redact(path, out, EVERYTHING)
    assert shape(out) == shape(path)
    assert verify(out).code == 0
    with Recording.open(str(path)) as first, Recording.open(str(out)) as second:
        for before, after in zip(first.exchanges, second.exchanges, strict=True):
            one, other = before.assembly(), after.assembly()
            assert skeleton(one.interaction) == skeleton(other.interaction)
            assert [found.id for found in one.diagnostics] == [found.id for found in other.diagnostics]
            assert [mark.t_ns for mark in before.marks] == [mark.t_ns for mark in after.marks]


KEPT = (
    "id",
    "call_id",
    "type",
    "status",
    "usage",
    "model",
    "name",
    "created",
    "start_index",
    "end_index",
    "error",
)


def skeleton(value: object, name: str = "") -> object:
    """A JSON value with the size of its texts in place of them."""
    if name in KEPT:
        return value
    if isinstance(value, dict):
        return {key: skeleton(member, key) for key, member in value.items()}
    if isinstance(value, list):
        return [skeleton(item) for item in value]
    return len(value.encode()) if isinstance(value, str) else type(value)


WORDS = ("Reykjav", "celsius", "light rain", "coat", "What is the weather", "Get the", "current weather")


def test_what_was_asked_and_answered_is_gone_and_what_belongs_together_still_does(tmp_path: Path) -> None:
    path, out = SAMPLES / "function-calling.sse.zst", tmp_path / "b.sse.zst"
    before = [word for word in WORDS if any(word.encode() in part for part in frames(path))]
    assert len(before) > 3
    redact(path, out, EVERYTHING)
    after = [word for word in before if any(word.encode() in part for part in frames(out))]
    assert after in ([], ["celsius"]), "names of members are kept"
    with Recording.open(str(out)) as recording:
        first, second = recording.exchanges
        interaction = first.assembly().interaction
        assert interaction
        call = interaction["steps"][1]
        assert call["arguments"].keys() == {"location", "unit"}
        asked = json.loads(second.record.request_body())
        assert asked["input"][0]["call_id"] == call["id"] == "un6k8t18"
        assert asked["previous_interaction_id"] == "v1_call"
        assert recording.meta
        assert recording.meta.command == ("sh", "-c", "[REDACTED]")
        assert recording.meta.attributes["redacted"] == "secrets, prompts, answers"


def test_prompts_alone_leave_the_answers_and_answers_the_prompts(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.sse.zst", told("An answer."), asked=b'{"input": "A question?"}')
    redact(path, tmp_path / "p.sse.zst", Wanted(prompts=True))
    redact(path, tmp_path / "q.sse.zst", Wanted(answers=True))
    with Recording.open(str(tmp_path / "p.sse.zst")) as recording:
        assert b"An answer." in recording.exchanges[0].body()
        assert recording.exchanges[0].record.request_body() == b'{"input": "redacted re"}'
    with Recording.open(str(tmp_path / "q.sse.zst")) as recording:
        assert b"An answer." not in recording.exchanges[0].body()
        assert recording.exchanges[0].record.request_body() == b'{"input": "A question?"}'


def test_request_bodies_can_be_left_out(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.sse.zst", told("x"), asked=b'{"input": "A question?"}')
    redact(path, tmp_path / "b.sse.zst", Wanted(drops_request_bodies=True))
    with Recording.open(str(tmp_path / "b.sse.zst")) as recording:
        assert recording.exchanges[0].record.request_body() == b""
        assert recording.exchanges[0].body() == told("x")


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_what_has_no_secret_keeps_every_byte_and_every_fact(scenario: str, tmp_path: Path) -> None:
    path, out = tmp_path / "a.sse.zst", tmp_path / "b.sse.zst"
    SCENARIOS[scenario](path)
    redact(path, out, Wanted())
    with ArchiveReader.open(path) as first, ArchiveReader.open(out) as second:
        for number in first.numbers:
            assert first.body(number) == second.body(number)
            assert first.exchange(number).request == second.exchange(number).request
            assert first.exchange(number).response == second.exchange(number).response
            assert first.exchange(number).connection == second.exchange(number).connection
            assert first.exchange(number).close == second.exchange(number).close
            assert list(first.chunks(number)) == list(second.chunks(number))
        assert first.notes == second.notes
        assert first.meta.command == second.meta.command
        assert first.file_id != second.file_id


def test_the_same_file_gives_the_same_bytes_and_a_second_time_nothing_more(tmp_path: Path) -> None:
    path = everywhere(tmp_path / "a.sse.zst", GOOGLE)
    one, two, three = (tmp_path / f"{name}.sse.zst" for name in "123")
    redact(path, one, EVERYTHING)
    redact(path, two, EVERYTHING)
    assert one.read_bytes() == two.read_bytes()
    replaced = redact(one, three, EVERYTHING)
    assert not replaced.secrets
    with Recording.open(str(one)) as first, Recording.open(str(three)) as second:
        assert first.exchanges[0].body() == second.exchanges[0].body()


def test_a_body_that_nobody_can_read_is_overwritten_with_a_word(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.sse.zst", told("x"), asked=b"\x1f\x8b\x08\x00compressed")
    replaced = redact(path, tmp_path / "b.sse.zst", Wanted())
    assert replaced.remarks == ["exchange 1: the request body is compressed (gzip): overwritten as a whole"]
    with Recording.open(str(tmp_path / "b.sse.zst")) as recording:
        assert recording.exchanges[0].record.request_body() == b"*" * 14


def test_plain_text_stays_plain_text(tmp_path: Path) -> None:
    path, out = tmp_path / "a.sse", tmp_path / "b.sse"
    path.write_bytes(told(f"it is {GOOGLE}"))
    redact(path, out, Wanted())
    assert out.read_bytes() == told("it is [REDACTED]" + "*" * (len(GOOGLE) - 10))
    redact(path, tmp_path / "c.sse", EVERYTHING)
    assert b"it is" not in (tmp_path / "c.sse").read_bytes()


def test_neither_the_recording_nor_another_file_is_overwritten_unasked(tmp_path: Path) -> None:
    for name, data in (("a.sse.zst", None), ("a.sse", told("x"))):
        path, out = tmp_path / name, tmp_path / f"out-{name}"
        if data is None:
            recorded(path, told("x"))
        else:
            path.write_bytes(data)
        before = path.read_bytes()
        out.write_bytes(b"precious")
        with pytest.raises(ArchiveError, match="exists already"):
            redact(path, out, Wanted())
        assert out.read_bytes() == b"precious"
        with pytest.raises(ArchiveError, match="the recording itself"):
            redact(path, path, Wanted(), overwrite=True)
        assert path.read_bytes() == before
        redact(path, out, Wanted(), overwrite=True)
        assert out.read_bytes() != b"precious"


def test_a_damaged_archive_is_repaired_first(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.sse.zst", told("x" * 3000))
    data = bytearray(path.read_bytes())
    data[30] ^= 0xFF
    path.write_bytes(bytes(data))
    with pytest.raises(DamagedArchive, match="sserec repair"):
        redact(path, tmp_path / "b.sse.zst", Wanted())
    assert not (tmp_path / "b.sse.zst").exists()


def test_marks_still_point_at_their_events(tmp_path: Path) -> None:
    answer = told("one", f"two {GOOGLE}", "three")
    path = recorded(tmp_path / "a.sse.zst", answer)
    save_marks(path, [Mark(1, answer.index(b"three"), "here"), Mark(1, 0, f"with {GOOGLE}")])
    redact(path, tmp_path / "b.sse.zst", EVERYTHING)
    with Recording.open(str(tmp_path / "b.sse.zst")) as recording:
        assert [(mark.event, mark.text) for mark in recording.marks] == [(1, "with [REDACTED]"), (5, "here")]


FREE_TEXT = st.text(alphabet='ab"\\{}[]:, \n1é✓😀/', max_size=12)
VALUES = st.recursive(
    FREE_TEXT | st.integers() | st.booleans() | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "text", "result"]), inner)
    ),
    max_leaves=8,
)


@given(VALUES, st.booleans(), st.booleans())
def test_json_stays_json_of_the_same_size_and_shape(value: object, ascii_only: bool, is_tool: bool) -> None:
    document = {"result": value} if is_tool else {"text": value}
    text = json.dumps(document, ensure_ascii=ascii_only).encode()
    clean = (
        Wording(answers=True, prompts=True, is_request=True).text(text.decode("latin-1")).encode("latin-1")
    )
    assert len(clean) == len(text)
    assert kinds(json.loads(clean)) == kinds(document)


def kinds(value: object) -> object:
    if isinstance(value, dict):
        return {name: kinds(member) for name, member in value.items()}
    return [kinds(item) for item in value] if isinstance(value, list) else type(value)


@given(VALUES, st.lists(st.integers(0, 200), max_size=6), st.booleans())
def test_arguments_in_fragments_stay_json_with_the_same_names(
    value: object, cuts: list[int], ascii_only: bool
) -> None:
    document = {"name of a member": value}
    text = json.dumps(document, ensure_ascii=ascii_only)
    borders = sorted({0, *(cut % (len(text) + 1) for cut in cuts), len(text)})
    arguments = Arguments()
    joined = ""
    for start, end in pairwise(borders):
        raw = json.dumps(text[start:end], ensure_ascii=False).encode().decode("latin-1")[1:-1]
        clean = arguments.feed(raw)
        assert len(clean) == len(raw)
        joined += json.loads(f'"{clean}"')
    assert kinds(json.loads(joined)) == kinds(document)


def test_of_arguments_nothing_but_names_is_left() -> None:
    text = '{"city": "Paris", "n": [42, -1.5e3, true, null], "x": {"y\\"z": "a\\u00e9\\nb"}}'
    raw = json.dumps(text)[1:-1]
    clean = json.loads(json.loads(f'"{Arguments().feed(raw)}"'))
    assert clean["n"] == [11, -1.1e1, True, None]
    assert clean.keys() == {"city", "n", "x"}
    assert clean["x"].keys() == {'y"z'}
    assert "Paris" not in json.dumps(clean)
    assert Arguments().feed("secret words 42") == "xxxxxx xxxxx 11"


STREAM = st.lists(
    st.sampled_from([
        b"data: ", b"data:", b"event: x", b"id: 7", b"retry: 5", b": note", b"{", b'"text": "', b"secret", b'"', b"}",
        b"\n", b"\r", b"\r\n", b"\n\n", b"\xc3\xa9", b"\\n", b"[DONE]", b"\xef\xbb\xbf",
    ]),
    max_size=40,
).map(b"".join)  # fmt: skip


@example(b"{secret", [])
@given(STREAM, st.lists(st.integers(0, 300), max_size=8))
def test_framing_stays_whatever_the_stream_and_its_cuts(data: bytes, cuts: list[int]) -> None:
    borders = sorted({0, *(cut % (len(data) + 1) for cut in cuts), len(data)})
    chunks = [Chunk(start, start, data[start:end]) for start, end in pairwise(borders)]
    for through in (Events, Whole):
        wording = Wording(answers=True, prompts=True, is_request=False)
        clean = list(reworded(chunks, through(wording)))
        assert [(chunk.t_ns, chunk.offset, len(chunk.data)) for chunk in clean] == [
            (chunk.t_ns, chunk.offset, len(chunk.data)) for chunk in chunks
        ]
    events = Events(Wording(answers=True, prompts=True, is_request=False))
    joined = b"".join(chunk.data for chunk in reworded(chunks, events))
    if not any(field in data for field in (b"event", b"id:", b"retry")):
        assert b"secret" not in joined
    assert [end for end in joined if end in b"\r\n"] == [end for end in data if end in b"\r\n"]


@given(
    st.binary(max_size=60),
    st.lists(st.integers(0, 60), max_size=5),
    st.integers(0, 60),
    st.binary(max_size=20),
)
def test_a_patch_is_laid_over_whatever_chunks_it_meets(
    data: bytes, cuts: list[int], at: int, new: bytes
) -> None:
    start = at % (len(data) + 1)
    new = new[: len(data) - start]
    borders = sorted({0, *(cut % (len(data) + 1) for cut in cuts), len(data)})
    chunks = [Chunk(0, one, data[one:two]) for one, two in pairwise(borders)]
    joined = b"".join(chunk.data for chunk in patched(chunks, [(start, new)] if new else []))
    assert joined == data[:start] + new + data[start + len(new) :]


@given(st.text(max_size=40))
def test_what_masks_a_text_is_as_long_valid_and_another(text: str) -> None:
    for data in (text.encode(), json.dumps(text).encode()):
        clean = masked(data)
        assert len(clean) == len(data)
        clean.decode()
    assert len(
        json.loads(b'"' + masked(json.dumps(text)[1:-1].encode()) + b'"').encode("utf-8", "surrogatepass")
    ) == len(text.encode("utf-8", "surrogatepass"))


def test_the_command_says_what_it_replaced(tmp_path: Path) -> None:
    path, out = (
        recorded(tmp_path / "a.sse.zst", told(f"it is {GOOGLE}", " and ann@mail.example")),
        tmp_path / "b.sse.zst",
    )
    done = sserec("redact", path, "-o", out)
    assert (done.returncode, done.stdout) == (0, b"")
    assert done.stderr.decode() == f"sserec: {out} written: 1 secret replaced (1 google-api-key)\n"
    again = sserec("redact", path, "-o", out)
    assert again.returncode == 2
    assert b"exists already" in again.stderr
    more = sserec("redact", "--overwrite", "--emails", path, "-o", out)
    assert b"2 secrets replaced" in more.stderr
    assert sserec("scan", "--emails", out).returncode == 0


def test_a_stream_of_another_api_loses_its_words_and_keeps_its_structure(tmp_path: Path) -> None:
    chunk = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "choices": [
            {
                "index": 0,
                "delta": {
                    "role": "assistant",
                    "content": "Hello Ann",
                    "tool_calls": [
                        {
                            "id": "call_1",
                            "type": "function",
                            "function": {"name": "f", "arguments": '{"a": "Ann"}'},
                        }
                    ],
                },
                "finish_reason": None,
            }
        ],
    }
    path = recorded(tmp_path / "a.sse.zst", event(chunk, "message"))
    redact(path, tmp_path / "b.sse.zst", EVERYTHING)
    with Recording.open(str(tmp_path / "b.sse.zst")) as recording:
        clean = json.loads(recording.exchanges[0].event(1).data)
    delta = clean["choices"][0]["delta"]
    assert (clean["id"], delta["role"], delta["content"]) == ("chatcmpl-1", "assistant", "redacted ")
    assert delta["tool_calls"][0]["id"] == "call_1"
    assert json.loads(delta["tool_calls"][0]["function"]["arguments"]) == {"a": "red"}


def test_a_password_without_a_shape_is_replaced_wherever_it_stands_again(tmp_path: Path) -> None:
    asked = b'{"password": "hunter2", "input": "Log me in."}'
    answer = told("You are in with hunter2, ", "or was it hun", "ter2?", "Not hunter3.")
    path = recorded(tmp_path / "a.sse.zst", answer, asked=asked)
    with Recording.open(str(path)) as recording:
        found = [(finding.rule, finding.part, finding.event) for finding in scan(recording, Rules()).findings]
    assert found == [
        ("secret-field", "request body", None),
        ("known-secret", "response body", 3),
        ("known-secret", "response body", 4),
    ]
    redact(path, tmp_path / "b.sse.zst", Wanted())
    with Recording.open(str(tmp_path / "b.sse.zst")) as recording:
        clean = recording.exchanges[0].body()
    assert b"hunter2" not in clean
    assert b'"or was it ***"' in clean
    assert b"Not hunter3." in clean


def test_an_error_keeps_its_words(tmp_path: Path) -> None:
    answer = b'{"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}'
    path = recorded(tmp_path / "a.sse.zst", answer, response=JSON)
    redact(path, tmp_path / "b.sse.zst", EVERYTHING)
    with Recording.open(str(tmp_path / "b.sse.zst")) as recording:
        assert recording.exchanges[0].body() == answer


def test_a_redacted_stream_still_folds(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.sse.zst", told("Your key: ", GOOGLE[:20], GOOGLE[20:], " - keep it."))
    redact(path, tmp_path / "b.sse.zst", Wanted())
    with Recording.open(str(tmp_path / "b.sse.zst")) as recording:
        interaction = recording.exchanges[0].assembly().interaction
    assert interaction
    text = interaction["steps"][0]["content"][0]["text"]
    assert text == "Your key: [REDACTED]**********[REDACTED]********* - keep it."


WORDS_OF_JSON = [
    "[", "[1,", '{"a":', '{"a":1,"b":', '"', "\\", '\\"', "\\u0041", "1", "true", "{x", '"arguments":"', "\n", "\r",
    "data: {", ": ", "%41", "\ndata: ",
]  # fmt: skip


@pytest.mark.parametrize("word", WORDS_OF_JSON)
def test_a_quarter_of_a_megabyte_of_anything_is_replaced_in_moments(word: str) -> None:
    """Whatever looks back at all that came before would need hours for one of these."""
    data = (word * (250_000 // len(word))).encode()
    for through in (Events, Whole):
        wording = Wording(answers=True, prompts=True, is_request=False)
        (clean,) = reworded([Chunk(0, 0, data)], through(wording))
        assert len(clean.data) == len(data)
    assert len(Arguments().feed(data.decode("latin-1"))) == len(data)


def test_a_note_that_is_nested_without_end_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "a.sse.zst"
    nested: object = GOOGLE
    for _ in range(200):
        nested = [nested]
    with ArchiveWriter(path, meta=Meta(anchor_unix_ns=0), file_id=1) as writer:
        writer.note(0, {"text": nested})
    redact(path, tmp_path / "b.sse.zst", Wanted())
    assert left_of(GOOGLE, tmp_path / "b.sse.zst") == []
