"""Markdown as lines of a pane, fast enough to be drawn again at every event.

Knows Markdown and widths; must not know whose text it is. A text is cut into paragraphs where a new one can begin
whatever stood before, and each is laid out once: while an answer arrives, or is scrubbed, only its last paragraph
changes. Text is data: links are shown, never made, and control characters are pictures of themselves.
"""

import re
from collections.abc import Iterator
from io import StringIO
from typing import ClassVar

from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import CodeBlock, Heading, Markdown, MarkdownElement
from rich.segment import Segment
from rich.style import Style
from rich.syntax import Syntax
from rich.text import Text
from rich.theme import Theme
from textual.strip import Strip

from sserec.display import printable_lines

FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
TAB = "    "
CODE_INDENT = 2


class SignedHeading(Heading):
    """A heading that stands where text stands, its level told by its signs."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        sign = "#" * int(self.tag.removeprefix("h"))
        yield Text(f"{sign} ", style=self.style_name) + self.text


class QuietCode(CodeBlock):
    """A block of code on the pane's own ground."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Syntax(
            str(self.text).rstrip(),
            self.lexer_name,
            theme=self.theme,
            word_wrap=True,
            background_color="default",
            padding=(0, CODE_INDENT),
        )


class PaneMarkdown(Markdown):
    """Markdown as the viewer shows it."""

    elements: ClassVar[dict[str, type[MarkdownElement]]] = {
        **Markdown.elements,
        "heading_open": SignedHeading,
        "fence": QuietCode,
        "code_block": QuietCode,
    }


class Typesetter:
    """Lays out Markdown in the colours of a theme."""

    def __init__(self, inks: dict[str, Style], code_theme: str, margin: str = "") -> None:
        """``inks``: styles for ``heading``, ``code``, ``link``, ``quote``, ``bullet``, ``rule``.

        ``margin`` stands before each line.
        """
        self._console = Console(
            file=StringIO(),
            theme=Theme(styles(inks)),
            color_system="truecolor",
            force_terminal=True,
            legacy_windows=False,
            emoji=False,
        )
        self._code_theme = code_theme
        self._margin = [Segment(margin)] if margin else []
        self._margin_width = len(margin)
        self._kept: dict[tuple[str, int], list[Strip]] = {}
        """The paragraphs of the last text; the next is mostly the same an event later, but for its last paragraph."""

    def lines(self, text: str, width: int) -> list[Strip]:
        """The text as lines no wider than ``width``, the margin included."""
        lines: list[Strip] = []
        laid: dict[tuple[str, int], list[Strip]] = {}
        for paragraph in paragraphs(printable_lines("\n".join(text.splitlines()).replace("\t", TAB))):
            if lines:
                lines.append(Strip([]))
            key = paragraph, width
            laid[key] = self._kept.get(key) or self._lay_out(paragraph, width)
            lines += laid[key]
        self._kept = laid
        return lines

    def _lay_out(self, paragraph: str, width: int) -> list[Strip]:
        markdown = PaneMarkdown(paragraph, hyperlinks=False, code_theme=self._code_theme)
        options = self._console.options.update(width=width - self._margin_width, height=None)
        rows = self._console.render_lines(markdown, options, pad=False)
        lines = [trimmed(row) for row in rows]
        full = [number for number, line in enumerate(lines) if line]
        return [Strip([*self._margin, *line]) for line in lines[full[0] : full[-1] + 1]] if full else []


def styles(inks: dict[str, Style]) -> dict[str, Style]:
    """Rich's names for what the theme has colours for."""
    heading, code, link = inks["heading"], inks["code"], inks["link"]
    return {
        **{f"markdown.h{level}": heading for level in range(1, 7)},
        "markdown.code": code,
        "markdown.code_block": code,
        "markdown.link": link,
        "markdown.link_url": link,
        "markdown.block_quote": inks["quote"],
        "markdown.item.bullet": inks["bullet"],
        "markdown.item.number": inks["bullet"],
        "markdown.hr": inks["rule"],
        "markdown.table.border": inks["rule"],
        "markdown.table.header": heading,
    }


def paragraphs(text: str) -> Iterator[str]:
    """The text cut at blank lines outside fences, before lines that continue nothing."""
    lines: list[str] = []
    fence = ""
    blank = False
    for line in text.split("\n"):
        if blank and not fence and line[:1] not in ("", " "):
            yield "\n".join(lines).rstrip("\n")
            lines.clear()
        fence = fence_after(line, fence)
        blank = not line.strip()
        if lines or not blank:
            lines.append(line)
    if lines:
        yield "\n".join(lines).rstrip("\n")


def fence_after(line: str, fence: str) -> str:
    """The fence in force after ``line`` (CommonMark, section 4.5), empty outside of one."""
    found = FENCE.match(line)
    if found is None:
        return fence
    if not fence:
        return found[1]
    closes = found[1].startswith(fence) and not line[found.end() :].strip()
    return "" if closes else fence


def trimmed(row: list[Segment]) -> list[Segment]:
    """Without the blanks with which Rich fills a line."""
    while row and not row[-1].text.strip():
        row = row[:-1]
    return [*row[:-1], Segment(row[-1].text.rstrip(), row[-1].style)] if row else []
