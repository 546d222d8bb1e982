"""One event in full: as JSON that folds, as it came, or as the bytes of its chunks.

Knows the three forms; must not know how an event is read. The pane has a line cursor of its own, for folding.
"""

from collections.abc import Iterator

from rich.style import Style
from textual import events
from textual.strip import Strip

from sserec.display import printable, size
from sserec.tui.model.detail import Detail, HexLine, JsonLine, hex_lines, json_lines, raw_lines
from sserec.tui.model.tape import ChunkSpan, Tape
from sserec.tui.text_pane import TextPane
from sserec.tui.wrapping import Piece, wrapped

FORMS = ("json", "raw", "hex")
INDENT = 2
MAX_STRING = 4096
"""Of a longer string only the beginning is shown: base64 of an image says nothing that its size does not."""
MAX_RAW_BYTES = 64 * 1024
HEX_WIDTHS = ((16, 76), (8, 43))
"""Bytes in a row of hex, and how wide a pane has to be for that; four in a narrower one."""
FOLDED = " … "
NS = 1_000_000_000

Made = list[tuple[int | None, list[Piece]]]
"""Lines before wrapping; those of JSON with their number, for folding."""


class DetailPane(TextPane):
    """What the cursor stands on."""

    def __init__(self) -> None:
        super().__init__(id="detail")
        self.form = FORMS[0]
        self._detail: Detail | None = None
        self._tape: Tape | None = None
        self._remarks: list[str] = []
        self._json: list[JsonLine] = []
        self._folded: set[int] = set()
        self._sources: list[int | None] = []
        self._at = 0

    def show(self, detail: Detail, tape: Tape, remarks: list[str]) -> None:
        """Shows another event; ``remarks`` (findings, a note) stand above it."""
        if self._detail is not None and detail.place != self._detail.place:
            self._folded.clear()
            self._at = 0
            self.jump_to(0)
        self._detail, self._tape, self._remarks = detail, tape, remarks
        self.content_changed()

    def next_form(self) -> None:
        self.form = FORMS[(FORMS.index(self.form) + 1) % len(FORMS)]
        self._at = 0
        self.jump_to(0)
        self.content_changed()

    def lay_out(self) -> list[Strip]:
        if self._detail is None:
            return []
        lines, self._sources = [], []
        for source, pieces in [*self._remark_lines(), *self._form_lines(self._detail)]:
            strips = wrapped(pieces, self.size.width, self._hanging(source))
            lines += strips
            self._sources += [source] * len(strips)
        self._at = min(self._at, max(len(lines) - 1, 0))
        return lines

    def _hanging(self, source: int | None) -> int:
        """Where the second line of a long one begins."""
        if source is None:
            return 0
        return min((self._json[source].depth + 1) * INDENT, self.size.width // 2)

    def _form_lines(self, detail: Detail) -> Made:
        return list(
            {"json": self._json_form, "raw": self._raw_form, "hex": self._hex_form}[self.form](detail)
        )

    def _remark_lines(self) -> Made:
        return [(None, [(remark, self.ink("trouble"))]) for remark in self._remarks]

    def _json_form(self, detail: Detail) -> Iterator[tuple[int | None, list[Piece]]]:
        if detail.event is None or len(detail.event.data) > MAX_RAW_BYTES * 16:
            yield from self._raw_form(detail)
            return
        self._json = json_lines(detail.event.data)
        number = 0
        while number < len(self._json):
            line = self._json[number]
            yield number, self._json_pieces(number, line)
            number = line.fold_end + 1 if number in self._folded and line.fold_end is not None else number + 1

    def _json_pieces(self, number: int, line: JsonLine) -> list[Piece]:
        pieces: list[Piece] = [(" " * (line.depth * INDENT), Style.null())]
        pieces += [(short(text), self.ink(f"json-{kind}")) for text, kind in line.pieces]
        if number in self._folded and line.fold_end is not None:
            closing = self._json[line.fold_end]
            pieces.append((FOLDED + closing.text.strip(), self.ink("json-punctuation")))
        return pieces

    def _raw_form(self, detail: Detail) -> Iterator[tuple[int | None, list[Piece]]]:
        for text in raw_lines(detail.block[:MAX_RAW_BYTES]):
            yield None, [(printable(text), Style.null())]
        if len(detail.block) > MAX_RAW_BYTES:
            yield (
                None,
                [
                    (
                        f"… {size(len(detail.block) - MAX_RAW_BYTES)} more (v opens all)",
                        self.ink("notice"),
                    )
                ],
            )

    def _hex_form(self, detail: Detail) -> Iterator[tuple[int | None, list[Piece]]]:
        assert self._tape is not None
        row_bytes = next((count for count, width in HEX_WIDTHS if self.size.width >= width), 4)
        for line in hex_lines(self._tape, detail, row_bytes=row_bytes):
            if line.border is not None:
                yield None, [(border(line.border), self.ink("time"))]
            yield None, self._hex_pieces(line, row_bytes)

    def _hex_pieces(self, line: HexLine, row_bytes: int) -> list[Piece]:
        """What came in the same chunk but belongs to others is dimmed, and stands between other signs."""
        own, others = Style.null(), self.ink("quiet")
        start, end = line.own.start * 3, line.own.stop * 3
        digits = line.hex.ljust(row_bytes * 3)
        return [
            (f"{line.offset:08x}  ", others),
            (digits[:start], others),
            (digits[start:end], own),
            (digits[end:], others),
            (line.ascii, self.ink("json-string") if line.own else others),
        ]

    # the line cursor

    def dress_line(self, y: int, strip: Strip) -> Strip:
        strip = super().dress_line(y, strip)
        if not (self.has_focus and y == self._at):
            return strip
        return strip.extend_cell_length(self.size.width).apply_style(self.ink("cursor"))

    def go_to_line(self, y: int) -> None:
        before, self._at = self._at, min(max(y, 0), max(self.line_count() - 1, 0))
        self.show_line(self._at)
        self.refresh_line(before)
        self.refresh_line(self._at)

    def fold(self) -> None:
        """Folds or unfolds what begins on the line of the cursor."""
        source = self._sources[self._at] if self._at < len(self._sources) else None
        if source is not None and self._json[source].fold_end is not None:
            self._folded ^= {source}
            self.content_changed()

    def action_down(self) -> None:
        self.go_to_line(self._at + 1)

    def action_up(self) -> None:
        self.go_to_line(self._at - 1)

    def action_page_down(self) -> None:
        self.go_to_line(self._at + self.page_height)

    def action_page_up(self) -> None:
        self.go_to_line(self._at - self.page_height)

    def action_first(self) -> None:
        self.go_to_line(0)

    def action_last(self) -> None:
        self.go_to_line(self.line_count())

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is not None:
            self.go_to_line(offset.y + self.scroll_offset.y)

    def text(self) -> str:
        """All of the event, folded or not, as the form shows it."""
        detail = self._detail
        if detail is None:
            return ""
        if self.form == "json" and detail.event is not None:
            return "\n".join(" " * line.depth * INDENT + line.text for line in json_lines(detail.event.data))
        if self.form == "hex":
            return super().text()
        return detail.block.decode("utf-8", "replace")


def short(text: str) -> str:
    """A string's beginning, and how much more there is."""
    shown = printable(text)
    if len(shown) <= MAX_STRING:
        return shown
    return f"{shown[:MAX_STRING]}… {len(text) - MAX_STRING:,} characters more (v opens all)"


def border(span: ChunkSpan) -> str:
    """The line between two chunks."""
    time = f"{span.t_ns / NS:.3f} s · " if span.t_ns is not None else ""
    return f"── chunk {span.index + 1} · {time}{size(span.end - span.start)} " + "─" * 8
