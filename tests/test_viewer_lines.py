"""What the viewer's panes put on a line, as text."""

import pytest
from rich.style import Style
from textual.strip import Strip

from sserec.tui.comparison.columns import cuts
from sserec.tui.markdown_lines import Typesetter, paragraphs
from sserec.tui.status import fitted
from sserec.tui.text_pane import painted
from sserec.tui.wrapping import wrapped

INKS = {name: Style(bold=True) for name in ("heading", "code", "link", "quote", "bullet", "rule")}
PLAIN = Style.null()


def texts(strips: list[Strip]) -> list[str]:
    return [strip.text for strip in strips]


@pytest.mark.parametrize("text", ["\u200b", "\u0301\ufeff", "\u200d" * 9])
def test_characters_that_take_no_room_are_wrapped_too(text: str) -> None:
    assert texts(wrapped([(text, PLAIN)], 4)) == [text]
    assert next(cuts(text, 4))[0] == 0
    assert list(cuts(text, 4))[-1][1] == len(text)


@pytest.fixture(scope="module")
def typesetter() -> Typesetter:
    return Typesetter(INKS, "ansi_dark")


def test_markdown_is_laid_out_without_moving_a_heading_or_making_a_link(typesetter: Typesetter) -> None:
    text = "## Plan\n\nSee **[this](https://example.org/a)**.\n\n1. one\n\n2. two\n\n```python\nx = 1\n\ny = 2\n```\n"
    assert texts(typesetter.lines(text, 40)) == [
        "## Plan",
        "",
        "See this (https://example.org/a).",
        "",
        " 1 one",
        "",
        " 2 two",
        "",
        "  x = 1",
        "",
        "  y = 2",
    ]


def test_markdown_holds_no_control_character_and_no_link(typesetter: Typesetter) -> None:
    text = "\x1b[31mred\x07 \x9b1m[bold]not markup[/bold] [x](https://e.org)\x00"
    lines = typesetter.lines(text, 60)
    assert texts(lines) == ["␛[31mred␇ �1m[bold]not markup[/bold] x (https://e.org)␀"]
    assert not [segment for line in lines for segment in line if segment.style and segment.style.link]


def test_a_fence_that_has_not_ended_yet_keeps_its_blank_lines_in_one_paragraph() -> None:
    assert list(paragraphs("a\n\n```\nx\n\ny\n")) == ["a", "```\nx\n\ny"]


def test_a_paragraph_that_goes_on_indented_stays_with_its_list() -> None:
    assert list(paragraphs("1. a\n\n   b\n\n2. c\n\nd")) == ["1. a\n\n   b", "2. c", "d"]


def test_paragraphs_are_cut_the_same_however_much_of_the_text_has_come() -> None:
    text = "# a\n\nb b\nb\n\n- c\n- d\n\n~~~\n\n```\n~~~\n\ne\n"
    whole = list(paragraphs(text))
    for end in range(len(text)):
        *finished, _ = list(paragraphs(text[:end])) or [""]
        assert finished == whole[: len(finished)]


def test_tabs_become_blanks_and_line_ends_of_every_kind_end_lines(typesetter: Typesetter) -> None:
    lines = typesetter.lines("```\na\tb\r\nc\u2028d\x9b2J\n```", 40)
    assert texts(lines) == ["  a    b", "  c", "  d�2J"]


def test_data_wraps_by_cells_with_what_follows_indented() -> None:
    assert texts(wrapped([("abc", PLAIN), ("defgh", Style(bold=True))], 4, 1)) == ["abcd", " efg", " h"]
    assert texts(wrapped([("流流流流", PLAIN)], 5, 0)) == ["流流", "流流"]
    assert texts(wrapped([("a流", PLAIN)], 2, 0)) == ["a", "流"]
    assert texts(wrapped([("", PLAIN)], 9, 0)) == [""]


def test_what_is_painted_keeps_its_place_between_wide_letters() -> None:
    strip = painted(Strip(wrapped([("a流b流c", PLAIN)], 20)[0]), 1, 3, Style(reverse=True))
    assert strip.text == "a流b流c"
    assert [segment.text for segment in strip if segment.style and segment.style.reverse] == ["流b"]


def test_a_text_is_fitted_by_cells() -> None:
    assert fitted("流流流", 6) == "流流流"
    assert fitted("流流流流", 6) == "流流…"
    assert fitted("abc", 1) == ""
