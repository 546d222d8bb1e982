"""The interaction as it stood when the cursor's event had come.

Knows blocks and how each is drawn; must not know how they were folded. A block that has not changed since the last
event is not laid out again, so that scrubbing costs what changes. The pane stays at its end, where the answer
arrives, until the person scrolls away from it.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len
from rich.color import Color as RichColor
from rich.style import Style
from textual.message import Message
from textual.strip import Strip

from sserec.display import count, printable
from sserec.tui.kinds import kind_ink
from sserec.tui.lines import strip_of, title
from sserec.tui.model.answer import Block, Media
from sserec.tui.model.detail import json_lines
from sserec.tui.model.picture import HINT, Cell, Color, Picture, Room, can_draw, is_image
from sserec.tui.text_pane import TextPane
from sserec.tui.wrapping import wrapped

if TYPE_CHECKING:
    from sserec.tui.markdown_lines import Typesetter

STEPS_LAID = 64
LINES_LAID = 200
CHARACTERS_LAID = 4 * 1024
"""As much of a pane, and of the end of one text, is laid out at first; more when the person scrolls up to it."""
REACH = 4
SEARCHED_REACH = 256
"""A search looks at the last 16,384 steps, 51,200 lines, and 1 MB of each text."""
PICTURE_ROWS = 16
SHOWN_PICTURES = 32
KEPT_PICTURES = 2 * SHOWN_PICTURES
HALF_BLOCK = "▀"
ARRIVING = "▌"
MORE = "… more stands before this: g, k or PgUp at the top shows it"
FOLDING = "… what came before this is still being folded"
MARGIN = "  "
INKS = ("heading", "code", "link", "quote", "bullet", "rule")


class Asked(NamedTuple):
    """Which picture is wanted."""

    media: Media
    room: Room


class Laid(NamedTuple):
    """A block and its lines."""

    block: Block
    is_pictured: bool
    """Whether an image of it may be a picture."""
    lines: list[Strip]


class AnswerPane(TextPane):
    """Thoughts, calls, results and text, in order. It asks for more steps by :class:`AnswerPane.Wanting`."""

    class Wanting(Message):
        """The person wants to see what stands before what is shown."""

    class Picturing(Message):
        """An image has come to sight, of which nobody has made a picture yet."""

        def __init__(self, asked: Asked) -> None:
            super().__init__()
            self.asked = asked

    def __init__(self) -> None:
        super().__init__(id="answer")
        self.border_title = title("answer")
        self._blocks: list[Block] = []
        self._notice = ""
        self._laid: dict[int, Laid] = {}
        self._laid_width = 0
        self._reach = 1
        """How many times as much is laid out as at first."""
        self._is_cut = self._is_reaching = self._is_glimpse = False
        self._steps_before = 0
        self._typesetter: Typesetter | None = None
        self._pictures: dict[Asked, Picture | str | None] = {}
        """Those that are wanted, and what became of them; None while they are being made."""

    @property
    def steps_wanted(self) -> int:
        """How many of the last steps it has room for."""
        return STEPS_LAID * self._reach

    def show(
        self, blocks: list[Block], steps_before: int = 0, notice: str = "", *, is_glimpse: bool = False
    ) -> None:
        """Shows these blocks, before which other steps stand; ``notice`` says why there are none.

        ``is_glimpse``: what stands before them is still being folded. The distance to the end stays the same: that is
        where an answer grows.
        """
        below = self.line_count() - self.scroll_offset.y
        at_end = below <= self.page_height
        self._blocks, self._steps_before, self._notice = blocks, steps_before, notice
        self._is_glimpse = is_glimpse
        self.content_changed()
        if at_end:
            super().jump_to(self.line_count())
        elif self._is_reaching:
            super().jump_to(self.line_count() - below)
        self._is_reaching = False

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._typesetter = None
        self._laid.clear()

    def lay_out(self) -> list[Strip]:
        """From the last block backwards, until there is enough to scroll through."""
        width = self.size.width
        if width != self._laid_width:
            self._laid.clear()
            self._laid_width = width
        laid: dict[int, Laid] = {}
        line_count, number, media_count = 0, len(self._blocks), 0
        while number and line_count < LINES_LAID * self._reach:
            number -= 1
            media_count += self._blocks[number].media is not None
            laid[number] = self._laid_block(number, width, is_pictured=media_count <= SHOWN_PICTURES)
            line_count += len(laid[number].lines)
        self._laid = laid
        is_cut = number > 0 or self._steps_before > 0 or self._is_glimpse
        self._is_cut = is_cut or any(self._start(each.block.text) for each in laid.values())
        lines = [line for at in sorted(laid) for line in laid[at].lines]
        return [*(self._above() if is_cut else ()), *lines, *self._below(width)]

    def _laid_block(self, number: int, width: int, *, is_pictured: bool) -> Laid:
        block, before = self._blocks[number], self._laid.get(number)
        if before and before.block == block and before.is_pictured == is_pictured:
            return before
        return Laid(block, is_pictured, self._block_lines(block, width, is_pictured=is_pictured))

    def _above(self) -> list[Strip]:
        notice = FOLDING if self._is_glimpse else MORE
        return [strip_of((notice, self.ink("notice"))), Strip([])]

    def _below(self, width: int) -> list[Strip]:
        return wrapped([(self._notice, self.ink("notice"))], width) if self._notice else []

    def jump_to(self, y: float) -> None:
        """At the top, asks for more of what stands above it."""
        if y <= 0 and self._is_cut and self.has_focus and not self._is_reaching:
            self.reach_further()
        super().jump_to(y)

    def reach_further(self) -> None:
        self._reach *= REACH
        self._is_reaching = True
        self._laid.clear()
        self.post_message(self.Wanting())

    def reach_all(self) -> None:
        """As far as a search looks; the next :meth:`show` lays it out."""
        if self._is_cut:
            self._reach = SEARCHED_REACH
            self._laid.clear()

    def _block_lines(self, block: Block, width: int, *, is_pictured: bool) -> list[Strip]:
        media = block.media
        if media is None:
            body = self._body(block, width)
        elif is_pictured:
            body = self._media(block, media, width)
        else:
            body = self._box(block, block.text.splitlines(), width)
        if block.is_arriving:
            body = with_cursor(body, self.ink("arriving"))
        return [self._title(block, width), *body, Strip([])]

    def _title(self, block: Block, width: int) -> Strip:
        ink = self.ink(kind_ink(block.type)) + Style(bold=True)
        pieces = [(f"{block.index} {printable(block.title)}", ink)]
        if block.meta:
            pieces.append(("  " + " · ".join(map(printable, block.meta)), self.ink("quiet")))
        return strip_of(*pieces).crop(0, width)

    def _body(self, block: Block, width: int) -> list[Strip]:
        start = self._start(block.text)
        lines = self._texts(block, block.text[start:], width)
        if not start:
            return lines
        notice = f"{MARGIN}… {count(start, 'character')} before this"
        return [strip_of((notice, self.ink("notice"))), *lines]

    def _start(self, text: str) -> int:
        """From where on a text is laid out: a place that stays the same while the text grows, but for rare leaps."""
        step = CHARACTERS_LAID * self._reach
        start = max(len(text) // step - 1, 0) * step
        border = text.find("\n\n", start, start + step // 2) if start else -1
        return start if border < 0 else border + 2

    def _texts(self, block: Block, text: str, width: int) -> list[Strip]:
        if block.format == "markdown":
            return self._set(text, width)
        if block.format == "json" and not block.is_arriving and len(text) == len(block.text):
            return self._json(text, width)
        lines = map(printable, text.splitlines())
        return [
            strip for line in lines for strip in wrapped([(MARGIN + line, Style.null())], width, len(MARGIN))
        ]

    def _set(self, text: str, width: int) -> list[Strip]:
        if self._typesetter is None:
            from sserec.tui.markdown_lines import Typesetter  # 0.1 s, so not before the first frame

            inks = {name: self.ink(name) for name in INKS}
            self._typesetter = Typesetter(
                inks, "ansi_dark" if self.app.current_theme.dark else "ansi_light", MARGIN
            )
        return self._typesetter.lines(text, width)

    def _json(self, text: str, width: int) -> list[Strip]:
        lines: list[Strip] = []
        for line in json_lines(text.encode("utf-8", "replace")):
            pieces = [(printable(piece), self.ink(f"json-{kind}")) for piece, kind in line.pieces]
            indent = len(MARGIN) + line.depth * 2
            lines += wrapped([(" " * indent, Style.null()), *pieces], width, min(indent + 2, width // 2))
        return lines

    def take_picture(self, asked: Asked, made: Picture | str) -> None:
        """The picture that was wanted, or why there is none."""
        self._pictures[asked] = made
        self._laid = {at: laid for at, laid in self._laid.items() if laid.block.media != asked.media}
        self.show(self._blocks, self._steps_before, self._notice, is_glimpse=self._is_glimpse)

    def _media(self, block: Block, media: Media, width: int) -> list[Strip]:
        """A picture where the terminal has colours for one; a frame with words where not, and for everything else."""
        words = block.text.splitlines()
        if not is_image(media) or not self._has_colors:
            return self._box(block, words, width)
        if not can_draw():
            return self._box(block, [*words, HINT], width)
        made = self._picture(Asked(media, Room(max(width - len(MARGIN), 1), PICTURE_ROWS, self._ground_dots)))
        if isinstance(made, Picture):
            words = [words[0], f"{made.width:,} × {made.height:,}", *words[1:]]
            caption = MARGIN + " · ".join(map(printable, words))
            return [*painted_cells(made, MARGIN), *wrapped([(caption, self.ink("quiet"))], width)]
        return self._box(block, [*words, made] if made else words, width)

    def _picture(self, asked: Asked) -> Picture | str | None:
        """The picture, or why there is none; None until it is made. Those that were wanted last are kept."""
        is_new = asked not in self._pictures
        made = self._pictures[asked] = self._pictures.pop(asked, None)
        if is_new:
            self.post_message(self.Picturing(asked))
            if len(self._pictures) > KEPT_PICTURES:
                del self._pictures[next(iter(self._pictures))]
        return made

    @property
    def _has_colors(self) -> bool:
        return not self.app.no_color and self.app.console.color_system in ("256", "truecolor")

    @property
    def _ground_dots(self) -> Color:
        return (0, 0, 0) if self.app.current_theme.dark else (255, 255, 255)

    def _box(self, block: Block, lines: list[str], width: int) -> list[Strip]:
        """A frame where an image, a sound or a film would be."""
        ink = self.ink(kind_ink(block.type))
        words = [printable(line) for line in lines]
        room = min(max(map(cell_len, words), default=0), max(width - 4, 1))
        rows = [line for word in words for line in wrapped([(word, Style.null())], room)]
        edge = "─" * (room + 2)
        return [
            strip_of((f"┌{edge}┐", ink)),
            *(boxed(row, room, ink) for row in rows),
            strip_of((f"└{edge}┘", ink)),
        ]


def painted_cells(picture: Picture, margin: str) -> Iterator[Strip]:
    """A line for each row of cells; neighbours of the same colours are one piece."""
    for row in picture.rows:
        runs = ((cell, len(list(same))) for cell, same in groupby(row))
        yield strip_of(
            (margin, Style.null()), *((HALF_BLOCK * count, cell_style(cell)) for cell, count in runs)
        )


def cell_style(cell: Cell) -> Style:
    return Style(color=RichColor.from_rgb(*cell.upper), bgcolor=RichColor.from_rgb(*cell.lower))


def text_of(blocks: list[Block]) -> str:
    """All blocks, each below its title."""
    return "\n\n".join(f"[{block.index}] {block.title}\n{block.text}" for block in blocks)


def boxed(row: Strip, width: int, ink: Style) -> Strip:
    side = strip_of(("│ ", ink)), strip_of((" │", ink))
    return Strip.join([side[0], row.extend_cell_length(width), side[1]])


def with_cursor(lines: Iterable[Strip], ink: Style) -> list[Strip]:
    """The lines with the sign of what is still arriving behind the last."""
    *first, last = list(lines) or [strip_of((MARGIN, ink))]
    return [*first, Strip.join([last, strip_of((ARRIVING, ink))])]
