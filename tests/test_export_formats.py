"""The same interaction in other forms: steps, events, text, Markdown, files."""

import base64
import io
import os
import pty
import subprocess
import sys
import wave
from pathlib import Path

import orjson
import pytest

from export_support import Json, Told, archive, asked, exported, refused, sserec, unary
from interactions_support import DONE, completed, created, delta, interaction_of, said, start, stop, stream
from sserec.export import FORMATS, MEDIA, Options
from sserec.export.subject import OneExchange
from sserec.recording import Recording

SAMPLE_FILES = sorted(Path(__file__).parent.parent.glob("samples/*.sse.zst"))
PNG = b"\x89PNG\r\n\x1a\n and more"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "recorded.sse.zst"


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def output(*deltas: bytes) -> bytes:
    return stream(start(0, "model_output"), *deltas, stop(0))


def markdown(path: Path, *options: str) -> str:
    return sserec("export", path, "--format", "markdown", *options).stdout.decode()


def test_steps_are_the_interactions_steps(path: Path) -> None:
    body = output(delta(0, "text", text="a"))
    archive(path, Told(body, asked()))
    assert exported(path, "--format", "steps") == interaction_of(body)["steps"]
    assert exported(path, "--format", "steps", "--all") == [interaction_of(body)["steps"]]


def test_outputs_of_the_older_revision_are_its_steps(path: Path) -> None:
    outputs = [{"type": "text", "text": "a"}]
    archive(path, unary({"object": "interaction", "outputs": outputs}))
    assert exported(path, "--format", "steps") == outputs


def test_an_interaction_without_steps_has_an_empty_list_of_them(path: Path) -> None:
    archive(path, Told(created() + completed() + DONE, asked()))
    assert exported(path, "--format", "steps") == []


@pytest.mark.parametrize("sample", SAMPLE_FILES, ids=lambda path: path.name.partition(".")[0])
def test_events_are_those_of_the_events_command(sample: Path) -> None:
    listed = sserec("events", "--json", sample)
    assert sserec("export", "--format", "events", "--all", sample).stdout == listed.stdout


def test_events_of_another_api_are_events_too(path: Path) -> None:
    archive(path, Told(b"data: \xff\n\n", url="https://api.example/v1/chat"))
    line = orjson.loads(sserec("export", path, "--format", "events").stdout)
    assert (line["data"], line["data_b64"]) == ("\ufffd", b64(b"\xff"))


def test_a_cut_stream_of_another_api_is_a_finding(path: Path) -> None:
    archive(path, Told(b"data: 1\n\ndata:", url="https://api.example/v1/chat", is_cut=True))
    assert sserec("export", path, "--format", "events").returncode == 1


@pytest.mark.parametrize("format_", ["interaction", "steps", "events", "text", "markdown"])
def test_every_form_of_a_cut_stream_is_what_there_was_and_says_so(path: Path, format_: str) -> None:
    archive(
        path, Told(created() + start(0, "model_output") + delta(0, "text", text="half"), asked(), is_cut=True)
    )
    done = sserec("export", path, "--format", format_)
    assert done.returncode == 1
    assert b"half" in done.stdout
    assert (
        b"exchange 1, event 3: error: the stream ended after event 3 without interaction.completed"
        in done.stderr
    )


def test_text_is_what_a_person_would_have_read(path: Path) -> None:
    thought = (
        start(0, "thought") + delta(0, "thought_summary", content={"type": "text", "text": "hm"}) + stop(0)
    )
    said_ = (
        start(1, "model_output") + delta(1, "text", text="It is\n") + delta(1, "text", text="four.") + stop(1)
    )
    archive(path, Told(stream(thought, said_), asked()))
    assert sserec("export", path, "--format", "text").stdout == b"It is\nfour.\n"


def test_a_line_end_of_the_models_own_is_not_doubled(path: Path) -> None:
    archive(path, Told(output(delta(0, "text", text="four\n")), asked()))
    assert sserec("export", path, "--format", "text").stdout == b"four\n"


def test_texts_of_several_have_a_blank_line_between_and_those_without_are_left_out(path: Path) -> None:
    call = stream(start(0, "function_call", id="c", name="f", arguments={}), stop(0))
    one, two = (output(delta(0, "text", text=text)) for text in ("one", "two"))
    archive(path, Told(one, asked()), Told(call, asked()), Told(two, asked()))
    assert sserec("export", path, "--format", "text", "--all").stdout == b"one\n\ntwo\n"


EVIL = "a\x1b[2J\tb\r\n\x9b31mc"


def on_a_terminal(*arguments: str | Path) -> bytes:
    """What the command writes when its standard output is a terminal."""
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        with subprocess.Popen([sys.executable, "-m", "sserec", *arguments], stdout=theirs) as command:
            os.close(theirs)
            written = b""
            try:
                while data := terminal.read(65536):
                    written += data
            except OSError:  # EIO: the other end is closed, which is how a terminal says end (pty(7))
                pass
        assert command.returncode == 0
    return written.replace(b"\r\n", b"\n")


@pytest.mark.parametrize("format_", ["text", "markdown"])
def test_a_terminal_gets_nothing_that_it_would_act_on(path: Path, format_: str) -> None:
    archive(path, Told(output(delta(0, "text", text=EVIL)), asked()))
    shown = on_a_terminal("export", path, "--format", format_).decode()
    assert "a␛[2J\tb␍\n\ufffd31mc" in shown
    assert not any(character in shown for character in "\x1b\x9b")
    assert EVIL.encode() in sserec("export", path, "--format", format_).stdout


def test_a_file_gets_the_bytes(path: Path, tmp_path: Path) -> None:
    archive(path, Told(output(delta(0, "text", text=EVIL)), asked()))
    assert sserec("export", path, "--format", "text", "-o", tmp_path / "out.txt").stdout == b""
    assert (tmp_path / "out.txt").read_bytes() == EVIL.encode() + b"\n"


DOCUMENT = """\
# Interaction `v1_a`

`gemini-x` · `completed` · 1,204 tokens

## Input

How?

## Thought

**Setting up**

I count.

## Call: `get_weather`

```json
{
  "place": "Reykjavík"
}
```

## Call: `code_execution`

````python
print("```")
````

## Result: `code_execution` (failed)

```
4
```

## Result: `google_search`

```json
[
  {
    "search_suggestions": "<div>"
  }
]
```

## Result: `mcp_server_tool`

as text

## Answer

It **is** so.

Sources:

- `Volga`: `https://example.org/volga`
- `https://example.org/`

## `hologram_output`

```json
{
  "frame": 1,
  "type": "hologram_output"
}
```
"""


def test_markdown_has_a_section_for_everything_that_happened(path: Path) -> None:
    cited = [
        {"type": "url_citation", "url": "https://example.org/volga", "title": "Volga"},
        {"type": "url_citation", "url": "https://example.org/"},
        {"type": "url_citation", "url": "https://example.org/"},
        {"type": "word_info"},
    ]
    steps: list[Json] = [
        {"type": "thought", "summary": [{"type": "text", "text": "**Setting up**\n\nI count.\n\n\n"}]},
        {"type": "function_call", "id": "c1", "name": "get_weather", "arguments": {"place": "Reykjavík"}},
        {
            "type": "code_execution_call",
            "id": "c2",
            "arguments": {"code": 'print("```")\n', "language": "python"},
        },
        {"type": "code_execution_result", "call_id": "c2", "result": "4\n", "is_error": True},
        {"type": "google_search_result", "call_id": "c3", "result": [{"search_suggestions": "<div>"}]},
        {"type": "mcp_server_tool_result", "call_id": "c4", "result": [{"type": "text", "text": "as text"}]},
        {
            "type": "model_output",
            "content": [{"type": "text", "text": "It **is** so.", "annotations": cited}],
        },
        {"type": "hologram_output", "frame": 1},
    ]
    whole = {"id": "v1_a", "model": "gemini-x", "status": "completed", "usage": {"total_tokens": 1204}}
    archive(path, unary(whole | {"steps": steps, "object": "interaction"}, asked=asked("How?")))
    expected = DOCUMENT.replace(
        '  "frame": 1,\n  "type": "hologram_output"', '  "type": "hologram_output",\n  "frame": 1'
    )
    assert markdown(path) == expected


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ({"type": "thought", "signature": "x"}, "## Thought\n\n*no summary*\n"),
        ({"type": "function_call", "name": "f", "arguments": {}}, "## Call: `f`\n\n*no arguments*\n"),
        ({"type": "function_call", "name": "f", "arguments": '{"a": '}, '## Call: `f`\n\n```\n{"a": \n```\n'),
        ({"type": "function_call", "name": "a\n# `b`", "arguments": {}}, "## Call: `` a # `b` ``\n\n*no arguments*\n"),
        ({"type": "url_context_result", "n": 1}, '## Result: `url_context`\n\n```json\n{\n  "n": 1\n}\n```\n'),
        ({"type": "file_search_result", "call_id": "c", "signature": "s"}, "## Result: `file_search`\n"),
        ({"type": "model_output", "error": {"code": 3}}, '## Answer\n\n```json\n{\n  "code": 3\n}\n```\n'),
        ({"type": "model_output", "content": [7]}, "## Answer\n\n```json\n7\n```\n"),
        (
            {"type": "model_output", "content": [{"type": "image", "data": "aGk=", "mime_type": "image/png"}]},
            "## Answer\n\n![image](exchange1-step0-part1.png)\n",
        ),
        (
            {"type": "model_output", "content": [{"type": "video", "uri": "gs://b/`v`"}]},
            "## Answer\n\n*video, not sent along:* `` gs://b/`v` ``\n",
        ),
        ({"type": "user_input", "content": [{"type": "text", "text": "q"}]}, "## Input\n\nq\n"),
    ],
    ids=lambda value: value["type"] if isinstance(value, dict) else "",
)  # fmt: skip
def test_markdown_of_one_step(path: Path, step: Json, expected: str) -> None:
    archive(path, unary({"status": "completed", "steps": [step], "object": "interaction"}))
    assert markdown(path) == "# Interaction\n\n`completed`\n\n" + expected


def test_markdown_of_the_older_revision(path: Path) -> None:
    outputs: list[Json] = [{"type": "text", "text": "a"}, {"type": "image", "data": "aGk="}]
    archive(path, unary({"status": "completed", "outputs": outputs, "object": "interaction"}))
    assert markdown(path).endswith("## Answer\n\na\n\n## Answer\n\n![image](exchange1-step1-part1.bin)\n")


def media_stream(*parts: Json) -> bytes:
    return output(*(said("step.delta", index=0, delta=part) for part in parts))


def test_media_are_files_named_by_exchange_step_and_part(path: Path, tmp_path: Path) -> None:
    parts: list[Json] = [
        {"type": "text", "text": "Here: "},
        {"type": "image", "data": b64(PNG), "mime_type": "image/png"},
        {"type": "video", "data": b64(b"mp4"), "mime_type": "video/mp4"},
        {"type": "document", "data": b64(b"%PDF"), "mime_type": "application/pdf"},
        {"type": "image", "data": b64(b"?"), "mime_type": "image/../../../etc"},
    ]
    archive(path, Told(media_stream(*parts), asked()), refused(429, asked()))
    done = sserec("export", path, "--format", "media", "-o", tmp_path / "out" / "shots")
    assert done.returncode == 0
    written = {file.name: file.read_bytes() for file in (tmp_path / "out" / "shots").iterdir()}
    assert written == {
        "exchange1-step0-part2.png": PNG,
        "exchange1-step0-part3.mp4": b"mp4",
        "exchange1-step0-part4.pdf": b"%PDF",
        "exchange1-step0-part5.bin": b"?",
    }
    lines = done.stdout.decode().splitlines()
    assert lines[0] == f"{tmp_path}/out/shots/exchange1-step0-part2.png  image/png  17 B"
    assert len(lines) == 4


def test_what_was_not_sent_along_is_listed_and_never_fetched(path: Path, tmp_path: Path) -> None:
    archive(path, Told(media_stream({"type": "image", "uri": "https://127.0.0.1:1/\x1bx"}), asked()))
    done = sserec("export", path, "--format", "media", "-o", tmp_path / "out")
    assert (
        done.stdout.decode() == "exchange 1, step 0, part 1  no type  not fetched: https://127.0.0.1:1/␛x\n"
    )
    assert done.returncode == 0
    assert not (tmp_path / "out").exists()


def test_data_that_is_no_base64_is_a_finding(path: Path, tmp_path: Path) -> None:
    archive(
        path, Told(media_stream({"type": "image", "data": "not base64!", "mime_type": "image/png"}), asked())
    )
    done = sserec("export", path, "--format", "media", "-o", tmp_path)
    assert done.returncode == 1
    assert b"exchange 1, step 0, part 1  image/png  not written: the data is not base64" in done.stdout


def test_media_needs_a_folder(path: Path) -> None:
    archive(path, Told(output(), asked()))
    done = sserec("export", path, "--format", "media")
    assert done.returncode == 2
    assert b"-o FOLDER" in done.stderr


@pytest.mark.parametrize(
    ("facts", "rate_hz", "channels"),
    [
        ({"mime_type": "audio/l16", "sample_rate": 16000, "channels": 2}, 16000, 2),
        ({"mime_type": "audio/L16;codec=pcm;rate=8000"}, 8000, 1),
        ({"mime_type": "audio/l16; rate=8000; channels=2", "rate": 48000}, 48000, 2),
        ({"mime_type": "audio/l16", "sample_rate": 0, "channels": "x"}, 24000, 1),
    ],
)
def test_raw_audio_becomes_wav(path: Path, tmp_path: Path, facts: Json, rate_hz: int, channels: int) -> None:
    pieces = [b"\x01\x02\x03\x04\x05", b"\x06\x07\x08"]
    deltas: list[Json] = [{"type": "audio", "data": b64(piece), **facts} for piece in pieces]
    archive(path, Told(media_stream(*deltas), asked()))
    assert sserec("export", path, "--format", "media", "-o", tmp_path / "out").returncode == 0
    with wave.open(str(tmp_path / "out" / "exchange1-step0-part1.wav")) as wav:
        assert (wav.getframerate(), wav.getnchannels(), wav.getsampwidth()) == (rate_hz, channels, 2)
        assert wav.readframes(99) == b"".join(pieces)


def test_audio_in_a_container_stays_as_it_came(path: Path, tmp_path: Path) -> None:
    written = io.BytesIO()
    with wave.open(written, "wb") as wav:
        wav.setparams((1, 2, 8000, 0, "NONE", ""))
        wav.writeframes(b"\0\1")
    audio = {"type": "audio", "data": b64(written.getvalue()), "mime_type": "audio/wav"}
    archive(path, Told(media_stream(audio), asked()))
    sserec("export", path, "--format", "media", "-o", tmp_path / "out")
    assert (tmp_path / "out" / "exchange1-step0-part1.wav").read_bytes() == written.getvalue()


def test_pictures_in_thoughts_and_results_are_found(path: Path, tmp_path: Path) -> None:
    image = {"type": "image", "data": b64(PNG), "mime_type": "image/png"}
    steps = [
        {"type": "thought", "summary": [image]},
        {"type": "code_execution_result", "result": [image]},
        "no step",
    ]
    archive(path, unary({"object": "interaction", "steps": steps}))
    sserec("export", path, "--format", "media", "-o", tmp_path / "out")
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == [
        "exchange1-step0-part1.png",
        "exchange1-step1-part1.png",
    ]


def test_annotations_are_given_in_characters_where_asked(path: Path) -> None:
    cited = [{"type": "url_citation", "start_index": 0, "end_index": len("Café".encode())}]
    archive(
        path,
        Told(
            output(delta(0, "text", text="Café ✓"), delta(0, "text_annotation_delta", annotations=cited)),
            asked(),
        ),
    )
    assert exported(path)["steps"][0]["content"][0]["annotations"] == cited
    (annotation,) = exported(path, "--annotation-characters")["steps"][0]["content"][0]["annotations"]
    assert annotation == cited[0] | {"start_character": 0, "end_character": 4}
    assert exported(path, "--annotation-characters", "--format", "steps")[0]["content"][0]["annotations"] == [
        annotation
    ]


def test_annotations_that_point_nowhere_are_findings_where_asked(path: Path) -> None:
    cited = [{"type": "url_citation", "start_index": 0, "end_index": 99}]
    archive(
        path,
        Told(
            output(delta(0, "text", text="Café"), delta(0, "text_annotation_delta", annotations=cited)),
            asked(),
        ),
    )
    assert exported(path)["status"] == "completed"
    done = sserec("export", path, "--annotation-characters")
    assert done.returncode == 1
    assert b"exchange 1: warning: " in done.stderr


@pytest.mark.parametrize("sample", SAMPLE_FILES, ids=lambda path: path.name.partition(".")[0])
def test_every_sample_can_be_written_in_every_form(sample: Path) -> None:
    with Recording.open(str(sample)) as recording:
        subjects = list(map(OneExchange, recording.exchanges))
        written = {
            name: b"".join(format_.load()(subjects, Options(many=True, recording=recording)))
            for name, format_ in FORMATS.items()
            if name != MEDIA
        }
    assert all(text.endswith(b"\n") for name, text in written.items() if name != "text")
    assert all(b"v1_" in written[name] for name in ("interaction", "events", "markdown"))


def test_the_page_names_every_format() -> None:
    page = (Path(__file__).parent.parent / "docs" / "export.md").read_text(encoding="utf-8")
    assert all(f"| `{name}` |" in page for name in FORMATS)
