"""Keys where they once got past the search: none may be left by what makes a recording fit to be given away."""

import base64
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from secret_support import EVENT_STREAM, PLANTED, event, recorded, told
from sserec.archive import ArchiveWriter, Meta
from sserec.recording import Recording
from sserec.records import Request, Response
from sserec.redaction import Wanted, redact
from sserec.scan import Rules, scan
from sserec.scan.lines import MAX_LINE_BYTES, Lines
from sserec.scan.search import Secret

SSEREC = (sys.executable, "-m", "sserec")
KEY = PLANTED["google-api-key"]
CORE = KEY[4:]


def says(member: str) -> Callable[[str], bytes]:
    return lambda words: event({"index": 1, "delta": {member: words}, "event_type": "step.delta"})


def says_in_many_lines(words: str) -> bytes:
    lines = json.dumps({"candidates": [{"content": {"parts": [{"text": words}]}}]}, indent=1).split("\n")
    return "".join(f"data: {line}\n" for line in lines).encode() + b"\n"


def found_and_left(path: Path) -> tuple[set[str], bytes]:
    """What is found in a recording, and its bodies when it was redacted."""
    with Recording.open(str(path)) as recording:
        rules = {finding.rule for finding in scan(recording, Rules()).findings}
    redact(path, path.with_name("clean.sse.zst"), Wanted())
    with Recording.open(str(path.with_name("clean.sse.zst"))) as clean:
        return rules, b"".join(exchange.body() for exchange in clean.exchanges)


def texts(body: bytes) -> str:
    """Everything that the events say, one after another."""
    data = ("\n".join(lines(block)) for block in body.decode().split("\n\n"))
    return "".join(word for one in data if one.startswith("{") for word in words_of(json.loads(one)))


def lines(block: str) -> Iterator[str]:
    return (line.removeprefix("data: ") for line in block.split("\n") if line.startswith("data: "))


def words_of(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from words_of(part) if not isinstance(part, str) or part != "step.delta" else ()


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
@pytest.mark.parametrize(
    "written",
    [
        json.dumps({"path": ".env", "content": f"# keys\n{KEY}\n"}),
        json.dumps({"content": f"\t{KEY}"}),
        json.dumps({"body": json.dumps({"content": f"a\n{KEY}\n"})}),
        json.dumps({"path": f"C:\\temp\\keys\\{KEY} x"}),
        f"https://example.org/?q=%22{KEY}%22",
        "".join(f"%{ord(letter):02x}" for letter in KEY),
        f"it is C:\\keys\\{KEY}",
    ],
)
def test_what_a_call_writes_token_by_token_is_read_with_its_escapes_undone(
    written: str, size: int, tmp_path: Path
) -> None:
    """The clean stream is JSON still: once a ``%22`` in a fragment moved what was laid over it."""
    answer = b"".join(map(says("arguments"), pieces(written, size)))
    rules, clean = found_and_left(recorded(tmp_path / "a.sse.zst", answer))
    assert rules == {"google-api-key"}
    assert not remains(texts(clean))


@pytest.mark.parametrize("size", [1, 3, 7])
@pytest.mark.parametrize(
    "one_event",
    [
        says("result"),
        says("output"),
        says("stdout"),
        says("completion"),
        says("response"),
        says_in_many_lines,
    ],
)
def test_what_comes_in_fragments_is_put_together_whatever_its_member_is_called(
    one_event: Callable[[str], bytes], size: int, tmp_path: Path
) -> None:
    answer = b"".join(map(one_event, pieces(f"Your key: {KEY}.", size)))
    rules, clean = found_and_left(recorded(tmp_path / "a.sse.zst", answer))
    assert rules == {"google-api-key"}
    assert not remains(texts(clean))


def in_text(text: str) -> list[Secret]:
    return Rules().of_bytes(text.encode())


@pytest.mark.parametrize("size", [3, 7])
@pytest.mark.parametrize(
    ("media_type", "one_line", "ends"),
    [
        ("application/x-ndjson", '{"message": {"content": %s}, "done": false}\n', ("", '{"done": true}\n')),
        (
            "application/json",
            ' {"candidates": [{"content": {"parts": [{\n"text": %s}]}}]},\n',
            ("[\n", "{}]"),
        ),
        ("application/json", '{"text": %s}\n', ("\n", "")),
    ],
)
@pytest.mark.parametrize("chunk_size", [5, 1000])
def test_a_key_is_put_together_from_the_lines_of_a_stream_that_has_no_events(
    media_type: str, one_line: str, ends: tuple[str, str], size: int, chunk_size: int, tmp_path: Path
) -> None:
    """As Ollama streams, and Gemini without ``alt=sse``."""
    said = "".join(one_line % json.dumps(piece) for piece in pieces(f"Your key: {KEY}.", size))
    answer = (ends[0] + said + ends[1]).encode().rstrip(b"\n")
    response = Response(200, "OK", "HTTP/1.1", (("content-type", media_type),))
    path = recorded(
        tmp_path / "a.sse.zst", answer, cuts=tuple(range(0, len(answer), chunk_size)), response=response
    )
    rules, clean = found_and_left(path)
    assert rules == {"google-api-key"}
    assert not remains("".join(re.findall(r'"(?:content|text)": "(.*?)"', clean.decode())))


def test_choices_that_come_in_one_event_are_told_apart(tmp_path: Path) -> None:
    ones = [*pieces(KEY, 5)]
    choices = (
        [{"index": 0, "delta": {"content": one}}, {"index": 1, "delta": {"content": "x"}}] for one in ones
    )
    path = recorded(tmp_path / "a.sse.zst", b"".join(event({"choices": both}) for both in choices))
    rules, clean = found_and_left(path)
    assert rules == {"google-api-key"}
    assert not remains(clean.decode())


def test_a_hole_in_a_line_joins_nothing() -> None:
    lines = Lines()
    found = [*lines.feed(0, b"a\nb"), *lines.feed(10, b"c\nd\n"), *lines.rest()]
    assert found == [(b"a", 0, 1), (b"", 2, 11), (b"d", 12, 13), (b"", 14, 14)]


def test_a_line_without_end_costs_no_memory() -> None:
    lines = Lines()
    for place in range(0, 3 * MAX_LINE_BYTES, 65536):
        assert list(lines.feed(place, b"x" * 65536)) == []
    end = 3 * MAX_LINE_BYTES
    assert list(lines.feed(end, b"\nb\n")) == [(b"", 0, end), (b"b", end + 1, end + 2)]


ENCODED_FILES = {
    "a file of variables": f"MODEL=m\nGEMINI_API_KEY={KEY}\nPORT=80\n",
    "a key alone": KEY,
    "words of any script": f"der Schlüssel für den Tresor: {KEY} – bitte löschen",
    "a password by its name": "user: ann\ndb_password: a8Fh3kLq92LmZx7Q\n",
}


@pytest.mark.parametrize("name", ENCODED_FILES)
@pytest.mark.parametrize("around", ['{{"data": "{}"}}', "data:text/plain;base64,{}", "  token: {}\n"])
def test_text_in_base64_is_read(name: str, around: str) -> None:
    for padding in ("", "# ", "## "):
        coded = base64.b64encode((padding + ENCODED_FILES[name]).encode()).decode()
        text = around.format(coded)
        (found,) = in_text(text)
        assert text[: found.start].endswith(text[: text.index(coded)][-5:])
        assert text[found.start : found.end].rstrip("=") == coded.rstrip("=")


def test_a_picture_in_base64_is_none() -> None:
    picture = b"\x89PNG\r\n\x1a\n" + f"GEMINI_API_KEY={KEY}".encode() * 9
    assert not in_text(f'{{"data": "{base64.b64encode(picture).decode()}"}}')


def test_a_recording_that_goes_on_is_not_clean(tmp_path: Path) -> None:
    """Nobody knows what is still to come."""
    path = tmp_path / "a.sse.zst"
    with ArchiveWriter(path, meta=Meta(anchor_unix_ns=0), file_id=1, flush_ms=0) as writer:
        number = writer.open_exchange(Request("GET", "https://h/", "HTTP/1.1"), 0)
        writer.response(number, EVENT_STREAM, 1)
        writer.chunk(number, told("x"), 2)
        writer.flush()
        done = subprocess.run([*SSEREC, "scan", path], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"it is still being recorded" in done.stderr
    assert b"clean" not in done.stderr


def test_what_begins_with_a_letter_of_an_escape_is_no_key() -> None:
    line_end = "\\r8_" + "aB3dE5gH7jK9mN1pQ2sT"
    assert not in_text(line_end)
    assert [found.start for found in in_text(line_end[1:])] == [0]


def pieces(text: str, size: int) -> Iterator[str]:
    return (text[at : at + size] for at in range(0, len(text), size))


def remains(text: str) -> list[str]:
    """Every six letters of the key that are still there."""
    return [part for at in range(len(CORE) - 5) if (part := CORE[at : at + 6]) in text]


def test_the_search_for_what_remains_finds_a_key() -> None:
    assert remains(texts(told(KEY[:9], KEY[9:])))


@pytest.mark.parametrize(
    "line", ["api_key: {}", "openai_api_key: {}  # mine", "  token:  {}", "password: {}\r"]
)
def test_a_line_of_yaml_is_a_name_and_its_value(line: str, tmp_path: Path) -> None:
    """Keys of no known shape, in a file that a tool gave back."""
    nameless = KEY[4:]
    answer = told(f"model: x\n{line.format(nameless)}\nport: 80\n")
    rules, clean = found_and_left(recorded(tmp_path / "a.sse.zst", answer))
    assert rules == {"secret-field"}
    assert not remains(texts(clean))


def test_a_field_of_a_multipart_form_is_a_name_and_its_value() -> None:
    form = f'--x\r\nContent-Disposition: form-data; name="api_key"\r\n\r\n{CORE}\r\n--x--'
    assert [form[one.start : one.end] for one in in_text(form)] == [CORE]


@pytest.mark.parametrize(
    "text",
    [
        "Token: gpt-4o-2024-08-06 counts twice",
        "the key: gpt-4o-2024-08-06",
        "max_tokens: 4096",
        "token:a1b2c3d4e5f6g7h8",
    ],
)
def test_a_sentence_about_a_token_is_none(text: str) -> None:
    assert not in_text(text)


@pytest.mark.parametrize("word", ["token: ", "token:", "token: a,", "token: aaaaaaaa:"])
def test_lines_of_names_without_end_are_read_in_moments(word: str) -> None:
    assert not in_text(word * (400_000 // len(word)))


def test_what_could_not_be_read_is_not_clean(tmp_path: Path) -> None:
    """``sserec scan FILE && send FILE``: nobody knows what is in a damaged or a compressed body."""
    damaged, packed = tmp_path / "damaged.sse.zst", tmp_path / "packed.sse.zst"
    data = bytearray(recorded(damaged, told("x" * 500)).read_bytes())
    data[40] ^= 0xFF
    damaged.write_bytes(data)
    recorded(packed, told("x"), asked=b"\x1f\x8b\x08\x00compressed")
    for path in (damaged, packed):
        command = [sys.executable, "-m", "sserec", "scan", str(path)]
        done = subprocess.run(command, capture_output=True, check=False)
        assert (done.returncode, done.stdout) == (1, b"")
        assert done.stderr.count(b"\n") >= 2, "what it was is said"
        assert b": nothing found in what could be read, 1 exchange, " in done.stderr
        as_json = subprocess.run([*command, "--json"], capture_output=True, check=False)
        assert (as_json.returncode, json.loads(as_json.stdout)["clean"]) == (1, False)
