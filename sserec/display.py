"""How quantities and recorded text look in a terminal.

Text from a recording is never interpreted: control characters would let a server move the reader's cursor,
so they are shown as pictures of themselves.
"""

from collections.abc import Iterable, Sequence

STANDARD_INPUT = "standard input"
WITH_ERROR_EVENT = "with an error event"
"""Of a stream that ended as streams do, after the API had said that something failed."""
KILO = 1000
SIZE_UNITS = ("B", "kB", "MB", "GB", "TB")
GUTTER = "  "
MIN_ELASTIC = 12
CONTROL_PICTURES = {code: 0x2400 + code for code in range(0x20)} | {0x7F: 0x2421}
C1_AND_BIDI = dict.fromkeys([*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)], 0xFFFD)
"""C1 controls act like ESC sequences in some terminals; the others reorder what stands around them (UTR 36)."""
PICTURES = CONTROL_PICTURES | C1_AND_BIDI
PICTURES_IN_LINES = {code: picture for code, picture in PICTURES.items() if chr(code) not in "\n\t"}


def printable(text: str) -> str:
    """``text`` on one line, with every character that a terminal would act on made visible."""
    return text.translate(PICTURES)


def printable_lines(text: str) -> str:
    """The same for text of several lines: their ends and tabs stay what they are."""
    return text.translate(PICTURES_IN_LINES)


def path_text(path: str) -> str:
    """A file's name, or another argument, as text that JSON can hold: what is no UTF-8 in it is replaced."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def argument(name: str) -> str:
    """What a person types for the file that messages call ``name``."""
    return "-" if name == STANDARD_INPUT else name


def size(size_bytes: int) -> str:
    """``3.1 kB``: SI units, as ls --si and curl show them."""
    if size_bytes < KILO:
        return f"{size_bytes} B"
    value = float(size_bytes)
    for unit in SIZE_UNITS[1:]:
        value /= KILO
        if value < KILO * 0.9995:
            return f"{value:.3g} {unit}" if value < 100 else f"{value:.0f} {unit}"
    return f"{value:.0f} {SIZE_UNITS[-1]}"


def duration(t_ns: int) -> str:
    """``840 µs``, ``182 ms``, ``1.16 s``, ``12:05``: what a person would say."""
    seconds = t_ns / 1e9
    if seconds < 0.0009995:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 0.9995:
        return f"{seconds * 1e3:.3g} ms"
    if seconds < 60:
        return f"{seconds:.2f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


def seconds(t_ns: int) -> str:
    """``7.412``: a place on a stream's time line."""
    return f"{t_ns / 1e9:.3f}"


def count(number: int, noun: str) -> str:
    """``1 event``, ``2 events``, ``1,204 events``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def table(
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    right: Iterable[int] = (),
    elastic: int = 0,
    width: int | None = None,
) -> list[str]:
    """Lines of a table; the columns numbered in ``right`` are aligned to the right.

    Where the lines would be longer than ``width``, the middle is left out of what stands in column ``elastic``, and
    where that is not enough, what is left over at the right.
    """
    body = [list(header), *map(list, rows)]
    if width is not None:
        fit(body, elastic, width)
    widths = column_widths(body)
    rightward = frozenset(right)

    def cell(column: int, text: str) -> str:
        return text.rjust(widths[column]) if column in rightward else text.ljust(widths[column])

    lines = (GUTTER.join(cell(column, text) for column, text in enumerate(row)).rstrip() for row in body)
    return list(lines) if width is None else [clipped(line, width) for line in lines]


def fit(body: list[list[str]], elastic: int, width: int) -> None:
    widths = column_widths(body)
    excess = sum(widths) + len(GUTTER) * (len(widths) - 1) - width
    for row in body:
        row[elastic] = shortened(row[elastic], max(widths[elastic] - max(excess, 0), MIN_ELASTIC))


def column_widths(body: list[list[str]]) -> list[int]:
    return [max(map(len, column)) for column in zip(*body, strict=True)]


def clipped(text: str, width: int) -> str:
    """``text`` in at most ``width`` characters, its end left out."""
    return text if len(text) <= width else text[: max(width - 1, 0)] + "…"


def shortened(text: str, width: int) -> str:
    """``text`` in at most ``width`` characters, its middle left out: both ends of a URL tell something."""
    if len(text) <= width:
        return text
    kept = max(width - 1, 0)
    return text[: (kept + 1) // 2] + "…" + text[len(text) - kept // 2 :]
