"""A page holds the whole recording, as data and never as markup, within a known size."""

import copy
import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import pytest

import sserec
from export_support import Told, archive, asked, unary
from export_support import sserec as run_sserec
from html_support import HOSTILE, SAMPLES, carried, last_state, page_of, recorded, states, values
from interactions_support import completed, created, delta, start, stop, stream
from shared_data import SHARED, needs_shared
from sserec.errors import UsageError
from sserec.export import Options
from sserec.export.html import Room, pages
from sserec.export.html.packed import TAG

CODES = {"+", "=", "-", "<", "~"}


class Reader(HTMLParser):
    """What a page is made of: elements with their attributes, and what runs."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self._inside: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = dict(attrs)
        self.elements.append((tag, facts))
        runs = tag == "script" and "type" not in facts
        self._inside = self.scripts if runs else self.styles if tag == "style" else None

    def handle_data(self, data: str) -> None:
        if self._inside is not None:
            self._inside.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._inside = None


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    return reader


def replayed(patches: list[Any]) -> list[Any]:
    """The states that a reader of the page holds, one after the other."""
    root: dict[str, Any] = {"": {"interaction": None, "error": None, "end": "open"}}
    growing: list[Any] = []
    held = [copy.deepcopy(root[""])]
    for changes in patches:
        if isinstance(changes, str):
            apply(root, growing, "+", changes)
        else:
            for code, path, value in changes:
                apply(root, path, code, value)
            if changes:
                growing = changes[0][1] if len(changes) == 1 and changes[0][0] == "+" else []
        held.append(copy.deepcopy(root[""]))
    return held


def apply(root: dict[str, Any], path: list[Any], code: str, value: Any) -> None:
    holder: Any = root
    for key, _ in pairwise(["", *path]):
        holder = holder[key]
    key = path[-1] if path else ""
    assert code in CODES
    if code == "+":
        holder[key] += value
    elif code == "=" and isinstance(holder, list) and key == len(holder):
        holder.append(value)
    elif code == "=":
        holder[key] = value
    elif code == "-":
        del holder[key]
    elif code == "<":
        del holder[key][value:]
    else:
        holder[key] = {name: holder[key][name] for name in value}


def assert_tells_all(path: Path) -> None:
    blocks = carried(page_of(path))
    with sserec.open(path) as recording:
        for exchange in recording.exchanges:
            lines = [
                line
                for line in values(blocks, "entries", exchange.number)
                if len(line) < 7 or "stray" not in line[6]
            ]
            events = list(exchange.events())
            assert [line[4] for line in lines] == [each.event.text for each in events]
            assert [line[5] for line in lines] == [each.event.end - each.event.start for each in events]
            held = replayed(values(blocks, "answer", exchange.number))
            assert [repr(state) for state in held] == [repr(state) for state in states(exchange)]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_every_sample_is_told_event_by_event(sample: Path) -> None:
    assert_tells_all(sample)


@needs_shared
@pytest.mark.parametrize("path", sorted(SHARED.glob("streams/*.sse")), ids=lambda path: path.name)
def test_every_shared_stream_is_told_event_by_event(path: Path) -> None:
    assert_tells_all(path)


def test_the_same_recording_gives_the_same_bytes() -> None:
    assert page_of(SAMPLES[0]) == page_of(SAMPLES[0])


def test_one_script_and_one_style_may_run_and_nothing_may_be_loaded() -> None:
    page = read(page_of(SAMPLES[0]))
    assert (len(page.scripts), len(page.styles)) == (1, 1)
    policy = next(
        facts["content"]
        for tag, facts in page.elements
        if facts.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy is not None
    for kind, text in (("script", page.scripts[0]), ("style", page.styles[0])):
        hashed = b64encode(sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{hashed}';" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe" not in policy
    assert not [
        (tag, facts) for tag, facts in page.elements if {"src", "onclick", "onload", "style"} & facts.keys()
    ]
    assert [facts["href"] for _, facts in page.elements if "href" in facts] == ["#answer"]


def test_the_page_has_no_way_to_make_markup_of_text() -> None:
    script = read(page_of(SAMPLES[0])).scripts[0]
    assert not re.search(r"(inner|outer|insertAdjacent)HTML|document\.write|createContextualFragment", script)
    assert not re.search(r"DOMParser|srcdoc|\beval\b|Function\(", script)
    assert not re.search(
        r"\bfetch\b|XMLHttpRequest|WebSocket|EventSource|sendBeacon|import\(|https?://", script
    )


def hostile_recording(folder: Path, text: str) -> Path:
    """A recording that says ``text`` wherever it can."""
    name = "".join(character for character in text if character not in "/\0")[:60]
    body = (
        created(model=text, id=text)
        + start(0, "thought", summary=[{"type": "text", "text": text}], signature=text)
        + start(1, "model_output")
        + delta(1, "text", text=text, annotations=[{"url": text, "title": text}])
        + delta(1, "image", mime_type=text, data=text)
        + delta(1, text, **{text: text})
        + start(2, "function_call", name=text, id=text)
        + delta(2, "arguments_delta", arguments=text)
        + start(3, "function_result", name=text, call_id=text, result=text)
        + start(4, text)
        + f"event: {text!r}\nid: {text!r}\ndata: {text!r}\n\n{text!r}\n: {text!r}\n".encode(errors="replace")
        + f"event: error\ndata: {orjson.dumps({'error': {'message': text}}).decode()}\n\n".encode()
    )
    header = (("x-said", text.encode("ascii", "replace").decode().replace("\0", "")),)
    return recorded(
        folder / f"{name}.sse.zst",
        [body],
        url=f"https://example.invalid/{text}",
        asked=orjson.dumps({"input": text}),
        command=("agent", text),
        more_headers=header,
    )


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_text_of_a_recording_becomes_markup(tmp_path: Path, text: str) -> None:
    plain = read(page_of(recorded(tmp_path / "plain.sse.zst", [stream()])))
    page = read(page_of(hostile_recording(tmp_path, text)))
    kinds = [sorted({tag for tag, _ in each.elements}) for each in (plain, page)]
    names = [sorted({name for _, facts in each.elements for name in facts}) for each in (plain, page)]
    assert kinds[0] == kinds[1]
    assert names[0] == names[1]
    assert page.scripts == plain.scripts


def test_the_head_names_the_file_but_not_its_folder(tmp_path: Path) -> None:
    path = recorded(tmp_path / "chat.sse.zst", [stream()], command=("python", "agent.py"))
    html = page_of(path)
    assert "<title>chat.sse.zst</title>" in html
    assert "<code>python agent.py</code>" in html
    assert str(tmp_path) not in html
    assert str(tmp_path) not in str(carried(html))


def test_heads_findings_measures_and_marks_are_on_the_page(tmp_path: Path) -> None:
    path = recorded(
        tmp_path / "a.sse.zst", [created(), start(0, "model_output") + delta(0, "text", text="a")]
    )
    told = carried(page_of(path))
    exchange, summary = told["exchange-1"], told["recording"]["exchanges"][0]
    assert summary | {"worst": None} == {
        "number": 1, "method": "POST", "path": "/v1/interactions", "status": 200, "model": "gemini-x",
        "ending": "complete", "clean": True, "events": 3, "worst": None,
    }  # fmt: skip
    assert exchange["request"]["body"] == '{"input": "q", "stream": true}'
    assert exchange["response"]["line"] == "HTTP/1.1 200 OK"
    assert ["time to first event", "40 ms"] in exchange["measures"]
    assert "no-terminal-event" in {found["rule"] for found in exchange["findings"]}
    assert exchange["gaps"] == [60_000_000, 20_000_000, 0]
    assert exchange["steps"] == [[1, 0, "model_output"]]


def test_bytes_that_were_no_event_have_their_place(tmp_path: Path) -> None:
    body = b": hello\n\n" + created() + b'{"error": {"message": "overloaded"}}\n'
    blocks = carried(page_of(recorded(tmp_path / "a.sse.zst", [body, b"data: {"])))
    lines = values(blocks, "entries")
    assert [line[0] for line in lines] == [
        "comment",
        "interaction.created",
        "malformed line",
        "unfinished event",
    ]
    assert blocks["exchange-1"]["strays"] == [0, 2, 3]
    assert replayed(values(blocks, "answer"))[-1]["error"] == {"message": "overloaded"}


def test_an_answer_in_one_piece_is_shown_at_its_end(tmp_path: Path) -> None:
    interaction = {"object": "interaction", "id": "v1", "steps": [{"type": "model_output"}]}
    blocks = carried(page_of(archive(tmp_path / "a.sse.zst", unary(interaction, asked=asked()))))
    assert replayed(values(blocks, "answer"))[-1] == {
        "interaction": interaction,
        "error": None,
        "end": "completed",
    }
    assert [line[0] for line in values(blocks, "entries")] == ["body without events"]


def test_several_exchanges_stand_on_one_page_and_one_can_be_chosen(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.sse.zst", Told(stream(), asked()), Told(stream(), asked()))
    assert [each["number"] for each in carried(page_of(path))["recording"]["exchanges"]] == [1, 2]
    assert [each["number"] for each in carried(page_of(path, exchanges=[2]))["recording"]["exchanges"]] == [2]


def test_numbers_that_javascript_cannot_hold_keep_their_digits(tmp_path: Path) -> None:
    args = {"id": 2**60 + 1, "whole": 1.0, "half": 0.5, "true": True}
    body = stream(start(0, "function_call", arguments=args), stop(0))
    blocks = carried(page_of(recorded(tmp_path / "a.sse.zst", [body])))
    step = replayed(values(blocks, "answer"))[-1]["interaction"]["steps"][0]
    assert step["arguments"] == {
        "id": {TAG: str(2**60 + 1)},
        "whole": {TAG: "1.0"},
        "half": 0.5,
        "true": True,
    }


PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="


def image(mime_type: str, data: str) -> bytes:
    return stream(start(0, "model_output"), delta(0, "image", mime_type=mime_type, data=data), stop(0))


@pytest.mark.parametrize(
    ("mime_type", "data", "why"),
    [
        ("image/svg+xml", PNG, "of a type that is not shown here"),
        ("text/html", PNG, "of a type that is not shown here"),
        ("image/png", "no base64", "not base64"),
        ("image/png", b64encode(bytes(5 << 20)).decode(), "larger than the 4.19 MB that a page carries"),
    ],
    ids=["svg", "html", "broken", "large"],
)
def test_what_is_no_raster_image_of_a_modest_size_is_only_described(
    tmp_path: Path, mime_type: str, data: str, why: str
) -> None:
    html = page_of(recorded(tmp_path / "a.sse.zst", [image(mime_type, data)]))
    blocks = carried(html)
    assert blocks["exchange-1"]["media"]["0.1"]["why"] == why
    assert not [name for name in blocks if name.startswith("media-")]
    assert len(html) < 200_000


def test_an_image_is_carried_once_and_counted_in_the_answer(tmp_path: Path) -> None:
    blocks = carried(page_of(recorded(tmp_path / "a.sse.zst", [image("image/png; x=y", PNG)])))
    media = blocks["exchange-1"]["media"]["0.1"]
    assert blocks[media["id"]].startswith(b"\x89PNG")
    assert media["shown"] == "image/png"
    step = replayed(values(blocks, "answer"))[-1]["interaction"]["steps"][0]
    assert step["content"][0]["data"] == {TAG: len(PNG)}


def test_media_beyond_the_room_are_described(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.sse.zst", [image("image/png", PNG)])
    blocks = carried(page_of(path, Room(media_bytes=10)))
    assert blocks["exchange-1"]["media"]["0.1"]["why"] == "more than this page has room for"


def test_events_beyond_the_room_are_counted_and_the_end_is_told_all_the_same(tmp_path: Path) -> None:
    pieces = [delta(0, "text", text=f"{number} ") for number in range(20_000)]
    path = recorded(tmp_path / "a.sse.zst", [stream(start(0, "model_output"), *pieces, stop(0))])
    html = page_of(path, Room(events_bytes=50_000))
    blocks = carried(html)
    told = blocks["exchange-1"]
    assert told["left_out"] > 10_000
    assert told["count"] + told["left_out"] == 20_006
    assert len(html) < 300_000
    with sserec.open(path) as recording:
        assert replayed(values(blocks, "answer"))[-1] == last_state(recording.exchange(1))
    assert ["time to first event", "40 ms"] in told["measures"]


def test_a_text_that_no_page_can_hold_leaves_the_page_small(tmp_path: Path) -> None:
    pieces = [delta(0, "text", text=text) for text in ("begin ", "x" * (5 << 20), " end")]
    html = page_of(recorded(tmp_path / "a.sse.zst", [stream(start(0, "model_output"), *pieces, stop(0))]))
    blocks = carried(html)
    assert blocks["exchange-1"]["mute_from"] == 5
    last = replayed(values(blocks, "answer"))[-1]
    assert last["interaction"]["steps"][0]["content"][0]["text"] == "begin "
    assert len(html) < 200_000


def test_what_packs_too_well_counts_all_the_same(tmp_path: Path) -> None:
    pieces = [delta(0, "text", text="x" * 30_000) for _ in range(400)]
    path = recorded(tmp_path / "a.sse.zst", [stream(start(0, "model_output"), *pieces, stop(0))])
    assert carried(page_of(path, Room(events_bytes=200_000)))["exchange-1"]["left_out"] > 200


def test_heads_of_any_length_are_cut(tmp_path: Path) -> None:
    headers = tuple((f"x-{number}", "v" * (20_000 if number < 10 else 1)) for number in range(400))
    path = recorded(tmp_path / "a.sse.zst", [stream()], url="https://x/" + "p" * 50_000, more_headers=headers)
    told = carried(page_of(path))
    assert len(told["exchange-1"]["request"]["headers"]) == 300
    assert {len(value) for _, value in told["exchange-1"]["request"]["headers"]} == {8192, 1}
    assert len(told["exchange-1"]["request"]["line"]) == 8192
    assert len(told["recording"]["exchanges"][0]["path"]) == 200


def test_a_long_event_is_cut_and_its_json_keeps_what_is_short(tmp_path: Path) -> None:
    text = "x" * 100_000
    blocks = carried(page_of(recorded(tmp_path / "a.sse.zst", [stream(start(0, "model_output", note=text))])))
    line = values(blocks, "entries")[2]
    assert len(line[4]) == 32_768
    assert line[6]["cut"] > 100_000
    assert line[6]["brief"]["step"] == {"note": {TAG: 100_000}, "type": "model_output"}


def test_a_hundred_thousand_events_are_a_page_of_less_than_three_megabytes(tmp_path: Path) -> None:
    pieces = [delta(0, "text", text=f"word {number % 977} ") for number in range(100_000)]
    path = tmp_path / "a.sse"
    path.write_bytes(stream(start(0, "model_output"), *pieces, stop(0)))
    assert len(page_of(path)) < 3_000_000


def test_an_answer_that_is_made_to_be_compared_for_ever_is_told_less_often(tmp_path: Path) -> None:
    """Cited after each piece, a text is compared whole for each: with so many citations only at some events."""
    cited = [{"url": f"https://example.invalid/{number}" + "x" * 1000} for number in range(50)]
    pieces = [
        delta(0, "text", text="word ", annotations=cited if number == 0 else [1]) for number in range(3000)
    ]
    path = recorded(tmp_path / "a.sse.zst", [stream(start(0, "model_output"), *pieces, stop(0))])
    blocks = carried(page_of(path))
    assert 1000 < blocks["exchange-1"]["late"] < 3000
    with sserec.open(path) as recording:
        assert replayed(values(blocks, "answer"))[-1] == last_state(recording.exchange(1))


def test_a_page_needs_a_recording() -> None:
    with pytest.raises(UsageError, match="a page tells of a file"):
        pages([], Options())


def test_export_writes_every_exchange_and_says_nothing_of_how_they_ended(tmp_path: Path) -> None:
    path = archive(
        tmp_path / "a.sse.zst", Told(created(), asked(), is_cut=True), Told(created() + completed(), asked())
    )
    done = run_sserec("export", "--format", "html", path, "-o", tmp_path / "page.html")
    assert (done.returncode, done.stderr) == (0, b"")
    assert (tmp_path / "page.html").read_text() == page_of(path)
    one = run_sserec("export", "--format", "html", "--exchange", "2", path)
    assert one.stdout.decode() == page_of(path, exchanges=[2])


def test_export_refuses_what_a_page_cannot_show(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.sse.zst", Told(stream(), asked()))
    done = run_sserec("export", "--format", "html", "--stitched", path)
    assert done.returncode == 2
    assert b"exchanges are shown as they are" in done.stderr
