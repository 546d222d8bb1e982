"""The page in a real browser: it says what sserec says, by keys, mouse and to a screen reader, and does nothing else.

Every test ends with the question what the page complained of and what it asked the network for: nothing.
"""

import json
import os
import random
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import sserec
from chromium import Browser, Tab, browsing, needs_chromium
from export_support import Told, archive, asked, refused
from export_support import sserec as run_sserec
from html_support import HOSTILE, SAMPLES, recorded, states, written_page
from interactions_support import created, delta, start, stop, stream, updated
from shared_data import SHARED, needs_shared
from sserec.archive import ArchiveWriter, Meta
from sserec.export.html import Room
from sserec.export.html.packed import TAG
from sserec.records import Close, Closer, Manner
from sserec.tui.model.jobs import run
from sserec.tui.model.query import parse_query
from test_export_html import PNG, hostile_recording, image
from test_replay_clients import npm_install, ran_well
from viewer_support import STORY, opened, write

pytestmark = needs_chromium
Json = dict[str, Any]
AXE = "axe-core@4.10.3"
MOMENTS = 120
"""Of one exchange, at which the answers are compared."""
SEARCHED = """new Promise((done) => {
  const [filter, words] = [document.getElementById("filter"), document.getElementById("filter-words")];
  words.textContent = "";
  filter.value = %s;
  filter.dispatchEvent(new Event("input"));
  const look = () => (words.textContent || !filter.value ? done(words.textContent) : setTimeout(look, 5));
  look();
})"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as browser:
        yield browser


@pytest.fixture
def tab(browser: Browser) -> Iterator[Tab]:
    tab = browser.tab()
    tab.resize(1400, 1000)
    yield tab
    assert tab.complaints() == []
    assert [url for url in tab.requests() if not url.startswith(("file://", "data:"))] == []


def opened_sample(tab: Tab, folder: Path, name: str, fragment: str = "") -> None:
    path = next(path for path in SAMPLES if path.name.startswith(name))
    tab.open(written_page(path, folder), fragment)


def text(tab: Tab, selector: str) -> str:
    words: str = tab.run(f"document.querySelector({json.dumps(selector)}).textContent")
    return words


def texts(tab: Tab, selector: str) -> list[str]:
    found: list[str] = tab.run(
        f"[...document.querySelectorAll({json.dumps(selector)})].map((each) => each.textContent)"
    )
    return found


def chosen(tab: Tab) -> int:
    """The number of the event at the cursor."""
    return int(text(tab, "[role=option][aria-selected=true] .number").replace(",", ""))


def search(tab: Tab, query: str) -> str:
    words: str = tab.run(SEARCHED % json.dumps(query))
    tab.settle()
    return words


def untagged(value: Any) -> Any:
    """What the page's JSON says where JavaScript has other numbers: text of a value that travelled as text."""
    if isinstance(value, dict):
        if value.keys() == {TAG}:
            told = value[TAG]
            return json.loads(told) if isinstance(told, str) else f"… {told:,} characters …"
        return {key: untagged(inner) for key, inner in value.items()}
    return [untagged(inner) for inner in value] if isinstance(value, list) else value


def assert_same_answers(tab: Tab, path: Path, folder: Path) -> None:
    """Forth, back and across, the page has what sserec's own fold has; after every event where they are few."""
    tab.open(written_page(path, folder))
    with sserec.open(path) as recording:
        for exchange in recording.exchanges:
            expected = [repr(untagged(state)) for state in states(exchange)]
            forth = range(0, len(expected), max(len(expected) // MOMENTS, 1))
            way = [*forth, len(expected) - 1, *reversed(forth), *random.Random(1).sample(forth, len(forth))]
            script = f"""(async () => {{
              const told = [];
              for (const at of {json.dumps(way)}) told.push(await sserec.answer({exchange.number}, at));
              return told;
            }})()"""
            told = [repr(json.loads(each)) for each in tab.run(script)]
            assert told == [expected[at] for at in way]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_a_page_of_a_sample_has_the_answer_at_every_event(tab: Tab, sample: Path, tmp_path: Path) -> None:
    assert_same_answers(tab, sample, tmp_path)


@needs_shared
@pytest.mark.parametrize("path", sorted(SHARED.glob("streams/*.sse")), ids=lambda path: path.name)
def test_a_page_of_a_shared_stream_does_too(tab: Tab, path: Path, tmp_path: Path) -> None:
    assert_same_answers(tab, path, tmp_path)


def test_a_page_of_odd_streams_does_too(tab: Tab, tmp_path: Path) -> None:
    body = b"".join(
        (
            created(id="v1", big=2**60 + 1, whole=1.0),
            start(5, "thought", summary=[{"text": "s", "type": "text"}]),
            start(2, "model_output"),
            delta(2, "text", text="a"),
            start(2, "function_call", id="other", __proto__={"constructor": 1}),
            delta(2, "arguments_delta", arguments='{"__proto__": '),
            delta(2, "arguments_delta", arguments='{"a": 9007199254740993}}'),
            updated(usage={"total_tokens": 3}),
            delta(5, "thought_summary", content={"text": "late", "type": "text"}),
            stop(2),
            *(delta(1, "text", text=f"{number} ") for number in range(3000)),
        )
    )
    assert_same_answers(tab, recorded(tmp_path / "odd.sse.zst", [body]), tmp_path)


def test_it_opens_at_the_end_with_the_whole_answer(tab: Tab, tmp_path: Path) -> None:
    opened_sample(tab, tmp_path, "text.")
    assert text(tab, "#answer-body .output .markdown").startswith("A stream keeps its shape")
    assert text(tab, "#answer-when") == "at the end"
    assert texts(tab, "#answer-facts li")[1] == "completed"
    assert chosen(tab) == 16


def test_keys_move_through_the_stream(tab: Tab, tmp_path: Path) -> None:
    opened_sample(tab, tmp_path, "function-calling", "#1.7")
    assert chosen(tab) == 7
    for keys, number in (
        ("j", 8),
        ("k", 7),
        (".", 8),
        (",", 7),
        ("g", 1),
        ("G", 12),
        ("S", 6),
        ("s", 6),
        ("0", 1),
    ):
        tab.press(keys)
        assert chosen(tab) == number, keys
    assert text(tab, "#answer-when").startswith("event 1, ")
    tab.press("G", "c")
    assert tab.run("document.querySelector('[role=tab][aria-selected=true]').dataset.tab") == "findings"
    tab.press("e", "z")
    assert text(tab, "#panel-event pre") == "[DONE]"
    tab.press("Shift+ArrowDown")
    tab.run(NEXT_EXCHANGE)
    assert text(tab, "#exchanges [aria-current=true] .number") == "2"


NEXT_EXCHANGE = """new Promise((done) => {
  const look = () => {
    const chosen = document.querySelector('#exchanges [aria-current=true]');
    return chosen.dataset.number === "2" ? done() : setTimeout(look, 5);
  };
  look();
})"""


def test_the_answer_follows_the_cursor(tab: Tab, tmp_path: Path) -> None:
    opened_sample(tab, tmp_path, "function-calling", "#1.7")
    assert text(tab, "#answer-body .call pre") == '{"location": '
    tab.press(".")
    assert text(tab, "#answer-body .call pre").startswith('{"location": "Reykjav')
    tab.press("G")
    assert json.loads(text(tab, "#answer-body .call pre")) == {"location": "Reykjavík", "unit": "celsius"}
    tab.press("g")
    assert text(tab, "#answer-body") == "Nothing has been answered yet."


def test_arrows_and_pages_move_the_list_and_letters_are_letters_in_the_filter(
    tab: Tab, tmp_path: Path
) -> None:
    opened_sample(tab, tmp_path, "google-search", "#1.3")
    tab.run("document.getElementById('list').focus()")
    tab.press("ArrowDown", "ArrowDown")
    assert chosen(tab) == 5
    tab.press("Home")
    assert chosen(tab) == 1
    tab.press("/", "j")
    assert tab.run("[document.activeElement.id, document.activeElement.value]") == ["filter", "j"]
    assert chosen(tab) == 1
    tab.press("Escape")
    assert tab.run("document.activeElement.id") == "list"


def test_help_names_the_keys_and_single_keys_can_be_turned_off(tab: Tab, tmp_path: Path) -> None:
    opened_sample(tab, tmp_path, "text.", "#1.3")
    tab.press("?")
    assert "play or pause" in text(tab, "#help")
    tab.run("document.getElementById('alone').click()")
    tab.press("Escape", "j")
    assert chosen(tab) == 3


def test_the_slider_and_a_click_move_the_cursor(tab: Tab, tmp_path: Path) -> None:
    opened_sample(tab, tmp_path, "text.")
    tab.run("(() => { scrub.value = 0; scrub.dispatchEvent(new Event('input')); })()")
    assert text(tab, "#answer-when") == "before the first event"
    tab.run("document.querySelector('[data-row=\"4\"]').click()")
    tab.settle()
    assert chosen(tab) == 5
    assert tab.run("scrub.getAttribute('aria-valuetext')").startswith("event 5, ")


def test_it_plays_to_the_end_and_silences_can_be_cut(tab: Tab, tmp_path: Path) -> None:
    """Half an hour between two events, played in a moment: only with the silence cut does that come to an end."""
    reads = [created(), start(0, "model_output"), delta(0, "text", text="all of it"), stop(0)]
    path = recorded(tmp_path / "slow.sse.zst", reads, gap_ns=1_800_000_000_000)
    tab.open(written_page(path, tmp_path), "#1.1")
    tab.run("(() => { idle.value = 3; idle.dispatchEvent(new Event('change')); })()")
    tab.press(">", ">", ">", ">", ">", " ")
    tab.run(ENDED)
    assert text(tab, "#answer-body .markdown") == "all of it"
    assert tab.run("[play.getAttribute('aria-label'), speed.value]") == ["Play", "32"]


ENDED = """new Promise((done) => {
  const when = document.getElementById("answer-when");
  const look = () => (when.textContent === "at the end" ? done() : setTimeout(look, 5));
  look();
})"""


def test_a_recording_without_times_cannot_be_played_but_scrubbed(tab: Tab, tmp_path: Path) -> None:
    path = tmp_path / "plain.sse"
    path.write_bytes(stream(start(0, "model_output"), delta(0, "text", text="hello"), stop(0)))
    tab.open(written_page(path, tmp_path), "#1.4")
    assert tab.run("play.disabled")
    assert text(tab, "#clock") == "4 / 7"
    assert text(tab, "#answer-body .markdown") == "hello"
    tab.press(" ")
    assert chosen(tab) == 4


QUERIES = (
    "world", "World", "WORLD", "step.delta text", '"after a stall"', "!step", "!step !interaction", "!!world",
    "/[hw]or/i", "/He.*o/", "/^event: done$/", "event_type=step.delta", "event_type~step",
    "event_type!=step.delta !/DONE/", "delta.text~world", "delta.text~/^W.*d $/", "interaction.status=completed",
    "index=1", "index=1.0", "index>=1", "index<1", "step.*=thought", "step.type=thought", "nothing.there=1",
    "@event=done", "@event~step.", "@event!~/step|interaction/", "@step=thought", "@step=1", "@number>8",
    "@t>=17.2s", "@t<1100ms", "@gap>0.5", "@gap=0", "@size<30", "@stall", "!@stall @gap>0.5", "@stray", "@mark",
)  # fmt: skip


def test_a_filter_leaves_what_the_viewer_leaves(tab: Tab, tmp_path: Path) -> None:
    path = write(tmp_path / "story.sse.zst", STORY)
    tab.open(written_page(path, tmp_path))
    for query in QUERIES:
        with opened(path) as viewed:
            parsed = parse_query(query)
            assert parsed is not None
            hits = viewed.find(parsed)
            run(hits.scan())
            expected = [index + 1 for index in hits.indexes]
        search(tab, query)
        assert [int(number) for number in texts(tab, "#rows .number") if number] == expected, query


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("@nonsense=1", "nothing is called @nonsense"),
        ("@gap", "@gap alone says nothing"),
        ("@gap>soon", "no time: soon"),
        ("index>many", "no number: many"),
        ("/(/", "no regular expression"),
        ('""', "nothing stands between the quotes"),
        ("!", "something is missing here"),
        ("@event>a", "@event cannot be compared by >"),
    ],
)
def test_what_is_no_query_says_why(tab: Tab, tmp_path: Path, query: str, words: str) -> None:
    opened_sample(tab, tmp_path, "text.")
    assert words in search(tab, query)
    assert tab.run("filter.getAttribute('aria-invalid')") == "true"


def test_what_a_filter_hides_comes_back(tab: Tab, tmp_path: Path) -> None:
    opened_sample(tab, tmp_path, "text.")
    assert search(tab, "@event=done") == "1 of 16 lines"
    search(tab, "")
    assert len(texts(tab, "#rows [role=option]")) == 16


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_nothing_that_a_recording_says_does_anything(tab: Tab, tmp_path: Path, hostile: str) -> None:
    tab.open(written_page(hostile_recording(tmp_path, hostile), tmp_path))
    rows = tab.run("document.querySelectorAll('#rows [role=option]').length")
    tab.press(*["k"] * rows)
    for key in ("i", "c", "e", "z"):
        tab.press(key)
    search(tab, hostile)
    assert tab.run("globalThis.broken === undefined && ({}).type === undefined")
    assert (
        tab.run("document.querySelectorAll('main :is(script, iframe, svg, a, style, base, object)').length")
        == 0
    )
    assert tab.run("[...document.images].every((image) => image.src.startsWith('data:image/'))")


def test_words_of_a_hostile_answer_are_all_there(tab: Tab, tmp_path: Path) -> None:
    words = "<b>bold?</b> [to](javascript:x) & &amp; **strong**"
    path = recorded(tmp_path / "a.sse.zst", [stream(start(0, "model_output"), delta(0, "text", text=words))])
    tab.open(written_page(path, tmp_path))
    assert text(tab, "#answer-body .markdown") == "<b>bold?</b> to (javascript:x) & &amp; strong"
    assert tab.run("document.querySelector('#answer-body strong').textContent") == "strong"


def test_characters_that_act_are_pictures_of_themselves(tab: Tab, tmp_path: Path) -> None:
    said = "a\x1b[31m\u202eb\x7f\x85"
    path = recorded(tmp_path / "a.sse.zst", [stream(start(0, "model_output"), delta(0, "text", text=said))])
    tab.open(written_page(path, tmp_path))
    assert text(tab, "#answer-body .markdown") == "a␛[31m\ufffdb␡\ufffd"


def test_markdown_is_laid_out_and_grows_by_paragraphs(tab: Tab, tmp_path: Path) -> None:
    said = "# Head\n\nOne *two*\n\n- a\n  - b\n1. c\n\n```py\nx = `1`\n\n# no head\n```\n"
    said += "\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    pieces = [delta(0, "text", text=said[at : at + 3]) for at in range(0, len(said), 3)]
    path = recorded(tmp_path / "a.sse.zst", [created(), start(0, "model_output"), *pieces])
    tab.open(written_page(path, tmp_path), "#1.2")
    for _ in pieces:
        tab.press(".")
    grown = tab.run("document.querySelector('.markdown').innerHTML")
    tab.press(*[","] * len(pieces), *["."] * len(pieces))
    assert tab.run("document.querySelector('.markdown').innerHTML") == grown
    tab.press("g", "G")
    assert tab.run("document.querySelector('.markdown').innerHTML") == grown
    assert texts(tab, ".markdown .heading") == ["Head"]
    assert texts(tab, ".markdown pre") == ["x = `1`\n\n# no head"]
    assert texts(tab, ".markdown li") == ["a", "b", "c"]
    assert texts(tab, ".markdown td") == ["1", "2"]


def test_an_image_is_seen_and_one_that_is_none_is_said(tab: Tab, tmp_path: Path) -> None:
    path = archive(
        tmp_path / "a.sse.zst",
        Told(image("image/png", PNG), asked()),
        Told(image("image/svg+xml", PNG), asked()),
    )
    tab.open(written_page(path, tmp_path), "#1")
    tab.run("document.images[0].decode()")
    assert tab.run("document.images[0].naturalWidth") == 1
    tab.open(written_page(path, tmp_path), "#2")
    assert tab.run("document.images.length") == 0
    assert "of a type that is not shown here" in text(tab, "figcaption")


def test_numbers_are_shown_as_they_were_written(tab: Tab, tmp_path: Path) -> None:
    arguments = '{"id": 12345678901234567, "whole": 1.0, "many": [1e2]}'
    call = [start(0, "function_call", name="f"), delta(0, "arguments_delta", arguments=arguments), stop(0)]
    tab.open(written_page(recorded(tmp_path / "a.sse.zst", [stream(*call)]), tmp_path))
    shown = text(tab, "#answer-body .call pre")
    assert "12345678901234567" in shown
    assert '"whole": 1.0' in shown
    body = b'data: {"n": 12345678901234567, "n": 1.50}\n\n'
    tab.open(written_page(recorded(tmp_path / "b.sse.zst", [body]), tmp_path))
    assert text(tab, "#panel-event pre").split() == ["{", '"n":', "12345678901234567,", '"n":', "1.50", "}"]


def test_where_a_stream_broke_off_is_said(tab: Tab, tmp_path: Path) -> None:
    opened_sample(tab, tmp_path, "broken-in-the-middle")
    assert text(tab, "#answer-body > :last-child") == "The stream ended here: upstream cut."
    assert "upstream cut" in text(tab, "#exchanges")
    assert "unfinished event" in texts(tab, "#rows .type")


def test_a_place_in_the_address_is_opened(tab: Tab, tmp_path: Path) -> None:
    opened_sample(tab, tmp_path, "function-calling", "#2.4")
    assert (text(tab, "#exchanges [aria-current=true] .number"), chosen(tab)) == ("2", 4)


def test_findings_lead_to_their_events(tab: Tab, tmp_path: Path) -> None:
    opened_sample(tab, tmp_path, "unknown-events")
    tab.press("c")
    place = text(tab, "#panel-findings .place")
    tab.run("document.querySelector('#panel-findings .place').click()")
    tab.settle()
    assert f"event {chosen(tab)}" == place


def test_events_without_room_are_counted_in_the_last_line(tab: Tab, tmp_path: Path) -> None:
    pieces = [delta(0, "text", text=f"{number} ") for number in range(20_000)]
    path = recorded(tmp_path / "a.sse.zst", [stream(start(0, "model_output"), *pieces, stop(0))])
    tab.open(written_page(path, tmp_path, Room(events_bytes=50_000)))
    assert "more: this page had no room for them" in texts(tab, "#rows .line")[-1]
    assert text(tab, "#answer-body .markdown").strip().endswith("19998 19999")


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of 100,000 events, a thousand to a read."""
    folder = tmp_path_factory.mktemp("large")
    words = [delta(number // 2500, "text", text=f"word{number} ") for number in range(100_000)]
    for step in range(40):
        words[step * 2500] = start(step, "model_output")
    reads = [b"".join(words[at : at + 1000]) for at in range(0, len(words), 1000)]
    return written_page(recorded(folder / "large.sse.zst", [created(), *reads]), folder)


def test_a_hundred_thousand_events_are_a_list_of_a_few_elements(tab: Tab, large: Path) -> None:
    tab.open(large)
    assert chosen(tab) == 100_001
    assert tab.run("document.querySelectorAll('#rows > *').length") < 100
    tab.press("g")
    assert chosen(tab) == 1
    tab.press("5")
    middle = chosen(tab)
    assert 40_000 < middle < 60_000
    tab.run(f"sserec.answer(1, {middle})")
    assert tab.run("document.querySelector('.step-view:last-of-type').textContent.trim()").endswith(
        f"word{middle - 2}"
    )
    assert tab.run("document.querySelectorAll('*').length") < 4000


def test_of_very_many_steps_the_last_thousand_are_drawn(tab: Tab, tmp_path: Path) -> None:
    steps = [start(number, "thought") + stop(number) for number in range(3000)]
    tab.open(written_page(recorded(tmp_path / "a.sse.zst", [created(), *steps]), tmp_path))
    assert text(tab, "#answer-body > p") == "2,000 steps before these are not drawn."
    assert tab.run("document.querySelectorAll('.step-view').length") == 1000
    tab.press("3")
    drawn = tab.run("document.querySelectorAll('.step-view').length")
    assert 800 < drawn < 1000
    assert tab.run("document.querySelector('#answer-body > p').hidden")


def test_of_very_many_paragraphs_the_rest_is_shown_as_it_is(tab: Tab, tmp_path: Path) -> None:
    body = stream(start(0, "model_output"), delta(0, "text", text="**a**\n\n" * 20_000))
    tab.open(written_page(recorded(tmp_path / "a.sse.zst", [body]), tmp_path))
    assert tab.run("document.querySelectorAll('.markdown > *').length") == 5000
    assert text(tab, ".markdown > :last-child").count("**a**") == 15_001


def test_an_answer_that_is_too_large_is_shown_up_to_there(tab: Tab, tmp_path: Path) -> None:
    pieces = [delta(0, "text", text=words) for words in ("begin ", "x" * (5 << 20), " end")]
    path = recorded(tmp_path / "a.sse.zst", [stream(start(0, "model_output"), *pieces, stop(0))])
    tab.open(written_page(path, tmp_path))
    assert text(tab, "#answer-body > :last-child").startswith("From event 5 on the answer is too large")
    tab.press("g", ".", ".", ".")
    assert text(tab, "#answer-body .markdown") == "begin "
    assert text(tab, "#answer-body > :last-child") == ""


def test_a_hundred_thousand_events_are_filtered(tab: Tab, large: Path) -> None:
    tab.open(large)
    assert search(tab, "word99999") == "1 of 100,001 lines"
    assert texts(tab, "#rows .number") == ["100,001"]
    assert search(tab, "@event=step.start") == "40 of 100,001 lines"


def test_every_control_has_a_name_for_those_who_listen(tab: Tab, tmp_path: Path) -> None:
    opened_sample(tab, tmp_path, "error-event")
    tree = tab.send("Accessibility.getFullAXTree")["nodes"]
    told = [
        (node["role"]["value"], node.get("name", {}).get("value", "")) for node in tree if not node["ignored"]
    ]
    controls = {
        "button",
        "slider",
        "searchbox",
        "combobox",
        "listbox",
        "option",
        "tab",
        "tabpanel",
        "region",
        "group",
    }
    nameless = [role for role, name in told if role in controls and not name.strip()]
    assert nameless == []
    assert {role for role, _ in told} >= {
        "banner",
        "main",
        "region",
        "listbox",
        "option",
        "tab",
        "slider",
        "status",
    }
    option = next(name for role, name in told if role == "option" and "gateway_timeout" in name)
    assert option.startswith("error 8 ")


@pytest.fixture(scope="session")
def axe(pytestconfig: pytest.Config) -> str:
    """The accessibility checker of Deque; fetched once, and kept in pytest's cache."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("no npm")
    folder: Path = pytestconfig.cache.mkdir("axe-core")
    if not (folder / "node_modules").is_dir():
        with tempfile.TemporaryDirectory(dir=folder) as fetched:
            if not ran_well(npm_install(npm, fetched, AXE)):
                pytest.skip(f"{AXE} cannot be fetched")
            with suppress(OSError):  # another worker was quicker
                os.rename(fetched + "/node_modules", folder / "node_modules")
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("sample", "width", "scheme"),
    [
        ("google-search", 1400, "light"),
        ("google-search", 380, "dark"),
        ("error-event", 1400, "dark"),
        ("text-and-images", 380, "light"),
    ],
)
def test_axe_finds_no_barrier(
    tab: Tab, tmp_path: Path, axe: str, sample: str, width: int, scheme: str
) -> None:
    tab.prefer(prefers_color_scheme=scheme)
    tab.resize(width, 900)
    opened_sample(tab, tmp_path, sample)
    tab.run(axe + ";null")
    for key in ("e", "i", "c", "?"):
        tab.press(key)
        found = tab.run(
            "axe.run().then((done) => done.violations.map((each) => [each.id, each.nodes.map((node) => node.html)]))"
        )
        assert found == [], key


@pytest.mark.parametrize("width", [320, 380, 760, 761, 1000, 1500])
def test_nothing_is_wider_than_the_window(tab: Tab, tmp_path: Path, width: int) -> None:
    tab.resize(width, 800)
    opened_sample(tab, tmp_path, "google-search")
    assert tab.run("document.documentElement.scrollWidth") <= width


def test_on_paper_there_is_the_answer_with_findings_and_measures(tab: Tab, tmp_path: Path) -> None:
    opened_sample(tab, tmp_path, "error-event")
    tab.prefer(media="print", prefers_color_scheme="light")
    shown = tab.run("document.body.innerText")
    assert "The first chapter begins" in shown
    assert "gateway_timeout" in shown
    assert "time to first text" in shown
    assert tab.run("getComputedStyle(player).display") == "none"


def test_damage_is_said_above_all_else(tab: Tab, tmp_path: Path) -> None:
    whole = bytearray(next(path for path in SAMPLES if path.name.startswith("google-search")).read_bytes())
    whole[900:1000] = bytes(100)
    (tmp_path / "damaged.sse.zst").write_bytes(whole)
    tab.open(written_page(tmp_path / "damaged.sse.zst", tmp_path))
    notices = texts(tab, "#notices p")
    assert "it fails its checksum" in notices[0]
    assert notices[3].startswith("and ")
    assert text(tab, "#panel-event") == "No event of this exchange can be read any more."


def test_exchanges_without_events_are_told_by_their_heads_and_bodies(tab: Tab, tmp_path: Path) -> None:
    path = tmp_path / "a.sse.zst"
    with ArchiveWriter(path, meta=Meta(anchor_unix_ns=0)) as writer:
        number = writer.open_opaque("example.invalid:443", "WebSocket", 0)
        writer.close_exchange(number, Close(1, Closer.CLIENT, Manner.CLOSE, framing_complete=False))
        refused(503, asked()).write(writer, 2)
    tab.open(written_page(path, tmp_path), "#1")
    assert "WebSocket" in text(tab, "#panel-request")
    assert not tab.run("document.getElementById('panel-request').hidden")
    tab.open(written_page(path, tmp_path), "#2")
    assert texts(tab, "#rows .type") == ["body without events"]
    assert "UNAVAILABLE" in text(tab, "#panel-event pre")


def test_an_empty_recording_says_so(tab: Tab, tmp_path: Path) -> None:
    path = tmp_path / "empty.sse"
    path.write_bytes(b"")
    tab.open(written_page(path, tmp_path))
    assert tab.run("document.documentElement.dataset.state") == "ready"
    tab.press("j", "k", "G", " ", ".", "}", "s", "5")
    assert text(tab, "#answer-body > :last-child") == "No interaction was answered here."


def test_a_page_needs_no_more_than_the_command(tmp_path: Path, tab: Tab) -> None:
    page = tmp_path / "page.html"
    run_sserec("export", "--format", "html", SAMPLES[0], "-o", page)
    tab.open(page)
    assert tab.run("document.title") == SAMPLES[0].name
